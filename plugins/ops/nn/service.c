/*
 * plugins/ops/nn/service.c - the service "imgcls.gemm": a call becomes a gemm job
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "service.h"

#include "plugins/kernels/gemm.h"
#include "plugins/ops/threads.h"

static size_t workspace_bytes(const struct imgcls_host *host, int32_t threads)
{
    (void)host;
    return gemm_workspace() * (size_t)(threads < 1 ? 1 : threads);
}

static size_t packed_bytes(const struct imgcls_host *host, int64_t k, int64_t n)
{
    int64_t dims[3] = {n / GEMM_COLUMNS + 1, GEMM_COLUMNS * (int64_t)sizeof(float), k};

    (void)host;
    if (k < 0 || n < 0 || imgcls_count(3, dims) < 0)
        return 0;
    return (size_t)gemm_packed_b_size(k, n, GEMM_COLUMNS) * sizeof(float);
}

static imgcls_status pack_b(const struct imgcls_host *host, int64_t k, int64_t n,
                            const float *b, int64_t b_row, int64_t b_column, float *packed)
{
    struct gemm_job job = {.k = k, .n = n, .b = b, .b_row = b_row, .b_column = b_column};

    if (k < 0 || n < 0 || ((!b || !packed) && k != 0 && n != 0))
        return host->fail(host, IMGCLS_BAD_INPUT, "imgcls.gemm: cannot pack %lld x %lld",
                          (long long)k, (long long)n);
    gemm_pack_b(&job, 0, packed);
    return IMGCLS_OK;
}

OP_THREADS(share, struct gemm_job, gemm_kernel)

static gemm_kernel *best_kernel(const struct imgcls_host *host)
{
#if BUILD_AVX2
    if (host->isa(host) & IMGCLS_ISA_AVX2)
        return gemm_f32_6x16_avx2;
#endif
#if BUILD_NEON
    if (host->isa(host) & IMGCLS_ISA_NEON)
        return gemm_f32_6x16_neon;
#endif
    (void)host;
    return gemm_f32_portable;
}

static imgcls_status multiply(const struct imgcls_host *host, const struct imgcls_run *run,
                              const struct imgcls_gemm_call *call, void *workspace,
                              size_t workspace_size)
{
    gemm_kernel *kernel = best_kernel(host);
    struct gemm_job job = {
        .m = call->m,
        .n = call->n,
        .k = call->k,
        .a = call->a,
        .a_row = call->a_row,
        .a_column = call->a_column,
        .b = call->b,
        .b_row = call->b_row,
        .b_column = call->b_column,
        .b_packed = kernel == gemm_f32_portable ? NULL : call->packed_b,
        .c = call->c,
        .c_row = call->c_row,
        .alpha = call->alpha,
        .beta = 1,
        .bias = call->bias,
        .bias_row = call->bias_row,
        .bias_column = call->bias_column,
    };

    if (call->m < 0 || call->n < 0 || call->k < 0 || !call->c ||
        (call->k > 0 && (!call->a || (!call->b && !call->packed_b))))
        return host->fail(host, IMGCLS_BAD_INPUT,
                          "imgcls.gemm: %lld x %lld x %lld with an operand missing",
                          (long long)call->m, (long long)call->n, (long long)call->k);
    if (!workspace || workspace_size < workspace_bytes(host, run->threads))
        return host->fail(host, IMGCLS_BAD_INPUT,
                          "imgcls.gemm: %zu bytes of workspace where %zu are needed",
                          workspace_size, workspace_bytes(host, run->threads));
    share(host, run, &job, kernel, workspace, gemm_workspace(), gemm_grid(&job, run->threads), 1);
    return IMGCLS_OK;
}

static const struct imgcls_gemm table = {
    .struct_size = sizeof(struct imgcls_gemm),
    .workspace_bytes = workspace_bytes,
    .packed_bytes = packed_bytes,
    .pack_b = pack_b,
    .multiply = multiply,
};
const struct imgcls_service gemm_service = {
    .struct_size = sizeof(struct imgcls_service),
    .name = IMGCLS_GEMM_NAME,
    .version = IMGCLS_GEMM_VERSION,
    .table = &table,
};

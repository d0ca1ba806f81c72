/*
 * tests/ops/nn_service_test.c - the service "imgcls.gemm", asked for as a plugin asks for
 * it
 *
 * The table comes from the real host; the host handed to its functions is a small one of
 * this file's own, which shows what the service needs of a host. Expected values: a sum in
 * double.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include <imgcls/gemm.h>

#include "src/context/context.h"

static imgcls_status fail_quietly(const struct imgcls_host *host, imgcls_status status,
                                  const char *format, ...)
{
    (void)host, (void)format;
    return status;
}

static uint64_t isa_of(const struct imgcls_host *host)
{
    return *(const uint64_t *)host->context;
}

/* Pieces in falling order, thread numbers going round. */
static void in_pieces(const struct imgcls_host *host, const struct imgcls_run *run,
                      int64_t count, int64_t grain,
                      void (*body)(void *argument, int64_t begin, int64_t end,
                                   int32_t thread),
                      void *argument)
{
    int64_t at;
    (void)host, (void)grain;
    for (at = count; at > 0; at--)
        body(argument, at - 1, at, (int32_t)(at % run->threads));
}

#define M 7
#define N 21
#define K 400

static void products_are_right_packed_or_not(void **state)
{
    struct imgcls_context *ctx = *state;
    const struct imgcls_gemm *gemm = ctx->host.service(&ctx->host, IMGCLS_GEMM_NAME, 1);
    static float a[M * K], b[N * K], bias[N], c[2][M * N];
    uint64_t isa;
    struct imgcls_host host = {.struct_size = sizeof host,
                               .context = &isa,
                               .fail = fail_quietly,
                               .isa = isa_of,
                               .parallel_for = in_pieces};
    struct imgcls_run run = {.struct_size = sizeof run, .threads = 2};
    struct imgcls_gemm_call call = {.struct_size = sizeof call,
                                    .m = M,
                                    .n = N,
                                    .k = K,
                                    .a = a,
                                    .a_row = K,
                                    .a_column = 1,
                                    .b = b,
                                    .b_row = 1,
                                    .b_column = K, /* stored transposed */
                                    .c_row = N,
                                    .alpha = 0.5f,
                                    .bias = bias,
                                    .bias_column = 1};
    size_t bytes, packed_bytes;
    void *workspace;
    float *packed;
    int i, j, k, round;

    assert_non_null(gemm);
    assert_null(ctx->host.service(&ctx->host, IMGCLS_GEMM_NAME, 99));
    for (i = 0; i < M * K; i++)
        a[i] = (float)(i * 7 % 31 - 15) / 16;
    for (i = 0; i < N * K; i++)
        b[i] = (float)(i * 11 % 29 - 14) / 16;
    for (i = 0; i < N; i++)
        bias[i] = (float)i;
    bytes = gemm->workspace_bytes(&host, 2);
    packed_bytes = gemm->packed_bytes(&host, K, N);
    assert_true(packed_bytes >= sizeof b);
    assert_int_equal(gemm->packed_bytes(&host, INT64_MAX / 4, INT64_MAX / 4), 0);
    workspace = aligned_alloc(64, (bytes + 63) / 64 * 64);
    packed = aligned_alloc(64, (packed_bytes + 63) / 64 * 64);
    assert_true(workspace && packed);
    assert_int_equal(gemm->pack_b(&host, K, N, b, 1, K, packed), IMGCLS_OK);

    for (round = 0; round < 4; round++) { /* portable and best, packed and not */
        isa = round & 1 ? ctx->host.isa(&ctx->host) : 0;
        call.packed_b = round & 2 ? packed : NULL;
        call.c = c[round > 0];
        assert_int_equal(gemm->multiply(&host, &run, &call, workspace, bytes), IMGCLS_OK);
        for (i = 0; i < M; i++)
            for (j = 0; j < N; j++) {
                double sum = 0;
                for (k = 0; k < K; k++)
                    sum += (double)a[i * K + k] * b[j * K + k];
                assert_true(fabs(call.c[i * N + j] - (0.5 * sum + j)) < 1e-4);
                assert_true(call.c[i * N + j] == c[0][i * N + j]);
            }
    }
    assert_int_equal(gemm->multiply(&host, &run, &call, workspace, bytes - 1),
                     IMGCLS_BAD_INPUT);
    call.a = NULL;
    assert_int_equal(gemm->multiply(&host, &run, &call, workspace, bytes),
                     IMGCLS_BAD_INPUT);
    free(workspace);
    free(packed);
}

static int set_up(void **state)
{
    struct imgcls_context *ctx;
    if (imgcls_context_create(NULL, &ctx) != IMGCLS_OK)
        return 1;
    *state = ctx;
    return 0;
}

static int tear_down(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_right_packed_or_not),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

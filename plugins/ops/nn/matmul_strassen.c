/*
 * plugins/ops/nn/matmul_strassen.c - MatMul with a constant B by Strassen's method, where shapes
 * say so
 *
 * Whether it runs depends on nothing but the shape of one image and of the weights: the plan tells
 * how many rows of A belong to one image (IMGCLS_ATTR_IMAGE_ROWS), and without that it does not.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "matmul.h"
#include "plugins/ops/threads.h"

static bool job_of(const struct imgcls_host *host, const struct imgcls_node *node,
                   struct strassen_job *job)
{
    const struct imgcls_value_info *b = op_in(node, 1);
    struct gemm_job *product = &job->product;

    if (!b || b->rank != 2 || !matmul_known(host, node, product))
        return false;
    job->image_rows = host->attr_int(host, node, IMGCLS_ATTR_IMAGE_ROWS, 0);
    return job->image_rows > 0 && product->batch_rank == 0 && product->m % job->image_rows == 0 &&
           strassen_fits(job->image_rows, product->n, product->k);
}

bool matmul_is_strassen(const struct imgcls_host *host, const struct imgcls_node *node)
{
    struct strassen_job job = {0};
    bool wins;

    if (!node->inputs[1] || !node->inputs[1]->constant || !job_of(host, node, &job))
        return false;
    wins = strassen_wins(job.image_rows, job.product.n, job.product.k);
    return host->attr_int(host, node, IMGCLS_ATTR_OTHER_BITS, 0) ? !wins : wins; /* to measure */
}

static int32_t accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    return matmul_accepts(node, IMGCLS_F32) && matmul_is_strassen(host, node);
}

static double cost(const struct imgcls_host *host, const struct imgcls_node *node,
                   double macs_a_nanosecond)
{
    struct strassen_job job = {0};

    job_of(host, node, &job);
    return (double)job.product.m * (double)job.product.n * (double)job.product.k /
           macs_a_nanosecond;
}

/* panel 0: portable, B stays where it is. */
static imgcls_status prepare_weights(const struct imgcls_host *host,
                                     struct imgcls_prepare *prepare, int64_t rows, int64_t panel)
{
    const struct imgcls_tensor *b = prepare->node->inputs[1]->constant;
    struct strassen_job job = {0};
    int64_t size;
    float *packed;

    if (!job_of(host, prepare->node, &job))
        return OP_FAIL(host, prepare->node, IMGCLS_INTERNAL, "its shapes are not those it had");
    prepare->workspace_bytes = strassen_workspace(job.product.k, rows, panel) *
                               (size_t)(prepare->threads < 1 ? 1 : prepare->threads);
    if (!panel)
        return IMGCLS_OK;
    size = strassen_packed_size(job.product.k, job.product.n, panel);
    packed = host->alloc_unset(host, (size_t)size, sizeof *packed);
    if (!packed)
        return IMGCLS_NO_MEMORY;
    job.product.b = b->data;
    strassen_pack(&job.product, panel, packed);
    prepare->state = packed;
    prepare->constant_bytes = (size_t)size * sizeof *packed;
    prepare->inputs_released = UINT64_C(1) << 1;
    return IMGCLS_OK;
}

OP_THREADS(share, struct strassen_job, strassen_kernel)

static imgcls_status run_kernel(const struct imgcls_host *host, const struct imgcls_run *run,
                                strassen_kernel *kernel, int64_t rows, int64_t panel)
{
    struct strassen_job job = {0};
    imgcls_status status;
    int64_t tiles;
    size_t bytes;

    if (!job_of(host, run->node, &job))
        return OP_FAIL(host, run->node, IMGCLS_INTERNAL, "its shapes are not those it had");
    matmul_fill(host, run, &job.product);
    bytes = strassen_workspace(job.product.k, rows, panel);
    status = op_workspace_fits(host, run, bytes);
    if (status != IMGCLS_OK)
        return status;
    tiles = strassen_grid(&job, rows, panel, run->threads);
    if (job.together) {
        job.common = run->workspace;
        job.phase = STRASSEN_SUMS;
        share(host, run, &job, kernel, run->workspace, bytes, job.pairs,
              1 + job.pairs / (4 * run->threads));
        job.phase = STRASSEN_MULTIPLY;
    }
    share(host, run, &job, kernel, run->workspace, bytes, tiles, 1);
    return IMGCLS_OK;
}

#define KERNEL(NAME, SET, ROWS, PANEL, RATE)                                               \
    static double NAME##_cost(const struct imgcls_host *host, const struct imgcls_node *node) \
    {                                                                                      \
        return cost(host, node, RATE);                                                     \
    }                                                                                      \
    static imgcls_status NAME##_prepare(const struct imgcls_host *host,                    \
                                        struct imgcls_prepare *prepare)                    \
    {                                                                                      \
        return prepare_weights(host, prepare, ROWS, PANEL);                                \
    }                                                                                      \
    static imgcls_status NAME##_run(const struct imgcls_host *host,                        \
                                    const struct imgcls_run *run)                          \
    {                                                                                      \
        return run_kernel(host, run, NAME, ROWS, PANEL);                                   \
    }
#define ENTRY(NAME, SET, ROWS, PANEL, RATE)                                                \
    const struct imgcls_kernel matmul_##NAME = {                                           \
        .struct_size = sizeof(struct imgcls_kernel), .name = "matmul_" #NAME, .isa = SET,  \
        .epilogues = PRODUCT_ROW_EPILOGUES, .accepts = accepts, .cost = NAME##_cost,       \
        .prepare = NAME##_prepare, .run = NAME##_run, .release = product_release,          \
    };

STRASSEN_FAMILY(KERNEL)
STRASSEN_FAMILY(ENTRY)

/*
 * plugins/ops/channels_last/grouped.c - Conv in several groups of few channels
 *
 * As one product a group most of the time went into gathering windows for products of a few
 * columns. Weights are put into the kernel's order once where they are constant, else into the
 * workspace on every run. Bits do not depend on which of the two ways runs.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "conv.h"
#include "plugins/kernels/cl_grouped.h"
#include "plugins/ops/threads.h"

/* Shapes and windows; false where the kernels do not do this. */
static bool grouped_shape(const struct imgcls_host *host, const struct imgcls_node *node,
                          int64_t lanes, struct cl_grouped_job *job)
{
    struct gemm_job product = {0};
    int64_t out;

    memset(job, 0, sizeof *job);
    if (!conv_shape(host, node, &job->window, &product) || product.m < 1 || product.n < 1 ||
        product.k < 1 || product.batch_dims[0] < 2)
        return false;
    out = imgcls_count(3, job->window.out);
    job->images = product.m / out;
    job->groups = product.batch_dims[0];
    job->outputs = product.n;
    return cl_grouped_workspace(job, lanes) > 0 && cl_grouped_weights(job, lanes) > 0;
}

static int32_t grouped_accepts(const struct imgcls_host *host, const struct imgcls_node *node,
                               int64_t lanes)
{
    struct cl_grouped_job job;

    return product_accepts(node, IMGCLS_F32, 2) && grouped_shape(host, node, lanes, &job) &&
           !conv_is_winograd(host, node);
}

static double grouped_cost(const struct imgcls_host *host, const struct imgcls_node *node,
                           int64_t lanes)
{
    struct cl_grouped_job job;
    double outputs;

    grouped_shape(host, node, lanes, &job);
    outputs = (double)job.images * (double)imgcls_count(3, job.window.out);
    /* 20 multiply-adds a nanosecond, idle lanes among them */
    return outputs * (double)cl_grouped_weights(&job, lanes) / 20 + 2000;
}

/* Bytes of packed weights, a multiple of 64. */
static size_t weights_bytes(const struct cl_grouped_job *job, int64_t lanes)
{
    return ((size_t)cl_grouped_weights(job, lanes) * sizeof(float) + 63) / 64 * 64;
}

static imgcls_status grouped_prepare(const struct imgcls_host *host,
                                     struct imgcls_prepare *prepare, int64_t lanes)
{
    const struct imgcls_tensor *w = prepare->node->inputs[1]->constant;
    const size_t threads = prepare->threads < 1 ? 1 : (size_t)prepare->threads;
    struct cl_grouped_job job;
    float *packed;

    if (!grouped_shape(host, prepare->node, lanes, &job))
        return OP_FAIL(host, prepare->node, IMGCLS_INTERNAL, "its shapes are not those it had");
    prepare->workspace_bytes = threads * cl_grouped_workspace(&job, lanes);
    if (!w) {
        prepare->workspace_bytes += weights_bytes(&job, lanes);
        return IMGCLS_OK;
    }
    packed = host->alloc(host, weights_bytes(&job, lanes), 1);
    if (!packed)
        return IMGCLS_NO_MEMORY;
    cl_grouped_pack(&job, lanes, w->data, packed);
    prepare->state = packed;
    prepare->constant_bytes = weights_bytes(&job, lanes);
    prepare->inputs_released = 1 << 1;
    return IMGCLS_OK;
}

OP_THREADS(share, struct cl_grouped_job, cl_grouped_kernel)

static imgcls_status grouped_run(const struct imgcls_host *host, const struct imgcls_run *run,
                                 cl_grouped_kernel *kernel, int64_t lanes)
{
    const struct imgcls_tensor *bias = imgcls_input(run, 2);
    struct gemm_job steps = {0};
    struct cl_grouped_job job;
    int64_t tiles;

    if (!grouped_shape(host, run->node, lanes, &job))
        return OP_FAIL(host, run->node, IMGCLS_INTERNAL, "its shapes are not those it had");
    tiles = cl_grouped_grid(&job, lanes, run->threads);
    job.x = imgcls_input(run, 0)->data;
    job.y = imgcls_output(run, 0)->data;
    job.weights = run->state;
    if (!run->state) {
        char *end = (char *)run->workspace + run->workspace_bytes;
        float *room = (float *)(void *)(end - weights_bytes(&job, lanes));
        cl_grouped_pack(&job, lanes, imgcls_input(run, 1)->data, room);
        job.weights = room;
    }
    if (bias && !product_is_operand(run->node, 2))
        job.bias = bias->data;
    product_steps(run, &steps);
    job.step_count = steps.step_count;
    memcpy(job.steps, steps.steps, sizeof job.steps);
    share(host, run, &job, kernel, run->workspace, cl_grouped_workspace(&job, lanes), tiles, 1);
    return IMGCLS_OK;
}

#define GROUPED_OF(name_, set_, lanes_)                                                    \
    static int32_t accepts_##name_(const struct imgcls_host *host,                         \
                                   const struct imgcls_node *node)                         \
    {                                                                                      \
        return grouped_accepts(host, node, lanes_);                                        \
    }                                                                                      \
    static double cost_##name_(const struct imgcls_host *host,                             \
                               const struct imgcls_node *node)                             \
    {                                                                                      \
        return grouped_cost(host, node, lanes_);                                           \
    }                                                                                      \
    static imgcls_status prepare_##name_(const struct imgcls_host *host,                   \
                                         struct imgcls_prepare *prepare)                   \
    {                                                                                      \
        return grouped_prepare(host, prepare, lanes_);                                     \
    }                                                                                      \
    static imgcls_status run_##name_(const struct imgcls_host *host,                       \
                                     const struct imgcls_run *run)                         \
    {                                                                                      \
        return grouped_run(host, run, name_, lanes_);                                      \
    }
CL_GROUPED_FAMILY(GROUPED_OF)

#define GROUPED_KERNEL(name_, set_, lanes_)                                                \
    {                                                                                      \
        .struct_size = sizeof(struct imgcls_kernel),                                       \
        .name = #name_,                                                                    \
        .isa = set_,                                                                       \
        .epilogues = PRODUCT_ROW_EPILOGUES,                                                \
        .accepts = accepts_##name_,                                                        \
        .cost = cost_##name_,                                                              \
        .prepare = prepare_##name_,                                                        \
        .run = run_##name_,                                                                \
        .release = product_release,                                                        \
    },
const struct imgcls_kernel channels_last_grouped[] = {CL_GROUPED_FAMILY(GROUPED_KERNEL){0}};

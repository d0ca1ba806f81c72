/*
 * plugins/ops/channels_last/depthwise.c - Conv with as many groups as channels
 *
 * One input channel and one output channel a group: weights [C, 1, kernel...] are turned to
 * [kernel..., C] once where they are constant, else into the workspace on every run.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "conv.h"
#include "plugins/kernels/cl_dwconv.h"
#include "plugins/ops/threads.h"

static bool depthwise_shape(const struct imgcls_host *host, const struct imgcls_node *node,
                            struct cl_dwconv_job *job)
{
    struct gemm_job product = {0};

    *job = (struct cl_dwconv_job){0};
    if (!conv_shape(host, node, &job->window, &product) || job->window.channels != 1 ||
        product.n != 1)
        return false;
    job->window.channels = product.batch_dims[0];
    job->images = node->inputs[0]->dims[0];
    return true;
}

static int32_t depthwise_accepts(const struct imgcls_host *host,
                                 const struct imgcls_node *node)
{
    struct cl_dwconv_job job;

    return product_accepts(node, IMGCLS_F32, 2) && depthwise_shape(host, node, &job);
}

static double depthwise_macs(const struct imgcls_host *host, const struct imgcls_node *node)
{
    struct cl_dwconv_job job;

    depthwise_shape(host, node, &job);
    return (double)job.images * (double)job.window.channels *
           (double)imgcls_count(3, job.window.out) * (double)imgcls_count(3, job.window.kernel);
}

static double cost_portable(const struct imgcls_host *host, const struct imgcls_node *node)
{
    return depthwise_macs(host, node) * 4 + 2000;
}

static double cost_vectors(const struct imgcls_host *host, const struct imgcls_node *node)
{
    return depthwise_macs(host, node) / 20 + 2000;
}

static int64_t taps_of(const struct cl_dwconv_job *job)
{
    return job->window.kernel[0] * job->window.kernel[1] * job->window.kernel[2];
}

static void turn_weights(const struct cl_dwconv_job *job, const float *from, float *to)
{
    int64_t taps = taps_of(job), channels = job->window.channels, c, t;

    for (c = 0; c < channels; c++)
        for (t = 0; t < taps; t++)
            to[t * channels + c] = from[c * taps + t];
}

static imgcls_status depthwise_prepare(const struct imgcls_host *host,
                                       struct imgcls_prepare *prepare)
{
    const struct imgcls_tensor *w = prepare->node->inputs[1]->constant;
    struct cl_dwconv_job job;
    float *turned;
    size_t bytes;

    if (!depthwise_shape(host, prepare->node, &job))
        return OP_FAIL(host, prepare->node, IMGCLS_INTERNAL, "its shapes are not those it had");
    bytes = (size_t)(taps_of(&job) * job.window.channels) * sizeof(float);
    if (!w)
        prepare->workspace_bytes = bytes;
    if (!w || bytes == 0)
        return IMGCLS_OK;
    turned = host->alloc(host, bytes, 1);
    if (!turned)
        return IMGCLS_NO_MEMORY;
    turn_weights(&job, w->data, turned);
    prepare->state = turned;
    prepare->constant_bytes = bytes;
    prepare->inputs_released = 1 << 1;
    return IMGCLS_OK;
}

OP_THREADS_PLAIN(share, struct cl_dwconv_job, cl_dwconv_kernel)

static imgcls_status depthwise_run(const struct imgcls_host *host, const struct imgcls_run *run,
                                   cl_dwconv_kernel *kernel)
{
    const struct imgcls_tensor *bias = imgcls_input(run, 2);
    struct gemm_job steps = {0};
    struct cl_dwconv_job job;
    int64_t tiles;

    if (!depthwise_shape(host, run->node, &job))
        return OP_FAIL(host, run->node, IMGCLS_INTERNAL, "its shapes are not those it had");
    tiles = cl_dwconv_grid(&job, run->threads);
    if (tiles == 0)
        return IMGCLS_OK;
    job.x = imgcls_input(run, 0)->data;
    job.y = imgcls_output(run, 0)->data;
    job.weights = run->state;
    if (!run->state) {
        turn_weights(&job, imgcls_input(run, 1)->data, run->workspace);
        job.weights = run->workspace;
    }
    if (bias && !product_is_operand(run->node, 2))
        job.bias = bias->data;
    product_steps(run, &steps);
    job.step_count = steps.step_count;
    memcpy(job.steps, steps.steps, sizeof job.steps);
    share(host, run, &job, kernel, tiles, 1);
    return IMGCLS_OK;
}

#define DEPTHWISE_RUN(name_, set_)                                                         \
    static imgcls_status run_##name_(const struct imgcls_host *host,                       \
                                     const struct imgcls_run *run)                         \
    {                                                                                      \
        return depthwise_run(host, run, name_);                                            \
    }
CL_DWCONV_FAMILY(DEPTHWISE_RUN)

#define DEPTHWISE_KERNEL(name_, set_)                                                      \
    {                                                                                      \
        .struct_size = sizeof(struct imgcls_kernel),                                       \
        .name = #name_,                                                                    \
        .isa = set_,                                                                       \
        .epilogues = PRODUCT_ROW_EPILOGUES,                                                \
        .accepts = depthwise_accepts,                                                      \
        .cost = (set_) != 0 ? cost_vectors : cost_portable,                                \
        .prepare = depthwise_prepare,                                                      \
        .run = run_##name_,                                                                \
        .release = product_release,                                                        \
    },
const struct imgcls_kernel channels_last_depthwise[] = {CL_DWCONV_FAMILY(DEPTHWISE_KERNEL)};

/*
 * plugins/ops/channels_last/winograd.c - Conv by Winograd's method, where shapes say so
 *
 * Its bits differ from the direct sum's, so whether it runs depends on nothing but the shape
 * of one image and of the weights, and on the weights being constant: the same on every
 * machine, for every batch. Where it runs, the direct kernels refuse the node.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "channels_last.h"
#include "conv.h"
#include "plugins/kernels/winograd.h"
#include "plugins/ops/threads.h"

static bool job_of(const struct imgcls_host *host, const struct imgcls_node *node,
                   struct winograd_job *job)
{
    struct gemm_job product = {0};

    if (!conv_shape(host, node, &job->window, &product) || product.batch_dims[0] != 1)
        return false;
    job->images = node->inputs[0]->dims[0];
    job->outputs = product.n;
    job->out = host->attr_int(host, node, IMGCLS_ATTR_OTHER_BITS, 0) /* for measuring */
                   ? winograd_other_tile(&job->window, job->outputs)
                   : winograd_tile(&job->window, job->outputs);
    return job->out != 0;
}

bool conv_is_winograd(const struct imgcls_host *host, const struct imgcls_node *node)
{
    struct winograd_job job = {0};

    return node->inputs[1] && node->inputs[1]->constant && job_of(host, node, &job);
}

static int32_t accepts(const struct imgcls_host *host, const struct imgcls_node *node,
                       int64_t out, int64_t size, int64_t stride)
{
    struct winograd_job job = {0};

    return product_accepts(node, IMGCLS_F32, 2) && conv_is_winograd(host, node) &&
           job_of(host, node, &job) && job.out == out && job.window.kernel[1] == size &&
           job.window.stride[1] == stride;
}

static imgcls_status prepare_weights(const struct imgcls_host *host,
                                     struct imgcls_prepare *prepare, int64_t panel,
                                     winograd_pack *pack)
{
    const struct imgcls_tensor *w = prepare->node->inputs[1]->constant;
    struct winograd_job job = {0};
    int64_t size;
    float *u;

    if (!job_of(host, prepare->node, &job))
        return OP_FAIL(host, prepare->node, IMGCLS_INTERNAL, "its shapes are not those it had");
    job.panel = panel;
    panel = panel ? panel : job.outputs;
    size = winograd_weights_size(&job, panel);
    u = host->alloc_unset(host, (size_t)size, sizeof *u);
    if (!u)
        return IMGCLS_NO_MEMORY;
    pack(w->data, job.window.channels, job.outputs, panel, u);
    prepare->state = u;
    prepare->constant_bytes = (size_t)size * sizeof *u;
    prepare->inputs_released = 1 << 1;
    prepare->workspace_bytes = winograd_workspace(&job, prepare->threads) *
                               (size_t)(prepare->threads < 1 ? 1 : prepare->threads);
    return IMGCLS_OK;
}

OP_THREADS(share, struct winograd_job, winograd_kernel)

/* Block after block, all threads on each: they share its weights, not its tiles. */
static void run_together(const struct imgcls_host *host, const struct imgcls_run *run,
                         struct winograd_job *job, winograd_kernel *kernel, size_t bytes,
                         int64_t blocks)
{
    int64_t points = winograd_points(job);

    job->common = run->workspace;
    for (job->at = 0; job->at < blocks; job->at++) {
        int64_t tiles = winograd_tiles(job, job->at);
        job->phase = WINOGRAD_IN;
        share(host, run, job, kernel, run->workspace, bytes, tiles, 1);
        job->phase = WINOGRAD_MULTIPLY;
        share(host, run, job, kernel, run->workspace, bytes, points, 1);
        job->phase = WINOGRAD_OUT;
        share(host, run, job, kernel, run->workspace, bytes, tiles, 1);
    }
}

static imgcls_status run_kernel(const struct imgcls_host *host, const struct imgcls_run *run,
                                winograd_kernel *kernel, int64_t panel)
{
    const struct imgcls_tensor *bias = imgcls_input(run, 2);
    struct gemm_job product = {0};
    struct winograd_job job = {0};
    imgcls_status status;
    int64_t blocks;
    size_t bytes;
    int32_t i;

    if (!job_of(host, run->node, &job))
        return OP_FAIL(host, run->node, IMGCLS_INTERNAL, "its shapes are not those it had");
    job.panel = panel;
    job.x = imgcls_input(run, 0)->data;
    job.u = run->state;
    job.y = imgcls_output(run, 0)->data;
    job.y_row = imgcls_output(run, 0)->strides[2];
    if (bias && !product_is_operand(run->node, 2))
        job.bias = bias->data;
    product_steps(run, &product);
    job.step_count = product.step_count;
    for (i = 0; i < product.step_count; i++)
        job.steps[i] = product.steps[i];
    bytes = winograd_workspace(&job, run->threads);
    status = op_workspace_fits(host, run, bytes);
    if (status != IMGCLS_OK)
        return status;
    blocks = winograd_grid(&job, run->threads);
    if (job.together)
        run_together(host, run, &job, kernel, bytes, blocks);
    else
        share(host, run, &job, kernel, run->workspace, bytes, blocks, 1);
    return IMGCLS_OK;
}

/* Tiles of outputs are apart, and each goes out once. */
static int32_t writes_over(const struct imgcls_host *host, const struct imgcls_node *node,
                           size_t input)
{
    (void)host;
    return product_writes_over(node, input);
}

static double cost(const struct imgcls_host *host, const struct imgcls_node *node,
                   double macs_a_nanosecond)
{
    struct winograd_job job = {0};

    job_of(host, node, &job);
    return (double)(job.images * job.window.out[1] * job.window.out[2]) *
           (double)job.window.channels * (double)job.outputs *
           (double)(job.window.kernel[1] * job.window.kernel[2]) / macs_a_nanosecond;
}

#define KERNEL(NAME, SET, OUT, SIZE, STRIDE, PANEL, RATE)                                  \
    static int32_t NAME##_accepts(const struct imgcls_host *host,                          \
                                  const struct imgcls_node *node)                          \
    {                                                                                      \
        return accepts(host, node, OUT, SIZE, STRIDE);                                     \
    }                                                                                      \
    static double NAME##_cost(const struct imgcls_host *host, const struct imgcls_node *node) \
    {                                                                                      \
        return cost(host, node, RATE);                                                     \
    }                                                                                      \
    static imgcls_status NAME##_prepare(const struct imgcls_host *host,                    \
                                        struct imgcls_prepare *prepare)                    \
    {                                                                                      \
        return prepare_weights(host, prepare, PANEL, NAME##_weights);                      \
    }                                                                                      \
    static imgcls_status NAME##_run(const struct imgcls_host *host,                        \
                                    const struct imgcls_run *run)                          \
    {                                                                                      \
        return run_kernel(host, run, NAME, PANEL);                                                \
    }
#define ENTRY(NAME, SET, OUT, SIZE, STRIDE, PANEL, RATE)                                   \
    {                                                                                      \
        .struct_size = sizeof(struct imgcls_kernel), .name = "cl_conv_" #NAME, .isa = SET, \
        .epilogues = PRODUCT_ROW_EPILOGUES, .accepts = NAME##_accepts, .cost = NAME##_cost,       \
        .prepare = NAME##_prepare, .run = NAME##_run, .release = product_release,          \
        .writes_rows_apart = conv_writes_rows_apart,                                       \
        .writes_over = writes_over,                                                        \
    },

WINOGRAD_FAMILY(KERNEL)

const struct imgcls_kernel channels_last_winograd[] = {WINOGRAD_FAMILY(ENTRY)};

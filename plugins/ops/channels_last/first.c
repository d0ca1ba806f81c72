/*
 * plugins/ops/channels_last/first.c - Conv of images with up to eight channels, undilated,
 * two spatial dimensions, constant weights: the first layer of a network
 *
 * Other images, and kernels of one pixel, are products (conv.c). Bits do not depend on which of the two runs.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "conv.h"
#include "plugins/kernels/panels.h"
#include "plugins/kernels/cl_first.h"
#include "plugins/ops/threads.h"

/* Shapes and windows; false where the kernels do not do this. */
static bool first_shape(const struct imgcls_host *host, const struct imgcls_node *node,
                        struct cl_first_job *job)
{
    struct gemm_window window;
    struct gemm_job product = {0};
    int64_t k, floats;
    int d;

    memset(job, 0, sizeof *job);
    if (!conv_shape(host, node, &window, &product) || product.batch_dims[0] != 1 ||
        window.channels > CL_FIRST_CHANNELS || window.channels < 1 || window.in[0] != 1 ||
        window.kernel[0] != 1 || window.out[0] != 1 || window.pad[0] != 0 ||
        product.m < 1 || product.n < 1)
        return false;
    job->channels = window.channels;
    job->columns = product.n;
    job->images = product.m / window.out[1] / window.out[2];
    for (d = 0; d < 2; d++) {
        if (window.dilation[1 + d] != 1 || window.kernel[1 + d] > CL_FIRST_K)
            return false;
        job->in[d] = window.in[1 + d];
        job->out[d] = window.out[1 + d];
        job->kernel[d] = window.kernel[1 + d];
        job->stride[d] = window.stride[1 + d];
        job->pad[d] = window.pad[1 + d];
    }
    k = job->kernel[0] * job->kernel[1] * job->channels;
    /* what a thread copies at a time must stay in L2: and offsets are 32 bits */
    return k > job->channels && k <= CL_FIRST_K && job->stride[0] <= INT32_MAX &&
           job->stride[1] <= INT32_MAX && job->out[1] <= INT32_MAX &&
           !__builtin_mul_overflow((CL_FIRST_ROWS - 1) * job->stride[0] + job->kernel[0],
                                   cl_first_line(job), &floats) &&
           floats <= (int64_t)1 << 18;
}

static int32_t first_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    struct cl_first_job job;

    return product_accepts(node, IMGCLS_F32, 2) && node->inputs[1]->constant &&
           first_shape(host, node, &job) && !conv_is_winograd(host, node);
}

/* How a kernel cuts a row: positions of a tile, and up to how many columns it takes tiles of one
 * vector and twice as many positions; its multiply-adds a nanosecond. */
struct first_tiles {
    int64_t positions, narrow;
    double rate;
};

/* Positions of a row that are computed, some twice (cl_first_positions). One alone takes as long as
 * four, for its sums wait for themselves. */
static int64_t computed(int64_t width, int64_t most)
{
    int64_t half = most / 2, rest = width % most;

    if (width < half)
        return 4 * width;
    if (width < most)
        return (width + half - 1) / half * half;
    return width - rest + (rest == 0 ? 0 : rest <= half ? half : most);
}

static double first_cost(const struct imgcls_host *host, const struct imgcls_node *node,
                         const struct first_tiles *tiles)
{
    struct cl_first_job job;
    int64_t width, columns;
    double weights;

    first_shape(host, node, &job);
    width = computed(job.out[1], tiles->positions);
    columns = (job.columns + CL_FIRST_PANEL - 1) / CL_FIRST_PANEL * CL_FIRST_PANEL;
    if (job.columns <= tiles->narrow && job.out[1] >= 2 * tiles->positions) {
        width = computed(job.out[1], 2 * tiles->positions);
        columns = tiles->narrow;
    }
    weights = (double)columns * (double)(job.kernel[0] * job.kernel[1] * job.channels);
    /* weights that no L1 or L2 keeps, as those of large patches, come again for every few windows */
    return (double)job.images * (double)job.out[0] * (double)width * weights /
               (weights > CL_FIRST_NEAR ? 36 : tiles->rate) +
           500;
}

static imgcls_status first_prepare(const struct imgcls_host *host,
                                   struct imgcls_prepare *prepare)
{
    size_t threads = prepare->threads < 1 ? 1 : (size_t)prepare->threads, floats;
    struct cl_first_job job;
    int64_t taps;
    float *panels;

    if (!first_shape(host, prepare->node, &job))
        return OP_FAIL(host, prepare->node, IMGCLS_INTERNAL,
                       "its shapes are not those it had");
    floats = (size_t)((job.columns + CL_FIRST_PANEL - 1) / CL_FIRST_PANEL * CL_FIRST_PANEL *
                      job.kernel[0] * job.kernel[1] * job.channels);
    panels = host->alloc(host, floats, sizeof *panels);
    if (!panels)
        return IMGCLS_NO_MEMORY;
    taps = job.kernel[0] * job.kernel[1];
    panels_of_columns(prepare->node->inputs[1]->constant->data, job.channels * taps, job.channels,
                      taps, job.columns, CL_FIRST_PANEL, panels);
    prepare->state = panels;
    prepare->constant_bytes = floats * sizeof *panels;
    prepare->inputs_released = 1 << 1;
    prepare->workspace_bytes = threads * ((cl_first_workspace(&job) + 63) / 64 * 64);
    return IMGCLS_OK;
}

OP_THREADS(share, struct cl_first_job, cl_first_kernel)

static imgcls_status first_run(const struct imgcls_host *host, const struct imgcls_run *run,
                               cl_first_kernel *kernel)
{
    const struct imgcls_tensor *bias = imgcls_input(run, 2);
    struct gemm_job steps = {0};
    struct cl_first_job job;

    if (!first_shape(host, run->node, &job))
        return OP_FAIL(host, run->node, IMGCLS_INTERNAL, "its shapes are not those it had");
    job.x = imgcls_input(run, 0)->data;
    job.y = imgcls_output(run, 0)->data;
    job.weights = run->state;
    if (bias && !product_is_operand(run->node, 2))
        job.bias = bias->data;
    product_steps(run, &steps);
    job.step_count = steps.step_count;
    memcpy(job.steps, steps.steps, sizeof job.steps);
    share(host, run, &job, kernel, run->workspace, (cl_first_workspace(&job) + 63) / 64 * 64,
          cl_first_grid(&job, run->threads), 1);
    return IMGCLS_OK;
}

#define FIRST_SET(SET, KERNEL, ISA, ...)                                                   \
    static double cost_##SET(const struct imgcls_host *host, const struct imgcls_node *node) \
    {                                                                                      \
        return first_cost(host, node, &(const struct first_tiles){__VA_ARGS__});           \
    }                                                                                      \
    static imgcls_status run_##SET(const struct imgcls_host *host,                         \
                                   const struct imgcls_run *run)                           \
    {                                                                                      \
        return first_run(host, run, KERNEL);                                               \
    }                                                                                      \
    const struct imgcls_kernel channels_last_first_##SET = {                               \
        .struct_size = sizeof(struct imgcls_kernel),                                       \
        .name = #KERNEL,                                                                   \
        .isa = ISA,                                                                        \
        .epilogues = PRODUCT_EPILOGUES & ~(IMGCLS_EPILOGUE_BIT(IMGCLS_EPILOGUE_ADD) |      \
                                           IMGCLS_EPILOGUE_BIT(IMGCLS_EPILOGUE_MUL)),      \
        .accepts = first_accepts,                                                          \
        .cost = cost_##SET,                                                                \
        .prepare = first_prepare,                                                          \
        .run = run_##SET,                                                                  \
        .release = product_release,                                                        \
    };
WITH_AVX2(FIRST_SET(avx2, cl_first_f32_6x16_avx2, IMGCLS_ISA_AVX2, 6, 8, 50))
WITH_AVX512(FIRST_SET(avx512, cl_first_f32_14x32_avx512, IMGCLS_ISA_AVX2 | IMGCLS_ISA_AVX512, 14,
                      0, 56))
WITH_NEON(FIRST_SET(neon, cl_first_f32_6x16_neon, IMGCLS_ISA_NEON, 6, 0, 50))

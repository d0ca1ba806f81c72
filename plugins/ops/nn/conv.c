/*
 * plugins/ops/nn/conv.c - Conv: windows over an image as columns of a matrix product
 *
 * Weights [M, C/group, kernel...] are the rows of A, packed once where they are constant. A
 * 1 x 1 convolution with stride 1 is the product of weights and image as they lie. One
 * product for each image and group; groups of one channel have a kernel of their own.
 * Dimensions must be known (they are, when a plan is made).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "nn.h"
#include "product.h"
#include "window.h"

static imgcls_status conv_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_node *node = infer->node;
    const struct imgcls_value_info *x = op_in(node, 0), *w = op_in(node, 1);
    int64_t dims[IMGCLS_MAX_RANK], group = host->attr_int(host, node, "group", 1);
    struct window window;
    imgcls_status status;
    int32_t i;

    if (!x || !w)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "X and W are needed");
    if (group < 1)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "group is %lld, at least 1 is needed",
                       (long long)group);
    if (x->rank < 0 || (w->rank < 0 && !host->attr(host, node, "kernel_shape")))
        return op_infer_open(host, infer, 0, x->type, x->rank < 0 ? w->rank : x->rank);
    if (w->rank >= 0 && w->rank != x->rank)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "X has %d dimensions, W has %d",
                       x->rank, w->rank);
    status = window_read(host, node, x->rank - 2, x->dims + 2,
                         w->rank < 0 ? NULL : w->dims + 2, &window);
    if (status != IMGCLS_OK)
        return status;
    if (w->rank >= 0 && x->dims[1] >= 0 && w->dims[1] >= 0 &&
        (w->dims[1] > INT64_MAX / group || x->dims[1] != w->dims[1] * group))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "X has %lld channels, W takes %lld in each of %lld groups",
                       (long long)x->dims[1], (long long)w->dims[1], (long long)group);
    if (w->rank >= 0 && w->dims[0] >= 0 && w->dims[0] % group != 0)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "W gives %lld channels, which %lld groups do not divide",
                       (long long)w->dims[0], (long long)group);
    dims[0] = x->dims[0];
    dims[1] = w->rank >= 0 ? w->dims[0] : -1;
    for (i = 0; i < window.count; i++)
        dims[2 + i] = window.out[i];
    return host->infer_output(host, infer, 0, x->type, x->rank, dims);
}

/* Everything a job needs that shapes say. False where a dimension is not known or there are
 * more than three spatial ones. */
static bool conv_shape(const struct imgcls_host *host, const struct imgcls_node *node,
                       struct gemm_window *window, struct gemm_job *job)
{
    const struct imgcls_value_info *x = op_in(node, 0), *w = op_in(node, 1);
    int64_t group = host->attr_int(host, node, "group", 1), taps, plane;
    struct window read;

    if (!x || !w || x->rank < 3 || x->rank > 5 || w->rank != x->rank || group < 1 ||
        imgcls_count(x->rank, x->dims) < 0 || imgcls_count(w->rank, w->dims) < 0 ||
        x->dims[1] != w->dims[1] * group || w->dims[0] % group != 0)
        return false;
    if (window_read(host, node, x->rank - 2, x->dims + 2, w->dims + 2, &read) != IMGCLS_OK)
        return false;
    window_widen(&read, w->dims[1], window);
    job->n = imgcls_count(3, window->out);
    if (job->n < 0)
        return false;
    taps = window->kernel[0] * window->kernel[1] * window->kernel[2];
    plane = window->in[0] * window->in[1] * window->in[2];
    job->m = w->dims[0] / group;
    job->k = w->dims[1] * taps;
    job->window = window;
    job->batch_rank = 2;
    job->batch_dims[0] = x->dims[0];
    job->batch_dims[1] = group;
    job->a_step[1] = job->b_step[1] = job->bias_step[1] = 1;
    job->b_step[0] = group;
    job->a_size = job->m * job->k;
    job->a_row = job->k;
    job->a_column = taps;
    job->a_run = w->dims[1];
    job->a_jump = 1;
    job->b_size = w->dims[1] * plane;
    job->c_row = job->n;
    job->alpha = job->beta = 1;
    job->bias_size = job->m;
    job->bias_row = 1;
    if (taps == 1 && window->stride[0] * window->stride[1] * window->stride[2] == 1 &&
        job->n == plane && window->pad[0] + window->pad[1] + window->pad[2] == 0) {
        job->window = NULL; /* the image is the matrix */
        job->b_row = plane;
        job->b_column = 1;
        job->a_run = 0;
        job->a_column = 1;
    }
    return true;
}

/* Shapes and epilogues in order; the type is the caller's. */
static bool conv_accepts(const struct imgcls_host *host, const struct imgcls_node *node,
                         int32_t type)
{
    struct gemm_window window;
    struct gemm_job job = {0};

    return product_accepts(node, type, 2) && conv_shape(host, node, &window, &job);
}

static int32_t conv_accepts_portable(const struct imgcls_host *host,
                                     const struct imgcls_node *node)
{
    return conv_accepts(host, node, IMGCLS_F32) || conv_accepts(host, node, IMGCLS_F64);
}

static int64_t conv_macs(const struct imgcls_host *host, const struct imgcls_node *node)
{
    struct gemm_window window;
    struct gemm_job job = {0};
    int64_t factors[5];

    if (!conv_shape(host, node, &window, &job))
        return -1;
    factors[0] = job.batch_dims[0];
    factors[1] = job.batch_dims[1];
    factors[2] = job.m;
    factors[3] = job.n;
    factors[4] = job.k;
    return imgcls_count(5, factors);
}

static double conv_cost_portable(const struct imgcls_host *host,
                                 const struct imgcls_node *node)
{
    return product_cost_portable((double)conv_macs(host, node));
}

static imgcls_status conv_prepare_portable(const struct imgcls_host *host,
                                           struct imgcls_prepare *prepare)
{
    (void)host;
    prepare->workspace_bytes = product_workspace(&product_f32_portable, prepare->threads);
    return IMGCLS_OK;
}

static imgcls_status conv_run(const struct imgcls_host *host, const struct imgcls_run *run,
                              const struct product_kernel *kernel)
{
    const struct imgcls_tensor *w = imgcls_input(run, 1), *bias = imgcls_input(run, 2);
    struct gemm_window window;
    struct gemm_job job = {0};

    if (!conv_shape(host, run->node, &window, &job))
        return OP_FAIL(host, run->node, IMGCLS_INTERNAL, "its shapes are not those it had");
    if (!kernel->workspace)
        job.window = &window;
    job.a = w ? w->data : NULL;
    job.a_packed = run->state;
    job.b = imgcls_input(run, 0)->data;
    job.c = imgcls_output(run, 0)->data;
    job.bias = bias && !product_is_operand(run->node, 2) ? bias->data : NULL;
    product_steps(run, &job);
    return product_run(host, run, &job, kernel,
                       kernel->workspace ? kernel->workspace() : dwconv_workspace(&window));
}

static imgcls_status conv_portable(const struct imgcls_host *host,
                                   const struct imgcls_run *run)
{
    return conv_run(host, run, product_portable(imgcls_input(run, 0)->type));
}

static const struct imgcls_kernel portable = {
    .struct_size = sizeof(struct imgcls_kernel),
    .name = "conv_portable",
    .epilogues = PRODUCT_EPILOGUES,
    .accepts = conv_accepts_portable,
    .cost = conv_cost_portable,
    .prepare = conv_prepare_portable,
    .run = conv_portable,
};

#if BUILD_AVX2 || BUILD_NEON
static int32_t conv_accepts_f32(const struct imgcls_host *host,
                                const struct imgcls_node *node)
{
    return conv_accepts(host, node, IMGCLS_F32);
}

static double conv_cost_gemm(const struct imgcls_host *host, const struct imgcls_node *node)
{
    struct gemm_window window;
    struct gemm_job job = {0};
    double gathered;

    conv_shape(host, node, &window, &job);
    gathered = (double)job.batch_dims[0] * (double)job.batch_dims[1] * (double)job.n *
               (double)job.k;
    return product_cost_packed(gathered * (double)job.m, job.m) + gathered * 0.4;
}

/* State of a node: its packed weights, or nothing where they are not constant. */
static imgcls_status conv_prepare_gemm(const struct imgcls_host *host,
                                       struct imgcls_prepare *prepare)
{
    const struct imgcls_tensor *w = prepare->node->inputs[1]->constant;
    struct gemm_window window;
    struct gemm_job job = {0};
    int64_t g, size;
    float *packed;

    prepare->workspace_bytes = product_workspace(&product_f32_portable, prepare->threads);
    if (!w || !conv_shape(host, prepare->node, &window, &job))
        return IMGCLS_OK;
    size = gemm_packed_a_size(job.m, job.k);
    if (size == 0)
        return IMGCLS_OK;
    packed = host->alloc(host, (size_t)job.batch_dims[1], (size_t)size * sizeof *packed);
    if (!packed)
        return IMGCLS_NO_MEMORY;
    job.a = w->data;
    for (g = 0; g < job.batch_dims[1]; g++)
        gemm_pack_a(&job, g, packed + g * size);
    prepare->state = packed;
    prepare->constant_bytes = (size_t)(job.batch_dims[1] * size) * sizeof *packed;
    prepare->inputs_released = 1 << 1;
    return IMGCLS_OK;
}

#define CONV_PACKED(SET, ISA)                                                              \
    static imgcls_status conv_f32_6x16_##SET(const struct imgcls_host *host,               \
                                             const struct imgcls_run *run)                 \
    {                                                                                      \
        return conv_run(host, run, &product_f32_##SET);                                    \
    }                                                                                      \
    static const struct imgcls_kernel packed_##SET = {                                     \
        .struct_size = sizeof(struct imgcls_kernel),                                       \
        .name = "conv_f32_6x16_" #SET,                                                     \
        .isa = ISA,                                                                        \
        .epilogues = PRODUCT_EPILOGUES,                                                    \
        .accepts = conv_accepts_f32,                                                       \
        .cost = conv_cost_gemm,                                                            \
        .prepare = conv_prepare_gemm,                                                      \
        .run = conv_f32_6x16_##SET,                                                        \
        .release = product_release,                                                        \
    };
WITH_AVX2(CONV_PACKED(avx2, IMGCLS_ISA_AVX2))
WITH_NEON(CONV_PACKED(neon, IMGCLS_ISA_NEON))
#endif

#if BUILD_AVX2
#define BAND_MOST (UINT64_C(64) << 20) /* bytes of a depthwise band, a thread */

static int32_t conv_accepts_depthwise(const struct imgcls_host *host,
                                      const struct imgcls_node *node)
{
    struct gemm_window window;
    struct gemm_job job = {0};
    size_t bytes;

    if (!product_accepts(node, IMGCLS_F32, 2) || !conv_shape(host, node, &window, &job) ||
        window.channels != 1 || window.in[0] != 1 || window.kernel[0] != 1 ||
        window.out[0] != 1 || window.pad[0] != 0 || job.n == 0)
        return 0;
    bytes = dwconv_workspace(&window);
    return bytes != 0 && bytes <= BAND_MOST;
}

static double conv_cost_depthwise(const struct imgcls_host *host,
                                  const struct imgcls_node *node)
{
    return (double)conv_macs(host, node) / 12 + 2000;
}

/* One thread's band, rounded so that the next thread's begins at a multiple of 64. */
static imgcls_status conv_prepare_depthwise(const struct imgcls_host *host,
                                            struct imgcls_prepare *prepare)
{
    struct gemm_window window;
    struct gemm_job job = {0};

    conv_shape(host, prepare->node, &window, &job);
    prepare->workspace_bytes =
        dwconv_workspace(&window) * (size_t)(prepare->threads < 1 ? 1 : prepare->threads);
    return IMGCLS_OK;
}

static imgcls_status conv_dw_f32_avx2(const struct imgcls_host *host,
                                      const struct imgcls_run *run)
{
    return conv_run(host, run, &product_depthwise_avx2);
}

static const struct imgcls_kernel depthwise_avx2 = {
    .struct_size = sizeof(struct imgcls_kernel),
    .name = "conv_dw_f32_avx2",
    .isa = IMGCLS_ISA_AVX2,
    .epilogues = PRODUCT_EPILOGUES,
    .accepts = conv_accepts_depthwise,
    .cost = conv_cost_depthwise,
    .prepare = conv_prepare_depthwise,
    .run = conv_dw_f32_avx2,
};
#endif

const struct imgcls_op conv_op = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = "",
    .type = "Conv",
    .since_first = 1,
    .since_last = OP_NEWEST,
    .infer = conv_infer,
    .macs = conv_macs,
    .kernels =
        (const struct imgcls_kernel *const[]){
            WITH_AVX2(&depthwise_avx2, &packed_avx2,)
            WITH_NEON(&packed_neon,)
            &portable,
            NULL,
        },
};

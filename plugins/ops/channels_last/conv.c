/*
 * plugins/ops/channels_last/conv.c - Conv over channels-last images: one product
 *
 * Rows of A are windows over the images (or, for 1 x 1, the pixels as they lie), columns of B
 * are output channels, k runs over (kernel position, channel): the order in which memory has
 * them, so that nothing is gathered. One product for all images of a batch, one for each
 * group. Weights [M, C/group, kernel...] are put into panels when they are constant, else
 * into the workspace on every run.
 *
 * Not here: groups of one channel (depthwise.c) or a few (grouped.c), images of few channels
 * (first.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "conv.h"

#include "channels_last.h"
#include "plugins/kernels/panels.h"

static imgcls_status conv_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_node *node = infer->node;
    const struct imgcls_value_info *w = op_in(node, 1);
    int64_t group = host->attr_int(host, node, "group", 1);
    struct window window;
    struct image image;
    imgcls_status status = image_read(host, node, &image);

    if (status != IMGCLS_OK)
        return status;
    if (!w || w->rank != image.spatial + 2 || imgcls_count(w->rank, w->dims) < 0)
        return OP_FAIL(host, node, IMGCLS_UNSUPPORTED,
                       "weights of %d known dimensions are needed", image.spatial + 2);
    if (group < 1 || w->dims[1] > INT64_MAX / group ||
        image.channels != w->dims[1] * group || w->dims[0] % group != 0)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "%lld groups do not fit %lld channels and weights of %lld x %lld",
                       (long long)group, (long long)image.channels, (long long)w->dims[0],
                       (long long)w->dims[1]);
    status = window_read(host, node, image.spatial, image.sizes, w->dims + 2, &window);
    return status == IMGCLS_OK ? image_infer(host, infer, &image, window.out, w->dims[0])
                               : status;
}

bool conv_shape(const struct imgcls_host *host, const struct imgcls_node *node,
                struct gemm_window *window, struct gemm_job *job)
{
    const struct imgcls_value_info *x = op_in(node, 0), *w = op_in(node, 1);
    int64_t group = host->attr_int(host, node, "group", 1), taps, factors[4];
    struct window read;
    struct image image;

    if (!x || !w || !image_of(x->rank, x->dims, &image) || w->rank != x->rank || group < 1 ||
        imgcls_count(w->rank, w->dims) < 0 || w->dims[1] > INT64_MAX / group ||
        image.channels != w->dims[1] * group || w->dims[0] % group != 0 ||
        window_read(host, node, image.spatial, image.sizes, w->dims + 2, &read) != IMGCLS_OK)
        return false;
    window_widen(&read, w->dims[1], window);
    factors[0] = image.count;
    for (int d = 0; d < 3; d++)
        factors[1 + d] = window->out[d];
    job->m = imgcls_count(4, factors);
    if (job->m < 0)
        return false;
    taps = window->kernel[0] * window->kernel[1] * window->kernel[2];
    job->n = w->dims[0] / group;
    job->k = w->dims[1] * taps;
    job->batch_rank = 1;
    job->batch_dims[0] = group;
    job->a_step[0] = job->b_step[0] = job->bias_step[0] = 1;
    job->a_window = window;
    job->a_row = image.channels;
    job->a_column = 1;
    job->a_image = image.pixels * image.channels;
    job->a_size = w->dims[1];
    job->b_size = job->k * job->n;
    job->b_row = job->n;
    job->b_column = 1;
    job->c_row = w->dims[0];
    job->c_step = job->n;
    job->alpha = job->beta = 1;
    job->bias_size = job->n;
    job->bias_column = 1;
    if (taps == 1 && window->stride[0] * window->stride[1] * window->stride[2] == 1 &&
        job->m == image.count * image.pixels &&
        window->pad[0] + window->pad[1] + window->pad[2] == 0)
        job->a_window = NULL; /* pixels are rows as they lie */
    return true;
}

static int64_t conv_macs(const struct imgcls_host *host, const struct imgcls_node *node)
{
    struct gemm_window window;
    struct gemm_job job = {0};
    int64_t factors[4];

    if (!conv_shape(host, node, &window, &job))
        return -1;
    factors[0] = job.batch_dims[0];
    factors[1] = job.m;
    factors[2] = job.n;
    factors[3] = job.k;
    return imgcls_count(4, factors);
}

/* ---- Weights ----------------------------------------------------------------------------*/

/* All groups' weights in panels of so many columns, each k-major, filled up with zeros. One
 * panel of all columns (panel == n) is the plain matrix [k, n]. */
static int64_t panels_size(const struct gemm_job *job, int64_t panel)
{
    return job->batch_dims[0] * ((job->n + panel - 1) / panel * panel) * job->k;
}

static void fill_panels(const struct gemm_job *job, int64_t channels, int64_t panel,
                        const float *weights, float *to)
{
    int64_t taps = channels ? job->k / channels : 0, size = panels_size(job, panel), g;
    int64_t groups = job->batch_dims[0];

    for (g = 0; g < groups; g++)
        panels_of_columns(weights + g * job->n * job->k, job->k, channels, taps, job->n, panel,
                          to + g * (size / groups));
}

/* ---- Kernels ----------------------------------------------------------------------------*/

static int32_t conv_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    struct gemm_window window;
    struct gemm_job job = {0};

    return product_accepts(node, IMGCLS_F32, 2) && conv_shape(host, node, &window, &job) &&
           !conv_is_winograd(host, node);
}

/* Width of the panels that a kernel reads: all columns where it reads a plain matrix. */
static int64_t panel_of(const struct gemm_job *job, const struct product_kernel *kernel)
{
    return kernel->b_panel ? kernel->b_panel : job->n ? job->n : 1;
}

/* Weights that are not constant lie behind all threads' workspaces. */
static size_t weights_room(const struct gemm_job *job, const struct product_kernel *kernel)
{
    size_t floats = (size_t)panels_size(job, panel_of(job, kernel));

    return (floats * sizeof(float) + 63) / 64 * 64;
}

static imgcls_status conv_prepare(const struct imgcls_host *host,
                                  struct imgcls_prepare *prepare,
                                  const struct product_kernel *kernel)
{
    const struct imgcls_tensor *w = prepare->node->inputs[1]->constant;
    struct gemm_window window;
    struct gemm_job job = {0};
    int64_t size;
    float *panels;

    if (!conv_shape(host, prepare->node, &window, &job))
        return OP_FAIL(host, prepare->node, IMGCLS_INTERNAL, "its shapes are not those it had");
    prepare->workspace_bytes = product_workspace(kernel, prepare->threads);
    size = panels_size(&job, panel_of(&job, kernel));
    if (!w)
        prepare->workspace_bytes += weights_room(&job, kernel);
    if (!w || size == 0)
        return IMGCLS_OK;
    panels = host->alloc_unset(host, (size_t)size, sizeof *panels);
    if (!panels)
        return IMGCLS_NO_MEMORY;
    fill_panels(&job, window.channels, panel_of(&job, kernel), w->data, panels);
    prepare->state = panels;
    prepare->constant_bytes = (size_t)size * sizeof *panels;
    prepare->inputs_released = 1 << 1;
    return IMGCLS_OK;
}

static imgcls_status conv_run(const struct imgcls_host *host, const struct imgcls_run *run,
                              const struct product_kernel *kernel)
{
    const struct imgcls_tensor *w = imgcls_input(run, 1), *bias = imgcls_input(run, 2);
    const float *panels = run->state;
    struct gemm_window window;
    struct gemm_job job = {0};

    if (!conv_shape(host, run->node, &window, &job))
        return OP_FAIL(host, run->node, IMGCLS_INTERNAL, "its shapes are not those it had");
    if (!panels && job.k * job.n > 0) {
        char *end = (char *)run->workspace + run->workspace_bytes;
        float *room = (float *)(end - weights_room(&job, kernel));
        fill_panels(&job, window.channels, panel_of(&job, kernel), w->data, room);
        panels = room;
    }
    job.a = imgcls_input(run, 0)->data;
    job.b = job.b_packed = panels;
    job.b_panel = kernel->b_panel;
    if (!kernel->b_panel)
        job.b_packed = NULL;
    job.c = imgcls_output(run, 0)->data;
    job.c_row = imgcls_output(run, 0)->strides[imgcls_output(run, 0)->rank - 2];
    if (bias && !product_is_operand(run->node, 2))
        job.bias = bias->data;
    product_steps(run, &job);
    return product_run(host, run, &job, kernel, kernel->workspace());
}

int32_t conv_writes_rows_apart(const struct imgcls_host *host, const struct imgcls_node *node)
{
    size_t i;

    (void)host;
    for (i = 0; i < node->epilogue_count; i++)
        if (node->epilogues[i].kind == IMGCLS_EPILOGUE_ADD ||
            node->epilogues[i].kind == IMGCLS_EPILOGUE_MUL)
            return 0; /* operands are read at the index of the output */
    return 1;
}

static int32_t conv_writes_over(const struct imgcls_host *host, const struct imgcls_node *node,
                                size_t input)
{
    struct gemm_window window;
    struct gemm_job job = {0};

    return conv_shape(host, node, &window, &job) && direct_sums_once(job.k) &&
           product_writes_over(node, input);
}

static double conv_cost_portable(const struct imgcls_host *host,
                                 const struct imgcls_node *node)
{
    return product_cost_portable((double)conv_macs(host, node));
}

static imgcls_status conv_prepare_portable(const struct imgcls_host *host,
                                           struct imgcls_prepare *prepare)
{
    return conv_prepare(host, prepare, &product_f32_portable);
}

static imgcls_status conv_portable(const struct imgcls_host *host, const struct imgcls_run *run)
{
    return conv_run(host, run, &product_f32_portable);
}

static const struct imgcls_kernel portable = {
    .struct_size = sizeof(struct imgcls_kernel),
    .name = "cl_conv_portable",
    .epilogues = PRODUCT_ROW_EPILOGUES,
    .accepts = conv_accepts,
    .cost = conv_cost_portable,
    .prepare = conv_prepare_portable,
    .run = conv_portable,
    .release = product_release,
    .writes_rows_apart = conv_writes_rows_apart,
};

/* Columns of one group's product, and floats of windows that are gathered. */
static double conv_cost_direct(const struct imgcls_host *host, const struct imgcls_node *node,
                               const struct product_kernel *kernel)
{
    struct gemm_window window;
    struct gemm_job job = {0};
    double gathered = 0;

    conv_shape(host, node, &window, &job);
    if (job.a_window)
        gathered = (double)job.batch_dims[0] * (double)job.m * (double)job.k;
    return product_cost_direct(kernel, (double)conv_macs(host, node), job.m, job.n, gathered);
}

#define CONV_DIRECT(SET, ISA, NAME)                                                        \
    static double conv_cost_##SET(const struct imgcls_host *host,                          \
                                  const struct imgcls_node *node)                          \
    {                                                                                      \
        return conv_cost_direct(host, node, &product_direct_##SET);                        \
    }                                                                                      \
    static imgcls_status conv_prepare_##SET(const struct imgcls_host *host,                \
                                            struct imgcls_prepare *prepare)                \
    {                                                                                      \
        return conv_prepare(host, prepare, &product_direct_##SET);                         \
    }                                                                                      \
    static imgcls_status conv_run_##SET(const struct imgcls_host *host,                    \
                                        const struct imgcls_run *run)                      \
    {                                                                                      \
        return conv_run(host, run, &product_direct_##SET);                                 \
    }                                                                                      \
    static const struct imgcls_kernel direct_##SET = {                                     \
        .struct_size = sizeof(struct imgcls_kernel),                                       \
        .name = NAME,                                                                      \
        .isa = ISA,                                                                        \
        .epilogues = PRODUCT_ROW_EPILOGUES,                                                \
        .accepts = conv_accepts,                                                           \
        .cost = conv_cost_##SET,                                                           \
        .prepare = conv_prepare_##SET,                                                     \
        .run = conv_run_##SET,                                                             \
        .release = product_release,                                                        \
        .writes_rows_apart = conv_writes_rows_apart,                                       \
        .writes_over = conv_writes_over,                                                   \
    };
WITH_AVX2(CONV_DIRECT(avx2, IMGCLS_ISA_AVX2, "cl_conv_direct_f32_6x16_avx2"))
WITH_AVX512(CONV_DIRECT(avx512, IMGCLS_ISA_AVX2 | IMGCLS_ISA_AVX512,
                        "cl_conv_direct_f32_14x32_avx512"))
WITH_NEON(CONV_DIRECT(neon, IMGCLS_ISA_NEON, "cl_conv_direct_f32_6x16_neon"))

#define WINOGRAD_KERNEL(NAME, ...) &channels_last_winograd[conv_##NAME],

const struct imgcls_op channels_last_conv_op = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = CHANNELS_LAST_DOMAIN,
    .type = "Conv",
    .since_first = 1,
    .since_last = 1,
    .infer = conv_infer,
    .macs = conv_macs,
    .kernels =
        (const struct imgcls_kernel *const[]){
            &channels_last_depthwise[0],
            &portable,
            WITH_AVX2(&channels_last_depthwise[1], &direct_avx2, &channels_last_first_avx2,
                      &channels_last_grouped[0],)
            WITH_AVX512(&channels_last_depthwise[2], &direct_avx512,
                        &channels_last_first_avx512, &channels_last_grouped[1],)
            WITH_NEON(&channels_last_depthwise[1], &direct_neon, &channels_last_first_neon,
                      &channels_last_grouped[0],)
            WINOGRAD_FAMILY(WINOGRAD_KERNEL)
            NULL,
        },
};

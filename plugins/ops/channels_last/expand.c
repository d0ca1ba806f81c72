/*
 * plugins/ops/channels_last/expand.c - ExpandDepthwise: a Conv of one pixel and the depthwise
 * Conv that reads it, so many rows at a time that what lies between stays in L2
 *
 *     y = depthwise(step(x * w1 + b1), w2) + b2     inputs x, w1 [M, C, 1, 1], b1, w2 [M, 1, h, w], b2
 *
 * Attributes are the depthwise Conv's; expand_step, expand_a and expand_b are the one epilogue
 * of the first (an IMGCLS_EPILOGUE number, 0: none). Two spatial dimensions, constant weights.
 *
 * A unit of work is a band of output rows by a slab of channels: the rows that its windows meet are
 * expanded into a buffer of the thread, then folded. Neighbouring bands expand the rows that they
 * share twice; nothing else is computed in vain. Bits are those of the two nodes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "conv.h"

#include "channels_last.h"
#include "plugins/kernels/cl_dwconv.h"
#include "plugins/kernels/panels.h"

#define CACHE_BYTES (320 * 1024) /* of L2, for the rows of x and the buffer */
#define WINDOW_MOST 16

struct chain {
    int64_t images, narrow;    /* channels of x */
    struct gemm_window window; /* the depthwise Conv's; its channels */
    int64_t slab, slabs, band, bands; /* set by choose_tiles */
};

struct chain_kernel {
    const struct product_kernel *product;
    cl_dwconv_kernel *depthwise;
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Rows of x that so many output rows meet, padding included. */
static int64_t rows_of(const struct gemm_window *w, int64_t band)
{
    return (band - 1) * w->stride[1] + (w->kernel[1] - 1) * w->dilation[1] + 1;
}

/* A slab is a panel of the product, whose rows of x come from L2 for every one; a band is as many rows
 * as leave room for that. */
static void choose_tiles(struct chain *chain, const struct chain_kernel *kernel)
{
    const struct gemm_window *w = &chain->window;
    double row;

    chain->slab = kernel->product->b_panel ? kernel->product->b_panel : 16;
    chain->slabs = (w->channels + chain->slab - 1) / chain->slab;
    row = (double)w->in[2] * (double)(chain->slab + chain->narrow) * sizeof(float);
    chain->band = 1;
    while (chain->band < w->out[1] && (double)rows_of(w, chain->band + 1) * row <= CACHE_BYTES)
        chain->band++;
    chain->bands = (w->out[1] + chain->band - 1) / chain->band;
    chain->band = chain->bands ? (w->out[1] + chain->bands - 1) / chain->bands : 0;
}

/* Windows that are no larger than what a band can hold. */
static bool is_small(const struct gemm_window *w)
{
    int d;

    for (d = 1; d < 3; d++)
        if (w->kernel[d] > WINDOW_MOST || w->stride[d] > WINDOW_MOST ||
            w->dilation[d] > WINDOW_MOST || w->pad[d] > WINDOW_MOST)
            return false;
    return true;
}

/* Rank-4 weights of known sizes whose input channels are so many. */
static bool are_weights(const struct imgcls_value_info *w, int64_t channels)
{
    return w && w->rank == 4 && imgcls_count(w->rank, w->dims) > 0 && w->dims[1] == channels;
}

static bool chain_shape(const struct imgcls_host *host, const struct imgcls_node *node,
                        struct chain *chain)
{
    const struct imgcls_value_info *x = op_in(node, 0), *w1 = op_in(node, 1), *w2 = op_in(node, 3);
    struct window read;
    struct image image;
    int64_t factors[2];

    if (!x || !image_of(x->rank, x->dims, &image) || image.spatial != 2 ||
        !are_weights(w1, image.channels) || !are_weights(w2, 1) || w1->dims[2] != 1 ||
        w1->dims[3] != 1 || w1->dims[0] != w2->dims[0] ||
        window_read(host, node, image.spatial, image.sizes, w2->dims + 2, &read) != IMGCLS_OK)
        return false;
    factors[0] = image.pixels;
    factors[1] = w1->dims[0];
    if (imgcls_count(2, factors) < 0)
        return false;
    window_widen(&read, w1->dims[0], &chain->window);
    if (!is_small(&chain->window))
        return false;
    chain->images = image.count;
    chain->narrow = image.channels;
    return true;
}

static imgcls_status expand_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    struct chain chain;
    struct image image;
    imgcls_status status = image_read(host, infer->node, &image);

    if (status != IMGCLS_OK)
        return status;
    if (!chain_shape(host, infer->node, &chain))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "its weights do not fit each other");
    return image_infer(host, infer, &image, chain.window.out + 1, chain.window.channels);
}

static int64_t expand_macs(const struct imgcls_host *host, const struct imgcls_node *node)
{
    struct chain chain;
    int64_t first[4], second[5], a, b;

    if (!chain_shape(host, node, &chain))
        return -1;
    first[0] = second[0] = chain.images;
    first[1] = second[1] = chain.window.channels;
    first[2] = chain.narrow;
    first[3] = chain.window.in[1] * chain.window.in[2];
    second[2] = chain.window.out[1] * chain.window.out[2];
    second[3] = chain.window.kernel[1];
    second[4] = chain.window.kernel[2];
    a = imgcls_count(4, first);
    b = imgcls_count(5, second);
    return a < 0 || b < 0 || a > INT64_MAX - b ? -1 : a + b;
}

static int32_t expand_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    struct chain chain;
    size_t e;

    for (e = 0; e < node->epilogue_count; e++)
        if (node->epilogues[e].operand >= 0)
            return 0;
    return product_accepts(node, IMGCLS_F32, 2) && op_in(node, 3) && node->inputs[1]->constant &&
           node->inputs[3]->constant &&
           product_is_step(host->attr_int(host, node, "expand_step", 0)) && chain_shape(host, node, &chain);
}

static double expand_cost(const struct imgcls_host *host, const struct imgcls_node *node)
{
    return (double)expand_macs(host, node) / 40 + 2000;
}

static double expand_cost_portable(const struct imgcls_host *host,
                                   const struct imgcls_node *node)
{
    return (double)expand_macs(host, node) * 2 + 2000;
}

/* ---- Weights ----------------------------------------------------------------------------*/

static int64_t panel_of(const struct chain *chain, const struct chain_kernel *kernel)
{
    return kernel->product->b_panel ? kernel->product->b_panel : chain->window.channels;
}

/* Floats of the first weights in panels; the second, [h, w, M], follow. */
static int64_t panels_size(const struct chain *chain, const struct chain_kernel *kernel)
{
    int64_t panel = panel_of(chain, kernel);

    return (chain->window.channels + panel - 1) / panel * panel * chain->narrow;
}

static void fill(const struct chain *chain, const struct chain_kernel *kernel,
                 const float *first, const float *second, float *to)
{
    int64_t taps = chain->window.kernel[1] * chain->window.kernel[2];
    int64_t channels = chain->window.channels, c, t;
    float *turned = to + panels_size(chain, kernel);

    panels_of_columns(first, chain->narrow, chain->narrow, 1, channels, panel_of(chain, kernel), to);
    for (c = 0; c < channels; c++)
        for (t = 0; t < taps; t++)
            turned[t * channels + c] = second[c * taps + t];
}

static size_t buffer_bytes(const struct chain *chain)
{
    int64_t rows = least(rows_of(&chain->window, chain->band), chain->window.in[1]);
    size_t floats = (size_t)(rows * chain->window.in[2] * least(chain->slab, chain->window.channels));

    return (floats * sizeof(float) + 63) / 64 * 64;
}

static size_t product_bytes(const struct chain_kernel *kernel)
{
    return (kernel->product->workspace() + 63) / 64 * 64;
}

static imgcls_status expand_prepare(const struct imgcls_host *host,
                                    struct imgcls_prepare *prepare,
                                    const struct chain_kernel *kernel)
{
    size_t threads = prepare->threads < 1 ? 1 : (size_t)prepare->threads, floats;
    struct chain chain;
    float *weights;

    if (!chain_shape(host, prepare->node, &chain))
        return OP_FAIL(host, prepare->node, IMGCLS_INTERNAL, "its shapes are not those it had");
    choose_tiles(&chain, kernel);
    prepare->workspace_bytes = threads * (product_bytes(kernel) + buffer_bytes(&chain));
    floats = (size_t)(panels_size(&chain, kernel) +
                      chain.window.channels * chain.window.kernel[1] * chain.window.kernel[2]);
    weights = host->alloc(host, floats, sizeof *weights);
    if (!weights)
        return IMGCLS_NO_MEMORY;
    fill(&chain, kernel, prepare->node->inputs[1]->constant->data,
         prepare->node->inputs[3]->constant->data, weights);
    prepare->state = weights;
    prepare->constant_bytes = floats * sizeof *weights;
    prepare->inputs_released = 1 << 1 | 1 << 3;
    return IMGCLS_OK;
}

/* ---- Running ----------------------------------------------------------------------------*/

struct shared {
    const struct chain *chain;
    const struct chain_kernel *kernel;
    const float *x, *weights;
    struct gemm_job product;     /* all but the rows and columns of a unit */
    struct cl_dwconv_job folded; /* likewise; y and window are the whole image's */
    char *workspace;
};

/* Rows y_begin.. of an image into the buffer, channels c_begin..c_end. */
static void expand(const struct shared *shared, int64_t image, int64_t y_begin, int64_t rows,
                   int64_t c_begin, int64_t c_end, char *workspace, float *buffer)
{
    const struct chain *chain = shared->chain;
    const struct gemm_window *w = &chain->window;
    struct gemm_job job = shared->product;
    int64_t tiles;

    job.m = rows * w->in[2];
    job.n = c_end - c_begin;
    job.a = shared->x + (image * w->in[1] + y_begin) * w->in[2] * chain->narrow;
    job.b = shared->weights + c_begin; /* of the plain matrix, where there are no panels */
    if (job.b_panel)
        job.b_packed = shared->weights + c_begin * chain->narrow;
    job.c = buffer;
    job.c_row = job.n;
    if (job.bias)
        job.bias = (const float *)job.bias + c_begin;
    tiles = shared->kernel->product->grid(&job, 1);
    shared->kernel->product->run(&job, 0, tiles, workspace);
}

static void unit(const struct shared *shared, int64_t index, char *workspace)
{
    const struct chain *chain = shared->chain;
    const struct gemm_window *w = &chain->window;
    int64_t slab = index % chain->slabs, band = index / chain->slabs % chain->bands;
    int64_t image = index / chain->slabs / chain->bands, c = slab * chain->slab;
    int64_t out = band * chain->band, out_end = least(out + chain->band, w->out[1]);
    int64_t first = out * w->stride[1] - w->pad[1], y = first < 0 ? 0 : first;
    int64_t y_end = least(first + rows_of(w, out_end - out), w->in[1]);
    int64_t c_end = least(c + chain->slab, w->channels);
    float *buffer = (float *)(workspace + product_bytes(shared->kernel));
    struct cl_dwconv_job job = shared->folded;

    if (out >= out_end)
        return;
    y = least(y, w->in[1]); /* windows may lie in the padding as a whole */
    y_end = y_end < y ? y : y_end;
    if (y_end > y)
        expand(shared, image, y, y_end - y, c, c_end, workspace, buffer);
    job.x = buffer;
    job.x_first = c;
    job.x_channels = c_end - c;
    job.y += (image * w->out[1] + out) * w->out[2] * w->channels;
    job.window.in[1] = y_end - y;
    job.window.out[1] = out_end - out;
    job.window.pad[1] = y - first;
    shared->kernel->depthwise(&job, 0, cl_dwconv_grid(&job, 1));
}

static void body(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct shared *shared = argument;
    size_t bytes = product_bytes(shared->kernel) + buffer_bytes(shared->chain);

    for (; begin < end; begin++)
        unit(shared, begin, shared->workspace + (size_t)thread * bytes);
}

static void describe_product(const struct imgcls_host *host, const struct imgcls_run *run,
                             const struct chain *chain, const struct chain_kernel *kernel,
                             struct gemm_job *job)
{
    const struct imgcls_tensor *bias = imgcls_input(run, 2);
    int64_t step = host->attr_int(host, run->node, "expand_step", 0);

    job->k = chain->narrow;
    job->batch_rank = 1;
    job->batch_dims[0] = 1;
    job->a_row = chain->narrow;
    job->a_column = job->b_column = job->bias_column = 1;
    job->b_row = chain->window.channels;
    job->b_panel = kernel->product->b_panel;
    job->alpha = job->beta = 1;
    job->bias = bias ? bias->data : NULL;
    if (step) {
        job->step_count = 1;
        job->steps[0].kind = (int32_t)step;
        job->steps[0].a = host->attr_float(host, run->node, "expand_a", 0);
        job->steps[0].b = host->attr_float(host, run->node, "expand_b", 0);
    }
}

static imgcls_status expand_run(const struct imgcls_host *host, const struct imgcls_run *run,
                                const struct chain_kernel *kernel)
{
    const struct imgcls_tensor *bias = imgcls_input(run, 4);
    struct gemm_job steps = {0};
    struct chain chain;
    struct shared shared = {.chain = &chain, .kernel = kernel, .workspace = run->workspace};

    if (!chain_shape(host, run->node, &chain))
        return OP_FAIL(host, run->node, IMGCLS_INTERNAL, "its shapes are not those it had");
    choose_tiles(&chain, kernel);
    shared.x = imgcls_input(run, 0)->data;
    shared.weights = run->state;
    describe_product(host, run, &chain, kernel, &shared.product);
    shared.folded.window = chain.window;
    shared.folded.images = 1;
    shared.folded.weights = shared.weights + panels_size(&chain, kernel);
    shared.folded.bias = bias ? bias->data : NULL;
    shared.folded.y = imgcls_output(run, 0)->data;
    product_steps(run, &steps);
    shared.folded.step_count = steps.step_count;
    memcpy(shared.folded.steps, steps.steps, sizeof shared.folded.steps);
    host->parallel_for(host, run, chain.images * chain.bands * chain.slabs, 1, body, &shared);
    return IMGCLS_OK;
}

#define EXPAND(SET, ISA, COST, PRODUCT)                                                    \
    static const struct chain_kernel chain_##SET = {&PRODUCT, cl_dwconv_f32_##SET};        \
    static imgcls_status prepare_##SET(const struct imgcls_host *host,                     \
                                       struct imgcls_prepare *prepare)                     \
    {                                                                                      \
        return expand_prepare(host, prepare, &chain_##SET);                                \
    }                                                                                      \
    static imgcls_status run_##SET(const struct imgcls_host *host,                         \
                                   const struct imgcls_run *run)                           \
    {                                                                                      \
        return expand_run(host, run, &chain_##SET);                                        \
    }                                                                                      \
    static const struct imgcls_kernel expand_##SET = {                                     \
        .struct_size = sizeof(struct imgcls_kernel),                                       \
        .name = "cl_expand_depthwise_f32_" #SET,                                           \
        .isa = ISA,                                                                        \
        .epilogues = PRODUCT_ROW_EPILOGUES,                                                \
        .accepts = expand_accepts,                                                         \
        .cost = COST,                                                                      \
        .prepare = prepare_##SET,                                                          \
        .run = run_##SET,                                                                  \
        .release = product_release,                                                        \
    };
EXPAND(portable, 0, expand_cost_portable, product_f32_portable)
WITH_AVX2(EXPAND(avx2, IMGCLS_ISA_AVX2, expand_cost, product_direct_avx2))
WITH_AVX512(EXPAND(avx512, IMGCLS_ISA_AVX2 | IMGCLS_ISA_AVX512, expand_cost,
                   product_direct_avx512))
WITH_NEON(EXPAND(neon, IMGCLS_ISA_NEON, expand_cost, product_direct_neon))

const struct imgcls_op channels_last_expand_depthwise_op = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = CHANNELS_LAST_DOMAIN,
    .type = "ExpandDepthwise",
    .since_first = 1,
    .since_last = 1,
    .infer = expand_infer,
    .macs = expand_macs,
    .kernels =
        (const struct imgcls_kernel *const[]){
            &expand_portable,
            WITH_AVX2(&expand_avx2,) WITH_AVX512(&expand_avx512,) WITH_NEON(&expand_neon,)
            NULL,
        },
};

/*
 * plugins/ops/nn/conv_transpose_f32.c - ConvTranspose in float32: products, and a sum of parts
 *
 * Every input position sends each output channel one number a kernel position: the product of
 * weights [channels, outputs * kernel positions], turned, and image [channels, positions]. Each
 * output then adds up what was sent to it, kernel positions in rising order. Sums over channels
 * have gemm.h's order, so no bit depends on instruction set, threads or batch. Some output channels
 * of one image are computed at a time, so that what is sent stays small.
 *
 * Not here: what is sent by more positions than fit SENT_MOST, dimensions that a plan does not
 * know, float64 (conv_transpose.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "conv_transpose.h"

#define SENT_FLOATS (1 << 20) /* sent at a time */
#define SENT_MOST   (1 << 24) /* and where fewer channels would be no whole panel */

struct transpose {
    struct gemm_window w;
    int64_t images, groups, channels, outputs; /* both of a group */
    int64_t taps, positions;                   /* of a kernel; of an image */
    int64_t chunk;                             /* output channels at a time */
    const float *bias, *sent;
    float *y;        /* of the first channel of a chunk */
    int64_t bias_at; /* its bias */
};

static bool read_transpose(const struct imgcls_host *host, const struct imgcls_node *node,
                           struct transpose *t)
{
    const struct imgcls_value_info *x = op_in(node, 0), *w = op_in(node, 1);
    const struct imgcls_value_info *bias = op_in(node, 2);
    struct window window;
    int64_t each, factors[4];

    memset(t, 0, sizeof *t);
    t->groups = host->attr_int(host, node, "group", 1);
    if (x->rank < 3 || x->rank > 5 || w->rank != x->rank || t->groups < 1 ||
        imgcls_count(x->rank, x->dims) <= 0 || imgcls_count(w->rank, w->dims) <= 0 ||
        x->dims[1] != w->dims[0] || w->dims[0] % t->groups != 0 ||
        conv_transpose_window(host, node, x->rank - 2, x->dims + 2, w->dims + 2, &window) !=
            IMGCLS_OK)
        return false;
    window_widen(&window, 0, &t->w);
    t->images = x->dims[0];
    t->channels = w->dims[0] / t->groups;
    t->outputs = w->dims[1];
    t->taps = imgcls_count(3, t->w.kernel);
    t->positions = imgcls_count(3, t->w.in);
    factors[0] = t->groups;
    factors[1] = t->outputs;
    factors[2] = imgcls_count(3, t->w.out);
    factors[3] = t->images;
    if (t->taps < 0 || t->positions < 0 || factors[2] < 0 || imgcls_count(4, factors) < 0 ||
        __builtin_mul_overflow(t->taps, t->positions, &each) ||
        (bias && imgcls_count(bias->rank, bias->dims) != t->groups * t->outputs))
        return false;
    /* Whole panels of GEMM_ROWS rows, so that packed weights can be cut. */
    t->chunk = SENT_FLOATS / each / GEMM_ROWS * GEMM_ROWS;
    if (t->chunk < GEMM_ROWS)
        t->chunk = GEMM_ROWS;
    if (t->chunk > t->outputs)
        t->chunk = t->outputs;
    return each <= SENT_MOST / t->chunk;
}

bool conv_transpose_f32_takes(const struct imgcls_host *host, const struct imgcls_node *node)
{
    struct transpose t;

    return product_accepts(node, IMGCLS_F32, 2) && read_transpose(host, node, &t);
}

static int32_t accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    return conv_transpose_f32_takes(host, node);
}

/* The product of so many output channels, of one group of one image. */
static struct gemm_job product_of(const struct transpose *t, int64_t count)
{
    const struct gemm_job job = {
        .m = count * t->taps,
        .n = t->positions,
        .k = t->channels,
        .a_row = 1,
        .a_column = t->outputs * t->taps,
        .b_row = t->positions,
        .b_column = 1,
        .c_row = t->positions,
        .alpha = 1,
        .beta = 1,
    };

    return job;
}

static size_t sent_bytes(const struct transpose *t)
{
    return (size_t)(t->chunk * t->taps * t->positions) * sizeof(float);
}

static imgcls_status prepare(const struct imgcls_host *host, struct imgcls_prepare *prepare_,
                             const struct product_kernel *kernel)
{
    const struct imgcls_tensor *w = prepare_->node->inputs[1]->constant;
    struct transpose t;
    struct gemm_job job;
    int64_t size, g;
    float *packed;

    if (!read_transpose(host, prepare_->node, &t))
        return OP_FAIL(host, prepare_->node, IMGCLS_INTERNAL,
                       "its shapes are not those it had");
    prepare_->workspace_bytes = product_workspace(kernel, prepare_->threads) + sent_bytes(&t);
    if (!w || !kernel->b_panel) /* the portable kernel reads weights as they are */
        return IMGCLS_OK;
    job = product_of(&t, t.outputs);
    size = gemm_packed_a_size(job.m, job.k);
    packed = host->alloc(host, (size_t)t.groups, (size_t)size * sizeof *packed);
    if (!packed)
        return IMGCLS_NO_MEMORY;
    for (g = 0; g < t.groups; g++) {
        job.a = (const float *)w->data + g * t.channels * t.outputs * t.taps;
        gemm_pack_a(&job, 0, packed + g * size);
    }
    prepare_->state = packed;
    prepare_->constant_bytes = (size_t)(t.groups * size) * sizeof *packed;
    prepare_->inputs_released = 1 << 1;
    return IMGCLS_OK;
}

/* What kernel positions (kz, ky, ...) sent to the row `y` of outputs, from input line (z, line). */
static void add_line(const struct gemm_window *w, const float *sent, int64_t positions,
                     int64_t z, int64_t line, float *y)
{
    const float *from = sent + (z * w->in[1] + line) * w->in[2];
    const int64_t stride = w->stride[2];
    int64_t k, i, low, high;

    for (k = 0; k < w->kernel[2]; k++, from += positions) {
        const int64_t shift = k * w->dilation[2] - w->pad[2];
        conv_transpose_senders(w, k, 0, w->out[2], &low, &high);
        for (i = low; i < high; i++)
            y[i * stride + shift] += from[i];
    }
}

/* Output channels begin..end of the chunk. */
static void add_up(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct transpose *t = argument;
    const struct gemm_window *w = &t->w;
    const int64_t row = w->out[2];
    int64_t c, oz, oy, kz, ky, z, line, i;

    (void)thread;
    for (c = begin; c < end; c++) {
        const float *sent = t->sent + c * t->taps * t->positions;
        float *y = t->y + c * w->out[0] * w->out[1] * row;
        for (oz = 0; oz < w->out[0]; oz++)
            for (oy = 0; oy < w->out[1]; oy++, y += row) {
                memset(y, 0, (size_t)row * sizeof *y);
                for (kz = 0; kz < w->kernel[0]; kz++)
                    for (ky = 0; ky < w->kernel[1]; ky++)
                        if ((z = conv_transpose_source(w, 0, oz, kz)) >= 0 &&
                            (line = conv_transpose_source(w, 1, oy, ky)) >= 0)
                            add_line(w,
                                     sent + (kz * w->kernel[1] + ky) * w->kernel[2] *
                                                t->positions,
                                     t->positions, z, line, y);
                for (i = 0; t->bias && i < row; i++)
                    y[i] += t->bias[t->bias_at + c];
            }
    }
}

static imgcls_status compute(const struct imgcls_host *host, const struct imgcls_run *run,
                             const struct product_kernel *kernel)
{
    const struct imgcls_tensor *bias = imgcls_input(run, 2);
    const float *x = imgcls_input(run, 0)->data, *packed = run->state;
    float *y = imgcls_output(run, 0)->data;
    imgcls_status status = IMGCLS_OK;
    struct transpose t;
    int64_t part, first, size, out;

    if (!read_transpose(host, run->node, &t))
        return OP_FAIL(host, run->node, IMGCLS_INTERNAL, "its shapes are not those it had");
    size = gemm_packed_a_size(t.outputs * t.taps, t.channels);
    out = imgcls_count(3, t.w.out);
    t.bias = bias ? bias->data : NULL;
    t.sent = (const float *)(const void *)((char *)run->workspace +
                                           product_workspace(kernel, run->threads));
    for (part = 0; part < t.images * t.groups && out > 0; part++)
        for (first = 0; first < t.outputs; first += t.chunk) {
            const int64_t group = part % t.groups;
            const int64_t count = t.outputs - first < t.chunk ? t.outputs - first : t.chunk;
            struct gemm_job job = product_of(&t, count);
            if (packed)
                job.a_packed = packed + group * size + first * t.taps * t.channels;
            else
                job.a = (const float *)imgcls_input(run, 1)->data +
                        (group * t.channels * t.outputs + first) * t.taps;
            job.b = x + part * t.channels * t.positions;
            job.c = (void *)(uintptr_t)t.sent;
            status = product_run(host, run, &job, kernel, kernel->workspace());
            if (status != IMGCLS_OK)
                return status;
            t.y = y + (part * t.outputs + first) * out;
            t.bias_at = group * t.outputs + first;
            host->parallel_for(host, run, count, 1 + 20000 / (t.taps * t.positions), add_up,
                               &t);
        }
    return status;
}

#define TRANSPOSE_KERNEL(SET, ISA, PRODUCT)                                                \
    static imgcls_status prepare_##SET(const struct imgcls_host *host,                     \
                                       struct imgcls_prepare *prepare_)                    \
    {                                                                                      \
        return prepare(host, prepare_, &(PRODUCT));                                        \
    }                                                                                      \
    static imgcls_status run_##SET(const struct imgcls_host *host,                         \
                                   const struct imgcls_run *run)                           \
    {                                                                                      \
        return compute(host, run, &(PRODUCT));                                             \
    }                                                                                      \
    const struct imgcls_kernel conv_transpose_f32_##SET = {                                \
        .struct_size = sizeof(struct imgcls_kernel),                                       \
        .name = "conv_transpose_f32_" #SET,                                                \
        .isa = ISA,                                                                        \
        .accepts = accepts,                                                                \
        .prepare = prepare_##SET,                                                          \
        .run = run_##SET,                                                                  \
        .release = product_release,                                                        \
    };
TRANSPOSE_KERNEL(portable, 0, product_f32_portable)
WITH_AVX2(TRANSPOSE_KERNEL(avx2, IMGCLS_ISA_AVX2, product_f32_avx2))
WITH_NEON(TRANSPOSE_KERNEL(neon, IMGCLS_ISA_NEON, product_f32_neon))

/*
 * tests/kernels/cl_test.c - channels-last depthwise convolution and pooling: portable against
 * a plain loop in double, every other kernel against portable bit by bit
 *
 * Expected values: the definition of the operator over [N, H, W, C], here, in double. The bound
 * of a sum is count * eps * sum |a b|, from the data. Shapes are drawn around vectors of 8 and
 * 16 channels, strips of 8 outputs, padding wider than the image, blocks of 96 taps.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <imgcls/plugin.h>

#include "plugins/kernels/cl_dwconv.h"
#include "plugins/kernels/cl_pool.h"
#include "plugins/ops/nn/pool.h"
#include "tests/kernels/drawn.h"
#include "tests/kernels/offered.h"

#define ENTRY(function, set) {#function, set, function},

/* A window of one or two dimensions (now and then three) over an image that it fits. */
static void draw_window(struct gemm_window *w, int64_t pad_end[3], int64_t widest, int most_pad)
{
    int d;

    for (d = 0; d < 3; d++) {
        int flat = d == 0 && draw_between(0, 5) != 0;
        w->kernel[d] = flat ? 1 : draw_between(1, d == 0 ? 3 : widest);
        w->stride[d] = flat ? 1 : draw_between(1, 3);
        w->dilation[d] = d == 0 || draw_between(0, 3) ? 1 : 2;
        w->pad[d] = flat ? 0 : draw_between(0, most_pad ? w->kernel[d] + 1 : w->kernel[d] - 1);
        pad_end[d] = flat ? 0 : draw_between(0, most_pad ? w->kernel[d] : w->kernel[d] - 1);
        do {
            w->in[d] = flat ? 1 : draw_between(1, d == 0 ? 4 : 27);
            w->out[d] = w->in[d] + w->pad[d] + pad_end[d] - (w->kernel[d] - 1) * w->dilation[d];
            w->out[d] = w->out[d] < 1 ? 0 : (w->out[d] - 1) / w->stride[d] + 1;
        } while (w->out[d] == 0);
    }
}

static const char *window_text(const struct gemm_window *w, int64_t images)
{
    static char text[240];

    snprintf(text, sizeof text,
             "%lld images of %lld x %lld x %lld, %lld channels, kernel %lld %lld %lld, stride "
             "%lld %lld %lld, dilation %lld %lld %lld, pad %lld %lld %lld",
             (long long)images, (long long)w->in[0], (long long)w->in[1], (long long)w->in[2],
             (long long)w->channels, (long long)w->kernel[0], (long long)w->kernel[1],
             (long long)w->kernel[2], (long long)w->stride[0], (long long)w->stride[1],
             (long long)w->stride[2], (long long)w->dilation[0], (long long)w->dilation[1],
             (long long)w->dilation[2], (long long)w->pad[0], (long long)w->pad[1],
             (long long)w->pad[2]);
    return text;
}

/* Address of input pixel that tap (kz, ky, kx) of output (image, o[]) meets; NULL: padding. */
static const float *meets(const struct gemm_window *w, const float *x, int64_t image,
                          const int64_t o[3], const int64_t k[3])
{
    int64_t at[3];
    int d;

    for (d = 0; d < 3; d++) {
        at[d] = o[d] * w->stride[d] + k[d] * w->dilation[d] - w->pad[d];
        if (at[d] < 0 || at[d] >= w->in[d])
            return NULL;
    }
    return x + (((image * w->in[0] + at[0]) * w->in[1] + at[1]) * w->in[2] + at[2]) * w->channels;
}

/* ---- Depthwise convolution --------------------------------------------------------------*/

static const struct {
    const char *name;
    uint64_t isa;
    cl_dwconv_kernel *run;
} dwconvs[] = {CL_DWCONV_FAMILY(ENTRY)};

static void check_in_double(const struct cl_dwconv_job *job, const float *y, const char *row)
{
    const struct gemm_window *w = &job->window;
    int64_t image, o[3], k[3], c, at = 0;

    for (image = 0; image < job->images; image++)
        for (o[0] = 0; o[0] < w->out[0]; o[0]++)
            for (o[1] = 0; o[1] < w->out[1]; o[1]++)
                for (o[2] = 0; o[2] < w->out[2]; o[2]++)
                    for (c = 0; c < w->channels; c++, at++) {
                        double sum = job->bias ? (double)job->bias[c] : 0, size = fabs(sum);
                        int64_t tap = 0;
                        for (k[0] = 0; k[0] < w->kernel[0]; k[0]++)
                            for (k[1] = 0; k[1] < w->kernel[1]; k[1]++)
                                for (k[2] = 0; k[2] < w->kernel[2]; k[2]++, tap++) {
                                    const float *x = meets(w, job->x, image, o, k);
                                    double p = x ? (double)x[c] *
                                                       job->weights[tap * w->channels + c]
                                                 : 0;
                                    sum += p;
                                    size += fabs(p);
                                }
                        if (!(fabs(y[at] - sum) <= size * (double)(tap + 3) * 0x1p-24 + 1e-40))
                            fail_msg("%s: element %lld is %.9g, in double %.9g", row,
                                     (long long)at, y[at], sum);
                    }
}

static void dwconv_case(int64_t widest, int32_t kind)
{
    static const int64_t channels[] = {1, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 64, 67, 130};
    struct cl_dwconv_job job = {0};
    struct gemm_window *w = &job.window;
    int64_t pad_end[3], x_count, w_count, y_count, where, tiles, piece, at;
    float *x, *weights, *bias, *other, *want, *got;
    const char *row;
    int32_t threads;
    size_t e;

    draw_window(w, pad_end, widest, 1);
    if (widest > 9) { /* more than a block of taps */
        w->kernel[1] = widest;
        w->pad[1] = widest / 2;
        w->in[1] = widest;
        w->out[1] = (w->in[1] + 2 * w->pad[1] - (widest - 1) * w->dilation[1] - 1) /
                        w->stride[1] + 1;
    }
    if (draw_between(0, 1))
        w->dilation[2] = 1;
    w->out[2] = (w->in[2] + w->pad[2] + pad_end[2] - (w->kernel[2] - 1) * w->dilation[2] - 1) /
                    w->stride[2] + 1;
    w->channels = channels[draw_between(0, 14)];
    job.images = draw_between(1, 2);
    row = window_text(w, job.images);
    x_count = job.images * w->in[0] * w->in[1] * w->in[2] * w->channels;
    w_count = w->kernel[0] * w->kernel[1] * w->kernel[2] * w->channels;
    y_count = job.images * w->out[0] * w->out[1] * w->out[2] * w->channels;
    job.x = x = guarded_drawn(x_count);
    job.weights = weights = guarded_drawn(w_count);
    bias = guarded_drawn(w->channels);
    other = guarded_drawn(y_count);
    if (draw_between(0, 1))
        job.bias = bias;
    if (kind) {
        job.step_count = 2;
        job.steps[0] = (struct gemm_step){.kind = kind, .a = -0.25f, .b = 0.75f};
        job.steps[1] = (struct gemm_step){.kind = IMGCLS_EPILOGUE_RELU};
        if (kind == IMGCLS_EPILOGUE_ADD || kind == IMGCLS_EPILOGUE_MUL)
            job.steps[0].operand = other;
        if (kind == IMGCLS_EPILOGUE_BIAS)
            job.steps[0].operand = bias;
    }
    want = between_canaries(y_count);
    job.y = want;
    cl_dwconv_f32_portable(&job, 0, cl_dwconv_grid(&job, 1));
    if (!kind)
        check_in_double(&job, want, row);
    for (e = 0; e < sizeof dwconvs / sizeof dwconvs[0]; e++)
        for (threads = 1; threads <= 3 && offered(dwconvs[e].isa); threads++) {
            got = between_canaries(y_count);
            job.y = got;
            tiles = cl_dwconv_grid(&job, threads);
            piece = (tiles + threads - 1) / threads;
            for (at = tiles; at > 0; at -= piece)
                dwconvs[e].run(&job, at > piece ? at - piece : 0, at);
            if (!same_bits(got, want, y_count, &where))
                fail_msg("%s, step %d: %s, %d threads: element %lld is %a, portable %a", row,
                         kind, dwconvs[e].name, threads, (long long)where, got[where],
                         want[where]);
            canary_free(got, y_count);
        }
    canary_free(want, y_count);
    guarded_free(x, x_count);
    guarded_free(weights, w_count);
    guarded_free(bias, w->channels);
    guarded_free(other, y_count);
}

static void depthwise_of_drawn_shapes_agrees(void **state)
{
    int i;

    (void)state;
    draw_begin();
    for (i = 0; i < draw_rounds(300); i++)
        dwconv_case(i % 2 ? 3 : 7, 0);
    for (i = 0; i < draw_rounds(10); i++)
        dwconv_case(13, 0);
}

static void depthwise_steps_agree(void **state)
{
    int32_t kind;
    int i;

    (void)state;
    draw_begin();
    for (kind = IMGCLS_EPILOGUE_ADD; kind <= IMGCLS_EPILOGUE_BIAS; kind++)
        for (i = 0; i < draw_rounds(5); i++)
            dwconv_case(3, kind);
}

/* The usual windows on the usual images, where strips do most of the work: rows that strips divide and
 * others, channels that are whole vectors and others, pixels that share few sets of L1; and the usual
 * ends. */
static void depthwise_of_networks_agrees(void **state)
{
    static const struct {
        int64_t size, kernel, stride, channels;
        int32_t step;
    } rows[] = {
        {14, 3, 1, 24, 0},
        {15, 3, 2, 24, IMGCLS_EPILOGUE_CLIP},
        {14, 5, 1, 48, IMGCLS_EPILOGUE_SILU},
        {28, 5, 2, 72, IMGCLS_EPILOGUE_HARDSWISH},
        {14, 7, 1, 24, 0},
        {21, 7, 2, 24, IMGCLS_EPILOGUE_GELU},
        {7, 5, 1, 33, IMGCLS_EPILOGUE_SILU},
        {9, 3, 1, 40, IMGCLS_EPILOGUE_HARDSWISH},
        {33, 3, 2, 17, IMGCLS_EPILOGUE_SIGMOID},
        {11, 3, 1, 1024, IMGCLS_EPILOGUE_RELU},
        {30, 3, 1, 128, IMGCLS_EPILOGUE_TANH},
    };
    size_t i, e;

    (void)state;
    draw_begin();
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cl_dwconv_job job = {
            .images = 2,
            .step_count = rows[i].step != 0,
            .steps = {{.kind = rows[i].step, .a = -0.25f, .b = 0.75f}},
        };
        struct gemm_window *w = &job.window;
        const int64_t channels = rows[i].channels;
        float *x, *weights, *bias, *want, *got;
        int64_t where, y_count, x_count;
        *w = (struct gemm_window){.channels = channels,
                                  .in = {1, rows[i].size, rows[i].size},
                                  .kernel = {1, rows[i].kernel, rows[i].kernel},
                                  .stride = {1, rows[i].stride, rows[i].stride},
                                  .dilation = {1, 1, 1},
                                  .pad = {0, rows[i].kernel / 2, rows[i].kernel / 2}};
        w->out[0] = 1;
        w->out[1] = w->out[2] = (rows[i].size - 1) / rows[i].stride + 1;
        x_count = 2 * rows[i].size * rows[i].size * channels;
        y_count = 2 * w->out[1] * w->out[2] * channels;
        job.x = x = guarded_drawn(x_count);
        job.weights = weights = guarded_drawn(rows[i].kernel * rows[i].kernel * channels);
        job.bias = bias = guarded_drawn(channels);
        job.y = want = between_canaries(y_count);
        cl_dwconv_f32_portable(&job, 0, cl_dwconv_grid(&job, 1));
        if (!job.step_count)
            check_in_double(&job, want, window_text(w, 2));
        for (e = 1; e < sizeof dwconvs / sizeof dwconvs[0]; e++) {
            if (!offered(dwconvs[e].isa)) {
                print_message("skipped %s: this CPU lacks its instructions\n", dwconvs[e].name);
                continue;
            }
            job.y = got = between_canaries(y_count);
            dwconvs[e].run(&job, 0, cl_dwconv_grid(&job, 1));
            if (!same_bits(got, want, y_count, &where))
                fail_msg("%s: %s: element %lld is %a, portable %a", window_text(w, 2),
                         dwconvs[e].name, (long long)where, got[where], want[where]);
            canary_free(got, y_count);
        }
        canary_free(want, y_count);
        guarded_free(x, x_count);
        guarded_free(bias, channels);
        guarded_free(weights, rows[i].kernel * rows[i].kernel * channels);
    }
}

/* ---- Pooling ----------------------------------------------------------------------------*/

struct pool_entry {
    const char *name;
    uint64_t isa;
    cl_pool_kernel *run;
};
static const struct pool_entry maxima[] = {CL_POOL_MAX_FAMILY(ENTRY)};
static const struct pool_entry averages[] = {CL_POOL_AVERAGE_FAMILY(ENTRY)};
static const struct pool_entry all_maxima[] = {CL_POOL_GLOBAL_MAX_FAMILY(ENTRY)};
static const struct pool_entry all_averages[] = {CL_POOL_GLOBAL_AVERAGE_FAMILY(ENTRY)};
#define COUNT(list) (sizeof list / sizeof list[0])

/* The other order of axes, for what already pools planes. */
static void to_planes(const float *last, int64_t images, int64_t pixels, int64_t channels,
                      float *planes)
{
    int64_t n, p, c;

    for (n = 0; n < images; n++)
        for (p = 0; p < pixels; p++)
            for (c = 0; c < channels; c++)
                planes[(n * channels + c) * pixels + p] = last[(n * pixels + p) * channels + c];
}

static void agree(const struct pool_entry *entries, size_t count, struct cl_pool_job *job,
                  int64_t units, int64_t y_count, const float *want, const char *row)
{
    int64_t at, where;
    size_t e;

    for (e = 0; e < count; e++) {
        float *got;
        if (!offered(entries[e].isa))
            continue;
        got = between_canaries(y_count);
        job->y = got;
        for (at = units; at > 0; at -= 2) /* in pieces, from the end */
            entries[e].run(job, at > 2 ? at - 2 : 0, at);
        if (!same_bits(got, want, y_count, &where))
            fail_msg("%s: %s: element %lld is %a, planes give %a", row, entries[e].name,
                     (long long)where, got[where], want[where]);
        canary_free(got, y_count);
    }
}

/* Against the pooling of planes that ai.onnx's operators do, which has tests of its own. */
static void pool_case(int include_pad)
{
    struct cl_pool_job job = {.include_pad = include_pad};
    struct pool_job planes = {.include_pad = include_pad};
    struct gemm_window *w = &job.window;
    int64_t in, out, x_count, y_count, i;
    float *x, *turned, *pooled, *want;

    draw_window(w, job.pad_end, 5, 0);
    w->channels = draw_between(1, 140);
    job.images = draw_between(1, 2);
    in = w->in[0] * w->in[1] * w->in[2];
    out = w->out[0] * w->out[1] * w->out[2];
    x_count = job.images * in * w->channels;
    y_count = job.images * out * w->channels;
    job.x = x = guarded_drawn(x_count);
    for (i = 0; i < x_count; i++)
        if (draw_between(0, 40) == 0)
            x[i] = draw_between(0, 1) ? NAN : -INFINITY;
    turned = malloc((size_t)x_count * sizeof *turned);
    pooled = malloc((size_t)y_count * sizeof *pooled);
    want = malloc((size_t)y_count * sizeof *want);
    assert_true(turned && pooled && want);
    to_planes(x, job.images, in, w->channels, turned);
    planes.window = *w;
    memcpy(planes.pad_end, job.pad_end, sizeof planes.pad_end);
    planes.x = turned;
    planes.y = pooled;
    max_pool_f32(&planes, 0, job.images * w->channels);
    to_planes(pooled, job.images, w->channels, out, want); /* and back */
    agree(maxima, COUNT(maxima), &job, job.images * w->out[0] * w->out[1], y_count, want,
          window_text(w, job.images));
    average_pool_f32(&planes, 0, job.images * w->channels);
    to_planes(pooled, job.images, w->channels, out, want);
    agree(averages, COUNT(averages), &job, job.images * w->out[0] * w->out[1], y_count, want,
          window_text(w, job.images));
    free(turned);
    free(pooled);
    free(want);
    guarded_free(x, x_count);
}

static void pools_of_drawn_shapes_agree(void **state)
{
    int i;

    (void)state;
    draw_begin();
    for (i = 0; i < draw_rounds(200); i++)
        pool_case(i % 2);
}

static void pools_of_whole_images_agree(void **state)
{
    int i;

    (void)state;
    draw_begin();
    for (i = 0; i < draw_rounds(60); i++) {
        struct cl_pool_job job = {.images = draw_between(1, 3)};
        struct gemm_window *w = &job.window;
        int64_t x_count, y_count, pixels, n, c, p;
        float *x, *most, *mean;
        *w = (struct gemm_window){.channels = draw_between(1, 150),
                                  .in = {1, draw_between(1, 9), draw_between(1, 9)}};
        pixels = w->in[1] * w->in[2];
        x_count = job.images * pixels * w->channels;
        y_count = job.images * w->channels;
        job.x = x = guarded_drawn(x_count);
        most = malloc((size_t)y_count * sizeof *most);
        mean = malloc((size_t)y_count * sizeof *mean);
        assert_true(most && mean);
        if (i % 4 == 0)
            x[draw_between(0, x_count - 1)] = NAN;
        for (n = 0; n < job.images; n++)
            for (c = 0; c < w->channels; c++) {
                double sum = 0, best = -INFINITY;
                for (p = 0; p < pixels; p++) {
                    double value = x[(n * pixels + p) * w->channels + c];
                    sum += value;
                    best = value > best || value != value ? value : best;
                }
                most[n * w->channels + c] = (float)best;
                mean[n * w->channels + c] = (float)(sum / (double)pixels);
            }
        agree(all_maxima, COUNT(all_maxima), &job, job.images * cl_pool_blocks(&job), y_count,
              most, "whole image");
        agree(all_averages, COUNT(all_averages), &job, job.images * cl_pool_blocks(&job),
              y_count, mean, "whole image");
        free(most);
        free(mean);
        guarded_free(x, x_count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(depthwise_of_drawn_shapes_agrees),
        cmocka_unit_test(depthwise_steps_agree),
        cmocka_unit_test(depthwise_of_networks_agrees),
        cmocka_unit_test(pools_of_drawn_shapes_agree),
        cmocka_unit_test(pools_of_whole_images_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

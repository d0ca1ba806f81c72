/*
 * plugins/kernels/cl_dwconv.body.h - depthwise convolution of channels-last images, a vector
 * of channels at a time
 *
 * Included once a set, after its lanes.*.h, with DWCONV defined as the kernel's name.
 *
 * Two ways. Inside a row, where windows 3, 5 or 7 wide meet no padding on either side, a
 * strip of up to STRIP outputs is computed at once: each pixel that the strip's windows meet
 * is loaded once and goes into every output whose window has it, so that loads stay behind
 * multiply-adds, and as many chains run side by side as outputs. Elsewhere one output at a
 * time, SIDE_BY_SIDE vectors of its channels together. Rows above and below the image are
 * lines of zeros.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdbool.h>

#include "plugins/kernels/cl_dwconv.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define STRIP        8  /* outputs */
#define SIDE_BY_SIDE 4  /* vectors */
#define LINES        16 /* most rows of a window (depth and height together) for strips */

/* Where the rows of one output row's window lie; step is 0 in lines of zeros. */
struct line {
    const float *at;
    int64_t step;
};

/* Bias and steps on `count` vectors, `pitch` floats apart in y, whose first is element `at`
 * and has channel c; then they are stored. */
ALWAYS_INLINE void finish(const struct cl_dwconv_job *job, int64_t at, int64_t pitch, int64_t c,
                          lane_mask mask, const int count, lanes *x)
{
    int32_t i;
    int t;

    if (job->bias) {
        lanes bias = lanes_load_part(job->bias + c, mask);
        for (t = 0; t < count; t++)
            x[t] = lanes_add(x[t], bias);
    }
    for (i = 0; i < job->step_count; i++) {
        const struct gemm_step *step = &job->steps[i];
        const float *operand = step->operand;
        lanes other = lanes_zero();
        if (step->kind == IMGCLS_EPILOGUE_CLIP) {
            for (t = 0; t < count; t++)
                x[t] = lanes_at_most(lanes_at_least(x[t], step->a), step->b);
        } else if (step->kind == IMGCLS_EPILOGUE_RELU) {
            for (t = 0; t < count; t++)
                x[t] = lanes_at_least(x[t], 0);
        } else {
            for (t = 0; t < count; t++) {
                if (operand)
                    other = lanes_load_part(
                        operand + (step->kind == IMGCLS_EPILOGUE_BIAS ? c : at + t * pitch),
                        mask);
                x[t] = lanes_step(step, x[t], other);
            }
        }
    }
    for (t = 0; t < count; t++)
        lanes_store_part(job->y + at + t * pitch, mask, x[t]);
}

/* `count` outputs from ox on, windows `width` wide and `stride` apart, one vector. */
ALWAYS_INLINE void strip(const struct cl_dwconv_job *job, const struct line *lines,
                         int64_t line_count, int64_t row, int64_t ox, int64_t c,
                         lane_mask mask, const int count, const int width, const int stride)
{
    const struct gemm_window *w = &job->window;
    const float *weights = job->weights + c;
    int64_t channels = w->channels, first = ox * stride - w->pad[2], l;
    lanes sums[STRIP];
    int t, x, k;

#pragma GCC unroll 8
    for (t = 0; t < count; t++)
        sums[t] = lanes_zero();
    for (l = 0; l < line_count; l++, weights += width * channels) {
        const int64_t step = lines[l].step;
        const float *from = lines[l].at + first * step + (step ? c : 0);
        lanes taps[7];
#pragma GCC unroll 8
        for (k = 0; k < width; k++)
            taps[k] = lanes_load_part(weights + k * channels, mask);
#pragma GCC unroll 32
        for (x = 0; x < (count - 1) * stride + width; x++, from += step) {
            lanes pixel = lanes_load_part(from, mask);
#pragma GCC unroll 8
            for (t = 0; t < count; t++)
                if (x - t * stride >= 0 && x - t * stride < width)
                    sums[t] = lanes_fused(pixel, taps[x - t * stride], sums[t]);
        }
    }
    finish(job, (row * w->out[2] + ox) * channels + c, channels, c, mask, count, sums);
}

/* Strips of 8, 4, 2, 1 outputs from ox to `end`. */
ALWAYS_INLINE void strips(const struct cl_dwconv_job *job, const struct line *lines,
                          int64_t line_count, int64_t row, int64_t ox, int64_t end, int64_t c,
                          lane_mask mask, const int width, const int stride)
{
    for (; end - ox >= 8; ox += 8)
        strip(job, lines, line_count, row, ox, c, mask, 8, width, stride);
    if (end - ox >= 4) {
        strip(job, lines, line_count, row, ox, c, mask, 4, width, stride);
        ox += 4;
    }
    if (end - ox >= 2) {
        strip(job, lines, line_count, row, ox, c, mask, 2, width, stride);
        ox += 2;
    }
    if (end - ox >= 1)
        strip(job, lines, line_count, row, ox, c, mask, 1, width, stride);
}

#define STRIPS(width, stride)                                                              \
    static void strips_##width##_##stride(                                                 \
        const struct cl_dwconv_job *job, const struct line *lines, int64_t line_count,     \
        int64_t row, int64_t ox, int64_t end, int64_t c, lane_mask mask)                   \
    {                                                                                      \
        strips(job, lines, line_count, row, ox, end, c, mask, width, stride);              \
    }
STRIPS(3, 1)
STRIPS(3, 2)
STRIPS(5, 1)
STRIPS(5, 2)
STRIPS(7, 1)
STRIPS(7, 2)

typedef void strips_kernel(const struct cl_dwconv_job *job, const struct line *lines,
                           int64_t line_count, int64_t row, int64_t ox, int64_t end, int64_t c,
                           lane_mask mask);

/* Strips for these windows, NULL where there are none. */
static strips_kernel *strips_for(const struct gemm_window *w)
{
    int64_t lines = w->kernel[0] * w->kernel[1];

    if (lines > LINES || lines * w->kernel[2] > GEMM_K_BLOCK || w->dilation[2] != 1 ||
        w->stride[2] > 2)
        return NULL;
    switch (w->kernel[2]) {
    case 3:
        return w->stride[2] == 1 ? strips_3_1 : strips_3_2;
    case 5:
        return w->stride[2] == 1 ? strips_5_1 : strips_5_2;
    case 7:
        return w->stride[2] == 1 ? strips_7_1 : strips_7_2;
    default:
        return NULL;
    }
}

/* One output, channels c..end (of SIDE_BY_SIDE vectors at most). */
static void one_output(const struct cl_dwconv_job *job, int64_t row, int64_t ox, int64_t c,
                       int64_t end)
{
    const struct gemm_window *w = &job->window;
    int64_t channels = w->channels, first = ox * w->stride[2] - w->pad[2], tap = 0;
    const float *weights = job->weights + c;
    int64_t kz, ky, kx;
    lanes total[SIDE_BY_SIDE], sums[SIDE_BY_SIDE];
    lane_mask mask[SIDE_BY_SIDE];
    int v;

    for (v = 0; v < SIDE_BY_SIDE; v++) {
        mask[v] = lanes_below(end - c - v * LANES);
        total[v] = sums[v] = lanes_zero();
    }
    for (kz = 0; kz < w->kernel[0]; kz++)
        for (ky = 0; ky < w->kernel[1]; ky++) {
            const float *line = cl_dwconv_line(job, row, kz, ky);
            for (kx = 0; kx < w->kernel[2]; kx++, tap++, weights += channels) {
                int64_t x = first + kx * w->dilation[2];
                bool inside = line && x >= 0 && x < w->in[2];
                const float *from = inside ? line + x * channels + c : cl_dwconv_zeros;
                if (tap > 0 && tap % GEMM_K_BLOCK == 0)
                    for (v = 0; v < SIDE_BY_SIDE; v++) {
                        total[v] =
                            tap == GEMM_K_BLOCK ? sums[v] : lanes_add(total[v], sums[v]);
                        sums[v] = lanes_zero();
                    }
#pragma GCC unroll 4
                for (v = 0; v < SIDE_BY_SIDE; v++)
                    sums[v] =
                        lanes_fused(lanes_load_part(from + v * LANES, mask[v]),
                                    lanes_load_part(weights + v * LANES, mask[v]), sums[v]);
            }
        }
    for (v = 0; v < SIDE_BY_SIDE && c + v * LANES < end; v++) {
        lanes x = tap > GEMM_K_BLOCK ? lanes_add(total[v], sums[v]) : sums[v];
        finish(job, (row * w->out[2] + ox) * channels + c + v * LANES, 0, c + v * LANES,
               mask[v], 1, &x);
    }
}

static void outputs(const struct cl_dwconv_job *job, const struct cl_dwconv_tile *tile,
                    int64_t row, int64_t ox, int64_t end)
{
    int64_t c;

    for (; ox < end; ox++)
        for (c = tile->channel_begin; c < tile->channel_end; c += SIDE_BY_SIDE * LANES)
            one_output(job, row, ox, c, tile->channel_end);
}

/* The lines of one output row's window; zeros where they are padding. */
static void find_lines(const struct cl_dwconv_job *job, int64_t row, struct line *lines)
{
    const struct gemm_window *w = &job->window;
    int64_t l;

    for (l = 0; l < w->kernel[0] * w->kernel[1]; l++) {
        const float *at = cl_dwconv_line(job, row, l / w->kernel[1], l % w->kernel[1]);
        lines[l].at = at ? at : cl_dwconv_zeros;
        lines[l].step = at ? w->channels : 0;
    }
}

void DWCONV(const struct cl_dwconv_job *job, int64_t begin, int64_t end)
{
    const struct gemm_window *w = &job->window;
    strips_kernel *kernel = strips_for(w);
    /* outputs first..past of a row have windows inside the image */
    int64_t first = (w->pad[2] + w->stride[2] - 1) / w->stride[2], row, c;
    int64_t room = w->in[2] + w->pad[2] - ((w->kernel[2] - 1) * w->dilation[2] + 1);
    int64_t past = room < 0 ? 0 : room / w->stride[2] + 1;
    struct line lines[LINES];

    past = past > w->out[2] ? w->out[2] : past;
    if (!kernel || first >= past)
        first = past = w->out[2];
    for (; begin < end; begin++) {
        struct cl_dwconv_tile tile = cl_dwconv_tile_at(job, begin);
        for (row = tile.row_begin; row < tile.row_end; row++) {
            outputs(job, &tile, row, 0, first);
            outputs(job, &tile, row, past, w->out[2]);
            if (first == past)
                continue;
            find_lines(job, row, lines);
            for (c = tile.channel_begin; c < tile.channel_end; c += LANES)
                kernel(job, lines, w->kernel[0] * w->kernel[1], row, first, past, c,
                       lanes_below(tile.channel_end - c));
        }
    }
}

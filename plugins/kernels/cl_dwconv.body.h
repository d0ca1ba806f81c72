/*
 * plugins/kernels/cl_dwconv.body.h - depthwise convolution of channels-last images, a vector
 * of channels at a time
 *
 * Included once a set, after its lanes.*.h, with DWCONV defined as the kernel's name.
 *
 * Two ways. Where windows are 1, 3, 5 or 7 wide, a strip of STRIP outputs is computed at once:
 * each pixel that the strip's windows meet is loaded once and goes into every output whose
 * window has it, so that loads stay behind multiply-adds, and as many chains run side by side
 * as outputs. Strips that meet padding, or the row's end, look at each pixel whether it is
 * there. For other windows one output at a time, SIDE_BY_SIDE vectors of its channels
 * together. Rows above and below the image are lines of zeros.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "plugins/kernels/cl_dwconv.h"
#include "plugins/kernels/cl_end.body.h"

#define SIDE_BY_SIDE 4  /* vectors */
#define LINES        16 /* most rows of a window (depth and height together) for strips */

/* Where the rows of one output row's window lie; step is 0 in lines of zeros. */
struct line {
    const float *at;
    int64_t step;
};

ALWAYS_INLINE struct cl_end end_of(const struct cl_dwconv_job *job)
{
    return (struct cl_end){job->bias, job->y, job->step_count, job->steps};
}

/* STRIP outputs from ox on, windows `width` wide and `stride` apart, one vector; the first
 * `count` are stored. Where checked, pixels outside a line are zeros. */
ALWAYS_INLINE void strip(const struct cl_dwconv_job *job, const struct line *lines,
                         int64_t line_count, int64_t row, int64_t ox, int64_t count, int64_t c,
                         const bool whole, lane_mask mask, const bool checked, const int width,
                         const int stride)
{
    const struct gemm_window *w = &job->window;
    const float *weights = job->weights + c;
    int64_t channels = w->channels, first = ox * stride - w->pad[2], l;
    const struct cl_end ends = end_of(job), *end = &ends;
    lanes sums[STRIP];
    int t, x, k;

#pragma GCC unroll 8
    for (t = 0; t < STRIP; t++)
        sums[t] = lanes_zero();
    for (l = 0; l < line_count; l++, weights += width * channels) {
        const int64_t step = lines[l].step;
        const float *from = lines[l].at + first * step + (step ? c - job->x_first : 0);
        lanes taps[7];
#pragma GCC unroll 8
        for (k = 0; k < width; k++)
            taps[k] = load(weights + k * channels, whole, mask);
#pragma GCC unroll 32
        for (x = 0; x < (STRIP - 1) * stride + width; x++, from += step) {
            bool inside = !checked || (uint64_t)(first + x) < (uint64_t)w->in[2];
            lanes pixel = load(inside ? from : cl_dwconv_zeros, whole, mask);
#pragma GCC unroll 8
            for (t = 0; t < STRIP; t++)
                if (x - t * stride >= 0 && x - t * stride < width)
                    sums[t] = lanes_fused(pixel, taps[x - t * stride], sums[t]);
        }
    }
    finish_strip(end, (row * w->out[2] + ox) * channels + c, channels, c, whole, mask, count, sums);
}

/* One row of outputs, of which inside..past have windows that meet no padding. */
ALWAYS_INLINE void strips(const struct cl_dwconv_job *job, const struct line *lines,
                          int64_t line_count, int64_t row, int64_t inside, int64_t past,
                          int64_t c, const bool whole, lane_mask mask, const int width,
                          const int stride)
{
    int64_t ox, end = job->window.out[2];

    for (ox = 0; ox < end; ox += STRIP)
        if (ox >= inside && ox + STRIP <= past)
            strip(job, lines, line_count, row, ox, STRIP, c, whole, mask, false, width, stride);
        else
            strip(job, lines, line_count, row, ox, end - ox < STRIP ? end - ox : STRIP, c,
                  whole, mask, true, width, stride);
}

#define STRIPS(width, stride)                                                              \
    static void strips_##width##_##stride(                                                 \
        const struct cl_dwconv_job *job, const struct line *lines, int64_t line_count,     \
        int64_t row, int64_t inside, int64_t past, int64_t c, int64_t left)                \
    {                                                                                      \
        lane_mask mask = lanes_below(left);                                                \
        if (left >= LANES)                                                                 \
            strips(job, lines, line_count, row, inside, past, c, true, mask, width,        \
                   stride);                                                                \
        else                                                                               \
            strips(job, lines, line_count, row, inside, past, c, false, mask, width,       \
                   stride);                                                                \
    }
STRIPS(1, 1)
STRIPS(1, 2)
STRIPS(3, 1)
STRIPS(3, 2)
STRIPS(5, 1)
STRIPS(5, 2)
STRIPS(7, 1)
STRIPS(7, 2)

typedef void strips_kernel(const struct cl_dwconv_job *job, const struct line *lines,
                           int64_t line_count, int64_t row, int64_t inside, int64_t past,
                           int64_t c, int64_t left);

/* Strips for these windows, NULL where there are none. */
static strips_kernel *strips_for(const struct gemm_window *w)
{
    int64_t lines = w->kernel[0] * w->kernel[1];

    if (lines > LINES || lines * w->kernel[2] > GEMM_K_BLOCK || w->dilation[2] != 1 ||
        w->stride[2] > 2)
        return NULL;
    switch (w->kernel[2]) {
    case 1:
        return w->stride[2] == 1 ? strips_1_1 : strips_1_2;
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

/* One output, `vectors` vectors of channels c..end. */
ALWAYS_INLINE void one_output(const struct cl_dwconv_job *job, int64_t row, int64_t ox,
                              int64_t c, int64_t end, const int vectors)
{
    const struct gemm_window *w = &job->window;
    int64_t channels = w->channels, first = ox * w->stride[2] - w->pad[2], tap = 0;
    int64_t pixel = cl_dwconv_x_channels(job);
    const float *weights = job->weights + c;
    const struct cl_end ends = end_of(job);
    int64_t kz, ky, kx;
    lanes total[SIDE_BY_SIDE], sums[SIDE_BY_SIDE];
    lane_mask mask[SIDE_BY_SIDE];
    int v;

    for (v = 0; v < vectors; v++) {
        mask[v] = lanes_below(end - c - v * LANES);
        total[v] = sums[v] = lanes_zero();
    }
    for (kz = 0; kz < w->kernel[0]; kz++)
        for (ky = 0; ky < w->kernel[1]; ky++) {
            const float *line = cl_dwconv_line(job, row, kz, ky);
            for (kx = 0; kx < w->kernel[2]; kx++, tap++, weights += channels) {
                int64_t x = first + kx * w->dilation[2];
                bool inside = line && x >= 0 && x < w->in[2];
                const float *from = inside ? line + x * pixel + c - job->x_first : cl_dwconv_zeros;
                if (tap > 0 && tap % GEMM_K_BLOCK == 0)
                    for (v = 0; v < vectors; v++) {
                        total[v] =
                            tap == GEMM_K_BLOCK ? sums[v] : lanes_add(total[v], sums[v]);
                        sums[v] = lanes_zero();
                    }
#pragma GCC unroll 4
                for (v = 0; v < vectors; v++)
                    sums[v] =
                        lanes_fused(lanes_load_part(from + v * LANES, mask[v]),
                                    lanes_load_part(weights + v * LANES, mask[v]), sums[v]);
            }
        }
    for (v = 0; v < vectors && c + v * LANES < end; v++) {
        lanes x = tap > GEMM_K_BLOCK ? lanes_add(total[v], sums[v]) : sums[v];
        finish(&ends, (row * w->out[2] + ox) * channels + c + v * LANES, 0, c + v * LANES,
               end - c - v * LANES >= LANES, mask[v], 1, &x);
    }
}

static void outputs(const struct cl_dwconv_job *job, const struct cl_dwconv_tile *tile,
                    int64_t row)
{
    int64_t end = tile->channel_end, ox, c;

    for (ox = 0; ox < job->window.out[2]; ox++) {
        for (c = tile->channel_begin; end - c > LANES; c += SIDE_BY_SIDE * LANES)
            one_output(job, row, ox, c, end, SIDE_BY_SIDE);
        if (c < end)
            one_output(job, row, ox, c, end, 1);
    }
}

/* The lines of one output row's window; zeros where they are padding. */
static void find_lines(const struct cl_dwconv_job *job, int64_t row, struct line *lines)
{
    const struct gemm_window *w = &job->window;
    int64_t l;

    for (l = 0; l < w->kernel[0] * w->kernel[1]; l++) {
        const float *at = cl_dwconv_line(job, row, l / w->kernel[1], l % w->kernel[1]);
        lines[l].at = at ? at : cl_dwconv_zeros;
        lines[l].step = at ? cl_dwconv_x_channels(job) : 0;
    }
}

void DWCONV(const struct cl_dwconv_job *job, int64_t begin, int64_t end)
{
    const struct gemm_window *w = &job->window;
    strips_kernel *kernel = strips_for(w);
    int64_t inside = (w->pad[2] + w->stride[2] - 1) / w->stride[2], row, c;
    int64_t room = w->in[2] + w->pad[2] - w->kernel[2];
    int64_t past = room < 0 ? 0 : room / w->stride[2] + 1;
    struct line lines[LINES];

    for (; begin < end; begin++) {
        struct cl_dwconv_tile tile = cl_dwconv_tile_at(job, begin);
        for (row = tile.row_begin; row < tile.row_end; row++) {
            if (!kernel) {
                outputs(job, &tile, row);
                continue;
            }
            find_lines(job, row, lines);
            for (c = tile.channel_begin; c < tile.channel_end; c += LANES)
                kernel(job, lines, w->kernel[0] * w->kernel[1], row, inside, past, c,
                       tile.channel_end - c);
        }
    }
}

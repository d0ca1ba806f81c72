/*
 * plugins/kernels/cl_dwconv.body.h - depthwise convolution of channels-last images, a vector
 * of channels at a time
 *
 * Included once a set, after its lanes.*.h, with DWCONV defined as the kernel's name.
 *
 * Three ways. Where windows are 1, 3, 5 or 7 wide, a strip of STRIP outputs is computed at once (of
 * one fewer where rows then have no rest), as many chains side by side: each pixel that the strip's
 * windows meet is loaded once and goes into every output whose window has it, so that loads stay
 * behind multiply-adds. Strips read the image in place (cl_dwconv_direct.body.h) unless the lines of
 * a strip push each other out of L1, which those do whose pixels are a large power of 2 apart, or are
 * shorter than a strip: they are copied side by side then, padding and all
 * (cl_dwconv_lines.body.h). For other windows one output at a time, SIDE_BY_SIDE vectors of its
 * channels together.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "plugins/kernels/cl_dwconv.h"
#include "plugins/kernels/cl_end.body.h"

#define SIDE_BY_SIDE 4            /* vectors */
#define GROUP        (16 / LANES) /* vectors of a cache line of channels */

ALWAYS_INLINE struct cl_end end_of(const struct cl_dwconv_job *job)
{
    return (struct cl_end){job->bias, job->y, job->step_count, job->steps};
}

#include "plugins/kernels/cl_dwconv_direct.body.h"
#include "plugins/kernels/cl_dwconv_lines.body.h"

/* One vector of one row: outputs begin..end over lines whose first pixel is that of `begin`. */
struct row {
    const float *const *lines;
    int64_t offset, count; /* of the vector in each line; lines */
    int64_t row, begin, end, c;
};

/* `size` outputs from ox on, windows `width` wide and `stride` apart; `count` are stored. */
ALWAYS_INLINE void strip(const struct cl_dwconv_job *job, const struct row *row,
                         const struct cl_end *end, const struct cl_plain_end *plain, int64_t ox,
                         const int size, const int64_t count, const bool whole, lane_mask mask,
                         const int width, const int stride)
{
    const int64_t channels = job->window.channels;
    const int64_t from = row->offset + (ox - row->begin) * stride * LANES;
    const float *weights = job->weights + row->c;
    lanes sums[STRIP];
    int64_t l;
    int t, x, k;

#pragma GCC unroll 8
    for (t = 0; t < STRIP; t++)
        sums[t] = lanes_zero();
    for (l = 0; l < row->count; l++, weights += width * channels) {
        const float *line = row->lines[l] + from;
        lanes taps[7];
        /* Pixels are distances that instructions hold, not registers: compilers add up too much. */
        __asm__("" : "+r"(line));
#pragma GCC unroll 8
        for (k = 0; k < width; k++)
            taps[k] = load(weights + k * channels, whole, mask);
#pragma GCC unroll 32
        for (x = 0; x < (size - 1) * stride + width; x++) {
            lanes pixel = lanes_load(line + x * LANES);
#pragma GCC unroll 8
            for (t = 0; t < size; t++)
                if (x - t * stride >= 0 && x - t * stride < width)
                    sums[t] = lanes_fused(pixel, taps[x - t * stride], sums[t]);
        }
    }
    finish_strip(end, plain, (row->row * job->window.out[2] + ox) * channels + row->c, channels,
                 row->c, whole, mask, count, sums);
}

ALWAYS_INLINE void strips(const struct cl_dwconv_job *job, const struct row *row,
                          const struct cl_end *end, const struct cl_plain_end *plain,
                          const bool whole, lane_mask mask, const int width, const int stride,
                          const int size)
{
    int64_t ox = row->begin;

    for (; row->end - ox >= size; ox += size)
        strip(job, row, end, plain, ox, size, size, whole, mask, width, stride);
    if (ox < row->end)
        strip(job, row, end, plain, ox, size, row->end - ox, whole, mask, width, stride);
}

#define STRIPS(width, stride)                                                              \
    static void strips_##width##_##stride(const struct cl_dwconv_job *job, struct row *row, \
                                          bool by_seven, int64_t apart, int64_t left)      \
    {                                                                                      \
        const struct cl_end end = end_of(job);                                             \
        const struct cl_plain_end plain = plain_end(&end);                                 \
        int v;                                                                             \
        for (v = 0; v < GROUP && left > 0; v++) {                                          \
            lane_mask mask = lanes_below(left);                                            \
            if (left < LANES)                                                              \
                strips(job, row, &end, &plain, false, mask, width, stride, STRIP);         \
            else if (by_seven)                                                             \
                strips(job, row, &end, &plain, true, mask, width, stride, STRIP - 1);      \
            else                                                                           \
                strips(job, row, &end, &plain, true, mask, width, stride, STRIP);          \
            row->c += LANES;                                                               \
            row->offset += apart;                                                          \
            left -= LANES;                                                                 \
        }                                                                                  \
    }
STRIPS(1, 1)
STRIPS(1, 2)
STRIPS(3, 1)
STRIPS(3, 2)
STRIPS(5, 1)
STRIPS(5, 2)
STRIPS(7, 1)
STRIPS(7, 2)

/* The vectors of a group of channels, `apart` floats from one to the next in each line; left: channels
 * that there are. by_seven: strips of one fewer leave no rest. */
typedef void strips_kernel(const struct cl_dwconv_job *job, struct row *row, bool by_seven,
                           int64_t apart, int64_t left);

/* Strips for these windows, NULL where there are none. */
static strips_kernel *strips_for(const struct gemm_window *w)
{
    int64_t lines = w->kernel[0] * w->kernel[1];

    if (lines > LINES || lines * w->kernel[2] > GEMM_K_BLOCK || w->dilation[2] != 1 ||
        w->stride[2] > 2 || held_slots(w) == 0)
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

/* Outputs begin..end of all rows of a tile, sixteen channels from c on. */
static void part_of_rows(const struct cl_dwconv_job *job, const struct cl_dwconv_tile *tile,
                         strips_kernel *kernel, struct held *held, int64_t c, int64_t begin,
                         int64_t end)
{
    const struct gemm_window *w = &job->window;
    const int64_t computed = (end - begin + STRIP - 1) / STRIP * STRIP;
    const bool by_seven = is_by_seven(end - begin);
    const float *lines[LINES];
    struct row row = {.lines = lines, .count = w->kernel[0] * w->kernel[1], .begin = begin,
                      .end = end, .row = tile->row_begin};
    struct windows at = windows_at(job, held, tile->row_begin);

    held_begin(job, held, begin * w->stride[2] - w->pad[2],
               (computed - 1) * w->stride[2] + w->kernel[2]);
    for (; row.row < tile->row_end; row.row++, windows_advance(job, held, &at)) {
        hold_windows(job, held, &at, c, tile->channel_end - c, lines);
        row.c = c;
        row.offset = 0;
        kernel(job, &row, by_seven, held->pixels * LANES, tile->channel_end - c);
    }
}

/* A tile in strips, parts of its rows as wide as there is room for. */
static void tile_in_strips(const struct cl_dwconv_job *job, const struct cl_dwconv_tile *tile,
                           strips_kernel *kernel)
{
    const struct gemm_window *w = &job->window;
    struct held held;
    int64_t most, parts, part, c;

    held_open(job, &held);
    most = (held_room(held.slots) - w->kernel[2]) / w->stride[2] / STRIP * STRIP;
    parts = (w->out[2] + most - 1) / most;
    for (c = tile->channel_begin; c < tile->channel_end; c += 16)
        for (part = 0; part < parts; part++)
            part_of_rows(job, tile, kernel, &held, c, part * w->out[2] / parts,
                         (part + 1) * w->out[2] / parts);
}

void DWCONV(const struct cl_dwconv_job *job, int64_t begin, int64_t end)
{
    direct_kernel *direct = direct_for(job);
    strips_kernel *kernel = strips_for(&job->window);
    int64_t row;

    for (; begin < end; begin++) {
        struct cl_dwconv_tile tile = cl_dwconv_tile_at(job, begin);
        if (direct)
            tile_in_place(job, &tile, direct);
        else if (kernel)
            tile_in_strips(job, &tile, kernel);
        else
            for (row = tile.row_begin; row < tile.row_end; row++)
                outputs(job, &tile, row);
    }
}

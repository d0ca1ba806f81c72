/*
 * plugins/kernels/cl_pool.body.h - pooling over channels-last images, a vector of channels at
 * a time
 *
 * Included once a set, after its lanes.*.h, with the four names defined. Four vectors go side
 * by side, so that memory is asked for whole lines and additions need not wait for each other.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <stdbool.h>

#include "plugins/kernels/cl_part.body.h"
#include "plugins/kernels/cl_pool.h"

#define SIDE_BY_SIDE 4

/* One output: `vectors` vectors from channel `first` on. count: elements of an average. */
ALWAYS_INLINE void pool_output(const struct gemm_window *w, const struct cl_row *row,
                               const struct cl_span *at, int64_t first, const int vectors,
                               const bool whole, lane_mask mask, const bool largest,
                               int64_t count)
{
    const int64_t step = w->dilation[2] * w->channels;
    lanes result[SIDE_BY_SIDE];
    int64_t z, y, x;
    int v;

#pragma GCC unroll 4
    for (v = 0; v < vectors; v++)
        result[v] = lanes_all(largest ? -INFINITY : 0);
    for (z = row->z.begin; z < row->z.end; z += w->dilation[0])
        for (y = row->y.begin; y < row->y.end; y += w->dilation[1]) {
            const float *from = row->image + first +
                                ((z * w->in[1] + y) * w->in[2] + at->begin) * w->channels;
            for (x = at->begin; x < at->end; x += w->dilation[2], from += step)
#pragma GCC unroll 4
                for (v = 0; v < vectors; v++) {
                    lanes next = load(from + v * LANES, whole, mask);
                    result[v] = largest ? lanes_larger(next, result[v])
                                        : lanes_add(result[v], next);
                }
        }
#pragma GCC unroll 4
    for (v = 0; v < vectors; v++) {
        if (!largest)
            result[v] =
                count ? lanes_over(result[v], lanes_all((float)count)) : lanes_zero();
        store(row->to + first + v * LANES, whole, mask, result[v]);
    }
}

ALWAYS_INLINE void pool_rows(const struct cl_pool_job *job, int64_t begin, int64_t end,
                             const bool largest)
{
    const struct gemm_window *w = &job->window;
    const lane_mask all = lanes_below(LANES);
    int64_t o, c;

    for (; begin < end; begin++) {
        struct cl_row row = cl_row_at(job, begin);
        for (o = 0; o < w->out[2]; o++, row.to += w->channels) {
            struct cl_span at = cl_span_of(job, 2, o);
            int64_t count = job->include_pad ? row.z.padded * row.y.padded * at.padded
                                             : row.z.count * row.y.count * at.count;
            for (c = 0; c + SIDE_BY_SIDE * LANES <= w->channels; c += SIDE_BY_SIDE * LANES)
                pool_output(w, &row, &at, c, SIDE_BY_SIDE, true, all, largest, count);
            for (; c + LANES <= w->channels; c += LANES)
                pool_output(w, &row, &at, c, 1, true, all, largest, count);
            if (c < w->channels)
                pool_output(w, &row, &at, c, 1, false, lanes_below(w->channels - c), largest,
                            count);
        }
    }
}

void POOL_MAX(const struct cl_pool_job *job, int64_t begin, int64_t end)
{
    pool_rows(job, begin, end, true);
}

void POOL_AVERAGE(const struct cl_pool_job *job, int64_t begin, int64_t end)
{
    pool_rows(job, begin, end, false);
}

ALWAYS_INLINE void largest_of_image(const struct cl_pool_job *job, int64_t image, int64_t c,
                                    const bool whole, lane_mask mask)
{
    const struct gemm_window *w = &job->window;
    int64_t pixels = w->in[0] * w->in[1] * w->in[2], p;
    const float *from = job->x + image * pixels * w->channels + c;
    lanes best = lanes_all(-INFINITY);

    for (p = 0; p < pixels; p++, from += w->channels)
        best = lanes_larger(load(from, whole, mask), best);
    store(job->y + image * w->channels + c, whole, mask, best);
}

void POOL_GLOBAL_MAX(const struct cl_pool_job *job, int64_t begin, int64_t end)
{
    int64_t c;

    while (begin < end) {
        struct cl_pool_channels at = cl_pool_take(job, &begin, end);
        for (c = at.begin; c + LANES <= at.end; c += LANES)
            largest_of_image(job, at.image, c, true, lanes_below(LANES));
        if (c < at.end)
            largest_of_image(job, at.image, c, false, lanes_below(at.end - c));
    }
}

ALWAYS_INLINE void average_of_image(const struct cl_pool_job *job, int64_t image, int64_t c,
                                    const int vectors, const bool whole, lane_mask mask)
{
    const struct gemm_window *w = &job->window;
    int64_t pixels = w->in[0] * w->in[1] * w->in[2], p;
    const float *from = job->x + image * pixels * w->channels + c;
    float *to = job->y + image * w->channels + c;
    lane_sums sums[SIDE_BY_SIDE];
    int v;

#pragma GCC unroll 4
    for (v = 0; v < vectors; v++)
        sums[v] = lane_sums_zero();
    for (p = 0; p < pixels; p++, from += w->channels)
#pragma GCC unroll 4
        for (v = 0; v < vectors; v++)
            sums[v] = lane_sums_add(sums[v], load(from + v * LANES, whole, mask));
#pragma GCC unroll 4
    for (v = 0; v < vectors; v++)
        store(to + v * LANES, whole, mask, lane_sums_over(sums[v], (double)pixels));
}

void POOL_GLOBAL_AVERAGE(const struct cl_pool_job *job, int64_t begin, int64_t end)
{
    const lane_mask all = lanes_below(LANES);
    int64_t c;

    while (begin < end) {
        struct cl_pool_channels at = cl_pool_take(job, &begin, end);
        for (c = at.begin; c + SIDE_BY_SIDE * LANES <= at.end; c += SIDE_BY_SIDE * LANES)
            average_of_image(job, at.image, c, SIDE_BY_SIDE, true, all);
        for (; c + 2 * LANES <= at.end; c += 2 * LANES)
            average_of_image(job, at.image, c, 2, true, all);
        for (; c + LANES <= at.end; c += LANES)
            average_of_image(job, at.image, c, 1, true, all);
        if (c < at.end)
            average_of_image(job, at.image, c, 1, false, lanes_below(at.end - c));
    }
}

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

#include "plugins/kernels/cl_pool.h"

#define SIDE_BY_SIDE 4

/* A vector of which `left` channels are there. Masks only where they must be: storing under
 * one is microcode on some CPUs with AVX2. */
static inline void store_channels(float *to, int64_t left, lanes x)
{
    if (left >= LANES)
        lanes_store(to, x);
    else
        lanes_store_part(to, lanes_below(left), x);
}

/* Vectors first.. of a window, `count` channels (of SIDE_BY_SIDE vectors at most). */
static inline void meet_vectors(const struct gemm_window *w, const struct cl_row *row,
                                const struct cl_span *at, int64_t first, int64_t count,
                                bool largest, lanes result[SIDE_BY_SIDE])
{
    lane_mask mask[SIDE_BY_SIDE];
    int64_t z, y, x;
    int v;

    for (v = 0; v < SIDE_BY_SIDE; v++) {
        mask[v] = lanes_below(count - v * LANES);
        result[v] = lanes_all(largest ? -INFINITY : 0);
    }
    for (z = row->z.begin; z < row->z.end; z += w->dilation[0])
        for (y = row->y.begin; y < row->y.end; y += w->dilation[1])
            for (x = at->begin; x < at->end; x += w->dilation[2]) {
                const float *from =
                    row->image + ((z * w->in[1] + y) * w->in[2] + x) * w->channels + first;
                for (v = 0; v < SIDE_BY_SIDE && v * LANES < count; v++) {
                    lanes next = lanes_load_part(from + v * LANES, mask[v]);
                    result[v] = largest ? lanes_larger(next, result[v])
                                        : lanes_add(result[v], next);
                }
            }
}

static inline void pool_rows(const struct cl_pool_job *job, int64_t begin, int64_t end,
                             bool largest)
{
    const struct gemm_window *w = &job->window;
    int64_t o, first, v;

    for (; begin < end; begin++) {
        struct cl_row row = cl_row_at(job, begin);
        for (o = 0; o < w->out[2]; o++, row.to += w->channels) {
            struct cl_span at = cl_span_of(job, 2, o);
            int64_t count = job->include_pad ? row.z.padded * row.y.padded * at.padded
                                             : row.z.count * row.y.count * at.count;
            for (first = 0; first < w->channels; first += SIDE_BY_SIDE * LANES) {
                int64_t left = w->channels - first;
                lanes result[SIDE_BY_SIDE];
                meet_vectors(w, &row, &at, first, left, largest, result);
                for (v = 0; v < SIDE_BY_SIDE && v * LANES < left; v++) {
                    if (!largest)
                        result[v] = count ? lanes_over(result[v], lanes_all((float)count))
                                          : lanes_zero();
                    store_channels(row.to + first + v * LANES, left - v * LANES, result[v]);
                }
            }
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

void POOL_GLOBAL_MAX(const struct cl_pool_job *job, int64_t begin, int64_t end)
{
    const struct gemm_window *w = &job->window;
    int64_t pixels = w->in[0] * w->in[1] * w->in[2], c, p;

    while (begin < end) {
        struct cl_pool_channels at = cl_pool_take(job, &begin, end);
        for (c = at.begin; c < at.end; c += LANES) {
            const float *from = job->x + at.image * pixels * w->channels + c;
            lane_mask mask = lanes_below(at.end - c);
            lanes best = lanes_all(-INFINITY);
            for (p = 0; p < pixels; p++, from += w->channels)
                best = lanes_larger(lanes_load_part(from, mask), best);
            store_channels(job->y + at.image * w->channels + c, at.end - c, best);
        }
    }
}

void POOL_GLOBAL_AVERAGE(const struct cl_pool_job *job, int64_t begin, int64_t end)
{
    const struct gemm_window *w = &job->window;
    int64_t pixels = w->in[0] * w->in[1] * w->in[2], c, p;
    int v;

    while (begin < end) {
        struct cl_pool_channels at = cl_pool_take(job, &begin, end);
        for (c = at.begin; c < at.end; c += SIDE_BY_SIDE * LANES) {
            const float *from = job->x + at.image * pixels * w->channels + c;
            int64_t left = at.end - c;
            lane_sums sums[SIDE_BY_SIDE];
            lane_mask mask[SIDE_BY_SIDE];
            for (v = 0; v < SIDE_BY_SIDE; v++) {
                sums[v] = lane_sums_zero();
                mask[v] = lanes_below(left - v * LANES);
            }
            for (p = 0; p < pixels; p++, from += w->channels)
                for (v = 0; v < SIDE_BY_SIDE && v * LANES < left; v++)
                    sums[v] =
                        lane_sums_add(sums[v], lanes_load_part(from + v * LANES, mask[v]));
            for (v = 0; v < SIDE_BY_SIDE && v * LANES < left; v++)
                store_channels(job->y + at.image * w->channels + c + v * LANES,
                               left - v * LANES, lane_sums_over(sums[v], (double)pixels));
        }
    }
}

/*
 * plugins/kernels/cl_pool.portable.c - pooling over channels-last images in plain C
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/cl_pool.h"

#include <math.h>

static float larger(float x, float best)
{
    return x > best || x != x ? x : best;
}

static float sum_of(float x, float sum)
{
    return sum + x;
}

/* One channel of a window. */
static float meet(const struct gemm_window *w, const struct cl_row *row,
                  const struct cl_span *at, int64_t c, float result,
                  float (*with)(float x, float result))
{
    int64_t z, y, x;

    for (z = row->z.begin; z < row->z.end; z += w->dilation[0])
        for (y = row->y.begin; y < row->y.end; y += w->dilation[1])
            for (x = at->begin; x < at->end; x += w->dilation[2])
                result = with(row->image[((z * w->in[1] + y) * w->in[2] + x) * w->channels + c],
                              result);
    return result;
}

void cl_pool_max_f32_portable(const struct cl_pool_job *job, int64_t begin, int64_t end)
{
    const struct gemm_window *w = &job->window;
    int64_t o, c;

    for (; begin < end; begin++) {
        struct cl_row row = cl_row_at(job, begin);
        for (o = 0; o < w->out[2]; o++) {
            struct cl_span at = cl_span_of(job, 2, o);
            for (c = 0; c < w->channels; c++)
                *row.to++ = meet(w, &row, &at, c, -INFINITY, larger);
        }
    }
}

void cl_pool_average_f32_portable(const struct cl_pool_job *job, int64_t begin, int64_t end)
{
    const struct gemm_window *w = &job->window;
    int64_t o, c;

    for (; begin < end; begin++) {
        struct cl_row row = cl_row_at(job, begin);
        for (o = 0; o < w->out[2]; o++) {
            struct cl_span at = cl_span_of(job, 2, o);
            int64_t count = job->include_pad ? row.z.padded * row.y.padded * at.padded
                                             : row.z.count * row.y.count * at.count;
            for (c = 0; c < w->channels; c++) {
                float sum = meet(w, &row, &at, c, 0, sum_of);
                *row.to++ = count ? sum / (float)count : 0;
            }
        }
    }
}

void cl_pool_global_max_f32_portable(const struct cl_pool_job *job, int64_t begin, int64_t end)
{
    const struct gemm_window *w = &job->window;
    int64_t pixels = w->in[0] * w->in[1] * w->in[2], c, p;

    while (begin < end) {
        struct cl_pool_channels at = cl_pool_take(job, &begin, end);
        for (c = at.begin; c < at.end; c++) {
            float best = -INFINITY;
            for (p = 0; p < pixels; p++)
                best = larger(job->x[(at.image * pixels + p) * w->channels + c], best);
            job->y[at.image * w->channels + c] = best;
        }
    }
}

void cl_pool_global_average_f32_portable(const struct cl_pool_job *job, int64_t begin,
                                         int64_t end)
{
    const struct gemm_window *w = &job->window;
    int64_t pixels = w->in[0] * w->in[1] * w->in[2], c, p;

    while (begin < end) {
        struct cl_pool_channels at = cl_pool_take(job, &begin, end);
        for (c = at.begin; c < at.end; c++) {
            double sum = 0;
            for (p = 0; p < pixels; p++)
                sum += (double)job->x[(at.image * pixels + p) * w->channels + c];
            job->y[at.image * w->channels + c] = (float)(sum / (double)pixels);
        }
    }
}

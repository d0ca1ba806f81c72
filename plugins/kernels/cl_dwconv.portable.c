/*
 * plugins/kernels/cl_dwconv.portable.c - depthwise convolution of channels-last images in
 * plain C
 *
 * The reference of the family: one output at a time, taps in order, padding as zeros.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/cl_dwconv.h"

#include <stdbool.h>

#include "plugins/kernels/fused.h"
#include "plugins/kernels/step.h"

/* The sum of one channel of one output: blocks of taps, added in order. */
static float sum_taps(const struct cl_dwconv_job *job, int64_t row, int64_t ox, int64_t c)
{
    const struct gemm_window *w = &job->window;
    int64_t taps = w->kernel[0] * w->kernel[1] * w->kernel[2], tap;
    int64_t pixel = cl_dwconv_x_channels(job);
    float total = 0, sum = 0;

    for (tap = 0; tap < taps; tap++) {
        int64_t kx = tap % w->kernel[2], ky = tap / w->kernel[2] % w->kernel[1];
        int64_t kz = tap / w->kernel[2] / w->kernel[1];
        int64_t x = ox * w->stride[2] + kx * w->dilation[2] - w->pad[2];
        const float *line = cl_dwconv_line(job, row, kz, ky);
        bool inside = line && x >= 0 && x < w->in[2];
        float value = inside ? line[x * pixel + c - job->x_first] : 0;

        if (tap > 0 && tap % GEMM_K_BLOCK == 0) {
            total = tap == GEMM_K_BLOCK ? sum : total + sum;
            sum = 0;
        }
        sum = fused_f32(value, job->weights[tap * w->channels + c], sum);
    }
    return taps > GEMM_K_BLOCK ? total + sum : sum;
}

void cl_dwconv_f32_portable(const struct cl_dwconv_job *job, int64_t begin, int64_t end)
{
    const struct gemm_window *w = &job->window;
    int64_t row, ox, c, at;
    int32_t i;

    for (; begin < end; begin++) {
        struct cl_dwconv_tile tile = cl_dwconv_tile_at(job, begin);
        for (row = tile.row_begin; row < tile.row_end; row++)
            for (ox = 0; ox < w->out[2]; ox++)
                for (c = tile.channel_begin; c < tile.channel_end; c++) {
                    float sum = sum_taps(job, row, ox, c);
                    at = (row * w->out[2] + ox) * w->channels + c;
                    if (job->bias)
                        sum = sum + job->bias[c];
                    for (i = 0; i < job->step_count; i++)
                        sum = step_f32(&job->steps[i], at, c, sum);
                    job->y[at] = sum;
                }
    }
}

/*
 * plugins/kernels/dwconv.c - bands and workspace of depthwise convolutions
 *
 * A band is as many output rows as keep the padded input rows within 128 KiB, at least one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/dwconv.h"

#define BAND_FLOATS (32 * 1024)

struct dwconv_band dwconv_band_of(const struct gemm_window *window)
{
    struct dwconv_band band;
    int64_t reach = (window->kernel[1] - 1) * window->dilation[1] + 1;

    /* Whole vectors of outputs are computed: up to 7 columns past the last are read. */
    band.phase = (window->out[2] + 7) / 8 * 8 +
                 (window->kernel[2] - 1) * window->dilation[2] / window->stride[2] + 1;
    band.row = band.phase * window->stride[2];
    band.rows_out = (BAND_FLOATS / band.row - reach) / window->stride[1] + 1;
    if (band.rows_out > window->out[1])
        band.rows_out = window->out[1];
    if (band.rows_out < 1)
        band.rows_out = 1;
    band.rows_in = (band.rows_out - 1) * window->stride[1] + reach;
    return band;
}

int64_t dwconv_grid(struct gemm_job *job)
{
    int32_t i;

    job->batch = 1;
    for (i = 0; i < job->batch_rank; i++)
        job->batch *= job->batch_dims[i];
    if (job->batch == 0 || job->m == 0 || job->n == 0)
        return job->batch = 0;
    job->tile_m = job->m;
    job->tiles_m = 1;
    job->tile_n = dwconv_band_of(job->window).rows_out * job->window->out[2];
    job->tiles_n = (job->n + job->tile_n - 1) / job->tile_n;
    return job->batch * job->tiles_n;
}

size_t dwconv_workspace(const struct gemm_window *window)
{
    struct dwconv_band band = dwconv_band_of(window);
    int64_t taps = window->kernel[1] * window->kernel[2];

    if (band.rows_in > INT64_MAX / 16 / band.row)
        return 0;
    return (size_t)(taps * 8 + 63) / 64 * 64 +
           ((size_t)(band.rows_in * band.row) * sizeof(float) + 63) / 64 * 64;
}

/*
 * plugins/kernels/cl_dwconv.c - what the kernels of the family share: tiles, lines, zeros
 *
 * A slab of channels is chosen so that the lines of the image that neighbouring output rows
 * share stay in L1: whole cache lines of channels, of as many columns as the image has. A
 * band is as many rows as keep the image's part in L2, so that the slabs of one band find it
 * there.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/cl_dwconv.h"

#define LINE    16          /* channels of a cache line */
#define L1_HALF (16 * 1024) /* bytes */
#define L2_HALF (384 * 1024)

const float cl_dwconv_zeros[CL_DWCONV_ZEROS];

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

int64_t cl_dwconv_grid(struct cl_dwconv_job *job, int32_t threads)
{
    const struct gemm_window *w = &job->window;
    int64_t rows = job->images * w->out[0] * w->out[1], channels = cl_dwconv_x_channels(job);
    int64_t floats = w->in[2] * w->kernel[1] + 1, all = (channels + LINE - 1) / LINE, tiles;

    if (rows == 0 || w->out[2] == 0 || channels == 0)
        return 0;
    job->slab = LINE * clamp(L1_HALF / 4 / LINE / floats, 1, all);
    job->band = clamp(L2_HALF / 4 / (w->in[2] + 1) / channels / w->stride[1], 1, rows);
    for (;;) {
        job->bands = (rows + job->band - 1) / job->band;
        job->slabs = (channels + job->slab - 1) / job->slab;
        tiles = job->bands * job->slabs;
        if (threads <= 1 || tiles >= 3 * (int64_t)threads || job->band == 1)
            return tiles;
        job->band = (job->band + 1) / 2;
    }
}

struct cl_dwconv_tile cl_dwconv_tile_at(const struct cl_dwconv_job *job, int64_t index)
{
    const struct gemm_window *w = &job->window;
    int64_t rows = job->images * w->out[0] * w->out[1];
    int64_t past = job->x_first + cl_dwconv_x_channels(job);
    struct cl_dwconv_tile tile;

    tile.row_begin = index / job->slabs * job->band;
    tile.row_end = tile.row_begin + job->band < rows ? tile.row_begin + job->band : rows;
    tile.channel_begin = job->x_first + index % job->slabs * job->slab;
    tile.channel_end = tile.channel_begin + job->slab;
    if (tile.channel_end > past)
        tile.channel_end = past;
    return tile;
}

const float *cl_dwconv_line(const struct cl_dwconv_job *job, int64_t row, int64_t kz,
                            int64_t ky)
{
    const struct gemm_window *w = &job->window;
    int64_t oy = row % w->out[1], oz = row / w->out[1] % w->out[0];
    int64_t image = row / w->out[1] / w->out[0];
    int64_t z = oz * w->stride[0] + kz * w->dilation[0] - w->pad[0];
    int64_t y = oy * w->stride[1] + ky * w->dilation[1] - w->pad[1];

    if (z < 0 || z >= w->in[0] || y < 0 || y >= w->in[1])
        return NULL;
    return job->x +
           ((image * w->in[0] + z) * w->in[1] + y) * w->in[2] * cl_dwconv_x_channels(job);
}

/*
 * plugins/kernels/direct.c - grid, blocks and gathering that the direct kernels share
 *
 * Moves numbers and counts; computes no sum.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/direct.h"

#include <string.h>

/* A block of A takes half of a 1 MiB L2; the rest is for panels of B and for C. */
#define BLOCK_FLOATS (128 * 1024)
#define CHUNK_MOST   768
#define PADDING      16 /* a line between gathered rows: neighbours never share a cache set */

static int64_t round_up(int64_t value, int64_t unit)
{
    return (value + unit - 1) / unit * unit;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int direct_takes(const struct gemm_job *job)
{
    return job->window == NULL && (job->a_window || (job->a_column == 1 && job->a_run == 0));
}

/* Whole k where few rows use a panel: it is read once anyway. Else even chunks. */
int64_t direct_chunk(const struct gemm_job *job, int64_t rows)
{
    int64_t chunks;

    if (job->k <= CHUNK_MOST)
        return job->k < 1 ? 1 : job->k;
    if (job->m <= rows && job->k <= BLOCK_FLOATS / rows - PADDING)
        return job->k;
    chunks = (job->k + CHUNK_MOST - 1) / CHUNK_MOST;
    return round_up((job->k + chunks - 1) / chunks, GEMM_K_BLOCK);
}

int64_t direct_block(int64_t chunk, int64_t rows)
{
    int64_t most = BLOCK_FLOATS / direct_gathered_row(chunk) / rows * rows;

    return most < rows ? rows : least(most, 32 * rows);
}

int64_t direct_gathered_row(int64_t k)
{
    /* an odd number of lines: rows spread over all sets */
    int64_t lines = (k + 15) / 16;

    return (lines | 1) * 16;
}

size_t direct_workspace(void)
{
    return (BLOCK_FLOATS + 16 * (CHUNK_MOST + 2 * PADDING)) * sizeof(float);
}

/* 14 rows whose distance is a multiple of 2 KiB meet in one or two sets of an 8-way L1. */
int direct_in_place(const struct gemm_job *job)
{
    return !job->a_window && (job->m <= 4 || job->a_row % 512 != 0);
}

int64_t direct_grid(struct gemm_job *job, int64_t rows, int64_t columns, int32_t threads)
{
    int64_t wanted = 3 * (int64_t)threads, tiles_m, tiles_n, most;
    int32_t i;

    job->batch = 1;
    for (i = 0; i < job->batch_rank; i++)
        job->batch *= job->batch_dims[i];
    if (job->batch == 0 || job->m == 0 || job->n == 0)
        return job->batch = 0;
    most = direct_block(direct_chunk(job, rows), rows);
    job->tile_m = job->m <= most ? job->m : job->m / ((job->m + most - 1) / most);
    job->tile_n = job->n;
    if (threads > 1) {
        /* Rows first, whole micro-tiles; then panels. */
        tiles_m = least((wanted + job->batch - 1) / job->batch, (job->m + rows - 1) / rows);
        job->tile_m = least(job->tile_m, round_up((job->m + tiles_m - 1) / tiles_m, rows));
        tiles_m = (job->m + job->tile_m - 1) / job->tile_m;
        tiles_n = (wanted + job->batch * tiles_m - 1) / (job->batch * tiles_m);
        if (tiles_n > 1)
            job->tile_n = (job->n + tiles_n - 1) / tiles_n;
    }
    job->tile_m = least(round_up(job->tile_m, rows), round_up(job->m, rows));
    job->tile_n = round_up(job->tile_n, columns);
    job->tiles_m = (job->m + job->tile_m - 1) / job->tile_m;
    job->tiles_n = (job->n + job->tile_n - 1) / job->tile_n;
    return job->batch * job->tiles_m * job->tiles_n;
}

/* The part of one run (the pixels of one line of the kernel) that lies in k_begin..k_end.
 * image: pixel (0, y); x: column of the run's first pixel. */
static void gather_run(const struct gemm_job *job, const float *line, int64_t x,
                       int64_t begin, int64_t end, float *to)
{
    const struct gemm_window *window = job->a_window;
    int64_t channels = window->channels, width = window->in[2];

    if (job->a_row == channels && window->dilation[2] == 1 && x >= 0 &&
        x + window->kernel[2] <= width) {
        const float *from = line + x * channels + begin;
        for (; begin < end; begin++)
            *to++ = *from++;
        return;
    }
    while (begin < end) {
        int64_t kx = begin / channels, channel = begin % channels;
        int64_t at = x + kx * window->dilation[2];
        int64_t count = least(channels - channel, end - begin);
        if (at < 0 || at >= width)
            memset(to, 0, (size_t)count * sizeof *to);
        else
            memcpy(to, line + at * job->a_row + channel, (size_t)count * sizeof *to);
        to += count;
        begin += count;
    }
}

/* One row: windows at output position `row` of image `image`. */
static void gather_row(const struct gemm_job *job, const float *a, int64_t row,
                       int64_t k_begin, int64_t k_end, float *to)
{
    const struct gemm_window *window = job->a_window;
    const int64_t *in = window->in, *out = window->out;
    int64_t run = window->kernel[2] * window->channels, begin = k_begin;
    int64_t ox = row % out[2], oy = row / out[2] % out[1], oz = row / out[2] / out[1] % out[0];
    int64_t x = ox * window->stride[2] - window->pad[2];

    a += row / out[2] / out[1] / out[0] * job->a_image;
    while (begin < k_end) {
        int64_t line = begin / run, end = least((line + 1) * run, k_end);
        int64_t y = oy * window->stride[1] - window->pad[1] +
                    line % window->kernel[1] * window->dilation[1];
        int64_t z = oz * window->stride[0] - window->pad[0] +
                    line / window->kernel[1] * window->dilation[0];
        float *at = to + (begin - k_begin);
        if (y < 0 || y >= in[1] || z < 0 || z >= in[0])
            memset(at, 0, (size_t)(end - begin) * sizeof *at);
        else
            gather_run(job, a + (z * in[1] + y) * in[2] * job->a_row, x, begin - line * run,
                       end - line * run, at);
        begin = end;
    }
}

void direct_gather(const struct gemm_job *job, const struct gemm_tile *tile, int64_t m,
                   int64_t count, int64_t k_begin, int64_t k_end, float *to, int64_t to_row)
{
    const float *a = (const float *)job->a + tile->a_index * job->a_size;
    int64_t r;

    for (r = 0; r < count; r++, to += to_row)
        if (job->a_window)
            gather_row(job, a, m + r, k_begin, k_end, to);
        else
            memcpy(to, a + (m + r) * job->a_row + k_begin,
                   (size_t)(k_end - k_begin) * sizeof *to);
}

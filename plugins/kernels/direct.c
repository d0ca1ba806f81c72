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

#include "plugins/kernels/end.h"

/* A block of A takes half of a 1 MiB L2; the rest is for panels of B and for C. */
#define BLOCK_FLOATS (128 * 1024)
/* Elements of k that a pass walks. Six rows of A and 16 columns of a panel do not quite stay in a
 * 32 KiB L1 then, but the next panel is on its way by that time, and longer passes touch C less
 * often (6 x 16 tiles: 4 % over 384; 1152 and more gain nothing). */
#define CHUNK_MOST 768
/* Where C is so many times as wide as it is high, threads share out columns, not rows (ViT-B with two
 * threads 1.1 times as quick; twice as wide is not worth it: A is read once a thread and tile). */
#define WIDE       4
#define PADDING    16 /* a line between gathered rows: neighbours never share a cache set */

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

int direct_sums_once(int64_t k)
{
    return k <= CHUNK_MOST;
}

/* Whole k where few rows use a panel: it is read once anyway. Else even chunks. */
int64_t direct_chunk(const struct gemm_job *job, int64_t rows)
{
    int64_t chunks;

    if (job->k <= CHUNK_MOST)
        return job->k < 1 ? 1 : job->k;
    if (job->m <= rows && (direct_in_place(job) || job->k <= BLOCK_FLOATS / rows - PADDING))
        return job->k;
    chunks = (job->k + CHUNK_MOST - 1) / CHUNK_MOST;
    return round_up((job->k + chunks - 1) / chunks, GEMM_K_BLOCK);
}

int64_t direct_block(int64_t chunk, int64_t rows)
{
    int64_t most = BLOCK_FLOATS / direct_gathered_row(chunk) / rows * rows;

    return most < rows ? rows : least(most, 48 * rows);
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
    if (threads > 1 && job->batch == 1 && !job->a_window && job->n >= WIDE * job->m) {
        /* Panels: each is read by one thread, and B is what is large. */
        job->tile_n = (job->n + wanted - 1) / wanted;
    } else if (threads > 1) {
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

/* With the first `count` steps alone. */
static int ends_by(const struct gemm_job *job, int32_t count, const struct gemm_tile *tile,
                   struct direct_end *end)
{
    int64_t at = tile->c_begin + tile->m_begin * job->c_row + tile->n_begin;
    struct gemm_end steps;

    if (job->alpha != 1 ||
        (job->bias && (job->beta != 1 || job->bias_row != 0 || job->bias_column != 1)) ||
        !gemm_ends(job->steps, count, job->bias != NULL, &steps))
        return 0;
    *end = (struct direct_end){
        .c = (float *)job->c + at,
        .c_row = job->c_row,
        .columns = tile->n_end - tile->n_begin,
        .operand = steps.operand ? steps.operand + at : NULL,
        .is_bounded = steps.is_bounded,
        .is_hardswish = steps.is_hardswish,
        .low = steps.low,
        .high = steps.high,
    };
    if (job->bias)
        end->bias = (const float *)job->bias + tile->bias_index * job->bias_size + tile->n_begin;
    else if (steps.bias)
        end->bias = steps.bias + tile->c_column + tile->n_begin;
    return 1;
}

int direct_ends(const struct gemm_job *job, const struct gemm_tile *tile, struct direct_end *end)
{
    return ends_by(job, job->step_count, tile, end);
}

int direct_ends_in_silu(const struct gemm_job *job, const struct gemm_tile *tile,
                        struct direct_end *end)
{
    int32_t last = job->step_count - 1;

    if (last < 0 || job->steps[last].kind != IMGCLS_EPILOGUE_SILU || !ends_by(job, last, tile, end) ||
        end->operand || end->is_bounded || end->is_hardswish)
        return 0;
    end->is_silu = 1;
    return 1;
}

/* Elements begin..end of one run: the pixels that one line of a window meets. line: pixel 0 of
 * the image's line; x: column of the run's first pixel. */
static void gather_run(const struct gemm_job *job, const float *line, int64_t x,
                       int64_t begin, int64_t end, float *to)
{
    const struct gemm_window *window = job->a_window;
    int64_t channels = window->channels, width = window->in[2], kx, channel;

    if (job->a_row == channels && window->dilation[2] == 1 && x >= 0 &&
        x + window->kernel[2] <= width) {
        memcpy(to, line + x * channels + begin, (size_t)(end - begin) * sizeof *to);
        return;
    }
    kx = begin == 0 ? 0 : begin / channels;
    channel = begin - kx * channels;
    for (; begin < end; kx++, channel = 0) {
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

/* Output position of a row of A, counted on from row to row: a division costs as much as
 * copying a run. */
struct position {
    int64_t image, z, y, x;
};

static struct position position_of(const int64_t out[3], int64_t row)
{
    struct position at;

    at.x = row % out[2];
    at.y = row / out[2] % out[1];
    at.z = row / out[2] / out[1] % out[0];
    at.image = row / out[2] / out[1] / out[0];
    return at;
}

static void advance(const int64_t out[3], struct position *at)
{
    if (++at->x < out[2])
        return;
    at->x = 0;
    if (++at->y < out[1])
        return;
    at->y = 0;
    if (++at->z < out[0])
        return;
    at->z = 0;
    at->image++;
}

/* k_begin..k_end of one row: first_z, first_y is the line of the window where k_begin lies,
 * at element `skip` of its run. */
static void gather_row(const struct gemm_job *job, const float *a, const struct position *row,
                       int64_t first_z, int64_t first_y, int64_t skip, int64_t count, float *to)
{
    const struct gemm_window *window = job->a_window;
    const int64_t *in = window->in;
    int64_t run = window->kernel[2] * window->channels, kz = first_z, ky = first_y, end;
    int64_t x = row->x * window->stride[2] - window->pad[2];

    a += row->image * job->a_image;
    for (; count > 0; to += end - skip, count -= end - skip, skip = 0) {
        int64_t y = row->y * window->stride[1] - window->pad[1] + ky * window->dilation[1];
        int64_t z = row->z * window->stride[0] - window->pad[0] + kz * window->dilation[0];
        end = least(run, skip + count);
        if (y < 0 || y >= in[1] || z < 0 || z >= in[0])
            memset(to, 0, (size_t)(end - skip) * sizeof *to);
        else
            gather_run(job, a + (z * in[1] + y) * in[2] * job->a_row, x, skip, end, to);
        if (++ky == window->kernel[1]) {
            ky = 0;
            kz++;
        }
    }
}

void direct_gather(const struct gemm_job *job, const struct gemm_tile *tile, int64_t m,
                   int64_t count, int64_t k_begin, int64_t k_end, float *to, int64_t to_row)
{
    const float *a = (const float *)job->a + tile->a_index * job->a_size;
    const struct gemm_window *window = job->a_window;
    struct position at;
    int64_t run, line, r;

    if (!window) {
        for (r = 0; r < count; r++, to += to_row)
            memcpy(to, a + (m + r) * job->a_row + k_begin,
                   (size_t)(k_end - k_begin) * sizeof *to);
        return;
    }
    if (job->k == 0)
        return;
    run = window->kernel[2] * window->channels;
    line = k_begin / run;
    at = position_of(window->out, m);
    for (r = 0; r < count; r++, to += to_row) {
        gather_row(job, a, &at, line / window->kernel[1], line % window->kernel[1],
                   k_begin - line * run, k_end - k_begin, to);
        advance(window->out, &at);
    }
}

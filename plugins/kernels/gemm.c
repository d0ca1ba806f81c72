/*
 * plugins/kernels/gemm.c - what all kernels of the family share: grid, packing, windows
 *
 * Moves numbers and counts; computes no sum. Runs when plans are made or once a tile, so it
 * is written for reading.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/gemm.h"

#include "plugins/kernels/panels.h"

#include <string.h>

static int64_t round_up(int64_t value, int64_t unit)
{
    return (value + unit - 1) / unit * unit;
}

int64_t gemm_grid(struct gemm_job *job, int32_t threads)
{
    int64_t wanted = 3 * (int64_t)threads;
    int32_t i;

    job->batch = 1;
    for (i = 0; i < job->batch_rank; i++)
        job->batch *= job->batch_dims[i];
    if (job->batch == 0 || job->m == 0 || job->n == 0)
        return job->batch = 0;

    /* An operand that is packed already costs nothing to visit again: its side needs no
     * bound. One column tile of windows is gathered once for all rows. */
    job->tile_m = job->a_packed || job->m < GEMM_MAX_TILE_M ? job->m : GEMM_MAX_TILE_M;
    job->tile_n = job->b_packed || job->n < GEMM_MAX_TILE_N ? job->n : GEMM_MAX_TILE_N;
    for (;;) {
        job->tiles_m = (job->m + job->tile_m - 1) / job->tile_m;
        job->tiles_n = (job->n + job->tile_n - 1) / job->tile_n;
        if (threads <= 1 || job->batch * job->tiles_m * job->tiles_n >= wanted)
            break;
        if (job->tile_n > 4 * GEMM_COLUMNS && (job->tile_n >= job->tile_m || job->b_packed))
            job->tile_n = round_up(job->tile_n / 2, GEMM_COLUMNS);
        else if (job->tile_m > 4 * GEMM_ROWS)
            job->tile_m = round_up(job->tile_m / 2, GEMM_ROWS);
        else if (job->tile_n > 2 * GEMM_COLUMNS)
            job->tile_n = round_up(job->tile_n / 2, GEMM_COLUMNS);
        else
            break;
    }
    job->tile_m = round_up(job->tile_m, GEMM_ROWS);
    job->tile_n = round_up(job->tile_n, GEMM_COLUMNS);
    job->tiles_m = (job->m + job->tile_m - 1) / job->tile_m;
    job->tiles_n = (job->n + job->tile_n - 1) / job->tile_n;
    return job->batch * job->tiles_m * job->tiles_n;
}

struct gemm_tile gemm_tile_at(const struct gemm_job *job, int64_t index)
{
    struct gemm_tile tile = {0};
    int64_t m, n, rest;
    int32_t i;

    /* Row tiles vary fastest: neighbours share columns, which cost the gathering. */
    m = index % job->tiles_m;
    n = index / job->tiles_m % job->tiles_n;
    tile.batch = rest = index / job->tiles_m / job->tiles_n;
    tile.m_begin = m * job->tile_m;
    tile.m_end = tile.m_begin + job->tile_m < job->m ? tile.m_begin + job->tile_m : job->m;
    tile.n_begin = n * job->tile_n;
    tile.n_end = tile.n_begin + job->tile_n < job->n ? tile.n_begin + job->tile_n : job->n;
    tile.c_begin = tile.batch * (job->c_step ? job->c_step : job->m * job->c_row);
    tile.c_column = job->c_row ? tile.c_begin % job->c_row : 0;
    for (i = job->batch_rank; i-- > 0; rest /= job->batch_dims[i]) {
        tile.a_index += rest % job->batch_dims[i] * job->a_step[i];
        tile.b_index += rest % job->batch_dims[i] * job->b_step[i];
        tile.bias_index += rest % job->batch_dims[i] * job->bias_step[i];
    }
    return tile;
}

int64_t gemm_packed_a_size(int64_t m, int64_t k)
{
    return round_up(m, GEMM_ROWS) * k;
}

int64_t gemm_packed_b_size(int64_t k, int64_t n, int64_t panel)
{
    return round_up(n, panel ? panel : GEMM_COLUMNS) * k;
}

size_t gemm_workspace(void)
{
    return (size_t)GEMM_K_BLOCK * (GEMM_MAX_TILE_M + GEMM_MAX_TILE_N) * sizeof(float);
}

/* Packing walks along k in pieces, so that the lines of a panel that is written with gaps
 * stay in L1 until they are full. */
#define PACK_PIECE 128

void gemm_pack_a(const struct gemm_job *job, int64_t index, float *to)
{
    const float *a = (const float *)job->a + index * job->a_size;
    int64_t run = job->a_run ? job->a_run : job->k, m, k, r, begin, end, in_run;

    for (m = 0; m < job->m; m += GEMM_ROWS, to += job->k * GEMM_ROWS)
        for (begin = 0; begin < job->k; begin = end) {
            end = begin + PACK_PIECE < job->k ? begin + PACK_PIECE : job->k;
            for (r = 0; r < GEMM_ROWS; r++) {
                const float *from = a + (m + r) * job->a_row + begin / run * job->a_jump +
                                    begin % run * job->a_column;
                for (in_run = begin % run, k = begin; k < end; k++) {
                    to[k * GEMM_ROWS + r] = m + r < job->m ? *from : 0;
                    if (m + r >= job->m || k + 1 == end)
                        continue;
                    from += job->a_column;
                    if (++in_run == run) { /* from the run's end to the next run */
                        from += job->a_jump - run * job->a_column;
                        in_run = 0;
                    }
                }
            }
        }
}

void gemm_pack_b(const struct gemm_job *job, int64_t index, float *to)
{
    const float *b = (const float *)job->b + index * job->b_size;
    int64_t panel = job->b_panel ? job->b_panel : GEMM_COLUMNS, n, k, j;

    if (job->b_column == 1) {
        panels_of_rows(b, job->b_row, job->k, job->n, panel, to);
        return;
    }
    if (job->b_row == 1) {
        panels_of_columns(b, job->b_column, job->k, 1, job->n, panel, to);
        return;
    }
    for (n = 0; n < job->n; n += panel)
        for (k = 0; k < job->k; k++)
            for (j = n; j < n + panel; j++)
                *to++ = j < job->n ? b[k * job->b_row + j * job->b_column] : 0;
}

void gemm_window_pixels(const struct gemm_window *window, int64_t row, int64_t count,
                        int64_t tap, int64_t *pixels)
{
    const int64_t *in = window->in, *out = window->out;
    int64_t kx = tap % window->kernel[2];
    int64_t ky = tap / window->kernel[2] % window->kernel[1];
    int64_t kz = tap / window->kernel[2] / window->kernel[1];
    int64_t ox = row % out[2], oy = row / out[2] % out[1];
    int64_t oz = row / out[2] / out[1] % out[0], image = row / out[2] / out[1] / out[0];
    int64_t j = 0;

    while (j < count) { /* one output row, or what is left of it, at a time */
        int64_t in_row = out[2] - ox < count - j ? out[2] - ox : count - j;
        int64_t z = oz * window->stride[0] + kz * window->dilation[0] - window->pad[0];
        int64_t y = oy * window->stride[1] + ky * window->dilation[1] - window->pad[1];
        int64_t x = ox * window->stride[2] + kx * window->dilation[2] - window->pad[2];
        int inside = z >= 0 && z < in[0] && y >= 0 && y < in[1];
        int64_t line = ((image * in[0] + z) * in[1] + y) * in[2];
        for (; in_row > 0; in_row--, x += window->stride[2])
            pixels[j++] = !inside || x < 0 || x >= in[2] ? -1 : line + x;
        ox = 0;
        if (++oy == out[1]) {
            oy = 0;
            if (++oz == out[0]) {
                oz = 0;
                image++;
            }
        }
    }
}

void gemm_window_offsets(const struct gemm_window *window, int64_t n, int64_t count,
                         int64_t tap, int64_t offsets[GEMM_COLUMNS])
{
    int64_t j;

    gemm_window_pixels(window, n, count, tap, offsets);
    for (j = count < 0 ? 0 : count; j < GEMM_COLUMNS; j++)
        offsets[j] = -1;
}

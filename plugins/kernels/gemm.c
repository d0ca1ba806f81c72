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

int64_t gemm_packed_b_size(int64_t k, int64_t n)
{
    return round_up(n, GEMM_COLUMNS) * k;
}

size_t gemm_workspace(void)
{
    return (size_t)GEMM_K_BLOCK * (GEMM_MAX_TILE_M + GEMM_MAX_TILE_N) * sizeof(float);
}

void gemm_pack_a(const struct gemm_job *job, int64_t index, float *to)
{
    const float *a = (const float *)job->a + index * job->a_size;
    int64_t m, k, r, run = job->a_run ? job->a_run : job->k;

    for (m = 0; m < job->m; m += GEMM_ROWS)
        for (k = 0; k < job->k; k++) {
            const float *from = a + k / run * job->a_jump + k % run * job->a_column;
            for (r = 0; r < GEMM_ROWS; r++)
                *to++ = m + r < job->m ? from[(m + r) * job->a_row] : 0;
        }
}

void gemm_pack_b(const struct gemm_job *job, int64_t index, float *to)
{
    const float *b = (const float *)job->b + index * job->b_size;
    int64_t n, k, j;

    for (n = 0; n < job->n; n += GEMM_COLUMNS)
        for (k = 0; k < job->k; k++)
            for (j = 0; j < GEMM_COLUMNS; j++)
                *to++ = n + j < job->n ? b[k * job->b_row + (n + j) * job->b_column] : 0;
}

void gemm_window_offsets(const struct gemm_window *window, int64_t n, int64_t count,
                         int64_t tap, int64_t offsets[GEMM_COLUMNS])
{
    int64_t at[3], base[3], z, y, x;
    int64_t kx = tap % window->kernel[2];
    int64_t ky = tap / window->kernel[2] % window->kernel[1];
    int64_t kz = tap / window->kernel[2] / window->kernel[1];
    int j;

    base[0] = kz * window->dilation[0] - window->pad[0];
    base[1] = ky * window->dilation[1] - window->pad[1];
    base[2] = kx * window->dilation[2] - window->pad[2];
    at[2] = n % window->out[2];
    at[1] = n / window->out[2] % window->out[1];
    at[0] = n / window->out[2] / window->out[1];
    for (j = 0; j < GEMM_COLUMNS; j++) {
        if (j >= count) {
            offsets[j] = -1;
            continue;
        }
        z = base[0] + at[0] * window->stride[0];
        y = base[1] + at[1] * window->stride[1];
        x = base[2] + at[2] * window->stride[2];
        if (z < 0 || y < 0 || x < 0 || z >= window->in[0] || y >= window->in[1] ||
            x >= window->in[2])
            offsets[j] = -1;
        else
            offsets[j] = (z * window->in[1] + y) * window->in[2] + x;
        if (++at[2] == window->out[2]) {
            at[2] = 0;
            if (++at[1] == window->out[1]) {
                at[1] = 0;
                at[0]++;
            }
        }
    }
}

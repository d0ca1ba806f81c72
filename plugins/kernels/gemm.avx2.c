/*
 * plugins/kernels/gemm.avx2.c - the family with AVX2 and FMA: tiles of 6 x 16
 *
 * Twelve accumulators, two vectors of B and one broadcast of A fill the sixteen registers;
 * each accumulator lane is one chain of fused multiply-adds in rising k, as the portable
 * kernel has it. Panels of A (6 rows) and B (16 columns) are k-major, so both are read
 * forwards. A panel of B (6 KiB for 96 k) stays in L1 while panels of A pass by from L2.
 * Blocks whose operand was not packed beforehand are packed into the thread's workspace.
 * One row against packed columns (a fully connected layer, batch 1) is bound by memory: it
 * walks four panels at once and reads every weight once.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/gemm.h"

#include <immintrin.h>

#include "plugins/kernels/finish.avx2.h"
#include "plugins/kernels/gather.avx2.h"

#define BLOCK_M 96 /* rows of A per pass: 96 x 96 floats, 36 KiB, stay in L2 */

/* sums = A panel (k x 6) times B panel (k x 16). */
static void multiply_6x16(int64_t k, const float *a, const float *b,
                          __m256 sums[GEMM_ROWS][2])
{
    __m256 c00 = _mm256_setzero_ps(), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00;
    __m256 c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00;

    for (; k > 0; k--, a += GEMM_ROWS, b += GEMM_COLUMNS) {
        __m256 b0 = _mm256_load_ps(b), b1 = _mm256_load_ps(b + 8), w;
        w = _mm256_broadcast_ss(a);
        c00 = _mm256_fmadd_ps(w, b0, c00);
        c01 = _mm256_fmadd_ps(w, b1, c01);
        w = _mm256_broadcast_ss(a + 1);
        c10 = _mm256_fmadd_ps(w, b0, c10);
        c11 = _mm256_fmadd_ps(w, b1, c11);
        w = _mm256_broadcast_ss(a + 2);
        c20 = _mm256_fmadd_ps(w, b0, c20);
        c21 = _mm256_fmadd_ps(w, b1, c21);
        w = _mm256_broadcast_ss(a + 3);
        c30 = _mm256_fmadd_ps(w, b0, c30);
        c31 = _mm256_fmadd_ps(w, b1, c31);
        w = _mm256_broadcast_ss(a + 4);
        c40 = _mm256_fmadd_ps(w, b0, c40);
        c41 = _mm256_fmadd_ps(w, b1, c41);
        w = _mm256_broadcast_ss(a + 5);
        c50 = _mm256_fmadd_ps(w, b0, c50);
        c51 = _mm256_fmadd_ps(w, b1, c51);
    }
    sums[0][0] = c00, sums[0][1] = c01;
    sums[1][0] = c10, sums[1][1] = c11;
    sums[2][0] = c20, sums[2][1] = c21;
    sums[3][0] = c30, sums[3][1] = c31;
    sums[4][0] = c40, sums[4][1] = c41;
    sums[5][0] = c50, sums[5][1] = c51;
}

/* Adds the sums of earlier blocks and keeps or finishes what a 6 x 16 piece came to. */
static void deliver(const struct gemm_job *job, const struct gemm_tile *tile, int64_t m,
                    int64_t n, int64_t first, int64_t last, __m256 sums[GEMM_ROWS][2])
{
    int64_t rows = tile->m_end - m < GEMM_ROWS ? tile->m_end - m : GEMM_ROWS;
    int64_t count = tile->n_end - n < GEMM_COLUMNS ? tile->n_end - n : GEMM_COLUMNS;
    int64_t r;

    for (r = 0; r < rows; r++) {
        float *c = (float *)job->c + tile->c_begin + (m + r) * job->c_row + n;
        if (!first) {
            __m256 c0 = _mm256_maskload_ps(c, lanes_avx2(count));
            __m256 c1 = _mm256_maskload_ps(c + 8, lanes_avx2(count - 8));
            sums[r][0] = _mm256_add_ps(c0, sums[r][0]);
            sums[r][1] = _mm256_add_ps(c1, sums[r][1]);
        }
        if (last)
            finish_avx2(job, tile, m + r, n, count, sums[r]);
        else
            keep_avx2(c, count, sums[r]);
    }
}

/* Rows m.. (up to six) of A, k_begin..k_end, as one panel. */
static void pack_rows(const struct gemm_job *job, const float *a, int64_t m, int64_t m_end,
                      int64_t k_begin, int64_t k_end, float *panel)
{
    int64_t r, k, run = job->a_run ? job->a_run : job->k;

    for (r = 0; r < GEMM_ROWS; r++) {
        const float *row = a + (m + r) * job->a_row;
        float *to = panel + r;
        if (m + r >= m_end) {
            for (k = k_begin; k < k_end; k++, to += GEMM_ROWS)
                *to = 0;
        } else if (run == job->k) {
            for (k = k_begin; k < k_end; k++, to += GEMM_ROWS)
                *to = row[k * job->a_column];
        } else {
            for (k = k_begin; k < k_end; k++, to += GEMM_ROWS)
                *to = row[k / run * job->a_jump + k % run * job->a_column];
        }
    }
}

/* One block of k of one tile. a, b: first panels at k_begin; steps from panel to panel. */
static void multiply_block(const struct gemm_job *job, const struct gemm_tile *tile,
                           int64_t k_begin, int64_t k_end, const float *a, int64_t a_step,
                           const float *b, int64_t b_step)
{
    __m256 sums[GEMM_ROWS][2];
    int64_t m, n, m_from, m_to;

    for (m_from = tile->m_begin; m_from < tile->m_end; m_from = m_to) {
        m_to = tile->m_end - m_from < BLOCK_M ? tile->m_end : m_from + BLOCK_M;
        for (n = tile->n_begin; n < tile->n_end; n += GEMM_COLUMNS) {
            const float *columns = b + (n - tile->n_begin) / GEMM_COLUMNS * b_step;
            for (m = m_from; m < m_to; m += GEMM_ROWS) {
                const float *rows = a + (m - tile->m_begin) / GEMM_ROWS * a_step;
                multiply_6x16(k_end - k_begin, rows, columns, sums);
                deliver(job, tile, m, n, k_begin == 0, k_end == job->k, sums);
            }
        }
    }
}

static void multiply_tile(const struct gemm_job *job, const struct gemm_tile *tile,
                          float *a_space, float *b_space)
{
    int64_t k_begin = 0, k_end, m, n;

    do { /* once even where k is 0: an empty sum is 0 */
        const float *a = a_space, *b = b_space;
        int64_t block, a_step, b_step;
        k_end = job->k - k_begin < GEMM_K_BLOCK ? job->k : k_begin + GEMM_K_BLOCK;
        block = k_end - k_begin;
        a_step = block * GEMM_ROWS;
        b_step = block * GEMM_COLUMNS;
        if (job->a_packed) {
            a = job->a_packed + tile->a_index * gemm_packed_a_size(job->m, job->k) +
                tile->m_begin * job->k + k_begin * GEMM_ROWS;
            a_step = job->k * GEMM_ROWS;
        } else {
            const float *from = (const float *)job->a + tile->a_index * job->a_size;
            for (m = tile->m_begin; m < tile->m_end; m += GEMM_ROWS)
                pack_rows(job, from, m, tile->m_end, k_begin, k_end,
                          a_space + (m - tile->m_begin) * block);
        }
        if (job->b_packed) {
            b = job->b_packed + tile->b_index * gemm_packed_b_size(job->k, job->n, GEMM_COLUMNS) +
                tile->n_begin * job->k + k_begin * GEMM_COLUMNS;
            b_step = job->k * GEMM_COLUMNS;
        } else {
            for (n = tile->n_begin; n < tile->n_end; n += GEMM_COLUMNS)
                gather_avx2(job, tile->b_index, k_begin, k_end, n, tile->n_end,
                            b_space + (n - tile->n_begin) * block);
        }
        multiply_block(job, tile, k_begin, k_end, a, a_step, b, b_step);
        k_begin = k_end;
    } while (k_begin < job->k);
}

/* One row against up to four packed panels, `step` floats apart. */
static void multiply_row(int64_t k, const float *a, const float *b, int64_t step,
                         int64_t panels, __m256 sums[4][2])
{
    const float *b1 = b + (panels > 1 ? step : 0), *b2 = b + (panels > 2 ? 2 * step : 0);
    const float *b3 = b + (panels > 3 ? 3 * step : 0);
    __m256 c00 = _mm256_setzero_ps(), c01 = c00, c10 = c00, c11 = c00;
    __m256 c20 = c00, c21 = c00, c30 = c00, c31 = c00;
    int64_t i;

    for (i = 0; i < k * GEMM_COLUMNS; i += GEMM_COLUMNS) {
        __m256 w = _mm256_broadcast_ss(a++);
        c00 = _mm256_fmadd_ps(w, _mm256_load_ps(b + i), c00);
        c01 = _mm256_fmadd_ps(w, _mm256_load_ps(b + i + 8), c01);
        c10 = _mm256_fmadd_ps(w, _mm256_load_ps(b1 + i), c10);
        c11 = _mm256_fmadd_ps(w, _mm256_load_ps(b1 + i + 8), c11);
        c20 = _mm256_fmadd_ps(w, _mm256_load_ps(b2 + i), c20);
        c21 = _mm256_fmadd_ps(w, _mm256_load_ps(b2 + i + 8), c21);
        c30 = _mm256_fmadd_ps(w, _mm256_load_ps(b3 + i), c30);
        c31 = _mm256_fmadd_ps(w, _mm256_load_ps(b3 + i + 8), c31);
    }
    sums[0][0] = c00, sums[0][1] = c01;
    sums[1][0] = c10, sums[1][1] = c11;
    sums[2][0] = c20, sums[2][1] = c21;
    sums[3][0] = c30, sums[3][1] = c31;
}

/* A tile of one row whose B is packed. */
static void multiply_row_tile(const struct gemm_job *job, const struct gemm_tile *tile)
{
    const float *a = (const float *)job->a + tile->a_index * job->a_size;
    const float *b = job->b_packed + tile->b_index * gemm_packed_b_size(job->k, job->n, GEMM_COLUMNS);
    int64_t n, k, end, panel, i;

    for (n = tile->n_begin; n < tile->n_end; n += 4 * GEMM_COLUMNS) {
        int64_t panels = (tile->n_end - n + GEMM_COLUMNS - 1) / GEMM_COLUMNS;
        __m256 total[4][2], sums[4][2];
        panels = panels > 4 ? 4 : panels;
        k = 0;
        do {
            end = job->k - k < GEMM_K_BLOCK ? job->k : k + GEMM_K_BLOCK;
            multiply_row(end - k, a + k, b + n * job->k + k * GEMM_COLUMNS,
                         job->k * GEMM_COLUMNS, panels, sums);
            for (panel = 0; panel < 4; panel++)
                for (i = 0; i < 2; i++)
                    total[panel][i] = k == 0
                                          ? sums[panel][i]
                                          : _mm256_add_ps(total[panel][i], sums[panel][i]);
            k = end;
        } while (k < job->k);
        for (panel = 0; panel < panels; panel++) {
            int64_t at = n + panel * GEMM_COLUMNS, count = tile->n_end - at;
            finish_avx2(job, tile, 0, at, count < GEMM_COLUMNS ? count : GEMM_COLUMNS,
                        total[panel]);
        }
    }
}

void gemm_f32_6x16_avx2(const struct gemm_job *job, int64_t begin, int64_t end,
                        void *workspace)
{
    float *b_space = workspace;
    float *a_space = b_space + (size_t)GEMM_K_BLOCK * GEMM_MAX_TILE_N;

    for (; begin < end; begin++) {
        struct gemm_tile tile = gemm_tile_at(job, begin);
        if (job->m == 1 && job->b_packed && job->a_run == 0 && job->a_column == 1)
            multiply_row_tile(job, &tile);
        else
            multiply_tile(job, &tile, a_space, b_space);
    }
}

/*
 * plugins/kernels/gemm.body.h - the family over vectors of sixteen lanes: tiles of 6 x 16
 *
 * Included behind lanes16.*.h and a gather.*.h; the including file defines KERNEL (the name)
 * and FINISH (finishes and stores up to sixteen sums of a row). Each accumulator lane is one
 * chain of fused multiply-adds in rising k, as the portable kernel has it. Panels of A (6 rows)
 * and B (16 columns) are k-major, so both are read forwards. A panel of B (6 KiB for 96 k)
 * stays in L1 while panels of A pass by from L2. Blocks whose operand was not packed
 * beforehand are packed into the thread's workspace. One row against packed columns (a fully
 * connected layer, batch 1) is bound by memory: it walks four panels at once and reads every
 * weight once.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

#define BLOCK_M 96 /* rows of A per pass: 96 x 96 floats, 36 KiB, stay in L2 */

/* sums = A panel (k x 6) times B panel (k x 16). */
static void multiply_6x16(int64_t k, const float *a, const float *b, lanes16 sums[GEMM_ROWS])
{
    lanes16 c[GEMM_ROWS];
    int r;

#pragma GCC unroll 6
    for (r = 0; r < GEMM_ROWS; r++)
        c[r] = zero16();
    for (; k > 0; k--, a += GEMM_ROWS, b += GEMM_COLUMNS) {
        const lanes16 columns = load16(b);
#pragma GCC unroll 6
        for (r = 0; r < GEMM_ROWS; r++)
            c[r] = multiples16(a[r], columns, c[r]);
    }
#pragma GCC unroll 6
    for (r = 0; r < GEMM_ROWS; r++)
        sums[r] = c[r];
}

/* Adds the sums of earlier blocks and keeps or finishes what a 6 x 16 piece came to. */
static void deliver(const struct gemm_job *job, const struct gemm_tile *tile, int64_t m,
                    int64_t n, int64_t first, int64_t last, lanes16 sums[GEMM_ROWS])
{
    int64_t rows = tile->m_end - m < GEMM_ROWS ? tile->m_end - m : GEMM_ROWS;
    int64_t count = tile->n_end - n < GEMM_COLUMNS ? tile->n_end - n : GEMM_COLUMNS;
    int64_t r;

    for (r = 0; r < rows; r++) {
        float *c = (float *)job->c + tile->c_begin + (m + r) * job->c_row + n;
        if (!first)
            sums[r] = add16(part16(c, count), sums[r]);
        if (last)
            FINISH(job, tile, m + r, n, count, sums[r]);
        else if (count == GEMM_COLUMNS)
            store16(c, sums[r]);
        else
            store_part16(c, sums[r], count);
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
    lanes16 sums[GEMM_ROWS];
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
                gather16(job, tile->b_index, k_begin, k_end, n, tile->n_end,
                            b_space + (n - tile->n_begin) * block);
        }
        multiply_block(job, tile, k_begin, k_end, a, a_step, b, b_step);
        k_begin = k_end;
    } while (k_begin < job->k);
}

/* One row against up to four packed panels, `step` floats apart. */
static void multiply_row(int64_t k, const float *a, const float *b, int64_t step,
                         int64_t panels, lanes16 sums[4])
{
    const float *b1 = b + (panels > 1 ? step : 0), *b2 = b + (panels > 2 ? 2 * step : 0);
    const float *b3 = b + (panels > 3 ? 3 * step : 0);
    lanes16 c0 = zero16(), c1 = c0, c2 = c0, c3 = c0;
    int64_t i;

    for (i = 0; i < k * GEMM_COLUMNS; i += GEMM_COLUMNS, a++) {
        c0 = multiples16(*a, load16(b + i), c0);
        c1 = multiples16(*a, load16(b1 + i), c1);
        c2 = multiples16(*a, load16(b2 + i), c2);
        c3 = multiples16(*a, load16(b3 + i), c3);
    }
    sums[0] = c0, sums[1] = c1, sums[2] = c2, sums[3] = c3;
}

/* A tile of one row whose B is packed. */
static void multiply_row_tile(const struct gemm_job *job, const struct gemm_tile *tile)
{
    const float *a = (const float *)job->a + tile->a_index * job->a_size;
    const float *b = job->b_packed + tile->b_index * gemm_packed_b_size(job->k, job->n, GEMM_COLUMNS);
    int64_t n, k, end, panel;

    for (n = tile->n_begin; n < tile->n_end; n += 4 * GEMM_COLUMNS) {
        int64_t panels = (tile->n_end - n + GEMM_COLUMNS - 1) / GEMM_COLUMNS;
        lanes16 total[4], sums[4];
        panels = panels > 4 ? 4 : panels;
        k = 0;
        do {
            end = job->k - k < GEMM_K_BLOCK ? job->k : k + GEMM_K_BLOCK;
            multiply_row(end - k, a + k, b + n * job->k + k * GEMM_COLUMNS,
                         job->k * GEMM_COLUMNS, panels, sums);
            for (panel = 0; panel < 4; panel++)
                total[panel] = k == 0 ? sums[panel] : add16(total[panel], sums[panel]);
            k = end;
        } while (k < job->k);
        for (panel = 0; panel < panels; panel++) {
            int64_t at = n + panel * GEMM_COLUMNS, count = tile->n_end - at;
            FINISH(job, tile, 0, at, count < GEMM_COLUMNS ? count : GEMM_COLUMNS,
                        total[panel]);
        }
    }
}

void KERNEL(const struct gemm_job *job, int64_t begin, int64_t end,
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

/*
 * plugins/kernels/direct.body.h - how tiles are walked, for every instruction set
 *
 * The including file defines ROWS, COLUMNS (of a micro-tile and of B's panels), KERNEL (the
 * name), multiply_rows[] (by number of rows), keep and take (one row of sums to and from C),
 * FINISH, and ENDS(columns): whether multiply can finish so many by itself. k goes in chunks: a
 * block of A's rows stays in L2 while panels of B pass, and a panel's chunk is read again for
 * every micro-tile of the block. Rows are dealt out evenly over micro-tiles, so no row is
 * computed in vain. Nothing here rounds.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

/* Asks for the lines that the end will touch, while the products take their time. */
static void expect(const struct direct_end *end, int64_t rows)
{
    int64_t r;

    for (r = 0; r < rows; r++) {
        __builtin_prefetch(end->c + r * end->c_row, 1);
        if (end->columns > 16)
            __builtin_prefetch(end->c + r * end->c_row + 16, 1);
        if (end->operand) {
            __builtin_prefetch(end->operand + r * end->c_row);
            if (end->columns > 16)
                __builtin_prefetch(end->operand + r * end->c_row + 16);
        }
    }
}

/* One chunk of k, rows m.. (count of them, at a), all panels of the tile. */
static void block_of_rows(const struct gemm_job *job, const struct gemm_tile *tile, int64_t m,
                          int64_t count, const float *a, int64_t a_row, int64_t k_begin,
                          int64_t k_end)
{
    const float *b = job->b_packed + tile->b_index * gemm_packed_b_size(job->k, job->n, COLUMNS);
    int64_t pieces = (count + ROWS - 1) / ROWS, n, piece, r;
    int64_t k_block = job->k_block ? job->k_block : GEMM_K_BLOCK;
    _Alignas(64) float sums[ROWS * COLUMNS];

    for (n = tile->n_begin; n < tile->n_end; n += COLUMNS) {
        const float *panel = b + n * job->k + k_begin * COLUMNS;
        int64_t columns = tile->n_end - n < COLUMNS ? tile->n_end - n : COLUMNS;
        for (piece = 0; piece < pieces; piece++) {
            int64_t from = piece * count / pieces, rows = (piece + 1) * count / pieces - from;
            float *c = (float *)job->c + tile->c_begin + (m + from) * job->c_row + n;
            struct direct_end end;
            int is_last = k_end == job->k;
            int ends = is_last && ENDS(columns) && direct_ends(job, tile, m + from, n, columns, &end);
            for (r = 0; r < rows && k_begin > 0; r++)
                take(sums + r * COLUMNS, c + r * job->c_row, columns);
            if (ends)
                expect(&end, rows);
            multiply_rows[rows](k_end - k_begin, k_block, a + from * a_row, a_row, panel, sums,
                                k_begin == 0, ends ? &end : NULL);
            if (ends)
                continue;
            if (is_last)
                FINISH(job, tile, m + from, rows, n, columns, sums);
            else
                for (r = 0; r < rows; r++)
                    keep(sums + r * COLUMNS, c + r * job->c_row, columns);
        }
    }
}

void KERNEL(const struct gemm_job *job, int64_t begin, int64_t end, void *workspace)
{
    int64_t chunk = direct_chunk(job, ROWS), m, k, k_end, count, a_row;
    int in_place = direct_in_place(job);
    const float *a;

    for (; begin < end; begin++) {
        struct gemm_tile tile = gemm_tile_at(job, begin);
        k = 0;
        do { /* once even where k is 0: an empty sum is 0 */
            int64_t most = direct_block(chunk, ROWS), blocks, block;
            k_end = job->k - k < chunk ? job->k : k + chunk;
            blocks = (tile.m_end - tile.m_begin + most - 1) / most;
            for (block = 0; block < blocks; block++) {
                m = tile.m_begin + block * (tile.m_end - tile.m_begin) / blocks;
                count = tile.m_begin + (block + 1) * (tile.m_end - tile.m_begin) / blocks - m;
                if (in_place) {
                    a = (const float *)job->a + tile.a_index * job->a_size + m * job->a_row + k;
                    a_row = job->a_row;
                } else {
                    a_row = direct_gathered_row(k_end - k);
                    direct_gather(job, &tile, m, count, k, k_end, workspace, a_row);
                    a = workspace;
                }
                block_of_rows(job, &tile, m, count, a, a_row, k, k_end);
            }
            k = k_end;
        } while (k < job->k);
    }
}

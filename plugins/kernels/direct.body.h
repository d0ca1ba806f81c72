/*
 * plugins/kernels/direct.body.h - how tiles are walked, for every instruction set
 *
 * The including file defines ROWS, COLUMNS (of a micro-tile and of B's panels), KERNEL (the
 * name), MULTIPLY_OF(columns) (micro-kernels by rows), ROWS_OF(block) (rows of a
 * micro-tile at most, where blocks of k are so long), keep and take (one row of sums to and from C),
 * FINISH, and ENDS(columns): whether multiply can finish so many by itself; and includes
 * direct_panels.body.h. Where it defines RUN, that computes as many rows by a panel as it likes. k goes in chunks: a block of A's rows stays in L2 while panels of B
 * pass, and a panel's chunk is read again for every micro-tile of the block. Rows are dealt out
 * evenly over micro-tiles, so no row is computed in vain. Nothing here rounds.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

#ifndef EXPECT
#define EXPECT(end, rows) expect(end, rows)

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
#endif

/* A chunk of k of one job, tile and row of C: what is walked for all panels. */
struct walk {
    const struct gemm_job *job;
    const struct gemm_tile *tile;
    int64_t k_begin, k_end, k_block;
    int64_t rows;                 /* of a micro-tile at most */
    float *sums;                  /* of a micro-tile */
    const struct direct_end *end; /* of the tile, in the last chunk; NULL: FINISH ends it */
    const struct direct_end *run_end; /* of rows that RUN computes; NULL: there are none */
};

static float *place(const struct walk *walk, int64_t m, int64_t n)
{
    return (float *)walk->job->c + walk->tile->c_begin + m * walk->job->c_row + n;
}

static int64_t columns_at(const struct walk *walk, int64_t n)
{
    return walk->tile->n_end - n < COLUMNS ? walk->tile->n_end - n : COLUMNS;
}

static void take_rows(const struct walk *walk, int64_t m, int64_t rows, int64_t n, float *sums)
{
    int64_t r;

    for (r = 0; r < rows && walk->k_begin > 0; r++)
        take(sums + r * COLUMNS, place(walk, m + r, n), columns_at(walk, n));
}

static void deliver_rows(const struct walk *walk, int64_t m, int64_t rows, int64_t n,
                         float *sums)
{
    int64_t columns = columns_at(walk, n), r;

    if (walk->k_end == walk->job->k)
        FINISH(walk->job, walk->tile, m, rows, n, columns, sums);
    else
        for (r = 0; r < rows; r++)
            keep(sums + r * COLUMNS, place(walk, m + r, n), columns);
}

/* What a micro-tile asks for while it computes. The first two of a panel ask for the next panel,
 * half each: so it comes from memory over a longer time than the first alone would take to use
 * it. A single one is as quick as memory at best. NULL: nothing. */
static inline const float *worth_asking(const struct walk *walk, const float *panel,
                                        int64_t piece, int64_t pieces)
{
    if (pieces == 1)
        return panel + 32 * COLUMNS;
    return piece > 1 ? NULL
                     : panel + (walk->job->k + piece * (walk->k_end - walk->k_begin) / 2) * COLUMNS;
}

/* The end of rows m.. and columns n.. of the tile. */
static inline struct direct_end end_at(const struct walk *walk, const struct direct_end *whole,
                                       int64_t m, int64_t n, int64_t columns)
{
    struct direct_end end = *whole;
    int64_t at = (m - walk->tile->m_begin) * end.c_row + (n - walk->tile->n_begin);

    end.c += at;
    end.columns = columns;
    if (end.bias)
        end.bias += n - walk->tile->n_begin;
    if (end.operand)
        end.operand += at;
    return end;
}

#ifdef RUN
/* How many of rows m.. (count of them, at a) are computed by RUN. */
static inline int64_t panel_by_run(const struct walk *walk, int64_t m, int64_t count, int64_t n,
                                   const float *a, int64_t a_row, const float *panel)
{
    struct direct_end end;

    if (!walk->run_end)
        return 0;
    end = end_at(walk, walk->run_end, m, n, columns_at(walk, n));
    return RUN(walk->k_end, walk->k_block, count, a, a_row, panel, &end);
}
#else
#define panel_by_run(walk, m, count, n, a, a_row, panel) 0
#endif

/* Rows m.. (count of them, at a) by one panel, finished in registers. What a micro-tile needs
 * besides its multiply-adds is little on purpose: where another program shares the core,
 * instructions are what is short. */
static inline void panel_to_end(const struct walk *walk, int64_t m, int64_t count, int64_t n,
                                const float *a, int64_t a_row, const float *panel)
{
    int64_t columns = columns_at(walk, n), k = walk->k_end - walk->k_begin;
    struct direct_end end = end_at(walk, walk->end, m, n, columns);
    direct_multiply *const *multiply_by = MULTIPLY_OF(columns);
    int64_t pieces = (count + walk->rows - 1) / walk->rows, rows = count / pieces, more = count % pieces;
    int64_t piece;

    for (piece = 0; piece < pieces; piece++) {
        int64_t here = rows + (piece < more);
        take_rows(walk, m, here, n, walk->sums);
        EXPECT(&end, here);
        multiply_by[here](k, walk->k_block, a, a_row, panel,
                          worth_asking(walk, panel, piece, pieces), walk->sums,
                          walk->k_begin == 0, &end);
        m += here;
        a += here * a_row;
        end.c += here * end.c_row;
        if (end.operand)
            end.operand += here * end.c_row;
    }
}

/* The same where FINISH, or a later chunk, goes on with the sums. */
static inline void panel_to_sums(const struct walk *walk, int64_t m, int64_t count, int64_t n,
                                 const float *a, int64_t a_row, const float *panel)
{
    int64_t pieces = (count + walk->rows - 1) / walk->rows, rows = count / pieces, more = count % pieces;
    direct_multiply *const *multiply_by = MULTIPLY_OF(columns_at(walk, n));
    int64_t piece;

    for (piece = 0; piece < pieces; piece++) {
        int64_t here = rows + (piece < more);
        take_rows(walk, m, here, n, walk->sums);
        multiply_by[here](walk->k_end - walk->k_begin, walk->k_block, a, a_row, panel,
                          worth_asking(walk, panel, piece, pieces), walk->sums,
                          walk->k_begin == 0, NULL);
        deliver_rows(walk, m, here, n, walk->sums);
        m += here;
        a += here * a_row;
    }
}

/* Few rows m.. by as many panels from n on as there are groups of; returns where the rest
 * begins. */
static int64_t few_by_panels(const struct walk *walk, int64_t m, int64_t rows, const float *a,
                             int64_t a_row, const float *b)
{
    _Alignas(64) float sums[PANELS_MOST * ROWS * COLUMNS];
    const struct direct_few *few = &few_rows[rows];
    int64_t n = walk->tile->n_begin, p, at;

    for (; walk->tile->n_end - n > (few->panels - 1) * COLUMNS; n += few->panels * COLUMNS) {
        for (p = 0; p < few->panels; p++)
            take_rows(walk, m, rows, n + p * COLUMNS, sums + p * ROWS * COLUMNS);
        at = n * walk->job->k + walk->k_begin * COLUMNS;
        few->multiply(walk->k_end - walk->k_begin, walk->k_block, a, a_row, b + at,
                      walk->job->k * COLUMNS, sums, walk->k_begin == 0);
        for (p = 0; p < few->panels; p++)
            deliver_rows(walk, m, rows, n + p * COLUMNS, sums + p * ROWS * COLUMNS);
    }
    return n;
}

/* One chunk of k, rows m.. (count of them, at a), all panels of the tile. */
static void block_of_rows(const struct walk *walk, int64_t m, int64_t count, const float *a,
                          int64_t a_row)
{
    const struct gemm_job *job = walk->job;
    const float *b = job->b_packed +
                     walk->tile->b_index * gemm_packed_b_size(job->k, job->n, COLUMNS);
    int64_t n = walk->tile->n_begin;

    if (count <= FEW_ROWS)
        n = few_by_panels(walk, m, count, a, a_row, b);
    for (; n < walk->tile->n_end; n += COLUMNS) {
        const float *panel = b + n * job->k + walk->k_begin * COLUMNS;
        int64_t done = panel_by_run(walk, m, count, n, a, a_row, panel);
        if (done == count)
            continue;
        if (walk->end && ENDS(columns_at(walk, n)))
            panel_to_end(walk, m + done, count - done, n, a + done * a_row, a_row, panel);
        else
            panel_to_sums(walk, m + done, count - done, n, a + done * a_row, a_row, panel);
    }
}

void KERNEL(const struct gemm_job *job, int64_t begin, int64_t end, void *workspace)
{
    int64_t chunk = direct_chunk(job, ROWS), m, k, k_end, count, a_row;
    _Alignas(64) float sums[ROWS * COLUMNS];
    int in_place = direct_in_place(job);
    const float *a;

    for (; begin < end; begin++) {
        struct gemm_tile tile = gemm_tile_at(job, begin);
        struct direct_end ending;
        int ends = direct_ends(job, &tile, &ending);
        int runs = ends || direct_ends_in_silu(job, &tile, &ending);
        k = 0;
        do { /* once even where k is 0: an empty sum is 0 */
            int64_t most = direct_block(chunk, ROWS), blocks, block;
            struct walk walk = {.job = job, .tile = &tile, .k_begin = k, .sums = sums};
            walk.k_block = job->k_block ? job->k_block : GEMM_K_BLOCK;
            walk.rows = ROWS_OF(walk.k_block);
            walk.k_end = k_end = job->k - k < chunk ? job->k : k + chunk;
            walk.end = ends && k_end == job->k ? &ending : NULL;
            walk.run_end = runs && k == 0 && k_end == job->k ? &ending : NULL;
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
                block_of_rows(&walk, m, count, a, a_row);
            }
            k = k_end;
        } while (k < job->k);
    }
}

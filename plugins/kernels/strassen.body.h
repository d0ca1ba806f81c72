/*
 * plugins/kernels/strassen.body.h - Strassen's seven products, for every instruction set
 *
 * Included behind direct.body.h, whose micro-kernels it calls; the including file defines STRASSEN,
 * the name. A tile makes the seven sums of quarters of its rows of A once. Then, panel by panel of
 * a half: each product takes its own panel, which stays in L1 or L2 while all rows pass, and puts
 * its sums side by side; four quarters of C are added up from them and finished.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

/* Rows of the seven sums of A lie `row` floats apart, sums `plane` apart; products of one panel
 * have COLUMNS floats a pair. */
struct quarters {
    const struct gemm_job *job;
    struct gemm_tile tile; /* of pairs and half columns */
    int64_t row, plane;
    float *a, *products;
};

/* count floats; those of `low` are zeros where it is NULL. a11.. walk along k, a12.. are k / 2
 * further. */
static void sums_of_row(const struct quarters *quarters, const float *high, const float *low,
                        float *to)
{
    int64_t half = quarters->job->k / 2, plane = quarters->plane, k, count;

    for (k = 0; k < half; k += 16, to += 16) {
        lanes16 a11, a12, a21 = zero16(), a22 = zero16();
        count = half - k < 16 ? half - k : 16;
        a11 = part16(high + k, count);
        a12 = part16(high + half + k, count);
        if (low) {
            a21 = part16(low + k, count);
            a22 = part16(low + half + k, count);
        }
        store16(to, add16(a11, a22));
        store16(to + plane, add16(a21, a22));
        store16(to + 2 * plane, a11);
        store16(to + 3 * plane, a22);
        store16(to + 4 * plane, add16(a11, a12));
        store16(to + 5 * plane, sub16(a21, a11));
        store16(to + 6 * plane, sub16(a12, a22));
    }
}

static void sums_of_a(const struct quarters *quarters)
{
    const struct gemm_job *job = quarters->job;
    const float *a = job->a;
    int64_t at, row[2];

    for (at = quarters->tile.m_begin; at < quarters->tile.m_end; at++) {
        strassen_rows(job, at, row);
        sums_of_row(quarters, a + row[0] * job->a_row, row[1] < 0 ? NULL : a + row[1] * job->a_row,
                    quarters->a + (at - quarters->tile.m_begin) * quarters->row);
    }
}

/* Seven products of all rows with the panels at b. */
static void products_of_panel(const struct quarters *quarters, const float *b)
{
    int64_t k = quarters->job->k / 2, count = quarters->tile.m_end - quarters->tile.m_begin;
    int64_t pieces = (count + ROWS - 1) / ROWS, rows = count / pieces, more = count % pieces;
    int64_t product, piece, m;

    for (product = 0; product < STRASSEN_PRODUCTS; product++, b += k * COLUMNS)
        for (piece = m = 0; piece < pieces; piece++) {
            int64_t here = rows + (piece < more);
            const float *ahead = piece > 1 ? NULL : b + (k + piece * k / 2) * COLUMNS;
            multiply_rows[here](k, GEMM_K_BLOCK,
                                quarters->a + product * quarters->plane + m * quarters->row,
                                quarters->row, b, ahead,
                                quarters->products + (product * count + m) * COLUMNS, 1, NULL);
            m += here;
        }
}

/* Quarters of C from the products of one pair, sixteen columns. */
static inline void quarters_of_c(const float *m, int64_t plane, float *const to[4])
{
    lanes16 m1 = load16(m), m2 = load16(m + plane), m3 = load16(m + 2 * plane);
    lanes16 m4 = load16(m + 3 * plane), m5 = load16(m + 4 * plane);

    store16(to[0], add16(sub16(add16(m1, m4), m5), load16(m + 6 * plane)));
    store16(to[1], add16(m3, m5));
    store16(to[2], add16(m2, m4));
    store16(to[3], add16(add16(sub16(m1, m2), m3), load16(m + 5 * plane)));
}

/* Pairs from `at` on, at most ROWS, whose rows follow one another in both halves of one image. */
static int64_t run_of_pairs(const struct gemm_job *job, int64_t at, int64_t end)
{
    int64_t half = (job->image_rows + 1) / 2, count = half - at % half;

    if (at % half < half - 1 && job->image_rows % 2 != 0)
        count--; /* the last one has no second row */
    count = count < ROWS ? count : ROWS;
    return count < end - at ? count : end - at;
}

/* Columns n.. of both halves: C from the products of a panel. */
static void deliver_panel(const struct quarters *quarters, int64_t n)
{
    const struct gemm_job *job = quarters->job;
    int64_t pairs = quarters->tile.m_end - quarters->tile.m_begin, half = job->n / 2;
    int64_t columns = half - n < COLUMNS ? half - n : COLUMNS, at, count, r, v, row[2];
    _Alignas(64) float c[4][ROWS * COLUMNS];
    struct gemm_tile whole = {0};

    whole.m_end = job->m;
    whole.n_end = job->n;
    for (at = quarters->tile.m_begin; at < quarters->tile.m_end; at += count) {
        const float *m = quarters->products + (at - quarters->tile.m_begin) * COLUMNS;
        count = run_of_pairs(job, at, quarters->tile.m_end);
        for (r = 0; r < count * COLUMNS; r += 16) {
            float *const to[4] = {c[0] + r, c[1] + r, c[2] + r, c[3] + r};
            quarters_of_c(m + r, pairs * COLUMNS, to);
        }
        strassen_rows(job, at, row);
        for (v = 0; v < 4; v++)
            if (row[v / 2] >= 0)
                FINISH(job, &whole, row[v / 2], count, n + (v % 2) * half, columns, c[v]);
    }
}

void STRASSEN(const struct gemm_job *job, int64_t begin, int64_t end, void *workspace)
{
    struct quarters quarters = {.job = job, .row = direct_gathered_row(job->k / 2)};
    int64_t made = -1, n;

    for (; begin < end; begin++) {
        struct gemm_tile tile = strassen_tile_at(job, begin);
        int64_t pairs = tile.m_end - tile.m_begin;

        quarters.tile = tile;
        quarters.plane = pairs * quarters.row;
        quarters.a = workspace;
        quarters.products = quarters.a + STRASSEN_PRODUCTS * quarters.plane;
        if (made != tile.m_begin)
            sums_of_a(&quarters);
        made = tile.m_begin;
        for (n = tile.n_begin; n < tile.n_end; n += COLUMNS) {
            products_of_panel(&quarters, job->b_packed + STRASSEN_PRODUCTS * (job->k / 2) * n);
            deliver_panel(&quarters, n);
        }
    }
}

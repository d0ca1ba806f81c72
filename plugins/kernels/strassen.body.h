/*
 * plugins/kernels/strassen.body.h - Strassen's seven products, for every instruction set
 *
 * Included behind direct.body.h, whose micro-kernels it calls; the including file defines STRASSEN,
 * the name. A tile makes the seven sums of quarters of its rows of A once. Then, group by group of
 * panels of a half: each product takes its own panels, one after another, and puts its sums side by
 * side; four quarters of C are added up from them and finished.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

/* The seven sums of A lie chunk by chunk of k: block (product, chunk) has a row for each of `made`
 * pairs, `row` floats apart, of which the tile's begin at `first`. Products of one panel have
 * COLUMNS floats a pair. */
struct quarters {
    const struct strassen_job *job;
    struct gemm_tile tile; /* of pairs and half columns */
    int64_t pairs, made, first, row, chunk, chunks;
    float *a, *products;
};

/* The first row of the tile's pairs. */
static float *block_of_a(const struct quarters *quarters, int64_t product, int64_t chunk)
{
    int64_t block = product * quarters->chunks + chunk;

    return quarters->a + (block * quarters->made + quarters->first) * quarters->row;
}

/* Sixteen elements of k, of which `count` are there; those of `low` are zeros where it is NULL. */
static inline void sums_at(const float *high, const float *low, int64_t half, int64_t count,
                           float *to, int64_t plane)
{
    lanes16 a11 = part16(high, count), a12 = part16(high + half, count), a21 = zero16(),
            a22 = zero16();

    if (low) {
        a21 = part16(low, count);
        a22 = part16(low + half, count);
    }
    store16(to, add16(a11, a22));
    store16(to + plane, add16(a21, a22));
    store16(to + 2 * plane, a11);
    store16(to + 3 * plane, a22);
    store16(to + 4 * plane, add16(a11, a12));
    store16(to + 5 * plane, sub16(a21, a11));
    store16(to + 6 * plane, sub16(a12, a22));
}

/* Of the tile's pairs begin..end. */
static void sums_of_a(const struct quarters *quarters, int64_t begin, int64_t end)
{
    const struct gemm_job *product = &quarters->job->product;
    int64_t half = product->k / 2, plane = quarters->chunks * quarters->made * quarters->row;
    int64_t k, row[2];

    for (; begin < end; begin++) {
        const float *high, *low;
        strassen_rows(quarters->job, quarters->tile.m_begin + begin, row);
        high = (const float *)product->a + row[0] * product->a_row;
        low = row[1] < 0 ? NULL : (const float *)product->a + row[1] * product->a_row;
        for (k = 0; k < half; k += 16)
            sums_at(high + k, low ? low + k : NULL, half, half - k < 16 ? half - k : 16,
                    block_of_a(quarters, 0, k / quarters->chunk) + begin * quarters->row +
                        k % quarters->chunk,
                    plane);
    }
}

/* The operand of an addition at the end, or NULL. */
static const float *added_to(const struct gemm_job *product)
{
    int32_t i;

    for (i = 0; i < product->step_count; i++)
        if (product->steps[i].kind == IMGCLS_EPILOGUE_ADD)
            return product->steps[i].operand;
    return NULL;
}

/* Asks for the lines of C, and of what is added to it, where pairs from `at` on meet columns n.. of
 * both halves. */
static void expect_pairs(const struct quarters *quarters, int64_t at, int64_t count, int64_t n)
{
    const struct gemm_job *product = &quarters->job->product;
    const float *operand = added_to(product);
    int64_t row[2], i;
    int q;

    for (i = at; i < at + count; i++) {
        strassen_rows(quarters->job, quarters->tile.m_begin + i, row);
        for (q = 0; q < 4; q++) {
            int64_t place = row[q / 2] * product->c_row + n + q % 2 * (product->n / 2);
            if (row[q / 2] < 0)
                continue;
            __builtin_prefetch((float *)product->c + place, 1);
            if (operand)
                __builtin_prefetch(operand + place);
        }
    }
}

/* One chunk of one product: all rows at a with one panel, `count` elements of k at b; where not
 * fresh, added to what is there. What is needed next is asked for meanwhile: the first two
 * micro-tiles ask for the next panel, half each, the others for the sums of A at `next`; and all
 * for C at columns n.., if n is not negative. */
static void product_of_panel(const struct quarters *quarters, const float *a, const float *b,
                             int64_t k, const float *next, int64_t n, float *to, int fresh)
{
    int64_t count = quarters->pairs, piece, half = quarters->job->product.k / 2;
    int64_t pieces, rows, more, at = 0;

#ifdef RUN
    if (fresh) { /* rows that are computed without asking for more than the next panel */
        const struct direct_end end = {
            .c = to, .c_row = COLUMNS, .columns = COLUMNS, .low = -__builtin_inff(), .high = __builtin_inff()};
        at = RUN(k, GEMM_K_BLOCK, count, a, quarters->row, b, &end);
        a += at * quarters->row;
        to += at * COLUMNS;
        count -= at;
        if (n >= 0)
            expect_pairs(quarters, 0, at, n);
        if (count == 0)
            return;
    }
#endif
    pieces = (count + ROWS - 1) / ROWS;
    rows = count / pieces;
    more = count % pieces;
    for (piece = 0; piece < pieces; piece++) {
        int64_t here = rows + (piece < more);
        const float *ahead = next;
        if (n >= 0)
            expect_pairs(quarters, at, here, n);
        at += here;
        if (piece < 2)
            ahead = b + (half + piece * k / 2) * COLUMNS;
        else if (next)
            next += k * (COLUMNS / 2);
        multiply_rows[here](k, GEMM_K_BLOCK, a, quarters->row, b, ahead, to, fresh, NULL);
        a += here * quarters->row;
        to += here * COLUMNS;
    }
}

/* Seven products of all rows with the group of panels at b. */
static void products_of_group(const struct quarters *quarters, int64_t n, int64_t panels)
{
    int64_t k = quarters->job->product.k / 2, size = quarters->pairs * COLUMNS, product, chunk, p;
    const float *b = quarters->job->product.b_packed + STRASSEN_PRODUCTS * k * n;

    for (product = 0; product < STRASSEN_PRODUCTS; product++)
        for (chunk = 0; chunk < quarters->chunks; chunk++) {
            const float *a = block_of_a(quarters, product, chunk);
            int64_t begin = chunk * quarters->chunk, count = k - begin;
            int is_last = product == STRASSEN_PRODUCTS - 1 && count <= quarters->chunk;
            for (p = 0; p < panels; p++)
                product_of_panel(quarters, a,
                                 b + ((product * panels + p) * k + begin) * COLUMNS,
                                 count < quarters->chunk ? count : quarters->chunk,
                                 p + 1 < panels ? NULL : block_of_a(quarters, product, chunk + 1),
                                 is_last ? n + p * COLUMNS : -1,
                                 quarters->products + (p * STRASSEN_PRODUCTS + product) * size,
                                 chunk == 0);
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
static int64_t run_of_pairs(const struct strassen_job *job, int64_t at, int64_t end)
{
    int64_t half = (job->image_rows + 1) / 2, count = half - at % half;

    if (at % half < half - 1 && job->image_rows % 2 != 0)
        count--; /* the last one has no second row */
    count = count < ROWS ? count : ROWS;
    return count < end - at ? count : end - at;
}

/* Columns n.. of both halves: C from the products of a panel. */
static void deliver_panel(const struct quarters *quarters, int64_t n, const float *products)
{
    const struct gemm_job *product = &quarters->job->product;
    const struct gemm_tile whole = {.m_end = product->m, .n_end = product->n};
    int64_t half = product->n / 2, columns = half - n < COLUMNS ? half - n : COLUMNS, row[2];
    int64_t at = quarters->tile.m_begin, count, r;
    _Alignas(64) float c[4][ROWS * COLUMNS];
    int q;

    for (; at < quarters->tile.m_end; at += count, products += count * COLUMNS) {
        count = run_of_pairs(quarters->job, at, quarters->tile.m_end);
        for (r = 0; r < count * COLUMNS; r += 16) {
            float *const to[4] = {c[0] + r, c[1] + r, c[2] + r, c[3] + r};
            quarters_of_c(products + r, quarters->pairs * COLUMNS, to);
        }
        strassen_rows(quarters->job, at, row);
        for (q = 0; q < 4; q++)
            if (row[q / 2] >= 0)
                FINISH(product, &whole, row[q / 2], count, n + q % 2 * half, columns, c[q]);
    }
}

/* All of a tile's columns, the sums of A being made. */
static void columns_of_tile(const struct quarters *quarters)
{
    int64_t end = quarters->tile.n_end, size = quarters->pairs * COLUMNS, n, p, panels;

    for (n = quarters->tile.n_begin; n < end; n += panels * COLUMNS) {
        panels = (end - n + COLUMNS - 1) / COLUMNS;
        panels = panels < STRASSEN_GROUP ? panels : STRASSEN_GROUP;
        products_of_group(quarters, n, panels);
        for (p = 0; p < panels; p++)
            deliver_panel(quarters, n + p * COLUMNS,
                          quarters->products + p * STRASSEN_PRODUCTS * size);
    }
}

void STRASSEN(const struct strassen_job *job, int64_t begin, int64_t end, void *workspace)
{
    struct quarters quarters = {.job = job, .a = job->phase ? job->common : workspace};
    int64_t sums_of = -1; /* the tile's first pair */

    quarters.chunk = strassen_chunk(job->product.k);
    quarters.chunks = (job->product.k / 2 + quarters.chunk - 1) / quarters.chunk;
    quarters.row = direct_gathered_row(quarters.chunk);
    if (job->phase == STRASSEN_SUMS) {
        quarters.made = job->pairs;
        sums_of_a(&quarters, begin, end);
        return;
    }
    for (; begin < end; begin++) {
        quarters.tile = strassen_tile_at(job, begin);
        quarters.pairs = quarters.tile.m_end - quarters.tile.m_begin;
        quarters.made = job->phase ? job->pairs : quarters.pairs;
        quarters.first = job->phase ? quarters.tile.m_begin : 0;
        quarters.products = (float *)workspace + STRASSEN_PRODUCTS * quarters.chunks *
                                                     quarters.made * quarters.row;
        if (job->phase == STRASSEN_ALONE && sums_of != quarters.tile.m_begin)
            sums_of_a(&quarters, 0, quarters.pairs);
        sums_of = quarters.tile.m_begin;
        columns_of_tile(&quarters);
    }
}

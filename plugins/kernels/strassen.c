/*
 * plugins/kernels/strassen.c - shapes, grid and packing of Strassen's products
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/strassen.h"

#include <string.h>

#include "plugins/kernels/panels.h"

/* Pairs of a tile: as many as the images of vision transformers have, so that B, seven fourths of
 * what it was, comes from memory once. (Half of them: a tenth slower for ViT-B's products.) Their
 * sums need not stay in L2, those of one product do while a group of panels passes. */
#define PAIRS_MOST  112
#define SUMS_FLOATS (1280 * 1024)
/* Below these an eighth fewer multiply-adds do not make up for the sums: of A (whatever n is) and of
 * the products (whatever k is). */
#define ROWS_LEAST   64
#define SIDE_LEAST   384
#define MATRIX_LEAST (384 * 1024)

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t round_up(int64_t value, int64_t unit)
{
    return (value + unit - 1) / unit * unit;
}

int strassen_fits(int64_t image_rows, int64_t n, int64_t k)
{
    return image_rows > 1 && n > 0 && n % 2 == 0 && k > 0 && k % 2 == 0 && k <= STRASSEN_K_MOST;
}

int strassen_wins(int64_t image_rows, int64_t n, int64_t k)
{
    return strassen_fits(image_rows, n, k) && image_rows >= ROWS_LEAST && n % 32 == 0 &&
           n >= SIDE_LEAST && k >= SIDE_LEAST && k >= MATRIX_LEAST / n;
}

void strassen_rows(const struct strassen_job *job, int64_t at, int64_t row[2])
{
    int64_t half = (job->image_rows + 1) / 2, image = at / half, first = at % half;

    row[0] = image * job->image_rows + first;
    row[1] = first + half < job->image_rows ? row[0] + half : -1;
}

int64_t strassen_chunk(int64_t k)
{
    const struct gemm_job part = {.m = INT64_MAX, .k = k / 2};

    return direct_chunk(&part, 1);
}

/* Floats of one sum of a pair's quarters: a line at least, also where k fits nothing, so that nobody
 * divides by 0. */
static int64_t sum_floats(int64_t k)
{
    int64_t chunk = strassen_chunk(k);

    return k < 2 ? direct_gathered_row(1) : (k / 2 + chunk - 1) / chunk * direct_gathered_row(chunk);
}

/* Pairs whose sums a tile has room for. */
static int64_t most_pairs(int64_t k, int64_t rows)
{
    int64_t most = SUMS_FLOATS / STRASSEN_PRODUCTS / sum_floats(k) / rows * rows;

    return most < rows ? rows : least(most, PAIRS_MOST / rows * rows);
}

int64_t strassen_grid(struct strassen_job *job, int64_t rows, int64_t columns, int32_t threads)
{
    const struct gemm_job *product = &job->product;
    int64_t most = most_pairs(product->k, rows), group = STRASSEN_GROUP * (columns ? columns : 1);
    int64_t groups = (product->n / 2 + group - 1) / group, wanted = 3 * (int64_t)threads, tiles;

    if (product->m == 0 || product->n == 0)
        return 0;
    job->pairs = product->m / job->image_rows * ((job->image_rows + 1) / 2);
    job->tiles_m = (job->pairs + most - 1) / most;
    job->together = threads > 1 && columns && job->tiles_m == 1;
    job->phase = STRASSEN_ALONE;
    tiles = threads > 1 ? (wanted + job->tiles_m - 1) / job->tiles_m : 1;
    job->tile_columns = (groups > tiles ? groups / tiles : 1) * group;
    job->tiles_n = (product->n / 2 + job->tile_columns - 1) / job->tile_columns;
    if (job->together) /* the sums are there for all: pairs are dealt out where groups are few */
        job->tiles_m = least((wanted + job->tiles_n - 1) / job->tiles_n,
                             (job->pairs + rows - 1) / rows);
    job->tile_pairs = (job->pairs + job->tiles_m - 1) / job->tiles_m;
    job->tiles_m = (job->pairs + job->tile_pairs - 1) / job->tile_pairs;
    return job->tiles_m * job->tiles_n;
}

struct gemm_tile strassen_tile_at(const struct strassen_job *job, int64_t index)
{
    int64_t m = index % job->tiles_m, n = index / job->tiles_m;
    struct gemm_tile tile = {0};

    tile.m_begin = m * job->tile_pairs;
    tile.m_end = least(tile.m_begin + job->tile_pairs, job->pairs);
    tile.n_begin = n * job->tile_columns;
    tile.n_end = least(tile.n_begin + job->tile_columns, job->product.n / 2);
    return tile;
}

size_t strassen_workspace(int64_t k, int64_t rows, int64_t columns)
{
    if (columns == 0)
        return 0;
    return (size_t)(STRASSEN_PRODUCTS * most_pairs(k, rows)) *
           (size_t)(sum_floats(k) + STRASSEN_GROUP * columns) * sizeof(float);
}

int64_t strassen_packed_size(int64_t k, int64_t n, int64_t panel)
{
    return STRASSEN_PRODUCTS * (k / 2) * round_up(n / 2, panel);
}

typedef float four __attribute__((vector_size(16)));

/* to = a + sign * b, `count` floats, a multiple of four. */
static void add(const float *a, const float *b, float sign, int64_t count, float *to)
{
    const four signs = {sign, sign, sign, sign};
    int64_t i;

    for (i = 0; i < count; i += 4) {
        four x, y;
        memcpy(&x, a + i, sizeof x);
        memcpy(&y, b + i, sizeof y);
        x += signs * y; /* a product by 1 or -1 rounds nothing */
        memcpy(to + i, &x, sizeof x);
    }
}

/* One panel of a quarter of B: rows from k on, columns from n on. */
static void quarter(const struct gemm_job *product, int64_t k, int64_t n, int64_t panel, float *to)
{
    const float *b = (const float *)product->b + k * product->b_row + n * product->b_column;
    int64_t columns = least(panel, n < product->n / 2 ? product->n / 2 - n : product->n - n);

    if (product->b_column == 1)
        panels_of_rows(b, product->b_row, product->k / 2, columns, panel, to);
    else
        panels_of_columns(b, product->b_column, product->k / 2, 1, columns, panel, to);
}

/* Where the panel that begins at column n of a quarter lies in the first of the seven sums; *step:
 * floats from one sum to the next. */
static float *panel_of_sums(const struct gemm_job *product, int64_t n, int64_t panel, float *to,
                            int64_t *step)
{
    int64_t size = product->k / 2 * panel, panels = (product->n / 2 + panel - 1) / panel;
    int64_t group = n / panel / STRASSEN_GROUP * STRASSEN_GROUP;

    *step = least(STRASSEN_GROUP, panels - group) * size;
    return to + STRASSEN_PRODUCTS * group * size + (n / panel - group) * size;
}

/* Sixteen columns of a row of each quarter, to a line of each sum. */
static void put_sums(const float *b11, const float *b12, const float *b21, const float *b22,
                     float *to, int64_t step, int past_caches)
{
    float line[5][PANELS_BLOCK] __attribute__((aligned(64)));

    add(b11, b22, 1, PANELS_BLOCK, line[0]);
    add(b12, b22, -1, PANELS_BLOCK, line[1]);
    add(b21, b11, -1, PANELS_BLOCK, line[2]);
    add(b11, b12, 1, PANELS_BLOCK, line[3]);
    add(b21, b22, 1, PANELS_BLOCK, line[4]);
    panels_put(to, line[0], past_caches);
    panels_put(to + step, b11, past_caches);
    panels_put(to + 2 * step, line[1], past_caches);
    panels_put(to + 3 * step, line[2], past_caches);
    panels_put(to + 4 * step, b22, past_caches);
    panels_put(to + 5 * step, line[3], past_caches);
    panels_put(to + 6 * step, line[4], past_caches);
}

/* Of a quarter, read side by side. Four quarters' rows often lie a multiple of 4 KiB apart, where L1
 * has room for eight lines: with eight rows packing took more than twice as long. */
#define ROWS   2
#define ACROSS 128 /* floats of a row that are read in one go */

/* Rows of B as they lie, in panels without a rest: each is read once, from its beginning on. */
static void pack_rows(const struct gemm_job *product, int64_t panel, float *to)
{
    int64_t k = product->k / 2, half = product->n / 2, row, across, n, i, j, step;
    int64_t below = k * product->b_row;
    int past_caches = panels_stream(strassen_packed_size(product->k, product->n, panel));

    for (row = 0; row < k; row += ROWS)
        for (across = 0; across < half; across += ACROSS)
            for (n = across; n < least(half, across + ACROSS); n += panel) {
                float *sums = panel_of_sums(product, n, panel, to, &step);
                for (i = row; i < least(k, row + ROWS); i++) {
                    const float *b = (const float *)product->b + i * product->b_row + n;
                    for (j = 0; j < panel; j += PANELS_BLOCK)
                        put_sums(b + j, b + j + half, b + j + below, b + j + below + half,
                                 sums + i * panel + j, step, past_caches);
                }
            }
    panels_done(past_caches);
}

void strassen_pack(const struct gemm_job *product, int64_t panel, float *to)
{
    int64_t k = product->k / 2, half = product->n / 2, size = k * panel, n, step;

    if (product->b_column == 1 && panel % PANELS_BLOCK == 0 && ACROSS % panel == 0 &&
        half % panel == 0 && (uintptr_t)to % (PANELS_BLOCK * sizeof *to) == 0) {
        pack_rows(product, panel, to);
        return;
    }
    for (n = 0; n < half; n += panel) {
        float *m1 = panel_of_sums(product, n, panel, to, &step), *m2 = m1 + step, *m3 = m2 + step,
              *m4 = m3 + step, *m5 = m4 + step, *m6 = m5 + step, *m7 = m6 + step;
        /* quarters where they are needed last: B11, B22, B12, B21 */
        quarter(product, 0, n, panel, m2);
        quarter(product, k, half + n, panel, m5);
        quarter(product, 0, half + n, panel, m3);
        quarter(product, k, n, panel, m4);
        add(m2, m5, 1, size, m1);
        add(m2, m3, 1, size, m6);
        add(m4, m5, 1, size, m7);
        add(m3, m5, -1, size, m3);
        add(m4, m2, -1, size, m4);
    }
}

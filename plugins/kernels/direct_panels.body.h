/*
 * plugins/kernels/direct_panels.body.h - few rows by several panels side by side
 *
 * Included behind lanes16.*.h, with ROWS and COLUMNS (a multiple of 16) defined, before
 * direct.body.h. With few rows memory decides, and panels that are read side by side come nearly
 * twice as fast as one after another: the hardware follows each by itself, and asking for lines
 * ahead only makes that slower. Sums run as in direct.h: blocks of k, added in rising order.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

#define FEW_ROWS     3
#define PANELS_MOST  6
#define SIXTEENS     (COLUMNS / 16) /* of a panel */

static inline __attribute__((always_inline)) void
multiply_panels(const int rows, const int panels, int64_t k, int64_t block, const float *a,
                int64_t a_row, const float *b, int64_t panel, float *sums, int fresh)
{
    int64_t end;
    int p, r, v;

    do {
        lanes16 c[PANELS_MOST][FEW_ROWS][SIXTEENS];
#pragma GCC unroll 6
        for (p = 0; p < panels; p++)
#pragma GCC unroll 3
            for (r = 0; r < rows; r++)
#pragma GCC unroll 2
                for (v = 0; v < SIXTEENS; v++)
                    c[p][r][v] = zero16();
        end = k < block ? k : block;
        k -= end;
        for (; end > 0; end--, b += COLUMNS, a++)
#pragma GCC unroll 6
            for (p = 0; p < panels; p++)
#pragma GCC unroll 2
                for (v = 0; v < SIXTEENS; v++) {
                    const lanes16 columns = load16(b + p * panel + 16 * v);
#pragma GCC unroll 3
                    for (r = 0; r < rows; r++)
                        c[p][r][v] = multiples16(a[r * a_row], columns, c[p][r][v]);
                }
#pragma GCC unroll 6
        for (p = 0; p < panels; p++)
#pragma GCC unroll 3
            for (r = 0; r < rows; r++)
#pragma GCC unroll 2
                for (v = 0; v < SIXTEENS; v++) {
                    float *at = sums + (p * ROWS + r) * COLUMNS + 16 * v;
                    store16(at, fresh ? c[p][r][v] : add16(load16(at), c[p][r][v]));
                }
        fresh = 0;
    } while (k > 0);
}

#define MULTIPLY_PANELS(R, P)                                                              \
    static void multiply_##R##_by_##P(int64_t k, int64_t block, const float *a,            \
                                      int64_t a_row, const float *b, int64_t panel,        \
                                      float *sums, int fresh)                              \
    {                                                                                      \
        multiply_panels(R, P, k, block, a, a_row, b, panel, sums, fresh);                  \
    }
MULTIPLY_PANELS(1, 6)
MULTIPLY_PANELS(2, 3)
MULTIPLY_PANELS(3, 2)

static const struct direct_few few_rows[FEW_ROWS + 1] = {
    {0, NULL}, {6, multiply_1_by_6}, {3, multiply_2_by_3}, {2, multiply_3_by_2},
};

/*
 * plugins/kernels/direct.neon.c - products whose A is read in place: tiles of 6 x 16
 *
 * Twenty-four accumulators, four vectors of B and one float of A are 29 of the 32 registers; a
 * step along k costs 24 fused multiply-adds against 10 loads, and A's floats are multiplied as
 * elements, so that no pipe copies them into vectors. 8 x 12 has as many accumulators, but of
 * channels, which are multiples of sixteen, it would compute up to an eighth in vain.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/strassen.h"

#include "plugins/kernels/finish.neon.h"
#include "plugins/kernels/lanes16.neon.h"

#define ROWS          DIRECT_ROWS_NEON
#define COLUMNS       DIRECT_COLUMNS_NEON
#define KERNEL        gemm_direct_f32_6x16_neon
#define FINISH        finish_tile
#define ENDS(columns) 1
#define ROWS_OF(block) ((void)(block), ROWS)
#define MULTIPLY_OF(columns) ((void)(columns), multiply_rows)

/* Without a bias -0 is added, which changes no bit. */
static inline __attribute__((always_inline)) void
end_rows(const int rows, const struct direct_end *end, lanes16 c[ROWS])
{
    const lanes16 bias = end->bias ? part16(end->bias, end->columns) : spread16(-0.0f);
    const float *operand = end->operand;
    float *to = end->c;
    int r;

#pragma GCC unroll 6
    for (r = 0; r < rows; r++, to += end->c_row) {
        lanes16 x = add16(c[r], bias);
        if (operand) {
            x = add16(x, part16(operand, end->columns));
            operand += end->c_row;
        }
        if (end->is_hardswish)
            x = mul16(x, hardsigmoid16(x, 1.0f / 6, 0.5f));
        if (end->is_bounded)
            x = min16(spread16(end->high), max16(spread16(end->low), x));
        store_part16(to, x, end->columns);
    }
}

/* sums (+)= rows of A times one panel of B: blocks of k, added in rising order. */
static inline __attribute__((always_inline)) void
multiply(const int rows, int64_t k, int64_t block, const float *a, int64_t a_row,
         const float *b, float *sums, int fresh, const struct direct_end *end)
{
    int64_t count;
    int r;

    do {
        lanes16 c[ROWS];
#pragma GCC unroll 6
        for (r = 0; r < rows; r++)
            c[r] = zero16();
        count = k < block ? k : block;
        k -= count;
        for (; count > 0; count--, a++, b += COLUMNS) {
            const lanes16 columns = load16(b);
#pragma GCC unroll 6
            for (r = 0; r < rows; r++)
                c[r] = multiples16(a[r * a_row], columns, c[r]);
        }
        if (!fresh)
#pragma GCC unroll 6
            for (r = 0; r < rows; r++)
                c[r] = add16(load16(sums + r * COLUMNS), c[r]);
        if (k == 0 && end) {
            end_rows(rows, end, c);
            return;
        }
#pragma GCC unroll 6
        for (r = 0; r < rows; r++)
            store16(sums + r * COLUMNS, c[r]);
        fresh = 0;
    } while (k > 0);
}

#define MULTIPLY(R)                                                                        \
    static void multiply_##R(int64_t k, int64_t block, const float *a, int64_t a_row,      \
                             const float *b, const float *ahead, float *sums, int fresh,   \
                             const struct direct_end *end)                                 \
    {                                                                                      \
        (void)ahead;                                                                       \
        multiply(R, k, block, a, a_row, b, sums, fresh, end);                              \
    }
MULTIPLY(1)
MULTIPLY(2)
MULTIPLY(3)
MULTIPLY(4)
MULTIPLY(5)
MULTIPLY(6)

static direct_multiply *const multiply_rows[ROWS + 1] = {
    NULL, multiply_1, multiply_2, multiply_3, multiply_4, multiply_5, multiply_6,
};

static void keep(const float *sums, float *c, int64_t count)
{
    store_part16(c, load16(sums), count);
}

static void take(float *sums, const float *c, int64_t count)
{
    store16(sums, part16(c, count));
}

static void finish_tile(const struct gemm_job *job, const struct gemm_tile *tile, int64_t m,
                        int64_t rows, int64_t n, int64_t columns, const float *sums)
{
    int64_t r;

    for (r = 0; r < rows; r++, sums += COLUMNS)
        finish_neon(job, tile, m + r, n, columns, load16(sums));
}

#include "plugins/kernels/direct_panels.body.h"

#include "plugins/kernels/direct.body.h"

#define STRASSEN strassen_f32_6x16_neon
#include "plugins/kernels/strassen.body.h"

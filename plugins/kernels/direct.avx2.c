/*
 * plugins/kernels/direct.avx2.c - products whose A is read in place: tiles of 6 x 16
 *
 * Twelve accumulators, two vectors of B and one broadcast of A are 15 of the 16 registers; a
 * step along k costs 12 fused multiply-adds against 8 loads, two of which a cycle can do. Two
 * steps a turn: where another program shares the core, instructions that only count are what is
 * short. Up to eight columns take one vector of B and half the multiply-adds.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/direct.h"

#include <immintrin.h>

#include "plugins/kernels/finish.avx2.h"
#include "plugins/kernels/lanes16.avx2.h"

#define ROWS    DIRECT_ROWS_AVX2
#define COLUMNS DIRECT_COLUMNS_AVX2
#define KERNEL  gemm_direct_f32_6x16_avx2
#define FINISH  finish_rows_avx2
#define ENDS(columns) ((columns) % 8 == 0) /* no masked stores: finish.avx2.h */
#define MULTIPLY_OF(rows, columns) ((columns) > 8 ? multiply_rows : multiply_half_rows)[rows]

/* Finishes one vector. Without a bias -0 is added, which changes no bit. */
static inline __attribute__((always_inline)) __m256 end_vector(const struct direct_end *end,
                                                               __m256 x, const float *bias,
                                                               const float *operand)
{
    x = _mm256_add_ps(x, bias ? _mm256_loadu_ps(bias) : _mm256_set1_ps(-0.0f));
    if (operand)
        x = _mm256_add_ps(x, _mm256_loadu_ps(operand));
    if (end->is_hardswish)
        x = _mm256_mul_ps(x, hardsigmoid_avx2(x, 1.0f / 6, 0.5f));
    if (end->is_bounded) {
        x = _mm256_max_ps(_mm256_set1_ps(end->low), x);
        x = _mm256_min_ps(_mm256_set1_ps(end->high), x);
    }
    return x;
}

/* Rows of eight or sixteen columns into C. */
static inline __attribute__((always_inline)) void
end_rows(const int rows, const int vectors, const struct direct_end *end, __m256 c[ROWS][2])
{
    const float *bias = end->bias, *operand = end->operand;
    float *to = end->c;
    int r;

#pragma GCC unroll 6
    for (r = 0; r < rows; r++, to += end->c_row) {
        _mm256_storeu_ps(to, end_vector(end, c[r][0], bias, operand));
        if (vectors > 1)
            _mm256_storeu_ps(to + 8, end_vector(end, c[r][1], bias ? bias + 8 : NULL,
                                                operand ? operand + 8 : NULL));
        if (operand)
            operand += end->c_row;
    }
}

/* One step along k: c += a column of A times the first vectors of a row of B. */
static inline __attribute__((always_inline)) void
step(const int rows, const int vectors, const float *a0, const float *a3, int64_t a_row,
     const float *b, __m256 c[ROWS][2])
{
    __m256 b0 = _mm256_load_ps(b), b1 = vectors > 1 ? _mm256_load_ps(b + 8) : b0;
    int r;

#pragma GCC unroll 6
    for (r = 0; r < rows; r++) {
        __m256 w = _mm256_broadcast_ss((r < 3 ? a0 : a3) + r % 3 * a_row);
        c[r][0] = _mm256_fmadd_ps(w, b0, c[r][0]);
        if (vectors > 1)
            c[r][1] = _mm256_fmadd_ps(w, b1, c[r][1]);
    }
}

/* c to sums, or added to what is there. */
static inline __attribute__((always_inline)) void
sum_up(const int rows, const int vectors, const int fresh, float *sums, __m256 c[ROWS][2])
{
    int r, v;

#pragma GCC unroll 6
    for (r = 0; r < rows; r++)
#pragma GCC unroll 2
        for (v = 0; v < vectors; v++) {
            float *at = sums + r * COLUMNS + 8 * v;
            if (!fresh)
                c[r][v] = _mm256_add_ps(_mm256_load_ps(at), c[r][v]);
            _mm256_store_ps(at, c[r][v]);
        }
}

/* sums (+)= rows of A times the first vectors of a panel of B: blocks of k, added in rising
 * order. */
static inline __attribute__((always_inline)) void
multiply(const int rows, const int vectors, int64_t k, int64_t block, const float *a,
         int64_t a_row, const float *b, const float *ahead, float *sums, int fresh,
         const struct direct_end *finish)
{
    const float *a0 = a, *a3 = rows > 3 ? a + 3 * a_row : a;
    int64_t end;
    int r, v;

    do {
        __m256 c[ROWS][2];
#pragma GCC unroll 6
        for (r = 0; r < rows; r++)
            c[r][0] = c[r][1] = _mm256_setzero_ps();
        end = k < block ? k : block;
        k -= end;
        for (; end >= 2; end -= 2, b += 2 * COLUMNS, a0 += 2, a3 += 2) {
            _mm_prefetch((const char *)ahead, _MM_HINT_T1);
            ahead += 16;
            step(rows, vectors, a0, a3, a_row, b, c);
            step(rows, vectors, a0 + 1, a3 + 1, a_row, b + COLUMNS, c);
        }
        for (; end > 0; end--, b += COLUMNS, a0++, a3++)
            step(rows, vectors, a0, a3, a_row, b, c);
        if (k == 0 && finish) {
#pragma GCC unroll 6
            for (r = 0; r < rows && !fresh; r++)
#pragma GCC unroll 2
                for (v = 0; v < vectors; v++)
                    c[r][v] = _mm256_add_ps(_mm256_load_ps(sums + r * COLUMNS + 8 * v), c[r][v]);
            end_rows(rows, vectors, finish, c);
            return;
        }
        sum_up(rows, vectors, fresh, sums, c);
        fresh = 0;
    } while (k > 0);
}

#define MULTIPLY_AS(NAME, R, VECTORS)                                                      \
    static void NAME(int64_t k, int64_t block, const float *a, int64_t a_row, const float *b, \
                     const float *ahead, float *sums, int fresh, const struct direct_end *end) \
    {                                                                                      \
        multiply(R, VECTORS, k, block, a, a_row, b, ahead, sums, fresh, end);              \
    }
#define MULTIPLY(R)                                                                        \
    MULTIPLY_AS(multiply_##R, R, 2)                                                        \
    MULTIPLY_AS(multiply_half_##R, R, 1)
MULTIPLY(1)
MULTIPLY(2)
MULTIPLY(3)
MULTIPLY(4)
MULTIPLY(5)
MULTIPLY(6)

static direct_multiply *const multiply_rows[ROWS + 1] = {
    NULL, multiply_1, multiply_2, multiply_3, multiply_4, multiply_5, multiply_6,
};

static direct_multiply *const multiply_half_rows[ROWS + 1] = {
    NULL,           multiply_half_1, multiply_half_2, multiply_half_3,
    multiply_half_4, multiply_half_5, multiply_half_6,
};

static void keep(const float *sums, float *c, int64_t count)
{
    __m256 x[2] = {_mm256_load_ps(sums), _mm256_load_ps(sums + 8)};

    keep_avx2(c, count, x);
}

static void take(float *sums, const float *c, int64_t count)
{
    _mm256_store_ps(sums, _mm256_maskload_ps(c, lanes_avx2(count)));
    _mm256_store_ps(sums + 8, _mm256_maskload_ps(c + 8, lanes_avx2(count - 8)));
}

#include "plugins/kernels/direct_panels.body.h"

#include "plugins/kernels/direct.body.h"

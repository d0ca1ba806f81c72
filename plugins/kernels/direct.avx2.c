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

#include "plugins/kernels/strassen.h"

#include <immintrin.h>

#include "plugins/kernels/finish.avx2.h"
#include "plugins/kernels/lanes16.avx2.h"

#define ROWS    DIRECT_ROWS_AVX2
#define COLUMNS DIRECT_COLUMNS_AVX2
#define KERNEL  gemm_direct_f32_6x16_avx2
#define FINISH  finish_rows_avx2
#define STEPS   8
#define ENDS(columns) ((columns) % 8 == 0) /* no masked stores: finish.avx2.h */
#define ROWS_OF(block) ((void)(block), ROWS)
#define MULTIPLY_OF(columns)   ((columns) > 8 ? multiply_rows : multiply_half_rows)

/* One vector's way to C. Bounds that are infinite change nothing and cost less than asking. */
static inline __attribute__((always_inline)) void
end_vector(const int is_hardswish, __m256 x, __m256 bias, __m256 low, __m256 high,
           const float *operand, float *to)
{
    x = _mm256_add_ps(x, bias);
    if (operand)
        x = _mm256_add_ps(x, _mm256_loadu_ps(operand));
    if (is_hardswish)
        x = _mm256_mul_ps(x, hardsigmoid_avx2(x, 1.0f / 6, 0.5f));
    _mm256_storeu_ps(to, at_most_avx2(at_least_avx2(x, low), high));
}

/* Rows of eight or sixteen columns into C, with or without an operand and HardSwish. Without a bias -0
 * is added, which changes no bit. */
static inline __attribute__((always_inline)) void
end_rows_as(const int rows, const int vectors, const int has_operand, const int is_hardswish,
            const struct direct_end *end, __m256 c[ROWS][2])
{
    const __m256 low = _mm256_set1_ps(end->low), high = _mm256_set1_ps(end->high);
    const float *operand = end->operand;
    __m256 bias[2] = {_mm256_set1_ps(-0.0f), _mm256_set1_ps(-0.0f)};
    float *to = end->c;
    int r, v;

    if (end->bias)
#pragma GCC unroll 2
        for (v = 0; v < vectors; v++)
            bias[v] = _mm256_loadu_ps(end->bias + 8 * v);
#pragma GCC unroll 6
    for (r = 0; r < rows; r++, to += end->c_row, operand += has_operand ? end->c_row : 0)
#pragma GCC unroll 2
        for (v = 0; v < vectors; v++)
            end_vector(is_hardswish, c[r][v], bias[v], low, high,
                       has_operand ? operand + 8 * v : NULL, to + 8 * v);
}

static inline __attribute__((always_inline)) void
end_rows(const int rows, const int vectors, const struct direct_end *end, __m256 c[ROWS][2])
{
    if (end->is_hardswish && end->operand)
        end_rows_as(rows, vectors, 1, 1, end, c);
    else if (end->is_hardswish)
        end_rows_as(rows, vectors, 0, 1, end, c);
    else if (end->operand)
        end_rows_as(rows, vectors, 1, 0, end, c);
    else
        end_rows_as(rows, vectors, 0, 0, end, c);
}

/* One step along k: c += element k of the rows of A times the first vectors of a row of B. row:
 * bytes between rows of A. */
static inline __attribute__((always_inline)) void
step(const int rows, const int vectors, const char *a, int64_t row, int64_t row3, int64_t row5,
     const float *b, __m256 c[ROWS][2])
{
    const __m256 b0 = _mm256_load_ps(b), b1 = vectors > 1 ? _mm256_load_ps(b + 8) : b0;
    int r;

#pragma GCC unroll 6
    for (r = 0; r < rows; r++) {
        int64_t at = r == 3 ? row3 : r == 5 ? row5 : r * row;
        __m256 w = _mm256_broadcast_ss((const float *)(const void *)(a + at));
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
    int64_t row = a_row * (int64_t)sizeof *a, row3 = 3 * row, row5 = 5 * row;
    const char *at = (const char *)a;
    int64_t end;
    int r, v, s;

    do {
        __m256 c[ROWS][2];
#pragma GCC unroll 6
        for (r = 0; r < rows; r++)
            c[r][0] = c[r][1] = _mm256_setzero_ps();
        end = k < block ? k : block;
        k -= end;
        for (; end >= STEPS; end -= STEPS, b += STEPS * COLUMNS, at += STEPS * sizeof *a) {
            if (ahead) {
#pragma GCC unroll 8
                for (s = 0; s < STEPS / 2; s++)
                    _mm_prefetch((const char *)(ahead + 16 * s), _MM_HINT_T1);
                ahead += STEPS / 2 * 16;
            }
#pragma GCC unroll 8
            for (s = 0; s < STEPS; s++)
                step(rows, vectors, at + s * (int64_t)sizeof *a, row, row3, row5, b + s * COLUMNS, c);
            __asm__("" : "+r"(row), "+r"(row3), "+r"(row5));
        }
        for (; end > 0; end--, b += COLUMNS, at += sizeof *a)
            step(rows, vectors, at, row, row3, row5, b, c);
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

#define STRASSEN strassen_f32_6x16_avx2
#include "plugins/kernels/strassen.body.h"

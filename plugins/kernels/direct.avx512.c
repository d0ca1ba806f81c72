/*
 * plugins/kernels/direct.avx512.c - products whose A is read in place: tiles of 14 x 32
 *
 * Twenty-eight accumulators and two vectors of B are 30 of the 32 registers; a step along k costs
 * 2 loads of B and 28 fused multiply-adds, which spread a float of A themselves. The hardware
 * brings a panel from L2 by itself; what is asked for is what comes from further away. Up to
 * sixteen columns take one vector of B and half the multiply-adds. Where there are rows for
 * several tiles, direct_run.avx512.h has them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/strassen.h"

#include <immintrin.h>

#include "plugins/kernels/finish.avx512.h"
#include "plugins/kernels/fused.avx512.h"
#include "plugins/kernels/lanes16.avx512.h"

#define ROWS    DIRECT_ROWS_AVX512
#define COLUMNS DIRECT_COLUMNS_AVX512
#define HELD    14 /* vectors */
/* Short blocks of k: half a tile, for sums over earlier blocks that go to L1 and back take an eighth as
 * long as the multiply-adds of 16. */
#define ROWS_OF(block) ((block) < GEMM_K_BLOCK ? HELD / 2 : ROWS)
#define KERNEL  gemm_direct_f32_14x32_avx512
#define FINISH  finish_avx512
#define ENDS(columns) ((void)(columns), 1)
#define EXPECT(end, rows) ((void)0) /* multiply does, row by row */
#define MULTIPLY_OF(columns) ((columns) > 16 ? multiply_rows : multiply_half_rows)

/* One vector's way to C. Bounds that are infinite change nothing and cost less than asking. */
static inline __attribute__((always_inline)) void
end_vector(const int is_hardswish, __m512 x, __m512 bias, __m512 low, __m512 high, __mmask16 lanes,
           const float *operand, float *to)
{
    x = _mm512_add_ps(x, bias);
    if (operand)
        x = _mm512_add_ps(x, _mm512_maskz_loadu_ps(lanes, operand));
    if (is_hardswish)
        x = _mm512_mul_ps(x, hardsigmoid_avx512(x, 1.0f / 6, 0.5f));
    else
        x = _mm512_min_ps(high, _mm512_max_ps(low, x));
    _mm512_mask_storeu_ps(to, lanes, x);
}

/* Rows into C, with or without an operand and HardSwish. Without a bias -0 is added, which changes no
 * bit. */
static inline __attribute__((always_inline)) void
end_rows_as(const int rows, const int vectors, const int has_operand, const int is_hardswish,
            const struct direct_end *end, __m512 c[ROWS][2])
{
    const __mmask16 lanes[] = {lanes_avx512(end->columns), lanes_avx512(end->columns - 16)};
    const __m512 low = _mm512_set1_ps(end->low), high = _mm512_set1_ps(end->high);
    __m512 bias[] = {_mm512_set1_ps(-0.0f), _mm512_set1_ps(-0.0f)};
    const float *operand = end->operand;
    float *to = end->c;
    int r, v;

    if (end->bias)
#pragma GCC unroll 2
        for (v = 0; v < vectors; v++)
            bias[v] = _mm512_maskz_loadu_ps(lanes[v], end->bias + 16 * v);
#pragma GCC unroll 14
    for (r = 0; r < rows; r++, to += end->c_row, operand += has_operand ? end->c_row : 0)
#pragma GCC unroll 2
        for (v = 0; v < vectors; v++)
            end_vector(is_hardswish, c[r][v], bias[v], low, high, lanes[v],
                       has_operand ? operand + 16 * v : NULL, to + 16 * v);
}

static inline __attribute__((always_inline)) void
end_rows(const int rows, const int vectors, const struct direct_end *end, __m512 c[ROWS][2])
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

#include "plugins/kernels/direct_run.avx512.h"
#define RUN run

/* Asks for the lines of a row that the end will touch. One row a step of k: more at a time than a core
 * can wait for would hold up what the products read. */
static inline __attribute__((always_inline)) void expect_row(const struct direct_end *end, int64_t r,
                                                             const int vectors)
{
    const float *c = end->c + r * end->c_row, *operand = end->operand;
    int v;

#pragma GCC unroll 2
    for (v = 0; v < vectors; v++)
        __builtin_prefetch(c + 16 * v, 1);
    if (operand && operand != end->c)
#pragma GCC unroll 2
        for (v = 0; v < vectors; v++)
            __builtin_prefetch(operand + r * end->c_row + 16 * v);
}

/* sums (+)= rows of A times the first vectors of a panel of B: blocks of k, added in rising
 * order. Where HELD registers suffice for them, sums over the blocks before have registers as well. */
static inline __attribute__((always_inline)) void
multiply(const int rows, const int vectors, int64_t k, int64_t block, const float *a, int64_t a_row,
         const float *b, const float *ahead, float *sums, int fresh, const struct direct_end *end)
{
    /* Three rows to a pointer: base, base + stride, base + 2 stride need no arithmetic. */
    const float *a0 = a, *a3 = rows > 3 ? a + 3 * a_row : a;
    const float *a6 = rows > 6 ? a + 6 * a_row : a, *a9 = rows > 9 ? a + 9 * a_row : a;
    const float *a12 = rows > 12 ? a + 12 * a_row : a;
    const int64_t line = ahead ? 16 : 0; /* what is there already costs nothing to ask for */
    int64_t count, expected = end ? 0 : rows; /* rows of C whose lines were asked for */
    const int held = rows * vectors <= HELD;
    __m512 c[ROWS][2], total[ROWS][2];
    int r, v;

    ahead = ahead ? ahead : b;
#pragma GCC unroll 14
    for (r = 0; r < rows && held; r++)
#pragma GCC unroll 2
        for (v = 0; v < vectors; v++)
            total[r][v] = fresh ? _mm512_set1_ps(-0.0f) : _mm512_load_ps(sums + r * COLUMNS + 16 * v);
    do {
#pragma GCC unroll 14
        for (r = 0; r < rows; r++)
            c[r][0] = c[r][1] = _mm512_setzero_ps();
        count = k < block ? k : block;
        k -= count;
        for (; count > 0; count--, b += COLUMNS, ahead += line) {
            const __m512 b0 = _mm512_load_ps(b), b1 = vectors > 1 ? _mm512_load_ps(b + 16) : b0;
            _mm_prefetch((const char *)ahead, _MM_HINT_T1);
            if (expected < rows)
                expect_row(end, expected++, vectors);
#pragma GCC unroll 14
            for (r = 0; r < rows; r++) {
                const float *base = r < 3 ? a0 : r < 6 ? a3 : r < 9 ? a6 : r < 12 ? a9 : a12;
                const float *w = base + r % 3 * a_row;
                c[r][0] = fused_avx512(w, b0, c[r][0]);
                if (vectors > 1)
                    c[r][1] = fused_avx512(w, b1, c[r][1]);
            }
            a0++, a3++, a6++, a9++, a12++;
        }
        if (held) {
#pragma GCC unroll 14
            for (r = 0; r < rows; r++)
#pragma GCC unroll 2
                for (v = 0; v < vectors; v++)
                    total[r][v] = c[r][v] = _mm512_add_ps(total[r][v], c[r][v]);
            if (k > 0)
                continue;
        } else if (!fresh) {
#pragma GCC unroll 14
            for (r = 0; r < rows; r++)
#pragma GCC unroll 2
                for (v = 0; v < vectors; v++)
                    c[r][v] = _mm512_add_ps(_mm512_load_ps(sums + r * COLUMNS + 16 * v), c[r][v]);
        }
        if (k == 0 && end) {
            end_rows(rows, vectors, end, c);
            return;
        }
#pragma GCC unroll 14
        for (r = 0; r < rows; r++)
#pragma GCC unroll 2
            for (v = 0; v < vectors; v++)
                _mm512_store_ps(sums + r * COLUMNS + 16 * v, c[r][v]);
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
MULTIPLY(7)
MULTIPLY(8)
MULTIPLY(9)
MULTIPLY(10)
MULTIPLY(11)
MULTIPLY(12)
MULTIPLY(13)
MULTIPLY(14)

static direct_multiply *const multiply_rows[ROWS + 1] = {
    NULL,       multiply_1, multiply_2,  multiply_3,  multiply_4,  multiply_5,  multiply_6, multiply_7,
    multiply_8, multiply_9, multiply_10, multiply_11, multiply_12, multiply_13, multiply_14,
};

static direct_multiply *const multiply_half_rows[ROWS + 1] = {
    NULL,             multiply_half_1,  multiply_half_2,  multiply_half_3,  multiply_half_4,
    multiply_half_5,  multiply_half_6,  multiply_half_7,  multiply_half_8,  multiply_half_9,
    multiply_half_10, multiply_half_11, multiply_half_12, multiply_half_13, multiply_half_14,
};

static void keep(const float *sums, float *c, int64_t count)
{
    __mmask16 low = lanes_avx512(count), high = lanes_avx512(count - 16);

    _mm512_mask_storeu_ps(c, low, _mm512_load_ps(sums));
    _mm512_mask_storeu_ps(c + 16, high, _mm512_load_ps(sums + 16));
}

static void take(float *sums, const float *c, int64_t count)
{
    _mm512_store_ps(sums, _mm512_maskz_loadu_ps(lanes_avx512(count), c));
    _mm512_store_ps(sums + 16, _mm512_maskz_loadu_ps(lanes_avx512(count - 16), c + 16));
}

#include "plugins/kernels/direct_panels.body.h"

#include "plugins/kernels/direct.body.h"

#define STRASSEN strassen_f32_14x32_avx512
#include "plugins/kernels/strassen.body.h"

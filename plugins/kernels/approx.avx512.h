/*
 * plugins/kernels/approx.avx512.h - approx.h, sixteen at a time: the same bits in every
 * lane
 *
 * Each function mirrors its scalar twin operation by operation; where that branches, both
 * sides are computed and one is chosen by a mask. scalef multiplies by 2^n with one
 * rounding, as the two factors of the twin do, of which the first product is exact.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_APPROX_AVX512_H
#define KERNELS_APPROX_AVX512_H

#include <immintrin.h>

#include "plugins/kernels/approx.h"

static inline __m512 approx_step_avx512(__m512 p, __m512 x, float next)
{
    return _mm512_fmadd_ps(p, x, _mm512_set1_ps(next));
}

static inline __m512 approx_negate_avx512(__m512 x)
{
    return _mm512_xor_ps(x, _mm512_set1_ps(-0.0f));
}

/* x between two bounds; NaN stays: min and max give the second operand then. */
static inline __m512 approx_between_avx512(__m512 x, float low, float high)
{
    x = _mm512_min_ps(_mm512_set1_ps(high), x);
    return _mm512_max_ps(_mm512_set1_ps(low), x);
}

/* shifted - APPROX_ROUND is the whole number; its low bits are, too. */
static inline __m512 approx_split_exp_avx512(__m512 x, __m512 *shifted_out)
{
    __m512 shifted = approx_step_avx512(x, _mm512_set1_ps(APPROX_LOG2E), APPROX_ROUND);
    __m512 whole = _mm512_sub_ps(shifted, _mm512_set1_ps(APPROX_ROUND));
    __m512 r = _mm512_fmadd_ps(whole, _mm512_set1_ps(-APPROX_LN2_HIGH), x);
    __m512 p = _mm512_set1_ps(APPROX_E4);

    r = _mm512_fmadd_ps(whole, _mm512_set1_ps(-APPROX_LN2_LOW), r);
    p = approx_step_avx512(p, r, APPROX_E3);
    p = approx_step_avx512(p, r, APPROX_E2);
    p = approx_step_avx512(p, r, APPROX_E1);
    p = approx_step_avx512(p, r, APPROX_E0);
    p = _mm512_fmadd_ps(p, _mm512_mul_ps(r, r), r);
    *shifted_out = shifted;
    return _mm512_add_ps(p, _mm512_set1_ps(1));
}

static inline __m512 exp_f32_avx512(__m512 x)
{
    __mmask16 within =
        _mm512_cmp_ps_mask(x, _mm512_set1_ps(APPROX_EXP_HIGHEST), _CMP_LE_OQ);
    __mmask16 some = _mm512_cmp_ps_mask(x, _mm512_set1_ps(APPROX_EXP_LOWEST), _CMP_NLT_UQ);
    __m512 n, p = approx_split_exp_avx512(x, &n);

    n = _mm512_sub_ps(n, _mm512_set1_ps(APPROX_ROUND));
    p = _mm512_maskz_scalef_ps(some, p, n);
    return _mm512_mask_mul_ps(p, (__mmask16)~within, x, _mm512_set1_ps(__builtin_inff()));
}

/* A NaN goes through p. Shifting drops all but the low bits of n. */
static inline __m512 approx_short_exp_avx512(__m512 x, __m512 *scale)
{
    __m512 shifted = approx_step_avx512(x, _mm512_set1_ps(APPROX_LOG2E), APPROX_ROUND);
    __m512 whole = _mm512_sub_ps(shifted, _mm512_set1_ps(APPROX_ROUND));
    __m512 r = _mm512_fmadd_ps(whole, _mm512_set1_ps(-APPROX_LN2), x);
    __m512 p = _mm512_set1_ps(APPROX_E4);

    p = approx_step_avx512(p, r, APPROX_E3);
    p = approx_step_avx512(p, r, APPROX_E2);
    p = approx_step_avx512(p, r, APPROX_E1);
    p = approx_step_avx512(p, r, APPROX_E0);
    p = approx_step_avx512(p, r, 1);
    p = approx_step_avx512(p, r, 1);
    *scale = _mm512_castsi512_ps(
        _mm512_add_epi32(_mm512_slli_epi32(_mm512_castps_si512(shifted), 23),
                         _mm512_castps_si512(_mm512_set1_ps(1))));
    return p;
}

static inline __m512 approx_one_and_exp_avx512(__m512 x)
{
    __m512 scale, p = approx_short_exp_avx512(
                      approx_between_avx512(x, APPROX_NEAR_LOWEST, APPROX_NEAR_HIGHEST), &scale);

    return _mm512_fmadd_ps(p, scale, _mm512_set1_ps(1));
}

static inline __m512 exp_weight_f32_avx512(__m512 x)
{
    __mmask16 some = _mm512_cmp_ps_mask(x, _mm512_set1_ps(APPROX_NEAR_LOWEST), _CMP_NLT_UQ);
    __m512 scale, p = approx_short_exp_avx512(x, &scale);

    return _mm512_maskz_mul_ps(some, p, scale);
}

static inline __m512 sigmoid_f32_avx512(__m512 x)
{
    return _mm512_div_ps(_mm512_set1_ps(1),
                         approx_one_and_exp_avx512(approx_negate_avx512(x)));
}

static inline __m512 silu_f32_avx512(__m512 x)
{
    return _mm512_div_ps(x, approx_one_and_exp_avx512(approx_negate_avx512(x)));
}

/* SiLU's constants in memory, where sums have the registers: compilers would keep constants there and put
 * the sums into memory. */
struct silu_constants {
    __m512 round, e4;
    float log2e, ln2, e3, e2, e1, e0, one, lowest, highest, sign;
};

static inline void silu_constants_avx512(struct silu_constants *to)
{
    *to = (struct silu_constants){
        .round = _mm512_set1_ps(APPROX_ROUND),
        .e4 = _mm512_set1_ps(APPROX_E4),
        .log2e = APPROX_LOG2E,
        .ln2 = -APPROX_LN2,
        .e3 = APPROX_E3,
        .e2 = APPROX_E2,
        .e1 = APPROX_E1,
        .e0 = APPROX_E0,
        .one = 1,
        .lowest = APPROX_NEAR_LOWEST,
        .highest = APPROX_NEAR_HIGHEST,
        .sign = -0.0f,
    };
}

/* silu_f32_avx512 by constants in memory */
static inline __attribute__((always_inline)) __m512
silu_by_avx512(const struct silu_constants *by, __m512 x)
{
    __m512 z, shifted, whole, p;

    __asm__ volatile("" : "+r"(by)); /* it comes from there each time */
    z = approx_between_avx512(_mm512_xor_ps(x, _mm512_set1_ps(by->sign)), by->lowest, by->highest);
    shifted = _mm512_fmadd_ps(z, _mm512_set1_ps(by->log2e), by->round);
    whole = _mm512_sub_ps(shifted, by->round);
    z = _mm512_fmadd_ps(whole, _mm512_set1_ps(by->ln2), z);
    p = approx_step_avx512(by->e4, z, by->e3);
    p = approx_step_avx512(p, z, by->e2);
    p = approx_step_avx512(p, z, by->e1);
    p = approx_step_avx512(p, z, by->e0);
    p = approx_step_avx512(p, z, by->one);
    p = approx_step_avx512(p, z, by->one);
    shifted = _mm512_castsi512_ps(
        _mm512_add_epi32(_mm512_slli_epi32(_mm512_castps_si512(shifted), 23),
                         _mm512_castps_si512(_mm512_set1_ps(by->one))));
    return _mm512_div_ps(x, approx_step_avx512(p, shifted, by->one));
}

static inline __m512 tanh_f32_avx512(__m512 x)
{
    __m512 size = _mm512_abs_ps(x), square = _mm512_mul_ps(x, x);
    __mmask16 small = _mm512_cmp_ps_mask(size, _mm512_set1_ps(0.625f), _CMP_LT_OQ);
    __mmask16 below = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ);
    __m512 p, q;

    p = _mm512_set1_ps(APPROX_T4);
    p = approx_step_avx512(p, square, APPROX_T3);
    p = approx_step_avx512(p, square, APPROX_T2);
    p = approx_step_avx512(p, square, APPROX_T1);
    p = approx_step_avx512(p, square, APPROX_T0);
    p = _mm512_fmadd_ps(p, _mm512_mul_ps(square, x), x);
    q = approx_one_and_exp_avx512(_mm512_add_ps(size, size));
    q = _mm512_sub_ps(_mm512_set1_ps(1), _mm512_div_ps(_mm512_set1_ps(2), q));
    q = _mm512_mask_xor_ps(q, below, q, _mm512_set1_ps(-0.0f));
    return _mm512_mask_mov_ps(q, small, p);
}

static inline __m512 erf_f32_avx512(__m512 x)
{
    __m512 z = approx_between_avx512(x, -APPROX_ERF_ONE, APPROX_ERF_ONE);
    __m512 square = _mm512_mul_ps(z, z), p, q;

    p = _mm512_set1_ps(APPROX_P5);
    p = approx_step_avx512(p, square, APPROX_P4);
    p = approx_step_avx512(p, square, APPROX_P3);
    p = approx_step_avx512(p, square, APPROX_P2);
    p = approx_step_avx512(p, square, APPROX_P1);
    p = approx_step_avx512(p, square, APPROX_P0);
    q = _mm512_set1_ps(APPROX_Q5);
    q = approx_step_avx512(q, square, APPROX_Q4);
    q = approx_step_avx512(q, square, APPROX_Q3);
    q = approx_step_avx512(q, square, APPROX_Q2);
    q = approx_step_avx512(q, square, APPROX_Q1);
    q = approx_step_avx512(q, square, 1);
    p = _mm512_div_ps(_mm512_mul_ps(z, p), q);
    return approx_between_avx512(p, -1, 1);
}

static inline __m512 twice_normal_f32_avx512(__m512 x)
{
    __m512 z = _mm512_mul_ps(x, _mm512_set1_ps(APPROX_SQRT_HALF));

    return _mm512_add_ps(erf_f32_avx512(z), _mm512_set1_ps(1));
}

static inline __m512 gelu_f32_avx512(__m512 x)
{
    return _mm512_mul_ps(_mm512_mul_ps(x, _mm512_set1_ps(0.5f)),
                         twice_normal_f32_avx512(x));
}

static inline __m512 gelu_tanh_f32_avx512(__m512 x)
{
    __m512 w = approx_step_avx512(_mm512_mul_ps(x, x), _mm512_set1_ps(APPROX_GELU_CUBE),
                               APPROX_GELU_SLOPE);

    w = approx_negate_avx512(_mm512_mul_ps(w, x));
    return _mm512_div_ps(x, approx_one_and_exp_avx512(w));
}

#endif

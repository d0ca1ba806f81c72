/*
 * plugins/kernels/approx.avx2.h - approx.h, eight at a time: the same bits in every lane
 *
 * Each function mirrors its scalar twin operation by operation; where that branches, both
 * sides are computed and one is chosen.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_APPROX_AVX2_H
#define KERNELS_APPROX_AVX2_H

#include <immintrin.h>

#include "plugins/kernels/approx.h"

static inline __m256 approx_step_avx2(__m256 p, __m256 x, float next)
{
    return _mm256_fmadd_ps(p, x, _mm256_set1_ps(next));
}

static inline __m256 approx_power_of_two_avx2(__m256i n)
{
    return _mm256_castsi256_ps(
        _mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}

static inline __m256 approx_negate_avx2(__m256 x)
{
    return _mm256_xor_ps(x, _mm256_set1_ps(-0.0f));
}

static inline __m256 approx_abs_avx2(__m256 x)
{
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
}

/* x between two bounds; NaN stays: min and max give the second operand then. */
static inline __m256 approx_between_avx2(__m256 x, float low, float high)
{
    x = _mm256_min_ps(_mm256_set1_ps(high), x);
    return _mm256_max_ps(_mm256_set1_ps(low), x);
}

/* shifted - APPROX_ROUND is the whole number; its low bits are, too. */
static inline __m256 approx_split_exp_avx2(__m256 x, __m256i *n)
{
    __m256 shifted = approx_step_avx2(x, _mm256_set1_ps(APPROX_LOG2E), APPROX_ROUND);
    __m256 whole = _mm256_sub_ps(shifted, _mm256_set1_ps(APPROX_ROUND));
    __m256 r = _mm256_fmadd_ps(whole, _mm256_set1_ps(-APPROX_LN2_HIGH), x);
    __m256 p = _mm256_set1_ps(APPROX_E4);

    r = _mm256_fmadd_ps(whole, _mm256_set1_ps(-APPROX_LN2_LOW), r);
    p = approx_step_avx2(p, r, APPROX_E3);
    p = approx_step_avx2(p, r, APPROX_E2);
    p = approx_step_avx2(p, r, APPROX_E1);
    p = approx_step_avx2(p, r, APPROX_E0);
    p = _mm256_fmadd_ps(p, _mm256_mul_ps(r, r), r);
    *n = _mm256_sub_epi32(_mm256_castps_si256(shifted),
                          _mm256_castps_si256(_mm256_set1_ps(APPROX_ROUND)));
    return _mm256_add_ps(p, _mm256_set1_ps(1));
}

static inline __m256 exp_f32_avx2(__m256 x)
{
    __m256 high = _mm256_set1_ps(APPROX_EXP_HIGHEST),
           low = _mm256_set1_ps(APPROX_EXP_LOWEST);
    __m256 within = _mm256_cmp_ps(x, high, _CMP_LE_OQ);
    __m256 tiny = _mm256_cmp_ps(x, low, _CMP_LT_OQ);
    __m256 beyond = _mm256_mul_ps(x, _mm256_set1_ps(__builtin_inff()));
    __m256i n, half;
    __m256 p = approx_split_exp_avx2(x, &n);

    half = _mm256_srai_epi32(n, 1);
    p = _mm256_mul_ps(p, approx_power_of_two_avx2(half));
    p = _mm256_mul_ps(p, approx_power_of_two_avx2(_mm256_sub_epi32(n, half)));
    p = _mm256_andnot_ps(tiny, p);
    return _mm256_blendv_ps(beyond, p, within);
}

/* A NaN goes through p. Shifting drops all but the low bits of n. */
static inline __m256 approx_short_exp_avx2(__m256 x, __m256 *scale)
{
    __m256 shifted = approx_step_avx2(x, _mm256_set1_ps(APPROX_LOG2E), APPROX_ROUND);
    __m256 whole = _mm256_sub_ps(shifted, _mm256_set1_ps(APPROX_ROUND));
    __m256 r = _mm256_fmadd_ps(whole, _mm256_set1_ps(-APPROX_LN2), x);
    __m256 p = _mm256_set1_ps(APPROX_E4);

    p = approx_step_avx2(p, r, APPROX_E3);
    p = approx_step_avx2(p, r, APPROX_E2);
    p = approx_step_avx2(p, r, APPROX_E1);
    p = approx_step_avx2(p, r, APPROX_E0);
    p = approx_step_avx2(p, r, 1);
    p = approx_step_avx2(p, r, 1);
    *scale = _mm256_castsi256_ps(
        _mm256_add_epi32(_mm256_slli_epi32(_mm256_castps_si256(shifted), 23),
                         _mm256_castps_si256(_mm256_set1_ps(1))));
    return p;
}

static inline __m256 approx_one_and_exp_avx2(__m256 x)
{
    __m256 scale, p = approx_short_exp_avx2(
                      approx_between_avx2(x, APPROX_NEAR_LOWEST, APPROX_NEAR_HIGHEST), &scale);

    return _mm256_fmadd_ps(p, scale, _mm256_set1_ps(1));
}

static inline __m256 exp_weight_f32_avx2(__m256 x)
{
    __m256 tiny = _mm256_cmp_ps(x, _mm256_set1_ps(APPROX_NEAR_LOWEST), _CMP_LT_OQ);
    __m256 scale, p = approx_short_exp_avx2(x, &scale);

    return _mm256_andnot_ps(tiny, _mm256_mul_ps(p, scale));
}

static inline __m256 sigmoid_f32_avx2(__m256 x)
{
    return _mm256_div_ps(_mm256_set1_ps(1), approx_one_and_exp_avx2(approx_negate_avx2(x)));
}

static inline __m256 silu_f32_avx2(__m256 x)
{
    return _mm256_div_ps(x, approx_one_and_exp_avx2(approx_negate_avx2(x)));
}

static inline __m256 tanh_f32_avx2(__m256 x)
{
    __m256 size = approx_abs_avx2(x), square = _mm256_mul_ps(x, x);
    __m256 sign = _mm256_and_ps(_mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_LT_OQ),
                                _mm256_set1_ps(-0.0f));
    __m256 p, q;

    p = _mm256_set1_ps(APPROX_T4);
    p = approx_step_avx2(p, square, APPROX_T3);
    p = approx_step_avx2(p, square, APPROX_T2);
    p = approx_step_avx2(p, square, APPROX_T1);
    p = approx_step_avx2(p, square, APPROX_T0);
    p = _mm256_fmadd_ps(p, _mm256_mul_ps(square, x), x);
    q = _mm256_div_ps(_mm256_set1_ps(2), approx_one_and_exp_avx2(_mm256_add_ps(size, size)));
    q = _mm256_xor_ps(_mm256_sub_ps(_mm256_set1_ps(1), q), sign);
    return _mm256_blendv_ps(q, p, _mm256_cmp_ps(size, _mm256_set1_ps(0.625f), _CMP_LT_OQ));
}

static inline __m256 erf_f32_avx2(__m256 x)
{
    __m256 z = approx_between_avx2(x, -APPROX_ERF_ONE, APPROX_ERF_ONE);
    __m256 square = _mm256_mul_ps(z, z), p, q;

    p = _mm256_set1_ps(APPROX_P5);
    p = approx_step_avx2(p, square, APPROX_P4);
    p = approx_step_avx2(p, square, APPROX_P3);
    p = approx_step_avx2(p, square, APPROX_P2);
    p = approx_step_avx2(p, square, APPROX_P1);
    p = approx_step_avx2(p, square, APPROX_P0);
    q = _mm256_set1_ps(APPROX_Q5);
    q = approx_step_avx2(q, square, APPROX_Q4);
    q = approx_step_avx2(q, square, APPROX_Q3);
    q = approx_step_avx2(q, square, APPROX_Q2);
    q = approx_step_avx2(q, square, APPROX_Q1);
    q = approx_step_avx2(q, square, 1);
    p = _mm256_div_ps(_mm256_mul_ps(z, p), q);
    return approx_between_avx2(p, -1, 1);
}

static inline __m256 twice_normal_f32_avx2(__m256 x)
{
    __m256 z = _mm256_mul_ps(x, _mm256_set1_ps(APPROX_SQRT_HALF));

    return _mm256_add_ps(erf_f32_avx2(z), _mm256_set1_ps(1));
}

static inline __m256 gelu_f32_avx2(__m256 x)
{
    return _mm256_mul_ps(_mm256_mul_ps(x, _mm256_set1_ps(0.5f)), twice_normal_f32_avx2(x));
}

static inline __m256 gelu_tanh_f32_avx2(__m256 x)
{
    __m256 w = approx_step_avx2(_mm256_mul_ps(x, x), _mm256_set1_ps(APPROX_GELU_CUBE),
                               APPROX_GELU_SLOPE);

    w = approx_negate_avx2(_mm256_mul_ps(w, x));
    return _mm256_div_ps(x, approx_one_and_exp_avx2(w));
}

#endif

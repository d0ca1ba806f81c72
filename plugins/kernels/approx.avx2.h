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
    return _mm256_add_ps(_mm256_mul_ps(p, x), _mm256_set1_ps(next));
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

static inline __m256 exp_f32_avx2(__m256 x)
{
    __m256 high = _mm256_set1_ps(APPROX_EXP_HIGHEST),
           low = _mm256_set1_ps(APPROX_EXP_LOWEST);
    __m256 within = _mm256_cmp_ps(x, high, _CMP_LE_OQ);
    __m256 tiny = _mm256_cmp_ps(x, low, _CMP_LT_OQ);
    __m256 beyond = _mm256_mul_ps(x, _mm256_set1_ps(__builtin_inff()));
    __m256 n, r, p;
    __m256i whole, half;

    n = approx_step_avx2(x, _mm256_set1_ps(APPROX_LOG2E), APPROX_ROUND);
    n = _mm256_sub_ps(n, _mm256_set1_ps(APPROX_ROUND));
    r = _mm256_sub_ps(x, _mm256_mul_ps(n, _mm256_set1_ps(APPROX_LN2_HIGH)));
    r = _mm256_sub_ps(r, _mm256_mul_ps(n, _mm256_set1_ps(APPROX_LN2_LOW)));
    p = _mm256_set1_ps(APPROX_E4);
    p = approx_step_avx2(p, r, APPROX_E3);
    p = approx_step_avx2(p, r, APPROX_E2);
    p = approx_step_avx2(p, r, APPROX_E1);
    p = approx_step_avx2(p, r, APPROX_E0);
    p = _mm256_add_ps(_mm256_mul_ps(p, _mm256_mul_ps(r, r)), r);
    p = _mm256_add_ps(p, _mm256_set1_ps(1));
    whole = _mm256_cvttps_epi32(n);
    half = _mm256_srai_epi32(whole, 1);
    p = _mm256_mul_ps(p, approx_power_of_two_avx2(half));
    p = _mm256_mul_ps(p, approx_power_of_two_avx2(_mm256_sub_epi32(whole, half)));
    p = _mm256_andnot_ps(tiny, p);
    return _mm256_blendv_ps(beyond, p, within);
}

static inline __m256 sigmoid_f32_avx2(__m256 x)
{
    __m256 one = _mm256_set1_ps(1);
    return _mm256_div_ps(one, _mm256_add_ps(one, exp_f32_avx2(approx_negate_avx2(x))));
}

static inline __m256 silu_f32_avx2(__m256 x)
{
    return _mm256_div_ps(
        x, _mm256_add_ps(_mm256_set1_ps(1), exp_f32_avx2(approx_negate_avx2(x))));
}

static inline __m256 tanh_f32_avx2(__m256 x)
{
    __m256 size = approx_abs_avx2(x), square = _mm256_mul_ps(x, x);
    __m256 sign = _mm256_and_ps(_mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_LT_OQ),
                                _mm256_set1_ps(-0.0f));
    __m256 one = _mm256_set1_ps(1), p, q;

    p = _mm256_set1_ps(APPROX_T4);
    p = approx_step_avx2(p, square, APPROX_T3);
    p = approx_step_avx2(p, square, APPROX_T2);
    p = approx_step_avx2(p, square, APPROX_T1);
    p = approx_step_avx2(p, square, APPROX_T0);
    p = _mm256_add_ps(_mm256_mul_ps(p, _mm256_mul_ps(square, x)), x);
    q = _mm256_add_ps(exp_f32_avx2(_mm256_add_ps(size, size)), one);
    q = _mm256_sub_ps(one, _mm256_div_ps(_mm256_set1_ps(2), q));
    q = _mm256_xor_ps(q, sign);
    return _mm256_blendv_ps(q, p, _mm256_cmp_ps(size, _mm256_set1_ps(0.625f), _CMP_LT_OQ));
}

static inline __m256 twice_normal_f32_avx2(__m256 x)
{
    __m256 z = _mm256_mul_ps(x, _mm256_set1_ps(APPROX_SQRT_HALF));
    __m256 size = approx_abs_avx2(z), square = _mm256_mul_ps(z, z);
    __m256 most = _mm256_set1_ps(10.1f), p, q;
    __m256 small = _mm256_cmp_ps(size, _mm256_set1_ps(1), _CMP_LT_OQ);

    p = _mm256_set1_ps(APPROX_F6);
    p = approx_step_avx2(p, square, APPROX_F5);
    p = approx_step_avx2(p, square, APPROX_F4);
    p = approx_step_avx2(p, square, APPROX_F3);
    p = approx_step_avx2(p, square, APPROX_F2);
    p = approx_step_avx2(p, square, APPROX_F1);
    p = approx_step_avx2(p, square, APPROX_F0);
    p = _mm256_add_ps(_mm256_mul_ps(p, z), _mm256_set1_ps(1));

    size = _mm256_blendv_ps(size, most, _mm256_cmp_ps(size, most, _CMP_GT_OQ));
    q = _mm256_set1_ps(APPROX_G9);
    q = approx_step_avx2(q, size, APPROX_G8);
    q = approx_step_avx2(q, size, APPROX_G7);
    q = approx_step_avx2(q, size, APPROX_G6);
    q = approx_step_avx2(q, size, APPROX_G5);
    q = approx_step_avx2(q, size, APPROX_G4);
    q = approx_step_avx2(q, size, APPROX_G3);
    q = approx_step_avx2(q, size, APPROX_G2);
    q = approx_step_avx2(q, size, APPROX_G1);
    q = approx_step_avx2(q, size, APPROX_G0);
    q = exp_f32_avx2(_mm256_sub_ps(q, _mm256_mul_ps(size, size)));
    q = _mm256_blendv_ps(_mm256_sub_ps(_mm256_set1_ps(2), q), q,
                         _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_LT_OQ));
    return _mm256_blendv_ps(q, p, small);
}

static inline __m256 gelu_f32_avx2(__m256 x)
{
    return _mm256_mul_ps(_mm256_mul_ps(x, _mm256_set1_ps(0.5f)), twice_normal_f32_avx2(x));
}

#endif

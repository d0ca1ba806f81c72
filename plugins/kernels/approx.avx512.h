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
    return _mm512_add_ps(_mm512_mul_ps(p, x), _mm512_set1_ps(next));
}

static inline __m512 approx_negate_avx512(__m512 x)
{
    return _mm512_xor_ps(x, _mm512_set1_ps(-0.0f));
}

static inline __m512 exp_f32_avx512(__m512 x)
{
    __mmask16 within =
        _mm512_cmp_ps_mask(x, _mm512_set1_ps(APPROX_EXP_HIGHEST), _CMP_LE_OQ);
    __mmask16 some = _mm512_cmp_ps_mask(x, _mm512_set1_ps(APPROX_EXP_LOWEST), _CMP_NLT_UQ);
    __m512 n, r, p;

    n = approx_step_avx512(x, _mm512_set1_ps(APPROX_LOG2E), APPROX_ROUND);
    n = _mm512_sub_ps(n, _mm512_set1_ps(APPROX_ROUND));
    r = _mm512_sub_ps(x, _mm512_mul_ps(n, _mm512_set1_ps(APPROX_LN2_HIGH)));
    r = _mm512_sub_ps(r, _mm512_mul_ps(n, _mm512_set1_ps(APPROX_LN2_LOW)));
    p = _mm512_set1_ps(APPROX_E4);
    p = approx_step_avx512(p, r, APPROX_E3);
    p = approx_step_avx512(p, r, APPROX_E2);
    p = approx_step_avx512(p, r, APPROX_E1);
    p = approx_step_avx512(p, r, APPROX_E0);
    p = _mm512_add_ps(_mm512_mul_ps(p, _mm512_mul_ps(r, r)), r);
    p = _mm512_add_ps(p, _mm512_set1_ps(1));
    p = _mm512_maskz_scalef_ps(some, p, n);
    return _mm512_mask_mul_ps(p, (__mmask16)~within, x, _mm512_set1_ps(__builtin_inff()));
}

static inline __m512 sigmoid_f32_avx512(__m512 x)
{
    __m512 one = _mm512_set1_ps(1);
    return _mm512_div_ps(one, _mm512_add_ps(one, exp_f32_avx512(approx_negate_avx512(x))));
}

static inline __m512 silu_f32_avx512(__m512 x)
{
    return _mm512_div_ps(
        x, _mm512_add_ps(_mm512_set1_ps(1), exp_f32_avx512(approx_negate_avx512(x))));
}

static inline __m512 tanh_f32_avx512(__m512 x)
{
    __m512 size = _mm512_abs_ps(x), square = _mm512_mul_ps(x, x), one = _mm512_set1_ps(1);
    __mmask16 small = _mm512_cmp_ps_mask(size, _mm512_set1_ps(0.625f), _CMP_LT_OQ);
    __mmask16 below = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ);
    __m512 p, q;

    p = _mm512_set1_ps(APPROX_T4);
    p = approx_step_avx512(p, square, APPROX_T3);
    p = approx_step_avx512(p, square, APPROX_T2);
    p = approx_step_avx512(p, square, APPROX_T1);
    p = approx_step_avx512(p, square, APPROX_T0);
    p = _mm512_add_ps(_mm512_mul_ps(p, _mm512_mul_ps(square, x)), x);
    q = _mm512_add_ps(exp_f32_avx512(_mm512_add_ps(size, size)), one);
    q = _mm512_sub_ps(one, _mm512_div_ps(_mm512_set1_ps(2), q));
    q = _mm512_mask_xor_ps(q, below, q, _mm512_set1_ps(-0.0f));
    return _mm512_mask_mov_ps(q, small, p);
}

static inline __m512 twice_normal_f32_avx512(__m512 x)
{
    __m512 z = _mm512_mul_ps(x, _mm512_set1_ps(APPROX_SQRT_HALF));
    __m512 size = _mm512_abs_ps(z), square = _mm512_mul_ps(z, z);
    __mmask16 small = _mm512_cmp_ps_mask(size, _mm512_set1_ps(1), _CMP_LT_OQ);
    __mmask16 below = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ);
    __m512 p, q;

    p = _mm512_set1_ps(APPROX_F6);
    p = approx_step_avx512(p, square, APPROX_F5);
    p = approx_step_avx512(p, square, APPROX_F4);
    p = approx_step_avx512(p, square, APPROX_F3);
    p = approx_step_avx512(p, square, APPROX_F2);
    p = approx_step_avx512(p, square, APPROX_F1);
    p = approx_step_avx512(p, square, APPROX_F0);
    p = _mm512_add_ps(_mm512_mul_ps(p, z), _mm512_set1_ps(1));

    size = _mm512_min_ps(_mm512_set1_ps(10.1f), size); /* NaN: the second operand, size */
    q = _mm512_set1_ps(APPROX_G9);
    q = approx_step_avx512(q, size, APPROX_G8);
    q = approx_step_avx512(q, size, APPROX_G7);
    q = approx_step_avx512(q, size, APPROX_G6);
    q = approx_step_avx512(q, size, APPROX_G5);
    q = approx_step_avx512(q, size, APPROX_G4);
    q = approx_step_avx512(q, size, APPROX_G3);
    q = approx_step_avx512(q, size, APPROX_G2);
    q = approx_step_avx512(q, size, APPROX_G1);
    q = approx_step_avx512(q, size, APPROX_G0);
    q = exp_f32_avx512(_mm512_sub_ps(q, _mm512_mul_ps(size, size)));
    q = _mm512_mask_sub_ps(q, (__mmask16)~below, _mm512_set1_ps(2), q);
    return _mm512_mask_mov_ps(q, small, p);
}

static inline __m512 gelu_f32_avx512(__m512 x)
{
    return _mm512_mul_ps(_mm512_mul_ps(x, _mm512_set1_ps(0.5f)),
                         twice_normal_f32_avx512(x));
}

#endif

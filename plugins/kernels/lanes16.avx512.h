/*
 * plugins/kernels/lanes16.avx512.h - vectors of sixteen floats: AVX-512
 *
 * The words that heads.body.h, rows.body.h and pointwise.body.h are written in; lanes16.avx2.h
 * has the same for pairs of eight, lanes16.neon.h for four of four. Names end in 16. part: only the
 * first `count` (0..16) of
 * a vector are touched in memory, and the others are 0.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_LANES16_AVX512_H
#define KERNELS_LANES16_AVX512_H

#include <stdint.h>

#include <immintrin.h>

#include "plugins/kernels/approx.avx512.h"
#include "plugins/kernels/transpose.avx2.h"

typedef __m512 lanes16;

#define load16(from)               _mm512_loadu_ps(from)
#define part16(from, count)        _mm512_maskz_loadu_ps(below16(count), from)
#define store16(to, x)             _mm512_storeu_ps(to, x)
#define store_part16(to, x, count) _mm512_mask_storeu_ps(to, below16(count), x)
#define keep16(x, count)           _mm512_maskz_mov_ps(below16(count), x)
#define zero16()                   _mm512_setzero_ps()
#define spread16(x)                _mm512_set1_ps(x)
#define fused16(a, b, c)           _mm512_fmadd_ps(a, b, c)
/* a x + c with a of one float */
#define multiples16(a, x, c)       fused16(spread16(a), x, c)
#define add16(a, b)                _mm512_add_ps(a, b)
#define sub16(a, b)                _mm512_sub_ps(a, b)
#define mul16(a, b)                _mm512_mul_ps(a, b)
#define div16(a, b)                _mm512_div_ps(a, b)
/* the second where one is NaN */
#define max16(a, b)  _mm512_max_ps(a, b)
#define min16(a, b)  _mm512_min_ps(a, b)
#define exp16(x)     exp_f32_avx512(x)
#define exp_weight16(x) exp_weight_f32_avx512(x)
#define erf16(x)     erf_f32_avx512(x)
#define gelu16(x)    gelu_f32_avx512(x)
#define gelu_tanh16(x) gelu_tanh_f32_avx512(x)
#define sigmoid16(x) sigmoid_f32_avx512(x)
#define silu16(x)    silu_f32_avx512(x)
#define tanh16(x)    tanh_f32_avx512(x)

/* Lanes below count. */
static inline __mmask16 below16(int64_t count)
{
    return (__mmask16)((1u << count) - 1);
}

static inline __m512 minus_infinity_from16(__m512 x, int64_t count)
{
    return _mm512_mask_mov_ps(_mm512_set1_ps(-__builtin_inff()), below16(count), x);
}

/* The upper half upon the lower, until one is left. */
static inline float sum_lanes16(__m512 x)
{
    __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
    __m128 four =
        _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

static inline float max_lanes16(__m512 x)
{
    return _mm512_reduce_max_ps(x);
}

#endif

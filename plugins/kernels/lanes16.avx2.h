/*
 * plugins/kernels/lanes16.avx2.h - vectors of sixteen floats: pairs of eight with AVX2 and
 * FMA
 *
 * See lanes16.avx512.h, whose words these are. Parts are stored by way of the stack: masked
 * stores of AVX2 are microcode on some processors.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_LANES16_AVX2_H
#define KERNELS_LANES16_AVX2_H

#include <stdint.h>
#include <string.h>

#include <immintrin.h>

#include "plugins/kernels/approx.avx2.h"
#include "plugins/kernels/transpose.avx2.h"

typedef struct {
    __m256 low, high;
} lanes16;

#define LANES16_INLINE static inline __attribute__((always_inline))

LANES16_INLINE lanes16 both16(__m256 low, __m256 high)
{
    lanes16 x = {low, high};
    return x;
}

#define load16(from) both16(_mm256_loadu_ps(from), _mm256_loadu_ps((from) + 8))
#define zero16()     both16(_mm256_setzero_ps(), _mm256_setzero_ps())
#define spread16(x)  both16(_mm256_set1_ps(x), _mm256_set1_ps(x))

#define LANES16_UNARY(name, function)                                                      \
    LANES16_INLINE lanes16 name(lanes16 x)                                                 \
    {                                                                                      \
        return both16(function(x.low), function(x.high));                                  \
    }
#define LANES16_BINARY(name, function)                                                     \
    LANES16_INLINE lanes16 name(lanes16 a, lanes16 b)                                      \
    {                                                                                      \
        return both16(function(a.low, b.low), function(a.high, b.high));                   \
    }
LANES16_BINARY(add16, _mm256_add_ps)
LANES16_BINARY(sub16, _mm256_sub_ps)
LANES16_BINARY(mul16, _mm256_mul_ps)
LANES16_BINARY(div16, _mm256_div_ps)
LANES16_BINARY(max16, _mm256_max_ps)
LANES16_BINARY(min16, _mm256_min_ps)
LANES16_UNARY(exp16, exp_f32_avx2)
LANES16_UNARY(exp_weight16, exp_weight_f32_avx2)
LANES16_UNARY(erf16, erf_f32_avx2)
LANES16_UNARY(gelu16, gelu_f32_avx2)
LANES16_UNARY(gelu_tanh16, gelu_tanh_f32_avx2)
LANES16_UNARY(sigmoid16, sigmoid_f32_avx2)
LANES16_UNARY(silu16, silu_f32_avx2)
LANES16_UNARY(tanh16, tanh_f32_avx2)

LANES16_INLINE lanes16 fused16(lanes16 a, lanes16 b, lanes16 c)
{
    return both16(_mm256_fmadd_ps(a.low, b.low, c.low),
                  _mm256_fmadd_ps(a.high, b.high, c.high));
}

/* a x + c with a of one float */
#define multiples16(a, x, c) fused16(spread16(a), x, c)

LANES16_INLINE void store16(float *to, lanes16 x)
{
    _mm256_storeu_ps(to, x.low);
    _mm256_storeu_ps(to + 8, x.high);
}

/* Lanes below count of eight, all bits set. */
static inline __m256 below8(int64_t count)
{
    __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_set1_epi32((int32_t)count), lane));
}

static inline lanes16 part16(const float *from, int64_t count)
{
    return both16(_mm256_maskload_ps(from, _mm256_castps_si256(below8(count))),
                  _mm256_maskload_ps(from + 8, _mm256_castps_si256(below8(count - 8))));
}

static inline void store_part16(float *to, lanes16 x, int64_t count)
{
    float all[16];
    store16(all, x);
    memcpy(to, all, (size_t)count * sizeof *to);
}

static inline lanes16 keep16(lanes16 x, int64_t count)
{
    return both16(_mm256_and_ps(x.low, below8(count)),
                  _mm256_and_ps(x.high, below8(count - 8)));
}

static inline lanes16 minus_infinity_from16(lanes16 x, int64_t count)
{
    __m256 least = _mm256_set1_ps(-__builtin_inff());
    return both16(_mm256_blendv_ps(least, x.low, below8(count)),
                  _mm256_blendv_ps(least, x.high, below8(count - 8)));
}

/* The upper half upon the lower, until one is left. */
static inline float sum_lanes16(lanes16 x)
{
    __m256 eight = _mm256_add_ps(x.low, x.high);
    __m128 four =
        _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

static inline float max_lanes16(lanes16 x)
{
    __m256 eight = _mm256_max_ps(x.low, x.high);
    __m128 four =
        _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps(two, two, 1)));
}

#endif

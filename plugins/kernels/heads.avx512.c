/*
 * plugins/kernels/heads.avx512.c - attention of one head with AVX-512: tiles of 6 x 64
 *
 * Twenty-four accumulators, four vectors of keys (or of v) and one broadcast.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/heads.h"

#include <immintrin.h>

#include "plugins/kernels/approx.avx512.h"

#define WIDE  4
#define HEADS heads_f32_avx512
typedef __m512 lanes16;

#define load16(from)        _mm512_loadu_ps(from)
#define part16(from, count) _mm512_maskz_loadu_ps(below16(count), from)
#define store16(to, x)      _mm512_store_ps(to, x)
#define store16u(to, x)     _mm512_storeu_ps(to, x)
#define zero16()            _mm512_setzero_ps()
#define spread16(x)         _mm512_set1_ps(x)
#define fused16(a, b, c)    _mm512_fmadd_ps(a, b, c)
#define add16(a, b)         _mm512_add_ps(a, b)
#define sub16(a, b)         _mm512_sub_ps(a, b)
#define mul16(a, b)         _mm512_mul_ps(a, b)
#define div16(a, b)         _mm512_div_ps(a, b)
#define max16(a, b)         _mm512_max_ps(a, b)
#define exp16(x)            exp_f32_avx512(x)

/* Lanes below count, 0..16. */
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

#include "plugins/kernels/heads.body.h"

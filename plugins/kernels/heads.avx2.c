/*
 * plugins/kernels/heads.avx2.c - attention of one head with AVX2 and FMA: tiles of 6 x 16
 *
 * Twelve accumulators, two vectors of keys (or of v) and one broadcast fill the registers.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/heads.h"

#include <immintrin.h>

#include "plugins/kernels/approx.avx2.h"

#define WIDE  1
#define HEADS heads_f32_avx2
typedef struct {
    __m256 low, high;
} lanes16;

static inline __attribute__((always_inline)) lanes16 both16(__m256 low, __m256 high)
{
    lanes16 x = {low, high};
    return x;
}

#define load16(from)       both16(_mm256_loadu_ps(from), _mm256_loadu_ps((from) + 8))
#define zero16()           both16(_mm256_setzero_ps(), _mm256_setzero_ps())
#define spread16(x)        both16(_mm256_set1_ps(x), _mm256_set1_ps(x))
#define EACH16(call, a, b) both16(call((a).low, (b).low), call((a).high, (b).high))
#define add16(a, b)        EACH16(_mm256_add_ps, a, b)
#define sub16(a, b)        EACH16(_mm256_sub_ps, a, b)
#define mul16(a, b)        EACH16(_mm256_mul_ps, a, b)
#define div16(a, b)        EACH16(_mm256_div_ps, a, b)
#define max16(a, b)        max_of16(a, b)
#define exp16(x)           exp_of16(x)

static inline __attribute__((always_inline)) lanes16 fused16(lanes16 a, lanes16 b,
                                                             lanes16 c)
{
    return both16(_mm256_fmadd_ps(a.low, b.low, c.low),
                  _mm256_fmadd_ps(a.high, b.high, c.high));
}

static inline lanes16 max_of16(lanes16 a, lanes16 b)
{
    return EACH16(_mm256_max_ps, a, b);
}

static inline lanes16 exp_of16(lanes16 x)
{
    return both16(exp_f32_avx2(x.low), exp_f32_avx2(x.high));
}

static inline void store16u(float *to, lanes16 x)
{
    _mm256_storeu_ps(to, x.low);
    _mm256_storeu_ps(to + 8, x.high);
}
#define store16(to, x) store16u(to, x)

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

#include "plugins/kernels/heads.body.h"

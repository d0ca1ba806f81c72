/*
 * plugins/kernels/lanes.avx2.h - eight floats side by side, by names that lanes.avx512.h has,
 * too
 *
 * Channels-last kernels do the same with vectors of any width; their bodies (cl_*.body.h) are
 * written once in these names and compiled once a set.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_LANES_AVX2_H
#define KERNELS_LANES_AVX2_H

#include <stdint.h>

#include <immintrin.h>

#include "plugins/kernels/finish.avx2.h"

#define LANES 8
typedef __m256 lanes;
typedef __m256i lane_mask;
typedef struct {
    __m256d low, high;
} lane_sums;

static inline lane_mask lanes_below(int64_t count)
{
    return lanes_avx2(count);
}
static inline lanes lanes_zero(void)
{
    return _mm256_setzero_ps();
}
static inline lanes lanes_all(float x)
{
    return _mm256_set1_ps(x);
}
static inline lanes lanes_load(const float *from)
{
    return _mm256_loadu_ps(from);
}
static inline lanes lanes_load_part(const float *from, lane_mask mask)
{
    return _mm256_maskload_ps(from, mask);
}
/* x in a register, where compilers would load it again for each use. */
static inline lanes lanes_kept(lanes x)
{
    __asm__("" : "+x"(x));
    return x;
}
static inline void lanes_store(float *to, lanes x)
{
    _mm256_storeu_ps(to, x);
}
static inline void lanes_store_part(float *to, lane_mask mask, lanes x)
{
    _mm256_maskstore_ps(to, mask, x);
}
/* Each lane of the result takes the lane that `places` names. */
typedef __m256i lane_places;
static inline lane_places lanes_places(const int32_t *at)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)at);
}
static inline lanes lanes_pick(lanes x, lane_places places)
{
    return _mm256_permutevar8x32_ps(x, places);
}
static inline lanes lanes_add(lanes a, lanes b)
{
    return _mm256_add_ps(a, b);
}
static inline lanes lanes_less(lanes a, lanes b)
{
    return _mm256_sub_ps(a, b);
}
static inline lanes lanes_times(lanes a, lanes b)
{
    return _mm256_mul_ps(a, b);
}
static inline lanes lanes_fused(lanes a, lanes b, lanes c)
{
    return _mm256_fmadd_ps(a, b, c);
}
static inline lanes lanes_over(lanes a, lanes b)
{
    return _mm256_div_ps(a, b);
}
/* x where it is larger than best, or NaN; max gives the second where one is NaN or they are equal */
static inline lanes lanes_larger(lanes x, lanes best)
{
    return _mm256_blendv_ps(_mm256_max_ps(x, best), x, _mm256_cmp_ps(x, x, _CMP_UNORD_Q));
}
static inline lanes lanes_at_least(lanes x, float bound)
{
    return at_least_avx2(x, _mm256_set1_ps(bound));
}
static inline lanes lanes_at_most(lanes x, float bound)
{
    return at_most_avx2(x, _mm256_set1_ps(bound));
}
#define lanes_hardsigmoid hardsigmoid_avx2
#define lanes_sigmoid sigmoid_f32_avx2
#define lanes_silu silu_f32_avx2
#define lanes_gelu gelu_f32_avx2
#define lanes_tanh tanh_f32_avx2
static inline lanes lanes_step(const struct gemm_step *step, lanes x, lanes other)
{
    return step_avx2(step, x, other);
}
/* A step without operand on `count` vectors in memory. */
static inline void lanes_pass(const struct gemm_step *step, lanes *x, int count)
{
    pass_avx2(step, (float *)x, (float *)(x + count));
}

/* Sums in double. */
static inline lane_sums lane_sums_zero(void)
{
    return (lane_sums){_mm256_setzero_pd(), _mm256_setzero_pd()};
}
static inline lane_sums lane_sums_add(lane_sums sums, lanes x)
{
    sums.low = _mm256_add_pd(sums.low, _mm256_cvtps_pd(_mm256_castps256_ps128(x)));
    sums.high = _mm256_add_pd(sums.high, _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1)));
    return sums;
}
static inline lanes lane_sums_over(lane_sums sums, double count)
{
    __m128 low = _mm256_cvtpd_ps(_mm256_div_pd(sums.low, _mm256_set1_pd(count)));
    __m128 high = _mm256_cvtpd_ps(_mm256_div_pd(sums.high, _mm256_set1_pd(count)));
    return _mm256_insertf128_ps(_mm256_castps128_ps256(low), high, 1);
}

#endif

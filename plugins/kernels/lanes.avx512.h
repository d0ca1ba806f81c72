/*
 * plugins/kernels/lanes.avx512.h - sixteen floats side by side, by the names of lanes.avx2.h
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_LANES_AVX512_H
#define KERNELS_LANES_AVX512_H

#include <stdint.h>

#include <immintrin.h>

#include <imgcls/plugin.h>

#include "plugins/kernels/finish.avx512.h"

#define LANES 16
typedef __m512 lanes;
typedef __mmask16 lane_mask;
typedef struct {
    __m512d low, high;
} lane_sums;

static inline lane_mask lanes_below(int64_t count)
{
    return (lane_mask)(count >= 16 ? 0xffff : count <= 0 ? 0 : (1u << count) - 1);
}
static inline lanes lanes_zero(void)
{
    return _mm512_setzero_ps();
}
static inline lanes lanes_all(float x)
{
    return _mm512_set1_ps(x);
}
static inline lanes lanes_load(const float *from)
{
    return _mm512_loadu_ps(from);
}
static inline lanes lanes_load_part(const float *from, lane_mask mask)
{
    return _mm512_maskz_loadu_ps(mask, from);
}
/* x in a register, where compilers would load it again for each use. */
static inline lanes lanes_kept(lanes x)
{
    __asm__("" : "+v"(x));
    return x;
}
static inline void lanes_store(float *to, lanes x)
{
    _mm512_storeu_ps(to, x);
}
static inline void lanes_store_part(float *to, lane_mask mask, lanes x)
{
    _mm512_mask_storeu_ps(to, mask, x);
}
typedef __m512i lane_places;
static inline lane_places lanes_places(const int32_t *at)
{
    return _mm512_loadu_si512(at);
}
static inline lanes lanes_pick(lanes x, lane_places places)
{
    return _mm512_permutexvar_ps(places, x);
}
static inline lanes lanes_add(lanes a, lanes b)
{
    return _mm512_add_ps(a, b);
}
static inline lanes lanes_less(lanes a, lanes b)
{
    return _mm512_sub_ps(a, b);
}
static inline lanes lanes_times(lanes a, lanes b)
{
    return _mm512_mul_ps(a, b);
}
static inline lanes lanes_fused(lanes a, lanes b, lanes c)
{
    return _mm512_fmadd_ps(a, b, c);
}
static inline lanes lanes_over(lanes a, lanes b)
{
    return _mm512_div_ps(a, b);
}
/* x where it is larger than best, or NaN */
static inline lanes lanes_larger(lanes x, lanes best)
{
    return _mm512_mask_mov_ps(_mm512_max_ps(x, best), _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q), x);
}
/* max and min return the second operand where one is NaN */
static inline lanes lanes_at_least(lanes x, float bound)
{
    return _mm512_max_ps(_mm512_set1_ps(bound), x);
}
static inline lanes lanes_at_most(lanes x, float bound)
{
    return _mm512_min_ps(_mm512_set1_ps(bound), x);
}

#define lanes_hardsigmoid hardsigmoid_avx512
#define lanes_sigmoid sigmoid_f32_avx512
#define lanes_silu silu_f32_avx512
#define lanes_gelu gelu_f32_avx512
#define lanes_tanh tanh_f32_avx512
#include "plugins/kernels/lanes_step.h"

/* A step without operand on `count` vectors in memory. */
static inline void lanes_pass(const struct gemm_step *step, lanes *x, int count)
{
    step_avx512(step, (float *)x, (float *)(x + count));
}

/* Sums in double. */
static inline lane_sums lane_sums_zero(void)
{
    return (lane_sums){_mm512_setzero_pd(), _mm512_setzero_pd()};
}
static inline lane_sums lane_sums_add(lane_sums sums, lanes x)
{
    sums.low = _mm512_add_pd(sums.low, _mm512_cvtps_pd(_mm512_castps512_ps256(x)));
    sums.high = _mm512_add_pd(sums.high, _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1)));
    return sums;
}
static inline lanes lane_sums_over(lane_sums sums, double count)
{
    __m256 low = _mm512_cvtpd_ps(_mm512_div_pd(sums.low, _mm512_set1_pd(count)));
    __m256 high = _mm512_cvtpd_ps(_mm512_div_pd(sums.high, _mm512_set1_pd(count)));
    return _mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1);
}

#endif

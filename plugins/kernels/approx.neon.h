/*
 * plugins/kernels/approx.neon.h - approx.h, four at a time: the same bits in every lane
 *
 * Each function mirrors its scalar twin operation by operation; where that branches, both
 * sides are computed and one is chosen.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_APPROX_NEON_H
#define KERNELS_APPROX_NEON_H

#include <arm_neon.h>

#include "plugins/kernels/approx.h"

static inline float32x4_t approx_step_neon(float32x4_t p, float32x4_t x, float next)
{
    return vfmaq_f32(vdupq_n_f32(next), p, x);
}

/* Lanes beyond -126..128 come from x that no one asks about: unsigned, for sums that wrap. */
static inline float32x4_t approx_power_of_two_neon(uint32x4_t n)
{
    return vreinterpretq_f32_u32(vshlq_n_u32(vaddq_u32(n, vdupq_n_u32(127)), 23));
}

/* x between two bounds; NaN stays. */
static inline float32x4_t approx_between_neon(float32x4_t x, float low, float high)
{
    x = vbslq_f32(vcgtq_f32(x, vdupq_n_f32(high)), vdupq_n_f32(high), x);
    return vbslq_f32(vcltq_f32(x, vdupq_n_f32(low)), vdupq_n_f32(low), x);
}

/* shifted - APPROX_ROUND is the whole number; its low bits are, too. */
static inline float32x4_t approx_split_exp_neon(float32x4_t x, uint32x4_t *n)
{
    float32x4_t shifted = approx_step_neon(x, vdupq_n_f32(APPROX_LOG2E), APPROX_ROUND);
    float32x4_t whole = vsubq_f32(shifted, vdupq_n_f32(APPROX_ROUND));
    float32x4_t r = vfmaq_f32(x, whole, vdupq_n_f32(-APPROX_LN2_HIGH));
    float32x4_t p = vdupq_n_f32(APPROX_E4);

    r = vfmaq_f32(r, whole, vdupq_n_f32(-APPROX_LN2_LOW));
    p = approx_step_neon(p, r, APPROX_E3);
    p = approx_step_neon(p, r, APPROX_E2);
    p = approx_step_neon(p, r, APPROX_E1);
    p = approx_step_neon(p, r, APPROX_E0);
    p = vfmaq_f32(r, p, vmulq_f32(r, r));
    *n = vsubq_u32(vreinterpretq_u32_f32(shifted),
                   vreinterpretq_u32_f32(vdupq_n_f32(APPROX_ROUND)));
    return vaddq_f32(p, vdupq_n_f32(1));
}

static inline float32x4_t exp_f32_neon(float32x4_t x)
{
    uint32x4_t within = vcleq_f32(x, vdupq_n_f32(APPROX_EXP_HIGHEST));
    uint32x4_t tiny = vcltq_f32(x, vdupq_n_f32(APPROX_EXP_LOWEST));
    float32x4_t beyond = vmulq_f32(x, vdupq_n_f32(__builtin_inff()));
    uint32x4_t n, half;
    float32x4_t p = approx_split_exp_neon(x, &n);

    half = vreinterpretq_u32_s32(vshrq_n_s32(vreinterpretq_s32_u32(n), 1));
    p = vmulq_f32(p, approx_power_of_two_neon(half));
    p = vmulq_f32(p, approx_power_of_two_neon(vsubq_u32(n, half)));
    p = vbslq_f32(tiny, vdupq_n_f32(0), p);
    return vbslq_f32(within, p, beyond);
}

/* A NaN goes through p. Shifting drops all but the low bits of n. */
static inline float32x4_t approx_short_exp_neon(float32x4_t x, float32x4_t *scale)
{
    float32x4_t shifted = approx_step_neon(x, vdupq_n_f32(APPROX_LOG2E), APPROX_ROUND);
    float32x4_t whole = vsubq_f32(shifted, vdupq_n_f32(APPROX_ROUND));
    float32x4_t r = vfmaq_f32(x, whole, vdupq_n_f32(-APPROX_LN2)), p = vdupq_n_f32(APPROX_E4);

    p = approx_step_neon(p, r, APPROX_E3);
    p = approx_step_neon(p, r, APPROX_E2);
    p = approx_step_neon(p, r, APPROX_E1);
    p = approx_step_neon(p, r, APPROX_E0);
    p = approx_step_neon(p, r, 1);
    p = approx_step_neon(p, r, 1);
    *scale = vreinterpretq_f32_u32(vaddq_u32(vshlq_n_u32(vreinterpretq_u32_f32(shifted), 23),
                                             vreinterpretq_u32_f32(vdupq_n_f32(1))));
    return p;
}

static inline float32x4_t approx_one_and_exp_neon(float32x4_t x)
{
    float32x4_t scale, p = approx_short_exp_neon(
                           approx_between_neon(x, APPROX_NEAR_LOWEST, APPROX_NEAR_HIGHEST), &scale);

    return vfmaq_f32(vdupq_n_f32(1), p, scale);
}

static inline float32x4_t exp_weight_f32_neon(float32x4_t x)
{
    uint32x4_t tiny = vcltq_f32(x, vdupq_n_f32(APPROX_NEAR_LOWEST));
    float32x4_t scale, p = approx_short_exp_neon(x, &scale);

    return vbslq_f32(tiny, vdupq_n_f32(0), vmulq_f32(p, scale));
}

static inline float32x4_t sigmoid_f32_neon(float32x4_t x)
{
    return vdivq_f32(vdupq_n_f32(1), approx_one_and_exp_neon(vnegq_f32(x)));
}

static inline float32x4_t silu_f32_neon(float32x4_t x)
{
    return vdivq_f32(x, approx_one_and_exp_neon(vnegq_f32(x)));
}

static inline float32x4_t tanh_f32_neon(float32x4_t x)
{
    float32x4_t size = vabsq_f32(x), square = vmulq_f32(x, x);
    float32x4_t one = vdupq_n_f32(1), p, q;

    p = vdupq_n_f32(APPROX_T4);
    p = approx_step_neon(p, square, APPROX_T3);
    p = approx_step_neon(p, square, APPROX_T2);
    p = approx_step_neon(p, square, APPROX_T1);
    p = approx_step_neon(p, square, APPROX_T0);
    p = vfmaq_f32(x, p, vmulq_f32(square, x));
    q = approx_one_and_exp_neon(vaddq_f32(size, size));
    q = vsubq_f32(one, vdivq_f32(vdupq_n_f32(2), q));
    q = vbslq_f32(vcltq_f32(x, vdupq_n_f32(0)), vnegq_f32(q), q);
    return vbslq_f32(vcltq_f32(size, vdupq_n_f32(0.625f)), p, q);
}

static inline float32x4_t erf_f32_neon(float32x4_t x)
{
    float32x4_t z = approx_between_neon(x, -APPROX_ERF_ONE, APPROX_ERF_ONE);
    float32x4_t square = vmulq_f32(z, z), p, q;

    p = vdupq_n_f32(APPROX_P5);
    p = approx_step_neon(p, square, APPROX_P4);
    p = approx_step_neon(p, square, APPROX_P3);
    p = approx_step_neon(p, square, APPROX_P2);
    p = approx_step_neon(p, square, APPROX_P1);
    p = approx_step_neon(p, square, APPROX_P0);
    q = vdupq_n_f32(APPROX_Q5);
    q = approx_step_neon(q, square, APPROX_Q4);
    q = approx_step_neon(q, square, APPROX_Q3);
    q = approx_step_neon(q, square, APPROX_Q2);
    q = approx_step_neon(q, square, APPROX_Q1);
    q = approx_step_neon(q, square, 1);
    p = vdivq_f32(vmulq_f32(z, p), q);
    return approx_between_neon(p, -1, 1);
}

static inline float32x4_t twice_normal_f32_neon(float32x4_t x)
{
    return vaddq_f32(erf_f32_neon(vmulq_f32(x, vdupq_n_f32(APPROX_SQRT_HALF))),
                     vdupq_n_f32(1));
}

static inline float32x4_t gelu_f32_neon(float32x4_t x)
{
    return vmulq_f32(vmulq_f32(x, vdupq_n_f32(0.5f)), twice_normal_f32_neon(x));
}

static inline float32x4_t gelu_tanh_f32_neon(float32x4_t x)
{
    float32x4_t w = approx_step_neon(vmulq_f32(x, x), vdupq_n_f32(APPROX_GELU_CUBE),
                                     APPROX_GELU_SLOPE);

    return vdivq_f32(x, approx_one_and_exp_neon(vnegq_f32(vmulq_f32(w, x))));
}

#endif

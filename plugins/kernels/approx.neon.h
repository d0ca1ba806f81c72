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
    return vaddq_f32(vmulq_f32(p, x), vdupq_n_f32(next));
}

/* Lanes beyond -126..127 come from x that no one asks about: unsigned, for sums that wrap. */
static inline float32x4_t approx_power_of_two_neon(uint32x4_t n)
{
    return vreinterpretq_f32_u32(vshlq_n_u32(vaddq_u32(n, vdupq_n_u32(127)), 23));
}

static inline float32x4_t exp_f32_neon(float32x4_t x)
{
    uint32x4_t within = vcleq_f32(x, vdupq_n_f32(APPROX_EXP_HIGHEST));
    uint32x4_t tiny = vcltq_f32(x, vdupq_n_f32(APPROX_EXP_LOWEST));
    float32x4_t beyond = vmulq_f32(x, vdupq_n_f32(__builtin_inff()));
    float32x4_t n, r, p;
    int32x4_t whole;
    uint32x4_t half;

    n = approx_step_neon(x, vdupq_n_f32(APPROX_LOG2E), APPROX_ROUND);
    n = vsubq_f32(n, vdupq_n_f32(APPROX_ROUND));
    r = vsubq_f32(x, vmulq_f32(n, vdupq_n_f32(APPROX_LN2_HIGH)));
    r = vsubq_f32(r, vmulq_f32(n, vdupq_n_f32(APPROX_LN2_LOW)));
    p = vdupq_n_f32(APPROX_E4);
    p = approx_step_neon(p, r, APPROX_E3);
    p = approx_step_neon(p, r, APPROX_E2);
    p = approx_step_neon(p, r, APPROX_E1);
    p = approx_step_neon(p, r, APPROX_E0);
    p = vaddq_f32(vmulq_f32(p, vmulq_f32(r, r)), r);
    p = vaddq_f32(p, vdupq_n_f32(1));
    whole = vcvtq_s32_f32(n);
    half = vreinterpretq_u32_s32(vshrq_n_s32(whole, 1));
    p = vmulq_f32(p, approx_power_of_two_neon(half));
    p = vmulq_f32(p, approx_power_of_two_neon(vsubq_u32(vreinterpretq_u32_s32(whole), half)));
    p = vbslq_f32(tiny, vdupq_n_f32(0), p);
    return vbslq_f32(within, p, beyond);
}

static inline float32x4_t sigmoid_f32_neon(float32x4_t x)
{
    float32x4_t one = vdupq_n_f32(1);
    return vdivq_f32(one, vaddq_f32(one, exp_f32_neon(vnegq_f32(x))));
}

static inline float32x4_t silu_f32_neon(float32x4_t x)
{
    return vdivq_f32(x, vaddq_f32(vdupq_n_f32(1), exp_f32_neon(vnegq_f32(x))));
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
    p = vaddq_f32(vmulq_f32(p, vmulq_f32(square, x)), x);
    q = vaddq_f32(exp_f32_neon(vaddq_f32(size, size)), one);
    q = vsubq_f32(one, vdivq_f32(vdupq_n_f32(2), q));
    q = vbslq_f32(vcltq_f32(x, vdupq_n_f32(0)), vnegq_f32(q), q);
    return vbslq_f32(vcltq_f32(size, vdupq_n_f32(0.625f)), p, q);
}

static inline float32x4_t twice_normal_f32_neon(float32x4_t x)
{
    float32x4_t z = vmulq_f32(x, vdupq_n_f32(APPROX_SQRT_HALF));
    float32x4_t size = vabsq_f32(z), square = vmulq_f32(z, z);
    float32x4_t most = vdupq_n_f32(10.1f), p, q;
    uint32x4_t small = vcltq_f32(size, vdupq_n_f32(1));

    p = vdupq_n_f32(APPROX_F6);
    p = approx_step_neon(p, square, APPROX_F5);
    p = approx_step_neon(p, square, APPROX_F4);
    p = approx_step_neon(p, square, APPROX_F3);
    p = approx_step_neon(p, square, APPROX_F2);
    p = approx_step_neon(p, square, APPROX_F1);
    p = approx_step_neon(p, square, APPROX_F0);
    p = vaddq_f32(vmulq_f32(p, z), vdupq_n_f32(1));

    size = vbslq_f32(vcgtq_f32(size, most), most, size);
    q = vdupq_n_f32(APPROX_G9);
    q = approx_step_neon(q, size, APPROX_G8);
    q = approx_step_neon(q, size, APPROX_G7);
    q = approx_step_neon(q, size, APPROX_G6);
    q = approx_step_neon(q, size, APPROX_G5);
    q = approx_step_neon(q, size, APPROX_G4);
    q = approx_step_neon(q, size, APPROX_G3);
    q = approx_step_neon(q, size, APPROX_G2);
    q = approx_step_neon(q, size, APPROX_G1);
    q = approx_step_neon(q, size, APPROX_G0);
    q = exp_f32_neon(vsubq_f32(q, vmulq_f32(size, size)));
    q = vbslq_f32(vcltq_f32(x, vdupq_n_f32(0)), q, vsubq_f32(vdupq_n_f32(2), q));
    return vbslq_f32(small, p, q);
}

static inline float32x4_t gelu_f32_neon(float32x4_t x)
{
    return vmulq_f32(vmulq_f32(x, vdupq_n_f32(0.5f)), twice_normal_f32_neon(x));
}

#endif

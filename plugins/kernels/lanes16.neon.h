/*
 * plugins/kernels/lanes16.neon.h - vectors of sixteen floats: four of four
 *
 * See lanes16.avx512.h, whose words these are. Parts go by way of the stack; whole vectors are
 * asked for first.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_LANES16_NEON_H
#define KERNELS_LANES16_NEON_H

#include <stdint.h>
#include <string.h>

#include <arm_neon.h>

#include "plugins/kernels/approx.neon.h"

typedef struct {
    float32x4_t a, b, c, d;
} lanes16;

#define LANES16_INLINE static inline __attribute__((always_inline))

#define LANES16_UNARY(name, function)                                                      \
    LANES16_INLINE lanes16 name(lanes16 x)                                                 \
    {                                                                                      \
        return (lanes16){function(x.a), function(x.b), function(x.c), function(x.d)};      \
    }
#define LANES16_BINARY(name, function)                                                     \
    LANES16_INLINE lanes16 name(lanes16 x, lanes16 y)                                      \
    {                                                                                      \
        return (lanes16){function(x.a, y.a), function(x.b, y.b), function(x.c, y.c),       \
                         function(x.d, y.d)};                                              \
    }

/* The second where one is NaN, or both are zeros: vmaxq and vminq choose otherwise. */
LANES16_INLINE float32x4_t larger_neon(float32x4_t x, float32x4_t y)
{
    return vbslq_f32(vcgtq_f32(x, y), x, y);
}
LANES16_INLINE float32x4_t smaller_neon(float32x4_t x, float32x4_t y)
{
    return vbslq_f32(vcltq_f32(x, y), x, y);
}

LANES16_BINARY(add16, vaddq_f32)
LANES16_BINARY(sub16, vsubq_f32)
LANES16_BINARY(mul16, vmulq_f32)
LANES16_BINARY(div16, vdivq_f32)
LANES16_BINARY(max16, larger_neon)
LANES16_BINARY(min16, smaller_neon)
LANES16_UNARY(exp16, exp_f32_neon)
LANES16_UNARY(exp_weight16, exp_weight_f32_neon)
LANES16_UNARY(gelu16, gelu_f32_neon)
LANES16_UNARY(sigmoid16, sigmoid_f32_neon)
LANES16_UNARY(silu16, silu_f32_neon)
LANES16_UNARY(tanh16, tanh_f32_neon)

LANES16_INLINE lanes16 spread16(float x)
{
    float32x4_t all = vdupq_n_f32(x);

    return (lanes16){all, all, all, all};
}

LANES16_INLINE lanes16 zero16(void)
{
    return spread16(0);
}

LANES16_INLINE lanes16 fused16(lanes16 x, lanes16 y, lanes16 z)
{
    return (lanes16){vfmaq_f32(z.a, x.a, y.a), vfmaq_f32(z.b, x.b, y.b),
                     vfmaq_f32(z.c, x.c, y.c), vfmaq_f32(z.d, x.d, y.d)};
}

/* a x + c with a of one float: no vector of it is made. */
LANES16_INLINE lanes16 multiples16(float a, lanes16 x, lanes16 c)
{
    return (lanes16){vfmaq_n_f32(c.a, x.a, a), vfmaq_n_f32(c.b, x.b, a),
                     vfmaq_n_f32(c.c, x.c, a), vfmaq_n_f32(c.d, x.d, a)};
}

LANES16_INLINE lanes16 load16(const float *from)
{
    return (lanes16){vld1q_f32(from), vld1q_f32(from + 4), vld1q_f32(from + 8),
                     vld1q_f32(from + 12)};
}

LANES16_INLINE void store16(float *to, lanes16 x)
{
    vst1q_f32(to, x.a);
    vst1q_f32(to + 4, x.b);
    vst1q_f32(to + 8, x.c);
    vst1q_f32(to + 12, x.d);
}

static inline lanes16 part16(const float *from, int64_t count)
{
    float all[16] = {0};

    if (count == 16)
        return load16(from);
    memcpy(all, from, (size_t)count * sizeof *from);
    return load16(all);
}

static inline void store_part16(float *to, lanes16 x, int64_t count)
{
    float all[16];

    if (count == 16) {
        store16(to, x);
        return;
    }
    store16(all, x);
    memcpy(to, all, (size_t)count * sizeof *to);
}

/* Lanes below count of the four from `first` on, all bits set. */
static inline uint32x4_t below_neon(int64_t count, int32_t first)
{
    static const int32_t lane[4] = {0, 1, 2, 3};

    return vcltq_s32(vld1q_s32(lane), vdupq_n_s32((int32_t)count - first));
}

LANES16_INLINE lanes16 choose16(int64_t count, lanes16 x, float32x4_t other)
{
    return (lanes16){vbslq_f32(below_neon(count, 0), x.a, other),
                     vbslq_f32(below_neon(count, 4), x.b, other),
                     vbslq_f32(below_neon(count, 8), x.c, other),
                     vbslq_f32(below_neon(count, 12), x.d, other)};
}

static inline lanes16 keep16(lanes16 x, int64_t count)
{
    return choose16(count, x, vdupq_n_f32(0));
}

static inline lanes16 minus_infinity_from16(lanes16 x, int64_t count)
{
    return choose16(count, x, vdupq_n_f32(-__builtin_inff()));
}

/* The upper half upon the lower, until one is left. */
static inline float sum_lanes16(lanes16 x)
{
    float32x4_t four = vaddq_f32(vaddq_f32(x.a, x.c), vaddq_f32(x.b, x.d));
    float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));

    return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

static inline float max_lanes16(lanes16 x)
{
    float32x4_t four = larger_neon(larger_neon(x.a, x.c), larger_neon(x.b, x.d));
    float low, high;

    low = vgetq_lane_f32(four, 0) > vgetq_lane_f32(four, 2) ? vgetq_lane_f32(four, 0)
                                                            : vgetq_lane_f32(four, 2);
    high = vgetq_lane_f32(four, 1) > vgetq_lane_f32(four, 3) ? vgetq_lane_f32(four, 1)
                                                             : vgetq_lane_f32(four, 3);
    return low > high ? low : high;
}

/* Four rows of four, transposed: to[c * 16 + r] = from[r * row + c] * factor. */
static inline void transpose_4x4(const float *from, int64_t row, float32x4_t factor, float *to)
{
    float32x4_t r0 = vmulq_f32(vld1q_f32(from), factor);
    float32x4_t r1 = vmulq_f32(vld1q_f32(from + row), factor);
    float32x4_t r2 = vmulq_f32(vld1q_f32(from + 2 * row), factor);
    float32x4_t r3 = vmulq_f32(vld1q_f32(from + 3 * row), factor);
    float64x2_t even01 = vreinterpretq_f64_f32(vtrn1q_f32(r0, r1));
    float64x2_t odd01 = vreinterpretq_f64_f32(vtrn2q_f32(r0, r1));
    float64x2_t even23 = vreinterpretq_f64_f32(vtrn1q_f32(r2, r3));
    float64x2_t odd23 = vreinterpretq_f64_f32(vtrn2q_f32(r2, r3));

    vst1q_f32(to, vreinterpretq_f32_f64(vtrn1q_f64(even01, even23)));
    vst1q_f32(to + 16, vreinterpretq_f32_f64(vtrn1q_f64(odd01, odd23)));
    vst1q_f32(to + 32, vreinterpretq_f32_f64(vtrn2q_f64(even01, even23)));
    vst1q_f32(to + 48, vreinterpretq_f32_f64(vtrn2q_f64(odd01, odd23)));
}

/* As transpose.avx2.h has it. */
static inline void transpose_8x8(const float *from, int64_t row, float scale, float *to)
{
    const float32x4_t factor = vdupq_n_f32(scale);

    transpose_4x4(from, row, factor, to);
    transpose_4x4(from + 4, row, factor, to + 4 * 16);
    transpose_4x4(from + 4 * row, row, factor, to + 4);
    transpose_4x4(from + 4 * row + 4, row, factor, to + 4 * 16 + 4);
}

#endif

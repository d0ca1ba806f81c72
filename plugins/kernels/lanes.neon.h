/*
 * plugins/kernels/lanes.neon.h - four floats side by side, by the names of lanes.avx2.h
 *
 * One register a vector: bodies keep eight chains of sums beside each other, which is what two
 * pipes of latency 4 want, and weights and pixels still fit the thirty-two registers. NEON has
 * no masks; a part is so many lanes from the first, and whole vectors are asked for first.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_LANES_NEON_H
#define KERNELS_LANES_NEON_H

#include <stdint.h>

#include <arm_neon.h>

#include <imgcls/plugin.h>

#include "plugins/kernels/approx.neon.h"
#include "plugins/kernels/gemm.h"

#define LANES 4
typedef float32x4_t lanes;
typedef int lane_mask; /* 0..4 lanes */
typedef struct {
    float64x2_t low, high;
} lane_sums;

static inline lane_mask lanes_below(int64_t count)
{
    return count >= LANES ? LANES : count <= 0 ? 0 : (int)count;
}
static inline lanes lanes_zero(void)
{
    return vdupq_n_f32(0);
}
static inline lanes lanes_all(float x)
{
    return vdupq_n_f32(x);
}
static inline lanes lanes_load(const float *from)
{
    return vld1q_f32(from);
}
static inline lanes lanes_load_part(const float *from, lane_mask mask)
{
    lanes x = vdupq_n_f32(0);

    if (mask == LANES)
        return vld1q_f32(from);
    if (mask > 0)
        x = vld1q_lane_f32(from, x, 0);
    if (mask > 1)
        x = vld1q_lane_f32(from + 1, x, 1);
    if (mask > 2)
        x = vld1q_lane_f32(from + 2, x, 2);
    return x;
}
/* x in a register, where compilers would load it again for each use. */
static inline lanes lanes_kept(lanes x)
{
    __asm__("" : "+w"(x));
    return x;
}
static inline void lanes_store(float *to, lanes x)
{
    vst1q_f32(to, x);
}
static inline void lanes_store_part(float *to, lane_mask mask, lanes x)
{
    if (mask == LANES) {
        vst1q_f32(to, x);
        return;
    }
    if (mask > 0)
        vst1q_lane_f32(to, x, 0);
    if (mask > 1)
        vst1q_lane_f32(to + 1, x, 1);
    if (mask > 2)
        vst1q_lane_f32(to + 2, x, 2);
}
typedef uint8x16_t lane_places; /* of bytes */
static inline lane_places lanes_places(const int32_t *at)
{
    uint32x4_t first = vmulq_n_u32(vreinterpretq_u32_s32(vld1q_s32(at)), 0x04040404);

    return vreinterpretq_u8_u32(vaddq_u32(first, vdupq_n_u32(0x03020100)));
}
static inline lanes lanes_pick(lanes x, lane_places places)
{
    return vreinterpretq_f32_u8(vqtbl1q_u8(vreinterpretq_u8_f32(x), places));
}
static inline lanes lanes_add(lanes a, lanes b)
{
    return vaddq_f32(a, b);
}
static inline lanes lanes_less(lanes a, lanes b)
{
    return vsubq_f32(a, b);
}
static inline lanes lanes_times(lanes a, lanes b)
{
    return vmulq_f32(a, b);
}
static inline lanes lanes_fused(lanes a, lanes b, lanes c)
{
    return vfmaq_f32(c, a, b);
}
static inline lanes lanes_over(lanes a, lanes b)
{
    return vdivq_f32(a, b);
}
/* x where it is larger than best, or NaN */
static inline lanes lanes_larger(lanes x, lanes best)
{
    uint32x4_t take = vornq_u32(vcgtq_f32(x, best), vceqq_f32(x, x));

    return vbslq_f32(take, x, best);
}
/* x where it is NaN, and zeros keep their sign, which vmaxq and vminq would not do. */
static inline lanes lanes_at_least(lanes x, float bound)
{
    return vbslq_f32(vcltq_f32(x, vdupq_n_f32(bound)), vdupq_n_f32(bound), x);
}
static inline lanes lanes_at_most(lanes x, float bound)
{
    return vbslq_f32(vcgtq_f32(x, vdupq_n_f32(bound)), vdupq_n_f32(bound), x);
}

static inline lanes lanes_hardsigmoid(lanes x, float a, float b)
{
    x = vaddq_f32(vmulq_f32(vdupq_n_f32(a), x), vdupq_n_f32(b));
    return lanes_at_most(lanes_at_least(x, 0), 1);
}
#define lanes_sigmoid sigmoid_f32_neon
#define lanes_silu silu_f32_neon
#define lanes_gelu gelu_f32_neon
#define lanes_tanh tanh_f32_neon
#include "plugins/kernels/lanes_step.h"

/* A step without operand on `count` vectors in memory. */
static inline void lanes_pass(const struct gemm_step *step, lanes *x, int count)
{
    int i;

    for (i = 0; i < count; i++)
        x[i] = lanes_step(step, x[i], lanes_zero());
}

/* Sums in double. */
static inline lane_sums lane_sums_zero(void)
{
    return (lane_sums){vdupq_n_f64(0), vdupq_n_f64(0)};
}
static inline lane_sums lane_sums_add(lane_sums sums, lanes x)
{
    sums.low = vaddq_f64(sums.low, vcvt_f64_f32(vget_low_f32(x)));
    sums.high = vaddq_f64(sums.high, vcvt_high_f64_f32(x));
    return sums;
}
static inline lanes lane_sums_over(lane_sums sums, double count)
{
    float64x2_t all = vdupq_n_f64(count);
    float32x2_t low = vcvt_f32_f64(vdivq_f64(sums.low, all));

    return vcvt_high_f32_f64(low, vdivq_f64(sums.high, all));
}

#endif

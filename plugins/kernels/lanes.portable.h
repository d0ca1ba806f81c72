/*
 * plugins/kernels/lanes.portable.h - one float, by the names of lanes.avx2.h
 *
 * For bodies whose reference is themselves, one channel at a time.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_LANES_PORTABLE_H
#define KERNELS_LANES_PORTABLE_H

#include <stdint.h>

#include "plugins/kernels/fused.h"
#include "plugins/kernels/step.h"

#define LANES 1
typedef float lanes;
typedef int lane_mask; /* 1 float or none */

static inline lane_mask lanes_below(int64_t count)
{
    return count > 0;
}
static inline lanes lanes_zero(void)
{
    return 0;
}
static inline lanes lanes_all(float x)
{
    return x;
}
static inline lanes lanes_load(const float *from)
{
    return *from;
}
static inline void lanes_store(float *to, lanes x)
{
    *to = x;
}
static inline lanes lanes_load_part(const float *from, lane_mask mask)
{
    return mask ? *from : 0;
}
static inline void lanes_store_part(float *to, lane_mask mask, lanes x)
{
    if (mask)
        *to = x;
}
static inline lanes lanes_add(lanes a, lanes b)
{
    return a + b;
}
static inline lanes lanes_less(lanes a, lanes b)
{
    return a - b;
}
static inline lanes lanes_times(lanes a, lanes b)
{
    return a * b;
}
static inline lanes lanes_fused(lanes a, lanes b, lanes c)
{
    return fused_f32(a, b, c);
}
/* NaN stays. */
static inline lanes lanes_at_least(lanes x, float bound)
{
    return x < bound ? bound : x;
}
static inline lanes lanes_at_most(lanes x, float bound)
{
    return x > bound ? bound : x;
}
static inline lanes lanes_step(const struct gemm_step *step, lanes x, lanes other)
{
    struct gemm_step one = *step;

    one.operand = &other; /* step_f32 reads element 0 */
    return step_f32(&one, 0, 0, x);
}
/* A step without operand on `count` floats. */
static inline void lanes_pass(const struct gemm_step *step, lanes *x, int count)
{
    int i;

    for (i = 0; i < count; i++)
        x[i] = lanes_step(step, x[i], 0);
}

#endif

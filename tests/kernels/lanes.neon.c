/*
 * tests/kernels/lanes.neon.c - approx.neon.h's functions on four floats in memory
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/kernels/lanes.h"

#if BUILD_NEON
#include "plugins/kernels/approx.neon.h"

static int offered(void)
{
    return 1;
}
#define LANES(name, function)                                                              \
    static void name(const float *x, float *y)                                             \
    {                                                                                      \
        vst1q_f32(y, function(vld1q_f32(x)));                                              \
    }
LANES(exp_lanes, exp_f32_neon)
LANES(exp_weight_lanes, exp_weight_f32_neon)
LANES(sigmoid_lanes, sigmoid_f32_neon)
LANES(silu_lanes, silu_f32_neon)
LANES(tanh_lanes, tanh_f32_neon)
LANES(gelu_lanes, gelu_f32_neon)
LANES(twice_normal_lanes, twice_normal_f32_neon)
LANES(erf_lanes, erf_f32_neon)
LANES(gelu_tanh_lanes, gelu_tanh_f32_neon)

const struct lanes lanes_neon = {
    .name = "neon",
    .offered = offered,
    .width = 4,
    .functions =
        {
            [LANES_EXP] = exp_lanes,
            [LANES_EXP_WEIGHT] = exp_weight_lanes,
            [LANES_SIGMOID] = sigmoid_lanes,
            [LANES_SILU] = silu_lanes,
            [LANES_TANH] = tanh_lanes,
            [LANES_GELU] = gelu_lanes,
            [LANES_TWICE_NORMAL] = twice_normal_lanes,
            [LANES_ERF] = erf_lanes,
            [LANES_GELU_TANH] = gelu_tanh_lanes,
        },
};
#else
static int offered(void)
{
    return 0;
}

const struct lanes lanes_neon = {.name = "neon", .offered = offered};
#endif

/*
 * tests/kernels/lanes.avx2.c - approx.avx2.h's functions on eight floats in memory
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/kernels/lanes.h"

#if BUILD_AVX2
#include "plugins/kernels/approx.avx2.h"

static int offered(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#define LANES(name, function)                                                              \
    static void name(const float *x, float *y)                                             \
    {                                                                                      \
        _mm256_storeu_ps(y, function(_mm256_loadu_ps(x)));                                 \
    }
LANES(exp_lanes, exp_f32_avx2)
LANES(exp_weight_lanes, exp_weight_f32_avx2)
LANES(sigmoid_lanes, sigmoid_f32_avx2)
LANES(silu_lanes, silu_f32_avx2)
LANES(tanh_lanes, tanh_f32_avx2)
LANES(gelu_lanes, gelu_f32_avx2)
LANES(twice_normal_lanes, twice_normal_f32_avx2)
LANES(erf_lanes, erf_f32_avx2)
LANES(gelu_tanh_lanes, gelu_tanh_f32_avx2)

const struct lanes lanes_avx2 = {
    .name = "avx2",
    .offered = offered,
    .width = 8,
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

const struct lanes lanes_avx2 = {.name = "avx2", .offered = offered};
#endif

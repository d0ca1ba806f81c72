/*
 * tests/kernels/lanes.avx512.c - approx.avx512.h's functions on sixteen floats in memory
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/kernels/lanes.h"

#if BUILD_AVX512
#include "plugins/kernels/approx.avx512.h"

static int offered(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq");
}
#define LANES(name, function)                                                              \
    static void name(const float *x, float *y)                                             \
    {                                                                                      \
        _mm512_storeu_ps(y, function(_mm512_loadu_ps(x)));                                 \
    }
LANES(exp_lanes, exp_f32_avx512)
LANES(exp_weight_lanes, exp_weight_f32_avx512)
LANES(sigmoid_lanes, sigmoid_f32_avx512)
LANES(silu_lanes, silu_f32_avx512)
static void silu_by_lanes(const float *x, float *y)
{
    struct silu_constants constants;

    silu_constants_avx512(&constants);
    _mm512_storeu_ps(y, silu_by_avx512(&constants, _mm512_loadu_ps(x)));
}
LANES(tanh_lanes, tanh_f32_avx512)
LANES(gelu_lanes, gelu_f32_avx512)
LANES(twice_normal_lanes, twice_normal_f32_avx512)
LANES(erf_lanes, erf_f32_avx512)
LANES(gelu_tanh_lanes, gelu_tanh_f32_avx512)

const struct lanes lanes_avx512 = {
    .name = "avx512",
    .offered = offered,
    .width = 16,
    .functions =
        {
            [LANES_EXP] = exp_lanes,
            [LANES_EXP_WEIGHT] = exp_weight_lanes,
            [LANES_SIGMOID] = sigmoid_lanes,
            [LANES_SILU] = silu_lanes,
            [LANES_SILU_BY] = silu_by_lanes,
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

const struct lanes lanes_avx512 = {.name = "avx512", .offered = offered};
#endif

/*
 * plugins/kernels/pointwise.h - a function of one number over many: exp, erf, tanh, sigmoid,
 * the two forms of GELU
 *
 * The arithmetic is approx.h's, so a function that stands on its own has the bits of the same
 * function in an epilogue, on every instruction set. x and y may be the same.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_POINTWISE_H
#define KERNELS_POINTWISE_H

#include <stdint.h>

/* y[i] = f(x[i]), n of them, side by side. */
typedef void pointwise_kernel(const float *x, float *y, int64_t n);

/* FUNCTION(name, function of approx.h): every function, once. */
#define POINTWISE_FUNCTIONS(FUNCTION)                                                      \
    FUNCTION(exp, exp_f32)                                                                 \
    FUNCTION(erf, erf_f32)                                                                 \
    FUNCTION(tanh, tanh_f32)                                                               \
    FUNCTION(sigmoid, sigmoid_f32)                                                         \
    FUNCTION(gelu, gelu_f32)                                                               \
    FUNCTION(gelu_tanh, gelu_tanh_f32)

#define POINTWISE_DECLARE(name, function)                                                  \
    pointwise_kernel pointwise_##name##_portable, pointwise_##name##_avx2,                 \
        pointwise_##name##_avx512;
POINTWISE_FUNCTIONS(POINTWISE_DECLARE)
#undef POINTWISE_DECLARE

#endif

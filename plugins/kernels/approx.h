/*
 * plugins/kernels/approx.h - exp, tanh, sigmoid and the normal distribution in float32
 *
 * Polynomials of ours instead of libm, so that portable and vector code give the same bits:
 * plain multiplications and additions in a written order (no fused ones: SSE2 vectorises
 * this file), rounding to nearest, no table. Coefficients: weighted minimax fits made with
 * iterated least squares in double (numpy, mpmath) over the ranges named below. Errors
 * against mpmath, all floats of a range sampled: tests/kernels/approx_test.c holds them.
 * approx.avx2.h is the same, eight at a time; change both.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_APPROX_H
#define KERNELS_APPROX_H

#include <stdint.h>
#include <string.h>

#define APPROX_LOG2E       1.44269504f
#define APPROX_LN2_HIGH    0.693359375f      /* 9 bits: n * high is exact */
#define APPROX_LN2_LOW     (-2.12194440e-4f) /* ln 2 - high */
#define APPROX_ROUND       12582912.0f    /* 1.5 * 2^23: adding it rounds to an integer */
#define APPROX_EXP_HIGHEST 88.7228394f    /* above: infinity */
#define APPROX_EXP_LOWEST  (-103.972084f) /* below: 0 */
/* e^r = 1 + r + r^2 * (E0 + E1 r + ...), |r| <= 0.3475, relative error 3.2e-9 */
#define APPROX_E0 0.5000000096665593f
#define APPROX_E1 0.16666517310329845f
#define APPROX_E2 0.04166620103462331f
#define APPROX_E3 0.008369072918595634f
#define APPROX_E4 0.0013950809162909408f
/* tanh x = x + x^3 * (T0 + T1 x^2 + ...), |x| <= 0.625, error 4.2e-9 */
#define APPROX_T0 (-0.3333328392543055f)
#define APPROX_T1 0.1333149128995147f
#define APPROX_T2 (-0.053743498280312024f)
#define APPROX_T3 0.020650587845220784f
#define APPROX_T4 (-0.0057170455888375694f)
/* erf z = z * (F0 + F1 z^2 + ...), |z| <= 1, relative error 1.3e-9 */
#define APPROX_F0 1.128379165727454f
#define APPROX_F1 (-0.37612625826256235f)
#define APPROX_F2 0.1128358516446331f
#define APPROX_F3 (-0.02685381246987268f)
#define APPROX_F4 0.005188328565092045f
#define APPROX_F5 (-0.0008010200584965377f)
#define APPROX_F6 7.853882577047194e-05f
/* log(erfc z) + z^2 = G0 + G1 z + ..., 1 <= z <= 10, error 1e-8 of erfc or 1e-4 relative */
#define APPROX_G0        (-0.00037620521632288415f)
#define APPROX_G1        (-1.1274181327793604f)
#define APPROX_G2        0.3634559587219516f
#define APPROX_G3        (-0.10582836555467438f)
#define APPROX_G4        0.024185344738652966f
#define APPROX_G5        (-0.004064719574177204f)
#define APPROX_G6        0.00047505909267676996f
#define APPROX_G7        (-3.6062414853016267e-05f)
#define APPROX_G8        1.5852585554121573e-06f
#define APPROX_G9        (-3.046494307797699e-08f)
#define APPROX_SQRT_HALF 0.70710678f

/* 2^n for n in -126..127. */
static inline float approx_power_of_two(int32_t n)
{
    uint32_t bits = (uint32_t)(n + 127) << 23;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* e^x; below 2 ulp where the result is normal; NaN gives NaN. */
static inline float exp_f32(float x)
{
    float n, r, p;
    int32_t whole, half;

    if (!(x <= APPROX_EXP_HIGHEST))
        return x * __builtin_inff(); /* infinity, or NaN */
    if (x < APPROX_EXP_LOWEST)
        return 0;
    n = x * APPROX_LOG2E + APPROX_ROUND;
    n = n - APPROX_ROUND;
    r = (x - n * APPROX_LN2_HIGH) - n * APPROX_LN2_LOW;
    p = APPROX_E4;
    p = p * r + APPROX_E3;
    p = p * r + APPROX_E2;
    p = p * r + APPROX_E1;
    p = p * r + APPROX_E0;
    p = (p * (r * r) + r) + 1;
    whole = (int32_t)n;
    half = whole >> 1; /* two factors: 2^n itself may be no normal float */
    return (p * approx_power_of_two(half)) * approx_power_of_two(whole - half);
}

/* 1 / (1 + e^-x) */
static inline float sigmoid_f32(float x)
{
    return 1 / (1 + exp_f32(-x));
}

/* x / (1 + e^-x) */
static inline float silu_f32(float x)
{
    return x / (1 + exp_f32(-x));
}

static inline float tanh_f32(float x)
{
    float size = x < 0 ? -x : x, square = x * x, p;

    if (size < 0.625f) {
        p = APPROX_T4;
        p = p * square + APPROX_T3;
        p = p * square + APPROX_T2;
        p = p * square + APPROX_T1;
        p = p * square + APPROX_T0;
        return p * (square * x) + x;
    }
    p = 1 - 2 / (exp_f32(size + size) + 1);
    return x < 0 ? -p : p;
}

/* 1 + erf(x / sqrt 2), twice the normal distribution; its lower tail keeps precision. */
static inline float twice_normal_f32(float x)
{
    float z = x * APPROX_SQRT_HALF, size = z < 0 ? -z : z, square = z * z, p;

    if (size < 1) {
        p = APPROX_F6;
        p = p * square + APPROX_F5;
        p = p * square + APPROX_F4;
        p = p * square + APPROX_F3;
        p = p * square + APPROX_F2;
        p = p * square + APPROX_F1;
        p = p * square + APPROX_F0;
        return p * z + 1;
    }
    if (size > 10.1f)
        size = 10.1f; /* erfc is below the smallest float: nothing is left */
    p = APPROX_G9;
    p = p * size + APPROX_G8;
    p = p * size + APPROX_G7;
    p = p * size + APPROX_G6;
    p = p * size + APPROX_G5;
    p = p * size + APPROX_G4;
    p = p * size + APPROX_G3;
    p = p * size + APPROX_G2;
    p = p * size + APPROX_G1;
    p = p * size + APPROX_G0;
    p = exp_f32(p - size * size);
    return x < 0 ? p : 2 - p; /* NaN has gone through p */
}

/* x / 2 * (1 + erf(x / sqrt 2)) */
static inline float gelu_f32(float x)
{
    return (x * 0.5f) * twice_normal_f32(x);
}

#endif

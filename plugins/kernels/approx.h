/*
 * plugins/kernels/approx.h - exp, tanh, sigmoid and the normal distribution in float32
 *
 * Polynomials of ours instead of libm, so that portable and vector code give the same bits:
 * multiplications, additions and fused multiply-adds in a written order, rounding to nearest,
 * no table. Coefficients: weighted minimax fits made with iterated least squares in double
 * (numpy) over the ranges named below. Errors over sampled floats of each range:
 * tests/kernels/approx_test.c holds them. approx.avx2.h and approx.avx512.h are the same on
 * vectors; change all.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_APPROX_H
#define KERNELS_APPROX_H

#include <stdint.h>
#include <string.h>

#include "plugins/kernels/fused.h"

#define APPROX_LOG2E       1.44269504f
#define APPROX_LN2_HIGH    0.693359375f      /* 9 bits: n * high is exact */
#define APPROX_LN2_LOW     (-2.12194440e-4f) /* ln 2 - high */
#define APPROX_LN2         0.693147182f      /* ln 2 + 1.9e-9 */
#define APPROX_ROUND       12582912.0f    /* 1.5 * 2^23: adding it rounds to an integer */
#define APPROX_EXP_HIGHEST 88.7228394f    /* above: infinity */
#define APPROX_EXP_LOWEST  (-103.972084f) /* below: 0 */
#define APPROX_NEAR_HIGHEST 89.0f         /* 2^n is infinite there, and normal from */
#define APPROX_NEAR_LOWEST  (-87.0f)      /* here on */
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
/* erf z = z * (P0 + P1 z^2 + ...) / (1 + Q1 z^2 + ...), |z| <= 4, relative error 2.5e-8 */
#define APPROX_P0        1.1283791393256761f
#define APPROX_P1        0.1935451341173621f
#define APPROX_P2        0.05310175982555076f
#define APPROX_P3        0.0038833489196452493f
#define APPROX_P4        0.0002845663381870776f
#define APPROX_P5        1.9867857771541432e-06f
#define APPROX_Q1        0.5048574647174005f
#define APPROX_Q2        0.11535003403644843f
#define APPROX_Q3        0.015207259899675267f
#define APPROX_Q4        0.0011855729929745743f
#define APPROX_Q5        3.7420233934208983e-05f
#define APPROX_ERF_ONE   4.0f /* from here on the quotient is at least 1 */
#define APPROX_SQRT_HALF 0.70710678f
#define APPROX_GELU_SLOPE 1.59576912f   /* 2 sqrt(2 / pi) */
#define APPROX_GELU_CUBE  0.0713548163f /* that times 0.044715 */

/* 2^n for n in -126..127, infinity for 128. */
static inline float approx_power_of_two(int32_t n)
{
    uint32_t bits = (uint32_t)(n + 127) << 23;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* n, the whole number nearest to x / ln 2; e^(x - n ln 2) comes back. */
static inline float approx_split_exp(float x, int32_t *n)
{
    float shifted = fused_f32(x, APPROX_LOG2E, APPROX_ROUND), whole = shifted - APPROX_ROUND;
    float r = fused_f32(whole, -APPROX_LN2_HIGH, x), p = APPROX_E4, offset = APPROX_ROUND;
    uint32_t bits, base;

    r = fused_f32(whole, -APPROX_LN2_LOW, r);
    p = fused_f32(p, r, APPROX_E3);
    p = fused_f32(p, r, APPROX_E2);
    p = fused_f32(p, r, APPROX_E1);
    p = fused_f32(p, r, APPROX_E0);
    memcpy(&bits, &shifted, sizeof bits); /* neighbouring floats there are 1 apart */
    memcpy(&base, &offset, sizeof base);
    *n = (int32_t)(bits - base);
    return fused_f32(p, r * r, r) + 1;
}

/* e^x; below 2 ulp where the result is normal; NaN gives NaN. */
static inline float exp_f32(float x)
{
    int32_t n, half;
    float p;

    if (!(x <= APPROX_EXP_HIGHEST))
        return x * __builtin_inff(); /* infinity, or NaN */
    if (x < APPROX_EXP_LOWEST)
        return 0;
    p = approx_split_exp(x, &n);
    half = n >> 1; /* two factors: 2^n itself may be no normal float */
    return (p * approx_power_of_two(half)) * approx_power_of_two(n - half);
}

/* p and scale with p * scale = e^x, for x in APPROX_NEAR_LOWEST..HIGHEST; scale is infinity from
 * 88.4 on. Shorter than exp_f32: ln 2 in one part adds an error below 2^-24 of e^x for |x| < 20,
 * and below 2^-22 at the ends. */
static inline float approx_short_exp(float x, float *scale)
{
    float shifted = fused_f32(x, APPROX_LOG2E, APPROX_ROUND), p = APPROX_E4, one = 1;
    float r = fused_f32(shifted - APPROX_ROUND, -APPROX_LN2, x);
    uint32_t bits, exponent;

    p = fused_f32(p, r, APPROX_E3);
    p = fused_f32(p, r, APPROX_E2);
    p = fused_f32(p, r, APPROX_E1);
    p = fused_f32(p, r, APPROX_E0);
    p = fused_f32(p, r, 1);
    p = fused_f32(p, r, 1);
    memcpy(&bits, &shifted, sizeof bits); /* its low bits are the whole number's */
    memcpy(&exponent, &one, sizeof exponent);
    exponent += bits << 23;
    memcpy(scale, &exponent, sizeof *scale); /* 2^n for n in -126..127, infinity for 128 */
    return p;
}

/* 1 + e^x with x brought to APPROX_NEAR_LOWEST..HIGHEST first, which changes nothing; from 88.4 on
 * infinity, a little early. NaN gives NaN. */
static inline float approx_one_and_exp(float x)
{
    float scale, p;

    x = x > APPROX_NEAR_HIGHEST ? APPROX_NEAR_HIGHEST : x;
    x = x < APPROX_NEAR_LOWEST ? APPROX_NEAR_LOWEST : x;
    p = approx_short_exp(x, &scale);
    return x == x ? fused_f32(p, scale, 1) : x;
}

/* e^x for x <= 0, a weight of attention; 0 below APPROX_NEAR_LOWEST. NaN gives NaN. */
static inline float exp_weight_f32(float x)
{
    float scale, p;

    if (x < APPROX_NEAR_LOWEST)
        return 0;
    p = approx_short_exp(x, &scale);
    return x == x ? p * scale : x;
}

/* 1 / (1 + e^-x) */
static inline float sigmoid_f32(float x)
{
    return 1 / approx_one_and_exp(-x);
}

/* x / (1 + e^-x) */
static inline float silu_f32(float x)
{
    return x / approx_one_and_exp(-x);
}

static inline float tanh_f32(float x)
{
    float size = x < 0 ? -x : x, square = x * x, p;

    if (size < 0.625f) {
        p = APPROX_T4;
        p = fused_f32(p, square, APPROX_T3);
        p = fused_f32(p, square, APPROX_T2);
        p = fused_f32(p, square, APPROX_T1);
        p = fused_f32(p, square, APPROX_T0);
        return fused_f32(p, square * x, x);
    }
    p = 1 - 2 / approx_one_and_exp(size + size);
    return x < 0 ? -p : p;
}

static inline float erf_f32(float z)
{
    float square, p, q;

    z = z > APPROX_ERF_ONE ? APPROX_ERF_ONE : z;
    z = z < -APPROX_ERF_ONE ? -APPROX_ERF_ONE : z;
    square = z * z;
    p = APPROX_P5;
    p = fused_f32(p, square, APPROX_P4);
    p = fused_f32(p, square, APPROX_P3);
    p = fused_f32(p, square, APPROX_P2);
    p = fused_f32(p, square, APPROX_P1);
    p = fused_f32(p, square, APPROX_P0);
    q = APPROX_Q5;
    q = fused_f32(q, square, APPROX_Q4);
    q = fused_f32(q, square, APPROX_Q3);
    q = fused_f32(q, square, APPROX_Q2);
    q = fused_f32(q, square, APPROX_Q1);
    q = fused_f32(q, square, 1);
    p = z * p / q;
    p = p > 1 ? 1 : p;
    return p < -1 ? -1 : p;
}

/* 1 + erf(x / sqrt 2), twice the normal distribution; as a sum: its lower tail is no more precise
 * than 1 is. */
static inline float twice_normal_f32(float x)
{
    return erf_f32(x * APPROX_SQRT_HALF) + 1;
}

/* x / 2 * (1 + erf(x / sqrt 2)) */
static inline float gelu_f32(float x)
{
    return (x * 0.5f) * twice_normal_f32(x);
}

/* x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))), as x * sigmoid */
static inline float gelu_tanh_f32(float x)
{
    float w = fused_f32(x * x, APPROX_GELU_CUBE, APPROX_GELU_SLOPE) * x;

    return x / approx_one_and_exp(-w);
}

#endif

/*
 * tests/kernels/lanes.h - approx.avx2.h's functions on eight floats in memory
 *
 * lanes.avx2.c is compiled with the instruction set's flags, the tests are not.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_KERNELS_LANES_H
#define TESTS_KERNELS_LANES_H

/* Nonzero where the functions below may be called. */
int lanes_offered(void);

void exp_lanes(const float *x, float *y);
void sigmoid_lanes(const float *x, float *y);
void silu_lanes(const float *x, float *y);
void tanh_lanes(const float *x, float *y);
void gelu_lanes(const float *x, float *y);
void twice_normal_lanes(const float *x, float *y);

#endif

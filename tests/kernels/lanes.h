/*
 * tests/kernels/lanes.h - the functions of approx.*.h on floats in memory
 *
 * Each lanes.*.c is compiled with its instruction set's flags, the tests are not.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_KERNELS_LANES_H
#define TESTS_KERNELS_LANES_H

enum {
    LANES_EXP,
    LANES_EXP_WEIGHT,
    LANES_SIGMOID,
    LANES_SILU,
    LANES_SILU_BY, /* by constants in memory; AVX-512 alone has it */
    LANES_TANH,
    LANES_GELU,
    LANES_TWICE_NORMAL,
    LANES_ERF,
    LANES_GELU_TANH,
    LANES_COUNT
};

#define LANES_MOST 16

struct lanes {
    const char *name;
    int (*offered)(void); /* nonzero where the functions may be called */
    int width;            /* floats that they take and give */
    void (*functions[LANES_COUNT])(const float *x, float *y);
};

extern const struct lanes lanes_avx2, lanes_avx512, lanes_neon;

#endif

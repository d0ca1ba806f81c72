/*
 * plugins/kernels/rows.h - softmax and layer normalisation of one row
 *
 * A row is n elements, `stride` apart (softmax along any axis; vector kernels take stride
 * 1). Sums run in ROWS_LANES lanes, element i into lane i mod ROWS_LANES, each lane in
 * rising order; then lanes are added pairwise, the upper half onto the lower, until one is
 * left. That is what vectors of 4, 8 and 16 can do alike, so the bits are the same
 * everywhere. x and y may be the same.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_ROWS_H
#define KERNELS_ROWS_H

#include <stdint.h>

#include "plugins/kernels/sets.h"

#define ROWS_LANES 16

/* y = e^(x - max) / sum; with `logarithm` x - max - log(sum). n >= 1. */
typedef void softmax_kernel(const void *x, void *y, int64_t n, int64_t stride,
                            int32_t logarithm);

struct layernorm_row {
    int64_t n;
    int32_t centre; /* 1: LayerNormalization, 0: RMSNormalization (mean is 0) */
    double epsilon;
    const void *scale; /* n elements */
    const void *bias;  /* n elements or NULL */
};
/* y = (x - mean) / sqrt(mean of squares of that + epsilon) * scale + bias. mean and
 * inverse, where not NULL, get one element each: the mean, and the factor. */
typedef void layernorm_kernel(const struct layernorm_row *row, const void *x, void *y,
                              void *mean, void *inverse);

#define SOFTMAX_FAMILY(KERNEL)                                                             \
    KERNEL(softmax_f32_portable, 0)                                                        \
    WITH_AVX2(KERNEL(softmax_f32_avx2, IMGCLS_ISA_AVX2))                                              \
    WITH_AVX512(KERNEL(softmax_f32_avx512, IMGCLS_ISA_AVX512)) \
    WITH_NEON(KERNEL(softmax_f32_neon, IMGCLS_ISA_NEON))
#define LAYERNORM_FAMILY(KERNEL)                                                           \
    KERNEL(layernorm_f32_portable, 0)                                                      \
    WITH_AVX2(KERNEL(layernorm_f32_avx2, IMGCLS_ISA_AVX2))                                            \
    WITH_AVX512(KERNEL(layernorm_f32_avx512, IMGCLS_ISA_AVX512)) \
    WITH_NEON(KERNEL(layernorm_f32_neon, IMGCLS_ISA_NEON))

softmax_kernel softmax_f32_portable, softmax_f64_portable, softmax_f32_avx2,
    softmax_f32_avx512, softmax_f32_neon;
layernorm_kernel layernorm_f32_portable, layernorm_f64_portable, layernorm_f32_avx2,
    layernorm_f32_avx512, layernorm_f32_neon;

#endif

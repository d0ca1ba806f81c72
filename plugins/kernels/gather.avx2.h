/*
 * plugins/kernels/gather.avx2.h - panels of B with AVX2, whose gathering takes a mask
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_GATHER_AVX2_H
#define KERNELS_GATHER_AVX2_H

#include <immintrin.h>

#include "plugins/kernels/gemm.h"
#include "plugins/kernels/lanes16.avx2.h"

/* at: offsets; -1 gives 0 */
static inline void gather_apart(const float *image, int64_t plane, int64_t channels,
                                const int64_t at[GEMM_COLUMNS], float *to)
{
    int64_t c;
    int j;

    if (plane <= INT32_MAX) {
        int32_t narrow[GEMM_COLUMNS];
        __m256i low, high;
        __m256 low_mask, high_mask, zero = _mm256_setzero_ps();
        for (j = 0; j < GEMM_COLUMNS; j++)
            narrow[j] = (int32_t)at[j];
        low = _mm256_loadu_si256((const __m256i *)narrow);
        high = _mm256_loadu_si256((const __m256i *)(narrow + 8));
        /* the sign of the mask's lane decides: set where the offset is not negative */
        low_mask = _mm256_castsi256_ps(_mm256_cmpgt_epi32(low, _mm256_set1_epi32(-1)));
        high_mask = _mm256_castsi256_ps(_mm256_cmpgt_epi32(high, _mm256_set1_epi32(-1)));
        for (c = 0; c < channels; c++, image += plane, to += GEMM_COLUMNS) {
            _mm256_store_ps(to, _mm256_mask_i32gather_ps(zero, image, low, low_mask, 4));
            _mm256_store_ps(to + 8,
                            _mm256_mask_i32gather_ps(zero, image, high, high_mask, 4));
        }
    } else {
        for (c = 0; c < channels; c++, image += plane)
            for (j = 0; j < GEMM_COLUMNS; j++)
                *to++ = at[j] < 0 ? 0 : image[at[j]];
    }
}

#include "plugins/kernels/gather.body.h"

#endif

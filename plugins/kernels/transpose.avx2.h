/*
 * plugins/kernels/transpose.avx2.h - eight rows of eight floats become columns
 *
 * A word of lanes16.avx2.h and lanes16.avx512.h: wider vectors have nothing better.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_TRANSPOSE_AVX2_H
#define KERNELS_TRANSPOSE_AVX2_H

#include <stdint.h>

#include <immintrin.h>

/* Eight rows of eight, transposed: to[c * 16 + r] = from[r * row + c] * scale. */
static inline void transpose_8x8(const float *from, int64_t row, float scale, float *to)
{
    const __m256 factor = _mm256_set1_ps(scale);
    __m256 a[8], b[8];
    int i;

#pragma GCC unroll 8
    for (i = 0; i < 8; i++)
        a[i] = _mm256_mul_ps(_mm256_loadu_ps(from + i * row), factor);
#pragma GCC unroll 4
    for (i = 0; i < 4; i++) {
        b[2 * i] = _mm256_unpacklo_ps(a[2 * i], a[2 * i + 1]);
        b[2 * i + 1] = _mm256_unpackhi_ps(a[2 * i], a[2 * i + 1]);
    }
#pragma GCC unroll 2
    for (i = 0; i < 2; i++) {
        a[4 * i] = _mm256_shuffle_ps(b[4 * i], b[4 * i + 2], 0x44);
        a[4 * i + 1] = _mm256_shuffle_ps(b[4 * i], b[4 * i + 2], 0xee);
        a[4 * i + 2] = _mm256_shuffle_ps(b[4 * i + 1], b[4 * i + 3], 0x44);
        a[4 * i + 3] = _mm256_shuffle_ps(b[4 * i + 1], b[4 * i + 3], 0xee);
    }
#pragma GCC unroll 4
    for (i = 0; i < 4; i++) {
        _mm256_store_ps(to + i * 16, _mm256_permute2f128_ps(a[i], a[i + 4], 0x20));
        _mm256_store_ps(to + (i + 4) * 16, _mm256_permute2f128_ps(a[i], a[i + 4], 0x31));
    }
}

#endif

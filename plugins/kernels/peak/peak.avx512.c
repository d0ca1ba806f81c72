/*
 * plugins/kernels/peak/peak.avx512.c - chains of fused multiply-adds, 16 floats wide
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/peak/peak.h"

#include <immintrin.h>

float peak_fma_avx512(int64_t rounds)
{
    __m512 chains[PEAK_CHAINS], factor = _mm512_set1_ps(0.999f),
                                term = _mm512_set1_ps(0.001f);
    for (int i = 0; i < PEAK_CHAINS; i++)
        chains[i] = _mm512_set1_ps((float)i);
    for (int64_t r = 0; r < rounds; r++) {
#pragma GCC unroll 12
        for (int i = 0; i < PEAK_CHAINS; i++)
            chains[i] = _mm512_fmadd_ps(chains[i], factor, term);
    }
    for (int i = 1; i < PEAK_CHAINS; i++)
        chains[0] = _mm512_add_ps(chains[0], chains[i]);
    return _mm512_reduce_add_ps(chains[0]);
}

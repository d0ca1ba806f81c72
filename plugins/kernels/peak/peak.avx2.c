/*
 * plugins/kernels/peak/peak.avx2.c - chains of fused multiply-adds, 8 floats wide
 *
 * Twelve chains cover the latency (4 cycles, two units); all fit into sixteen registers.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/peak/peak.h"

#include <immintrin.h>

float peak_fma_avx2(int64_t rounds)
{
    __m256 chains[PEAK_CHAINS], factor = _mm256_set1_ps(0.999f),
                                term = _mm256_set1_ps(0.001f);
    float lanes[8];
    for (int i = 0; i < PEAK_CHAINS; i++)
        chains[i] = _mm256_set1_ps((float)i);
    for (int64_t r = 0; r < rounds; r++) {
#pragma GCC unroll 12
        for (int i = 0; i < PEAK_CHAINS; i++)
            chains[i] = _mm256_fmadd_ps(chains[i], factor, term);
    }
    for (int i = 1; i < PEAK_CHAINS; i++)
        chains[0] = _mm256_add_ps(chains[0], chains[i]);
    _mm256_storeu_ps(lanes, chains[0]);
    return lanes[0] + lanes[7];
}

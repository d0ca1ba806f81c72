/*
 * plugins/kernels/peak/peak.neon.c - chains of fused multiply-adds, 4 floats wide
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/peak/peak.h"

#include <arm_neon.h>

float peak_fma_neon(int64_t rounds)
{
    float32x4_t chains[PEAK_CHAINS], factor = vdupq_n_f32(0.999f), term = vdupq_n_f32(0.001f);

    for (int i = 0; i < PEAK_CHAINS; i++)
        chains[i] = vdupq_n_f32((float)i);
    for (int64_t r = 0; r < rounds; r++) {
#pragma GCC unroll 12
        for (int i = 0; i < PEAK_CHAINS; i++)
            chains[i] = vfmaq_f32(term, chains[i], factor);
    }
    for (int i = 1; i < PEAK_CHAINS; i++)
        chains[0] = vaddq_f32(chains[0], chains[i]);
    return vaddvq_f32(chains[0]);
}

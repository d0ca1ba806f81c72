/*
 * plugins/kernels/gather.neon.h - panels of B with NEON, which has no gathering
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_GATHER_NEON_H
#define KERNELS_GATHER_NEON_H

#include "plugins/kernels/gemm.h"
#include "plugins/kernels/lanes16.neon.h"

/* at: offsets; -1 gives 0 */
static inline void gather_apart(const float *image, int64_t plane, int64_t channels,
                                const int64_t at[GEMM_COLUMNS], float *to)
{
    int j;

    for (; channels > 0; channels--, image += plane)
        for (j = 0; j < GEMM_COLUMNS; j++)
            *to++ = at[j] < 0 ? 0 : image[at[j]];
}

#include "plugins/kernels/gather.body.h"

#endif

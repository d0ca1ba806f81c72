/*
 * plugins/kernels/gemm.avx2.c - the family with AVX2 and FMA: tiles of 6 x 16
 *
 * Twelve accumulators, two vectors of B and one broadcast of A fill the sixteen registers.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/gemm.h"

#include "plugins/kernels/finish.avx2.h"
#include "plugins/kernels/gather.avx2.h"
#include "plugins/kernels/lanes16.avx2.h"

static inline void finish16(const struct gemm_job *job, const struct gemm_tile *tile, int64_t m,
                            int64_t n, int64_t count, lanes16 x)
{
    __m256 both[2] = {x.low, x.high};

    finish_avx2(job, tile, m, n, count, both);
}

#define KERNEL gemm_f32_6x16_avx2
#define FINISH finish16
#include "plugins/kernels/gemm.body.h"

/*
 * plugins/kernels/heads.avx2.c - attention of one head with AVX2 and FMA: tiles of 6 x 16
 *
 * Twelve accumulators, two vectors of keys (or of v) and one broadcast fill the registers.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/heads.h"

#include "plugins/kernels/lanes16.avx2.h"

#define WIDE  1
#define HEADS heads_f32_avx2
#include "plugins/kernels/heads.body.h"

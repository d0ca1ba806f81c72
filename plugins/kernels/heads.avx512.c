/*
 * plugins/kernels/heads.avx512.c - attention of one head with AVX-512: tiles of 6 x 64
 *
 * Twenty-four accumulators, four vectors of keys (or of v) and one broadcast.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/heads.h"

#include "plugins/kernels/lanes16.avx512.h"

#define WIDE  4
#define HEADS heads_f32_avx512
#include "plugins/kernels/heads.body.h"

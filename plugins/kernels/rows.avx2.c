/*
 * plugins/kernels/rows.avx2.c - softmax and layer normalisation of contiguous rows with
 * AVX2
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/rows.h"

#include <math.h>

#include "plugins/kernels/lanes16.avx2.h"

#define SOFTMAX   softmax_f32_avx2
#define LAYERNORM layernorm_f32_avx2
#include "plugins/kernels/rows.body.h"

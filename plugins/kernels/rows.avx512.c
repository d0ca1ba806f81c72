/*
 * plugins/kernels/rows.avx512.c - softmax and layer normalisation of contiguous rows with
 * AVX-512
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/rows.h"

#include <math.h>

#include "plugins/kernels/lanes16.avx512.h"

#define SOFTMAX   softmax_f32_avx512
#define LAYERNORM layernorm_f32_avx512
#include "plugins/kernels/rows.body.h"

/*
 * plugins/kernels/rows.neon.c - softmax and layer normalisation of contiguous rows with NEON
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/rows.h"

#include <math.h>

#include "plugins/kernels/lanes16.neon.h"

#define SOFTMAX   softmax_f32_neon
#define LAYERNORM layernorm_f32_neon
#include "plugins/kernels/rows.body.h"

/*
 * plugins/kernels/cl_first.avx2.c - first-layer convolution with AVX2 and FMA: tiles of 6 x
 * 16
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/cl_first.h"

#include <string.h>

#include "plugins/kernels/lanes.avx2.h"

#define FIRST  cl_first_f32_6x16_avx2
#define ROWS   6
#define PANELS 1
#include "plugins/kernels/cl_first.body.h"

/*
 * plugins/kernels/cl_first.avx512.c - first-layer convolution with AVX-512: tiles of 14 x
 * 32
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/cl_first.h"

#include <string.h>

#include "plugins/kernels/fused.avx512.h"
#include "plugins/kernels/lanes.avx512.h"

#define FIRST     cl_first_f32_14x32_avx512
#define FIRST_RUN "plugins/kernels/cl_first_run.avx512.h"
#define ROWS      14
#define PANELS    2
#include "plugins/kernels/cl_first.body.h"

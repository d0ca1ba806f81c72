/*
 * plugins/kernels/cl_dwconv.avx512.c - depthwise convolution of channels-last images with
 * AVX-512
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/cl_dwconv.h"

#include "plugins/kernels/lanes.avx512.h"

#define DWCONV cl_dwconv_f32_avx512
#include "plugins/kernels/cl_dwconv.body.h"

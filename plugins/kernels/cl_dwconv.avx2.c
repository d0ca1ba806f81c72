/*
 * plugins/kernels/cl_dwconv.avx2.c - depthwise convolution of channels-last images with
 * AVX2
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/cl_dwconv.h"

#include "plugins/kernels/lanes.avx2.h"

#define DWCONV cl_dwconv_f32_avx2
#include "plugins/kernels/cl_dwconv.body.h"

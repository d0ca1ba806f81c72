/*
 * plugins/kernels/cl_dwconv.neon.c - depthwise convolution of channels-last images with NEON
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/cl_dwconv.h"

#include "plugins/kernels/lanes.neon.h"

#define DWCONV cl_dwconv_f32_neon
#include "plugins/kernels/cl_dwconv.body.h"

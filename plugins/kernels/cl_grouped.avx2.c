/*
 * plugins/kernels/cl_grouped.avx2.c - convolution in many groups of few channels with AVX2
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/cl_grouped.h"

#include "plugins/kernels/lanes.avx2.h"

#define GROUPED cl_grouped_f32_avx2
#include "plugins/kernels/cl_grouped.body.h"

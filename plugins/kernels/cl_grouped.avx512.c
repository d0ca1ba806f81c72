/*
 * plugins/kernels/cl_grouped.avx512.c - convolution in many groups of few channels with AVX-512
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/cl_grouped.h"

#include "plugins/kernels/lanes.avx512.h"

#define GROUPED cl_grouped_f32_avx512
#include "plugins/kernels/cl_grouped.body.h"

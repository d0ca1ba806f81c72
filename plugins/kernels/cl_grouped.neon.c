/*
 * plugins/kernels/cl_grouped.neon.c - convolution in many groups of few channels with NEON
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/cl_grouped.h"

#include "plugins/kernels/lanes.neon.h"

#define GROUPED cl_grouped_f32_neon
#include "plugins/kernels/cl_grouped.body.h"

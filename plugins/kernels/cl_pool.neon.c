/*
 * plugins/kernels/cl_pool.neon.c - pooling over channels-last images with NEON
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/cl_pool.h"

#include "plugins/kernels/lanes.neon.h"

#define POOL_MAX            cl_pool_max_f32_neon
#define POOL_AVERAGE        cl_pool_average_f32_neon
#define POOL_GLOBAL_MAX     cl_pool_global_max_f32_neon
#define POOL_GLOBAL_AVERAGE cl_pool_global_average_f32_neon
#include "plugins/kernels/cl_pool.body.h"

/*
 * plugins/kernels/cl_pool.avx2.c - pooling over channels-last images with AVX2
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/cl_pool.h"

#include "plugins/kernels/lanes.avx2.h"

#define POOL_MAX            cl_pool_max_f32_avx2
#define POOL_AVERAGE        cl_pool_average_f32_avx2
#define POOL_GLOBAL_MAX     cl_pool_global_max_f32_avx2
#define POOL_GLOBAL_AVERAGE cl_pool_global_average_f32_avx2
#include "plugins/kernels/cl_pool.body.h"

/*
 * plugins/kernels/winograd.avx512.c - Winograd convolution with AVX-512
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/lanes.avx512.h"

#define WINOGRAD          winograd_f32_avx512
#define PRODUCT           gemm_direct_f32_14x32_avx512
#define PRODUCT_GRID(job) direct_grid(job, DIRECT_ROWS_AVX512, DIRECT_COLUMNS_AVX512, 1)
#define PANEL             DIRECT_COLUMNS_AVX512
#include "plugins/kernels/winograd.body.h"

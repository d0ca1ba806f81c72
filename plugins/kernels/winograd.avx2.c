/*
 * plugins/kernels/winograd.avx2.c - Winograd convolution with AVX2 and FMA
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/lanes.avx2.h"

#define PRODUCT           gemm_direct_f32_6x16_avx2
#define PRODUCT_GRID(job) direct_grid(job, DIRECT_ROWS_AVX2, DIRECT_COLUMNS_AVX2, 1)
#define PANEL             DIRECT_COLUMNS_AVX2

#define WINOGRAD       winograd4_f32_avx2
#define OUT            4
#define SIZE           3
#define STRIDE         1
#define NAME(function) function##_4
#include "plugins/kernels/winograd.body.h"

#define WINOGRAD       winograd2_f32_avx2
#define OUT            2
#define SIZE           3
#define STRIDE         1
#define NAME(function) function##_2
#include "plugins/kernels/winograd.body.h"

#define WINOGRAD       winograd2x5_f32_avx2
#define OUT            2
#define SIZE           5
#define STRIDE         1
#define NAME(function) function##_2x5
#include "plugins/kernels/winograd.body.h"

#define WINOGRAD       winograd2s2_f32_avx2
#define OUT            2
#define SIZE           3
#define STRIDE         2
#define NAME(function) function##_2s2
#include "plugins/kernels/winograd.body.h"

#define WINOGRAD_WEIGHTS(tile) winograd##tile##_f32_avx2_weights
#include "plugins/kernels/winograd_weights.body.h"

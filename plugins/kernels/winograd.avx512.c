/*
 * plugins/kernels/winograd.avx512.c - Winograd convolution with AVX-512
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/lanes.avx512.h"

#define PRODUCT           gemm_direct_f32_14x32_avx512
#define PRODUCT_GRID(job) direct_grid(job, DIRECT_ROWS_AVX512, DIRECT_COLUMNS_AVX512, 1)
#define PANEL             DIRECT_COLUMNS_AVX512

#define WINOGRAD       winograd4_f32_avx512
#define OUT            4
#define SIZE           3
#define STRIDE         1
#define NAME(function) function##_4
#include "plugins/kernels/winograd.body.h"

#define WINOGRAD       winograd2_f32_avx512
#define OUT            2
#define SIZE           3
#define STRIDE         1
#define NAME(function) function##_2
#include "plugins/kernels/winograd.body.h"

#define WINOGRAD       winograd2x5_f32_avx512
#define OUT            2
#define SIZE           5
#define STRIDE         1
#define NAME(function) function##_2x5
#include "plugins/kernels/winograd.body.h"

#define WINOGRAD       winograd2s2_f32_avx512
#define OUT            2
#define SIZE           3
#define STRIDE         2
#define NAME(function) function##_2s2
#include "plugins/kernels/winograd.body.h"

#define WINOGRAD_WEIGHTS(tile) winograd##tile##_f32_avx512_weights
#include "plugins/kernels/winograd_weights.body.h"

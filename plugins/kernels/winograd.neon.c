/*
 * plugins/kernels/winograd.neon.c - Winograd convolution with NEON
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/lanes.neon.h"

#define PRODUCT           gemm_direct_f32_6x16_neon
#define PRODUCT_GRID(job) direct_grid(job, DIRECT_ROWS_NEON, DIRECT_COLUMNS_NEON, 1)
#define PANEL             DIRECT_COLUMNS_NEON

#define WINOGRAD       winograd4_f32_neon
#define OUT            4
#define SIZE           3
#define STRIDE         1
#define NAME(function) function##_4
#include "plugins/kernels/winograd.body.h"

#define WINOGRAD       winograd2_f32_neon
#define OUT            2
#define SIZE           3
#define STRIDE         1
#define NAME(function) function##_2
#include "plugins/kernels/winograd.body.h"

#define WINOGRAD       winograd2x5_f32_neon
#define OUT            2
#define SIZE           5
#define STRIDE         1
#define NAME(function) function##_2x5
#include "plugins/kernels/winograd.body.h"

#define WINOGRAD       winograd2s2_f32_neon
#define OUT            2
#define SIZE           3
#define STRIDE         2
#define NAME(function) function##_2s2
#include "plugins/kernels/winograd.body.h"

#define WINOGRAD_WEIGHTS(tile) winograd##tile##_f32_neon_weights
#include "plugins/kernels/winograd_weights.body.h"

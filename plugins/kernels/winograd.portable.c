/*
 * plugins/kernels/winograd.portable.c - Winograd convolution in plain C
 *
 * The reference of the family: the same body on vectors of one float.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/lanes.portable.h"

#define PRODUCT           gemm_f32_portable
#define PRODUCT_GRID(job) gemm_grid(job, 1)
#define PANEL             0

#define WINOGRAD       winograd4_f32_portable
#define OUT            4
#define SIZE           3
#define STRIDE         1
#define NAME(function) function##_4
#include "plugins/kernels/winograd.body.h"

#define WINOGRAD       winograd2_f32_portable
#define OUT            2
#define SIZE           3
#define STRIDE         1
#define NAME(function) function##_2
#include "plugins/kernels/winograd.body.h"

#define WINOGRAD       winograd2x5_f32_portable
#define OUT            2
#define SIZE           5
#define STRIDE         1
#define NAME(function) function##_2x5
#include "plugins/kernels/winograd.body.h"

#define WINOGRAD       winograd2s2_f32_portable
#define OUT            2
#define SIZE           3
#define STRIDE         2
#define NAME(function) function##_2s2
#include "plugins/kernels/winograd.body.h"

/*
 * plugins/kernels/winograd.portable.c - Winograd convolution in plain C
 *
 * The reference of the family: the same body on vectors of one float.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/lanes.portable.h"

#define WINOGRAD          winograd_f32_portable
#define PRODUCT           gemm_f32_portable
#define PRODUCT_GRID(job) gemm_grid(job, 1)
#define PANEL             0
#include "plugins/kernels/winograd.body.h"

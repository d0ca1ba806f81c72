/*
 * plugins/kernels/pointwise.avx2.c - functions of one number with AVX2
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/pointwise.h"

#include "plugins/kernels/lanes16.avx2.h"

#define POINTWISE(name) pointwise_##name##_avx2
#include "plugins/kernels/pointwise.body.h"

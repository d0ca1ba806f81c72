/*
 * plugins/kernels/pointwise.avx512.c - functions of one number with AVX-512
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/pointwise.h"

#include "plugins/kernels/lanes16.avx512.h"

#define POINTWISE(name) pointwise_##name##_avx512
#include "plugins/kernels/pointwise.body.h"

/*
 * plugins/kernels/gemm.neon.c - the family with NEON: tiles of 6 x 16
 *
 * Twenty-four accumulators, four vectors of B and up to three floats of A in 31 of the 32
 * registers.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/gemm.h"

#include "plugins/kernels/finish.neon.h"
#include "plugins/kernels/gather.neon.h"

#define KERNEL gemm_f32_6x16_neon
#define FINISH finish_neon
#include "plugins/kernels/gemm.body.h"

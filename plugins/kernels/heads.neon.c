/*
 * plugins/kernels/heads.neon.c - attention of one head with NEON: tiles of 6 x 16
 *
 * Twenty-four accumulators, four vectors of keys (or of v) and one broadcast are 29 of the 32
 * registers.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/heads.h"

#include "plugins/kernels/lanes16.neon.h"

#define WIDE  1
#define HEADS heads_f32_neon
#include "plugins/kernels/heads.body.h"

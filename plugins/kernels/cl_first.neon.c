/*
 * plugins/kernels/cl_first.neon.c - first-layer convolution with NEON: tiles of 6 x 16
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/cl_first.h"

#include <string.h>

#include "plugins/kernels/lanes.neon.h"

#define FIRST  cl_first_f32_6x16_neon
#define ROWS   6
#define PANELS 1
#include "plugins/kernels/cl_first.body.h"

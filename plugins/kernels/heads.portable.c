/*
 * plugins/kernels/heads.portable.c - attention of one head in plain C
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/heads.h"

#include <math.h>

#include "plugins/kernels/approx.h"
#include "plugins/kernels/fused.h"

#define REAL  float
#define FUSED fused_f32
#define EXP   exp_weight_f32
#define DOT   dot_f32
#define SCORE score_f32
#define HEADS heads_f32_portable
#include "plugins/kernels/heads.portable.body.h"
#undef REAL
#undef FUSED
#undef EXP
#undef DOT
#undef SCORE
#undef HEADS

#define REAL           double
#define FUSED(a, b, c) ((a) * (b) + (c))
#define EXP            exp
#define DOT            dot_f64
#define SCORE          score_f64
#define HEADS          heads_f64_portable
#include "plugins/kernels/heads.portable.body.h"

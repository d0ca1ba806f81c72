/*
 * plugins/kernels/rows.portable.c - softmax and layer normalisation in plain C
 *
 * The float32 exp is the polynomial of approx.h; the logarithm, once a row, is libm's in
 * double.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/rows.h"

#include <math.h>

#include "plugins/kernels/approx.h"

#define REAL      float
#define EXP       exp_f32
#define LOG(x)    ((float)log(x))
#define SQRT      sqrtf
#define SUM_LANES sum_lanes_f32
#define SOFTMAX   softmax_f32_portable
#define LAYERNORM layernorm_f32_portable
#include "plugins/kernels/rows.portable.body.h"
#undef REAL
#undef EXP
#undef LOG
#undef SQRT
#undef SUM_LANES
#undef SOFTMAX
#undef LAYERNORM

#define REAL      double
#define EXP       exp
#define LOG       log
#define SQRT      sqrt
#define SUM_LANES sum_lanes_f64
#define SOFTMAX   softmax_f64_portable
#define LAYERNORM layernorm_f64_portable
#include "plugins/kernels/rows.portable.body.h"

/*
 * plugins/ops/elementwise/function.c - elementary functions of one number
 *
 * By the C library, in the element's own precision: within an ulp or two with glibc. Those that
 * models are full of (exp, erf, tanh) have float32 kernels of ours (plugins/kernels/approx.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <tgmath.h>

#include "elementwise.h"
#include "map.h"
#include "pointwise.h"

/* clang-format off */
MAP_FLOATS(sqrt_portable, BROADCAST_GRAIN_CHEAP, 0, 0, sqrt(x))
MAP_FLOATS(reciprocal_portable, BROADCAST_GRAIN_CHEAP, 0, 0, (real)1 / x)
MAP_FLOATS(log_portable, BROADCAST_GRAIN_DEAR, 0, 0, log(x))
MAP_FLOATS(sin_portable, BROADCAST_GRAIN_DEAR, 0, 0, sin(x))
MAP_FLOATS(cos_portable, BROADCAST_GRAIN_DEAR, 0, 0, cos(x))
MAP_FLOATS(tan_portable, BROADCAST_GRAIN_DEAR, 0, 0, tan(x))
MAP_FLOATS(asin_portable, BROADCAST_GRAIN_DEAR, 0, 0, asin(x))
MAP_FLOATS(acos_portable, BROADCAST_GRAIN_DEAR, 0, 0, acos(x))
MAP_FLOATS(atan_portable, BROADCAST_GRAIN_DEAR, 0, 0, atan(x))
MAP_FLOATS(sinh_portable, BROADCAST_GRAIN_DEAR, 0, 0, sinh(x))
MAP_FLOATS(cosh_portable, BROADCAST_GRAIN_DEAR, 0, 0, cosh(x))
MAP_FLOATS(asinh_portable, BROADCAST_GRAIN_DEAR, 0, 0, asinh(x))
MAP_FLOATS(acosh_portable, BROADCAST_GRAIN_DEAR, 0, 0, acosh(x))
MAP_FLOATS(atanh_portable, BROADCAST_GRAIN_DEAR, 0, 0, atanh(x))
MAP_FLOATS(floor_portable, BROADCAST_GRAIN_CHEAP, 0, 0, floor(x))
MAP_FLOATS(ceil_portable, BROADCAST_GRAIN_CHEAP, 0, 0, ceil(x))
MAP_FLOATS(round_portable, BROADCAST_GRAIN_CHEAP, 0, 0, rint(x)) /* halves to even */

#define FUNCTION(op, kernel, type, since, run)                                                 \
    static const struct imgcls_kernel kernel = OP_KERNEL(#run, map_accepts_floats, run);       \
    const struct imgcls_op op = OP_ENTRY(type, since, MAP_TRAITS, map_infer, map_upgrade, &kernel);

FUNCTION(sqrt_op, sqrt_kernel, "Sqrt", 1, sqrt_portable)
FUNCTION(reciprocal_op, reciprocal_kernel, "Reciprocal", 1, reciprocal_portable)
POINTWISE_OP(exp_op, "Exp", 1, exp, exp(x))
FUNCTION(log_op, log_kernel, "Log", 1, log_portable)
POINTWISE_OP(erf_op, "Erf", 9, erf, erf(x))
FUNCTION(sin_op, sin_kernel, "Sin", 7, sin_portable)
FUNCTION(cos_op, cos_kernel, "Cos", 7, cos_portable)
FUNCTION(tan_op, tan_kernel, "Tan", 7, tan_portable)
FUNCTION(asin_op, asin_kernel, "Asin", 7, asin_portable)
FUNCTION(acos_op, acos_kernel, "Acos", 7, acos_portable)
FUNCTION(atan_op, atan_kernel, "Atan", 7, atan_portable)
FUNCTION(sinh_op, sinh_kernel, "Sinh", 9, sinh_portable)
FUNCTION(cosh_op, cosh_kernel, "Cosh", 9, cosh_portable)
POINTWISE_OP(tanh_op, "Tanh", 1, tanh, tanh(x))
FUNCTION(asinh_op, asinh_kernel, "Asinh", 9, asinh_portable)
FUNCTION(acosh_op, acosh_kernel, "Acosh", 9, acosh_portable)
FUNCTION(atanh_op, atanh_kernel, "Atanh", 9, atanh_portable)
FUNCTION(floor_op, floor_kernel, "Floor", 1, floor_portable)
FUNCTION(ceil_op, ceil_kernel, "Ceil", 1, ceil_portable)
FUNCTION(round_op, round_kernel, "Round", 11, round_portable)
/* clang-format on */

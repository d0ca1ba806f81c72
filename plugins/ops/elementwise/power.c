/*
 * plugins/ops/elementwise/power.c - Pow: base and exponent may differ in type; the result
 * has the base's
 *
 * Floating-point bases by the C library's pow in the base's precision (the exponent in
 * double where types differ); integers by exact powers where both are integers, which wrap.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <tgmath.h>

#include "elementwise.h"
#include "map.h"

#define BASES (OP_FLOATS | OP_BIT(IMGCLS_I32) | OP_BIT(IMGCLS_I64))

/* x to a whole power by squaring, modulo 2^64; a negative power is 0 but for 1 and -1. */
static int64_t whole_power(int64_t x, int64_t y)
{
    uint64_t result = 1, factor = (uint64_t)x;
    if (y < 0) {
        if (x == 1)
            return 1;
        return x == -1 ? (y & 1 ? -1 : 1) : 0;
    }
    for (; y > 0; y >>= 1) {
        if (y & 1)
            result *= factor;
        factor *= factor;
    }
    return (int64_t)result;
}

/* To an integer as conversion does it, without the undefined cases. */
static int64_t whole(double x)
{
    if (x != x)
        return 0;
    if (x >= 9223372036854775808.0)
        return INT64_MAX;
    return x <= -9223372036854775808.0 ? INT64_MIN : (int64_t)x;
}

static double number_at(int32_t type, const void *at, int64_t i)
{
    switch (type) {
    case IMGCLS_F32:
        return ((const float *)at)[i];
    case IMGCLS_F64:
        return ((const double *)at)[i];
    case IMGCLS_I8:
        return ((const int8_t *)at)[i];
    case IMGCLS_I16:
        return ((const int16_t *)at)[i];
    case IMGCLS_I32:
        return ((const int32_t *)at)[i];
    case IMGCLS_I64:
        return (double)((const int64_t *)at)[i];
    case IMGCLS_U8:
        return ((const uint8_t *)at)[i];
    case IMGCLS_U16:
        return ((const uint16_t *)at)[i];
    case IMGCLS_U32:
        return ((const uint32_t *)at)[i];
    default:
        return (double)((const uint64_t *)at)[i];
    }
}

/* A square is a product, exactly what a correctly rounded pow gives. */
/* clang-format off */
BROADCAST_UNARY(square_f32, float, float, x * x)
BROADCAST_UNARY(square_f64, double, double, x * x)
BROADCAST_BINARY(any_f32, float, float, y == 2 ? x * x : pow(x, y))
BROADCAST_BINARY(any_f64, double, double, y == 2 ? x * x : pow(x, y))
BROADCAST_BINARY(pow_i32, int32_t, int32_t, whole_power(x, y))
BROADCAST_BINARY(pow_i64, int64_t, int64_t, whole_power(x, y))
/* clang-format on */

/* One exponent for all of a row, 2 as a rule, by vectors. */
static void pow_f32(const struct broadcast_row *row)
{
    const bool is_square = row->step[1] == 0 && *(const float *)row->in[1] == 2;
    (is_square ? square_f32 : any_f32)(row);
}
static void pow_f64(const struct broadcast_row *row)
{
    const bool is_square = row->step[1] == 0 && *(const double *)row->in[1] == 2;
    (is_square ? square_f64 : any_f64)(row);
}

/* Exponents of another type: parameter points to both types. */
static void pow_mixed(const struct broadcast_row *row)
{
    const int32_t *types = row->parameter;
    int64_t i;
    for (i = 0; i < row->count; i++) {
        const double x = number_at(types[0], row->in[0], i * row->step[0]);
        const double y = number_at(types[1], row->in[1], i * row->step[1]);
        const double power = pow(x, y);
        switch (types[0]) {
        case IMGCLS_F32:
            ((float *)row->out)[i] = (float)power;
            break;
        case IMGCLS_F64:
            ((double *)row->out)[i] = power;
            break;
        case IMGCLS_I32:
            ((int32_t *)row->out)[i] = (int32_t)whole(power);
            break;
        default:
            ((int64_t *)row->out)[i] = whole(power);
            break;
        }
    }
}

static imgcls_status pow_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    static void (*const rows[IMGCLS_TYPE_COUNT])(const struct broadcast_row *) = {
        [IMGCLS_F32] = pow_f32,
        [IMGCLS_F64] = pow_f64,
        [IMGCLS_I32] = pow_i32,
        [IMGCLS_I64] = pow_i64};
    const int32_t types[2] = {run->node->inputs[0]->type, run->node->inputs[1]->type};
    return broadcast_run(host, run, types[0], BROADCAST_GRAIN_DEAR,
                         types[0] == types[1] ? rows[types[0]] : pow_mixed, types);
}

static int32_t pow_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return node->input_count == 2 && op_takes(node, 0, BASES) &&
           op_takes(node, 1, OP_NUMBERS);
}

static imgcls_status pow_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *base = op_in(infer->node, 0);
    return broadcast_infer(host, infer, 0, base ? base->type : IMGCLS_UNDEFINED);
}

static const struct imgcls_kernel pow_kernel =
    OP_KERNEL("pow_portable", pow_accepts, pow_portable);
const struct imgcls_op pow_op =
    OP_ENTRY("Pow", 1, MAP_BROADCAST_TRAITS, pow_infer, map_upgrade_broadcast, &pow_kernel);

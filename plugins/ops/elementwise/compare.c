/*
 * plugins/ops/elementwise/compare.c - Equal, Less, LessOrEqual, Greater, GreaterOrEqual,
 * IsNaN, IsInf
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "elementwise.h"
#include "map.h"

static bool same_text(const struct imgcls_string *a, const struct imgcls_string *b)
{
    return a->length == b->length &&
           (a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0);
}

static void equal_string(const struct broadcast_row *row)
{
    const struct imgcls_string *a = row->in[0], *b = row->in[1];
    bool *out = row->out;
    int64_t i;
    for (i = 0; i < row->count; i++)
        out[i] = same_text(&a[i * row->step[0]], &b[i * row->step[1]]);
}

/* clang-format off */
MAP_EACH_TEST(BROADCAST_BINARY, equal, x == y)
MAP_EACH_TEST(BROADCAST_BINARY, less, x < y)
MAP_EACH_TEST(BROADCAST_BINARY, less_or_equal, x <= y)
MAP_EACH_TEST(BROADCAST_BINARY, greater, x > y)
MAP_EACH_TEST(BROADCAST_BINARY, greater_or_equal, x >= y)
BROADCAST_BINARY(equal_bool, uint8_t, bool, !x == !y)
BROADCAST_UNARY(is_nan_f32, float, bool, x != x)
BROADCAST_UNARY(is_nan_f64, double, bool, x != x)
BROADCAST_UNARY(is_inf_f32, float, bool, isinf(x) && ((const bool *)row->parameter)[x > 0])
BROADCAST_UNARY(is_inf_f64, double, bool, isinf(x) && ((const bool *)row->parameter)[x > 0])

#define GRAIN BROADCAST_GRAIN_CHEAP
MAP_RUN(equal_portable, GRAIN, IMGCLS_BOOL, MAP_FLOAT_CASES(equal), MAP_INT_CASES(equal),
        [IMGCLS_BOOL] = equal_bool, [IMGCLS_STRING] = equal_string)
MAP_RUN(less_portable, GRAIN, IMGCLS_BOOL, MAP_FLOAT_CASES(less), MAP_INT_CASES(less))
MAP_RUN(less_or_equal_portable, GRAIN, IMGCLS_BOOL, MAP_FLOAT_CASES(less_or_equal), MAP_INT_CASES(less_or_equal))
MAP_RUN(greater_portable, GRAIN, IMGCLS_BOOL, MAP_FLOAT_CASES(greater), MAP_INT_CASES(greater))
MAP_RUN(greater_or_equal_portable, GRAIN, IMGCLS_BOOL, MAP_FLOAT_CASES(greater_or_equal), MAP_INT_CASES(greater_or_equal))
MAP_RUN(is_nan_portable, GRAIN, IMGCLS_BOOL, MAP_FLOAT_CASES(is_nan))
/* clang-format on */

static imgcls_status is_inf_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    const bool detect[2] = {host->attr_int(host, run->node, "detect_negative", 1) != 0,
                            host->attr_int(host, run->node, "detect_positive", 1) != 0};
    return broadcast_run(host, run, IMGCLS_BOOL, GRAIN,
                         run->node->inputs[0]->type == IMGCLS_F64 ? is_inf_f64 : is_inf_f32,
                         detect);
}

static int32_t equal_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return broadcast_takes(node, OP_NUMBERS | OP_BOOLS | OP_BIT(IMGCLS_STRING));
}

#define COMPARISON(op, kernel, type, since, accepts, run)                                  \
    static const struct imgcls_kernel kernel = OP_KERNEL(#run, accepts, run);              \
    const struct imgcls_op op =                                                            \
        OP_ENTRY(type, since, MAP_BROADCAST_TRAITS, broadcast_infer_bool,                  \
                 map_upgrade_broadcast, &kernel);

/* clang-format off */
COMPARISON(equal_op, equal_kernel, "Equal", 1, equal_accepts, equal_portable)
COMPARISON(less_op, less_kernel, "Less", 1, map_accepts_numbers, less_portable)
COMPARISON(less_or_equal_op, less_or_equal_kernel, "LessOrEqual", 12, map_accepts_numbers, less_or_equal_portable)
COMPARISON(greater_op, greater_kernel, "Greater", 1, map_accepts_numbers, greater_portable)
COMPARISON(greater_or_equal_op, greater_or_equal_kernel, "GreaterOrEqual", 12, map_accepts_numbers, greater_or_equal_portable)
COMPARISON(is_nan_op, is_nan_kernel, "IsNaN", 9, map_accepts_floats, is_nan_portable)
COMPARISON(is_inf_op, is_inf_kernel, "IsInf", 10, map_accepts_floats, is_inf_portable)
/* clang-format on */

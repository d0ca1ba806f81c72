/*
 * plugins/ops/elementwise/arithmetic.c - Add, Sub, Mul, Div
 *
 * Integers wrap; integer division truncates, and a divisor of zero is an error.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "elementwise.h"
#include "map.h"

/* clang-format off */
MAP_EACH_FLOAT(BROADCAST_BINARY, add, x + y)
MAP_EACH_INT(BROADCAST_BINARY, add, (uint64_t)x + (uint64_t)y)
MAP_EACH_FLOAT(BROADCAST_BINARY, sub, x - y)
MAP_EACH_INT(BROADCAST_BINARY, sub, (uint64_t)x - (uint64_t)y)
MAP_EACH_FLOAT(BROADCAST_BINARY, mul, x * y)
MAP_EACH_INT(BROADCAST_BINARY, mul, (uint64_t)x * (uint64_t)y)
MAP_EACH_FLOAT(BROADCAST_BINARY, div, x / y)
MAP_EACH_SIGNED(BROADCAST_BINARY, div, y == -1 ? (int64_t)(0 - (uint64_t)x) : (int64_t)x / y)
MAP_EACH_UNSIGNED(BROADCAST_BINARY, div, x / y)

MAP_RUN(add_portable, BROADCAST_GRAIN_CHEAP, IMGCLS_UNDEFINED, MAP_FLOAT_CASES(add), MAP_INT_CASES(add))
MAP_RUN(sub_portable, BROADCAST_GRAIN_CHEAP, IMGCLS_UNDEFINED, MAP_FLOAT_CASES(sub), MAP_INT_CASES(sub))
MAP_RUN(mul_portable, BROADCAST_GRAIN_CHEAP, IMGCLS_UNDEFINED, MAP_FLOAT_CASES(mul), MAP_INT_CASES(mul))
MAP_RUN(div_checked, BROADCAST_GRAIN_CHEAP, IMGCLS_UNDEFINED, MAP_FLOAT_CASES(div), MAP_INT_CASES(div))
/* clang-format on */

static imgcls_status div_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    imgcls_status status = elementwise_check_divisor(host, run);
    return status == IMGCLS_OK ? div_checked(host, run) : status;
}

static const struct imgcls_kernel add_kernel =
    OP_KERNEL("add_portable", map_accepts_numbers, add_portable);
static const struct imgcls_kernel sub_kernel =
    OP_KERNEL("sub_portable", map_accepts_numbers, sub_portable);
static const struct imgcls_kernel mul_kernel =
    OP_KERNEL("mul_portable", map_accepts_numbers, mul_portable);
static const struct imgcls_kernel div_kernel =
    OP_KERNEL("div_portable", map_accepts_numbers, div_portable);

const struct imgcls_op add_op =
    OP_ENTRY("Add", 1, MAP_BROADCAST_TRAITS, broadcast_infer_same, map_upgrade_broadcast,
             &add_kernel);
const struct imgcls_op sub_op =
    OP_ENTRY("Sub", 1, MAP_BROADCAST_TRAITS, broadcast_infer_same, map_upgrade_broadcast,
             &sub_kernel);
const struct imgcls_op mul_op =
    OP_ENTRY("Mul", 1, MAP_BROADCAST_TRAITS, broadcast_infer_same, map_upgrade_broadcast,
             &mul_kernel);
const struct imgcls_op div_op =
    OP_ENTRY("Div", 1, MAP_BROADCAST_TRAITS, broadcast_infer_same, map_upgrade_broadcast,
             &div_kernel);

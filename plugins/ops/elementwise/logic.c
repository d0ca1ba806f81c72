/*
 * plugins/ops/elementwise/logic.c - And, Or, Xor, Not, and their bitwise kin, and BitShift
 *
 * A bool is a byte, true where it is not 0 (files may hold other bytes than 0 and 1).
 * BitShift as operator set 28 says it: a shift by too much leaves what sign extension
 * leaves.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "elementwise.h"
#include "map.h"

/* Shift counts are compared as uint64_t, where a negative one is too large as well. */
#define TOO_FAR(x, y) ((uint64_t)(y) >= 8 * sizeof(x))

/* clang-format off */
BROADCAST_BINARY(and_bool, uint8_t, bool, x != 0 && y != 0)
BROADCAST_BINARY(or_bool, uint8_t, bool, x != 0 || y != 0)
BROADCAST_BINARY(xor_bool, uint8_t, bool, !x != !y)
BROADCAST_UNARY(not_bool, uint8_t, bool, !x)
MAP_EACH_INT(BROADCAST_BINARY, bitwise_and, x & y)
MAP_EACH_INT(BROADCAST_BINARY, bitwise_or, x | y)
MAP_EACH_INT(BROADCAST_BINARY, bitwise_xor, x ^ y)
MAP_EACH_INT(BROADCAST_UNARY, bitwise_not, ~x)
MAP_EACH_INT(BROADCAST_BINARY, shift_left, TOO_FAR(x, y) ? 0 : (uint64_t)x << y)
MAP_EACH_SIGNED(BROADCAST_BINARY, shift_right, TOO_FAR(x, y) ? -(x < 0) : x >> y)
MAP_EACH_UNSIGNED(BROADCAST_BINARY, shift_right, TOO_FAR(x, y) ? 0 : x >> y)

#define GRAIN BROADCAST_GRAIN_CHEAP
MAP_RUN(and_portable, GRAIN, IMGCLS_BOOL, [IMGCLS_BOOL] = and_bool)
MAP_RUN(or_portable, GRAIN, IMGCLS_BOOL, [IMGCLS_BOOL] = or_bool)
MAP_RUN(xor_portable, GRAIN, IMGCLS_BOOL, [IMGCLS_BOOL] = xor_bool)
MAP_RUN(not_portable, GRAIN, IMGCLS_BOOL, [IMGCLS_BOOL] = not_bool)
MAP_RUN(bitwise_and_portable, GRAIN, IMGCLS_UNDEFINED, MAP_INT_CASES(bitwise_and))
MAP_RUN(bitwise_or_portable, GRAIN, IMGCLS_UNDEFINED, MAP_INT_CASES(bitwise_or))
MAP_RUN(bitwise_xor_portable, GRAIN, IMGCLS_UNDEFINED, MAP_INT_CASES(bitwise_xor))
MAP_RUN(bitwise_not_portable, GRAIN, IMGCLS_UNDEFINED, MAP_INT_CASES(bitwise_not))
MAP_RUN(shift_left_portable, GRAIN, IMGCLS_UNDEFINED, MAP_INT_CASES(shift_left))
MAP_RUN(shift_right_portable, GRAIN, IMGCLS_UNDEFINED, MAP_INT_CASES(shift_right))
/* clang-format on */

static imgcls_status bit_shift_portable(const struct imgcls_host *host,
                                        const struct imgcls_run *run)
{
    const char *direction = host->attr_string(host, run->node, "direction", "");
    if (strcmp(direction, "LEFT") == 0)
        return shift_left_portable(host, run);
    if (strcmp(direction, "RIGHT") == 0)
        return shift_right_portable(host, run);
    return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                   "direction must be LEFT or RIGHT, not '%s'", direction);
}

#define LOGIC(op, kernel, type, since, accepts, run)                                       \
    static const struct imgcls_kernel kernel = OP_KERNEL(#run, accepts, run);              \
    const struct imgcls_op op =                                                            \
        OP_ENTRY(type, since, MAP_BROADCAST_TRAITS, broadcast_infer_same,                  \
                 map_upgrade_broadcast, &kernel);

/* clang-format off */
LOGIC(and_op, and_kernel, "And", 1, map_accepts_bools, and_portable)
LOGIC(or_op, or_kernel, "Or", 1, map_accepts_bools, or_portable)
LOGIC(xor_op, xor_kernel, "Xor", 1, map_accepts_bools, xor_portable)
LOGIC(not_op, not_kernel, "Not", 1, map_accepts_bools, not_portable)
LOGIC(bitwise_and_op, bitwise_and_kernel, "BitwiseAnd", 18, map_accepts_ints, bitwise_and_portable)
LOGIC(bitwise_or_op, bitwise_or_kernel, "BitwiseOr", 18, map_accepts_ints, bitwise_or_portable)
LOGIC(bitwise_xor_op, bitwise_xor_kernel, "BitwiseXor", 18, map_accepts_ints, bitwise_xor_portable)
LOGIC(bitwise_not_op, bitwise_not_kernel, "BitwiseNot", 18, map_accepts_ints, bitwise_not_portable)
LOGIC(bit_shift_op, bit_shift_kernel, "BitShift", 11, map_accepts_ints, bit_shift_portable)
/* clang-format on */

/*
 * plugins/ops/elementwise/sign.c - Abs, Neg, Sign
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <tgmath.h>

#include "elementwise.h"
#include "map.h"

/* clang-format off */
MAP_EACH_FLOAT(BROADCAST_UNARY, abs, fabs(x))
MAP_EACH_SIGNED(BROADCAST_UNARY, abs, x < 0 ? 0 - (uint64_t)x : (uint64_t)x)
MAP_EACH_UNSIGNED(BROADCAST_UNARY, abs, x)
MAP_EACH_FLOAT(BROADCAST_UNARY, neg, -x)
MAP_EACH_SIGNED(BROADCAST_UNARY, neg, 0 - (uint64_t)x)
MAP_EACH_FLOAT(BROADCAST_UNARY, sign, x != x ? x : (x > 0) - (x < 0))
MAP_EACH_SIGNED(BROADCAST_UNARY, sign, (x > 0) - (x < 0))
MAP_EACH_UNSIGNED(BROADCAST_UNARY, sign, x > 0)

MAP_RUN(abs_portable, BROADCAST_GRAIN_CHEAP, IMGCLS_UNDEFINED, MAP_FLOAT_CASES(abs), MAP_INT_CASES(abs))
MAP_RUN(neg_portable, BROADCAST_GRAIN_CHEAP, IMGCLS_UNDEFINED, MAP_FLOAT_CASES(neg), MAP_SIGNED_CASES(neg))
MAP_RUN(sign_portable, BROADCAST_GRAIN_CHEAP, IMGCLS_UNDEFINED, MAP_FLOAT_CASES(sign), MAP_INT_CASES(sign))
/* clang-format on */

static int32_t accepts_signed(const struct imgcls_host *host,
                              const struct imgcls_node *node)
{
    (void)host;
    return broadcast_takes(node, OP_FLOATS | OP_SIGNED);
}

static const struct imgcls_kernel abs_kernel =
    OP_KERNEL("abs_portable", map_accepts_numbers, abs_portable);
static const struct imgcls_kernel neg_kernel =
    OP_KERNEL("neg_portable", accepts_signed, neg_portable);
static const struct imgcls_kernel sign_kernel =
    OP_KERNEL("sign_portable", map_accepts_numbers, sign_portable);

const struct imgcls_op abs_op =
    OP_ENTRY("Abs", 1, MAP_TRAITS, map_infer, map_upgrade, &abs_kernel);
const struct imgcls_op neg_op =
    OP_ENTRY("Neg", 1, MAP_TRAITS, map_infer, map_upgrade, &neg_kernel);
const struct imgcls_op sign_op =
    OP_ENTRY("Sign", 9, MAP_TRAITS, map_infer, NULL, &sign_kernel);

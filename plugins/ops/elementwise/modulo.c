/*
 * plugins/ops/elementwise/modulo.c - Mod, and the check that no integer is divided by zero
 *
 * fmod=1: the remainder has the dividend's sign (C's fmod and %); fmod=0: the divisor's
 * (Python's %), for floating point with the special cases that operator set 28 lists.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "elementwise.h"
#include "map.h"

static int64_t floor_mod(int64_t x, int64_t y)
{
    const int64_t rest = y == -1 ? 0 : x % y;
    return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}

static double floor_mod_real(double x, double y)
{
    const double rest = fmod(x, y);
    if (rest == 0)
        return copysign(0, y);
    return (rest < 0) != (y < 0) ? rest + y : rest;
}

/* clang-format off */
MAP_EACH_SIGNED(BROADCAST_BINARY, floored, floor_mod(x, y))
MAP_EACH_UNSIGNED(BROADCAST_BINARY, floored, x % y)
MAP_EACH_FLOAT(BROADCAST_BINARY, floored, floor_mod_real(x, y))
MAP_EACH_SIGNED(BROADCAST_BINARY, truncated, y == -1 ? 0 : x % y)
MAP_EACH_UNSIGNED(BROADCAST_BINARY, truncated, x % y)
MAP_EACH_FLOAT(BROADCAST_BINARY, truncated, fmod(x, y))

MAP_RUN(mod_floored, BROADCAST_GRAIN_DEAR, IMGCLS_UNDEFINED, MAP_FLOAT_CASES(floored), MAP_INT_CASES(floored))
MAP_RUN(mod_truncated, BROADCAST_GRAIN_DEAR, IMGCLS_UNDEFINED, MAP_FLOAT_CASES(truncated), MAP_INT_CASES(truncated))
/* clang-format on */

static imgcls_status mod_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    imgcls_status status = elementwise_check_divisor(host, run);
    if (status != IMGCLS_OK)
        return status;
    return host->attr_int(host, run->node, "fmod", 0) ? mod_truncated(host, run)
                                                      : mod_floored(host, run);
}

imgcls_status elementwise_check_divisor(const struct imgcls_host *host,
                                        const struct imgcls_run *run)
{
    static const unsigned char zeros[8];
    const struct imgcls_tensor *divisor = imgcls_input(run, 1);
    const size_t size = op_element_size(divisor->type);
    const int64_t count = op_count(divisor);
    const char *at = divisor->data;
    int64_t i;
    if (!op_type_in(divisor->type, OP_INTS))
        return IMGCLS_OK;
    for (i = 0; i < count; i++)
        if (memcmp(at + (size_t)i * size, zeros, size) == 0)
            return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                           "element %lld of the divisor is 0", (long long)i);
    return IMGCLS_OK;
}

static const struct imgcls_kernel mod_kernel =
    OP_KERNEL("mod_portable", map_accepts_numbers, mod_portable);
const struct imgcls_op mod_op =
    OP_ENTRY("Mod", 10, MAP_BROADCAST_TRAITS, broadcast_infer_same, NULL, &mod_kernel);

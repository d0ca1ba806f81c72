/*
 * plugins/ops/elementwise/prelu.c - PRelu (slope for negative numbers, broadcast to X) and
 * Shrink
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "elementwise.h"
#include "map.h"
#include "plugins/ops/upgrade.h"

/* clang-format off */
MAP_EACH_FLOAT(BROADCAST_BINARY, prelu, x < 0 ? x * y : x)
MAP_EACH_SIGNED(BROADCAST_BINARY, prelu, x < 0 ? (uint64_t)x * (uint64_t)y : (uint64_t)x)
MAP_EACH_UNSIGNED(BROADCAST_BINARY, prelu, x | (y & 0)) /* never negative */
MAP_RUN(prelu_portable, BROADCAST_GRAIN_CHEAP, IMGCLS_UNDEFINED, MAP_FLOAT_CASES(prelu), MAP_INT_CASES(prelu))

/* In double, which holds every integer that the float32 parameters could single out. */
#define LAMBD (((const struct map_parameters *)row->parameter)->alpha)
#define BIAS (((const struct map_parameters *)row->parameter)->beta)
MAP_EACH_FLOAT(BROADCAST_UNARY, shrink, x < -LAMBD ? x + BIAS : x > LAMBD ? x - BIAS : 0)
MAP_EACH_INT(BROADCAST_UNARY, shrink, (int64_t)((double)x < -LAMBD ? (double)x + BIAS : (double)x > LAMBD ? (double)x - BIAS : 0))
/* clang-format on */

static imgcls_status shrink_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    static void (*const rows[IMGCLS_TYPE_COUNT])(const struct broadcast_row *) = {
        MAP_FLOAT_CASES(shrink), MAP_INT_CASES(shrink)};
    const struct map_parameters parameters = {MAP_ATTR("lambd", 0.5f),
                                              MAP_ATTR("bias", 0.0f)};
    const int32_t type = run->node->inputs[0]->type;
    return broadcast_run(host, run, type, BROADCAST_GRAIN_CHEAP, rows[type], &parameters);
}

/* The slope must not make the result larger than X. */
static imgcls_status prelu_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *x = op_in(infer->node, 0),
                                   *slope = op_in(infer->node, 1);
    int64_t joint[IMGCLS_MAX_RANK];
    int32_t rank, i;
    imgcls_status status;
    if (!x || !slope)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "X and slope are needed");
    if (x->rank >= 0 && slope->rank >= 0) {
        status = host->broadcast(host, infer->node, x->rank, x->dims, slope->rank,
                                 slope->dims, &rank, joint);
        if (status != IMGCLS_OK)
            return status;
        if (slope->rank > x->rank)
            return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                           "slope has %d dimensions, more than X with %d", slope->rank,
                           x->rank);
        for (i = 0; i < x->rank; i++)
            if (joint[i] >= 0 && x->dims[i] >= 0 && joint[i] != x->dims[i])
                return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                               "slope would widen dimension %d of X from %lld to %lld", i,
                               (long long)x->dims[i], (long long)joint[i]);
    }
    return host->infer_like(host, infer, 0, 0);
}

/* Before operator set 7 a slope was one number for each channel, dimension 1. */
static imgcls_status prelu_upgrade(const struct imgcls_host *host,
                                   struct imgcls_graph *graph, struct imgcls_node *node)
{
    imgcls_status status = map_upgrade(host, graph, node);
    if (status == IMGCLS_OK && node->version < 7 && op_in(node, 0) && op_in(node, 1))
        status = upgrade_align(host, graph, node, 1);
    return status;
}

static const struct imgcls_kernel prelu_kernel =
    OP_KERNEL("prelu_portable", map_accepts_numbers, prelu_portable);
const struct imgcls_op prelu_op =
    OP_ENTRY("PRelu", 1, MAP_BROADCAST_TRAITS, prelu_infer, prelu_upgrade, &prelu_kernel);

static const struct imgcls_kernel shrink_kernel =
    OP_KERNEL("shrink_portable", map_accepts_numbers, shrink_portable);
const struct imgcls_op shrink_op =
    OP_ENTRY("Shrink", 9, MAP_TRAITS, map_infer, NULL, &shrink_kernel);

/*
 * plugins/ops/elementwise/map.c - what the elementwise operators accept, infer and upgrade
 *
 * Layouts are not looked at: the walk follows strides (broadcast.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "map.h"
#include "plugins/ops/upgrade.h"

int32_t map_accepts_floats(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return broadcast_takes(node, OP_FLOATS);
}

int32_t map_accepts_numbers(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return broadcast_takes(node, OP_NUMBERS);
}

int32_t map_accepts_ints(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return broadcast_takes(node, OP_INTS);
}

int32_t map_accepts_bools(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return broadcast_takes(node, OP_BOOLS);
}

int32_t map_accepts_numbers_or_bools(const struct imgcls_host *host,
                                     const struct imgcls_node *node)
{
    (void)host;
    return broadcast_takes(node, OP_NUMBERS | OP_BOOLS);
}

imgcls_status map_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    if (!op_in(infer->node, 0))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    return host->infer_like(host, infer, 0, 0);
}

imgcls_status map_upgrade(const struct imgcls_host *host, struct imgcls_graph *graph,
                          struct imgcls_node *node)
{
    (void)graph;
    return host->node_remove_attr(host, node, "consumed_inputs");
}

imgcls_status map_upgrade_broadcast(const struct imgcls_host *host,
                                    struct imgcls_graph *graph, struct imgcls_node *node)
{
    return upgrade_broadcast(host, graph, node);
}

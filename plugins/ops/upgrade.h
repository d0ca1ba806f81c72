/*
 * plugins/ops/upgrade.h - rewriting old nodes: attributes that became inputs, old
 * broadcasting
 *
 * Nodes that are added here have the newest meaning already. Each function does nothing
 * where the attribute is absent.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_UPGRADE_H
#define OPS_UPGRADE_H

#include "op.h"

/* Input `index` becomes a new initializer. bytes: `count` elements of `type`; rank 0 or 1.
 */
static inline imgcls_status upgrade_input(const struct imgcls_host *host,
                                          struct imgcls_graph *graph,
                                          struct imgcls_node *node, size_t index,
                                          const char *stem, int32_t type, int32_t rank,
                                          size_t count, const void *bytes)
{
    struct imgcls_tensor tensor = {
        .struct_size = sizeof tensor,
        .type = type,
        .rank = rank,
        .dims = {(int64_t)count},
        .strides = {1},
        .data = (void *)(uintptr_t)bytes,
    };
    char name[128];
    const char *unique = host->graph_unique_name(host, graph, stem);
    imgcls_status status;
    if (!unique)
        return IMGCLS_NO_MEMORY;
    snprintf(name, sizeof name, "%s", unique);
    status = host->size_of(host, type, (int64_t)count, &tensor.size_bytes);
    if (status == IMGCLS_OK)
        status = host->graph_add_initializer(host, graph, name, &tensor, NULL);
    if (status == IMGCLS_OK)
        status = host->node_set_input(host, node, index, name);
    return status;
}

/* A list of integers moves from an attribute to input `index`. */
static inline imgcls_status upgrade_ints(const struct imgcls_host *host,
                                         struct imgcls_graph *graph,
                                         struct imgcls_node *node, const char *name,
                                         size_t index)
{
    const struct imgcls_attr *attr = host->attr(host, node, name);
    imgcls_status status;
    if (!attr)
        return IMGCLS_OK;
    if (attr->kind != IMGCLS_ATTR_INTS)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "attribute '%s' must be a list of integers", name);
    status = upgrade_input(host, graph, node, index, name, IMGCLS_I64, 1, attr->count,
                           attr->ints);
    return status == IMGCLS_OK ? host->node_remove_attr(host, node, name) : status;
}

/* Adds a node in front of `node` with one output of a new name, which is copied to `name`.
 */
static inline imgcls_status upgrade_node(const struct imgcls_host *host,
                                         struct imgcls_graph *graph, const char *type,
                                         size_t input_count, const char *const *inputs,
                                         struct imgcls_node **node, char *name,
                                         size_t capacity)
{
    const char *unique = host->graph_unique_name(host, graph, type);
    const char *outputs[1];
    if (!unique)
        return IMGCLS_NO_MEMORY;
    snprintf(name, capacity, "%s", unique);
    outputs[0] = name;
    return host->graph_add_node(host, graph, "", type, name, input_count, inputs, 1,
                                outputs, node);
}

#define UPGRADE_NAME 128

/* One int64 as an initializer under a new name; rank 0, or 1 for a list of one. */
static inline imgcls_status upgrade_constant(const struct imgcls_host *host,
                                             struct imgcls_graph *graph, int32_t rank,
                                             int64_t value, char *name, size_t capacity)
{
    struct imgcls_tensor tensor = {
        .struct_size = sizeof tensor,
        .type = IMGCLS_I64,
        .rank = rank,
        .dims = {1},
        .strides = {1},
        .data = &value,
        .size_bytes = sizeof value,
    };
    const char *unique = host->graph_unique_name(host, graph, "constant");
    if (!unique)
        return IMGCLS_NO_MEMORY;
    snprintf(name, capacity, "%s", unique);
    return host->graph_add_initializer(host, graph, name, &tensor, NULL);
}

#define UPGRADE_TRY(call)                                                                  \
    do {                                                                                   \
        status = (call);                                                                   \
        if (status != IMGCLS_OK)                                                           \
            return status;                                                                 \
    } while (0)
#define UPGRADE_ADD(type, count, name)                                                     \
    UPGRADE_TRY(upgrade_node(host, graph, type, count, in, NULL, name, sizeof name))

/*
 * B's first dimension is to stand at `axis` of A: B gets dimensions of 1 behind its last,
 * by Unsqueeze(B, Range(rank of B, rank of A - axis)). Ranks need not be known here; the
 * planner folds what they decide.
 */
static inline imgcls_status upgrade_align(const struct imgcls_host *host,
                                          struct imgcls_graph *graph,
                                          struct imgcls_node *node, int64_t axis)
{
    char shape[UPGRADE_NAME], a_rank[UPGRADE_NAME], b_rank[UPGRADE_NAME],
        first[UPGRADE_NAME];
    char limit[UPGRADE_NAME], one[UPGRADE_NAME], axes[UPGRADE_NAME], b[UPGRADE_NAME];
    const char *in[3];
    imgcls_status status;
    in[0] = node->inputs[0]->name;
    UPGRADE_ADD("Shape", 1, shape);
    in[0] = shape;
    UPGRADE_ADD("Size", 1, a_rank);
    in[0] = node->inputs[1]->name;
    UPGRADE_ADD("Shape", 1, shape);
    in[0] = shape;
    UPGRADE_ADD("Size", 1, b_rank);
    UPGRADE_TRY(upgrade_constant(host, graph, 0, axis, first, sizeof first));
    UPGRADE_TRY(upgrade_constant(host, graph, 0, 1, one, sizeof one));
    if (axis < 0) /* counts from A's end: rank - (axis + rank) */
        UPGRADE_TRY(upgrade_constant(host, graph, 0, 0, a_rank, sizeof a_rank));
    in[0] = a_rank, in[1] = first;
    UPGRADE_ADD("Sub", 2, limit);
    in[0] = b_rank, in[1] = limit, in[2] = one;
    UPGRADE_ADD("Range", 3, axes);
    in[0] = node->inputs[1]->name, in[1] = axes;
    UPGRADE_ADD("Unsqueeze", 2, b);
    return host->node_set_input(host, node, 1, b);
}

/* Before operator set 7 broadcasting had to be asked for, and an `axis` could say where B's
 * first dimension stands in A. Without it B stands at the end, as in today's broadcasting.
 */
static inline imgcls_status upgrade_broadcast(const struct imgcls_host *host,
                                              struct imgcls_graph *graph,
                                              struct imgcls_node *node)
{
    const struct imgcls_attr *axis = host->attr(host, node, "axis");
    imgcls_status status;
    if (node->version >= 7)
        return IMGCLS_OK;
    if (axis && host->attr_int(host, node, "broadcast", 0) && op_in(node, 0) &&
        op_in(node, 1))
        UPGRADE_TRY(upgrade_align(host, graph, node, axis->i));
    UPGRADE_TRY(host->node_remove_attr(host, node, "axis"));
    UPGRADE_TRY(host->node_remove_attr(host, node, "broadcast"));
    return host->node_remove_attr(host, node, "consumed_inputs");
}

#endif

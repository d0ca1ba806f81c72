/*
 * src/passes/expand.c - a Conv of one pixel goes into the depthwise Conv that reads it
 *
 *     Conv 1 x 1 -> (an activation) -> Conv with as many groups as channels
 *
 * is how MobileNetV2 and its kin widen an image before they look at neighbours (Sandler et al. 2018).
 * The wide image is by far the largest value of such networks and is read once: the node ExpandDepthwise
 * of the channels-last domain never has it whole in memory.
 *
 * Not here: how (plugins/ops/channels_last/expand.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <string.h>

#include "src/passes/channels_last.h"
#include "src/passes/linear.h"
#include "src/passes/rows.h"
#include "src/passes/view.h"
#include "src/registry/registry.h"

#define TYPE       "ExpandDepthwise"
#define WIDE_BYTES (640 * 1024) /* smaller images wait in a core's own cache anyway */

static bool is_conv(const struct icl_node *node)
{
    return node && !node->removed && strcmp(node->domain, ICL_CHANNELS_LAST_DOMAIN) == 0 &&
           strcmp(node->type, "Conv") == 0;
}

static int64_t groups_of(const struct icl_node *node)
{
    const struct imgcls_attr *attr = icl_node_attr(&node->node, "group");
    return attr ? attr->i : 1;
}

static bool has_operands(const struct icl_node *node)
{
    for (size_t e = 0; e < node->node.epilogue_count; e++)
        if (node->node.epilogues[e].operand >= 0)
            return true;
    return false;
}

/* Constant float32 weights [out, in, h, w]. */
static const struct imgcls_tensor *weights_of(const struct icl_node *node)
{
    const struct imgcls_tensor *w = icl_constant_input(node, 1);
    return w && w->type == IMGCLS_F32 && w->rank == 4 && imgcls_count(4, w->dims) > 0 ? w : NULL;
}

/* Every pixel by itself, one activation at most. */
static bool expands(const struct icl_node *node)
{
    const struct imgcls_tensor *w = is_conv(node) ? weights_of(node) : NULL;
    return w && w->dims[2] == 1 && w->dims[3] == 1 && groups_of(node) == 1 &&
           icl_attr_all(node, "strides", 1) && icl_attr_all(node, "pads", 0) &&
           node->node.epilogue_count <= 1 && !has_operands(node);
}

static bool folds(const struct icl_node *node)
{
    const struct imgcls_tensor *w = is_conv(node) ? weights_of(node) : NULL;
    return w && w->dims[1] == 1 && groups_of(node) == w->dims[0] && !has_operands(node) &&
           icl_attr_all(node, "dilations", 1);
}

/* The value between is one image after another, each large, and nobody else's. */
static bool is_wide(const struct icl_value *value)
{
    if (!icl_value_is_static(value) || value->info.rank != 4 ||
        value->info.type != IMGCLS_F32 || value->is_output || icl_value_uses(value) != 1)
        return false;
    int64_t floats = imgcls_count(3, value->info.dims + 1);
    return floats >= WIDE_BYTES / (int64_t)sizeof(float);
}

/* The node whose result `node` alone reads, where both can be one. */
static struct icl_node *find(const struct icl_node *node)
{
    struct icl_value *between = folds(node) ? icl_node_input(node, 0) : NULL;
    return between && between->graph == node->graph && is_wide(between) &&
                   expands(between->producer)
               ? between->producer
               : NULL;
}

static imgcls_status set_step(struct icl_node *node, const struct imgcls_epilogue *step)
{
    const struct imgcls_attr attrs[] = {
        {.struct_size = sizeof attrs[0], .name = "expand_step", .kind = IMGCLS_ATTR_INT,
         .i = step->kind},
        {.struct_size = sizeof attrs[0], .name = "expand_a", .kind = IMGCLS_ATTR_FLOAT,
         .f = step->a},
        {.struct_size = sizeof attrs[0], .name = "expand_b", .kind = IMGCLS_ATTR_FLOAT,
         .f = step->b},
    };
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; status == IMGCLS_OK && i < sizeof attrs / sizeof attrs[0]; i++)
        status = icl_node_set_attr(node, &attrs[i]);
    return status;
}

static imgcls_status fuse(struct icl_node *first, struct icl_node *second)
{
    struct icl_value *inputs[] = {
        icl_node_input(first, 0),  icl_node_input(first, 1),  icl_node_input(first, 2),
        icl_node_input(second, 1), icl_node_input(second, 2),
    };
    imgcls_status status = IMGCLS_OK;
    if (first->node.epilogue_count)
        status = set_step(second, &first->node.epilogues[0]);
    for (size_t i = 0; status == IMGCLS_OK && i < sizeof inputs / sizeof inputs[0]; i++)
        status = icl_node_put_input(second, i, inputs[i]);
    if (status == IMGCLS_OK)
        status = icl_node_set_type(second, ICL_CHANNELS_LAST_DOMAIN, TYPE);
    if (status == IMGCLS_OK)
        icl_node_remove(first);
    return status;
}

imgcls_status icl_pass_fuse_expand(struct imgcls_graph *graph, size_t *changes)
{
    struct icl_registry *registry;
    imgcls_status status = icl_context_registry(graph->ctx, &registry);
    if (status != IMGCLS_OK || !icl_registry_op(registry, ICL_CHANNELS_LAST_DOMAIN, TYPE, 1))
        return status;
    for (size_t i = 0; status == IMGCLS_OK && i < graph->node_count; i++) {
        struct icl_node *second = graph->nodes[i], *first = find(second);
        if (!first)
            continue;
        status = fuse(first, second);
        ++*changes;
    }
    if (status == IMGCLS_OK)
        icl_graph_sweep(graph);
    return status;
}

/*
 * src/passes/global_mean.c - a mean over all of a picture is a global average pool
 *
 * Squeeze-and-excitation blocks and heads are exported as ReduceMean over the spatial
 * dimensions. Under its own name it has kernels for every layout of the picture, and the
 * same bits: both sum in double, in the order of memory, and round once.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <string.h>

#include "src/passes/rows.h"
#include "src/passes/view.h"
#include "src/tensor/tensor.h"

/* The axes are all dimensions from the third on, each once. */
static bool is_spatial(const struct icl_value *axes, int32_t rank)
{
    const struct imgcls_tensor *tensor = axes ? axes->info.constant : NULL;
    uint32_t seen = 0;
    if (!tensor || tensor->type != IMGCLS_I64 ||
        imgcls_count(tensor->rank, tensor->dims) != rank - 2)
        return false;
    for (int32_t i = 0; i < rank - 2; i++) {
        int64_t axis = ((const int64_t *)tensor->data)[i];
        axis += axis < 0 ? rank : 0;
        if (axis < 2 || axis >= rank)
            return false;
        seen |= 1u << axis;
    }
    return seen == (1u << rank) - 4;
}

static bool matches(const struct icl_node *node)
{
    const struct icl_value *in = icl_node_input(node, 0);
    return icl_node_is(node, "ReduceMean") && !node->removed && icl_value_is_static(in) &&
           in->info.rank >= 3 && icl_type_is_float(in->info.type) &&
           is_spatial(icl_node_input(node, 1), in->info.rank);
}

/* Adds the Flatten that takes the ones away; *before is the value that it reads. */
static imgcls_status flatten(struct imgcls_graph *graph, struct icl_node *mean,
                             struct icl_value **before)
{
    const struct imgcls_value_info *in = mean->node.inputs[0];
    struct imgcls_attr axis = {
        .struct_size = sizeof axis, .name = "axis", .kind = IMGCLS_ATTR_INT, .i = 1};
    const char *name = icl_graph_unique_name(graph, mean->outputs[0]->name);
    if (!name)
        return icl_alloc_status(graph->ctx);
    const char *inputs[] = {name}, *outputs[] = {""};
    struct icl_node *made;
    imgcls_status status =
        icl_graph_add_node(graph, "", "Flatten", mean->name, 1, inputs, 1, outputs, &made);
    if (status == IMGCLS_OK)
        status = icl_node_set_attr(made, &axis);
    if (status != IMGCLS_OK)
        return status;
    made->node.version = mean->node.version;
    *before = icl_node_input(made, 0);
    (*before)->info.kind = in->kind;
    (*before)->info.type = in->type;
    (*before)->info.rank = in->rank;
    for (int32_t i = 0; i < in->rank; i++)
        (*before)->info.dims[i] = i < 2 ? in->dims[i] : 1;
    return icl_node_take_output(mean, made);
}

static imgcls_status replace(struct imgcls_graph *graph, struct icl_node *mean)
{
    const struct imgcls_attr *keep = icl_node_attr(&mean->node, "keepdims");
    const char *inputs[] = {mean->node.inputs[0]->name}, *outputs[] = {""};
    struct icl_node *pool;
    struct icl_value *before = NULL;
    imgcls_status status = icl_graph_add_node(graph, "", "GlobalAveragePool", mean->name, 1,
                                              inputs, 1, outputs, &pool);
    if (status != IMGCLS_OK)
        return status;
    pool->node.version = mean->node.version;
    if (!keep || keep->i)
        return icl_node_take_output(mean, pool);
    status = flatten(graph, mean, &before);
    return status == IMGCLS_OK ? icl_node_set_output(pool, 0, before->name) : status;
}

imgcls_status icl_pass_name_global_mean(struct imgcls_graph *graph, size_t *changes)
{
    imgcls_status status = IMGCLS_OK;
    size_t count = graph->node_count, before = *changes;
    for (size_t i = 0; status == IMGCLS_OK && i < count; i++)
        if (matches(graph->nodes[i])) {
            status = replace(graph, graph->nodes[i]);
            ++*changes;
        }
    if (status == IMGCLS_OK && *changes > before)
        icl_graph_sweep(graph);
    return status == IMGCLS_OK && *changes > before ? icl_graph_sort(graph) : status;
}

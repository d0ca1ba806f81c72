/*
 * src/graph/clone.c - deep copies that share the bytes of constants
 *
 * Values are copied first, in order, so that the n-th value of the copy is the copy of the n-th
 * value; uses are then wired by position rather than by name. A use of an enclosing graph's
 * value is wired to the graph at the same distance outwards from the copy.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/graph/graph.h"

#include <string.h>

#include "src/file/file.h"
#include "src/graph/link.h"
#include "src/tensor/tensor.h"

/* The value that stands in `copy`, or around it, where `value` stands in or around `from`. */
static struct icl_value *twin(const struct icl_value *value, const struct imgcls_graph *from,
                              const struct imgcls_graph *copy)
{
    while (from != value->graph) {
        from = from->outer;
        copy = copy->outer;
    }
    return from == copy ? (struct icl_value *)value : copy->values[value->index];
}

static imgcls_status copy_values(const struct imgcls_graph *from, struct imgcls_graph *copy)
{
    for (size_t i = 0; i < from->value_count; i++) {
        struct icl_value *old = from->values[i], *value;
        imgcls_status status = icl_value_create(copy, old->name, &value);
        if (status != IMGCLS_OK)
            return status;
        old->index = i; /* whoever walked before may have used it */
        const char *name = value->info.name;
        value->info = old->info;
        value->info.name = name;
        value->is_input = old->is_input;
        value->is_output = old->is_output;
        if (old->info.constant == &old->tensor) {
            value->tensor = old->tensor;
            value->storage = icl_storage_retain(old->storage);
            value->info.constant = &value->tensor;
        } else if (old->info.constant) {
            /* A folded result, which may die before the copy does. */
            status = icl_tensor_keep(copy->ctx, old->info.constant, NULL, &value->tensor,
                                     &value->storage);
            if (status != IMGCLS_OK) {
                value->info.constant = NULL;
                return status;
            }
            value->info.constant = &value->tensor;
        }
    }
    return IMGCLS_OK;
}

static imgcls_status copy_list(struct imgcls_graph *copy, struct icl_value *const *from,
                               size_t count, struct icl_value ***list, size_t *list_count,
                               size_t *capacity)
{
    imgcls_status status = icl_grow(copy->ctx, (void **)list, capacity, count, sizeof **list);
    for (size_t i = 0; i < count && status == IMGCLS_OK; i++)
        (*list)[(*list_count)++] = copy->values[from[i]->index];
    return status;
}

static imgcls_status copy_node(const struct imgcls_graph *from, const struct icl_node *old,
                               struct imgcls_graph *copy)
{
    struct icl_node *node;
    imgcls_status status = icl_graph_add_node(copy, old->domain, old->type, old->name, 0, NULL,
                                              0, NULL, &node);
    if (status == IMGCLS_OK)
        status = icl_node_reserve(node, old->node.input_count, old->node.output_count);
    if (status != IMGCLS_OK)
        return status;
    node->node.version = old->node.version;
    for (size_t i = 0; i < old->node.input_count; i++)
        if (old->inputs[i] && status == IMGCLS_OK)
            status = icl_node_set_input_value(
                node, i, twin(icl_value_of(old->inputs[i]), from, copy));
    for (size_t i = 0; i < old->node.output_count; i++) {
        if (!old->outputs[i])
            continue;
        struct icl_value *old_value = icl_value_of(old->outputs[i]);
        struct icl_value *value = copy->values[old_value->index];
        node->outputs[i] = &value->info;
        if (old_value->producer == old)
            value->producer = node;
    }
    for (size_t i = 0; i < old->node.epilogue_count && status == IMGCLS_OK; i++)
        status = icl_node_add_epilogue(node, &old->epilogues[i]);
    return status == IMGCLS_OK ? icl_node_copy_attrs(node, old) : status;
}

/* What a main graph has beyond its nodes. Symbols keep their numbers. */
static imgcls_status copy_meta(const struct imgcls_graph *from, struct imgcls_graph *copy)
{
    int64_t dim;
    imgcls_status status = icl_graph_set_name(copy, from->name);
    for (size_t i = 0; i < from->opset_count && status == IMGCLS_OK; i++)
        status = icl_graph_set_opset(copy, from->opsets[i].domain, from->opsets[i].version);
    for (size_t i = 0; i < from->meta_count && status == IMGCLS_OK; i++)
        status = icl_graph_set_meta(copy, from->metas[i].key, from->metas[i].text);
    for (size_t i = 0; i < from->symbol_count && status == IMGCLS_OK; i++)
        status = icl_graph_symbol_of(copy, from->symbols[i], &dim);
    copy->unique = from->unique;
    return status;
}

imgcls_status icl_graph_clone_under(const struct imgcls_graph *graph,
                                    struct imgcls_graph *outer, struct imgcls_graph **out)
{
    struct imgcls_graph *copy;
    *out = NULL;
    imgcls_status status = icl_graph_create(graph->ctx, outer, &copy);
    if (status != IMGCLS_OK)
        return status;
    status = copy_meta(graph, copy);
    if (status == IMGCLS_OK)
        status = copy_values(graph, copy);
    if (status == IMGCLS_OK)
        status = copy_list(copy, graph->inputs, graph->input_count, &copy->inputs,
                           &copy->input_count, &copy->input_capacity);
    if (status == IMGCLS_OK)
        status = copy_list(copy, graph->outputs, graph->output_count, &copy->outputs,
                           &copy->output_count, &copy->output_capacity);
    if (status == IMGCLS_OK)
        status = copy_list(copy, graph->initializers, graph->initializer_count,
                           &copy->initializers, &copy->initializer_count,
                           &copy->initializer_capacity);
    for (size_t i = 0; i < graph->node_count && status == IMGCLS_OK; i++)
        if (!graph->nodes[i]->removed)
            status = copy_node(graph, graph->nodes[i], copy);
    if (status != IMGCLS_OK) {
        icl_graph_destroy(copy);
        return status;
    }
    *out = copy;
    return IMGCLS_OK;
}

imgcls_status icl_graph_clone(const struct imgcls_graph *graph, struct imgcls_graph **out)
{
    return icl_graph_clone_under(graph, graph->outer, out);
}

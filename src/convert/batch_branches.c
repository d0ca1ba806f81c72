/*
 * src/convert/batch_branches.c - conditions that the shape of one picture decides
 *
 * Behind an If no shape is known, so the batch cannot be followed there. Shapes are inferred with
 * an open batch: a condition that is a number then does not depend on the batch, and the branch
 * that it takes stands in for the If. What inference cannot say with an open batch stays.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "src/convert/batch.h"
#include "src/passes/rows.h"
#include "src/plan/shapes.h"
#include "src/tensor/tensor.h"

#define ROUNDS_MAX 8 /* Ifs within branches that were taken */

struct conditions {
    struct imgcls_graph *graph; /* whose Ifs get constant conditions */
    size_t found;
};

static imgcls_status set_condition(struct conditions *conditions, const char *output, bool taken)
{
    struct imgcls_graph *graph = conditions->graph;
    struct icl_value *value = icl_graph_find(graph, output);
    struct icl_node *node = value ? value->producer : NULL;
    const char *name = icl_graph_unique_name(graph, "batch_condition");
    uint8_t byte = taken;
    struct imgcls_tensor tensor = {.struct_size = sizeof tensor,
                                   .type = IMGCLS_BOOL,
                                   .data = &byte,
                                   .size_bytes = 1};
    if (!node || !icl_node_is(node, "If"))
        return IMGCLS_OK; /* upgrading named it otherwise: it stays */
    if (!name)
        return icl_alloc_status(graph->ctx);
    imgcls_status status = icl_graph_add_initializer(graph, name, &tensor, NULL);
    conditions->found++;
    return status == IMGCLS_OK ? icl_node_set_input(node, 0, name) : status;
}

/* The sizes that a Gather takes from a Shape, where they are numbers although the batch is not:
 * false where one is not. */
static bool sizes_taken(const struct icl_node *node, int64_t *sizes, int64_t *count)
{
    const struct icl_value *shape = icl_node_input(node, 0), *from;
    const struct icl_node *giver = shape ? shape->producer : NULL;
    const struct imgcls_tensor *which =
        node->node.input_count > 1 && node->inputs[1] ? node->inputs[1]->constant : NULL;
    if (!giver || !icl_node_is(giver, "Shape") || giver->attr_count || !which ||
        which->type != IMGCLS_I64 || which->rank > 1 || !(from = icl_node_input(giver, 0)) ||
        from->info.rank < 0)
        return false;
    *count = imgcls_count(which->rank, which->dims);
    if (*count < 1 || *count > IMGCLS_MAX_RANK)
        return false;
    for (int64_t i = 0; i < *count; i++) {
        int64_t axis = ((const int64_t *)which->data)[i];
        axis += axis < 0 ? from->info.rank : 0;
        if (axis < 0 || axis >= from->info.rank || from->info.dims[axis] < 0)
            return false;
        sizes[i] = from->info.dims[axis];
    }
    return true;
}

/* A Shape with an open batch is no constant; single sizes that are numbers become some. */
static imgcls_status settle_sizes(struct icl_node *node, bool *again)
{
    struct imgcls_graph *graph = node->graph;
    struct icl_value *value = icl_node_output(node, 0), *made;
    int64_t sizes[IMGCLS_MAX_RANK], count = 0;
    if (!value || !value->uses || value->info.constant || !sizes_taken(node, sizes, &count))
        return IMGCLS_OK;
    struct imgcls_tensor tensor = {.struct_size = sizeof tensor,
                                   .type = IMGCLS_I64,
                                   .rank = node->inputs[1]->constant->rank,
                                   .dims = {count},
                                   .strides = {1},
                                   .data = sizes,
                                   .size_bytes = (size_t)count * sizeof *sizes};
    const char *name = icl_graph_unique_name(graph, "batch_size");
    if (!name)
        return icl_alloc_status(graph->ctx);
    imgcls_status status = icl_graph_add_initializer(graph, name, &tensor, NULL);
    made = status == IMGCLS_OK ? icl_graph_find(graph, name) : NULL;
    *again = true;
    return made ? icl_graph_replace_uses(graph, value, made) : status;
}

/* A node that cannot be inferred with an open batch leaves its outputs unknown. */
static imgcls_status see(void *argument, struct icl_node *node, imgcls_status status, bool *again)
{
    struct conditions *conditions = argument;
    const struct imgcls_tensor *constant =
        icl_node_is(node, "If") && node->inputs[0] ? node->inputs[0]->constant : NULL;
    if (status == IMGCLS_INTERRUPTED || status == IMGCLS_NO_MEMORY)
        return status;
    if (status != IMGCLS_OK) {
        icl_forgive(node->graph->ctx);
        for (size_t i = 0; i < node->node.output_count; i++)
            if (node->outputs[i])
                node->outputs[i]->rank = -1;
    }
    if (status == IMGCLS_OK && icl_node_is(node, "Gather"))
        return settle_sizes(node, again);
    if (!constant || constant->type != IMGCLS_BOOL || constant->size_bytes != 1 ||
        !node->outputs[0])
        return IMGCLS_OK;
    return set_condition(conditions, node->outputs[0]->name, *(const uint8_t *)constant->data);
}

static imgcls_status find_conditions(struct conditions *conditions)
{
    struct imgcls_graph *scratch = NULL;
    int64_t symbol = -1;
    imgcls_status status = icl_graph_clone(conditions->graph, &scratch);
    if (status == IMGCLS_OK)
        status = icl_graph_symbol_of(scratch, "batch", &symbol);
    if (status == IMGCLS_OK) {
        scratch->inputs[0]->info.dims[0] = symbol;
        status = icl_graph_sort(scratch);
    }
    if (status == IMGCLS_OK)
        status = icl_graph_infer_watched(scratch, see, conditions);
    icl_graph_destroy(scratch);
    return status;
}

static bool has_if(const struct imgcls_graph *graph)
{
    for (size_t i = 0; i < graph->node_count; i++)
        if (icl_node_is(graph->nodes[i], "If"))
            return true;
    return false;
}

imgcls_status icl_batch_branches(const struct imgcls_graph *graph, struct imgcls_graph **taken)
{
    struct conditions conditions = {0};
    size_t changes = 0, before = SIZE_MAX, ignored = 0;
    *taken = NULL;
    if (!has_if(graph))
        return IMGCLS_OK;
    imgcls_status status = icl_graph_clone(graph, &conditions.graph);
    for (int round = 0; status == IMGCLS_OK && round < ROUNDS_MAX && changes != before; round++) {
        before = changes;
        status = find_conditions(&conditions);
        if (status == IMGCLS_OK)
            status = icl_pass_inline_known_if(conditions.graph, &changes);
    }
    if (status == IMGCLS_OK && changes)
        status = icl_pass_drop_identity(conditions.graph, &ignored);
    if (status == IMGCLS_OK && changes)
        status = icl_pass_drop_dead(conditions.graph, &ignored);
    if (status == IMGCLS_OK && changes)
        status = icl_graph_sort(conditions.graph);
    if (status == IMGCLS_OK && changes) {
        *taken = conditions.graph;
        conditions.graph = NULL;
    }
    icl_graph_destroy(conditions.graph);
    return status;
}

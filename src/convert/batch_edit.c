/*
 * src/convert/batch_edit.c - the constants that pin a batch are changed
 *
 * What is added is standard ONNX of any opset: Shape and Gather take the batch from the input
 * at run time, Concat makes a list of it, Tile repeats; ConstantOfShape and CumSum count pictures.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/convert/batch.h"
#include "src/file/file.h"
#include "src/tensor/tensor.h"

imgcls_status icl_batch_edit_add(struct icl_batch_edits *edits,
                                 const struct icl_batch_edit *edit)
{
    struct icl_batch_edit copy = *edit, *slot = NULL;
    copy.output = strdup(edit->output);
    if (!copy.output)
        return icl_fail(edits->ctx, IMGCLS_NO_MEMORY, "no memory to free the batch");
    for (size_t i = 0; i < edits->count; i++)
        if (edits->list[i].input == edit->input &&
            strcmp(edits->list[i].output, edit->output) == 0)
            slot = &edits->list[i];
    if (slot) {
        free(slot->output);
        *slot = copy;
        return IMGCLS_OK;
    }
    if (edits->count == edits->capacity) {
        size_t larger = edits->capacity ? 2 * edits->capacity : 16;
        struct icl_batch_edit *grown = realloc(edits->list, larger * sizeof *grown);
        if (!grown) {
            free(copy.output);
            return icl_fail(edits->ctx, IMGCLS_NO_MEMORY, "no memory to free the batch");
        }
        edits->list = grown;
        edits->capacity = larger;
    }
    edits->list[edits->count++] = copy;
    return IMGCLS_OK;
}

void icl_batch_edits_clear(struct icl_batch_edits *edits)
{
    for (size_t i = 0; i < edits->count; i++)
        free(edits->list[i].output);
    free(edits->list);
    *edits = (struct icl_batch_edits){.ctx = edits->ctx};
}

/* What the edits of one graph share. */
struct change {
    struct imgcls_graph *graph;
    char *batch; /* name of a list of one number, the batch; NULL: not made yet */
};

/* A new constant list; *name is own (free). */
/* rank 1, or 0 for one number. */
static imgcls_status add_numbers(struct imgcls_graph *graph, const char *stem, int32_t rank,
                                 int32_t count, const int64_t *numbers, char **name)
{
    struct imgcls_tensor tensor = {.struct_size = sizeof tensor,
                                   .type = IMGCLS_I64,
                                   .rank = rank,
                                   .dims = {count},
                                   .strides = {1},
                                   .data = (void *)(uintptr_t)numbers,
                                   .size_bytes = (size_t)count * sizeof *numbers};
    const char *unique = icl_graph_unique_name(graph, stem);
    *name = unique ? strdup(unique) : NULL;
    if (!*name)
        return icl_fail(graph->ctx, IMGCLS_NO_MEMORY, "no memory to free the batch");
    return icl_graph_add_initializer(graph, *name, &tensor, NULL);
}

static imgcls_status add_list(struct imgcls_graph *graph, const char *stem, int32_t count,
                              const int64_t *numbers, char **name)
{
    return add_numbers(graph, stem, 1, count, numbers, name);
}

/* A new node with one new output; *name is own (free). */
static imgcls_status add_node(struct imgcls_graph *graph, const char *type,
                              const char *stem, size_t input_count,
                              const char *const *inputs, char **name, struct icl_node **node)
{
    const char *unique = icl_graph_unique_name(graph, stem);
    *name = unique ? strdup(unique) : NULL;
    if (!*name)
        return icl_fail(graph->ctx, IMGCLS_NO_MEMORY, "no memory to free the batch");
    return icl_graph_add_node(graph, "", type, *name, input_count, inputs, 1,
                              (const char *const *)name, node);
}

/* Input 0's first dimension as a list, made once. */
static imgcls_status need_batch(struct change *change)
{
    static const int64_t first = 0;
    struct imgcls_graph *graph = change->graph;
    char *shape = NULL, *zero = NULL;
    struct icl_node *node;
    if (change->batch)
        return IMGCLS_OK;
    imgcls_status status = add_node(graph, "Shape", "batch_shape", 1,
                                    (const char *const[]){graph->inputs[0]->name}, &shape,
                                    &node);
    if (status == IMGCLS_OK)
        status = add_list(graph, "batch_axis", 1, &first, &zero);
    if (status == IMGCLS_OK)
        status = add_node(graph, "Gather", "batch_size", 2, (const char *const[]){shape, zero},
                          &change->batch, &node);
    free(shape);
    free(zero);
    return status;
}

/* The list `before` ones, the batch, and `after` numbers. */
static imgcls_status add_mixed(struct change *change, const char *stem, int32_t before,
                               int32_t after, const int64_t *numbers, char **name)
{
    struct imgcls_graph *graph = change->graph;
    int64_t ones[IMGCLS_MAX_RANK];
    char *head = NULL, *tail = NULL;
    const char *parts[3];
    size_t count = 0;
    struct icl_node *node;
    imgcls_status status = need_batch(change);
    for (int32_t i = 0; i < before; i++)
        ones[i] = 1;
    if (status == IMGCLS_OK && before) {
        status = add_list(graph, stem, before, ones, &head);
        parts[count++] = head;
    }
    parts[count++] = change->batch;
    if (status == IMGCLS_OK && after) {
        status = add_list(graph, stem, after, numbers, &tail);
        parts[count++] = tail;
    }
    if (status == IMGCLS_OK)
        status = add_node(graph, "Concat", stem, count, parts, name, &node);
    struct imgcls_attr axis = {.struct_size = sizeof axis, .name = "axis",
                               .kind = IMGCLS_ATTR_INT};
    if (status == IMGCLS_OK)
        status = icl_node_set_attr(node, &axis);
    free(head);
    free(tail);
    return status;
}

static imgcls_status add_tile(struct change *change, struct icl_node *user,
                              const struct icl_batch_edit *edit, char **name)
{
    int64_t ones[IMGCLS_MAX_RANK];
    char *repeats = NULL;
    struct icl_node *node;
    for (int32_t i = 0; i < IMGCLS_MAX_RANK; i++)
        ones[i] = 1;
    imgcls_status status = add_mixed(change, "batch_repeats", edit->axis,
                                     edit->rank - edit->axis - 1, ones, &repeats);
    if (status == IMGCLS_OK)
        status = add_node(change->graph, "Tile", "batch_tile", 2,
                          (const char *const[]){user->inputs[edit->input]->name, repeats},
                          name, &node);
    free(repeats);
    return status;
}

static imgcls_status set_axis_attr(struct icl_node *node, const char *name, int64_t value)
{
    struct imgcls_attr attr = {.struct_size = sizeof attr, .name = name,
                               .kind = IMGCLS_ATTR_INT, .i = value};
    return icl_node_set_attr(node, &attr);
}

/* 0, 1, 2, ... as [batch, 1, ..., 1]: ones, added up but for their own. */
static imgcls_status add_count(struct change *change, int32_t rank, char **name)
{
    struct imgcls_graph *graph = change->graph;
    static const int64_t zero = 0, one = 1;
    int64_t shape[IMGCLS_MAX_RANK];
    char *ones = NULL, *axis = NULL, *numbers = NULL, *dims = NULL;
    struct icl_node *node;
    struct imgcls_tensor unit = {.struct_size = sizeof unit, .type = IMGCLS_I64, .rank = 1,
                                 .dims = {1}, .strides = {1}, .data = (void *)(uintptr_t)&one,
                                 .size_bytes = sizeof one};
    struct imgcls_attr value = {.struct_size = sizeof value, .name = "value",
                                .kind = IMGCLS_ATTR_TENSOR, .count = 1,
                                .tensors = (const struct imgcls_tensor *const[]){&unit}};
    for (int32_t i = 0; i < rank; i++)
        shape[i] = i ? 1 : -1;
    imgcls_status status = need_batch(change);
    if (status == IMGCLS_OK)
        status = add_node(graph, "ConstantOfShape", "batch_ones", 1,
                          (const char *const[]){change->batch}, &ones, &node);
    if (status == IMGCLS_OK)
        status = icl_node_set_attr(node, &value);
    if (status == IMGCLS_OK)
        status = add_numbers(graph, "batch_axis", 0, 1, &zero, &axis);
    if (status == IMGCLS_OK)
        status = add_node(graph, "CumSum", "batch_numbers", 2,
                          (const char *const[]){ones, axis}, &numbers, &node);
    if (status == IMGCLS_OK)
        status = set_axis_attr(node, "exclusive", 1);
    if (status == IMGCLS_OK)
        status = add_list(graph, "batch_column", rank, shape, &dims);
    if (status == IMGCLS_OK)
        status = add_node(graph, "Reshape", "batch_column", 2,
                          (const char *const[]){numbers, dims}, name, &node);
    free(ones);
    free(axis);
    free(numbers);
    free(dims);
    return status;
}

/* The indices plus the picture's number times what one picture is apart from the next. */
static imgcls_status add_index(struct change *change, struct icl_node *user,
                               const struct icl_batch_edit *edit, char **name)
{
    struct imgcls_graph *graph = change->graph;
    char *numbers = NULL, *places = NULL, *offsets = NULL;
    struct icl_node *node;
    if (edit->dims[0] >= IMGCLS_MAX_RANK)
        return icl_fail(graph->ctx, IMGCLS_BAD_INPUT, "value '%s': indices of %lld dimensions",
                        edit->output, (long long)edit->dims[0]);
    imgcls_status status = add_count(change, edit->rank, &numbers);
    if (status == IMGCLS_OK)
        status = add_list(graph, "batch_place", (int32_t)edit->dims[0], edit->dims + 1,
                          &places);
    if (status == IMGCLS_OK)
        status = add_node(graph, "Mul", "batch_offsets", 2,
                          (const char *const[]){numbers, places}, &offsets, &node);
    if (status == IMGCLS_OK)
        status = add_node(graph, "Add", "batch_index", 2,
                          (const char *const[]){user->inputs[edit->input]->name, offsets}, name,
                          &node);
    free(numbers);
    free(places);
    free(offsets);
    return status;
}

static imgcls_status apply_one(struct change *change, const struct icl_batch_edit *edit)
{
    struct imgcls_graph *graph = change->graph;
    struct icl_value *value = icl_graph_find(graph, edit->output);
    struct icl_node *node = value ? value->producer : NULL;
    char *name = NULL;
    if (!node || edit->input >= node->node.input_count || !node->inputs[edit->input])
        return icl_fail(graph->ctx, IMGCLS_INTERNAL, "value '%s': nothing to change",
                        edit->output);
    imgcls_status status;
    if (edit->kind == ICL_BATCH_SHAPE)
        status = add_list(graph, "batch_free_shape", edit->rank, edit->dims, &name);
    else if (edit->kind == ICL_BATCH_SIZES)
        status = add_mixed(change, "batch_free_sizes", 0, edit->rank - 1, edit->dims + 1,
                           &name);
    else if (edit->kind == ICL_BATCH_INDEX)
        status = add_index(change, node, edit, &name);
    else
        status = add_tile(change, node, edit, &name);
    if (status == IMGCLS_OK)
        status = icl_node_set_input(node, edit->input, name);
    free(name);
    return status;
}

imgcls_status icl_batch_apply(struct imgcls_graph *graph, const struct icl_batch_edits *edits)
{
    struct change change = {.graph = graph};
    int64_t symbol = -1;
    imgcls_status status = IMGCLS_OK;
    if (graph->inputs[0]->info.dims[0] >= 0) {
        status = icl_graph_symbol_of(graph, "batch", &symbol);
        graph->inputs[0]->info.dims[0] = symbol;
    } else {
        symbol = graph->inputs[0]->info.dims[0];
    }
    for (size_t i = 0; status == IMGCLS_OK && i < edits->count; i++)
        status = apply_one(&change, &edits->list[i]);
    /* What was declared of values in between holds for the source's batch alone. */
    for (size_t i = 0; i < graph->value_count; i++) {
        struct icl_value *value = graph->values[i];
        if (value->producer && !value->is_output)
            value->info.rank = -1;
        else if (value->producer && value->info.rank > 0)
            value->info.dims[0] = symbol;
    }
    free(change.batch);
    return status == IMGCLS_OK ? icl_graph_sort(graph) : status;
}

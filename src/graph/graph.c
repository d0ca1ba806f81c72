/*
 * src/graph/graph.c - life of a graph; its inputs, outputs and initializers
 *
 * The main graph keeps a chain of all graphs within it, so that new names can be checked
 * against all of them, and so that an inner graph that never became an attribute (a plugin
 * failed half-way) is freed with the main graph.
 *
 * Not here: values by name (value.c), nodes (node.c), opsets and metadata (meta.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/graph/graph.h"

#include <string.h>

#include "src/file/file.h"
#include "src/graph/link.h"
#include "src/graph/names.h"
#include "src/tensor/tensor.h"

/* Puts a new inner graph into the main graph's chain. */
static void chain(struct imgcls_graph *graph)
{
    struct imgcls_graph *outermost = main_graph(graph);
    graph->next_inner = outermost->next_inner;
    graph->inner_link = &outermost->next_inner;
    if (graph->next_inner)
        graph->next_inner->inner_link = &graph->next_inner;
    outermost->next_inner = graph;
    graph->outer->inner_count++;
}

static void unchain(struct imgcls_graph *graph)
{
    if (!graph->inner_link)
        return;
    *graph->inner_link = graph->next_inner;
    if (graph->next_inner)
        graph->next_inner->inner_link = graph->inner_link;
    graph->inner_link = NULL;
    graph->outer->inner_count--;
}

imgcls_status icl_graph_create(struct imgcls_context *ctx, struct imgcls_graph *outer,
                               struct imgcls_graph **out)
{
    *out = NULL;
    if (outer && outer->depth + 1 > ICL_GRAPH_DEPTH)
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "graph: inner graphs nest deeper than %d",
                        ICL_GRAPH_DEPTH);
    struct imgcls_graph *graph = icl_alloc(ctx, 1, sizeof *graph);
    if (!graph)
        return icl_alloc_status(ctx);
    graph->ctx = ctx;
    imgcls_status status = IMGCLS_OK;
    graph->name = icl_text_copy(ctx, "");
    if (!graph->name)
        status = icl_alloc_status(ctx);
    if (status == IMGCLS_OK)
        status = icl_names_create(ctx, &graph->names);
    if (status == IMGCLS_OK && !outer)
        status = icl_names_create(ctx, &graph->symbol_names);
    if (status != IMGCLS_OK) {
        icl_graph_destroy(graph);
        return status;
    }
    if (outer) {
        graph->outer = outer;
        graph->depth = outer->depth + 1;
        chain(graph);
    }
    *out = graph;
    return IMGCLS_OK;
}

/* Inner graphs of this one that no node came to own. */
static void destroy_orphans(struct imgcls_graph *graph)
{
    struct imgcls_graph *at = main_graph(graph)->next_inner;
    while (graph->inner_count && at) {
        struct imgcls_graph *orphan = at->outer == graph ? at : NULL;
        at = at->next_inner;
        if (orphan) {
            icl_graph_destroy(orphan);
            at = main_graph(graph)->next_inner; /* its own inner graphs went with it */
        }
    }
}

static void clear_meta(struct imgcls_graph *graph)
{
    struct imgcls_context *ctx = graph->ctx;
    for (size_t i = 0; i < graph->opset_count; i++)
        icl_free(ctx, graph->opsets[i].domain);
    for (size_t i = 0; i < graph->meta_count; i++) {
        icl_free(ctx, graph->metas[i].key);
        icl_free(ctx, graph->metas[i].text);
    }
    for (size_t i = 0; i < graph->symbol_count; i++)
        icl_free(ctx, graph->symbols[i]);
    icl_free(ctx, graph->opsets);
    icl_free(ctx, graph->metas);
    icl_free(ctx, graph->symbols);
    icl_golden_clear(ctx, &graph->golden);
}

void icl_graph_destroy(struct imgcls_graph *graph)
{
    if (!graph)
        return;
    struct imgcls_context *ctx = graph->ctx;
    /* Nodes before values: a node unlinks itself from what it uses. */
    for (size_t i = 0; i < graph->node_count; i++)
        icl_node_destroy(graph->nodes[i]);
    graph->node_count = 0;
    destroy_orphans(graph);
    unchain(graph);
    for (size_t i = 0; i < graph->value_count; i++)
        icl_value_destroy(graph->values[i]);
    clear_meta(graph);
    icl_names_destroy(ctx, graph->names);
    icl_names_destroy(ctx, graph->symbol_names);
    icl_free(ctx, graph->nodes);
    icl_free(ctx, graph->values);
    icl_free(ctx, graph->inputs);
    icl_free(ctx, graph->outputs);
    icl_free(ctx, graph->initializers);
    icl_free(ctx, graph->name);
    icl_free(ctx, graph);
}

imgcls_status icl_graph_set_name(struct imgcls_graph *graph, const char *name)
{
    char *copy = icl_text_copy(graph->ctx, name ? name : "");
    if (!copy)
        return icl_alloc_status(graph->ctx);
    icl_free(graph->ctx, graph->name);
    graph->name = copy;
    return IMGCLS_OK;
}

/* Appends to inputs, outputs or initializers. */
static imgcls_status append(struct imgcls_graph *graph, struct icl_value ***list, size_t *count,
                            size_t *capacity, struct icl_value *value)
{
    imgcls_status status =
        icl_grow(graph->ctx, (void **)list, capacity, *count + 1, sizeof **list);
    if (status == IMGCLS_OK)
        (*list)[(*count)++] = value;
    return status;
}

/* Writes what is declared of a value into its info. */
static imgcls_status declare(struct icl_value *value, int32_t kind, int32_t type, int32_t rank,
                             const int64_t *dims, const char *const *dim_names)
{
    struct imgcls_graph *graph = value->graph;
    struct imgcls_graph *outermost = main_graph(graph);
    int64_t known[IMGCLS_MAX_RANK];
    if (rank > IMGCLS_MAX_RANK)
        return icl_fail(graph->ctx, IMGCLS_BAD_INPUT,
                        "value '%s': %d dimensions, allowed are at most %d", value->name,
                        (int)rank, IMGCLS_MAX_RANK);
    for (int32_t i = 0; i < rank; i++) {
        known[i] = dims[i];
        if (dims[i] >= 0)
            continue;
        if (dim_names && dim_names[i] && dim_names[i][0]) {
            imgcls_status status = icl_graph_symbol_of(graph, dim_names[i], &known[i]);
            if (status != IMGCLS_OK)
                return status;
        } else if (dims[i] < -1 && (uint64_t)(-2 - dims[i]) >= outermost->symbol_count) {
            known[i] = -1;
        }
    }
    value->info.kind = kind;
    value->info.type = type;
    value->info.rank = rank < 0 ? -1 : rank;
    for (int32_t i = 0; i < rank; i++)
        value->info.dims[i] = known[i];
    return IMGCLS_OK;
}

imgcls_status icl_graph_add_input(struct imgcls_graph *graph, const char *name, int32_t kind,
                                  int32_t type, int32_t rank, const int64_t *dims,
                                  const char *const *dim_names)
{
    struct icl_value *value;
    if (!name || !name[0])
        return icl_fail(graph->ctx, IMGCLS_BAD_INPUT, "graph: input %zu has no name",
                        graph->input_count);
    imgcls_status status = icl_graph_define(graph, name, &value);
    if (status != IMGCLS_OK)
        return status;
    if (value->is_input)
        return icl_fail(graph->ctx, IMGCLS_BAD_INPUT, "input '%s' is listed twice", name);
    if (!value->info.constant) { /* a default value's own type and shape are exact */
        status = declare(value, kind, type, rank, dims, dim_names);
        if (status != IMGCLS_OK)
            return status;
    }
    status = append(graph, &graph->inputs, &graph->input_count, &graph->input_capacity, value);
    if (status == IMGCLS_OK)
        value->is_input = true;
    return status;
}

imgcls_status icl_graph_add_output(struct imgcls_graph *graph, const char *name, int32_t kind,
                                   int32_t type, int32_t rank, const int64_t *dims,
                                   const char *const *dim_names)
{
    struct icl_value *value;
    if (!name || !name[0])
        return icl_fail(graph->ctx, IMGCLS_BAD_INPUT, "graph: output %zu has no name",
                        graph->output_count);
    imgcls_status status = icl_graph_define(graph, name, &value);
    if (status != IMGCLS_OK)
        return status;
    /* What an input or an initializer says of the value stands. */
    if (!value->is_input && !value->info.constant && !value->is_output) {
        status = declare(value, kind, type, rank, dims, dim_names);
        if (status != IMGCLS_OK)
            return status;
    }
    status =
        append(graph, &graph->outputs, &graph->output_count, &graph->output_capacity, value);
    if (status == IMGCLS_OK)
        value->is_output = true;
    return status;
}

void icl_graph_clear_outputs(struct imgcls_graph *graph)
{
    for (size_t i = 0; i < graph->output_count; i++)
        graph->outputs[i]->is_output = false;
    graph->output_count = 0;
}

/* What a mapped element's address must be a multiple of. */
static size_t alignment_of(int32_t type)
{
    size_t bytes = icl_type_bits(type) / 8;
    return bytes > 8 ? 8 : bytes ? bytes : 1;
}

/* A storage with a copy of the tensor's bytes; texts follow the elements that point to them. */
static imgcls_status copy_bytes(struct imgcls_context *ctx, const struct imgcls_tensor *tensor,
                                size_t size, struct imgcls_storage **out)
{
    const struct imgcls_string *texts = tensor->data;
    size_t total = size, count = 0;
    if (tensor->type == IMGCLS_STRING)
        count = size / sizeof *texts;
    for (size_t i = 0; i < count; i++)
        if (!icl_add_size(total, texts[i].length, &total) || !icl_add_size(total, 1, &total))
            return icl_fail(ctx, IMGCLS_LIMIT, "tensor: texts longer than any memory");
    unsigned char *bytes = icl_alloc(ctx, total, 1);
    if (!bytes)
        return icl_alloc_status(ctx);
    if (size)
        memcpy(bytes, tensor->data, size);
    char *text = (char *)bytes + size;
    for (size_t i = 0; i < count; i++) {
        struct imgcls_string *copy = (struct imgcls_string *)bytes + i;
        if (copy->length)
            memcpy(text, copy->bytes, copy->length);
        copy->bytes = text;
        text += copy->length + 1;
    }
    imgcls_status status = icl_storage_own(ctx, bytes, total, out);
    if (status != IMGCLS_OK)
        icl_free(ctx, bytes);
    return status;
}

imgcls_status icl_tensor_keep(struct imgcls_context *ctx, const struct imgcls_tensor *tensor,
                              struct imgcls_storage *storage, struct imgcls_tensor *out,
                              struct imgcls_storage **kept)
{
    *kept = NULL;
    imgcls_status status =
        icl_tensor_borrow(ctx, tensor->type, tensor->rank, tensor->dims, tensor->data, out);
    if (status != IMGCLS_OK)
        return status;
    if (tensor->size_bytes < out->size_bytes || (out->size_bytes && !tensor->data))
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "tensor: %zu bytes where the shape wants %zu",
                        tensor->data ? tensor->size_bytes : 0, out->size_bytes);
    if (storage && (uintptr_t)tensor->data % alignment_of(tensor->type) == 0) {
        *kept = icl_storage_retain(storage);
        return IMGCLS_OK;
    }
    status = copy_bytes(ctx, tensor, out->size_bytes, kept);
    if (status == IMGCLS_OK)
        out->data = (void *)icl_storage_bytes(*kept);
    return status;
}

imgcls_status icl_graph_add_initializer(struct imgcls_graph *graph, const char *name,
                                        const struct imgcls_tensor *tensor,
                                        struct imgcls_storage *storage)
{
    struct icl_value *value;
    struct imgcls_storage *kept;
    struct imgcls_tensor own;
    if (!name || !name[0])
        return icl_fail(graph->ctx, IMGCLS_BAD_INPUT, "graph: initializer %zu has no name",
                        graph->initializer_count);
    imgcls_status status = icl_graph_define(graph, name, &value);
    if (status != IMGCLS_OK)
        return status;
    if (value->info.constant)
        return icl_fail(graph->ctx, IMGCLS_BAD_INPUT, "initializer '%s' is listed twice", name);
    status = icl_tensor_keep(graph->ctx, tensor, storage, &own, &kept);
    if (status != IMGCLS_OK)
        return icl_fail_within(graph->ctx, status, "initializer '%s'", name);
    status = append(graph, &graph->initializers, &graph->initializer_count,
                    &graph->initializer_capacity, value);
    if (status != IMGCLS_OK) {
        icl_storage_release(kept);
        return status;
    }
    value->tensor = own;
    value->storage = kept;
    value->info.constant = &value->tensor;
    value->info.kind = IMGCLS_KIND_TENSOR;
    value->info.type = own.type;
    value->info.rank = own.rank;
    memcpy(value->info.dims, own.dims, sizeof own.dims);
    return IMGCLS_OK;
}

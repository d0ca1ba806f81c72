/*
 * src/graph/meta.c - imported operator sets, metadata, symbolic dimensions, the golden example
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/graph/graph.h"

#include <string.h>

#include "src/graph/link.h"
#include "src/graph/names.h"
#include "src/tensor/tensor.h"

/* The default domain has two names. */
static const char *short_domain(const char *domain)
{
    return !domain || !strcmp(domain, "ai.onnx") ? "" : domain;
}

static struct icl_opset *find_opset(const struct imgcls_graph *graph, const char *domain)
{
    for (size_t i = 0; i < graph->opset_count; i++)
        if (!strcmp(graph->opsets[i].domain, domain))
            return &graph->opsets[i];
    return NULL;
}

imgcls_status icl_graph_set_opset(struct imgcls_graph *graph, const char *domain,
                                  int64_t version)
{
    graph = main_graph(graph);
    domain = short_domain(domain);
    struct icl_opset *opset = find_opset(graph, domain);
    if (opset) {
        opset->version = version;
        return IMGCLS_OK;
    }
    if (graph->opset_count >= ICL_GRAPH_OPSETS)
        return icl_fail(graph->ctx, IMGCLS_BAD_INPUT, "graph: more than %d imported domains",
                        ICL_GRAPH_OPSETS);
    imgcls_status status =
        icl_grow(graph->ctx, (void **)&graph->opsets, &graph->opset_capacity,
                 graph->opset_count + 1, sizeof *graph->opsets);
    if (status != IMGCLS_OK)
        return status;
    char *copy = icl_text_copy(graph->ctx, domain);
    if (!copy)
        return icl_alloc_status(graph->ctx);
    graph->opsets[graph->opset_count++] = (struct icl_opset){copy, version};
    return IMGCLS_OK;
}

int64_t icl_graph_opset(const struct imgcls_graph *graph, const char *domain)
{
    const struct icl_opset *opset = find_opset(main_graph(graph), short_domain(domain));
    return opset ? opset->version : 0;
}

static struct icl_meta *find_meta(const struct imgcls_graph *graph, const char *key)
{
    for (size_t i = 0; i < graph->meta_count; i++)
        if (!strcmp(graph->metas[i].key, key))
            return &graph->metas[i];
    return NULL;
}

static void remove_meta(struct imgcls_graph *graph, struct icl_meta *meta)
{
    icl_free(graph->ctx, meta->key);
    icl_free(graph->ctx, meta->text);
    size_t behind = (size_t)(graph->metas + graph->meta_count - (meta + 1));
    memmove(meta, meta + 1, behind * sizeof *meta);
    graph->meta_count--;
}

imgcls_status icl_graph_set_meta(struct imgcls_graph *graph, const char *key, const char *text)
{
    struct imgcls_context *ctx = graph->ctx;
    struct icl_meta *meta = find_meta(graph, key);
    if (!text) {
        if (meta)
            remove_meta(graph, meta);
        return IMGCLS_OK;
    }
    if (!meta && graph->meta_count >= ICL_GRAPH_METAS)
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "graph: more than %d metadata entries",
                        ICL_GRAPH_METAS);
    char *copy = icl_text_copy(ctx, text), *key_copy = NULL;
    if (!copy)
        return icl_alloc_status(ctx);
    if (meta) {
        icl_free(ctx, meta->text);
        meta->text = copy;
        return IMGCLS_OK;
    }
    imgcls_status status = icl_grow(ctx, (void **)&graph->metas, &graph->meta_capacity,
                                    graph->meta_count + 1, sizeof *graph->metas);
    if (status == IMGCLS_OK) {
        key_copy = icl_text_copy(ctx, key);
        if (!key_copy)
            status = icl_alloc_status(ctx);
    }
    if (status != IMGCLS_OK) {
        icl_free(ctx, copy);
        return status;
    }
    graph->metas[graph->meta_count++] = (struct icl_meta){key_copy, copy};
    return IMGCLS_OK;
}

const char *icl_graph_meta(const struct imgcls_graph *graph, const char *key)
{
    const struct icl_meta *meta = find_meta(graph, key);
    return meta ? meta->text : NULL;
}

imgcls_status icl_graph_symbol_of(struct imgcls_graph *graph, const char *name, int64_t *dim)
{
    graph = main_graph(graph);
    const void *known = name ? icl_names_find(graph->symbol_names, name) : NULL;
    if (known) {
        /* The item is the position plus one, so that the list may move. */
        *dim = -2 - (int64_t)((uintptr_t)known - 1);
        return IMGCLS_OK;
    }
    imgcls_status status =
        icl_grow(graph->ctx, (void **)&graph->symbols, &graph->symbol_capacity,
                 graph->symbol_count + 1, sizeof *graph->symbols);
    if (status != IMGCLS_OK)
        return status;
    char *copy = NULL;
    if (name) {
        copy = icl_text_copy(graph->ctx, name);
        if (!copy)
            return icl_alloc_status(graph->ctx);
        status = icl_names_add(graph->ctx, graph->symbol_names, copy,
                               (void *)(uintptr_t)(graph->symbol_count + 1));
        if (status != IMGCLS_OK) {
            icl_free(graph->ctx, copy);
            return status;
        }
    }
    graph->symbols[graph->symbol_count] = copy;
    *dim = -2 - (int64_t)graph->symbol_count++;
    return IMGCLS_OK;
}

void icl_golden_clear(struct imgcls_context *ctx, struct icl_golden *golden)
{
    for (size_t i = 0; golden->inputs && i < golden->input_count; i++)
        icl_value_release(ctx, golden->inputs[i]);
    for (size_t i = 0; golden->outputs && i < golden->output_count; i++)
        icl_value_release(ctx, golden->outputs[i]);
    icl_free(ctx, golden->inputs);
    icl_free(ctx, golden->outputs);
    icl_free(ctx, golden->origin);
    memset(golden, 0, sizeof *golden);
}

/* Copies of values; on failure *out holds those made so far and is for clearing. */
static imgcls_status copy_values(struct imgcls_context *ctx, size_t count,
                                 const struct imgcls_value *const *values,
                                 struct imgcls_value ***out)
{
    imgcls_status status = IMGCLS_OK;
    struct imgcls_value **copies = icl_alloc(ctx, count, sizeof *copies);
    *out = copies;
    if (!copies)
        return icl_alloc_status(ctx);
    for (size_t i = 0; i < count && status == IMGCLS_OK; i++)
        if (values[i])
            status = icl_value_copy(ctx, values[i], &copies[i]);
    return status;
}

imgcls_status icl_graph_set_golden(struct imgcls_graph *graph, const char *origin,
                                   size_t input_count, const struct imgcls_value *const *inputs,
                                   size_t output_count,
                                   const struct imgcls_value *const *outputs)
{
    struct imgcls_context *ctx = graph->ctx;
    struct icl_golden golden = {.input_count = input_count, .output_count = output_count};
    imgcls_status status = IMGCLS_OK;
    golden.origin = icl_text_copy(ctx, origin ? origin : "");
    if (!golden.origin)
        status = icl_alloc_status(ctx);
    if (status == IMGCLS_OK)
        status = copy_values(ctx, input_count, inputs, &golden.inputs);
    if (status == IMGCLS_OK)
        status = copy_values(ctx, output_count, outputs, &golden.outputs);
    if (status != IMGCLS_OK) {
        icl_golden_clear(ctx, &golden);
        return status;
    }
    icl_golden_clear(ctx, &graph->golden);
    graph->golden = golden;
    return IMGCLS_OK;
}

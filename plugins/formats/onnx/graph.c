/*
 * plugins/formats/onnx/graph.c - GraphProto to a host graph
 *
 * Order: inputs, initializers, nodes, graph attributes of nodes, outputs; so whatever a
 * part names exists by then, also where the file's nodes are not in order. An input that is
 * an initializer, too, is a constant: before IR version 4 every initializer had to be
 * listed as an input, and since then it says that a caller could override it, which no plan
 * wants.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/onnx/element.h"
#include "plugins/formats/onnx/reader.h"

#include <stdio.h>
#include <string.h>

/* Initializers' names, to tell which inputs are constants. */
static imgcls_status constant_names(struct onnx_reader *reader,
                                    const Onnx__GraphProto *proto, struct onnx_names *out)
{
    size_t count = proto->n_initializer + proto->n_sparse_initializer;
    imgcls_status status = onnx_alloc(reader, count, sizeof *out->sorted, &out->sorted);
    if (status != IMGCLS_OK)
        return status;
    out->count = 0;
    for (size_t i = 0; i < proto->n_initializer; i++)
        out->sorted[out->count++] = onnx_text(proto->initializer[i]->name);
    for (size_t i = 0; i < proto->n_sparse_initializer; i++)
        if (proto->sparse_initializer[i]->values)
            out->sorted[out->count++] =
                onnx_text(proto->sparse_initializer[i]->values->name);
    onnx_names_sort(out);
    return IMGCLS_OK;
}

static imgcls_status add_initializer(struct onnx_reader *reader, struct imgcls_graph *graph,
                                     const struct onnx_scope *scope, const char *name,
                                     const struct imgcls_tensor *tensor,
                                     struct imgcls_storage *storage)
{
    if (!onnx_text(name)[0])
        return onnx_fail(reader, IMGCLS_BAD_INPUT, "an initializer has no name");
    name = onnx_name_resolve(reader, scope, name);
    if (!name)
        return IMGCLS_BAD_INPUT;
    return reader->host->graph_add_initializer(reader->host, graph, name, tensor, storage);
}

static imgcls_status read_initializers(struct onnx_reader *reader,
                                       const Onnx__GraphProto *proto,
                                       struct imgcls_graph *graph,
                                       const struct onnx_scope *scope)
{
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < proto->n_initializer && status == IMGCLS_OK; i++) {
        const Onnx__TensorProto *initializer = proto->initializer[i];
        struct imgcls_tensor tensor;
        struct imgcls_storage *storage;
        onnx_where(reader, "initializer '%s'", onnx_text(initializer->name));
        status = onnx_tensor_read(reader, initializer, &tensor, &storage);
        if (status == IMGCLS_OK)
            status =
                add_initializer(reader, graph, scope, initializer->name, &tensor, storage);
    }
    for (size_t i = 0; i < proto->n_sparse_initializer && status == IMGCLS_OK; i++) {
        const Onnx__SparseTensorProto *sparse = proto->sparse_initializer[i];
        const char *name = sparse->values ? onnx_text(sparse->values->name) : "";
        struct imgcls_tensor tensor;
        onnx_where(reader, "sparse initializer '%s'", name);
        status = onnx_sparse_read(reader, sparse, &tensor);
        if (status == IMGCLS_OK)
            status = add_initializer(reader, graph, scope, name, &tensor, NULL);
    }
    return status;
}

/* What the host's kind does not say of a type, for the writer. */
static imgcls_status keep_nesting(struct onnx_reader *reader, const Onnx__TypeProto *type,
                                  struct imgcls_graph *graph, const char *name)
{
    char nesting[ONNX_NESTING_MAX], key[512];
    if (!onnx_type_nesting(type, nesting, sizeof nesting) ||
        snprintf(key, sizeof key, ONNX_META_NESTING "%s", name) >= (int)sizeof key)
        return IMGCLS_OK;
    return reader->host->graph_set_meta(reader->host, graph, key, nesting);
}

static imgcls_status read_value(struct onnx_reader *reader,
                                const Onnx__ValueInfoProto *proto,
                                struct imgcls_graph *graph, const struct onnx_scope *scope,
                                bool output)
{
    const struct imgcls_host *host = reader->host;
    int32_t kind, element, rank;
    int64_t dims[IMGCLS_MAX_RANK];
    const char *dim_names[IMGCLS_MAX_RANK];
    if (!onnx_text(proto->name)[0])
        return onnx_fail(reader, IMGCLS_BAD_INPUT, "a graph %s has no name",
                         output ? "output" : "input");
    onnx_where(reader, "%s '%s'", output ? "output" : "input", proto->name);
    imgcls_status status =
        onnx_type_read(reader, proto->type, &kind, &element, &rank, dims, dim_names);
    if (status != IMGCLS_OK)
        return status;
    const char *name = onnx_name_resolve(reader, scope, proto->name);
    if (!name)
        return IMGCLS_BAD_INPUT;
    status = keep_nesting(reader, proto->type, graph, name);
    if (status != IMGCLS_OK)
        return status;
    return output ? host->graph_add_output(host, graph, name, kind, element, rank, dims,
                                           dim_names)
                  : host->graph_add_input(host, graph, name, kind, element, rank, dims,
                                          dim_names);
}

static imgcls_status resolve_names(struct onnx_reader *reader,
                                   const struct onnx_scope *scope, size_t count,
                                   char *const *names, const char ***out)
{
    const char **resolved;
    imgcls_status status = onnx_alloc(reader, count, sizeof *resolved, &resolved);
    for (size_t i = 0; i < count && status == IMGCLS_OK; i++) {
        resolved[i] = onnx_name_resolve(reader, scope, onnx_text(names[i]));
        if (!resolved[i])
            status = IMGCLS_BAD_INPUT;
    }
    *out = resolved;
    return status;
}

static imgcls_status read_node(struct onnx_reader *reader, struct onnx_nodes *nodes,
                               const Onnx__NodeProto *proto, const struct onnx_scope *scope)
{
    const struct imgcls_host *host = reader->host;
    const char **inputs, **outputs;
    struct imgcls_node *node;
    onnx_where(reader, "node '%s' (%s)", onnx_text(proto->name), onnx_text(proto->op_type));
    if (!onnx_text(proto->op_type)[0])
        return onnx_fail(reader, IMGCLS_BAD_INPUT, "node '%s' has no op_type",
                         onnx_text(proto->name));
    const Onnx__FunctionProto *function = onnx_function_find(reader, proto);
    if (function)
        return onnx_function_inline(reader, nodes, function, proto, scope);
    if (onnx_text(proto->overload)[0])
        return onnx_fail(reader, IMGCLS_BAD_INPUT,
                         "%s: overload '%s' is that of no function in the model",
                         reader->where, proto->overload);
    imgcls_status status =
        resolve_names(reader, scope, proto->n_input, proto->input, &inputs);
    if (status == IMGCLS_OK)
        status = resolve_names(reader, scope, proto->n_output, proto->output, &outputs);
    if (status == IMGCLS_OK)
        status =
            host->graph_add_node(host, nodes->graph, onnx_domain(proto->domain),
                                 proto->op_type, onnx_text(proto->name), proto->n_input,
                                 inputs, proto->n_output, outputs, &node);
    for (size_t i = 0; i < proto->n_attribute && status == IMGCLS_OK; i++)
        status = onnx_attribute_read(reader, nodes, node, proto->attribute[i], scope);
    return status;
}

imgcls_status onnx_nodes_read(struct onnx_reader *reader, struct onnx_nodes *nodes,
                              size_t count, Onnx__NodeProto *const *protos,
                              const struct onnx_scope *scope)
{
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < count && status == IMGCLS_OK; i++)
        status = read_node(reader, nodes, protos[i], scope);
    return status;
}

imgcls_status onnx_graph_read(struct onnx_reader *reader, const Onnx__GraphProto *proto,
                              struct imgcls_graph *graph, const struct onnx_scope *scope)
{
    const struct imgcls_host *host = reader->host;
    struct onnx_nodes nodes = {.graph = graph};
    struct onnx_names constants;
    nodes.last = &nodes.first;
    imgcls_status status = host->graph_set_name(host, graph, onnx_text(proto->name));
    if (status == IMGCLS_OK)
        status = constant_names(reader, proto, &constants);
    for (size_t i = 0; i < proto->n_input && status == IMGCLS_OK; i++)
        if (onnx_names_find(&constants, onnx_text(proto->input[i]->name)) == SIZE_MAX)
            status = read_value(reader, proto->input[i], graph, scope, false);
    if (status == IMGCLS_OK)
        status = read_initializers(reader, proto, graph, scope);
    if (status == IMGCLS_OK)
        status = onnx_nodes_read(reader, &nodes, proto->n_node, proto->node, scope);
    for (const struct onnx_deferred *d = nodes.first; d && status == IMGCLS_OK; d = d->next)
        status = onnx_deferred_read(reader, graph, d);
    for (size_t i = 0; i < proto->n_output && status == IMGCLS_OK; i++)
        status = read_value(reader, proto->output[i], graph, scope, true);
    return status;
}

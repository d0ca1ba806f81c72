/*
 * plugins/formats/onnx/attribute.c - AttributeProto to an attribute of a host node
 *
 * Files of IR version 1 leave the kind out; it is then told by the field that is set.
 * Sparse tensors become dense ones. Graphs wait until all nodes around them are there.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/onnx/reader.h"

#include <string.h>

/* The one kind besides plugin.h's that is read. */
#define SPARSE_TENSOR ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSOR

static int32_t kind_of(const Onnx__AttributeProto *proto)
{
    if (proto->has_type && proto->type != ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED)
        return (int32_t)proto->type;
    return proto->has_f           ? IMGCLS_ATTR_FLOAT
           : proto->has_i         ? IMGCLS_ATTR_INT
           : proto->has_s         ? IMGCLS_ATTR_STRING
           : proto->t             ? IMGCLS_ATTR_TENSOR
           : proto->g             ? IMGCLS_ATTR_GRAPH
           : proto->n_floats      ? IMGCLS_ATTR_FLOATS
           : proto->n_ints        ? IMGCLS_ATTR_INTS
           : proto->n_strings     ? IMGCLS_ATTR_STRINGS
           : proto->n_tensors     ? IMGCLS_ATTR_TENSORS
           : proto->n_graphs      ? IMGCLS_ATTR_GRAPHS
           : proto->sparse_tensor ? SPARSE_TENSOR
           : proto->tp            ? IMGCLS_ATTR_TYPE
                                  : 0;
}

static struct imgcls_string string_of(const ProtobufCBinaryData *data)
{
    return (struct imgcls_string){data->data ? (const char *)data->data : "", data->len};
}

static imgcls_status read_strings(struct onnx_reader *reader,
                                  const Onnx__AttributeProto *proto,
                                  struct imgcls_attr *attr)
{
    struct imgcls_string *strings;
    imgcls_status status = onnx_alloc(reader, proto->n_strings, sizeof *strings, &strings);
    if (status != IMGCLS_OK)
        return status;
    for (size_t i = 0; i < proto->n_strings; i++)
        strings[i] = string_of(&proto->strings[i]);
    attr->strings = strings;
    attr->count = proto->n_strings;
    return IMGCLS_OK;
}

static imgcls_status read_tensors(struct onnx_reader *reader, size_t count,
                                  Onnx__TensorProto *const *protos,
                                  struct imgcls_attr *attr)
{
    struct imgcls_tensor *tensors;
    const struct imgcls_tensor **list;
    imgcls_status status = onnx_alloc(reader, count, sizeof *tensors, &tensors);
    if (status == IMGCLS_OK)
        status = onnx_alloc(reader, count, sizeof *list, &list);
    for (size_t i = 0; i < count && status == IMGCLS_OK; i++) {
        struct imgcls_storage *storage;
        status = onnx_tensor_read(reader, protos[i], &tensors[i], &storage);
        list[i] = &tensors[i];
    }
    if (status != IMGCLS_OK)
        return status;
    attr->tensors = list;
    attr->count = count;
    return IMGCLS_OK;
}

static imgcls_status read_sparse(struct onnx_reader *reader,
                                 const Onnx__AttributeProto *proto,
                                 struct imgcls_attr *attr)
{
    struct imgcls_tensor *dense;
    const struct imgcls_tensor **list;
    imgcls_status status = onnx_alloc(reader, 1, sizeof *dense, &dense);
    if (status == IMGCLS_OK)
        status = onnx_alloc(reader, 1, sizeof *list, &list);
    if (status == IMGCLS_OK)
        status = onnx_sparse_read(reader, proto->sparse_tensor, dense);
    if (status != IMGCLS_OK)
        return status;
    list[0] = dense;
    attr->kind = IMGCLS_ATTR_TENSOR;
    attr->tensors = list;
    attr->count = 1;
    /* Constant alone has such an attribute; its dense twin has another name. */
    if (strcmp(attr->name, "sparse_value") == 0)
        attr->name = "value";
    return IMGCLS_OK;
}

static imgcls_status read_type(struct onnx_reader *reader, const Onnx__TypeProto *type,
                               struct imgcls_attr *attr)
{
    int32_t kind, element, rank;
    int64_t dims[IMGCLS_MAX_RANK];
    const char *dim_names[IMGCLS_MAX_RANK];
    uint8_t *packed;
    size_t size = protobuf_c_message_get_packed_size(&type->base);
    imgcls_status status =
        onnx_type_read(reader, type, &kind, &element, &rank, dims, dim_names);
    if (status == IMGCLS_OK)
        status = onnx_alloc(reader, 1, size, &packed);
    if (status != IMGCLS_OK)
        return status;
    attr->i = element;
    attr->s = (struct imgcls_string){(const char *)packed,
                                     protobuf_c_message_pack(&type->base, packed)};
    return IMGCLS_OK;
}

static imgcls_status defer(struct onnx_reader *reader, struct onnx_nodes *nodes,
                           struct imgcls_node *node, const char *name,
                           const Onnx__AttributeProto *proto,
                           const struct onnx_scope *scope)
{
    struct onnx_deferred *deferred;
    imgcls_status status = onnx_alloc(reader, 1, sizeof *deferred, &deferred);
    if (status != IMGCLS_OK)
        return status;
    *deferred = (struct onnx_deferred){node, name, proto, scope, NULL};
    *nodes->last = deferred;
    nodes->last = &deferred->next;
    return IMGCLS_OK;
}

/* The value of an attribute of the kind attr->kind. */
static imgcls_status read_value(struct onnx_reader *reader,
                                const Onnx__AttributeProto *proto, struct imgcls_attr *attr)
{
    switch (attr->kind) {
    case IMGCLS_ATTR_FLOAT:
        attr->f = proto->f;
        return IMGCLS_OK;
    case IMGCLS_ATTR_INT:
        attr->i = proto->i;
        return IMGCLS_OK;
    case IMGCLS_ATTR_STRING:
        attr->s = string_of(&proto->s);
        return IMGCLS_OK;
    case IMGCLS_ATTR_FLOATS:
        attr->floats = proto->floats;
        attr->count = proto->n_floats;
        return IMGCLS_OK;
    case IMGCLS_ATTR_INTS:
        attr->ints = proto->ints;
        attr->count = proto->n_ints;
        return IMGCLS_OK;
    case IMGCLS_ATTR_STRINGS:
        return read_strings(reader, proto, attr);
    case IMGCLS_ATTR_TENSOR:
        return read_tensors(reader, 1, (Onnx__TensorProto *const *)&proto->t, attr);
    case IMGCLS_ATTR_TENSORS:
        return read_tensors(reader, proto->n_tensors, proto->tensors, attr);
    case IMGCLS_ATTR_TYPE:
        return read_type(reader, proto->tp, attr);
    case SPARSE_TENSOR:
        return read_sparse(reader, proto, attr);
    default:
        return onnx_fail(reader, attr->kind ? IMGCLS_UNSUPPORTED : IMGCLS_BAD_INPUT,
                         "%s is of kind %d, read are 1 to 11 and 13", reader->where,
                         (int)attr->kind);
    }
}

imgcls_status onnx_attribute_read(struct onnx_reader *reader, struct onnx_nodes *nodes,
                                  struct imgcls_node *node,
                                  const Onnx__AttributeProto *proto,
                                  const struct onnx_scope *scope)
{
    struct imgcls_attr attr = {.struct_size = sizeof attr, .name = onnx_text(proto->name)};
    onnx_where(reader, "node '%s' (%s): attribute '%s'", node->name, node->type, attr.name);
    imgcls_status status = onnx_attribute_resolve(reader, &proto, &scope);
    if (status != IMGCLS_OK || !proto)
        return status;
    attr.kind = kind_of(proto);
    bool missing = (attr.kind == IMGCLS_ATTR_TENSOR && !proto->t) ||
                   (attr.kind == IMGCLS_ATTR_GRAPH && !proto->g) ||
                   (attr.kind == IMGCLS_ATTR_TYPE && !proto->tp) ||
                   (attr.kind == SPARSE_TENSOR && !proto->sparse_tensor);
    if (missing || !attr.name[0])
        return onnx_fail(reader, IMGCLS_BAD_INPUT, "%s has no %s", reader->where,
                         missing ? "value" : "name");
    if (attr.kind == IMGCLS_ATTR_GRAPH || attr.kind == IMGCLS_ATTR_GRAPHS)
        return defer(reader, nodes, node, attr.name, proto, scope);
    status = read_value(reader, proto, &attr);
    return status != IMGCLS_OK ? status
                               : reader->host->node_set_attr(reader->host, node, &attr);
}

imgcls_status onnx_deferred_read(struct onnx_reader *reader, struct imgcls_graph *graph,
                                 const struct onnx_deferred *deferred)
{
    const struct imgcls_host *host = reader->host;
    const Onnx__AttributeProto *proto = deferred->attr;
    bool single = kind_of(proto) == IMGCLS_ATTR_GRAPH;
    size_t count = single ? 1 : proto->n_graphs;
    struct imgcls_graph **graphs;
    size_t made = 0;
    imgcls_status status = onnx_alloc(reader, count, sizeof *graphs, &graphs);
    while (made < count && status == IMGCLS_OK) {
        const Onnx__GraphProto *inner = single ? proto->g : proto->graphs[made];
        const struct onnx_scope *scope;
        status = onnx_scope_of_graph(reader, inner, deferred->scope, &scope);
        if (status == IMGCLS_OK)
            status = host->graph_create_inner(host, graph, &graphs[made]);
        if (status != IMGCLS_OK)
            break;
        status = onnx_graph_read(reader, inner, graphs[made++], scope);
    }
    struct imgcls_attr attr = {
        .struct_size = sizeof attr,
        .name = deferred->name,
        .kind = single ? IMGCLS_ATTR_GRAPH : IMGCLS_ATTR_GRAPHS,
        .count = count,
        .graphs = graphs,
    };
    if (status == IMGCLS_OK)
        status = host->node_set_attr(host, deferred->node, &attr);
    return status;
}

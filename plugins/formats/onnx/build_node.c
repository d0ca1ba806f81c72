/*
 * plugins/formats/onnx/build_node.c - nodes and their attributes as messages
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/onnx/writer.h"

#include <string.h>

static ProtobufCBinaryData bytes_of(struct imgcls_string text)
{
    return (ProtobufCBinaryData){text.length, (uint8_t *)(uintptr_t)text.bytes};
}

static imgcls_status put_strings(struct onnx_writer *writer, const struct imgcls_attr *attr,
                                 Onnx__AttributeProto *proto)
{
    imgcls_status status =
        onnx_writer_alloc(writer, attr->count, sizeof *proto->strings, &proto->strings);
    if (status != IMGCLS_OK)
        return status;
    for (size_t i = 0; i < attr->count; i++)
        proto->strings[i] = bytes_of(attr->strings[i]);
    proto->n_strings = attr->count;
    return IMGCLS_OK;
}

static imgcls_status put_tensors(struct onnx_writer *writer, const struct imgcls_attr *attr,
                                 Onnx__AttributeProto *proto)
{
    Onnx__TensorProto **tensors;
    imgcls_status status =
        onnx_writer_alloc(writer, attr->count, sizeof *tensors, &tensors);
    for (size_t i = 0; i < attr->count && status == IMGCLS_OK; i++)
        status = onnx_tensor_build(writer, NULL, attr->tensors[i], &tensors[i]);
    if (status != IMGCLS_OK)
        return status;
    if (attr->kind == IMGCLS_ATTR_TENSOR) {
        proto->t = tensors[0];
    } else {
        proto->tensors = tensors;
        proto->n_tensors = attr->count;
    }
    return IMGCLS_OK;
}

static imgcls_status put_graphs(struct onnx_writer *writer, const struct imgcls_attr *attr,
                                Onnx__AttributeProto *proto)
{
    Onnx__GraphProto **graphs;
    imgcls_status status = onnx_writer_alloc(writer, attr->count, sizeof *graphs, &graphs);
    for (size_t i = 0; i < attr->count && status == IMGCLS_OK; i++)
        status = onnx_graph_build(writer, attr->graphs[i], &graphs[i]);
    if (status != IMGCLS_OK)
        return status;
    if (attr->kind == IMGCLS_ATTR_GRAPH) {
        proto->g = graphs[0];
    } else {
        proto->graphs = graphs;
        proto->n_graphs = attr->count;
    }
    return IMGCLS_OK;
}

static imgcls_status put_type(struct onnx_writer *writer, const struct imgcls_attr *attr,
                              Onnx__AttributeProto *proto)
{
    proto->tp = onnx__type_proto__unpack(&writer->arena.allocator, attr->s.length,
                                         (const uint8_t *)attr->s.bytes);
    if (proto->tp)
        return IMGCLS_OK;
    return writer->arena.failed
               ? IMGCLS_NO_MEMORY
               : writer->host->fail(writer->host, IMGCLS_BAD_INPUT,
                                    "%s: attribute '%s' holds no ONNX type",
                                    writer->sink->path, attr->name);
}

static imgcls_status build_attribute(struct onnx_writer *writer,
                                     const struct imgcls_attr *attr,
                                     Onnx__AttributeProto **out)
{
    Onnx__AttributeProto *proto;
    imgcls_status status = onnx_writer_alloc(writer, 1, sizeof *proto, &proto);
    if (status != IMGCLS_OK)
        return status;
    onnx__attribute_proto__init(proto);
    proto->name = (char *)(uintptr_t)attr->name;
    proto->has_type = 1;
    proto->type = (Onnx__AttributeProto__AttributeType)attr->kind;
    *out = proto;
    switch (attr->kind) {
    case IMGCLS_ATTR_FLOAT:
        proto->has_f = 1;
        proto->f = attr->f;
        return IMGCLS_OK;
    case IMGCLS_ATTR_INT:
        proto->has_i = 1;
        proto->i = attr->i;
        return IMGCLS_OK;
    case IMGCLS_ATTR_STRING:
        proto->has_s = 1;
        proto->s = bytes_of(attr->s);
        return IMGCLS_OK;
    case IMGCLS_ATTR_FLOATS:
        proto->floats = (float *)(uintptr_t)attr->floats;
        proto->n_floats = attr->count;
        return IMGCLS_OK;
    case IMGCLS_ATTR_INTS:
        proto->ints = (int64_t *)(uintptr_t)attr->ints;
        proto->n_ints = attr->count;
        return IMGCLS_OK;
    case IMGCLS_ATTR_STRINGS:
        return put_strings(writer, attr, proto);
    case IMGCLS_ATTR_TENSOR:
    case IMGCLS_ATTR_TENSORS:
        return put_tensors(writer, attr, proto);
    case IMGCLS_ATTR_GRAPH:
    case IMGCLS_ATTR_GRAPHS:
        return put_graphs(writer, attr, proto);
    case IMGCLS_ATTR_TYPE:
        return put_type(writer, attr, proto);
    default:
        return writer->host->fail(writer->host, IMGCLS_UNSUPPORTED,
                                  "%s: attribute '%s' is of kind %d, which ONNX lacks",
                                  writer->sink->path, attr->name, (int)attr->kind);
    }
}

static imgcls_status build_names(struct onnx_writer *writer, size_t count,
                                 const struct imgcls_value_info *const *values,
                                 size_t *out_count, char ***out)
{
    imgcls_status status = onnx_writer_alloc(writer, count, sizeof **out, out);
    if (status != IMGCLS_OK)
        return status;
    while (count > 0 && !values[count - 1])
        count--; /* omitted ones at the end need not be written */
    for (size_t i = 0; i < count; i++)
        (*out)[i] = (char *)(uintptr_t)(values[i] ? values[i]->name : "");
    *out_count = count;
    return IMGCLS_OK;
}

static imgcls_status build_attributes(struct onnx_writer *writer,
                                      const struct imgcls_node *node,
                                      Onnx__NodeProto *proto)
{
    const struct imgcls_host *host = writer->host;
    size_t count = 0;
    while (host->attr_at(host, node, count))
        count++;
    imgcls_status status =
        onnx_writer_alloc(writer, count, sizeof *proto->attribute, &proto->attribute);
    for (size_t i = 0; i < count && status == IMGCLS_OK; i++)
        status =
            build_attribute(writer, host->attr_at(host, node, i), &proto->attribute[i]);
    proto->n_attribute = count;
    return status;
}

imgcls_status onnx_node_build(struct onnx_writer *writer, const struct imgcls_node *node,
                              Onnx__NodeProto **out)
{
    Onnx__NodeProto *proto;
    if (node->epilogue_count)
        return writer->host->fail(
            writer->host, IMGCLS_UNSUPPORTED,
            "%s: node '%s' (%s) has work fused into it, which ONNX cannot "
            "say",
            writer->sink->path, node->name, node->type);
    imgcls_status status = onnx_writer_alloc(writer, 1, sizeof *proto, &proto);
    if (status != IMGCLS_OK)
        return status;
    onnx__node_proto__init(proto);
    proto->op_type = (char *)(uintptr_t)node->type;
    if (node->name[0])
        proto->name = (char *)(uintptr_t)node->name;
    if (node->domain[0])
        proto->domain = (char *)(uintptr_t)node->domain;
    status = build_names(writer, node->input_count, node->inputs, &proto->n_input,
                         &proto->input);
    if (status == IMGCLS_OK)
        status = build_names(writer, node->output_count, node->outputs, &proto->n_output,
                             &proto->output);
    if (status == IMGCLS_OK)
        status = build_attributes(writer, node, proto);
    *out = proto;
    return status;
}

/*
 * plugins/formats/onnx/build_tensor.c - tensors and types as messages
 *
 * Everything but strings is written as raw_data, which every reader knows and ours maps.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/onnx/element.h"
#include "plugins/formats/onnx/writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

imgcls_status onnx_writer_alloc(struct onnx_writer *writer, size_t count, size_t size,
                                void *out)
{
    void *piece = onnx_arena_alloc(&writer->arena, count, size);
    *(void **)out = piece;
    return piece ? IMGCLS_OK : IMGCLS_NO_MEMORY;
}

static imgcls_status build_header(struct onnx_writer *writer, const char *name,
                                  const struct imgcls_tensor *tensor,
                                  Onnx__TensorProto **out)
{
    Onnx__TensorProto *proto;
    if (!onnx_element_of(tensor->type))
        return writer->host->fail(writer->host, IMGCLS_UNSUPPORTED,
                                  "%s: tensor '%s' has element type %d, which ONNX lacks",
                                  writer->sink->path, name, (int)tensor->type);
    imgcls_status status = onnx_writer_alloc(writer, 1, sizeof *proto, &proto);
    if (status != IMGCLS_OK)
        return status;
    onnx__tensor_proto__init(proto);
    proto->name = (char *)(uintptr_t)name;
    proto->n_dims = (size_t)tensor->rank;
    status = onnx_writer_alloc(writer, proto->n_dims, sizeof *proto->dims, &proto->dims);
    if (status != IMGCLS_OK)
        return status;
    if (proto->n_dims)
        memcpy(proto->dims, tensor->dims, proto->n_dims * sizeof *proto->dims);
    proto->has_data_type = 1;
    proto->data_type = tensor->type;
    *out = proto;
    return IMGCLS_OK;
}

static imgcls_status put_strings(struct onnx_writer *writer,
                                 const struct imgcls_tensor *tensor,
                                 Onnx__TensorProto *proto)
{
    const struct imgcls_string *strings = tensor->data;
    size_t count = (size_t)imgcls_count(tensor->rank, tensor->dims);
    imgcls_status status =
        onnx_writer_alloc(writer, count, sizeof *proto->string_data, &proto->string_data);
    if (status != IMGCLS_OK)
        return status;
    for (size_t i = 0; i < count; i++)
        proto->string_data[i] = (ProtobufCBinaryData){
            strings[i].length, (uint8_t *)(uintptr_t)strings[i].bytes};
    proto->n_string_data = count;
    return IMGCLS_OK;
}

imgcls_status onnx_tensor_build(struct onnx_writer *writer, const char *name,
                                const struct imgcls_tensor *tensor, Onnx__TensorProto **out)
{
    imgcls_status status = build_header(writer, name, tensor, out);
    if (status != IMGCLS_OK)
        return status;
    if (tensor->type == IMGCLS_STRING)
        return put_strings(writer, tensor, *out);
    (*out)->has_raw_data = 1;
    (*out)->raw_data = (ProtobufCBinaryData){tensor->size_bytes, tensor->data};
    return IMGCLS_OK;
}

static imgcls_status entry(struct onnx_writer *writer, const char *key, const char *text,
                           Onnx__StringStringEntryProto **out)
{
    Onnx__StringStringEntryProto *proto;
    size_t size = strlen(text) + 1;
    char *copy;
    imgcls_status status = onnx_writer_alloc(writer, 1, sizeof *proto, &proto);
    if (status == IMGCLS_OK)
        status = onnx_writer_alloc(writer, 1, size, &copy);
    if (status != IMGCLS_OK)
        return status;
    memcpy(copy, text, size);
    onnx__string_string_entry_proto__init(proto);
    proto->key = (char *)(uintptr_t)key;
    proto->value = copy;
    *out = proto;
    return IMGCLS_OK;
}

/* Writes the bytes to the external file, aligned, and the place into the message. */
static imgcls_status put_external(struct onnx_writer *writer,
                                  const struct imgcls_tensor *tensor,
                                  Onnx__TensorProto *proto)
{
    static const unsigned char zeros[ONNX_EXTERNAL_ALIGNMENT];
    const struct imgcls_host *host = writer->host;
    struct imgcls_sink *external = writer->sink->external;
    size_t past = (size_t)(external->position % ONNX_EXTERNAL_ALIGNMENT);
    char offset[24], length[24];
    imgcls_status status = IMGCLS_OK;
    if (past)
        status = host->sink_write(host, external, zeros, ONNX_EXTERNAL_ALIGNMENT - past);
    snprintf(offset, sizeof offset, "%" PRIu64, external->position);
    snprintf(length, sizeof length, "%zu", tensor->size_bytes);
    if (status == IMGCLS_OK)
        status = host->sink_write(host, external, tensor->data, tensor->size_bytes);
    if (status == IMGCLS_OK)
        status = onnx_writer_alloc(writer, 3, sizeof *proto->external_data,
                                   &proto->external_data);
    if (status == IMGCLS_OK)
        status = entry(writer, "location", writer->sink->external_location,
                       &proto->external_data[0]);
    if (status == IMGCLS_OK)
        status = entry(writer, "offset", offset, &proto->external_data[1]);
    if (status == IMGCLS_OK)
        status = entry(writer, "length", length, &proto->external_data[2]);
    if (status != IMGCLS_OK)
        return status;
    proto->n_external_data = 3;
    proto->has_data_location = 1;
    proto->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    return IMGCLS_OK;
}

imgcls_status onnx_initializer_build(struct onnx_writer *writer, const char *name,
                                     const struct imgcls_tensor *tensor,
                                     Onnx__TensorProto **out)
{
    if (!writer->sink->external || tensor->type == IMGCLS_STRING ||
        tensor->size_bytes <= ONNX_EXTERNAL_ABOVE)
        return onnx_tensor_build(writer, name, tensor, out);
    imgcls_status status = build_header(writer, name, tensor, out);
    return status != IMGCLS_OK ? status : put_external(writer, tensor, *out);
}

/* ---- Types
 * ------------------------------------------------------------------------------*/

static imgcls_status build_shape(struct onnx_writer *writer,
                                 const struct imgcls_graph *graph,
                                 const struct imgcls_value_info *info,
                                 Onnx__TensorShapeProto **out)
{
    Onnx__TensorShapeProto *shape;
    Onnx__TensorShapeProto__Dimension *dims;
    size_t rank = (size_t)(info->rank < 0 ? 0 : info->rank);
    *out = NULL;
    if (info->rank < 0)
        return IMGCLS_OK;
    imgcls_status status = onnx_writer_alloc(writer, 1, sizeof *shape, &shape);
    if (status == IMGCLS_OK)
        status = onnx_writer_alloc(writer, rank, sizeof *dims, &dims);
    if (status != IMGCLS_OK)
        return status;
    onnx__tensor_shape_proto__init(shape);
    status = onnx_writer_alloc(writer, rank, sizeof *shape->dim, &shape->dim);
    if (status != IMGCLS_OK)
        return status;
    shape->n_dim = rank;
    for (size_t i = 0; i < rank; i++) {
        const char *symbol =
            info->dims[i] < -1
                ? writer->host->graph_symbol(writer->host, graph, info->dims[i])
                : NULL;
        onnx__tensor_shape_proto__dimension__init(&dims[i]);
        shape->dim[i] = &dims[i];
        if (info->dims[i] >= 0) {
            dims[i].value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
            dims[i].dim_value = info->dims[i];
        } else if (symbol) {
            dims[i].value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
            dims[i].dim_param = (char *)(uintptr_t)symbol;
        }
    }
    *out = shape;
    return IMGCLS_OK;
}

static imgcls_status build_tensor_type(struct onnx_writer *writer,
                                       const struct imgcls_graph *graph,
                                       const struct imgcls_value_info *info,
                                       Onnx__TypeProto **out)
{
    Onnx__TypeProto *type;
    Onnx__TypeProto__Tensor *tensor;
    imgcls_status status = onnx_writer_alloc(writer, 1, sizeof *type, &type);
    if (status == IMGCLS_OK)
        status = onnx_writer_alloc(writer, 1, sizeof *tensor, &tensor);
    if (status != IMGCLS_OK)
        return status;
    onnx__type_proto__init(type);
    onnx__type_proto__tensor__init(tensor);
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    tensor->has_elem_type = 1;
    tensor->elem_type = info->type;
    *out = type;
    return info->kind == IMGCLS_KIND_TENSOR
               ? build_shape(writer, graph, info, &tensor->shape)
               : IMGCLS_OK;
}

/* A type that has one type inside: 's'equence, 'o'ptional or 'm'ap with keys of type `key`. */
static imgcls_status wrap_type(struct onnx_writer *writer, char kind, int32_t key,
                               Onnx__TypeProto *inner, Onnx__TypeProto **out)
{
    Onnx__TypeProto *type;
    imgcls_status status = onnx_writer_alloc(writer, 1, sizeof *type, &type);
    if (status != IMGCLS_OK)
        return status;
    onnx__type_proto__init(type);
    *out = type;
    if (kind == 's') {
        type->value_case = ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE;
        status =
            onnx_writer_alloc(writer, 1, sizeof *type->sequence_type, &type->sequence_type);
        if (status != IMGCLS_OK)
            return status;
        onnx__type_proto__sequence__init(type->sequence_type);
        type->sequence_type->elem_type = inner;
    } else if (kind == 'o') {
        type->value_case = ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE;
        status =
            onnx_writer_alloc(writer, 1, sizeof *type->optional_type, &type->optional_type);
        if (status != IMGCLS_OK)
            return status;
        onnx__type_proto__optional__init(type->optional_type);
        type->optional_type->elem_type = inner;
    } else {
        type->value_case = ONNX__TYPE_PROTO__VALUE_MAP_TYPE;
        status = onnx_writer_alloc(writer, 1, sizeof *type->map_type, &type->map_type);
        if (status != IMGCLS_OK)
            return status;
        onnx__type_proto__map__init(type->map_type);
        type->map_type->has_key_type = 1;
        type->map_type->key_type = key;
        type->map_type->value_type = inner;
    }
    return IMGCLS_OK;
}

/* Everything around the tensors, from the inside out. */
static imgcls_status wrap_all(struct onnx_writer *writer, const char *nesting,
                              Onnx__TypeProto *inner, Onnx__TypeProto **out)
{
    imgcls_status status = IMGCLS_OK;
    *out = inner;
    for (size_t end = strlen(nesting); end > 0 && status == IMGCLS_OK;) {
        size_t at = end - 1;
        while (at > 0 && nesting[at] >= '0' && nesting[at] <= '9')
            at--;
        status = wrap_type(writer, nesting[at], (int32_t)strtol(nesting + at + 1, NULL, 10),
                           *out, out);
        end = at;
    }
    return status;
}

/* What the reader kept, where there was more than a kind can say. */
static const char *nesting_of(struct onnx_writer *writer, const struct imgcls_graph *graph,
                              const struct imgcls_value_info *info)
{
    char key[512];
    const char *kept = NULL;
    if (snprintf(key, sizeof key, ONNX_META_NESTING "%s", info->name) < (int)sizeof key)
        kept = writer->host->graph_meta(writer->host, graph, key);
    /* Metadata may come from a file that somebody else wrote. */
    if (kept && *kept && strchr("som", *kept) && strlen(kept) < ONNX_NESTING_MAX &&
        strspn(kept, "som0123456789") == strlen(kept))
        return kept;
    return info->kind == IMGCLS_KIND_SEQUENCE   ? "s"
           : info->kind == IMGCLS_KIND_OPTIONAL ? "o"
                                                : NULL;
}

imgcls_status onnx_value_info_build(struct onnx_writer *writer,
                                    const struct imgcls_graph *graph,
                                    const struct imgcls_value_info *info,
                                    Onnx__ValueInfoProto **out)
{
    Onnx__ValueInfoProto *proto;
    Onnx__TypeProto *type = NULL;
    imgcls_status status = onnx_writer_alloc(writer, 1, sizeof *proto, &proto);
    if (status != IMGCLS_OK)
        return status;
    onnx__value_info_proto__init(proto);
    proto->name = (char *)(uintptr_t)info->name;
    *out = proto;
    if (info->type == IMGCLS_UNDEFINED)
        return IMGCLS_OK; /* nothing is known that a type could say */
    const char *nesting =
        info->kind == IMGCLS_KIND_TENSOR ? "" : nesting_of(writer, graph, info);
    if (!nesting)
        return writer->host->fail(
            writer->host, IMGCLS_UNSUPPORTED,
            "%s: '%s' is of kind %d, written are tensors, sequences, optionals and "
            "maps",
            writer->sink->path, info->name, (int)info->kind);
    status = build_tensor_type(writer, graph, info, &type);
    if (status == IMGCLS_OK)
        status = wrap_all(writer, nesting, type, &type);
    proto->type = type;
    return status;
}

/*
 * plugins/formats/onnx/write_value.c - a value as the .pb file of its kind
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/onnx/stream.h"

#include <string.h>

static imgcls_status build_sequence(struct onnx_writer *writer, const char *name,
                                    const struct imgcls_value *value,
                                    Onnx__SequenceProto **out);
static imgcls_status build_map(struct onnx_writer *writer, const char *name,
                               const struct imgcls_value *value, Onnx__MapProto **out);
static imgcls_status build_optional(struct onnx_writer *writer, const char *name,
                                    const struct imgcls_value *value,
                                    Onnx__OptionalProto **out);

/* What elem_type says of a value's kind; the numbers of sequences and optionals agree. */
static int32_t elem_type_of(const struct imgcls_value *value)
{
    switch (value->kind) {
    case IMGCLS_KIND_SEQUENCE:
        return ONNX__SEQUENCE_PROTO__DATA_TYPE__SEQUENCE;
    case IMGCLS_KIND_OPTIONAL:
        return ONNX__SEQUENCE_PROTO__DATA_TYPE__OPTIONAL;
    case IMGCLS_KIND_MAP:
        return ONNX__SEQUENCE_PROTO__DATA_TYPE__MAP;
    default:
        return ONNX__SEQUENCE_PROTO__DATA_TYPE__TENSOR;
    }
}

static imgcls_status build_item(struct onnx_writer *writer,
                                const struct imgcls_value *value, void **out)
{
    switch (value->kind) {
    case IMGCLS_KIND_TENSOR:
        return onnx_tensor_build(writer, NULL, value->tensor, (Onnx__TensorProto **)out);
    case IMGCLS_KIND_SEQUENCE:
        return build_sequence(writer, NULL, value, (Onnx__SequenceProto **)out);
    case IMGCLS_KIND_MAP:
        return build_map(writer, NULL, value, (Onnx__MapProto **)out);
    case IMGCLS_KIND_OPTIONAL:
        return build_optional(writer, NULL, value, (Onnx__OptionalProto **)out);
    default:
        return writer->host->fail(writer->host, IMGCLS_UNSUPPORTED,
                                  "%s: values of kind %d are not written",
                                  writer->sink->path, (int)value->kind);
    }
}

static imgcls_status build_sequence(struct onnx_writer *writer, const char *name,
                                    const struct imgcls_value *value,
                                    Onnx__SequenceProto **out)
{
    Onnx__SequenceProto *proto;
    void **items;
    imgcls_status status = onnx_writer_alloc(writer, 1, sizeof *proto, &proto);
    if (status == IMGCLS_OK)
        status = onnx_writer_alloc(writer, value->count, sizeof *items, &items);
    if (status != IMGCLS_OK)
        return status;
    onnx__sequence_proto__init(proto);
    proto->name = (char *)(uintptr_t)name;
    proto->has_elem_type = 1;
    proto->elem_type = value->count ? elem_type_of(value->items[0])
                                    : ONNX__SEQUENCE_PROTO__DATA_TYPE__TENSOR;
    for (size_t i = 0; i < value->count && status == IMGCLS_OK; i++) {
        if (elem_type_of(value->items[i]) != proto->elem_type)
            return writer->host->fail(writer->host, IMGCLS_BAD_INPUT,
                                      "%s: a sequence has items of different kinds",
                                      writer->sink->path);
        status = build_item(writer, value->items[i], &items[i]);
    }
    switch (proto->elem_type) {
    case ONNX__SEQUENCE_PROTO__DATA_TYPE__SEQUENCE:
        proto->sequence_values = (Onnx__SequenceProto **)items;
        proto->n_sequence_values = value->count;
        break;
    case ONNX__SEQUENCE_PROTO__DATA_TYPE__MAP:
        proto->map_values = (Onnx__MapProto **)items;
        proto->n_map_values = value->count;
        break;
    case ONNX__SEQUENCE_PROTO__DATA_TYPE__OPTIONAL:
        proto->optional_values = (Onnx__OptionalProto **)items;
        proto->n_optional_values = value->count;
        break;
    default:
        proto->tensor_values = (Onnx__TensorProto **)items;
        proto->n_tensor_values = value->count;
        break;
    }
    *out = proto;
    return status;
}

static imgcls_status build_optional(struct onnx_writer *writer, const char *name,
                                    const struct imgcls_value *value,
                                    Onnx__OptionalProto **out)
{
    Onnx__OptionalProto *proto;
    void *item = NULL;
    imgcls_status status = onnx_writer_alloc(writer, 1, sizeof *proto, &proto);
    if (status == IMGCLS_OK && value->count)
        status = build_item(writer, value->items[0], &item);
    if (status != IMGCLS_OK)
        return status;
    onnx__optional_proto__init(proto);
    proto->name = (char *)(uintptr_t)name;
    proto->has_elem_type = 1;
    proto->elem_type = value->count ? elem_type_of(value->items[0])
                                    : ONNX__OPTIONAL_PROTO__DATA_TYPE__UNDEFINED;
    switch (proto->elem_type) {
    case ONNX__OPTIONAL_PROTO__DATA_TYPE__TENSOR:
        proto->tensor_value = item;
        break;
    case ONNX__OPTIONAL_PROTO__DATA_TYPE__SEQUENCE:
        proto->sequence_value = item;
        break;
    case ONNX__OPTIONAL_PROTO__DATA_TYPE__MAP:
        proto->map_value = item;
        break;
    case ONNX__OPTIONAL_PROTO__DATA_TYPE__OPTIONAL:
        proto->optional_value = item;
        break;
    default:
        break;
    }
    *out = proto;
    return IMGCLS_OK;
}

static imgcls_status put_keys(struct onnx_writer *writer, const struct imgcls_value *keys,
                              Onnx__MapProto *proto)
{
    const struct imgcls_tensor *tensor = keys->tensor;
    bool text = tensor && tensor->type == IMGCLS_STRING;
    if (keys->kind != IMGCLS_KIND_TENSOR || (!text && tensor->type != IMGCLS_I64))
        return writer->host->fail(writer->host, IMGCLS_UNSUPPORTED,
                                  "%s: a map's keys are written as int64 or strings",
                                  writer->sink->path);
    size_t count = (size_t)imgcls_count(tensor->rank, tensor->dims);
    proto->has_key_type = 1;
    proto->key_type = tensor->type;
    if (!text) {
        proto->keys = tensor->data;
        proto->n_keys = count;
        return IMGCLS_OK;
    }
    const struct imgcls_string *strings = tensor->data;
    imgcls_status status =
        onnx_writer_alloc(writer, count, sizeof *proto->string_keys, &proto->string_keys);
    for (size_t i = 0; i < count && status == IMGCLS_OK; i++)
        proto->string_keys[i] = (ProtobufCBinaryData){
            strings[i].length, (uint8_t *)(uintptr_t)strings[i].bytes};
    proto->n_string_keys = count;
    return status;
}

static imgcls_status build_map(struct onnx_writer *writer, const char *name,
                               const struct imgcls_value *value, Onnx__MapProto **out)
{
    Onnx__MapProto *proto;
    if (value->count != 2 || value->items[1]->kind != IMGCLS_KIND_SEQUENCE)
        return writer->host->fail(writer->host, IMGCLS_UNSUPPORTED,
                                  "%s: a map is written from keys and a sequence of values",
                                  writer->sink->path);
    imgcls_status status = onnx_writer_alloc(writer, 1, sizeof *proto, &proto);
    if (status != IMGCLS_OK)
        return status;
    onnx__map_proto__init(proto);
    proto->name = (char *)(uintptr_t)name;
    status = put_keys(writer, value->items[0], proto);
    if (status == IMGCLS_OK)
        status = build_sequence(writer, NULL, value->items[1], &proto->values);
    *out = proto;
    return status;
}

/* A list of values is small beside a model: it is packed whole. */
static imgcls_status write_packed(struct onnx_writer *writer,
                                  const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    if (size > ONNX_MESSAGE_MAX)
        return writer->host->fail(
            writer->host, IMGCLS_UNSUPPORTED,
            "%s: the value takes %zu bytes, an ONNX file holds at most %d",
            writer->sink->path, size, ONNX_MESSAGE_MAX);
    return onnx_stream_message(writer, message);
}

static imgcls_status write_tensor(struct onnx_writer *writer, const char *name,
                                  const struct imgcls_tensor *tensor)
{
    Onnx__TensorProto *proto;
    imgcls_status status = onnx_tensor_build(writer, name, tensor, &proto);
    if (status == IMGCLS_OK && onnx_tensor_size(proto) > ONNX_MESSAGE_MAX)
        status =
            writer->host->fail(writer->host, IMGCLS_UNSUPPORTED,
                               "%s: the tensor takes %zu bytes, an ONNX file holds at most "
                               "%d",
                               writer->sink->path, tensor->size_bytes, ONNX_MESSAGE_MAX);
    return status != IMGCLS_OK ? status : onnx_stream_tensor(writer, proto);
}

imgcls_status onnx_value_write(const struct imgcls_host *host, const char *name,
                               const struct imgcls_value *value, struct imgcls_sink *sink)
{
    struct onnx_writer writer = {.host = host, .sink = sink};
    const char *own_name = name && *name ? name : NULL;
    void *message = NULL;
    imgcls_status status;
    onnx_arena_init(&writer.arena, host);
    switch (value->kind) {
    case IMGCLS_KIND_SEQUENCE:
        status = build_sequence(&writer, own_name, value, (Onnx__SequenceProto **)&message);
        break;
    case IMGCLS_KIND_MAP:
        status = build_map(&writer, own_name, value, (Onnx__MapProto **)&message);
        break;
    case IMGCLS_KIND_OPTIONAL:
        status = build_optional(&writer, own_name, value, (Onnx__OptionalProto **)&message);
        break;
    case IMGCLS_KIND_TENSOR:
        status = write_tensor(&writer, own_name, value->tensor);
        break;
    default:
        status = build_item(&writer, value, &message); /* says that it cannot */
        break;
    }
    if (status == IMGCLS_OK && message)
        status = write_packed(&writer, message);
    onnx_arena_clear(&writer.arena);
    return status;
}

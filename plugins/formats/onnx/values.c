/*
 * plugins/formats/onnx/values.c - files of one value: tensor, sequence, map or optional
 *
 * Nothing in such a file says which message it holds, and the messages overlap on the wire.
 * So they are tried in turn, each with all of its rules, and the first that holds wins:
 * TensorProto (type and shape must account for every byte of data, which other messages do
 * not manage), SequenceProto (only the list of its elem_type may be filled), MapProto,
 * OptionalProto. A sequence of one item and an optional with that item are the same bytes
 * and come out as a sequence; a caller that knows it wants an optional turns one into the
 * other by the kind alone.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/onnx/reader.h"

#include <string.h>
#include <strings.h>

static imgcls_status sequence_value(struct onnx_reader *reader,
                                    const Onnx__SequenceProto *proto,
                                    struct imgcls_value **out);
static imgcls_status map_value(struct onnx_reader *reader, const Onnx__MapProto *proto,
                               struct imgcls_value **out);
static imgcls_status optional_value(struct onnx_reader *reader,
                                    const Onnx__OptionalProto *proto,
                                    struct imgcls_value **out);

/* A value of its own from a tensor over the reader's bytes. */
static imgcls_status copy_tensor(struct onnx_reader *reader,
                                 const struct imgcls_tensor *tensor,
                                 struct imgcls_value **out)
{
    const struct imgcls_host *host = reader->host;
    struct imgcls_value *value;
    imgcls_status status =
        host->value_tensor(host, tensor->type, tensor->rank, tensor->dims, &value);
    if (status != IMGCLS_OK)
        return status;
    if (tensor->type == IMGCLS_STRING) {
        const struct imgcls_string *strings = tensor->data;
        size_t count = tensor->size_bytes / sizeof *strings;
        for (size_t i = 0; i < count && status == IMGCLS_OK; i++)
            status =
                host->value_set_string(host, value, i, strings[i].bytes, strings[i].length);
    } else if (tensor->size_bytes) {
        memcpy(value->tensor->data, tensor->data, tensor->size_bytes);
    }
    if (status != IMGCLS_OK) {
        host->value_release(host, value);
        return status;
    }
    *out = value;
    return IMGCLS_OK;
}

static imgcls_status tensor_value(struct onnx_reader *reader,
                                  const Onnx__TensorProto *proto, struct imgcls_value **out)
{
    struct imgcls_tensor tensor;
    struct imgcls_storage *storage;
    imgcls_status status = onnx_tensor_read(reader, proto, &tensor, &storage);
    return status != IMGCLS_OK ? status : copy_tensor(reader, &tensor, out);
}

static imgcls_status sparse_value(struct onnx_reader *reader,
                                  const Onnx__SparseTensorProto *proto,
                                  struct imgcls_value **out)
{
    struct imgcls_tensor tensor;
    imgcls_status status = onnx_sparse_read(reader, proto, &tensor);
    return status != IMGCLS_OK ? status : copy_tensor(reader, &tensor, out);
}

/* Item `index` of a list whose members are of the kind elem_type says. */
static imgcls_status item_value(struct onnx_reader *reader, int32_t kind, const void *item,
                                struct imgcls_value **out)
{
    switch (kind) {
    case ONNX__SEQUENCE_PROTO__DATA_TYPE__TENSOR:
        return tensor_value(reader, item, out);
    case ONNX__SEQUENCE_PROTO__DATA_TYPE__SPARSE_TENSOR:
        return sparse_value(reader, item, out);
    case ONNX__SEQUENCE_PROTO__DATA_TYPE__SEQUENCE:
        return sequence_value(reader, item, out);
    case ONNX__SEQUENCE_PROTO__DATA_TYPE__MAP:
        return map_value(reader, item, out);
    default:
        return optional_value(reader, item, out);
    }
}

static int32_t element_type(const struct imgcls_value *value)
{
    return value->kind == IMGCLS_KIND_TENSOR && value->tensor ? value->tensor->type
                                                              : value->type;
}

/* A list value from `count` messages of one kind. */
static imgcls_status list_value(struct onnx_reader *reader, int32_t list_kind, int32_t kind,
                                size_t count, const void *const *messages,
                                struct imgcls_value **out)
{
    const struct imgcls_host *host = reader->host;
    struct imgcls_value **items;
    size_t made = 0;
    imgcls_status status = onnx_alloc(reader, count, sizeof *items, &items);
    while (made < count && status == IMGCLS_OK) {
        status = item_value(reader, kind, messages[made], &items[made]);
        if (status == IMGCLS_OK)
            made++;
    }
    if (status == IMGCLS_OK)
        status = host->value_list(host, list_kind,
                                  count ? element_type(items[0]) : IMGCLS_UNDEFINED, count,
                                  items, out);
    if (status != IMGCLS_OK)
        while (made > 0)
            host->value_release(host, items[--made]);
    return status;
}

static imgcls_status sequence_value(struct onnx_reader *reader,
                                    const Onnx__SequenceProto *proto,
                                    struct imgcls_value **out)
{
    const struct {
        size_t count;
        const void *items;
    } lists[] = {
        {0, NULL},
        {proto->n_tensor_values, proto->tensor_values},
        {proto->n_sparse_tensor_values, proto->sparse_tensor_values},
        {proto->n_sequence_values, proto->sequence_values},
        {proto->n_map_values, proto->map_values},
        {proto->n_optional_values, proto->optional_values},
    };
    size_t total = 0;
    int32_t kind = proto->elem_type;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        total += lists[i].count;
    if (kind < 1 || kind >= (int32_t)(sizeof lists / sizeof *lists) ||
        lists[kind].count != total)
        return onnx_fail(reader, IMGCLS_BAD_INPUT,
                         "a sequence has elem_type %d and %zu items that are not all of it",
                         (int)kind, total);
    onnx_where(reader, "sequence '%s'", onnx_text(proto->name));
    return list_value(reader, IMGCLS_KIND_SEQUENCE, kind, total, lists[kind].items, out);
}

static imgcls_status key_value(struct onnx_reader *reader, const Onnx__MapProto *proto,
                               struct imgcls_value **out)
{
    bool text = proto->key_type == IMGCLS_STRING;
    bool integer = (proto->key_type >= IMGCLS_U8 && proto->key_type <= IMGCLS_I64) ||
                   proto->key_type == IMGCLS_U32 || proto->key_type == IMGCLS_U64;
    if ((!text && !integer) || (text ? proto->n_keys : proto->n_string_keys))
        return onnx_fail(reader, IMGCLS_BAD_INPUT,
                         "a map has key_type %d, integers and strings are known",
                         (int)proto->key_type);
    /* Integer keys are one list of int64 whatever their type. */
    struct imgcls_tensor keys = {
        .struct_size = sizeof keys,
        .type = text ? IMGCLS_STRING : IMGCLS_I64,
        .rank = 1,
        .dims = {(int64_t)(text ? proto->n_string_keys : proto->n_keys)},
        .strides = {1},
        .data = proto->keys,
        .size_bytes = proto->n_keys * sizeof *proto->keys,
    };
    if (text) {
        struct imgcls_string *strings;
        imgcls_status status =
            onnx_alloc(reader, proto->n_string_keys, sizeof *strings, &strings);
        if (status != IMGCLS_OK)
            return status;
        for (size_t i = 0; i < proto->n_string_keys; i++)
            strings[i] = (struct imgcls_string){
                proto->string_keys[i].data ? (const char *)proto->string_keys[i].data : "",
                proto->string_keys[i].len};
        keys.data = strings;
        keys.size_bytes = proto->n_string_keys * sizeof *strings;
    }
    return copy_tensor(reader, &keys, out);
}

static imgcls_status map_value(struct onnx_reader *reader, const Onnx__MapProto *proto,
                               struct imgcls_value **out)
{
    const struct imgcls_host *host = reader->host;
    struct imgcls_value *items[2] = {NULL, NULL};
    if (!proto->values)
        return onnx_fail(reader, IMGCLS_BAD_INPUT, "a map has no values");
    imgcls_status status = key_value(reader, proto, &items[0]);
    if (status == IMGCLS_OK)
        status = sequence_value(reader, proto->values, &items[1]);
    if (status == IMGCLS_OK && items[1]->count != (size_t)items[0]->tensor->dims[0])
        status = onnx_fail(reader, IMGCLS_BAD_INPUT, "a map has %lld keys and %zu values",
                           (long long)items[0]->tensor->dims[0], items[1]->count);
    if (status == IMGCLS_OK)
        status = host->value_list(host, IMGCLS_KIND_MAP, items[1]->type, 2, items, out);
    if (status != IMGCLS_OK)
        for (int i = 0; i < 2; i++)
            if (items[i])
                host->value_release(host, items[i]);
    return status;
}

static imgcls_status optional_value(struct onnx_reader *reader,
                                    const Onnx__OptionalProto *proto,
                                    struct imgcls_value **out)
{
    const void *const items[] = {
        NULL,
        proto->tensor_value,
        proto->sparse_tensor_value,
        proto->sequence_value,
        proto->map_value,
        proto->optional_value,
    };
    size_t total = 0;
    int32_t kind = proto->elem_type;
    for (size_t i = 1; i < sizeof items / sizeof *items; i++)
        total += items[i] != NULL;
    if (kind < 0 || kind >= (int32_t)(sizeof items / sizeof *items) || total > 1 ||
        (total == 1 && !items[kind]))
        return onnx_fail(reader, IMGCLS_BAD_INPUT,
                         "an optional has elem_type %d and another value", (int)kind);
    onnx_where(reader, "optional '%s'", onnx_text(proto->name));
    return list_value(reader, IMGCLS_KIND_OPTIONAL, kind, total, &items[kind], out);
}

/* ---- Which message is it?
 * ---------------------------------------------------------------*/

static imgcls_status read_as(struct onnx_reader *reader,
                             const ProtobufCMessageDescriptor *kind, const char **name,
                             struct imgcls_value **out)
{
    struct onnx_span whole = {reader->source->bytes, reader->source->size};
    ProtobufCMessage *message;
    imgcls_status status = onnx_unpack(reader, kind, whole, &message);
    if (status != IMGCLS_OK)
        return status;
    if (kind == &onnx__tensor_proto__descriptor) {
        const Onnx__TensorProto *tensor = (const Onnx__TensorProto *)message;
        *name = onnx_text(tensor->name);
        onnx_where(reader, "tensor '%s'", *name);
        return tensor_value(reader, tensor, out);
    }
    if (kind == &onnx__sequence_proto__descriptor) {
        *name = onnx_text(((const Onnx__SequenceProto *)message)->name);
        return sequence_value(reader, (const Onnx__SequenceProto *)message, out);
    }
    if (kind == &onnx__map_proto__descriptor) {
        *name = onnx_text(((const Onnx__MapProto *)message)->name);
        return map_value(reader, (const Onnx__MapProto *)message, out);
    }
    *name = onnx_text(((const Onnx__OptionalProto *)message)->name);
    return optional_value(reader, (const Onnx__OptionalProto *)message, out);
}

static const ProtobufCMessageDescriptor *const kinds[] = {
    &onnx__tensor_proto__descriptor,
    &onnx__sequence_proto__descriptor,
    &onnx__map_proto__descriptor,
    &onnx__optional_proto__descriptor,
};

/* A tensor's header, judged by its top-level fields alone: cheap however large the data. */
static bool looks_like_tensor(const struct imgcls_source *source)
{
    struct onnx_span rest = {source->bytes, source->size};
    struct onnx_field field;
    const char *why;
    bool typed = false;
    int got;
    while ((got = onnx_wire_next(&rest, &field, &why)) > 0) {
        if (field.number == 2)
            typed = field.wire == ONNX_WIRE_VARINT && field.value >= 1 &&
                    field.value < IMGCLS_TYPE_COUNT;
        else if (field.number == 3 || field.number > 16)
            return false;
    }
    return got == 0 && typed;
}

/* True where the file could be one of the other messages by its top-level fields. */
static bool looks_like_list(const struct imgcls_source *source)
{
    struct onnx_span rest = {source->bytes, source->size};
    struct onnx_field field;
    const char *why;
    size_t fields = 0;
    int got;
    for (; (got = onnx_wire_next(&rest, &field, &why)) > 0; fields++) {
        bool number = field.number == 2;
        bool either = field.number == 3; /* a map's integer keys, packed or not */
        if (field.number > 7 ||
            (!either && field.wire != (number ? ONNX_WIRE_VARINT : ONNX_WIRE_LENGTH)) ||
            (number && field.value > IMGCLS_U64))
            return false;
    }
    return got == 0 && fields > 0;
}

int32_t onnx_values_bid(const struct imgcls_host *host, const struct imgcls_source *source)
{
    (void)host;
    if (source->is_folder)
        return 0;
    size_t length = strlen(source->path);
    bool named = length >= 3 && strcasecmp(source->path + length - 3, ".pb") == 0;
    int32_t bid = looks_like_tensor(source) ? 55 : looks_like_list(source) ? 50 : 0;
    return bid + (named ? 10 : 0);
}

imgcls_status onnx_values_read(struct onnx_reader *reader, void *values)
{
    const struct imgcls_host *host = reader->host;
    size_t count = sizeof kinds / sizeof *kinds;
    imgcls_status status = IMGCLS_BAD_INPUT;
    if (reader->source->size ==
        0) /* all fields at their defaults: an optional without value */
        return onnx_fail(reader, IMGCLS_BAD_INPUT, "empty file");
    char first[ONNX_TEXT_CAPACITY] = "";
    for (size_t i = 0; i < count; i++) {
        struct imgcls_value *value = NULL;
        const char *name = "";
        reader->status = IMGCLS_OK;
        reader->problem[0] = '\0';
        status = read_as(reader, kinds[i], &name, &value);
        if (status == IMGCLS_OK) {
            status = host->values_add(host, values, name, value);
            if (status != IMGCLS_OK)
                host->value_release(host, value);
            return status;
        }
        if (reader->status ==
            IMGCLS_OK) /* the host failed: memory, or a file beside this */
            return status;
        if (i == 0)
            memcpy(first, reader->problem, sizeof first);
    }
    /* What was wrong with it as a tensor is the likeliest to help. */
    if (looks_like_tensor(reader->source))
        memcpy(reader->problem, first, sizeof first);
    return status;
}

/*
 * plugins/formats/onnx/strip.c - what protobuf-c gets to see of a file
 *
 * protobuf-c copies every bytes field, refuses messages past 2 GiB, recurses as deep as the
 * file says, and keeps unknown fields. So a file is walked first, by the same descriptors
 * that protobuf-c will use, and copied on the way: raw_data of every tensor becomes 16
 * bytes (offset and size in the file), unknown fields and what inference does not need are
 * left out, lengths are written anew. The copy of a model of any size is a few hundred
 * kilobytes. The walk keeps its own stack with a limit, so depth costs no recursion.
 *
 * Invariant: every raw_data in the copy is a 16-byte place, whatever the file had there; a
 * file cannot forge one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/onnx/reader.h"

#include <limits.h>
#include <string.h>

#define PLACE_BYTES    16
#define RAW_DATA_FIELD 9

/* Fields that are left out: nothing below reads them. */
static const struct {
    const ProtobufCMessageDescriptor *kind;
    const char *field;
} unneeded[] = {
    {&onnx__model_proto__descriptor, "training_info"},
    {&onnx__model_proto__descriptor, "configuration"},
    {&onnx__model_proto__descriptor, "doc_string"},
    {&onnx__graph_proto__descriptor, "value_info"},
    {&onnx__graph_proto__descriptor, "quantization_annotation"},
    {&onnx__graph_proto__descriptor, "doc_string"},
    {&onnx__graph_proto__descriptor, "metadata_props"},
    {&onnx__node_proto__descriptor, "device_configurations"},
    {&onnx__node_proto__descriptor, "doc_string"},
    {&onnx__node_proto__descriptor, "metadata_props"},
    {&onnx__attribute_proto__descriptor, "doc_string"},
    {&onnx__tensor_proto__descriptor, "doc_string"},
    {&onnx__tensor_proto__descriptor, "metadata_props"},
    {&onnx__value_info_proto__descriptor, "doc_string"},
    {&onnx__value_info_proto__descriptor, "metadata_props"},
    {&onnx__function_proto__descriptor, "value_info"},
    {&onnx__function_proto__descriptor, "doc_string"},
    {&onnx__function_proto__descriptor, "metadata_props"},
};

struct copy {
    struct onnx_reader *reader;
    unsigned char *bytes;
    size_t size, capacity;
};

/* A message being walked. */
struct level {
    const ProtobufCMessageDescriptor *kind;
    struct onnx_span rest;
    size_t length_at; /* where in the copy its length goes */
    uint64_t seen;    /* bit i: field i of the descriptor has occurred */
};

static imgcls_status append(struct copy *copy, const void *bytes, size_t size)
{
    const struct imgcls_host *host = copy->reader->host;
    if (size > copy->capacity - copy->size) {
        size_t capacity;
        if (__builtin_add_overflow(copy->size, size, &capacity) ||
            __builtin_mul_overflow(capacity, 2, &capacity))
            capacity = SIZE_MAX; /* the host refuses that */
        unsigned char *bigger = host->alloc(host, 1, capacity);
        if (!bigger)
            return IMGCLS_NO_MEMORY;
        if (copy->size)
            memcpy(bigger, copy->bytes, copy->size);
        host->release(host, copy->bytes);
        copy->bytes = bigger;
        copy->capacity = capacity;
    }
    memcpy(copy->bytes + copy->size, bytes, size);
    copy->size += size;
    return IMGCLS_OK;
}

static imgcls_status append_tag(struct copy *copy, const struct onnx_field *field)
{
    unsigned char tag[ONNX_VARINT_MAX];
    size_t size = onnx_varint_write(tag, (uint64_t)field->number << 3 | field->wire);
    return append(copy, tag, size);
}

static bool is_unneeded(const ProtobufCMessageDescriptor *kind, const char *field)
{
    for (size_t i = 0; i < sizeof unneeded / sizeof *unneeded; i++)
        if (unneeded[i].kind == kind && strcmp(unneeded[i].field, field) == 0)
            return true;
    return false;
}

/* The wire type that a field of that type has; repeated numbers may be packed besides. */
static bool wire_fits(const ProtobufCFieldDescriptor *known, uint32_t wire)
{
    switch (known->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return wire == ONNX_WIRE_LENGTH;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
        if (wire == ONNX_WIRE_FIXED32)
            return true;
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
        if (wire == ONNX_WIRE_FIXED64)
            return true;
        break;
    default:
        if (wire == ONNX_WIRE_VARINT)
            return true;
        break;
    }
    return known->label == PROTOBUF_C_LABEL_REPEATED && wire == ONNX_WIRE_LENGTH;
}

/* Names have to be such; the text of metadata may have lines, and is looked at by who reads
 * it, but NUL would cut it short. */
static bool text_fits(const struct level *level, const ProtobufCFieldDescriptor *known,
                      struct onnx_span text)
{
    if (level->kind == &onnx__string_string_entry_proto__descriptor &&
        strcmp(known->name, "value") == 0)
        return !memchr(text.bytes, 0, text.size);
    return onnx_text_is_name(text);
}

static imgcls_status copy_place(struct copy *copy, const struct onnx_field *field)
{
    unsigned char place[1 + PLACE_BYTES] = {PLACE_BYTES};
    uint64_t offset = (uint64_t)(field->payload.bytes - copy->reader->source->bytes);
    uint64_t size = field->payload.size;
    memcpy(place + 1, &offset, sizeof offset);
    memcpy(place + 1 + sizeof offset, &size, sizeof size);
    imgcls_status status = append_tag(copy, field);
    return status != IMGCLS_OK ? status : append(copy, place, sizeof place);
}

bool onnx_raw_span(const struct onnx_reader *reader, const ProtobufCBinaryData *raw,
                   struct onnx_span *out)
{
    uint64_t offset, size;
    if (raw->len != PLACE_BYTES)
        return false;
    memcpy(&offset, raw->data, sizeof offset);
    memcpy(&size, raw->data + sizeof offset, sizeof size);
    if (offset > reader->source->size || size > reader->source->size - offset)
        return false;
    *out = (struct onnx_span){reader->source->bytes + offset, (size_t)size};
    return true;
}

/* Copies one known field; *down is set where the field is a message to be walked next. */
static imgcls_status copy_field(struct copy *copy, struct level *level,
                                const struct onnx_field *field,
                                const ProtobufCFieldDescriptor *known, bool *down)
{
    struct onnx_reader *reader = copy->reader;
    if (!wire_fits(known, field->wire))
        return onnx_fail(reader, IMGCLS_BAD_INPUT,
                         "%s.%s has wire type %u, which is that of another type",
                         level->kind->short_name, known->name, field->wire);
    if (known->type == PROTOBUF_C_TYPE_MESSAGE) {
        size_t index = (size_t)(known - level->kind->fields);
        if (known->label != PROTOBUF_C_LABEL_REPEATED && index < 64) {
            if (level->seen >> index & 1)
                return onnx_fail(reader, IMGCLS_BAD_INPUT, "%s has %s twice",
                                 level->kind->short_name, known->name);
            level->seen |= UINT64_C(1) << index;
        }
        *down = true;
        return append_tag(copy, field);
    }
    if (known->type == PROTOBUF_C_TYPE_STRING && !text_fits(level, known, field->payload))
        return onnx_fail(reader, IMGCLS_BAD_INPUT,
                         "%s.%s is not text: it has control characters or is not UTF-8",
                         level->kind->short_name, known->name);
    if (level->kind == &onnx__tensor_proto__descriptor && field->number == RAW_DATA_FIELD)
        return copy_place(copy, field);
    return append(copy, field->whole.bytes, field->whole.size);
}

/* Writes the length of a message that is through into the place kept for it. */
static imgcls_status close_level(struct copy *copy, const struct level *level)
{
    size_t size = copy->size - level->length_at - ONNX_PADDED_LENGTH;
    if (size > INT_MAX)
        return onnx_fail(copy->reader, IMGCLS_UNSUPPORTED,
                         "%s has %zu bytes beside raw_data, protobuf-c reads at most %d",
                         level->kind->short_name, size, INT_MAX);
    onnx_length_write_padded(copy->bytes + level->length_at, size);
    return IMGCLS_OK;
}

static imgcls_status walk(struct copy *copy, struct level *levels,
                          const ProtobufCMessageDescriptor *kind, struct onnx_span in)
{
    static const unsigned char no_length[ONNX_PADDED_LENGTH];
    size_t depth = 0;
    levels[0] = (struct level){.kind = kind, .rest = in};
    for (;;) {
        struct level *level = &levels[depth];
        struct onnx_field field;
        const char *why;
        imgcls_status status = IMGCLS_OK;
        bool down = false;
        int got = onnx_wire_next(&level->rest, &field, &why);
        if (got < 0)
            return onnx_fail(copy->reader, IMGCLS_BAD_INPUT,
                             "damaged or not ONNX: at byte %zu, in %s, %s",
                             (size_t)(level->rest.bytes - copy->reader->source->bytes),
                             level->kind->short_name, why);
        if (got == 0) {
            if (depth == 0)
                return IMGCLS_OK;
            status = close_level(copy, level);
            depth--;
        } else {
            const ProtobufCFieldDescriptor *known =
                protobuf_c_message_descriptor_get_field(level->kind, field.number);
            if (!known || is_unneeded(level->kind, known->name))
                continue;
            status = copy_field(copy, level, &field, known, &down);
            if (status == IMGCLS_OK && down) {
                if (++depth == ONNX_DEPTH_MAX)
                    return onnx_fail(copy->reader, IMGCLS_BAD_INPUT,
                                     "messages are nested more than %d deep",
                                     ONNX_DEPTH_MAX);
                levels[depth] =
                    (struct level){known->descriptor, field.payload, copy->size, 0};
                status = append(copy, no_length, sizeof no_length);
            }
        }
        if (status != IMGCLS_OK)
            return status;
    }
}

imgcls_status onnx_unpack(struct onnx_reader *reader,
                          const ProtobufCMessageDescriptor *kind, struct onnx_span in,
                          void *out)
{
    struct level *levels;
    struct copy copy = {.reader = reader};
    *(void **)out = NULL;
    imgcls_status status = onnx_alloc(reader, ONNX_DEPTH_MAX, sizeof *levels, &levels);
    if (status == IMGCLS_OK)
        status = walk(&copy, levels, kind, in);
    if (status != IMGCLS_OK)
        goto done;
    if (copy.size > INT_MAX) {
        status = onnx_fail(reader, IMGCLS_UNSUPPORTED,
                           "%zu bytes beside raw_data, protobuf-c reads at most %d",
                           copy.size, INT_MAX);
        goto done;
    }
    ProtobufCMessage *message =
        protobuf_c_message_unpack(kind, &reader->arena.allocator, copy.size,
                                  copy.bytes ? copy.bytes : (const unsigned char *)"");
    if (!message) {
        status =
            reader->arena.failed
                ? IMGCLS_NO_MEMORY
                : onnx_fail(reader, IMGCLS_BAD_INPUT,
                            "damaged or not ONNX: a list of numbers in %s ends within one",
                            kind->short_name);
        goto done;
    }
    *(void **)out = message;
done:
    reader->host->release(reader->host, copy.bytes);
    return status;
}

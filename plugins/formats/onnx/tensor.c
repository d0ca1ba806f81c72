/*
 * plugins/formats/onnx/tensor.c - TensorProto to a tensor over bytes
 *
 * raw_data stays where it is in the mapped file, external data in theirs; typed fields are
 * turned into plain arrays in the reader's arena. The number of bytes, or of entries, must
 * be exactly what type and shape need.
 *
 * Files are little-endian, and so are all machines this is built for.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/onnx/element.h"
#include "plugins/formats/onnx/reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "raw_data would need swapping");

imgcls_status onnx_shape_read(struct onnx_reader *reader, int32_t data_type, size_t rank,
                              const int64_t *dims, struct imgcls_tensor *out)
{
    const struct onnx_element *element = onnx_element_of(data_type);
    char text[160];
    *out = (struct imgcls_tensor){.struct_size = sizeof *out, .type = data_type};
    if (!element)
        return onnx_fail(reader, data_type ? IMGCLS_UNSUPPORTED : IMGCLS_BAD_INPUT,
                         "%s: element type %d, known are 1 to %d", reader->where,
                         (int)data_type, IMGCLS_TYPE_COUNT - 1);
    if (rank > IMGCLS_MAX_RANK)
        return onnx_fail(reader, IMGCLS_UNSUPPORTED,
                         "%s: %zu dimensions, at most %d are read", reader->where, rank,
                         IMGCLS_MAX_RANK);
    out->rank = (int32_t)rank;
    for (size_t i = 0; i < rank; i++) {
        if (dims[i] < 0)
            return onnx_fail(reader, IMGCLS_BAD_INPUT,
                             "%s: dimension %zu is %" PRId64 ", at least 0 is needed",
                             reader->where, i, dims[i]);
        out->dims[i] = dims[i];
    }
    int64_t count = imgcls_count(out->rank, out->dims);
    size_t bits;
    if (count < 0 || (uint64_t)count > SIZE_MAX ||
        __builtin_mul_overflow((size_t)count, (size_t)element->bits, &bits)) {
        onnx_shape_text(data_type, out->rank, out->dims, text, sizeof text);
        return onnx_fail(reader, IMGCLS_BAD_INPUT,
                         "%s: %s has more elements than 64 bits count", reader->where,
                         text);
    }
    out->size_bytes = bits / 8 + (bits % 8 != 0);
    int64_t stride = 1;
    for (int32_t i = out->rank; i-- > 0;) {
        out->strides[i] = stride;
        stride *= out->dims[i] ? out->dims[i] : 1;
    }
    return IMGCLS_OK;
}

static imgcls_status wrong_size(struct onnx_reader *reader,
                                const struct imgcls_tensor *tensor, const char *field,
                                size_t found, const char *unit, size_t needed)
{
    char text[160];
    onnx_shape_text(tensor->type, tensor->rank, tensor->dims, text, sizeof text);
    return onnx_fail(reader, IMGCLS_BAD_INPUT, "%s: %s has %zu %s, %s needs %zu",
                     reader->where, field, found, unit, text, needed);
}

/* What a typed field holds. */
struct typed {
    const char *name;
    size_t count;
    const void *entries;
};

static struct typed typed_field(const Onnx__TensorProto *proto, enum onnx_typed_field field)
{
    switch (field) {
    case ONNX_IN_FLOAT:
        return (struct typed){"float_data", proto->n_float_data, proto->float_data};
    case ONNX_IN_INT32:
        return (struct typed){"int32_data", proto->n_int32_data, proto->int32_data};
    case ONNX_IN_INT64:
        return (struct typed){"int64_data", proto->n_int64_data, proto->int64_data};
    case ONNX_IN_DOUBLE:
        return (struct typed){"double_data", proto->n_double_data, proto->double_data};
    case ONNX_IN_UINT64:
        return (struct typed){"uint64_data", proto->n_uint64_data, proto->uint64_data};
    case ONNX_IN_STRING:
        return (struct typed){"string_data", proto->n_string_data, proto->string_data};
    case ONNX_IN_NONE:
        break;
    }
    return (struct typed){"no field", 0, NULL};
}

/* Element i of a type below a byte, into zeros. */
static void pack(unsigned char *out, size_t i, uint32_t bits, unsigned value)
{
    const size_t byte = i / 8 * bits + i % 8 * bits / 8;
    const unsigned shift = (unsigned)(i % 8) * bits % 8;
    out[byte] = (unsigned char)(out[byte] | value << shift);
    if (shift + bits > 8)
        out[byte + 1] = (unsigned char)(value >> (8 - shift));
}

/* Entries of int32_data or uint64_data into elements of 8, 16 or 32 bits. */
static imgcls_status narrow(struct onnx_reader *reader, const struct onnx_element *element,
                            const struct typed *typed, unsigned char *out)
{
    for (size_t i = 0; i < typed->count; i++) {
        int64_t value = 0;
        if (element->field == ONNX_IN_INT32) {
            value = ((const int32_t *)typed->entries)[i];
        } else {
            uint64_t wide = ((const uint64_t *)typed->entries)[i];
            value = wide > INT64_MAX ? -1 : (int64_t)wide;
        }
        if (value < element->low || value > element->high)
            return onnx_fail(reader, IMGCLS_BAD_INPUT,
                             "%s: %s[%zu] is %" PRId64 ", %s has %" PRId64 " to %" PRId64,
                             reader->where, typed->name, i, value, element->name,
                             element->low, element->high);
        if (element->stored_bits < 8)
            pack(out, i, element->stored_bits, (unsigned)value);
        else
            memcpy(out + i * (element->stored_bits / 8), &value, element->stored_bits / 8);
    }
    return IMGCLS_OK;
}

static imgcls_status strings(struct onnx_reader *reader, const struct typed *typed,
                             struct imgcls_string *out)
{
    const ProtobufCBinaryData *entries = typed->entries;
    (void)reader;
    for (size_t i = 0; i < typed->count; i++)
        out[i] = (struct imgcls_string){
            entries[i].data ? (const char *)entries[i].data : "", entries[i].len};
    return IMGCLS_OK;
}

static imgcls_status read_typed(struct onnx_reader *reader, const Onnx__TensorProto *proto,
                                struct imgcls_tensor *out)
{
    const struct onnx_element *element = onnx_element_of(out->type);
    struct typed typed = typed_field(proto, element->field);
    size_t needed = element->field == ONNX_IN_STRING
                        ? out->size_bytes / sizeof(struct imgcls_string)
                    : element->stored_bits < 8 ? (size_t)imgcls_count(out->rank, out->dims)
                                               : out->size_bytes / (element->stored_bits / 8);
    if (typed.count != needed)
        return wrong_size(reader, out, typed.name, typed.count, "entries", needed);
    if (needed == 0)
        return IMGCLS_OK;
    if (element->field != ONNX_IN_STRING &&
        (element->field == ONNX_IN_FLOAT || element->field == ONNX_IN_DOUBLE ||
         element->field == ONNX_IN_INT64 || out->type == IMGCLS_I32 ||
         out->type == IMGCLS_U64)) {
        out->data = (void *)typed.entries; /* the field's array is what is wanted */
        return IMGCLS_OK;
    }
    imgcls_status status = onnx_alloc(reader, 1, out->size_bytes, &out->data);
    if (status != IMGCLS_OK)
        return status;
    return element->field == ONNX_IN_STRING ? strings(reader, &typed, out->data)
                                            : narrow(reader, element, &typed, out->data);
}

/* Alignment that a type's elements need; complex ones are pairs. */
static size_t alignment_of(const struct onnx_element *element)
{
    return element->bits > 64 ? 8 : element->bits < 8 ? 1 : element->bits / 8;
}

/* Points at bytes of a mapped file. Those that are not aligned for the type have no
 * storage: whoever keeps the tensor copies them, once. */
static void view(struct onnx_span bytes, struct imgcls_tensor *out,
                 struct imgcls_storage **storage)
{
    out->data =
        bytes.size ? (void *)(uintptr_t)bytes.bytes : NULL; /* read-only all along */
    if (!bytes.size ||
        (uintptr_t)bytes.bytes % alignment_of(onnx_element_of(out->type)) != 0)
        *storage = NULL;
}

static size_t typed_count(const Onnx__TensorProto *proto)
{
    return proto->n_float_data + proto->n_int32_data + proto->n_int64_data +
           proto->n_double_data + proto->n_uint64_data + proto->n_string_data;
}

static imgcls_status read_raw(struct onnx_reader *reader, const Onnx__TensorProto *proto,
                              struct imgcls_tensor *out, struct imgcls_storage **storage)
{
    struct onnx_span raw;
    if (out->type == IMGCLS_STRING)
        return onnx_fail(reader, IMGCLS_BAD_INPUT,
                         "%s: raw_data cannot hold strings, string_data can",
                         reader->where);
    if (!onnx_raw_span(reader, &proto->raw_data, &raw))
        return onnx_fail(reader, IMGCLS_INTERNAL, "%s: raw_data was not taken out",
                         reader->where);
    if (raw.size != out->size_bytes)
        return wrong_size(reader, out, "raw_data", raw.size, "bytes", out->size_bytes);
    if (typed_count(proto))
        return onnx_fail(reader, IMGCLS_BAD_INPUT,
                         "%s: data both in raw_data and in a typed field", reader->where);
    *storage = reader->source->storage;
    view(raw, out, storage);
    return IMGCLS_OK;
}

imgcls_status onnx_tensor_read(struct onnx_reader *reader, const Onnx__TensorProto *proto,
                               struct imgcls_tensor *out, struct imgcls_storage **storage)
{
    *storage = NULL;
    if (proto->segment)
        return onnx_fail(reader, IMGCLS_UNSUPPORTED,
                         "%s: the tensor is stored in segments, which no tool writes",
                         reader->where);
    imgcls_status status =
        onnx_shape_read(reader, proto->data_type, proto->n_dims, proto->dims, out);
    if (status != IMGCLS_OK)
        return status;
    if (proto->has_data_location &&
        proto->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL) {
        struct onnx_span bytes;
        if (out->type == IMGCLS_STRING)
            return onnx_fail(reader, IMGCLS_BAD_INPUT,
                             "%s: strings cannot be external data", reader->where);
        status = onnx_external_read(reader, proto, out->size_bytes, &bytes, storage);
        if (status == IMGCLS_OK)
            view(bytes, out, storage);
        return status;
    }
    /* Some writers leave an empty raw_data beside a typed field. */
    struct onnx_span raw = {NULL, 0};
    if (proto->has_raw_data)
        onnx_raw_span(reader, &proto->raw_data, &raw);
    if (proto->has_raw_data && (raw.size > 0 || typed_count(proto) == 0) &&
        !(out->type == IMGCLS_STRING && raw.size == 0))
        return read_raw(reader, proto, out, storage);
    return read_typed(reader, proto, out);
}

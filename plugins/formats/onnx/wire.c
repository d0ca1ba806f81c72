/*
 * plugins/formats/onnx/wire.c - reading and writing the protobuf wire format
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/onnx/wire.h"

/* Number of bytes read, 0 where the span ends first or the varint is longer than 64 bits.
 */
static size_t varint_read(struct onnx_span in, uint64_t *value)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < in.size && i < ONNX_VARINT_MAX; i++) {
        uint64_t bits = in.bytes[i] & 0x7f;
        if (i == ONNX_VARINT_MAX - 1 && bits > 1)
            return 0;
        sum |= bits << (7 * i);
        if (!(in.bytes[i] & 0x80)) {
            *value = sum;
            return i + 1;
        }
    }
    return 0;
}

static void advance(struct onnx_span *span, size_t count)
{
    span->bytes += count;
    span->size -= count;
}

int onnx_wire_next(struct onnx_span *rest, struct onnx_field *field, const char **why)
{
    if (rest->size == 0)
        return 0;
    struct onnx_span start = *rest;
    uint64_t tag, length;
    size_t taken = varint_read(*rest, &tag);
    if (!taken || tag >> 3 == 0 || tag >> 3 > 536870911) {
        *why = "a field tag is cut off or out of range";
        return -1;
    }
    advance(rest, taken);
    *field =
        (struct onnx_field){.number = (uint32_t)(tag >> 3), .wire = (uint32_t)(tag & 7)};
    switch (field->wire) {
    case ONNX_WIRE_VARINT:
        taken = varint_read(*rest, &field->value);
        if (!taken) {
            *why = "a number is cut off or longer than 10 bytes";
            return -1;
        }
        break;
    case ONNX_WIRE_LENGTH:
        taken = varint_read(*rest, &length);
        if (!taken || length > rest->size - taken) {
            *why = "a length passes the end of what holds it";
            return -1;
        }
        field->payload = (struct onnx_span){rest->bytes + taken, (size_t)length};
        taken += (size_t)length;
        break;
    case ONNX_WIRE_FIXED32:
    case ONNX_WIRE_FIXED64:
        taken = field->wire == ONNX_WIRE_FIXED32 ? 4 : 8;
        if (taken > rest->size) {
            *why = "a number of fixed width is cut off";
            return -1;
        }
        break;
    default:
        *why = "a field has a wire type that ONNX does not use";
        return -1;
    }
    advance(rest, taken);
    field->whole = (struct onnx_span){start.bytes, start.size - rest->size};
    return 1;
}

size_t onnx_varint_size(uint64_t value)
{
    size_t size = 1;
    while (value >>= 7)
        size++;
    return size;
}

size_t onnx_varint_write(unsigned char *out, uint64_t value)
{
    size_t size = 0;
    while (value >= 0x80) {
        out[size++] = (unsigned char)(value | 0x80);
        value >>= 7;
    }
    out[size++] = (unsigned char)value;
    return size;
}

void onnx_length_write_padded(unsigned char *out, uint64_t value)
{
    for (int i = 0; i < ONNX_PADDED_LENGTH; i++, value >>= 7)
        out[i] = (unsigned char)((value & 0x7f) | (i < ONNX_PADDED_LENGTH - 1 ? 0x80 : 0));
}

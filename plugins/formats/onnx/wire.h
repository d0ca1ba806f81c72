/*
 * plugins/formats/onnx/wire.h - the protobuf wire format, one field at a time, never past
 * the end
 *
 * A message is a row of fields: a tag (number and wire type), then a varint, 4 or 8 fixed
 * bytes, or a length and that many bytes
 * (https://protobuf.dev/programming-guides/encoding). Here a message is a span of mapped
 * bytes; nothing is copied or allocated, and lengths are 64 bits wide, so a file past 2 GiB
 * is walked like any other.
 *
 * Invariant: a field that onnx_wire_next gave lies wholly inside the span it was taken
 * from.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ONNX_WIRE_H
#define ONNX_WIRE_H

#include <stddef.h>
#include <stdint.h>

#define ONNX_WIRE_VARINT  0
#define ONNX_WIRE_FIXED64 1
#define ONNX_WIRE_LENGTH  2
#define ONNX_WIRE_FIXED32 5

/* Longest varint, and the width in which lengths are written that are known later. */
#define ONNX_VARINT_MAX    10
#define ONNX_PADDED_LENGTH 5

struct onnx_span {
    const unsigned char *bytes;
    size_t size;
};

struct onnx_field {
    uint32_t number;
    uint32_t wire;            /* ONNX_WIRE_VARINT ... */
    uint64_t value;           /* varints */
    struct onnx_span whole;   /* tag included */
    struct onnx_span payload; /* LENGTH: the bytes after the length */
};

/* Takes the next field off the front of *rest. 1: taken; 0: the span is at its end; -1: not
 * the wire format, *why (static) says what is wrong. */
int onnx_wire_next(struct onnx_span *rest, struct onnx_field *field, const char **why);

/* Bytes that `value` takes as a varint. */
size_t onnx_varint_size(uint64_t value);
/* Writes `value`, at most ONNX_VARINT_MAX bytes; returns their number. */
size_t onnx_varint_write(unsigned char *out, uint64_t value);
/* Writes a length below 2^35 in exactly ONNX_PADDED_LENGTH bytes. */
void onnx_length_write_padded(unsigned char *out, uint64_t value);

#endif

/*
 * plugins/formats/onnx/element.h - element types as ONNX stores them
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ONNX_ELEMENT_H
#define ONNX_ELEMENT_H

#include <stddef.h>
#include <stdint.h>

/* The typed field of TensorProto that holds a type. */
enum onnx_typed_field {
    ONNX_IN_NONE,
    ONNX_IN_FLOAT,
    ONNX_IN_INT32,
    ONNX_IN_INT64,
    ONNX_IN_DOUBLE,
    ONNX_IN_UINT64,
    ONNX_IN_STRING
};

struct onnx_element {
    const char *name; /* "float32" */
    uint32_t bits;    /* of one element; strings: of a struct imgcls_string */
    enum onnx_typed_field field;
    uint32_t stored_bits; /* what one entry of the field gives; complex: half an element */
    int64_t low, high;    /* entries of int32_data that are in range */
    int64_t ir_version;   /* first that has the type */
};

/* NULL for numbers that are no element type known here. */
const struct onnx_element *onnx_element_of(int32_t type);

/* Metadata of a graph, with a value's name behind it: how sequences ('s'), optionals ('o') and
 * maps ('m' and the number of the keys' type) lie in one another around the tensors, from the
 * outside: "os", "sm7". Only where that is more than the host's kind says. */
#define ONNX_META_NESTING "imgcls.nesting."
#define ONNX_NESTING_MAX  64 /* bytes of it */

/* "float32[2,3]" into text. */
void onnx_shape_text(int32_t type, int32_t rank, const int64_t *dims, char *text,
                     size_t capacity);

#endif

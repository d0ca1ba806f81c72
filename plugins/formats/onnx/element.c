/*
 * plugins/formats/onnx/element.c - the table of element types
 *
 * Bits of types below 32 bits come in int32_data; values of types narrower than a byte come
 * packed, one byte an entry, but those of 6 bits one value an entry (onnx.proto, TensorProto).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/onnx/element.h"

#include <imgcls/types.h>

#include <inttypes.h>
#include <stdio.h>

#define STRING_BITS (8 * sizeof(struct imgcls_string))

/* clang-format off */
static const struct onnx_element elements[IMGCLS_TYPE_COUNT] = {
    /* name, bits, typed field, bits stored there, range there, IR version */
    [IMGCLS_F32] =        {"float32",        32,  ONNX_IN_FLOAT,  32, 0, 0, 1},
    [IMGCLS_U8] =         {"uint8",          8,   ONNX_IN_INT32,  8,  0, UINT8_MAX, 1},
    [IMGCLS_I8] =         {"int8",           8,   ONNX_IN_INT32,  8,  INT8_MIN, INT8_MAX, 1},
    [IMGCLS_U16] =        {"uint16",         16,  ONNX_IN_INT32,  16, 0, UINT16_MAX, 1},
    [IMGCLS_I16] =        {"int16",          16,  ONNX_IN_INT32,  16, INT16_MIN, INT16_MAX, 1},
    [IMGCLS_I32] =        {"int32",          32,  ONNX_IN_INT32,  32, INT32_MIN, INT32_MAX, 1},
    [IMGCLS_I64] =        {"int64",          64,  ONNX_IN_INT64,  64, 0, 0, 1},
    [IMGCLS_STRING] =     {"string",         STRING_BITS, ONNX_IN_STRING, 0, 0, 0, 1},
    [IMGCLS_BOOL] =       {"bool",           8,   ONNX_IN_INT32,  8,  0, 1, 1},
    [IMGCLS_F16] =        {"float16",        16,  ONNX_IN_INT32,  16, 0, UINT16_MAX, 1},
    [IMGCLS_F64] =        {"float64",        64,  ONNX_IN_DOUBLE, 64, 0, 0, 1},
    [IMGCLS_U32] =        {"uint32",         32,  ONNX_IN_UINT64, 32, 0, UINT32_MAX, 1},
    [IMGCLS_U64] =        {"uint64",         64,  ONNX_IN_UINT64, 64, 0, 0, 1},
    [IMGCLS_C64] =        {"complex64",      64,  ONNX_IN_FLOAT,  32, 0, 0, 1},
    [IMGCLS_C128] =       {"complex128",     128, ONNX_IN_DOUBLE, 64, 0, 0, 1},
    [IMGCLS_BF16] =       {"bfloat16",       16,  ONNX_IN_INT32,  16, 0, UINT16_MAX, 4},
    [IMGCLS_F8E4M3FN] =   {"float8e4m3fn",   8,   ONNX_IN_INT32,  8,  0, UINT8_MAX, 9},
    [IMGCLS_F8E4M3FNUZ] = {"float8e4m3fnuz", 8,   ONNX_IN_INT32,  8,  0, UINT8_MAX, 9},
    [IMGCLS_F8E5M2] =     {"float8e5m2",     8,   ONNX_IN_INT32,  8,  0, UINT8_MAX, 9},
    [IMGCLS_F8E5M2FNUZ] = {"float8e5m2fnuz", 8,   ONNX_IN_INT32,  8,  0, UINT8_MAX, 9},
    [IMGCLS_U4] =         {"uint4",          4,   ONNX_IN_INT32,  8,  0, UINT8_MAX, 10},
    [IMGCLS_I4] =         {"int4",           4,   ONNX_IN_INT32,  8,  INT8_MIN, UINT8_MAX, 10},
    [IMGCLS_F4E2M1] =     {"float4e2m1",     4,   ONNX_IN_INT32,  8,  0, UINT8_MAX, 11},
    [IMGCLS_F8E8M0] =     {"float8e8m0",     8,   ONNX_IN_INT32,  8,  0, UINT8_MAX, 12},
    [IMGCLS_U2] =         {"uint2",          2,   ONNX_IN_INT32,  8,  0, UINT8_MAX, 13},
    [IMGCLS_I2] =         {"int2",           2,   ONNX_IN_INT32,  8,  INT8_MIN, UINT8_MAX, 13},
    [IMGCLS_F6E2M3] =     {"float6e2m3",     6,   ONNX_IN_INT32,  6,  0, 63, 14},
    [IMGCLS_F6E3M2] =     {"float6e3m2",     6,   ONNX_IN_INT32,  6,  0, 63, 14},
};
/* clang-format on */

const struct onnx_element *onnx_element_of(int32_t type)
{
    if (type <= IMGCLS_UNDEFINED || type >= IMGCLS_TYPE_COUNT || !elements[type].name)
        return NULL;
    return &elements[type];
}

void onnx_shape_text(int32_t type, int32_t rank, const int64_t *dims, char *text,
                     size_t capacity)
{
    const struct onnx_element *element = onnx_element_of(type);
    int used = snprintf(text, capacity, "%s[", element ? element->name : "unknown type");
    for (int32_t i = 0; i < rank && used >= 0 && (size_t)used < capacity; i++)
        used += snprintf(text + used, capacity - (size_t)used, "%s%" PRId64, i ? "," : "",
                         dims[i]);
    if (used >= 0 && (size_t)used < capacity)
        snprintf(text + used, capacity - (size_t)used, "]");
}

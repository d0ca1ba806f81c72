/*
 * src/tensor/type.c - the table of element types
 *
 * Numbers are those of ONNX's TensorProto.DataType, names those of its documentation. Types of
 * 2, 4 and 6 bits are packed, so a size is rounded up to whole bytes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/tensor/tensor.h"

static const struct {
    const char *name;
    uint32_t bits;
    bool is_float;
} types[IMGCLS_TYPE_COUNT] = {
    [IMGCLS_UNDEFINED] = {"undefined", 0, false},
    [IMGCLS_F32] = {"float32", 32, true},
    [IMGCLS_U8] = {"uint8", 8, false},
    [IMGCLS_I8] = {"int8", 8, false},
    [IMGCLS_U16] = {"uint16", 16, false},
    [IMGCLS_I16] = {"int16", 16, false},
    [IMGCLS_I32] = {"int32", 32, false},
    [IMGCLS_I64] = {"int64", 64, false},
    [IMGCLS_STRING] = {"string", 8 * sizeof(struct imgcls_string), false},
    [IMGCLS_BOOL] = {"bool", 8, false},
    [IMGCLS_F16] = {"float16", 16, true},
    [IMGCLS_F64] = {"float64", 64, true},
    [IMGCLS_U32] = {"uint32", 32, false},
    [IMGCLS_U64] = {"uint64", 64, false},
    [IMGCLS_C64] = {"complex64", 64, false},
    [IMGCLS_C128] = {"complex128", 128, false},
    [IMGCLS_BF16] = {"bfloat16", 16, true},
    [IMGCLS_F8E4M3FN] = {"float8e4m3fn", 8, true},
    [IMGCLS_F8E4M3FNUZ] = {"float8e4m3fnuz", 8, true},
    [IMGCLS_F8E5M2] = {"float8e5m2", 8, true},
    [IMGCLS_F8E5M2FNUZ] = {"float8e5m2fnuz", 8, true},
    [IMGCLS_U4] = {"uint4", 4, false},
    [IMGCLS_I4] = {"int4", 4, false},
    [IMGCLS_F4E2M1] = {"float4e2m1", 4, true},
    [IMGCLS_F8E8M0] = {"float8e8m0", 8, true},
    [IMGCLS_U2] = {"uint2", 2, false},
    [IMGCLS_I2] = {"int2", 2, false},
    [IMGCLS_F6E2M3] = {"float6e2m3", 6, true},
    [IMGCLS_F6E3M2] = {"float6e3m2", 6, true},
};

static bool is_known(int32_t type)
{
    return type > IMGCLS_UNDEFINED && type < IMGCLS_TYPE_COUNT;
}

uint32_t icl_type_bits(int32_t type)
{
    return is_known(type) ? types[type].bits : 0;
}

const char *icl_type_name(int32_t type)
{
    return type == IMGCLS_UNDEFINED || is_known(type) ? types[type].name : "unknown type";
}

bool icl_type_is_float(int32_t type)
{
    return is_known(type) && types[type].is_float;
}

bool icl_type_size(int32_t type, int64_t count, size_t *bytes)
{
    size_t bits = icl_type_bits(type), size;
    if (!bits || count < 0 || (uint64_t)count > SIZE_MAX)
        return false;
    if (bits < 8) {
        /* eights of elements fill whole bytes, and their bits cannot overflow */
        *bytes = (size_t)count / 8 * bits + ((size_t)count % 8 * bits + 7) / 8;
        return true;
    }
    if (!icl_mul_size((size_t)count, bits / 8, &size))
        return false;
    *bytes = size;
    return true;
}

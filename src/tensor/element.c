/*
 * src/tensor/element.c - any numeric element as a double, for reports
 *
 * Small floating-point formats by their papers: "FP8 Formats for Deep Learning" (E4M3FN,
 * E5M2), "8-bit Numerical Formats for Deep Neural Networks" (the FNUZ ones: no infinity, no
 * negative zero, whose code is NaN), OCP Microscaling Formats 1.0 (E2M1, E2M3, E3M2, E8M0).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/tensor/tensor.h"

#include <math.h>
#include <string.h>

/* A sign, `exponents` and `fractions` bits, biased by `bias`; no special codes. */
static double small_float(unsigned code, unsigned exponents, unsigned fractions, int bias)
{
    unsigned fraction = code & ((1u << fractions) - 1);
    unsigned exponent = code >> fractions & ((1u << exponents) - 1);
    double sign = code >> (exponents + fractions) & 1 ? -1.0 : 1.0;
    if (!exponent)
        return sign * ldexp(fraction, 1 - bias - (int)fractions);
    return sign * ldexp(fraction | 1u << fractions, (int)exponent - bias - (int)fractions);
}

static double small_element(int32_t type, unsigned code)
{
    switch (type) {
    case IMGCLS_F8E4M3FN:
        return (code & 0x7f) == 0x7f ? (double)NAN : small_float(code, 4, 3, 7);
    case IMGCLS_F8E4M3FNUZ:
        return code == 0x80 ? (double)NAN : small_float(code, 4, 3, 8);
    case IMGCLS_F8E5M2:
        if ((code & 0x7c) == 0x7c)
            return code & 3 ? (double)NAN : code & 0x80 ? (double)-INFINITY : (double)INFINITY;
        return small_float(code, 5, 2, 15);
    case IMGCLS_F8E5M2FNUZ:
        return code == 0x80 ? (double)NAN : small_float(code, 5, 2, 16);
    case IMGCLS_F8E8M0:
        return code == 0xff ? (double)NAN : ldexp(1.0, (int)code - 127);
    case IMGCLS_F4E2M1:
        return small_float(code, 2, 1, 1);
    case IMGCLS_F6E2M3:
        return small_float(code, 2, 3, 1);
    case IMGCLS_F6E3M2:
        return small_float(code, 3, 2, 3);
    case IMGCLS_I4:
        return (double)code - (code & 8 ? 16 : 0);
    case IMGCLS_I2:
        return (double)code - (code & 2 ? 4 : 0);
    case IMGCLS_I8:
        return (double)code - (code & 0x80 ? 256 : 0);
    default: /* uint8, bool, uint4, uint2 */
        return code;
    }
}

/* Reads an element of type C at `index` of `bytes`, wherever it is aligned. */
#define READ(C, bytes, index)                                                                  \
    __extension__({                                                                            \
        C element_;                                                                            \
        memcpy(&element_, (bytes) + (size_t)(index) * sizeof element_, sizeof element_);       \
        element_;                                                                              \
    })

double icl_tensor_get(const struct imgcls_tensor *tensor, int64_t index)
{
    const unsigned char *bytes = tensor->data;
    uint32_t bits = icl_type_bits(tensor->type);
    switch (tensor->type) {
    case IMGCLS_F32:
        return (double)READ(float, bytes, index);
    case IMGCLS_F64:
        return READ(double, bytes, index);
    case IMGCLS_F16:
        return (double)icl_f16_to_f32(READ(uint16_t, bytes, index));
    case IMGCLS_BF16:
        return (double)icl_bf16_to_f32(READ(uint16_t, bytes, index));
    case IMGCLS_C64:
        return (double)READ(float, bytes, 2 * index);
    case IMGCLS_C128:
        return READ(double, bytes, 2 * index);
    case IMGCLS_I16:
        return READ(int16_t, bytes, index);
    case IMGCLS_U16:
        return READ(uint16_t, bytes, index);
    case IMGCLS_I32:
        return READ(int32_t, bytes, index);
    case IMGCLS_U32:
        return READ(uint32_t, bytes, index);
    case IMGCLS_I64:
        return (double)READ(int64_t, bytes, index);
    case IMGCLS_U64:
        return (double)READ(uint64_t, bytes, index);
    case IMGCLS_STRING:
        return (double)NAN;
    default:
        break;
    }
    if (bits < 8 && bits) {
        const size_t byte = (size_t)(index / 8) * bits + (size_t)(index % 8) * bits / 8;
        const unsigned shift = (unsigned)(index % 8) * bits % 8;
        unsigned code = bytes[byte];
        if (shift + bits > 8)
            code |= (unsigned)bytes[byte + 1] << 8;
        return small_element(tensor->type, code >> shift & ((1u << bits) - 1));
    }
    return bits == 8 ? small_element(tensor->type, bytes[index]) : (double)NAN;
}

/*
 * src/tensor/convert.c - float16, bfloat16, float32 and float64 into one another, bit-exact
 *
 * Binary formats by IEEE 754-2019 (float16: 1, 5 and 10 bits; bfloat16: 1, 8 and 7).
 * Narrowing drops bits of the significand and rounds to nearest, ties to even, by integer
 * arithmetic: a carry out of the significand runs into the exponent and gives the right
 * power of two, and out of the largest exponent gives infinity. From float64 to 16 bits
 * directly: going through float32 would round twice.
 *
 * Invariant: no floating-point operation here rounds, so no rounding mode matters.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/tensor/tensor.h"

#include <string.h>

static uint32_t bits_of_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t bits_of_double(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* significand / 2^drop to the nearest integer, ties to the even one. */
static uint64_t round_shift(uint64_t significand, unsigned drop)
{
    if (drop == 0)
        return significand;
    if (drop > 63)
        return 0; /* below half of the last place: significands here have at most 53 bits */
    uint64_t kept = significand >> drop;
    uint64_t rest = significand & ((UINT64_C(1) << drop) - 1);
    uint64_t half = UINT64_C(1) << (drop - 1);
    return kept + (rest > half || (rest == half && (kept & 1)));
}

/*
 * The magnitude of a number with `exponent` (biased by `bias`) and `fraction` of `width`
 * bits, as a magnitude in a format with `to_width` fraction bits and bias `to_bias`. The
 * all-ones exponents are `top` and `to_top`.
 */
static uint32_t narrow(uint64_t exponent, uint64_t fraction, unsigned width, int bias,
                       uint64_t top, unsigned to_width, int to_bias, uint32_t to_top)
{
    const unsigned drop = width - to_width;
    const uint32_t infinity = to_top << to_width;
    if (exponent == top) {
        if (!fraction)
            return infinity;
        return infinity | UINT32_C(1) << (to_width - 1) | (uint32_t)(fraction >> drop);
    }
    /* A subnormal of the wide format has exponent 1 and no hidden bit. */
    uint64_t significand = exponent ? fraction | UINT64_C(1) << width : fraction;
    int power = (int)(exponent ? exponent : 1) - bias + to_bias;
    if (power >= (int)to_top)
        return infinity;
    if (power < 1) /* subnormal there: more bits fall off, no hidden bit */
        return (uint32_t)round_shift(significand, drop + (unsigned)(1 - power));
    /* The hidden bit adds one to the exponent; a wide subnormal (power 1) has none. */
    return (uint32_t)round_shift(significand, drop) + ((uint32_t)(power - 1) << to_width);
}

float icl_f16_to_f32(uint16_t bits)
{
    uint32_t sign = (uint32_t)(bits & 0x8000) << 16;
    uint32_t exponent = bits >> 10 & 0x1f, fraction = bits & 0x3ff;
    if (exponent == 0x1f)
        return float_of_bits(sign | 0x7f800000 |
                             (fraction ? 0x400000 | fraction << 13 : 0));
    if (exponent == 0) {
        if (!fraction)
            return float_of_bits(sign);
        /* fraction * 2^-24: move the leading one to the hidden place */
        exponent = 113;
        for (; !(fraction & 0x400); fraction <<= 1)
            exponent--;
        return float_of_bits(sign | exponent << 23 | (fraction & 0x3ff) << 13);
    }
    return float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

uint16_t icl_f32_to_f16(float value)
{
    uint32_t bits = bits_of_float(value);
    uint32_t sign = bits >> 16 & 0x8000;
    return (uint16_t)(sign | narrow(bits >> 23 & 0xff, bits & 0x7fffff, 23, 127, 0xff, 10,
                                    15, 0x1f));
}

float icl_bf16_to_f32(uint16_t bits)
{
    uint32_t wide = (uint32_t)bits << 16;
    if ((bits & 0x7f80) == 0x7f80 && (bits & 0x7f))
        wide |= 0x400000;
    return float_of_bits(wide);
}

uint16_t icl_f32_to_bf16(float value)
{
    uint32_t bits = bits_of_float(value);
    uint32_t sign = bits >> 16 & 0x8000;
    return (uint16_t)(sign | narrow(bits >> 23 & 0xff, bits & 0x7fffff, 23, 127, 0xff, 7,
                                    127, 0xff));
}

static uint16_t f64_to_16(double value, unsigned to_width, int to_bias, uint32_t to_top)
{
    uint64_t bits = bits_of_double(value);
    uint32_t sign = (uint32_t)(bits >> 48 & 0x8000);
    return (uint16_t)(sign | narrow(bits >> 52 & 0x7ff, bits & UINT64_C(0xfffffffffffff),
                                    52, 1023, 0x7ff, to_width, to_bias, to_top));
}

static float f64_to_f32(double value)
{
    uint64_t bits = bits_of_double(value);
    uint32_t sign = (uint32_t)(bits >> 32 & 0x80000000);
    return float_of_bits(sign | narrow(bits >> 52 & 0x7ff, bits & UINT64_C(0xfffffffffffff),
                                       52, 1023, 0x7ff, 23, 127, 0xff));
}

/* Element i as a double: exact for all four types. */
static double widen(int32_t type, const unsigned char *from, size_t i)
{
    uint16_t half;
    float single;
    double wide;
    switch (type) {
    case IMGCLS_F16:
        memcpy(&half, from + 2 * i, sizeof half);
        return icl_f16_to_f32(half);
    case IMGCLS_BF16:
        memcpy(&half, from + 2 * i, sizeof half);
        return icl_bf16_to_f32(half);
    case IMGCLS_F32:
        memcpy(&single, from + 4 * i, sizeof single);
        return single;
    default:
        memcpy(&wide, from + 8 * i, sizeof wide);
        return wide;
    }
}

static void store(int32_t type, unsigned char *to, size_t i, double value)
{
    uint16_t half;
    float single;
    switch (type) {
    case IMGCLS_F16:
        half = f64_to_16(value, 10, 15, 0x1f);
        memcpy(to + 2 * i, &half, sizeof half);
        break;
    case IMGCLS_BF16:
        half = f64_to_16(value, 7, 127, 0xff);
        memcpy(to + 2 * i, &half, sizeof half);
        break;
    case IMGCLS_F32:
        single = f64_to_f32(value);
        memcpy(to + 4 * i, &single, sizeof single);
        break;
    default:
        memcpy(to + 8 * i, &value, sizeof value);
    }
}

static bool converts(int32_t type)
{
    return type == IMGCLS_F16 || type == IMGCLS_BF16 || type == IMGCLS_F32 ||
           type == IMGCLS_F64;
}

/* Whole arrays by instructions that the CPU has for them; false where it has none. */
static bool convert_at_once(uint64_t isa, int32_t from_type, const void *from,
                            int32_t to_type, void *to, size_t count)
{
#ifdef BUILD_AVX2
    if (!(isa & IMGCLS_ISA_AVX2))
        return false;
    if (from_type == IMGCLS_F16 && to_type == IMGCLS_F32)
        icl_f16_to_f32_avx2(from, to, count);
    else if (from_type == IMGCLS_F32 && to_type == IMGCLS_F16)
        icl_f32_to_f16_avx2(from, to, count);
    else
        return false;
    return true;
#else
    (void)isa, (void)from_type, (void)from, (void)to_type, (void)to, (void)count;
    return false;
#endif
}

bool icl_convert_floats(uint64_t isa, int32_t from_type, const void *from, int32_t to_type,
                        void *to, size_t count)
{
    if (!converts(from_type) || !converts(to_type))
        return false;
    if (from_type == to_type) {
        size_t bytes;
        if (!icl_mul_size(count, icl_type_bits(from_type) / 8, &bytes))
            return false;
        if (bytes)
            memmove(to, from, bytes);
        return true;
    }
    if (convert_at_once(isa, from_type, from, to_type, to, count))
        return true;
    for (size_t i = 0; i < count; i++)
        store(to_type, to, i, widen(from_type, from, i));
    return true;
}

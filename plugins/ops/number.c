/*
 * plugins/ops/number.c - see number.h
 *
 * The narrow floating-point formats differ in four numbers and in what they do for infinity
 * and NaN, so one encoder and one decoder serve all (IEEE 754 binary16, bfloat16, the OCP
 * float8, float6 and float4 formats, and the FNUZ variants, which have one zero and one NaN).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "number.h"

struct narrow {
    int exponent_bits, fraction_bits, bias;
    bool infinity;      /* the largest exponent means infinity and NaN, as in IEEE 754 */
    bool unsigned_zero; /* FNUZ: the pattern of -0 is the only NaN */
    bool no_nan;        /* float4, float6: every pattern is a number */
};

static const struct narrow narrows[IMGCLS_TYPE_COUNT] = {
    [IMGCLS_F16] = {5, 10, 15, true, false, false},
    [IMGCLS_BF16] = {8, 7, 127, true, false, false},
    [IMGCLS_F8E5M2] = {5, 2, 15, true, false, false},
    [IMGCLS_F8E4M3FN] = {4, 3, 7, false, false, false},
    [IMGCLS_F8E4M3FNUZ] = {4, 3, 8, false, true, false},
    [IMGCLS_F8E5M2FNUZ] = {5, 2, 16, false, true, false},
    [IMGCLS_F4E2M1] = {2, 1, 1, false, false, true},
    [IMGCLS_F6E2M3] = {2, 3, 1, false, false, true},
    [IMGCLS_F6E3M2] = {3, 2, 3, false, false, true},
};

static double decode(const struct narrow *f, uint32_t bits)
{
    const uint32_t sign = bits >> (f->exponent_bits + f->fraction_bits) & 1;
    const uint32_t exponent = bits >> f->fraction_bits & ((1u << f->exponent_bits) - 1);
    const uint32_t fraction = bits & ((1u << f->fraction_bits) - 1);
    const bool top = exponent == (1u << f->exponent_bits) - 1;
    double value;
    if (f->unsigned_zero && sign && exponent == 0 && fraction == 0)
        return NAN;
    if (f->infinity && top)
        value = fraction ? NAN : INFINITY;
    else if (!f->infinity && !f->unsigned_zero && !f->no_nan && top &&
             fraction == (1u << f->fraction_bits) - 1)
        value = NAN;
    else if (exponent == 0)
        value = ldexp(fraction, 1 - f->bias - f->fraction_bits);
    else
        value = ldexp(fraction + (1u << f->fraction_bits),
                      (int)exponent - f->bias - f->fraction_bits);
    return sign ? -value : value;
}

/* Largest finite number's bits, sign apart. */
static uint32_t largest(const struct narrow *f)
{
    const uint32_t all = (1u << (f->exponent_bits + f->fraction_bits)) - 1;
    if (f->infinity)
        return all - (1u << f->fraction_bits);
    return f->unsigned_zero || f->no_nan ? all : all - 1;
}

/* Rounds to nearest, ties to even, in integers: a carry out of the fraction moves on into
 * the exponent by itself, since the fields are neighbours. */
static uint32_t encode(const struct narrow *f, double value, bool saturate)
{
    const uint32_t top = largest(f);
    const int least = 1 - f->bias;
    uint64_t bits, fraction, rest, half, field;
    uint32_t sign;
    int exponent, shift;
    memcpy(&bits, &value, sizeof bits);
    sign = (uint32_t)(bits >> 63) << (f->exponent_bits + f->fraction_bits);
    exponent = (int)(bits >> 52 & 0x7ff);
    fraction = bits & ((UINT64_C(1) << 52) - 1);
    if (exponent == 0x7ff && fraction != 0) { /* NaN */
        if (f->no_nan) /* -0, as ml_dtypes (and with it the ONNX suite) has it */
            return 1u << (f->exponent_bits + f->fraction_bits);
        if (f->unsigned_zero)
            return 1u << (f->exponent_bits + f->fraction_bits);
        return f->infinity ? sign | (top + 1) | 1u << (f->fraction_bits - 1)
                           : sign | (top + 1);
    }
    field = (uint64_t)top + 1;
    if (exponent != 0x7ff) {
        fraction = exponent == 0 ? 0 : fraction | UINT64_C(1) << 52;
        exponent = exponent == 0 ? least : exponent - 1023;
        shift = 52 - f->fraction_bits;
        if (exponent < least) {
            shift = least - exponent > 64 ? 64 : shift + least - exponent;
            exponent = least;
        }
        if (shift > 62) {
            field = 0;
        } else {
            rest = fraction & ((UINT64_C(1) << shift) - 1);
            half = UINT64_C(1) << (shift - 1);
            field = fraction >> shift;
            field += rest > half || (rest == half && (field & 1));
            field += (uint64_t)(exponent - least) << f->fraction_bits;
        }
    }
    if (field > top) {
        if (saturate || f->no_nan)
            return sign | top;
        if (f->unsigned_zero)
            return 1u << (f->exponent_bits + f->fraction_bits);
        return sign | (top + 1); /* infinity, or the NaN next to the largest number */
    }
    if (f->unsigned_zero && field == 0)
        return 0;
    return sign | (uint32_t)field;
}

/* float8e8m0 is a power of two without sign; 255 is NaN. */
static uint8_t encode_power(double value, int flags)
{
    int exponent;
    double fraction;
    value = fabs(value);
    if (isnan(value))
        return 255;
    if (isinf(value))
        return flags & NUMBER_SATURATE ? 254 : 255;
    if (value == 0)
        return flags & NUMBER_SATURATE ? 0 : 255;
    fraction = frexp(value, &exponent) * 2; /* 1 <= fraction < 2 */
    exponent += 126;
    if (flags & NUMBER_UP)
        exponent += fraction > 1;
    else if (!(flags & NUMBER_DOWN))
        exponent += fraction >= 1.5;
    if (exponent > 254)
        return flags & NUMBER_SATURATE ? 254 : 255;
    if (exponent < 0)
        return flags & NUMBER_SATURATE ? 0 : 255;
    return (uint8_t)exponent;
}

bool number_is_real(int32_t type)
{
    return type == IMGCLS_F32 || type == IMGCLS_F64 || type == IMGCLS_F8E8M0 ||
           (type > 0 && type < IMGCLS_TYPE_COUNT && narrows[type].exponent_bits > 0);
}

bool number_is_whole(int32_t type)
{
    return op_type_in(type, OP_INTS | OP_BOOLS | OP_BIT(IMGCLS_U4) | OP_BIT(IMGCLS_I4) |
                                OP_BIT(IMGCLS_U2) | OP_BIT(IMGCLS_I2));
}

#define READ(type)                                                                         \
    for (i = 0; i < count; i++)                                                            \
        out[i] = ((const type *)data)[begin + i];                                          \
    break

/* Eight at a time: a loop of known length becomes vectors. */
#define TOGETHER 8

static void read_floats(const float *from, int64_t count, double *to)
{
    int64_t i, k;
    for (i = 0; i + TOGETHER <= count; i += TOGETHER)
        for (k = 0; k < TOGETHER; k++)
            to[i + k] = from[i + k];
    for (; i < count; i++)
        to[i] = from[i];
}

static void write_floats(const double *from, int64_t count, float *to)
{
    int64_t i, k;
    for (i = 0; i + TOGETHER <= count; i += TOGETHER)
        for (k = 0; k < TOGETHER; k++)
            to[i + k] = (float)from[i + k];
    for (; i < count; i++)
        to[i] = (float)from[i];
}

void number_read_reals(int32_t type, const void *data, int64_t begin, int64_t count,
                       double *out)
{
    const struct narrow *f = &narrows[type];
    int64_t i;
    switch (type) {
    case IMGCLS_F32:
        read_floats((const float *)data + begin, count, out);
        break;
    case IMGCLS_F64:
        READ(double);
    case IMGCLS_BF16:
        for (i = 0; i < count; i++) {
            const uint32_t bits = (uint32_t)((const uint16_t *)data)[begin + i] << 16;
            float value;
            memcpy(&value, &bits, sizeof value);
            out[i] = value;
        }
        break;
    case IMGCLS_F16:
        for (i = 0; i < count; i++)
            out[i] = decode(f, ((const uint16_t *)data)[begin + i]);
        break;
    case IMGCLS_F4E2M1:
    case IMGCLS_F6E2M3:
    case IMGCLS_F6E3M2:
        for (i = 0; i < count; i++)
            out[i] = decode(f, op_packed_at(data, op_packed_bits(type), begin + i));
        break;
    case IMGCLS_F8E8M0:
        for (i = 0; i < count; i++) {
            const int exponent = ((const uint8_t *)data)[begin + i];
            out[i] = exponent == 255 ? NAN : ldexp(1, exponent - 127);
        }
        break;
    default:
        for (i = 0; i < count; i++)
            out[i] = decode(f, ((const uint8_t *)data)[begin + i]);
        break;
    }
}

void number_read_wholes(int32_t type, const void *data, int64_t begin, int64_t count,
                        int64_t *out)
{
    const int bits = op_packed_bits(type);
    int64_t i;
    switch (type) {
    case IMGCLS_I8:
        READ(int8_t);
    case IMGCLS_I16:
        READ(int16_t);
    case IMGCLS_I32:
        READ(int32_t);
    case IMGCLS_I64:
        READ(int64_t);
    case IMGCLS_U8:
        READ(uint8_t);
    case IMGCLS_U16:
        READ(uint16_t);
    case IMGCLS_U32:
        READ(uint32_t);
    case IMGCLS_U64:
        for (i = 0; i < count; i++)
            out[i] = (int64_t)((const uint64_t *)data)[begin + i];
        break;
    case IMGCLS_BOOL:
        for (i = 0; i < count; i++)
            out[i] = ((const uint8_t *)data)[begin + i] != 0;
        break;
    case IMGCLS_U4:
    case IMGCLS_U2:
        for (i = 0; i < count; i++)
            out[i] = op_packed_at(data, bits, begin + i);
        break;
    default:
        for (i = 0; i < count; i++) {
            const int32_t value = (int32_t)op_packed_at(data, bits, begin + i);
            out[i] = value - (value >> (bits - 1) << bits);
        }
        break;
    }
}

static int64_t whole(double x)
{
    if (isnan(x))
        return 0;
    if (x >= 9223372036854775808.0)
        return INT64_MAX;
    return x <= -9223372036854775808.0 ? INT64_MIN : (int64_t)x;
}

static uint64_t whole_u64(double x)
{
    if (!(x >= 9223372036854775808.0)) /* NaN, too */
        return (uint64_t)whole(x);
    return x >= 18446744073709551616.0 ? UINT64_MAX : (uint64_t)x;
}

#define WRITE(type, expression)                                                            \
    for (i = 0; i < count; i++)                                                            \
        ((type *)data)[begin + i] = (type)(expression);                                    \
    break

void number_write_reals(int32_t type, void *data, int64_t begin, int64_t count,
                        const double *in, int flags)
{
    const struct narrow *f = &narrows[type];
    const bool saturate = (flags & NUMBER_SATURATE) != 0;
    const int bits = op_packed_bits(type);
    int64_t i;
    switch (type) {
    case IMGCLS_F32:
        write_floats(in, count, (float *)data + begin);
        break;
    case IMGCLS_F64:
        WRITE(double, in[i]);
    case IMGCLS_F16:
    case IMGCLS_BF16:
        WRITE(uint16_t, encode(f, in[i], false));
    case IMGCLS_F8E8M0:
        WRITE(uint8_t, encode_power(in[i], flags));
    case IMGCLS_F8E4M3FN:
    case IMGCLS_F8E4M3FNUZ:
    case IMGCLS_F8E5M2:
    case IMGCLS_F8E5M2FNUZ:
        WRITE(uint8_t, encode(f, in[i], saturate));
    case IMGCLS_F4E2M1:
    case IMGCLS_F6E2M3:
    case IMGCLS_F6E3M2:
        for (i = 0; i < count; i++)
            op_packed_set(data, bits, begin + i, encode(f, in[i], true));
        break;
    case IMGCLS_BOOL:
        WRITE(uint8_t, in[i] != 0);
    case IMGCLS_I8:
        WRITE(int8_t, whole(in[i]));
    case IMGCLS_I16:
        WRITE(int16_t, whole(in[i]));
    case IMGCLS_I32:
        WRITE(int32_t, whole(in[i]));
    case IMGCLS_I64:
        WRITE(int64_t, whole(in[i]));
    case IMGCLS_U8:
        WRITE(uint8_t, whole(in[i]));
    case IMGCLS_U16:
        WRITE(uint16_t, whole(in[i]));
    case IMGCLS_U32:
        WRITE(uint32_t, whole(in[i]));
    case IMGCLS_U64:
        WRITE(uint64_t, whole_u64(in[i]));
    default:
        for (i = 0; i < count; i++)
            op_packed_set(data, bits, begin + i, (uint32_t)whole(in[i]));
        break;
    }
}

void number_write_wholes(int32_t type, void *data, int64_t begin, int64_t count,
                         const int64_t *in, bool is_u64, int flags)
{
    const int bits = op_packed_bits(type);
    int64_t i;
    switch (type) {
    case IMGCLS_F32: /* straight from the integer: through double it would round twice */
        for (i = 0; i < count; i++)
            ((float *)data)[begin + i] = is_u64 ? (float)(uint64_t)in[i] : (float)in[i];
        break;
    case IMGCLS_BOOL:
        WRITE(uint8_t, in[i] != 0);
    case IMGCLS_I8:
        WRITE(int8_t, in[i]);
    case IMGCLS_I16:
        WRITE(int16_t, in[i]);
    case IMGCLS_I32:
        WRITE(int32_t, in[i]);
    case IMGCLS_I64:
        WRITE(int64_t, in[i]);
    case IMGCLS_U8:
        WRITE(uint8_t, in[i]);
    case IMGCLS_U16:
        WRITE(uint16_t, in[i]);
    case IMGCLS_U32:
        WRITE(uint32_t, in[i]);
    case IMGCLS_U64:
        WRITE(uint64_t, in[i]);
    case IMGCLS_U4:
    case IMGCLS_I4:
    case IMGCLS_U2:
    case IMGCLS_I2:
        for (i = 0; i < count; i++)
            op_packed_set(data, bits, begin + i, (uint32_t)in[i]);
        break;
    default: /* the other floating-point types have fewer bits than double's spare ones */
        for (i = 0; i < count; i++) {
            const double value = is_u64 ? (double)(uint64_t)in[i] : (double)in[i];
            number_write_reals(type, data, begin + i, 1, &value, flags);
        }
        break;
    }
}

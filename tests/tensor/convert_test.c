/*
 * tests/tensor/convert_test.c - narrow floating-point formats, bit for bit
 *
 * Expected values: the definition (sign * fraction * 2^exponent) computed with ldexp, exact
 * in double, for reading; for rounding, the two neighbours in the narrow format and the
 * double exactly between them, so that nearest, ties and the step beyond are known without
 * converting.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/tensor/tensor.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* A 16-bit format's number by its definition. */
static double by_definition(unsigned code, int fractions, int bias)
{
    int exponent_bits = 15 - fractions;
    unsigned fraction = code & ((1u << fractions) - 1);
    int exponent = (int)(code >> fractions & ((1u << exponent_bits) - 1));
    double sign = code & 0x8000 ? -1 : 1;
    if (exponent == (1 << exponent_bits) - 1)
        return fraction ? (double)NAN : sign * (double)INFINITY;
    if (!exponent)
        return sign * ldexp(fraction, 1 - bias - fractions);
    return sign * ldexp(fraction + (1u << fractions), exponent - bias - fractions);
}

static const struct {
    int32_t type;
    int fractions, bias;
    float (*read)(uint16_t bits);
    uint16_t (*write)(float value);
} formats[] = {
    {IMGCLS_F16, 10, 15, icl_f16_to_f32, icl_f32_to_f16},
    {IMGCLS_BF16, 7, 127, icl_bf16_to_f32, icl_f32_to_bf16},
};

static void all_65536_read_as_defined(void **state)
{
    (void)state;
    for (size_t f = 0; f < 2; f++)
        for (unsigned code = 0; code < 65536; code++) {
            double want = by_definition(code, formats[f].fractions, formats[f].bias);
            float got = formats[f].read((uint16_t)code);
            if (isnan(want) ? !isnan(got)
                            : (double)got != want || !!signbit(got) != !!(code & 0x8000))
                fail_msg("format %zu, code %#x: %a, wanted %a", f, code, (double)got, want);
        }
}

static void all_65536_survive_the_way_there_and_back(void **state)
{
    (void)state;
    for (size_t f = 0; f < 2; f++)
        for (unsigned code = 0; code < 65536; code++) {
            uint16_t quiet = 1u << (formats[f].fractions - 1);
            uint16_t back = formats[f].write(formats[f].read((uint16_t)code));
            bool nan = isnan(by_definition(code, formats[f].fractions, formats[f].bias));
            uint16_t want = (uint16_t)(nan ? code | quiet : code);
            if (back != want)
                fail_msg("format %zu, code %#x came back as %#x", f, code, back);
        }
}

/* From float64, with the double just beside each tie: rounding through float32 would lose
 * it. */
static void nearest_wins_and_ties_go_to_even(void **state)
{
    (void)state;
    for (size_t f = 0; f < 2; f++) {
        unsigned infinity = f ? 0x7f80 : 0x7c00;
        for (unsigned code = 0; code < infinity; code++) {
            double low = by_definition(code, formats[f].fractions, formats[f].bias);
            double high = by_definition(code + 1, formats[f].fractions, formats[f].bias);
            if (code + 1 == infinity) /* where the next number would be */
                high = low + (low - by_definition(code - 1, formats[f].fractions,
                                                  formats[f].bias));
            double tie = low + (high - low) / 2;
            const double from[] = {low, nextafter(tie, low), tie, nextafter(tie, high)};
            const unsigned want[] = {code, code, code + (code & 1), code + 1};
            for (int sign = 0; sign < 2; sign++)
                for (int i = 0; i < 4; i++) {
                    uint16_t got;
                    double value = sign ? -from[i] : from[i];
                    icl_convert_floats(0, IMGCLS_F64, &value, formats[f].type, &got, 1);
                    if (got != (want[i] | (unsigned)sign << 15))
                        fail_msg("format %zu: %a became %#x, wanted %#x", f, value, got,
                                 want[i]);
                    if ((double)(float)value != value)
                        continue;
                    got = formats[f].write((float)value);
                    if (got != (want[i] | (unsigned)sign << 15))
                        fail_msg("format %zu: float %a became %#x, wanted %#x", f, value,
                                 got, want[i]);
                }
        }
    }
}

static void extremes(void **state)
{
    (void)state;
    static const struct {
        double from;
        uint16_t f16, bf16;
    } rows[] = {
        {0.0, 0x0000, 0x0000},      {-0.0, 0x8000, 0x8000},
        {65519.99, 0x7bff, 0x4780}, {65520.0, 0x7c00, 0x4780},
        {1e300, 0x7c00, 0x7f80},    {-1e300, 0xfc00, 0xff80},
        {5e-324, 0x0000, 0x0000},   {-5e-324, 0x8000, 0x8000},
        {0x1p-25, 0x0000, 0x3300},  {0x1.000001p-25, 0x0001, 0x3300},
        {0x1p-24, 0x0001, 0x3380},  {0x1p-134, 0x0000, 0x0000},
        {0x1p-133, 0x0000, 0x0001},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint16_t got;
        icl_convert_floats(0, IMGCLS_F64, &rows[i].from, IMGCLS_F16, &got, 1);
        if (got != rows[i].f16)
            fail_msg("%a as float16: %#x, wanted %#x", rows[i].from, got, rows[i].f16);
        icl_convert_floats(0, IMGCLS_F64, &rows[i].from, IMGCLS_BF16, &got, 1);
        if (got != rows[i].bf16)
            fail_msg("%a as bfloat16: %#x, wanted %#x", rows[i].from, got, rows[i].bf16);
    }
}

/* Against the hardware's own conversion, which rounds to nearest even by default. */
static void float64_to_float32_is_the_compilers(void **state)
{
    (void)state;
    uint64_t seed = 0x9e3779b97f4a7c15;
    for (int i = 0; i < 2000000; i++) {
        double value;
        float got, want;
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint64_t bits = seed;
        if (i % 4 == 0) /* exponents around the ends of float32 */
            bits = (bits & UINT64_C(0x800fffffffffffff)) |
                   (uint64_t)((i & 8 ? 1023 - 151 : 1023 + 126) + i / 16 % 30) << 52;
        memcpy(&value, &bits, sizeof value);
        if (isnan(value))
            continue;
        want = (float)value;
        icl_convert_floats(0, IMGCLS_F64, &value, IMGCLS_F32, &got, 1);
        if (bits_of(got) != bits_of(want))
            fail_msg("%a became %a, wanted %a", value, (double)got, (double)want);
    }
}

static void every_pair_converts_whole_arrays(void **state)
{
    (void)state;
    static const int32_t types[] = {IMGCLS_F16, IMGCLS_BF16, IMGCLS_F32, IMGCLS_F64};
    static const double values[] = {1.0, -2.5, 0.0, 96.0, 0.015625};
    for (size_t from = 0; from < 4; from++)
        for (size_t to = 0; to < 4; to++) {
            unsigned char a[40], b[40];
            double back[5];
            assert_true(icl_convert_floats(0, IMGCLS_F64, values, types[from], a, 5));
            assert_true(icl_convert_floats(0, types[from], a, types[to], b, 5));
            assert_true(icl_convert_floats(0, types[to], b, IMGCLS_F64, back, 5));
            assert_memory_equal(back, values, sizeof back);
        }
    int32_t number = 1;
    float single;
    assert_false(icl_convert_floats(0, IMGCLS_I32, &number, IMGCLS_F32, &single, 1));
    assert_false(icl_convert_floats(0, IMGCLS_F32, &single, IMGCLS_I32, &number, 1));
}

#ifdef BUILD_AVX2
/* Every float16, and float32s of every exponent with fractions about each tie, NaNs too. */
static void instructions_give_the_portable_bits(void **state)
{
    enum { COUNT = 65536 + 3 }; /* three behind the last whole vector */
    static uint16_t halves[COUNT], half_got[COUNT], half_want[COUNT];
    static float floats[COUNT], got[COUNT], want[COUNT];
    struct imgcls_context *ctx;
    uint64_t seed = 11;
    uint32_t i, round;
    (void)state;
    assert_int_equal(imgcls_context_create(NULL, &ctx), IMGCLS_OK);
    if (!(ctx->isa & IMGCLS_ISA_AVX2)) {
        print_message("skipped: no AVX2 here\n");
        imgcls_context_destroy(ctx);
        return;
    }
    for (i = 0; i < COUNT; i++)
        halves[i] = (uint16_t)i;
    assert_true(icl_convert_floats(0, IMGCLS_F16, halves, IMGCLS_F32, want, COUNT));
    assert_true(icl_convert_floats(ctx->isa, IMGCLS_F16, halves, IMGCLS_F32, got, COUNT));
    assert_memory_equal(got, want, sizeof got);
    for (round = 0; round < 16; round++) {
        for (i = 0; i < COUNT; i++) {
            static const uint32_t ends[] = {0, 0x1000, 0xfff, 0x1001, 0x3000, 0x400000};
            uint32_t bits = i << 23; /* sign and exponent go round every 512 */
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            bits |= i % 3 ? (uint32_t)(seed >> 41)
                          : ((uint32_t)(seed >> 41) & 0x7fe000) | ends[i / 3 % 6];
            memcpy(&floats[i], &bits, sizeof bits);
        }
        assert_true(
            icl_convert_floats(0, IMGCLS_F32, floats, IMGCLS_F16, half_want, COUNT));
        assert_true(
            icl_convert_floats(ctx->isa, IMGCLS_F32, floats, IMGCLS_F16, half_got, COUNT));
        assert_memory_equal(half_got, half_want, sizeof half_got);
    }
    imgcls_context_destroy(ctx);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_65536_read_as_defined),
        cmocka_unit_test(all_65536_survive_the_way_there_and_back),
        cmocka_unit_test(nearest_wins_and_ties_go_to_even),
        cmocka_unit_test(extremes),
        cmocka_unit_test(float64_to_float32_is_the_compilers),
        cmocka_unit_test(every_pair_converts_whole_arrays),
#ifdef BUILD_AVX2
        cmocka_unit_test(instructions_give_the_portable_bits),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

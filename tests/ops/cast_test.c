/*
 * tests/ops/cast_test.c - plugins/ops/elementwise/cast.c: every type to every other
 *
 * Expected values by hand from the formats' definitions.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/context/context.h"
#include "tests/ops/op_case.h"

#define CHECK(rows)        op_case_check(*state, rows, sizeof rows / sizeof rows[0])
#define CHECK_SHAPES(rows) op_shape_check(*state, rows, sizeof rows / sizeof rows[0])

/* clang-format off */
static void numbers_convert_with_one_rounding(void **state)
{
    static const struct op_case rows[] = {
        GIVES("Cast", "to=1", "i64[3] 16777217 -3 9007199254740993", "f32[3] 16777216 -3 9007199254740992"),
        GIVES("Cast", "to=1", "u64[1] 18446744073709551615", "f32[1] 1.8446744073709552e19"),
        GIVES("Cast", "to=11", "f32[2] 0.5 -inf", "f64[2] 0.5 -inf"),
        GIVES("Cast", "to=7", "f32[4] 1.9 -1.9 0 3e9", "i64[4] 1 -1 0 3000000000"),
        GIVES("Cast", "to=2", "f32[3] -1 256.5 3.7", "u8[3] 255 0 3"), /* low bits, as conversion by int64 leaves */
        GIVES("Cast", "to=3", "i16[2] 200 -129", "i8[2] -56 127"),
        GIVES("Cast", "to=9", "f32[4] 0 -0 0.1 nan", "bool[4] 0 0 1 1"),
        GIVES("Cast", "to=9", "i32[2] 256 0", "bool[2] 1 0"),
        GIVES("Cast", "to=6", "bool[2] 1 0", "i32[2] 1 0"),
        GIVES("Cast", "to=13", "f64[3] 18446744073709549568 1e30 nan", "u64[3] 18446744073709549568 18446744073709551615 0"),
        GIVES("Cast", "to=10", "f32[6] 1 65504 65520 1e-8 2049 nan", "f16[6] 1 65504 inf 0 2048 nan"),
        GIVES("Cast", "to=1", "f16[4] 1.5 -65504 5.9604645e-08 inf", "f32[4] 1.5 -65504 5.96046448e-08 inf"),
        GIVES("Cast", "to=16", "f32[3] 1.00390625 1.01171875 3.4e38", "bf16[3] 1 1.015625 inf"),
        GIVES("Cast", "to=1", "bf16[2] 1.5 -2", "f32[2] 1.5 -2"),
        OLD(1, "Cast", "to=FLOAT16", "f32[1] 2", "f16[1] 2"),
        FAILS("Cast", "to=99", "f32[1] 2", "element type 99"),
    };
    CHECK(rows);
}

/* float8: bits written out (sign, exponent, fraction). */
static void narrow_formats_saturate_or_not(void **state)
{
    static const struct op_case rows[] = {
        GIVES("Cast", "to=17", "f32[6] 1 448 460 470 -0.015625 nan", "e4m3[6] 0x38 0x7e 0x7e 0x7e 0x88 0x7f"),
        GIVES("Cast", "to=17 saturate=0", "f32[3] 464 470 inf", "e4m3[3] 0x7e 0x7f 0x7f"),
        GIVES("Cast", "to=19", "f32[4] 1 57344 1e6 inf", "e5m2[4] 0x3c 0x7b 0x7b 0x7b"),
        GIVES("Cast", "to=19 saturate=0", "f32[2] 1e6 -inf", "e5m2[2] 0x7c 0xfc"),
        GIVES("Cast", "to=1", "e4m3[5] 0x38 0x7e 0x01 0x88 0x7f", "f32[5] 1 448 0.001953125 -0.015625 nan"),
        /* by ml_dtypes 0.6 */
        GIVES("Cast", "to=27", "f32[11] 0.06 0.0625 0.1875 7.6 100 -inf nan -0.0 1.0625 1.1875 0.3",
              "e2m3[11] 0 0 2 31 31 63 32 32 8 10 2"),
        GIVES("Cast", "to=28", "f32[11] 0.06 0.0625 0.1875 7.6 100 -inf nan -0.0 1.0625 1.1875 0.3",
              "e3m2[11] 1 1 3 24 31 63 32 32 12 13 5"),
        GIVES("Cast", "to=1", "e2m3[5] 31 63 8 1 32", "f32[5] 7.5 -7.5 1 0.125 -0.0"),
        GIVES("Cast", "to=16", "e3m2[5] 31 63 12 1 2", "bf16[5] 28 -28 1 0.0625 0.125"),
        GIVES("Cast", "to=28", "e2m3[5] 31 63 8 4 1", "e3m2[5] 24 56 12 8 2"),
        GIVES("Cast", "to=22", "f32[4] -1 7 -8 2", "i4[4] 15 7 8 2"),
        GIVES("Cast", "to=1", "i4[4] 15 7 8 2", "f32[4] -1 7 -8 2"),
        GIVES("Cast", "to=2", "u4[3] 15 0 9", "u8[3] 15 0 9"),
    };
    CHECK(rows);
}

static void texts_read_back(void **state)
{
    static const struct op_case rows[] = {
        GIVES("Cast", "to=8", "f32[6] 0.1 1 -2.5 1e-05 nan -inf", "str[6] '0.1' '1.0' '-2.5' '1e-05' 'NaN' '-INF'"),
        GIVES("Cast", "to=8", "i64[2] -5 7", "str[2] '-5' '7'"),
        GIVES("Cast", "to=1", "str[5] '3.14' '1e-5' '+INF' 'nan' '1E8'", "f32[5] 3.14 1e-5 inf nan 1e8"),
        GIVES("Cast", "to=7", "str[2] '9007199254740993' '100.5'", "i64[2] 9007199254740993 100"),
        FAILS("Cast", "to=1", "str[1] 'seven'", "'seven' is not a number"),
        GIVES("CastLike", "", "f32[2] 1.5 -1; i8[1] 0", "i8[2] 1 -1"),
        GIVES("BitCast", "to=6", "f32[1] 1", "i32[1] 1065353216"),
        FAILS("BitCast", "to=7", "f32[1] 1", "different widths"),
    };
    CHECK(rows);
}
/* clang-format on */

static int set_up(void **state)
{
    *state = op_context(1);
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_convert_with_one_rounding),
        cmocka_unit_test(narrow_formats_saturate_or_not),
        cmocka_unit_test(texts_read_back),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

/*
 * tests/ops/quantised_test.c - plugins/ops/quantised: scales, zero points, products of bytes
 *
 * Expected values by hand unless a row says otherwise.
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

/* clang-format off */
#define Q "QuantizeLinear"
#define D "DequantizeLinear"
static void numbers_are_narrowed(void **state)
{
    static const struct op_case rows[] = {
        GIVES(Q, "", "f32[6] 0 2 3 1000 -254 -1000; f32[] 2; u8[] 128", "u8[6] 128 129 130 255 1 0"),
        OLD(10, Q, "", "f32[2] 5 7; f32[] 2; i8[] 1", "i8[2] 3 5"), /* 2.5 and 3.5 to even */
        GIVES(Q, "", "f32[1,2,2] 1 2 3 4; f32[2] 1 2; i8[2] 0 1", "i8[1,2,2] 1 2 3 3"),
        GIVES(Q, "axis=-1", "f32[1,2,2] 1 2 3 4; f32[2] 1 2", "u8[1,2,2] 1 1 3 2"),
        GIVES(Q, "axis=1 block_size=2", "f32[1,4] 2 4 6 8; f32[1,2] 2 4", "u8[1,4] 1 2 2 2"),
        GIVES(Q, "axis=0 block_size=2", "f32[3,2] 2 4 6 8 10 12; f32[2,2] 2 4 1 1", "u8[3,2] 1 1 3 2 10 12"),
        GIVES(Q, "output_dtype=27", "f32[5] 2 -100 1 0.1 15; f32[] 2", "e2m3[5] 8 63 4 0 31"),
        GIVES(Q, "output_dtype=28 saturate=0", "f32[3] 1e9 -1e9 2; f32[] 2", "e3m2[3] 31 63 12"),
        GIVES(Q, "output_dtype=22", "f32[3] 100 -100 2; f32[] 1", "i4[3] 7 -8 2"),
        GIVES(Q, "output_dtype=5", "f32[2] 1e6 -3; f32[] 1", "i16[2] 32767 -3"),
        GIVES(Q, "output_dtype=17", "f32[2] 4 1e9; f32[] 2", "e4m3[2] 0x40 0x7e"),
        GIVES(Q, "", "f16[2] 3 -3; f16[] 0.5; i8[] 0", "i8[2] 6 -6"),
        FAILS(Q, "", "f32[1,2] 1 2; f32[3] 1 1 1", "scales [3] do not go with input [1,2]"),
        FAILS(Q, "axis=2", "f32[1,2] 1 2; f32[2] 1 1", "axis 2 is outside -2..1"),
        FAILS(Q, "block_size=-1", "f32[1,2] 1 2; f32[1,2] 1 1", "block_size is -1"),
        FAILS(Q, "block_size=2", "f32[1,3] 1 2 3; f32[1,3] 1 1 1", "do not go with input [1,3]"),
        FAILS(Q, "output_dtype=8", "f32[1] 1; f32[] 1", "which is none to quantise to"),
        FAILS(Q, "output_dtype=3", "f32[1] 1; f32[] 1; u8[] 0", "the zero point has 2"),
        FAILS(Q, "", "f32[1] 1; f32[] 1; u8[2] 0 0", "zero points [2] do not go with scales []"),
    };
    CHECK(rows);
}

static void numbers_are_restored(void **state)
{
    static const struct op_case rows[] = {
        GIVES(D, "", "i8[2] 3 -5; f32[] 2; i8[] 1", "f32[2] 4 -12"),
        GIVES(D, "", "u4[3] 1 2 15; f32[] 0.5", "f32[3] 0.5 1 7.5"),
        GIVES(D, "axis=0", "u8[2,2] 1 2 3 4; f32[2] 1 10; u8[2] 0 3", "f32[2,2] 1 2 0 10"),
        GIVES(D, "axis=1 block_size=2", "u8[1,3] 1 2 3; f32[1,2] 1 10", "f32[1,3] 1 2 30"),
        GIVES(D, "", "i32[1] 7; f32[] 0.5", "f32[1] 3.5"),
        GIVES(D, "", "e2m3[3] 8 63 4; f32[] 3", "f32[3] 3 -22.5 1.5"),
        GIVES(D, "axis=0", "e3m2[5] 12 12 12 31 1; f32[5] 1 2 3 4 5", "f32[5] 1 2 3 112 0.3125"),
        GIVES(D, "", "e4m3[1] 0x40; f32[] 3", "f32[1] 6"),
        GIVES(D, "", "u8[1] 9; f16[] 0.5", "f16[1] 4.5"),
        GIVES(D, "output_dtype=1", "u8[1] 9; f16[] 0.5", "f32[1] 4.5"),
        FAILS(D, "output_dtype=7", "u8[1] 9; f32[] 0.5", "output has element type 7"),
        GIVES("DynamicQuantizeLinear", "", "f32[2] -1 254", "u8[2] 0 255; f32[] 1; u8[] 1"),
        GIVES("DynamicQuantizeLinear", "", "f32[3] 510 127 0", "u8[3] 255 64 0; f32[] 2; u8[] 0"),
    };
    CHECK(rows);
}

#define MI "MatMulInteger"
#define QM "QLinearMatMul"
static void matrices_of_bytes_are_multiplied(void **state)
{
    static const struct op_case rows[] = {
        GIVES(MI, "", "u8[1,3] 11 7 3; u8[3,2] 1 4 2 5 3 6; u8[] 12", "i32[1,2] -38 -83"),
        GIVES(MI, "", "u8[2,1] 5 9; i8[1,2] 2 -3; u8[2] 1 2", "i32[2,2] 8 -12 14 -21"),
        GIVES(MI, "", "i8[1,1] -128; i8[1,2] -128 127; -; i8[2] 127 -128", "i32[1,2] 32640 -32640"),
        GIVES(MI, "", "u8[2] 1 2; u8[2,2,1] 1 2 3 4", "i32[2,1] 5 11"),
        GIVES(MI, "", "u8[2,0]; u8[0,1]", "i32[2,1] 0 0"),
        GIVES(QM, "", "u8[1,2] 3 5; f32[] 0.5; u8[] 1; i8[2,1] 2 -4; f32[] 2; i8[] 0; f32[] 1; i8[] 3", "i8[1,1] -9"),
        GIVES(QM, "", "u8[1,2] 3 5; f32[] 0.5; u8[] 1; i8[2,1] 2 -4; f32[] 2; i8[] 0; f32[] 0.01; i8[] 3", "i8[1,1] -128"),
        GIVES(QM, "", "e4m3[1,1] 0x40; f32[] 1; e4m3[] 0; e4m3[1,1] 0x40; f32[] 1; e4m3[] 0; f32[] 2; e4m3[] 0", "e4m3[1,1] 0x40"),
        FAILS(MI, "", "u8[1,2] 1 2; u8[3,1] 1 2 3", "[1,2] and [3,1] cannot be multiplied"),
        FAILS(MI, "", "u8[2,1] 1 2; u8[1,1] 1; u8[3] 1 1 1", "is neither one nor one for each 2"),
    };
    CHECK(rows);
}

#define CI "ConvInteger"
#define QC "QLinearConv"
static void images_of_bytes_are_convolved(void **state)
{
    static const struct op_case rows[] = {
        GIVES(CI, "", "u8[1,1,3,3] 2 3 4 5 6 7 8 9 10; u8[1,1,2,2] 1 1 1 1; u8[] 1", "i32[1,1,2,2] 12 16 24 28"),
        GIVES(CI, "pads=1,1,1,1", "u8[1,1,1,1] 5; u8[1,1,1,1] 1; u8[] 1", "i32[1,1,3,3] 0 0 0 0 4 0 0 0 0"),
        GIVES(CI, "group=2", "u8[1,2,1] 2 3; i8[2,1,1] 10 -10", "i32[1,2,1] 20 -30"),
        GIVES(CI, "strides=2, dilations=2,", "u8[1,1,5] 1 2 3 4 5; u8[1,1,2] 1 10", "i32[1,1,2] 31 53"),
        GIVES(QC, "", "u8[1,1,1,1] 7; f32[] 0.5; u8[] 3; i8[2,1,1,1] 10 -4; f32[2] 0.5 0.25; i8[] 0; f32[] 1; u8[] 100", "u8[1,2,1,1] 110 98"),
        GIVES(QC, "", "u8[1,1,1,1] 7; f32[] 0.5; u8[] 3; i8[2,1,1,1] 10 -4; f32[2] 0.5 0.25; i8[] 0; f32[] 1; u8[] 100; i32[2] 4 8", "u8[1,2,1,1] 111 99"),
        FAILS(CI, "group=0", "u8[1,1,1] 1; u8[1,1,1] 1", "group is 0"),
        FAILS(CI, "", "u8[1,2,1] 1 1; u8[1,1,1] 1", "do not go together in 1 groups"),
        FAILS(CI, "", "u8[1,1,1] 1; u8[1,1,1] 1; u8[2] 0 0", "zero point of X has 2 numbers, 1 needed"),
        FAILS(CI, "", "u8[1,1,1] 1; u8[1,1,2] 1 1", "does not fit"),
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
        cmocka_unit_test(numbers_are_narrowed),
        cmocka_unit_test(numbers_are_restored),
        cmocka_unit_test(matrices_of_bytes_are_multiplied),
        cmocka_unit_test(images_of_bytes_are_convolved),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

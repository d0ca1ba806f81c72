/*
 * tests/ops/elementwise_test.c - plugins/ops/elementwise: arithmetic, functions,
 * activations, tests
 *
 * Expected values by hand; those of functions from Python's math in double, rounded to nine
 * digits.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "src/context/context.h"
#include "tests/ops/op_case.h"

#define CHECK(rows)        op_case_check(*state, rows, sizeof rows / sizeof rows[0])
#define CHECK_SHAPES(rows) op_shape_check(*state, rows, sizeof rows / sizeof rows[0])

/* clang-format off */
static void arithmetic_broadcasts(void **state)
{
    static const struct op_case rows[] = {
        GIVES("Add", "", "f32[2,2] 1 2 3 4; f32[2] 10 20", "f32[2,2] 11 22 13 24"),
        GIVES("Sub", "", "f64[2,1] 1 2; f64[1,3] 1 2 3", "f64[2,3] 0 -1 -2 1 0 -1"),
        GIVES("Mul", "", "f32[] 3; f32[2,2] 1 2 3 4", "f32[2,2] 3 6 9 12"),
        GIVES("Div", "", "f32[1,2,1,2] 1 2 3 4; f32[2,1,1,1] 2 4", "f32[2,2,1,2] 0.5 1 1.5 2 0.25 0.5 0.75 1"),
        GIVES("Mul", "", "f32[1,2,2,2] 1 2 3 4 5 6 7 8; f32[1,2,1,1] 10 100", "f32[1,2,2,2] 10 20 30 40 500 600 700 800"),
        GIVES("Add", "", "f32[0,2]; f32[2] 1 2", "f32[0,2]"),
        GIVES("Add", "", "u8[3] 250 1 2; u8[1] 10", "u8[3] 4 11 12"),
        GIVES("Sub", "", "i32[1] -2147483648; i32[1] 1", "i32[1] 2147483647"),
        GIVES("Mul", "", "u16[1] 65535; u16[1] 65535", "u16[1] 1"),
        GIVES("Mul", "", "i64[2] 3037000500 -5; i64[2] 3037000500 7", "i64[2] -9223372036709301616 -35"),
        GIVES("Div", "", "i32[5] 7 -7 7 -7 -2147483648; i32[5] 2 2 -2 -2 -1", "i32[5] 3 -3 -3 3 -2147483648"),
        GIVES("Div", "", "u8[2] 7 255; u8[2] 2 16", "u8[2] 3 15"),
        GIVES("Div", "", "f32[3] 1 -1 0; f32[3] 0 0 0", "f32[3] inf -inf nan"),
        FAILS("Div", "", "i64[2] 1 2; i64[2] 1 0", "node 'case' (Div): element 1 of the divisor is 0"),
        FAILS("Add", "", "f32[2] 1 2; f32[3] 1 2 3", "[2] and [3]"),
        FAILS("Add", "", "f32[2] 1 2; f64[2] 1 2", "element type"),
    };
    CHECK(rows);
}

/* Rows of three factors each, many for each of two images: what is computed some rows at a time. */
static void short_rows_repeat(void **state)
{
    enum { ROWS = 800, COUNT = 2 * ROWS * 3, TEXT = COUNT * 8 };
    char *in = malloc(TEXT), *out = malloc(TEXT);
    struct op_case row = {.type = "Sub", .attrs = "", .inputs = in, .outputs = out};
    int at_in, at_out, i, factor;

    assert_true(in && out);
    at_in = snprintf(in, TEXT, "f32[2,%d,3]", ROWS);
    at_out = snprintf(out, TEXT, "f32[2,%d,3]", ROWS);
    for (i = 0; i < COUNT; i++) {
        factor = 10 * (i % 3 + 1) + i / (ROWS * 3);
        at_in += snprintf(in + at_in, (size_t)(TEXT - at_in), " %d", i % 251);
        at_out += snprintf(out + at_out, (size_t)(TEXT - at_out), " %d", i % 251 - factor);
    }
    snprintf(in + at_in, (size_t)(TEXT - at_in), "; f32[2,1,3] 10 20 30 11 21 31");
    op_case_check(*state, &row, 1);
    op_threads_check("Sub", "", "f32[2,800,3]; f32[2,1,3]");
    op_threads_check("Mul", "", "f32[1,32,56,56]; f32[1,32,1,1]");
    free(in);
    free(out);
}

static void remainders_take_the_sign_that_fmod_says(void **state)
{
    static const struct op_case rows[] = {
        GIVES("Mod", "", "i32[4] 7 -7 7 -7; i32[4] 3 3 -3 -3", "i32[4] 1 2 -2 -1"),
        GIVES("Mod", "fmod=1", "i32[4] 7 -7 7 -7; i32[4] 3 3 -3 -3", "i32[4] 1 -1 1 -1"),
        GIVES("Mod", "", "i64[1] -9223372036854775808; i64[1] -1", "i64[1] 0"),
        GIVES("Mod", "", "u8[2] 250 7; u8[2] 7 250", "u8[2] 5 7"),
        GIVES("Mod", "fmod=1", "f32[3] 5.5 -5.5 5.5; f32[3] 2 2 -2", "f32[3] 1.5 -1.5 1.5"),
        GIVES("Mod", "", "f64[6] 5.5 -5.5 5.5 inf 1 -1; f64[6] 2 2 -2 2 0 inf", "f64[6] 1.5 0.5 -0.5 nan nan inf"),
        FAILS("Mod", "", "i8[1] 1; i8[1] 0", "element 0 of the divisor is 0"),
    };
    CHECK(rows);
}

static void powers_of_mixed_types_have_the_bases_type(void **state)
{
    static const struct op_case rows[] = {
        GIVES("Pow", "", "f32[3] 1 2 -3; f32[] 2", "f32[3] 1 4 9"),
        GIVES("Pow", "", "f32[3] 1 2 4; f32[3] 0.5 -1 0.5", "f32[3] 1 0.5 2"),
        GIVES("Pow", "", "f32[2] 2 3; i64[2] 3 2", "f32[2] 8 9"),
        GIVES("Pow", "", "i32[2] 2 3; f32[2] 3.0 0.5", "i32[2] 8 1"),
        GIVES("Pow", "", "i64[5] 2 -2 7 1 -1; i64[5] 10 3 -1 -5 -3", "i64[5] 1024 -8 0 1 -1"),
        GIVES("Pow", "", "f64[1] 2; u8[1] 10", "f64[1] 1024"),
    };
    CHECK(rows);
}

static void extremes_and_sums_take_any_number_of_inputs(void **state)
{
    static const struct op_case rows[] = {
        GIVES("Max", "", "f32[2] 1 nan; f32[1] 2; f32[2,1] 0 3", "f32[2,2] 2 nan 3 nan"),
        GIVES("Min", "", "i8[2] -5 7; i8[2] 3 2", "i8[2] -5 2"),
        GIVES("Max", "", "u64[2] 18446744073709551615 1; u64[2] 1 2", "u64[2] 18446744073709551615 2"),
        GIVES("Sum", "", "f32[2] 1 2", "f32[2] 1 2"),
        GIVES("Sum", "", "f32[2] 1 2; f32[2] 10 20; f32[] 100", "f32[2] 111 122"),
        GIVES("Mean", "", "f64[2] 1 2; f64[2] 3 6", "f64[2] 2 4"),
    };
    CHECK(rows);
}

#define X "f32[5] -3 -0.5 0 0.25 2"
static void functions_are_within_two_units(void **state)
{
    static const struct op_case rows[] = {
        GIVES("Exp", "", X, "f32[5] 0.0497870669 0.606530666 1 1.28402543 7.38905621"),
        GIVES("Erf", "", X, "f32[5] -0.999977887 -0.520499885 0 0.276326388 0.995322287"),
        GIVES("Sin", "", X, "f32[5] -0.141120002 -0.47942555 0 0.247403964 0.909297407"),
        GIVES("Cos", "", X, "f32[5] -0.989992499 0.87758255 1 0.968912423 -0.416146845"),
        GIVES("Tan", "", X, "f32[5] 0.142546549 -0.546302497 0 0.255341917 -2.18503976"),
        GIVES("Atan", "", X, "f32[5] -1.24904573 -0.463647604 0 0.244978666 1.10714877"),
        GIVES("Sinh", "", X, "f32[5] -10.0178747 -0.521095276 0 0.252612323 3.62686038"),
        GIVES("Cosh", "", X, "f32[5] 10.0676622 1.12762594 1 1.03141308 3.76219559"),
        GIVES("Tanh", "", X, "f32[5] -0.995054781 -0.462117165 0 0.244918659 0.964027584"),
        GIVES("Asinh", "", X, "f32[5] -1.81844652 -0.481211811 0 0.24746646 1.44363546"),
        GIVES("Asin", "", "f32[3] -1 0.5 0.99", "f32[3] -1.57079637 0.52359879 1.42925692"),
        GIVES("Acos", "", "f32[3] -1 0.5 0.99", "f32[3] 3.14159274 1.04719758 0.14153941"),
        GIVES("Acosh", "", "f32[3] 1 1.5 10", "f32[3] 0 0.962423623 2.99322295"),
        GIVES("Atanh", "", "f32[3] -0.5 0.1 0.9", "f32[3] -0.549306154 0.100335352 1.47221935"),
        GIVES("Log", "", "f32[5] 0.5 1 10 0 -1", "f32[5] -0.693147182 0 2.30258512 -inf nan"),
        GIVES("Sqrt", "", "f64[3] 4 2 0", "f64[3] 2 1.4142135623730951 0"),
        GIVES("Reciprocal", "", "f32[3] 4 -0.5 0", "f32[3] 0.25 -2 inf"),
        GIVES("Floor", "", "f32[4] -1.5 1.5 -0.2 3", "f32[4] -2 1 -1 3"),
        GIVES("Ceil", "", "f32[4] -1.5 1.5 0.2 3", "f32[4] -1 2 1 3"),
        GIVES("Round", "", "f32[6] 0.5 1.5 2.5 -2.5 -1.2 2.7", "f32[6] 0 2 2 -2 -1 3"),
        GIVES("Abs", "", "i8[3] -128 -1 5", "i8[3] -128 1 5"),
        GIVES("Abs", "", "f32[3] -1.5 0 nan", "f32[3] 1.5 0 nan"),
        GIVES("Neg", "", "i32[3] -2147483648 1 -1", "i32[3] -2147483648 -1 1"),
        GIVES("Sign", "", "f64[4] -3 0 2 nan", "f64[4] -1 0 1 nan"),
        GIVES("Sign", "", "u8[2] 0 7", "u8[2] 0 1"),
        GIVES("Exp", "", "f16[2] 0 -inf", "f16[2] 1 0"), /* by way of float32 */
    };
    CHECK(rows);
}

static void activations_follow_their_formulas(void **state)
{
    static const struct op_case rows[] = {
        GIVES("Sigmoid", "", X, "f32[5] 0.0474258736 0.377540678 0.5 0.562176526 0.880797088"),
        GIVES("Sigmoid", "", "f32[3] -20 30 -inf", "f32[3] 2.06115369e-09 1 0"),
        GIVES("Softplus", "", X, "f32[5] 0.048587352 0.474076986 0.693147182 0.825939417 2.12692809"),
        GIVES("Softplus", "", "f32[2] 1000 -1000", "f32[2] 1000 0"),
        GIVES("Softsign", "", X, "f32[5] -0.75 -0.333333343 0 0.200000003 0.666666687"),
        GIVES("Mish", "", X, "f32[5] -0.145647466 -0.220743775 0 0.169572413 1.943959"),
        {.type = "Gelu", .attrs = "", .inputs = X,
         .outputs = "f32[5] -0.00404969417 -0.154268771 0 0.149676576 1.95449972",
         .tolerance = 3e-7}, /* the sum 1 + erf cancels */
        {.type = "Gelu", .attrs = "", .inputs = "f64[3] -3 -0.5 6",
         .outputs = "f64[3] -0.004049694094890287 -0.15426876936299344 5.999999994080474",
         .tolerance = 1e-14},
        GIVES("Gelu", "approximate=tanh", "f32[4] -0.5 0 0.25 2", "f32[4] -0.154285997 0 0.149675354 1.95459771"),
        {.type = "Gelu", .attrs = "approximate=tanh", .inputs = "f32[1] -3",
         .outputs = "f32[1] -0.00363739207", .tolerance = 2e-9}, /* an exponent of 6.7 is rounded */
        FAILS("Gelu", "approximate=no", X, "approximate must be none or tanh, not no"),
        GIVES("Swish", "", X, "f32[5] -0.142277613 -0.188770339 0 0.140544131 1.76159418"),
        GIVES("Swish", "alpha=1.5", X, "f32[5] -0.0329608284 -0.160410658 0 0.148166656 1.90514827"),
        GIVES("Swish", "", "f32[2] -inf inf", "f32[2] 0 inf"),
        GIVES("SwiGLU", "", "f32[2] 2 -3; f32[2] 10 1", "f32[2] 17.6159418 -0.142277613"),
        GIVES("Elu", "", X, "f32[5] -0.950212955 -0.393469334 0 0.25 2"),
        GIVES("Elu", "alpha=0.5", X, "f32[5] -0.475106478 -0.196734667 0 0.25 2"),
        GIVES("Selu", "", X, "f32[5] -1.6705687 -0.691758215 0 0.262675256 2.10140204"),
        OLD(1, "Selu", "", X, "f32[5] -1.67050397 -0.691731334 0 0.262674987 2.1013999"),
        GIVES("Celu", "alpha=2.0", X, "f32[5] -1.55373967 -0.442398429 0 0.25 2"),
        GIVES("HardSigmoid", "", X, "f32[5] 0 0.400000006 0.5 0.550000012 0.899999976"),
        GIVES("HardSwish", "", X, "f32[5] 0 -0.208333328 0 0.135416672 1.66666663"),
        GIVES("LeakyRelu", "", X, "f32[5] -0.03 -0.005 0 0.25 2"),
        GIVES("ThresholdedRelu", "alpha=0.2", X, "f32[5] 0 0 0 0.25 2"),
        GIVES("Shrink", "lambd=0.3 bias=0.125", X, "f32[5] -2.875 -0.375 0 0 1.875"),
        GIVES("Shrink", "lambd=1.5 bias=1.0", "i8[4] -3 -1 1 3", "i8[4] -2 0 0 2"),
        GIVES("Relu", "", "f32[4] -1 2 nan -inf", "f32[4] 0 2 nan 0"),
        GIVES("Relu", "", "i64[2] -1 2", "i64[2] 0 2"),
        GIVES("PRelu", "", "f32[1,2,1,2] -1 2 -3 4; f32[2,1,1] 0.5 2", "f32[1,2,1,2] -0.5 2 -6 4"),
        OLD(6, "PRelu", "", "f32[1,2,1,2] -1 2 -3 4; f32[2] 0.5 2", "f32[1,2,1,2] -0.5 2 -6 4"),
        FAILS("PRelu", "", "f32[2] -1 2; f32[3] 1 2 3", "[2]"),
    };
    CHECK(rows);
}

static void clip_keeps_nan_and_lets_high_win(void **state)
{
    static const struct op_case rows[] = {
        GIVES("Clip", "", "f32[5] -9 -1 0.5 9 nan; f32[] -1; f32[] 1", "f32[5] -1 -1 0.5 1 nan"),
        GIVES("Clip", "", "f32[3] -9 inf -inf; -; f32[] 1", "f32[3] -9 1 -inf"),
        GIVES("Clip", "", "f32[2] -9 9; f32[] 5; f32[] 3", "f32[2] 3 3"),
        GIVES("Clip", "", "u8[3] 1 7 250; u8[] 5; u8[] 200", "u8[3] 5 7 200"),
        GIVES("Clip", "", "i64[2] -5 5; i64[] -2; -", "i64[2] -2 5"),
        OLD(6, "Clip", "min=0.0 max=6.0", "f32[3] -1 3 9", "f32[3] 0 3 6"),
        OLD(6, "Clip", "max=6.0", "f64[3] -1 3 9", "f64[3] -1 3 6"),
        FAILS("Clip", "", "f32[2] 1 2; f32[2] 1 1", "a bound has 2 elements"),
    };
    CHECK(rows);
}

static void comparisons_and_logic_give_bools(void **state)
{
    static const struct op_case rows[] = {
        GIVES("Equal", "", "f32[3] 1 2 nan; f32[3] 1 3 nan", "bool[3] 1 0 0"),
        GIVES("Equal", "", "str[3] 'a' 'b' ''; str[1] 'a'", "bool[3] 1 0 0"),
        GIVES("Equal", "", "bool[2] 1 0; bool[2] 1 1", "bool[2] 1 0"),
        GIVES("Less", "", "u64[2] 18446744073709551615 1; u64[2] 1 2", "bool[2] 0 1"),
        GIVES("Greater", "", "i64[2,1] 1 2; i64[2] 0 1", "bool[2,2] 1 0 1 1"),
        GIVES("LessOrEqual", "", "f64[3] 1 2 3; f64[] 2", "bool[3] 1 1 0"),
        GIVES("GreaterOrEqual", "", "i8[3] 1 2 3; i8[] 2", "bool[3] 0 1 1"),
        GIVES("IsNaN", "", "f32[3] 1 nan inf", "bool[3] 0 1 0"),
        GIVES("IsInf", "", "f32[4] 1 nan inf -inf", "bool[4] 0 0 1 1"),
        GIVES("IsInf", "detect_negative=0", "f64[3] 1 inf -inf", "bool[3] 0 1 0"),
        GIVES("And", "", "bool[2,1] 1 0; bool[2] 1 0", "bool[2,2] 1 0 0 0"),
        GIVES("Or", "", "bool[2,1] 1 0; bool[2] 1 0", "bool[2,2] 1 1 1 0"),
        GIVES("Xor", "", "bool[2] 1 2; bool[2] 0 1", "bool[2] 1 0"), /* any byte but 0 is true */
        GIVES("Not", "", "bool[2] 1 0", "bool[2] 0 1"),
        GIVES("BitwiseAnd", "", "i8[2] 12 -1; i8[2] 10 7", "i8[2] 8 7"),
        GIVES("BitwiseOr", "", "u16[1] 12; u16[1] 3", "u16[1] 15"),
        GIVES("BitwiseXor", "", "u32[1] 12; u32[1] 10", "u32[1] 6"),
        GIVES("BitwiseNot", "", "u8[1] 1", "u8[1] 254"),
        GIVES("BitShift", "direction=LEFT", "u8[4] 1 128 3 1; u8[4] 1 1 0 8", "u8[4] 2 0 3 0"),
        GIVES("BitShift", "direction=RIGHT", "i8[4] -8 -8 8 8; i8[4] 1 9 2 -1", "i8[4] -4 -1 2 0"),
        FAILS("BitShift", "direction=UP", "u8[1] 1; u8[1] 1", "direction must be LEFT or RIGHT, not 'UP'"),
        GIVES("Where", "", "bool[2,1] 1 0; f32[2] 1 2; f32[] 9", "f32[2,2] 1 2 9 9"),
        GIVES("Where", "", "bool[2] 0 1; str[1] 'yes'; str[2] 'no' 'never'", "str[2] 'no' 'yes'"),
        GIVES("Where", "", "bool[2] 0 1; f16[1] 1; f16[1] 2", "f16[2] 2 1"),
    };
    CHECK(rows);
}
/* clang-format on */

/* Enough elements for several pieces; rows, columns and scalars. */
static void threads_change_no_bit(void **state)
{
    (void)state;
    op_threads_check("Add", "", "f32[3,70001]; f32[70001]");
    op_threads_check("Mul", "", "f32[7,64,33,33]; f32[1,64,1,1]");
    op_threads_check("Erf", "", "f32[100003]");
    op_threads_check("Sigmoid", "", "f64[31,257,13]");
    op_threads_check("Max", "", "f32[50,1,70]; f32[1,60,70]");
    op_threads_check("Cast", "to=10", "f32[200001]");
}

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
        cmocka_unit_test(arithmetic_broadcasts),
        cmocka_unit_test(short_rows_repeat),
        cmocka_unit_test(remainders_take_the_sign_that_fmod_says),
        cmocka_unit_test(powers_of_mixed_types_have_the_bases_type),
        cmocka_unit_test(extremes_and_sums_take_any_number_of_inputs),
        cmocka_unit_test(functions_are_within_two_units),
        cmocka_unit_test(activations_follow_their_formulas),
        cmocka_unit_test(clip_keeps_nan_and_lets_high_win),
        cmocka_unit_test(comparisons_and_logic_give_bools),
        cmocka_unit_test(threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

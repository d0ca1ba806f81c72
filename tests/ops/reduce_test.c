/*
 * tests/ops/reduce_test.c - plugins/ops/reduce: sums, extremes, order, Einsum, Unique
 *
 * Expected values by hand.
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
#define M "f32[2,3] 1 2 3 4 5 6"
static void reductions_go_over_any_axes(void **state)
{
    static const struct op_case rows[] = {
        GIVES("ReduceSum", "", M "; i64[1] 0", "f32[1,3] 5 7 9"),
        GIVES("ReduceSum", "keepdims=0", M "; i64[1] -1", "f32[2] 6 15"),
        GIVES("ReduceSum", "keepdims=0", M, "f32[] 21"),
        GIVES("ReduceSum", "keepdims=0", M "; i64[0]", "f32[] 21"),
        GIVES("ReduceSum", "noop_with_empty_axes=1", M "; i64[0]", M),
        OLD(11, "ReduceSum", "axes=1, keepdims=0", M, "f32[2] 6 15"),
        GIVES("ReduceSum", "", "f32[2,0]; i64[1] 1", "f32[2,1] 0 0"),
        GIVES("ReduceSum", "keepdims=0", "f32[2,2,2] 1 2 3 4 5 6 7 8; i64[2] 0 2", "f32[2] 14 22"),
        GIVES("ReduceSum", "", "f32[3] 1e8 1 -1e8", "f32[1] 1"), /* in double */
        GIVES("ReduceSum", "", "i32[2] 2147483647 1", "i32[1] -2147483648"),
        FAILS("ReduceSum", "", M "; i64[1] 2", "axis 2 is outside -2..1"),
        OLD(13, "ReduceMean", "axes=0,", M, "f32[1,3] 2.5 3.5 4.5"),
        GIVES("ReduceMean", "", "f32[1,2,2,2] 1 2 3 4 5 6 7 8; i64[2] 2 3", "f32[1,2,1,1] 2.5 6.5"),
        GIVES("ReduceMean", "", "f16[3] 1 2 6", "f16[1] 3"),
        GIVES("ReduceMean", "", "i64[2] 3 4", "i64[1] 3"),
        GIVES("ReduceMax", "keepdims=0", "f32[4] 1 nan 3 -inf", "f32[] nan"),
        GIVES("ReduceMax", "", "u64[2] 1 18446744073709551615", "u64[1] 18446744073709551615"),
        GIVES("ReduceMax", "", "bool[2,2] 0 1 0 0; i64[1] 1", "bool[2,1] 1 0"),
        GIVES("ReduceMax", "keepdims=0", "f32[0]", "f32[] -inf"),
        GIVES("ReduceMin", "", "i8[3] 3 -7 5", "i8[1] -7"),
        GIVES("ReduceMin", "keepdims=0", "i16[0]", "i16[] 32767"),
        GIVES("ReduceProd", "", M "; i64[1] 1", "f32[2,1] 6 120"),
        GIVES("ReduceL1", "", "f32[3] 1 -2 3", "f32[1] 6"),
        GIVES("ReduceL1", "noop_with_empty_axes=1", "f32[2] 1 -2", "f32[2] 1 2"),
        GIVES("ReduceL2", "", "f64[2] 3 4", "f64[1] 5"),
        GIVES("ReduceSumSquare", "", "i32[3] 1 -2 3", "i32[1] 14"),
        GIVES("ReduceLogSum", "", "f64[2] 1 1.718281828459045", "f64[1] 1"),
        GIVES("ReduceLogSumExp", "", "f64[2] 1000 1000", "f64[1] 1000.6931471805599"),
        GIVES("ReduceLogSumExp", "", "f64[2] -inf -inf", "f64[1] -inf"),
    };
    CHECK(rows);
}

static void extreme_elements_are_found(void **state)
{
    static const struct op_case rows[] = {
        GIVES("ArgMax", "axis=1", "f32[2,3] 1 3 3 5 4 5", "i64[2,1] 1 0"),
        GIVES("ArgMax", "axis=1 select_last_index=1 keepdims=0", "f32[2,3] 1 3 3 5 4 5", "i64[2] 2 2"),
        GIVES("ArgMin", "axis=0 keepdims=0", "i8[2,2] 1 -5 1 3", "i64[2] 0 0"),
        GIVES("ArgMax", "axis=0", "f32[3] 1 nan 9", "i64[1] 1"),
        GIVES("ArgMax", "axis=0", "u64[2] 9223372036854775807 9223372036854775808", "i64[1] 1"),
        FAILS("ArgMax", "axis=0", "f32[0]", "has no extreme"),
        GIVES("TopK", "", "f32[5] 1 5 3 5 2; i64[1] 3", "f32[3] 5 5 3; i64[3] 1 3 2"),
        GIVES("TopK", "largest=0 axis=0", "i64[3,2] 3 1 2 2 1 3; i64[1] 2", "i64[2,2] 1 1 2 2; i64[2,2] 2 0 1 1"),
        GIVES("TopK", "", "f32[3] 1 2 3; i64[1] 0", "f32[0]; i64[0]"),
        FAILS("TopK", "", "f32[3] 1 2 3; i64[1] 4", "k is 4 for a dimension of 3"),
        OLD(1, "TopK", "k=1 axis=-1", "f32[3] 1 2 3", "f32[1] 3; i64[1] 2"),
        GIVES("TopK", "", "f16[3] 1 3 2; i64[1] 2", "f16[2] 3 2; i64[2] 1 2"),
        GIVES("CumSum", "", "f32[3] 1 2 3; i64[] 0", "f32[3] 1 3 6"),
        GIVES("CumSum", "exclusive=1 reverse=1", "i32[3] 1 2 3; i32[] 0", "i32[3] 5 3 0"),
        GIVES("CumSum", "", "f64[2,2] 1 2 3 4; i64[1] -1", "f64[2,2] 1 3 3 7"),
        GIVES("CumProd", "", "f32[3] 2 3 4; i64[] 0", "f32[3] 2 6 24"),
        GIVES("CumProd", "exclusive=1", "i64[3] 2 3 4; i64[] 0", "i64[3] 1 2 6"),
    };
    CHECK(rows);
}

static void einsum_contracts(void **state)
{
    static const struct op_case rows[] = {
        GIVES("Einsum", "equation=ij,jk->ik", "f32[2,2] 1 2 3 4; f32[2,1] 5 6", "f32[2,1] 17 39"),
        GIVES("Einsum", "equation=ij", "f32[2,2] 1 2 3 4", "f32[2,2] 1 2 3 4"),
        GIVES("Einsum", "equation=ba", "f32[1,2] 1 2", "f32[2,1] 1 2"), /* sorted: a, b */
        GIVES("Einsum", "equation=ii", "f64[2,2] 1 2 3 4", "f64[] 5"),
        GIVES("Einsum", "equation=ii->i", "f64[2,2] 1 2 3 4", "f64[2] 1 4"),
        GIVES("Einsum", "equation=...j,j->...", "i32[2,1,2] 1 2 3 4; i32[2] 10 1", "i32[2,1] 12 34"),
        GIVES("Einsum", "equation=i,j,k->", "f32[2] 1 2; f32[2] 3 4; f32[1] 2", "f32[] 42"),
        FAILS("Einsum", "equation=ij,jk", "f32[1,2] 1 2; f32[3,1] 1 2 3", "is 3 where another has 2"),
        FAILS("Einsum", "equation=ij->k", "f32[1,1] 1", "subscript that no operand has"),
        FAILS("Einsum", "equation=i,i", "f32[1] 1", "more operands than the 1 inputs"),
    };
    CHECK(rows);
}

static void unique_slices_are_found(void **state)
{
    static const struct op_case rows[] = {
        GIVES("Unique", "", "f32[5] 2 1 1 3 2", "f32[3] 1 2 3; i64[3] 1 0 3; i64[5] 1 0 0 2 1; i64[3] 2 2 1"),
        GIVES("Unique", "sorted=0", "i64[5] 2 1 1 3 2", "i64[3] 2 1 3; i64[3] 0 1 3; i64[5] 0 1 1 2 0; i64[3] 2 2 1"),
        GIVES("Unique", "axis=0", "i8[3,2] 1 0 0 9 1 0", "i8[2,2] 0 9 1 0; i64[2] 1 0; i64[3] 1 0 1; i64[2] 1 2"),
        GIVES("Unique", "axis=1", "i8[2,3] 1 0 1 2 5 2", "i8[2,2] 0 1 5 2"),
        GIVES("Unique", "", "str[3] 'b' 'a' 'b'", "str[2] 'a' 'b'"),
        GIVES("Unique", "", "f32[0]", "f32[0]; i64[0]; i64[0]; i64[0]"),
    };
    CHECK(rows);
}
/* clang-format on */

static void threads_change_no_bit(void **state)
{
    (void)state;
    op_threads_check("ReduceSum", "", "f32[7,1003,211]; i64[1] 1");
    op_threads_check("ReduceMean", "", "f32[2,512,29,31]; i64[2] 2 3");
    op_threads_check("ReduceLogSumExp", "", "f32[401,307]; i64[1] 0");
    op_threads_check("Einsum", "equation=bij,bjk->bik", "f32[3,41,67]; f32[3,67,43]");
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
        cmocka_unit_test(reductions_go_over_any_axes),
        cmocka_unit_test(extreme_elements_are_found),
        cmocka_unit_test(einsum_contracts),
        cmocka_unit_test(unique_slices_are_found),
        cmocka_unit_test(threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

/*
 * tests/ops/infer_test.c - shapes before anything runs: symbols pass through,
 * contradictions are named
 *
 * Expected shapes by hand.
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
static void symbols_pass_through(void **state)
{
    static const struct op_shape rows[] = {
        GIVES("Add", "", "f32[N,3]; f32[3]", "f32[N,3]"),
        GIVES("Add", "", "f32[N,1]; f32[1,C]", "f32[N,C]"),
        GIVES("Relu", "", "f32[N,C]", "f32[N,C]"),
        GIVES("Equal", "", "f32[N,1]; f32[N,4]", "bool[N,4]"),
        GIVES("Where", "", "bool[N,1]; i64[4]; i64[]", "i64[N,4]"),
        GIVES("Cast", "to=7", "f32[N]", "i64[N]"),
        GIVES("Reshape", "", "f32[N,3,4]; i64[2] 0 -1", "f32[N,12]"),
        GIVES("Reshape", "", "f32[N,3,4]; i64[3] -1 4 3", "f32[N,4,3]"),
        GIVES("Reshape", "", "f32[N,3,4]; i64[2] -1 6", "f32[?,6]"),
        GIVES("Reshape", "", "f32[N,C,2,2]; i64[3] 0 0 -1", "f32[N,C,4]"),
        GIVES("Reshape", "", "f32[N,C,4]; i64[1] -1", "f32[?]"),
        GIVES("Reshape", "", "f32[4,4]; i64[3]", "f32[?,?,?]"),
        GIVES("Flatten", "", "f32[N,3,4]", "f32[N,12]"),
        GIVES("Flatten", "axis=2", "f32[N,1,4]", "f32[N,4]"),
        GIVES("Squeeze", "", "f32[N,1,C]; i64[1] 1", "f32[N,C]"),
        GIVES("Unsqueeze", "", "f32[N]; i64[1] 1", "f32[N,1]"),
        GIVES("Transpose", "perm=1,2,0", "f32[N,C,4]", "f32[C,4,N]"),
        GIVES("DepthToSpace", "blocksize=2", "f32[N,8,3,3]", "f32[N,2,6,6]"),
        GIVES("Concat", "axis=1", "f32[N,3]; f32[N,4]", "f32[N,7]"),
        GIVES("Concat", "axis=1", "f32[N,C]; f32[2,4]", "f32[2,?]"),
        GIVES("Split", "axis=1", "f32[N,5]; i64[2] 2 3", "f32[N,2]; f32[N,3]"),
        GIVES("Slice", "", "f32[N,5]; i64[1] 1; i64[1] 9223372036854775807; i64[1] 1", "f32[N,4]"),
        GIVES("Slice", "", "f32[N,5]; i64[1] 0; i64[1] 9223372036854775807; i64[1] 0", "f32[N,5]"),
        GIVES("Slice", "", "f32[N,5]; i64[1] 1; i64[1] 9223372036854775807; i64[1] 0", "f32[?,5]"),
        GIVES("Slice", "", "f32[N,5]; i64[1]; i64[1]; i64[1] 1", "f32[N,?]"),
        GIVES("Expand", "", "f32[1,3]; i64[2] 2 1", "f32[2,3]"),
        GIVES("Tile", "", "f32[N,3]; i64[2] 1 2", "f32[N,6]"),
        GIVES("Pad", "", "f32[N,3]; i64[4] 0 1 0 2", "f32[N,6]"),
        GIVES("Gather", "axis=1", "f32[N,C]; i64[4]", "f32[N,4]"),
        GIVES("GatherElements", "", "f32[9]; i64[N]", "f32[N]"),
        GIVES("GatherND", "", "f32[4,N]; i64[M,1]", "f32[M,N]"),
        GIVES("ScatterND", "", "f32[N,4]; i64[2,1]; f32[2,4]", "f32[N,4]"),
        GIVES("OneHot", "", "i64[N]; i64[] 10; f32[2]", "f32[N,10]"),
        GIVES("NonZero", "", "f32[N,4]", "i64[2,?]"),
        GIVES("Compress", "axis=1", "f32[N,4]; bool[4]", "f32[N,?]"),
        GIVES("Range", "", "i64[]; i64[]; i64[]", "i64[?]"),
        GIVES("Range", "", "i64[] 0; i64[] 10; i64[] 3", "i64[4]"),
        GIVES("Shape", "", "f32[N,4]", "i64[2]"),
        GIVES("Resize", "", "f32[N,3,8,8]; -; f32[4] 1 1 2 2", "f32[N,3,16,16]"),
        GIVES("Resize", "axes=2,3", "f32[N,C,8,8]; -; -; i64[2] 5 6", "f32[N,C,5,6]"),
        GIVES("ReduceMean", "", "f32[N,C,7,7]; i64[2] 2 3", "f32[N,C,1,1]"),
        GIVES("ReduceSum", "keepdims=0", "f32[N,C,7,7]; i64[2] 2 3", "f32[N,C]"),
        GIVES("ArgMax", "axis=1 keepdims=0", "f32[N,C]", "i64[N]"),
        GIVES("TopK", "", "f32[N,9]; i64[1] 5", "f32[N,5]; i64[N,5]"),
        GIVES("TopK", "", "f32[N,9]; i64[1]", "f32[N,?]; i64[N,?]"),
        GIVES("CumSum", "", "f32[N,9]; i64[]", "f32[N,9]"),
        GIVES("Einsum", "equation=bij,bjk->bik", "f32[N,3,4]; f32[N,4,5]", "f32[N,3,5]"),
        GIVES("Unique", "", "f32[3,4]", "f32[?]; i64[?]; i64[12]; i64[?]"),
    };
    CHECK_SHAPES(rows);
}

static void contradictions_are_named(void **state)
{
    static const struct op_shape rows[] = {
        FAILS("ConvTranspose", "strides=1073741824,1073741824", "f32[1,1,4,4]; f32[1,1,3,3]",
              "more elements than can be counted"),
        FAILS("Add", "", "f32[N,3]; f32[4]", "case"),
        FAILS("Reshape", "", "f32[3,4]; i64[2] 5 -1", "[3,4] cannot be reshaped to [5,?]"),
        FAILS("Concat", "axis=0", "f32[N,3]; f32[N,4]", "does not join"),
        FAILS("Split", "axis=1", "f32[N,5]; i64[2] 2 4", "split sums to 6 where the dimension is 5"),
        FAILS("Squeeze", "", "f32[N,3]; i64[1] 1", "dimension 1 is 3"),
        FAILS("Expand", "", "f32[1]; i64[3] 4294967296 4294967296 2", "more elements than can be counted"),
        FAILS("Tile", "", "f32[4]; i64[1] 9223372036854775807", "dimension 0 would be"),
        FAILS("Pad", "", "f32[4]; i64[2] -3 -3", "do not fit dimension 0 of 4"),
        FAILS("TopK", "", "f32[4]; i64[1] 5", "k is 5 for a dimension of 4"),
        FAILS("Gather", "axis=2", "f32[2,2]; i64[1]", "axis 2 is outside -2..1"),
        FAILS("Einsum", "equation=ij,jk", "f32[2,3]; f32[4,5]", "is 4 where another has 3"),
    };
    CHECK_SHAPES(rows);
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
        cmocka_unit_test(symbols_pass_through),
        cmocka_unit_test(contradictions_are_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

/*
 * tests/ops/shape_test.c - plugins/ops/shape: moving elements, and shapes of what moves
 *
 * Expected values by hand, after numpy's meaning of the same operation.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/context/context.h"
#include "tests/ops/op_case.h"

#define CHECK(rows)        op_case_check(*state, rows, sizeof rows / sizeof rows[0])
#define CHECK_SHAPES(rows) op_shape_check(*state, rows, sizeof rows / sizeof rows[0])

/* clang-format off */
static void views_keep_the_bytes(void **state)
{
    static const struct op_case rows[] = {
        GIVES("Reshape", "", "f32[2,3] 1 2 3 4 5 6; i64[2] 3 -1", "f32[3,2] 1 2 3 4 5 6"),
        GIVES("Reshape", "", "i8[2,3] 1 2 3 4 5 6; i64[3] 0 1 3", "i8[2,1,3] 1 2 3 4 5 6"),
        GIVES("Reshape", "", "str[2] 'a' 'bc'; i64[2] 2 1", "str[2,1] 'a' 'bc'"),
        GIVES("Reshape", "", "i4[5] 1 2 3 4 5; i64[1] -1", "i4[5] 1 2 3 4 5"),
        GIVES("Reshape", "allowzero=1", "f32[0,3]; i64[2] 3 0", "f32[3,0]"),
        FAILS("Reshape", "", "f32[4] 1 2 3 4; i64[0]", "[4] cannot be reshaped to []"),
        GIVES("Reshape", "", "f32[1] 4; i64[0]", "f32[] 4"),
        FAILS("Reshape", "", "f32[4] 1 2 3 4; i64[1] 3", "node 'case' (Reshape): [4] cannot be reshaped to [3]"),
        FAILS("Reshape", "", "f32[4] 1 2 3 4; i64[2] 3 -1", "[4] cannot be reshaped to [3,?]"),
        FAILS("Reshape", "", "f32[4] 1 2 3 4; i64[2] -1 -1", "entry 1 of the shape is -1"),
        FAILS("Reshape", "", "f32[4] 1 2 3 4; i64[2] 4611686018427387904 4", "cannot be reshaped"),
        OLD(1, "Reshape", "shape=2,2", "f32[4] 1 2 3 4", "f32[2,2] 1 2 3 4"),
        GIVES("Flatten", "", "f32[2,1,2] 1 2 3 4", "f32[2,2] 1 2 3 4"),
        GIVES("Flatten", "axis=-1", "f32[2,1,2] 1 2 3 4", "f32[2,2] 1 2 3 4"),
        GIVES("Flatten", "axis=0", "f32[2] 1 2", "f32[1,2] 1 2"),
        GIVES("Squeeze", "", "f32[1,2,1] 1 2; i64[1] -1", "f32[1,2] 1 2"),
        GIVES("Squeeze", "", "f32[1,2,1] 1 2", "f32[2] 1 2"),
        FAILS("Squeeze", "", "f32[1,2] 1 2; i64[1] 1", "dimension 1 is 2 and cannot be squeezed"),
        OLD(11, "Squeeze", "axes=0,2", "f32[1,2,1] 1 2", "f32[2] 1 2"),
        GIVES("Unsqueeze", "", "f32[2] 1 2; i64[2] 0 -1", "f32[1,2,1] 1 2"),
        OLD(1, "Unsqueeze", "axes=1,0", "f32[2] 1 2", "f32[1,1,2] 1 2"),
        FAILS("Unsqueeze", "", "f32[2] 1 2; i64[2] 0 0", "axis 0 is named twice"),
        FAILS("Unsqueeze", "", "f32[2] 1 2; i64[1] 5", "axis 5 is outside -2..1"),
        GIVES("Identity", "", "str[1] 'x'", "str[1] 'x'"),
        GIVES("Dropout", "", "f32[2] 1 2", "f32[2] 1 2; bool[2] 1 1"),
        OLD(7, "Dropout", "ratio=0.3", "f32[2] 1 2", "f32[2] 1 2"),
        FAILS("Dropout", "", "i32[2] 1 2; f32[] 0.5; bool[] 1", "training mode drops floats"),
    };
    CHECK(rows);
}

static void constants_are_made(void **state)
{
    static const struct op_case rows[] = {
        GIVES("Shape", "", "f32[2,3] 1 2 3 4 5 6", "i64[2] 2 3"),
        GIVES("Shape", "start=-1", "f32[2,3] 1 2 3 4 5 6", "i64[1] 3"),
        GIVES("Shape", "start=1 end=-9", "f32[2,3] 1 2 3 4 5 6", "i64[0]"),
        GIVES("Size", "", "f32[2,3] 1 2 3 4 5 6", "i64[] 6"),
        GIVES("Constant", "value={f32[2] 1 2}", "", "f32[2] 1 2"),
        GIVES("Constant", "value_ints=1,2,3", "", "i64[3] 1 2 3"),
        GIVES("Constant", "value_float=2.5", "", "f32[] 2.5"),
        GIVES("Constant", "value_string=abc", "", "str[] 'abc'"),
        FAILS("Constant", "", "", "none of the known value attributes"),
        GIVES("ConstantOfShape", "", "i64[2] 2 1", "f32[2,1] 0 0"),
        GIVES("ConstantOfShape", "value={i64[1] 7}", "i64[1] 3", "i64[3] 7 7 7"),
        GIVES("ConstantOfShape", "value={e2m3[1] 45}", "i64[1] 5", "e2m3[5] 45 45 45 45 45"),
        GIVES("ConstantOfShape", "value={i4[1] 9}", "i64[1] 3", "i4[3] 9 9 9"),
        GIVES("ConstantOfShape", "", "i64[0]", "f32[] 0"),
        FAILS("ConstantOfShape", "", "i64[2] 2 -1", "entry 1 of the shape is -1"),
        FAILS("ConstantOfShape", "", "i64[3] 9223372036854775807 9223372036854775807 2", "more elements than can be counted"),
        GIVES("EyeLike", "k=1", "f32[2,3] 9 9 9 9 9 9", "f32[2,3] 0 1 0 0 0 1"),
        GIVES("EyeLike", "dtype=7 k=-1", "f32[2,2] 9 9 9 9", "i64[2,2] 0 0 1 0"),
        GIVES("Range", "", "i64[] 3; i64[] 9; i64[] 3", "i64[2] 3 6"),
        GIVES("Range", "", "f32[] 10; f32[] 4; f32[] -2.5", "f32[3] 10 7.5 5"),
        GIVES("Range", "", "i32[] 3; i32[] 3; i32[] 1", "i32[0]"),
        FAILS("Range", "", "i16[] 1; i16[] 9; i16[] 0", "delta is 0"),
        FAILS("Range", "", "f32[] 0; f32[] 1; f32[] 0", "does not end"),
    };
    CHECK(rows);
}

static void boxes_are_copied_by_strides(void **state)
{
    static const struct op_case rows[] = {
        GIVES("Transpose", "", "f32[2,3] 1 2 3 4 5 6", "f32[3,2] 1 4 2 5 3 6"),
        GIVES("Transpose", "perm=0,2,1", "i16[2,2,2] 1 2 3 4 5 6 7 8", "i16[2,2,2] 1 3 2 4 5 7 6 8"),
        GIVES("Transpose", "perm=1,0", "str[1,2] 'a' 'b'", "str[2,1] 'a' 'b'"),
        GIVES("Transpose", "", "e3m2[2,3] 1 2 3 40 50 60", "e3m2[3,2] 1 40 2 50 3 60"),
        GIVES("Transpose", "", "i4[2,3] 1 2 3 4 5 6", "i4[3,2] 1 4 2 5 3 6"),
        FAILS("Transpose", "perm=0,0", "f32[1,2] 1 2", "perm has dimension 0 twice"),
        FAILS("Transpose", "perm=0,1,2", "f32[1,2] 1 2", "perm has 3 entries for an input of 2 dimensions"),
        GIVES("DepthToSpace", "blocksize=2", "f32[1,4,1,1] 1 2 3 4", "f32[1,1,2,2] 1 2 3 4"),
        GIVES("DepthToSpace", "blocksize=2", "f32[1,8,1,1] 0 1 2 3 4 5 6 7", "f32[1,2,2,2] 0 2 4 6 1 3 5 7"),
        GIVES("DepthToSpace", "blocksize=2 mode=CRD", "f32[1,8,1,1] 0 1 2 3 4 5 6 7", "f32[1,2,2,2] 0 1 2 3 4 5 6 7"),
        FAILS("DepthToSpace", "blocksize=3", "f32[1,8,1,1] 0 1 2 3 4 5 6 7", "does not divide into blocks of 3"),
        GIVES("SpaceToDepth", "blocksize=2", "f32[1,2,2,2] 0 2 4 6 1 3 5 7", "f32[1,8,1,1] 0 1 2 3 4 5 6 7"),
        GIVES("Concat", "axis=-1", "f32[2,1] 1 2; f32[2,2] 3 4 5 6", "f32[2,3] 1 3 4 2 5 6"),
        GIVES("Concat", "axis=0", "str[1] 'a'; str[0]; str[2] 'b' 'c'", "str[3] 'a' 'b' 'c'"),
        GIVES("Concat", "axis=0", "e3m2[1] 21; e3m2[3] 42 63 3", "e3m2[4] 21 42 63 3"),
        GIVES("Concat", "axis=0", "i4[1] 1; i4[2] 2 3", "i4[3] 1 2 3"),
        OLD(1, "Concat", "", "f32[1,1] 1; f32[1,1] 2", "f32[1,2] 1 2"),
        FAILS("Concat", "axis=0", "f32[1,2] 1 2; f32[1,3] 1 2 3", "input 1 of shape [1,3] does not join [1,2] along axis 0"),
        GIVES("Split", "num_outputs=2", "f32[5] 1 2 3 4 5", "f32[3] 1 2 3; f32[2] 4 5"),
        GIVES("Split", "axis=1", "i8[2,3] 1 2 3 4 5 6; i64[2] 1 2", "i8[2,1] 1 4; i8[2,2] 2 3 5 6"),
        OLD(2, "Split", "split=1,1", "str[2] 'a' 'b'", "str[1] 'a'; str[1] 'b'"),
        OLD(13, "Split", "", "f32[4] 1 2 3 4", "f32[2] 1 2; f32[2] 3 4"),
        FAILS("Split", "", "f32[4] 1 2 3 4; i64[2] 1 2", "split sums to 3 where the dimension is 4"),
        GIVES("Slice", "", "f32[4] 1 2 3 4; i64[1] 1; i64[1] 3", "f32[2] 2 3"),
        GIVES("Slice", "", "f32[4] 1 2 3 4; i64[1] -1; i64[1] -9223372036854775808; i64[1] 0; i64[1] -2", "f32[2] 4 2"),
        GIVES("Slice", "", "f32[4] 1 2 3 4; i64[1] 0; i64[1] 9223372036854775807; i64[1] 0; i64[1] 9223372036854775807", "f32[1] 1"),
        GIVES("Slice", "", "f32[4] 1 2 3 4; i64[1] 3; i64[1] 0; i64[1] 0; i64[1] -9223372036854775808", "f32[1] 4"),
        GIVES("Slice", "", "f32[2,3] 1 2 3 4 5 6; i32[2] 0 -2; i32[2] 1 9; i32[2] 0 1", "f32[1,2] 2 3"),
        GIVES("Slice", "", "f32[4] 1 2 3 4; i64[1] 9; i64[1] 12", "f32[0]"),
        GIVES("Slice", "", "f32[0]; i64[1] -4; i64[1] -1; i64[1] 0; i64[1] -2", "f32[0]"),
        GIVES("Slice", "", "f32[2,0] ; i64[2] 5 1; i64[2] -9 9; i64[2] 1 0; i64[2] -1 1", "f32[1,0]"),
        FAILS("Slice", "", "f32[4] 1 2 3 4; i64[1] 0; i64[1] 4; i64[1] 0; i64[1] 0", "step 0 is 0"),
        OLD(1, "Slice", "starts=1,0 ends=2,9", "f32[2,2] 1 2 3 4", "f32[1,2] 3 4"),
        GIVES("Expand", "", "f32[2,1] 1 2; i64[3] 2 1 2", "f32[2,2,2] 1 1 2 2 1 1 2 2"),
        GIVES("Expand", "", "str[1] 'x'; i64[1] 2", "str[2] 'x' 'x'"),
        FAILS("Expand", "", "f32[2] 1 2; i64[1] 3", "[2] and [3]"),
        FAILS("Expand", "", "f32[1] 1; i64[2] 4611686018427387904 4", "more elements than can be counted"),
        GIVES("Tile", "", "f32[1,2] 1 2; i64[2] 2 2", "f32[2,4] 1 2 1 2 1 2 1 2"),
        GIVES("Tile", "", "f32[2] 1 2; i64[1] 0", "f32[0]"),
        OLD(1, "Tile", "", "f32[1,2] 1 2; f32[] 2; f32[] 1", "f32[1,4] 1 2 1 2"),
        GIVES("Trilu", "", "f32[2,3] 1 2 3 4 5 6", "f32[2,3] 1 2 3 0 5 6"),
        GIVES("Trilu", "upper=0", "i64[3,2] 1 2 3 4 5 6; i64[] -1", "i64[3,2] 0 0 3 0 5 6"),
        GIVES("Trilu", "", "f32[2,2] 1 2 3 4; i64[] 9223372036854775807", "f32[2,2] 0 0 0 0"),
        GIVES("ReverseSequence", "time_axis=0 batch_axis=1", "f32[3,2] 1 2 3 4 5 6; i64[2] 3 2", "f32[3,2] 5 4 3 2 1 6"),
        FAILS("ReverseSequence", "time_axis=1 batch_axis=0", "f32[2,3] 1 2 3 4 5 6; i64[2] 2 4", "sequence length 4 is outside 0..3"),
    };
    CHECK(rows);
}

static void padding_has_four_modes(void **state)
{
    static const struct op_case rows[] = {
        GIVES("Pad", "", "f32[2] 1 2; i64[2] 1 2", "f32[5] 0 1 2 0 0"),
        GIVES("Pad", "", "f32[1,2] 1 2; i64[4] 0 1 1 0; f32[] 9", "f32[2,3] 9 1 2 9 9 9"),
        GIVES("Pad", "", "f32[4] 1 2 3 4; i64[2] -1 -2", "f32[1] 2"),
        GIVES("Pad", "", "f32[4] 1 2 3 4; i64[2] -5 5", "f32[4] 0 0 0 0"),
        GIVES("Pad", "", "f32[2] 1 2; i64[2] -9223372036854775808 9223372036854775807", "f32[1] 0"),
        GIVES("Pad", "", "f32[2,2] 1 2 3 4; i64[2] 1 0; -; i64[1] -1", "f32[2,3] 0 1 2 0 3 4"),
        GIVES("Pad", "mode=reflect", "f32[3] 1 2 3; i64[2] 2 5", "f32[10] 3 2 1 2 3 2 1 2 3 2"),
        GIVES("Pad", "mode=edge", "i8[2] 1 2; i64[2] 2 1", "i8[5] 1 1 1 2 2"),
        GIVES("Pad", "mode=wrap", "f32[3] 1 2 3; i64[2] 4 2", "f32[9] 3 1 2 3 1 2 3 1 2"),
        GIVES("Pad", "mode=edge", "str[1] 'a'; i64[2] 1 0", "str[2] 'a' 'a'"),
        GIVES("Pad", "", "str[1] 'a'; i64[2] 1 0; str[] 'z'", "str[2] 'z' 'a'"),
        GIVES("Pad", "", "bf16[1] 1; i64[2] 0 1; bf16[] 2", "bf16[2] 1 2"),
        OLD(2, "Pad", "pads=1,0 value=2.0", "f32[1] 1", "f32[2] 2 1"),
        OLD(1, "Pad", "paddings=1,0", "f64[1] 1", "f64[2] 0 1"),
        OLD(2, "Pad", "pads=1,0 value=2.0", "f16[1] 1", "f16[2] 2 1"),
        FAILS("Pad", "", "f32[2] 1 2; i64[1] 1", "pads has 1 entries for 1 axes"),
        FAILS("Pad", "", "f32[2] 1 2; i64[2] 9223372036854775807 1", "do not fit dimension 0 of 2"),
        FAILS("Pad", "mode=edge", "f32[0]; i64[2] 1 1", "nothing to repeat"),
        GIVES("CenterCropPad", "", "f32[4] 1 2 3 4; i64[1] 2", "f32[2] 2 3"),
        GIVES("CenterCropPad", "axes=1,", "f32[1,2] 1 2; i64[1] 5", "f32[1,5] 0 1 2 0 0"),
    };
    CHECK(rows);
}

static void indexes_are_checked(void **state)
{
    static const struct op_case rows[] = {
        GIVES("Gather", "", "f32[3,2] 1 2 3 4 5 6; i64[2] 2 -3", "f32[2,2] 5 6 1 2"),
        GIVES("Gather", "axis=1", "str[1,2] 'a' 'b'; i32[] 1", "str[1] 'b'"),
        FAILS("Gather", "", "f32[5] 1 2 3 4 5; i64[1] 7", "node 'case' (Gather): index 7 is outside 0..4"),
        FAILS("Gather", "", "f32[5] 1 2 3 4 5; i64[1] -6", "index -6 is outside 0..4"),
        FAILS("Gather", "", "f32[0]; i64[1] 0", "index 0 into a dimension of 0 elements"),
        GIVES("GatherElements", "axis=1", "f32[2,2] 1 2 3 4; i64[2,2] 0 0 -1 0", "f32[2,2] 1 1 4 3"),
        GIVES("GatherElements", "axis=0", "f32[3,2] 1 2 3 4 5 6; i64[1,1] 2", "f32[1,1] 5"),
        FAILS("GatherElements", "", "f32[2] 1 2; i64[1] 2", "index 2 is outside 0..1"),
        FAILS("GatherElements", "", "f32[2,1] 1 2; i64[1,2] 0 0", "dimension 1 of indices is 2, more than the 1 of data"),
        GIVES("GatherND", "", "i32[2,2] 0 1 2 3; i64[2,2] 0 0 1 1", "i32[2] 0 3"),
        GIVES("GatherND", "batch_dims=1", "i32[2,2,2] 0 1 2 3 4 5 6 7; i64[2,1] 1 0", "i32[2,2] 2 3 4 5"),
        FAILS("GatherND", "", "i32[2,2] 0 1 2 3; i64[1,2] 0 2", "index 2 is outside 0..1"),
        GIVES("ScatterElements", "axis=1", "f32[1,3] 1 2 3; i64[1,2] 2 -3; f32[1,2] 9 8", "f32[1,3] 8 2 9"),
        GIVES("ScatterElements", "reduction=add", "i8[2] 100 1; i64[3] 0 0 1; i8[3] 100 1 1", "i8[2] -55 2"),
        GIVES("ScatterElements", "reduction=max", "f32[2] 1 5; i64[2] 0 1; f32[2] 2 4", "f32[2] 2 5"),
        GIVES("ScatterElements", "reduction=mul", "f16[1] 2; i64[1] 0; f16[1] 3", "f16[1] 6"),
        GIVES("ScatterElements", "", "str[2] 'a' 'b'; i64[1] 1; str[1] 'c'", "str[2] 'a' 'c'"),
        FAILS("ScatterElements", "", "f32[2] 1 2; i64[1] 2; f32[1] 1", "index 2 is outside 0..1"),
        FAILS("ScatterElements", "reduction=sub", "f32[2] 1 2; i64[1] 0; f32[1] 1", "not 'sub'"),
        OLD(9, "Scatter", "", "f32[2] 1 2; i64[1] 1; f32[1] 9", "f32[2] 1 9"),
        GIVES("ScatterND", "", "f32[3] 1 2 3; i64[2,1] 2 0; f32[2] 8 9", "f32[3] 9 2 8"),
        GIVES("ScatterND", "reduction=min", "f32[2,2] 1 2 3 4; i64[1,1] 1; f32[1,2] 9 0", "f32[2,2] 1 2 3 0"),
        FAILS("ScatterND", "", "f32[3] 1 2 3; i64[1,1] 3; f32[1] 8", "index 3 is outside 0..2"),
        FAILS("ScatterND", "", "f32[3] 1 2 3; i64[1,1] 0; f32[2] 8 9", "updates have shape [2] instead of [1]"),
        GIVES("TensorScatter", "axis=1 mode=circular", "f32[1,3] 1 2 3; f32[1,2] 8 9; i64[1] 2", "f32[1,3] 9 2 8"),
        FAILS("TensorScatter", "axis=1", "f32[1,3] 1 2 3; f32[1,2] 8 9; i64[1] 2", "index 2 is outside 0..2"),
        GIVES("OneHot", "", "i64[3] 0 -1 5; i64[] 3; f32[2] 0 1", "f32[3,3] 1 0 0 0 0 1 0 0 0"),
        GIVES("OneHot", "axis=0", "f32[2] 1 0; f32[1] 2; i8[2] 5 7", "i8[2,2] 5 7 7 5"),
        GIVES("NonZero", "", "f32[2,2] 1 0 -0 nan", "i64[2,2] 0 1 0 1"),
        GIVES("NonZero", "", "bool[2] 0 0", "i64[1,0]"),
        GIVES("Compress", "axis=1", "f32[2,3] 1 2 3 4 5 6; bool[2] 0 1", "f32[2,1] 2 5"),
        GIVES("Compress", "", "str[2,1] 'a' 'b'; bool[2] 1 1", "str[2] 'a' 'b'"),
    };
    CHECK(rows);
}

/* Resize: 1 2 3 4 in one dimension by hand from the coordinate formulas. */
static void resizing_follows_its_coordinates(void **state)
{
    static const struct op_case rows[] = {
        GIVES("Resize", "", "f32[2] 1 2; -; f32[1] 2", "f32[4] 1 1 2 2"),
        GIVES("Resize", "mode=linear", "f32[2] 1 2; -; f32[1] 2", "f32[4] 1 1.25 1.75 2"),
        GIVES("Resize", "mode=linear coordinate_transformation_mode=align_corners", "f32[2] 1 2; -; -; i64[1] 3", "f32[3] 1 1.5 2"),
        GIVES("Resize", "mode=linear coordinate_transformation_mode=asymmetric", "f32[2] 1 2; -; f32[1] 2", "f32[4] 1 1.5 2 2"),
        GIVES("Resize", "mode=linear", "f32[4] 1 2 3 4; -; -; i64[1] 2", "f32[2] 1.5 3.5"),
        GIVES("Resize", "mode=linear antialias=1", "f32[4] 1 2 3 4; -; -; i64[1] 2", "f32[2] 1.625 3.375"),
        GIVES("Resize", "mode=linear antialias=1 exclude_outside=1", "f32[4] 1 2 3 4; -; -; i64[1] 2", "f32[2] 1.71428571 3.28571429"),
        GIVES("Resize", "mode=cubic", "f32[2] 0 8; -; -; i64[1] 2", "f32[2] 0 8"),
        GIVES("Resize", "nearest_mode=ceil coordinate_transformation_mode=asymmetric", "str[2] 'a' 'b'; -; f32[1] 2", "str[4] 'a' 'b' 'b' 'b'"),
        GIVES("Resize", "mode=linear coordinate_transformation_mode=tf_crop_and_resize extrapolation_value=9.0", "f32[3] 1 2 3; f32[2] 0 2; -; i64[1] 3", "f32[3] 1 3 9"),
        GIVES("Resize", "mode=linear coordinate_transformation_mode=tf_crop_and_resize", "f32[4] 1 2 3 4; f32[2] 0 0.5; f32[1] 1", "f32[4] 1 1.5 2 2.5"),
        GIVES("Resize", "keep_aspect_ratio_policy=not_larger", "f32[2,4] 1 2 3 4 5 6 7 8; -; -; i64[2] 2 2", "f32[1,2] 1 3"),
        GIVES("Resize", "axes=1,", "f32[1,2] 1 2; -; f32[1] 0.5", "f32[1,1] 1"),
        GIVES("Resize", "nearest_mode=floor coordinate_transformation_mode=asymmetric", "f32[10] 0 1 2 3 4 5 6 7 8 9; -; f32[1] 0.7", "f32[7] 0 1 2 4 5 7 8"),
        FAILS("Resize", "", "f32[2] 1 2; -; f32[1] -1", "scale -1 of dimension 0 (2) is not possible"),
        FAILS("Resize", "", "f32[2] 1 2; -; f32[2] 1 2", "for 1 axes"),
        OLD(10, "Resize", "mode=linear", "f32[1,2] 1 2; f32[2] 1 2", "f32[1,4] 1 1.5 2 2"),
        OLD(7, "Upsample", "scales=1.0,2.0", "f32[1,2] 1 2", "f32[1,4] 1 1 2 2"),
        OLD(9, "Upsample", "mode=linear", "f32[1,2] 1 2; f32[2] 1 2", "f32[1,4] 1 1.5 2 2"),
    };
    CHECK(rows);
}
/* clang-format on */

/* Prime sizes, so that tiles and pieces have ends. */
static void threads_change_no_bit(void **state)
{
    (void)state;
    op_threads_check("Transpose", "perm=0,2,3,1", "f32[3,97,31,37]");
    op_threads_check("Transpose", "perm=2,1,0", "u8[61,53,47]");
    op_threads_check("Transpose", "perm=1,2,0", "f32[3,211,223]"); /* a picture in parts */
    op_threads_check("Transpose", "", "f32[1021,517]");
    op_threads_check("Resize", "mode=cubic", "f32[1,3,61,59]; f32[0]; f32[4] 1 1 1.7 0.6");
    op_threads_check("Pad", "mode=reflect", "f32[5,101,103]; i64[6] 0 3 2 0 5 7");
    op_threads_check("Expand", "", "f32[1,7,1]; i64[3] 211 7 97");
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

/* Matrices of sizes that fill tiles and that do not, in numbers of four bytes (turned four by
 * four) and of two. */
static void transposes_move_every_element(void **state)
{
    static const int sizes[][2] = {{4, 4}, {16, 16}, {5, 7}, {17, 33}, {3, 40}, {36, 19}, {20, 6}};
    static char in[16384], out[16384];
    size_t i, from, to;
    (void)state;
    for (i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
        const int rows = sizes[i / 2][0], columns = sizes[i / 2][1];
        const char *type = i % 2 ? "i16" : "f32";
        int k;
        from = (size_t)snprintf(in, sizeof in, "%s[2,%d,%d]", type, rows, columns);
        to = (size_t)snprintf(out, sizeof out, "%s[2,%d,%d]", type, columns, rows);
        for (k = 0; k < 2 * rows * columns; k++) {
            const int matrix = k / (rows * columns), at = k % (rows * columns);
            from += (size_t)snprintf(in + from, sizeof in - from, " %d", k);
            to += (size_t)snprintf(out + to, sizeof out - to, " %d",
                                   matrix * rows * columns + at % rows * columns + at / rows);
        }
        assert_true(from + 1 < sizeof in && to + 1 < sizeof out);
        const struct op_case row[] = {GIVES("Transpose", "perm=0,2,1", in, out)};
        CHECK(row);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_keep_the_bytes),
        cmocka_unit_test(constants_are_made),
        cmocka_unit_test(boxes_are_copied_by_strides),
        cmocka_unit_test(padding_has_four_modes),
        cmocka_unit_test(indexes_are_checked),
        cmocka_unit_test(resizing_follows_its_coordinates),
        cmocka_unit_test(transposes_move_every_element),
        cmocka_unit_test(threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

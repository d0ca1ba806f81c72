/*
 * tests/ops/image_test.c - plugins/ops/image: places, regions, boxes, blocks
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
#define GS "GridSample"
#define X "f32[1,1,2,2] 1 2 3 4"
static void images_are_read_at_places(void **state)
{
    static const struct op_case rows[] = {
        GIVES(GS, "", X "; f32[1,1,1,2] 0 0", "f32[1,1,1,1] 2.5"),
        GIVES(GS, "mode=nearest align_corners=1", X "; f32[1,1,2,2] -1 -1 1 -1", "f32[1,1,1,2] 1 2"),
        GIVES(GS, "", X "; f32[1,1,2,2] -9 0 nan 0", "f32[1,1,1,2] 0 0"),
        GIVES(GS, "padding_mode=border", X "; f32[1,1,1,2] -9 -9", "f32[1,1,1,1] 1"),
        GIVES(GS, "padding_mode=reflection align_corners=1", X "; f32[1,1,1,2] -2 -1", "f32[1,1,1,1] 1.5"),
        GIVES(GS, "mode=cubic padding_mode=border align_corners=1", X "; f32[1,1,1,2] 0 0", "f32[1,1,1,1] 2.5"),
        GIVES(GS, "mode=cubic padding_mode=border", "f32[1,1,4] 1 2 3 4; f32[1,2,1] -0.875 -1.125", "f32[1,1,2] 0.89453125 1"),
        OLD(16, GS, "mode=bilinear", X "; f32[1,1,1,2] 0 0", "f32[1,1,1,1] 2.5"),
        GIVES(GS, "", "f64[1,2,3] 1 2 4 8 9 5; f64[1,1,1] 0", "f64[1,2,1] 2 9"),
        FAILS(GS, "", X "; f32[1,1,1,3] 0 0 0", "grid [1,1,1,3] does not go with input [1,1,2,2]"),
        FAILS(GS, "mode=lanczos", X "; f32[1,1,1,2] 0 0", "mode is 'lanczos'"),
        FAILS(GS, "padding_mode=wrap", X "; f32[1,1,1,2] 0 0", "padding_mode is 'wrap'"),
        GIVES("AffineGrid", "", "f32[1,2,3] 1 0 0 0 1 0; i64[4] 1 1 1 2", "f32[1,1,2,2] -0.5 0 0.5 0"),
        GIVES("AffineGrid", "align_corners=1", "f32[1,2,3] 2 0 1 0 1 0; i64[4] 1 1 1 2", "f32[1,1,2,2] -1 0 3 0"),
        FAILS("AffineGrid", "", "f32[1,2,3] 1 0 0 0 1 0; i64[3] 1 1 1", "size has 3 numbers"),
        FAILS("AffineGrid", "", "f32[1,2,3] 1 0 0 0 1 0; i64[4] 2 1 1 1", "theta [1,2,3] does not go"),
    };
    CHECK(rows);
}

#define NMS "NonMaxSuppression"
#define BOXES "f32[1,3,4] 0 0 1 1 0 0.1 1 1.1 0 10 1 11; f32[1,1,3] 0.75 0.9 0.6"
static void boxes_that_overlap_are_dropped(void **state)
{
    static const struct op_case rows[] = {
        GIVES(NMS, "", BOXES "; i64[1] 3; f32[1] 0.5", "i64[2,3] 0 0 1 0 0 2"),
        GIVES(NMS, "", BOXES "; i64[1] 3; f32[1] 0.9", "i64[3,3] 0 0 1 0 0 0 0 0 2"),
        GIVES(NMS, "", BOXES "; i64[1] 1; f32[1] 0.5", "i64[1,3] 0 0 1"),
        GIVES(NMS, "", BOXES "; i64[1] 3; f32[1] 0.5; f32[1] 0.7", "i64[1,3] 0 0 1"),
        GIVES(NMS, "", BOXES, "i64[0,3]"),
        GIVES(NMS, "center_point_box=1", "f32[1,2,4] 0 0 2 2 1 0 2 2; f32[1,1,2] 1 2; i64[] 9; f32[] 0.3", "i64[1,3] 0 0 1"),
        FAILS(NMS, "", BOXES "; i64[1] 3; f32[1] 1.5", "iou_threshold is 1.5"),
        FAILS(NMS, "", "f32[1,2,4] 0 0 1 1 0 0 1 1; f32[1,1,3] 1 2 3; i64[1] 3", "boxes [1,2,4] do not go"),
    };
    CHECK(rows);
}

static void blocks_and_maxima_go_back(void **state)
{
    static const struct op_case rows[] = {
        GIVES("Col2Im", "", "f32[1,4,1] 1 2 3 4; i64[2] 2 2; i64[2] 2 2", "f32[1,1,2,2] 1 2 3 4"),
        GIVES("Col2Im", "", "f32[1,2,2] 1 2 10 20; i64[2] 1 3; i64[2] 1 2", "f32[1,1,1,3] 1 12 20"),
        FAILS("Col2Im", "", "f32[1,3,1] 1 2 3; i64[2] 2 2; i64[2] 2 2", "a multiple of 4"),
        FAILS("Col2Im", "", "f32[1,4,1] 1 2 3 4; i64[2] 2 1; i64[2] 2 2", "a block of 2 does not fit into 1"),
        GIVES("MaxUnpool", "kernel_shape=2,2 strides=2,2", "f32[1,1,1,1] 5; i64[1,1,1,1] 3", "f32[1,1,2,2] 0 0 0 5"),
        GIVES("MaxUnpool", "kernel_shape=2,2 strides=2,2", "f32[1,1,1,1] 5; i64[1,1,1,1] 3; i64[4] 1 1 3 3", "f32[1,1,3,3] 0 0 0 0 5 0 0 0 0"),
        FAILS("MaxUnpool", "kernel_shape=2,2", "f32[1,1,1,1] 5; i64[1,1,1,1] 4", "index 4 is outside 0..3"),
        FAILS("MaxUnpool", "kernel_shape=2,2", "f32[1,1,1,1] 5; i64[1,1,1,1] 0; i64[4] 1 1 1 1", "output_shape has"),
    };
    CHECK(rows);
}

/* Expected values: ONNX Runtime 1.32. */
#define ROWS "f32[1,1,3,4] 0 1 2 3 4 20 6 7 8 9 10 11"
static void the_largest_of_regions(void **state)
{
    static const struct op_case rows[] = {
        GIVES("MaxRoiPool", "pooled_shape=2,2", ROWS "; f32[3,5] 0 0 0 2 2 0 2 1 9 9 0 1.5 0.5 0 0",
              "f32[3,1,2,2] 20 20 20 20 11 0 0 0 6 6 6 6"),
        GIVES("MaxRoiPool", "pooled_shape=1,3 spatial_scale=0.5", ROWS "; f32[1,5] 0 1 -3 7 5",
              "f32[1,1,1,3] 20 11 11"),
        OLD(1, "MaxRoiPool", "pooled_shape=1,1", ROWS "; f32[1,5] 0 0 0 1 1", "f32[1,1,1,1] 20"),
        FAILS("MaxRoiPool", "pooled_shape=1,1", ROWS "; f32[1,5] 1 0 0 1 1", "region 0 is of image 1, there are 1"),
        FAILS("MaxRoiPool", "pooled_shape=1,1", ROWS "; f32[1,5] 0 nan 0 1 1", "region 0 has a corner beyond"),
        FAILS("MaxRoiPool", "pooled_shape=1,1", ROWS "; f32[1,4] 0 0 0 1", "[R,5] are needed"),
        FAILS("MaxRoiPool", "pooled_shape=1,", ROWS "; f32[1,5] 0 0 0 1 1", "pooled_shape must be two numbers"),
    };
    CHECK(rows);
}

#define MAP X "; f32[1,4] 0 0 2 2; i64[1] 0"
static void regions_and_moved_taps(void **state)
{
    static const struct op_case rows[] = {
        GIVES("RoiAlign", "sampling_ratio=1", MAP, "f32[1,1,1,1] 2.5"),
        OLD(10, "RoiAlign", "sampling_ratio=1", MAP, "f32[1,1,1,1] 4"),
        GIVES("RoiAlign", "sampling_ratio=1 mode=max", MAP, "f32[1,1,1,1] 1"),
        FAILS("RoiAlign", "", X "; f32[1,4] 0 0 2 2; i64[1] 3", "region 0 is of image 3, there are 1"),
        FAILS("RoiAlign", "", X "; f32[1,4] 0 0 1e30 2; i64[1] 0", "region 0 is more than 65536"),
        FAILS("RoiAlign", "mode=min", MAP, "mode 'min'"),
        GIVES("DeformConv", "", X "; f32[1,1,1,1] 2; f32[1,2,2,2] 0 0 0 0 0 0 0 0", "f32[1,1,2,2] 2 4 6 8"),
        GIVES("DeformConv", "", X "; f32[1,1,1,1] 2; f32[1,2,2,2] 0.5 0 0 0 0 0 0 9; f32[1] 1", "f32[1,1,2,2] 5 5 7 1"),
        GIVES("DeformConv", "", X "; f32[1,1,1,1] 2; f32[1,2,2,2] 0 0 0 0 0 0 0 0; -; f32[1,1,2,2] 1 0 1 0.5", "f32[1,1,2,2] 2 0 6 4"),
        FAILS("DeformConv", "", X "; f32[1,1,1,1] 2; f32[1,1,2,2] 0 0 0 0", "do not go with 1 taps"),
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
        cmocka_unit_test(images_are_read_at_places),
        cmocka_unit_test(boxes_that_overlap_are_dropped),
        cmocka_unit_test(blocks_and_maxima_go_back),
        cmocka_unit_test(the_largest_of_regions),
        cmocka_unit_test(regions_and_moved_taps),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

/*
 * tests/tensor/tensor_test.c - strides, row-major or not, shapes as text
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/tensor/tensor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include "src/graph/graph.h"

#include <cmocka.h>

static int setup(void **state)
{
    struct imgcls_context *ctx;
    if (imgcls_context_create(NULL, &ctx))
        return -1;
    *state = ctx;
    return 0;
}

static int teardown(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

static void borrowed_tensors_are_row_major(void **state)
{
    struct imgcls_tensor tensor;
    float bytes[24];
    assert_int_equal(icl_tensor_borrow(*state, IMGCLS_F32, 3, (int64_t[]){2, 3, 4}, bytes,
                                       &tensor),
                     IMGCLS_OK);
    assert_int_equal(tensor.size_bytes, 96);
    assert_int_equal(tensor.strides[0], 12);
    assert_int_equal(tensor.strides[1], 4);
    assert_int_equal(tensor.strides[2], 1);
    assert_ptr_equal(tensor.data, bytes);
    assert_true(icl_tensor_is_row_major(&tensor));
    tensor.strides[0] = 1;
    assert_false(icl_tensor_is_row_major(&tensor));
}

static void strides_nobody_follows_do_not_matter(void **state)
{
    struct imgcls_tensor tensor;
    float bytes[4];
    assert_int_equal(icl_tensor_borrow(*state, IMGCLS_F32, 3, (int64_t[]){1, 4, 1}, bytes,
                                       &tensor),
                     IMGCLS_OK);
    tensor.strides[0] = 99;
    tensor.strides[2] = -7;
    assert_true(icl_tensor_is_row_major(&tensor));
    assert_int_equal(
        icl_tensor_borrow(*state, IMGCLS_F32, 2, (int64_t[]){0, 5}, NULL, &tensor), IMGCLS_OK);
    tensor.strides[0] = 3;
    assert_true(icl_tensor_is_row_major(&tensor));
    assert_int_equal(tensor.size_bytes, 0);
}

static void impossible_shapes_are_refused(void **state)
{
    struct imgcls_context *ctx = *state;
    static const struct {
        int32_t type, rank;
        int64_t dims[2];
        imgcls_status want;
        const char *text;
    } rows[] = {
        {IMGCLS_F32, -1, {0}, IMGCLS_BAD_INPUT, "tensor: -1 dimensions, allowed are 0 to 16"},
        {IMGCLS_F32, 17, {0}, IMGCLS_BAD_INPUT, "tensor: 17 dimensions, allowed are 0 to 16"},
        {0, 1, {1}, IMGCLS_BAD_INPUT, "tensor: element type 0 is not one to store"},
        {99, 1, {1}, IMGCLS_BAD_INPUT, "tensor: element type 99 is not one to store"},
        {IMGCLS_F32, 2, {2, -1}, IMGCLS_BAD_INPUT,
         "tensor: float32[2,?] has an unknown dimension"},
        {IMGCLS_F32, 2, {INT64_MAX, 2}, IMGCLS_LIMIT,
         "tensor: float32[9223372036854775807,2] is larger than any memory"},
        {IMGCLS_F64, 1, {INT64_MAX}, IMGCLS_LIMIT,
         "tensor: float64[9223372036854775807] is larger than any memory"},
        {IMGCLS_F64, 1, {INT64_MAX / 8 + 1}, IMGCLS_LIMIT,
         "tensor: float64[1152921504606846976] is larger than any memory"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct imgcls_tensor tensor;
        imgcls_status got = icl_tensor_borrow(ctx, rows[i].type, rows[i].rank, rows[i].dims,
                                              NULL, &tensor);
        if (got != rows[i].want || strcmp(imgcls_error(ctx), rows[i].text))
            fail_msg("row %zu: %d, %s", i, (int)got, imgcls_error(ctx));
        icl_forgive(ctx);
    }
}

static void shapes_read_as_text(void **state)
{
    struct imgcls_graph *graph;
    int64_t named, unnamed;
    char text[64];
    assert_int_equal(icl_graph_create(*state, NULL, &graph), IMGCLS_OK);
    assert_int_equal(icl_graph_symbol_of(graph, "batch", &named), IMGCLS_OK);
    assert_int_equal(icl_graph_symbol_of(graph, NULL, &unnamed), IMGCLS_OK);
    const int64_t dims[] = {named, 3, -1, unnamed};
    icl_shape_text(graph, 4, dims, text, sizeof text);
    assert_string_equal(text, "[batch,3,?,s1]");
    icl_shape_text(NULL, 4, dims, text, sizeof text);
    assert_string_equal(text, "[s0,3,?,s1]");
    icl_shape_text(NULL, 0, dims, text, sizeof text);
    assert_string_equal(text, "[]");
    icl_shape_text(NULL, -1, dims, text, sizeof text);
    assert_string_equal(text, "[...]");
    icl_graph_destroy(graph);
}

static void long_shapes_are_cut(void **state)
{
    (void)state;
    const int64_t dims[] = {1000000, 2000000, 3000000};
    char text[32];
    static const struct {
        size_t capacity;
        const char *want;
    } rows[] = {{32, "[1000000,2000000,3000000]"},
                {31, "[1000000,2000000,3000000]"},
                {26, "[1000000,2000000...]"},
                {10, "[...]"},
                {6, "[...]"},
                {3, "[."}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memset(text, 'x', sizeof text);
        icl_shape_text(NULL, 3, dims, text, rows[i].capacity);
        assert_string_equal(text, rows[i].want);
        if (rows[i].capacity < sizeof text)
            assert_int_equal(text[rows[i].capacity], 'x');
    }
    icl_shape_text(NULL, 3, dims, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(borrowed_tensors_are_row_major, setup, teardown),
        cmocka_unit_test_setup_teardown(strides_nobody_follows_do_not_matter, setup, teardown),
        cmocka_unit_test_setup_teardown(impossible_shapes_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(shapes_read_as_text, setup, teardown),
        cmocka_unit_test(long_shapes_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

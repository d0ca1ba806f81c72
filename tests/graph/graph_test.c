/*
 * tests/graph/graph_test.c - inputs, outputs, initializers, opsets, metadata, symbols, golden
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/graph/drawing.h"

#include "src/file/file.h"
#include "src/tensor/tensor.h"

static void inputs_and_outputs_keep_order_and_shape(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL);
    const char *names[] = {"batch", NULL, "", NULL};
    const int64_t dims[] = {-1, 3, -1, -7};
    assert_int_equal(icl_graph_add_input(graph, "x", IMGCLS_KIND_TENSOR, IMGCLS_F16, 4, dims,
                                         names),
                     IMGCLS_OK);
    draw_input(graph, "b");
    assert_int_equal(icl_graph_add_output(graph, "y", IMGCLS_KIND_SEQUENCE, IMGCLS_I64, 1, dims,
                                          names),
                     IMGCLS_OK);
    assert_int_equal(graph->input_count, 2);
    const struct imgcls_value_info *x = &graph->inputs[0]->info;
    assert_string_equal(x->name, "x");
    assert_int_equal(x->type, IMGCLS_F16);
    assert_int_equal(x->rank, 4);
    assert_int_equal(x->dims[0], -2);
    assert_int_equal(x->dims[1], 3);
    assert_int_equal(x->dims[2], -1);
    assert_int_equal(x->dims[3], -1); /* a symbol that the graph does not have */
    assert_string_equal(icl_graph_symbol(graph, x->dims[0]), "batch");
    assert_int_equal(graph->outputs[0]->info.dims[0], -2); /* the same name, the same symbol */
    assert_int_equal(graph->outputs[0]->info.kind, IMGCLS_KIND_SEQUENCE);
    icl_graph_destroy(graph);
}

static void what_is_listed_twice_or_nameless_is_refused(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL);
    draw_input(graph, "x");
    draw_constant(graph, "w", 1);
    float number = 2;
    const struct imgcls_tensor tensor = {
        .struct_size = sizeof tensor, .type = IMGCLS_F32, .data = &number, .size_bytes = 4};
    assert_int_equal(icl_graph_add_input(graph, "x", 0, 1, -1, NULL, NULL), IMGCLS_BAD_INPUT);
    assert_string_equal(imgcls_error(ctx), "input 'x' is listed twice");
    icl_forgive(ctx);
    assert_int_equal(icl_graph_add_initializer(graph, "w", &tensor, NULL), IMGCLS_BAD_INPUT);
    assert_string_equal(imgcls_error(ctx), "initializer 'w' is listed twice");
    icl_forgive(ctx);
    assert_int_equal(icl_graph_add_input(graph, "", 0, 1, -1, NULL, NULL), IMGCLS_BAD_INPUT);
    assert_string_equal(imgcls_error(ctx), "graph: input 1 has no name");
    icl_forgive(ctx);
    assert_int_equal(icl_graph_add_input(graph, "z", 0, 1, 17, NULL, NULL), IMGCLS_BAD_INPUT);
    icl_graph_destroy(graph);
}

static void initializer_and_input_at_once_is_a_default(void **state)
{
    struct imgcls_context *ctx = *state;
    for (int initializer_first = 0; initializer_first < 2; initializer_first++) {
        struct imgcls_graph *graph = draw_graph(ctx, NULL);
        if (initializer_first)
            draw_constant(graph, "w", 5);
        assert_int_equal(icl_graph_add_input(graph, "w", IMGCLS_KIND_TENSOR, IMGCLS_F32, 1,
                                             (int64_t[]){-1}, NULL),
                         IMGCLS_OK);
        if (!initializer_first)
            draw_constant(graph, "w", 5);
        const struct icl_value *w = graph->inputs[0];
        assert_ptr_equal(graph->initializers[0], w);
        assert_int_equal(w->info.rank, 0);
        assert_true(*(const float *)w->info.constant->data == 5);
        icl_graph_destroy(graph);
    }
}

static void initializers_borrow_from_storage_where_aligned(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL);
    struct imgcls_storage *storage;
    unsigned char *bytes = icl_alloc(ctx, 16, 1);
    const float numbers[] = {1, 2};
    memcpy(bytes + 4, numbers, 8);
    assert_int_equal(icl_storage_own(ctx, bytes, 16, &storage), IMGCLS_OK);
    struct imgcls_tensor tensor = {.struct_size = sizeof tensor,
                                   .type = IMGCLS_F32,
                                   .rank = 1,
                                   .dims = {2},
                                   .data = bytes + 4,
                                   .size_bytes = 8};
    assert_int_equal(icl_graph_add_initializer(graph, "a", &tensor, storage), IMGCLS_OK);
    memmove(bytes + 7, bytes + 4, 8);
    tensor.data = bytes + 7; /* as bytes in the middle of a file may lie */
    assert_int_equal(icl_graph_add_initializer(graph, "b", &tensor, storage), IMGCLS_OK);
    icl_storage_release(storage);
    assert_ptr_equal(graph->initializers[0]->tensor.data, bytes + 4);
    assert_ptr_not_equal(graph->initializers[1]->tensor.data, bytes + 7);
    assert_memory_equal(graph->initializers[1]->tensor.data, numbers, 8);
    icl_graph_destroy(graph);
}

static void initializers_that_lie_about_their_size_are_refused(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL);
    float numbers[4] = {0};
    struct imgcls_tensor tensor = {.struct_size = sizeof tensor,
                                   .type = IMGCLS_F32,
                                   .rank = 1,
                                   .dims = {4},
                                   .data = numbers,
                                   .size_bytes = 12};
    assert_int_equal(icl_graph_add_initializer(graph, "w", &tensor, NULL), IMGCLS_BAD_INPUT);
    assert_string_equal(imgcls_error(ctx),
                        "initializer 'w': tensor: 12 bytes where the shape wants 16");
    icl_forgive(ctx);
    tensor.data = NULL;
    tensor.size_bytes = 16;
    assert_int_equal(icl_graph_add_initializer(graph, "w", &tensor, NULL), IMGCLS_BAD_INPUT);
    icl_graph_destroy(graph);
}

static void string_initializers_own_their_texts(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL);
    char text[] = "cat";
    struct imgcls_string strings[] = {{text, 3}, {NULL, 0}, {"a\0b", 3}};
    const struct imgcls_tensor tensor = {.struct_size = sizeof tensor,
                                         .type = IMGCLS_STRING,
                                         .rank = 1,
                                         .dims = {3},
                                         .data = strings,
                                         .size_bytes = sizeof strings};
    assert_int_equal(icl_graph_add_initializer(graph, "labels", &tensor, NULL), IMGCLS_OK);
    text[0] = 'x';
    strings[2].bytes = NULL;
    const struct imgcls_string *own = graph->initializers[0]->tensor.data;
    assert_string_equal(own[0].bytes, "cat");
    assert_int_equal(own[1].length, 0);
    assert_memory_equal(own[2].bytes, "a\0b", 4);
    icl_graph_destroy(graph);
}

static void opsets_and_metadata_are_replaced_not_repeated(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL), *inner = draw_graph(ctx, graph);
    assert_int_equal(icl_graph_opset(graph, ""), 0);
    assert_int_equal(icl_graph_set_opset(graph, "ai.onnx", 11), IMGCLS_OK);
    assert_int_equal(icl_graph_set_opset(graph, "", 13), IMGCLS_OK);
    assert_int_equal(icl_graph_set_opset(graph, "org.example", 2), IMGCLS_OK);
    assert_int_equal(graph->opset_count, 2);
    assert_int_equal(icl_graph_opset(inner, "ai.onnx"), 13);
    assert_int_equal(icl_graph_opset(graph, "org.example"), 2);
    assert_int_equal(icl_graph_set_meta(graph, "k", "one"), IMGCLS_OK);
    assert_int_equal(icl_graph_set_meta(graph, "l", "two"), IMGCLS_OK);
    assert_int_equal(icl_graph_set_meta(graph, "k", "three"), IMGCLS_OK);
    assert_string_equal(icl_graph_meta(graph, "k"), "three");
    assert_int_equal(graph->meta_count, 2);
    assert_int_equal(icl_graph_set_meta(graph, "k", NULL), IMGCLS_OK);
    assert_null(icl_graph_meta(graph, "k"));
    assert_string_equal(icl_graph_meta(graph, "l"), "two");
    icl_graph_destroy(graph); /* and the inner graph that nobody took */
}

static void unique_names_are_unique_all_around(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL), *inner = draw_graph(ctx, graph);
    draw_input(graph, "x");
    draw_input(inner, "x_1");
    assert_string_equal(icl_graph_unique_name(graph, "y"), "y");
    assert_string_equal(icl_graph_unique_name(graph, "y"), "y_1");
    assert_string_equal(icl_graph_unique_name(inner, "x"), "x_2");
    assert_string_equal(icl_graph_unique_name(graph, "x"), "x_3");
    assert_string_equal(icl_graph_unique_name(graph, ""), "_4");
    icl_graph_destroy(graph);
}

static void golden_is_a_copy(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL);
    struct imgcls_value *x;
    assert_int_equal(icl_value_tensor(ctx, IMGCLS_F32, 1, (int64_t[]){2}, &x), IMGCLS_OK);
    ((float *)x->tensor->data)[1] = 3;
    const struct imgcls_value *list[] = {x};
    for (int twice = 0; twice < 2; twice++)
        assert_int_equal(icl_graph_set_golden(graph, "test_data_set_0", 1, list, 1, list),
                         IMGCLS_OK);
    icl_value_release(ctx, x);
    assert_string_equal(graph->golden.origin, "test_data_set_0");
    assert_true(((float *)graph->golden.outputs[0]->tensor->data)[1] == 3);
    icl_graph_destroy(graph);
}

static void inner_graphs_have_a_ceiling(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL), *deepest = graph, *next;
    while (icl_graph_create(ctx, deepest, &next) == IMGCLS_OK)
        deepest = next;
    assert_int_equal(deepest->depth, ICL_GRAPH_DEPTH);
    assert_string_equal(imgcls_error(ctx), "graph: inner graphs nest deeper than 32");
    icl_graph_destroy(graph);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, context_setup, context_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(inputs_and_outputs_keep_order_and_shape),
        CASE(what_is_listed_twice_or_nameless_is_refused),
        CASE(initializer_and_input_at_once_is_a_default),
        CASE(initializers_borrow_from_storage_where_aligned),
        CASE(initializers_that_lie_about_their_size_are_refused),
        CASE(string_initializers_own_their_texts),
        CASE(opsets_and_metadata_are_replaced_not_repeated),
        CASE(unique_names_are_unique_all_around),
        CASE(golden_is_a_copy),
        CASE(inner_graphs_have_a_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * tests/graph/clone_test.c - copies are whole, their own, and share constants' bytes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/graph/drawing.h"

static void a_copy_is_whole_and_its_own(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL), *copy;
    int64_t unnamed;
    assert_int_equal(icl_graph_set_name(graph, "net"), IMGCLS_OK);
    assert_int_equal(icl_graph_set_opset(graph, "", 17), IMGCLS_OK);
    assert_int_equal(icl_graph_set_meta(graph, "k", "v"), IMGCLS_OK);
    assert_int_equal(icl_graph_symbol_of(graph, NULL, &unnamed), IMGCLS_OK);
    assert_int_equal(icl_graph_add_input(graph, "x", 0, IMGCLS_F32, 2, (int64_t[]){-1, 3},
                                         (const char *[]){"batch", NULL}),
                     IMGCLS_OK);
    draw_constant(graph, "w", 7);
    struct icl_node *node = draw(graph, "x - w > A > y");
    assert_int_equal(
        icl_node_add_epilogue(node, &(struct imgcls_epilogue){.kind = 2, .operand = -1}),
        IMGCLS_OK);
    draw_output(graph, "y");
    assert_int_equal(icl_graph_clone(graph, &copy), IMGCLS_OK);
    const void *bytes = graph->initializers[0]->tensor.data;
    icl_graph_destroy(graph); /* the copy needs nothing of it */
    assert_drawn(copy, "x - w > A > y");
    assert_string_equal(copy->name, "net");
    assert_int_equal(icl_graph_opset(copy, ""), 17);
    assert_string_equal(icl_graph_meta(copy, "k"), "v");
    assert_ptr_equal(copy->initializers[0]->tensor.data, bytes);
    assert_ptr_equal(copy->initializers[0]->info.constant, &copy->initializers[0]->tensor);
    assert_true(*(const float *)bytes == 7);
    assert_int_equal(copy->inputs[0]->info.dims[0], -3);
    assert_string_equal(icl_graph_symbol(copy, -3), "batch");
    assert_null(icl_graph_symbol(copy, -2));
    assert_int_equal(copy->nodes[0]->node.epilogue_count, 1);
    assert_ptr_equal(copy->outputs[0]->producer, copy->nodes[0]);
    icl_graph_destroy(copy);
}

static void inner_graphs_use_the_copys_values(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL), *inner = draw_graph(ctx, graph),
                        *innermost = draw_graph(ctx, inner), *copy, *twin;
    draw_input(graph, "x");
    struct icl_node *owner = draw(graph, "x > If > y");
    struct icl_node *middle = draw(inner, "x > If > m");
    draw(inner, "x > Abs > p");
    draw(innermost, "x p > Add > n");
    draw_output(innermost, "n");
    draw_output(inner, "m");
    draw_inner(middle, "then_branch", innermost);
    draw_inner(owner, "then_branch", inner);
    draw_output(graph, "y");
    assert_int_equal(icl_graph_sort(graph), IMGCLS_OK);
    /* somebody used the positions for himself */
    for (size_t i = 0; i < graph->value_count; i++)
        graph->values[i]->index = 1000 + i;
    assert_int_equal(icl_graph_clone(graph, &copy), IMGCLS_OK);
    assert_int_equal(icl_value_uses(graph->inputs[0]), 4);
    twin = icl_node_attr(&copy->nodes[0]->node, "then_branch")->graphs[0];
    /* an inner graph's copy belongs to the same enclosing graph */
    struct imgcls_graph *second;
    assert_int_equal(icl_graph_clone(inner, &second), IMGCLS_OK);
    assert_int_equal(icl_value_uses(graph->inputs[0]), 7);
    assert_drawn(second, "x > Abs > p; x > If > m");
    icl_graph_destroy(second);
    assert_int_equal(icl_value_uses(graph->inputs[0]), 4);
    icl_graph_destroy(graph);
    assert_drawn(copy, "x > If > y");
    assert_drawn(twin, "x > Abs > p; x > If > m");
    assert_ptr_equal(twin->nodes[0]->inputs[0], &copy->inputs[0]->info);
    assert_int_equal(icl_value_uses(copy->inputs[0]), 4);
    assert_int_equal(icl_graph_sort(copy), IMGCLS_OK);
    icl_graph_destroy(copy);
}

static void removed_nodes_are_not_copied(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL), *copy;
    draw_input(graph, "x");
    icl_node_remove(draw(graph, "x > A > a"));
    draw(graph, "x > B > b");
    draw_output(graph, "b");
    assert_int_equal(icl_graph_clone(graph, &copy), IMGCLS_OK);
    assert_drawn(copy, "x > B > b");
    icl_graph_destroy(graph);
    icl_graph_destroy(copy);
}

static void folded_results_are_kept(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL), *copy;
    float number = 5;
    const struct imgcls_tensor folded = {
        .struct_size = sizeof folded, .type = IMGCLS_F32, .data = &number, .size_bytes = 4};
    draw_input(graph, "x");
    draw(graph, "x > Shape > s");
    draw_output(graph, "s");
    icl_graph_find(graph, "s")->info.constant = &folded;
    assert_int_equal(icl_graph_clone(graph, &copy), IMGCLS_OK);
    number = 0;
    assert_true(*(const float *)icl_graph_find(copy, "s")->info.constant->data == 5);
    icl_graph_destroy(graph);
    icl_graph_destroy(copy);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, context_setup, context_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_copy_is_whole_and_its_own),
        CASE(inner_graphs_use_the_copys_values),
        CASE(removed_nodes_are_not_copied),
        CASE(folded_results_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

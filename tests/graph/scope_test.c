/*
 * tests/graph/scope_test.c - what a name means in an inner graph, in whatever order things come
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/graph/drawing.h"

/* The steps of building "y = If(c) { n = Neg(a); out n }" with a = Abs(x), in six orders. */
static void order_of_building_does_not_matter(void **state)
{
    struct imgcls_context *ctx = *state;
    static const char *const orders[] = {"icanNoA", "icNAano", "aNniocA",
                                         "nNAoica", "NnoaciA", "oNnAaic"};
    for (size_t row = 0; row < sizeof orders / sizeof orders[0]; row++) {
        struct imgcls_graph *graph = draw_graph(ctx, NULL), *inner = NULL;
        struct icl_node *owner = NULL;
        inner = draw_graph(ctx, graph);
        for (const char *step = orders[row]; *step; step++) {
            if (*step == 'i')
                draw_input(graph, "x");
            if (*step == 'c')
                draw_input(graph, "c");
            if (*step == 'a')
                draw(graph, "x > Abs > a");
            if (*step == 'n')
                draw(inner, "a > Neg > n");
            if (*step == 'o')
                draw_output(inner, "n");
            if (*step == 'N')
                owner = draw(graph, "c > If > y");
            if (*step == 'A')
                draw_inner(owner, "then_branch", inner);
        }
        draw_output(graph, "y");
        assert_int_equal(icl_graph_sort(graph), IMGCLS_OK);
        assert_drawn(inner, "a > Neg > n");
        assert_ptr_equal(inner->nodes[0]->inputs[0], &icl_graph_find(graph, "a")->info);
        /* the inner use holds the outer node back */
        assert_drawn(graph, "x > Abs > a; c > If > y");
        icl_graph_destroy(graph);
    }
}

static void inner_definitions_win_even_when_they_come_late(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL), *inner = draw_graph(ctx, graph),
                        *innermost = draw_graph(ctx, inner);
    draw_input(graph, "x");
    draw_input(graph, "c");
    struct icl_node *owner = draw(graph, "c > If > y");
    struct icl_node *middle = draw(inner, "c > If > m");
    draw(innermost, "x > Neg > n");
    draw_output(innermost, "n");
    draw(inner, "x m > Add > s"); /* x of the main graph, for now */
    assert_int_equal(icl_value_uses(icl_graph_find(graph, "x")), 2);
    draw(inner, "c > Foo > x"); /* now x is the inner one */
    draw_output(inner, "s");
    draw_inner(middle, "then_branch", innermost);
    draw_inner(owner, "then_branch", inner);
    draw_output(graph, "y");
    assert_int_equal(icl_value_uses(icl_graph_find(graph, "x")), 0);
    assert_int_equal(icl_graph_sort(graph), IMGCLS_OK);
    /* and has a name of its own afterwards, as ONNX wants */
    assert_drawn(inner, "c > Foo > x_1; c > If > m; x_1 m > Add > s");
    assert_drawn(innermost, "x_1 > Neg > n");
    icl_graph_destroy(graph);
}

static void an_outer_value_as_inner_output_goes_through_identity(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL), *inner = draw_graph(ctx, graph);
    draw_input(graph, "x");
    draw_input(graph, "c");
    struct icl_node *owner = draw(graph, "c > If > y");
    draw(inner, "x > Neg > unused");
    draw_output(inner, "x");
    draw_inner(owner, "then_branch", inner);
    draw_output(graph, "y");
    assert_int_equal(icl_graph_sort(graph), IMGCLS_OK);
    assert_drawn(inner, "x > Neg > unused; x > Identity > x_1");
    assert_string_equal(inner->outputs[0]->name, "x_1");
    assert_ptr_equal(inner->nodes[0]->inputs[0], &graph->inputs[0]->info);
    assert_ptr_equal(inner->nodes[1]->inputs[0], &graph->inputs[0]->info);
    assert_int_equal(icl_graph_sort(graph), IMGCLS_OK); /* once is enough */
    assert_drawn(inner, "x > Neg > unused; x > Identity > x_1");
    icl_graph_destroy(graph);
}

static void siblings_do_not_see_each_other(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL), *yes = draw_graph(ctx, graph),
                        *no = draw_graph(ctx, graph);
    draw_input(graph, "c");
    struct icl_node *owner = draw(graph, "c > If > y");
    draw(yes, "c > Neg > inside");
    draw_output(yes, "inside");
    draw(no, "inside > Neg > n");
    draw_output(no, "n");
    draw_inner(owner, "then_branch", yes);
    draw_inner(owner, "else_branch", no);
    draw_output(graph, "y");
    assert_int_equal(icl_graph_sort(graph), IMGCLS_BAD_INPUT);
    assert_string_equal(imgcls_error(ctx),
                        "node 'n' (Neg): input 'inside' is produced by nothing");
    icl_graph_destroy(graph);
}

static void new_names_avoid_inner_ones(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL), *inner = draw_graph(ctx, graph);
    draw_input(graph, "c");
    struct icl_node *owner = draw(graph, "c > If > y");
    draw(inner, "c > Neg > t");
    draw(inner, "t > Neg > u");
    draw_output(inner, "u");
    draw_inner(owner, "then_branch", inner);
    /* A pass gives the main graph a value that happens to be called like an inner one. */
    draw(graph, "c > Abs > t");
    draw_output(graph, "y");
    draw_output(graph, "t");
    assert_int_equal(icl_graph_sort(graph), IMGCLS_OK);
    assert_drawn(inner, "c > Neg > t_1; t_1 > Neg > u");
    icl_graph_destroy(graph);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, context_setup, context_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(order_of_building_does_not_matter),
        CASE(inner_definitions_win_even_when_they_come_late),
        CASE(an_outer_value_as_inner_output_goes_through_identity),
        CASE(siblings_do_not_see_each_other),
        CASE(new_names_avoid_inner_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

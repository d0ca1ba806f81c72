/*
 * tests/graph/sort_test.c - topological order, and every way in which there is none
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/graph/drawing.h"

static const struct {
    const char *nodes[6];
    const char *want; /* the order, or the message */
} rows[] = {
    {{"x > A > a", "a > B > b", "b > C > y"}, "x > A > a; a > B > b; b > C > y"},
    {{"b > C > y", "a > B > b", "x > A > a"}, "x > A > a; a > B > b; b > C > y"},
    /* only what must move moves */
    {{"x > D > d", "b d > C > y", "x > E > e", "x > B > b"},
     "x > D > d; x > E > e; x > B > b; b d > C > y"},
    {{"x > A > y", "x > B > b", "x > C > c"}, "x > A > y; x > B > b; x > C > c"},
    {{"x x - > A > y"}, "x x - > A > y"},
    /* impossible ones */
    {{"x a > A > y", "q > B > a"}, "node 'a' (B): input 'q' is produced by nothing"},
    {{"x > A > z"}, "output 'y' is produced by nothing"},
    {{"x > A > y", "x > B > y"}, "node 'y' (A): output 'y' is also produced by node 'y' (B)"},
    {{"x > A > y z z"}, "node 'y' (A): output 'z' is produced twice"},
    {{"w > A > x", "x > B > y"}, "node 'x' (A): output 'x' is already an input of the graph"},
    {{"x > A > w", "x > B > y"},
     "node 'w' (A): output 'w' is already an initializer of the graph"},
    {{"x y > A > y"},
     "graph: a cycle of 1 node: node 'y' (A), which needs node 'y' (A)"},
    {{"x b > A > a", "a > B > b", "b > C > y"},
     "graph: a cycle of 2 nodes: node 'b' (B), which needs node 'a' (A), which needs node 'b' "
     "(B)"},
};

static void rows_sort_or_say_why_not(void **state)
{
    struct imgcls_context *ctx = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct imgcls_graph *graph = draw_graph(ctx, NULL);
        char text[1024];
        draw_input(graph, "x");
        draw_constant(graph, "w", 1);
        for (size_t n = 0; rows[i].nodes[n]; n++)
            draw(graph, rows[i].nodes[n]);
        draw_output(graph, "y");
        imgcls_status status = icl_graph_sort(graph);
        const char *got =
            status == IMGCLS_OK ? draw_text(graph, text, sizeof text) : imgcls_error(ctx);
        if (strcmp(got, rows[i].want))
            fail_msg("row %zu: %s\nwanted: %s", i, got, rows[i].want);
        if (status != IMGCLS_OK)
            assert_int_equal(status, IMGCLS_BAD_INPUT);
        icl_forgive(ctx);
        check_links(graph);
        icl_graph_destroy(graph);
    }
}

static void cycles_through_inner_graphs_are_found(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL), *inner = draw_graph(ctx, graph);
    draw_input(graph, "c");
    struct icl_node *owner = draw(graph, "c > If > y");
    draw(graph, "y > Neg > z");
    draw(inner, "z > Abs > n");
    draw_output(inner, "n");
    draw_inner(owner, "then_branch", inner);
    draw_output(graph, "y");
    assert_int_equal(icl_graph_sort(graph), IMGCLS_BAD_INPUT);
    assert_string_equal(imgcls_error(ctx),
                        "graph: a cycle of 2 nodes: node 'y' (If), which needs node 'z' (Neg), "
                        "which needs node 'y' (If)");
    icl_graph_destroy(graph);
}

static void long_cycles_are_named_in_part(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL);
    for (int i = 0; i < 50; i++) {
        char line[64];
        snprintf(line, sizeof line, "v%d > A > v%d", i, (i + 1) % 50);
        draw(graph, line);
    }
    draw_output(graph, "v0");
    assert_int_equal(icl_graph_sort(graph), IMGCLS_BAD_INPUT);
    assert_int_equal(strncmp(imgcls_error(ctx), "graph: a cycle of 50 nodes: node 'v", 35), 0);
    assert_non_null(strstr(imgcls_error(ctx), ", and so on round"));
    icl_graph_destroy(graph);
}

/* A chain as deep as a hostile file likes, in the worst order; and a fan of as many uses of
 * one value. Neither may recurse or take the square of its length. */
static void depth_and_width_cost_nothing_special(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL);
    const int count = 100000;
    char from[16], to[16];
    draw_input(graph, "v0");
    for (int i = count; i-- > 0;) {
        snprintf(from, sizeof from, "v%d", i);
        snprintf(to, sizeof to, "v%d", i + 1);
        assert_int_equal(icl_graph_add_node(graph, "", "A", "", 2,
                                            (const char *[]){from, "v0"}, 1,
                                            (const char *[]){to}, NULL),
                         IMGCLS_OK);
    }
    snprintf(to, sizeof to, "v%d", count);
    draw_output(graph, to);
    assert_int_equal(icl_graph_sort(graph), IMGCLS_OK);
    for (int i = 0; i < count; i++) {
        snprintf(to, sizeof to, "v%d", i + 1);
        assert_string_equal(graph->nodes[i]->outputs[0]->name, to);
        assert_int_equal(graph->nodes[i]->index, i);
    }
    assert_int_equal(icl_graph_drop_dead(graph), IMGCLS_OK);
    assert_int_equal(graph->node_count, count);
    icl_graph_destroy(graph);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, context_setup, context_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(rows_sort_or_say_why_not),
        CASE(cycles_through_inner_graphs_are_found),
        CASE(long_cycles_are_named_in_part),
        CASE(depth_and_width_cost_nothing_special),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

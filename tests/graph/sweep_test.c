/*
 * tests/graph/sweep_test.c - replacing uses, dropping the dead, sweeping
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/graph/drawing.h"

static void uses_move_inner_graphs_and_outputs_included(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL), *inner = draw_graph(ctx, graph);
    draw_input(graph, "x");
    draw(graph, "x > A > a");
    draw(graph, "a > Identity > i");
    draw(graph, "i i > B > b");
    struct icl_node *owner = draw(graph, "b > If > c");
    draw(inner, "i > Neg > n");
    draw_output(inner, "n");
    draw_inner(owner, "then_branch", inner);
    draw_output(graph, "c");
    draw_output(graph, "i");
    struct icl_value *i = icl_graph_find(graph, "i"), *a = icl_graph_find(graph, "a");
    assert_int_equal(icl_value_uses(i), 4);
    assert_int_equal(icl_graph_replace_uses(graph, i, a), IMGCLS_OK);
    assert_int_equal(icl_value_uses(i), 0);
    assert_int_equal(icl_value_uses(a), 5);
    assert_string_equal(graph->outputs[1]->name, "a");
    assert_int_equal(icl_graph_replace_uses(graph, a, a), IMGCLS_OK);
    assert_int_equal(icl_graph_drop_dead(graph), IMGCLS_OK);
    assert_drawn(graph, "x > A > a; a a > B > b; b > If > c");
    assert_drawn(inner, "a > Neg > n");
    assert_null(icl_graph_find(graph, "i"));
    icl_graph_destroy(graph);
}

static void outputs_stay_in_their_graph(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL), *inner = draw_graph(ctx, graph);
    draw_input(graph, "x");
    draw(inner, "x > Identity > n");
    draw_output(inner, "n");
    assert_int_equal(icl_graph_replace_uses(inner, icl_graph_find(inner, "n"),
                                            icl_graph_find(graph, "x")),
                     IMGCLS_INTERNAL);
    icl_graph_destroy(graph);
}

static void dead_nodes_and_unused_constants_go(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL);
    draw_input(graph, "x");
    draw_input(graph, "idle"); /* an input stays: callers count on it */
    draw_constant(graph, "w", 1);
    draw_constant(graph, "v", 2);
    draw(graph, "d2 > D > d3"); /* in no order */
    draw(graph, "x v > D > d1");
    draw(graph, "d1 > D > d2");
    draw(graph, "x w > A > y side");
    draw(graph, "e2 > E > e1"); /* a cycle that nobody waits for */
    draw(graph, "e1 > E > e2");
    draw_output(graph, "y");
    assert_int_equal(icl_graph_drop_dead(graph), IMGCLS_OK);
    assert_drawn(graph, "x w > A > y side");
    assert_int_equal(graph->initializer_count, 1);
    assert_string_equal(graph->initializers[0]->name, "w");
    assert_int_equal(graph->input_count, 2);
    assert_null(icl_graph_find(graph, "d1"));
    assert_int_equal(graph->value_count, 5);
    icl_graph_destroy(graph);
}

static void what_inner_graphs_no_longer_use_goes(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL), *inner = draw_graph(ctx, graph);
    draw_input(graph, "c");
    draw(graph, "c > A > kept");
    draw(graph, "c > A > gone");
    struct icl_node *owner = draw(graph, "c > If > y");
    draw(inner, "gone > Neg > dead");
    draw(inner, "kept > Neg > n");
    draw_output(inner, "n");
    draw_inner(owner, "then_branch", inner);
    draw_output(graph, "y");
    assert_int_equal(icl_graph_sort(graph), IMGCLS_OK);
    assert_int_equal(icl_graph_drop_dead(graph), IMGCLS_OK);
    assert_drawn(graph, "c > A > kept; c > If > y");
    assert_drawn(inner, "kept > Neg > n");
    icl_graph_destroy(graph);
}

static void sweeping_leaves_a_replacement_in_place(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL);
    draw_input(graph, "x");
    struct icl_node *old = draw(graph, "x > Old > y");
    draw(graph, "y > After > z");
    draw(graph, "x > New > y");
    draw_output(graph, "z");
    icl_node_remove(old);
    icl_graph_sweep(graph);
    assert_drawn(graph, "y > After > z; x > New > y");
    assert_int_equal(icl_graph_sort(graph), IMGCLS_OK);
    assert_drawn(graph, "x > New > y; y > After > z");
    icl_graph_destroy(graph);
}

static void removing_the_newer_of_two_gives_back_to_the_older(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL);
    draw_input(graph, "x");
    draw(graph, "x > Old > y");
    icl_node_remove(draw(graph, "x > New > y"));
    draw_output(graph, "y");
    assert_int_equal(icl_graph_sort(graph), IMGCLS_OK);
    assert_drawn(graph, "x > Old > y");
    icl_graph_destroy(graph);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* A node that lives, of the graph or of one of its inner graphs; NULL where luck fails. */
static struct icl_node *some_node(struct imgcls_graph *graph, uint32_t *seed)
{
    if (!graph->node_count)
        return NULL;
    struct icl_node *node = graph->nodes[next_random(seed) % graph->node_count];
    if (node->attr_count && next_random(seed) % 2)
        return some_node(node->attrs[0]->attr.graphs[0], seed);
    return node->removed ? NULL : node;
}

/* One of 24 names: few enough to meet again, as input or output, inside or outside. */
static const char *some_name(char name[8], uint32_t *seed)
{
    snprintf(name, 8, "%c", 'a' + (int)(next_random(seed) % 24));
    return name;
}

/* Any change in any order leaves every list of uses true. */
static void random_lives_keep_every_link(void **state)
{
    struct imgcls_context *ctx = *state;
    uint32_t seed = 2024;
    for (int life = 0; life < 40; life++) {
        struct imgcls_graph *graph = draw_graph(ctx, NULL), *copy;
        draw_input(graph, "a");
        draw_output(graph, "b");
        for (int step = 0; step < 300; step++) {
            char one[8], two[8], line[32];
            struct icl_node *node = some_node(graph, &seed);
            struct imgcls_graph *at = node ? node->graph : graph;
            switch (next_random(&seed) % 8) {
            case 0:
            case 1:
                snprintf(line, sizeof line, "%s > A > %s", some_name(one, &seed),
                         some_name(two, &seed));
                draw(at, line);
                break;
            case 2:
                if (node)
                    assert_int_equal(icl_node_set_input(node, next_random(&seed) % 9,
                                                        some_name(one, &seed)),
                                     IMGCLS_OK);
                break;
            case 3:
                if (node)
                    assert_int_equal(icl_node_set_output(node, next_random(&seed) % 3,
                                                         some_name(one, &seed)),
                                     IMGCLS_OK);
                break;
            case 4:
                if (node && next_random(&seed) % 2)
                    icl_node_remove(node);
                break;
            case 5:
                if (node && node->node.input_count && node->inputs[0]) {
                    struct icl_value *from = icl_value_of(node->inputs[0]), *to;
                    assert_int_equal(
                        icl_graph_value(from->graph, some_name(one, &seed), &to), IMGCLS_OK);
                    icl_graph_replace_uses(from->graph, from, to);
                    icl_forgive(ctx);
                }
                break;
            case 6:
                if (node && !node->attr_count && at->depth < 3)
                    draw_inner(node, "body", draw_graph(ctx, at));
                break;
            default:
                icl_graph_sweep(graph);
            }
            check_links(graph);
        }
        (void)icl_graph_sort(graph); /* most of these are nonsense; none may hurt */
        icl_forgive(ctx);
        check_links(graph);
        assert_int_equal(icl_graph_clone(graph, &copy), IMGCLS_OK);
        check_links(copy);
        icl_graph_destroy(graph);
        assert_int_equal(icl_graph_drop_dead(copy), IMGCLS_OK);
        check_links(copy);
        icl_graph_destroy(copy);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, context_setup, context_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(uses_move_inner_graphs_and_outputs_included),
        CASE(outputs_stay_in_their_graph),
        CASE(dead_nodes_and_unused_constants_go),
        CASE(what_inner_graphs_no_longer_use_goes),
        CASE(sweeping_leaves_a_replacement_in_place),
        CASE(removing_the_newer_of_two_gives_back_to_the_older),
        CASE(random_lives_keep_every_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * tests/graph/node_test.c - nodes and the links from values back to them
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/graph/drawing.h"

static void values_know_their_uses(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL);
    draw_input(graph, "x");
    draw(graph, "x x - x > Foo > y");
    draw(graph, "y x > Bar > z w");
    draw_output(graph, "y");
    assert_int_equal(icl_value_uses(icl_graph_find(graph, "x")), 4);
    assert_int_equal(icl_value_uses(icl_graph_find(graph, "y")), 2); /* and an output */
    assert_int_equal(icl_value_uses(icl_graph_find(graph, "w")), 0);
    assert_drawn(graph, "x x - x > Foo > y; y x > Bar > z w");
    icl_graph_destroy(graph);
}

static void inputs_are_rewired_and_lists_grow(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL);
    draw_input(graph, "x");
    struct icl_node *node = draw(graph, "x x > Foo > y");
    assert_int_equal(icl_node_set_input(node, 1, "b"), IMGCLS_OK);
    assert_int_equal(icl_node_set_input(node, 0, ""), IMGCLS_OK);
    assert_int_equal(icl_node_set_input(node, 20, "c"), IMGCLS_OK);
    assert_int_equal(icl_node_set_input(node, 3, "x"), IMGCLS_OK);
    assert_drawn(graph, "- b - x - - - - - - - - - - - - - - - - c > Foo > y");
    assert_int_equal(icl_value_uses(icl_graph_find(graph, "x")), 1);
    icl_graph_destroy(graph);
}

static void outputs_change_hands(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL);
    struct icl_node *first = draw(graph, "x > Foo > y"), *second = draw(graph, "x > Bar > y");
    struct icl_value *y = icl_graph_find(graph, "y");
    assert_ptr_equal(y->producer, second); /* how a node is replaced */
    icl_node_remove(first);
    assert_ptr_equal(y->producer, second);
    assert_int_equal(icl_node_set_output(second, 0, "z"), IMGCLS_OK);
    assert_null(y->producer);
    assert_ptr_equal(icl_graph_find(graph, "z")->producer, second);
    icl_graph_destroy(graph);
}

static void removing_lets_go_of_everything(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL), *inner = draw_graph(ctx, graph);
    draw_input(graph, "x");
    draw_input(graph, "c");
    struct icl_node *node = draw(graph, "c > If > y");
    draw(inner, "x > Neg > n");
    draw_output(inner, "n");
    draw_inner(node, "then_branch", inner);
    assert_int_equal(icl_value_uses(icl_graph_find(graph, "x")), 1);
    icl_node_remove(node);
    icl_node_remove(node);
    assert_int_equal(icl_value_uses(icl_graph_find(graph, "x")), 0);
    assert_int_equal(icl_value_uses(icl_graph_find(graph, "c")), 0);
    assert_null(icl_graph_find(graph, "y")->producer);
    icl_graph_sweep(graph);
    assert_int_equal(graph->node_count, 0);
    assert_null(icl_graph_find(graph, "y"));
    icl_graph_destroy(graph);
}

static void domains_have_one_name(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL);
    struct icl_node *node;
    assert_int_equal(icl_graph_set_opset(graph, "", 17), IMGCLS_OK);
    assert_int_equal(
        icl_graph_add_node(graph, "ai.onnx", "Foo", NULL, 0, NULL, 0, NULL, &node), IMGCLS_OK);
    assert_string_equal(node->node.domain, "");
    assert_string_equal(node->node.name, "");
    assert_int_equal(node->node.version, 17);
    assert_int_equal(icl_node_set_type(node, "imgcls", "Bar"), IMGCLS_OK);
    assert_string_equal(node->node.domain, "imgcls");
    assert_string_equal(node->node.type, "Bar");
    assert_int_equal(icl_graph_add_node(graph, "", "", "n", 0, NULL, 0, NULL, &node),
                     IMGCLS_BAD_INPUT);
    assert_string_equal(imgcls_error(ctx), "node 'n': no operator type");
    icl_graph_destroy(graph);
}

static void text_names_the_node(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL);
    struct icl_node *node;
    char text[128], tiny[8];
    static const struct {
        const char *domain, *type, *name, *want;
    } rows[] = {
        {"", "Conv", "layer1.conv", "node 'layer1.conv' (Conv)"},
        {"", "Conv", "", "node 1 (Conv)"},
        {"org.example", "Foo", "x", "node 'x' (org.example Foo)"},
        {"", "Foo", "a\nb\033", "node 'a?b?' (Foo)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(icl_graph_add_node(graph, rows[i].domain, rows[i].type, rows[i].name,
                                            0, NULL, 0, NULL, &node),
                         IMGCLS_OK);
        icl_node_text(&node->node, text, sizeof text);
        assert_string_equal(text, rows[i].want);
    }
    icl_node_text(&node->node, tiny, sizeof tiny);
    assert_string_equal(tiny, "node 'a");
    icl_graph_destroy(graph);
}

static void epilogues_are_listed_in_order(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL);
    struct icl_node *node = draw(graph, "x > Conv > y");
    for (int32_t kind = 1; kind < 8; kind++)
        assert_int_equal(icl_node_add_epilogue(
                             node, &(struct imgcls_epilogue){.kind = kind, .operand = -1}),
                         IMGCLS_OK);
    assert_int_equal(node->node.epilogue_count, 7);
    for (int32_t kind = 1; kind < 8; kind++)
        assert_int_equal(node->node.epilogues[kind - 1].kind, kind);
    icl_graph_destroy(graph);
}

/* Builds, rewires and sorts under each failing allocation; drawing.h's teardown counts. */
static imgcls_status build_some(struct imgcls_context *ctx)
{
    struct imgcls_graph *graph = NULL, *inner = NULL;
    struct icl_node *node = NULL;
    imgcls_status status = icl_graph_create(ctx, NULL, &graph);
    if (status == IMGCLS_OK)
        status = icl_graph_add_input(graph, "x", 0, IMGCLS_F32, 1, (int64_t[]){-1},
                                     (const char *[]){"n"});
    if (status == IMGCLS_OK)
        status = try_draw(graph, "x x x x x > Foo > y", &node);
    if (status == IMGCLS_OK)
        status = icl_node_set_input(node, 9, "x");
    if (status == IMGCLS_OK)
        status = icl_graph_create(ctx, graph, &inner);
    if (status == IMGCLS_OK)
        status = icl_graph_add_output(inner, "x", 0, 0, -1, NULL, NULL);
    if (status == IMGCLS_OK)
        status = icl_node_set_attr(node, &(struct imgcls_attr){.struct_size = sizeof(
                                                                   struct imgcls_attr),
                                                               .name = "body",
                                                               .kind = IMGCLS_ATTR_GRAPH,
                                                               .graphs = &inner});
    if (status == IMGCLS_OK)
        status = icl_graph_add_output(graph, "y", 0, 0, -1, NULL, NULL);
    if (status == IMGCLS_OK)
        status = icl_graph_sort(graph);
    if (status == IMGCLS_OK)
        status = icl_graph_drop_dead(graph);
    if (graph)
        check_links(graph);
    struct imgcls_graph *copy = NULL;
    if (status == IMGCLS_OK)
        status = icl_graph_clone(graph, &copy);
    icl_graph_destroy(graph);
    icl_graph_destroy(copy);
    return status;
}

static void failing_allocations_leak_and_break_nothing(void **state)
{
    struct imgcls_context *ctx = *state;
    uint64_t before = ctx->memory_used, tries = 0;
    imgcls_status status;
    do {
        ctx->fail_allocation = ++tries;
        status = build_some(ctx);
        if (status != IMGCLS_OK)
            assert_int_equal(status, IMGCLS_NO_MEMORY);
        assert_int_equal(ctx->memory_used, before);
        icl_forgive(ctx);
    } while (status != IMGCLS_OK);
    assert_true(tries > 60);
    ctx->fail_allocation = 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, context_setup, context_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(values_know_their_uses),
        CASE(inputs_are_rewired_and_lists_grow),
        CASE(outputs_change_hands),
        CASE(removing_lets_go_of_everything),
        CASE(domains_have_one_name),
        CASE(text_names_the_node),
        CASE(epilogues_are_listed_in_order),
        CASE(failing_allocations_leak_and_break_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

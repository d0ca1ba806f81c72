/*
 * tests/passes/gelu_test.c - GELU as exporters write it out becomes one node, in both its forms
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/passes/passes.h"
#include "src/tensor/tensor.h"

static struct imgcls_context *ctx;
static struct imgcls_graph *graph;

static int set_up(void **state)
{
    (void)state;
    if (imgcls_context_create(NULL, &ctx) != IMGCLS_OK ||
        icl_graph_create(ctx, NULL, &graph) != IMGCLS_OK)
        return -1;
    return icl_graph_set_opset(graph, "", 17);
}

static int tear_down(void **state)
{
    (void)state;
    icl_graph_destroy(graph);
    imgcls_context_destroy(ctx);
    return 0;
}

static void ok(imgcls_status status)
{
    if (status != IMGCLS_OK)
        fail_msg("%s", imgcls_error(ctx));
}

static void scalar(const char *name, float value)
{
    struct imgcls_tensor tensor;
    ok(icl_tensor_borrow(ctx, IMGCLS_F32, 0, NULL, &value, &tensor));
    ok(icl_graph_add_initializer(graph, name, &tensor, NULL));
}

static struct icl_node *node(const char *type, const char *a, const char *b, const char *c,
                             const char *out)
{
    const char *inputs[] = {a, b, c}, *outputs[] = {out};
    struct icl_node *made;
    ok(icl_graph_add_node(graph, "", type, out, c ? 3 : b ? 2 : 1, inputs, 1, outputs, &made));
    return made;
}

static size_t count_of(const char *type)
{
    size_t count = 0;
    for (size_t i = 0; i < graph->node_count; i++)
        count += strcmp(graph->nodes[i]->type, type) == 0;
    return count;
}

static void input(void)
{
    static const int64_t picture[] = {1, 2, 4, 4};
    ok(icl_graph_add_input(graph, "x", IMGCLS_KIND_TENSOR, IMGCLS_F32, 4, picture, NULL));
}

static void output(void)
{
    ok(icl_graph_add_output(graph, "y", IMGCLS_KIND_TENSOR, IMGCLS_UNDEFINED, -1, NULL, NULL));
}

/* The three orders in which exporters write GELU out. */
static void gelu_written_out_becomes_one_node(void **state)
{
    const int order = *(const int *)*state;
    input();
    scalar("root2", 1.41421356f);
    scalar("one", 1);
    scalar("half", 0.5f);
    node("Div", "x", "root2", NULL, "d");
    node("Erf", "d", NULL, NULL, "e");
    node("Add", "e", "one", NULL, "p");
    if (order == 0) {
        node("Mul", "x", "p", NULL, "m");
        node("Mul", "m", "half", NULL, "y");
    } else if (order == 1) {
        node("Mul", "p", "half", NULL, "m");
        node("Mul", "x", "m", NULL, "y");
    } else {
        node("Mul", "x", "half", NULL, "m");
        node("Mul", "m", "p", NULL, "y");
    }
    output();
    ok(icl_passes_upgrade(graph));
    ok(icl_passes_fuse(graph, NULL));
    assert_int_equal(graph->node_count, 1);
    assert_string_equal(graph->nodes[0]->type, "Gelu");
    assert_string_equal(graph->nodes[0]->inputs[0]->name, "x");
    assert_string_equal(graph->nodes[0]->outputs[0]->name, "y");
}

/* The other form, its cube as two products and as a power. */
static void gelu_by_tanh_becomes_one_node(void **state)
{
    const bool power = *(const int *)*state == 1;
    input();
    scalar("slope", 0.797884583f);
    scalar("part", 0.0447149985f);
    scalar("three", 3);
    scalar("one", 1);
    scalar("half", 0.5f);
    if (power) {
        node("Pow", "x", "three", NULL, "cube");
    } else {
        node("Mul", "x", "x", NULL, "square");
        node("Mul", "x", "square", NULL, "cube");
    }
    node("Mul", "part", "cube", NULL, "c");
    node("Add", "x", "c", NULL, "a");
    node("Mul", "slope", "a", NULL, "s");
    node("Tanh", "s", NULL, NULL, "t");
    node("Add", "one", "t", NULL, "p");
    node("Mul", "x", "p", NULL, "m");
    node("Mul", "half", "m", NULL, "y");
    output();
    ok(icl_passes_upgrade(graph));
    ok(icl_passes_fuse(graph, NULL));
    assert_int_equal(graph->node_count, 1);
    assert_string_equal(graph->nodes[0]->type, "Gelu");
    assert_string_equal(graph->nodes[0]->inputs[0]->name, "x");
    assert_string_equal(graph->nodes[0]->outputs[0]->name, "y");
    const struct imgcls_attr *form = icl_node_attr(&graph->nodes[0]->node, "approximate");
    assert_true(form && form->s.length == 4 && memcmp(form->s.bytes, "tanh", 4) == 0);
}

/* Another factor of the cube: nothing is fused. */
static void another_cube_is_no_gelu(void **state)
{
    (void)state;
    input();
    scalar("slope", 0.797884583f);
    scalar("part", 0.05f);
    scalar("three", 3);
    scalar("one", 1);
    scalar("half", 0.5f);
    node("Pow", "x", "three", NULL, "cube");
    node("Mul", "part", "cube", NULL, "c");
    node("Add", "x", "c", NULL, "a");
    node("Mul", "slope", "a", NULL, "s");
    node("Tanh", "s", NULL, NULL, "t");
    node("Add", "one", "t", NULL, "p");
    node("Mul", "x", "p", NULL, "m");
    node("Mul", "half", "m", NULL, "y");
    output();
    ok(icl_passes_upgrade(graph));
    ok(icl_passes_fuse(graph, NULL));
    assert_int_equal(count_of("Gelu"), 0);
    assert_int_equal(count_of("Pow"), 1);
}

static void a_half_that_is_none_is_no_gelu(void **state)
{
    (void)state;
    input();
    scalar("root2", 1.41421356f);
    scalar("one", 1);
    scalar("third", 0.3333f);
    node("Div", "x", "root2", NULL, "d");
    node("Erf", "d", NULL, NULL, "e");
    node("Add", "e", "one", NULL, "p");
    node("Mul", "x", "p", NULL, "m");
    node("Mul", "m", "third", NULL, "y");
    output();
    ok(icl_passes_upgrade(graph));
    ok(icl_passes_fuse(graph, NULL));
    assert_int_equal(count_of("Erf"), 1);
}

int main(void)
{
    static int orders[] = {0, 1, 2};
    const struct CMUnitTest tests[] = {
        {"gelu_written_out_times_x_first", gelu_written_out_becomes_one_node, set_up, tear_down,
         &orders[0]},
        {"gelu_written_out_half_first", gelu_written_out_becomes_one_node, set_up, tear_down,
         &orders[1]},
        {"gelu_written_out_half_of_x", gelu_written_out_becomes_one_node, set_up, tear_down,
         &orders[2]},
        {"gelu_by_tanh_with_products", gelu_by_tanh_becomes_one_node, set_up, tear_down,
         &orders[0]},
        {"gelu_by_tanh_with_a_power", gelu_by_tanh_becomes_one_node, set_up, tear_down,
         &orders[1]},
        cmocka_unit_test_setup_teardown(another_cube_is_no_gelu, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_half_that_is_none_is_no_gelu, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

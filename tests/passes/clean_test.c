/*
 * tests/passes/clean_test.c - what computes nothing goes, and what gives an output keeps its name
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/passes/pass_graph.h"

static void constant_nodes_become_initializers(void **state)
{
    (void)state;
    int64_t ints[] = {1, 2, 3};
    input("x", 4, picture);
    struct icl_node *made = node("Constant", "", NULL, NULL, "c");
    ok(icl_node_set_input(made, 0, ""));
    struct imgcls_attr attr = {.struct_size = sizeof attr, .name = "value_ints",
                               .kind = IMGCLS_ATTR_INTS, .count = 3, .ints = ints};
    ok(icl_node_set_attr(made, &attr));
    node("Reshape", "x", "c", NULL, "y");
    output("y");
    char *names;
    ok(icl_passes_clean(graph, &names));
    assert_string_equal(names, "constants-to-initializers");
    free(names);
    assert_int_equal(graph->node_count, 1);
    const struct imgcls_tensor *tensor = icl_graph_find(graph, "c")->info.constant;
    assert_non_null(tensor);
    assert_int_equal(tensor->type, IMGCLS_I64);
    assert_memory_equal(tensor->data, ints, sizeof ints);
}

static void an_identity_that_gives_an_output_lends_its_name(void **state)
{
    (void)state;
    input("x", 4, picture);
    node("Relu", "x", NULL, NULL, "r");
    node("Identity", "r", NULL, NULL, "y");
    node("Sigmoid", "r", NULL, NULL, "z");
    output("y");
    output("z");
    ok(icl_passes_clean(graph, NULL));
    assert_int_equal(count_of("Identity"), 0);
    assert_string_equal(graph->outputs[0]->name, "y");
    assert_string_equal(graph->outputs[0]->producer->type, "Relu");
    assert_string_equal(graph->outputs[1]->producer->inputs[0]->name, "y");
    ok(icl_graph_sort(graph));
}

/* Swin's padding of windows that fit, and what slices it off again. */
static void a_pad_by_nothing_and_a_slice_of_all_go(void **state)
{
    (void)state;
    int64_t none[8] = {0}, some[8] = {0, 0, 0, 1}, from[] = {0}, to[] = {4}, wide[] = {3}, axis[] = {3};
    int64_t far[] = {INT64_MAX}, back[] = {-1}, last[] = {-1}, before[] = {INT64_MIN};
    input("x", 4, picture);
    integers("none", 8, none);
    integers("some", 8, some);
    integers("from", 1, from);
    integers("to", 1, to);
    integers("far", 1, far);
    integers("wide", 1, wide);
    integers("axis", 1, axis);
    integers("back", 1, back);
    integers("last", 1, last);
    integers("before", 1, before);
    node("Pad", "x", "none", NULL, "p");
    ok(icl_node_set_input(node("Slice", "p", "from", "to", "s"), 3, "axis"));
    ok(icl_node_set_input(node("Slice", "s", "from", "far", "all"), 3, "axis"));
    node("Relu", "all", NULL, NULL, "y");
    output("y");
    node("Pad", "x", "some", NULL, "q");
    ok(icl_node_set_input(node("Slice", "x", "from", "wide", "part"), 3, "axis"));
    struct icl_node *turned = node("Slice", "x", "last", "before", "turned");
    ok(icl_node_set_input(turned, 3, "axis"));
    ok(icl_node_set_input(turned, 4, "back"));
    output("q");
    output("part");
    output("turned");
    ok(icl_passes_upgrade(graph));
    ok(icl_passes_fuse(graph, NULL));
    assert_int_equal(count_of("Pad"), 1);
    assert_int_equal(count_of("Slice"), 2); /* a part, and all of it back to front */
    assert_string_equal(graph->outputs[0]->producer->type, "Relu");
    assert_string_equal(graph->outputs[0]->producer->inputs[0]->name, "x");
}

static struct icl_node *pool(const char *type, const char *from, const char *to, int64_t size)
{
    int64_t sides[] = {size, size};
    const struct imgcls_attr shape = {.struct_size = sizeof shape, .name = "kernel_shape",
                                      .kind = IMGCLS_ATTR_INTS, .count = 2, .ints = sides};
    struct icl_node *made = node(type, from, NULL, NULL, to);
    ok(icl_node_set_attr(made, &shape));
    return made;
}

static void set_pairs(struct icl_node *made, const char *name, int64_t value)
{
    int64_t values[] = {value, value, value, value};
    const struct imgcls_attr attr = {.struct_size = sizeof attr, .name = name,
                                     .kind = IMGCLS_ATTR_INTS,
                                     .count = strcmp(name, "pads") == 0 ? 4 : 2, .ints = values};
    ok(icl_node_set_attr(made, &attr));
}

/* AlexNet's adaptive pool on pictures of the usual size. */
static void a_pool_of_single_elements_goes(void **state)
{
    (void)state;
    input("x", 4, picture);
    set_pairs(pool("AveragePool", "x", "a", 1), "strides", 1);
    set_pairs(pool("MaxPool", "a", "b", 1), "pads", 0);
    node("Relu", "b", NULL, NULL, "y");
    pool("AveragePool", "x", "wide", 2);
    set_pairs(pool("AveragePool", "x", "sparse", 1), "strides", 2);
    set_pairs(pool("MaxPool", "x", "framed", 1), "pads", 1);
    output("y");
    output("wide");
    output("sparse");
    output("framed");
    ok(icl_passes_clean(graph, NULL));
    assert_int_equal(count_of("AveragePool"), 2);
    assert_int_equal(count_of("MaxPool"), 1);
    assert_string_equal(graph->outputs[0]->producer->inputs[0]->name, "x");
}

/* The picture's number, where there is one picture only, is added to indices. */
static void adding_whole_zeros_goes_where_it_blows_nothing_up(void **state)
{
    (void)state;
    int64_t zeros[4] = {0}, few[4] = {0, 0, 1, 0};
    ok(icl_graph_add_input(graph, "x", IMGCLS_KIND_TENSOR, IMGCLS_I64, 4, picture, NULL));
    ok(icl_graph_add_input(graph, "narrow", IMGCLS_KIND_TENSOR, IMGCLS_I64, 1, (int64_t[]){1}, NULL));
    integers("zeros", 4, zeros);
    integers("few", 4, few);
    node("Add", "x", "zeros", NULL, "same"); /* 4 wide, as x is */
    node("Neg", "same", NULL, NULL, "y");
    node("Add", "x", "few", NULL, "other");
    node("Add", "narrow", "zeros", NULL, "wide");
    output("y");
    output("other");
    output("wide");
    ok(icl_passes_upgrade(graph));
    ok(icl_passes_fuse(graph, NULL));
    assert_int_equal(count_of("Add"), 2);
    assert_string_equal(graph->outputs[0]->producer->inputs[0]->name, "x");
}

static void an_identity_from_input_to_output_stays(void **state)
{
    (void)state;
    input("x", 4, picture);
    node("Identity", "x", NULL, NULL, "y");
    output("y");
    ok(icl_passes_clean(graph, NULL));
    assert_int_equal(count_of("Identity"), 1);
    assert_string_equal(graph->outputs[0]->name, "y");
}

static void dead_nodes_and_unused_weights_go(void **state)
{
    (void)state;
    float data[] = {1};
    int64_t one[] = {1};
    input("x", 4, picture);
    constant("unused", 1, one, data);
    constant("used", 1, one, data);
    node("Mul", "x", "used", NULL, "y");
    node("Add", "x", "unused", NULL, "dead");
    node("Relu", "dead", NULL, NULL, "deader");
    output("y");
    ok(icl_passes_clean(graph, NULL));
    assert_int_equal(graph->node_count, 1);
    assert_null(icl_graph_find(graph, "unused"));
    assert_non_null(icl_graph_find(graph, "used"));
}

static void a_dropout_in_training_mode_stays(void **state)
{
    (void)state;
    uint8_t yes = 1;
    struct imgcls_tensor tensor;
    input("x", 4, picture);
    scalar("ratio", 0.5f);
    ok(icl_tensor_borrow(ctx, IMGCLS_BOOL, 0, NULL, &yes, &tensor));
    ok(icl_graph_add_initializer(graph, "training", &tensor, NULL));
    node("Dropout", "x", "ratio", "training", "d");
    node("Relu", "d", NULL, NULL, "y");
    output("y");
    ok(icl_passes_clean(graph, NULL));
    assert_int_equal(count_of("Dropout"), 1);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(constant_nodes_become_initializers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_identity_that_gives_an_output_lends_its_name, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_pad_by_nothing_and_a_slice_of_all_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pool_of_single_elements_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(adding_whole_zeros_goes_where_it_blows_nothing_up, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_identity_from_input_to_output_stays, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(dead_nodes_and_unused_weights_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_dropout_in_training_mode_stays, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

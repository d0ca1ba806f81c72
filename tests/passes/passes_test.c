/*
 * tests/passes/passes_test.c - graphs keep their meaning and their names while they shrink
 *
 * Graphs are built by hand. Expected weights of a folded normalisation are computed here in
 * double from the definition.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"
#include <math.h>

#include "tests/passes/pass_graph.h"

static void all_unknown_operators_are_named_at_once(void **state)
{
    (void)state;
    input("x", 4, picture);
    node("Foo", "x", NULL, NULL, "a");
    node("Foo", "a", NULL, NULL, "b");
    node("Bar", "b", NULL, NULL, "y");
    output("y");
    assert_int_equal(icl_passes_upgrade(graph), IMGCLS_UNSUPPORTED);
    const char *text = imgcls_error(ctx);
    assert_non_null(strstr(text, "2 operators are not supported (3 nodes)"));
    assert_non_null(strstr(text, "ai.onnx Foo (opset 17) x2, first node 'a' with inputs float32"));
    assert_non_null(strstr(text, "ai.onnx Bar (opset 17) x1, first node 'y'"));
    icl_forgive(ctx);
}

/* Reshape(x, Concat(Shape(x)[0:1], -1)), as exporters flatten: only the Reshape stays, and
 * knows its dimensions. Floats that follow from shapes are left to the plan. */
static void arithmetic_on_shapes_becomes_constants(void **state)
{
    (void)state;
    int64_t start[] = {0}, end[] = {1}, rest[] = {-1}, one[] = {1};
    struct imgcls_tensor tensor;
    input("x", 4, picture);
    const struct {
        const char *name;
        int64_t *data;
    } lists[] = {{"start", start}, {"end", end}, {"rest", rest}};
    for (size_t i = 0; i < 3; i++) {
        ok(icl_tensor_borrow(ctx, IMGCLS_I64, 1, one, lists[i].data, &tensor));
        ok(icl_graph_add_initializer(graph, lists[i].name, &tensor, NULL));
    }
    node("Shape", "x", NULL, NULL, "s");
    node("Slice", "s", "start", "end", "n");
    struct imgcls_attr axis = {.struct_size = sizeof axis, .name = "axis",
                               .kind = IMGCLS_ATTR_INT, .i = 0};
    ok(icl_node_set_attr(node("Concat", "n", "rest", NULL, "shape"), &axis));
    node("Reshape", "x", "shape", NULL, "y");
    output("y");
    ok(icl_passes_upgrade(graph));
    char *names;
    ok(icl_passes_fuse(graph, &names));
    assert_non_null(strstr(names, "settle-shapes"));
    free(names);
    assert_int_equal(graph->node_count, 1);
    assert_string_equal(graph->nodes[0]->type, "Reshape");
    assert_non_null(graph->nodes[0]->inputs[1]->constant);
    const struct imgcls_value_info *y = graph->nodes[0]->outputs[0];
    assert_int_equal(y->rank, 2);
    assert_int_equal(y->dims[1], 32);
}

/* Means over all of a picture, with its dimensions kept and not; over the width alone, which
 * stays what it is. */
static void means_of_pictures_become_pools(void **state)
{
    (void)state;
    int64_t both[] = {-1, 2}, width[] = {3}, two[] = {2}, one[] = {1};
    struct imgcls_tensor tensor;
    struct imgcls_attr keep = {.struct_size = sizeof keep, .name = "keepdims",
                               .kind = IMGCLS_ATTR_INT, .i = 0};
    ok(icl_graph_set_opset(graph, "", 18));
    input("x", 4, picture);
    ok(icl_tensor_borrow(ctx, IMGCLS_I64, 1, two, both, &tensor));
    ok(icl_graph_add_initializer(graph, "both", &tensor, NULL));
    ok(icl_tensor_borrow(ctx, IMGCLS_I64, 1, one, width, &tensor));
    ok(icl_graph_add_initializer(graph, "width", &tensor, NULL));
    node("ReduceMean", "x", "both", NULL, "kept");
    ok(icl_node_set_attr(node("ReduceMean", "x", "both", NULL, "flat"), &keep));
    node("ReduceMean", "x", "width", NULL, "rows");
    output("kept");
    output("flat");
    output("rows");
    ok(icl_passes_upgrade(graph));
    char *names;
    ok(icl_passes_fuse(graph, &names));
    assert_non_null(strstr(names, "name-global-mean"));
    free(names);
    assert_int_equal(count_of("ReduceMean"), 1);
    assert_int_equal(count_of("GlobalAveragePool"), 2);
    const struct icl_value *flat = icl_graph_find(graph, "flat");
    assert_string_equal(flat->producer->type, "Flatten");
    assert_string_equal(flat->producer->inputs[0]->name,
                        icl_value_of(flat->producer->inputs[0])->producer->outputs[0]->name);
    assert_int_equal(flat->info.rank, 2);
    assert_int_equal(flat->info.dims[1], 2);
}

/* Conv of 2 to 3 channels, 1 x 1, followed by a normalisation. */
static void a_batch_norm_goes_into_the_weights(void **state)
{
    (void)state;
    float w[] = {1, 2, -3, 4, 0.5f, -6}, b[] = {0.25f, -1, 2};
    float scale[] = {2, 0.5f, -1}, beta[] = {1, 0, -2}, mean[] = {0.5f, 1, -1};
    float variance[] = {4, 0.25f, 1};
    int64_t weight_dims[] = {3, 2, 1, 1}, three[] = {3};
    input("x", 4, picture);
    constant("w", 4, weight_dims, w);
    constant("b", 1, three, b);
    constant("scale", 1, three, scale);
    constant("beta", 1, three, beta);
    constant("mean", 1, three, mean);
    constant("variance", 1, three, variance);
    node("Conv", "x", "w", "b", "c");
    const char *inputs[] = {"c", "scale", "beta", "mean", "variance"}, *outputs[] = {"y"};
    struct icl_node *norm;
    ok(icl_graph_add_node(graph, "", "BatchNormalization", "bn", 5, inputs, 1, outputs, &norm));
    struct imgcls_attr epsilon = {.struct_size = sizeof epsilon, .name = "epsilon",
                                  .kind = IMGCLS_ATTR_FLOAT, .f = 0.5f};
    ok(icl_node_set_attr(norm, &epsilon));
    output("y");
    ok(icl_passes_upgrade(graph));
    char *names;
    ok(icl_passes_fuse(graph, &names));
    assert_non_null(strstr(names, "fold-batch-norm"));
    free(names);
    assert_int_equal(graph->node_count, 1);
    const struct icl_node *conv = graph->nodes[0];
    assert_string_equal(conv->outputs[0]->name, "y");
    const float *folded_w = conv->inputs[1]->constant->data;
    const float *folded_b = conv->inputs[2]->constant->data;
    for (int m = 0; m < 3; m++) {
        double s = scale[m] / sqrt(variance[m] + 0.5);
        assert_true(folded_b[m] == (float)(s * (b[m] - mean[m]) + beta[m]));
        for (int c = 0; c < 2; c++)
            assert_true(folded_w[2 * m + c] == (float)(s * w[2 * m + c]));
    }
    /* the source's weights are not touched: a bundle keeps them */
    assert_null(icl_graph_find(graph, "w"));
    assert_true(w[0] == 1);
}

static void a_batch_norm_whose_input_has_another_reader_stays(void **state)
{
    (void)state;
    float w[6] = {1}, v[] = {1, 1, 1};
    int64_t weight_dims[] = {3, 2, 1, 1}, three[] = {3};
    input("x", 4, picture);
    constant("w", 4, weight_dims, w);
    constant("v", 1, three, v);
    node("Conv", "x", "w", NULL, "c");
    const char *inputs[] = {"c", "v", "v", "v", "v"}, *outputs[] = {"y"};
    struct icl_node *norm;
    ok(icl_graph_add_node(graph, "", "BatchNormalization", "bn", 5, inputs, 1, outputs, &norm));
    output("y");
    output("c");
    ok(icl_passes_upgrade(graph));
    ok(icl_passes_fuse(graph, NULL));
    assert_int_equal(count_of("BatchNormalization"), 1);
}

/* y = relu(conv(x) + x2), as at the end of a residual block. */
static void a_residual_and_its_relu_become_epilogues(void **state)
{
    (void)state;
    float w[4] = {1};
    int64_t weight_dims[] = {2, 2, 1, 1};
    input("x", 4, picture);
    constant("w", 4, weight_dims, w);
    node("Sigmoid", "x", NULL, NULL, "x2");
    node("Conv", "x", "w", NULL, "c");
    node("Add", "c", "x2", NULL, "s");
    node("Relu", "s", NULL, NULL, "y");
    output("y");
    ok(icl_passes_upgrade(graph));
    ok(icl_passes_fuse(graph, NULL));
    assert_int_equal(graph->node_count, 2);
    const struct icl_node *conv = graph->outputs[0]->producer;
    assert_string_equal(conv->type, "Conv");
    assert_int_equal(conv->node.epilogue_count, 2);
    assert_int_equal(conv->node.epilogues[0].kind, IMGCLS_EPILOGUE_ADD);
    assert_string_equal(conv->inputs[conv->node.epilogues[0].operand]->name, "x2");
    assert_null(conv->inputs[2]); /* no bias: its place stays empty */
    assert_int_equal(conv->node.epilogues[1].kind, IMGCLS_EPILOGUE_RELU);
}

/* y = tanh(x w + b), the bias on either side, of shape [4] or [1, 1, 4]. */
static void a_linear_layer_and_its_tanh_become_one_node(void **state)
{
    const int *form = *state;
    float w[16] = {1}, bias[4] = {1, 2, 3, 4};
    int64_t weight_dims[] = {4, 4}, bias_dims[] = {1, 1, 4};
    input("x", 4, picture);
    constant("w", 2, weight_dims, w);
    constant("bias", *form & 1 ? 3 : 1, *form & 1 ? bias_dims : bias_dims + 2, bias);
    node("MatMul", "x", "w", NULL, "p");
    node("Add", *form & 2 ? "bias" : "p", *form & 2 ? "p" : "bias", NULL, "s");
    node("Tanh", "s", NULL, NULL, "y");
    output("y");
    ok(icl_passes_upgrade(graph));
    ok(icl_passes_fuse(graph, NULL));
    assert_int_equal(graph->node_count, 1);
    const struct icl_node *product = graph->outputs[0]->producer;
    assert_string_equal(product->type, "MatMul");
    assert_int_equal(product->node.epilogue_count, 2);
    assert_int_equal(product->node.epilogues[0].kind, IMGCLS_EPILOGUE_BIAS);
    assert_string_equal(product->inputs[product->node.epilogues[0].operand]->name, "bias");
    assert_int_equal(product->node.epilogues[1].kind, IMGCLS_EPILOGUE_TANH);
}

/* Along the rows, not the columns: a bias that B, a vector, does not have. */
static void a_bias_of_a_product_with_a_vector_is_no_epilogue(void **state)
{
    (void)state;
    float w[4] = {1}, bias[4] = {1, 2, 3, 4};
    int64_t four[] = {4};
    input("x", 4, picture);
    constant("w", 1, four, w);
    constant("bias", 1, four, bias);
    node("MatMul", "x", "w", NULL, "p");
    node("Add", "p", "bias", NULL, "y");
    output("y");
    ok(icl_passes_upgrade(graph));
    ok(icl_passes_fuse(graph, NULL));
    assert_int_equal(count_of("Add"), 1);
}

/* One number for a whole row, one of the wrong length, one computed: none is a bias. */
static void what_is_no_constant_vector_is_no_bias(void **state)
{
    const int *form = *state;
    float w[16] = {1}, numbers[4] = {1, 2, 3, 4};
    int64_t weight_dims[] = {4, 4}, dims[][2] = {{4, 1}, {1, 1}, {1, 4}};
    input("x", 4, picture);
    constant("w", 2, weight_dims, w);
    constant("numbers", 2, dims[*form], numbers);
    node("Sigmoid", "numbers", NULL, NULL, "computed");
    node("MatMul", "x", "w", NULL, "p");
    node("Add", "p", *form == 2 ? "computed" : "numbers", NULL, "y");
    output("y");
    ok(icl_passes_upgrade(graph));
    ok(icl_passes_fuse(graph, NULL));
    assert_int_equal(count_of("Add"), 1);
}

static void a_sum_of_other_shape_is_no_epilogue(void **state)
{
    (void)state;
    float w[4] = {1}, bias[2] = {1, 2};
    int64_t weight_dims[] = {2, 2, 1, 1}, bias_dims[] = {2, 1, 1};
    input("x", 4, picture);
    constant("w", 4, weight_dims, w);
    constant("bias", 3, bias_dims, bias);
    node("Conv", "x", "w", NULL, "c");
    node("Add", "c", "bias", NULL, "y");
    output("y");
    ok(icl_passes_upgrade(graph));
    ok(icl_passes_fuse(graph, NULL));
    assert_int_equal(count_of("Add"), 1);
}

/* Kernels for integers apply no epilogues. */
static void an_integer_product_keeps_its_relu(void **state)
{
    (void)state;
    int64_t dims[] = {2, 2};
    int32_t w[] = {1, -2, 3, 4};
    struct imgcls_tensor tensor;
    ok(icl_graph_add_input(graph, "x", IMGCLS_KIND_TENSOR, IMGCLS_I32, 2, dims, NULL));
    ok(icl_tensor_borrow(ctx, IMGCLS_I32, 2, dims, w, &tensor));
    ok(icl_graph_add_initializer(graph, "w", &tensor, NULL));
    node("MatMul", "x", "w", NULL, "p");
    node("Relu", "p", NULL, NULL, "y");
    output("y");
    ok(icl_passes_upgrade(graph));
    ok(icl_passes_fuse(graph, NULL));
    assert_int_equal(count_of("Relu"), 1);
}

/* By hand: [1 2 3] times the transpose of [[1 0 2] [3 1 0]] is [7 5]. */
static void a_product_reads_a_transposed_constant_as_it_lies(void **state)
{
    static const int64_t row[] = {1, 3}, matrix[] = {2, 3}, order[] = {1, 0};
    float weight[] = {1, 0, 2, 3, 1, 0}, numbers[] = {1, 2, 3};
    const struct icl_plan_options options = {.threads = 1};
    struct icl_session *session;
    const struct imgcls_value *y;
    struct imgcls_value *x;
    (void)state;
    input("x", 2, row);
    constant("w", 2, matrix, weight);
    const struct imgcls_attr perm = {.struct_size = sizeof perm,
                                     .name = "perm",
                                     .kind = IMGCLS_ATTR_INTS,
                                     .count = 2,
                                     .ints = order};
    ok(icl_node_set_attr(node("Transpose", "w", NULL, NULL, "t"), &perm));
    node("MatMul", "x", "t", NULL, "y");
    output("y");
    ok(icl_session_create(ctx, graph, &options, &session));
    ok(icl_value_tensor(ctx, IMGCLS_F32, 2, row, &x));
    memcpy(x->tensor->data, numbers, sizeof numbers);
    ok(icl_session_run(session, (const struct imgcls_value *const *)&x, &y));
    assert_int_equal(y->tensor->dims[1], 2);
    assert_true(((const float *)y->tensor->data)[0] == 7);
    assert_true(((const float *)y->tensor->data)[1] == 5);
    icl_session_destroy(session);
    icl_value_release(ctx, x);
    ok(icl_passes_fuse(graph, NULL));
    assert_int_equal(count_of("Transpose"), 0);
    assert_int_equal(count_of("MatMul"), 1);
}
int main(void)
{
    static int forms[] = {0, 1, 2, 3};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_unknown_operators_are_named_at_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(arithmetic_on_shapes_becomes_constants, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(means_of_pictures_become_pools, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_product_reads_a_transposed_constant_as_it_lies, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_batch_norm_goes_into_the_weights, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_batch_norm_whose_input_has_another_reader_stays, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_residual_and_its_relu_become_epilogues, set_up,
                                        tear_down),
        {"bias_of_rank_1", a_linear_layer_and_its_tanh_become_one_node, set_up, tear_down,
         &forms[0]},
        {"bias_of_rank_3", a_linear_layer_and_its_tanh_become_one_node, set_up, tear_down,
         &forms[1]},
        {"bias_of_rank_1_first", a_linear_layer_and_its_tanh_become_one_node, set_up, tear_down,
         &forms[2]},
        {"bias_of_rank_3_first", a_linear_layer_and_its_tanh_become_one_node, set_up, tear_down,
         &forms[3]},
        cmocka_unit_test_setup_teardown(a_bias_of_a_product_with_a_vector_is_no_epilogue,
                                        set_up, tear_down),
        {"a_column_is_no_bias", what_is_no_constant_vector_is_no_bias, set_up, tear_down,
         &forms[0]},
        {"one_number_is_no_bias", what_is_no_constant_vector_is_no_bias, set_up, tear_down,
         &forms[1]},
        {"a_computed_vector_is_no_bias", what_is_no_constant_vector_is_no_bias, set_up,
         tear_down, &forms[2]},
        cmocka_unit_test_setup_teardown(an_integer_product_keeps_its_relu, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_sum_of_other_shape_is_no_epilogue, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

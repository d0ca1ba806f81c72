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
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/passes/passes.h"
#include "src/session/session.h"
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

static void input(const char *name, int32_t rank, const int64_t *dims)
{
    ok(icl_graph_add_input(graph, name, IMGCLS_KIND_TENSOR, IMGCLS_F32, rank, dims, NULL));
}

static void output(const char *name)
{
    ok(icl_graph_add_output(graph, name, IMGCLS_KIND_TENSOR, IMGCLS_UNDEFINED, -1, NULL, NULL));
}

static void constant(const char *name, int32_t rank, const int64_t *dims, float *data)
{
    struct imgcls_tensor tensor;
    ok(icl_tensor_borrow(ctx, IMGCLS_F32, rank, dims, data, &tensor));
    ok(icl_graph_add_initializer(graph, name, &tensor, NULL));
}

static void scalar(const char *name, float value)
{
    constant(name, 0, NULL, &value);
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

static const int64_t picture[] = {1, 2, 4, 4};

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

static void integers(const char *name, int64_t count, int64_t *data)
{
    struct imgcls_tensor tensor;
    ok(icl_tensor_borrow(ctx, IMGCLS_I64, 1, &count, data, &tensor));
    ok(icl_graph_add_initializer(graph, name, &tensor, NULL));
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
        cmocka_unit_test_setup_teardown(all_unknown_operators_are_named_at_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(arithmetic_on_shapes_becomes_constants, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(means_of_pictures_become_pools, set_up, tear_down),
        cmocka_unit_test_setup_teardown(arithmetic_on_shapes_becomes_constants, set_up,
                                        tear_down),
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

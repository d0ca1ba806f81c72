/*
 * tests/passes/layer_scale_test.c - constant factors a channel go into the weights before
 * them, and nothing else does
 *
 * Expected weights are the products, rounded once, computed here.
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

static void constant(const char *name, int32_t rank, const int64_t *dims, float *data)
{
    struct imgcls_tensor tensor;
    ok(icl_tensor_borrow(ctx, IMGCLS_F32, rank, dims, data, &tensor));
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

static void input(int32_t rank, const int64_t *dims)
{
    ok(icl_graph_add_input(graph, "x", IMGCLS_KIND_TENSOR, IMGCLS_F32, rank, dims, NULL));
}

/* Fuses a graph with output y; whether the pass did something. */
static bool fuse(void)
{
    char *names;
    ok(icl_graph_add_output(graph, "y", IMGCLS_KIND_TENSOR, IMGCLS_UNDEFINED, -1, NULL, NULL));
    ok(icl_passes_upgrade(graph));
    ok(icl_passes_fuse(graph, &names));
    bool folded = names && strstr(names, "fold-layer-scale");
    free(names);
    return folded;
}

static const int64_t tokens[] = {1, 4, 2}, three[] = {3}, matrix[] = {2, 3},
                     turned[] = {3, 2}, picture[] = {1, 2, 4, 4}, kernel[] = {3, 2, 1, 1},
                     pixels[] = {3, 1, 1};
static float w[] = {1, 2, -3, 4, 0.1f, -6}, b[] = {0.25f, -1, 2}, s[] = {0.1f, -0.7f, 1e-3f};

/* MatMul, bias, factors on either side: one node is left. */
static void a_layer_scale_goes_into_product_and_bias(void **state)
{
    (void)state;
    input(3, tokens);
    constant("w", 2, matrix, w);
    constant("b", 1, three, b);
    constant("s", 1, three, s);
    node("MatMul", "x", "w", NULL, "p");
    node("Add", "b", "p", NULL, "sum");
    node("Mul", "s", "sum", NULL, "y");
    assert_true(fuse());
    assert_int_equal(graph->node_count, 1); /* the bias is an epilogue by now */
    const struct icl_node *product = graph->nodes[0];
    assert_string_equal(product->type, "MatMul");
    assert_string_equal(product->outputs[0]->name, "y");
    const float *folded = product->inputs[1]->constant->data;
    for (int i = 0; i < 6; i++)
        assert_true(folded[i] == (float)((double)w[i] * s[i % 3]));
    const float *bias = product->inputs[product->node.epilogues[0].operand]->constant->data;
    for (int i = 0; i < 3; i++)
        assert_true(bias[i] == (float)((double)b[i] * s[i]));
    assert_true(w[0] == 1); /* the source's weights are not touched: a bundle keeps them */
}

/* A graph made from a checkpoint multiplies by a transposed weight. */
static void a_turned_weight_takes_factors_as_it_lies(void **state)
{
    (void)state;
    int64_t order[] = {1, 0};
    struct imgcls_attr perm = {.struct_size = sizeof perm, .name = "perm",
                               .kind = IMGCLS_ATTR_INTS, .count = 2, .ints = order};
    input(3, tokens);
    constant("w", 2, turned, w);
    constant("s", 1, three, s);
    ok(icl_node_set_attr(node("Transpose", "w", NULL, NULL, "t"), &perm));
    node("MatMul", "x", "t", NULL, "p");
    node("Mul", "p", "s", NULL, "y");
    assert_true(fuse());
    assert_int_equal(graph->node_count, 1);
    const float *folded = graph->nodes[0]->inputs[1]->constant->data;
    for (int i = 0; i < 6; i++)
        assert_true(folded[i] == (float)((double)w[i] * s[i / 2]));
    const struct imgcls_attr *trans = icl_node_attr(&graph->nodes[0]->node, "transB");
    assert_true(trans && trans->i == 1);
}

/* A convolution's channels are the second dimension; its bias is scaled too. */
static void a_layer_scale_goes_into_a_convolution(void **state)
{
    (void)state;
    input(4, picture);
    constant("w", 4, kernel, w);
    constant("b", 1, three, b);
    constant("s", 3, pixels, s);
    node("Conv", "x", "w", "b", "c");
    node("Mul", "c", "s", NULL, "y");
    assert_true(fuse());
    const struct icl_value *y = icl_graph_find(graph, "y");
    assert_non_null(y);
    for (size_t i = 0; i < graph->node_count; i++) {
        const struct icl_node *conv = graph->nodes[i];
        assert_string_not_equal(conv->type, "Mul");
        if (strcmp(conv->type, "Conv") != 0)
            continue;
        const float *folded = conv->inputs[1]->constant->data,
                    *bias = conv->inputs[2]->constant->data;
        for (int k = 0; k < 6; k++)
            assert_true(folded[k] == (float)((double)w[k] * s[k / 2]));
        for (int k = 0; k < 3; k++)
            assert_true(bias[k] == (float)((double)b[k] * s[k]));
    }
}

/* ConvNeXt's factors stand behind the way back from [N, H, W, C] to [N, C, H, W]. */
static void a_layer_scale_goes_through_a_transpose(void **state)
{
    static const int64_t image[] = {1, 4, 4, 2};
    int64_t order[] = {0, 3, 1, 2};
    struct imgcls_attr perm = {.struct_size = sizeof perm, .name = "perm",
                               .kind = IMGCLS_ATTR_INTS, .count = 4, .ints = order};
    (void)state;
    input(4, image);
    constant("w", 2, matrix, w);
    constant("b", 1, three, b);
    constant("s", 3, pixels, s);
    node("MatMul", "x", "w", NULL, "p");
    node("Add", "p", "b", NULL, "sum");
    ok(icl_node_set_attr(node("Transpose", "sum", NULL, NULL, "t"), &perm));
    node("Mul", "t", "s", NULL, "y");
    assert_true(fuse());
    const struct icl_node *turn = icl_graph_find(graph, "y")->producer, *product;
    assert_string_equal(turn->type, "Transpose");
    product = icl_value_of(turn->inputs[0])->producer;
    assert_string_equal(product->type, "MatMul");
    const float *folded = product->inputs[1]->constant->data;
    for (int i = 0; i < 6; i++)
        assert_true(folded[i] == (float)((double)w[i] * s[i % 3]));
}

/* Factors along another dimension, a result that grows, a value that is read elsewhere. */
static void other_factors_stay(void **state)
{
    const int which = *(const int *)*state;
    static const int64_t column[] = {4, 1}, batch[] = {2, 1, 1};
    float many[] = {1, 2, 3, 4};
    input(3, tokens);
    constant("w", 2, matrix, w);
    switch (which) {
    case 0:
        constant("s", 2, column, many);
        break;
    case 1:
        constant("s", 3, batch, many);
        break;
    default:
        constant("s", 1, three, s);
        break;
    }
    node("MatMul", "x", "w", NULL, "p");
    node("Mul", "p", "s", NULL, "y");
    if (which == 2) {
        node("Relu", "p", NULL, NULL, "z");
        ok(icl_graph_add_output(graph, "z", IMGCLS_KIND_TENSOR, IMGCLS_UNDEFINED, -1, NULL,
                                NULL));
    }
    assert_false(fuse());
}

int main(void)
{
    static int cases[] = {0, 1, 2};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_layer_scale_goes_into_product_and_bias, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_turned_weight_takes_factors_as_it_lies, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_layer_scale_goes_into_a_convolution, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_layer_scale_goes_through_a_transpose, set_up,
                                        tear_down),
        {"factors along rows stay", other_factors_stay, set_up, tear_down, &cases[0]},
        {"factors that repeat the result stay", other_factors_stay, set_up, tear_down,
         &cases[1]},
        {"a product that is read elsewhere stays", other_factors_stay, set_up, tear_down,
         &cases[2]},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * tests/passes/heads_test.c - attention in the ways that exporters write it becomes one
 * node, and computes what the nodes did
 *
 * Each graph runs twice, with and without passes, on drawn numbers; results agree within
 * float32's rounding. What only looks like attention stays as it is.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/session/session.h"
#include "src/tensor/tensor.h"

#define DIMS(...)                                                                          \
    (int32_t)(sizeof(int64_t[]){__VA_ARGS__} / 8), (const int64_t[])                       \
    {                                                                                      \
        __VA_ARGS__                                                                        \
    }
#define MOST_NUMBERS 8192

static struct imgcls_context *ctx;
static struct imgcls_graph *graph;
static uint32_t drawn;

static int set_up(void **state)
{
    (void)state;
    drawn = 1;
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

static void draw(float *to, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        drawn = drawn * 1664525 + 1013904223;
        to[i] = (float)(drawn >> 8) / 8388608 - 1;
    }
}

static void input(const char *name, int32_t rank, const int64_t *dims)
{
    ok(icl_graph_add_input(graph, name, IMGCLS_KIND_TENSOR, IMGCLS_F32, rank, dims, NULL));
}

static void output(const char *name)
{
    ok(icl_graph_add_output(graph, name, IMGCLS_KIND_TENSOR, IMGCLS_UNDEFINED, -1, NULL,
                            NULL));
}

static void floats(const char *name, int32_t rank, const int64_t *dims)
{
    static float data[MOST_NUMBERS];
    struct imgcls_tensor tensor;
    draw(data, imgcls_count(rank, dims));
    ok(icl_tensor_borrow(ctx, IMGCLS_F32, rank, dims, data, &tensor));
    ok(icl_graph_add_initializer(graph, name, &tensor, NULL));
}

static void number(const char *name, float value)
{
    struct imgcls_tensor tensor;
    ok(icl_tensor_borrow(ctx, IMGCLS_F32, 0, NULL, &value, &tensor));
    ok(icl_graph_add_initializer(graph, name, &tensor, NULL));
}

static void ints(const char *name, int32_t count, const int64_t *list)
{
    struct imgcls_tensor tensor;
    int64_t dims[] = {count};
    ok(icl_tensor_borrow(ctx, IMGCLS_I64, 1, dims, (void *)(uintptr_t)list, &tensor));
    ok(icl_graph_add_initializer(graph, name, &tensor, NULL));
}

/* A node; inputs and outputs are names between spaces. */
static struct icl_node *node(const char *type, const char *in, const char *out)
{
    char text[2][128];
    const char *names[2][8];
    size_t counts[2] = {0, 0};
    struct icl_node *made;
    snprintf(text[0], sizeof text[0], "%s", in);
    snprintf(text[1], sizeof text[1], "%s", out);
    for (int side = 0; side < 2; side++)
        for (char *at = strtok(text[side], " "); at; at = strtok(NULL, " "))
            names[side][counts[side]++] = at;
    ok(icl_graph_add_node(graph, "", type, names[1][0], counts[0], names[0], counts[1],
                          names[1], &made));
    return made;
}

static void axis(struct icl_node *made, int64_t value)
{
    struct imgcls_attr attr = {
        .struct_size = sizeof attr, .name = "axis", .kind = IMGCLS_ATTR_INT, .i = value};
    ok(icl_node_set_attr(made, &attr));
}

static void transpose(const char *in, const char *out, int32_t rank, const int64_t *perm)
{
    struct imgcls_attr attr = {.struct_size = sizeof attr,
                               .name = "perm",
                               .kind = IMGCLS_ATTR_INTS,
                               .count = (size_t)rank,
                               .ints = perm};
    ok(icl_node_set_attr(node("Transpose", in, out), &attr));
}

static void reshape(const char *in, const char *out, int32_t rank, const int64_t *dims)
{
    char shape[64], both[192];
    snprintf(shape, sizeof shape, "%s_shape", out);
    snprintf(both, sizeof both, "%s %s", in, shape);
    ints(shape, rank, dims);
    node("Reshape", both, out);
}

/* Runs the graph on drawn numbers of its inputs' shapes; the copy of output 0 is the
 * caller's, *fused the number of HeadAttention steps, *others that of all others. */
static float *run(bool fuse, int32_t threads, int64_t *count, size_t *fused, size_t *others)
{
    static float data[4][MOST_NUMBERS];
    struct icl_plan_options options = {.threads = threads, .no_fusion = !fuse};
    struct imgcls_tensor tensors[4];
    struct imgcls_value values[4];
    const struct imgcls_value *inputs[4], *outputs[4];
    struct icl_session *session;
    drawn = 7;
    for (size_t i = 0; i < graph->input_count; i++) {
        const struct imgcls_value_info *info = &graph->inputs[i]->info;
        draw(data[i], imgcls_count(info->rank, info->dims));
        ok(icl_tensor_borrow(ctx, IMGCLS_F32, info->rank, info->dims, data[i],
                             &tensors[i]));
        values[i] = (struct imgcls_value){.struct_size = sizeof values[i],
                                          .kind = IMGCLS_KIND_TENSOR,
                                          .type = IMGCLS_F32,
                                          .tensor = &tensors[i]};
        inputs[i] = &values[i];
    }
    ok(icl_session_create(ctx, graph, &options, &session));
    ok(icl_session_run(session, inputs, outputs));
    const struct imgcls_tensor *y = outputs[0]->tensor;
    *count = imgcls_count(y->rank, y->dims);
    float *copy = malloc((size_t)*count * sizeof *copy);
    assert_non_null(copy);
    memcpy(copy, y->data, (size_t)*count * sizeof *copy);
    const struct imgcls_node *step;
    const char *kernel;
    *fused = *others = 0;
    for (size_t i = 0; icl_plan_step(icl_session_plan(session), i, &step, &kernel); i++)
        ++*(strcmp(step->type, "HeadAttention") == 0 ? fused : others);
    icl_session_destroy(session);
    return copy;
}

static void becomes(size_t want_fused, size_t want_others)
{
    int64_t count, same;
    size_t fused, others;
    float *plain = run(false, 1, &same, &fused, &others);
    assert_int_equal(fused, 0);
    for (int32_t threads = 1; threads <= 3; threads++) {
        float *got = run(true, threads, &count, &fused, &others);
        assert_int_equal(fused, want_fused);
        assert_int_equal(others, want_others);
        assert_int_equal(count, same);
        for (int64_t i = 0; i < count; i++)
            if (!(fabsf(got[i] - plain[i]) <= 4e-6f * (1 + fabsf(plain[i]))))
                fail_msg("element %lld: %.9g, the nodes give %.9g", (long long)i,
                         (double)got[i], (double)plain[i]);
        free(got);
    }
    free(plain);
}

/* q, k, v of two pictures, 3 heads of 8, out of x [2, 5, 72]. */
static void make_heads(void)
{
    input("x", DIMS(2, 5, 72));
    reshape("x", "apart", DIMS(2, 5, 3, 3, 8));
    transpose("apart", "turned", DIMS(2, 0, 3, 1, 4));
}

static void finish_tokens(void)
{
    transpose("heads", "tokens", DIMS(0, 2, 1, 3));
    reshape("tokens", "y", DIMS(2, 5, 24));
    output("y");
}

static void as_vision_transformers_have_it(void **state)
{
    (void)state;
    make_heads();
    axis(node("Split", "turned", "q1 k1 v1"), 0);
    ints("zero", DIMS(0));
    node("Squeeze", "q1 zero", "q");
    node("Squeeze", "k1 zero", "k");
    node("Squeeze", "v1 zero", "v");
    number("root", 0.59460355750136f); /* 8^-1/4 on each side */
    transpose("k", "kt", DIMS(0, 1, 3, 2));
    node("Mul", "q root", "qs");
    node("Mul", "kt root", "ks");
    node("MatMul", "qs ks", "scores");
    axis(node("Softmax", "scores", "weights"), -1);
    node("MatMul", "weights v", "heads");
    finish_tokens();
    becomes(1, 0); /* nothing else is left */
}

/* As convolutions give it: tokens last, so that v's columns are not side by side. */
static void with_channels_before_tokens(void **state)
{
    (void)state;
    input("x", DIMS(2, 216, 5));
    reshape("x", "apart", DIMS(2, 3, 3, 24, 5));
    transpose("apart", "turned", DIMS(1, 0, 2, 4, 3));
    axis(node("Split", "turned", "q1 k1 v1"), 0);
    ints("zero", DIMS(0));
    node("Squeeze", "q1 zero", "q");
    node("Squeeze", "k1 zero", "k");
    node("Squeeze", "v1 zero", "v");
    transpose("k", "kt", DIMS(0, 1, 3, 2));
    node("MatMul", "q kt", "scores");
    axis(node("Softmax", "scores", "weights"), -1);
    node("MatMul", "weights v", "heads");
    transpose("heads", "tokens", DIMS(0, 1, 3, 2));
    reshape("tokens", "y", DIMS(2, 72, 5));
    output("y");
    becomes(1, 0);
}

static void with_indexes_and_a_divisor(void **state)
{
    static const int64_t index[] = {0, 1, 2};
    const char *const names[] = {"i0", "i1", "i2"};
    struct imgcls_tensor tensor;
    (void)state;
    make_heads();
    for (int i = 0; i < 3; i++) {
        ok(icl_tensor_borrow(ctx, IMGCLS_I64, 0, NULL, (void *)(uintptr_t)&index[i],
                             &tensor));
        ok(icl_graph_add_initializer(graph, names[i], &tensor, NULL));
    }
    axis(node("Gather", "turned i0", "q"), 0);
    axis(node("Gather", "turned i1", "k"), 0);
    axis(node("Gather", "turned i2", "v"), 0);
    number("root", 2.82842712f);
    transpose("k", "kt", DIMS(0, 1, 3, 2));
    node("MatMul", "q kt", "products");
    node("Div", "products root", "scores");
    axis(node("Softmax", "scores", "weights"), 3);
    node("MatMul", "weights v", "heads");
    finish_tokens();
    becomes(1, 0);
}

/* Four windows a picture, 2 heads, 6 tokens: a bias for all windows, a mask for each. */
static void with_windows_a_bias_and_a_mask(void **state)
{
    (void)state;
    input("x", DIMS(8, 6, 48));
    floats("bias", DIMS(1, 2, 6, 6));
    floats("mask", DIMS(1, 4, 1, 6, 6));
    reshape("x", "apart", DIMS(8, 6, 3, 2, 8));
    transpose("apart", "turned", DIMS(2, 0, 3, 1, 4));
    axis(node("Split", "turned", "q1 k1 v1"), 0);
    reshape("q1", "q", DIMS(8, 2, 6, 8));
    reshape("k1", "k", DIMS(8, 2, 6, 8));
    reshape("v1", "v", DIMS(8, 2, 6, 8));
    number("scale", 0.35355339f);
    node("Mul", "q scale", "qs");
    transpose("k", "kt", DIMS(0, 1, 3, 2));
    node("MatMul", "qs kt", "products");
    node("Add", "products bias", "biased");
    reshape("biased", "windows", DIMS(2, 4, 2, 6, 6));
    node("Add", "mask windows", "masked");
    reshape("masked", "scores", DIMS(8, 2, 6, 6));
    axis(node("Softmax", "scores", "weights"), -1);
    node("MatMul", "weights v", "heads");
    transpose("heads", "tokens", DIMS(0, 2, 1, 3));
    reshape("tokens", "y", DIMS(8, 6, 16));
    output("y");
    becomes(1, 0);
}

/* Queries of another length than keys, heads in the batch, other values than keys; the
 * result as it comes. */
static void across_two_sequences(void **state)
{
    (void)state;
    input("q", DIMS(3, 4, 10));
    input("k", DIMS(3, 7, 10));
    input("v", DIMS(3, 7, 5));
    transpose("k", "kt", DIMS(0, 2, 1));
    node("MatMul", "q kt", "scores");
    node("Softmax", "scores", "weights");
    node("MatMul", "weights v", "y");
    output("y");
    becomes(1, 0);
}

/* One k and one v for all heads; the cut parts of a longer tensor. */
static void with_keys_that_heads_share(void **state)
{
    (void)state;
    input("q", DIMS(2, 3, 4, 8));
    input("kv", DIMS(2, 1, 9, 20));
    ints("zero", DIMS(0));
    ints("eight", DIMS(8));
    ints("end", DIMS(20));
    ints("last", DIMS(-1));
    node("Slice", "kv zero eight last", "k");
    node("Slice", "kv eight end last", "v");
    transpose("k", "kt", DIMS(0, 1, 3, 2));
    node("MatMul", "q kt", "scores");
    axis(node("Softmax", "scores", "weights"), -1);
    node("MatMul", "weights v", "y");
    output("y");
    becomes(1, 0);
}

static void scores_that_are_read_elsewhere_stay(void **state)
{
    (void)state;
    input("q", DIMS(3, 4, 10));
    input("k", DIMS(3, 10, 7));
    input("v", DIMS(3, 7, 5));
    node("MatMul", "q k", "scores");
    axis(node("Softmax", "scores", "weights"), -1);
    node("MatMul", "weights v", "y");
    output("y");
    output("weights");
    becomes(0, 3);
}

static void a_softmax_along_queries_stays(void **state)
{
    (void)state;
    input("q", DIMS(3, 4, 10));
    input("k", DIMS(3, 10, 4));
    input("v", DIMS(3, 4, 5));
    node("MatMul", "q k", "scores");
    axis(node("Softmax", "scores", "weights"), 1);
    node("MatMul", "weights v", "y");
    output("y");
    becomes(0, 3);
}

/* (q k' + bias) * scale is not q k' * scale + bias. */
static void a_scale_behind_an_addend_stays(void **state)
{
    (void)state;
    input("q", DIMS(3, 4, 10));
    input("k", DIMS(3, 10, 7));
    input("v", DIMS(3, 7, 5));
    floats("bias", DIMS(4, 7));
    number("scale", 0.5f);
    node("MatMul", "q k", "products");
    node("Add", "products bias", "biased");
    node("Mul", "biased scale", "scores");
    axis(node("Softmax", "scores", "weights"), -1);
    node("MatMul", "weights v", "y");
    output("y");
    becomes(0, 5);
}

/* The addend has a batch that the scores lack: they are repeated for it. */
static void an_addend_with_a_batch_of_its_own_stays(void **state)
{
    (void)state;
    input("q", DIMS(1, 4, 10));
    input("k", DIMS(1, 10, 7));
    input("v", DIMS(3, 7, 5));
    floats("bias", DIMS(3, 4, 7));
    node("MatMul", "q k", "products");
    node("Add", "products bias", "scores");
    axis(node("Softmax", "scores", "weights"), -1);
    node("MatMul", "weights v", "y");
    output("y");
    becomes(0, 4);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(as_vision_transformers_have_it),
        CASE(with_channels_before_tokens),
        CASE(with_indexes_and_a_divisor),
        CASE(with_windows_a_bias_and_a_mask),
        CASE(across_two_sequences),
        CASE(with_keys_that_heads_share),
        CASE(scores_that_are_read_elsewhere_stay),
        CASE(a_softmax_along_queries_stays),
        CASE(a_scale_behind_an_addend_stays),
        CASE(an_addend_with_a_batch_of_its_own_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * tests/session/session_test.c - graphs run: results by hand, or by a plain evaluation here
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/session/session.h"
#include "src/tensor/tensor.h"
#include "tests/plan/sketch.h"

static struct icl_plan_options plain = {.threads = 1};

static struct icl_session *open_session(struct imgcls_graph *graph,
                                        const struct icl_plan_options *options)
{
    struct icl_session *session;
    assert_int_equal(icl_session_create(graph->ctx, graph, options, &session), IMGCLS_OK);
    return session;
}

/* Runs with one float32 input; gives output 0. */
static const struct imgcls_tensor *run1(struct icl_session *session,
                                        struct imgcls_graph *graph, const int64_t *dims,
                                        const float *x)
{
    struct sketch_value storage;
    const struct imgcls_value *inputs[1] = {sketch_value(&storage, IMGCLS_F32, dims, x)};
    const struct imgcls_value *outputs[4];
    imgcls_status status = icl_session_run(session, inputs, outputs);
    if (status)
        print_message("%s\n", imgcls_error(graph->ctx));
    assert_int_equal(status, IMGCLS_OK);
    assert_non_null(outputs[0]->tensor);
    return outputs[0]->tensor;
}

static void assert_floats(const struct imgcls_tensor *tensor, size_t count,
                          const float *want)
{
    assert_int_equal(tensor->type, IMGCLS_F32);
    assert_int_equal(imgcls_count(tensor->rank, tensor->dims), count);
    for (size_t i = 0; i < count; i++)
        if (((const float *)tensor->data)[i] != want[i])
            fail_msg("element %zu is %g, not %g", i,
                     (double)((const float *)tensor->data)[i], (double)want[i]);
}

static void a_chain_computes(void **state)
{
    struct imgcls_graph *graph = sketch_graph(*state);
    sketch_input(graph, "x", IMGCLS_F32, SHAPE(-1, 2));
    sketch_floats(graph, "w", SHAPE(2, 2), (float[]){1, 2, 3, 4});
    sketch_floats(graph, "b", SHAPE(2), (float[]){10, 20});
    sketch_node(graph, "MatMul", "x w", "h");
    sketch_node(graph, "Add", "h b", "y");
    sketch_output(graph, "y", IMGCLS_F32);
    struct icl_session *session = open_session(graph, &plain);
    /* by hand: [1 1] w = [4 6], [0 2] w = [6 8] */
    assert_floats(run1(session, graph, SHAPE(2, 2), (float[]){1, 1, 0, 2}), 4,
                  (float[]){14, 26, 16, 28});
    assert_floats(run1(session, graph, SHAPE(1, 2), (float[]){1, 0}), 2, (float[]){11, 22});
    icl_session_destroy(session);
    icl_graph_destroy(graph);
}

static void plans_are_kept_by_shape(void **state)
{
    struct imgcls_graph *graph = sketch_graph(*state);
    const float x[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    sketch_input(graph, "x", IMGCLS_F32, SHAPE(-1));
    sketch_node(graph, "Add", "x x", "y");
    sketch_output(graph, "y", IMGCLS_F32);
    struct icl_session *session = open_session(graph, &plain);
    run1(session, graph, SHAPE(1), x);
    const struct icl_plan *first = icl_session_plan(session);
    for (int64_t n = 2; n <= 4; n++)
        run1(session, graph, SHAPE(n), x);
    run1(session, graph, SHAPE(1), x);
    assert_ptr_equal(icl_session_plan(session), first); /* four are kept */
    for (int64_t n = 2; n <= 7; n++)
        assert_floats(run1(session, graph, SHAPE(n), x), (size_t)n,
                      (float[]){2, 4, 6, 8, 10, 12, 14});
    icl_session_destroy(session);
    icl_graph_destroy(graph);
}

static void shapes_that_depend_on_data_run(void **state)
{
    struct imgcls_graph *graph = sketch_graph(*state);
    sketch_input(graph, "x", IMGCLS_F32, SHAPE(-1));
    sketch_node(graph, "Positives", "x", "p");
    sketch_node(graph, "Mul", "p p", "q");
    sketch_node(graph, "Shape", "q", "s");
    sketch_node(graph, "Reshape", "q s", "y");
    sketch_output(graph, "y", IMGCLS_F32);
    struct icl_session *session = open_session(graph, &plain);
    for (int repeat = 0; repeat < 3; repeat++) {
        assert_floats(run1(session, graph, SHAPE(4), (float[]){-1, 2, 0, 3}), 2,
                      (float[]){4, 9});
        assert_floats(run1(session, graph, SHAPE(4), (float[]){1, 2, 3, 4}), 4,
                      (float[]){1, 4, 9, 16});
        assert_floats(run1(session, graph, SHAPE(4), (float[]){-1, -1, -1, -1}), 0, NULL);
    }
    icl_session_destroy(session);
    icl_graph_destroy(graph);
}

static void an_inner_graph_reads_what_is_around_it(void **state)
{
    struct imgcls_graph *graph = sketch_graph(*state);
    sketch_input(graph, "x", IMGCLS_F32, SHAPE(1));
    sketch_floats(graph, "ten", SHAPE(1), (float[]){10});
    sketch_node(graph, "Mul", "x x", "square");
    struct icl_node *choose = sketch_node(graph, "Choose", "x", "chosen");
    struct imgcls_graph *yes = sketch_inner(graph), *no = sketch_inner(graph);
    sketch_node(yes, "Add", "square ten", "yes_sum"); /* a computed value and a weight */
    sketch_output(yes, "yes_sum", IMGCLS_F32);
    sketch_floats(no, "minus", SHAPE(1), (float[]){-1});
    sketch_node(no, "Mul", "square minus", "no_product");
    sketch_output(no, "no_product", IMGCLS_F32);
    sketch_body(choose, "then", yes);
    sketch_body(choose, "else", no);
    sketch_node(graph, "Add", "chosen x", "y");
    sketch_output(graph, "y", IMGCLS_F32);
    struct icl_session *session = open_session(graph, &plain);
    assert_floats(run1(session, graph, SHAPE(1), (float[]){3}), 1,
                  (float[]){22}); /* 9+10+3 */
    assert_floats(run1(session, graph, SHAPE(1), (float[]){-3}), 1, (float[]){-12});
    assert_floats(run1(session, graph, SHAPE(1), (float[]){1}), 1, (float[]){12});
    icl_session_destroy(session);
    icl_graph_destroy(graph);
}

static void a_loop_may_change_the_shape_it_carries(void **state)
{
    struct imgcls_graph *graph = sketch_graph(*state);
    sketch_input(graph, "x", IMGCLS_F32, SHAPE(4));
    sketch_floats(graph, "times", SHAPE(1), (float[]){2});
    sketch_floats(graph, "less", SHAPE(1), (float[]){-2});
    struct icl_node *repeat = sketch_node(graph, "Repeat", "times x", "y");
    struct imgcls_graph *body = sketch_inner(graph);
    assert_int_equal(icl_graph_add_input(body, "carried", IMGCLS_KIND_TENSOR, IMGCLS_F32,
                                         -1, NULL, NULL),
                     IMGCLS_OK);
    sketch_node(body, "Add", "carried less", "lower");
    sketch_node(body, "Positives", "lower", "left");
    sketch_output(body, "left", IMGCLS_F32);
    sketch_body(repeat, "body", body);
    sketch_output(graph, "y", IMGCLS_F32);
    struct icl_session *session = open_session(graph, &plain);
    /* by hand: 1 3 5 7 - 2 -> 1 3 5, - 2 -> 1 3 */
    assert_floats(run1(session, graph, SHAPE(4), (float[]){1, 3, 5, 7}), 2,
                  (float[]){1, 3});
    assert_floats(run1(session, graph, SHAPE(4), (float[]){9, 9, 9, 9}), 4,
                  (float[]){5, 5, 5, 5});
    icl_session_destroy(session);
    icl_graph_destroy(graph);
}

/* A body within a body, which reads a weight and a computed value from two graphs away. */
static void inner_graphs_nest(void **state)
{
    struct imgcls_graph *graph = sketch_graph(*state);
    sketch_input(graph, "x", IMGCLS_F32, SHAPE(1));
    sketch_floats(graph, "times", SHAPE(1), (float[]){3});
    sketch_floats(graph, "one", SHAPE(1), (float[]){1});
    sketch_node(graph, "Mul", "x x", "square");
    struct icl_node *repeat = sketch_node(graph, "Repeat", "times x", "y");
    struct imgcls_graph *body = sketch_inner(graph);
    assert_int_equal(icl_graph_add_input(body, "carried", IMGCLS_KIND_TENSOR, IMGCLS_F32,
                                         -1, NULL, NULL),
                     IMGCLS_OK);
    struct icl_node *choose = sketch_node(body, "Choose", "carried", "next");
    struct imgcls_graph *yes = sketch_inner(body), *no = sketch_inner(body);
    sketch_node(yes, "Add", "carried square", "grown");
    sketch_output(yes, "grown", IMGCLS_F32);
    sketch_node(no, "Add", "carried one", "nearer");
    sketch_output(no, "nearer", IMGCLS_F32);
    sketch_body(choose, "then", yes);
    sketch_body(choose, "else", no);
    sketch_output(body, "next", IMGCLS_F32);
    sketch_body(repeat, "body", body);
    sketch_output(graph, "y", IMGCLS_F32);
    struct icl_session *session = open_session(graph, &plain);
    /* by hand: 2 -> 6 -> 10 -> 14; -1 -> 0 -> 1 -> 2 */
    assert_floats(run1(session, graph, SHAPE(1), (float[]){2}), 1, (float[]){14});
    assert_floats(run1(session, graph, SHAPE(1), (float[]){-1}), 1, (float[]){2});
    icl_session_destroy(session);
    icl_graph_destroy(graph);
}

static void half_floats_go_in_and_out(void **state)
{
    struct imgcls_graph *graph = sketch_graph(*state);
    const uint16_t x[2] = {icl_f32_to_f16(1.5f), icl_f32_to_f16(-2)};
    struct sketch_value storage;
    const struct imgcls_value *inputs[1], *outputs[1];
    sketch_input(graph, "x", IMGCLS_F16, SHAPE(2));
    sketch_node(graph, "Mul", "x x", "s");
    sketch_node(graph, "Add", "s x", "y");
    sketch_output(graph, "y", IMGCLS_F16);
    struct icl_session *session = open_session(graph, &plain);
    inputs[0] = sketch_value(&storage, IMGCLS_F16, SHAPE(2), x);
    assert_int_equal(icl_session_run(session, inputs, outputs), IMGCLS_OK);
    assert_int_equal(outputs[0]->tensor->type, IMGCLS_F16);
    assert_true(icl_tensor_get(outputs[0]->tensor, 0) == 3.75);
    assert_true(icl_tensor_get(outputs[0]->tensor, 1) == 2);
    icl_session_destroy(session);
    icl_graph_destroy(graph);
}

static void wrong_inputs_are_refused(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = sketch_graph(ctx);
    const float x[4] = {0};
    struct sketch_value storage;
    const struct imgcls_value *inputs[1] = {NULL}, *outputs[1];
    sketch_input(graph, "x", IMGCLS_F32, SHAPE(2, 2));
    sketch_node(graph, "Move", "x", "y");
    sketch_output(graph, "y", IMGCLS_F32);
    struct icl_session *session = open_session(graph, &plain);
    assert_int_equal(icl_session_run(session, inputs, outputs), IMGCLS_BAD_INPUT);
    assert_non_null(strstr(imgcls_error(ctx), "'x'"));
    inputs[0] = sketch_value(&storage, IMGCLS_I32, SHAPE(2, 2), x);
    assert_int_equal(icl_session_run(session, inputs, outputs), IMGCLS_BAD_INPUT);
    inputs[0] = sketch_value(&storage, IMGCLS_F32, SHAPE(4), x);
    assert_int_equal(icl_session_run(session, inputs, outputs), IMGCLS_BAD_INPUT);
    icl_forgive(ctx);
    inputs[0] = sketch_value(&storage, IMGCLS_F32, SHAPE(2, 2), x);
    storage.tensor.strides[0] = 1;
    storage.tensor.strides[1] = 2;
    assert_int_equal(icl_session_run(session, inputs, outputs), IMGCLS_BAD_INPUT);
    assert_non_null(strstr(imgcls_error(ctx), "row-major"));
    assert_null(icl_session_plan(session));
    icl_forgive(ctx);
    icl_session_destroy(session);
    icl_graph_destroy(graph);
}

/* -- observing --------------------------------------------------------------------------*/

struct observed {
    char types[64];
    float replace; /* written over each Add's first element, where not 0 */
};

static imgcls_status observe(void *argument, size_t index, const struct imgcls_node *node,
                             const char *kernel, const struct imgcls_value *const *inputs,
                             struct imgcls_value *const *outputs, uint64_t time_ns)
{
    struct observed *observed = argument;
    (void)index;
    (void)time_ns;
    assert_non_null(kernel);
    assert_non_null(inputs[0]);
    strcat(strcat(observed->types, node->type), " ");
    if (observed->replace != 0 && strcmp(node->type, "Add") == 0)
        ((float *)outputs[0]->tensor->data)[0] = observed->replace;
    return strcmp(node->type, "Positives") == 0 ? IMGCLS_MISMATCH : IMGCLS_OK;
}

static void values_are_kept_and_may_be_replaced(void **state)
{
    struct icl_plan_options keep = {.threads = 1, .keep_values = true, .no_fusion = true};
    struct observed observed = {.replace = 100};
    struct imgcls_graph *graph = sketch_graph(*state);
    sketch_input(graph, "x", IMGCLS_F32, SHAPE(2));
    sketch_floats(graph, "w", SHAPE(2), (float[]){2, 2});
    sketch_node(graph, "Add", "x w", "a");
    sketch_node(graph, "Mul", "a a", "b");
    sketch_node(graph, "Mul", "b w", "y");
    sketch_output(graph, "y", IMGCLS_F32);
    struct icl_session *session = open_session(graph, &keep);
    icl_session_observe(session, observe, &observed);
    assert_null(icl_session_value(session, "a")); /* nothing ran yet */
    run1(session, graph, SHAPE(2), (float[]){1, 2});
    assert_string_equal(observed.types, "Add Mul Mul ");
    assert_floats(icl_session_value(session, "a")->tensor, 2, (float[]){100, 4});
    assert_floats(icl_session_value(session, "b")->tensor, 2, (float[]){10000, 16});
    assert_floats(icl_session_value(session, "y")->tensor, 2, (float[]){20000, 32});
    assert_null(icl_session_value(session, "w"));
    assert_null(icl_session_value(session, "no such value"));
    icl_session_destroy(session);
    icl_graph_destroy(graph);
}

static void an_observer_can_end_the_run(void **state)
{
    struct observed observed = {0};
    struct imgcls_graph *graph = sketch_graph(*state);
    struct sketch_value storage;
    const float x[2] = {1, 2};
    const struct imgcls_value *inputs[1], *outputs[1];
    sketch_input(graph, "x", IMGCLS_F32, SHAPE(2));
    sketch_node(graph, "Positives", "x", "p");
    sketch_node(graph, "Add", "p p", "y");
    sketch_output(graph, "y", IMGCLS_F32);
    struct icl_session *session = open_session(graph, &plain);
    icl_session_observe(session, observe, &observed);
    inputs[0] = sketch_value(&storage, IMGCLS_F32, SHAPE(2), x);
    assert_int_equal(icl_session_run(session, inputs, outputs), IMGCLS_MISMATCH);
    assert_string_equal(observed.types, "Positives ");
    assert_null(outputs[0]);
    icl_session_destroy(session);
    icl_graph_destroy(graph);
}

/* -- random graphs against a plain evaluation -------------------------------------------*/

#define SIDE  6
#define NODES 40

struct recipe {
    int count;
    char kind[NODES + 1]; /* + * m(ove) r(eshape) d(ot) */
    int a[NODES + 1], b[NODES + 1];
};

static struct recipe draw(unsigned *seed)
{
    static const char kinds[] = "+*mrd+*r";
    struct recipe recipe = {.count = 3 + (int)(rand_r(seed) % (NODES - 2))};
    for (int n = 1; n <= recipe.count; n++) {
        int reach = n < 7 ? n : 7;
        recipe.kind[n] = kinds[rand_r(seed) % 8];
        recipe.a[n] = n - 1 - rand_r(seed) % reach;
        recipe.b[n] = n - 1 - rand_r(seed) % reach;
    }
    return recipe;
}

static struct imgcls_graph *graph_of(struct imgcls_context *ctx,
                                     const struct recipe *recipe)
{
    struct imgcls_graph *graph = sketch_graph(ctx);
    static const char *const types[128] = {
        ['+'] = "Add", ['*'] = "Mul", ['m'] = "Move", ['r'] = "Reshape", ['d'] = "MatMul"};
    sketch_input(graph, "v0", IMGCLS_F32, SHAPE(SIDE, SIDE));
    sketch_ints(graph, "same", SHAPE(2), (int64_t[]){SIDE, SIDE});
    for (int n = 1; n <= recipe->count; n++) {
        char inputs[32], output[16];
        char kind = recipe->kind[n];
        if (kind == 'm')
            snprintf(inputs, sizeof inputs, "v%d", recipe->a[n]);
        else if (kind == 'r')
            snprintf(inputs, sizeof inputs, "v%d same", recipe->a[n]);
        else
            snprintf(inputs, sizeof inputs, "v%d v%d", recipe->a[n], recipe->b[n]);
        snprintf(output, sizeof output, "v%d", n);
        sketch_node(graph, types[(unsigned char)kind], inputs, output);
    }
    char last[16];
    snprintf(last, sizeof last, "v%d", recipe->count);
    sketch_output(graph, last, IMGCLS_F32);
    return graph;
}

/* Element by element as the operators are defined, in double rounded to float32. */
static void evaluate(const struct recipe *recipe, float (*v)[SIDE * SIDE])
{
    for (int n = 1; n <= recipe->count; n++)
        for (int i = 0; i < SIDE * SIDE; i++) {
            const float *a = v[recipe->a[n]], *b = v[recipe->b[n]];
            double sum = 0;
            if (recipe->kind[n] == '+')
                sum = (double)a[i] + b[i];
            else if (recipe->kind[n] == '*')
                sum = (double)a[i] * b[i];
            else if (recipe->kind[n] != 'd')
                sum = a[i];
            else
                for (int k = 0; k < SIDE; k++)
                    sum += (double)a[i / SIDE * SIDE + k] * b[k * SIDE + i % SIDE];
            v[n][i] = (float)sum;
        }
}

static void random_graphs_give_the_bits_of_a_plain_evaluation(void **state)
{
    static float v[NODES + 1][SIDE * SIDE];
    static const struct icl_plan_options options[] = {
        {.threads = 1},
        {.threads = 3},
        {.threads = 2, .keep_values = true},
        {.threads = 1, .once = true},
        {.threads = 2, .keep_values = true, .once = true}};
    unsigned seed = 11;
    for (int round = 0; round < 60; round++) {
        struct recipe recipe = draw(&seed);
        for (int i = 0; i < SIDE * SIDE; i++)
            v[0][i] = (float)(rand_r(&seed) % 17 - 8) / 16;
        evaluate(&recipe, v);
        for (size_t o = 0; o < sizeof options / sizeof *options; o++) {
            struct imgcls_graph *graph = graph_of(*state, &recipe);
            struct icl_session *session = open_session(graph, &options[o]);
            for (int repeat = 0; repeat < 2; repeat++) {
                const struct imgcls_tensor *got =
                    run1(session, graph, SHAPE(SIDE, SIDE), v[0]);
                assert_memory_equal(got->data, v[recipe.count], sizeof *v);
            }
            icl_session_destroy(session);
            icl_graph_destroy(graph);
        }
    }
}

static int open_context(void **state)
{
    *state = sketch_context();
    return 0;
}

/* All that runs at all runs in plans for one run, too, which are left behind for a second one. */
static int open_context_for_one_run(void **state)
{
    plain.once = true;
    return open_context(state);
}

static int close_context(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

#define RUN_HOWEVER_PLANNED                                                                \
    cmocka_unit_test(a_chain_computes), cmocka_unit_test(shapes_that_depend_on_data_run),  \
        cmocka_unit_test(an_inner_graph_reads_what_is_around_it),                          \
        cmocka_unit_test(a_loop_may_change_the_shape_it_carries),                          \
        cmocka_unit_test(inner_graphs_nest), cmocka_unit_test(half_floats_go_in_and_out),  \
        cmocka_unit_test(wrong_inputs_are_refused),                                        \
        cmocka_unit_test(an_observer_can_end_the_run)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_HOWEVER_PLANNED,
        cmocka_unit_test(plans_are_kept_by_shape),
        cmocka_unit_test(values_are_kept_and_may_be_replaced),
        cmocka_unit_test(random_graphs_give_the_bits_of_a_plain_evaluation),
    };
    const struct CMUnitTest once[] = {RUN_HOWEVER_PLANNED};
    int failed = cmocka_run_group_tests(tests, open_context, close_context);
    return failed + cmocka_run_group_tests(once, open_context_for_one_run, close_context);
}

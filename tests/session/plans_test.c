/*
 * tests/session/plans_test.c - sessions that share plans: one plan for the same shapes, results as
 * with plans of their own, also side by side and after a plan was let go
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "src/session/session.h"
#include "src/tensor/tensor.h"
#include "tests/plan/sketch.h"

#define LONGEST  64
#define SESSIONS 4
#define RUNS     200

static const struct icl_plan_options alone = {.threads = 1};

/* y = x * x + 3, for x of any length */
static struct imgcls_graph *square_and_three(struct imgcls_context *ctx)
{
    struct imgcls_graph *graph = sketch_graph(ctx);
    sketch_input(graph, "x", IMGCLS_F32, SHAPE(-1));
    sketch_floats(graph, "three", SHAPE(1), (float[]){3});
    sketch_node(graph, "Mul", "x x", "square");
    sketch_node(graph, "Add", "square three", "y");
    sketch_output(graph, "y", IMGCLS_F32);
    return graph;
}

static struct icl_plans *open_plans(struct imgcls_graph *graph)
{
    struct icl_plans *plans;
    assert_int_equal(icl_plans_create(graph->ctx, graph, &alone, 2, &plans), IMGCLS_OK);
    return plans;
}

static struct icl_session *open_session(struct imgcls_graph *graph, struct icl_plans *plans)
{
    struct icl_session *session;
    assert_int_equal(icl_session_create(graph->ctx, graph, &alone, &session), IMGCLS_OK);
    icl_session_share_plans(session, plans);
    return session;
}

/* Number of elements that differ from x * x + 3, x being 0, `step`, 2 `step`, ...; -1: failed. */
static int64_t differing(struct icl_session *session, int64_t count, float step)
{
    struct sketch_value storage;
    float x[LONGEST] = {0};
    const struct imgcls_value *inputs[1] = {sketch_value(&storage, IMGCLS_F32, SHAPE(count), x)};
    const struct imgcls_value *outputs[1];
    int64_t wrong = 0;
    for (int64_t i = 0; i < count; i++)
        x[i] = (float)i * step;
    if (icl_session_run(session, inputs, outputs) != IMGCLS_OK)
        return -1;
    for (int64_t i = 0; i < count; i++)
        wrong += ((const float *)outputs[0]->tensor->data)[i] != x[i] * x[i] + 3;
    return wrong;
}

static void the_same_shapes_have_one_plan(void **state)
{
    struct imgcls_graph *graph = square_and_three(*state);
    struct icl_plans *plans = open_plans(graph);
    struct icl_session *one = open_session(graph, plans), *other = open_session(graph, plans);
    assert_int_equal(differing(one, 8, 1), 0);
    assert_int_equal(differing(other, 8, 2), 0);
    assert_ptr_equal(icl_session_plan(one), icl_session_plan(other));
    assert_int_equal(differing(other, 9, 2), 0);
    assert_ptr_not_equal(icl_session_plan(one), icl_session_plan(other));
    icl_session_destroy(other);
    icl_session_destroy(one);
    icl_plans_destroy(plans);
    icl_graph_destroy(graph);
}

/* More shapes than are kept, while a session goes on with the first. */
static void a_session_keeps_the_plan_that_others_have_driven_out(void **state)
{
    struct imgcls_graph *graph = square_and_three(*state);
    struct icl_plans *plans = open_plans(graph);
    struct icl_session *one = open_session(graph, plans), *other = open_session(graph, plans);
    assert_int_equal(differing(one, 8, 1), 0);
    const struct icl_plan *first = icl_session_plan(one);
    for (int64_t n = 10; n < 10 + 2 * ICL_PLANS_KEPT; n++)
        assert_int_equal(differing(other, n, 1), 0);
    assert_int_equal(differing(one, 8, 2), 0);
    assert_ptr_equal(icl_session_plan(one), first);
    assert_int_equal(differing(other, 8, 1), 0); /* made anew */
    assert_ptr_not_equal(icl_session_plan(other), first);
    icl_plans_destroy(plans); /* what sessions use stays */
    assert_int_equal(differing(one, 8, 3), 0);
    icl_session_destroy(other);
    icl_session_destroy(one);
    icl_graph_destroy(graph);
}

struct runner {
    pthread_t thread;
    struct icl_session *session;
    int64_t wrong;
};

static void *run_often(void *argument)
{
    struct runner *runner = argument;
    for (int64_t i = 0; i < RUNS; i++)
        runner->wrong += differing(runner->session, 1 + i % 6, (float)i) != 0;
    return NULL;
}

/* Six shapes, so that plans come and go while others run. */
static void sessions_run_side_by_side(void **state)
{
    struct imgcls_graph *graph = square_and_three(*state);
    struct icl_plans *plans = open_plans(graph);
    struct runner runners[SESSIONS] = {0};
    for (int i = 0; i < SESSIONS; i++) {
        runners[i].session = open_session(graph, plans);
        assert_int_equal(pthread_create(&runners[i].thread, NULL, run_often, &runners[i]), 0);
    }
    for (int i = 0; i < SESSIONS; i++) {
        pthread_join(runners[i].thread, NULL);
        assert_int_equal(runners[i].wrong, 0);
        icl_session_destroy(runners[i].session);
    }
    icl_plans_destroy(plans);
    icl_graph_destroy(graph);
}

static bool is_settled(struct imgcls_graph *graph)
{
    struct icl_plan *plan;
    struct imgcls_tensor shape = {.type = IMGCLS_F32, .rank = 1, .dims = {4}};
    assert_int_equal(icl_plan_build(graph->ctx, graph, &shape, &alone, &plan), IMGCLS_OK);
    bool settled = icl_plan_is_settled(plan);
    icl_plan_release(plan);
    icl_graph_destroy(graph);
    return settled;
}

static void a_plan_is_settled_where_no_shape_and_no_inner_graph_waits(void **state)
{
    assert_true(is_settled(square_and_three(*state)));

    struct imgcls_graph *open = sketch_graph(*state);
    sketch_input(open, "x", IMGCLS_F32, SHAPE(4));
    sketch_node(open, "Positives", "x", "p"); /* as many as there are */
    sketch_node(open, "Mul", "p p", "y");
    sketch_output(open, "y", IMGCLS_F32);
    assert_false(is_settled(open));

    struct imgcls_graph *graph = sketch_graph(*state);
    sketch_input(graph, "x", IMGCLS_F32, SHAPE(4));
    struct icl_node *choose = sketch_node(graph, "Choose", "x", "y");
    struct imgcls_graph *yes = sketch_inner(graph), *no = sketch_inner(graph);
    sketch_node(yes, "Add", "x x", "sum");
    sketch_output(yes, "sum", IMGCLS_F32);
    sketch_node(no, "Mul", "x x", "product");
    sketch_output(no, "product", IMGCLS_F32);
    sketch_body(choose, "then", yes);
    sketch_body(choose, "else", no);
    sketch_output(graph, "y", IMGCLS_F32);
    assert_false(is_settled(graph));
}

static int open_context(void **state)
{
    *state = sketch_context();
    return 0;
}

static int close_context(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_shapes_have_one_plan),
        cmocka_unit_test(a_session_keeps_the_plan_that_others_have_driven_out),
        cmocka_unit_test(sessions_run_side_by_side),
        cmocka_unit_test(a_plan_is_settled_where_no_shape_and_no_inner_graph_waits),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}

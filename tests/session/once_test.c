/*
 * tests/session/once_test.c - a plan for one run packs node by node, and that no bit changes by it
 *
 * Expected results: the same graph, the same session's later runs included, with weights that
 * are packed once and kept. Numbers are drawn from a fixed seed. The net has more weights than a
 * pile is opened for (src/context/pile.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/step.h"
#include "tests/plan/drawn_graph.h"

#define SIDE 14

/* A first layer, convolutions of both sizes, and a matrix. */
static void draw_net(void)
{
    static const int64_t image[] = {1, 3, SIDE, SIDE}, flat[] = {1, 200 * SIDE * SIDE / 4},
                         matrix[] = {200 * SIDE * SIDE / 4, 130}, two[] = {2, 2};
    float *w = drawn((size_t)(matrix[0] * matrix[1]));

    input(image);
    conv("x", "a", 3, 40, 3);
    node("Relu", "a", "b");
    conv("b", "c", 40, 260, 3);
    conv("c", "d", 260, 270, 3);
    node("HardSwish", "d", "e");
    conv("e", "f", 270, 200, 1);
    struct icl_node *pool = node("MaxPool", "f", "g");
    set_ints(pool, "kernel_shape", 2, two);
    set_ints(pool, "strides", 2, two);
    constant("shape", IMGCLS_I64, 1, (const int64_t[]){2}, flat);
    node("Reshape", "g shape", "h");
    constant("m", IMGCLS_F32, 2, matrix, w);
    node("MatMul", "h m", "y");
    output("y");
    free(w);
}

static imgcls_status run_session(struct icl_session *session, float *x, char **result,
                                 size_t *bytes)
{
    static const int64_t dims[] = {1, 3, SIDE, SIDE};
    const struct imgcls_value *output = NULL;
    struct imgcls_tensor tensor;
    struct imgcls_value value = {.struct_size = sizeof value, .kind = IMGCLS_KIND_TENSOR,
                                 .tensor = &tensor};
    const struct imgcls_value *inputs[] = {&value};

    ok(icl_tensor_borrow(ctx, IMGCLS_F32, 4, dims, x, &tensor));
    imgcls_status status = icl_session_run(session, inputs, &output);
    if (status)
        return status;
    *bytes = output->tensor->size_bytes;
    *result = malloc(*bytes);
    assert_non_null(*result);
    memcpy(*result, output->tensor->data, *bytes);
    return IMGCLS_OK;
}

static void expect(struct icl_session *session, float *x, const char *want, size_t bytes,
                   const char *what)
{
    size_t got_bytes = 0;
    char *got = NULL;

    ok(run_session(session, x, &got, &got_bytes));
    assert_int_equal(got_bytes, bytes);
    if (memcmp(got, want, bytes) != 0)
        fail_msg("%s: other bits", what);
    free(got);
}

static char *run_kept(float *x, size_t *bytes, size_t *packed)
{
    const struct icl_plan_options options = {.threads = 1};
    struct icl_plan_summary summary;
    struct icl_session *session;
    char *want = NULL;

    ok(icl_session_create(ctx, graph, &options, &session));
    ok(run_session(session, x, &want, bytes));
    icl_plan_summarise(icl_session_plan(session), &summary);
    *packed = summary.packed_bytes;
    icl_session_destroy(session);
    return want;
}

static size_t states(const struct icl_plan *plan)
{
    size_t count = 0;

    for (size_t i = 0; i < plan->step_count; i++)
        count += plan->steps[i].state != NULL;
    return count;
}

/* The first run leaves nothing packed; the second has to pack for itself, and keeps that. */
static void the_bits_of_weights_that_are_kept(void **state)
{
    struct icl_plan_summary summary;
    struct icl_session *session;
    size_t bytes, packed;

    (void)state;
    seed = 3;
    begin();
    draw_net();
    float *x = drawn(3 * SIDE * SIDE);
    char *want = run_kept(x, &bytes, &packed);
    assert_true(packed > ((size_t)8 << 20));
    for (int32_t threads = 1; threads <= 3; threads++) {
        struct icl_plan_options options = {.threads = threads, .once = true};
        uint64_t before = ctx->memory_used;
        ok(icl_session_create(ctx, graph, &options, &session));
        expect(session, x, want, bytes, "the run");
        icl_plan_summarise(icl_session_plan(session), &summary);
        assert_int_equal(summary.packed_bytes, 0);
        assert_int_equal(states(icl_session_plan(session)), 0);
        assert_true(ctx->memory_used - before < 2 * summary.arena_bytes);
        for (int again = 0; again < 2; again++) {
            expect(session, x, want, bytes, "a later run");
            icl_plan_summarise(icl_session_plan(session), &summary);
            assert_int_equal(summary.packed_bytes, packed);
            assert_true(states(icl_session_plan(session)) > 0);
        }
        icl_session_destroy(session);
        assert_int_equal(ctx->memory_used, before);
    }
    free(want);
    free(x);
    end();
}

/* The plan may be made before, as for a measurement of its own. */
static void a_prepared_plan_is_run(void **state)
{
    static const int64_t dims[] = {1, 3, SIDE, SIDE};
    const struct icl_plan_options options = {.threads = 2, .once = true};
    struct imgcls_tensor shape;
    struct icl_session *session;
    size_t bytes, packed;

    (void)state;
    seed = 4;
    begin();
    draw_net();
    float *x = drawn(3 * SIDE * SIDE);
    char *want = run_kept(x, &bytes, &packed);
    ok(icl_tensor_borrow(ctx, IMGCLS_F32, 4, dims, x, &shape));
    ok(icl_session_create(ctx, graph, &options, &session));
    ok(icl_session_prepare(session, &shape));
    const struct icl_plan *prepared = icl_session_plan(session);
    assert_int_equal(states(prepared), 0);
    expect(session, x, want, bytes, "a prepared run");
    assert_ptr_equal(icl_session_plan(session), prepared);
    icl_session_destroy(session);
    free(want);
    free(x);
    end();
}

/* Wherever memory ends, the run says so, nothing stays behind, and the next run is right. */
static void memory_that_ends_midway(void **state)
{
    size_t bytes, packed, failed = 0;

    (void)state;
    seed = 5;
    begin();
    draw_net();
    float *x = drawn(3 * SIDE * SIDE);
    char *want = run_kept(x, &bytes, &packed);
    for (int32_t threads = 1; threads <= 2; threads++)
        for (uint64_t at = 1, left = 0; left == 0; at += 1 + at / 4) {
            struct icl_plan_options options = {.threads = threads, .once = true};
            uint64_t before = ctx->memory_used;
            struct icl_session *session;
            char *got = NULL;
            size_t got_bytes;
            ok(icl_session_create(ctx, graph, &options, &session));
            ctx->fail_allocation = at;
            imgcls_status status = run_session(session, x, &got, &got_bytes);
            left = ctx->fail_allocation; /* not 0: the run did not ask that often */
            ctx->fail_allocation = 0;
            if (status) {
                assert_int_equal(status, IMGCLS_NO_MEMORY);
                assert_non_null(strstr(imgcls_error(ctx), "on request"));
                icl_forgive(ctx);
                failed++;
            } else {
                assert_memory_equal(got, want, bytes);
            }
            free(got);
            expect(session, x, want, bytes, "after a run without memory");
            icl_session_destroy(session);
            assert_int_equal(ctx->memory_used, before);
        }
    assert_true(failed > 4);
    free(want);
    free(x);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bits_of_weights_that_are_kept),
        cmocka_unit_test(a_prepared_plan_is_run),
        cmocka_unit_test(memory_that_ends_midway),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

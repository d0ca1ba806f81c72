/*
 * tests/ops/control_test.c - plugins/ops/control: If, Loop and Scan
 *
 * Expected values by hand, after the operators' specification.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/ops/flow.h"
#include "tests/ops/op_case.h"

#define TENSOR IMGCLS_KIND_TENSOR

static struct imgcls_graph *branch(struct imgcls_graph *outer, const char *line,
                                   const char *output, int32_t type)
{
    struct imgcls_graph *graph = flow_inner(outer);
    flow_node(graph, line);
    flow_output(graph, output, TENSOR, type);
    return graph;
}

static struct imgcls_graph *choice(void **state, uint8_t condition, int32_t else_type)
{
    struct imgcls_graph *graph = flow_graph(*state, 24);
    struct icl_node *node;
    FLOW_F32(graph, "a", 1, 2);
    FLOW_BOOL(graph, "c", condition);
    node = flow_node(graph, "If c -> y");
    flow_body(node, "then_branch", branch(graph, "Neg a -> t", "t", IMGCLS_F32));
    flow_body(node, "else_branch", branch(graph, "Abs a -> e", "e", else_type));
    return graph;
}

static void a_condition_chooses(void **state)
{
    struct imgcls_graph *graph = choice(state, 1, IMGCLS_F32);
    flow_output(graph, "y", TENSOR, IMGCLS_UNDEFINED);
    GIVES_TEXT(graph, "float32[2] -1 -2");
    graph = choice(state, 0, IMGCLS_F32);
    flow_output(graph, "y", TENSOR, IMGCLS_UNDEFINED);
    GIVES_TEXT(graph, "float32[2] 1 2");
    graph = choice(state, 1, IMGCLS_I64);
    flow_output(graph, "y", TENSOR, IMGCLS_UNDEFINED);
    FAILS_TEXT(graph, IMGCLS_BAD_INPUT, "output 0 is of type 1 in then_branch, of type 7");
}

/*
 * x, n = Loop(trips, cond, start): x' = x + x, scanned: x. The condition goes on while the
 * round is below `last`, or for ever where that is negative.
 */
static struct imgcls_graph *loop(void **state, const char *line, int64_t trips,
                                 int64_t last)
{
    struct imgcls_graph *graph = flow_graph(*state, 24), *body = flow_inner(graph);
    FLOW_ONE(graph, "trips", trips);
    FLOW_ONE(graph, "last", last);
    FLOW_BOOL(graph, "yes", 1);
    FLOW_BOOL(graph, "no", 0);
    FLOW_F32(graph, "start", 1, 3);
    flow_input(body, "i", TENSOR, IMGCLS_I64);
    flow_input(body, "on", TENSOR, IMGCLS_BOOL);
    flow_input(body, "x", TENSOR, IMGCLS_F32);
    flow_node(body, last < 0 ? "Identity on -> more" : "Less i last -> more");
    flow_node(body, "Add x x -> twice");
    flow_node(body, "Identity x -> seen");
    flow_output(body, "more", TENSOR, IMGCLS_BOOL);
    flow_output(body, "twice", TENSOR, IMGCLS_F32);
    flow_output(body, "seen", TENSOR, IMGCLS_F32);
    flow_body(flow_node(graph, line), "body", body);
    flow_output(graph, "y", TENSOR, IMGCLS_UNDEFINED);
    flow_output(graph, "z", TENSOR, IMGCLS_UNDEFINED);
    return graph;
}

static void loops_count_and_ask(void **state)
{
    GIVES_TEXT(loop(state, "Loop trips yes start -> y z", 3, -1),
               "float32[2] 8 24 | float32[3,2] 1 3 2 6 4 12");
    GIVES_TEXT(loop(state, "Loop trips - start -> y z", 2, 100),
               "float32[2] 4 12 | float32[2,2] 1 3 2 6");
    GIVES_TEXT(loop(state, "Loop - yes start -> y z", 0, 1),
               "float32[2] 4 12 | float32[2,2] 1 3 2 6");
    GIVES_TEXT(loop(state, "Loop trips no start -> y z", 3, -1),
               "float32[2] 1 3 | float32[0]");
    GIVES_TEXT(loop(state, "Loop trips yes start -> y z", -5, -1),
               "float32[2] 1 3 | float32[0]");
}

/* A sequence that grows by 8 KiB a round, 256 rounds: 2 MiB of items. Were they copied, two
 * sequences would be alive at once, and rounds would take as long as there are items. */
static void a_growing_sequence_copies_no_items(void **state)
{
    static float data[2048];
    const int64_t dims[] = {2048};
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = flow_graph(ctx, 24), *body = flow_inner(graph);
    FLOW_ONE(graph, "trips", 256);
    flow_tensor(graph, "x", IMGCLS_F32, 1, dims, data);
    flow_node(graph, "SequenceEmpty -> none");
    flow_input(body, "i", TENSOR, IMGCLS_I64);
    flow_input(body, "on", TENSOR, IMGCLS_BOOL);
    flow_input(body, "s", IMGCLS_KIND_SEQUENCE, IMGCLS_F32);
    flow_node(body, "Identity on -> more");
    flow_node(body, "SequenceInsert s x -> longer");
    flow_output(body, "more", TENSOR, IMGCLS_BOOL);
    flow_output(body, "longer", IMGCLS_KIND_SEQUENCE, IMGCLS_F32);
    flow_body(flow_node(graph, "Loop trips - none -> all"), "body", body);
    flow_node(graph, "SequenceLength all -> y");
    flow_output(graph, "y", TENSOR, IMGCLS_I64);
    atomic_store(&ctx->memory_peak, ctx->memory_used);
    const uint64_t before = ctx->memory_used;
    GIVES_TEXT(graph, "int64[] 256");
    assert_true(ctx->memory_peak - before > 256 * sizeof data);
    assert_true(ctx->memory_peak - before < 256 * sizeof data * 3 / 2);
}

static void a_loop_without_end_ends_at_the_limit(void **state)
{
    struct imgcls_context *ctx;
    const struct imgcls_context_options options = {
        .struct_size = sizeof options, .threads = 1, .max_iterations = 50};
    assert_int_equal(imgcls_context_create(&options, &ctx), IMGCLS_OK);
    FAILS_TEXT(loop((void **)&ctx, "Loop - - start -> y z", 0, -1), IMGCLS_LIMIT,
               "'Loop' (Loop): still going after 50 iterations");
    FAILS_TEXT(loop((void **)&ctx, "Loop trips - start -> y z", INT64_MAX, -1),
               IMGCLS_LIMIT, "still going after 50 iterations");
    imgcls_context_destroy(ctx);
    (void)state;
}

static void bodies_that_do_not_fit_are_refused(void **state)
{
    FAILS_TEXT(loop(state, "Loop trips yes start start -> y z", 1, -1), IMGCLS_BAD_INPUT,
               "the body has 3 inputs, the node feeds it 4");
    FAILS_TEXT(loop(state, "Loop trips yes start -> y z w", 1, -1), IMGCLS_BAD_INPUT,
               "the body has no output 3");
    FAILS_TEXT(loop(state, "Loop trips start start -> y z", 1, -1), IMGCLS_BAD_INPUT,
               "the condition must be one bool");
    FAILS_TEXT(loop(state, "Loop yes yes start -> y z", 1, -1), IMGCLS_BAD_INPUT,
               "the trip count must be one int64");
}

/* s' = s + x, scanned out: s'. x is [[1,2],[3,4],[5,6]] (set 8: with a batch of 1 in
 * front). */
static struct imgcls_graph *scan(void **state, int64_t opset, const char *line,
                                 struct icl_node **node)
{
    static const float data[] = {1, 2, 3, 4, 5, 6};
    struct imgcls_graph *graph = flow_graph(*state, opset), *body = flow_inner(graph);
    const int64_t dims[] = {1, 3, 2};
    const int32_t front = opset == 8;
    flow_tensor(graph, "x", IMGCLS_F32, 2 + front, dims + !front, data);
    flow_tensor(graph, "s2", IMGCLS_F32, 1 + front, (const int64_t[]){front ? 1 : 2, 2},
                (const float[]){0, 0});
    flow_tensor(graph, "s3", IMGCLS_F32, 1, (const int64_t[]){3}, (const float[]){0, 0, 0});
    flow_tensor(graph, "len", IMGCLS_I64, 1, (const int64_t[]){1}, (const int64_t[]){2});
    flow_input(body, "s", TENSOR, IMGCLS_F32);
    flow_input(body, "part", TENSOR, IMGCLS_F32);
    flow_node(body, "Add s part -> sum");
    flow_node(body, "Identity sum -> out");
    flow_output(body, "sum", TENSOR, IMGCLS_F32);
    flow_output(body, "out", TENSOR, IMGCLS_F32);
    *node = flow_node(graph, line);
    flow_body(*node, "body", body);
    flow_int(*node, "num_scan_inputs", 1);
    flow_output(graph, "y", TENSOR, IMGCLS_UNDEFINED);
    flow_output(graph, "z", TENSOR, IMGCLS_UNDEFINED);
    return graph;
}

static void scans_go_along_axes_both_ways(void **state)
{
    struct icl_node *node;
    struct imgcls_graph *graph = scan(state, 24, "Scan s2 x -> y z", &node);
    GIVES_TEXT(graph, "float32[2] 9 12 | float32[3,2] 1 2 4 6 9 12");

    graph = scan(state, 24, "Scan s3 x -> y z", &node);
    flow_ints(node, "scan_input_axes", 1, (const int64_t[]){-1});
    flow_ints(node, "scan_output_axes", 1, (const int64_t[]){1});
    GIVES_TEXT(graph, "float32[3] 3 7 11 | float32[3,2] 1 3 3 7 5 11");

    graph = scan(state, 24, "Scan s2 x -> y z", &node);
    flow_ints(node, "scan_input_directions", 1, (const int64_t[]){1});
    flow_ints(node, "scan_output_directions", 1, (const int64_t[]){1});
    GIVES_TEXT(graph, "float32[2] 9 12 | float32[3,2] 9 12 8 10 5 6");
}

static void scans_of_set_8_have_a_batch_and_lengths(void **state)
{
    struct icl_node *node;
    GIVES_TEXT(scan(state, 8, "Scan - s2 x -> y z", &node),
               "float32[1,2] 9 12 | float32[1,3,2] 1 2 4 6 9 12");
    GIVES_TEXT(scan(state, 8, "Scan len s2 x -> y z", &node),
               "float32[1,2] 4 6 | float32[1,3,2] 1 2 4 6 0 0");
}

static void scans_that_do_not_fit_are_refused(void **state)
{
    struct icl_node *node;
    struct imgcls_graph *graph = scan(state, 24, "Scan s2 x -> y z", &node);
    flow_int(node, "num_scan_inputs", 3);
    FAILS_TEXT(graph, IMGCLS_BAD_INPUT, "num_scan_inputs is 3, 1..2 are possible");
    graph = scan(state, 24, "Scan s2 x -> y z", &node);
    flow_ints(node, "scan_input_axes", 1, (const int64_t[]){2});
    FAILS_TEXT(graph, IMGCLS_BAD_INPUT, "axis 2 is outside -2..1");
    graph = scan(state, 24, "Scan s2 x -> y z", &node);
    flow_int(node, "num_scan_inputs", 2);
    FAILS_TEXT(graph, IMGCLS_BAD_INPUT,
               "input 1 is scanned over 3 places, the first one over 2");
    graph = scan(state, 24, "Scan s3 x -> y z", &node);
    FAILS_TEXT(graph, IMGCLS_BAD_INPUT, "do not broadcast");
}

/* What was computed wide meets what lies in the body narrow: [1,2] + [1,2], then + [1,2] in
 * each round, in float16. */
static void narrow_floats_go_in_and_come_out(void **state)
{
    struct imgcls_graph *graph = flow_graph(*state, 24), *body = flow_inner(graph);
    flow_input(graph, "a", TENSOR, IMGCLS_F16);
    FLOW_ONE(graph, "trips", 2);
    flow_node(graph, "Add a a -> start");
    flow_input(body, "i", TENSOR, IMGCLS_I64);
    flow_input(body, "on", TENSOR, IMGCLS_BOOL);
    flow_input(body, "x", TENSOR, IMGCLS_F16);
    FLOW_LIST(body, "k", IMGCLS_F16, uint16_t, 0x3c00, 0x4000);
    flow_node(body, "Identity on -> more");
    flow_node(body, "Add x k -> next");
    flow_output(body, "more", TENSOR, IMGCLS_BOOL);
    flow_output(body, "next", TENSOR, IMGCLS_F16);
    flow_body(flow_node(graph, "Loop trips - start -> y"), "body", body);
    flow_node(graph, "SequenceConstruct start y -> s");
    flow_output(graph, "y", TENSOR, IMGCLS_UNDEFINED);
    flow_output(graph, "s", IMGCLS_KIND_SEQUENCE, IMGCLS_UNDEFINED);

    const struct icl_plan_options options = {.threads = 1};
    struct imgcls_value *a;
    const struct imgcls_value *outputs[2];
    struct icl_session *session;
    char text[256];
    assert_int_equal(icl_value_tensor(*state, IMGCLS_F16, 1, (const int64_t[]){2}, &a),
                     IMGCLS_OK);
    memcpy(a->tensor->data, (const uint16_t[]){0x3c00, 0x4000}, 4);
    assert_int_equal(icl_session_create(*state, graph, &options, &session), IMGCLS_OK);
    if (icl_session_run(session, (const struct imgcls_value *const[]){a}, outputs))
        fail_msg("%s", imgcls_error(*state));
    flow_print(outputs[0], text, sizeof text);
    assert_string_equal(text, "float16[2] 4 8");
    flow_print(outputs[1], text, sizeof text);
    assert_string_equal(text, "seq(float16[2] 2 4; float16[2] 4 8)");
    icl_value_release(*state, a);
    icl_session_destroy(session);
    icl_graph_destroy(graph);
}

static int set_up(void **state)
{
    *state = op_context(1);
    return 0;
}
static int tear_down(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

/* then: x + c; else: -x, by two nodes and a constant each. */
static struct imgcls_graph *branch_of(struct imgcls_graph *outer, bool then)
{
    struct imgcls_graph *graph = flow_inner(outer);
    if (then) {
        FLOW_F32(graph, "c", 10, 20);
        flow_node(graph, "Add x c -> t");
    } else {
        FLOW_F32(graph, "c", 0, 0);
        flow_node(graph, "Sub c x -> t");
    }
    flow_node(graph, "Identity t -> r");
    flow_output(graph, "r", IMGCLS_KIND_TENSOR, IMGCLS_F32);
    return graph;
}

static void an_if_with_a_constant_condition_becomes_its_branch(void **state)
{
    static const struct icl_plan_options options = {.threads = 1};
    static const float want[2][2] = {{-1, -2}, {11, 22}};
    float pixels[] = {1, 2};
    for (int taken = 0; taken < 2; taken++) {
        struct imgcls_graph *graph = flow_graph(*state, 18);
        struct imgcls_tensor tensor;
        const struct imgcls_value *output;
        const struct imgcls_node *step;
        const char *kernel;
        struct icl_session *session;
        assert_int_equal(icl_graph_add_input(graph, "x", IMGCLS_KIND_TENSOR, IMGCLS_F32, 1,
                                             (const int64_t[]){2}, NULL),
                         IMGCLS_OK);
        FLOW_BOOL(graph, "yes", (uint8_t)taken);
        /* Twice, so that the names of the branches meet; the second reads the first. */
        for (int i = 0; i < 2; i++) {
            struct icl_node *node = flow_node(graph, i ? "If yes -> b" : "If yes -> a");
            flow_body(node, "then_branch", branch_of(graph, true));
            flow_body(node, "else_branch", branch_of(graph, false));
        }
        flow_node(graph, "Add a b -> s");
        flow_node(graph, "Sub s a -> y");
        flow_output(graph, "y", IMGCLS_KIND_TENSOR, IMGCLS_F32);
        assert_int_equal(
            icl_tensor_borrow(*state, IMGCLS_F32, 1, (const int64_t[]){2}, pixels, &tensor),
            IMGCLS_OK);
        const struct imgcls_value value = {.struct_size = sizeof value,
                                           .kind = IMGCLS_KIND_TENSOR,
                                           .type = IMGCLS_F32,
                                           .tensor = &tensor};
        const struct imgcls_value *input = &value;
        assert_int_equal(icl_session_create(*state, graph, &options, &session), IMGCLS_OK);
        if (icl_session_run(session, &input, &output) != IMGCLS_OK)
            fail_msg("%s", imgcls_error(*state));
        assert_memory_equal(output->tensor->data, want[taken], sizeof want[taken]);
        for (size_t i = 0; icl_plan_step(icl_session_plan(session), i, &step, &kernel); i++)
            assert_string_not_equal(step->type, "If");
        icl_session_destroy(session);
        icl_graph_destroy(graph);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_if_with_a_constant_condition_becomes_its_branch),
        cmocka_unit_test(a_condition_chooses),
        cmocka_unit_test(loops_count_and_ask),
        cmocka_unit_test(a_growing_sequence_copies_no_items),
        cmocka_unit_test(a_loop_without_end_ends_at_the_limit),
        cmocka_unit_test(bodies_that_do_not_fit_are_refused),
        cmocka_unit_test(narrow_floats_go_in_and_come_out),
        cmocka_unit_test(scans_go_along_axes_both_ways),
        cmocka_unit_test(scans_of_set_8_have_a_batch_and_lengths),
        cmocka_unit_test(scans_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

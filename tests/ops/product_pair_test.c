/*
 * tests/ops/product_pair_test.c - plugins/ops/nn/product_pair.c: two products in one node
 *
 * The same arithmetic in nodes of their own, each computed by portable kernels over all rows, says
 * which bits must come out, for every instruction set and on one to three threads. Rows: none, one,
 * some that fill no tile and no band; sides that fill no panel, and 512, where rows would share
 * cache sets; weights both ways round, as a Conv's; a bias, an addend, a step, epilogues. Nodes that
 * no pass makes are refused.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/ops/flow.h"
#include "tests/ops/op_case.h"

struct row {
    int64_t pictures, rows, k, middle, columns;
    bool first_turned, second_turned, bias, addend, second_bias, second_addend;
    int32_t step;          /* an epilogue's number */
    const char *step_type; /* and its operator */
};

static const struct row rows[] = {
    {1, 0, 8, 16, 8, false, false, true, true, true, true, 0, NULL},
    {1, 1, 8, 16, 8, false, false, true, false, true, true, IMGCLS_EPILOGUE_GELU, "Gelu"},
    {1, 7, 5, 3, 1, true, false, true, true, false, true, IMGCLS_EPILOGUE_RELU, "Relu"},
    {2, 47, 33, 70, 17, false, true, false, false, true, false, IMGCLS_EPILOGUE_TANH, "Tanh"},
    {1, 48, 96, 384, 96, true, true, true, false, true, true, IMGCLS_EPILOGUE_GELU, "Gelu"},
    {3, 35, 97, 131, 50, true, true, true, true, true, true, IMGCLS_EPILOGUE_SIGMOID, "Sigmoid"},
    {1, 150, 24, 512, 24, false, false, true, false, false, true, IMGCLS_EPILOGUE_RELU, "Relu"},
    {1, 150, 512, 512, 512, false, true, false, true, false, true, 0, NULL},
    {1, 150, 24, 512, 24, true, true, true, true, true, false, IMGCLS_EPILOGUE_RELU, "Relu"},
    {1, 13, 7, 900, 9, false, false, false, false, false, false, 0, NULL},
    {1, 577, 1, 1, 1, true, false, true, true, true, true, IMGCLS_EPILOGUE_GELU, "Gelu"},
};

static float *drawn(int64_t count, unsigned *seed)
{
    float *floats = malloc((size_t)count * sizeof *floats + 1);
    assert_non_null(floats);
    for (int64_t i = 0; i < count; i++)
        floats[i] = 2 * (float)rand_r(seed) / (float)RAND_MAX - 1;
    return floats;
}

/* A constant of the graph's own, from the row's seed. */
static void constant(struct imgcls_graph *graph, const char *name, int32_t rank,
                     const int64_t *dims, unsigned seed)
{
    float *floats = drawn(imgcls_count(rank, dims), &seed);
    flow_tensor(graph, name, IMGCLS_F32, rank, dims, floats);
    free(floats);
}

/* Weights [K, N], of the pair turned: [N, K, 1, 1]. */
static void matrix(struct imgcls_graph *graph, const char *name, bool turned, int64_t k,
                   int64_t n, unsigned seed)
{
    const int64_t plain[] = {k, n}, other[] = {n, k, 1, 1};
    float *floats = drawn(k * n, &seed), *laid = drawn(k * n, &seed);
    for (int64_t i = 0; i < k; i++)
        for (int64_t j = 0; j < n; j++)
            laid[turned ? j * k + i : i * n + j] = floats[i * n + j];
    flow_tensor(graph, name, IMGCLS_F32, turned ? 4 : 2, turned ? other : plain, laid);
    free(laid);
    free(floats);
}

static void operands(struct imgcls_graph *graph, const struct row *row, bool pair)
{
    const int64_t x[] = {row->pictures, row->rows, row->k};
    const int64_t middle[] = {row->pictures, row->rows, row->middle};
    const int64_t y[] = {row->pictures, row->rows, row->columns};
    assert_int_equal(
        icl_graph_add_input(graph, "x", IMGCLS_KIND_TENSOR, IMGCLS_F32, 3, x, NULL), IMGCLS_OK);
    matrix(graph, "w1", pair && row->first_turned, row->k, row->middle, 1);
    matrix(graph, "w2", pair && row->second_turned, row->middle, row->columns, 2);
    constant(graph, "b1", 1, middle + 2, 3);
    constant(graph, "b2", 1, y + 2, 4);
    constant(graph, "a1", 3, middle, 5);
    constant(graph, "a2", 3, y, 6);
}

/* A node of `type` with an addend or without, whose result goes on from `at`. */
static const char *then(struct imgcls_graph *graph, const char *type, const char *at,
                        const char *with, const char *out)
{
    char line[64];
    snprintf(line, sizeof line, "%s %s %s%s-> %s", type, at, with ? with : "", with ? " " : "",
             out);
    flow_node(graph, line);
    return out;
}

static void draw_nodes(struct imgcls_graph *graph, const struct row *row)
{
    const char *at = then(graph, "MatMul", "x", "w1", "p1");
    operands(graph, row, false);
    at = row->bias ? then(graph, "Add", at, "b1", "q1") : at;
    at = row->addend ? then(graph, "Add", at, "a1", "r1") : at;
    at = then(graph, row->step ? row->step_type : "Identity", at, NULL, "t");
    at = then(graph, "MatMul", at, "w2", "p2");
    at = row->second_bias ? then(graph, "Add", at, "b2", "q2") : at;
    at = row->second_addend ? then(graph, "Add", at, "a2", "r2") : at;
    then(graph, "Relu", at, NULL, "y");
}

static struct icl_node *add_pair(struct imgcls_graph *graph, const struct row *row)
{
    const char *inputs[] = {
        "x", "w1", row->bias ? "b1" : "", row->addend ? "a1" : "", "w2",
        row->second_bias ? "b2" : "", "a2"};
    const char *outputs[] = {"y"};
    struct icl_node *node;
    assert_int_equal(icl_graph_add_node(graph, "imgcls", "ProductPair", "pair",
                                        row->second_addend ? 7 : 6, inputs,
                                        1, outputs, &node),
                     IMGCLS_OK);
    flow_int(node, "first_turned", row->first_turned);
    flow_int(node, "second_turned", row->second_turned);
    flow_int(node, "first_step", row->step);
    return node;
}

static void draw_pair(struct imgcls_graph *graph, const struct row *row)
{
    const struct imgcls_epilogue sum = {.kind = IMGCLS_EPILOGUE_ADD, .operand = 6};
    const struct imgcls_epilogue relu = {.kind = IMGCLS_EPILOGUE_RELU, .operand = -1};
    operands(graph, row, true);
    struct icl_node *node = add_pair(graph, row);
    if (row->second_addend)
        assert_int_equal(icl_node_add_epilogue(node, &sum), IMGCLS_OK);
    assert_int_equal(icl_node_add_epilogue(node, &relu), IMGCLS_OK);
}

/* Own. */
static float *run(const struct row *row, const float *x, bool pair, const char *isa,
                  int32_t threads)
{
    if (isa)
        setenv("IMGCLS_ISA", isa, 1);
    struct imgcls_context *ctx = op_context(threads);
    const struct icl_plan_options options = {
        .threads = threads, .no_fusion = true, .portable_only = !pair};
    struct imgcls_graph *graph = flow_graph(ctx, 22);
    const int64_t dims[] = {row->pictures, row->rows, row->k};
    const struct imgcls_value *output = NULL;
    struct imgcls_tensor tensor;
    struct imgcls_value value = {
        .struct_size = sizeof value, .kind = IMGCLS_KIND_TENSOR, .tensor = &tensor};
    const struct imgcls_value *inputs[] = {&value};
    struct icl_session *session;

    unsetenv("IMGCLS_ISA");
    if (pair)
        draw_pair(graph, row);
    else
        draw_nodes(graph, row);
    flow_output(graph, "y", IMGCLS_KIND_TENSOR, IMGCLS_F32);
    assert_int_equal(icl_tensor_borrow(ctx, IMGCLS_F32, 3, dims, (void *)(uintptr_t)x, &tensor),
                     IMGCLS_OK);
    if (icl_session_create(ctx, graph, &options, &session) != IMGCLS_OK ||
        icl_session_run(session, inputs, &output) != IMGCLS_OK)
        fail_msg("%s", imgcls_error(ctx));
    size_t bytes = output->tensor->size_bytes;
    assert_int_equal(bytes, row->pictures * row->rows * row->columns * (int64_t)sizeof(float));
    float *y = malloc(bytes + 1);
    assert_non_null(y);
    memcpy(y, output->tensor->data, bytes);
    icl_session_destroy(session);
    icl_graph_destroy(graph);
    imgcls_context_destroy(ctx);
    return y;
}

static void expect_bits_of_nodes(void **state)
{
    static const char *const sets[] = {"portable", "avx2", NULL};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        int64_t count = row->pictures * row->rows;
        unsigned seed = 9;
        float *x = drawn(count * row->k, &seed), *want = run(row, x, false, NULL, 1);
        for (size_t s = 0; s < sizeof sets / sizeof sets[0]; s++)
            for (int32_t threads = 1; threads <= 3; threads++) {
                float *got = run(row, x, true, sets[s], threads);
                if (memcmp(want, got, (size_t)(count * row->columns) * sizeof *got) != 0)
                    fail_msg("row %zu, %s, %d threads: other bits", i,
                             sets[s] ? sets[s] : "this machine's", (int)threads);
                free(got);
            }
        free(want);
        free(x);
    }
}

/* ---- What no pass makes -----------------------------------------------------------------*/

static const struct row usual = {1, 9, 6, 8, 4, false, false, false, true, true, false, 0, NULL};

static void expect_refused(struct imgcls_context *ctx, struct imgcls_graph *graph, const char *why)
{
    const struct icl_plan_options options = {.threads = 1};
    const int64_t dims[] = {1, 9, 6};
    float x[54] = {0};
    const struct imgcls_value *output;
    struct imgcls_tensor tensor;
    struct imgcls_value value = {
        .struct_size = sizeof value, .kind = IMGCLS_KIND_TENSOR, .tensor = &tensor};
    const struct imgcls_value *inputs[] = {&value};
    struct icl_session *session;

    flow_output(graph, "y", IMGCLS_KIND_TENSOR, IMGCLS_F32);
    assert_int_equal(icl_tensor_borrow(ctx, IMGCLS_F32, 3, dims, x, &tensor), IMGCLS_OK);
    assert_int_equal(icl_session_create(ctx, graph, &options, &session), IMGCLS_OK);
    if (icl_session_run(session, inputs, &output) == IMGCLS_OK)
        fail_msg("%s: taken", why);
    assert_non_null(strstr(imgcls_error(ctx), "ProductPair"));
    icl_session_destroy(session);
    icl_graph_destroy(graph);
    imgcls_context_destroy(ctx);
}

static struct icl_node *begin(struct imgcls_context **ctx, struct imgcls_graph **graph)
{
    *ctx = op_context(1);
    *graph = flow_graph(*ctx, 22);
    operands(*graph, &usual, true);
    return add_pair(*graph, &usual);
}

static void expect_others_refused(void **state)
{
    static const struct {
        const char *why, *name; /* a constant that does not fit, as input `input` */
        size_t input;
        int32_t rank;
        int64_t dims[4];
    } misfits[] = {
        {"weights for other rows", "m", 1, 2, {5, 8}},
        {"weights that do not meet", "m", 4, 2, {7, 4}},
        {"weights of one dimension", "m", 4, 1, {32}},
        {"a Conv's weights that are not said to be turned", "m", 1, 4, {6, 8, 1, 1}},
        {"a bias of other columns", "m", 2, 1, {9}},
        {"an addend of other rows", "m", 3, 3, {1, 8, 8}},
        {"an addend of fewer dimensions", "m", 3, 2, {9, 8}},
        {"x of one dimension", "m", 0, 1, {6}},
    };
    static const int64_t steps[] = {IMGCLS_EPILOGUE_ADD, IMGCLS_EPILOGUE_MUL,
                                    IMGCLS_EPILOGUE_BIAS, 12, 64, -1, INT64_MAX, INT64_MIN};
    struct imgcls_context *ctx;
    struct imgcls_graph *graph;

    (void)state;
    for (size_t i = 0; i < sizeof misfits / sizeof misfits[0]; i++) {
        struct icl_node *node = begin(&ctx, &graph);
        constant(graph, misfits[i].name, misfits[i].rank, misfits[i].dims, 1);
        assert_int_equal(icl_node_set_input(node, misfits[i].input, misfits[i].name), IMGCLS_OK);
        expect_refused(ctx, graph, misfits[i].why);
    }
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        flow_int(begin(&ctx, &graph), "first_step", steps[i]);
        expect_refused(ctx, graph, "a step that needs an operand, or is none");
    }
    assert_int_equal(icl_node_set_input(begin(&ctx, &graph), 4, ""), IMGCLS_OK);
    expect_refused(ctx, graph, "no second weights");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expect_bits_of_nodes),
        cmocka_unit_test(expect_others_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

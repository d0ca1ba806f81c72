/*
 * tests/ops/nn_test.c - every operator of ops-nn on small cases of every version's meaning
 *
 * Expected values are ONNX Runtime's (nn_rows.h, made by nn_reference.py). Each row runs
 * with its parameters as constants (packed beforehand) and as inputs, by the fastest
 * kernels and by the portable ones, on one thread and on three: all float32 results must be
 * the same bits. Then in float64. Shapes that contradict each other must be refused in
 * words.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/session/session.h"
#include "src/tensor/tensor.h"

#define INPUTS_MAX  5
#define OUTPUTS_MAX 3

struct nn_row {
    const char *op;
    int64_t opset;
    const char *attrs; /* "pads=1,1 alpha=0.5f auto_pad=VALID" */
    int inputs;
    int64_t shapes[INPUTS_MAX][6]; /* rank, dims */
    int positive;                  /* input made positive, -1: none */
    int outputs;
    int64_t results[OUTPUTS_MAX][6];
    const double *want;
};
#include "nn_rows.h"

/* As value() of nn_reference.py. */
static float input_value(int64_t i, int which, int positive)
{
    float x = (float)((i * 37 + which * 11 + i / 7) % 23 - 11) / 8;
    return positive ? fabsf(x) + 0.5f : x;
}

static void set_attrs(struct icl_node *node, const char *text)
{
    char copy[256], *part, *rest = copy;
    snprintf(copy, sizeof copy, "%s", text);
    while ((part = strsep(&rest, " "))) {
        char *word = strchr(part, '='), *end;
        int64_t ints[16];
        struct imgcls_attr attr = {.struct_size = sizeof attr, .name = part, .ints = ints};
        if (!word)
            continue;
        *word++ = 0;
        if (strchr(word, ',')) {
            attr.kind = IMGCLS_ATTR_INTS;
            for (char *p = word; *p; p = *end == ',' ? end + 1 : end)
                ints[attr.count++] = strtoll(p, &end, 10);
        } else if (word[strlen(word) - 1] == 'f') {
            attr.kind = IMGCLS_ATTR_FLOAT;
            attr.f = strtof(word, NULL);
        } else {
            attr.i = strtoll(word, &end, 10);
            attr.kind = *end ? IMGCLS_ATTR_STRING : IMGCLS_ATTR_INT;
            attr.s.bytes = word;
            attr.s.length = strlen(word);
        }
        assert_int_equal(icl_node_set_attr(node, &attr), IMGCLS_OK);
    }
}

struct made {
    struct imgcls_graph *graph;
    float *numbers[INPUTS_MAX];
    struct imgcls_tensor tensors[INPUTS_MAX];
};

static void make_input(struct imgcls_context *ctx, const struct nn_row *row, int i,
                       struct made *made)
{
    int64_t count = imgcls_count((int32_t)row->shapes[i][0], row->shapes[i] + 1), k;
    assert_in_range(count, 0, 100000);
    made->numbers[i] = calloc((size_t)count + 1, sizeof(float));
    assert_non_null(made->numbers[i]);
    for (k = 0; k < count; k++)
        made->numbers[i][k] = input_value(k, i, i == row->positive);
    assert_int_equal(icl_tensor_borrow(ctx, IMGCLS_F32, (int32_t)row->shapes[i][0],
                                       row->shapes[i] + 1, made->numbers[i],
                                       &made->tensors[i]),
                     IMGCLS_OK);
}

/* A graph of one node; inputs from 1 on as initializers where `constant`. */
static void make_graph(struct imgcls_context *ctx, const struct nn_row *row, int constant,
                       struct made *made)
{
    static const char *const ins[] = {"x0", "x1", "x2", "x3", "x4"};
    static const char *const outs[] = {"y0", "y1", "y2"};
    struct icl_node *node;
    int i;

    assert_int_equal(icl_graph_create(ctx, NULL, &made->graph), IMGCLS_OK);
    assert_int_equal(icl_graph_set_opset(made->graph, "", row->opset), IMGCLS_OK);
    for (i = 0; i < row->inputs; i++) {
        make_input(ctx, row, i, made);
        if (constant && i > 0)
            assert_int_equal(
                icl_graph_add_initializer(made->graph, ins[i], &made->tensors[i], NULL),
                IMGCLS_OK);
        else
            assert_int_equal(icl_graph_add_input(made->graph, ins[i], IMGCLS_KIND_TENSOR,
                                                 IMGCLS_F32, made->tensors[i].rank,
                                                 made->tensors[i].dims, NULL),
                             IMGCLS_OK);
    }
    assert_int_equal(icl_graph_add_node(made->graph, "", row->op, "it", (size_t)row->inputs,
                                        ins, (size_t)row->outputs, outs, &node),
                     IMGCLS_OK);
    set_attrs(node, row->attrs);
    for (i = 0; i < row->outputs; i++)
        assert_int_equal(icl_graph_add_output(made->graph, outs[i], IMGCLS_KIND_TENSOR,
                                              IMGCLS_UNDEFINED, -1, NULL, NULL),
                         IMGCLS_OK);
}

static void made_free(struct made *made)
{
    int i;
    icl_graph_destroy(made->graph);
    for (i = 0; i < INPUTS_MAX; i++)
        free(made->numbers[i]);
}

static void compare(const struct nn_row *row, const char *how, int output, int64_t from,
                    const struct imgcls_tensor *is, double tolerance)
{
    int64_t count = imgcls_count(is->rank, is->dims), i;
    if (is->rank != row->results[output][0] ||
        memcmp(is->dims, row->results[output] + 1, (size_t)is->rank * sizeof *is->dims))
        fail_msg("%s-%lld %s, %s: output %d has another shape", row->op,
                 (long long)row->opset, row->attrs, how, output);
    for (i = 0; i < count; i++) {
        double want = row->want[from + i], got = icl_tensor_get(is, i);
        if (!(fabs(got - want) <= tolerance * (1 + fabs(want))))
            fail_msg("%s-%lld %s, %s: output %d, element %lld is %.9g, should be %.9g",
                     row->op, (long long)row->opset, row->attrs, how, output, (long long)i,
                     got, want);
    }
}

/* Runs the row one way; bits, where not NULL, are compared with output 0's (or kept, where
 * *bits is NULL). */
static void run_row(struct imgcls_context *ctx, const struct nn_row *row, const char *how,
                    int constant, const struct icl_plan_options *options, float **bits)
{
    struct made made = {0};
    struct imgcls_value values[INPUTS_MAX];
    const struct imgcls_value *inputs[INPUTS_MAX], *outputs[OUTPUTS_MAX];
    struct icl_session *session;
    int64_t from = 0;
    size_t bytes;
    int i;

    make_graph(ctx, row, constant, &made);
    for (i = 0; i < row->inputs; i++) {
        values[i] = (struct imgcls_value){.struct_size = sizeof values[i],
                                          .kind = IMGCLS_KIND_TENSOR,
                                          .type = IMGCLS_F32,
                                          .tensor = &made.tensors[i]};
        inputs[i] = &values[i];
    }
    if (icl_session_create(ctx, made.graph, options, &session) != IMGCLS_OK ||
        icl_session_run(session, inputs, outputs) != IMGCLS_OK)
        fail_msg("%s-%lld %s, %s: %s", row->op, (long long)row->opset, row->attrs, how,
                 imgcls_error(ctx));
    for (i = 0; i < row->outputs; i++) {
        compare(row, how, i, from, outputs[i]->tensor, 4e-6);
        from += imgcls_count((int32_t)row->results[i][0], row->results[i] + 1);
    }
    bytes = outputs[0]->tensor->size_bytes;
    if (bits && !*bits) {
        *bits = malloc(bytes + 1);
        assert_non_null(*bits);
        memcpy(*bits, outputs[0]->tensor->data, bytes);
    } else if (bits && memcmp(*bits, outputs[0]->tensor->data, bytes) != 0) {
        fail_msg("%s-%lld %s: %s gives other bits than portable kernels", row->op,
                 (long long)row->opset, row->attrs, how);
    }
    icl_session_destroy(session);
    made_free(&made);
}

static void operators_compute_what_onnx_runtime_does(void **state)
{
    struct imgcls_context *ctx = *state;
    const struct icl_plan_options portable = {.portable_only = true, .threads = 1};
    const struct icl_plan_options fastest = {.threads = 1}, threads = {.threads = 3};
    const struct icl_plan_options wide = {
        .portable_only = true, .no_fusion = true, .in_double = true, .threads = 2};
    size_t r;

    for (r = 0; r < sizeof rows / sizeof *rows; r++) {
        float *bits = NULL;
        run_row(ctx, &rows[r], "portable, constants", 1, &portable, &bits);
        run_row(ctx, &rows[r], "portable, inputs", 0, &portable, &bits);
        run_row(ctx, &rows[r], "fastest, constants", 1, &fastest, &bits);
        run_row(ctx, &rows[r], "fastest, inputs", 0, &fastest, &bits);
        run_row(ctx, &rows[r], "fastest, three threads", 1, &threads, &bits);
        run_row(ctx, &rows[r], "float64", 0, &wide, NULL);
        free(bits);
    }
}

/* What must be refused, and a word that the message must have. */
static const struct {
    const char *op, *attrs;
    int inputs;
    int64_t shapes[INPUTS_MAX][6];
    const char *word;
} wrong[] = {
    {"Conv", "", 2, {{4, 1, 3, 4, 4}, {4, 2, 2, 3, 3}}, "3 channels"},
    {"Conv", "", 2, {{4, 1, 2, 2, 2}, {4, 2, 2, 3, 3}}, "does not fit"},
    {"Conv", "group=2", 2, {{4, 1, 2, 4, 4}, {4, 3, 1, 3, 3}}, "3 channels"},
    {"Conv", "strides=0,1", 2, {{4, 1, 2, 4, 4}, {4, 2, 2, 3, 3}}, "strides"},
    {"Conv", "pads=1,1", 2, {{4, 1, 2, 4, 4}, {4, 2, 2, 3, 3}}, "pads"},
    {"Conv", "pads=-1,0,0,0", 2, {{4, 1, 2, 4, 4}, {4, 2, 2, 3, 3}}, "pads"},
    {"Conv", "dilations=2147483648,1", 2, {{4, 1, 2, 4, 4}, {4, 2, 2, 3, 3}}, "dilations"},
    {"Conv", "auto_pad=SAME", 2, {{4, 1, 2, 4, 4}, {4, 2, 2, 3, 3}}, "auto_pad"},
    {"Conv", "kernel_shape=2,2", 2, {{4, 1, 2, 4, 4}, {4, 2, 2, 3, 3}}, "kernel_shape"},
    {"MaxPool", "", 1, {{4, 1, 2, 4, 4}}, "kernel_shape"},
    {"MaxPool", "kernel_shape=2,", 1, {{2, 3, 4}}, "at least 3"},
    {"Gemm", "", 2, {{2, 2, 3}, {2, 4, 5}}, "3"},
    {"Gemm", "", 3, {{2, 2, 3}, {2, 3, 5}, {2, 4, 5}}, "4"},
    {"MatMul", "", 2, {{3, 2, 3, 4}, {3, 2, 5, 6}}, "[2,3,4]"},
    {"MatMul", "", 2, {{0}, {1, 3}}, "scalar"},
    {"Softmax", "axis=3", 1, {{2, 3, 4}}, "axis 3"},
    {"LayerNormalization", "", 2, {{2, 3, 4}, {1, 5}}, "5 elements"},
    {"BatchNormalization",
     "",
     5,
     {{2, 2, 3}, {1, 4}, {1, 3}, {1, 3}, {1, 3}},
     "4 elements"},
    {"GroupNormalization", "num_groups=2", 3, {{3, 1, 3, 2}, {1, 3}, {1, 3}}, "divide"},
    {"LRN", "size=0", 1, {{3, 1, 3, 2}}, "size"},
    {"LpNormalization", "p=3", 1, {{2, 3, 4}}, "p is 3"},
};

static void contradictions_are_refused_in_words(void **state)
{
    struct imgcls_context *ctx = *state;
    const struct icl_plan_options options = {.threads = 1};
    size_t r;

    for (r = 0; r < sizeof wrong / sizeof *wrong; r++) {
        struct nn_row row = {.op = wrong[r].op,
                             .opset = 21,
                             .attrs = wrong[r].attrs,
                             .inputs = wrong[r].inputs,
                             .positive = -1,
                             .outputs = 1};
        struct made made = {0};
        struct icl_session *session = NULL;
        imgcls_status status;
        memcpy(row.shapes, wrong[r].shapes, sizeof row.shapes);
        icl_forgive(ctx);
        make_graph(ctx, &row, 0, &made);
        status = icl_session_create(ctx, made.graph, &options, &session);
        if (status == IMGCLS_OK)
            status = icl_session_prepare(session, made.tensors);
        if (status != IMGCLS_BAD_INPUT || !strstr(imgcls_error(ctx), wrong[r].word))
            fail_msg("%s %s: status %d, \"%s\"", row.op, row.attrs, (int)status,
                     status ? imgcls_error(ctx) : "");
        icl_session_destroy(session);
        made_free(&made);
    }
}

/* Nothing in, nothing out, no complaint: a batch of none. */
static void a_batch_of_none_gives_none(void **state)
{
    static const struct nn_row none[] = {
        {"Conv",
         11,
         "",
         2,
         {{4, 0, 2, 4, 4}, {4, 3, 2, 3, 3}},
         -1,
         1,
         {{4, 0, 3, 2, 2}},
         NULL},
        {"MaxPool",
         11,
         "kernel_shape=2,2",
         1,
         {{4, 0, 2, 4, 4}},
         -1,
         1,
         {{4, 0, 2, 3, 3}},
         NULL},
        {"GlobalAveragePool", 1, "", 1, {{4, 0, 2, 4, 4}}, -1, 1, {{4, 0, 2, 1, 1}}, NULL},
        {"Gemm", 13, "", 2, {{2, 0, 3}, {2, 3, 4}}, -1, 1, {{2, 0, 4}}, NULL},
        {"MatMul", 13, "", 2, {{3, 0, 2, 3}, {2, 3, 4}}, -1, 1, {{3, 0, 2, 4}}, NULL},
        {"Softmax", 13, "", 1, {{2, 0, 4}}, -1, 1, {{2, 0, 4}}, NULL},
        {"LayerNormalization", 17, "", 2, {{2, 0, 4}, {1, 4}}, -1, 1, {{2, 0, 4}}, NULL},
        {"BatchNormalization",
         15,
         "",
         5,
         {{3, 0, 2, 3}, {1, 2}, {1, 2}, {1, 2}, {1, 2}},
         4,
         1,
         {{3, 0, 2, 3}},
         NULL},
    };
    const struct icl_plan_options options = {.threads = 1};
    size_t r;
    for (r = 0; r < sizeof none / sizeof *none; r++)
        run_row(*state, &none[r], "a batch of none", 1, &options, NULL);
}

static int set_up(void **state)
{
    struct imgcls_context *ctx;
    if (imgcls_context_create(NULL, &ctx) != IMGCLS_OK)
        return 1;
    *state = ctx;
    return 0;
}

static int tear_down(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_compute_what_onnx_runtime_does),
        cmocka_unit_test(contradictions_are_refused_in_words),
        cmocka_unit_test(a_batch_of_none_gives_none),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

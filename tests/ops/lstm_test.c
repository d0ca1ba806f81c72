/*
 * tests/ops/lstm_test.c - plugins/ops/recurrent/lstm_f32.c: LSTMs of constant weights in float32
 *
 * Each row draws an LSTM and sequences. The equations of ONNX's LSTM, written down here in double
 * for one sequence at a time, say what must come out to 2e-6; the bits must be the same with the
 * portable kernel, with all that this machine has, on one thread and on three, and for a
 * sequence that runs alone. Rows: many steps of one sequence (whose inputs are multiplied many at a
 * time), more sequences than one job takes, both layouts, all directions, with and without biases
 * and states.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "src/context/context.h"
#include "tests/ops/flow.h"
#include "tests/ops/op_case.h"

enum { X, W, R, B, HIDDEN, CELL, INPUTS };
enum { Y, Y_HIDDEN, Y_CELL, OUTPUTS };
#define GATES 4

struct row {
    const char *direction;
    int64_t layout, steps, batch, inputs, size;
    bool has_bias, has_states;
};

static const struct row rows[] = {
    {"forward", 0, 3, 1, 5, 4, false, false},
    {"forward", 0, 100, 1, 7, 5, true, true},
    {"reverse", 0, 100, 1, 3, 9, true, true},
    {"bidirectional", 1, 45, 1, 8, 3, true, false},
    {"bidirectional", 0, 6, 32, 48, 24, true, true},
    {"reverse", 1, 4, 7, 16, 17, true, true},
    {"bidirectional", 1, 3, 44, 11, 13, true, true},
    {"forward", 0, 2, 101, 1, 1, false, true},
    {"bidirectional", 0, 2, 5, 130, 100, true, true}, /* sums of more than one block */
};

struct numbers {
    float *of[INPUTS];
    int64_t rank[INPUTS], dims[INPUTS][3];
};

static int64_t directions_of(const struct row *row)
{
    return strcmp(row->direction, "bidirectional") == 0 ? 2 : 1;
}

static int64_t count_of(const struct numbers *all, int i)
{
    int64_t count = 1;
    for (int64_t d = 0; d < all->rank[i]; d++)
        count *= all->dims[i][d];
    return count;
}

static void draw(const struct row *row, struct numbers *all)
{
    const int64_t d = directions_of(row), gates = GATES * row->size;
    const int64_t first = row->layout ? row->batch : row->steps;
    const int64_t second = row->layout ? row->steps : row->batch;
    const struct numbers shapes = {
        .rank = {3, 3, 3, 2, 3, 3},
        .dims = {{first, second, row->inputs},
                 {d, gates, row->inputs},
                 {d, gates, row->size},
                 {d, 2 * gates},
                 {row->layout ? row->batch : d, row->layout ? d : row->batch, row->size},
                 {row->layout ? row->batch : d, row->layout ? d : row->batch, row->size}}};
    unsigned seed = 5;

    *all = shapes;
    for (int i = 0; i < INPUTS; i++) {
        const float scale = i == W || i == R ? 3 / sqrtf((float)(row->inputs + row->size)) : 1;
        const int64_t count = count_of(all, i);
        all->of[i] = malloc((size_t)count * sizeof(float));
        assert_non_null(all->of[i]);
        for (int64_t k = 0; k < count; k++)
            all->of[i][k] = scale * (2 * (float)rand_r(&seed) / (float)RAND_MAX - 1);
    }
}

static void drop(struct numbers *all)
{
    for (int i = 0; i < INPUTS; i++)
        free(all->of[i]);
}

/* ---- The equations ----------------------------------------------------------------------*/

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static int64_t state_at(const struct row *row, int64_t d, int64_t b)
{
    return (row->layout ? b * directions_of(row) + d : d * row->batch + b) * row->size;
}

static int64_t step_at(const struct row *row, int64_t t, int64_t d, int64_t b)
{
    return (row->layout ? (b * row->steps + t) * directions_of(row) + d
                        : (t * directions_of(row) + d) * row->batch + b) *
           row->size;
}

static double gate_of(const struct row *row, const struct numbers *all, int64_t d, int64_t g,
                      const float *x, const double *hidden)
{
    const int64_t gates = GATES * row->size;
    const float *w = all->of[W] + (d * gates + g) * row->inputs;
    const float *r = all->of[R] + (d * gates + g) * row->size;
    const float *b = all->of[B] + d * 2 * gates;
    double sum = row->has_bias ? (double)b[g] + (double)b[gates + g] : 0;
    for (int64_t i = 0; i < row->inputs; i++)
        sum += (double)w[i] * (double)x[i];
    for (int64_t i = 0; i < row->size; i++)
        sum += (double)r[i] * hidden[i];
    return sum;
}

static void expect_close(const struct row *row, const float *found, const double *wanted)
{
    for (int64_t i = 0; i < row->size; i++)
        if (!(fabs((double)found[i] - wanted[i]) <= 2e-6))
            fail_msg("%s, %lld steps, batch %lld: %.9g where %.9g is right", row->direction,
                     (long long)row->steps, (long long)row->batch, (double)found[i], wanted[i]);
}

static void follow(const struct row *row, const struct numbers *all, int64_t d, int64_t b,
                   float *const found[OUTPUTS])
{
    double hidden[128] = {0}, cell[128] = {0}, gates[GATES * 128];
    const int64_t n = row->size;
    assert_true(n <= 128);
    for (int64_t i = 0; row->has_states && i < n; i++) {
        hidden[i] = (double)all->of[HIDDEN][state_at(row, d, b) + i];
        cell[i] = (double)all->of[CELL][state_at(row, d, b) + i];
    }
    for (int64_t i = 0; i < row->steps; i++) {
        const bool backward = d == 1 || strcmp(row->direction, "reverse") == 0;
        const int64_t t = backward ? row->steps - 1 - i : i;
        const float *x =
            all->of[X] +
            (row->layout ? b * row->steps + t : t * row->batch + b) * row->inputs;
        for (int64_t g = 0; g < GATES * n; g++)
            gates[g] = gate_of(row, all, d, g, x, hidden);
        for (int64_t k = 0; k < n; k++) { /* i, o, f, c~ */
            cell[k] = sigmoid(gates[2 * n + k]) * cell[k] +
                      sigmoid(gates[k]) * tanh(gates[3 * n + k]);
            hidden[k] = sigmoid(gates[n + k]) * tanh(cell[k]);
        }
        expect_close(row, found[Y] + step_at(row, t, d, b), hidden);
    }
    expect_close(row, found[Y_HIDDEN] + state_at(row, d, b), hidden);
    expect_close(row, found[Y_CELL] + state_at(row, d, b), cell);
}

/* ---- Runs -------------------------------------------------------------------------------*/

static const char *const names[INPUTS] = {"x", "w", "r", "b", "h", "c"};

static void run(const struct row *row, struct numbers *all, const char *isa, int32_t threads,
                float *found[OUTPUTS])
{
    if (isa)
        setenv("IMGCLS_ISA", isa, 1);
    else
        unsetenv("IMGCLS_ISA");
    struct imgcls_context *ctx = op_context(threads);
    const struct icl_plan_options options = {.threads = threads};
    struct imgcls_graph *graph = flow_graph(ctx, 22);
    struct imgcls_value *given;
    const struct imgcls_value *outputs[OUTPUTS];
    struct icl_session *session;

    assert_int_equal(icl_graph_add_input(graph, names[X], IMGCLS_KIND_TENSOR, IMGCLS_F32, 3,
                                         all->dims[X], NULL),
                     IMGCLS_OK);
    for (int i = W; i < INPUTS; i++)
        flow_tensor(graph, names[i], IMGCLS_F32, (int32_t)all->rank[i], all->dims[i],
                    all->of[i]);
    char line[64];
    snprintf(line, sizeof line, "LSTM x w r %s - %s -> y yh yc", row->has_bias ? "b" : "-",
             row->has_states ? "h c" : "- -");
    struct icl_node *node = flow_node(graph, line);
    flow_text(node, "direction", row->direction);
    flow_int(node, "hidden_size", row->size);
    flow_int(node, "layout", row->layout);
    flow_output(graph, "y", IMGCLS_KIND_TENSOR, IMGCLS_F32);
    flow_output(graph, "yh", IMGCLS_KIND_TENSOR, IMGCLS_F32);
    flow_output(graph, "yc", IMGCLS_KIND_TENSOR, IMGCLS_F32);

    assert_int_equal(icl_value_tensor(ctx, IMGCLS_F32, 3, all->dims[X], &given), IMGCLS_OK);
    memcpy(given->tensor->data, all->of[X], (size_t)count_of(all, X) * sizeof(float));
    if (icl_session_create(ctx, graph, &options, &session) != IMGCLS_OK ||
        icl_session_run(session, (const struct imgcls_value *const[]){given}, outputs) !=
            IMGCLS_OK)
        fail_msg("%s", imgcls_error(ctx));
    for (int i = 0; i < OUTPUTS; i++) {
        found[i] = malloc(outputs[i]->tensor->size_bytes);
        assert_non_null(found[i]);
        memcpy(found[i], outputs[i]->tensor->data, outputs[i]->tensor->size_bytes);
    }
    icl_session_destroy(session);
    icl_graph_destroy(graph);
    icl_value_release(ctx, given);
    imgcls_context_destroy(ctx);
}

static void forget(float *found[OUTPUTS])
{
    for (int i = 0; i < OUTPUTS; i++)
        free(found[i]);
}

static void expect_same(const struct row *row, const char *what, float *const a[OUTPUTS],
                        float *const b[OUTPUTS])
{
    const int64_t states = directions_of(row) * row->batch * row->size;
    for (int i = 0; i < OUTPUTS; i++)
        if (memcmp(a[i], b[i],
                   (size_t)(i == Y ? row->steps * states : states) * sizeof(float)) != 0)
            fail_msg("%s, %lld steps, batch %lld: %s gives other bits", row->direction,
                     (long long)row->steps, (long long)row->batch, what);
}

/* Sequence b of the batch as a batch of one; its results must be the row's. */
static void run_alone(const struct row *row, const struct numbers *all, int64_t b,
                      float *const whole[OUTPUTS])
{
    struct row one = *row;
    struct numbers some;
    float *found[OUTPUTS];
    const int64_t n = row->size;

    one.batch = 1;
    draw(&one, &some); /* for the shapes; the numbers come from the batch */
    for (int i = W; i <= B; i++)
        memcpy(some.of[i], all->of[i], (size_t)count_of(all, i) * sizeof(float));
    for (int64_t t = 0; t < row->steps; t++)
        memcpy(some.of[X] + t * row->inputs,
               all->of[X] +
                   (row->layout ? b * row->steps + t : t * row->batch + b) * row->inputs,
               (size_t)row->inputs * sizeof(float));
    for (int64_t d = 0; d < directions_of(row); d++)
        for (int i = HIDDEN; i <= CELL; i++)
            memcpy(some.of[i] + d * n, all->of[i] + state_at(row, d, b),
                   (size_t)n * sizeof(float));
    run(&one, &some, NULL, 1, found);
    for (int64_t d = 0; d < directions_of(row); d++) {
        for (int64_t t = 0; t < row->steps; t++)
            assert_memory_equal(found[Y] + step_at(&one, t, d, 0),
                                whole[Y] + step_at(row, t, d, b), (size_t)n * sizeof(float));
        for (int i = Y_HIDDEN; i <= Y_CELL; i++)
            assert_memory_equal(found[i] + d * n, whole[i] + state_at(row, d, b),
                                (size_t)n * sizeof(float));
    }
    forget(found);
    drop(&some);
}

static void lstms_follow_their_equations_bit_for_bit_everywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct numbers all;
        float *portable[OUTPUTS], *fast[OUTPUTS], *shared[OUTPUTS];

        draw(row, &all);
        run(row, &all, "portable", 1, portable);
        run(row, &all, NULL, 1, fast);
        run(row, &all, NULL, 3, shared);
        for (int64_t d = 0; d < directions_of(row); d++)
            for (int64_t b = 0; b < row->batch; b++)
                follow(row, &all, d, b, fast);
        expect_same(row, "this machine's set", portable, fast);
        expect_same(row, "a number of threads", fast, shared);
        run_alone(row, &all, row->batch - 1, fast);
        forget(portable);
        forget(fast);
        forget(shared);
        drop(&all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lstms_follow_their_equations_bit_for_bit_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

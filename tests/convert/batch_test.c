/*
 * tests/convert/batch_test.c - a baked batch is freed where that is right, and only there
 *
 * Graphs in lines (tests/ops/flow.h), as exporters write them: constants hold the 1 (or the 4)
 * of the picture they were traced with. What is freed is run at batch 2 against the source's
 * single runs here, too, so that the library's own check is not believed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/convert/batch.h"
#include "tests/ops/flow.h"

static int set_up(void **state)
{
    return imgcls_context_create(NULL, (struct imgcls_context **)state) == IMGCLS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

struct constant {
    const char *name;
    int32_t type, rank;
    int64_t dims[4];
    int64_t numbers[6]; /* IMGCLS_I64 */
};
struct line {
    const char *text;
    int64_t axis; /* of Concat, Gather; else unused */
    int64_t perm[6];
    int perm_count;
};
struct row {
    const char *what;
    int32_t rank;
    int64_t dims[5]; /* of x */
    struct constant constants[4];
    struct line lines[8]; /* the last gives y */
    bool freed;
    size_t edits;
    const char *reason;
};

static const float ramp[512] = {1, -2, 3, -4, 5, -6, 7, 8, 9, 10, -11, 12};

#define LIST(name, count, ...) {name, IMGCLS_I64, 1, {count}, {__VA_ARGS__}}
#define FLOATS(name, rank, ...) {name, IMGCLS_F32, rank, {__VA_ARGS__}, {0}}

static const struct row rows[] = {
    {"flatten with the 1 written out", 4, {1, 2, 2, 2}, {LIST("s", 2, 1, -1)},
     {{"Reshape x s -> y", 0, {0}, 0}}, true, 1, ""},
    {"flatten with the size written out", 4, {1, 2, 2, 2}, {LIST("s", 2, 1, 8)},
     {{"Reshape x s -> y", 0, {0}, 0}}, true, 1, ""},
    {"nothing is pinned but the input", 2, {1, 3}, {FLOATS("c", 1, 3)},
     {{"Add x c -> y", 0, {0}, 0}}, true, 0, ""},
    {"nothing is pinned at all", 2, {-1, 3}, {FLOATS("c", 1, 3)},
     {{"Add x c -> y", 0, {0}, 0}}, false, 0, ""},
    {"the input is open, a Reshape is not", 3, {-1, 3, 2}, {LIST("s", 2, 1, 6)},
     {{"Reshape x s -> y", 0, {0}, 0}}, true, 1, ""},
    {"class token", 3, {1, 3, 2}, {FLOATS("t", 3, 1, 1, 2)},
     {{"Concat t x -> y", 1, {0}, 0}}, true, 1, ""},
    {"windows: the batch becomes part of a dimension and comes back", 4, {1, 2, 4, 4},
     {LIST("s", 6, 1, 2, 2, 2, 2, 2), LIST("w", 3, 4, 4, 2), LIST("b", 6, 1, 2, 2, 2, 2, 2)},
     {{"Reshape x s -> a", 0, {0}, 0}, {"Transpose a -> p", 0, {0, 2, 4, 3, 5, 1}, 6},
      {"Reshape p w -> q", 0, {0}, 0}, {"Softmax q -> r", 0, {0}, 0},
      {"Reshape r b -> y", 0, {0}, 0}}, true, 3, ""},
    {"a mask of all windows", 4, {1, 2, 2, 2},
     {LIST("w", 3, 2, 2, 2), FLOATS("m", 3, 2, 2, 2), LIST("b", 4, 1, 2, 2, 2)},
     {{"Reshape x w -> p", 0, {0}, 0}, {"Add p m -> q", 0, {0}, 0},
      {"Reshape q b -> y", 0, {0}, 0}}, true, 3, ""},
    {"heads before the batch: the batch is the faster part", 3, {1, 2, 6},
     {LIST("h", 4, 1, 2, 3, 2), LIST("m", 3, 3, 2, 2), LIST("b", 4, 3, 1, 2, 2)},
     {{"Reshape x h -> a", 0, {0}, 0}, {"Transpose a -> p", 0, {2, 0, 1, 3}, 4},
      {"Reshape p m -> q", 0, {0}, 0}, {"MatMul q q -> r", 0, {0}, 0},
      {"Reshape r b -> t", 0, {0}, 0}, {"Transpose t -> y", 0, {1, 0, 2, 3}, 4}},
     true, 3, ""},
    {"Expand to a size that the batch is part of", 3, {1, 2, 2},
     {LIST("m", 3, 2, 1, 2), LIST("e", 3, 2, 3, 2), LIST("b", 3, 1, 6, 2)},
     {{"Reshape x m -> a", 0, {0}, 0}, {"Expand a e -> c", 0, {0}, 0},
      {"Reshape c b -> y", 0, {0}, 0}}, true, 3, ""},
    {"batch of 4 in the source", 3, {4, 3, 2}, {LIST("s", 2, 4, 6)},
     {{"Reshape x s -> y", 0, {0}, 0}}, true, 1, ""},
    {"class token blown up to a batch of 4", 3, {4, 3, 2},
     {FLOATS("t", 3, 1, 1, 2), LIST("s", 3, 4, 1, 2)},
     {{"Expand t s -> u", 0, {0}, 0}, {"Concat u x -> y", 1, {0}, 0}}, true, 2, ""},
    {"places of one picture that are written over", 3, {1, 2, 3},
     {{"i", IMGCLS_I64, 3, {1, 2, 2}, {0, 1, 0, 0}}},
     {{"Neg x -> u", 0, {0}, 0}, {"ScatterND x i u -> y", 0, {0}, 0}}, true, 1, ""},
    {"elements of a flattened picture", 2, {1, 3},
     {LIST("f", 1, -1), {"i", IMGCLS_I64, 3, {1, 3, 1}, {2, 0, 1}}},
     {{"Reshape x f -> a", 0, {0}, 0}, {"Gather a i -> y", 0, {0}, 0}}, true, 1, ""},
    {"indices of two pictures", 3, {2, 2, 3},
     {{"i", IMGCLS_I64, 3, {2, 1, 2}, {0, 1, 1, 0}}, LIST("j", 1, 1)},
     {{"Gather x j -> u", 1, {0}, 0}, {"ScatterND x i u -> y", 0, {0}, 0}}, false, 0,
     "its indices are those of one batch"},
    {"an average over the batch", 2, {1, 3}, {LIST("a", 1, 0)},
     {{"ReduceMean x a -> m", 0, {0}, 0}, {"Sub x m -> y", 0, {0}, 0}}, false, 0,
     "batch 2 gives other rows"},
    {"the first picture alone", 2, {1, 3}, {LIST("i", 1, 0)},
     {{"Gather x i -> y", 0, {0}, 0}}, false, 0, "output 'y' does not come out as one row"},
    {"one row too many", 2, {2, 3}, {FLOATS("c", 2, 2, 3)},
     {{"Add x c -> y", 0, {0}, 0}}, false, 0, "an input has the batch and another cannot"},
};

static void build(struct imgcls_graph *graph, const struct row *row)
{
    assert_int_equal(icl_graph_add_input(graph, "x", IMGCLS_KIND_TENSOR, IMGCLS_F32, row->rank,
                                         row->dims, NULL),
                     IMGCLS_OK);
    for (size_t i = 0; i < 4 && row->constants[i].name; i++) {
        const struct constant *c = &row->constants[i];
        flow_tensor(graph, c->name, c->type, c->rank, c->dims,
                    c->type == IMGCLS_I64 ? (const void *)c->numbers : ramp);
    }
    const char *last = NULL;
    for (size_t i = 0; i < 8 && row->lines[i].text; i++) {
        const struct line *line = &row->lines[i];
        struct icl_node *node = flow_node(graph, line->text);
        if (strcmp(node->type, "Concat") == 0)
            flow_int(node, "axis", line->axis);
        if (line->perm_count)
            flow_ints(node, "perm", (size_t)line->perm_count, line->perm);
        last = node->outputs[0]->name;
    }
    flow_output(graph, last, IMGCLS_KIND_TENSOR, IMGCLS_F32);
}

/* The rows that `count` pictures from `first` on give; own: free. */
static float *run(const struct imgcls_graph *graph, const struct row *row, int64_t first,
                  int64_t count, size_t *size)
{
    static const struct icl_plan_options options = {.threads = 1};
    float pixels[1024];
    int64_t dims[5], each = 1;
    const struct imgcls_value *output;
    struct icl_session *session;
    struct imgcls_tensor tensor;
    memcpy(dims, row->dims, sizeof dims);
    for (int32_t i = 1; i < row->rank; i++)
        each *= dims[i];
    dims[0] = count;
    for (int64_t i = 0; i < count * each; i++)
        pixels[i] = (float)((7 * (i + first * each)) % 23) - 11;
    assert_int_equal(
        icl_tensor_borrow(graph->ctx, IMGCLS_F32, row->rank, dims, pixels, &tensor),
        IMGCLS_OK);
    const struct imgcls_value value = {.struct_size = sizeof value,
                                       .kind = IMGCLS_KIND_TENSOR,
                                       .type = IMGCLS_F32,
                                       .tensor = &tensor};
    const struct imgcls_value *input = &value;
    assert_int_equal(icl_session_create(graph->ctx, graph, &options, &session), IMGCLS_OK);
    if (icl_session_run(session, &input, &output) != IMGCLS_OK)
        fail_msg("%s: batch %d: %s", row->what, (int)count, imgcls_error(graph->ctx));
    *size = output->tensor->size_bytes;
    float *copy = malloc(*size);
    memcpy(copy, output->tensor->data, *size);
    icl_session_destroy(session);
    return copy;
}

/* What was freed gives 2 * source batch pictures the bits that two runs of the source give. */
static void compare(const struct imgcls_graph *source, const struct imgcls_graph *freed,
                    const struct row *row)
{
    int64_t batch = row->dims[0] > 0 ? row->dims[0] : 1;
    size_t one, other, both;
    float *a = run(source, row, 0, batch, &one), *b = run(source, row, batch, batch, &other);
    float *c = run(freed, row, 0, 2 * batch, &both);
    if (both != one + other || memcmp(c, a, one) != 0 ||
        memcmp((char *)c + one, b, other) != 0)
        fail_msg("%s: other rows at batch %d", row->what, (int)(2 * batch));
    free(a);
    free(b);
    free(c);
}

static void a_batch_is_freed_where_that_keeps_every_row(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        struct imgcls_graph *source = flow_graph(*state, 18), *other = flow_graph(*state, 18);
        struct imgcls_model model = {.ctx = *state, .path = (char *)"drawn", .graph = other};
        struct icl_batch_result result;
        build(source, row);
        build(other, row);
        if (icl_batch_free(&model, &result) != IMGCLS_OK)
            fail_msg("%s: %s", row->what, imgcls_error(*state));
        if (result.freed != row->freed || result.edits != row->edits ||
            !strstr(result.reason, row->reason) || (!row->reason[0] && result.reason[0]))
            fail_msg("%s: freed %d, %zu edits, reason '%s'", row->what, result.freed,
                     result.edits, result.reason);
        if (row->freed) {
            assert_true(model.graph->inputs[0]->info.dims[0] < 0);
            compare(source, model.graph, row);
        } else {
            assert_true(model.graph->inputs[0]->info.dims[0] == row->dims[0] ||
                        row->dims[0] < 0);
        }
        icl_graph_destroy(model.graph);
        icl_graph_destroy(source);
    }
}

static struct imgcls_graph *branch(struct imgcls_graph *outer, const char *line, const char *output)
{
    struct imgcls_graph *graph = flow_inner(outer);
    flow_node(graph, line);
    flow_output(graph, output, IMGCLS_KIND_TENSOR, IMGCLS_F32);
    return graph;
}

/* Dimension `which` of the input above `bound`? Then it is turned about, and flattened as one
 * picture either way. */
static void build_choice(struct imgcls_graph *graph, const struct row *row, int64_t which,
                         int64_t bound)
{
    assert_int_equal(icl_graph_add_input(graph, "x", IMGCLS_KIND_TENSOR, IMGCLS_F32, row->rank,
                                         row->dims, NULL),
                     IMGCLS_OK);
    FLOW_ONE(graph, "which", which);
    FLOW_ONE(graph, "bound", bound);
    FLOW_I64(graph, "flat", 1, 6);
    flow_node(graph, "Shape x -> shape");
    flow_node(graph, "Gather shape which -> size");
    flow_node(graph, "Greater size bound -> c");
    struct icl_node *node = flow_node(graph, "If c -> z");
    flow_body(node, "then_branch", branch(graph, "Neg x -> t", "t"));
    flow_body(node, "else_branch", branch(graph, "Abs x -> e", "e"));
    flow_node(graph, "Reshape z flat -> y");
    flow_output(graph, "y", IMGCLS_KIND_TENSOR, IMGCLS_F32);
}

/* A condition on the picture's shape is settled; one on the batch decides at run time, and what it
 * decides for one picture would be wrong for two. */
static void a_condition_that_no_batch_decides_is_settled(void **state)
{
    static const struct row row = {"a choice", 3, {1, 2, 3}, {{0}}, {{0}}, true, 1, ""};
    static const struct {
        int64_t which, bound;
        bool freed;
    } cases[] = {{2, 2, true}, {-1, 3, true}, {0, 0, false}, {0, 1, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct imgcls_graph *source = flow_graph(*state, 18), *other = flow_graph(*state, 18);
        struct imgcls_model model = {.ctx = *state, .path = (char *)"drawn", .graph = other};
        struct icl_batch_result result;
        build_choice(source, &row, cases[i].which, cases[i].bound);
        build_choice(other, &row, cases[i].which, cases[i].bound);
        assert_int_equal(icl_batch_free(&model, &result), IMGCLS_OK);
        if (result.freed != cases[i].freed)
            fail_msg("case %zu: freed %d, reason '%s'", i, result.freed, result.reason);
        if (cases[i].freed)
            compare(source, model.graph, &row);
        else
            assert_ptr_equal(model.graph, other);
        icl_graph_destroy(model.graph);
        icl_graph_destroy(source);
    }
}

static void what_cannot_be_told_apart_is_left_alone(void **state)
{
    static const struct {
        int32_t type, rank;
        int64_t dims[3];
    } inputs[] = {
        {IMGCLS_I64, 2, {1, 3}}, /* noise of integers is zeros: no proof */
        {IMGCLS_F32, 1, {3}},
        {IMGCLS_F32, 2, {1, -1}},
        {IMGCLS_F32, 2, {0, 3}},
    };
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        struct imgcls_graph *graph = flow_graph(*state, 18);
        struct imgcls_model model = {.ctx = *state, .graph = graph};
        struct icl_batch_result result;
        assert_int_equal(icl_graph_add_input(graph, "x", IMGCLS_KIND_TENSOR, inputs[i].type,
                                             inputs[i].rank, inputs[i].dims, NULL),
                         IMGCLS_OK);
        flow_node(graph, "Neg x -> y");
        flow_output(graph, "y", IMGCLS_KIND_TENSOR, inputs[i].type);
        assert_int_equal(icl_batch_free(&model, &result), IMGCLS_OK);
        assert_false(result.freed);
        assert_ptr_equal(model.graph, graph);
        icl_graph_destroy(model.graph);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_freed_where_that_keeps_every_row),
        cmocka_unit_test(a_condition_that_no_batch_decides_is_settled),
        cmocka_unit_test(what_cannot_be_told_apart_is_left_alone),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

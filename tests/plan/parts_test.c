/*
 * tests/plan/parts_test.c - a batch that goes through a plan in parts gives the bits of the whole
 * batch, and one whose images are not apart does not go so
 *
 * Every graph multiplies its pictures by a matrix, so that there is something to divide, and is run
 * undivided for comparison. Traps make of one image what depends on others, on their number or on
 * its place; divided, they would give other results, and they must not be.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/plan.h"
#include "tests/plan/rows_graph.h"

#define BATCH 6
#define MOVED (2 * H * W * C * 4) /* bytes of one image that the product moves */
#define SCORES 88 /* behind C numbers: what they move of an image is just small enough for a tail */

/* ---- Graphs: from "x" to "y"; "f" has a row an image --------------------------------------*/

static void number(const char *name, int64_t value)
{
    const int64_t one = 1;
    constant(name, IMGCLS_I64, 1, &one, &value);
}

static void single(const char *name, int64_t value)
{
    constant(name, IMGCLS_I64, 0, NULL, &value);
}

static void rows(void)
{
    const int64_t axes[] = {1, 2}, two = 2;

    product("x", C);
    constant("axes", IMGCLS_I64, 1, &two, axes);
    set_int(node("ReduceMean", "m axes", "f"), "keepdims", 0);
}

static void plain_rows(void)
{
    rows();
    node("Sin", "f", "y");
}

static void classifier(void)
{
    rows();
    matrix("head", C, SCORES);
    node("MatMul", "f head", "scores");
    on_axis("Softmax", "scores", "y", -1);
}

/* The batch is read from the picture's shape to name that of the rows, as exporters do. */
static void viewed(void)
{
    rows();
    number("zero", 0);
    number("rest", -1);
    node("Shape", "x", "sizes");
    on_axis("Gather", "sizes zero", "first", 0);
    on_axis("Concat", "first rest", "shape", 0);
    node("Reshape", "f shape", "g");
    matrix("head", C, SCORES);
    node("MatMul", "g head", "y");
}

static void with_token(void)
{
    const int64_t dims[] = {1, 1, C}, rest[] = {1, C}, two = 2, axes[] = {1};
    const int64_t one = 1;
    float *token = drawn(C);

    product("x", C);
    RESHAPE("m", "b", 0, H * W, C);
    number("zero", 0);
    constant("rest", IMGCLS_I64, 1, &two, rest);
    constant("token", IMGCLS_F32, 3, dims, token);
    node("Shape", "b", "sizes");
    on_axis("Gather", "sizes zero", "first", 0);
    on_axis("Concat", "first rest", "wanted", 0);
    node("Expand", "token wanted", "tokens");
    on_axis("Concat", "tokens b", "all", 1);
    constant("axes", IMGCLS_I64, 1, &one, axes);
    node("ReduceMax", "all axes", "y");
    free(token);
}

/* Attention divides by the root of the number of channels, read from a shape. */
static void scaled_by_channels(void)
{
    rows();
    single("last", -1);
    node("Shape", "f", "sizes");
    on_axis("Gather", "sizes last", "channels", 0);
    set_int(node("Cast", "channels", "count"), "to", IMGCLS_F32);
    node("Sqrt", "count", "root");
    node("Div", "f root", "y");
}

static void two_outputs(void)
{
    rows();
    matrix("head", C, 8);
    node("MatMul", "f head", "y");
    output("m");
}

static void two_outputs_and_a_large_matrix(void)
{
    rows();
    matrix("head", C, 2 * C);
    node("MatMul", "f head", "y");
    output("m");
}

/* More bytes of weights than of a picture, and few rows of a picture to share them. */
static void heavy_rows(void)
{
    rows();
    RESHAPE("f", "g", 0, 2, C / 2);
    matrix("a", C / 2, 8 * C);
    matrix("b", 8 * C, C / 2);
    node("MatMul", "g a", "h");
    node("MatMul", "h b", "y");
}

/* -- traps -- */

static void count_of(const char *from, const char *to)
{
    single("zero", 0);
    node("Shape", from, "sizes");
    on_axis("Gather", "sizes zero", "images", 0);
    set_int(node("Cast", "images", to), "to", IMGCLS_F32);
}

static void divided_by_the_number(void)
{
    rows();
    count_of("x", "count");
    node("Div", "f count", "y");
}

static void less_the_number(void)
{
    rows();
    single("zero", 0);
    node("Shape", "x", "sizes");
    on_axis("Gather", "sizes zero", "images", 0);
    node("Mul", "images images", "square");
    set_int(node("Cast", "square", "count"), "to", IMGCLS_F32);
    node("Sub", "f count", "y");
}

/* So many elements that float32 rounds their number where the batch is large. */
static void divided_by_all_elements(void)
{
    rows();
    slice("x", "narrow", 2, 0, W - 1);
    slice("narrow", "odd", 3, 0, C - 3);
    node("Size", "odd", "all");
    set_int(node("Cast", "all", "count"), "to", IMGCLS_F32);
    node("Div", "f count", "y");
}

static void numbered(void)
{
    rows();
    single("zero", 0);
    single("one", 1);
    node("Shape", "x", "sizes");
    on_axis("Gather", "sizes zero", "images", 0);
    node("Range", "zero images one", "places");
    set_int(node("Cast", "places", "floats"), "to", IMGCLS_F32);
    number("at", 1);
    node("Unsqueeze", "floats at", "column");
    node("Add", "f column", "y");
}

static void with_a_diagonal(void)
{
    rows();
    node("EyeLike", "f", "eye");
    node("Add", "f eye", "y");
}

static void as_many_columns_as_images(void)
{
    rows();
    single("zero", 0);
    number("from", 0);
    number("along", 1);
    node("Shape", "x", "sizes");
    number("first", 0);
    on_axis("Gather", "sizes first", "images", 0);
    node("Slice", "f from images along", "cut");
    number("axis", 1);
    node("ReduceSum", "cut axis", "y");
}

static void less_the_mean(void)
{
    rows();
    number("zero", 0);
    node("ReduceMean", "f zero", "mean");
    node("Sub", "f mean", "y");
}

static void softmax_along_the_batch(void)
{
    rows();
    on_axis("Softmax", "f", "y", 0);
}

static void turned_round(void)
{
    rows();
    number("s0", -1);
    number("s1", INT64_MIN);
    number("s2", 0);
    number("s3", -1);
    node("Slice", "f s0 s1 s2 s3", "y");
}

static void images_last(void)
{
    rows();
    TRANSPOSE("f", "y", 1, 0);
}

static void shape_as_output(void)
{
    rows();
    node("Sin", "f", "y");
    node("Shape", "x", "sizes");
    output("sizes");
}

static void noise(void)
{
    rows();
    node("RandomUniformLike", "f", "random");
    node("Mul", "random f", "zeroed");
    node("Sub", "zeroed zeroed", "nothing");
    node("Add", "f nothing", "y");
}

/* ---- Running -------------------------------------------------------------------------------*/

static void take_summary(const struct icl_plan *plan, void *argument)
{
    icl_plan_summarise(plan, argument);
}

static char *results(const struct icl_plan_options *options, size_t *bytes,
                     struct icl_plan_summary *summary)
{
    const int64_t dims[] = {BATCH, H, W, C};
    unsigned kept = seed;
    float *x = drawn(BATCH * H * W * C);
    char *made = run(options, dims, x, bytes, take_summary, summary);

    seed = kept;
    free(x);
    return made;
}

/* micro: images at a time that the plan has to take. */
static void check(const char *name, const struct icl_plan_options *options, int64_t micro)
{
    struct icl_plan_options undivided = *options;
    struct icl_plan_summary divided, whole;
    size_t bytes, whole_bytes;

    undivided.whole_batch = true;
    char *got = results(options, &bytes, &divided);
    char *want = results(&undivided, &whole_bytes, &whole);
    if (divided.micro_batch != micro || divided.batch != BATCH)
        fail_msg("%s: %lld images of %lld at a time, not %lld", name,
                 (long long)divided.micro_batch, (long long)divided.batch, (long long)micro);
    if (bytes != whole_bytes || memcmp(got, want, bytes) != 0)
        fail_msg("%s: other results than the whole batch", name);
    assert_int_equal(whole.micro_batch, BATCH);
    assert_int_equal(divided.macs, whole.macs);
    assert_int_equal(divided.parameters, whole.parameters);
    if (micro < BATCH / 2 && graph->output_count == 1)
        assert_true(divided.arena_bytes < whole.arena_bytes);
    free(got);
    free(want);
}

static const struct {
    const char *name;
    void (*build)(void);
    bool apart;
} table[] = {
    {"rows", plain_rows, true},
    {"classifier", classifier, true},
    {"viewed", viewed, true},
    {"with a token", with_token, true},
    {"scaled by channels", scaled_by_channels, true},
    {"two outputs", two_outputs, true},
    {"weights that outweigh the pictures", heavy_rows, false},
    {"divided by the number of images", divided_by_the_number, false},
    {"less the square of their number", less_the_number, false},
    {"divided by all elements", divided_by_all_elements, false},
    {"numbered", numbered, false},
    {"with a diagonal", with_a_diagonal, false},
    {"as many columns as images", as_many_columns_as_images, false},
    {"less the mean", less_the_mean, false},
    {"softmax along the batch", softmax_along_the_batch, false},
    {"turned round", turned_round, false},
    {"images last", images_last, false},
    {"shape as output", shape_as_output, false},
    {"noise", noise, false},
};

static void build(size_t entry, const int64_t *dims)
{
    seed = 11;
    begin();
    input(dims);
    output("y");
    table[entry].build();
}

static void images_that_are_apart_are_divided_and_no_others(void **state)
{
    static const struct {
        int64_t bytes, micro;
    } limits[] = {{MOVED * 15 / 8, 1}, {2 * MOVED - 1, 1}, {2 * MOVED, 2}, {5 * MOVED, 3}, {6 * MOVED, BATCH},
                  {0, BATCH}};
    (void)state;

    for (size_t t = 0; t < sizeof table / sizeof table[0]; t++)
        for (size_t l = 0; l < sizeof limits / sizeof limits[0]; l++) {
            for (int32_t threads = 1; threads <= 3; threads += 2) {
                const struct icl_plan_options options = {.threads = threads,
                                                         .part_bytes = limits[l].bytes};
                build(t, open_dims);
                check(table[t].name, &options, table[t].apart ? limits[l].micro : BATCH);
                end();
            }
        }
}

/* The matrix behind the pictures takes all rows at once, those of the pictures do not. */
static void look_at_products(const struct icl_plan *plan, void *argument)
{
    const struct imgcls_node *step;
    const char *kernel;
    int64_t *first = argument;

    for (size_t i = 0; icl_plan_step(plan, i, &step, &kernel); i++)
        if (strcmp(step->type, "MatMul") == 0)
            first[strcmp(step->name, "m") == 0 ? 0 : 1] = step->inputs[0]->dims[0];
}

static void what_comes_last_and_is_small_takes_the_whole_batch(void **state)
{
    /* What ends before the last matrix cannot be cut there: a light one goes with the rest, a heavy
     * one keeps the batch together. */
    static const struct {
        void (*build)(void);
        int64_t first, last;
    } cases[] = {{classifier, 2, BATCH},
                 {viewed, 2, BATCH},
                 {two_outputs, 2, 2},
                 {two_outputs_and_a_large_matrix, BATCH, BATCH}};
    /* the large matrix has 2 * C * C * 4 bytes, one row of it moves 3 * C * 4 */
    const struct icl_plan_options options = {.threads = 1, .part_bytes = 2 * MOVED};
    const int64_t dims[] = {BATCH, H, W, C};
    size_t bytes;
    (void)state;

    for (size_t t = 0; t < sizeof cases / sizeof cases[0]; t++) {
        int64_t first[2] = {0, 0};
        begin();
        input(open_dims);
        output("y");
        cases[t].build();
        float *x = drawn(BATCH * H * W * C);
        free(run(&options, dims, x, &bytes, look_at_products, first));
        free(x);
        assert_int_equal(first[0], cases[t].first);
        assert_int_equal(first[1], cases[t].last);
        end();
    }
}

static void plans_that_have_to_see_the_batch_do(void **state)
{
    static const int64_t fixed[] = {BATCH, H, W, C};
    const struct icl_plan_options kept = {.threads = 1, .part_bytes = 1, .keep_values = true},
                                  whole = {.threads = 1, .part_bytes = 1, .whole_batch = true},
                                  bare = {.threads = 1, .part_bytes = 1, .no_fusion = true},
                                  portable = {.threads = 1, .part_bytes = 1, .portable_only = true},
                                  divided = {.threads = 1, .part_bytes = 1};
    const struct icl_plan_options *const options[] = {&kept, &whole, &bare, &portable};
    (void)state;

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        build(0, open_dims);
        check("an option", options[i], BATCH);
        end();
    }
    build(0, fixed); /* nothing says that the graph runs at another batch */
    check("a fixed batch", &divided, BATCH);
    end();
}

static void add_nameless(const char *type, const char *first, const char *second, size_t inputs,
                         size_t outputs)
{
    const char *in[] = {first, second}, *out[] = {"", type};
    struct icl_node *made;
    ok(icl_graph_add_node(graph, "", type, "nameless", inputs, in, outputs, out, &made));
}

/* A file may leave a node's result out, of products and of what is computed while planning. */
static void nodes_that_give_nothing_are_passed_over(void **state)
{
    const struct icl_plan_options options = {.threads = 1, .part_bytes = 1};
    (void)state;

    build(0, open_dims);
    add_nameless("MatMul", "x", "w", 2, 1);
    add_nameless("MatMul", "x", "w", 2, 2);
    add_nameless("Expand", "axes", "axes", 2, 1);
    add_nameless("Expand", "axes", "axes", 2, 2);
    add_nameless("ConstantOfShape", "axes", "", 1, 1);
    check("nodes that give nothing", &options, 1);
    end();
}

static int64_t micro_batch_of_type(int32_t type)
{
    const struct icl_plan_options options = {.threads = 1, .part_bytes = 1};
    struct imgcls_tensor shape = {.struct_size = sizeof shape, .type = type, .rank = 4,
                                  .dims = {BATCH, H, W, C}};
    struct icl_plan_summary summary;
    struct icl_plan *plan;

    begin();
    ok(icl_graph_set_opset(graph, "", 21));
    ok(icl_graph_add_input(graph, "q", IMGCLS_KIND_TENSOR, type, 4, open_dims, NULL));
    set_int(node("Cast", "q", "x"), "to", IMGCLS_F32);
    plain_rows();
    output("y");
    ok(icl_plan_build(ctx, graph, &shape, &options, &plan));
    icl_plan_summarise(plan, &summary);
    icl_plan_release(plan);
    end();
    return summary.micro_batch;
}

/* Two pictures may share a byte where elements are half of one. */
static void pictures_of_half_bytes_stay_together(void **state)
{
    (void)state;
    assert_int_equal(micro_batch_of_type(IMGCLS_U8), 1);
    assert_int_equal(micro_batch_of_type(IMGCLS_U4), BATCH);
}

static void outputs_have_the_shape_of_the_batch(void **state)
{
    const struct icl_plan_options options = {.threads = 1, .part_bytes = 1};
    const int64_t dims[] = {BATCH, H, W, C};
    struct imgcls_value value = {.struct_size = sizeof value, .kind = IMGCLS_KIND_TENSOR};
    const struct imgcls_value *inputs[] = {&value}, *outputs[2];
    struct icl_session *session;
    struct imgcls_tensor tensor;
    (void)state;

    build(5, open_dims); /* two outputs */
    float *x = drawn(BATCH * H * W * C);
    ok(icl_tensor_borrow(ctx, IMGCLS_F32, 4, dims, x, &tensor));
    value.tensor = &tensor;
    ok(icl_session_create(ctx, graph, &options, &session));
    ok(icl_session_run(session, inputs, outputs));
    assert_int_equal(outputs[0]->tensor->rank, 2);
    assert_int_equal(outputs[0]->tensor->dims[0], BATCH);
    assert_int_equal(outputs[0]->tensor->dims[1], 8);
    assert_int_equal(outputs[1]->tensor->rank, 4);
    assert_memory_equal(outputs[1]->tensor->dims, dims, sizeof dims);
    icl_session_destroy(session);
    free(x);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_that_are_apart_are_divided_and_no_others),
        cmocka_unit_test(what_comes_last_and_is_small_takes_the_whole_batch),
        cmocka_unit_test(plans_that_have_to_see_the_batch_do),
        cmocka_unit_test(nodes_that_give_nothing_are_passed_over),
        cmocka_unit_test(pictures_of_half_bytes_stay_together),
        cmocka_unit_test(outputs_have_the_shape_of_the_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

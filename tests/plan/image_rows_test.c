/*
 * tests/plan/image_rows_test.c - a product is told which of its rows belong to one image, at every
 * batch the same, and never wrongly
 *
 * Whether it is right is found out without the code under test: one image at a time is changed,
 * the graph is run as it stands, and each group of rows that a plan names may have changed with one
 * image at most. Shapes of known networks and traps have their groups written down; drawn chains of
 * operators, which move the batch through all dimensions, are checked in this way alone.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/choices.h"
#include "tests/plan/rows_graph.h"

/* ---- Graphs: each computes "a", the left side of the product "m" --------------------------*/

static void tokens(void)
{
    RESHAPE("x", "a", 0, H * W, C);
}

static void picture(void)
{
    node("Sin", "x", "a");
}

static void flat(void)
{
    RESHAPE("x", "a", -1, C);
}

static void windows(void)
{
    RESHAPE("x", "b", -1, 2, H / 2, 2, W / 2, C);
    TRANSPOSE("b", "c", 0, 1, 3, 2, 4, 5);
    RESHAPE("c", "a", -1, H * W / 4, C);
}

static void shifted_windows(void)
{
    roll("x", "s", 1, 2);
    roll("s", "t", 2, 3);
    RESHAPE("t", "b", -1, 2, H / 2, 2, W / 2, C);
    TRANSPOSE("b", "c", 0, 1, 3, 2, 4, 5);
    RESHAPE("c", "d", -1, H * W / 4, C);
    on_axis("Softmax", "d", "a", 1);
}

static void convolved(void)
{
    TRANSPOSE("x", "b", 0, 3, 1, 2);
    conv("b", "c", C, C, 3);
    TRANSPOSE("c", "a", 0, 2, 3, 1);
}

static void class_token(void)
{
    const int64_t zero = 0, one = 1, rest[] = {1, C}, two = 2, dims[] = {1, 1, C};
    float *token = drawn(C);

    RESHAPE("x", "b", 0, H * W, C);
    constant("zero", IMGCLS_I64, 1, &one, &zero);
    constant("rest", IMGCLS_I64, 1, &two, rest);
    constant("token", IMGCLS_F32, 3, dims, token);
    node("Shape", "b", "sizes");
    on_axis("Gather", "sizes zero", "first", 0);
    on_axis("Concat", "first rest", "wanted", 0);
    node("Expand", "token wanted", "tokens");
    on_axis("Concat", "tokens b", "a", 1);
    free(token);
}

static void attention(void)
{
    matrix("wqkv", C, 3 * C);
    RESHAPE("x", "b", 0, H * W, C);
    node("MatMul", "b wqkv", "p");
    RESHAPE("p", "q5", 0, H * W, 3, 4, C / 4);
    TRANSPOSE("q5", "t5", 2, 0, 3, 1, 4);
    on_axis("Split", "t5", "q1 k1 v1", 0);
    set_int(graph->nodes[graph->node_count - 1], "num_outputs", 3);
    RESHAPE("q1", "q", -1, 4, H * W, C / 4);
    RESHAPE("k1", "k", -1, 4, H * W, C / 4);
    RESHAPE("v1", "v", -1, 4, H * W, C / 4);
    TRANSPOSE("k", "kt", 0, 1, 3, 2);
    node("MatMul", "q kt", "scores");
    on_axis("Softmax", "scores", "weights", -1);
    node("MatMul", "weights v", "heads");
    TRANSPOSE("heads", "back", 0, 2, 1, 3);
    RESHAPE("back", "a", 0, H * W, C);
}

static void normalised(void)
{
    const int64_t c = C;
    float *data = drawn(C);

    constant("scale", IMGCLS_F32, 1, &c, data);
    on_axis("LayerNormalization", "x scale", "n", -1);
    node("Mul", "n scale", "l");
    node("Add", "l x", "a");
    free(data);
}

static void summed_letters(void)
{
    static const char text[] = "bhwc,wkc->bhkw";
    const int64_t dims[] = {W, C, C};
    const struct imgcls_attr equation = {.struct_size = sizeof equation, .name = "equation",
                                         .kind = IMGCLS_ATTR_STRING,
                                         .s = {text, sizeof text - 1}};
    float *data = drawn(W * C * C);

    constant("e", IMGCLS_F32, 3, dims, data);
    ok(icl_node_set_attr(node("Einsum", "x e", "b"), &equation));
    TRANSPOSE("b", "a", 0, 1, 3, 2);
    free(data);
}

static void padded(void)
{
    const int64_t pads[] = {0, 1, 0, 0, 0, 2, 0, 0}, eight = 8;

    constant("pads", IMGCLS_I64, 1, &eight, pads);
    node("Pad", "x pads", "a");
}

static void halved(void)
{
    const float scales[] = {1, 0.5f, 0.5f, 1};
    const int64_t four = 4;
    const char *in[] = {"x", "", "scales"}, *out[] = {"a"};
    struct icl_node *made;

    constant("scales", IMGCLS_F32, 1, &four, scales);
    ok(icl_graph_add_node(graph, "", "Resize", "a", 3, in, 1, out, &made));
}

static void groups_of_windows(void)
{
    RESHAPE("x", "b", -1, 2, H * W / 2, C);
    TRANSPOSE("b", "a", 1, 0, 2, 3);
}

/* -- traps -- */

static void sequence_first(void)
{
    RESHAPE("x", "b", 0, H * W, C);
    TRANSPOSE("b", "a", 1, 0, 2);
}

static void sequence_first_flat(void)
{
    sequence_first();
    RESHAPE("a", "flat", -1, C);
}

/* [tokens, batch, C] called [batch, tokens, C], which a later reshape undoes. */
static void mixed(void)
{
    RESHAPE("x", "b", 0, H * W, C);
    TRANSPOSE("b", "c", 1, 0, 2);
    RESHAPE("c", "a", -1, H * W, C);
}

static void rolled_batch(void)
{
    roll("x", "a", 0, 1);
}

static void turned_batch(void)
{
    const int64_t values[] = {-1, INT64_MIN, 0, -1}, one = 1;

    for (int i = 0; i < 4; i++) {
        char name[16];
        snprintf(name, sizeof name, "s%d", i);
        constant(name, IMGCLS_I64, 1, &one, &values[i]);
    }
    node("Slice", "x s0 s1 s2 s3", "a");
}

static void softmax_of_batch(void)
{
    on_axis("Softmax", "x", "a", 0);
}

static void less_the_mean_of_the_batch(void)
{
    const int64_t zero = 0, one = 1;

    constant("zero", IMGCLS_I64, 1, &one, &zero);
    node("ReduceMean", "x zero", "mean");
    node("Sub", "x mean", "a");
}

static void one_row_an_image(void)
{
    const int64_t axes[] = {1, 2}, two = 2;

    constant("axes", IMGCLS_I64, 1, &two, axes);
    set_int(node("ReduceMean", "x axes", "a"), "keepdims", 0);
}

static void batch_by_batch(void)
{
    RESHAPE("x", "b", -1, H * W * C);
    TRANSPOSE("b", "c", 1, 0);
    node("MatMul", "b c", "all"); /* [batch, batch] */
    node("MatMul", "all b", "d");
    RESHAPE("d", "a", -1, H * W, C);
}

static void baked_within(void)
{
    RESHAPE("x", "a", 1, H * W, C);
}

/* ---- Shapes of known networks, and traps ---------------------------------------------------*/

static const struct {
    const char *name;
    void (*build)(void);
    int64_t rows; /* 0: none may be named */
    const char *left;
} table[] = {
    {"tokens", tokens, H * W, "a"},
    {"picture", picture, H * W, "a"},
    {"flat", flat, H * W, "a"},
    {"windows", windows, H * W, "a"},
    {"shifted windows", shifted_windows, H * W, "a"},
    {"convolved", convolved, H * W, "a"},
    {"class token", class_token, H * W + 1, "a"},
    {"attention", attention, H * W, "a"},
    {"normalised", normalised, H * W, "a"},
    {"summed letters", summed_letters, H * W, "a"},
    {"padded", padded, (H + 3) * W, "a"},
    {"halved", halved, H * W / 4, "a"},
    {"groups of windows", groups_of_windows, H * W / 2, "a"},
    {"sequence first", sequence_first, 0, "a"},
    {"sequence first, flat", sequence_first_flat, 0, "flat"},
    {"mixed", mixed, 0, "a"},
    {"rolled batch", rolled_batch, 0, "a"},
    {"turned batch", turned_batch, 0, "a"},
    {"softmax of the batch", softmax_of_batch, 0, "a"},
    {"less the batch's mean", less_the_mean_of_the_batch, 0, "a"},
    {"one row an image", one_row_an_image, 0, "a"},
    {"batch by batch", batch_by_batch, 0, "a"},
};

static void groups_are_those_of_the_network_at_every_batch(void **state)
{
    const struct icl_plan_options options = {.threads = 1};
    static const int64_t batches[] = {1, 2, 5, 8};
    (void)state;

    for (size_t t = 0; t < sizeof table / sizeof table[0]; t++) {
        seed = 7;
        begin();
        input(open_dims);
        table[t].build();
        product(table[t].left, C);
        output("m");
        for (size_t b = 0; b < sizeof batches / sizeof batches[0]; b++) {
            int64_t got = planned(&options, batches[b]);
            if (got != table[t].rows)
                fail_msg("%s, batch %lld: %lld rows, not %lld", table[t].name,
                         (long long)batches[b], (long long)got, (long long)table[t].rows);
        }
        end();
        if (table[t].rows == 0)
            continue;
        begin();
        input(open_dims);
        table[t].build();
        output(table[t].left);
        check_rows(table[t].name, table[t].rows);
        end();
    }
}

/* ---- Inputs and batches --------------------------------------------------------------------*/

static int64_t tokens_at(const int64_t *dims, void (*build)(void), int64_t batch)
{
    const struct icl_plan_options options = {.threads = 1};
    int64_t rows;

    begin();
    input(dims);
    build();
    product("a", C);
    output("m");
    rows = planned(&options, batch);
    end();
    return rows;
}

static void a_batch_that_the_graph_fixes_is_that_batch(void **state)
{
    static const int64_t one[] = {1, H, W, C}, two[] = {2, H, W, C};
    (void)state;

    assert_int_equal(tokens_at(one, tokens, 1), H * W);
    assert_int_equal(tokens_at(two, tokens, 2), H * W);
    assert_int_equal(tokens_at(one, baked_within, 1), H * W);
    assert_int_equal(tokens_at(two, mixed, 2), 0);
    assert_int_equal(tokens_at(open_dims, baked_within, 1), 0); /* its input says nothing of it */
}

static int64_t with_other_input(const char *first, const char *second)
{
    const struct icl_plan_options options = {.threads = 1};
    const char *x_names[] = {first, NULL, NULL, NULL}, *y_names[] = {second, NULL, NULL, NULL};
    int64_t rows;

    begin();
    ok(icl_graph_add_input(graph, "x", IMGCLS_KIND_TENSOR, IMGCLS_F32, 4, open_dims, x_names));
    ok(icl_graph_add_input(graph, "y", IMGCLS_KIND_TENSOR, IMGCLS_F32, 4, open_dims, y_names));
    node("Add", "x y", "a");
    product("a", C);
    output("m");
    rows = planned(&options, 2);
    end();
    return rows;
}

static void inputs_have_to_share_the_batch(void **state)
{
    (void)state;
    assert_int_equal(with_other_input("N", "N"), H * W);
    assert_int_equal(with_other_input("N", "S"), 0);
    assert_int_equal(with_other_input(NULL, NULL), 0);
}

static int64_t plain(const struct icl_plan_options *options, int64_t columns, bool marked)
{
    const struct imgcls_attr lie = {.struct_size = sizeof lie, .name = IMGCLS_ATTR_IMAGE_ROWS,
                                    .kind = IMGCLS_ATTR_INT, .i = 3};
    int64_t rows;

    begin();
    input(open_dims);
    if (marked)
        softmax_of_batch();
    else
        tokens();
    product("a", columns);
    if (marked)
        ok(icl_node_set_attr(graph->nodes[graph->node_count - 1], &lie));
    output("m");
    rows = planned(options, 2);
    end();
    return rows;
}

static void plans_without_use_for_it_go_without(void **state)
{
    const struct icl_plan_options fused = {.threads = 1}, portable = {.threads = 3,
                                                                      .portable_only = true};
    const struct icl_plan_options as_it_stands = {.threads = 1, .no_fusion = true};
    (void)state;

    assert_int_equal(plain(&fused, C, false), H * W);
    assert_int_equal(plain(&portable, C, false), H * W);
    assert_int_equal(plain(&as_it_stands, C, false), 0);
    assert_int_equal(plain(&fused, C - 1, false), 0);
    assert_int_equal(plain(&fused, C, true), 0); /* a file's word is not taken */
}

/* A weight that lies transposed (Transpose in the file) is a constant matrix, too. */
static void a_turned_weight_counts(void **state)
{
    const struct icl_plan_options options = {.threads = 1};
    (void)state;

    begin();
    input(open_dims);
    tokens();
    matrix("wt", 2 * C, C);
    TRANSPOSE("wt", "w", 1, 0);
    node("MatMul", "a w", "m");
    output("m");
    assert_int_equal(planned(&options, 1), H * W);
    end();
}

/* What was measured for a product whose rows may be combined says nothing of another one. */
static void measured_choices_tell_them_apart(void **state)
{
    char with[ICL_CHOICE_KEY], without[ICL_CHOICE_KEY];
    struct icl_node *made;
    (void)state;

    begin();
    input(open_dims);
    tokens();
    product("a", C);
    made = graph->nodes[graph->node_count - 1];
    icl_choices_key(ctx, 1, &made->node, without);
    set_int(made, IMGCLS_ATTR_IMAGE_ROWS, H * W);
    icl_choices_key(ctx, 1, &made->node, with);
    assert_string_not_equal(with, without);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_those_of_the_network_at_every_batch),
        cmocka_unit_test(a_batch_that_the_graph_fixes_is_that_batch),
        cmocka_unit_test(inputs_have_to_share_the_batch),
        cmocka_unit_test(plans_without_use_for_it_go_without),
        cmocka_unit_test(a_turned_weight_counts),
        cmocka_unit_test(measured_choices_tell_them_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

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
#include "src/plan/plan.h"
#include "tests/plan/drawn_graph.h"

#define IMAGES 3
#define H      6
#define W      8
#define C      64 /* the smallest side of a matrix for which rows are looked for */
#define DRAWN  300

static const int64_t open_dims[] = {-1, H, W, C};

/* ---- Building: every graph computes "a", the left side of the product "m" --------------------*/

static void reshape(const char *in, const char *out, size_t rank, const int64_t *dims)
{
    const int64_t count = (int64_t)rank;
    char shape[40], inputs[80];

    snprintf(shape, sizeof shape, "%s.shape", out);
    snprintf(inputs, sizeof inputs, "%s %s", in, shape);
    constant(shape, IMGCLS_I64, 1, &count, dims);
    node("Reshape", inputs, out);
}
#define RESHAPE(in, out, ...)                                                              \
    reshape(in, out, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (int64_t[]){__VA_ARGS__})

static void transpose(const char *in, const char *out, size_t rank, const int64_t *perm)
{
    set_ints(node("Transpose", in, out), "perm", rank, perm);
}
#define TRANSPOSE(in, out, ...)                                                            \
    transpose(in, out, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t),                 \
              (int64_t[]){__VA_ARGS__})

static void on_axis(const char *type, const char *in, const char *out, int64_t axis)
{
    set_int(node(type, in, out), "axis", axis);
}

static void matrix(const char *name, int64_t rows, int64_t columns)
{
    const int64_t dims[] = {rows, columns};
    float *data = drawn((size_t)(rows * columns));

    constant(name, IMGCLS_F32, 2, dims, data);
    free(data);
}

/* Rows of an axis from `at` on, then those before it. */
static void roll(const char *in, const char *out, int64_t axis, int64_t at)
{
    char a[20], b[20], both[60];

    snprintf(a, sizeof a, "%s.a", out);
    snprintf(b, sizeof b, "%s.b", out);
    snprintf(both, sizeof both, "%s %s", a, b);
    slice(in, a, axis, at, INT64_MAX);
    slice(in, b, axis, 0, at);
    on_axis("Concat", both, out, axis);
}

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
        char name[8];
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

/* ---- What plans say -----------------------------------------------------------------------*/

static void product(const char *a, int64_t columns)
{
    char inputs[40];

    matrix("w", C, columns);
    snprintf(inputs, sizeof inputs, "%s w", a);
    node("MatMul", inputs, "m");
}

static int64_t rows_in(const struct icl_plan *plan)
{
    const struct imgcls_node *step;
    const char *kernel;

    for (size_t i = 0; icl_plan_step(plan, i, &step, &kernel); i++)
        if (strcmp(step->name, "m") == 0) {
            const struct imgcls_attr *rows = icl_node_attr(step, IMGCLS_ATTR_IMAGE_ROWS);
            return rows ? rows->i : 0;
        }
    fail_msg("the product is gone");
    return -1;
}

/* Rows of an image that a plan for that batch names; 0: none. */
static int64_t planned(const struct icl_plan_options *options, int64_t batch)
{
    struct imgcls_tensor shapes[2];
    struct icl_plan *plan;
    int64_t rows;

    memset(shapes, 0, sizeof shapes);
    for (size_t i = 0; i < graph->input_count; i++) {
        const struct imgcls_value_info *info = &graph->inputs[i]->info;
        shapes[i].struct_size = sizeof shapes[i];
        shapes[i].type = info->type;
        shapes[i].rank = info->rank;
        memcpy(shapes[i].dims, info->dims, sizeof shapes[i].dims);
        shapes[i].dims[0] = batch;
    }
    ok(icl_plan_build(ctx, graph, shapes, options, &plan));
    rows = rows_in(plan);
    icl_plan_release(plan);
    return rows;
}

/* "a" of IMAGES images as the graph stands, own; its elements. */
static float *left_side(const float *x, const int64_t *dims, size_t *count)
{
    struct icl_plan_options plain = {.threads = 1, .no_fusion = true};
    size_t bytes;
    char *both = run(&plain, dims, x, &bytes, NULL, NULL);

    *count = bytes / sizeof(float);
    return (float *)both;
}

/* Changes one image after another: a group of rows may change with one of them. */
static void check_rows(const char *what, int64_t rows)
{
    const int64_t dims[] = {IMAGES, H, W, C}, image = H * W * C;
    float *x = drawn((size_t)(IMAGES * image));
    size_t count, again, group = (size_t)(rows * C);
    float *before = left_side(x, dims, &count), *after;
    int *owner;

    if (count % group != 0)
        fail_msg("%s: %zu elements are no groups of %lld rows", what, count, (long long)rows);
    owner = calloc(count / group, sizeof *owner);
    assert_non_null(owner);
    for (int i = 0; i < IMAGES; i++) {
        for (int64_t k = 0; k < image; k++)
            x[i * image + k] = -1.5f - x[i * image + k];
        after = left_side(x, dims, &again);
        assert_int_equal(again, count);
        for (size_t k = 0; k < count; k++) {
            if (memcmp(&before[k], &after[k], sizeof *after) == 0 || owner[k / group] == i + 1)
                continue;
            if (owner[k / group])
                fail_msg("%s: group %zu of %lld rows has images %d and %d", what, k / group,
                         (long long)rows, owner[k / group] - 1, i);
            owner[k / group] = i + 1;
        }
        free(before);
        before = after;
    }
    free(owner);
    free(before);
    free(x);
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

/* ---- Drawn chains --------------------------------------------------------------------------*/

/* A value on the way: dims[axis] holds the batch as a factor of before * batch * behind. */
struct chain {
    char name[16];
    int32_t rank, axis;
    int64_t dims[6]; /* -1: the batch's */
    int64_t before, behind;
    int length;
};

static const char *next_name(struct chain *chain)
{
    snprintf(chain->name, sizeof chain->name, "v%d", ++chain->length);
    return chain->name;
}

/* Splits the batch from its factors, a dimension in two, or joins two. */
static void draw_reshape(struct chain *chain)
{
    char from[16];
    int32_t at = (int32_t)between(0, chain->rank - 1);

    strcpy(from, chain->name);
    if (at == chain->axis && (chain->behind > 1 || chain->before > 1) && chain->rank < 6) {
        bool behind = chain->behind > 1;
        memmove(&chain->dims[at + 1], &chain->dims[at],
                (size_t)(chain->rank - at) * sizeof chain->dims[0]);
        chain->dims[behind ? at + 1 : at] = behind ? chain->behind : chain->before;
        chain->axis += !behind;
        *(behind ? &chain->behind : &chain->before) = 1;
        chain->rank++;
    } else if (at != chain->axis && chain->dims[at] % 2 == 0 && chain->rank < 6 &&
               between(0, 1)) {
        memmove(&chain->dims[at + 1], &chain->dims[at],
                (size_t)(chain->rank - at) * sizeof chain->dims[0]);
        chain->dims[at] /= 2;
        chain->dims[at + 1] = 2;
        chain->axis += chain->axis > at;
        chain->rank++;
    } else if (at + 1 < chain->rank && chain->rank > 2) {
        int64_t joined = chain->dims[at] * chain->dims[at + 1];
        if (chain->axis == at)
            chain->behind *= chain->dims[at + 1];
        else if (chain->axis == at + 1)
            chain->before *= chain->dims[at];
        chain->dims[at] = chain->axis == at || chain->axis == at + 1 ? -1 : joined;
        chain->axis -= chain->axis > at;
        memmove(&chain->dims[at + 1], &chain->dims[at + 2],
                (size_t)(chain->rank - at - 2) * sizeof chain->dims[0]);
        chain->rank--;
    }
    reshape(from, next_name(chain), (size_t)chain->rank, chain->dims);
}

static void draw_transpose(struct chain *chain)
{
    int64_t perm[6], dims[6];
    char from[16];
    int32_t axis = chain->axis;

    strcpy(from, chain->name);
    memcpy(dims, chain->dims, sizeof dims);
    for (int32_t i = 0; i < chain->rank; i++)
        perm[i] = i;
    for (int32_t i = chain->rank - 1; i > 0; i--) {
        int32_t k = (int32_t)between(0, i);
        int64_t kept = perm[i];
        perm[i] = perm[k];
        perm[k] = kept;
    }
    for (int32_t i = 0; i < chain->rank; i++) {
        chain->dims[i] = dims[perm[i]];
        if (perm[i] == axis)
            chain->axis = i;
    }
    transpose(from, next_name(chain), (size_t)chain->rank, perm);
}

static void draw_rest(struct chain *chain)
{
    int32_t at = (int32_t)between(0, chain->rank - 1);
    char from[16], both[40];

    strcpy(from, chain->name);
    snprintf(both, sizeof both, "%s %s", from, from);
    switch (between(0, 5)) {
    case 0:
        on_axis("Softmax", from, next_name(chain), at);
        break;
    case 1:
        node("Sin", from, next_name(chain));
        break;
    case 2:
        node("Add", both, next_name(chain));
        break;
    case 3:
        roll(from, next_name(chain), at, 1);
        break;
    case 4:
        on_axis("LpNormalization", from, next_name(chain), at);
        break;
    default:
        if (at == chain->axis)
            break;
        on_axis("Concat", both, next_name(chain), at);
        chain->dims[at] *= 2;
    }
}

/* The last value is called "a", a matrix of C columns. */
static void build_drawn(unsigned number)
{
    struct chain chain = {.name = "x", .rank = 4, .dims = {-1, H, W, C}, .before = 1, .behind = 1};

    seed = number;
    begin();
    input(open_dims);
    for (int i = (int)between(2, 9); i > 0; i--) {
        int64_t kind = between(0, 3);
        if (kind == 0)
            draw_transpose(&chain);
        else if (kind == 1)
            draw_rest(&chain);
        else
            draw_reshape(&chain);
    }
    RESHAPE(chain.name, "a", -1, C);
}

static void groups_of_drawn_chains_are_of_one_image_each(void **state)
{
    const struct icl_plan_options options = {.threads = 1};
    int named = 0;
    (void)state;

    for (unsigned number = 1; number <= DRAWN; number++) {
        char what[40];
        snprintf(what, sizeof what, "chain %u", number);
        build_drawn(number);
        product("a", C);
        output("m");
        int64_t rows = planned(&options, 1);
        assert_int_equal(planned(&options, 2), rows);
        assert_int_equal(planned(&options, 5), rows);
        end();
        if (rows == 0)
            continue;
        named++;
        build_drawn(number);
        output("a");
        check_rows(what, rows);
        end();
    }
    if (named < DRAWN / 4 || named > DRAWN * 19 / 20)
        fail_msg("%d of %d chains have groups: the others, or these, are hardly tested", named,
                 DRAWN);
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
        cmocka_unit_test(groups_of_drawn_chains_are_of_one_image_each),
        cmocka_unit_test(a_batch_that_the_graph_fixes_is_that_batch),
        cmocka_unit_test(inputs_have_to_share_the_batch),
        cmocka_unit_test(plans_without_use_for_it_go_without),
        cmocka_unit_test(a_turned_weight_counts),
        cmocka_unit_test(measured_choices_tell_them_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

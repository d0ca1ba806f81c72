/*
 * tests/passes/channels_last_test.c - regions go channels-last, and not a bit of a result moves
 *
 * Each row draws a graph, counts the Transposes that the passes leave in it, and runs it as the
 * source has it and as planned: the results must have the same bits. (3 x 3 convolutions of many
 * channels go by Winograd's method then, with bits of their own: none is drawn here.) Numbers
 * are drawn from a fixed seed; the expected counts come by hand, from the borders that each
 * graph has.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/passes/passes.h"
#include "src/session/session.h"
#include "src/tensor/tensor.h"

static struct imgcls_context *ctx;
static struct imgcls_graph *graph;
static unsigned seed;

static void ok(imgcls_status status)
{
    if (status != IMGCLS_OK)
        fail_msg("%s", imgcls_error(ctx));
}

static int set_up(void **state)
{
    struct imgcls_context_options options = {.struct_size = sizeof options, .threads = 2};

    (void)state;
    seed = 3;
    return imgcls_context_create(&options, &ctx) == IMGCLS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    imgcls_context_destroy(ctx);
    return 0;
}

/* ---- Drawing graphs ---------------------------------------------------------------------*/

#define DIMS(...) (int32_t)(sizeof((int64_t[]){__VA_ARGS__}) / 8), (const int64_t[]){__VA_ARGS__}

static void input(const char *name, int32_t rank, const int64_t *dims)
{
    ok(icl_graph_add_input(graph, name, IMGCLS_KIND_TENSOR, IMGCLS_F32, rank, dims, NULL));
}

static void output(const char *name)
{
    ok(icl_graph_add_output(graph, name, IMGCLS_KIND_TENSOR, IMGCLS_UNDEFINED, -1, NULL, NULL));
}

/* Numbers between 0.01 and 1.01, so that they may be variances, too. */
static void weights(const char *name, int32_t rank, const int64_t *dims)
{
    int64_t count = imgcls_count(rank, dims);
    float *data = count > 0 ? malloc((size_t)count * sizeof *data) : NULL;
    struct imgcls_tensor tensor;

    assert_non_null(data);
    for (int64_t i = 0; i < count; i++)
        data[i] = (float)rand_r(&seed) / (float)RAND_MAX + 0.01f;
    ok(icl_tensor_borrow(ctx, IMGCLS_F32, rank, dims, data, &tensor));
    ok(icl_graph_add_initializer(graph, name, &tensor, NULL));
    free(data);
}

static void ints(const char *name, int32_t count, const int64_t *values)
{
    struct imgcls_tensor tensor;
    int64_t dims[] = {count};

    ok(icl_tensor_borrow(ctx, IMGCLS_I64, 1, dims, (void *)values, &tensor));
    ok(icl_graph_add_initializer(graph, name, &tensor, NULL));
}

/* inputs: names with spaces between, "-" omitted. */
static struct icl_node *node(const char *type, const char *inputs, const char *out)
{
    const char *names[8], *outputs[] = {out};
    char text[256], *rest = text;
    struct icl_node *made;
    size_t count = 0;

    snprintf(text, sizeof text, "%s", inputs);
    for (char *name; (name = strtok_r(rest, " ", &rest)) && count < 8;)
        names[count++] = strcmp(name, "-") == 0 ? "" : name;
    ok(icl_graph_add_node(graph, "", type, out, count, names, 1, outputs, &made));
    return made;
}

static void set_ints(struct icl_node *made, const char *name, int32_t count,
                     const int64_t *values)
{
    struct imgcls_attr attr = {.struct_size = sizeof attr, .name = name,
                               .kind = IMGCLS_ATTR_INTS, .count = (size_t)count,
                               .ints = values};
    ok(icl_node_set_attr(made, &attr));
}

static void set_int(struct icl_node *made, const char *name, int64_t value)
{
    struct imgcls_attr attr = {
        .struct_size = sizeof attr, .name = name, .kind = IMGCLS_ATTR_INT, .i = value};
    ok(icl_node_set_attr(made, &attr));
}

/* A convolution with bias whose output is as large as its input. */
static struct icl_node *conv(const char *in, const char *out, int64_t channels, int64_t from,
                             int64_t group, int64_t size)
{
    char names[128], w[32], b[32];
    struct icl_node *made;
    int64_t pad = size / 2;

    snprintf(w, sizeof w, "%s.w", out);
    snprintf(b, sizeof b, "%s.b", out);
    weights(w, DIMS(channels, from / group, size, size));
    weights(b, DIMS(channels));
    snprintf(names, sizeof names, "%s %s %s", in, w, b);
    made = node("Conv", names, out);
    set_int(made, "group", group);
    set_ints(made, "pads", DIMS(pad, pad, pad, pad));
    return made;
}

static void transpose(const char *in, const char *out, int32_t rank, const int64_t *perm)
{
    set_ints(node("Transpose", in, out), "perm", rank, perm);
}

/* ---- The graphs -------------------------------------------------------------------------*/

static void chain(void)
{
    conv("x", "a", 32, 16, 1, 3);
    node("Relu", "a", "r");
    conv("r", "y", 24, 32, 1, 1);
}

static void two_readers(void)
{
    conv("x", "a", 32, 16, 1, 3);
    conv("a", "b", 32, 32, 1, 5);
    node("Add", "a b", "y");
}

static void groups(void)
{
    conv("x", "a", 32, 16, 4, 3);
    conv("a", "d", 32, 32, 32, 5);
    conv("d", "y", 16, 32, 2, 1);
}

static void pools(void)
{
    struct icl_node *pool;

    conv("x", "a", 32, 16, 1, 3);
    pool = node("MaxPool", "a", "m");
    set_ints(pool, "kernel_shape", DIMS(3, 3));
    set_ints(pool, "strides", DIMS(2, 2));
    set_ints(pool, "pads", DIMS(1, 1, 1, 1));
    pool = node("AveragePool", "m", "p");
    set_ints(pool, "kernel_shape", DIMS(2, 3));
    set_int(pool, "ceil_mode", 1);
    set_int(pool, "count_include_pad", 1);
    node("GlobalMaxPool", "p", "g");
    node("Flatten", "g", "y"); /* one pixel: no byte moves */
}

static void squeeze_and_excite(void)
{
    conv("x", "a", 32, 16, 1, 3);
    node("GlobalAveragePool", "a", "g");
    conv("g", "h", 8, 32, 1, 1);
    node("Relu", "h", "r");
    conv("r", "s", 32, 8, 1, 1);
    node("Clip", "s", "t"); /* no bounds: an operator with the same bits fused or not */
    node("Mul", "t a", "y");
}

static void broadcast_constants(void)
{
    conv("x", "a", 32, 16, 1, 3);
    weights("per_channel", DIMS(32, 1, 1));
    weights("per_pixel", DIMS(14, 14));
    weights("full", DIMS(1, 32, 14, 1));
    weights("slope", DIMS(32, 1, 1));
    node("Relu", "a", "r"); /* else the factors would go into the weights: other bits */
    node("Mul", "r per_channel", "b");
    node("Add", "per_pixel b", "c");
    node("Sub", "c full", "d");
    node("PRelu", "d slope", "y");
}

static void branches(void)
{
    conv("x", "a", 32, 16, 1, 3);
    conv("x", "b", 16, 16, 1, 1);
    set_int(node("Concat", "a b", "c"), "axis", 1);
    conv("c", "y", 16, 48, 1, 5);
}

static void axes(void)
{
    ints("pads", DIMS(0, 0, 1, 2, 0, 3, 0, 1));
    ints("starts", DIMS(1, 2));
    ints("ends", DIMS(9, 30));
    ints("where", DIMS(-1, 1));
    ints("height", DIMS(2));
    conv("x", "a", 32, 16, 1, 3);
    node("Pad", "a pads", "p");
    node("Slice", "p starts ends where", "s");
    node("ReduceMean", "s height", "m"); /* keepdims: an image still */
    set_int(node("Softmax", "m", "y"), "axis", 1);
}

static void resized(void)
{
    float scales[] = {1, 1, 2, 0.5f};
    struct imgcls_tensor tensor;
    int64_t four[] = {4};

    ok(icl_tensor_borrow(ctx, IMGCLS_F32, 1, four, scales, &tensor));
    ok(icl_graph_add_initializer(graph, "scales", &tensor, NULL));
    conv("x", "a", 32, 16, 1, 3);
    node("Resize", "a - scales", "y");
}

static void mean_of_pixels(void)
{
    ints("pixels", DIMS(-1, -2));
    conv("x", "a", 32, 16, 1, 3);
    set_int(node("ReduceMean", "a pixels", "y"), "keepdims", 0);
}

static void norm_between(void)
{
    weights("scale", DIMS(32));
    weights("beta", DIMS(32));
    weights("mean", DIMS(32));
    weights("variance", DIMS(32));
    conv("x", "a", 32, 16, 1, 3);
    node("Relu", "a", "r");
    node("BatchNormalization", "r scale beta mean variance", "n");
    conv("n", "y", 16, 32, 1, 5);
}

/* ConvNeXt's: to channels-last for a normalisation and two products, and back. */
static void permuted_block(void)
{
    weights("scale", DIMS(32));
    weights("m", DIMS(32, 32));
    weights("gamma", DIMS(32, 1, 1));
    conv("x", "a", 32, 16, 1, 3);
    conv("a", "d", 32, 32, 32, 7);
    transpose("d", "t", DIMS(0, 2, 3, 1));
    node("LayerNormalization", "t scale", "n");
    node("MatMul", "n m", "p");
    node("Relu", "p", "q"); /* as above: gamma stays a factor of its own */
    transpose("q", "u", DIMS(0, 3, 1, 2));
    node("Mul", "u gamma", "v");
    node("Add", "v a", "y");
}

/* ViT's patch embedding. */
static void patches(void)
{
    ints("shape", DIMS(2, 32, -1));
    conv("x", "a", 32, 16, 1, 3);
    node("Reshape", "a shape", "r");
    transpose("r", "y", DIMS(0, 2, 1));
}

static void another_order(void)
{
    conv("x", "a", 32, 16, 1, 3);
    transpose("a", "y", DIMS(3, 1, 0, 2)); /* one Transpose, with another permutation */
}

static void order_from_the_end(void)
{
    conv("x", "a", 32, 16, 1, 3);
    transpose("a", "y", DIMS(-1, 1, 0, -2));
}

static void order_left_out(void)
{
    conv("x", "a", 32, 16, 1, 3);
    node("Transpose", "a", "y"); /* back to front */
}

/* What exporters make of torch's mean over pixels. */
static void mean_kept(void)
{
    ints("pixels", DIMS(-1, -2));
    conv("x", "a", 32, 16, 1, 3);
    node("ReduceMean", "a pixels", "m");
    node("Mul", "a m", "y");
}

static void tiny(void)
{
    node("GlobalAveragePool", "x", "g");
    conv("g", "y", 2, 16, 1, 1);
}

static void too_little_work(void)
{
    conv("x", "y", 16, 16, 16, 1); /* one product an element: it stays as it is */
}

static const struct {
    const char *name;
    void (*draw)(void);
    size_t transposes, twins; /* twins: nodes of the internal domain */
} rows[] = {
    {"a chain has two borders", chain, 2, 2},
    {"a residual is added inside", two_readers, 2, 2},
    {"groups", groups, 2, 3},
    {"pools down to one pixel", pools, 1, 4},
    {"squeeze and excite", squeeze_and_excite, 2, 4},
    {"constants of every rank", broadcast_constants, 2, 1},
    {"concatenated channels", branches, 2, 3},
    {"axes of pads, slices, means", axes, 2, 1},
    {"resized", resized, 2, 1},
    {"mean of pixels", mean_of_pixels, 1, 2},
    {"mean of pixels as a pool", mean_kept, 2, 2},
    {"a normalisation before a convolution", norm_between, 2, 3},
    {"the graph's own transposes vanish", permuted_block, 2, 2},
    {"patches become a sequence", patches, 1, 1},
    {"another permutation", another_order, 2, 1},
    {"its axes from the end", order_from_the_end, 2, 1},
    {"no permutation said", order_left_out, 2, 1},
    {"one pixel moves nothing", tiny, 0, 1},
    {"too little work", too_little_work, 0, 0},
};

static size_t count_of(const struct imgcls_graph *in, const char *domain, const char *type)
{
    size_t count = 0;

    for (size_t i = 0; i < in->node_count; i++)
        count += strcmp(in->nodes[i]->domain, domain) == 0 &&
                 (!type || strcmp(in->nodes[i]->type, type) == 0);
    return count;
}

/* The result, in memory of the caller's. */
static size_t run(bool as_source, const float *x, float **result)
{
    struct icl_plan_options options = {.no_fusion = as_source, .threads = 2};
    struct icl_session *session;
    const struct imgcls_value *outputs[1];
    struct imgcls_tensor tensor;
    struct imgcls_value value = {.struct_size = sizeof value, .kind = IMGCLS_KIND_TENSOR,
                                 .tensor = &tensor};
    const struct imgcls_value *inputs[] = {&value};

    ok(icl_tensor_borrow(ctx, IMGCLS_F32, DIMS(2, 16, 14, 14), (void *)x, &tensor));
    ok(icl_session_create(ctx, graph, &options, &session));
    ok(icl_session_run(session, inputs, outputs));
    size_t bytes = outputs[0]->tensor->size_bytes;
    *result = malloc(bytes);
    assert_non_null(*result);
    memcpy(*result, outputs[0]->tensor->data, bytes);
    icl_session_destroy(session);
    return bytes;
}

static void every_graph_keeps_its_bits(void **state)
{
    static float x[2 * 16 * 14 * 14];

    (void)state;
    for (size_t i = 0; i < sizeof x / sizeof x[0]; i++)
        x[i] = (float)rand_r(&seed) / (float)RAND_MAX - 0.5f;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct imgcls_graph *passed;
        float *want, *got;

        ok(icl_graph_create(ctx, NULL, &graph));
        ok(icl_graph_set_opset(graph, "", 18));
        input("x", DIMS(2, 16, 14, 14));
        rows[i].draw();
        output("y");
        ok(icl_graph_clone(graph, &passed));
        ok(icl_passes_upgrade(passed));
        ok(icl_passes_fuse(passed, NULL));
        size_t transposes = count_of(passed, "", "Transpose");
        size_t twins = count_of(passed, "imgcls.channels_last", NULL);
        if (transposes != rows[i].transposes || twins != rows[i].twins)
            fail_msg("%s: %zu transposes, %zu twins", rows[i].name, transposes, twins);
        assert_string_equal(passed->outputs[0]->name, "y");
        size_t bytes = run(true, x, &want);
        if (run(false, x, &got) != bytes || memcmp(want, got, bytes) != 0)
            fail_msg("%s: other bits", rows[i].name);
        free(want);
        free(got);
        icl_graph_destroy(passed);
        icl_graph_destroy(graph);
    }
}

static void open_shapes_stay_as_they_are(void **state)
{
    const int64_t open[] = {-1, 16, 14, 14};

    (void)state;
    ok(icl_graph_create(ctx, NULL, &graph));
    ok(icl_graph_set_opset(graph, "", 18));
    input("x", 4, open);
    chain();
    output("y");
    ok(icl_passes_upgrade(graph));
    ok(icl_passes_fuse(graph, NULL));
    assert_int_equal(count_of(graph, "imgcls.channels_last", NULL), 0);
    icl_graph_destroy(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_graph_keeps_its_bits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(open_shapes_stay_as_they_are, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

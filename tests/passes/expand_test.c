/*
 * tests/passes/expand_test.c - a Conv of one pixel and the depthwise Conv behind it become one
 * node where they may, with the same bits for every instruction set and number of threads
 *
 * Expected results: the same graph with what lies between among its outputs, which keeps two
 * nodes. Numbers are drawn from a fixed seed.
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

struct row {
    const char *what;
    int64_t images, narrow, wide, height, width;
    int64_t kernel[2], stride[2], pads[4]; /* pads: top, left, bottom, right */
    const char *first, *second;            /* activations, NULL: none */
    bool no_bias;
};

static void begin(void)
{
    struct imgcls_context_options options = {.struct_size = sizeof options, .threads = 3};

    ok(imgcls_context_create(&options, &ctx));
    ok(icl_graph_create(ctx, NULL, &graph));
    ok(icl_graph_set_opset(graph, "", 18));
}

static void end(void)
{
    icl_graph_destroy(graph);
    imgcls_context_destroy(ctx);
}

static float drawn(void)
{
    return (float)rand_r(&seed) / (float)RAND_MAX - 0.5f;
}

static void weights(const char *name, int32_t rank, const int64_t *dims)
{
    int64_t count = imgcls_count(rank, dims);
    float *data = count > 0 ? malloc((size_t)count * sizeof *data) : NULL;
    struct imgcls_tensor tensor;

    assert_non_null(data);
    for (int64_t i = 0; i < count; i++)
        data[i] = drawn();
    ok(icl_tensor_borrow(ctx, IMGCLS_F32, rank, dims, data, &tensor));
    ok(icl_graph_add_initializer(graph, name, &tensor, NULL));
    free(data);
}

static struct icl_node *node(const char *type, size_t count, const char *const *inputs,
                             const char *out)
{
    struct icl_node *made;

    ok(icl_graph_add_node(graph, "", type, out, count, inputs, 1, &out, &made));
    return made;
}

static void set_ints(struct icl_node *made, const char *name, size_t count, const int64_t *values)
{
    struct imgcls_attr attr = {.struct_size = sizeof attr, .name = name,
                               .kind = IMGCLS_ATTR_INTS, .count = count, .ints = values};
    ok(icl_node_set_attr(made, &attr));
}

static void set_group(struct icl_node *made, int64_t group)
{
    struct imgcls_attr attr = {
        .struct_size = sizeof attr, .name = "group", .kind = IMGCLS_ATTR_INT, .i = group};
    ok(icl_node_set_attr(made, &attr));
}

static struct icl_node *conv(const char *in, const char *out, const int64_t dims[4], bool no_bias)
{
    char w[32], b[32];
    const char *inputs[] = {in, w, b};

    snprintf(w, sizeof w, "%s.w", out);
    snprintf(b, sizeof b, "%s.b", out);
    weights(w, 4, dims);
    if (!no_bias)
        weights(b, 1, dims);
    return node("Conv", no_bias ? 2 : 3, inputs, out);
}

static const char *activation(const char *type, const char *in, const char *out)
{
    static const float bounds[] = {-0.125f, 0.75f};
    char low[32], high[32];
    const char *inputs[] = {in, low, high};
    struct imgcls_tensor tensor;
    int i;

    snprintf(low, sizeof low, "%s.low", out);
    snprintf(high, sizeof high, "%s.high", out);

    if (!type)
        return in;
    if (strcmp(type, "Silu") == 0) {
        const char *pair[] = {in, low};
        node("Sigmoid", 1, inputs, low);
        node("Mul", 2, pair, out);
        return out;
    }
    for (i = 0; i < 2 && strcmp(type, "Clip") == 0; i++) {
        ok(icl_tensor_borrow(ctx, IMGCLS_F32, 0, NULL, (void *)&bounds[i], &tensor));
        ok(icl_graph_add_initializer(graph, inputs[1 + i], &tensor, NULL));
    }
    node(type, strcmp(type, "Clip") == 0 ? 3 : 1, inputs, out);
    return out;
}

static struct icl_node *first_node, *second_node;

static void draw(const struct row *row)
{
    const int64_t x[] = {row->images, row->narrow, row->height, row->width};
    const int64_t one[] = {row->wide, row->narrow, 1, 1};
    const int64_t two[] = {row->wide, 1, row->kernel[0], row->kernel[1]};
    const char *at, *last;

    ok(icl_graph_add_input(graph, "x", IMGCLS_KIND_TENSOR, IMGCLS_F32, 4, x, NULL));
    first_node = conv("x", "a", one, row->no_bias);
    at = activation(row->first, "a", "b");
    second_node = conv(at, row->second ? "c" : "y", two, row->no_bias);
    set_group(second_node, row->wide);
    set_ints(second_node, "strides", 2, row->stride);
    set_ints(second_node, "pads", 4, row->pads);
    last = activation(row->second, "c", "y");
    assert_string_equal(row->second ? last : "y", "y");
}

static void output(const char *name)
{
    ok(icl_graph_add_output(graph, name, IMGCLS_KIND_TENSOR, IMGCLS_UNDEFINED, -1, NULL, NULL));
}

/* Nodes that the passes make of two. */
static size_t fused(void)
{
    struct imgcls_graph *passed;
    size_t count = 0, i;

    ok(icl_graph_clone(graph, &passed));
    ok(icl_passes_upgrade(passed));
    ok(icl_passes_fuse(passed, NULL));
    for (i = 0; i < passed->node_count; i++)
        count += strcmp(passed->nodes[i]->type, "ExpandDepthwise") == 0;
    icl_graph_destroy(passed);
    return count;
}

/* The result y, in memory of the caller's. */
static size_t run(int32_t threads, const struct row *row, const float *x, float **result)
{
    const int64_t dims[] = {row->images, row->narrow, row->height, row->width};
    struct icl_plan_options options = {.threads = threads};
    struct icl_session *session;
    const struct imgcls_value *outputs[2];
    struct imgcls_tensor tensor;
    struct imgcls_value value = {.struct_size = sizeof value, .kind = IMGCLS_KIND_TENSOR,
                                 .tensor = &tensor};
    const struct imgcls_value *inputs[] = {&value};

    ok(icl_tensor_borrow(ctx, IMGCLS_F32, 4, dims, (void *)x, &tensor));
    ok(icl_session_create(ctx, graph, &options, &session));
    ok(icl_session_run(session, inputs, outputs));
    size_t bytes = outputs[0]->tensor->size_bytes;
    *result = malloc(bytes);
    assert_non_null(*result);
    memcpy(*result, outputs[0]->tensor->data, bytes);
    icl_session_destroy(session);
    return bytes;
}

/* Two nodes: what lies between is an output, too. */
static size_t run_two(const struct row *row, const float *x, float **result)
{
    size_t bytes;

    begin();
    draw(row);
    output("y");
    output(row->first ? "b" : "a");
    if (fused() != 0)
        fail_msg("%s: nothing to compare with", row->what);
    bytes = run(1, row, x, result);
    end();
    return bytes;
}

/* One row, with the instruction set that the environment names; false where nothing became one node:
 * not every image is worth another order. */
static bool check(const struct row *row)
{
    size_t count = (size_t)(row->images * row->narrow * row->height * row->width), bytes;
    float *x = malloc(count * sizeof *x), *want, *got;
    bool is_one;
    unsigned before;
    int32_t threads;

    assert_non_null(x);
    for (size_t i = 0; i < count; i++)
        x[i] = drawn();
    before = seed;
    bytes = run_two(row, x, &want);
    seed = before; /* the same weights */
    begin();
    draw(row);
    output("y");
    is_one = fused() == 1;
    for (threads = 1; threads <= 3; threads += 2) {
        if (run(threads, row, x, &got) != bytes || memcmp(want, got, bytes) != 0)
            fail_msg("%s: other bits with %d threads", row->what, (int)threads);
        free(got);
    }
    free(want);
    free(x);
    end();
    return is_one;
}

static const struct row named[] = {
    {"as MobileNetV2 has it", 1, 16, 96, 112, 112, {3, 3}, {2, 2}, {1, 1, 1, 1}, "Clip", "Clip", false},
    {"as EfficientNet has it", 2, 24, 144, 56, 56, {5, 5}, {2, 2}, {1, 1, 2, 2}, "Silu", "Silu", false},
    {"as MobileNetV3 has it", 1, 24, 72, 56, 56, {3, 3}, {1, 1}, {1, 1, 1, 1}, "Relu", NULL, false},
    {"channels that fill no panel", 1, 7, 67, 61, 43, {7, 3}, {1, 2}, {3, 0, 2, 1}, "HardSwish", NULL, false},
    {"no bias, no activation", 1, 3, 50, 64, 64, {2, 4}, {3, 1}, {0, 3, 1, 0}, NULL, NULL, true},
    {"one row of many pixels", 1, 8, 40, 1, 5000, {1, 9}, {1, 1}, {0, 4, 0, 4}, "Relu", "Silu", false},
    {"windows in the padding alone", 1, 8, 40, 70, 70, {3, 3}, {4, 4}, {9, 9, 9, 9}, "Clip", NULL, false},
    {"more padding than image", 1, 4, 400, 2, 220, {3, 3}, {1, 1}, {16, 0, 16, 0}, NULL, "Clip", false},
};

static void one_node_has_the_bits_of_two(void **state)
{
    static const char *const sets[] = {"portable", NULL};

    (void)state;
    seed = 5;
    for (size_t s = 0; s < sizeof sets / sizeof sets[0]; s++) {
        if (sets[s])
            setenv("IMGCLS_ISA", sets[s], 1);
        for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
            if (!check(&named[i]))
                fail_msg("%s: two nodes stay two", named[i].what);
        unsetenv("IMGCLS_ISA");
    }
}

static int64_t between(int64_t low, int64_t high)
{
    return low + rand_r(&seed) % (high - low + 1);
}

static void drawn_shapes_agree(void **state)
{
    static const char *const steps[] = {NULL, "Relu", "Clip", "HardSwish", "Silu", "Tanh"};
    char text[128];
    struct row row = {.what = text};
    int i, d, ones = 0;

    (void)state;
    seed = 11;
    for (i = 0; i < 16; i++) {
        row.images = between(1, 2);
        row.narrow = between(4, 40);
        row.wide = between(20, 99);
        row.height = between(20, 90);
        row.width = 164000 / row.wide / row.height + between(1, 9); /* more than 640 KiB */
        for (d = 0; d < 2; d++) {
            row.kernel[d] = between(1, 7);
            row.stride[d] = between(1, 3);
            row.pads[d] = between(0, row.kernel[d]);
            row.pads[d + 2] = between(0, row.kernel[d]);
        }
        row.kernel[0] += row.kernel[0] * row.kernel[1] == 1; /* else it is no depthwise Conv */
        row.first = steps[i % 6];
        row.second = steps[(i + 3) % 6];
        row.no_bias = i % 3 == 0;
        snprintf(text, sizeof text, "%lld x %lld x %lld to %lld, windows %lld x %lld",
                 (long long)row.narrow, (long long)row.height, (long long)row.width,
                 (long long)row.wide, (long long)row.kernel[0], (long long)row.kernel[1]);
        ones += check(&row);
    }
    assert_true(ones >= 8);
}

/* ---- Where two nodes stay ---------------------------------------------------------------*/

static const struct row usual = {"", 1, 16, 64, 60, 60, {3, 3}, {1, 1}, {1, 1, 1, 1}, "Relu", NULL, false};

static void stays(const char *why)
{
    if (fused() != 0)
        fail_msg("%s: one node", why);
    end();
}

static void others_stay_two_nodes(void **state)
{
    const int64_t twos[] = {2, 2};
    struct row row = usual;
    const char *sum[] = {"a", "w"};
    const int64_t wide[] = {1, 64, 60, 60};

    (void)state;
    begin();
    draw(&usual);
    output("y");
    output("b");
    stays("what lies between is asked for");

    begin();
    draw(&usual);
    node("Tanh", 1, (const char *[]){"b"}, "t");
    output("y");
    output("t");
    stays("what lies between has another reader");

    begin();
    row.height = row.width = 30;
    draw(&row);
    output("y");
    stays("a small image");

    begin();
    draw(&usual);
    set_ints(first_node, "strides", 2, twos);
    output("y");
    stays("a first Conv that skips pixels");

    begin();
    draw(&usual);
    set_ints(second_node, "dilations", 2, twos);
    output("y");
    stays("a dilated window");

    begin();
    row = usual;
    row.first = NULL;
    ok(icl_graph_add_input(graph, "w", IMGCLS_KIND_TENSOR, IMGCLS_F32, 4, wide, NULL));
    draw(&row);
    ok(icl_node_set_input(second_node, 0, "s"));
    node("Add", 2, sum, "s");
    output("y");
    stays("a residual between");
}

/* What a file may say, and no pass does: an end that needs an operand, or none that there is. */
static void other_steps_are_refused(void **state)
{
    static const int64_t steps[] = {IMGCLS_EPILOGUE_ADD, IMGCLS_EPILOGUE_MUL,
                                    IMGCLS_EPILOGUE_BIAS, 12, 64, -1, INT64_MIN};
    const int64_t x[] = {1, 8, 8, 4}, one[] = {8, 4, 1, 1}, two[] = {8, 1, 3, 3};
    const char *inputs[] = {"x", "w1", "", "w2"}, *outputs[] = {"y"};
    float data[8 * 8 * 4] = {0};
    const struct row row = {.images = 1, .narrow = 8, .height = 8, .width = 4};
    struct icl_plan_options options = {.threads = 1};
    const struct imgcls_value *results[1];
    struct imgcls_tensor tensor;
    struct imgcls_value value = {.struct_size = sizeof value, .kind = IMGCLS_KIND_TENSOR,
                                 .tensor = &tensor};
    const struct imgcls_value *given[] = {&value};
    struct icl_session *session;
    float *taken;

    (void)state;
    for (size_t i = 0; i <= sizeof steps / sizeof steps[0]; i++) {
        struct imgcls_attr attr = {.struct_size = sizeof attr, .name = "expand_step",
                                   .kind = IMGCLS_ATTR_INT, .i = i ? steps[i - 1] : 0};
        struct icl_node *made;
        begin();
        ok(icl_graph_add_input(graph, "x", IMGCLS_KIND_TENSOR, IMGCLS_F32, 4, x, NULL));
        weights("w1", 4, one);
        weights("w2", 4, two);
        ok(icl_graph_add_node(graph, "imgcls.channels_last", "ExpandDepthwise", "e", 4, inputs, 1,
                              outputs, &made));
        ok(icl_node_set_attr(made, &attr));
        output("y");
        if (i == 0) { /* none at all: taken */
            run(1, &row, data, &taken);
            free(taken);
            end();
            continue;
        }
        ok(icl_tensor_borrow(ctx, IMGCLS_F32, 4, x, data, &tensor));
        ok(icl_session_create(ctx, graph, &options, &session));
        if (icl_session_run(session, given, results) == IMGCLS_OK)
            fail_msg("step %lld is taken", (long long)attr.i);
        icl_session_destroy(session);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_node_has_the_bits_of_two),
        cmocka_unit_test(drawn_shapes_agree),
        cmocka_unit_test(others_stay_two_nodes),
        cmocka_unit_test(other_steps_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

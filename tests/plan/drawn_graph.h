/*
 * tests/plan/drawn_graph.h - graphs of ONNX operators in a few lines, with drawn numbers
 *
 * For tests that compare a graph's results with those of the same graph planned otherwise. One
 * graph at a time; the operators are the project's own.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef DRAWN_GRAPH_H
#define DRAWN_GRAPH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/graph/graph.h"
#include "src/session/session.h"
#include "src/tensor/tensor.h"

static struct imgcls_context *ctx;
static struct imgcls_graph *graph;
static unsigned seed;

static inline void ok(imgcls_status status)
{
    if (status != IMGCLS_OK)
        fail_msg("%s", imgcls_error(ctx));
}

static inline int64_t between(int64_t low, int64_t high)
{
    return low + rand_r(&seed) % (high - low + 1);
}

static inline void begin(void)
{
    struct imgcls_context_options options = {.struct_size = sizeof options, .threads = 3};

    ok(imgcls_context_create(&options, &ctx));
    ok(icl_graph_create(ctx, NULL, &graph));
    ok(icl_graph_set_opset(graph, "", 18));
}

static inline void end(void)
{
    icl_graph_destroy(graph);
    imgcls_context_destroy(ctx);
}

static inline float *drawn(size_t count)
{
    float *data = malloc((count + 1) * sizeof *data);

    assert_non_null(data);
    for (size_t i = 0; i < count; i++)
        data[i] = (float)rand_r(&seed) / (float)RAND_MAX - 0.5f;
    return data;
}

static inline void input(const int64_t *dims)
{
    ok(icl_graph_add_input(graph, "x", IMGCLS_KIND_TENSOR, IMGCLS_F32, 4, dims, NULL));
}

static inline void output(const char *name)
{
    ok(icl_graph_add_output(graph, name, IMGCLS_KIND_TENSOR, IMGCLS_UNDEFINED, -1, NULL, NULL));
}

static inline void constant(const char *name, int32_t type, int32_t rank, const int64_t *dims,
                     const void *data)
{
    struct imgcls_tensor tensor;

    ok(icl_tensor_borrow(ctx, type, rank, dims, (void *)data, &tensor));
    ok(icl_graph_add_initializer(graph, name, &tensor, NULL));
}

/* inputs and outputs: names with spaces between */
static inline struct icl_node *node(const char *type, const char *inputs, const char *outputs)
{
    const char *in[8], *out[8];
    size_t in_count = 0, out_count = 0;
    char a[200], b[200], *rest = a, *name;
    struct icl_node *made;

    snprintf(a, sizeof a, "%s", inputs);
    snprintf(b, sizeof b, "%s", outputs);
    while ((name = strtok_r(rest, " ", &rest)) && in_count < 8)
        in[in_count++] = name;
    rest = b;
    while ((name = strtok_r(rest, " ", &rest)) && out_count < 8)
        out[out_count++] = name;
    ok(icl_graph_add_node(graph, "", type, outputs, in_count, in, out_count, out, &made));
    return made;
}

static inline void set_int(struct icl_node *made, const char *name, int64_t value)
{
    struct imgcls_attr attr = {
        .struct_size = sizeof attr, .name = name, .kind = IMGCLS_ATTR_INT, .i = value};
    ok(icl_node_set_attr(made, &attr));
}

static inline void set_ints(struct icl_node *made, const char *name, size_t count,
                            const int64_t *values)
{
    struct imgcls_attr attr = {.struct_size = sizeof attr, .name = name,
                               .kind = IMGCLS_ATTR_INTS, .count = count, .ints = values};
    ok(icl_node_set_attr(made, &attr));
}

static inline void conv(const char *in, const char *out, int64_t channels, int64_t outputs, int64_t size)
{
    const int64_t dims[] = {outputs, channels, size, size}, pads[] = {size / 2, size / 2, size / 2, size / 2};
    char w[40], b[40], inputs[160];
    float *data = drawn((size_t)(outputs * channels * size * size));

    snprintf(w, sizeof w, "%s.w", out);
    snprintf(b, sizeof b, "%s.b", out);
    snprintf(inputs, sizeof inputs, "%s %s %s", in, w, b);
    constant(w, IMGCLS_F32, 4, dims, data);
    constant(b, IMGCLS_F32, 1, dims, data);
    free(data);
    set_ints(node("Conv", inputs, out), "pads", 4, pads);
}

static inline void slice(const char *in, const char *out, int64_t axis, int64_t begin_at, int64_t end_at)
{
    const int64_t values[] = {begin_at, end_at, axis}, one = 1;
    char names[3][40], inputs[200];

    for (int i = 0; i < 3; i++) {
        snprintf(names[i], sizeof names[i], "%s.%d", out, i);
        constant(names[i], IMGCLS_I64, 1, &one, &values[i]);
    }
    snprintf(inputs, sizeof inputs, "%s %s %s %s", in, names[0], names[1], names[2]);
    node("Slice", inputs, out);
}

/* Runs the graph twice, for the second run finds what the first left; all outputs one behind
 * another, own. look, where not NULL, gets the plan. */
static inline char *run(const struct icl_plan_options *options, const int64_t *dims,
                        const float *x, size_t *bytes,
                        void (*look)(const struct icl_plan *plan, void *argument),
                        void *argument)
{
    const struct imgcls_value *outputs[4];
    struct icl_session *session;
    struct imgcls_tensor tensor;
    struct imgcls_value value = {.struct_size = sizeof value, .kind = IMGCLS_KIND_TENSOR,
                                 .tensor = &tensor};
    const struct imgcls_value *inputs[] = {&value};
    char *result = NULL;

    ok(icl_tensor_borrow(ctx, IMGCLS_F32, 4, dims, (void *)x, &tensor));
    ok(icl_session_create(ctx, graph, options, &session));
    for (int i = 0; i < 2; i++)
        ok(icl_session_run(session, inputs, outputs));
    if (look)
        look(icl_session_plan(session), argument);
    *bytes = 0;
    for (size_t i = 0; i < graph->output_count; i++) {
        size_t size = outputs[i]->tensor->size_bytes;
        result = realloc(result, *bytes + size);
        assert_non_null(result);
        memcpy(result + *bytes, outputs[i]->tensor->data, size);
        *bytes += size;
    }
    icl_session_destroy(session);
    return result;
}

/* Runs what was drawn where every value keeps bytes of its own, then with 1 to 3 threads as it is
 * planned otherwise, which has to give the same bits; and ends it. look gets the plans: of the first
 * run with `apart`, of the others with `shared`. */
static inline void same_bits(const char *what, const int64_t *dims,
                             void (*look)(const struct icl_plan *plan, void *argument),
                             void *apart, void *shared)
{
    struct icl_plan_options alone = {.threads = 1, .keep_values = true}, options = {0};
    float *x = drawn((size_t)imgcls_count(4, dims));
    size_t bytes, got_bytes;
    char *want = run(&alone, dims, x, &bytes, look, apart);

    for (options.threads = 1; options.threads <= 3; options.threads++) {
        char *got = run(&options, dims, x, &got_bytes, look, shared);
        assert_int_equal(got_bytes, bytes);
        if (memcmp(got, want, bytes) != 0)
            fail_msg("%s: other bits with %d threads", what, (int)options.threads);
        free(got);
    }
    free(want);
    free(x);
    end();
}

#endif

/*
 * tests/ops/flow.h - small graphs of several nodes and kinds of values, and results as text
 *
 * A line names a node's type, its inputs and its outputs: "Add a b -> c"; "-" is an omitted
 * one. Tensors are initializers of the graph. A result reads "int64[2] 1 2",
 * "seq(float32[1] 1; float32[] 2)", "opt()".
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef FLOW_H
#define FLOW_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/session/session.h"
#include "src/tensor/tensor.h"

#define FLOW_NAMES 16

static inline struct imgcls_graph *flow_graph(struct imgcls_context *ctx, int64_t opset)
{
    struct imgcls_graph *graph;
    assert_int_equal(icl_graph_create(ctx, NULL, &graph), IMGCLS_OK);
    assert_int_equal(icl_graph_set_opset(graph, "", opset), IMGCLS_OK);
    return graph;
}

/* Own until it is given to an attribute. */
static inline struct imgcls_graph *flow_inner(struct imgcls_graph *outer)
{
    struct imgcls_graph *graph;
    assert_int_equal(icl_graph_create(outer->ctx, outer, &graph), IMGCLS_OK);
    return graph;
}

static inline void flow_tensor(struct imgcls_graph *graph, const char *name, int32_t type,
                               int32_t rank, const int64_t *dims, const void *data)
{
    struct imgcls_tensor tensor;
    assert_int_equal(
        icl_tensor_borrow(graph->ctx, type, rank, dims, (void *)(uintptr_t)data, &tensor),
        IMGCLS_OK);
    assert_int_equal(icl_graph_add_initializer(graph, name, &tensor, NULL), IMGCLS_OK);
}
#define FLOW_LIST(graph, name, type, element, ...)                                         \
    flow_tensor(graph, name, type, 1,                                                      \
                (const int64_t[]){sizeof((element[]){__VA_ARGS__}) / sizeof(element)},     \
                (element[]){__VA_ARGS__})
#define FLOW_I64(graph, name, ...) FLOW_LIST(graph, name, IMGCLS_I64, int64_t, __VA_ARGS__)
#define FLOW_F32(graph, name, ...) FLOW_LIST(graph, name, IMGCLS_F32, float, __VA_ARGS__)
#define FLOW_ONE(graph, name, value)                                                       \
    flow_tensor(graph, name, IMGCLS_I64, 0, NULL, &(int64_t){value})
#define FLOW_BOOL(graph, name, value)                                                      \
    flow_tensor(graph, name, IMGCLS_BOOL, 0, NULL, &(uint8_t){value})

static inline void flow_input(struct imgcls_graph *graph, const char *name, int32_t kind,
                              int32_t type)
{
    assert_int_equal(icl_graph_add_input(graph, name, kind, type, -1, NULL, NULL),
                     IMGCLS_OK);
}
static inline void flow_output(struct imgcls_graph *graph, const char *name, int32_t kind,
                               int32_t type)
{
    assert_int_equal(icl_graph_add_output(graph, name, kind, type, -1, NULL, NULL),
                     IMGCLS_OK);
}

static inline struct icl_node *flow_node(struct imgcls_graph *graph, const char *line)
{
    char copy[256], *word, *rest = copy, *type = NULL;
    const char *in[FLOW_NAMES], *out[FLOW_NAMES];
    size_t in_count = 0, out_count = 0;
    bool behind = false;
    struct icl_node *node;
    snprintf(copy, sizeof copy, "%s", line);
    while ((word = strsep(&rest, " "))) {
        if (!type)
            type = word;
        else if (strcmp(word, "->") == 0)
            behind = true;
        else if (behind)
            out[out_count++] = strcmp(word, "-") ? word : "";
        else
            in[in_count++] = strcmp(word, "-") ? word : "";
    }
    assert_int_equal(
        icl_graph_add_node(graph, "", type, type, in_count, in, out_count, out, &node),
        IMGCLS_OK);
    return node;
}

static inline void flow_int(struct icl_node *node, const char *name, int64_t value)
{
    const struct imgcls_attr attr = {
        .struct_size = sizeof attr, .name = name, .kind = IMGCLS_ATTR_INT, .i = value};
    assert_int_equal(icl_node_set_attr(node, &attr), IMGCLS_OK);
}
static inline void flow_text(struct icl_node *node, const char *name, const char *text)
{
    const struct imgcls_attr attr = {.struct_size = sizeof attr,
                                     .name = name,
                                     .kind = IMGCLS_ATTR_STRING,
                                     .s = {text, strlen(text)}};
    assert_int_equal(icl_node_set_attr(node, &attr), IMGCLS_OK);
}
static inline void flow_ints(struct icl_node *node, const char *name, size_t count,
                             const int64_t *values)
{
    const struct imgcls_attr attr = {.struct_size = sizeof attr,
                                     .name = name,
                                     .kind = IMGCLS_ATTR_INTS,
                                     .count = count,
                                     .ints = values};
    assert_int_equal(icl_node_set_attr(node, &attr), IMGCLS_OK);
}
static inline void flow_texts(struct icl_node *node, const char *name, size_t count,
                              const char *const *texts)
{
    struct imgcls_string strings[FLOW_NAMES];
    const struct imgcls_attr attr = {.struct_size = sizeof attr,
                                     .name = name,
                                     .kind = IMGCLS_ATTR_STRINGS,
                                     .count = count,
                                     .strings = strings};
    for (size_t i = 0; i < count; i++)
        strings[i] = (struct imgcls_string){texts[i], strlen(texts[i])};
    assert_int_equal(icl_node_set_attr(node, &attr), IMGCLS_OK);
}
static inline void flow_body(struct icl_node *node, const char *name,
                             struct imgcls_graph *body)
{
    const struct imgcls_attr attr = {.struct_size = sizeof attr,
                                     .name = name,
                                     .kind = IMGCLS_ATTR_GRAPH,
                                     .count = 1,
                                     .graphs = (struct imgcls_graph *const[]){body}};
    assert_int_equal(icl_node_set_attr(node, &attr), IMGCLS_OK);
}

static inline size_t flow_print(const struct imgcls_value *value, char *text,
                                size_t capacity)
{
    const struct imgcls_tensor *tensor = value->tensor;
    size_t at = 0;
    if (!tensor) {
        at += (size_t)snprintf(text, capacity, "%s(",
                               value->kind == IMGCLS_KIND_OPTIONAL ? "opt" : "seq");
        for (size_t i = 0; i < value->count; i++) {
            at += (size_t)snprintf(text + at, capacity - at, "%s", i ? "; " : "");
            at += flow_print(value->items[i], text + at, capacity - at);
        }
        return at + (size_t)snprintf(text + at, capacity - at, ")");
    }
    at += (size_t)snprintf(text, capacity, "%s[", icl_type_name(tensor->type));
    for (int32_t d = 0; d < tensor->rank; d++)
        at += (size_t)snprintf(text + at, capacity - at, "%s%lld", d ? "," : "",
                               (long long)tensor->dims[d]);
    at += (size_t)snprintf(text + at, capacity - at, "]");
    for (int64_t i = 0; i < imgcls_count(tensor->rank, tensor->dims); i++) {
        const struct imgcls_string *string = (const struct imgcls_string *)tensor->data + i;
        if (tensor->type == IMGCLS_STRING)
            at += (size_t)snprintf(text + at, capacity - at, " '%.*s'", (int)string->length,
                                   string->bytes);
        else
            at += (size_t)snprintf(text + at, capacity - at, " %.9g",
                                   icl_tensor_get(tensor, i));
    }
    return at;
}

/* Runs the graph, which it destroys, and compares its outputs, joined by " | ", with
 * `want`. fails: words of the message instead, and the status. */
static inline void flow_expect(struct imgcls_graph *graph, const char *want,
                               const char *fails, imgcls_status expected)
{
    static const struct icl_plan_options options = {.threads = 1};
    struct imgcls_context *ctx = graph->ctx;
    const struct imgcls_value *outputs[FLOW_NAMES] = {NULL};
    struct icl_session *session;
    char text[2048] = "";
    size_t at = 0;
    imgcls_status status = icl_session_create(ctx, graph, &options, &session);
    if (status == IMGCLS_OK)
        status = icl_session_run(session, NULL, outputs);
    for (size_t i = 0; status == IMGCLS_OK && i < graph->output_count; i++) {
        at += (size_t)snprintf(text + at, sizeof text - at, "%s", i ? " | " : "");
        at += flow_print(outputs[i], text + at, sizeof text - at);
    }
    if (want && status != IMGCLS_OK)
        fail_msg("status %d, %s, instead of %s", status, imgcls_error(ctx), want);
    if (want)
        assert_string_equal(text, want);
    else if (status != expected || !strstr(imgcls_error(ctx), fails))
        fail_msg("status %d, '%s' instead of %d, '%s'", status, imgcls_error(ctx), expected,
                 fails);
    icl_forgive(ctx);
    icl_session_destroy(session);
    icl_graph_destroy(graph);
}
#define GIVES_TEXT(graph, want)          flow_expect(graph, want, NULL, IMGCLS_OK)
#define FAILS_TEXT(graph, status, words) flow_expect(graph, NULL, words, status)

#endif

/*
 * tests/plan/sketch.c - graphs of the test.plan domain in a few lines, for tests
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/plan/sketch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/tensor/tensor.h"

#define OPEN_END (-9)

struct imgcls_context *sketch_context(void)
{
    const char *top = getenv("ICL_TOP_BUILDDIR");
    char path[4096];
    struct imgcls_context *ctx;
    assert_non_null(top);
    snprintf(path, sizeof path, "%s/tests/plan/.libs", top);
    struct imgcls_context_options options = {
        .struct_size = sizeof options, .plugin_path = path, .threads = 3};
    assert_int_equal(imgcls_context_create(&options, &ctx), IMGCLS_OK);
    return ctx;
}

static int32_t rank_of(const int64_t *dims)
{
    int32_t rank = 0;
    while (dims[rank] != OPEN_END)
        rank++;
    return rank;
}

struct imgcls_graph *sketch_graph(struct imgcls_context *ctx)
{
    struct imgcls_graph *graph;
    assert_int_equal(icl_graph_create(ctx, NULL, &graph), IMGCLS_OK);
    assert_int_equal(icl_graph_set_opset(graph, "test.plan", 1), IMGCLS_OK);
    return graph;
}

struct imgcls_graph *sketch_inner(struct imgcls_graph *outer)
{
    struct imgcls_graph *graph;
    assert_int_equal(icl_graph_create(outer->ctx, outer, &graph), IMGCLS_OK);
    return graph;
}

void sketch_input(struct imgcls_graph *graph, const char *name, int32_t type,
                  const int64_t *dims)
{
    assert_int_equal(icl_graph_add_input(graph, name, IMGCLS_KIND_TENSOR, type,
                                         rank_of(dims), dims, NULL),
                     IMGCLS_OK);
}

void sketch_output(struct imgcls_graph *graph, const char *name, int32_t type)
{
    assert_int_equal(
        icl_graph_add_output(graph, name, IMGCLS_KIND_TENSOR, type, -1, NULL, NULL),
        IMGCLS_OK);
}

static void add_constant(struct imgcls_graph *graph, const char *name, int32_t type,
                         const int64_t *dims, const void *numbers)
{
    struct imgcls_tensor tensor;
    assert_int_equal(
        icl_tensor_borrow(graph->ctx, type, rank_of(dims), dims, (void *)numbers, &tensor),
        IMGCLS_OK);
    assert_int_equal(icl_graph_add_initializer(graph, name, &tensor, NULL), IMGCLS_OK);
}

void sketch_floats(struct imgcls_graph *graph, const char *name, const int64_t *dims,
                   const float *values)
{
    add_constant(graph, name, IMGCLS_F32, dims, values);
}

void sketch_ints(struct imgcls_graph *graph, const char *name, const int64_t *dims,
                 const int64_t *values)
{
    add_constant(graph, name, IMGCLS_I64, dims, values);
}

struct icl_node *sketch_node(struct imgcls_graph *graph, const char *type,
                             const char *inputs, const char *output)
{
    char *text = strdup(inputs), *rest = text;
    const char *names[8];
    size_t count = 0;
    struct icl_node *node;
    assert_non_null(text);
    for (char *name; (name = strtok_r(rest, " ", &rest)) && count < 8;)
        names[count++] = name;
    assert_int_equal(icl_graph_add_node(graph, "test.plan", type, output, count, names, 1,
                                        &output, &node),
                     IMGCLS_OK);
    free(text);
    return node;
}

void sketch_body(struct icl_node *node, const char *attr, struct imgcls_graph *body)
{
    struct imgcls_graph *graphs[] = {body};
    struct imgcls_attr given = {.struct_size = sizeof given,
                                .name = attr,
                                .kind = IMGCLS_ATTR_GRAPH,
                                .count = 1,
                                .graphs = graphs};
    assert_int_equal(icl_node_set_attr(node, &given), IMGCLS_OK);
}

const struct imgcls_value *sketch_value(struct sketch_value *storage, int32_t type,
                                        const int64_t *dims, const void *numbers)
{
    struct imgcls_context *none = NULL;
    assert_int_equal(icl_tensor_borrow(none, type, rank_of(dims), dims, (void *)numbers,
                                       &storage->tensor),
                     IMGCLS_OK);
    storage->value = (struct imgcls_value){.struct_size = sizeof storage->value,
                                           .kind = IMGCLS_KIND_TENSOR,
                                           .type = type,
                                           .tensor = &storage->tensor};
    return &storage->value;
}

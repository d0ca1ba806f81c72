/*
 * tests/passes/pass_graph.h - small graphs by hand, for what passes do to them
 *
 * One graph a test, made by set_up in the newest meaning of operator set 17.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PASS_GRAPH_H
#define PASS_GRAPH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/passes/passes.h"
#include "src/session/session.h"
#include "src/tensor/tensor.h"

static struct imgcls_context *ctx;
static struct imgcls_graph *graph;

static inline int set_up(void **state)
{
    (void)state;
    if (imgcls_context_create(NULL, &ctx) != IMGCLS_OK ||
        icl_graph_create(ctx, NULL, &graph) != IMGCLS_OK)
        return -1;
    return icl_graph_set_opset(graph, "", 17);
}

static inline int tear_down(void **state)
{
    (void)state;
    icl_graph_destroy(graph);
    imgcls_context_destroy(ctx);
    return 0;
}

static inline void ok(imgcls_status status)
{
    if (status != IMGCLS_OK)
        fail_msg("%s", imgcls_error(ctx));
}

static inline void input(const char *name, int32_t rank, const int64_t *dims)
{
    ok(icl_graph_add_input(graph, name, IMGCLS_KIND_TENSOR, IMGCLS_F32, rank, dims, NULL));
}

static inline void output(const char *name)
{
    ok(icl_graph_add_output(graph, name, IMGCLS_KIND_TENSOR, IMGCLS_UNDEFINED, -1, NULL, NULL));
}

static inline void constant(const char *name, int32_t rank, const int64_t *dims, float *data)
{
    struct imgcls_tensor tensor;
    ok(icl_tensor_borrow(ctx, IMGCLS_F32, rank, dims, data, &tensor));
    ok(icl_graph_add_initializer(graph, name, &tensor, NULL));
}

static inline void scalar(const char *name, float value)
{
    constant(name, 0, NULL, &value);
}

static inline struct icl_node *node(const char *type, const char *a, const char *b, const char *c,
                             const char *out)
{
    const char *inputs[] = {a, b, c}, *outputs[] = {out};
    struct icl_node *made;
    ok(icl_graph_add_node(graph, "", type, out, c ? 3 : b ? 2 : 1, inputs, 1, outputs, &made));
    return made;
}

static inline size_t count_of(const char *type)
{
    size_t count = 0;
    for (size_t i = 0; i < graph->node_count; i++)
        count += strcmp(graph->nodes[i]->type, type) == 0;
    return count;
}

static const int64_t picture[] = {1, 2, 4, 4};

static inline void integers(const char *name, int64_t count, int64_t *data)
{
    struct imgcls_tensor tensor;
    ok(icl_tensor_borrow(ctx, IMGCLS_I64, 1, &count, data, &tensor));
    ok(icl_graph_add_initializer(graph, name, &tensor, NULL));
}

#endif

/*
 * src/session/body_graph.c - an inner graph becomes a graph that stands alone
 *
 * A body reads values of the graphs around it by name. Here these become inputs behind the
 * body's own, so that a session can run it like any other graph. Inner graphs within the
 * body stay inner graphs, of the copy. Weights are shared, not copied.
 *
 * Not here: feeding and running it (bodies.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/session/bodies.h"

#include <stdlib.h>

#include "src/graph/graph.h"

struct captures {
    struct imgcls_context *ctx;
    const struct icl_value **values;
    size_t count, capacity;
};

static bool is_around(const struct imgcls_graph *inner, const struct imgcls_graph *graph)
{
    for (const struct imgcls_graph *outer = inner->outer; outer; outer = outer->outer)
        if (outer == graph)
            return true;
    return false;
}

static imgcls_status add_capture(struct captures *captures,
                                 const struct imgcls_graph *inner,
                                 const struct icl_value *value)
{
    if (!is_around(inner, value->graph))
        return IMGCLS_OK;
    for (size_t i = 0; i < captures->count; i++)
        if (captures->values[i] == value)
            return IMGCLS_OK;
    if (captures->count == captures->capacity) {
        size_t wanted = captures->capacity ? captures->capacity * 2 : 16;
        void *grown = realloc(captures->values, wanted * sizeof *captures->values);
        if (!grown)
            return icl_fail(captures->ctx, IMGCLS_NO_MEMORY,
                            "no memory for an inner graph");
        captures->values = grown;
        captures->capacity = wanted;
    }
    captures->values[captures->count++] = value;
    return IMGCLS_OK;
}

/* What `graph`, which is inner or within it, reads from around inner. */
static imgcls_status find_captures(struct captures *captures,
                                   const struct imgcls_graph *inner,
                                   const struct imgcls_graph *graph)
{
    imgcls_status status = IMGCLS_OK;
    for (size_t n = 0; n < graph->node_count && status == IMGCLS_OK; n++) {
        const struct icl_node *node = graph->nodes[n];
        for (size_t i = 0; i < node->node.input_count && status == IMGCLS_OK; i++)
            if (node->inputs[i])
                status = add_capture(captures, inner, icl_value_of(node->inputs[i]));
        for (size_t a = 0; a < node->attr_count && status == IMGCLS_OK; a++) {
            const struct imgcls_attr *attr = &node->attrs[a]->attr;
            for (size_t g = 0; attr->graphs && g < attr->count && status == IMGCLS_OK; g++)
                status = find_captures(captures, inner, attr->graphs[g]);
        }
    }
    for (size_t i = 0; i < graph->output_count && status == IMGCLS_OK; i++)
        status = add_capture(captures, inner, graph->outputs[i]);
    return status;
}

static imgcls_status copy_graph(const struct imgcls_graph *from, struct imgcls_graph *to);

/* Graph attributes are cloned into graphs around which the copy stands. */
static imgcls_status copy_graph_attr(const struct imgcls_attr *attr, struct icl_node *to)
{
    struct imgcls_context *ctx = to->graph->ctx;
    struct imgcls_graph **graphs = calloc(attr->count + 1, sizeof *graphs);
    if (!graphs)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for an inner graph");
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < attr->count && status == IMGCLS_OK; i++) {
        status = icl_graph_create(ctx, to->graph, &graphs[i]);
        if (status == IMGCLS_OK)
            status = copy_graph(attr->graphs[i], graphs[i]);
    }
    struct imgcls_attr copy = *attr;
    copy.graphs = graphs;
    if (status == IMGCLS_OK)
        status = icl_node_set_attr(to, &copy); /* takes the graphs over */
    for (size_t i = 0; i < attr->count && status != IMGCLS_OK; i++)
        icl_graph_destroy(graphs[i]);
    free(graphs);
    return status;
}

static imgcls_status copy_node(const struct icl_node *from, struct imgcls_graph *to)
{
    const struct imgcls_node *node = &from->node;
    const char **names = calloc(node->input_count + node->output_count + 1, sizeof *names);
    if (!names)
        return icl_fail(to->ctx, IMGCLS_NO_MEMORY, "no memory for an inner graph");
    const char **outputs = names + node->input_count;
    for (size_t i = 0; i < node->input_count; i++)
        names[i] = from->inputs[i] ? icl_value_of(from->inputs[i])->name : "";
    for (size_t i = 0; i < node->output_count; i++)
        outputs[i] = from->outputs[i] ? icl_value_of(from->outputs[i])->name : "";
    struct icl_node *made = NULL;
    imgcls_status status =
        icl_graph_add_node(to, node->domain, node->type, node->name, node->input_count,
                           names, node->output_count, outputs, &made);
    free(names);
    if (status)
        return status;
    made->node.version = node->version;
    for (size_t a = 0; a < from->attr_count && status == IMGCLS_OK; a++) {
        const struct imgcls_attr *attr = &from->attrs[a]->attr;
        status = attr->graphs ? copy_graph_attr(attr, made) : icl_node_set_attr(made, attr);
    }
    for (size_t e = 0; e < node->epilogue_count && status == IMGCLS_OK; e++)
        status = icl_node_add_epilogue(made, &node->epilogues[e]);
    return status;
}

static imgcls_status copy_graph(const struct imgcls_graph *from, struct imgcls_graph *to)
{
    imgcls_status status = icl_graph_set_name(to, from->name);
    for (size_t i = 0; i < from->input_count && status == IMGCLS_OK; i++) {
        const struct icl_value *value = from->inputs[i];
        status = icl_graph_add_input(to, value->name, value->info.kind, value->info.type,
                                     -1, NULL, NULL);
    }
    for (size_t i = 0; i < from->initializer_count && status == IMGCLS_OK; i++)
        status = icl_graph_add_initializer(to, from->initializers[i]->name,
                                           from->initializers[i]->info.constant,
                                           from->initializers[i]->storage);
    for (size_t i = 0; i < from->node_count && status == IMGCLS_OK; i++)
        if (!from->nodes[i]->removed)
            status = copy_node(from->nodes[i], to);
    for (size_t i = 0; i < from->output_count && status == IMGCLS_OK; i++) {
        const struct icl_value *value = from->outputs[i];
        status = icl_graph_add_output(to, value->name, value->info.kind, value->info.type,
                                      -1, NULL, NULL);
    }
    return status;
}

static imgcls_status copy_opsets(const struct imgcls_graph *from, struct imgcls_graph *to)
{
    while (from->outer)
        from = from->outer;
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < from->opset_count && status == IMGCLS_OK; i++)
        status = icl_graph_set_opset(to, from->opsets[i].domain, from->opsets[i].version);
    return status;
}

imgcls_status icl_body_graph(const struct imgcls_graph *inner, struct imgcls_graph **out,
                             const struct icl_value ***values, size_t *count)
{
    struct captures captures = {.ctx = inner->ctx};
    struct imgcls_graph *graph = NULL;
    *out = NULL;
    *values = NULL;
    *count = 0;
    imgcls_status status = find_captures(&captures, inner, inner);
    if (status == IMGCLS_OK)
        status = icl_graph_create(inner->ctx, NULL, &graph);
    if (status == IMGCLS_OK)
        status = copy_opsets(inner, graph);
    if (status == IMGCLS_OK)
        status = copy_graph(inner, graph);
    for (size_t i = 0; i < captures.count && status == IMGCLS_OK; i++) {
        const struct icl_value *value = captures.values[i];
        status = icl_graph_add_input(graph, value->name, value->info.kind, value->info.type,
                                     -1, NULL, NULL);
    }
    if (status) {
        icl_graph_destroy(graph);
        free(captures.values);
        return status;
    }
    *out = graph;
    *values = captures.values;
    *count = captures.count;
    return IMGCLS_OK;
}

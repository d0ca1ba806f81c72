/*
 * src/graph/sweep.c - replacing uses, dropping what nothing needs, freeing what was removed
 *
 * Removing marks (icl_node_remove), sweeping frees: a pass may remove while it walks, and what
 * it holds stays good until it sweeps.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/graph/graph.h"

#include "src/graph/link.h"
#include "src/graph/names.h"

imgcls_status icl_graph_replace_uses(struct imgcls_graph *graph, struct icl_value *from,
                                     struct icl_value *to)
{
    if (from == to)
        return IMGCLS_OK;
    if (from->is_output && from->graph != to->graph)
        return icl_fail(graph->ctx, IMGCLS_INTERNAL,
                        "value '%s': an output cannot become '%s' of another graph",
                        from->name, to->name);
    while (from->uses)
        move_use(from->uses, to);
    if (!from->is_output)
        return IMGCLS_OK;
    for (size_t i = 0; i < from->graph->output_count; i++)
        if (from->graph->outputs[i] == from)
            from->graph->outputs[i] = to;
    from->is_output = false;
    to->is_output = true;
    return IMGCLS_OK;
}

size_t icl_value_uses(const struct icl_value *value)
{
    return value->use_count + value->is_output;
}

/* Frees removed nodes and closes the gaps. */
static void sweep_nodes(struct imgcls_graph *graph)
{
    size_t kept = 0;
    for (size_t i = 0; i < graph->node_count; i++) {
        struct icl_node *node = graph->nodes[i];
        if (node->removed) {
            icl_node_destroy(node);
            continue;
        }
        node->index = kept;
        graph->nodes[kept++] = node;
        for (size_t a = 0; a < node->attr_count; a++) {
            const struct imgcls_attr *attr = &node->attrs[a]->attr;
            for (size_t g = 0; attr->graphs && g < attr->count; g++)
                icl_graph_sweep(attr->graphs[g]);
        }
    }
    graph->node_count = kept;
}

/* True where a living node still names the value, as output even if another gives it. */
static bool is_needed(const struct icl_value *value)
{
    return value->use_count || value->is_input || value->is_output || value->producer;
}

void icl_graph_sweep(struct imgcls_graph *graph)
{
    size_t kept = 0;
    sweep_nodes(graph);
    /* A value that the removal of one of two producers left without any has one still. */
    for (size_t i = 0; i < graph->node_count; i++)
        for (size_t o = 0; o < graph->nodes[i]->node.output_count; o++)
            if (graph->nodes[i]->outputs[o] &&
                !icl_value_of(graph->nodes[i]->outputs[o])->producer)
                icl_value_of(graph->nodes[i]->outputs[o])->producer = graph->nodes[i];
    for (size_t i = 0; i < graph->initializer_count; i++)
        if (is_needed(graph->initializers[i]))
            graph->initializers[kept++] = graph->initializers[i];
    graph->initializer_count = kept;
    kept = 0;
    for (size_t i = 0; i < graph->value_count; i++) {
        struct icl_value *value = graph->values[i];
        if (is_needed(value)) {
            value->index = kept;
            graph->values[kept++] = value;
            continue;
        }
        icl_names_remove(graph->names, value->name);
        icl_value_destroy(value);
    }
    graph->value_count = kept;
}

struct marking {
    struct imgcls_graph *graph;
    unsigned char *live;     /* per node of the graph */
    struct icl_node **stack; /* live nodes whose inputs are to be marked */
    size_t count;
};

static void mark(struct marking *marking, const struct imgcls_value_info *info)
{
    struct icl_node *giver = info ? icl_value_of(info)->producer : NULL;
    if (!giver || giver->graph != marking->graph || marking->live[giver->index])
        return;
    marking->live[giver->index] = 1;
    marking->stack[marking->count++] = giver;
}

/* Whatever the node and its inner graphs take. */
static void mark_inputs(struct marking *marking, const struct icl_node *node)
{
    for (size_t i = 0; i < node->node.input_count && !node->removed; i++)
        mark(marking, node->inputs[i]);
    for (size_t a = 0; a < node->attr_count && !node->removed; a++) {
        const struct imgcls_attr *attr = &node->attrs[a]->attr;
        for (size_t g = 0; attr->graphs && g < attr->count; g++)
            for (size_t n = 0; n < attr->graphs[g]->node_count; n++)
                mark_inputs(marking, attr->graphs[g]->nodes[n]);
    }
}

/* Removes the nodes of one graph that its outputs do not need, in any order of nodes. */
static imgcls_status drop_in(struct imgcls_graph *graph)
{
    struct imgcls_context *ctx = graph->ctx;
    struct marking marking = {.graph = graph};
    marking.live = icl_alloc(ctx, graph->node_count, 1);
    marking.stack = icl_alloc(ctx, graph->node_count, sizeof *marking.stack);
    imgcls_status status = IMGCLS_OK;
    if (!marking.live || !marking.stack) {
        status = icl_alloc_status(ctx);
        goto done;
    }
    for (size_t i = 0; i < graph->node_count; i++)
        graph->nodes[i]->index = i;
    for (size_t i = 0; i < graph->output_count; i++)
        mark(&marking, &graph->outputs[i]->info);
    while (marking.count)
        mark_inputs(&marking, marking.stack[--marking.count]);
    for (size_t i = 0; i < graph->node_count; i++)
        if (!marking.live[i])
            icl_node_remove(graph->nodes[i]);
done:
    icl_free(ctx, marking.live);
    icl_free(ctx, marking.stack);
    return status;
}

/* Inner graphs first: what they no longer use may be dead outside. */
static imgcls_status drop_within(struct imgcls_graph *graph)
{
    imgcls_status status = IMGCLS_OK;
    for (size_t n = 0; n < graph->node_count && status == IMGCLS_OK; n++) {
        const struct icl_node *node = graph->nodes[n];
        for (size_t a = 0; a < node->attr_count && !node->removed; a++) {
            const struct imgcls_attr *attr = &node->attrs[a]->attr;
            for (size_t g = 0; attr->graphs && g < attr->count && status == IMGCLS_OK; g++)
                status = drop_within(attr->graphs[g]);
        }
    }
    return status == IMGCLS_OK ? drop_in(graph) : status;
}

imgcls_status icl_graph_drop_dead(struct imgcls_graph *graph)
{
    imgcls_status status = drop_within(graph);
    if (status == IMGCLS_OK)
        icl_graph_sweep(graph);
    return status;
}

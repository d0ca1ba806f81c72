/*
 * src/graph/sort.c - topological order, and what makes a graph impossible
 *
 * Kahn's algorithm ("Topological sorting of large networks", 1962) with the ready nodes in a
 * heap by their old position: the result is the first of all possible orders, so a sorted graph
 * stays as it is. A node that owns inner graphs waits for whatever these use. What remains in
 * the end waits for a cycle, which is found by walking backwards from any of it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/graph/graph.h"

#include <stdio.h>
#include <string.h>

#include "src/graph/link.h"

/* Nodes of a cycle that a message names before it says how many more there are. */
#define CYCLE_SHOWN 8

struct sorting {
    struct imgcls_graph *graph;
    size_t *waits;           /* per node: inputs that are not there yet */
    size_t *ready;           /* heap of node positions, least first */
    size_t ready_count;
    struct icl_node **order; /* the result, order_count so far */
    size_t order_count;
};

static void push(struct sorting *sorting, size_t node)
{
    size_t at = sorting->ready_count++;
    for (; at; at = (at - 1) / 2) {
        size_t parent = (at - 1) / 2;
        if (sorting->ready[parent] <= node)
            break;
        sorting->ready[at] = sorting->ready[parent];
    }
    sorting->ready[at] = node;
}

static size_t pop(struct sorting *sorting)
{
    size_t *heap = sorting->ready, least = heap[0], last = heap[--sorting->ready_count];
    size_t count = sorting->ready_count, at = 0;
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && heap[child + 1] < heap[child])
            child++;
        if (last <= heap[child])
            break;
        heap[at] = heap[child];
    }
    heap[at] = last;
    return least;
}

/* The node of `graph` in which the use happens, itself or in an inner graph of it; NULL where
 * an inner graph belongs to no node yet. */
static struct icl_node *waiting_node(const struct icl_use *use,
                                     const struct imgcls_graph *graph)
{
    struct icl_node *node = use->node;
    while (node && node->graph != graph)
        node = node->graph->owner;
    return node;
}

/* Calls `step` for each node that waits for an output of `node`, once per use. */
static void each_waiting(struct sorting *sorting, const struct icl_node *node,
                         void (*step)(struct sorting *sorting, const struct icl_node *node,
                                      struct icl_node *waiting))
{
    for (size_t i = 0; i < node->node.output_count; i++) {
        if (!node->outputs[i])
            continue;
        const struct icl_value *value = icl_value_of(node->outputs[i]);
        for (const struct icl_use *use = value->uses; use; use = use->next) {
            struct icl_node *waiting = waiting_node(use, sorting->graph);
            if (waiting)
                step(sorting, node, waiting);
        }
    }
}

static void count_wait(struct sorting *sorting, const struct icl_node *node,
                       struct icl_node *waiting)
{
    (void)node;
    sorting->waits[waiting->index]++;
}

static void end_wait(struct sorting *sorting, const struct icl_node *node,
                     struct icl_node *waiting)
{
    (void)node;
    if (--sorting->waits[waiting->index] == 0)
        push(sorting, waiting->index);
}

/* Remembers, in `ready`, which one the waiting node waits for. */
static void note_wait(struct sorting *sorting, const struct icl_node *node,
                      struct icl_node *waiting)
{
    sorting->ready[waiting->index] = node->index;
}

/* Names the nodes of a cycle among those that never became ready. */
static imgcls_status report_cycle(struct sorting *sorting)
{
    struct imgcls_graph *graph = sorting->graph;
    char one[512], text[ICL_ERROR_CAPACITY] = "";
    size_t at = 0, used = 0, length = 0;
    for (size_t i = 0; i < graph->node_count; i++)
        if (sorting->waits[i])
            each_waiting(sorting, graph->nodes[i], note_wait);
    while (!sorting->waits[at])
        at++;
    /* Backwards as many steps as there are nodes: then surely on a cycle. */
    for (size_t i = 0; i < graph->node_count; i++)
        at = sorting->ready[at];
    size_t first = at;
    do {
        if (length++ < CYCLE_SHOWN) {
            icl_node_text(&graph->nodes[at]->node, one, sizeof one);
            int more = snprintf(text + used, sizeof text - used, "%s%s",
                                used ? ", which needs " : "", one);
            if (more > 0 && (size_t)more < sizeof text - used)
                used += (size_t)more;
        }
        at = sorting->ready[at];
    } while (at != first);
    if (length > CYCLE_SHOWN)
        return icl_fail(graph->ctx, IMGCLS_BAD_INPUT,
                        "graph: a cycle of %zu nodes: %s, and so on round", length, text);
    icl_node_text(&graph->nodes[first]->node, one, sizeof one);
    return icl_fail(graph->ctx, IMGCLS_BAD_INPUT,
                    "graph: a cycle of %zu node%s: %s, which needs %s", length,
                    length == 1 ? "" : "s", text, one);
}

/* Each living node's output is given by it alone. */
static imgcls_status check_outputs(struct imgcls_graph *graph, const struct icl_node *node,
                                   unsigned char *given)
{
    char text[512], other[512];
    for (size_t i = 0; i < node->node.output_count; i++) {
        struct icl_value *value = node->outputs[i] ? icl_value_of(node->outputs[i]) : NULL;
        if (!value)
            continue;
        icl_node_text(&node->node, text, sizeof text);
        if (value->is_input || value->info.constant)
            return icl_fail(graph->ctx, IMGCLS_BAD_INPUT,
                            "%s: output '%s' is already %s of the graph", text, value->name,
                            value->is_input ? "an input" : "an initializer");
        if (value->producer != node && value->producer) {
            icl_node_text(&value->producer->node, other, sizeof other);
            return icl_fail(graph->ctx, IMGCLS_BAD_INPUT,
                            "%s: output '%s' is also produced by %s", text, value->name, other);
        }
        if (given[value->index])
            return icl_fail(graph->ctx, IMGCLS_BAD_INPUT,
                            "%s: output '%s' is produced twice", text, value->name);
        given[value->index] = 1;
        value->producer = (struct icl_node *)node;
    }
    return IMGCLS_OK;
}

static imgcls_status check_inputs(struct imgcls_graph *graph, const struct icl_node *node)
{
    char text[512];
    for (size_t i = 0; i < node->node.input_count; i++) {
        const struct icl_value *value = node->inputs[i] ? icl_value_of(node->inputs[i]) : NULL;
        if (!value || icl_value_is_defined(value))
            continue;
        icl_node_text(&node->node, text, sizeof text);
        return icl_fail(graph->ctx, IMGCLS_BAD_INPUT, "%s: input '%s' is produced by nothing",
                        text, value->name);
    }
    return IMGCLS_OK;
}

/* Nothing is produced twice, nothing that is used is produced by nothing. Positions are
 * brought up to date. */
static imgcls_status check(struct imgcls_graph *graph)
{
    imgcls_status status = IMGCLS_OK;
    unsigned char *given = icl_alloc(graph->ctx, graph->value_count, 1);
    if (!given)
        return icl_alloc_status(graph->ctx);
    for (size_t i = 0; i < graph->value_count; i++)
        graph->values[i]->index = i;
    for (size_t i = 0; i < graph->node_count; i++)
        graph->nodes[i]->index = i;
    for (size_t i = 0; i < graph->node_count && status == IMGCLS_OK; i++)
        status = check_outputs(graph, graph->nodes[i], given);
    icl_free(graph->ctx, given);
    for (size_t i = 0; i < graph->node_count && status == IMGCLS_OK; i++)
        status = check_inputs(graph, graph->nodes[i]);
    for (size_t i = 0; i < graph->output_count && status == IMGCLS_OK; i++)
        if (!icl_value_is_defined(graph->outputs[i]))
            status = icl_fail(graph->ctx, IMGCLS_BAD_INPUT,
                              "output '%s' is produced by nothing", graph->outputs[i]->name);
    return status;
}

static imgcls_status order(struct imgcls_graph *graph)
{
    struct imgcls_context *ctx = graph->ctx;
    size_t count = graph->node_count;
    struct sorting sorting = {.graph = graph};
    imgcls_status status = IMGCLS_OK;
    sorting.waits = icl_alloc(ctx, count, sizeof *sorting.waits);
    sorting.ready = icl_alloc(ctx, count, sizeof *sorting.ready);
    sorting.order = icl_alloc(ctx, count, sizeof *sorting.order);
    if (!sorting.waits || !sorting.ready || !sorting.order) {
        status = icl_alloc_status(ctx);
        goto done;
    }
    for (size_t i = 0; i < count; i++)
        each_waiting(&sorting, graph->nodes[i], count_wait);
    for (size_t i = 0; i < count; i++)
        if (!sorting.waits[i])
            push(&sorting, i);
    while (sorting.ready_count) {
        struct icl_node *node = graph->nodes[pop(&sorting)];
        sorting.order[sorting.order_count++] = node;
        each_waiting(&sorting, node, end_wait);
    }
    if (sorting.order_count < count) {
        status = report_cycle(&sorting);
        goto done;
    }
    for (size_t i = 0; i < count; i++) {
        graph->nodes[i] = sorting.order[i];
        graph->nodes[i]->index = i;
    }
done:
    icl_free(ctx, sorting.waits);
    icl_free(ctx, sorting.ready);
    icl_free(ctx, sorting.order);
    return status;
}

/* One graph after the other, inner ones after the graph that they are in. */
static imgcls_status sort_within(struct imgcls_graph *graph)
{
    imgcls_status status = check(graph);
    if (status == IMGCLS_OK)
        status = order(graph);
    for (size_t n = 0; n < graph->node_count && status == IMGCLS_OK; n++) {
        const struct icl_node *node = graph->nodes[n];
        for (size_t a = 0; a < node->attr_count; a++) {
            const struct imgcls_attr *attr = &node->attrs[a]->attr;
            for (size_t g = 0; attr->graphs && g < attr->count && status == IMGCLS_OK; g++)
                status = sort_within(attr->graphs[g]);
        }
    }
    return status;
}

imgcls_status icl_graph_sort(struct imgcls_graph *graph)
{
    icl_graph_sweep(graph);
    imgcls_status status = icl_graph_bind(graph);
    return status == IMGCLS_OK ? sort_within(graph) : status;
}

/*
 * src/graph/scope.c - inner graphs: binding names that they use and do not define
 *
 * Formats and passes add things in any order, so an inner graph may have used a name before an
 * enclosing graph defined it. Such a name is a value of the inner graph that nothing gives;
 * here its uses move to the enclosing value. Outermost graphs come first: what they bind, the
 * inner ones find. Then names are made unequal to all enclosing ones, so that a graph means
 * the same to readers with stricter rules (onnx/docs/IR.md, "Names within a graph").
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/graph/graph.h"

#include "src/graph/link.h"
#include "src/graph/names.h"

/* The nearest enclosing value of that name that something gives. */
static struct icl_value *find_given_outside(const struct icl_value *value)
{
    for (const struct imgcls_graph *at = value->graph->outer; at; at = at->outer) {
        struct icl_value *outside = icl_names_find(at->names, value->name);
        if (outside && icl_value_is_defined(outside))
            return outside;
    }
    return NULL;
}

static void move_uses(struct icl_value *from, struct icl_value *to)
{
    while (from->uses)
        move_use(from->uses, to);
}

/* An output of an inner graph that is an enclosing value: a value of its own, by Identity. */
static imgcls_status give_output(struct icl_value *output, struct icl_value *outside)
{
    struct imgcls_graph *graph = output->graph;
    struct icl_node *node;
    char *name;
    imgcls_status status = icl_graph_free_name(graph, output->name, &name);
    if (status != IMGCLS_OK)
        return status;
    status = icl_value_rename(output, name);
    icl_free(graph->ctx, name);
    if (status == IMGCLS_OK)
        status = icl_graph_add_node(graph, "", "Identity", "", 0, NULL, 1,
                                    (const char *[]){output->name}, &node);
    if (status == IMGCLS_OK)
        status = icl_node_set_input_value(node, 0, outside);
    return status;
}

static imgcls_status bind_value(struct icl_value *value)
{
    char *name;
    imgcls_status status = IMGCLS_OK;
    if (!icl_value_is_defined(value)) {
        struct icl_value *outside = find_given_outside(value);
        if (outside)
            move_uses(value, outside);
        if (outside && value->is_output)
            status = give_output(value, outside);
        return status;
    }
    if (!icl_graph_find(value->graph->outer, value->name))
        return IMGCLS_OK;
    status = icl_graph_free_name(value->graph, value->name, &name);
    if (status == IMGCLS_OK)
        status = icl_value_rename(value, name);
    icl_free(value->graph->ctx, name);
    return status;
}

imgcls_status icl_graph_bind(struct imgcls_graph *graph)
{
    imgcls_status status = IMGCLS_OK;
    /* Giving an output adds a node, not a value. */
    for (size_t i = 0; graph->outer && i < graph->value_count && status == IMGCLS_OK; i++)
        status = bind_value(graph->values[i]);
    for (size_t n = 0; n < graph->node_count && status == IMGCLS_OK; n++) {
        const struct icl_node *node = graph->nodes[n];
        for (size_t a = 0; a < node->attr_count && !node->removed; a++) {
            const struct imgcls_attr *attr = &node->attrs[a]->attr;
            for (size_t g = 0; attr->graphs && g < attr->count && status == IMGCLS_OK; g++)
                status = icl_graph_bind(attr->graphs[g]);
        }
    }
    return status;
}

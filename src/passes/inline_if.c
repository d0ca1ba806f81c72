/*
 * src/passes/inline_if.c - an If whose condition is a constant becomes the branch it takes
 *
 * Exporters leave conditions on shapes in the graph. Once these are numbers only one branch can
 * run: its nodes move into the graph around it, so that shapes are known behind it, and folding,
 * fusion and the arena reach into it. A branch that itself has inner graphs stays: these name
 * values of the branch, and run as they are.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <string.h>

#include "src/passes/rows.h"

/* The branch that a constant condition takes; NULL where it is not constant, or the branch is
 * not of the kind that can move. */
static struct imgcls_graph *taken_branch(const struct icl_node *node)
{
    const struct icl_value *condition =
        icl_node_is(node, "If") && !node->removed ? icl_node_input(node, 0) : NULL;
    const struct imgcls_tensor *constant = condition ? condition->info.constant : NULL;
    if (!constant || constant->type != IMGCLS_BOOL || constant->size_bytes != 1)
        return NULL;
    const struct imgcls_attr *attr =
        icl_node_attr(&node->node, *(const uint8_t *)constant->data ? "then_branch"
                                                                    : "else_branch");
    struct imgcls_graph *branch = attr && attr->kind == IMGCLS_ATTR_GRAPH && attr->count == 1
                                      ? attr->graphs[0]
                                      : NULL;
    if (!branch || branch->input_count || branch->output_count < node->node.output_count)
        return NULL;
    for (size_t i = 0; i < branch->node_count; i++)
        for (size_t a = 0; a < branch->nodes[i]->attr_count; a++)
            if (branch->nodes[i]->attrs[a]->attr.graphs)
                return NULL;
    for (size_t i = 0; i < branch->output_count; i++)
        if (branch->outputs[i]->graph == branch && !icl_value_is_defined(branch->outputs[i]))
            return NULL;
    return branch;
}

/* Values of a branch, and what stands for each in the graph around it. */
struct move {
    struct imgcls_graph *graph, *branch;
    struct icl_value **twins; /* by index of the branch's values */
};

static struct icl_value *twin_of(const struct move *move, struct icl_value *value)
{
    return value->graph == move->branch ? move->twins[value->index] : value;
}

/* A new value of the graph for one of the branch, reserved under a name of its own. */
static imgcls_status make_twin(struct move *move, const struct icl_value *value,
                               const char **name)
{
    *name = icl_graph_unique_name(move->graph, value->name);
    if (!*name)
        return icl_alloc_status(move->graph->ctx);
    move->twins[value->index] = icl_graph_find(move->graph, *name);
    return IMGCLS_OK;
}

static imgcls_status move_constants(struct move *move)
{
    imgcls_status status = IMGCLS_OK;
    const char *name;
    for (size_t i = 0; status == IMGCLS_OK && i < move->branch->initializer_count; i++) {
        struct icl_value *value = move->branch->initializers[i];
        status = make_twin(move, value, &name);
        if (status == IMGCLS_OK)
            status = icl_graph_add_initializer(move->graph, name, value->info.constant,
                                               value->storage);
    }
    return status;
}

static imgcls_status move_node(struct move *move, const struct icl_node *node)
{
    struct imgcls_context *ctx = move->graph->ctx;
    const char **names = icl_alloc(ctx, node->node.output_count + 1, sizeof *names);
    struct icl_node *made = NULL;
    imgcls_status status = names ? IMGCLS_OK : icl_alloc_status(ctx);
    for (size_t i = 0; status == IMGCLS_OK && i < node->node.output_count; i++)
        if (node->outputs[i])
            status = make_twin(move, icl_value_of(node->outputs[i]), &names[i]);
    if (status == IMGCLS_OK)
        status = icl_graph_add_node(move->graph, node->domain, node->type, node->name, 0, NULL,
                                    node->node.output_count, names, &made);
    for (size_t i = 0; status == IMGCLS_OK && i < node->node.output_count; i++)
        if (node->outputs[i]) {
            made->outputs[i]->kind = node->outputs[i]->kind;
            made->outputs[i]->type = node->outputs[i]->type;
        }
    for (size_t i = 0; status == IMGCLS_OK && i < node->node.input_count; i++)
        if (node->inputs[i])
            status = icl_node_set_input_value(made, i,
                                              twin_of(move, icl_value_of(node->inputs[i])));
    if (status == IMGCLS_OK)
        status = icl_node_copy_attrs(made, node);
    if (made)
        made->node.version = node->node.version;
    icl_free(ctx, names);
    return status;
}

/* The If's outputs, given by Identity: drop-identity takes these away. */
static imgcls_status give_outputs(struct move *move, struct icl_node *node)
{
    imgcls_status status = IMGCLS_OK;
    icl_node_remove(node);
    for (size_t i = 0; status == IMGCLS_OK && i < node->node.output_count; i++) {
        struct icl_value *output = icl_node_output(node, i);
        struct icl_node *made;
        if (!output)
            continue;
        status = icl_graph_add_node(move->graph, "", "Identity", "", 0, NULL, 1,
                                    (const char *[]){output->name}, &made);
        if (status == IMGCLS_OK) {
            made->node.version = node->node.version;
            status = icl_node_set_input_value(made, 0,
                                              twin_of(move, move->branch->outputs[i]));
        }
    }
    return status;
}

static imgcls_status move_branch(struct imgcls_graph *graph, struct icl_node *node,
                                 struct imgcls_graph *branch)
{
    struct move move = {.graph = graph, .branch = branch};
    move.twins = icl_alloc(graph->ctx, branch->value_count + 1, sizeof *move.twins);
    if (!move.twins)
        return icl_alloc_status(graph->ctx);
    for (size_t i = 0; i < branch->value_count; i++)
        branch->values[i]->index = i;
    imgcls_status status = move_constants(&move);
    for (size_t i = 0; status == IMGCLS_OK && i < branch->node_count; i++)
        if (!branch->nodes[i]->removed)
            status = move_node(&move, branch->nodes[i]);
    if (status == IMGCLS_OK)
        status = give_outputs(&move, node);
    icl_free(graph->ctx, move.twins);
    return status;
}

/* Inner graphs first: what stands in a branch that moves has moved already. */
imgcls_status icl_pass_inline_known_if(struct imgcls_graph *graph, size_t *changes)
{
    imgcls_status status = icl_pass_inner(graph, icl_pass_inline_known_if, changes);
    for (size_t i = 0; status == IMGCLS_OK && i < graph->node_count; i++) {
        struct imgcls_graph *branch = taken_branch(graph->nodes[i]);
        if (!branch)
            continue;
        status = move_branch(graph, graph->nodes[i], branch);
        ++*changes;
    }
    return status;
}

/* What a branch gives may decide the next condition. */
imgcls_status icl_pass_inline_if(struct imgcls_graph *graph, size_t *changes)
{
    imgcls_status status = IMGCLS_OK;
    for (size_t before = SIZE_MAX; status == IMGCLS_OK && before != *changes;) {
        size_t ignored = 0;
        before = *changes;
        status = icl_pass_inline_known_if(graph, changes);
        if (status == IMGCLS_OK && *changes != before)
            status = icl_pass_settle_shapes(graph, &ignored);
        if (status == IMGCLS_OK && *changes != before)
            status = icl_pass_drop_identity(graph, &ignored);
    }
    return status;
}

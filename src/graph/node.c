/*
 * src/graph/node.c - nodes: what they take, what they give, taking them out of service
 *
 * A node's uses array runs beside its inputs: uses[i] is the link of inputs[i] in the list of
 * its value, so that rewiring costs the same however large the graph is.
 *
 * Not here: attributes (attr.c), freeing what was removed (sweep.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/graph/graph.h"

#include <stdio.h>
#include <string.h>

#include "src/graph/link.h"

static const char *short_domain(const char *domain)
{
    return !domain || !strcmp(domain, "ai.onnx") ? "" : domain;
}

/* Keeps the public view in step with the arrays. */
static void refresh(struct icl_node *node)
{
    node->node.inputs = (const struct imgcls_value_info *const *)node->inputs;
    node->node.outputs = (const struct imgcls_value_info *const *)node->outputs;
}

static imgcls_status reserve_inputs(struct icl_node *node, size_t count)
{
    struct imgcls_context *ctx = node->graph->ctx;
    size_t capacity = node->input_capacity;
    if (count <= capacity)
        return IMGCLS_OK;
    imgcls_status status = icl_grow(ctx, (void **)&node->inputs, &capacity, count,
                                    sizeof *node->inputs);
    if (status != IMGCLS_OK)
        return status;
    refresh(node);
    struct icl_use *uses = icl_alloc(ctx, capacity, sizeof *uses);
    if (!uses)
        return icl_alloc_status(ctx); /* inputs has spare room; input_capacity is the truth */
    for (size_t i = 0; i < capacity; i++)
        uses[i].node = node;
    /* Links point into the array, so each is taken out of the old and put into the new. */
    for (size_t i = 0; i < node->input_capacity; i++) {
        struct icl_value *value = node->uses[i].value;
        unlink_use(&node->uses[i]);
        link_use(&uses[i], node, value);
    }
    icl_free(ctx, node->uses);
    node->uses = uses;
    node->input_capacity = capacity;
    return IMGCLS_OK;
}

imgcls_status icl_node_reserve(struct icl_node *node, size_t inputs, size_t outputs)
{
    imgcls_status status = reserve_inputs(node, inputs);
    if (status == IMGCLS_OK)
        status = icl_grow(node->graph->ctx, (void **)&node->outputs, &node->output_capacity,
                          outputs, sizeof *node->outputs);
    if (status != IMGCLS_OK)
        return status;
    refresh(node);
    if (node->node.input_count < inputs)
        node->node.input_count = inputs;
    if (node->node.output_count < outputs)
        node->node.output_count = outputs;
    return IMGCLS_OK;
}

/* A node with names but no inputs and outputs, not yet in the graph. */
static imgcls_status create(struct imgcls_graph *graph, const char *domain, const char *type,
                            const char *name, struct icl_node **out)
{
    struct imgcls_context *ctx = graph->ctx;
    struct icl_node *node = icl_alloc(ctx, 1, sizeof *node);
    if (!node)
        return icl_alloc_status(ctx);
    node->graph = graph;
    node->node.struct_size = sizeof node->node;
    node->node.graph = graph;
    node->domain = icl_text_copy(ctx, short_domain(domain));
    node->type = node->domain ? icl_text_copy(ctx, type) : NULL;
    node->name = node->type ? icl_text_copy(ctx, name ? name : "") : NULL;
    if (!node->name) {
        icl_node_destroy(node);
        return icl_alloc_status(ctx);
    }
    node->node.domain = node->domain;
    node->node.type = node->type;
    node->node.name = node->name;
    node->node.version = icl_graph_opset(graph, node->domain);
    *out = node;
    return IMGCLS_OK;
}

imgcls_status icl_graph_add_node(struct imgcls_graph *graph, const char *domain,
                                 const char *type, const char *name, size_t input_count,
                                 const char *const *inputs, size_t output_count,
                                 const char *const *outputs, struct icl_node **out)
{
    struct icl_node *node = NULL;
    if (out)
        *out = NULL;
    if (!type || !type[0])
        return icl_fail(graph->ctx, IMGCLS_BAD_INPUT, "node '%s': no operator type",
                        name ? name : "");
    imgcls_status status = icl_grow(graph->ctx, (void **)&graph->nodes, &graph->node_capacity,
                                    graph->node_count + 1, sizeof *graph->nodes);
    if (status == IMGCLS_OK)
        status = create(graph, domain, type, name, &node);
    if (status != IMGCLS_OK)
        return status;
    status = icl_node_reserve(node, input_count, output_count);
    for (size_t i = 0; i < input_count && status == IMGCLS_OK; i++)
        status = icl_node_set_input(node, i, inputs[i]);
    for (size_t i = 0; i < output_count && status == IMGCLS_OK; i++)
        status = icl_node_set_output(node, i, outputs[i]);
    if (status != IMGCLS_OK) {
        icl_node_destroy(node);
        return status;
    }
    node->index = graph->node_count;
    graph->nodes[graph->node_count++] = node;
    if (out)
        *out = node;
    return IMGCLS_OK;
}

/* The outputs lose their producer; another node may have taken one over. */
static void give_up_outputs(struct icl_node *node)
{
    for (size_t i = 0; i < node->node.output_count; i++) {
        struct icl_value *value = node->outputs[i] ? icl_value_of(node->outputs[i]) : NULL;
        if (value && value->producer == node)
            value->producer = NULL;
    }
}

/* Frees a node that is in no graph's list any more. */
void icl_node_destroy(struct icl_node *node)
{
    struct imgcls_context *ctx = node->graph->ctx;
    for (size_t i = 0; i < node->input_capacity; i++)
        unlink_use(&node->uses[i]);
    give_up_outputs(node);
    for (size_t i = 0; i < node->attr_count; i++)
        icl_attr_destroy(ctx, node->attrs[i]);
    icl_free(ctx, node->attrs);
    icl_free(ctx, node->inputs);
    icl_free(ctx, node->uses);
    icl_free(ctx, node->outputs);
    icl_free(ctx, node->epilogues);
    icl_free(ctx, node->domain);
    icl_free(ctx, node->type);
    icl_free(ctx, node->name);
    icl_free(ctx, node);
}

void icl_node_remove(struct icl_node *node)
{
    if (node->removed)
        return;
    for (size_t i = 0; i < node->input_capacity; i++)
        unlink_use(&node->uses[i]);
    give_up_outputs(node);
    node->removed = true;
    for (size_t i = 0; i < node->attr_count; i++) {
        const struct imgcls_attr *attr = &node->attrs[i]->attr;
        for (size_t g = 0; attr->graphs && g < attr->count; g++)
            for (size_t n = 0; n < attr->graphs[g]->node_count; n++)
                icl_node_remove(attr->graphs[g]->nodes[n]);
    }
}

imgcls_status icl_node_set_type(struct icl_node *node, const char *domain, const char *type)
{
    struct imgcls_context *ctx = node->graph->ctx;
    char *domain_copy = icl_text_copy(ctx, short_domain(domain));
    char *type_copy = domain_copy ? icl_text_copy(ctx, type) : NULL;
    if (!type_copy) {
        icl_free(ctx, domain_copy);
        return icl_alloc_status(ctx);
    }
    icl_free(ctx, node->domain);
    icl_free(ctx, node->type);
    node->domain = domain_copy;
    node->type = type_copy;
    node->node.domain = domain_copy;
    node->node.type = type_copy;
    return IMGCLS_OK;
}

imgcls_status icl_node_set_input_value(struct icl_node *node, size_t index,
                                       struct icl_value *value)
{
    size_t count;
    if (!icl_add_size(index, 1, &count))
        return icl_fail(node->graph->ctx, IMGCLS_INTERNAL, "node '%s': input %zu", node->name,
                        index);
    imgcls_status status = icl_node_reserve(node, count, 0);
    if (status == IMGCLS_OK)
        move_use(&node->uses[index], value);
    return status;
}

imgcls_status icl_node_set_input(struct icl_node *node, size_t index, const char *name)
{
    struct icl_value *value = NULL;
    imgcls_status status = IMGCLS_OK;
    if (name && name[0])
        status = icl_graph_value(node->graph, name, &value);
    return status == IMGCLS_OK ? icl_node_set_input_value(node, index, value) : status;
}

imgcls_status icl_node_set_output(struct icl_node *node, size_t index, const char *name)
{
    struct icl_value *value = NULL;
    size_t count;
    if (!icl_add_size(index, 1, &count))
        return icl_fail(node->graph->ctx, IMGCLS_INTERNAL, "node '%s': output %zu", node->name,
                        index);
    imgcls_status status = icl_node_reserve(node, 0, count);
    if (status == IMGCLS_OK && name && name[0])
        status = icl_graph_define(node->graph, name, &value);
    if (status != IMGCLS_OK)
        return status;
    struct icl_value *old = node->outputs[index] ? icl_value_of(node->outputs[index]) : NULL;
    if (old && old->producer == node)
        old->producer = NULL;
    node->outputs[index] = value ? &value->info : NULL;
    if (value)
        value->producer = node;
    return IMGCLS_OK;
}

imgcls_status icl_node_add_epilogue(struct icl_node *node,
                                    const struct imgcls_epilogue *epilogue)
{
    imgcls_status status =
        icl_grow(node->graph->ctx, (void **)&node->epilogues, &node->epilogue_capacity,
                 node->node.epilogue_count + 1, sizeof *node->epilogues);
    if (status != IMGCLS_OK)
        return status;
    node->epilogues[node->node.epilogue_count++] = *epilogue;
    node->node.epilogues = node->epilogues;
    return IMGCLS_OK;
}

void icl_node_text(const struct imgcls_node *node, char *text, size_t capacity)
{
    const char *space = node->domain[0] ? " " : "";
    if (!capacity)
        return;
    if (node->name[0])
        snprintf(text, capacity, "node '%.200s' (%.100s%s%.100s)", node->name, node->domain,
                 space, node->type);
    else
        snprintf(text, capacity, "node %zu (%.100s%s%.100s)", icl_node_of(node)->index,
                 node->domain, space, node->type);
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?'; /* a name in a file must not begin a line of its own */
}

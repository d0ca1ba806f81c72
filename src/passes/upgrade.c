/*
 * src/passes/upgrade.c - every node to the newest meaning its operator knows
 *
 * A kernel then exists once, whatever the opset a model was exported with. Operators that no
 * plugin claims are collected first and named together, with what a plugin would have to
 * offer: being told of one a run is the most common complaint about converters.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/passes/rows.h"
#include "src/registry/registry.h"
#include "src/tensor/tensor.h"

#define NAMED_MAX 32 /* distinct unknown operators that one line names */

struct unknown {
    const struct icl_node *first;
    int64_t version;
    size_t count;
};

struct upgrade {
    struct imgcls_context *ctx;
    struct icl_registry *registry;
    struct unknown unknown[NAMED_MAX];
    size_t kinds, nodes;
    bool newer; /* some domain's opset is newer than any plugin knows */
};

static const struct imgcls_graph *outermost(const struct imgcls_graph *graph)
{
    while (graph->outer)
        graph = graph->outer;
    return graph;
}

int64_t icl_node_version(const struct icl_node *node)
{
    int64_t version = icl_graph_opset(outermost(node->graph), node->domain);
    return version > 0 ? version : 1;
}

/* The operator's meaning. A model newer than all plugins is read with the newest meaning that
 * there is, which is nearly always the same one. */
static const struct imgcls_op *find(struct upgrade *upgrade, const struct icl_node *node,
                                    int64_t *version)
{
    *version = icl_node_version(node);
    const struct imgcls_op *op =
        icl_registry_op(upgrade->registry, node->domain, node->type, *version);
    int64_t newest = op ? 0 : icl_registry_newest(upgrade->registry, node->domain);
    if (newest > 0 && *version > newest) {
        op = icl_registry_op(upgrade->registry, node->domain, node->type, newest);
        if (op) {
            upgrade->newer = true;
            *version = newest;
        }
    }
    return op;
}

static void collect(struct upgrade *upgrade, const struct icl_node *node, int64_t version)
{
    upgrade->nodes++;
    for (size_t i = 0; i < upgrade->kinds; i++) {
        struct unknown *row = &upgrade->unknown[i];
        if (strcmp(row->first->type, node->type) == 0 &&
            strcmp(row->first->domain, node->domain) == 0) {
            row->count++;
            return;
        }
    }
    if (upgrade->kinds < NAMED_MAX)
        upgrade->unknown[upgrade->kinds++] =
            (struct unknown){.first = node, .version = version, .count = 1};
}

static void look(struct upgrade *upgrade, const struct imgcls_graph *graph)
{
    for (size_t i = 0; i < graph->node_count; i++) {
        const struct icl_node *node = graph->nodes[i];
        int64_t version;
        if (!find(upgrade, node, &version))
            collect(upgrade, node, version);
        for (size_t a = 0; a < node->attr_count; a++) {
            const struct imgcls_attr *attr = &node->attrs[a]->attr;
            for (size_t g = 0; attr->graphs && g < attr->count; g++)
                look(upgrade, attr->graphs[g]);
        }
    }
}

/* "com.x Foo (opset 1) x3, first node 'a' with inputs float32, int64" */
static void describe(const struct unknown *row, char *text, size_t capacity)
{
    const struct icl_node *node = row->first;
    size_t at = (size_t)snprintf(text, capacity, "%s %s (opset %" PRId64 ") x%zu, first node "
                                 "'%.64s' with inputs", node->domain[0] ? node->domain : "ai.onnx",
                                 node->type, row->version, row->count, node->name);
    for (size_t i = 0; i < node->node.input_count && at < capacity; i++) {
        const struct imgcls_value_info *input = node->inputs[i];
        const char *type = !input                             ? "none"
                           : input->type == IMGCLS_UNDEFINED ? "of a type not known yet"
                                                             : icl_type_name(input->type);
        at += (size_t)snprintf(text + at, capacity - at, "%s %s", i ? "," : "", type);
    }
}

static imgcls_status refuse(struct upgrade *upgrade)
{
    char text[ICL_ERROR_CAPACITY - 256];
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < upgrade->kinds && at < sizeof text; i++) {
        char row[512];
        describe(&upgrade->unknown[i], row, sizeof row);
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", i ? "; " : "", row);
    }
    return icl_fail(upgrade->ctx, IMGCLS_UNSUPPORTED,
                    "%zu operator%s not supported (%zu node%s): %s; a plugin that claims %s "
                    "(domain, type, opset) on IMGCLS_PLUGIN_PATH would supply %s",
                    upgrade->kinds, upgrade->kinds == 1 ? " is" : "s are", upgrade->nodes,
                    upgrade->nodes == 1 ? "" : "s", text, upgrade->kinds == 1 ? "its" : "their",
                    upgrade->kinds == 1 ? "it" : "them");
}

/* Nodes that an upgrade adds have the newest meaning already: only those that were there at
 * the beginning are upgraded. */
static imgcls_status apply(struct upgrade *upgrade, struct imgcls_graph *graph)
{
    imgcls_status status = IMGCLS_OK;
    size_t count = graph->node_count;
    for (size_t i = 0; status == IMGCLS_OK && i < count; i++) {
        struct icl_node *node = graph->nodes[i];
        const struct imgcls_op *op = find(upgrade, node, &node->node.version);
        for (size_t a = 0; status == IMGCLS_OK && a < node->attr_count; a++) {
            const struct imgcls_attr *attr = &node->attrs[a]->attr;
            for (size_t g = 0; status == IMGCLS_OK && attr->graphs && g < attr->count; g++)
                status = apply(upgrade, attr->graphs[g]);
        }
        if (status == IMGCLS_OK && op->upgrade)
            status = op->upgrade(&upgrade->ctx->host, graph, &node->node);
    }
    const char *domain = NULL; /* asked last: a graph mostly has one */
    int64_t newest = 0;
    for (size_t i = 0; status == IMGCLS_OK && i < graph->node_count; i++) {
        struct icl_node *node = graph->nodes[i];
        if (!domain || strcmp(domain, node->domain) != 0)
            newest = icl_registry_newest(upgrade->registry, node->domain);
        domain = node->domain;
        node->node.version = newest > 0 ? newest : 1;
    }
    return status;
}

static void set_opsets(struct upgrade *upgrade, struct imgcls_graph *graph)
{
    for (size_t i = 0; i < graph->opset_count; i++) {
        int64_t newest = icl_registry_newest(upgrade->registry, graph->opsets[i].domain);
        if (newest > 0)
            graph->opsets[i].version = newest;
    }
}

imgcls_status icl_passes_upgrade(struct imgcls_graph *graph)
{
    struct upgrade *upgrade = calloc(1, sizeof *upgrade);
    if (!upgrade)
        return icl_fail(graph->ctx, IMGCLS_NO_MEMORY, "no memory to look at the operators");
    upgrade->ctx = graph->ctx;
    imgcls_status status = icl_context_registry(graph->ctx, &upgrade->registry);
    if (status == IMGCLS_OK)
        look(upgrade, graph);
    if (status == IMGCLS_OK && upgrade->kinds)
        status = refuse(upgrade);
    if (status == IMGCLS_OK && upgrade->newer)
        icl_log(graph->ctx, IMGCLS_LOG_WARNING,
                "the model's opset is newer than any plugin knows; read with the newest "
                "meaning that is known");
    if (status == IMGCLS_OK)
        status = apply(upgrade, graph);
    if (status == IMGCLS_OK) {
        set_opsets(upgrade, graph);
        icl_graph_sweep(graph);
    }
    free(upgrade);
    return status;
}

/*
 * src/graph/value.c - values by name, in one graph and through enclosing ones
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/graph/graph.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "src/file/file.h"
#include "src/graph/link.h"
#include "src/graph/names.h"

imgcls_status icl_value_create(struct imgcls_graph *graph, const char *name,
                               struct icl_value **out)
{
    struct imgcls_context *ctx = graph->ctx;
    imgcls_status status =
        icl_grow(ctx, (void **)&graph->values, &graph->value_capacity, graph->value_count + 1,
                 sizeof *graph->values);
    if (status != IMGCLS_OK)
        return status;
    struct icl_value *value = icl_alloc(ctx, 1, sizeof *value);
    if (!value)
        return icl_alloc_status(ctx);
    value->name = icl_text_copy(ctx, name);
    if (!value->name) {
        status = icl_alloc_status(ctx);
        goto done;
    }
    status = icl_names_add(ctx, graph->names, value->name, value);
    if (status != IMGCLS_OK)
        goto done;
    value->graph = graph;
    value->info.struct_size = sizeof value->info;
    value->info.name = value->name;
    value->info.rank = -1;
    value->index = graph->value_count;
    graph->values[graph->value_count++] = value;
    *out = value;
    return IMGCLS_OK;
done:
    icl_free(ctx, value->name);
    icl_free(ctx, value);
    return status;
}

/* The caller has taken it out of graph->values and graph->names. */
void icl_value_destroy(struct icl_value *value)
{
    struct imgcls_context *ctx = value->graph->ctx;
    icl_storage_release(value->storage);
    icl_free(ctx, value->name);
    icl_free(ctx, value);
}

imgcls_status icl_value_rename(struct icl_value *value, const char *name)
{
    struct imgcls_context *ctx = value->graph->ctx;
    char *copy = icl_text_copy(ctx, name);
    if (!copy)
        return icl_alloc_status(ctx);
    imgcls_status status = icl_names_add(ctx, value->graph->names, copy, value);
    if (status != IMGCLS_OK) {
        icl_free(ctx, copy);
        return status;
    }
    icl_names_remove(value->graph->names, value->name);
    icl_free(ctx, value->name);
    value->name = copy;
    value->info.name = copy;
    return IMGCLS_OK;
}

struct icl_value *icl_graph_find(const struct imgcls_graph *graph, const char *name)
{
    for (; graph; graph = graph->outer) {
        struct icl_value *value = icl_names_find(graph->names, name);
        if (value)
            return value;
    }
    return NULL;
}

bool icl_value_is_defined(const struct icl_value *value)
{
    return value->is_input || value->producer || value->info.constant;
}

/* The nearest value of that name that an enclosing graph defines. */
static struct icl_value *find_outside(const struct imgcls_graph *graph, const char *name)
{
    for (graph = graph->outer; graph; graph = graph->outer) {
        struct icl_value *value = icl_names_find(graph->names, name);
        if (value && icl_value_is_defined(value))
            return value;
    }
    return NULL;
}

imgcls_status icl_graph_value(struct imgcls_graph *graph, const char *name,
                              struct icl_value **out)
{
    *out = icl_names_find(graph->names, name);
    if (!*out)
        *out = find_outside(graph, name);
    return *out ? IMGCLS_OK : icl_value_create(graph, name, out);
}

/* True where `graph` is `around` or lies within it. */
static bool is_within(const struct imgcls_graph *graph, const struct imgcls_graph *around)
{
    while (graph && graph != around)
        graph = graph->outer;
    return graph == around;
}

imgcls_status icl_graph_define(struct imgcls_graph *graph, const char *name,
                               struct icl_value **out)
{
    struct icl_use *next;
    *out = icl_names_find(graph->names, name);
    if (*out)
        return IMGCLS_OK;
    struct icl_value *meant = find_outside(graph, name);
    imgcls_status status = icl_value_create(graph, name, out);
    if (status != IMGCLS_OK || !meant)
        return status;
    for (struct icl_use *use = meant->uses; use; use = next) {
        next = use->next;
        if (is_within(use->node->graph, graph))
            move_use(use, *out);
    }
    return IMGCLS_OK;
}

/* True where some graph from the main one inwards has the name. */
static bool is_taken(const struct imgcls_graph *graph, const char *name)
{
    const struct imgcls_graph *outermost = main_graph(graph);
    if (icl_names_find(outermost->names, name))
        return true;
    for (const struct imgcls_graph *at = outermost->next_inner; at; at = at->next_inner)
        if (icl_names_find(at->names, name))
            return true;
    return false;
}

imgcls_status icl_graph_free_name(struct imgcls_graph *graph, const char *stem, char **out)
{
    struct imgcls_graph *outermost = main_graph(graph);
    size_t room;
    *out = NULL;
    if (!icl_add_size(strlen(stem), 24, &room))
        return icl_fail(graph->ctx, IMGCLS_LIMIT, "graph: a name of %zu bytes", strlen(stem));
    char *name = icl_alloc(graph->ctx, room, 1);
    if (!name)
        return icl_alloc_status(graph->ctx);
    snprintf(name, room, "%s", stem);
    while (!name[0] || is_taken(graph, name))
        snprintf(name, room, "%s_%" PRIu64, stem, ++outermost->unique);
    *out = name;
    return IMGCLS_OK;
}

const char *icl_graph_unique_name(struct imgcls_graph *graph, const char *stem)
{
    struct icl_value *value = NULL;
    char *name;
    imgcls_status status = icl_graph_free_name(graph, stem, &name);
    if (status == IMGCLS_OK)
        status = icl_value_create(graph, name, &value);
    icl_free(graph->ctx, name);
    return status == IMGCLS_OK ? value->name : NULL;
}

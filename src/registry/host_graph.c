/*
 * src/registry/host_graph.c - the host's functions over attributes, nodes and graphs
 *
 * Not here: the work (src/graph), what each function promises (include/imgcls/plugin.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/registry/host.h"

#include <string.h>

#include "src/graph/graph.h"

/* ---- Attributes -----------------------------------------------------------------------*/

const struct imgcls_attr *icl_host_attr(const struct imgcls_host *host,
                                        const struct imgcls_node *node, const char *name)
{
    (void)host;
    return icl_node_attr(node, name);
}

const struct imgcls_attr *icl_host_attr_at(const struct imgcls_host *host,
                                           const struct imgcls_node *node, size_t index)
{
    const struct icl_node *own = icl_node_of(node);
    (void)host;
    return index < own->attr_count ? &own->attrs[index]->attr : NULL;
}

/* The attribute if it is there and of that kind. */
static const struct imgcls_attr *of_kind(const struct imgcls_node *node, const char *name,
                                         int32_t kind)
{
    const struct imgcls_attr *attr = icl_node_attr(node, name);
    return attr && attr->kind == kind ? attr : NULL;
}

int64_t icl_host_attr_int(const struct imgcls_host *host, const struct imgcls_node *node,
                          const char *name, int64_t fallback)
{
    const struct imgcls_attr *attr = of_kind(node, name, IMGCLS_ATTR_INT);
    (void)host;
    return attr ? attr->i : fallback;
}

float icl_host_attr_float(const struct imgcls_host *host, const struct imgcls_node *node,
                          const char *name, float fallback)
{
    const struct imgcls_attr *attr = of_kind(node, name, IMGCLS_ATTR_FLOAT);
    (void)host;
    return attr ? attr->f : fallback;
}

const char *icl_host_attr_string(const struct imgcls_host *host,
                                 const struct imgcls_node *node, const char *name,
                                 const char *fallback)
{
    const struct imgcls_attr *attr = of_kind(node, name, IMGCLS_ATTR_STRING);
    (void)host;
    return attr ? attr->s.bytes : fallback; /* the graph's copy ends with NUL */
}

size_t icl_host_attr_ints(const struct imgcls_host *host, const struct imgcls_node *node,
                          const char *name, const int64_t **ints)
{
    const struct imgcls_attr *attr = of_kind(node, name, IMGCLS_ATTR_INTS);
    (void)host;
    *ints = attr ? attr->ints : NULL;
    return attr ? attr->count : 0;
}

/* ---- Changing nodes -------------------------------------------------------------------*/

imgcls_status icl_host_node_set_attr(const struct imgcls_host *host,
                                     struct imgcls_node *node,
                                     const struct imgcls_attr *attr)
{
    struct imgcls_attr own = {.name = NULL};
    (void)host;
    /* A plugin of another age has a struct of another size. */
    memcpy(&own, attr, attr->struct_size < sizeof own ? attr->struct_size : sizeof own);
    own.struct_size = sizeof own;
    return icl_node_set_attr(icl_node_of(node), &own);
}

imgcls_status icl_host_node_set_int(const struct imgcls_host *host,
                                    struct imgcls_node *node, const char *name,
                                    int64_t value)
{
    const struct imgcls_attr attr = {
        .struct_size = sizeof attr, .name = name, .kind = IMGCLS_ATTR_INT, .i = value};
    (void)host;
    return icl_node_set_attr(icl_node_of(node), &attr);
}

imgcls_status icl_host_node_set_ints(const struct imgcls_host *host,
                                     struct imgcls_node *node, const char *name,
                                     size_t count, const int64_t *values)
{
    const struct imgcls_attr attr = {.struct_size = sizeof attr,
                                     .name = name,
                                     .kind = IMGCLS_ATTR_INTS,
                                     .count = count,
                                     .ints = values};
    (void)host;
    return icl_node_set_attr(icl_node_of(node), &attr);
}

imgcls_status icl_host_node_set_float(const struct imgcls_host *host,
                                      struct imgcls_node *node, const char *name,
                                      float value)
{
    const struct imgcls_attr attr = {
        .struct_size = sizeof attr, .name = name, .kind = IMGCLS_ATTR_FLOAT, .f = value};
    (void)host;
    return icl_node_set_attr(icl_node_of(node), &attr);
}

imgcls_status icl_host_node_set_string(const struct imgcls_host *host,
                                       struct imgcls_node *node, const char *name,
                                       const char *text)
{
    const struct imgcls_attr attr = {.struct_size = sizeof attr,
                                     .name = name,
                                     .kind = IMGCLS_ATTR_STRING,
                                     .s = {text, strlen(text)}};
    (void)host;
    return icl_node_set_attr(icl_node_of(node), &attr);
}

imgcls_status icl_host_node_remove_attr(const struct imgcls_host *host,
                                        struct imgcls_node *node, const char *name)
{
    (void)host;
    icl_node_remove_attr(icl_node_of(node), name);
    return IMGCLS_OK;
}

imgcls_status icl_host_node_set_type(const struct imgcls_host *host,
                                     struct imgcls_node *node, const char *domain,
                                     const char *type)
{
    (void)host;
    return icl_node_set_type(icl_node_of(node), domain, type);
}

imgcls_status icl_host_node_set_input(const struct imgcls_host *host,
                                      struct imgcls_node *node, size_t index,
                                      const char *name)
{
    (void)host;
    return icl_node_set_input(icl_node_of(node), index, name);
}

imgcls_status icl_host_node_set_output(const struct imgcls_host *host,
                                       struct imgcls_node *node, size_t index,
                                       const char *name)
{
    (void)host;
    return icl_node_set_output(icl_node_of(node), index, name);
}

/* ---- Building a graph -----------------------------------------------------------------*/

imgcls_status icl_host_graph_set_name(const struct imgcls_host *host,
                                      struct imgcls_graph *graph, const char *name)
{
    (void)host;
    return icl_graph_set_name(graph, name);
}

imgcls_status icl_host_graph_set_opset(const struct imgcls_host *host,
                                       struct imgcls_graph *graph, const char *domain,
                                       int64_t version)
{
    (void)host;
    return icl_graph_set_opset(graph, domain, version);
}

imgcls_status icl_host_graph_set_meta(const struct imgcls_host *host,
                                      struct imgcls_graph *graph, const char *key,
                                      const char *text)
{
    (void)host;
    return icl_graph_set_meta(graph, key, text);
}

imgcls_status icl_host_graph_add_input(const struct imgcls_host *host,
                                       struct imgcls_graph *graph, const char *name,
                                       int32_t kind, int32_t type, int32_t rank,
                                       const int64_t *dims, const char *const *dim_names)
{
    (void)host;
    return icl_graph_add_input(graph, name, kind, type, rank, dims, dim_names);
}

imgcls_status icl_host_graph_add_output(const struct imgcls_host *host,
                                        struct imgcls_graph *graph, const char *name,
                                        int32_t kind, int32_t type, int32_t rank,
                                        const int64_t *dims, const char *const *dim_names)
{
    (void)host;
    return icl_graph_add_output(graph, name, kind, type, rank, dims, dim_names);
}

imgcls_status icl_host_graph_add_initializer(const struct imgcls_host *host,
                                             struct imgcls_graph *graph, const char *name,
                                             const struct imgcls_tensor *tensor,
                                             struct imgcls_storage *storage)
{
    (void)host;
    return icl_graph_add_initializer(graph, name, tensor, storage);
}

imgcls_status icl_host_graph_add_node(const struct imgcls_host *host,
                                      struct imgcls_graph *graph, const char *domain,
                                      const char *type, const char *name,
                                      size_t input_count, const char *const *inputs,
                                      size_t output_count, const char *const *outputs,
                                      struct imgcls_node **node)
{
    struct icl_node *added = NULL;
    (void)host;
    imgcls_status status = icl_graph_add_node(graph, domain, type, name, input_count,
                                              inputs, output_count, outputs, &added);
    if (node)
        *node = added ? &added->node : NULL;
    return status;
}

const char *icl_host_graph_unique_name(const struct imgcls_host *host,
                                       struct imgcls_graph *graph, const char *stem)
{
    (void)host;
    return icl_graph_unique_name(graph, stem);
}

imgcls_status icl_host_graph_create_inner(const struct imgcls_host *host,
                                          struct imgcls_graph *outer,
                                          struct imgcls_graph **inner)
{
    return icl_graph_create(icl_host_context(host), outer, inner);
}

imgcls_status icl_host_graph_set_golden(const struct imgcls_host *host,
                                        struct imgcls_graph *graph, const char *origin,
                                        size_t input_count,
                                        const struct imgcls_value *const *inputs,
                                        size_t output_count,
                                        const struct imgcls_value *const *outputs)
{
    (void)host;
    return icl_graph_set_golden(graph, origin, input_count, inputs, output_count, outputs);
}

/* ---- Walking a graph ------------------------------------------------------------------*/

const char *icl_host_graph_name(const struct imgcls_host *host,
                                const struct imgcls_graph *graph)
{
    (void)host;
    return graph->name;
}

const struct imgcls_node *icl_host_graph_node_at(const struct imgcls_host *host,
                                                 const struct imgcls_graph *graph,
                                                 size_t index)
{
    (void)host;
    return index < graph->node_count ? &graph->nodes[index]->node : NULL;
}

const struct imgcls_value_info *icl_host_graph_input_at(const struct imgcls_host *host,
                                                        const struct imgcls_graph *graph,
                                                        size_t index)
{
    (void)host;
    return index < graph->input_count ? &graph->inputs[index]->info : NULL;
}

const struct imgcls_value_info *icl_host_graph_output_at(const struct imgcls_host *host,
                                                         const struct imgcls_graph *graph,
                                                         size_t index)
{
    (void)host;
    return index < graph->output_count ? &graph->outputs[index]->info : NULL;
}

const struct imgcls_value_info *
icl_host_graph_initializer_at(const struct imgcls_host *host,
                              const struct imgcls_graph *graph, size_t index)
{
    (void)host;
    return index < graph->initializer_count ? &graph->initializers[index]->info : NULL;
}

const char *icl_host_graph_symbol(const struct imgcls_host *host,
                                  const struct imgcls_graph *graph, int64_t dim)
{
    (void)host;
    return icl_graph_symbol(graph, dim);
}

const char *icl_host_graph_opset_at(const struct imgcls_host *host,
                                    const struct imgcls_graph *graph, size_t index,
                                    int64_t *version)
{
    bool known = index < graph->opset_count;
    (void)host;
    if (version)
        *version = known ? graph->opsets[index].version : 0;
    return known ? graph->opsets[index].domain : NULL;
}

const char *icl_host_graph_meta(const struct imgcls_host *host,
                                const struct imgcls_graph *graph, const char *key)
{
    (void)host;
    return icl_graph_meta(graph, key);
}

const char *icl_host_graph_meta_at(const struct imgcls_host *host,
                                   const struct imgcls_graph *graph, size_t index,
                                   const char **text)
{
    bool known = index < graph->meta_count;
    (void)host;
    if (text)
        *text = known ? graph->metas[index].text : NULL;
    return known ? graph->metas[index].key : NULL;
}

const struct imgcls_value *icl_host_graph_golden(const struct imgcls_host *host,
                                                 const struct imgcls_graph *graph,
                                                 int32_t output, size_t index)
{
    const struct icl_golden *golden = &graph->golden;
    (void)host;
    if (!golden->origin || index >= (output ? golden->output_count : golden->input_count))
        return NULL;
    return output ? golden->outputs[index] : golden->inputs[index];
}

const char *icl_host_graph_golden_origin(const struct imgcls_host *host,
                                         const struct imgcls_graph *graph)
{
    (void)host;
    return graph->golden.origin;
}

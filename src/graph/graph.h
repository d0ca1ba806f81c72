/*
 * src/graph/graph.h - the graph: values, nodes, attributes, initializers, metadata
 *
 * The graph has ONNX meaning. Plugins see nodes and values through the public structs at the
 * head of the internal ones; the host's graph_ functions are thin covers of these here.
 *
 * Invariants: a name belongs to one value; a value has at most one producer (node, input or
 * initializer); node->inputs[i] points to the info at the head of an icl_value of the same
 * graph, or of an enclosing one for inner graphs. Node order is topological after
 * icl_graph_sort and not guaranteed before.
 *
 * Not here: shapes (src/plan/shapes.c), changes that keep the meaning (src/passes/).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_GRAPH_H
#define ICL_GRAPH_H

#include "src/context/context.h"

struct icl_node;

struct icl_value {
    struct imgcls_value_info info; /* first */
    char *name;
    struct imgcls_graph *graph;
    struct icl_node *producer; /* NULL: input, initializer, or nothing yet */
    bool is_input, is_output;
    /* Initializer: constant points to tensor, bytes are in storage. */
    struct imgcls_tensor tensor;
    struct imgcls_storage *storage;
    size_t index; /* position in graph->values; free use by whoever walks */
};

struct icl_attr {
    struct imgcls_attr attr; /* first; pointers go into memory that this struct owns */
    struct imgcls_tensor *tensors;
    void *memory;
};

struct icl_node {
    struct imgcls_node node; /* first */
    struct imgcls_graph *graph;
    char *domain, *type, *name;
    struct imgcls_value_info **inputs, **outputs; /* node.inputs, node.outputs */
    size_t input_capacity, output_capacity;
    struct icl_attr **attrs;
    size_t attr_count, attr_capacity;
    struct imgcls_epilogue *epilogues;
    size_t index; /* position in graph->nodes */
    bool removed; /* swept by icl_graph_sweep */
};

struct icl_opset {
    char *domain;
    int64_t version;
};

struct icl_meta {
    char *key, *text;
};

struct icl_golden {
    char *origin; /* NULL: no golden */
    struct imgcls_value **inputs, **outputs;
    size_t input_count, output_count;
};

struct icl_name_table; /* name -> icl_value, hashed with a per-process seed */

struct imgcls_graph {
    struct imgcls_context *ctx;
    struct imgcls_graph *outer; /* NULL for the main graph */
    char *name;
    struct icl_value **values;
    size_t value_count, value_capacity;
    struct icl_node **nodes;
    size_t node_count, node_capacity;
    struct icl_value **inputs, **outputs, **initializers;
    size_t input_count, input_capacity, output_count, output_capacity;
    size_t initializer_count, initializer_capacity;
    struct icl_opset *opsets;
    size_t opset_count;
    struct icl_meta *metas;
    size_t meta_count;
    char **symbols; /* symbols[k] is the name of dimension -2 - k; NULL: no name */
    size_t symbol_count;
    struct icl_golden golden;
    struct icl_name_table *names;
    uint64_t unique; /* for icl_graph_unique_name */
};

static inline struct icl_value *icl_value_of(const struct imgcls_value_info *info)
{
    return (struct icl_value *)info;
}
static inline struct icl_node *icl_node_of(const struct imgcls_node *node)
{
    return (struct icl_node *)node;
}

/* Name of a symbolic dimension (dim < -1), NULL where it has none. Inner graphs share the
 * symbols of the outermost. */
static inline const char *icl_graph_symbol(const struct imgcls_graph *graph, int64_t dim)
{
    while (graph->outer)
        graph = graph->outer;
    uint64_t k = (uint64_t)(-2 - dim);
    return dim < -1 && k < graph->symbol_count ? graph->symbols[k] : NULL;
}

imgcls_status icl_graph_create(struct imgcls_context *ctx, struct imgcls_graph *outer,
                               struct imgcls_graph **out);
void icl_graph_destroy(struct imgcls_graph *graph);
/* A deep copy that shares initializer bytes (and golden values are not copied). */
imgcls_status icl_graph_clone(const struct imgcls_graph *graph, struct imgcls_graph **out);

struct icl_value *icl_graph_find(const struct imgcls_graph *graph, const char *name);
/* The value of that name, created where there is none. */
imgcls_status icl_graph_value(struct imgcls_graph *graph, const char *name,
                              struct icl_value **out);
/* Symbol number (< -1) of a named dimension. */
imgcls_status icl_graph_symbol_of(struct imgcls_graph *graph, const char *name, int64_t *dim);

imgcls_status icl_graph_add_input(struct imgcls_graph *graph, const char *name, int32_t kind,
                                  int32_t type, int32_t rank, const int64_t *dims,
                                  const char *const *dim_names);
imgcls_status icl_graph_add_output(struct imgcls_graph *graph, const char *name, int32_t kind,
                                   int32_t type, int32_t rank, const int64_t *dims,
                                   const char *const *dim_names);
imgcls_status icl_graph_add_initializer(struct imgcls_graph *graph, const char *name,
                                        const struct imgcls_tensor *tensor,
                                        struct imgcls_storage *storage);
imgcls_status icl_graph_add_node(struct imgcls_graph *graph, const char *domain,
                                 const char *type, const char *name, size_t input_count,
                                 const char *const *inputs, size_t output_count,
                                 const char *const *outputs, struct icl_node **out);
imgcls_status icl_graph_set_opset(struct imgcls_graph *graph, const char *domain,
                                  int64_t version);
/* 0 where the domain is not imported. */
int64_t icl_graph_opset(const struct imgcls_graph *graph, const char *domain);
imgcls_status icl_graph_set_meta(struct imgcls_graph *graph, const char *key,
                                 const char *text);
const char *icl_graph_meta(const struct imgcls_graph *graph, const char *key);
const char *icl_graph_unique_name(struct imgcls_graph *graph, const char *stem);
imgcls_status icl_graph_set_golden(struct imgcls_graph *graph, const char *origin,
                                   size_t input_count, const struct imgcls_value *const *inputs,
                                   size_t output_count,
                                   const struct imgcls_value *const *outputs);

imgcls_status icl_node_set_attr(struct icl_node *node, const struct imgcls_attr *attr);
void icl_node_remove_attr(struct icl_node *node, const char *name);
const struct imgcls_attr *icl_node_attr(const struct imgcls_node *node, const char *name);
imgcls_status icl_node_set_type(struct icl_node *node, const char *domain, const char *type);
imgcls_status icl_node_set_input(struct icl_node *node, size_t index, const char *name);
imgcls_status icl_node_set_output(struct icl_node *node, size_t index, const char *name);
imgcls_status icl_node_add_epilogue(struct icl_node *node,
                                    const struct imgcls_epilogue *epilogue);
/* "node 'layer1.conv' (Conv)" or "node 17 (Conv)" where it has no name. */
void icl_node_text(const struct imgcls_node *node, char *text, size_t capacity);

/* Every use of `from` (inner graphs included, and being an output) becomes a use of `to`. */
imgcls_status icl_graph_replace_uses(struct imgcls_graph *graph, struct icl_value *from,
                                     struct icl_value *to);
/* Number of uses as input of a node (inner graphs included), plus 1 for being an output. */
size_t icl_value_uses(const struct icl_value *value);
/* Drops removed nodes, and values and initializers that nothing refers to. */
void icl_graph_sweep(struct imgcls_graph *graph);
/* Marks nodes none of whose outputs reach a graph output as removed, and sweeps. */
imgcls_status icl_graph_drop_dead(struct imgcls_graph *graph);
/* Topological order; names the nodes of a cycle, a value that nothing produces, a value that
 * two produce, an output that nothing gives. */
imgcls_status icl_graph_sort(struct imgcls_graph *graph);

#endif

/*
 * src/graph/graph.h - the graph: values, nodes, attributes, initializers, metadata
 *
 * The graph has ONNX meaning. Plugins see nodes and values through the public structs at the
 * head of the internal ones; the host's graph_ functions are thin covers of these here.
 *
 * Invariants: a name belongs to one value of a graph; a value has at most one producer (node,
 * input or initializer) after icl_graph_sort has found no second; node->inputs[i] points to the
 * info at the head of an icl_value of the same graph, or of an enclosing one for inner graphs.
 * Every use of a value by a living node is linked in value->uses. Inputs, outputs and removed
 * are therefore changed only by the functions here. Node order is topological after
 * icl_graph_sort and not guaranteed before.
 *
 * Names in inner graphs (the graph attributes of If, Loop, Scan): what an inner graph defines
 * (input, initializer, output of a node, graph output) is its own, also where an enclosing graph
 * has the same name; any other name is the value of the nearest enclosing graph that defines
 * it. It does not matter in which order things are added: a name that nothing defines yet is
 * held as a value of the inner graph and bound by icl_graph_sort, and a definition that comes
 * after uses of an enclosing value takes these uses over. After icl_graph_sort no inner name
 * equals one of an enclosing graph (ONNX wants this; inner values are renamed where needed),
 * and an output of an inner graph is a value of its own (an Identity is put in where not).
 *
 * Not here: shapes (src/plan/shapes.c), changes that keep the meaning (src/passes/).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_GRAPH_H
#define ICL_GRAPH_H

#include "src/context/context.h"

struct icl_node;

/* Input `i` of a node, as the value sees it: node->uses[i], doubly linked in value->uses. */
struct icl_use {
    struct icl_value *value; /* NULL: omitted, or the node was removed */
    struct icl_node *node;
    struct icl_use *next, **link;
};

struct icl_value {
    struct imgcls_value_info info; /* first */
    char *name;
    struct imgcls_graph *graph;
    struct icl_node *producer; /* NULL: input, initializer, or nothing yet */
    struct icl_use *uses;      /* by nodes of this graph and of inner ones, newest first */
    size_t use_count;          /* length of uses */
    bool is_input, is_output;
    /* Initializer: constant points to tensor, bytes are in storage. */
    struct imgcls_tensor tensor;
    struct imgcls_storage *storage;
    size_t index; /* position in graph->values; free use by whoever walks */
};

/* All that attr points to lies behind the struct in one block, except the bytes of tensors
 * (kept alive by storages, shared by clones) and graphs (owned). */
struct icl_attr {
    struct imgcls_attr attr; /* first */
    struct imgcls_storage **storages; /* one per tensor */
};

struct icl_node {
    struct imgcls_node node; /* first */
    struct imgcls_graph *graph;
    char *domain, *type, *name;
    struct imgcls_value_info **inputs, **outputs; /* node.inputs, node.outputs */
    struct icl_use *uses; /* one per input */
    size_t input_capacity, output_capacity;
    struct icl_attr **attrs;
    size_t attr_count, attr_capacity;
    struct imgcls_epilogue *epilogues;
    size_t epilogue_capacity;
    size_t index; /* position in graph->nodes */
    bool removed; /* by icl_node_remove; swept by icl_graph_sweep */
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

struct icl_name_table; /* src/graph/names.h */

/* Ceilings for lists that are searched from end to end, far above any real model's. */
#define ICL_GRAPH_DEPTH 32    /* inner graphs within inner graphs */
#define ICL_NODE_ATTRS 1024   /* attributes of a node */
#define ICL_GRAPH_OPSETS 1024 /* imported domains */
#define ICL_GRAPH_METAS 4096  /* metadata entries */

struct imgcls_graph {
    struct imgcls_context *ctx;
    struct imgcls_graph *outer; /* NULL for the main graph */
    struct icl_node *owner;     /* node that has this graph as attribute; NULL: none yet */
    int depth;                  /* 0 for the main graph */
    struct imgcls_graph *next_inner, **inner_link; /* main graph: first; others: chain */
    size_t inner_count; /* living graphs that have this one as outer */
    char *name;
    struct icl_value **values;
    size_t value_count, value_capacity;
    struct icl_node **nodes;
    size_t node_count, node_capacity;
    struct icl_value **inputs, **outputs, **initializers;
    size_t input_count, input_capacity, output_count, output_capacity;
    size_t initializer_count, initializer_capacity;
    struct icl_opset *opsets; /* inner graphs: none, they use the main graph's */
    size_t opset_count, opset_capacity;
    struct icl_meta *metas;
    size_t meta_count, meta_capacity;
    char **symbols; /* main graph: symbols[k] is the name of dimension -2 - k; NULL: no name */
    size_t symbol_count, symbol_capacity;
    struct icl_golden golden;
    struct icl_name_table *names;        /* name -> icl_value */
    struct icl_name_table *symbol_names; /* main graph: name -> symbols[k] */
    uint64_t unique;                     /* main graph: for icl_graph_unique_name */
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
    if (dim >= -1 || (uint64_t)(-2 - dim) >= graph->symbol_count)
        return NULL;
    return graph->symbols[-2 - dim];
}

/* An empty graph; outer NULL: a main graph. Own: icl_graph_destroy, or icl_node_set_attr. */
imgcls_status icl_graph_create(struct imgcls_context *ctx, struct imgcls_graph *outer,
                               struct imgcls_graph **out);
/* Accepts NULL. Inner graphs go with the nodes that own them. */
void icl_graph_destroy(struct imgcls_graph *graph);
/* A deep copy that shares initializer bytes (and golden values are not copied). The clone of
 * an inner graph belongs to the same enclosing graphs, and to no node yet. */
imgcls_status icl_graph_clone(const struct imgcls_graph *graph, struct imgcls_graph **out);
/* As icl_graph_clone, with an inner graph's copy placed under another enclosing graph, which
 * must be a clone of the old one or the old one itself. */
imgcls_status icl_graph_clone_under(const struct imgcls_graph *graph,
                                    struct imgcls_graph *outer, struct imgcls_graph **out);
imgcls_status icl_graph_set_name(struct imgcls_graph *graph, const char *name);

/* The value of that name in this graph, else in the nearest enclosing one; NULL: none. */
struct icl_value *icl_graph_find(const struct imgcls_graph *graph, const char *name);
/* The value that a use of the name in this graph means (see above): its own, else the nearest
 * enclosing one that is defined, else a new one of its own that waits for a definition. */
imgcls_status icl_graph_value(struct imgcls_graph *graph, const char *name,
                              struct icl_value **out);
/* The value that a definition of the name in this graph makes: its own, created where there is
 * none, taking over what earlier uses in this graph meant by the name. */
imgcls_status icl_graph_define(struct imgcls_graph *graph, const char *name,
                               struct icl_value **out);
/* True where an input, an initializer or a node gives the value. */
bool icl_value_is_defined(const struct icl_value *value);
/* Symbol number (< -1) of a named dimension; NULL: a new one without a name. */
imgcls_status icl_graph_symbol_of(struct imgcls_graph *graph, const char *name, int64_t *dim);

/* See the host's functions of the same names. A repeated input, output or initializer is
 * refused; a value may be input and initializer (a default value) at once. */
imgcls_status icl_graph_add_input(struct imgcls_graph *graph, const char *name, int32_t kind,
                                  int32_t type, int32_t rank, const int64_t *dims,
                                  const char *const *dim_names);
imgcls_status icl_graph_add_output(struct imgcls_graph *graph, const char *name, int32_t kind,
                                   int32_t type, int32_t rank, const int64_t *dims,
                                   const char *const *dim_names);
/* The graph has no outputs from here on; the values stay. */
void icl_graph_clear_outputs(struct imgcls_graph *graph);
imgcls_status icl_graph_add_initializer(struct imgcls_graph *graph, const char *name,
                                        const struct imgcls_tensor *tensor,
                                        struct imgcls_storage *storage);
/* Adds a node at the end. An output that another node gives already is taken over from it
 * (how a node is replaced); icl_graph_sort complains if both still live then. */
imgcls_status icl_graph_add_node(struct imgcls_graph *graph, const char *domain,
                                 const char *type, const char *name, size_t input_count,
                                 const char *const *inputs, size_t output_count,
                                 const char *const *outputs, struct icl_node **out);
/* "ai.onnx" is the same domain as "". Setting a domain again replaces its version. */
imgcls_status icl_graph_set_opset(struct imgcls_graph *graph, const char *domain,
                                  int64_t version);
/* 0 where the domain is not imported. Inner graphs answer for the main graph. */
int64_t icl_graph_opset(const struct imgcls_graph *graph, const char *domain);
/* text NULL removes the entry. */
imgcls_status icl_graph_set_meta(struct imgcls_graph *graph, const char *key,
                                 const char *text);
const char *icl_graph_meta(const struct imgcls_graph *graph, const char *key);
/* A name that no value has, in this graph or any around or within it: stem where it is free,
 * else stem_1, ... Borrowed; reserved until the next icl_graph_sweep if nothing uses it. NULL
 * like icl_alloc. */
const char *icl_graph_unique_name(struct imgcls_graph *graph, const char *stem);
imgcls_status icl_graph_set_golden(struct imgcls_graph *graph, const char *origin,
                                   size_t input_count, const struct imgcls_value *const *inputs,
                                   size_t output_count,
                                   const struct imgcls_value *const *outputs);

imgcls_status icl_node_set_attr(struct icl_node *node, const struct imgcls_attr *attr);
/* A tensor attribute whose bytes are borrowed from storage, which is retained. */
imgcls_status icl_node_set_attr_tensor(struct icl_node *node, const char *name,
                                       const struct imgcls_tensor *tensor,
                                       struct imgcls_storage *storage);
/* Copies all attributes of `from`, inner graphs cloned, tensor bytes shared. */
imgcls_status icl_node_copy_attrs(struct icl_node *node, const struct icl_node *from);
void icl_node_remove_attr(struct icl_node *node, const char *name);
const struct imgcls_attr *icl_node_attr(const struct imgcls_node *node, const char *name);
imgcls_status icl_node_set_type(struct icl_node *node, const char *domain, const char *type);
imgcls_status icl_node_set_input(struct icl_node *node, size_t index, const char *name);
/* Input `index` becomes that very value, which must be visible from the node's graph. */
imgcls_status icl_node_set_input_value(struct icl_node *node, size_t index,
                                       struct icl_value *value);
imgcls_status icl_node_set_output(struct icl_node *node, size_t index, const char *name);
imgcls_status icl_node_add_epilogue(struct icl_node *node,
                                    const struct imgcls_epilogue *epilogue);
/* Takes the node out of service: it uses nothing and gives nothing, its inner graphs neither.
 * The memory stays until icl_graph_sweep. */
void icl_node_remove(struct icl_node *node);
/* "node 'layer1.conv' (Conv)", "node 17 (Conv)" where it has no name, "node 'x' (org.example
 * Foo)" in other domains. */
void icl_node_text(const struct imgcls_node *node, char *text, size_t capacity);

/* Every use of `from` (inner graphs included, and being an output) becomes a use of `to`, which
 * must be visible wherever `from` is. An output takes the name of `to`. */
imgcls_status icl_graph_replace_uses(struct imgcls_graph *graph, struct icl_value *from,
                                     struct icl_value *to);
/* Number of uses as input of a node (inner graphs included), plus 1 for being an output. */
size_t icl_value_uses(const struct icl_value *value);
/* Drops removed nodes, and values and initializers that nothing refers to, also in inner
 * graphs. Pointers to these die. */
void icl_graph_sweep(struct imgcls_graph *graph);
/* Removes the nodes that no graph output needs, also in inner graphs, and sweeps. */
imgcls_status icl_graph_drop_dead(struct imgcls_graph *graph);
/* Binds the names of inner graphs, then puts nodes in topological order, also in inner graphs,
 * moving none that need not move. Names the nodes of a cycle, a value that nothing produces, a
 * value that two produce, an output that nothing gives. Removed nodes are swept. Call it on the
 * main graph. */
imgcls_status icl_graph_sort(struct imgcls_graph *graph);

#endif

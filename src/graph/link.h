/*
 * src/graph/link.h - linking a use to its value and out again; private to src/graph
 *
 * Cannot fail and allocates nothing: the use is part of the node.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_LINK_H
#define ICL_LINK_H

#include "src/graph/graph.h"

static inline void link_use(struct icl_use *use, struct icl_node *node,
                            struct icl_value *value)
{
    use->node = node;
    use->value = value;
    use->next = NULL;
    use->link = NULL;
    if (!value)
        return;
    use->next = value->uses;
    use->link = &value->uses;
    if (use->next)
        use->next->link = &use->next;
    value->uses = use;
    value->use_count++;
}

static inline void unlink_use(struct icl_use *use)
{
    if (!use->value)
        return;
    *use->link = use->next;
    if (use->next)
        use->next->link = use->link;
    use->value->use_count--;
    use->value = NULL;
    use->next = NULL;
    use->link = NULL;
}

/* The node's input at the use's place becomes the value, and the link moves along. */
static inline void move_use(struct icl_use *use, struct icl_value *value)
{
    struct icl_node *node = use->node;
    unlink_use(use);
    node->inputs[use - node->uses] = value ? &value->info : NULL;
    link_use(use, node, value);
}

/* What sweep.c and clone.c need of value.c and node.c. */
imgcls_status icl_value_create(struct imgcls_graph *graph, const char *name,
                               struct icl_value **out);
void icl_value_destroy(struct icl_value *value);
void icl_node_destroy(struct icl_node *node);
/* A name that icl_graph_unique_name could give, not reserved. Own: icl_free. */
imgcls_status icl_graph_free_name(struct imgcls_graph *graph, const char *stem, char **out);
/* Renames a value of an inner graph. */
imgcls_status icl_value_rename(struct icl_value *value, const char *name);
/* Room for that many inputs or outputs; new ones are omitted. */
imgcls_status icl_node_reserve(struct icl_node *node, size_t inputs, size_t outputs);
/* Copies one attribute; graphs are cloned for the node's graph, tensor bytes shared. */
imgcls_status icl_attr_clone(struct icl_node *node, const struct icl_attr *from);
void icl_attr_destroy(struct imgcls_context *ctx, struct icl_attr *attr);
void icl_golden_clear(struct imgcls_context *ctx, struct icl_golden *golden);
/* The tensor over bytes that `kept` keeps alive: those of storage, retained, where there is one
 * and they are aligned to the element (bytes in the middle of a file need not be), else a copy.
 * A copied string tensor has its texts in the same storage. */
imgcls_status icl_tensor_keep(struct imgcls_context *ctx, const struct imgcls_tensor *tensor,
                              struct imgcls_storage *storage, struct imgcls_tensor *out,
                              struct imgcls_storage **kept);
/* Binds the names that inner graphs use and do not define; see graph.h. */
imgcls_status icl_graph_bind(struct imgcls_graph *graph);

static inline struct imgcls_graph *main_graph(const struct imgcls_graph *graph)
{
    struct imgcls_graph *at = (struct imgcls_graph *)graph;
    while (at->outer)
        at = at->outer;
    return at;
}

#endif

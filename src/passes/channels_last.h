/*
 * src/passes/channels_last.h - what the pass and its table of operators share
 *
 * An image is a float value [N, C, spatial...] whose dimensions are all known. Its
 * channels-last form is another, ordinary row-major value [N, spatial..., C]. Nothing else in
 * the tree knows of layouts: what changes is the graph.
 *
 * Private to src/passes. Not here: the operators themselves (plugins/ops/channels_last).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_CHANNELS_LAST_H
#define ICL_CHANNELS_LAST_H

#include "src/passes/rows.h"
#include "src/registry/registry.h"

/* The domain of operators that take their image as [N, spatial..., C]. Internal: no model file
 * uses it, and it may change with any release. */
#define ICL_CHANNELS_LAST_DOMAIN "imgcls.channels_last"

struct icl_layout {
    struct imgcls_graph *graph;
    struct icl_registry *registry;
    size_t value_count, node_count; /* when the pass began; what is new lies behind */
    struct icl_value **last; /* by value->index: its channels-last form, NULL: not made yet */
    bool *at_hand; /* by value->index: some node has, or will have, that form */
    bool *moved;   /* by value->index: its producer was rewritten and gives `last` only */
    bool *chosen;  /* by node->index: to be rewritten */
    size_t *region;           /* by value->index: union-find */
};

/* How a node goes channels-last. */
enum icl_fit {
    ICL_FIT_NOT,
    ICL_FIT_PLAIN, /* reads images channels-last, its results are as they were */
    ICL_FIT_LAST,  /* results are channels-last, too */
};

struct icl_layout_row {
    const char *type;   /* "": any operator blind to layout */
    bool starts;        /* may begin a region; others join one */
    /* Whether the node can be rewritten. Asks at_hand, changes nothing. */
    enum icl_fit (*fits)(const struct icl_layout *layout, const struct icl_node *node);
    /* Whether input i is read as an image (constants that are permuted included). */
    bool (*reads_image)(const struct icl_node *node, size_t i);
    imgcls_status (*rewrite)(struct icl_layout *layout, struct icl_node *node);
    /* Nanoseconds that channels-last saves on one thread; NULL: none. */
    double (*saves)(const struct icl_node *node);
};

/* The row for a node, NULL where there is none. (channels_last_rows.c) */
const struct icl_layout_row *icl_layout_row_of(const struct icl_layout *layout,
                                               const struct icl_node *node);
/* Transpose of [N, spatial..., C] to [N, C, spatial...]: its input is its output's form. */
bool icl_layout_provides(const struct icl_layout *layout, const struct icl_node *node);

/* ---- For rewriting (channels_last.c) ----------------------------------------------------*/

/* A float value of 3 to 5 dimensions, all known and none 0, of the graph itself. */
bool icl_is_image(const struct imgcls_graph *graph, const struct icl_value *value);
/* Nanoseconds to bring an image from one form to the other; 0 where no byte moves, because
 * channels or pixels are a single one. */
double icl_layout_move_ns(const struct icl_value *value);
/* The image's channels-last form: what there is, or a permuted constant, or a new Transpose
 * (a Reshape where no byte moves). */
imgcls_status icl_layout_last(struct icl_layout *layout, struct icl_value *value,
                              struct icl_value **out);
/* Input i becomes that form. */
imgcls_status icl_layout_take(struct icl_layout *layout, struct icl_node *node, size_t i);
/* Output i of the node becomes the channels-last form of what it was. */
imgcls_status icl_layout_give(struct icl_layout *layout, struct icl_node *node, size_t i);
/* Input i becomes a constant list of integers. */
imgcls_status icl_layout_set_ints(struct icl_layout *layout, struct icl_node *node, size_t i,
                                  int32_t count, const int64_t *ints);
/* Input i becomes the list, which has an entry for each dimension of an image, in
 * channels-last order. */
imgcls_status icl_layout_turn_list(struct icl_layout *layout, struct icl_node *node, size_t i,
                                   const struct imgcls_tensor *list);
/* Input i, a constant of at most `rank` dimensions, becomes one whose dimensions (with 1s
 * before them up to `rank`) stand in channels-last order. */
imgcls_status icl_layout_turn_constant(struct icl_layout *layout, struct icl_node *node,
                                       size_t i, int32_t rank);

/* Where an axis of [N, C, spatial...] is in [N, spatial..., C]. */
static inline int64_t icl_axis_last(int32_t rank, int64_t axis)
{
    return axis == 0 ? 0 : axis == 1 ? rank - 1 : axis - 1;
}
/* And which axis of the former stands at `axis` of the latter. */
static inline int64_t icl_axis_first(int32_t rank, int64_t axis)
{
    return axis == 0 ? 0 : axis == rank - 1 ? 1 : axis + 1;
}

#endif

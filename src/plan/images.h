/*
 * src/plan/images.h - what a graph does with the images of a batch
 *
 * Looked at before passes change the graph, at a batch of its own: a large prime that divides no
 * other dimension. Every node's shapes are inferred there, and a proof is made node by node of what
 * each value depends on (image_stride.h). What comes of it holds for every batch. It is assumed:
 *   - the first dimension of each input is the batch. One input has it open, or several by the
 *     same name; else nothing is known, unless all have one fixed number: then that is the batch,
 *     for the graph runs at no other;
 *   - shapes at the large batch tell those at every batch: no dimension of the graph is a multiple
 *     of that prime, and none is another function of the batch than a multiple of it.
 * A graph that does not take the large batch (one is baked into its constants, though its input
 * says nothing of it) is one of which nothing is known.
 *
 * Private to src/plan. Not here: products' rows (image_rows.h), working in parts (parts.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_PLAN_IMAGES_H
#define ICL_PLAN_IMAGES_H

#include "src/plan/image_stride.h"

/* Begin with zero; own: icl_images_clear. */
struct icl_images {
    /* Every output is a tensor with images along its first dimension and nothing before them, each
     * computed of its own image alone, whatever the batch and the place in it. */
    bool apart;
    struct icl_strides strides;
    struct imgcls_value_info *infos; /* by value->index: type and shape at strides.batch, rank -1
                                        where they are not known; constant is not set */
};

/* Looks at `graph`, a clone of `source` in the newest meaning with concrete inputs, and marks its
 * products' rows (icl_rows_mark). Passes keep what a value holds and a node's attributes, so what
 * is found stays true. Sorts the graph; a value->index stays as it is found here until the graph
 * is changed. apart: whether it is wanted to know; if not, a graph without a product that could
 * use its rows is not looked at. */
imgcls_status icl_images_look(struct imgcls_graph *graph, const struct imgcls_graph *source,
                              bool apart, struct icl_images *images);
void icl_images_clear(struct icl_images *images);

/* Bytes that one image has in a value; 0 where it has none or their place is not known. */
int64_t icl_image_bytes(const struct icl_images *images, const struct icl_value *value);
/* Whether it is one image after another along the first dimension. */
bool icl_images_come_first(const struct icl_images *images, const struct icl_value *value);

#endif

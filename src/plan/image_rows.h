/*
 * src/plan/image_rows.h - which rows of a product belong to one image
 *
 * A kernel that combines rows of a product's left side may do so within an image alone: else a
 * result would depend on what else is in the batch. A MatMul by a constant matrix gets the
 * attribute IMGCLS_ATTR_IMAGE_ROWS, T: its rows (all dimensions of A but the last, row-major) come
 * in consecutive groups of T, each of one image. Without the attribute nothing is known.
 *
 * T and whether there is one are the same for every batch. They come from shapes inferred at a
 * batch of its own, a large prime that divides no other dimension, and a proof node by node of
 * what each value depends on (image_stride.h). What is assumed:
 *   - the first dimension of each input is the batch. One input has it open, or several by the
 *     same name; else no T is found, unless all have one fixed number: then that is the batch,
 *     for the graph runs at no other;
 *   - shapes at the large batch tell those at every batch: no dimension of the graph is a multiple
 *     of that prime, and none is another function of the batch than a multiple of it.
 * A graph that does not take the large batch (one is baked into its constants, though its input
 * says nothing of it) gets no attribute.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_PLAN_IMAGE_ROWS_H
#define ICL_PLAN_IMAGE_ROWS_H

#include "src/graph/graph.h"

/* Sets the attribute in `graph`, a clone of `source` in the newest meaning with concrete inputs,
 * before passes change it: they keep what a value holds and a node's attributes. Sorts the graph;
 * one without a product that could use it is not looked at. */
imgcls_status icl_plan_mark_image_rows(struct imgcls_graph *graph,
                                       const struct imgcls_graph *source);

#endif

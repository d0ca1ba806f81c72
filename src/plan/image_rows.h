/*
 * src/plan/image_rows.h - which rows of a product belong to one image
 *
 * A kernel that combines rows of a product's left side may do so within an image alone: else a
 * result would depend on what else is in the batch. A MatMul by a constant matrix gets the
 * attribute IMGCLS_ATTR_IMAGE_ROWS, T: its rows (all dimensions of A but the last, row-major) come
 * in consecutive groups of T, each of one image. Without the attribute nothing is known. T and
 * whether there is one are the same for every batch.
 *
 * Private to src/plan. Not here: how it is known (images.h, image_stride.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_PLAN_IMAGE_ROWS_H
#define ICL_PLAN_IMAGE_ROWS_H

#include "src/plan/image_stride.h"

/* Whether some product of the graph could use the attribute. */
bool icl_rows_wanted(const struct imgcls_graph *graph);
/* Sets it on a MatMul whose inputs' strides are found, where it can be. */
imgcls_status icl_rows_mark(const struct icl_strides *strides, struct icl_node *node);
/* Takes it from all nodes; a file may not say it. */
void icl_rows_forget(struct imgcls_graph *graph);

#endif

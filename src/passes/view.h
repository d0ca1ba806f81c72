/*
 * src/passes/view.h - a value as strides over the bytes of another
 *
 * Reshape, Transpose, Slice, Split and their like only rename elements. Where a chain of
 * them can be said as an offset and one stride a dimension, a kernel that takes strides
 * reads the chain's beginning in place. Needs shapes that are known
 * (icl_pass_settle_shapes).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_PASSES_VIEW_H
#define ICL_PASSES_VIEW_H

#include "src/graph/graph.h"

struct icl_view {
    struct icl_value *root; /* whose elements, row-major */
    int64_t offset;         /* in elements, as strides are */
    int32_t rank;
    int64_t dims[IMGCLS_MAX_RANK], strides[IMGCLS_MAX_RANK];
    double scale; /* the elements are multiplied by this number */
};

/* True where the value is a tensor whose dimensions are numbers. */
bool icl_value_is_static(const struct icl_value *value);
/* The value itself; it must be static. */
void icl_view_whole(struct icl_value *value, struct icl_view *out);
/* The value as a view of the earliest value that it can be a view of. With `scaled` one
 * multiplication by a constant on the way becomes the view's scale. */
void icl_view_of(struct icl_value *value, bool scaled, struct icl_view *out);
/* Other dimensions over the same elements in the same order; false (and no change) where
 * strides cannot say that. */
bool icl_view_reshape(struct icl_view *view, int32_t rank, const int64_t *dims);
/* Dimension i becomes what perm[i] was. */
void icl_view_permute(struct icl_view *view, const int64_t *perm);
/* Repeated along dimensions of 1 and new ones in front, as ONNX broadcasts; false where the
 * shapes do not fit. */
bool icl_view_broadcast(struct icl_view *view, int32_t rank, const int64_t *dims);

/* The permutation of a Transpose node of that rank, its default and axes from the end included: the
 * one reader for all passes; false where it is none. */
bool icl_transpose_perm(const struct icl_node *node, int32_t rank, int64_t *perm);
/* True for nodes whose output 0 has the elements of input 0 in the same order. */
bool icl_node_renames(const struct icl_node *node);

#endif

/*
 * plugins/ops/shape/index.h - indexes out of tensors, checked; shared by gather.c and
 * scatter.c
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_SHAPE_INDEX_H
#define OPS_SHAPE_INDEX_H

#include "plugins/ops/op.h"

/* Every index must lie in -dim..dim-1. */
imgcls_status index_check(const struct imgcls_host *host, const struct imgcls_node *node,
                          const struct imgcls_tensor *indices, int64_t dim);
/* Says that it does not, and returns IMGCLS_BAD_INPUT. */
imgcls_status index_fail(const struct imgcls_host *host, const struct imgcls_node *node,
                         int64_t index, int64_t dim);

/* GatherElements and ScatterElements: reads the axis; ranks must be equal, and indices no
 * larger than data outside the axis. */
imgcls_status index_shapes(const struct imgcls_host *host, const struct imgcls_node *node,
                           int32_t rank, const int64_t *in, int32_t index_rank,
                           const int64_t *indices, int32_t *axis);
/* Offset in data (row-major strides) of what entry i of indices points to along axis. */
int64_t index_offset(const struct imgcls_tensor *indices, const int64_t *strides,
                     int32_t axis, int64_t dim, int64_t i);

/* GatherND and ScatterND: adds to *offset where position i of `depth` indexes leads, in
 * dimensions dims with strides. */
imgcls_status index_position(const struct imgcls_host *host, const struct imgcls_node *node,
                             const struct imgcls_tensor *indices, int64_t i, int32_t depth,
                             const int64_t *dims, const int64_t *strides, int64_t *offset);

#endif

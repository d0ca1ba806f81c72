/*
 * plugins/ops/shape/strided.h - copying a box of elements from one set of strides to
 * another
 *
 * Transpose, Slice, Concat, Split, Expand, Tile and others are this copy with different
 * strides. Dimensions are ordered and joined first, so that the inner loop is as long and
 * as even as it can be; where source and target run along different dimensions, both are
 * walked in square tiles, so that neither jumps at every step.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_SHAPE_STRIDED_H
#define OPS_SHAPE_STRIDED_H

#include "plugins/ops/op.h"

#define STRIDED_RANK (2 * IMGCLS_MAX_RANK)

/* A box: dims, and for each how far apart neighbours are, in elements (0 repeats the
 * source, negative runs backwards). to and from point to the elements at index 0. */
struct strided {
    int32_t rank;
    int64_t dims[STRIDED_RANK], to_strides[STRIDED_RANK], from_strides[STRIDED_RANK];
    size_t size; /* of an element in bytes: 1, 2, 4, 8 or 16 */
    char *to;
    const char *from;
};

/* True of a piece that the host has put where it belongs (imgcls_op.piece). */
static inline bool strided_is_in_place(const struct strided *box)
{
    return box->from == box->to;
}

/* Copies; box is changed. Large ones on several threads. */
void strided_copy(const struct imgcls_host *host, const struct imgcls_run *run,
                  struct strided *box);

/* Writes `count` elements that all equal the one at `value`. */
void strided_fill(void *to, size_t size, int64_t count, const void *value);

/* Row-major strides of dims. */
void strided_row_major(int32_t rank, const int64_t *dims, int64_t *strides);

#endif

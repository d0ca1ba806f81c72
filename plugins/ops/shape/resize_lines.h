/*
 * plugins/ops/shape/resize_lines.h - outputs of Resize, a line of them at a time
 *
 * Sums run in double, axis by axis from the last to the first, over the taps in rising order.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_SHAPE_RESIZE_LINES_H
#define OPS_SHAPE_RESIZE_LINES_H

#include "resize_taps.h"

struct resize {
    const struct resize_mode *mode;
    const struct resize_axis *axes;
    const struct imgcls_tensor *in;
    struct imgcls_tensor *out;
    /* A line of outputs runs along axis `last`, and along the one behind it where that is short
     * and taken over as it is (the channels of a picture): `inner` elements, else 1. */
    int32_t last;
    int64_t inner;
    bool plain; /* a line's outputs are taken over as they are */
};

/* Chooses what a line is: mode, and axes with filled taps, are set. */
void resize_lay_lines(struct resize *r, int32_t rank);
/* Outputs [begin, end); a body of parallel_for over a struct resize. */
void resize_range(void *argument, int64_t begin, int64_t end, int32_t thread);

#endif

/*
 * plugins/ops/shape/resize_taps.h - which inputs an output of Resize is made of, axis by
 * axis
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_SHAPE_RESIZE_TAPS_H
#define OPS_SHAPE_RESIZE_TAPS_H

#include "plugins/ops/op.h"

/* The node's attributes. */
struct resize_mode {
    bool nearest, linear, cubic; /* one of them */
    bool antialias, exclude_outside;
    bool crop;                     /* coordinates are tf_crop_and_resize */
    int32_t coordinates, rounding; /* resize_taps.c's own numbers */
    double cubic_a, extrapolation;
};

/* One axis. Output index i has taps indices[i * taps + k] of weight weights[i * taps + k];
 * weights add up to 1; unused taps have weight 0. A first index of -1 says that the output
 * is outside the cropped window and gets the extrapolation value. */
struct resize_axis {
    int64_t in_dim, out_dim;
    bool resized;  /* scales or sizes have an entry for it */
    double scale;  /* out_dim / in_dim, or as given, which need not be exactly that */
    double roi[2]; /* window of the input, 0..1 */
    int64_t stride, taps;
    int64_t *indices;
    double *weights;
};

imgcls_status resize_mode_of(const struct imgcls_host *host, const struct imgcls_node *node,
                             struct resize_mode *mode);
/* Sets taps of each axis. */
void resize_count_taps(const struct resize_mode *mode, int32_t rank,
                       struct resize_axis *axes);
/* Fills indices and weights, which have room for out_dim * taps. */
void resize_fill_taps(const struct resize_mode *mode, struct resize_axis *axis);

#endif

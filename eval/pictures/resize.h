/*
 * eval/pictures/resize.h - the sums of resizing, portable and vectorised twins
 *
 * Weights are integers and sums wrap, so that every order of adding gives the same bits.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_RESIZE_H
#define ICL_RESIZE_H

#include "config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ICL_WEIGHT_BITS 22 /* 32 - 8 for the pixel - 2 for overshoot */
#define ICL_WEIGHT_HALF (INT32_C(1) << (ICL_WEIGHT_BITS - 1))

/* Which source pixels make a target pixel, and how much of each, for a run of targets. */
struct icl_axis {
    int32_t (*window)[2]; /* own: first source pixel and count, for each target pixel */
    int32_t *weights;     /* own: `stride` for each target pixel, zero behind the last */
    size_t stride;        /* a multiple of 4 */
    int32_t count;        /* target pixels */
};

/* A run of rows that lie `pitch` bytes apart. */
struct icl_rows {
    const uint8_t *from;
    const uint8_t *end; /* the first byte behind the source that may not be read */
    size_t pitch;
    size_t channels; /* interleaved */
    uint8_t *to;
    size_t to_pitch;
    int32_t count;
};

/* Of each row: target x is the weighted sum of its window. */
typedef void icl_resize_row(const struct icl_axis *axis, const struct icl_rows *rows);
/* Bytes [0, bytes) of one target row from `count` rows, `pitch` apart. */
typedef void icl_resize_column(const uint8_t *from, size_t pitch, const int32_t *weights,
                               int32_t count, size_t bytes, uint8_t *to);

icl_resize_row icl_resize_row_portable;
icl_resize_column icl_resize_column_portable;
#ifdef BUILD_AVX2
icl_resize_row icl_resize_row_avx2;
icl_resize_column icl_resize_column_avx2;
#endif

static inline uint8_t icl_resize_clip(int32_t sum)
{
    int32_t level = sum >> ICL_WEIGHT_BITS; /* arithmetic: rounds down, negatives too */
    return (uint8_t)(level < 0 ? 0 : level > 255 ? 255 : level);
}

#endif

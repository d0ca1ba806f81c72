/*
 * eval/pictures/planes.h - interleaved bytes to normalised float32 planes
 *
 * ToTensor and Normalize of torchvision, each operation in float32: x / 255 where the recipe's
 * range is 1, then (x - mean) / std.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_PLANES_H
#define ICL_PLANES_H

#include "config.h"

#include <stddef.h>
#include <stdint.h>

/* One plane. */
struct icl_plane {
    float level[256]; /* what each byte becomes */
    float mean, std;
    int32_t range; /* 1 or 255 */
    size_t source; /* which of the interleaved bytes */
};

/* Fills in level from the rest. */
void icl_plane_levels(struct icl_plane *plane);

/* Pixels [from, pixels) of `channels` interleaved bytes each into planes that lie behind each
 * other, `pixels` floats each. */
void icl_planes_portable(const struct icl_plane *planes, const uint8_t *bytes, size_t channels,
                         size_t pixels, size_t from, float *to);
#ifdef BUILD_AVX2
/* The same for the first pixels; returns how many: 0 where its arithmetic would give other bits than
 * the levels for some byte. channels: 1 or 3. */
size_t icl_planes_avx2(const struct icl_plane *planes, const uint8_t *bytes, size_t channels,
                       size_t pixels, float *to);
#endif

#endif

/*
 * eval/pictures/planes.c - interleaved bytes to normalised float32 planes
 *
 * A byte has 256 values, so the arithmetic is done once per value and plane, and the bits are
 * those of doing it per pixel.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/pictures/planes.h"

void icl_plane_levels(struct icl_plane *plane)
{
    for (int byte = 0; byte < 256; byte++) {
        float x = (float)byte;
        if (plane->range == 1)
            x /= 255.0f;
        plane->level[byte] = (x - plane->mean) / plane->std;
    }
}

void icl_planes_portable(const struct icl_plane *planes, const uint8_t *bytes, size_t channels,
                         size_t pixels, size_t from, float *to)
{
    for (size_t c = 0; c < channels; c++) {
        const uint8_t *source = bytes + planes[c].source;
        for (size_t i = from; i < pixels; i++)
            to[c * pixels + i] = planes[c].level[source[i * channels]];
    }
}

/*
 * plugins/ops/image/bilinear.h - a plane read between its elements
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_IMAGE_BILINEAR_H
#define OPS_IMAGE_BILINEAR_H

#include <math.h>

#include "plugins/ops/element.h"

/* Element (y, x) of the plane that begins at `base`; outside is 0. */
static inline double bilinear_pixel(const struct imgcls_tensor *plane, int64_t base,
                                    int64_t height, int64_t width, int64_t y, int64_t x)
{
    if (y < 0 || y >= height || x < 0 || x >= width)
        return 0;
    return element_real(plane, base + y * width + x);
}

/* The value at (y, x), outside counting as 0; NaN and what is far outside give 0. */
static inline double bilinear(const struct imgcls_tensor *plane, int64_t base,
                              int64_t height, int64_t width, double y, double x)
{
    int64_t top, left;
    double ty, tx;
    if (!(y > -1 && y < (double)height && x > -1 && x < (double)width))
        return 0;
    top = (int64_t)floor(y);
    left = (int64_t)floor(x);
    ty = y - (double)top;
    tx = x - (double)left;
    return (1 - ty) * ((1 - tx) * bilinear_pixel(plane, base, height, width, top, left) +
                       tx * bilinear_pixel(plane, base, height, width, top, left + 1)) +
           ty * ((1 - tx) * bilinear_pixel(plane, base, height, width, top + 1, left) +
                 tx * bilinear_pixel(plane, base, height, width, top + 1, left + 1));
}

#endif

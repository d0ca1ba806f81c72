/*
 * eval/pictures/interpolate.c - resizing as OpenCV's and TensorFlow's users know it
 *
 * engine=opencv: cv2.resize on 8-bit pictures. nearest takes floor(x * scale). bilinear and
 * bicubic (a = -0.75) look at two and four pixels however much the picture shrinks, with
 * weights of 11 bits; bilinear rounds in OpenCV's two steps. area averages what a target
 * pixel covers, in float32, and is bilinear where the picture grows. Written from the
 * arithmetic of opencv/opencv: modules/imgproc/src/resize.cpp; builds of OpenCV that use a
 * vendor's library differ from it by a level here and there.
 *
 * engine=tf: tf.image.resize of version 2 with antialias=False: pixel centres at one half,
 * bilinear, bicubic (a = -0.5) or nearest in float32, rounded to whole levels at the end,
 * which TensorFlow leaves open.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/pictures/picture.h"

#include <math.h>
#include <stdlib.h>

#define CV_BITS 11 /* of a weight */
#define CV_ONE  (1 << CV_BITS)
#define TAPS    4

/* One target coordinate: the source pixels (kept within the picture) and their weights. */
struct tap {
    int32_t at[TAPS];
    float weight[TAPS];
    int32_t fixed[TAPS]; /* OpenCV's, of 11 bits */
};

static void cubic(float x, float a, float weight[4])
{
    weight[0] = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a;
    weight[1] = ((a + 2) * x - (a + 3)) * x * x + 1;
    weight[2] = ((a + 2) * (1 - x) - (a + 3)) * (1 - x) * (1 - x) + 1;
    weight[3] = 1.f - weight[0] - weight[1] - weight[2];
}

static int32_t within(int32_t at, int32_t from)
{
    return at < 0 ? 0 : at >= from ? from - 1 : at;
}

static struct tap *taps_of(const struct icl_resizing *how, int32_t from, int32_t to)
{
    struct tap *taps = calloc((size_t)to, sizeof *taps);
    double scale = (double)from / to;
    float a = how->engine == ICL_ENGINE_OPENCV ? -0.75f : -0.5f;
    for (int32_t i = 0; taps && i < to; i++) {
        float centre = (float)((i + 0.5) * scale - 0.5);
        int32_t first = (int32_t)floorf(centre), k;
        struct tap *tap = &taps[i];
        centre -= (float)first;
        if (how->filter == ICL_FILTER_NEAREST) {
            tap->at[0] =
                within(how->engine == ICL_ENGINE_OPENCV ? (int32_t)floor(i * scale)
                                                        : (int32_t)floor((i + 0.5) * scale),
                       from);
            tap->weight[0] = 1;
        } else if (how->filter == ICL_FILTER_BICUBIC) {
            cubic(centre, a, tap->weight);
            for (k = 0; k < 4; k++)
                tap->at[k] = within(first - 1 + k, from);
        } else {
            if (how->engine == ICL_ENGINE_OPENCV && (first < 0 || first >= from - 1))
                centre = 0; /* at the border OpenCV takes one pixel whole */
            tap->at[0] = within(first, from);
            tap->at[1] = within(first + 1, from);
            tap->weight[0] = 1 - centre;
            tap->weight[1] = centre;
        }
        for (k = 0; k < TAPS; k++)
            tap->fixed[k] = (int32_t)lrintf(tap->weight[k] * CV_ONE);
    }
    return taps;
}

static uint8_t to_level(double value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : lrint(value));
}

static uint8_t cv_level(const uint8_t *const rows[TAPS], const struct tap *x,
                        const struct tap *y, size_t step, size_t c, bool linear)
{
    int64_t sum = 0;
    int32_t across[TAPS], i, k;
    for (k = 0; k < (linear ? 2 : TAPS); k++) {
        across[k] = 0;
        for (i = 0; i < (linear ? 2 : TAPS); i++)
            across[k] += rows[k][(size_t)x->at[i] * step + c] * x->fixed[i];
    }
    if (linear) {
        int32_t level = (((y->fixed[0] * (across[0] >> 4)) >> 16) +
                         ((y->fixed[1] * (across[1] >> 4)) >> 16) + 2) >>
                        2;
        return (uint8_t)(level < 0 ? 0 : level > 255 ? 255 : level);
    }
    for (k = 0; k < TAPS; k++)
        sum += (int64_t)across[k] * y->fixed[k];
    sum = (sum + (1 << (2 * CV_BITS - 1))) >> (2 * CV_BITS);
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

static uint8_t float_level(const uint8_t *const rows[TAPS], const struct tap *x,
                           const struct tap *y, size_t step, size_t c)
{
    float sum = 0;
    for (int32_t k = 0; k < TAPS; k++) {
        float across = 0;
        for (int32_t i = 0; i < TAPS; i++)
            across += rows[k][(size_t)x->at[i] * step + c] * x->weight[i];
        sum += across * y->weight[k];
    }
    return to_level(sum);
}

/* OpenCV's area for a picture that shrinks: each source pixel by the share that is covered.
 */
static uint8_t area_level(const struct icl_picture *in, double left, double right,
                          double top, double bottom, size_t c)
{
    double sum = 0, all = (right - left) * (bottom - top);
    for (int32_t y = (int32_t)floor(top); y < bottom && y < in->height; y++) {
        double high = fmin(bottom, y + 1) - fmax(top, y);
        const uint8_t *row =
            in->pixels + (size_t)y * (size_t)in->width * (size_t)in->channels;
        for (int32_t x = (int32_t)floor(left); x < right && x < in->width; x++)
            sum += row[(size_t)x * (size_t)in->channels + c] * high *
                   (fmin(right, x + 1) - fmax(left, x));
    }
    return to_level(sum / all);
}

imgcls_status icl_picture_interpolate(struct imgcls_context *ctx,
                                      const struct icl_picture *in,
                                      const struct icl_resizing *given,
                                      struct icl_picture *out)
{
    struct icl_resizing how = *given;
    double across = (double)in->width / how.width, down = (double)in->height / how.height;
    bool area = how.filter == ICL_FILTER_AREA && across >= 1 && down >= 1;
    size_t step = (size_t)in->channels, pitch = (size_t)in->width * step;
    struct tap *xs, *ys;
    if (how.filter == ICL_FILTER_AREA && !area)
        how.filter = ICL_FILTER_BILINEAR;
    bool linear = how.filter == ICL_FILTER_BILINEAR;
    xs = taps_of(&how, in->width, how.width);
    ys = taps_of(&how, in->height, how.height);
    *out = (struct icl_picture){.width = how.part_width,
                                .height = how.part_height,
                                .channels = in->channels,
                                .orientation = in->orientation};
    out->pixels = malloc((size_t)how.part_width * (size_t)how.part_height * step);
    for (int32_t y = 0; xs && ys && out->pixels && y < how.part_height; y++) {
        const struct tap *tap = &ys[how.part_top + y];
        const uint8_t *rows[TAPS];
        uint8_t *to = out->pixels + (size_t)y * (size_t)how.part_width * step;
        for (int32_t k = 0; k < TAPS; k++)
            rows[k] = in->pixels + (size_t)tap->at[k] * pitch;
        for (int32_t x = 0; x < how.part_width; x++)
            for (size_t c = 0; c < step; c++, to++) {
                int32_t column = how.part_left + x;
                if (area)
                    *to = area_level(in, column * across, (column + 1) * across,
                                     (how.part_top + y) * down,
                                     (how.part_top + y + 1) * down, c);
                else if (how.engine == ICL_ENGINE_OPENCV &&
                         how.filter != ICL_FILTER_NEAREST)
                    *to = cv_level(rows, &xs[column], tap, step, c, linear);
                else
                    *to = float_level(rows, &xs[column], tap, step, c);
            }
    }
    free(xs);
    free(ys);
    if (xs && ys && out->pixels)
        return IMGCLS_OK;
    icl_picture_clear(out);
    return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory to resize to %d x %d pixels",
                    how.width, how.height);
}

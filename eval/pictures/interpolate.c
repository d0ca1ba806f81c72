/*
 * eval/pictures/interpolate.c - resizing as OpenCV's and TensorFlow's users know it
 *
 * engine=opencv: cv2.resize on 8-bit pictures. nearest takes floor(x * scale), the scale
 * being one over the target's share, whose rounding decides. bilinear and bicubic
 * (a = -0.75) look at two and four pixels however much the picture shrinks, with weights of
 * 11 bits; bilinear rounds in OpenCV's two steps. area averages what a target pixel covers,
 * in float32; where the picture grows along an axis it is bilinear with places of its own.
 * Written from the arithmetic of opencv/opencv: modules/imgproc/src/resize.cpp; builds of
 * OpenCV that use a vendor's library differ from it by a level here and there.
 *
 * engine=tf: tf.image.resize of version 2 with antialias=False: pixel centres at one half,
 * bilinear, bicubic (a = -0.5, at 1024 places, pixels outside left out) or nearest, all in
 * float32, rounded to whole levels at the end, which TensorFlow leaves open.
 *
 * tests/pictures/resize_peers.py compares with both.
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

#define TF_PLACES 1024 /* between two pixels, where a cubic's weights are taken */
#define TF_CUBIC  (-0.5)

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

/* An axis of the picture, and how its targets are placed. */
struct axis {
    enum icl_filter filter;
    bool across;   /* from left to right */
    bool covering; /* OpenCV's: bilinear as area has it where pictures grow */
    int32_t from, to;
};

static void cv_tap(struct tap *tap, const struct axis *axis, int32_t i)
{
    const int32_t from = axis->from;
    double share = (double)axis->to / from, scale = 1.0 / share;
    float centre = (float)((i + 0.5) * scale - 0.5);
    int32_t first = (int32_t)floorf(centre), k;
    centre -= (float)first;
    if (axis->covering) {
        first = (int32_t)floor(i * scale);
        centre = (float)((i + 1) - (first + 1) * share);
        centre = centre <= 0 ? 0 : centre - floorf(centre);
    }
    if (axis->filter == ICL_FILTER_NEAREST) {
        tap->at[0] = within((int32_t)floor(i * scale), from);
    } else if (axis->filter == ICL_FILTER_BICUBIC) {
        cubic(centre, -0.75f, tap->weight);
        for (k = 0; k < TAPS; k++)
            tap->at[k] = within(first - 1 + k, from);
    } else {
        if (axis->across && (first < 0 || first >= from - 1))
            centre = 0; /* at these borders one pixel counts whole, at others twice */
        tap->at[0] = within(first, from);
        tap->at[1] = within(first + 1, from);
        tap->weight[0] = 1 - centre;
        tap->weight[1] = centre;
    }
    for (k = 0; k < TAPS; k++)
        tap->fixed[k] = (int32_t)lrintf(tap->weight[k] * CV_ONE);
}

/* Keys' cubic of distance `place` / 1024 (near) and one more (far), a = -0.5. */
static float tf_near(int32_t place)
{
    double x = (double)place / TF_PLACES;
    return (float)(((TF_CUBIC + 2) * x - (TF_CUBIC + 3)) * x * x + 1);
}

static float tf_far(int32_t place)
{
    double x = (double)place / TF_PLACES + 1;
    return (float)(((TF_CUBIC * x - 5 * TF_CUBIC) * x + 8 * TF_CUBIC) * x - 4 * TF_CUBIC);
}

/* TensorFlow's target i of an axis; bilinear keeps its one weight in weight[1]. */
static void tf_tap(struct tap *tap, const struct axis *axis, int32_t i)
{
    const int32_t from = axis->from;
    float scale = (float)from / (float)axis->to, at = ((float)i + 0.5f) * scale;
    float centre = at - 0.5f, sum = 0;
    int32_t first = (int32_t)floorf(centre), k;
    centre -= (float)first;
    if (axis->filter == ICL_FILTER_NEAREST) {
        tap->at[0] = within((int32_t)floorf(at), from);
        return;
    }
    if (axis->filter == ICL_FILTER_BILINEAR) {
        tap->at[0] = within(first, from);
        tap->at[1] = within(centre > 0 ? first + 1 : first, from);
        tap->weight[1] = centre;
        return;
    }
    int32_t place = (int32_t)lrintf(centre * TF_PLACES);
    const float weight[TAPS] = {tf_far(place), tf_near(place), tf_near(TF_PLACES - place),
                                tf_far(TF_PLACES - place)};
    for (k = 0; k < TAPS; k++) {
        tap->at[k] = within(first - 1 + k, from);
        tap->weight[k] = tap->at[k] == first - 1 + k ? weight[k] : 0;
        sum += tap->weight[k];
    }
    for (k = 0; k < TAPS; k++)
        tap->weight[k] *= 1.0f / sum;
}

static struct tap *taps_of(enum icl_engine engine, const struct axis *axis)
{
    struct tap *taps = calloc((size_t)axis->to, sizeof *taps);
    for (int32_t i = 0; taps && i < axis->to; i++)
        if (engine == ICL_ENGINE_OPENCV)
            cv_tap(&taps[i], axis, i);
        else
            tf_tap(&taps[i], axis, i);
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

/* Down first, then across. */
static uint8_t tf_level(const uint8_t *const rows[TAPS], const struct tap *x,
                        const struct tap *y, size_t step, size_t c, bool linear)
{
    float down[TAPS], sum = 0;
    if (linear) {
        float corner[2][2];
        for (int32_t k = 0; k < 2; k++)
            for (int32_t i = 0; i < 2; i++)
                corner[k][i] = rows[k][(size_t)x->at[i] * step + c];
        for (int32_t k = 0; k < 2; k++)
            down[k] = corner[k][0] + (corner[k][1] - corner[k][0]) * x->weight[1];
        return to_level(down[0] + (down[1] - down[0]) * y->weight[1]);
    }
    for (int32_t i = 0; i < TAPS; i++) {
        down[i] = 0;
        for (int32_t k = 0; k < TAPS; k++)
            down[i] += rows[k][(size_t)x->at[i] * step + c] * y->weight[k];
    }
    for (int32_t i = 0; i < TAPS; i++)
        sum += down[i] * x->weight[i];
    return to_level(sum);
}

/* What a target pixel covers of an axis: a part of the pixel before `first`, all of
 * [first, past), and a part of the one at `past`; parts below a thousandth are left out. */
struct cover {
    int32_t first, past;
    float before, each, behind; /* 0: left out */
};

static struct cover cover_of(int32_t i, int32_t from, int32_t to)
{
    double scale = 1.0 / ((double)to / from), begin = i * scale, end = begin + scale;
    double width = fmin(scale, from - begin);
    struct cover cover = {(int32_t)ceil(begin), (int32_t)floor(end), 0, 0, 0};
    cover.past = cover.past > from - 1 ? from - 1 : cover.past;
    cover.first = cover.first > cover.past ? cover.past : cover.first;
    cover.each = (float)(1.0 / width);
    if (cover.first - begin > 1e-3)
        cover.before = (float)((cover.first - begin) / width);
    if (end - cover.past > 1e-3)
        cover.behind = (float)(fmin(fmin(end - cover.past, 1.0), width) / width);
    return cover;
}

static float area_row(const uint8_t *row, const struct cover *x, size_t step, size_t c)
{
    float sum = 0;
    if (x->before > 0)
        sum += row[(size_t)(x->first - 1) * step + c] * x->before;
    for (int32_t i = x->first; i < x->past; i++)
        sum += row[(size_t)i * step + c] * x->each;
    if (x->behind > 0)
        sum += row[(size_t)x->past * step + c] * x->behind;
    return sum;
}

/* OpenCV's area for a picture that shrinks: each source pixel by the share that is covered.
 */
static uint8_t area_level(const struct icl_picture *in, const struct cover *x,
                          const struct cover *y, size_t c)
{
    size_t step = (size_t)in->channels, pitch = (size_t)in->width * step;
    float sum = 0;
    if (y->before > 0)
        sum +=
            area_row(in->pixels + (size_t)(y->first - 1) * pitch, x, step, c) * y->before;
    for (int32_t i = y->first; i < y->past; i++)
        sum += area_row(in->pixels + (size_t)i * pitch, x, step, c) * y->each;
    if (y->behind > 0)
        sum += area_row(in->pixels + (size_t)y->past * pitch, x, step, c) * y->behind;
    return to_level(sum);
}

/* The same where a target covers whole pixels: a sum of integers, halved and halved again
 * with rounding up where it is of two by two. */
static uint8_t block_level(const struct icl_picture *in, int32_t x, int32_t y,
                           int32_t across, int32_t down, size_t c)
{
    size_t step = (size_t)in->channels, pitch = (size_t)in->width * step;
    const uint8_t *from = in->pixels + (size_t)y * (size_t)down * pitch +
                          (size_t)x * (size_t)across * step + c;
    int64_t sum = 0;
    for (int32_t k = 0; k < down; k++)
        for (int32_t i = 0; i < across; i++)
            sum += from[(size_t)k * pitch + (size_t)i * step];
    if (across == 2 && down == 2)
        return (uint8_t)((sum + 2) >> 2);
    return to_level((float)sum * (1.f / (float)(across * down)));
}

imgcls_status icl_picture_interpolate(struct imgcls_context *ctx,
                                      const struct icl_picture *in,
                                      const struct icl_resizing *given,
                                      struct icl_picture *out)
{
    struct icl_resizing how = *given;
    bool covering = how.filter == ICL_FILTER_AREA;
    bool area = covering && in->width >= how.width && in->height >= how.height;
    bool blocks = area && in->width % how.width == 0 && in->height % how.height == 0;
    size_t step = (size_t)in->channels, pitch = (size_t)in->width * step;
    struct tap *xs, *ys;
    if (covering)
        how.filter = ICL_FILTER_BILINEAR;
    bool linear = how.filter == ICL_FILTER_BILINEAR;
    xs = taps_of(how.engine,
                 &(struct axis){how.filter, true, covering, in->width, how.width});
    ys = taps_of(how.engine,
                 &(struct axis){how.filter, false, covering, in->height, how.height});
    *out = (struct icl_picture){.width = how.part_width,
                                .height = how.part_height,
                                .channels = in->channels,
                                .orientation = in->orientation};
    out->pixels = malloc((size_t)how.part_width * (size_t)how.part_height * step);
    for (int32_t y = 0; xs && ys && out->pixels && y < how.part_height; y++) {
        const int32_t line = how.part_top + y;
        const struct tap *tap = &ys[line];
        const struct cover over = cover_of(line, in->height, how.height);
        const uint8_t *rows[TAPS];
        uint8_t *to = out->pixels + (size_t)y * (size_t)how.part_width * step;
        for (int32_t k = 0; k < TAPS; k++)
            rows[k] = in->pixels + (size_t)tap->at[k] * pitch;
        for (int32_t x = 0; x < how.part_width; x++) {
            const int32_t column = how.part_left + x;
            const struct tap *at = &xs[column];
            const struct cover along = cover_of(column, in->width, how.width);
            for (size_t c = 0; c < step; c++, to++)
                if (blocks)
                    *to = block_level(in, column, line, in->width / how.width,
                                      in->height / how.height, c);
                else if (area)
                    *to = area_level(in, &along, &over, c);
                else if (how.filter == ICL_FILTER_NEAREST)
                    *to = rows[0][(size_t)at->at[0] * step + c];
                else if (how.engine == ICL_ENGINE_OPENCV)
                    *to = cv_level(rows, at, tap, step, c, linear);
                else
                    *to = tf_level(rows, at, tap, step, c, linear);
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

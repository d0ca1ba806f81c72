/*
 * eval/pictures/resize.c - resizing to the bit as Pillow's Image.resize does it
 *
 * The filter is widened by the shrink factor (antialias), its weights are normalised in
 * double and then held as integers of 22 fractional bits; each pass sums integers, adds one
 * half, shifts and clips. Rows first, then columns, with 8 bits in between; a pass whose
 * size does not change is left out. Described in python-pillow/Pillow:
 * src/libImaging/Resample.c; written anew from the arithmetic. Nearest is another way
 * (Geometry.c): the source coordinate is summed step by step in double, so the sum's own
 * rounding decides ties.
 *
 * Invariant: a window [first, first + count) lies within the source and has count >= 1.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/pictures/picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WEIGHT_BITS 22 /* 32 - 8 for the pixel - 2 for overshoot */
#define HALF        (INT32_C(1) << (WEIGHT_BITS - 1))
#define PI          3.14159265358979323846

/* ---- Filters, by distance in source pixels --------------------------------------------*/

static double box(double x)
{
    return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
}

static double bilinear(double x)
{
    x = fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

static double hamming(double x)
{
    x = fabs(x);
    if (x == 0.0)
        return 1.0;
    if (x >= 1.0)
        return 0.0;
    x *= PI;
    return sin(x) / x * (0.54 + 0.46 * cos(x));
}

/* Keys' cubic with a = -0.5, in Horner form: the order of operations is in the result. */
static double bicubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1.0)
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
    if (x < 2.0)
        return (((x - 5) * x + 8) * x - 4) * a;
    return 0.0;
}

static double sinc(double x)
{
    if (x == 0.0)
        return 1.0;
    x *= PI;
    return sin(x) / x;
}

static double lanczos(double x)
{
    return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0;
}

static const struct kernel {
    double (*weight)(double x);
    double support;
} kernels[] = {
    [ICL_FILTER_BOX] = {box, 0.5},         [ICL_FILTER_BILINEAR] = {bilinear, 1.0},
    [ICL_FILTER_BICUBIC] = {bicubic, 2.0}, [ICL_FILTER_HAMMING] = {hamming, 1.0},
    [ICL_FILTER_LANCZOS] = {lanczos, 3.0},
};

/* ---- Weights for one axis -------------------------------------------------------------*/

struct axis {
    int32_t (*window)[2]; /* own: first source pixel and count, for each target pixel */
    int32_t *weights;     /* own: `stride` for each target pixel */
    size_t stride;
};

static void clear_axis(struct axis *axis)
{
    free(axis->window);
    free(axis->weights);
}

static int32_t fixed(double weight)
{
    double scaled = weight * (1 << WEIGHT_BITS);
    return (int32_t)(weight < 0 ? -0.5 + scaled : 0.5 + scaled);
}

/* The source pixels under the filter centred on target pixel `at`, and their weights. */
static void place(struct axis *axis, const struct kernel *kernel, int32_t at, int32_t from,
                  double scale, double widened, double *weights)
{
    double support = kernel->support * widened, step = 1.0 / widened;
    double centre = (at + 0.5) * scale, sum = 0.0;
    int32_t first = (int32_t)(centre - support + 0.5);
    int32_t past = (int32_t)(centre + support + 0.5);
    first = first < 0 ? 0 : first;
    past = past > from ? from : past;
    int32_t count = past - first;
    for (int32_t i = 0; i < count; i++) {
        weights[i] = kernel->weight((i + first - centre + 0.5) * step);
        sum += weights[i];
    }
    int32_t *out = axis->weights + (size_t)at * axis->stride;
    for (int32_t i = 0; i < count; i++)
        out[i] = fixed(sum != 0.0 ? weights[i] / sum : weights[i]);
    axis->window[at][0] = first;
    axis->window[at][1] = count;
}

/* False where memory is out. Sizes are at most 2^28, so nothing here overflows double. */
static bool prepare_axis(struct axis *axis, const struct kernel *kernel, int32_t from,
                         int32_t to)
{
    double scale = (double)from / to, widened = scale < 1.0 ? 1.0 : scale;
    size_t cells, bytes;
    axis->stride = (size_t)ceil(kernel->support * widened) * 2 + 1;
    axis->window = calloc((size_t)to, sizeof *axis->window);
    if (!axis->window || !icl_mul_size(axis->stride, (size_t)to, &cells) ||
        !icl_mul_size(cells, sizeof *axis->weights, &bytes))
        return false;
    axis->weights = malloc(bytes);
    double *weights = malloc(axis->stride * sizeof *weights);
    bool ok = axis->weights && weights;
    for (int32_t at = 0; ok && at < to; at++)
        place(axis, kernel, at, from, scale, widened, weights);
    free(weights);
    return ok;
}

/* ---- Passes ---------------------------------------------------------------------------*/

static uint8_t clip(int32_t sum)
{
    int32_t level = sum >> WEIGHT_BITS; /* arithmetic: rounds down, negatives too */
    return (uint8_t)(level < 0 ? 0 : level > 255 ? 255 : level);
}

static void resize_rows(const struct axis *axis, const struct icl_picture *in,
                        struct icl_picture *out)
{
    size_t step = (size_t)in->channels;
    for (size_t y = 0; y < (size_t)out->height; y++) {
        const uint8_t *row = in->pixels + y * (size_t)in->width * step;
        uint8_t *to = out->pixels + y * (size_t)out->width * step;
        for (size_t x = 0; x < (size_t)out->width; x++) {
            const uint8_t *from = row + (size_t)axis->window[x][0] * step;
            const int32_t *weights = axis->weights + x * axis->stride;
            int32_t sum[3] = {HALF, HALF, HALF};
            for (int32_t i = 0; i < axis->window[x][1]; i++)
                for (size_t c = 0; c < step; c++)
                    sum[c] += *from++ * weights[i];
            for (size_t c = 0; c < step; c++)
                *to++ = clip(sum[c]);
        }
    }
}

/* Row by row over all columns at once: sums stay in integers, so the order is free. */
static bool resize_columns(const struct axis *axis, const struct icl_picture *in,
                           struct icl_picture *out)
{
    size_t row_bytes = (size_t)in->width * (size_t)in->channels;
    int32_t *sums = malloc(row_bytes * sizeof *sums);
    if (!sums)
        return false;
    for (size_t y = 0; y < (size_t)out->height; y++) {
        const uint8_t *from = in->pixels + (size_t)axis->window[y][0] * row_bytes;
        const int32_t *weights = axis->weights + y * axis->stride;
        uint8_t *to = out->pixels + y * row_bytes;
        for (size_t x = 0; x < row_bytes; x++)
            sums[x] = HALF;
        for (int32_t i = 0; i < axis->window[y][1]; i++, from += row_bytes)
            for (size_t x = 0; x < row_bytes; x++)
                sums[x] += from[x] * weights[i];
        for (size_t x = 0; x < row_bytes; x++)
            to[x] = clip(sums[x]);
    }
    free(sums);
    return true;
}

static bool allocate(struct icl_picture *picture, int32_t width, int32_t height,
                     int32_t channels)
{
    size_t pixels, bytes;
    *picture = (struct icl_picture){.width = width, .height = height, .channels = channels};
    if (!icl_mul_size((size_t)width, (size_t)height, &pixels) ||
        !icl_mul_size(pixels, (size_t)channels, &bytes))
        return false;
    picture->pixels = malloc(bytes);
    return picture->pixels != NULL;
}

/* One pass along one axis. On failure out is empty. */
static bool pass(const struct icl_picture *in, const struct kernel *kernel, bool columns,
                 int32_t to, struct icl_picture *out)
{
    struct axis axis = {0};
    bool ok =
        allocate(out, columns ? in->width : to, columns ? to : in->height, in->channels) &&
        prepare_axis(&axis, kernel, columns ? in->height : in->width, to);
    if (ok && columns)
        ok = resize_columns(&axis, in, out);
    else if (ok)
        resize_rows(&axis, in, out);
    clear_axis(&axis);
    if (!ok)
        icl_picture_clear(out);
    return ok;
}

static bool copy(const struct icl_picture *in, struct icl_picture *out)
{
    if (!allocate(out, in->width, in->height, in->channels))
        return false;
    memcpy(out->pixels, in->pixels,
           (size_t)in->width * (size_t)in->height * (size_t)in->channels);
    return true;
}

/* Source coordinate of each target pixel, summed step by step. */
static int32_t *nearest_of(int32_t from, int32_t to)
{
    int32_t *source = malloc((size_t)to * sizeof *source);
    double step = (double)from / to, at = step * 0.5;
    for (int32_t i = 0; source && i < to; i++, at += step)
        source[i] = at < from ? (int32_t)at : from - 1;
    return source;
}

static bool resize_nearest(const struct icl_picture *in, int32_t width, int32_t height,
                           struct icl_picture *out)
{
    int32_t *xs = nearest_of(in->width, width), *ys = nearest_of(in->height, height);
    bool ok = xs && ys && allocate(out, width, height, in->channels);
    size_t step = (size_t)in->channels;
    for (size_t y = 0; ok && y < (size_t)height; y++) {
        const uint8_t *row = in->pixels + (size_t)ys[y] * (size_t)in->width * step;
        uint8_t *to = out->pixels + y * (size_t)width * step;
        for (size_t x = 0; x < (size_t)width; x++)
            memcpy(to + x * step, row + (size_t)xs[x] * step, step);
    }
    free(xs);
    free(ys);
    return ok;
}

static bool resample(const struct icl_picture *in, int32_t width, int32_t height,
                     const struct kernel *kernel, struct icl_picture *out)
{
    if (width == in->width)
        return pass(in, kernel, true, height, out);
    if (height == in->height)
        return pass(in, kernel, false, width, out);
    struct icl_picture narrowed;
    if (!pass(in, kernel, false, width, &narrowed))
        return false;
    bool ok = pass(&narrowed, kernel, true, height, out);
    icl_picture_clear(&narrowed);
    return ok;
}

imgcls_status icl_picture_resize(struct imgcls_context *ctx, const struct icl_picture *in,
                                 int32_t width, int32_t height, enum icl_filter filter,
                                 struct icl_picture *out)
{
    bool ok;
    *out = (struct icl_picture){0};
    if (width < 1 || height < 1)
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "resize to %d x %d pixels", width, height);
    if (filter == ICL_FILTER_AREA)
        return icl_fail(ctx, IMGCLS_UNSUPPORTED,
                        "recipe: filter=area is OpenCV's and not available yet");
    if (width == in->width && height == in->height)
        ok = copy(in, out);
    else if (filter == ICL_FILTER_NEAREST)
        ok = resize_nearest(in, width, height, out);
    else
        ok = resample(in, width, height, &kernels[filter], out);
    if (!ok)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory to resize to %d x %d pixels",
                        width, height);
    out->orientation = in->orientation;
    return IMGCLS_OK;
}

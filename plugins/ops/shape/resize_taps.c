/*
 * plugins/ops/shape/resize_taps.c - see resize_taps.h
 *
 * Coordinates, filters and rounding as the specification of Resize (operator set 19) has
 * them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "resize_taps.h"

enum coordinates {
    HALF_PIXEL,
    HALF_PIXEL_SYMMETRIC,
    PYTORCH_HALF_PIXEL,
    ALIGN_CORNERS,
    ASYMMETRIC,
    TF_CROP_AND_RESIZE,
    TF_HALF_PIXEL_FOR_NN /* operator set 11 alone */
};
enum rounding { PREFER_FLOOR, PREFER_CEIL, FLOOR, CEIL };

static imgcls_status name_in(const struct imgcls_host *host, const struct imgcls_node *node,
                             const char *attr, const char *fallback,
                             const char *const *names, int32_t *out)
{
    const char *name = host->attr_string(host, node, attr, fallback);
    for (*out = 0; names[*out]; (*out)++)
        if (strcmp(names[*out], name) == 0)
            return IMGCLS_OK;
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%s '%s' is not known", attr, name);
}

imgcls_status resize_mode_of(const struct imgcls_host *host, const struct imgcls_node *node,
                             struct resize_mode *mode)
{
    static const char *const modes[] = {"nearest", "linear", "cubic", NULL};
    static const char *const coordinates[] = {
        "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel",   "align_corners",
        "asymmetric", "tf_crop_and_resize",   "tf_half_pixel_for_nn", NULL};
    static const char *const roundings[] = {"round_prefer_floor", "round_prefer_ceil",
                                            "floor", "ceil", NULL};
    int32_t kind;
    imgcls_status status = name_in(host, node, "mode", "nearest", modes, &kind);
    if (status == IMGCLS_OK)
        status = name_in(host, node, "coordinate_transformation_mode", "half_pixel",
                         coordinates, &mode->coordinates);
    if (status == IMGCLS_OK)
        status = name_in(host, node, "nearest_mode", "round_prefer_floor", roundings,
                         &mode->rounding);
    mode->nearest = kind == 0;
    mode->linear = kind == 1;
    mode->cubic = kind == 2;
    mode->crop = mode->coordinates == TF_CROP_AND_RESIZE;
    mode->antialias = host->attr_int(host, node, "antialias", 0) && !mode->nearest;
    mode->exclude_outside = host->attr_int(host, node, "exclude_outside", 0) != 0;
    mode->cubic_a = host->attr_float(host, node, "cubic_coeff_a", -0.75f);
    mode->extrapolation = host->attr_float(host, node, "extrapolation_value", 0);
    return status;
}

/* How much a filter is stretched: only antialiased shrinking does. */
static double stretch(const struct resize_mode *mode, const struct resize_axis *axis)
{
    return mode->antialias && axis->scale < 1 ? axis->scale : 1;
}

/* An axis on which every output index is its input index. */
static bool is_unchanged(const struct resize_mode *mode, const struct resize_axis *axis)
{
    return axis->scale == 1 && axis->in_dim == axis->out_dim && axis->roi[0] == 0 &&
           axis->roi[1] == 1 && mode->coordinates != TF_HALF_PIXEL_FOR_NN;
}

/* First tap, counted from the input index left of the coordinate. */
static int64_t first_tap(const struct resize_mode *mode, const struct resize_axis *axis)
{
    const double reach = (mode->cubic ? 2 : 1) / stretch(mode, axis);
    return (int64_t)floor(-reach) + 1;
}

void resize_count_taps(const struct resize_mode *mode, int32_t rank,
                       struct resize_axis *axes)
{
    int32_t d;
    for (d = 0; d < rank; d++)
        axes[d].taps = mode->nearest || is_unchanged(mode, &axes[d])
                           ? 1
                           : 2 - 2 * first_tap(mode, &axes[d]);
}

static double source_coordinate(const struct resize_mode *mode,
                                const struct resize_axis *axis, int64_t i)
{
    const double x = (double)i, scale = axis->scale;
    const double in = (double)axis->in_dim, out = (double)axis->out_dim;
    /* The length before it was cut to a whole number; the suite's cases want it here. */
    const double exact = scale * in;
    switch (mode->coordinates) {
    case HALF_PIXEL_SYMMETRIC:
        return in / 2 * (1 - out / exact) + (x + 0.5) / scale - 0.5;
    case PYTORCH_HALF_PIXEL:
        return out > 1 ? (x + 0.5) / scale - 0.5 : 0;
    case ALIGN_CORNERS:
        return exact != 1 ? x * (in - 1) / (exact - 1) : 0;
    case ASYMMETRIC:
        return x / scale;
    case TF_CROP_AND_RESIZE:
        if (out > 1)
            return axis->roi[0] * (in - 1) +
                   x * (axis->roi[1] - axis->roi[0]) * (in - 1) / (out - 1);
        return 0.5 * (axis->roi[0] + axis->roi[1]) * (in - 1);
    case TF_HALF_PIXEL_FOR_NN:
        return (x + 0.5) / scale;
    default:
        return (x + 0.5) / scale - 0.5;
    }
}

static double cubic(double x, double a)
{
    x = fabs(x);
    if (x <= 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

static int64_t clamp_index(double x, int64_t dim)
{
    return x < 0 ? 0 : x > (double)(dim - 1) ? dim - 1 : (int64_t)x;
}

static int64_t nearest_index(const struct resize_mode *mode, double x, int64_t dim)
{
    switch (mode->rounding) {
    case PREFER_FLOOR:
        return clamp_index(ceil(x - 0.5), dim);
    case PREFER_CEIL:
        return clamp_index(floor(x + 0.5), dim);
    case FLOOR:
        return clamp_index(floor(x), dim);
    default:
        return clamp_index(ceil(x), dim);
    }
}

void resize_fill_taps(const struct resize_mode *mode, struct resize_axis *axis)
{
    const double narrow = stretch(mode, axis);
    const int64_t first = first_tap(mode, axis);
    int64_t i, k;
    for (i = 0; i < axis->out_dim; i++) {
        int64_t *indices = axis->indices + i * axis->taps;
        double *weights = axis->weights + i * axis->taps;
        const double x =
            is_unchanged(mode, axis) ? (double)i : source_coordinate(mode, axis, i);
        const double left = floor(x);
        double sum = 0;
        weights[0] = 1;
        if (mode->crop && !(x >= 0 && x <= (double)(axis->in_dim - 1))) {
            for (k = 0; k < axis->taps; k++)
                indices[k] = -1;
            continue;
        }
        if (axis->taps == 1) {
            indices[0] = nearest_index(mode, x, axis->in_dim);
            continue;
        }
        for (k = 0; k < axis->taps; k++) {
            const double at = left + (double)(first + k), distance = (at - x) * narrow;
            weights[k] =
                mode->cubic ? cubic(distance, mode->cubic_a) : fmax(0, 1 - fabs(distance));
            if (mode->exclude_outside && (at < 0 || at > (double)(axis->in_dim - 1)))
                weights[k] = 0;
            indices[k] = clamp_index(at, axis->in_dim);
            sum += weights[k];
        }
        for (k = 0; k < axis->taps; k++)
            weights[k] /= sum;
    }
}

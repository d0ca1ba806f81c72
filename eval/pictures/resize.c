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
 * Only a part of the target may be wanted, and only the part of the source under it be
 * there: windows are worked out in whole pictures and then moved.
 *
 * Invariant: a window [first, first + count) lies within the source and has count >= 1.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/pictures/picture.h"
#include "eval/pictures/resize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846

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

/* The window's two constants are float32 in Pillow, and the sum's last bits show it. */
static double hamming(double x)
{
    x = fabs(x);
    if (x == 0.0)
        return 1.0;
    if (x >= 1.0)
        return 0.0;
    x *= PI;
    return sin(x) / x * ((double)0.54f + (double)0.46f * cos(x));
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

static void clear_axis(struct icl_axis *axis)
{
    free(axis->window);
    free(axis->weights);
}

static int32_t fixed(double weight)
{
    double scaled = weight * (1 << ICL_WEIGHT_BITS);
    return (int32_t)(weight < 0 ? -0.5 + scaled : 0.5 + scaled);
}

/* Source pixels [*first, *first + *count) lie under the filter centred on target `at`. */
static void window_of(const struct kernel *kernel, int32_t at, int32_t from, double scale,
                      double widened, int32_t *first, int32_t *count)
{
    double support = kernel->support * widened, centre = (at + 0.5) * scale;
    int32_t past = (int32_t)(centre + support + 0.5);
    *first = (int32_t)(centre - support + 0.5);
    *first = *first < 0 ? 0 : *first;
    past = past > from ? from : past;
    *count = past - *first;
}

/* The weights of target pixel `begin + i`. */
static void place(struct icl_axis *axis, const struct kernel *kernel, int32_t begin,
                  int32_t i, int32_t from, double scale, double widened, double *weights)
{
    double step = 1.0 / widened, centre = (begin + i + 0.5) * scale, sum = 0.0;
    int32_t first, count, k;
    window_of(kernel, begin + i, from, scale, widened, &first, &count);
    for (k = 0; k < count; k++) {
        weights[k] = kernel->weight((k + first - centre + 0.5) * step);
        sum += weights[k];
    }
    int32_t *out = axis->weights + (size_t)i * axis->stride;
    for (k = 0; k < count; k++)
        out[k] = fixed(sum != 0.0 ? weights[k] / sum : weights[k]);
    axis->window[i][0] = first;
    axis->window[i][1] = count;
}

/* Without antialias the filter keeps its own width, however much the picture shrinks. */
static double widened_of(double scale, bool antialias)
{
    return scale < 1.0 || !antialias ? 1.0 : scale;
}

/* Targets [begin, begin + count) of `to`. False where memory is out. Sizes are at most
 * 2^28, so nothing here overflows double. */
static bool prepare_axis(struct icl_axis *axis, const struct kernel *kernel, bool antialias,
                         int32_t from, int32_t to, int32_t begin, int32_t count)
{
    double scale = (double)from / to, widened = widened_of(scale, antialias);
    size_t cells;
    axis->count = count;
    axis->stride = ((size_t)ceil(kernel->support * widened) * 2 + 1 + 3) / 4 * 4;
    axis->window = calloc((size_t)count, sizeof *axis->window);
    if (!axis->window || !icl_mul_size(axis->stride, (size_t)count, &cells))
        return false;
    axis->weights = calloc(cells, sizeof *axis->weights);
    double *weights = malloc(axis->stride * sizeof *weights);
    bool ok = axis->weights && weights;
    for (int32_t i = 0; ok && i < count; i++)
        place(axis, kernel, begin, i, from, scale, widened, weights);
    free(weights);
    return ok;
}

void icl_resize_reach(enum icl_filter filter, bool antialias, int32_t from, int32_t to,
                      int32_t begin, int32_t count, int32_t *first, int32_t *past)
{
    double scale = (double)from / to;
    int32_t last, width;
    *first = begin;
    *past = begin + count;
    if (from == to)
        return;
    if (filter == ICL_FILTER_NEAREST || filter == ICL_FILTER_AREA) {
        /* one to spare on each side, for what summing steps rounds */
        *first = (int32_t)(begin * scale) - 1;
        *past = (int32_t)((begin + count) * scale) + 2;
    } else {
        const struct kernel *kernel = &kernels[filter];
        window_of(kernel, begin, from, scale, widened_of(scale, antialias), first, &width);
        window_of(kernel, begin + count - 1, from, scale, widened_of(scale, antialias),
                  &last, &width);
        *past = last + width;
    }
    *first = *first < 0 ? 0 : *first;
    *past = *past > from ? from : *past;
}

/* ---- Passes ---------------------------------------------------------------------------*/

static void sum_row(const struct icl_axis *axis, const uint8_t *row, size_t channels,
                    uint8_t *to)
{
    for (int32_t x = 0; x < axis->count; x++) {
        const uint8_t *from = row + (size_t)axis->window[x][0] * channels;
        const int32_t *weights = axis->weights + (size_t)x * axis->stride;
        int32_t sum[3] = {ICL_WEIGHT_HALF, ICL_WEIGHT_HALF, ICL_WEIGHT_HALF};
        for (int32_t i = 0; i < axis->window[x][1]; i++)
            for (size_t c = 0; c < channels; c++)
                sum[c] += *from++ * weights[i];
        for (size_t c = 0; c < channels; c++)
            *to++ = icl_resize_clip(sum[c]);
    }
}

void icl_resize_row_portable(const struct icl_axis *axis, const struct icl_rows *rows)
{
    for (int32_t y = 0; y < rows->count; y++)
        sum_row(axis, rows->from + (size_t)y * rows->pitch, rows->channels,
                rows->to + (size_t)y * rows->to_pitch);
}

#define COLUMN_BLOCK 256

void icl_resize_column_portable(const uint8_t *from, size_t pitch, const int32_t *weights,
                                int32_t count, size_t bytes, uint8_t *to)
{
    int32_t sums[COLUMN_BLOCK];
    for (size_t begin = 0; begin < bytes; begin += COLUMN_BLOCK) {
        size_t block = bytes - begin < COLUMN_BLOCK ? bytes - begin : COLUMN_BLOCK;
        const uint8_t *row = from + begin;
        for (size_t x = 0; x < block; x++)
            sums[x] = ICL_WEIGHT_HALF;
        for (int32_t i = 0; i < count; i++, row += pitch)
            for (size_t x = 0; x < block; x++)
                sums[x] += row[x] * weights[i];
        for (size_t x = 0; x < block; x++)
            to[begin + x] = icl_resize_clip(sums[x]);
    }
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

/* A resize on its way: what is there of the source, what is wanted of the target. */
struct task {
    const struct icl_picture *in;
    struct icl_resizing how;
    icl_resize_row *row;
    icl_resize_column *column;
};

/* Moves windows from the whole source into what is there of it. */
static void move_windows(struct icl_axis *axis, int32_t by)
{
    for (int32_t i = 0; i < axis->count; i++)
        axis->window[i][0] -= by;
}

/* Rows [first, past) of the whole source, at the target's width. */
static bool narrow(const struct task *task, const struct kernel *kernel, int32_t first,
                   int32_t past, struct icl_picture *out)
{
    const struct icl_picture *in = task->in;
    const struct icl_resizing *how = &task->how;
    size_t step = (size_t)in->channels, pitch = (size_t)in->width * step;
    struct icl_axis axis = {0};
    bool ok = allocate(out, how->part_width, past - first, in->channels) &&
              prepare_axis(&axis, kernel, how->antialias, how->from_width, how->width,
                           how->part_left, how->part_width);
    if (ok) {
        struct icl_rows rows = {.from = in->pixels + (size_t)(first - in->top) * pitch,
                                .end = in->pixels + pitch * (size_t)in->height,
                                .pitch = pitch,
                                .channels = step,
                                .to = out->pixels,
                                .to_pitch = (size_t)out->width * step,
                                .count = past - first};
        move_windows(&axis, in->left);
        task->row(&axis, &rows);
    }
    clear_axis(&axis);
    if (!ok)
        icl_picture_clear(out);
    return ok;
}

/* Target rows from `from`, whose row 0 is row `first` of the whole source and whose byte
 * `offset` is the first of the target's. */
static bool shorten(const struct task *task, const struct kernel *kernel,
                    const struct icl_picture *from, int32_t first, size_t offset,
                    struct icl_picture *out)
{
    const struct icl_resizing *how = &task->how;
    size_t step = (size_t)from->channels, pitch = (size_t)from->width * step;
    struct icl_axis axis = {0};
    bool ok = allocate(out, how->part_width, how->part_height, from->channels) &&
              prepare_axis(&axis, kernel, how->antialias, how->from_height, how->height,
                           how->part_top, how->part_height);
    size_t bytes = (size_t)how->part_width * step;
    for (int32_t y = 0; ok && y < how->part_height; y++)
        task->column(from->pixels + (size_t)(axis.window[y][0] - first) * pitch + offset,
                     pitch, axis.weights + (size_t)y * axis.stride, axis.window[y][1],
                     bytes, out->pixels + (size_t)y * bytes);
    clear_axis(&axis);
    if (!ok)
        icl_picture_clear(out);
    return ok;
}

static bool copy_part(const struct task *task, struct icl_picture *out)
{
    const struct icl_picture *in = task->in;
    const struct icl_resizing *how = &task->how;
    size_t step = (size_t)in->channels, bytes = (size_t)how->part_width * step;
    if (!allocate(out, how->part_width, how->part_height, in->channels))
        return false;
    for (int32_t y = 0; y < how->part_height; y++)
        memcpy(out->pixels + (size_t)y * bytes,
               in->pixels + ((size_t)(how->part_top + y - in->top) * (size_t)in->width +
                             (size_t)(how->part_left - in->left)) *
                                step,
               bytes);
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

static bool resize_nearest(const struct task *task, struct icl_picture *out)
{
    const struct icl_picture *in = task->in;
    const struct icl_resizing *how = &task->how;
    int32_t *xs = nearest_of(how->from_width, how->width);
    int32_t *ys = nearest_of(how->from_height, how->height);
    bool ok = xs && ys && allocate(out, how->part_width, how->part_height, in->channels);
    size_t step = (size_t)in->channels;
    for (int32_t y = 0; ok && y < how->part_height; y++) {
        const uint8_t *row = in->pixels + (size_t)(ys[how->part_top + y] - in->top) *
                                              (size_t)in->width * step;
        uint8_t *to = out->pixels + (size_t)y * (size_t)how->part_width * step;
        for (int32_t x = 0; x < how->part_width; x++)
            memcpy(to + (size_t)x * step,
                   row + (size_t)(xs[how->part_left + x] - in->left) * step, step);
    }
    free(xs);
    free(ys);
    return ok;
}

/* Whether rows are summed before columns, as Pillow does from version 13 on where that leaves less
 * to do; each pass rounds, so that the order shows. (Earlier versions never do.) Without antialias
 * there is no Pillow to agree with. */
static bool is_tall(const struct icl_resizing *how)
{
    int64_t lost_rows = (int64_t)how->from_height - how->height;
    return how->antialias && lost_rows > 0 &&
           lost_rows > 2 * ((int64_t)how->from_width - how->width);
}

/* Both passes, the vertical one first. */
static bool resample_tall(const struct task *task, const struct kernel *kernel,
                          struct icl_picture *out)
{
    const struct icl_picture *in = task->in;
    const struct icl_resizing *how = &task->how;
    size_t step = (size_t)in->channels, pitch = (size_t)in->width * step, bytes;
    struct icl_axis down = {0}, across = {0};
    struct icl_picture low = {0};
    int32_t first, past;
    bool ok;
    icl_resize_reach(how->filter, true, how->from_width, how->width, how->part_left,
                     how->part_width, &first, &past);
    bytes = (size_t)(past - first) * step;
    ok = allocate(&low, past - first, how->part_height, in->channels) &&
         allocate(out, how->part_width, how->part_height, in->channels) &&
         prepare_axis(&down, kernel, true, how->from_height, how->height, how->part_top,
                      how->part_height) &&
         prepare_axis(&across, kernel, true, how->from_width, how->width, how->part_left,
                      how->part_width);
    for (int32_t y = 0; ok && y < how->part_height; y++)
        task->column(in->pixels + (size_t)(down.window[y][0] - in->top) * pitch +
                         (size_t)(first - in->left) * step,
                     pitch, down.weights + (size_t)y * down.stride, down.window[y][1], bytes,
                     low.pixels + (size_t)y * bytes);
    if (ok) {
        struct icl_rows rows = {.from = low.pixels,
                                .end = low.pixels + bytes * (size_t)how->part_height,
                                .pitch = bytes,
                                .channels = step,
                                .to = out->pixels,
                                .to_pitch = (size_t)out->width * step,
                                .count = how->part_height};
        move_windows(&across, first);
        task->row(&across, &rows);
    }
    clear_axis(&down);
    clear_axis(&across);
    icl_picture_clear(&low);
    if (!ok)
        icl_picture_clear(out);
    return ok;
}

static bool resample(const struct task *task, const struct kernel *kernel,
                     struct icl_picture *out)
{
    const struct icl_picture *in = task->in;
    const struct icl_resizing *how = &task->how;
    struct icl_picture narrowed;
    int32_t first, past;
    bool ok;
    if (how->height == how->from_height)
        return narrow(task, kernel, how->part_top, how->part_top + how->part_height, out);
    if (how->width == how->from_width)
        return shorten(task, kernel, in, in->top,
                       (size_t)(how->part_left - in->left) * (size_t)in->channels, out);
    if (is_tall(how))
        return resample_tall(task, kernel, out);
    icl_resize_reach(how->filter, how->antialias, how->from_height, how->height,
                     how->part_top, how->part_height, &first, &past);
    if (!narrow(task, kernel, first, past, &narrowed))
        return false;
    ok = shorten(task, kernel, &narrowed, first, 0, out);
    icl_picture_clear(&narrowed);
    return ok;
}

imgcls_status icl_picture_resize_part(struct imgcls_context *ctx,
                                      const struct icl_picture *in,
                                      const struct icl_resizing *how,
                                      struct icl_picture *out)
{
    struct task task = {.in = in,
                        .how = *how,
                        .row = icl_resize_row_portable,
                        .column = icl_resize_column_portable};
    bool ok;
    *out = (struct icl_picture){0};
#ifdef BUILD_AVX2
    if (ctx->isa & IMGCLS_ISA_AVX2) {
        task.row = icl_resize_row_avx2;
        task.column = icl_resize_column_avx2;
    }
#endif
    if (how->width < 1 || how->height < 1)
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "resize to %d x %d pixels", how->width,
                        how->height);
    if (how->width == how->from_width && how->height == how->from_height)
        ok = copy_part(&task, out);
    else if (how->filter == ICL_FILTER_NEAREST)
        ok = resize_nearest(&task, out);
    else
        ok = resample(&task, &kernels[how->filter], out);
    if (!ok)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory to resize to %d x %d pixels",
                        how->width, how->height);
    out->orientation = in->orientation;
    return IMGCLS_OK;
}

imgcls_status icl_picture_resize(struct imgcls_context *ctx, const struct icl_picture *in,
                                 int32_t width, int32_t height, enum icl_filter filter,
                                 struct icl_picture *out)
{
    struct icl_resizing how = {.from_width = in->width,
                               .from_height = in->height,
                               .width = width,
                               .height = height,
                               .filter = filter,
                               .antialias = true,
                               .part_width = width,
                               .part_height = height};
    if (filter == ICL_FILTER_AREA)
        return icl_fail(ctx, IMGCLS_UNSUPPORTED,
                        "recipe: filter=area is OpenCV's; engine=opencv has it");
    return icl_picture_resize_part(ctx, in, &how, out);
}

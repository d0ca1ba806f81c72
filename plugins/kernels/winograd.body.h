/*
 * plugins/kernels/winograd.body.h - transforms around the products, a vector of channels at a
 * time
 *
 * Included once a set and size of tile, after its lanes.*.h, with WINOGRAD (the kernel's name),
 * PRODUCT (the kernel that multiplies), PRODUCT_GRID(job) and PANEL (width of its panels, 0:
 * plain), and OUT (outputs of a tile a side), SIZE (weights a side), STRIDE and NAME(function)
 * defined; undefines WINOGRAD, OUT, SIZE, STRIDE and NAME. The tiles of a block are transformed into one
 * matrix [tile, channel] a point, multiplied, and transformed back while they are in cache.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <string.h>

#include "plugins/kernels/winograd.h"

#ifndef ALWAYS_INLINE
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#endif
#define IN            WINOGRAD_IN_OF(OUT, SIZE, STRIDE)
#define SIDE          WINOGRAD_SIDE(OUT, SIZE, STRIDE)
#define POINTS        (SIDE * SIDE)
#define DEPTH         WINOGRAD_DEPTH(STRIDE)
#define FLOATS_A_LINE 16
#define POINT_A       0.70710678f
#define POINT_B       1.41421356f

#if STRIDE == 2
/* B': five values, of which those at even places are 0, 2 and 4, to three points: 0, infinity and 1. */
ALWAYS_INLINE void NAME(into_points)(const lanes d[IN], lanes to[IN])
{
    to[0] = lanes_less(d[0], d[2]);
    to[1] = d[1];
    to[2] = lanes_less(d[4], d[2]);
    to[3] = d[3];
    to[4] = d[2];
}

/* A': three points to two outputs. */
ALWAYS_INLINE void NAME(out_of_points)(const lanes p[SIDE], lanes to[OUT])
{
    to[0] = lanes_add(p[0], p[2]);
    to[1] = lanes_add(p[1], p[2]);
}

#elif OUT + SIZE == 7
/* B': six values to six points. */
ALWAYS_INLINE void NAME(into_points)(const lanes d[IN], lanes to[IN])
{
    lanes even, odd;

    to[0] = lanes_fused(lanes_all(-2.5f), d[2], lanes_add(d[0], d[4]));
    even = lanes_fused(lanes_all(-2), d[2], d[4]);
    odd = lanes_fused(lanes_all(-2), d[1], d[3]);
    to[1] = lanes_fused(lanes_all(POINT_A), odd, even);
    to[2] = lanes_fused(lanes_all(-POINT_A), odd, even);
    even = lanes_fused(lanes_all(-0.5f), d[2], d[4]);
    odd = lanes_fused(lanes_all(-0.5f), d[1], d[3]);
    to[3] = lanes_fused(lanes_all(POINT_B), odd, even);
    to[4] = lanes_fused(lanes_all(-POINT_B), odd, even);
    to[5] = lanes_fused(lanes_all(-2.5f), d[3], lanes_add(d[1], d[5]));
}

#if OUT == 4
/* A': six points to four outputs. */
ALWAYS_INLINE void NAME(out_of_points)(const lanes p[IN], lanes to[OUT])
{
    lanes sum_a = lanes_add(p[1], p[2]), difference_a = lanes_less(p[1], p[2]);
    lanes sum_b = lanes_add(p[3], p[4]), difference_b = lanes_less(p[3], p[4]);

    to[0] = lanes_add(lanes_add(p[0], sum_a), sum_b);
    to[1] = lanes_fused(lanes_all(POINT_A), difference_a,
                        lanes_times(lanes_all(POINT_B), difference_b));
    to[2] = lanes_fused(lanes_all(0.5f), sum_a, lanes_times(lanes_all(2), sum_b));
    to[3] = lanes_fused(lanes_all(0.5f * POINT_A), difference_a,
                        lanes_fused(lanes_all(2 * POINT_B), difference_b, p[5]));
}

#else
/* A': six points to two outputs. */
ALWAYS_INLINE void NAME(out_of_points)(const lanes p[IN], lanes to[OUT])
{
    to[0] = lanes_add(lanes_add(p[0], lanes_add(p[1], p[2])), lanes_add(p[3], p[4]));
    to[1] = lanes_fused(lanes_all(POINT_A), lanes_less(p[1], p[2]),
                        lanes_fused(lanes_all(POINT_B), lanes_less(p[3], p[4]), p[5]));
}
#endif

#else
/* B': four values to four points. */
ALWAYS_INLINE void NAME(into_points)(const lanes d[IN], lanes to[IN])
{
    to[0] = lanes_less(d[0], d[2]);
    to[1] = lanes_add(d[1], d[2]);
    to[2] = lanes_less(d[2], d[1]);
    to[3] = lanes_less(d[3], d[1]);
}

/* A': four points to two outputs. */
ALWAYS_INLINE void NAME(out_of_points)(const lanes p[IN], lanes to[OUT])
{
    to[0] = lanes_add(p[0], lanes_add(p[1], p[2]));
    to[1] = lanes_add(lanes_less(p[1], p[2]), p[3]);
}
#endif

static struct winograd_place NAME(place_of)(const struct winograd_job *job, int64_t tile)
{
    struct winograd_place place;

    place.x = tile % job->across * OUT;
    place.y = tile / job->across % job->down * OUT;
    place.image = tile / job->across / job->down;
    return place;
}

/* The pixels that a tile reads: (i, j) of those in [top, bottom) x [left, right), the others are
 * padding. */
struct NAME(pixels) {
    const float *first; /* (0, 0), which may lie outside */
    int64_t line, pixel;
    int top, bottom, left, right;
};

/* Whole vectors without a mask: where it costs nothing else, a masked store is microcode. */
ALWAYS_INLINE lanes NAME(load)(const float *from, const int full, lane_mask mask)
{
    return full ? lanes_load(from) : lanes_load_part(from, mask);
}

ALWAYS_INLINE void NAME(store)(float *to, const int full, lane_mask mask, lanes x)
{
    if (full)
        lanes_store(to, x);
    else
        lanes_store_part(to, mask, x);
}

static int NAME(bound)(int64_t value)
{
    return value < 0 ? 0 : value > IN ? IN : (int)value;
}

static struct NAME(pixels) NAME(find_pixels)(const struct winograd_job *job, int64_t tile)
{
    struct winograd_place place = NAME(place_of)(job, tile);
    int64_t height = job->window.in[1], width = job->window.in[2];
    int64_t y = STRIDE * place.y - job->window.pad[1], x = STRIDE * place.x - job->window.pad[2];
    struct NAME(pixels) pixels = {.pixel = job->window.channels};

    pixels.line = width * pixels.pixel;
    pixels.first = job->x + (place.image * height + y) * pixels.line + x * pixels.pixel;
    pixels.top = NAME(bound)(-y);
    pixels.bottom = NAME(bound)(height - y);
    pixels.left = NAME(bound)(-x);
    pixels.right = NAME(bound)(width - x);
    return pixels;
}

/* Asks for what the tile to the right reads beside this one's pixels. With few channels a pixel is a
 * few lines, which no hardware follows. Vectors of a whole line ask for the next of each pixel instead. */
#define FEW_CHANNELS 128

ALWAYS_INLINE void NAME(ask_for_windows)(const struct NAME(pixels) *pixels, int64_t c)
{
    const float *at = pixels->first + IN * pixels->pixel + c;
    int i, j;

#pragma GCC unroll 8
    for (i = 0; i < IN; i++)
#pragma GCC unroll 8
        for (j = 0; j < OUT * STRIDE; j++)
            __builtin_prefetch(at + i * pixels->line + j * pixels->pixel);
}

/* Where value (i, j) of a transformed window goes, channel 0. */
ALWAYS_INLINE float *NAME(value_at)(float *v, int64_t plane, int64_t channels, int i, int j)
{
    const struct winograd_part part = winograd_part(OUT, SIZE, STRIDE, i, j);

    return v + part.point * plane + part.at * channels;
}

/* Channels c.. of one tile. whole: no padding; full: a whole vector of channels. */
ALWAYS_INLINE void NAME(vector_in)(const struct NAME(pixels) *pixels, const int whole,
                                   const int full, int64_t c, lane_mask mask, float *v,
                                   int64_t plane)
{
    lanes half[IN][IN], from[IN], to[IN];
    int i, j;

    if (LANES < FLOATS_A_LINE && pixels->pixel <= FEW_CHANNELS)
        NAME(ask_for_windows)(pixels, c);
#pragma GCC unroll 8
    for (j = 0; j < IN; j++) {
#pragma GCC unroll 8
        for (i = 0; i < IN; i++) {
            const float *at = pixels->first + i * pixels->line + j * pixels->pixel + c;
            if (LANES == FLOATS_A_LINE)
                __builtin_prefetch(at + FLOATS_A_LINE);
            if (whole || (i >= pixels->top && i < pixels->bottom && j >= pixels->left &&
                          j < pixels->right))
                from[i] = NAME(load)(at, full, mask);
            else
                from[i] = lanes_zero();
        }
        NAME(into_points)(from, to);
#pragma GCC unroll 8
        for (i = 0; i < IN; i++)
            half[i][j] = to[i];
    }
#pragma GCC unroll 8
    for (i = 0; i < IN; i++) {
        NAME(into_points)(half[i], to);
#pragma GCC unroll 8
        for (j = 0; j < IN; j++) {
            float *at = NAME(value_at)(v, plane, pixels->pixel, i, j) + c;
            NAME(store)(at, full, mask, to[j]);
        }
    }
}

/* One tile into its row of each point's matrix. */
static void NAME(transform_in)(const struct winograd_job *job, int64_t tile, float *v,
                               int64_t plane)
{
    struct NAME(pixels) pixels = NAME(find_pixels)(job, tile);
    int64_t channels = job->window.channels, c;
    lane_mask all = lanes_below(LANES);

    if (pixels.top == 0 && pixels.left == 0 && pixels.bottom == IN && pixels.right == IN)
        for (c = 0; c + LANES <= channels; c += LANES)
            NAME(vector_in)(&pixels, 1, 1, c, all, v, plane);
    else
        for (c = 0; c + LANES <= channels; c += LANES)
            NAME(vector_in)(&pixels, 0, 1, c, all, v, plane);
    if (c < channels)
        NAME(vector_in)(&pixels, 0, 0, c, lanes_below(channels - c), v, plane);
}

/* Where outputs of a tile go, and how many of them are in the image. */
struct NAME(outputs) {
    int64_t first, line; /* pixels of y: output (0, 0), and from line to line */
    int rows, columns;
};

static struct NAME(outputs) NAME(find_outputs)(const struct winograd_job *job, int64_t tile)
{
    struct winograd_place place = NAME(place_of)(job, tile);
    int64_t height = job->window.out[1] - place.y, width = job->window.out[2] - place.x;
    struct NAME(outputs) outputs;

    outputs.line = job->window.out[2];
    outputs.first = (place.image * job->window.out[1] + place.y) * outputs.line + place.x;
    outputs.rows = height < OUT ? (int)height : OUT;
    outputs.columns = width < OUT ? (int)width : OUT;
    return outputs;
}

/* Asks for the next line of each output, which a store would wait for. */
ALWAYS_INLINE void NAME(ask_for_outputs)(const struct winograd_job *job,
                                         const struct NAME(outputs) *outputs, const int whole,
                                         int64_t m)
{
    const int rows = whole ? OUT : outputs->rows, columns = whole ? OUT : outputs->columns;
    const float *at = job->y + outputs->first * job->y_row + m + FLOATS_A_LINE;
    int i, j;

    for (i = 0; i < rows; i++)
        for (j = 0; j < columns; j++)
            __builtin_prefetch(at + (i * outputs->line + j) * job->y_row, 1);
}

/* Steps on outputs of channels m.. and into y. */
ALWAYS_INLINE void NAME(finish)(const struct winograd_job *job,
                                const struct NAME(outputs) *outputs, const int whole,
                                const int full, int64_t m, lane_mask mask, lanes y[OUT][OUT])
{
    const int rows = whole ? OUT : outputs->rows, columns = whole ? OUT : outputs->columns;
    int i, j;
    int32_t s;

    if (job->bias) {
        lanes bias = NAME(load)(job->bias + m, full, mask);
        for (i = 0; i < OUT; i++)
            for (j = 0; j < OUT; j++)
                y[i][j] = lanes_add(y[i][j], bias);
    }
    for (s = 0; s < job->step_count; s++) {
        const struct gemm_step *step = &job->steps[s];
        lanes other = lanes_zero();
        if (!step->operand) {
            lanes_pass(step, &y[0][0], OUT * OUT);
            continue;
        }
        if (step->kind == IMGCLS_EPILOGUE_BIAS)
            other = NAME(load)((const float *)step->operand + m, full, mask);
        for (i = 0; i < rows; i++)
            for (j = 0; j < columns; j++) {
                if (step->kind != IMGCLS_EPILOGUE_BIAS)
                    other = NAME(load)((const float *)step->operand + m +
                                           (outputs->first + i * outputs->line + j) *
                                               job->outputs,
                                       full, mask);
                y[i][j] = lanes_step(step, y[i][j], other);
            }
    }
    for (i = 0; i < rows; i++)
        for (j = 0; j < columns; j++) {
            float *to =
                job->y + (outputs->first + i * outputs->line + j) * job->y_row + m;
            NAME(store)(to, full, mask, y[i][j]);
        }
}

/* A line of a tile into y, by the end that most layers have: in registers. */
ALWAYS_INLINE void NAME(line_to_end)(const struct winograd_job *job,
                                     const struct NAME(outputs) *outputs,
                                     const struct gemm_end *end, const int whole,
                                     const int full, int64_t m, lane_mask mask, int i,
                                     const lanes y[OUT])
{
    const lanes bias = end->bias ? NAME(load)(end->bias + m, full, mask) : lanes_all(-0.0f);
    const int64_t first = outputs->first + i * outputs->line;
    const float *operand = end->operand ? end->operand + first * job->outputs + m : NULL;
    float *to = job->y + first * job->y_row + m;
    int j;

#pragma GCC unroll 8
    for (j = 0; j < OUT; j++, to += job->y_row) {
        lanes x = lanes_add(y[j], bias);
        if (!whole && j >= outputs->columns)
            break;
        if (operand)
            x = lanes_add(x, NAME(load)(operand + j * job->outputs, full, mask));
        NAME(store)(to, full, mask, lanes_at_most(lanes_at_least(x, end->low), end->high));
    }
}

/* Channels m.. of one tile. whole: all outputs are in the image; full: a whole vector; end: NULL
 * where steps are others. */
ALWAYS_INLINE void NAME(vector_out)(const struct winograd_job *job,
                                    const struct NAME(outputs) *outputs,
                                    const struct gemm_end *end, const int whole,
                                    const int full, int64_t m, lane_mask mask,
                                    const float *sums, int64_t plane)
{
    lanes half[OUT][SIDE], y[OUT][OUT], from[SIDE], to[OUT];
    int i, j;

    if (m % FLOATS_A_LINE == 0)
        NAME(ask_for_outputs)(job, outputs, whole, m);
#pragma GCC unroll 8
    for (j = 0; j < SIDE; j++) {
#pragma GCC unroll 8
        for (i = 0; i < SIDE; i++)
            from[i] = NAME(load)(sums + (i * SIDE + j) * plane + m, full, mask);
        NAME(out_of_points)(from, to);
#pragma GCC unroll 8
        for (i = 0; i < OUT; i++)
            half[i][j] = to[i];
    }
#pragma GCC unroll 8
    for (i = 0; i < OUT; i++) {
        if (!end) {
            NAME(out_of_points)(half[i], y[i]);
        } else if (whole || i < outputs->rows) {
            NAME(out_of_points)(half[i], to);
            NAME(line_to_end)(job, outputs, end, whole, full, m, mask, i, to);
        }
    }
    if (!end)
        NAME(finish)(job, outputs, whole, full, m, mask, y);
}

/* One tile's row of each point's sums into y. */
ALWAYS_INLINE void NAME(transform_out)(const struct winograd_job *job,
                                       const struct gemm_end *end, int64_t tile,
                                       const float *sums, int64_t plane)
{
    struct NAME(outputs) outputs = NAME(find_outputs)(job, tile);
    lane_mask all = lanes_below(LANES);
    int64_t m;

    if (outputs.rows == OUT && outputs.columns == OUT)
        for (m = 0; m + LANES <= job->outputs; m += LANES)
            NAME(vector_out)(job, &outputs, end, 1, 1, m, all, sums, plane);
    else
        for (m = 0; m + LANES <= job->outputs; m += LANES)
            NAME(vector_out)(job, &outputs, end, 0, 1, m, all, sums, plane);
    if (m < job->outputs)
        NAME(vector_out)(job, &outputs, end, 0, 0, m, lanes_below(job->outputs - m), sums, plane);
}

static void NAME(tiles_out)(const struct winograd_job *job, int64_t first, int64_t count,
                            const float *sums)
{
    const int64_t row = winograd_row(job), plane = winograd_plane(job);
    struct gemm_end end;
    int64_t t;

    if (winograd_ends(job, &end))
        for (t = 0; t < count; t++)
            NAME(transform_out)(job, &end, first + t, sums + t * row, plane);
    else
        for (t = 0; t < count; t++)
            NAME(transform_out)(job, NULL, first + t, sums + t * row, plane);
}

/* The matrices of points begin..end, which have one depth: [tiles, channels] by [channels, outputs],
 * with several matrices' channels behind one another where the depth is more than 1. */
static void NAME(multiply_alike)(const struct winograd_job *job, int64_t tiles, int64_t begin,
                                 int64_t end, const float *v, float *sums, void *workspace)
{
    const struct winograd_part part = winograd_part_of_point(OUT, SIZE, STRIDE, begin);
    const int64_t channels = job->window.channels;
    struct gemm_job product = {.m = tiles, .n = job->outputs, .k = part.depth * channels,
                               .k_block = WINOGRAD_K_BLOCK(channels)};

    product.batch_rank = 1;
    product.batch_dims[0] = end - begin;
    product.a_row = product.c_row = winograd_row(job);
    product.a_column = 1;
    product.a_size = product.c_step = winograd_plane(job);
    product.a = v + begin * product.a_size;
    product.a_step[0] = product.b_step[0] = 1;
    product.b = job->u + part.first * (PANEL ? gemm_packed_b_size(channels, product.n, PANEL)
                                             : channels * product.n);
    product.b_row = product.n;
    product.b_column = 1;
    product.b_size = product.k * product.n;
    product.b_packed = PANEL ? product.b : NULL;
    product.b_panel = PANEL;
    product.c = sums + begin * product.c_step;
    product.alpha = product.beta = 1;
    PRODUCT(&product, 0, PRODUCT_GRID(&product), workspace);
}

static void NAME(multiply_points)(const struct winograd_job *job, int64_t tiles, int64_t begin,
                                  int64_t end, const float *v, float *sums, void *workspace)
{
    for (; STRIDE > 1 && begin < end; begin++)
        NAME(multiply_alike)(job, tiles, begin, begin + 1, v, sums, workspace);
    if (STRIDE == 1)
        NAME(multiply_alike)(job, tiles, begin, end, v, sums, workspace);
}

/* Tiles begin..end of block `at` into v, or from sums into y. */
static void NAME(transform_tiles)(const struct winograd_job *job, int64_t at, int64_t begin,
                                  int64_t end, int is_in, float *v, const float *sums)
{
    const int64_t first = at * job->block, row = winograd_row(job), plane = winograd_plane(job);
    int64_t t;

    if (!is_in)
        NAME(tiles_out)(job, first + begin, end - begin, sums + begin * row);
    for (t = begin; t < end && is_in; t++)
        NAME(transform_in)(job, first + t, v + t * row, plane);
}

void WINOGRAD(const struct winograd_job *job, int64_t begin, int64_t end, void *workspace)
{
    const int64_t plane = winograd_plane(job);
    float *sums = job->phase == WINOGRAD_ALONE ? workspace : job->common;
    float *v = sums + winograd_ahead(job) * plane, *rest = v + POINTS * plane;

    switch (job->phase) {
    case WINOGRAD_ALONE:
        for (; begin < end; begin++) {
            int64_t count = winograd_tiles(job, begin);
            NAME(transform_tiles)(job, begin, 0, count, 1, v, sums);
            NAME(multiply_points)(job, count, 0, POINTS, v, sums, rest);
            NAME(transform_tiles)(job, begin, 0, count, 0, v, sums);
        }
        break;
    case WINOGRAD_MULTIPLY:
        NAME(multiply_points)(job, winograd_tiles(job, job->at), begin, end, v, sums,
                              (char *)workspace + ((char *)rest - (char *)sums));
        break;
    default:
        NAME(transform_tiles)(job, job->at, begin, end, job->phase == WINOGRAD_IN, v, sums);
    }
}

#undef IN
#undef SIDE
#undef POINTS
#undef DEPTH
#undef FEW_CHANNELS
#undef FLOATS_A_LINE
#undef POINT_A
#undef POINT_B
#undef WINOGRAD
#undef OUT
#undef SIZE
#undef STRIDE
#undef NAME

/*
 * plugins/kernels/winograd.c - blocks, workspace and weights of Winograd convolution
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/winograd.h"

#include <stdint.h>

/* How many tiles are transformed, multiplied and transformed back together: whole micro-tiles of
 * the product, at most so many of them, whose windows take at most BLOCK_FLOATS. */
struct block_limits {
    int64_t unit, units;
    int64_t halves; /* units with stride 2, whose rows are up to four times as deep and points few */
};

#define BLOCK_FLOATS (1024 * 1024)

/* Every block passes all weights, and a panel of them that comes from memory or L3 should arrive while
 * the one before it is used, at two micro-tiles or more (direct.body.h). Wide ones, where L2 has 1 MiB:
 * two are as quick as more, whose windows and sums come from further away. Narrow ones, where it has
 * 512 KiB: 256 channels of 56 x 56 took 107 GFLOP/s with 14 tiles and 157 with 72. */
static const struct block_limits wide = {14, 2, 4};
static const struct block_limits narrow = {6, 12, 8};

static const struct block_limits *limits_of(int64_t panel)
{
    return panel == DIRECT_COLUMNS_AVX512 ? &wide : &narrow;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int64_t winograd_row(const struct winograd_job *job)
{
    return direct_gathered_row(most(winograd_depth(job), job->outputs));
}

/* Early layers with few channels: what they lose grows in all that follows, and they gain less,
 * so they get small tiles, which lose half as much. With large ones from 32 channels up,
 * Inception v4 lost 9.1e-4 (4.9e-4 by direct sums), ResNet-50 2.1e-5 (1.5e-5). Large tiles all the
 * same where the loss stays small beside the gain: very large images; few channels to four times as
 * many (SqueezeNet's; sums of 16 to 64 products lose little). Not 64 channels to 64: ResNet-18's
 * four layers would take 1.2 ms each for 1.9, but ResNetV2-18 would be 2.01 times as far from
 * float64 as ONNX Runtime is. */
#define LARGE_IMAGE (96 * 96)

static int fits(const struct gemm_window *window, int64_t outputs)
{
    return window->kernel[0] == 1 && window->kernel[1] == window->kernel[2] &&
           (window->kernel[1] == 3 || (window->kernel[1] == 5 && window->stride[1] == 1)) &&
           (window->stride[1] == 1 || window->stride[1] == 2) &&
           window->stride[2] == window->stride[1] && window->dilation[1] == 1 &&
           window->dilation[2] == 1 && window->in[0] == 1 && window->out[0] == 1 &&
           window->pad[0] == 0 && window->channels <= 4096 && outputs <= 4096;
}

/* Tiles enough for the weights, which pass once for all of them, at most half of them beside the
 * image. Large tiles have 4 floats for each weight: on four of them (7 x 7 pixels) reading these
 * takes longer than small tiles' products, and ResNet-18 held 3.4 times its file. */
static int fills(const struct gemm_window *window, int64_t out)
{
    int64_t down = (window->out[1] + out - 1) / out, across = (window->out[2] + out - 1) / out;

    return down * across >= (out == 4 ? 9 : 4) && down * across * out * out <= 2 * window->out[1] * window->out[2];
}

static int bears_large(const struct gemm_window *window, int64_t outputs)
{
    int64_t channels = window->channels, pixels = window->out[1] * window->out[2];

    return channels >= 128 || (channels >= 64 && pixels >= LARGE_IMAGE) ||
           (channels >= 16 && outputs >= 4 * channels);
}

/* 5 x 5 weights, in tiles of 2 x 2 at the points of large tiles. Early layers have few channels (the
 * Inceptions' 48), and what was said of their errors holds here. */
static int bears_wide(const struct gemm_window *window, int64_t outputs)
{
    return window->channels >= 64 && outputs >= 64 && fills(window, 2);
}

/* Stride 2: 25 products for 36 and 2.8 times the file's weights, so neither many outputs beside the
 * image (7 x 7 in 16 tiles takes 1.05 to 1.2 times as long) nor few tiles for each pass over them. A
 * layer loses as much as by direct sums, but few channels gain least, and with its one of 64 Inception v4,
 * which magnifies whatever is rounded otherwise, came to 5.0e-4 (4.8e-4 without). */
#define HALVES_TILES 36

static int bears_halves(const struct gemm_window *window, int64_t outputs)
{
    int64_t tiles = (window->out[1] + 1) / 2 * ((window->out[2] + 1) / 2);

    return window->channels >= 96 && outputs >= 64 && tiles >= HALVES_TILES &&
           5 * 4 * tiles <= 6 * window->out[1] * window->out[2];
}

int64_t winograd_tile(const struct gemm_window *window, int64_t outputs)
{
    if (!fits(window, outputs))
        return 0;
    if (window->stride[1] == 2)
        return bears_halves(window, outputs) ? 2 : 0;
    if (window->kernel[1] == 5)
        return bears_wide(window, outputs) ? 2 : 0;
    if (outputs >= 64 && fills(window, 4) && bears_large(window, outputs))
        return 4;
    return outputs >= 32 && window->channels >= 32 && fills(window, 2) ? 2 : 0;
}

int64_t winograd_other_tile(const struct gemm_window *window, int64_t outputs)
{
    int64_t tile = winograd_tile(window, outputs);

    if (!fits(window, outputs))
        return 0;
    return window->kernel[1] == 5 || window->stride[1] == 2 ? 2 - tile : tile == 4 ? 2 : 4;
}

/* Five lines more: points do not meet in one cache set whatever the block. */
static int64_t plane_of(const struct winograd_job *job, int64_t block)
{
    return block * winograd_row(job) + 5 * 16;
}

int64_t winograd_plane(const struct winograd_job *job)
{
    return plane_of(job, job->block);
}

/* Matrices [channels, outputs] of weights. */
static int64_t matrices(const struct winograd_job *job)
{
    int64_t in = WINOGRAD_IN_OF(job->out, job->window.kernel[1], job->window.stride[1]);

    return in * in;
}

static int64_t most_tiles(const struct winograd_job *job)
{
    const struct block_limits *limits = limits_of(job->panel);
    int64_t units = BLOCK_FLOATS / (winograd_row(job) * winograd_points(job)) / limits->unit;

    units = least(units, job->window.stride[1] == 2 ? limits->halves : limits->units);
    return most(units, 1) * limits->unit;
}

int64_t winograd_grid(struct winograd_job *job, int32_t threads)
{
    int64_t unit = limits_of(job->panel)->unit, tiles, at_once, blocks;

    job->down = (job->window.out[1] + job->out - 1) / job->out;
    job->across = (job->window.out[2] + job->out - 1) / job->out;
    tiles = job->images * job->down * job->across;
    if (tiles == 0 || job->outputs == 0)
        return 0;
    at_once = most_tiles(job);
    blocks = (tiles + at_once - 1) / at_once;
    /* Every block passes all weights: cut for the threads, those of 512 channels would be read four
     * times for two of them. */
    job->together =
        threads > 1 && blocks < 2 * threads && threads <= winograd_points(job) / 2;
    if (threads > 1 && !job->together) /* as many for each thread */
        blocks = blocks < 2 * threads ? least(2 * threads, (tiles + 3) / 4)
                                      : (blocks + threads - 1) / threads * threads;
    job->block = (tiles + blocks - 1) / blocks;
    if (threads == 1 && job->block > unit) /* no more than `at_once`, which is a multiple */
        job->block = (job->block + unit - 1) / unit * unit;
    return (tiles + job->block - 1) / job->block;
}

int64_t winograd_tiles(const struct winograd_job *job, int64_t at)
{
    return least(job->images * job->down * job->across - at * job->block, job->block);
}

int winograd_ends(const struct winograd_job *job, struct gemm_end *end)
{
    int plain = gemm_ends(job->steps, job->step_count, job->bias != NULL, end);

    if (job->bias)
        end->bias = job->bias;
    return plain && !end->is_hardswish;
}

size_t winograd_workspace(const struct winograd_job *job, int32_t threads)
{
    int64_t planes;

    if (job->window.channels > INT32_MAX / 256 || job->outputs > INT32_MAX / 64)
        return 0;
    planes = winograd_points(job) * (threads > 1 ? 2 : 1) + 1;
    return (size_t)(planes * plane_of(job, most_tiles(job))) * sizeof(float) + direct_workspace();
}

int64_t winograd_weights_size(const struct winograd_job *job, int64_t panel)
{
    return matrices(job) * gemm_packed_b_size(job->window.channels, job->outputs, panel);
}

/* G: the weights as a polynomial at each point, over the product of the point's differences from
 * the others. One that ends in zeros is one of fewer weights. */
static void transform_large(const double w[5], int64_t size, double *to)
{
    double even = w[0] * WINOGRAD_A0 + w[2] * WINOGRAD_A2, odd = w[1] * WINOGRAD_A1;

    if (size == 5) {
        even += w[4] * WINOGRAD_A4;
        odd += w[3] * WINOGRAD_A3;
    }
    to[0] = w[0];
    to[1] = even + odd;
    to[2] = even - odd;
    even = w[0] * WINOGRAD_B0 + w[2] * WINOGRAD_B2;
    odd = w[1] * WINOGRAD_B1;
    if (size == 5) {
        even += w[4] * WINOGRAD_B4;
        odd += w[3] * WINOGRAD_B3;
    }
    to[3] = even + odd;
    to[4] = even - odd;
    to[5] = w[size - 1];
}

static void transform_small(const double w[5], int64_t size, double *to)
{
    double even = w[0] * 0.5 + w[2] * 0.5, odd = w[1] * 0.5;

    to[0] = w[0];
    to[1] = even + odd;
    to[2] = even - odd;
    to[3] = w[size - 1];
}

static void transform_halves(const double w[5], int64_t size, double *to)
{
    (void)size;
    to[0] = w[0];
    to[1] = to[3] = w[1];
    to[2] = w[2];
    to[4] = w[0] + w[2];
}

#define SIZE_MOST 5
#define IN_MOST   6

/* The weights of one channel to the points. */
static void transform_window(const float *w, int64_t out, int64_t size, int64_t stride,
                             float to[IN_MOST * IN_MOST])
{
    int64_t i, j, in = WINOGRAD_IN_OF(out, size, stride);
    void (*transform)(const double *, int64_t, double *) = stride == 2 ? transform_halves
                                                           : in == 6   ? transform_large
                                                                       : transform_small;
    double columns[SIZE_MOST][IN_MOST], row[SIZE_MOST], point[IN_MOST];

    for (j = 0; j < size; j++) {
        for (i = 0; i < size; i++)
            row[i] = (double)w[i * size + j];
        transform(row, size, columns[j]);
    }
    for (i = 0; i < in; i++) {
        for (j = 0; j < size; j++)
            row[j] = columns[j][i];
        transform(row, size, point);
        for (j = 0; j < in; j++)
            to[i * in + j] = (float)point[j];
    }
}

static void weights_to_panels(const float *w, int64_t channels, int64_t outputs, int64_t panel,
                              int64_t out, int64_t size, int64_t stride, float *u)
{
    int64_t floats = gemm_packed_b_size(channels, outputs, panel), first, c, m, i;
    const int64_t in = WINOGRAD_IN_OF(out, size, stride);

    for (first = 0; first < outputs; first += panel)
        for (c = 0; c < channels; c++)
            for (m = first; m < first + panel; m++) {
                float window[IN_MOST * IN_MOST] = {0};
                if (m < outputs)
                    transform_window(w + (m * channels + c) * size * size, out, size, stride, window);
                for (i = 0; i < in * in; i++) {
                    struct winograd_part part = winograd_part(out, size, stride, i / in, i % in);
                    u[part.first * floats + first * part.depth * channels +
                      (part.at * channels + c) * panel + (m - first)] = window[i];
                }
            }
}

void winograd4_f32_portable_weights(const float *w, int64_t channels, int64_t outputs,
                                    int64_t panel, float *u)
{
    weights_to_panels(w, channels, outputs, panel, 4, 3, 1, u);
}

void winograd2_f32_portable_weights(const float *w, int64_t channels, int64_t outputs,
                                    int64_t panel, float *u)
{
    weights_to_panels(w, channels, outputs, panel, 2, 3, 1, u);
}

void winograd2x5_f32_portable_weights(const float *w, int64_t channels, int64_t outputs,
                                      int64_t panel, float *u)
{
    weights_to_panels(w, channels, outputs, panel, 2, 5, 1, u);
}

void winograd2s2_f32_portable_weights(const float *w, int64_t channels, int64_t outputs,
                                      int64_t panel, float *u)
{
    weights_to_panels(w, channels, outputs, panel, 2, 3, 2, u);
}

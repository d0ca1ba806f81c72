/*
 * plugins/kernels/winograd.c - blocks, workspace and weights of Winograd convolution
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/winograd.h"

#include <math.h>
#include <stdint.h>

/* Transformed windows and sums of a block: where the weights are small they should stay in
 * L2; where they are large, more tiles have to share each pass over them. */
#define BLOCK_SMALL (96 * 1024) /* floats */
#define BLOCK_LARGE (2 * 1024 * 1024)
#define WEIGHTS_FEW (3 * 1024 * 1024) /* floats; about half of L3 */
#define BLOCK_UNIT  14 /* rows of the widest tile of the product */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t winograd_row(int64_t channels)
{
    return direct_gathered_row(channels);
}

int winograd_fits(const struct gemm_window *window, int64_t outputs)
{
    return window->kernel[0] == 1 && window->kernel[1] == 3 && window->kernel[2] == 3 &&
           window->stride[1] == 1 && window->stride[2] == 1 && window->dilation[1] == 1 &&
           window->dilation[2] == 1 && window->in[0] == 1 && window->out[0] == 1 &&
           window->pad[0] == 0 && window->channels <= 4096 && outputs <= 4096;
}

int winograd_pays(const struct gemm_window *window, int64_t outputs)
{
    int64_t down = (window->out[1] + WINOGRAD_OUT - 1) / WINOGRAD_OUT;
    int64_t across = (window->out[2] + WINOGRAD_OUT - 1) / WINOGRAD_OUT;

    return winograd_fits(window, outputs) && window->channels >= 32 && outputs >= 32 &&
           down * across >= 4 &&
           down * across * WINOGRAD_OUT * WINOGRAD_OUT <= 2 * window->out[1] * window->out[2];
}

/* Five lines more: points do not meet in one cache set whatever the block. */
int64_t winograd_plane(int64_t channels, int64_t block)
{
    return block * winograd_row(channels) + 5 * 16;
}

static int64_t most_tiles(int64_t channels, int64_t outputs)
{
    int64_t both = winograd_row(channels) + winograd_row(outputs), room, most;

    room = channels * outputs * WINOGRAD_POINTS <= WEIGHTS_FEW ? BLOCK_SMALL : BLOCK_LARGE;
    most = room / (both * WINOGRAD_POINTS) / BLOCK_UNIT * BLOCK_UNIT;
    return most < BLOCK_UNIT ? BLOCK_UNIT : least(most, 9 * BLOCK_UNIT);
}

int64_t winograd_grid(struct winograd_job *job, int32_t threads)
{
    int64_t tiles, most, blocks;

    job->down = (job->window.out[1] + WINOGRAD_OUT - 1) / WINOGRAD_OUT;
    job->across = (job->window.out[2] + WINOGRAD_OUT - 1) / WINOGRAD_OUT;
    tiles = job->images * job->down * job->across;
    if (tiles == 0 || job->outputs == 0)
        return 0;
    most = most_tiles(job->window.channels, job->outputs);
    blocks = (tiles + most - 1) / most;
    if (threads > 1 && blocks < 2 * threads)
        blocks = least(2 * threads, (tiles + 3) / 4);
    job->block = (tiles + blocks - 1) / blocks;
    return (tiles + job->block - 1) / job->block;
}

size_t winograd_workspace(int64_t channels, int64_t outputs)
{
    int64_t most;

    if (channels > INT32_MAX / 64 || outputs > INT32_MAX / 64)
        return 0;
    most = most_tiles(channels, outputs);
    return (size_t)(WINOGRAD_POINTS *
                    (winograd_plane(channels, most) + winograd_plane(outputs, most))) *
               sizeof(float) +
           direct_workspace();
}

int64_t winograd_weights_size(int64_t channels, int64_t outputs, int64_t panel)
{
    return WINOGRAD_POINTS * gemm_packed_b_size(channels, outputs, panel);
}

/* G: the three weights as a polynomial at each point, over the product of the point's
 * differences from the others. */
static void transform_weights(const double w[3], double to[WINOGRAD_IN])
{
    const double a = M_SQRT1_2, b = M_SQRT2;
    /* 0: a^2 b^2 = 1. +-a: 2 a^2 (a^2 - b^2) = -3/2. +-b: 2 b^2 (b^2 - a^2) = 6. */
    to[0] = w[0];
    to[1] = (w[0] + a * w[1] + a * a * w[2]) / -1.5;
    to[2] = (w[0] - a * w[1] + a * a * w[2]) / -1.5;
    to[3] = (w[0] + b * w[1] + b * b * w[2]) / 6;
    to[4] = (w[0] - b * w[1] + b * b * w[2]) / 6;
    to[5] = w[2];
}

/* 3 x 3 weights of one channel to 36 points, `step` floats apart. */
static void transform_window(const float *w, float *to, int64_t step)
{
    double columns[3][WINOGRAD_IN], row[3], point[WINOGRAD_IN];
    int i, j;

    for (j = 0; j < 3; j++) {
        for (i = 0; i < 3; i++)
            row[i] = (double)w[i * 3 + j];
        transform_weights(row, columns[j]);
    }
    for (i = 0; i < WINOGRAD_IN; i++) {
        for (j = 0; j < 3; j++)
            row[j] = columns[j][i];
        transform_weights(row, point);
        for (j = 0; j < WINOGRAD_IN; j++)
            to[(i * WINOGRAD_IN + j) * step] = (float)point[j];
    }
}

void winograd_weights(const float *w, int64_t channels, int64_t outputs, int64_t panel,
                      float *u)
{
    int64_t size = gemm_packed_b_size(channels, outputs, panel), first, c, m, i;

    /* the columns of a panel last: they fill a line of each point's matrix at once */
    for (first = 0; first < outputs; first += panel)
        for (c = 0; c < channels; c++)
            for (m = first; m < first + panel; m++) {
                float *to = u + first * channels + c * panel + (m - first);
                if (m < outputs)
                    transform_window(w + (m * channels + c) * 9, to, size);
                else
                    for (i = 0; i < WINOGRAD_POINTS; i++)
                        to[i * size] = 0;
            }
}

/*
 * plugins/kernels/cl_first.h - convolution of channels-last images of very few channels:
 * the first layer of a network
 *
 * A line of such a kernel is a short run, so gathering windows for a product costs as much
 * as the product. Here the input rows of a few output rows are copied once with their
 * padding; after that every window lies at a fixed distance from its neighbour, and element
 * k of a window at a fixed offset from its beginning.
 *
 * Sums run as in gemm.h: k over (height, width, channel), channel fastest, blocks of
 * GEMM_K_BLOCK; padding takes part as zeros; then bias, then steps without operands. The
 * bits are those of gemm_f32_portable.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_CL_FIRST_H
#define KERNELS_CL_FIRST_H

#include <stddef.h>
#include <stdint.h>

#include "plugins/kernels/gemm.h"

#define CL_FIRST_PANEL    16 /* columns of a panel of weights */
#define CL_FIRST_CHANNELS 8  /* more are served as well by products */
#define CL_FIRST_K        1024
#define CL_FIRST_NEAR     32768 /* floats of weights that stay near while windows pass */

struct cl_first_job {
    int64_t images, channels, columns; /* columns: output channels */
    int64_t in[2], out[2], kernel[2], stride[2],
        pad[2]; /* height, width; pad: at the start */
    const float *x,
        *weights;      /* weights: panels of 16 columns, k-major, filled up with zeros */
    const float *bias; /* one a column, or NULL */
    float *y;
    int32_t step_count;
    struct gemm_step steps[GEMM_MAX_STEPS]; /* none with an operand */
    int64_t rows, units; /* set by cl_first_grid: output rows of a unit; units */
};

/* Cuts the output rows into units for so many threads; changes no bit. Returns their
 * number. */
int64_t cl_first_grid(struct cl_first_job *job, int32_t threads);
/* Bytes that one thread needs, aligned to 64; the same for every number of threads. */
size_t cl_first_workspace(const struct cl_first_job *job);

typedef void cl_first_kernel(const struct cl_first_job *job, int64_t begin, int64_t end,
                             void *workspace);

#define CL_FIRST_FAMILY(KERNEL)                                                            \
    WITH_AVX2(KERNEL(cl_first_f32_6x16_avx2, IMGCLS_ISA_AVX2))                             \
    WITH_AVX512(KERNEL(cl_first_f32_14x32_avx512, IMGCLS_ISA_AVX512))                      \
    WITH_NEON(KERNEL(cl_first_f32_6x16_neon, IMGCLS_ISA_NEON))

cl_first_kernel cl_first_f32_6x16_avx2, cl_first_f32_14x32_avx512, cl_first_f32_6x16_neon;

/* What the kernels and cl_first.c share: rows of a unit with padding, runs of k in them.
 */
#define CL_FIRST_ROWS 8 /* output rows of a unit, at most */
static inline int64_t cl_first_line(const struct cl_first_job *job)
{
    return ((job->out[1] - 1) * job->stride[1] + job->kernel[1]) * job->channels;
}
/* Elements of k that lie side by side in a window: parts of its lines, cut where a block of sums
 * ends. */
struct cl_first_run {
    int32_t offset, count; /* floats from the window's beginning */
    int32_t ends_block, last;
};
#define CL_FIRST_RUNS (CL_FIRST_K + 16) /* lines of one element, and ten cuts; whole cache lines */
/* There are as many as it takes, at most CL_FIRST_RUNS; k is at least 1. */
void cl_first_runs(const struct cl_first_job *job, struct cl_first_run *runs);
/* Positions of the tile that begins at *x of a row, or so early that it is whole, by a kernel with tiles
 * of `most` positions and of half of that: computing a position again costs less than a tile that
 * is mostly empty, whose sums wait for themselves. 1 where half a tile is too wide. */
static inline int64_t cl_first_positions(int64_t most, int64_t width, int64_t *x)
{
    int64_t half = most / 2;
    int64_t count = width < half ? 1 : width < most || width - *x <= half ? half : most;

    if (*x > width - count)
        *x = width - count;
    return count;
}
/* The input rows of output rows [row, row + count) of an image. */
void cl_first_pad(const struct cl_first_job *job, const float *image, int64_t row,
                  int64_t count, float *to);

#endif

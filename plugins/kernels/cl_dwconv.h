/*
 * plugins/kernels/cl_dwconv.h - depthwise convolution of channels-last images
 *
 * y[position, c] = finish(sum over taps of weights[tap, c] * x[window position, c]): vectors
 * run over channels, sums over the taps in (depth, height, width) order, in blocks of
 * GEMM_K_BLOCK as in gemm.h, so the bits are those of a product with one column a group.
 * Padding takes part as zeros.
 *
 * Steps are those of gemm.h; operands lie as y does, a BIAS as one of its pixels. Kernels
 * compute tiles [begin, end) of the grid, allocate nothing and check nothing; y overlaps no
 * operand.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_CL_DWCONV_H
#define KERNELS_CL_DWCONV_H

#include "plugins/kernels/gemm.h"
#include "plugins/kernels/sets.h"

struct cl_dwconv_job {
    struct gemm_window window; /* channels: of the image */
    int64_t images;
    const float *x;       /* [images, in..., channels], or some of the channels: */
    int64_t x_first, x_channels; /* these alone are there, and computed; 0 channels: all */
    const float *weights; /* [taps, channels] */
    const float *bias;    /* [channels], NULL: none */
    float *y;             /* [images, out..., channels] */
    int32_t step_count;
    struct gemm_step steps[GEMM_MAX_STEPS];

    /* Set by cl_dwconv_grid: a tile is `band` output rows (counted through images and depth)
     * of `slab` channels. */
    int64_t band, slab, bands, slabs;
};

/* Channels of a pixel of x. */
static inline int64_t cl_dwconv_x_channels(const struct cl_dwconv_job *job)
{
    return job->x_channels ? job->x_channels : job->window.channels;
}

/* Chooses tiles for so many threads and returns their number. Changes no bit. */
int64_t cl_dwconv_grid(struct cl_dwconv_job *job, int32_t threads);

struct cl_dwconv_tile {
    int64_t row_begin, row_end, channel_begin, channel_end;
};
struct cl_dwconv_tile cl_dwconv_tile_at(const struct cl_dwconv_job *job, int64_t index);

/* Zeros that stand for a pixel of the padding. */
#define CL_DWCONV_ZEROS 128
extern const float cl_dwconv_zeros[CL_DWCONV_ZEROS];

/* The line of the image that row (kz, ky) of the window of output row `row` meets; NULL where
 * that is padding. */
const float *cl_dwconv_line(const struct cl_dwconv_job *job, int64_t row, int64_t kz,
                            int64_t ky);

typedef void cl_dwconv_kernel(const struct cl_dwconv_job *job, int64_t begin, int64_t end);

#define CL_DWCONV_FAMILY(KERNEL)                                                           \
    KERNEL(cl_dwconv_f32_portable, 0)                                                      \
    WITH_AVX2(KERNEL(cl_dwconv_f32_avx2, IMGCLS_ISA_AVX2))                                 \
    WITH_AVX512(KERNEL(cl_dwconv_f32_avx512, IMGCLS_ISA_AVX2 | IMGCLS_ISA_AVX512))         \
    WITH_NEON(KERNEL(cl_dwconv_f32_neon, IMGCLS_ISA_NEON))

cl_dwconv_kernel cl_dwconv_f32_portable, cl_dwconv_f32_avx2, cl_dwconv_f32_avx512,
    cl_dwconv_f32_neon;

#endif

/*
 * plugins/kernels/cl_grouped.h - convolution of channels-last images in many groups of few
 * channels
 *
 * y[position, o] = finish(sum over (tap, c) of weights[o, tap, c] * x[window position, c of o's
 * group]). A vector of output channels holds as many whole groups as fit, or a part of one; each
 * lane meets the channel of its own group. Lines of the image are copied with their padding so
 * that what a vector multiplies lies side by side: channel c of all lanes' groups, or, where all
 * lanes are of one group, the one float that they share.
 *
 * Sums run as in gemm.h: k over (depth, height, width, channel of the group), channel fastest,
 * blocks of GEMM_K_BLOCK; padding takes part as zeros. The bits are those of gemm_f32_portable.
 * Steps are those of gemm.h; operands lie as y does, a BIAS as one of its pixels.
 *
 * Kernels compute tiles [begin, end) of the grid, allocate nothing and check nothing; y overlaps no
 * operand.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_CL_GROUPED_H
#define KERNELS_CL_GROUPED_H

#include "plugins/kernels/gemm.h"
#include "plugins/kernels/sets.h"

#define CL_GROUPED_LINES 32 /* most lines of a window, depth and height together */
#define CL_GROUPED_LANES 16 /* most lanes of a set */
#define CL_GROUPED_STRIP 8  /* outputs of a row that are computed together */

struct cl_grouped_job {
    struct gemm_window window;       /* channels: of a group */
    int64_t images, groups, outputs; /* outputs: channels of a group */
    const float *x;                  /* [images, in..., groups * channels] */
    const float *weights;            /* as cl_grouped_pack leaves them */
    const float *bias;               /* [groups * outputs], NULL: none */
    float *y;                        /* [images, out..., groups * outputs] */
    int32_t step_count;
    struct gemm_step steps[GEMM_MAX_STEPS];

    /* Set by cl_grouped_grid: a tile is one vector of output channels in `band` output rows
     * (counted through images and depth); `piece` outputs of a row are computed at a time. */
    int64_t band, bands, vectors, piece;
};

/* What a vector of so many lanes is of. */
struct cl_grouped_vector {
    int64_t y_channel, outputs; /* first output channel, and how many */
    int64_t x_channel, inputs;  /* likewise of input channels */
};

/* Whole groups that share a vector of so many lanes; 1 where a group fills one or more. */
int64_t cl_grouped_together(const struct cl_grouped_job *job, int64_t lanes);
struct cl_grouped_vector cl_grouped_vector_at(const struct cl_grouped_job *job, int64_t lanes,
                                              int64_t index);

/* Floats of packed weights; negative where they cannot be counted. */
int64_t cl_grouped_weights(const struct cl_grouped_job *job, int64_t lanes);
/* From [groups * outputs, channels, taps] to [vectors, taps, channels, lanes], zeros in idle
 * lanes. */
void cl_grouped_pack(const struct cl_grouped_job *job, int64_t lanes, const float *from,
                     float *to);

/* Bytes that one thread needs, aligned to 64; 0: windows are too large for this. */
size_t cl_grouped_workspace(const struct cl_grouped_job *job, int64_t lanes);

/* Chooses tiles for so many threads and returns their number. Changes no bit. */
int64_t cl_grouped_grid(struct cl_grouped_job *job, int64_t lanes, int32_t threads);

/* For the kernels. Outputs of a row that are computed at a time, whole strips; pixels of a line
 * that they and the last strip's idle outputs meet; the line that row (kz, ky) of the window of
 * output row `row` meets, counted through images and depth, -1 where that is padding. */
int64_t cl_grouped_piece(const struct cl_grouped_job *job, int64_t lanes);
int64_t cl_grouped_pixels(const struct cl_grouped_job *job, int64_t piece);
int64_t cl_grouped_line(const struct cl_grouped_job *job, int64_t row, int64_t kz, int64_t ky);

typedef void cl_grouped_kernel(const struct cl_grouped_job *job, int64_t begin, int64_t end,
                               void *workspace);

/* name, set, lanes */
#define CL_GROUPED_FAMILY(KERNEL)                                                          \
    WITH_AVX2(KERNEL(cl_grouped_f32_avx2, IMGCLS_ISA_AVX2, 8))                             \
    WITH_AVX512(KERNEL(cl_grouped_f32_avx512, IMGCLS_ISA_AVX2 | IMGCLS_ISA_AVX512, 16))    \
    WITH_NEON(KERNEL(cl_grouped_f32_neon, IMGCLS_ISA_NEON, 4))

cl_grouped_kernel cl_grouped_f32_avx2, cl_grouped_f32_avx512, cl_grouped_f32_neon;

#endif

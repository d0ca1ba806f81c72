/*
 * plugins/kernels/winograd.h - 3 x 3 and 5 x 5 convolution of channels-last images in tiles of
 * 4 x 4 or 2 x 2 outputs
 *
 * Y = A' [(G w G') * (B' d B)] A (Lavin and Gray, "Fast Algorithms for Convolutional Neural
 * Networks", 2015): each 6 x 6 window d of a channel and the weights are transformed, 36
 * products over channels take the place of 144, and each 6 x 6 sum becomes 4 x 4 outputs (with
 * tiles of 2 x 2: windows of 4 x 4, 16 products for 36, points 0, +-1 and infinity). The
 * points are 0, +-sqrt(1/2), +-sqrt(2) and infinity (Toom and Cook's construction): in
 * float32 they lose about half as much as 0, +-1, +-2 (measured: relative L2 of a layer of
 * 128 channels 6.3e-7 against 1.2e-6; the direct sum has 1.2e-7). 5 x 5 weights at the same six
 * points give 2 x 2 outputs, with 36 products for 100.
 *
 * With stride 2 an output is a sum of two weights over values at even places and of one weight over those
 * at odd places. At points 0, 1 and infinity two outputs a, b of a line d are
 *     a = p0 + p1,  b = p1 + p2,  p1 = (w0 + w2) d2,
 *     p0 = w0 (d0 - d2) + w1 d1,  p2 = w2 (d4 - d2) + w1 d3:
 * what is summed over odd places joins a point's sum before it is transformed back. 2 x 2 outputs are
 * nine points of one, two or four matrices [channels, outputs] behind one another: 25 products for 36, with
 * nothing but single differences in the transforms.
 *
 * Transforms are fixed sequences of additions and fused multiply-adds on each channel by
 * itself, the products are jobs of gemm.h: the bits are the same for every instruction set,
 * number of threads, batch and block. They are not those of the direct sum.
 *
 * Kernels compute blocks [begin, end) of tiles, allocate nothing and check nothing.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_WINOGRAD_H
#define KERNELS_WINOGRAD_H

#include "plugins/kernels/direct.h"
#include "plugins/kernels/end.h"
#include "plugins/kernels/sets.h"

/* Of a tile with so many outputs a side, by weights of so many: values and weights a side before and
 * behind their transforms; points a side; matrices that a point has at most. */
#define WINOGRAD_IN_OF(out, size, stride) ((stride)*((out)-1) + (size))
#define WINOGRAD_SIDE(out, size, stride)  ((stride) == 2 ? (out) + 1 : (out) + (size)-1)
#define WINOGRAD_DEPTH(stride)            ((stride) == 2 ? 4 : 1)

/* Where a transformed value or weight belongs. */
struct winograd_part {
    int64_t point;
    int64_t first;     /* matrices of the points before */
    int64_t depth, at; /* matrices of this point, and which of them */
};

/* Value (i, j). With stride 2 values 2 i and 2 i + 1 of a side belong to point i, and the last to the
 * last alone. */
static inline struct winograd_part winograd_part(int64_t out, int64_t size, int64_t stride,
                                                 int64_t i, int64_t j)
{
    const int64_t side = WINOGRAD_SIDE(out, size, stride), y = i / stride, x = j / stride;
    const int64_t down = y == side - 1 ? 1 : stride, across = x == side - 1 ? 1 : stride;
    struct winograd_part part = {.point = y * side + x, .depth = down * across};

    part.first = y * stride * WINOGRAD_IN_OF(out, size, stride) + x * stride * down;
    part.at = i % stride * across + j % stride;
    return part;
}

static inline struct winograd_part winograd_part_of_point(int64_t out, int64_t size,
                                                          int64_t stride, int64_t point)
{
    const int64_t side = WINOGRAD_SIDE(out, size, stride);

    return winograd_part(out, size, stride, point / side * stride, point % side * stride);
}

/* Rounding within the products is what the transform back magnifies, so their blocks of k are
 * short: 4.8e-7 with 96, 3.6e-7 with 32, 2.9e-7 with 16 (64 channels, simulated). Early layers
 * have few channels, and their errors grow in all that follows (ResNet-50: 2.1e-5 with 96,
 * 1.95e-5 with 32, 1.73e-5 with 16). From 128 channels on, where all of k in 96s takes 4 % off a
 * whole VGG-16, it is the difference of 1.47e-5 and 1.51e-5. */
#define WINOGRAD_K_BLOCK(channels) \
    ((channels) <= 64 ? 16 : (channels) < 128 ? 32 : GEMM_K_BLOCK)

/* A block is one thread's from windows to outputs; or a phase of it is shared out. */
enum winograd_phase { WINOGRAD_ALONE, WINOGRAD_IN, WINOGRAD_MULTIPLY, WINOGRAD_OUT };

struct winograd_job {
    struct gemm_window window; /* 3 x 3 or 5 x 5, dilation 1, one plane; all channels */
    int64_t images, outputs;   /* outputs: channels of y */
    int64_t out;               /* outputs of a tile, a side: 2 or 4 */
    int64_t panel;             /* width of the kernel's panels, 0: plain */
    const float *x;            /* [images, in..., channels] */
    const float *u;            /* weights as the kernel's winograd_pack made them */
    const float *bias;         /* [outputs], NULL: none */
    float *y;                  /* [images, out..., outputs] */
    int64_t y_row;             /* floats from pixel to pixel of y; operands have `outputs` */
    int32_t step_count;
    struct gemm_step steps[GEMM_MAX_STEPS];

    /* Set by winograd_grid: tiles down and across an image, tiles of a block, and whether all
     * threads work on one block together, phase by phase. */
    int64_t down, across, block;
    int together;

    /* For that: the phase, its block, and a workspace of one thread that holds all threads' windows
     * and sums. */
    enum winograd_phase phase;
    int64_t at;
    float *common;
};

/* Fills `end`, the job's own bias included: [outputs], and an operand [images, out..., outputs];
 * false where the job ends otherwise, or in HardSwish. */
int winograd_ends(const struct winograd_job *job, struct gemm_end *end);

static inline int64_t winograd_points(const struct winograd_job *job)
{
    int64_t side = WINOGRAD_SIDE(job->out, job->window.kernel[1], job->window.stride[1]);

    return side * side;
}

/* Floats of a tile's row of a point. */
static inline int64_t winograd_depth(const struct winograd_job *job)
{
    return WINOGRAD_DEPTH(job->window.stride[1]) * job->window.channels;
}

/* Where a tile lies. */
struct winograd_place {
    int64_t image, y, x; /* y, x: of its first output */
};

/* Outputs of a tile, a side, with which the method fits and wins; 0: the direct sum does. 3 x 3
 * windows of stride 1 or 2 or 5 x 5 of stride 1, dilation 1, one plane; channels enough for the products to outweigh the
 * transforms; tiles enough, and not many of their outputs beside the image. A question of
 * one image's shape alone. */
int64_t winograd_tile(const struct gemm_window *window, int64_t outputs);
/* The other size, or the larger where the direct sum was chosen and that fits; 0: there is none. */
int64_t winograd_other_tile(const struct gemm_window *window, int64_t outputs);

/* Chooses blocks for so many threads and returns their number; a block is at most as large
 * as winograd_workspace allowed for. Changes no bit. */
int64_t winograd_grid(struct winograd_job *job, int32_t threads);
/* Tiles of block `at`. */
int64_t winograd_tiles(const struct winograd_job *job, int64_t at);

/* Bytes of workspace one thread of so many needs for any job of this window, tile, outputs and panel; 0
 * where that is past what size_t holds. */
size_t winograd_workspace(const struct winograd_job *job, int32_t threads);

/* Floats between neighbouring tiles and between points in the workspace, of windows and sums alike. */
int64_t winograd_row(const struct winograd_job *job);
int64_t winograd_plane(const struct winograd_job *job);

/* Planes from a point's sums to its windows. One: sums go where the windows of the point before were, which
 * are in the caches and read no more. Threads that share the points need all of them. */
static inline int64_t winograd_ahead(const struct winograd_job *job)
{
    return job->phase == WINOGRAD_ALONE ? 1 : winograd_points(job);
}

/* Floats that the job's transformed weights take in panels of so many columns (outputs: plain
 * matrices [channels, outputs]). */
int64_t winograd_weights_size(const struct winograd_job *job, int64_t panel);
/* w: [outputs, channels, size, size], to u. Transforms in double: a fixed sequence of products and
 * sums, the same bits for every instruction set. u: on a cache line, panels of whole lines
 * (portable: any). */
typedef void winograd_pack(const float *w, int64_t channels, int64_t outputs, int64_t panel,
                           float *u);

/* What the weights of powers 0 to 4 are multiplied by at +-sqrt(1/2), whose differences from the
 * other points multiply to -3/2, and at +-sqrt(2) (6). */
#define WINOGRAD_A0 (-2.0 / 3)
#define WINOGRAD_A1 (-2.0 / 3 * 0.70710678118654752440)
#define WINOGRAD_A2 (-1.0 / 3)
#define WINOGRAD_A3 (-1.0 / 3 * 0.70710678118654752440)
#define WINOGRAD_A4 (-1.0 / 6)
#define WINOGRAD_B0 (1.0 / 6)
#define WINOGRAD_B1 (1.41421356237309504880 / 6)
#define WINOGRAD_B2 (1.0 / 3)
#define WINOGRAD_B3 (1.41421356237309504880 / 3)
#define WINOGRAD_B4 (2.0 / 3)

/* Blocks begin..end, or a part of a phase of block job->at: its tiles, or its points. workspace: a
 * thread's own in any case. */
typedef void winograd_kernel(const struct winograd_job *job, int64_t begin, int64_t end,
                             void *workspace);

/* name (NAME_weights: its winograd_pack), set, outputs of a tile a side, weights a side, stride,
 * width of its panels (0: plain), multiply-adds of the direct sum a nanosecond */
#define WINOGRAD_FAMILY(KERNEL)                                                            \
    WINOGRAD_SET(KERNEL, portable, 0, 0, 1, 1, 1, 1)                                       \
    WITH_AVX2(                                                                             \
        WINOGRAD_SET(KERNEL, avx2, IMGCLS_ISA_AVX2, DIRECT_COLUMNS_AVX2, 100, 70, 80, 50)) \
    WITH_AVX512(WINOGRAD_SET(KERNEL, avx512, IMGCLS_ISA_AVX2 | IMGCLS_ISA_AVX512,          \
                             DIRECT_COLUMNS_AVX512, 120, 80, 90, 60))                      \
    WITH_NEON(                                                                             \
        WINOGRAD_SET(KERNEL, neon, IMGCLS_ISA_NEON, DIRECT_COLUMNS_NEON, 100, 70, 80, 50))
#define WINOGRAD_SET(KERNEL, SET, ISA, PANEL, RATE4, RATE2, RATE2X5, RATE2S2)              \
    KERNEL(winograd4_f32_##SET, ISA, 4, 3, 1, PANEL, RATE4)                                \
    KERNEL(winograd2_f32_##SET, ISA, 2, 3, 1, PANEL, RATE2)                                \
    KERNEL(winograd2x5_f32_##SET, ISA, 2, 5, 1, PANEL, RATE2X5)                            \
    KERNEL(winograd2s2_f32_##SET, ISA, 2, 3, 2, PANEL, RATE2S2)

winograd_kernel winograd4_f32_portable, winograd4_f32_avx2, winograd4_f32_avx512,
    winograd4_f32_neon;
winograd_kernel winograd2_f32_portable, winograd2_f32_avx2, winograd2_f32_avx512,
    winograd2_f32_neon;
winograd_kernel winograd2x5_f32_portable, winograd2x5_f32_avx2, winograd2x5_f32_avx512,
    winograd2x5_f32_neon;
winograd_kernel winograd2s2_f32_portable, winograd2s2_f32_avx2, winograd2s2_f32_avx512,
    winograd2s2_f32_neon;

winograd_pack winograd4_f32_portable_weights, winograd4_f32_avx2_weights,
    winograd4_f32_avx512_weights, winograd4_f32_neon_weights;
winograd_pack winograd2_f32_portable_weights, winograd2_f32_avx2_weights,
    winograd2_f32_avx512_weights, winograd2_f32_neon_weights;
winograd_pack winograd2x5_f32_portable_weights, winograd2x5_f32_avx2_weights,
    winograd2x5_f32_avx512_weights, winograd2x5_f32_neon_weights;
winograd_pack winograd2s2_f32_portable_weights, winograd2s2_f32_avx2_weights,
    winograd2s2_f32_avx512_weights, winograd2s2_f32_neon_weights;

#endif

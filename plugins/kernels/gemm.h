/*
 * plugins/kernels/gemm.h - one job for matrix products, fully connected layers,
 * convolutions
 *
 * C = finish(alpha * A B), for a batch of products. A is m x k, B is k x n, C is m x n with
 * rows c_row apart. The columns of B may be windows over an image (window is set): then C
 * is a convolution's output, rows are output channels, columns output positions, and k runs
 * over (kernel depth, height, width, input channel), channel fastest. Or the rows of A are
 * windows over channels-last images (a_window is set): then rows are output positions,
 * columns are output channels, and k runs in the same order.
 *
 * The order of every sum is fixed: k in blocks of GEMM_K_BLOCK, each block a chain of fused
 * multiply-adds from zero in rising k, block sums added in rising order; then alpha, bias,
 * and the steps in list order. Padding takes part as zeros. So every instruction set,
 * thread count and tiling gives the same bits.
 *
 * A kernel computes the tiles [begin, end) of a job's grid; tiles are independent. Kernels
 * allocate nothing, know no host and no threads: callers give each thread a workspace of
 * gemm_workspace() bytes, aligned to 64. Nothing here checks its arguments; plugins/ops/nn
 * does. C may overlap no operand.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_GEMM_H
#define KERNELS_GEMM_H

#include <stddef.h>
#include <stdint.h>

#include "plugins/kernels/sets.h"

/* Part of the meaning: bits depend on it. Shorter blocks sum more accurately: ResNet-50's relative
 * L2 against float64 is 1.76e-5 with 384, 1.56e-5 with 128, 1.48e-5 with 96, 1.41e-5 with 64. */
#define GEMM_K_BLOCK    96
#define GEMM_ROWS       6   /* of every vector tile: width of packed panels of A */
#define GEMM_COLUMNS    16  /* of every tile: width of packed panels of B */
#define GEMM_MAX_TILE_M 192 /* rows and columns of a tile whose operand is not packed */
#define GEMM_MAX_TILE_N 256
#define GEMM_MAX_STEPS  6
#define GEMM_MAX_BATCH  16

/* Columns of B as windows over an image: column o of the output grid, row (kernel position,
 * channel). The image of one product is `channels` planes of in[0] * in[1] * in[2]. Depth,
 * height, width; missing dimensions are 1. */
struct gemm_window {
    int64_t channels;
    int64_t in[3], out[3], kernel[3], stride[3], dilation[3],
        pad[3]; /* pad: at the start */
};

/* kind: IMGCLS_EPILOGUE_ of plugin.h; operand lies as C does, or, for a BIAS, as one of its
 * rows: one float a column of C for all rows of all products. */
struct gemm_step {
    int32_t kind;
    float a, b;
    const void *operand;
};

struct gemm_job {
    int64_t m, n, k;
    /* Elements of k in a block; 0: GEMM_K_BLOCK, the most there may be. Others than that are
     * for the direct kernels and the portable ones. */
    int64_t k_block;
    /* Products of the batch, in row-major order over batch_dims; the operand of each is the
     * sum of index * step-th matrix of size a_size, b_size, bias_size elements. */
    int32_t batch_rank;
    int64_t batch_dims[GEMM_MAX_BATCH];
    int64_t a_step[GEMM_MAX_BATCH], b_step[GEMM_MAX_BATCH], bias_step[GEMM_MAX_BATCH];
    int64_t batch; /* product of batch_dims; set by gemm_grid */

    const void *a;
    int64_t a_size, a_row, a_column;
    /* Element k of a row is at (k / a_run) * a_jump + (k % a_run) * a_column; a_run 0: k.
     */
    int64_t a_run, a_jump;
    /* Rows of A as windows over channels-last images, or NULL: row r is output position
     * r % (out[0] * out[1] * out[2]) of image r / that; k runs over (kernel position,
     * channel). a_row elements lie between pixels, a_image between images; a_size is the
     * step between groups. a_column is 1, a_run 0. */
    const struct gemm_window *a_window;
    int64_t a_image;
    const void *b;
    int64_t b_size, b_row, b_column;
    const struct gemm_window *window; /* NULL: B is a matrix */
    /* Whole operands packed beforehand, or NULL: panels of GEMM_ROWS rows (b_panel
     * columns), each k-major, the last filled up with zeros; matrices follow one another.
     */
    const float *a_packed, *b_packed;
    int64_t b_panel; /* 0: GEMM_COLUMNS; the kernel that reads b_packed decides */

    /* c_step 0: matrices follow one another, m * c_row apart; else that many elements, as
     * for groups of channels, whose columns stand side by side in each row. */
    void *c;
    int64_t c_row, c_step;

    float alpha, beta;                        /* alpha * AB + beta * bias */
    const void *bias;                         /* NULL: none */
    int64_t bias_size, bias_row, bias_column; /* 0 where the bias is repeated along it */
    int32_t step_count;
    struct gemm_step steps[GEMM_MAX_STEPS];

    int64_t tile_m, tile_n, tiles_m, tiles_n; /* set by gemm_grid */
};

/* Where a tile lies. */
struct gemm_tile {
    int64_t batch; /* product */
    int64_t m_begin, m_end, n_begin, n_end;
    int64_t a_index, b_index, bias_index; /* matrices of this product */
    int64_t c_begin;                      /* element of C where this product begins */
    int64_t c_column;                     /* and the column of C that this is */
};

/* Chooses tiles for so many threads (sets batch, tile_ and tiles_) and returns their
 * number. The choice never changes a bit of the result. */
int64_t gemm_grid(struct gemm_job *job, int32_t threads);
struct gemm_tile gemm_tile_at(const struct gemm_job *job, int64_t index);

/* Floats of all panels of one A or B matrix. */
int64_t gemm_packed_a_size(int64_t m, int64_t k);
int64_t gemm_packed_b_size(int64_t k, int64_t n, int64_t panel);
/* Pack matrix `index` of the job's A (B). to: as many floats as the functions above say. */
void gemm_pack_a(const struct gemm_job *job, int64_t index, float *to);
void gemm_pack_b(const struct gemm_job *job, int64_t index, float *to);

/* Places in the image, as pixels of image 0, 1, ... one after another, that kernel position
 * `tap` meets at `count` output positions from `row` on; -1 where that is padding. */
void gemm_window_pixels(const struct gemm_window *window, int64_t row, int64_t count,
                        int64_t tap, int64_t *pixels);

/* Offsets, within a plane, of the 16 positions that kernel position `tap` meets at columns
 * n.. of the grid; -1 where that is padding, or past `count` columns. */
void gemm_window_offsets(const struct gemm_window *window, int64_t n, int64_t count,
                         int64_t tap, int64_t offsets[GEMM_COLUMNS]);

/* Bytes of workspace one thread needs, for any kernel below. */
size_t gemm_workspace(void);

typedef void gemm_kernel(const struct gemm_job *job, int64_t begin, int64_t end,
                         void *workspace);

/* Every kernel of the family; a test goes through the list. Names: type, tile, set. */
#define GEMM_FAMILY(KERNEL)                                                                \
    KERNEL(gemm_f32_portable, 0)                                                           \
    WITH_AVX2(KERNEL(gemm_f32_6x16_avx2, IMGCLS_ISA_AVX2))                                 \
    WITH_NEON(KERNEL(gemm_f32_6x16_neon, IMGCLS_ISA_NEON))

gemm_kernel gemm_f32_portable;
gemm_kernel gemm_f64_portable;
gemm_kernel gemm_f32_6x16_avx2;
gemm_kernel gemm_f32_6x16_neon;

#endif

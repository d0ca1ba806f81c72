/*
 * plugins/kernels/strassen.h - products with one level of Strassen's recursion
 *
 * A, B and C are cut in four; seven products of sums of quarters take the place of eight
 * (Strassen, "Gaussian elimination is not optimal", 1969):
 *
 *   M1 = (A11 + A22) (B11 + B22)   M2 = (A21 + A22) B11   M3 = A11 (B12 - B22)
 *   M4 = A22 (B21 - B11)           M5 = (A11 + A12) B22   M6 = (A21 - A11) (B11 + B12)
 *   M7 = (A12 - A22) (B21 + B22)
 *   C11 = M1 + M4 - M5 + M7   C12 = M3 + M5   C21 = M2 + M4   C22 = M1 - M2 + M3 + M6
 *
 * The product is a job of gemm.h, with these conditions: one product (batch_rank 0); A row-major
 * (a_column 1, a_run 0) and plain; k and n even; b_row or b_column 1. A is cut along its rows
 * image by image, so that no image meets another: row r of an image is in the upper quarters
 * and row r + h, h = (image_rows + 1) / 2, in the lower ones; where there is none, it is zeros.
 *
 * The sums of B are made when it is packed. Every M has gemm.h's order of sums over its k / 2;
 * additions go from left to right as written above. So the bits are the same for every
 * instruction set, number of threads, batch and tiling. They are not those of the direct sum,
 * and their error is somewhat larger.
 *
 * Kernels compute tiles [begin, end) of strassen_grid, or a part of a phase; they allocate nothing
 * and check nothing. Only shapes that strassen_fits are asked about.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_STRASSEN_H
#define KERNELS_STRASSEN_H

#include "plugins/kernels/direct.h"

#define STRASSEN_PRODUCTS 7
/* Panels that one sum of A's quarters meets before the next comes: while they pass it stays in L2,
 * and so do their products. */
#define STRASSEN_GROUP 4
/* No such matrix is in any memory; a workspace for it would still be counted in size_t. */
#define STRASSEN_K_MOST (INT64_C(1) << 40)

/* A tile is one thread's from sums of A to C; or, where all rows fit into one tile, the sums of A
 * are made by all threads first, and columns of C, or pairs as well, are shared out then. */
enum strassen_phase { STRASSEN_ALONE, STRASSEN_SUMS, STRASSEN_MULTIPLY };

struct strassen_job {
    struct gemm_job product; /* b_packed: as strassen_pack made it; portable reads b */
    int64_t image_rows;      /* rows of A of one image; m is a multiple */

    /* Set by strassen_grid: pairs of rows, all images together, and of a tile; columns of a half
     * of a tile; whether threads work phase by phase. */
    int64_t pairs, tile_pairs, tile_columns, tiles_m, tiles_n;
    int together;

    /* For that: the phase, and a workspace of one thread that holds all sums of A. */
    enum strassen_phase phase;
    float *common;
};

/* True where the method can be used; where it is worth it as well. Questions of one image's shape
 * alone: image_rows rows of k elements times k x n. */
int strassen_fits(int64_t image_rows, int64_t n, int64_t k);
int strassen_wins(int64_t image_rows, int64_t n, int64_t k);

/* Rows of C that pair `at` stands for; the second is -1 where there is none. */
void strassen_rows(const struct strassen_job *job, int64_t at, int64_t row[2]);

/* Chooses tiles for so many threads and returns their number; 0: there is nothing to do. rows,
 * columns: of the kernel's micro-tile; columns 0: portable. Changes no bit. */
int64_t strassen_grid(struct strassen_job *job, int64_t rows, int64_t columns, int32_t threads);
/* Pairs m_begin..m_end, columns n_begin..n_end of a half. */
struct gemm_tile strassen_tile_at(const struct strassen_job *job, int64_t index);

/* Elements of k / 2 that a pass walks. */
int64_t strassen_chunk(int64_t k);

/* Bytes of workspace one thread needs for products of k elements, for a k that fits; columns 0: none,
 * for the portable kernel keeps no sums. */
size_t strassen_workspace(int64_t k, int64_t rows, int64_t columns);

/* Floats of the seven packed sums of quarters of B. */
int64_t strassen_packed_size(int64_t k, int64_t n, int64_t panel);
/* Packs the job's B: for every group of panels of a half, product by product, the panels
 * [k / 2, panel] of the group. to: on a cache line. */
void strassen_pack(const struct gemm_job *product, int64_t panel, float *to);

/* Tiles begin..end, or pairs of the phase STRASSEN_SUMS. workspace: a thread's own in any case. */
typedef void strassen_kernel(const struct strassen_job *job, int64_t begin, int64_t end,
                             void *workspace);

/* Every kernel of the family: name, set, rows and columns of its micro-tile (columns 0: it reads B
 * itself), multiply-adds of the direct sum a nanosecond. */
#define STRASSEN_FAMILY(KERNEL)                                                            \
    KERNEL(strassen_f32_portable, 0, 1, 0, 0.1)                                            \
    WITH_AVX2(KERNEL(strassen_f32_6x16_avx2, IMGCLS_ISA_AVX2, DIRECT_ROWS_AVX2,            \
                     DIRECT_COLUMNS_AVX2, 55))                                             \
    WITH_AVX512(KERNEL(strassen_f32_14x32_avx512, IMGCLS_ISA_AVX2 | IMGCLS_ISA_AVX512,     \
                       DIRECT_ROWS_AVX512, DIRECT_COLUMNS_AVX512, 60))                     \
    WITH_NEON(KERNEL(strassen_f32_6x16_neon, IMGCLS_ISA_NEON, DIRECT_ROWS_NEON,            \
                     DIRECT_COLUMNS_NEON, 55))

strassen_kernel strassen_f32_portable, strassen_f32_6x16_avx2, strassen_f32_14x32_avx512,
    strassen_f32_6x16_neon;

#endif

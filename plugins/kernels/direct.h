/*
 * plugins/kernels/direct.h - products that read the rows of A in place
 *
 * Jobs of gemm.h, with these conditions: B is packed beforehand, in panels as wide as the
 * kernel's tile (b_panel); A is row-major (a_column 1, a_run 0, a_packed NULL) or its rows
 * are windows over channels-last images (a_window). Sums have gemm.h's order, so the bits are
 * those of gemm_f32_portable. Rows of windows, and rows whose distance would make them share
 * few cache sets, are copied into the workspace first, whole runs of channels at a time.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_DIRECT_H
#define KERNELS_DIRECT_H

#include "plugins/kernels/gemm.h"

#define DIRECT_ROWS_AVX512    14
#define DIRECT_COLUMNS_AVX512 32
#define DIRECT_ROWS_AVX2      6
#define DIRECT_COLUMNS_AVX2   16
#define DIRECT_ROWS_NEON      6
#define DIRECT_COLUMNS_NEON   16

/* True where the family can run the job at all, packed panels apart. */
int direct_takes(const struct gemm_job *job);

/* As gemm_grid, for a kernel with tiles of so many rows and columns. */
int64_t direct_grid(struct gemm_job *job, int64_t rows, int64_t columns, int32_t threads);

/* Bytes of workspace one thread needs for any job. */
size_t direct_workspace(void);

/* Every kernel of the family: name, set, rows and columns of its tile. */
#define DIRECT_FAMILY(KERNEL)                                                              \
    WITH_AVX2(KERNEL(gemm_direct_f32_6x16_avx2, IMGCLS_ISA_AVX2, DIRECT_ROWS_AVX2,         \
                     DIRECT_COLUMNS_AVX2))                                                 \
    WITH_AVX512(KERNEL(gemm_direct_f32_14x32_avx512, IMGCLS_ISA_AVX512, DIRECT_ROWS_AVX512, \
                       DIRECT_COLUMNS_AVX512))                                             \
    WITH_NEON(KERNEL(gemm_direct_f32_6x16_neon, IMGCLS_ISA_NEON, DIRECT_ROWS_NEON,         \
                     DIRECT_COLUMNS_NEON))

gemm_kernel gemm_direct_f32_14x32_avx512;
gemm_kernel gemm_direct_f32_6x16_avx2;
gemm_kernel gemm_direct_f32_6x16_neon;

/* What most products end with (end.h), for a tile. Done on sums that are still in registers. */
struct direct_end {
    float *c;
    int64_t c_row, columns;
    const float *bias;    /* of the tile's columns; NULL: none */
    const float *operand; /* as c; NULL: none */
    int is_bounded, is_hardswish, is_silu;
    float low, high; /* infinite where there are no bounds, which changes no number */
};

/* Fills `end` for the whole tile, from its first row and column on (columns: as many as it has);
 * false where the job ends otherwise. */
int direct_ends(const struct gemm_job *job, const struct gemm_tile *tile, struct direct_end *end);

/* The same where SiLU, and no operand, bounds or HardSwish, is behind the bias. */
int direct_ends_in_silu(const struct gemm_job *job, const struct gemm_tile *tile,
                        struct direct_end *end);

/* For the kernels: sums of rows over a panel, in blocks of so many k; sums[row * columns +
 * column]. ahead: lines worth asking for, half a row of B each k, or NULL. fresh: the first
 * block is not added to what is there. end: the sums are finished and go into C instead; NULL:
 * they stay in `sums`. */
typedef void direct_multiply(int64_t k, int64_t block, const float *a, int64_t a_row,
                             const float *b, const float *ahead, float *sums, int fresh,
                             const struct direct_end *end);

/* The same for few rows, on so many panels side by side, `panel` floats apart, without an end;
 * sums[(panel * rows of the set's tile + row) * columns + column]. */
typedef void direct_multiply_panels(int64_t k, int64_t block, const float *a, int64_t a_row,
                                    const float *b, int64_t panel, float *sums, int fresh);

struct direct_few {
    int64_t panels; /* 0: there is none for so many rows */
    direct_multiply_panels *multiply;
};

/* True where sums of k products are finished before anything goes into C: an operand of a step may
 * have C's bytes then. */
int direct_sums_once(int64_t k);

/* Elements of k that a pass walks, and rows of A that a block holds then. */
int64_t direct_chunk(const struct gemm_job *job, int64_t rows);
int64_t direct_block(int64_t chunk, int64_t rows);

/* False where rows have to be gathered. */
int direct_in_place(const struct gemm_job *job);

/* Floats between gathered rows of k elements. */
int64_t direct_gathered_row(int64_t k);

/* Copies k_begin..k_end of rows m.. of A. */
void direct_gather(const struct gemm_job *job, const struct gemm_tile *tile, int64_t m,
                   int64_t count, int64_t k_begin, int64_t k_end, float *to, int64_t to_row);

#endif

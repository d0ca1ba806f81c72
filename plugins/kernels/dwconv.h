/*
 * plugins/kernels/dwconv.h - depthwise convolution: few products a channel, no matrix
 *
 * The same jobs as gemm.h's with windows of one channel (k is the kernel position): the
 * portable twin is gemm_f32_portable and the bits are its bits. One or two spatial
 * dimensions (in[0], kernel[0] are 1). A tile is a band of output rows of one product.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_DWCONV_H
#define KERNELS_DWCONV_H

#include "plugins/kernels/gemm.h"

/* gemm_grid's counterpart: sets the tiles, returns their number. */
int64_t dwconv_grid(struct gemm_job *job);
/* Bytes of workspace one thread needs for a job with these windows; 0 where that is past
 * what size_t holds. */
size_t dwconv_workspace(const struct gemm_window *window);

#define DWCONV_FAMILY(KERNEL) WITH_AVX2(KERNEL(dwconv_f32_avx2, IMGCLS_ISA_AVX2))

gemm_kernel dwconv_f32_avx2;

/* How a band of the image lies in the workspace: rows padded with zeros on both sides, each
 * split by the horizontal stride (column x of the padded row is in phase x % stride, at
 * x / stride), so that neighbouring outputs read neighbouring floats whatever the stride.
 */
struct dwconv_band {
    int64_t rows_out, rows_in; /* of one band, at most */
    int64_t phase;             /* floats of one phase of a row */
    int64_t row;               /* floats of a row: stride * phase */
};
struct dwconv_band dwconv_band_of(const struct gemm_window *window);

#endif

/*
 * plugins/ops/channels_last/conv.h - what the kernels of Conv share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_CHANNELS_LAST_CONV_H
#define OPS_CHANNELS_LAST_CONV_H

#include "image.h"
#include "plugins/kernels/winograd.h"
#include "plugins/ops/nn/product.h"

/* Everything a job needs that shapes say; window.channels are those of a group. False where
 * a dimension is not known or sizes contradict. */
bool conv_shape(const struct imgcls_host *host, const struct imgcls_node *node,
                struct gemm_window *window, struct gemm_job *job);

/* imgcls_kernel.writes_rows_apart of the kernels that are products: unless a fused step reads an
 * operand where the output is written. */
int32_t conv_writes_rows_apart(const struct imgcls_host *host, const struct imgcls_node *node);

/* Kernels for groups of one channel in and one out (depthwise.c), one a set. */
extern const struct imgcls_kernel channels_last_depthwise[];

/* True where Winograd's method computes the node (winograd.c), and its kernels, one for each of the
 * family at conv_NAME. */
bool conv_is_winograd(const struct imgcls_host *host, const struct imgcls_node *node);
#define CONV_WINOGRAD_PLACE(NAME, ...) conv_##NAME,
enum conv_winograd { WINOGRAD_FAMILY(CONV_WINOGRAD_PLACE) };
extern const struct imgcls_kernel channels_last_winograd[];

/* Kernels for several groups of few channels (grouped.c), one a vector set. */
extern const struct imgcls_kernel channels_last_grouped[];

/* Kernels for images of up to eight channels (first.c). */
extern const struct imgcls_kernel channels_last_first_avx2, channels_last_first_avx512,
    channels_last_first_neon;

#endif

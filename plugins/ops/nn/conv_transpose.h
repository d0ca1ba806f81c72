/*
 * plugins/ops/nn/conv_transpose.h - what the two ways of ConvTranspose share: sizes, and which
 * input positions an output hears from
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_NN_CONV_TRANSPOSE_H
#define OPS_NN_CONV_TRANSPOSE_H

#include "product.h"
#include "window.h"

/* Output sizes and padding at the start, as the text of ConvTranspose-22 has them. kernel:
 * the weights' spatial dims. out is -1 where it is not known. */
imgcls_status conv_transpose_window(const struct imgcls_host *host,
                                    const struct imgcls_node *node, int32_t count,
                                    const int64_t *in, const int64_t *kernel,
                                    struct window *w);

/* Where kernel position k meets output o along dimension d: an input position, or -1. */
static inline int64_t conv_transpose_source(const struct gemm_window *w, int d, int64_t o, int64_t k)
{
    int64_t at = o + w->pad[d] - k * w->dilation[d];

    if (at < 0 || at % w->stride[d] != 0 || at / w->stride[d] >= w->in[d])
        return -1;
    return at / w->stride[d];
}

/* Input positions [*low, *high) along the row that kernel position k sends to outputs [from, to). */
static inline void conv_transpose_senders(const struct gemm_window *w, int64_t k, int64_t from,
                                          int64_t to, int64_t *low, int64_t *high)
{
    const int64_t stride = w->stride[2], shift = k * w->dilation[2] - w->pad[2];

    *low = from <= shift ? 0 : (from - shift - 1) / stride + 1;
    *high = to <= shift ? 0 : (to - shift - 1) / stride + 1;
    if (*high > w->in[2])
        *high = w->in[2];
}

/* In float32 (conv_transpose_f32.c): whether it computes a node, and its kernels, one a set. */
bool conv_transpose_f32_takes(const struct imgcls_host *host, const struct imgcls_node *node);
extern const struct imgcls_kernel conv_transpose_f32_portable, conv_transpose_f32_avx2,
    conv_transpose_f32_neon;

#endif

/*
 * plugins/ops/nn/window.h - kernel, strides, dilations and padding of convolutions and
 * pooling
 *
 * Reads the attributes that these operators share and works out the output's spatial size.
 * Every number is checked to lie within 32 bits, so that products of two of them cannot
 * overflow.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_NN_WINDOW_H
#define OPS_NN_WINDOW_H

#include "plugins/kernels/gemm.h"
#include "plugins/ops/op.h"

struct window {
    int32_t count;                                     /* spatial dimensions */
    int64_t in[IMGCLS_MAX_RANK], out[IMGCLS_MAX_RANK]; /* out: -1 (or a symbol) unknown */
    int64_t kernel[IMGCLS_MAX_RANK], stride[IMGCLS_MAX_RANK], dilation[IMGCLS_MAX_RANK];
    int64_t pad[IMGCLS_MAX_RANK], pad_end[IMGCLS_MAX_RANK];
};

/* in: `count` spatial dims, negative where not known. kernel: the weights' spatial dims, or
 * NULL where the attribute kernel_shape says (it must agree where both are there). Fails
 * with a message where attributes are wrong or a window does not fit. */
imgcls_status window_read(const struct imgcls_host *host, const struct imgcls_node *node,
                          int32_t count, const int64_t *in, const int64_t *kernel,
                          struct window *out);

/* A list attribute of `count` integers in [least, 2^31), or the fallback repeated. */
imgcls_status window_ints(const struct imgcls_host *host, const struct imgcls_node *node,
                          const char *name, int32_t count, int64_t least, int64_t fallback,
                          int64_t *out);

/* auto_pad as a number; fails for words that are none. */
enum window_auto { WINDOW_NOTSET, WINDOW_VALID, WINDOW_SAME_UPPER, WINDOW_SAME_LOWER };
imgcls_status window_auto_pad(const struct imgcls_host *host,
                              const struct imgcls_node *node, enum window_auto *out);

/* A window over 1 to 3 dimensions as kernels take it: missing dimensions in front are 1. */
void window_widen(const struct window *window, int64_t channels, struct gemm_window *out);

#endif

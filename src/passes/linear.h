/*
 * src/passes/linear.h - linear operators with constant weights, whose output channels take
 * factors and shifts
 *
 * What follows such an operator and works channel by channel can go into its weights:
 * batch_norm.c, layer_scale.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_PASSES_LINEAR_H
#define ICL_PASSES_LINEAR_H

#include "src/passes/rows.h"

/* Where in a weight tensor the output channel of an element is. */
enum icl_weight_order {
    ICL_CHANNEL_FIRST,  /* Conv [M, C/g, ...], Gemm with transB and a turned MatMul [N, K] */
    ICL_CHANNEL_SECOND, /* ConvTranspose [C, M/g, ...] */
    ICL_CHANNEL_LAST,   /* Gemm and MatMul [K, N] */
};

struct icl_linear {
    struct icl_node *node;
    enum icl_weight_order order;
    bool turned; /* a MatMul by Transpose(weight): weight is what is turned */
    const struct imgcls_tensor *weight, *bias; /* bias NULL: none */
    int64_t channels, groups;
    int32_t channel_axis; /* of the output; counted from the end (-1, -2, ...) for MatMul */
};

/* Whether `node` is a Conv, ConvTranspose, Gemm or MatMul with constant float32 or float64
 * weights and no epilogue, and what to know of it. A MatMul has no bias. */
bool icl_linear_match(struct icl_node *node, struct icl_linear *out);

/* Input i where it is a constant, else NULL. */
const struct imgcls_tensor *icl_constant_input(const struct icl_node *node, size_t i);
int64_t icl_attr_int(const struct icl_node *node, const char *name, int64_t fallback);
double icl_attr_float(const struct icl_node *node, const char *name, double fallback);
/* Whether all integers of the list are `value`; an absent list has none. */
bool icl_attr_all(const struct icl_node *node, const char *name, int64_t value);

/* Multiplies output channel c by factor[c]: new weights, rounded once. With `shift` the bias
 * becomes factor[c] * (bias[c] - centre[c]) + shift[c]; without, factor[c] * bias[c] where
 * there is one. */
imgcls_status icl_linear_rescale(const struct icl_linear *linear, const double *factor,
                                 const double *centre, const double *shift);

/* Input `index` of `node` becomes a fresh vector of `like`'s type: numbers[0..count). */
imgcls_status icl_set_vector(struct icl_node *node, size_t index, const char *stem,
                             const struct imgcls_tensor *like, int64_t count,
                             const double *numbers);

#endif

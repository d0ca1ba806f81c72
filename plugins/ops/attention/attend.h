/*
 * plugins/ops/attention/attend.h - heads, rounding and softmax that attentions share
 *
 * Tensors of heads come packed, [batch, length, heads * size], or apart,
 * [batch, heads, length, size]; a view hides which. Everything is computed in double;
 * where the specification's function body would store an intermediate in a narrower type,
 * it is rounded to that type, so that results agree with the body's.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_ATTENTION_ATTEND_H
#define OPS_ATTENTION_ATTEND_H

#include "plugins/ops/op.h"

#define ATTEND_FLOATS (OP_FLOATS | OP_BIT(IMGCLS_F16) | OP_BIT(IMGCLS_BF16))

/* Rank and dims of an input, from its info or its tensor. */
struct attend_form {
    bool present;
    int32_t rank;
    const int64_t *dims;
};
struct attend_form attend_form_of_info(const struct imgcls_node *node, size_t i);
struct attend_form attend_form_of_tensor(const struct imgcls_run *run, size_t i);

/* What heads a tensor holds; steps in elements; data NULL where only shapes count. */
struct attend_heads {
    int64_t batch, heads, length, size; /* negative where not known */
    int64_t batch_step, head_step, row_step;
    int32_t type;
    void *data;
};

/* `heads` counts in packed tensors; 0: a packed one is refused. what: "Q", ... */
imgcls_status attend_view(const struct imgcls_host *host, const struct imgcls_node *node,
                          struct attend_form form, int64_t heads, const char *what,
                          struct attend_heads *out);

/* First element of a row, in elements. */
int64_t attend_at(const struct attend_heads *heads, int64_t b, int64_t h, int64_t row);

/* Two dimensions that must be the same; what they are goes into the message. */
imgcls_status attend_same(const struct imgcls_host *host, const struct imgcls_node *node,
                          const char *what, int64_t a, int64_t b);

/* Each value as a tensor of this type would hold it. */
void attend_round(int32_t type, double *values, int64_t count);
/* In place, each step as tensors of this type would hold it; a row of nothing but -inf
 * becomes zeros. */
void attend_softmax(int32_t type, double *row, int64_t count);
double attend_dot(const double *a, const double *b, int64_t count);
/* sum[i] += weight * values[i] */
void attend_add(double *restrict sum, double weight, const double *restrict values,
                int64_t count);

#endif

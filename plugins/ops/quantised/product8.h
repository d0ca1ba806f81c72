/*
 * plugins/ops/quantised/product8.h - matrix products of 8-bit numbers with zero points
 *
 * C[batch] = (A[batch] - zero of the row) x (B[batch] - its zeros). A is rows of k bytes; B
 * is asked for in pieces of a row, zero points taken off, so that the columns of a
 * convolution need not be laid out. Sums are 32 bits wide and wrap.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_QUANTISED_PRODUCT8_H
#define OPS_QUANTISED_PRODUCT8_H

#include "plugins/ops/op.h"

#define PRODUCT8_COLUMNS 64 /* most columns that fetch and finish are asked for at once */

/* Floating point of the node around: y = round(sum * a * b / y) + zero, saturated. */
struct requantise {
    const struct imgcls_tensor *a_scale, *b_scale, *y_scale, *y_zero;
};

struct product8 {
    int64_t batches, m, n, k;
    bool a_signed;
    const void *owner; /* whoever made the job; for the functions */
    struct imgcls_tensor *y;
    /* First byte of A of a batch. */
    const void *(*rows)(const struct product8 *job, int64_t batch);
    int32_t (*row_zero)(const struct product8 *job, int64_t batch, int64_t row);
    /* Columns [n, n + count) of row k of B. */
    void (*fetch)(const struct product8 *job, int64_t batch, int64_t k, int64_t n,
                  int64_t count, int32_t *out);
    /* Sums of columns [n, n + count) of a row. */
    void (*finish)(const struct product8 *job, int64_t batch, int64_t row, int64_t n,
                   int64_t count, const int32_t *sums);
};

/* A finish that stores the sums as they are, for an int32 result. */
void product8_wide(const struct product8 *job, int64_t batch, int64_t row, int64_t n,
                   int64_t count, const int32_t *sums);

void product8_run(const struct imgcls_host *host, const struct imgcls_run *run,
                  struct product8 *job);

/* The eight inputs of the forms that requantise are there. */
imgcls_status requantise_needs(const struct imgcls_host *host, const struct imgcls_node *node);
/* Sum times scales as float: (a * b) / y comes first, rounded to float. */
float requantise_scale(const struct requantise *scales, int64_t a, int64_t b);
/* Writes element i of an int8 or uint8 tensor. */
void requantise_set(struct imgcls_tensor *y, int64_t i, int32_t sum, float scale,
                    const struct requantise *scales);

/* Number i of an int8 or uint8 tensor; 0 where it is NULL. */
static inline int32_t byte_at(const struct imgcls_tensor *tensor, int64_t i)
{
    if (!tensor)
        return 0;
    return tensor->type == IMGCLS_I8 ? ((const int8_t *)tensor->data)[i]
                                     : ((const uint8_t *)tensor->data)[i];
}

#define PRODUCT8_TYPES (OP_BIT(IMGCLS_I8) | OP_BIT(IMGCLS_U8))

/* An operand is of `types`; its zero points, where there, of the same. */
static inline bool product8_takes(const struct imgcls_node *node, size_t operand, size_t zero,
                                  uint64_t types)
{
    return op_takes(node, operand, types) &&
           (!op_in(node, zero) || node->inputs[zero]->type == node->inputs[operand]->type);
}

/* An operator of these products, with the one kernel that it has. */
#define PRODUCT8_OP(symbol, type_, infer_, macs_, kernel_)                                 \
    const struct imgcls_op symbol = {                                                      \
        .struct_size = sizeof(struct imgcls_op),                                           \
        .domain = "",                                                                      \
        .type = type_,                                                                     \
        .since_first = 10,                                                                 \
        .since_last = OP_NEWEST,                                                           \
        .infer = infer_,                                                                   \
        .macs = macs_,                                                                     \
        .kernels = (const struct imgcls_kernel *const[]){&kernel_, NULL},                  \
    }

#endif

/*
 * plugins/ops/element.h - one element of a numeric tensor, whatever its type
 *
 * For operators that are rare or bound by something else than reading: a call and a switch
 * for each element. Loops that matter read blocks (number.h).
 *
 * Invariant: the tensor is row-major and i is inside.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_ELEMENT_H
#define OPS_ELEMENT_H

#include "number.h"

/* What number.h reads as real numbers: every floating-point type. */
#define ELEMENT_REALS                                                                      \
    (OP_FLOATS | OP_BIT(IMGCLS_F16) | OP_BIT(IMGCLS_BF16) | OP_BIT(IMGCLS_F8E4M3FN) |      \
     OP_BIT(IMGCLS_F8E4M3FNUZ) | OP_BIT(IMGCLS_F8E5M2) | OP_BIT(IMGCLS_F8E5M2FNUZ) |       \
     OP_BIT(IMGCLS_F8E8M0) | OP_BIT(IMGCLS_F4E2M1) | OP_BIT(IMGCLS_F6E2M3) |             \
     OP_BIT(IMGCLS_F6E3M2))
/* Those that models compute in. */
#define ELEMENT_FLOATS (OP_FLOATS | OP_BIT(IMGCLS_F16) | OP_BIT(IMGCLS_BF16))

static inline double element_real(const struct imgcls_tensor *tensor, int64_t i)
{
    double value;
    int64_t whole;
    if (tensor->type == IMGCLS_F32)
        return (double)((const float *)tensor->data)[i];
    if (number_is_real(tensor->type)) {
        number_read_reals(tensor->type, tensor->data, i, 1, &value);
        return value;
    }
    number_read_wholes(tensor->type, tensor->data, i, 1, &whole);
    return tensor->type == IMGCLS_U64 ? (double)(uint64_t)whole : (double)whole;
}
static inline int64_t element_whole(const struct imgcls_tensor *tensor, int64_t i)
{
    int64_t whole;
    number_read_wholes(tensor->type, tensor->data, i, 1, &whole);
    return whole;
}
/* Real numbers go to integer types by truncation. */
static inline void element_set_real(struct imgcls_tensor *tensor, int64_t i, double value)
{
    if (tensor->type == IMGCLS_F32)
        ((float *)tensor->data)[i] = (float)value;
    else
        number_write_reals(tensor->type, tensor->data, i, 1, &value, NUMBER_SATURATE);
}
static inline void element_set_whole(struct imgcls_tensor *tensor, int64_t i, int64_t value)
{
    number_write_wholes(tensor->type, tensor->data, i, 1, &value, false, 0);
}

#endif

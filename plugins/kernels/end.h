/*
 * plugins/kernels/end.h - what most products and convolutions end with
 *
 * Sum + bias, + operand, then x * hardsigmoid(x) or bounds: what kernels can do on sums that are
 * still in registers. Here is where a list of steps is recognised as such; what a kernel leaves
 * out of it (HardSwish, say) it asks for itself.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_END_H
#define KERNELS_END_H

#include <math.h>

#include <imgcls/plugin.h>

#include "plugins/kernels/gemm.h"

struct gemm_end {
    const float *bias;    /* of a BIAS step: one a column; NULL: none */
    const float *operand; /* of an ADD step: as the result; NULL: none */
    int is_bounded, is_hardswish;
    float low, high; /* infinite where there are no bounds, which changes no number */
};

/* Fills `end`; false where the steps are others. has_bias: there is one before all steps, and so
 * none among them. */
static inline int gemm_ends(const struct gemm_step *steps, int32_t count, int has_bias,
                            struct gemm_end *end)
{
    const struct gemm_step *step = steps, *behind = steps + count;

    *end = (struct gemm_end){.low = -INFINITY, .high = INFINITY};
    if (step < behind && !has_bias && step->kind == IMGCLS_EPILOGUE_BIAS)
        end->bias = step++->operand;
    if (step < behind && step->kind == IMGCLS_EPILOGUE_ADD)
        end->operand = step++->operand;
    if (step < behind && step->kind == IMGCLS_EPILOGUE_HARDSWISH) {
        end->is_hardswish = 1;
        step++;
    } else if (step < behind &&
               (step->kind == IMGCLS_EPILOGUE_RELU || step->kind == IMGCLS_EPILOGUE_CLIP)) {
        end->is_bounded = 1;
        end->low = step->kind == IMGCLS_EPILOGUE_RELU ? 0 : step->a;
        end->high = step->kind == IMGCLS_EPILOGUE_RELU ? INFINITY : step->b;
        step++;
    }
    return step == behind;
}

#endif

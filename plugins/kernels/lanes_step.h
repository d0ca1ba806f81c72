/*
 * plugins/kernels/lanes_step.h - one step of an epilogue on one vector, in the words of lanes.*.h
 *
 * For sets whose tiles take their steps in another shape; lanes.avx2.h has its tiles' own. Who
 * includes this has lanes_at_least and the rest, and says by macros which functions are
 * lanes_hardsigmoid, lanes_sigmoid, lanes_silu, lanes_gelu and lanes_tanh.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_LANES_STEP_H
#define KERNELS_LANES_STEP_H

#include <imgcls/plugin.h>

#include "plugins/kernels/gemm.h"

/* other is the operand's vector. */
static inline lanes lanes_step(const struct gemm_step *step, lanes x, lanes other)
{
    switch (step->kind) {
    case IMGCLS_EPILOGUE_ADD:
    case IMGCLS_EPILOGUE_BIAS:
        return lanes_add(x, other);
    case IMGCLS_EPILOGUE_MUL:
        return lanes_times(x, other);
    case IMGCLS_EPILOGUE_RELU:
        return lanes_at_least(x, 0);
    case IMGCLS_EPILOGUE_CLIP:
        return lanes_at_most(lanes_at_least(x, step->a), step->b);
    case IMGCLS_EPILOGUE_HARDSIGMOID:
        return lanes_hardsigmoid(x, step->a, step->b);
    case IMGCLS_EPILOGUE_HARDSWISH:
        return lanes_times(x, lanes_hardsigmoid(x, 1.0f / 6, 0.5f));
    case IMGCLS_EPILOGUE_SIGMOID:
        return lanes_sigmoid(x);
    case IMGCLS_EPILOGUE_SILU:
        return lanes_silu(x);
    case IMGCLS_EPILOGUE_GELU:
        return lanes_gelu(x);
    case IMGCLS_EPILOGUE_TANH:
        return lanes_tanh(x);
    default:
        return x;
    }
}

#endif

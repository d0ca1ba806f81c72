/*
 * plugins/kernels/step.h - one epilogue step on one float, in plain C
 *
 * The same operations, in the same order, as STEP of gemm.portable.body.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_STEP_H
#define KERNELS_STEP_H

#include <imgcls/plugin.h>

#include "plugins/kernels/approx.h"
#include "plugins/kernels/gemm.h"

/* at: the element's place in the result; n: its column, which a BIAS has one float for. */
static inline float step_f32(const struct gemm_step *step, int64_t at, int64_t n, float x)
{
    const float *operand = step->operand;
    float gate;

    switch (step->kind) {
    case IMGCLS_EPILOGUE_ADD:
        return x + operand[at];
    case IMGCLS_EPILOGUE_MUL:
        return x * operand[at];
    case IMGCLS_EPILOGUE_BIAS:
        return x + operand[n];
    case IMGCLS_EPILOGUE_RELU:
        return x < 0 ? 0 : x; /* NaN stays */
    case IMGCLS_EPILOGUE_CLIP:
        x = x < step->a ? step->a : x;
        return x > step->b ? step->b : x;
    case IMGCLS_EPILOGUE_HARDSIGMOID:
        x = step->a * x + step->b;
        x = x < 0 ? 0 : x;
        return x > 1 ? 1 : x;
    case IMGCLS_EPILOGUE_HARDSWISH:
        gate = x * (1.0f / 6) + 0.5f;
        gate = gate < 0 ? 0 : gate;
        return x * (gate > 1 ? 1 : gate);
    case IMGCLS_EPILOGUE_SIGMOID:
        return sigmoid_f32(x);
    case IMGCLS_EPILOGUE_SILU:
        return silu_f32(x);
    case IMGCLS_EPILOGUE_GELU:
        return gelu_f32(x);
    case IMGCLS_EPILOGUE_TANH:
        return tanh_f32(x);
    default:
        return x;
    }
}

#endif

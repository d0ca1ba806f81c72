/*
 * plugins/kernels/finish.neon.h - alpha, bias and steps on sixteen sums of a row
 *
 * Mirrors FINISH of gemm.portable.body.h operation by operation.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_FINISH_NEON_H
#define KERNELS_FINISH_NEON_H

#include <imgcls/plugin.h>

#include "plugins/kernels/gemm.h"
#include "plugins/kernels/lanes16.neon.h"

static inline lanes16 hardsigmoid16(lanes16 x, float a, float b)
{
    x = add16(mul16(spread16(a), x), spread16(b));
    return min16(spread16(1), max16(zero16(), x));
}

/* One step on sixteen sums; other is the operand's. */
static inline lanes16 step16(const struct gemm_step *step, lanes16 x, lanes16 other)
{
    switch (step->kind) {
    case IMGCLS_EPILOGUE_ADD:
    case IMGCLS_EPILOGUE_BIAS:
        return add16(x, other);
    case IMGCLS_EPILOGUE_MUL:
        return mul16(x, other);
    case IMGCLS_EPILOGUE_RELU:
        return max16(zero16(), x);
    case IMGCLS_EPILOGUE_CLIP:
        return min16(spread16(step->b), max16(spread16(step->a), x));
    case IMGCLS_EPILOGUE_HARDSIGMOID:
        return hardsigmoid16(x, step->a, step->b);
    case IMGCLS_EPILOGUE_HARDSWISH:
        return mul16(x, hardsigmoid16(x, 1.0f / 6, 0.5f));
    case IMGCLS_EPILOGUE_SIGMOID:
        return sigmoid16(x);
    case IMGCLS_EPILOGUE_SILU:
        return silu16(x);
    case IMGCLS_EPILOGUE_GELU:
        return gelu16(x);
    case IMGCLS_EPILOGUE_TANH:
        return tanh16(x);
    default:
        return x;
    }
}

/* The bias of columns n.. of row m: repeated, contiguous, or strided. */
static inline lanes16 bias16(const struct gemm_job *job, const struct gemm_tile *tile, int64_t m,
                             int64_t n, int64_t count)
{
    const float *bias = (const float *)job->bias + tile->bias_index * job->bias_size +
                        m * job->bias_row + n * job->bias_column;
    float piece[16] = {0};
    lanes16 x;
    int64_t j;

    if (job->bias_column == 0) {
        x = spread16(*bias);
    } else if (job->bias_column == 1) {
        x = part16(bias, count);
    } else {
        for (j = 0; j < count; j++)
            piece[j] = bias[j * job->bias_column];
        x = load16(piece);
    }
    return job->beta != 1 ? mul16(spread16(job->beta), x) : x;
}

/* Sums x of columns n..n+count (at most sixteen) of row m, finished and stored. */
static inline void finish_neon(const struct gemm_job *job, const struct gemm_tile *tile, int64_t m,
                               int64_t n, int64_t count, lanes16 x)
{
    int64_t at = tile->c_begin + m * job->c_row + n;
    lanes16 other = zero16();
    int32_t i;

    if (job->alpha != 1)
        x = mul16(spread16(job->alpha), x);
    if (job->bias)
        x = add16(x, bias16(job, tile, m, n, count));
    for (i = 0; i < job->step_count; i++) {
        const struct gemm_step *step = &job->steps[i];
        if (step->operand)
            other = part16((const float *)step->operand +
                               (step->kind == IMGCLS_EPILOGUE_BIAS ? tile->c_column + n : at),
                           count);
        x = step16(step, x, other);
    }
    store_part16((float *)job->c + at, x, count);
}

#endif

/*
 * plugins/kernels/finish.avx512.h - alpha, bias and steps on a tile of sums in L1
 *
 * One pass a step over the tile, so that a step is chosen once a tile and not once a vector.
 * Arithmetic as FINISH of gemm.portable.body.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_FINISH_AVX512_H
#define KERNELS_FINISH_AVX512_H

#include <immintrin.h>

#include <imgcls/plugin.h>

#include "plugins/kernels/approx.avx512.h"
#include "plugins/kernels/gemm.h"

/* Lanes below count (0..16, more is 16). */
static inline __mmask16 lanes_avx512(int64_t count)
{
    return (__mmask16)(count >= 16 ? 0xffff : count <= 0 ? 0 : (1u << count) - 1);
}

static inline __m512 hardsigmoid_avx512(__m512 x, float a, float b)
{
    x = _mm512_add_ps(_mm512_mul_ps(_mm512_set1_ps(a), x), _mm512_set1_ps(b));
    x = _mm512_max_ps(_mm512_setzero_ps(), x);
    return _mm512_min_ps(_mm512_set1_ps(1), x);
}

#define FINISH_PASS(EXPRESSION)                                                            \
    for (at = sums; at < end; at += 16) {                                                  \
        __m512 x = _mm512_load_ps(at);                                                     \
        _mm512_store_ps(at, EXPRESSION);                                                   \
    }

/* Steps that need no operand; end: past the last row. */
static inline void step_avx512(const struct gemm_step *step, float *sums, const float *end)
{
    const __m512 a = _mm512_set1_ps(step->a), b = _mm512_set1_ps(step->b);
    float *at;

    /* max and min return the second operand where one is NaN */
    switch (step->kind) {
    case IMGCLS_EPILOGUE_RELU:
        FINISH_PASS(_mm512_max_ps(_mm512_setzero_ps(), x));
        break;
    case IMGCLS_EPILOGUE_CLIP:
        FINISH_PASS(_mm512_min_ps(b, _mm512_max_ps(a, x)));
        break;
    case IMGCLS_EPILOGUE_HARDSIGMOID:
        FINISH_PASS(hardsigmoid_avx512(x, step->a, step->b));
        break;
    case IMGCLS_EPILOGUE_HARDSWISH:
        FINISH_PASS(_mm512_mul_ps(x, hardsigmoid_avx512(x, 1.0f / 6, 0.5f)));
        break;
    case IMGCLS_EPILOGUE_SIGMOID:
        FINISH_PASS(sigmoid_f32_avx512(x));
        break;
    case IMGCLS_EPILOGUE_SILU:
        FINISH_PASS(silu_f32_avx512(x));
        break;
    case IMGCLS_EPILOGUE_GELU:
        FINISH_PASS(gelu_f32_avx512(x));
        break;
    case IMGCLS_EPILOGUE_TANH:
        FINISH_PASS(tanh_f32_avx512(x));
        break;
    default:
        break;
    }
}

/* Steps with an operand: `from` is its element at the tile's first sum, rows `from_row`
 * apart (0: the same for all rows). */
static inline void operand_avx512(int32_t kind, float *sums, int64_t rows, int64_t columns,
                                  const float *from, int64_t from_row)
{
    const __mmask16 low = lanes_avx512(columns), high = lanes_avx512(columns - 16);

    for (; rows > 0; rows--, sums += 32, from += from_row) {
        __m512 x0 = _mm512_load_ps(sums), x1 = _mm512_load_ps(sums + 16);
        __m512 y0 = _mm512_maskz_loadu_ps(low, from);
        __m512 y1 = _mm512_maskz_loadu_ps(high, from + 16);
        if (kind == IMGCLS_EPILOGUE_MUL) {
            x0 = _mm512_mul_ps(x0, y0);
            x1 = _mm512_mul_ps(x1, y1);
        } else {
            x0 = _mm512_add_ps(x0, y0);
            x1 = _mm512_add_ps(x1, y1);
        }
        _mm512_store_ps(sums, x0);
        _mm512_store_ps(sums + 16, x1);
    }
}

/* alpha * sum + beta * bias where they are more than a row that is added. */
static inline void scale_avx512(const struct gemm_job *job, const struct gemm_tile *tile,
                                int64_t m, int64_t rows, int64_t n, int64_t columns,
                                float *sums)
{
    const float *bias = job->bias;
    int64_t r, j;

    if (bias)
        bias += tile->bias_index * job->bias_size + m * job->bias_row + n * job->bias_column;
    for (r = 0; r < rows; r++)
        for (j = 0; j < columns; j++) {
            float *x = sums + r * 32 + j;
            if (job->alpha != 1)
                *x = job->alpha * *x;
            if (bias) {
                float value = bias[r * job->bias_row + j * job->bias_column];
                *x = *x + (job->beta != 1 ? job->beta * value : value);
            }
        }
}

#define END_AVX512(EXPRESSION)                                                             \
    for (; rows > 0; rows--, sums += 32, c += job->c_row) {                                \
        __m512 x = _mm512_add_ps(_mm512_load_ps(sums), bias0);                             \
        _mm512_mask_storeu_ps(c, low, EXPRESSION);                                         \
        x = _mm512_add_ps(_mm512_load_ps(sums + 16), bias1);                               \
        _mm512_mask_storeu_ps(c + 16, high, EXPRESSION);                                   \
    }                                                                                      \
    return 1;

/* Rows of 32 sums that end in a bias for each column and one function, which takes longer than a
 * short product does: all in one pass. False where the job ends otherwise. */
static inline int end_rows_avx512(const struct gemm_job *job, const struct gemm_tile *tile,
                                  int64_t rows, int64_t n, int64_t columns, const float *sums,
                                  float *c)
{
    const int is_bias = job->step_count > 0 && job->steps[0].kind == IMGCLS_EPILOGUE_BIAS;
    const float *bias = is_bias ? (const float *)job->steps[0].operand + tile->c_column : job->bias;
    const __mmask16 low = lanes_avx512(columns), high = lanes_avx512(columns - 16);
    __m512 bias0 = _mm512_set1_ps(-0.0f), bias1 = bias0; /* which changes no bit */

    if (job->step_count != 1 + is_bias || job->alpha != 1)
        return 0;
    if (job->bias && (is_bias || job->bias_column != 1 || job->bias_row != 0 || job->beta != 1))
        return 0;
    if (bias) {
        bias += n + (is_bias ? 0 : tile->bias_index * job->bias_size);
        bias0 = _mm512_maskz_loadu_ps(low, bias);
        bias1 = _mm512_maskz_loadu_ps(high, bias + 16);
    }
    switch (job->steps[is_bias].kind) {
    case IMGCLS_EPILOGUE_SIGMOID:
        END_AVX512(sigmoid_f32_avx512(x))
    case IMGCLS_EPILOGUE_SILU:
        END_AVX512(silu_f32_avx512(x))
    case IMGCLS_EPILOGUE_GELU:
        END_AVX512(gelu_f32_avx512(x))
    case IMGCLS_EPILOGUE_TANH:
        END_AVX512(tanh_f32_avx512(x))
    default:
        return 0;
    }
}

/* Sums of rows m.., columns n.. of a tile 32 wide: finished and stored in C. */
static inline void finish_avx512(const struct gemm_job *job, const struct gemm_tile *tile,
                                 int64_t m, int64_t rows, int64_t n, int64_t columns,
                                 float *sums)
{
    const __mmask16 low = lanes_avx512(columns), high = lanes_avx512(columns - 16);
    int64_t at = tile->c_begin + m * job->c_row + n, r;
    float *c = (float *)job->c + at;
    int32_t i;

    if (end_rows_avx512(job, tile, rows, n, columns, sums, c))
        return;
    if (job->bias && job->alpha == 1 && job->beta == 1 && job->bias_column == 1)
        operand_avx512(IMGCLS_EPILOGUE_BIAS, sums, rows, columns,
                       (const float *)job->bias + tile->bias_index * job->bias_size +
                           m * job->bias_row + n,
                       job->bias_row);
    else if (job->bias || job->alpha != 1)
        scale_avx512(job, tile, m, rows, n, columns, sums);
    for (i = 0; i < job->step_count; i++) {
        const struct gemm_step *step = &job->steps[i];
        const float *operand = step->operand;
        if (step->kind == IMGCLS_EPILOGUE_BIAS)
            operand_avx512(step->kind, sums, rows, columns, operand + tile->c_column + n, 0);
        else if (operand)
            operand_avx512(step->kind, sums, rows, columns, operand + at, job->c_row);
        else
            step_avx512(step, sums, sums + rows * 32);
    }
    for (r = 0; r < rows; r++, sums += 32, c += job->c_row) {
        _mm512_mask_storeu_ps(c, low, _mm512_load_ps(sums));
        _mm512_mask_storeu_ps(c + 16, high, _mm512_load_ps(sums + 16));
    }
}

#endif

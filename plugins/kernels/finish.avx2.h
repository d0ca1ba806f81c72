/*
 * plugins/kernels/finish.avx2.h - alpha, bias and steps on sums that are still in cache
 *
 * Works on one row piece of up to 16 sums, as two vectors. Mirrors FINISH of
 * gemm.portable.body.h operation by operation.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_FINISH_AVX2_H
#define KERNELS_FINISH_AVX2_H

#include <immintrin.h>

#include <imgcls/plugin.h>

#include "plugins/kernels/approx.avx2.h"
#include "plugins/kernels/gemm.h"

/* Lanes below count (0..8, more is 8), for masked loads and stores. */
static inline __m256i lanes_avx2(int64_t count)
{
    __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    int32_t all = count > 8 ? 8 : count < 0 ? 0 : (int32_t)count;
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(all), lane);
}

/* a < b ? b : a, which is max with NaN in a kept: the second operand is returned on NaN. */
static inline __m256 at_least_avx2(__m256 x, __m256 bound)
{
    return _mm256_max_ps(bound, x);
}

static inline __m256 at_most_avx2(__m256 x, __m256 bound)
{
    return _mm256_min_ps(bound, x);
}

static inline __m256 hardsigmoid_avx2(__m256 x, float a, float b)
{
    x = _mm256_add_ps(_mm256_mul_ps(_mm256_set1_ps(a), x), _mm256_set1_ps(b));
    x = at_least_avx2(x, _mm256_setzero_ps());
    return at_most_avx2(x, _mm256_set1_ps(1));
}

/* One step on one vector; other is the operand's. */
static inline __m256 step_avx2(const struct gemm_step *step, __m256 x, __m256 other)
{
    switch (step->kind) {
    case IMGCLS_EPILOGUE_ADD:
    case IMGCLS_EPILOGUE_BIAS:
        return _mm256_add_ps(x, other);
    case IMGCLS_EPILOGUE_MUL:
        return _mm256_mul_ps(x, other);
    case IMGCLS_EPILOGUE_RELU:
        return at_least_avx2(x, _mm256_setzero_ps());
    case IMGCLS_EPILOGUE_CLIP:
        x = at_least_avx2(x, _mm256_set1_ps(step->a));
        return at_most_avx2(x, _mm256_set1_ps(step->b));
    case IMGCLS_EPILOGUE_HARDSIGMOID:
        return hardsigmoid_avx2(x, step->a, step->b);
    case IMGCLS_EPILOGUE_HARDSWISH:
        return _mm256_mul_ps(x, hardsigmoid_avx2(x, 1.0f / 6, 0.5f));
    case IMGCLS_EPILOGUE_SIGMOID:
        return sigmoid_f32_avx2(x);
    case IMGCLS_EPILOGUE_SILU:
        return silu_f32_avx2(x);
    case IMGCLS_EPILOGUE_GELU:
        return gelu_f32_avx2(x);
    case IMGCLS_EPILOGUE_TANH:
        return tanh_f32_avx2(x);
    default:
        return x;
    }
}

/* The bias of columns n.. of row m: repeated, contiguous, or strided. */
static inline void bias_avx2(const struct gemm_job *job, const struct gemm_tile *tile,
                             int64_t m, int64_t n, int64_t count, __m256 out[2])
{
    const float *bias = (const float *)job->bias + tile->bias_index * job->bias_size +
                        m * job->bias_row + n * job->bias_column;
    float piece[GEMM_COLUMNS] = {0};
    int64_t j;

    if (job->bias_column == 0) {
        out[0] = out[1] = _mm256_set1_ps(*bias);
    } else if (job->bias_column == 1 && count == GEMM_COLUMNS) {
        out[0] = _mm256_loadu_ps(bias);
        out[1] = _mm256_loadu_ps(bias + 8);
    } else {
        for (j = 0; j < count; j++)
            piece[j] = bias[j * job->bias_column];
        out[0] = _mm256_loadu_ps(piece);
        out[1] = _mm256_loadu_ps(piece + 8);
    }
    if (job->beta != 1) {
        out[0] = _mm256_mul_ps(_mm256_set1_ps(job->beta), out[0]);
        out[1] = _mm256_mul_ps(_mm256_set1_ps(job->beta), out[1]);
    }
}

/* The first `count`, fewer than 16, by way of the stack: masked stores are microcode on some
 * processors, dozens of cycles each. */
static inline void part_avx2(float *c, int64_t count, const __m256 x[2])
{
    float all[GEMM_COLUMNS];
    int64_t j = 0;

    _mm256_storeu_ps(all, x[0]);
    _mm256_storeu_ps(all + 8, x[1]);
    for (; j + 4 <= count; j += 4)
        _mm_storeu_ps(c + j, _mm_loadu_ps(all + j));
    for (; j < count; j++)
        c[j] = all[j];
}

/* Sums x of columns n..n+count of row m, finished and stored. */
static inline void finish_avx2(const struct gemm_job *job, const struct gemm_tile *tile,
                               int64_t m, int64_t n, int64_t count, __m256 x[2])
{
    int64_t at = tile->c_begin + m * job->c_row + n;
    float *c = (float *)job->c + at;
    __m256i low = lanes_avx2(count), high = lanes_avx2(count - 8);
    __m256 other[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
    int32_t i;

    if (job->alpha != 1) {
        x[0] = _mm256_mul_ps(_mm256_set1_ps(job->alpha), x[0]);
        x[1] = _mm256_mul_ps(_mm256_set1_ps(job->alpha), x[1]);
    }
    if (job->bias) {
        bias_avx2(job, tile, m, n, count, other);
        x[0] = _mm256_add_ps(x[0], other[0]);
        x[1] = _mm256_add_ps(x[1], other[1]);
    }
    for (i = 0; i < job->step_count; i++) {
        const struct gemm_step *step = &job->steps[i];
        if (step->operand) {
            const float *operand = (const float *)step->operand +
                                   (step->kind == IMGCLS_EPILOGUE_BIAS ? tile->c_column + n
                                                                         : at);
            other[0] = _mm256_maskload_ps(operand, low);
            other[1] = _mm256_maskload_ps(operand + 8, high);
        }
        x[0] = step_avx2(step, x[0], other[0]);
        if (count > 8)
            x[1] = step_avx2(step, x[1], other[1]);
    }
    if (count == GEMM_COLUMNS) {
        _mm256_storeu_ps(c, x[0]);
        _mm256_storeu_ps(c + 8, x[1]);
    } else {
        part_avx2(c, count, x);
    }
}

/* Sums of a block of k that is not the last: kept in C as they are. */
static inline void keep_avx2(float *c, int64_t count, const __m256 x[2])
{
    if (count == GEMM_COLUMNS) {
        _mm256_storeu_ps(c, x[0]);
        _mm256_storeu_ps(c + 8, x[1]);
    } else {
        part_avx2(c, count, x);
    }
}

#endif

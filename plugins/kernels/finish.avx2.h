/*
 * plugins/kernels/finish.avx2.h - alpha, bias and steps on sums that are still in cache
 *
 * On one row piece of up to 16 sums, as two vectors, or on a tile of sums in L1, one pass a step,
 * so that a step is chosen once and vectors overlap. Mirrors FINISH of gemm.portable.body.h
 * operation by operation.
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

#define PASS_AVX2(EXPRESSION)                                                              \
    for (at = sums; at < end; at += 8) {                                                   \
        __m256 x = _mm256_load_ps(at);                                                     \
        _mm256_store_ps(at, EXPRESSION);                                                   \
    }

/* A step that needs no operand, on whole vectors; end: past the last. */
static inline void pass_avx2(const struct gemm_step *step, float *sums, const float *end)
{
    const __m256 a = _mm256_set1_ps(step->a), b = _mm256_set1_ps(step->b);
    float *at;

    switch (step->kind) {
    case IMGCLS_EPILOGUE_RELU:
        PASS_AVX2(at_least_avx2(x, _mm256_setzero_ps()));
        break;
    case IMGCLS_EPILOGUE_CLIP:
        PASS_AVX2(at_most_avx2(at_least_avx2(x, a), b));
        break;
    case IMGCLS_EPILOGUE_HARDSIGMOID:
        PASS_AVX2(hardsigmoid_avx2(x, step->a, step->b));
        break;
    case IMGCLS_EPILOGUE_HARDSWISH:
        PASS_AVX2(_mm256_mul_ps(x, hardsigmoid_avx2(x, 1.0f / 6, 0.5f)));
        break;
    case IMGCLS_EPILOGUE_SIGMOID:
        PASS_AVX2(sigmoid_f32_avx2(x));
        break;
    case IMGCLS_EPILOGUE_SILU:
        PASS_AVX2(silu_f32_avx2(x));
        break;
    case IMGCLS_EPILOGUE_GELU:
        PASS_AVX2(gelu_f32_avx2(x));
        break;
    case IMGCLS_EPILOGUE_TANH:
        PASS_AVX2(tanh_f32_avx2(x));
        break;
    default:
        break;
    }
}

/* A step with an operand on rows of 16 sums, of which `columns` count. from: its element at the
 * first sum, rows `from_row` apart (0: the same for all rows). */
static inline void operand_avx2(int32_t kind, float *sums, int64_t rows, int64_t columns,
                                const float *from, int64_t from_row)
{
    const __m256i low = lanes_avx2(columns), high = lanes_avx2(columns - 8);

    for (; rows > 0; rows--, sums += GEMM_COLUMNS, from += from_row) {
        const struct gemm_step step = {.kind = kind};
        __m256 y0 = _mm256_maskload_ps(from, low), y1 = _mm256_maskload_ps(from + 8, high);
        _mm256_store_ps(sums, step_avx2(&step, _mm256_load_ps(sums), y0));
        _mm256_store_ps(sums + 8, step_avx2(&step, _mm256_load_ps(sums + 8), y1));
    }
}

/* alpha and a bias that is more than a row to be added. */
static inline void scale_avx2(const struct gemm_job *job, const struct gemm_tile *tile,
                              int64_t m, int64_t rows, int64_t n, int64_t columns, float *sums)
{
    const __m256 alpha = _mm256_set1_ps(job->alpha);

    for (; rows > 0; rows--, m++, sums += GEMM_COLUMNS) {
        __m256 x0 = _mm256_load_ps(sums), x1 = _mm256_load_ps(sums + 8), bias[2];
        if (job->alpha != 1) {
            x0 = _mm256_mul_ps(alpha, x0);
            x1 = _mm256_mul_ps(alpha, x1);
        }
        if (job->bias) {
            bias_avx2(job, tile, m, n, columns, bias);
            x0 = _mm256_add_ps(x0, bias[0]);
            x1 = _mm256_add_ps(x1, bias[1]);
        }
        _mm256_store_ps(sums, x0);
        _mm256_store_ps(sums + 8, x1);
    }
}

#define END_AVX2(EXPRESSION)                                                               \
    for (; rows > 0; rows--, sums += GEMM_COLUMNS, c += job->c_row) {                      \
        __m256 x = _mm256_add_ps(_mm256_load_ps(sums), bias0);                             \
        _mm256_storeu_ps(c, EXPRESSION);                                                   \
        x = _mm256_add_ps(_mm256_load_ps(sums + 8), bias1);                                \
        _mm256_storeu_ps(c + 8, EXPRESSION);                                               \
    }                                                                                      \
    return 1;

/* Rows of 16 sums that end in a bias for each column and one function, which takes longer than a
 * short product does: all in one pass. False where the job ends otherwise. */
static inline int end_rows_avx2(const struct gemm_job *job, const struct gemm_tile *tile,
                                int64_t rows, int64_t n, const float *sums, float *c)
{
    const int is_bias = job->step_count > 0 && job->steps[0].kind == IMGCLS_EPILOGUE_BIAS;
    const float *bias = is_bias ? (const float *)job->steps[0].operand + tile->c_column : job->bias;
    __m256 bias0 = _mm256_set1_ps(-0.0f), bias1 = bias0; /* which changes no bit */

    if (job->step_count != 1 + is_bias || job->alpha != 1)
        return 0;
    if (job->bias && (is_bias || job->bias_column != 1 || job->bias_row != 0 || job->beta != 1))
        return 0;
    if (bias) {
        bias += n + (is_bias ? 0 : tile->bias_index * job->bias_size);
        bias0 = _mm256_loadu_ps(bias);
        bias1 = _mm256_loadu_ps(bias + 8);
    }
    switch (job->steps[is_bias].kind) {
    case IMGCLS_EPILOGUE_SIGMOID:
        END_AVX2(sigmoid_f32_avx2(x))
    case IMGCLS_EPILOGUE_SILU:
        END_AVX2(silu_f32_avx2(x))
    case IMGCLS_EPILOGUE_GELU:
        END_AVX2(gelu_f32_avx2(x))
    case IMGCLS_EPILOGUE_TANH:
        END_AVX2(tanh_f32_avx2(x))
    default:
        return 0;
    }
}

/* Sums of rows m.., columns n.. of a tile 16 wide: finished and stored in C. */
static inline void finish_rows_avx2(const struct gemm_job *job, const struct gemm_tile *tile,
                                    int64_t m, int64_t rows, int64_t n, int64_t columns,
                                    float *sums)
{
    int64_t at = tile->c_begin + m * job->c_row + n, r;
    int32_t i;

    if (columns == GEMM_COLUMNS &&
        end_rows_avx2(job, tile, rows, n, sums, (float *)job->c + at))
        return;
    if (job->bias || job->alpha != 1)
        scale_avx2(job, tile, m, rows, n, columns, sums);
    for (i = 0; i < job->step_count; i++) {
        const struct gemm_step *step = &job->steps[i];
        const float *operand = step->operand;
        if (step->kind == IMGCLS_EPILOGUE_BIAS)
            operand_avx2(step->kind, sums, rows, columns, operand + tile->c_column + n, 0);
        else if (operand)
            operand_avx2(step->kind, sums, rows, columns, operand + at, job->c_row);
        else
            pass_avx2(step, sums, sums + rows * GEMM_COLUMNS);
    }
    for (r = 0; r < rows; r++, sums += GEMM_COLUMNS) {
        __m256 x[2] = {_mm256_load_ps(sums), _mm256_load_ps(sums + 8)};
        keep_avx2((float *)job->c + at + r * job->c_row, columns, x);
    }
}

#endif

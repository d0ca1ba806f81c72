/*
 * plugins/kernels/rows.avx2.c - softmax and layer normalisation of contiguous rows with
 * AVX2
 *
 * Two vectors are the sixteen lanes of rows.h. Rests of a row are loaded and stored under a
 * mask; lanes without an element add zero, which changes no sum (a sum of squares or powers
 * is never -0; the sum of elements starts at +0).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/rows.h"

#include <math.h>

#include <immintrin.h>

#include "plugins/kernels/approx.avx2.h"
#include "plugins/kernels/finish.avx2.h"

/* Lanes 0..7 and 8..15, added pairwise as rows.h says. */
static float sum_lanes(__m256 low, __m256 high)
{
    __m256 eight = _mm256_add_ps(low, high);
    __m128 four =
        _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

static float most_of(const float *x, int64_t n)
{
    float most = x[0], piece[8];
    int64_t i = 1;
    int l;

    if (n >= 8) {
        __m256 lanes = _mm256_loadu_ps(x);
        for (i = 8; i + 8 <= n; i += 8)
            lanes = _mm256_max_ps(_mm256_loadu_ps(x + i), lanes);
        _mm256_storeu_ps(piece, lanes);
        for (most = piece[0], l = 1; l < 8; l++)
            most = piece[l] > most ? piece[l] : most;
    }
    for (; i < n; i++)
        most = x[i] > most ? x[i] : most;
    return most;
}

/* y = e^(x - most) where y is not NULL; returns the sum. */
static float sum_of_powers(const float *x, float *y, int64_t n, float most)
{
    __m256 sums[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
    __m256 shift = _mm256_set1_ps(most);
    int64_t i;

    for (i = 0; i < n; i += 8) {
        __m256i mask = lanes_avx2(n - i);
        __m256 power = exp_f32_avx2(_mm256_sub_ps(_mm256_maskload_ps(x + i, mask), shift));
        power = _mm256_and_ps(power, _mm256_castsi256_ps(mask));
        if (y)
            _mm256_maskstore_ps(y + i, mask, power);
        sums[i / 8 % 2] = _mm256_add_ps(sums[i / 8 % 2], power);
    }
    return sum_lanes(sums[0], sums[1]);
}

void softmax_f32_avx2(const void *from, void *to, int64_t n, int64_t stride,
                      int32_t logarithm)
{
    const float *x = from;
    float *y = to, most, sum;
    int64_t i;

    if (stride != 1) {
        softmax_f32_portable(from, to, n, stride, logarithm);
        return;
    }
    most = most_of(x, n);
    sum = sum_of_powers(x, logarithm ? NULL : y, n, most);
    if (logarithm)
        sum = (float)log(sum);
    for (i = 0; i < n; i += 8) {
        __m256i mask = lanes_avx2(n - i);
        __m256 value;
        if (logarithm) {
            value = _mm256_sub_ps(_mm256_maskload_ps(x + i, mask), _mm256_set1_ps(most));
            value = _mm256_sub_ps(value, _mm256_set1_ps(sum));
        } else {
            value = _mm256_div_ps(_mm256_maskload_ps(y + i, mask), _mm256_set1_ps(sum));
        }
        _mm256_maskstore_ps(y + i, mask, value);
    }
}

/* Sum of x, or of (x - mean)^2 where `squares`. */
static float sum_of(const float *x, int64_t n, float mean, int squares)
{
    __m256 sums[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
    int64_t i;

    for (i = 0; i < n; i += 8) {
        __m256i mask = lanes_avx2(n - i);
        __m256 value = _mm256_maskload_ps(x + i, mask);
        if (squares) {
            value = _mm256_sub_ps(value, _mm256_set1_ps(mean));
            value = _mm256_mul_ps(value, value);
            value = _mm256_and_ps(value, _mm256_castsi256_ps(mask));
        }
        sums[i / 8 % 2] = _mm256_add_ps(sums[i / 8 % 2], value);
    }
    return sum_lanes(sums[0], sums[1]);
}

void layernorm_f32_avx2(const struct layernorm_row *row, const void *from, void *to,
                        void *mean_to, void *inverse_to)
{
    const float *x = from, *scale = row->scale, *bias = row->bias;
    float *y = to, mean = 0, inverse;
    int64_t i, n = row->n;

    if (row->centre)
        mean = sum_of(x, n, 0, 0) / (float)n;
    inverse = 1 / sqrtf(sum_of(x, n, mean, 1) / (float)n + (float)row->epsilon);
    for (i = 0; i < n; i += 8) {
        __m256i mask = lanes_avx2(n - i);
        __m256 value = _mm256_sub_ps(_mm256_maskload_ps(x + i, mask), _mm256_set1_ps(mean));
        value = _mm256_mul_ps(value, _mm256_set1_ps(inverse));
        value = _mm256_mul_ps(value, _mm256_maskload_ps(scale + i, mask));
        if (bias)
            value = _mm256_add_ps(value, _mm256_maskload_ps(bias + i, mask));
        _mm256_maskstore_ps(y + i, mask, value);
    }
    if (mean_to)
        *(float *)mean_to = mean;
    if (inverse_to)
        *(float *)inverse_to = inverse;
}

/*
 * eval/pictures/resize.avx2.c - the sums of resizing with AVX2, bit for bit the portable
 * ones
 *
 * A weight of 22 bits is taken apart into its low 15 bits and the rest, w = high * 2^15 +
 * low, so that two pixels and two weights fit one multiply-add of 16-bit pairs; both halves
 * are summed on their own and joined at the end. Sums wrap as the portable ones do.
 *
 * Rows take four pixels of three channels at a time, columns two rows at a time.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/pictures/resize.h"

#include <string.h>

#include <immintrin.h>

#define LOW_BITS 15
#define LOW_MASK ((1 << LOW_BITS) - 1)

/* Pairs of weights as 16-bit values: first in the low half of each 32 bits. */
static inline int32_t low_pair(int32_t a, int32_t b)
{
    return (a & LOW_MASK) | (int32_t)((uint32_t)(b & LOW_MASK) << 16);
}

static inline int32_t high_pair(int32_t a, int32_t b)
{
    return ((a >> LOW_BITS) & 0xffff) | (int32_t)((uint32_t)(b >> LOW_BITS) << 16);
}

void icl_resize_column_avx2(const uint8_t *from, size_t pitch, const int32_t *weights,
                            int32_t count, size_t bytes, uint8_t *to)
{
    const __m256i half = _mm256_set1_epi32(ICL_WEIGHT_HALF);
    size_t x;
    for (x = 0; x + 16 <= bytes; x += 16) {
        __m256i low0 = half, low1 = half, high0 = _mm256_setzero_si256(), high1 = high0;
        const uint8_t *p = from + x;
        int32_t i;
        for (i = 0; i < count; i += 2, p += 2 * pitch) {
            bool pair = i + 1 < count;
            int32_t second = pair ? weights[i + 1] : 0;
            __m128i a = _mm_loadu_si128((const __m128i *)p);
            __m128i b = pair ? _mm_loadu_si128((const __m128i *)(p + pitch)) : a;
            __m256i left = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(a, b));
            __m256i right = _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(a, b));
            __m256i low = _mm256_set1_epi32(low_pair(weights[i], second));
            __m256i high = _mm256_set1_epi32(high_pair(weights[i], second));
            low0 = _mm256_add_epi32(low0, _mm256_madd_epi16(left, low));
            low1 = _mm256_add_epi32(low1, _mm256_madd_epi16(right, low));
            high0 = _mm256_add_epi32(high0, _mm256_madd_epi16(left, high));
            high1 = _mm256_add_epi32(high1, _mm256_madd_epi16(right, high));
        }
        low0 = _mm256_add_epi32(low0, _mm256_slli_epi32(high0, LOW_BITS));
        low1 = _mm256_add_epi32(low1, _mm256_slli_epi32(high1, LOW_BITS));
        low0 = _mm256_srai_epi32(low0, ICL_WEIGHT_BITS);
        low1 = _mm256_srai_epi32(low1, ICL_WEIGHT_BITS);
        low0 = _mm256_permute4x64_epi64(_mm256_packs_epi32(low0, low1), 0xd8);
        _mm_storeu_si128((__m128i *)(to + x),
                         _mm_packus_epi16(_mm256_castsi256_si128(low0),
                                          _mm256_extracti128_si256(low0, 1)));
    }
    if (x < bytes)
        icl_resize_column_portable(from + x, pitch, weights, count, bytes - x, to + x);
}

void icl_resize_row_avx2(const struct icl_axis *axis, const uint8_t *row,
                         const uint8_t *end, size_t channels, uint8_t *to)
{
    /* r0 r1 g0 g1 b0 b1 of two pixels, as 16-bit values; the last pair is empty. The upper
     * half takes the next two pixels. */
    const __m256i spread =
        _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1, 6, -1, 9,
                         -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
    /* The low 15 bits and the rest of four weights, each pair once a channel. */
    const __m128i mask = _mm_set1_epi32(LOW_MASK);
    int32_t x;
    if (channels != 3) {
        icl_resize_row_portable(axis, row, end, channels, to);
        return;
    }
    for (x = 0; x < axis->count; x++, to += 3) {
        const uint8_t *from = row + (size_t)axis->window[x][0] * 3;
        const int32_t *weights = axis->weights + (size_t)x * axis->stride;
        int32_t count = axis->window[x][1], i;
        __m256i low = _mm256_setzero_si256(), high = low;
        __m128i sum;
        if (from + ((size_t)count + 3) / 4 * 12 + 4 > end) {
            struct icl_axis one = {axis->window + x,
                                   axis->weights + (size_t)x * axis->stride, axis->stride,
                                   1};
            icl_resize_row_portable(&one, row, end, channels, to);
            continue;
        }
        for (i = 0; i < count; i += 4, from += 12) {
            __m256i pixels = _mm256_shuffle_epi8(
                _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)from)),
                spread);
            __m128i four = _mm_loadu_si128((const __m128i *)(weights + i));
            __m128i parts =
                _mm_packs_epi32(_mm_and_si128(four, mask), _mm_srai_epi32(four, LOW_BITS));
            /* parts: low 0 1 2 3, high 0 1 2 3; pairs are 32 bits each */
            __m256i both = _mm256_broadcastsi128_si256(parts);
            __m256i lows = _mm256_permutevar8x32_epi32(
                both, _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1));
            __m256i highs = _mm256_permutevar8x32_epi32(
                both, _mm256_setr_epi32(2, 2, 2, 2, 3, 3, 3, 3));
            low = _mm256_add_epi32(low, _mm256_madd_epi16(pixels, lows));
            high = _mm256_add_epi32(high, _mm256_madd_epi16(pixels, highs));
        }
        low = _mm256_add_epi32(low, _mm256_slli_epi32(high, LOW_BITS));
        sum = _mm_add_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1));
        sum = _mm_add_epi32(sum, _mm_set1_epi32(ICL_WEIGHT_HALF));
        sum = _mm_srai_epi32(sum, ICL_WEIGHT_BITS);
        sum = _mm_packus_epi16(_mm_packs_epi32(sum, sum), sum);
        uint32_t pixel = (uint32_t)_mm_cvtsi128_si32(sum);
        to[0] = (uint8_t)pixel;
        to[1] = (uint8_t)(pixel >> 8);
        to[2] = (uint8_t)(pixel >> 16);
    }
}

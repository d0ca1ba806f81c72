/*
 * eval/pictures/resize.avx2.c - the sums of resizing with AVX2, bit for bit the portable
 * ones
 *
 * A weight of 22 bits is taken apart into its low 15 bits and the rest, w = high * 2^15 +
 * low, so that two pixels and two weights fit one multiply-add of 16-bit pairs; both halves
 * are summed on their own and joined at the end. Sums wrap as the portable ones do.
 *
 * Rows take four source pixels of three channels at a time, for four rows side by side, so
 * that weights are spread over a vector once for the four. Columns take two rows at a time
 * and 32 bytes of them.
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

/* ---- Columns
 * --------------------------------------------------------------------------*/

#define PAIRS_AT_ONCE 16

/* Weights of up to 2 * PAIRS_AT_ONCE rows, spread once for a whole target row. */
struct pairs {
    __m256i low[PAIRS_AT_ONCE], high[PAIRS_AT_ONCE];
};

/* Sums so far of 32 bytes: low and high halves, in the order that unpacking leaves. */
struct sums {
    __m256i low[4], high[4];
};

static inline void add_pair(struct sums *sums, __m256i a, __m256i b, __m256i low,
                            __m256i high)
{
    /* a0 b0 a1 b1 ... as bytes, then as 16-bit values */
    const __m256i zero = _mm256_setzero_si256();
    __m256i near = _mm256_unpacklo_epi8(a, b), far = _mm256_unpackhi_epi8(a, b);
    __m256i p0 = _mm256_unpacklo_epi8(near, zero), p1 = _mm256_unpackhi_epi8(near, zero);
    __m256i p2 = _mm256_unpacklo_epi8(far, zero), p3 = _mm256_unpackhi_epi8(far, zero);
    sums->low[0] = _mm256_add_epi32(sums->low[0], _mm256_madd_epi16(p0, low));
    sums->low[1] = _mm256_add_epi32(sums->low[1], _mm256_madd_epi16(p1, low));
    sums->low[2] = _mm256_add_epi32(sums->low[2], _mm256_madd_epi16(p2, low));
    sums->low[3] = _mm256_add_epi32(sums->low[3], _mm256_madd_epi16(p3, low));
    sums->high[0] = _mm256_add_epi32(sums->high[0], _mm256_madd_epi16(p0, high));
    sums->high[1] = _mm256_add_epi32(sums->high[1], _mm256_madd_epi16(p1, high));
    sums->high[2] = _mm256_add_epi32(sums->high[2], _mm256_madd_epi16(p2, high));
    sums->high[3] = _mm256_add_epi32(sums->high[3], _mm256_madd_epi16(p3, high));
}

static inline __m256i level(__m256i low, __m256i high)
{
    return _mm256_srai_epi32(_mm256_add_epi32(low, _mm256_slli_epi32(high, LOW_BITS)),
                             ICL_WEIGHT_BITS);
}

/* Packing within halves undoes unpacking within halves. */
static inline void put_levels(const struct sums *sums, uint8_t *to)
{
    __m256i near = _mm256_packs_epi32(level(sums->low[0], sums->high[0]),
                                      level(sums->low[1], sums->high[1]));
    __m256i far = _mm256_packs_epi32(level(sums->low[2], sums->high[2]),
                                     level(sums->low[3], sums->high[3]));
    _mm256_storeu_si256((__m256i *)to, _mm256_packus_epi16(near, far));
}

static void spread(const int32_t *weights, int32_t count, struct pairs *pairs)
{
    for (int32_t i = 0; i < count; i += 2) {
        int32_t second = i + 1 < count ? weights[i + 1] : 0;
        pairs->low[i / 2] = _mm256_set1_epi32(low_pair(weights[i], second));
        pairs->high[i / 2] = _mm256_set1_epi32(high_pair(weights[i], second));
    }
}

void icl_resize_column_avx2(const uint8_t *from, size_t pitch, const int32_t *weights,
                            int32_t count, size_t bytes, uint8_t *to)
{
    struct pairs pairs;
    size_t x;
    if (count > 2 * PAIRS_AT_ONCE) { /* a picture that shrinks to a sixteenth */
        icl_resize_column_portable(from, pitch, weights, count, bytes, to);
        return;
    }
    spread(weights, count, &pairs);
    for (x = 0; x + 32 <= bytes; x += 32) {
        const __m256i half = _mm256_set1_epi32(ICL_WEIGHT_HALF);
        struct sums sums = {{half, half, half, half}, {{0}}};
        const uint8_t *p = from + x;
        int32_t i;
        for (i = 0; i + 1 < count; i += 2, p += 2 * pitch)
            add_pair(&sums, _mm256_loadu_si256((const __m256i *)p),
                     _mm256_loadu_si256((const __m256i *)(p + pitch)), pairs.low[i / 2],
                     pairs.high[i / 2]);
        if (i < count)
            add_pair(&sums, _mm256_loadu_si256((const __m256i *)p), _mm256_setzero_si256(),
                     pairs.low[i / 2], pairs.high[i / 2]);
        put_levels(&sums, to + x);
    }
    if (x < bytes)
        icl_resize_column_portable(from + x, pitch, weights, count, bytes - x, to + x);
}

/* ---- Rows
 * -----------------------------------------------------------------------------*/

/* Four weights, spread: pairs 0 and 1 of the low parts in the lower and upper half, and of
 * the high parts. */
struct spread_weights {
    __m256i low, high;
};

static inline struct spread_weights spread_four(const int32_t *weights)
{
    __m128i four = _mm_loadu_si128((const __m128i *)weights);
    __m128i parts = _mm_packs_epi32(_mm_and_si128(four, _mm_set1_epi32(LOW_MASK)),
                                    _mm_srai_epi32(four, LOW_BITS));
    /* parts: low 0 1 2 3, high 0 1 2 3; pairs are 32 bits each */
    __m256i both = _mm256_broadcastsi128_si256(parts);
    return (struct spread_weights){
        _mm256_permutevar8x32_epi32(both, _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1)),
        _mm256_permutevar8x32_epi32(both, _mm256_setr_epi32(2, 2, 2, 2, 3, 3, 3, 3))};
}

/* Four pixels as r0 r1 g0 g1 b0 b1 of two, as 16-bit values; the last pair is empty. The
 * upper half takes the next two. Reads 16 bytes. */
static inline __m256i load_pixels(const uint8_t *from)
{
    const __m256i order =
        _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1, 6, -1, 9,
                         -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
    return _mm256_shuffle_epi8(
        _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)from)), order);
}

/* Halves of two rows' sums added: row a's four values below, row b's above. */
static inline __m256i join(__m256i a, __m256i b)
{
    return _mm256_add_epi32(_mm256_permute2x128_si256(a, b, 0x20),
                            _mm256_permute2x128_si256(a, b, 0x31));
}

static inline __m256i whole(__m256i low, __m256i high)
{
    return _mm256_add_epi32(low, _mm256_slli_epi32(high, LOW_BITS));
}

/* One target pixel of four rows, three bytes of each of the results' 32 bits. */
static inline __m128i sum_four(const uint8_t *from, size_t pitch, const int32_t *weights,
                               int32_t count)
{
    /* one half, once: a row's two halves are added */
    const __m256i half = _mm256_setr_epi32(ICL_WEIGHT_HALF, ICL_WEIGHT_HALF,
                                           ICL_WEIGHT_HALF, ICL_WEIGHT_HALF, 0, 0, 0, 0);
    __m256i low0 = half, low1 = half, low2 = half, low3 = half;
    __m256i high0 = _mm256_setzero_si256(), high1 = high0, high2 = high0, high3 = high0;
    for (int32_t i = 0; i < count; i += 4, from += 12) {
        struct spread_weights w = spread_four(weights + i);
        __m256i p0 = load_pixels(from), p1 = load_pixels(from + pitch);
        __m256i p2 = load_pixels(from + 2 * pitch), p3 = load_pixels(from + 3 * pitch);
        low0 = _mm256_add_epi32(low0, _mm256_madd_epi16(p0, w.low));
        low1 = _mm256_add_epi32(low1, _mm256_madd_epi16(p1, w.low));
        low2 = _mm256_add_epi32(low2, _mm256_madd_epi16(p2, w.low));
        low3 = _mm256_add_epi32(low3, _mm256_madd_epi16(p3, w.low));
        high0 = _mm256_add_epi32(high0, _mm256_madd_epi16(p0, w.high));
        high1 = _mm256_add_epi32(high1, _mm256_madd_epi16(p1, w.high));
        high2 = _mm256_add_epi32(high2, _mm256_madd_epi16(p2, w.high));
        high3 = _mm256_add_epi32(high3, _mm256_madd_epi16(p3, w.high));
    }
    __m256i near =
        _mm256_srai_epi32(join(whole(low0, high0), whole(low1, high1)), ICL_WEIGHT_BITS);
    __m256i far =
        _mm256_srai_epi32(join(whole(low2, high2), whole(low3, high3)), ICL_WEIGHT_BITS);
    __m256i words = _mm256_packs_epi32(near, far); /* rows 0 and 2, rows 1 and 3 */
    __m256i bytes = _mm256_packus_epi16(words, words);
    return _mm_unpacklo_epi32(_mm256_castsi256_si128(bytes),
                              _mm256_extracti128_si256(bytes, 1)); /* rows 0 1 2 3 */
}

/* How many targets from the first on can be taken four pixels at a time in `room` bytes from a
 * row's begin. Counts are rounded up, so a window may need more room than those after it. */
static int32_t count_within(const struct icl_axis *axis, size_t pitch, size_t room)
{
    int32_t x = 0;
    if (room >= pitch + 16) /* at most 9 + 4 bytes behind the row */
        return axis->count;
    while (x < axis->count && (size_t)axis->window[x][0] * 3 +
                                      ((size_t)axis->window[x][1] + 3) / 4 * 12 + 4 <=
                                  room)
        x++;
    return x;
}

/* Three bytes; one more where that is overwritten by the next target. */
static inline void put_pixel(uint8_t *to, uint32_t pixel, bool room)
{
    if (room) {
        memcpy(to, &pixel, 4);
    } else {
        memcpy(to, &pixel, 2);
        to[2] = (uint8_t)(pixel >> 16);
    }
}

/* The first `count` targets of four rows; a byte behind the last but one is overwritten. */
static void sum_rows(const struct icl_axis *axis, const struct icl_rows *rows, int32_t y,
                     int32_t count)
{
    const uint8_t *from = rows->from + (size_t)y * rows->pitch;
    const size_t pitch = rows->to_pitch;
    uint8_t *to = rows->to + (size_t)y * pitch;
    for (int32_t x = 0; x < count; x++, to += 3) {
        __m128i four =
            sum_four(from + (size_t)axis->window[x][0] * 3, rows->pitch,
                     axis->weights + (size_t)x * axis->stride, axis->window[x][1]);
        put_pixel(to, (uint32_t)_mm_cvtsi128_si32(four), x + 1 < count);
        put_pixel(to + pitch, (uint32_t)_mm_extract_epi32(four, 1), x + 1 < count);
        put_pixel(to + 2 * pitch, (uint32_t)_mm_extract_epi32(four, 2), x + 1 < count);
        put_pixel(to + 3 * pitch, (uint32_t)_mm_extract_epi32(four, 3), x + 1 < count);
    }
}

/* Targets [first, ...) of rows [y, y + count). */
static void sum_rest(const struct icl_axis *axis, const struct icl_rows *rows, int32_t y,
                     int32_t count, int32_t first)
{
    struct icl_axis targets = {axis->window + first,
                               axis->weights + (size_t)first * axis->stride, axis->stride,
                               axis->count - first};
    struct icl_rows part = *rows;
    part.from += (size_t)y * rows->pitch;
    part.to += (size_t)y * rows->to_pitch + (size_t)first * rows->channels;
    part.count = count;
    icl_resize_row_portable(&targets, &part);
}

void icl_resize_row_avx2(const struct icl_axis *axis, const struct icl_rows *rows)
{
    if (rows->channels != 3 || rows->count < 4) {
        icl_resize_row_portable(axis, rows);
        return;
    }
    for (int32_t y = 0; y < rows->count; y += 4) {
        /* the last four overlap those before them where it does not come out even */
        int32_t at = y + 4 <= rows->count ? y : rows->count - 4;
        const uint8_t *last = rows->from + (size_t)(at + 3) * rows->pitch;
        int32_t within = count_within(axis, rows->pitch, (size_t)(rows->end - last));
        sum_rows(axis, rows, at, within);
        if (within < axis->count)
            sum_rest(axis, rows, at, 4, within);
    }
}

/*
 * eval/pictures/planes.avx2.c - interleaved bytes to normalised float32 planes with AVX2
 *
 * Divisions are done by the rounded reciprocal and one correction by what is left over (Markstein,
 * "Computation of elementary functions on the IBM RISC System/6000 processor", 1990), which gives
 * the rounded quotient for nearly all divisors. Whether it does for these is not left to hope: all
 * 256 bytes of each plane are tried first.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/pictures/planes.h"

#include <stdbool.h>
#include <string.h>

#include <immintrin.h>

#define AT_ONCE 8

/* What a plane's pixels are computed with; by_255 is 1 where the range is 255. */
struct arithmetic {
    __m256 by_255, per_255, mean, std, per_std;
};

static struct arithmetic arithmetic_of(const struct icl_plane *plane)
{
    float by_255 = plane->range == 1 ? 255.0f : 1.0f;
    return (struct arithmetic){.by_255 = _mm256_set1_ps(by_255),
                               .per_255 = _mm256_set1_ps(1 / by_255),
                               .mean = _mm256_set1_ps(plane->mean),
                               .std = _mm256_set1_ps(plane->std),
                               .per_std = _mm256_set1_ps(1 / plane->std)};
}

static inline __m256 divide(__m256 x, __m256 by, __m256 reciprocal)
{
    __m256 quotient = _mm256_mul_ps(x, reciprocal);
    return _mm256_fmadd_ps(_mm256_fnmadd_ps(quotient, by, x), reciprocal, quotient);
}

/* Eight bytes, in the low half, become levels. */
static inline __m256 levels_of(const struct arithmetic *a, __m128i bytes)
{
    __m256 x = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
    x = divide(x, a->by_255, a->per_255);
    return divide(_mm256_sub_ps(x, a->mean), a->std, a->per_std);
}

static bool gives_levels(const struct arithmetic *a, const struct icl_plane *plane)
{
    float made[256];
    uint8_t bytes[256];
    for (int i = 0; i < 256; i++)
        bytes[i] = (uint8_t)i;
    for (int i = 0; i < 256; i += AT_ONCE)
        _mm256_storeu_ps(made + i,
                         levels_of(a, _mm_loadl_epi64((const __m128i *)(bytes + i))));
    return memcmp(made, plane->level, sizeof made) == 0;
}

static void fill_one(const struct arithmetic *a, const uint8_t *bytes, size_t count, float *to)
{
    for (size_t i = 0; i < count; i += AT_ONCE)
        _mm256_storeu_ps(to + i, levels_of(a, _mm_loadl_epi64((const __m128i *)(bytes + i))));
}

/* Where in 16 loaded bytes the eight of one channel lie: those of the first load that begin at
 * byte 0 of 24, and those of the second, which begins at byte 8. */
struct picks {
    __m128i first, second;
};

static struct picks picks_of(size_t source)
{
    uint8_t first[16], second[16];
    memset(first, 0x80, sizeof first); /* gives zero */
    memset(second, 0x80, sizeof second);
    for (size_t i = 0; i < AT_ONCE; i++) {
        size_t at = 3 * i + source;
        if (at < 16)
            first[i] = (uint8_t)at;
        else
            second[i] = (uint8_t)(at - 8);
    }
    return (struct picks){_mm_loadu_si128((const __m128i *)first),
                          _mm_loadu_si128((const __m128i *)second)};
}

static void fill_three(const struct arithmetic a[3], const struct icl_plane *planes,
                       const uint8_t *bytes, size_t count, size_t pixels, float *to)
{
    const struct picks p[3] = {picks_of(planes[0].source), picks_of(planes[1].source),
                               picks_of(planes[2].source)};
    for (size_t i = 0; i < count; i += AT_ONCE) {
        __m128i first = _mm_loadu_si128((const __m128i *)(bytes + 3 * i));
        __m128i second = _mm_loadu_si128((const __m128i *)(bytes + 3 * i + 8));
        for (size_t c = 0; c < 3; c++) {
            __m128i mine = _mm_or_si128(_mm_shuffle_epi8(first, p[c].first),
                                        _mm_shuffle_epi8(second, p[c].second));
            _mm256_storeu_ps(to + c * pixels + i, levels_of(&a[c], mine));
        }
    }
}

size_t icl_planes_avx2(const struct icl_plane *planes, const uint8_t *bytes, size_t channels,
                       size_t pixels, float *to)
{
    struct arithmetic a[3];
    size_t count = pixels / AT_ONCE * AT_ONCE;
    for (size_t c = 0; c < channels; c++) {
        a[c] = arithmetic_of(&planes[c]);
        if (!gives_levels(&a[c], &planes[c]))
            return 0;
    }
    if (channels == 1)
        fill_one(&a[0], bytes, count, to);
    else
        fill_three(a, planes, bytes, count, pixels, to);
    return count;
}

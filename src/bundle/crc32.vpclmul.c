/*
 * src/bundle/crc32.vpclmul.c - four stretches of a long message shortened side by side
 *
 * What crc32.pclmul.c does, with two products in a register, and at four places at once: memory is
 * then read in four streams, which bring more a second than one does. Each stretch has two
 * registers of 32 bytes, which walk 512 bits a step.
 *
 * The functions name their instruction sets themselves, for compilers that know the products of 128
 * bits know these; called where the CPU has them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/bundle/crc32.h"

#include <string.h>

#include <immintrin.h>

#define AHEAD 2048 /* bytes that are asked for so long before they are needed */
#define SETS  __attribute__((target("avx2,pclmul,vpclmulqdq")))

static inline SETS __m256i fold(__m256i x, __m256i factors, const unsigned char *there)
{
    __m256i low = _mm256_clmulepi64_epi128(x, factors, 0x00);
    __m256i high = _mm256_clmulepi64_epi128(x, factors, 0x11);
    return _mm256_xor_si256(_mm256_xor_si256(low, high),
                            _mm256_loadu_si256((const __m256i *)(const void *)there));
}

static inline SETS __m128i join(__m128i x, __m128i there)
{
    const __m128i by_128 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
    return _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(x, by_128, 0x00),
                                       _mm_clmulepi64_si128(x, by_128, 0x11)),
                         there);
}

SETS void icl_crc32_fold_four(uint32_t before, const unsigned char *bytes, size_t part,
                              unsigned char rest[4][16])
{
    const __m256i by_512 =
        _mm256_set_epi64x(0x1c6e41596, 0x154442bd4, 0x1c6e41596, 0x154442bd4);
    __m256i x[4], y[4];

    for (int i = 0; i < 4; i++) {
        const unsigned char *from = bytes + (size_t)i * part;
        int filled = i ? -1 : (int)~before; /* zlib's register begins with all bits set */
        x[i] = _mm256_loadu_si256((const __m256i *)(const void *)from);
        y[i] = _mm256_loadu_si256((const __m256i *)(const void *)(from + 32));
        x[i] = _mm256_xor_si256(x[i], _mm256_zextsi128_si256(_mm_cvtsi32_si128(filled)));
    }
    for (size_t at = 64; at < part; at += 64) {
        size_t ahead = part - at > AHEAD ? AHEAD : 0;
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
            const unsigned char *from = bytes + (size_t)i * part + at;
            _mm_prefetch((const char *)from + ahead, _MM_HINT_T0);
            x[i] = fold(x[i], by_512, from);
            y[i] = fold(y[i], by_512, from + 32);
        }
    }
    for (int i = 0; i < 4; i++) {
        __m128i one = join(_mm256_castsi256_si128(x[i]), _mm256_extracti128_si256(x[i], 1));
        one = join(one, _mm256_castsi256_si128(y[i]));
        one = join(one, _mm256_extracti128_si256(y[i], 1));
        memcpy(rest[i], &one, sizeof one);
    }
}

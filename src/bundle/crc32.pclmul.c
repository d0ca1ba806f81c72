/*
 * src/bundle/crc32.pclmul.c - a long message shortened to sixteen bytes of the same
 * remainder
 *
 * A message is a polynomial over GF(2), its checksum a remainder modulo P. Moving sixteen
 * bytes d bits towards the end multiplies them by x^d; since only the remainder counts,
 * they may be multiplied by (x^d mod P) instead, which a carry-less product of 64 x 64 bits
 * does, a half at a time (Gopal et al., "Fast CRC Computation for Generic Polynomials Using
 * PCLMULQDQ", Intel 2009). Four registers of sixteen bytes walk together, 512 bits a step,
 * and are folded into one at the end, 128 bits a step.
 *
 * Bits of a zip's checksum are reflected: the constants are x^(d + 32) mod P and
 * x^(d - 32) mod P, mirrored, and one place to the left, since a product of mirrored
 * numbers is one place short. Compiled with its own flags; called where the CPU has the
 * instruction.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/bundle/crc32.h"

#include <string.h>

#include <emmintrin.h>
#include <wmmintrin.h>

/* Bytes that are asked for so long before they are needed: the machine alone looks no further than
 * to the end of a page of 4 KiB. */
#define AHEAD 4096

static inline __m128i load(const unsigned char *bytes)
{
    return _mm_loadu_si128((const __m128i *)(const void *)bytes);
}

/* x, as many bits further as the factors say, and the bytes that are there. */
static inline __m128i fold(__m128i x, __m128i factors, __m128i there)
{
    __m128i low = _mm_clmulepi64_si128(x, factors, 0x00);
    __m128i high = _mm_clmulepi64_si128(x, factors, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), there);
}

void icl_crc32_fold(uint32_t before, const unsigned char *bytes, size_t size,
                    unsigned char rest[16])
{
    const __m128i by_512 = _mm_set_epi64x(0x1c6e41596, 0x154442bd4);
    const __m128i by_128 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
    __m128i x[4];
    int i;

    for (i = 0; i < 4; i++)
        x[i] = load(bytes + 16 * i);
    x[0] = _mm_xor_si128(x[0], _mm_cvtsi32_si128((int)~before));
    for (bytes += 64, size -= 64; size >= 64; bytes += 64, size -= 64) {
        _mm_prefetch((const char *)bytes + (size > AHEAD ? AHEAD : 0), _MM_HINT_T0);
        for (i = 0; i < 4; i++)
            x[i] = fold(x[i], by_512, load(bytes + 16 * i));
    }
    for (i = 1; i < 4; i++)
        x[i] = fold(x[i - 1], by_128, x[i]);
    memcpy(rest, &x[3], sizeof x[3]);
}

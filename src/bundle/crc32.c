/*
 * src/bundle/crc32.c - the checksum of zip members: folded where the CPU can, the rest by
 * zlib
 *
 * zlib inverts the register before and after; all bits set in stand for an empty register.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/bundle/crc32.h"

#include <stdbool.h>

#include <zlib.h>

#define MANY ((size_t)64 << 10) /* bytes; of fewer, putting four checksums together costs too much */

static bool can_fold(void)
{
#if BUILD_PCLMUL
    return __builtin_cpu_supports("pclmul");
#else
    return false;
#endif
}

static bool can_fold_four(void)
{
#if BUILD_PCLMUL
    return __builtin_cpu_supports("vpclmulqdq") && __builtin_cpu_supports("pclmul") &&
           __builtin_cpu_supports("avx2");
#else
    return false;
#endif
}

uint32_t icl_crc32(uint32_t before, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    uLong crc = before;
    if (size >= MANY && size <= INT32_MAX && can_fold_four()) {
        unsigned char rest[4][16];
        size_t part = size / 256 * 64;
        icl_crc32_fold_four(before, at, part, rest);
        crc = crc32(0xffffffff, rest[0], sizeof rest[0]);
        for (int i = 1; i < 4; i++)
            crc = crc32_combine(crc, crc32(0xffffffff, rest[i], sizeof rest[i]), (z_off_t)part);
        at += 4 * part;
        size -= 4 * part;
        before = (uint32_t)crc;
    }
    if (size >= 256 && can_fold()) {
        unsigned char rest[16];
        size_t folded = size / 64 * 64;
        icl_crc32_fold(before, at, folded, rest);
        crc = crc32(0xffffffff, rest, sizeof rest);
        at += folded;
        size -= folded;
    }
    while (size) { /* zlib counts in 32 bits */
        uInt piece = size > (1u << 30) ? 1u << 30 : (uInt)size;
        crc = crc32(crc, at, piece);
        at += piece;
        size -= piece;
    }
    return (uint32_t)crc;
}

#if !BUILD_PCLMUL
void icl_crc32_fold_four(uint32_t before, const unsigned char *bytes, size_t part,
                         unsigned char rest[4][16])
{
    (void)before, (void)bytes, (void)part, (void)rest; /* never called: can_fold_four */
}

void icl_crc32_fold(uint32_t before, const unsigned char *bytes, size_t size,
                    unsigned char rest[16])
{
    (void)before, (void)bytes, (void)size, (void)rest; /* never called: can_fold */
}
#endif

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

static bool can_fold(void)
{
#if BUILD_PCLMUL
    return __builtin_cpu_supports("pclmul");
#else
    return false;
#endif
}

uint32_t icl_crc32(uint32_t before, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    uLong crc = before;
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
void icl_crc32_fold(uint32_t before, const unsigned char *bytes, size_t size,
                    unsigned char rest[16])
{
    (void)before, (void)bytes, (void)size, (void)rest; /* never called: can_fold */
}
#endif

/*
 * src/bundle/crc32.h - the checksum of zip members, at the speed of memory
 *
 * CRC-32 of ISO 3309, as zlib's crc32 computes it. Every weight of a bundle passes here
 * before the first result; zlib alone took a tenth of the time from start to result.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BUNDLE_CRC32_H
#define ICL_BUNDLE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of what came before (0 at the beginning) and `size` more bytes. Thread-safe.
 */
uint32_t icl_crc32(uint32_t before, const void *bytes, size_t size);

/* crc32.pclmul.c: shortens `size` (a multiple of 64, at least 64) bytes to the sixteen of
 * `rest`, whose remainder after an empty register is that of the bytes after `before`. */
void icl_crc32_fold(uint32_t before, const unsigned char *bytes, size_t size,
                    unsigned char rest[16]);

/* crc32.vpclmul.c: the same for four stretches of `part` bytes each, one behind another, the last
 * three after an empty register. */
void icl_crc32_fold_four(uint32_t before, const unsigned char *bytes, size_t part,
                         unsigned char rest[4][16]);

#endif

/*
 * src/bundle/zip_format.h - the records of a zip file as bytes: signatures, sizes, offsets
 *
 * For zip_read.c and zip_write.c alone. Numbers are from PKWARE's APPNOTE.TXT 6.3.10,
 * section 4.3 (records) and 4.5.3 (zip64 extra field). All integers are little-endian.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_ZIP_FORMAT_H
#define ICL_ZIP_FORMAT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define ZIP_LOCAL_SIGNATURE      UINT32_C(0x04034b50)
#define ZIP_DESCRIPTOR_SIGNATURE UINT32_C(0x08074b50)
#define ZIP_CENTRAL_SIGNATURE    UINT32_C(0x02014b50)
#define ZIP_END_SIGNATURE        UINT32_C(0x06054b50)
#define ZIP_END64_SIGNATURE      UINT32_C(0x06064b50)
#define ZIP_LOCATOR_SIGNATURE    UINT32_C(0x07064b50)

#define ZIP_LOCAL_BYTES   30
#define ZIP_CENTRAL_BYTES 46
#define ZIP_END_BYTES     22
#define ZIP_END64_BYTES   56
#define ZIP_LOCATOR_BYTES 20
#define ZIP_COMMENT_MAX   65535

#define ZIP_EXTRA_ZIP64 0x0001
#define ZIP_EXTRA_ALIGN 0xd935 /* u16 alignment, then zeros that move the data */

#define ZIP_FLAG_ENCRYPTED  0x0001
#define ZIP_FLAG_DESCRIPTOR 0x0008
#define ZIP_FLAG_STRONG     0x0040
#define ZIP_FLAG_UTF8       0x0800
#define ZIP_FLAG_MASKED     0x2000

#define ZIP_STORED   0
#define ZIP_DEFLATED 8

#define ZIP_U16_MAX UINT32_C(0xffff)
#define ZIP_U32_MAX UINT32_C(0xffffffff)

static inline uint16_t zip_u16(const unsigned char *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t zip_u32(const unsigned char *p)
{
    return (uint32_t)zip_u16(p) | (uint32_t)zip_u16(p + 2) << 16;
}

static inline uint64_t zip_u64(const unsigned char *p)
{
    return (uint64_t)zip_u32(p) | (uint64_t)zip_u32(p + 4) << 32;
}

/* Each put writes at *p and moves it on. */
static inline void zip_put16(unsigned char **p, uint32_t v)
{
    *(*p)++ = (unsigned char)v;
    *(*p)++ = (unsigned char)(v >> 8);
}

static inline void zip_put32(unsigned char **p, uint32_t v)
{
    zip_put16(p, v & 0xffff);
    zip_put16(p, v >> 16);
}

static inline void zip_put64(unsigned char **p, uint64_t v)
{
    zip_put32(p, (uint32_t)v);
    zip_put32(p, (uint32_t)(v >> 32));
}

/* What is wrong with a member's name, NULL where nothing is: names must stay beneath the
 * archive's root on every system that unpacks them, and must not break a line of text. A
 * trailing '/' (a folder) is allowed. */
const char *icl_zip_name_fault(const char *name, size_t length);

#endif

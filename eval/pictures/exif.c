/*
 * eval/pictures/exif.c - the orientation tag of a block of EXIF data, and nothing else
 *
 * Pillow shows pictures as stored, and evaluation must too; the tag is only counted.
 * EXIF 2.3, section 4.6: a TIFF header, then directories; orientation is tag 0x0112, a
 * SHORT, in the first one. One directory is read, so no loop of offsets can hold us.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/pictures/decoder.h"

#include <string.h>

#define TAG_ORIENTATION 0x0112
#define TYPE_SHORT      3
#define ENTRY_BYTES     12

static uint32_t u16(const unsigned char *p, bool big)
{
    return big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static uint32_t u32(const unsigned char *p, bool big)
{
    return big ? u16(p, big) << 16 | u16(p + 2, big) : u16(p + 2, big) << 16 | u16(p, big);
}

int32_t icl_exif_orientation(const unsigned char *bytes, size_t size)
{
    if (size >= 6 && memcmp(bytes, "Exif\0\0", 6) == 0) {
        bytes += 6;
        size -= 6;
    }
    if (size < 8 || (memcmp(bytes, "II*\0", 4) != 0 && memcmp(bytes, "MM\0*", 4) != 0))
        return 0;
    bool big = bytes[0] == 'M';
    size_t at = u32(bytes + 4, big);
    if (at > size - 2)
        return 0;
    size_t count = u16(bytes + at, big), room = (size - at - 2) / ENTRY_BYTES;
    for (size_t i = 0; i < count && i < room; i++) {
        const unsigned char *entry = bytes + at + 2 + i * ENTRY_BYTES;
        if (u16(entry, big) != TAG_ORIENTATION || u16(entry + 2, big) != TYPE_SHORT)
            continue;
        uint32_t value = u16(entry + 8, big);
        return value >= 1 && value <= 8 ? (int32_t)value : 0;
    }
    return 0;
}

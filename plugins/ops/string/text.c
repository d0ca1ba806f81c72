/*
 * plugins/ops/string/text.c - characters out of bytes, and back
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "text.h"

uint32_t string_next(const char *bytes, size_t length, size_t *at)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)bytes + *at;
    const size_t left = length - *at;
    uint32_t c = p[0];
    size_t more, i;
    *at += 1;
    if (c < 0x80)
        return c;
    more = c >= 0xf0 && c < 0xf8   ? 3
           : c >= 0xe0 && c < 0xf0 ? 2
           : c >= 0xc0 && c < 0xe0 ? 1
                                   : 0;
    if (more == 0 || more >= left)
        return 0xfffd;
    c &= 0x3fu >> more;
    for (i = 1; i <= more; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0xfffd;
        c = c << 6 | (p[i] & 0x3f);
    }
    if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 0xfffd;
    *at += more;
    return c;
}

size_t string_put(uint32_t c, char *bytes)
{
    if (c < 0x80) {
        bytes[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        bytes[0] = (char)(0xc0 | c >> 6);
        bytes[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        bytes[0] = (char)(0xe0 | c >> 12);
        bytes[1] = (char)(0x80 | (c >> 6 & 0x3f));
        bytes[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    bytes[0] = (char)(0xf0 | c >> 18);
    bytes[1] = (char)(0x80 | (c >> 12 & 0x3f));
    bytes[2] = (char)(0x80 | (c >> 6 & 0x3f));
    bytes[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

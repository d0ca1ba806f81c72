/*
 * src/bundle/zip_name.c - which names a member of an archive may have
 *
 * Reader and writer ask the same question, so that nothing is written that would be
 * refused. A name is relative, has no "." or ".." part and no backslash or drive letter (an
 * unpacker on Windows would leave its folder), no control character (it would break
 * messages), and is UTF-8.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/bundle/zip_format.h"

#include <stddef.h>

/* Length of the UTF-8 sequence at p, 0 where it is none (overlong forms, surrogates). */
static size_t utf8_length(const unsigned char *p, size_t left)
{
    if (p[0] < 0x80)
        return 1;
    size_t length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || left < length)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool beyond = (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf4 && p[1] > 0x8f);
    return overlong || beyond ? 0 : length;
}

static const char *part_fault(const char *part, size_t length)
{
    if (length == 0)
        return "has an empty part";
    if (length == 1 && part[0] == '.')
        return "has a '.' part";
    if (length == 2 && part[0] == '.' && part[1] == '.')
        return "has a '..' part";
    return NULL;
}

const char *icl_zip_name_fault(const char *name, size_t length)
{
    if (length == 0 || length > ZIP_U16_MAX)
        return length ? "is longer than 65535 bytes" : "is empty";
    if (name[0] == '/')
        return "is absolute";
    if (length > 1 && name[1] == ':')
        return "begins with a drive letter";
    for (size_t i = 0; i < length;) {
        unsigned char c = (unsigned char)name[i];
        if (c < 0x20 || c == 0x7f)
            return "has a control character";
        if (c == '\\')
            return "has a backslash";
        size_t step = utf8_length((const unsigned char *)name + i, length - i);
        if (!step)
            return "is not UTF-8";
        i += step;
    }
    size_t end = name[length - 1] == '/' ? length - 1 : length; /* a folder's name */
    for (size_t from = 0; from <= end;) {
        const char *slash = memchr(name + from, '/', end - from);
        size_t part = slash ? (size_t)(slash - name) - from : end - from;
        const char *fault = part_fault(name + from, part);
        if (fault)
            return fault;
        from += part + 1;
    }
    return NULL;
}

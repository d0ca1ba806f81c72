/*
 * eval/leaderboard/text.c - text that grows, for statements and exports
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void icl_text_extend(struct icl_text *text, const char *bytes, size_t length)
{
    if (text->failed)
        return;
    if (text->capacity - text->length < length + 1) {
        size_t capacity = text->capacity * 2 > text->length + length + 1
                              ? text->capacity * 2
                              : text->length + length + 256;
        char *grown = realloc(text->bytes, capacity);
        if (!grown) {
            text->failed = true;
            return;
        }
        text->bytes = grown;
        text->capacity = capacity;
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void icl_text_format(struct icl_text *text, const char *format, ...)
{
    va_list arguments;
    char *made = NULL;
    int length;
    va_start(arguments, format);
    length = vasprintf(&made, format, arguments);
    va_end(arguments);
    if (length < 0) {
        text->failed = true;
        return;
    }
    icl_text_append(text, made, (size_t)length);
    free(made);
}

void icl_text_clear(struct icl_text *text)
{
    free(text->bytes);
    memset(text, 0, sizeof *text);
}

size_t icl_utf8_length(const unsigned char *p)
{
    unsigned char low = 0x80, high = 0xbf;
    size_t more, i;
    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xc2 && p[0] <= 0xdf) {
        more = 1;
    } else if (p[0] >= 0xe0 && p[0] <= 0xef) {
        more = 2;
        low = p[0] == 0xe0 ? 0xa0 : 0x80;  /* no overlong form */
        high = p[0] == 0xed ? 0x9f : 0xbf; /* no surrogate */
    } else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
        more = 3;
        low = p[0] == 0xf0 ? 0x90 : 0x80;
        high = p[0] == 0xf4 ? 0x8f : 0xbf; /* up to U+10FFFF */
    } else {
        return 0;
    }
    for (i = 1; i <= more; i++) {
        if (p[i] < low || p[i] > high)
            return 0;
        low = 0x80;
        high = 0xbf;
    }
    return more + 1;
}

void icl_text_integer(struct icl_text *text, int64_t value)
{
    char digits[24], *p = digits + sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do
        *--p = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        *--p = '-';
    icl_text_append(text, p, (size_t)(digits + sizeof digits - p));
}

/* How many bytes from p on stand in JSON as they are. */
static size_t plain_length(const unsigned char *p)
{
    size_t length = 0, next;
    for (;;) {
        unsigned char c;
        while (p[length] >= 0x20 && p[length] < 0x7f && p[length] != '"' && p[length] != '\\')
            length++;
        c = p[length];
        if (c < 0x80)
            return length; /* the end, too */
        next = icl_utf8_length(p + length);
        if (next == 0)
            return length;
        length += next;
    }
}

void icl_text_json(struct icl_text *text, const char *value)
{
    const unsigned char *p = (const unsigned char *)value;
    icl_text_append(text, "\"", 1);
    for (;;) {
        size_t length = plain_length(p);
        icl_text_append(text, (const char *)p, length);
        p += length;
        if (!*p)
            break;
        if (*p == '"' || *p == '\\')
            icl_text_format(text, "\\%c", *p);
        else if (*p < 0x20 || *p == 0x7f)
            icl_text_format(text, "\\u%04x", *p);
        else
            icl_text_append(text, "\xef\xbf\xbd", 3);
        p++;
    }
    icl_text_append(text, "\"", 1);
}

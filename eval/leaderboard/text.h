/*
 * eval/leaderboard/text.h - text that grows, for statements and exports
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BOARD_TEXT_H
#define ICL_BOARD_TEXT_H

#include <imgcls/plugin.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Starts zeroed. Once memory ran out nothing is added any more, and failed says so: ask once,
 * at the end. */
struct icl_text {
    char *bytes; /* NUL-ended; NULL while empty */
    size_t length, capacity;
    bool failed;
};

/* icl_text_append where there is no room. */
void icl_text_extend(struct icl_text *text, const char *bytes, size_t length);
/* Inline, for an export is made of a million pieces of a few bytes. */
static inline void icl_text_append(struct icl_text *text, const char *bytes, size_t length)
{
    if (text->failed || text->capacity - text->length <= length) {
        icl_text_extend(text, bytes, length);
        return;
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}
void icl_text_format(struct icl_text *text, const char *format, ...) IMGCLS_PRINTF(2, 3);
void icl_text_integer(struct icl_text *text, int64_t value);
void icl_text_clear(struct icl_text *text);
/* Length of the UTF-8 sequence at p (Unicode 15, table 3-7), 0 where there is none. */
size_t icl_utf8_length(const unsigned char *p);
/* As a JSON string, quotes included; bytes that are no UTF-8 become U+FFFD. */
void icl_text_json(struct icl_text *text, const char *value);

#endif

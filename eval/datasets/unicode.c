/*
 * eval/datasets/unicode.c - names as they are compared
 *
 * Canonical decomposition after chapter 3.11 of the Unicode standard: replace by the table (or
 * by arithmetic for Hangul) until nothing changes, then sort runs of combining marks by their
 * class, stably.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/unicode.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eval/datasets/unicode_tables.h"

#define LONGEST 4 /* code points that one decomposes into, at most (U+0390 and others: 3) */
#define RAW 0x80000000u /* marks a byte that is no UTF-8 */

/* Decodes one code point; a byte that begins none is taken raw. */
static uint32_t take(const unsigned char **text)
{
    const unsigned char *p = *text;
    uint32_t point = *p;
    int more = point < 0x80 ? 0 : point >= 0xf0 && point < 0xf5 ? 3 : point >= 0xe0 && point < 0xf0 ? 2
             : point >= 0xc2 && point < 0xe0 ? 1 : -1;
    int i;
    if (more > 0)
        point &= 0x3fu >> more;
    for (i = 1; i <= more; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            more = -1;
            break;
        }
        point = point << 6 | (p[i] & 0x3fu);
    }
    if (more < 0) {
        *text = p + 1;
        return RAW | *p;
    }
    *text = p + more + 1;
    return point;
}

static unsigned char *put(unsigned char *to, uint32_t point)
{
    if (point & RAW) {
        *to++ = (unsigned char)point;
    } else if (point < 0x80) {
        *to++ = (unsigned char)point;
    } else if (point < 0x800) {
        *to++ = (unsigned char)(0xc0 | point >> 6);
        *to++ = (unsigned char)(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
        *to++ = (unsigned char)(0xe0 | point >> 12);
        *to++ = (unsigned char)(0x80 | (point >> 6 & 0x3f));
        *to++ = (unsigned char)(0x80 | (point & 0x3f));
    } else {
        *to++ = (unsigned char)(0xf0 | point >> 18);
        *to++ = (unsigned char)(0x80 | (point >> 12 & 0x3f));
        *to++ = (unsigned char)(0x80 | (point >> 6 & 0x3f));
        *to++ = (unsigned char)(0x80 | (point & 0x3f));
    }
    return to;
}

static uint32_t order_of(uint32_t point)
{
    size_t low = 0, high = sizeof combining / sizeof combining[0];
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (point < combining[middle].from)
            high = middle;
        else if (point > combining[middle].to)
            low = middle + 1;
        else
            return combining[middle].order;
    }
    return 0;
}

/* One level: *second is 0 where there is one part. False where the point stays. */
static bool split(uint32_t point, uint32_t *first, uint32_t *second)
{
    size_t low = 0, high = sizeof decompositions / sizeof decompositions[0];
    if (point >= 0xac00 && point < 0xd7a4) { /* Hangul: LV or LVT, section 3.12 */
        uint32_t index = point - 0xac00, tail = index % 28;
        *first = tail ? point - tail : 0x1100 + index / 588;
        *second = tail ? 0x11a7 + tail : 0x1161 + index % 588 / 28;
        return true;
    }
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (point < decompositions[middle].point)
            high = middle;
        else if (point > decompositions[middle].point)
            low = middle + 1;
        else {
            *first = decompositions[middle].first;
            *second = decompositions[middle].second;
            return true;
        }
    }
    return false;
}

/* Decompositions are left-deep: only the first part goes on splitting. */
static size_t decompose(uint32_t point, uint32_t out[LONGEST])
{
    uint32_t tail[LONGEST], first, second;
    size_t marks = 0, count = 0;
    while (marks < LONGEST && split(point, &first, &second)) {
        if (second)
            tail[marks++] = second;
        point = first;
    }
    out[count++] = point;
    while (marks > 0 && count < LONGEST)
        out[count++] = tail[--marks];
    return count;
}

/* Insertion sort within each run of marks: runs are a few long. */
static void reorder(uint32_t *points, size_t count)
{
    size_t i, k;
    for (i = 1; i < count; i++) {
        uint32_t point = points[i], order = order_of(point);
        for (k = i; order && k > 0 && order_of(points[k - 1]) > order; k--)
            points[k] = points[k - 1];
        points[k] = point;
    }
}

char *icl_name_key(const char *name)
{
    size_t length = strlen(name), count = 0, i;
    uint32_t *points = calloc(length + 1, LONGEST * sizeof *points);
    unsigned char *key = calloc(length + 1, LONGEST * 4), *to = key;
    const unsigned char *from = (const unsigned char *)name;
    bool blank = false;
    if (!points || !key) {
        free(points);
        free(key);
        return NULL;
    }
    while (*from)
        count += decompose(take(&from), points + count);
    reorder(points, count);
    for (i = 0; i < count; i++) {
        if (points[i] == '_' || points[i] == ' ' || points[i] == '\t') {
            blank = to > key; /* written when something follows */
            continue;
        }
        if (blank)
            *to++ = ' ';
        blank = false;
        to = put(to, points[i]);
    }
    free(points);
    return (char *)key;
}

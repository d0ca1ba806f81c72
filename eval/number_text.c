/*
 * eval/number_text.c - numbers as text that every program reads, whatever the locale
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/number_text.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t icl_number_text(double value, int digits, char *text, size_t capacity)
{
    const char *point = localeconv()->decimal_point;
    size_t width = strlen(point);
    int length = snprintf(text, capacity, "%.*g", digits, value);
    char *found;
    if (length < 0 || (size_t)length >= capacity)
        return 0;
    found = width > 0 && strcmp(point, ".") != 0 ? strstr(text, point) : NULL;
    if (found) {
        *found = '.';
        memmove(found + 1, found + width, strlen(found + width) + 1);
    }
    return strlen(text);
}

size_t icl_number_exact(double value, char *text, size_t capacity)
{
    int digits;
    for (digits = 15; digits < 17; digits++) {
        /* Read back in the same locale that wrote it, before the point is made a '.'. */
        char trial[40];
        snprintf(trial, sizeof trial, "%.*g", digits, value);
        if (strtod(trial, NULL) == value)
            break;
    }
    return icl_number_text(value, digits, text, capacity);
}

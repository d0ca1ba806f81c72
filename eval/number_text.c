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

/* The locale's decimal point becomes '.'; gives the length. */
static size_t set_point(char *text)
{
    const char *point = localeconv()->decimal_point;
    size_t width = strlen(point);
    char *found = width > 0 && strcmp(point, ".") != 0 ? strstr(text, point) : NULL;
    if (found) {
        *found = '.';
        memmove(found + 1, found + width, strlen(found + width) + 1);
    }
    return strlen(text);
}

size_t icl_number_text(double value, int digits, char *text, size_t capacity)
{
    int length = snprintf(text, capacity, "%.*g", digits, value);
    return length < 0 || (size_t)length >= capacity ? 0 : set_point(text);
}

size_t icl_number_exact(double value, char *text, size_t capacity)
{
    int digits;
    for (digits = 15; digits < 17; digits++) {
        int length = snprintf(text, capacity, "%.*g", digits, value);
        if (length < 0 || (size_t)length >= capacity)
            return 0;
        if (strtod(text, NULL) == value) /* in the locale that wrote it */
            return set_point(text);
    }
    return icl_number_text(value, digits, text, capacity);
}

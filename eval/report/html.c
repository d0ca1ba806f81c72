/*
 * eval/report/html.c - pieces of HTML; whatever comes from outside goes through icl_html_text
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/report/html.h"

#include "eval/number_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Characters with a meaning in HTML, in text and in attributes. */
static const char *entity_of(unsigned char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void icl_html_text(struct icl_text *out, const char *value)
{
    const unsigned char *p = (const unsigned char *)value;
    while (p && *p) {
        const char *entity = entity_of(*p);
        size_t length = icl_utf8_length(p);
        if (entity)
            icl_text_append(out, entity, strlen(entity));
        else if (length == 0 || (*p < 0x20 && *p != '\t') || *p == 0x7f)
            icl_text_append(out, "\xef\xbf\xbd", 3);
        else
            icl_text_append(out, (const char *)p, length);
        p += length ? length : 1;
    }
}

void icl_html_number(struct icl_text *out, double value, int decimals)
{
    static const int64_t powers[] = {1, 10, 100, 1000, 10000};
    int64_t unit = powers[decimals], parts;
    if (!isfinite(value) || fabs(value) > 1e14) {
        icl_text_format(out, "\u2013");
        return;
    }
    parts = llround(fabs(value) * (double)unit);
    icl_text_format(out, "%s%lld", value < 0 && parts > 0 ? "\u2212" : "",
                    (long long)(parts / unit));
    if (decimals > 0)
        icl_text_format(out, ".%0*lld", decimals, (long long)(parts % unit));
}

void icl_html_count(struct icl_text *out, int64_t value)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)value), i;
    for (i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0 && digits[i - 1] != '-')
            icl_text_append(out, ",", 1);
        icl_text_append(out, &digits[i], 1);
    }
}

void icl_json_number(struct icl_text *out, double value)
{
    char number[40];
    if (isfinite(value))
        icl_text_append(out, number, icl_number_text(value, 9, number, sizeof number));
    else
        icl_text_append(out, "null", 4);
}

/* The name behind "n01440764 ". */
static const char *without_wnid(const char *name)
{
    return name[0] == 'n' && strspn(name + 1, "0123456789") == 8 && name[9] == ' ' && name[10]
               ? name + 10
               : name;
}

void icl_html_class(struct icl_text *out, int64_t class, const char *name)
{
    if (class < 0) {
        icl_text_format(out, "no answer");
        return;
    }
    icl_text_format(out, "<span class=\"num\">%lld</span>", (long long)class);
    if (name) {
        icl_text_append(out, " ", 1);
        icl_html_text(out, without_wnid(name));
    }
}

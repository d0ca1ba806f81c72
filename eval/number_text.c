/*
 * eval/number_text.c - numbers as text that every program reads, whatever the locale
 *
 * A leaderboard's listing as JSON is mostly numbers with seventeen digits, for which printf and
 * strtod take microseconds each. Numbers of an everyday size are done here instead, in integers of
 * 128 bits that hold every intermediate exactly, so that what comes out is what printf says; the
 * rest is left to printf.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/number_text.h"

#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 53 bits of a number times 10^21, the most that is multiplied with, take 123. */
__extension__ typedef unsigned __int128 wide;

#define FRACTION_BITS 52
#define DIGITS_MAX 17
#define DECIMALS_MAX 3 /* of icl_number_fixed without printf */

static const uint64_t powers[] = {
    1u, 10u, 100u, 1000u, 10000u, 100000u, 1000000u, 10000000u, 100000000u, 1000000000u,
    10000000000u, 100000000000u, 1000000000000u, 10000000000000u, 100000000000000u,
    1000000000000000u, 10000000000000000u, 100000000000000000u, 1000000000000000000u,
};

static wide power_of(int exponent)
{
    return exponent <= 18 ? powers[exponent] : (wide)powers[18] * powers[exponent - 18];
}

/* value = fraction / 2^shift */
struct binary {
    uint64_t fraction;
    int shift;
};

/* Of a number that is not negative and below 2^50, so that shift is 3 and more. */
static struct binary take_apart(double value)
{
    uint64_t bits;
    int exponent;
    memcpy(&bits, &value, sizeof bits);
    exponent = (int)(bits >> FRACTION_BITS);
    bits &= (UINT64_C(1) << FRACTION_BITS) - 1;
    return exponent > 0
               ? (struct binary){bits | UINT64_C(1) << FRACTION_BITS, 1075 - exponent}
               : (struct binary){bits, 1074};
}

/* The product over 2^shift, to the nearest, ties to even as printf has them; 1 .. 126. */
static uint64_t round_off(wide product, int shift)
{
    wide rest = product & (((wide)1 << shift) - 1), half = (wide)1 << (shift - 1);
    uint64_t whole = (uint64_t)(product >> shift);
    return whole + (rest > half || (rest == half && (whole & 1)));
}

/* digits * 10^(exponent - count + 1), count digits of them. */
struct decimal {
    uint64_t digits;
    int exponent, count;
    bool exact; /* reads back as the same double */
};

/* From 10^-4 on, to the nearest double. */
static const double bounds[] = {1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2,  1e3,  1e4,  1e5,
                                1e6,  1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/* Of a number within 1e-4 and 1e15, below 10^count. */
static struct decimal decimal_of(double value, int count)
{
    struct decimal d = {.count = count, .exponent = -5};
    struct binary b = take_apart(value);
    wide power, product, back, miss;
    while (value >= bounds[d.exponent + 5]) /* below one, within one of it: 1e-4 is no double */
        d.exponent++;
    for (;;) {
        int scale = count - 1 - d.exponent;
        power = power_of(scale);
        product = b.fraction * power;
        if (product >> b.shift >= powers[count])
            d.exponent++;
        else if (product >> b.shift < powers[count - 1])
            d.exponent--;
        else
            break;
    }
    d.digits = round_off(product, b.shift);
    /* Half of the way to the next double, in units of 1 / 2^shift / 10^scale, is power / 2;
     * downwards from a power of two half as much. A double on both borders is the even one. */
    back = (wide)d.digits << b.shift;
    miss = back > product ? back - product : product - back;
    if (back < product && b.fraction == UINT64_C(1) << FRACTION_BITS)
        miss *= 2;
    d.exact = miss * 2 < power || (miss * 2 == power && b.fraction % 2 == 0);
    if (d.digits == powers[count]) { /* 9.99... became 10 */
        d.digits /= 10;
        d.exponent++;
    }
    return d;
}

/* Has no exponent in "%.*g", and is what decimal_of takes. */
static bool is_everyday(double value, int count)
{
    double size = fabs(value);
    return count > 0 && count <= DIGITS_MAX && size > 1e-4 && size < 1e15 &&
           size < (double)powers[count] - 1;
}

/* As "%.*g" writes them. */
static size_t put_decimal(struct decimal d, bool negative, char *text)
{
    char digits[DIGITS_MAX];
    int count = d.count, i, whole = d.exponent + 1;
    char *p = text;
    for (; count > 1 && d.digits % 10 == 0; count--)
        d.digits /= 10;
    for (i = count; i-- > 0; d.digits /= 10)
        digits[i] = (char)('0' + d.digits % 10);
    if (negative)
        *p++ = '-';
    if (whole <= 0) {
        *p++ = '0';
        *p++ = '.';
        memset(p, '0', (size_t)-whole);
        p += -whole;
    }
    for (i = 0; i < count || i < whole; i++) {
        if (i == whole && i > 0)
            *p++ = '.';
        *p++ = i < count ? digits[i] : '0';
    }
    *p = '\0';
    return (size_t)(p - text);
}

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

static size_t print_number(const char *format, double value, int digits, char *text,
                           size_t capacity)
{
    int length = snprintf(text, capacity, format, digits, value);
    return length < 0 || (size_t)length >= capacity ? 0 : set_point(text);
}

size_t icl_number_text(double value, int digits, char *text, size_t capacity)
{
    if (capacity >= ICL_NUMBER_CAPACITY && is_everyday(value, digits))
        return put_decimal(decimal_of(fabs(value), digits), value < 0, text);
    return print_number("%.*g", value, digits, text, capacity);
}

size_t icl_number_exact(double value, char *text, size_t capacity)
{
    int digits;
    if (capacity >= ICL_NUMBER_CAPACITY && is_everyday(value, 15)) {
        struct decimal d = decimal_of(fabs(value), 15);
        for (digits = 16; !d.exact && digits <= DIGITS_MAX; digits++)
            d = decimal_of(fabs(value), digits);
        return put_decimal(d, value < 0, text);
    }
    for (digits = 15; digits < DIGITS_MAX; digits++) {
        int length = snprintf(text, capacity, "%.*g", digits, value);
        if (length < 0 || (size_t)length >= capacity)
            return 0;
        if (strtod(text, NULL) == value) /* in the locale that wrote it */
            return set_point(text);
    }
    return print_number("%.*g", value, digits, text, capacity);
}

size_t icl_number_fixed(double value, int decimals, char *text, size_t capacity)
{
    char digits[24], *p = digits + sizeof digits, *out = text;
    struct binary b;
    uint64_t rest;
    int i;
    if (!(fabs(value) < 1e15) || decimals < 0 || decimals > DECIMALS_MAX ||
        capacity < ICL_NUMBER_CAPACITY)
        return print_number("%.*f", value, decimals, text, capacity);
    b = take_apart(fabs(value));
    rest = b.shift > 126 ? 0 : round_off((wide)b.fraction * powers[decimals], b.shift);
    for (i = 0; i <= decimals || rest > 0; i++, rest /= 10) {
        if (i == decimals && i > 0)
            *--p = '.';
        *--p = (char)('0' + rest % 10);
    }
    if (signbit(value))
        *out++ = '-';
    memcpy(out, p, (size_t)(digits + sizeof digits - p));
    out += digits + sizeof digits - p;
    *out = '\0';
    return (size_t)(out - text);
}

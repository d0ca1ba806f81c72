/*
 * tests/leaderboard/number_text_test.c - numbers as text are what printf and strtod make of them
 *
 * The C library's conversions are exact, and slow; ours are held against them for drawn bit
 * patterns, for decimals of few digits and their neighbours, for halves between two decimals, and
 * around powers of two and ten.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/number_text.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DRAWS 40000

/* xorshift64*, Vigna 2014 */
static uint64_t draw(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static void same(const char *got, size_t length, const char *want, const char *what,
                 double value)
{
    if (strcmp(got, want) != 0 || length != strlen(want))
        fail_msg("%s of %a: '%s' (%zu), printf says '%s'", what, value, got, length, want);
}

static void check(double value)
{
    char got[400], want[400];
    int digits;
    for (digits = 1; digits <= 17; digits++) {
        size_t length = icl_number_text(value, digits, got, 32);
        snprintf(want, sizeof want, "%.*g", digits, value);
        same(got, length, want, "significant digits", value);
    }
    for (digits = 15; digits <= 17; digits++) {
        snprintf(want, sizeof want, "%.*g", digits, value);
        if (strtod(want, NULL) == value)
            break;
    }
    same(got, icl_number_exact(value, got, 32), want, "exact text", value);
    for (digits = 0; digits <= 4; digits++) {
        size_t length = icl_number_fixed(value, digits, got, sizeof got);
        snprintf(want, sizeof want, "%.*f", digits, value);
        same(got, length, want, "decimals", value);
    }
}

static void check_around(double value)
{
    double below = nextafter(value, -INFINITY), above = nextafter(value, INFINITY);
    check(value);
    check(-value);
    check(below);
    check(above);
    check(nextafter(below, -INFINITY));
    check(nextafter(above, INFINITY));
}

static void any_bits(void **state)
{
    uint64_t drawn = 20261129;
    (void)state;
    for (int i = 0; i < DRAWS; i++) {
        uint64_t bits = draw(&drawn);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value))
            check(value);
    }
}

static void everyday_numbers(void **state)
{
    uint64_t drawn = 1;
    (void)state;
    for (int i = 0; i < DRAWS / 4; i++) {
        double whole = (double)(draw(&drawn) % 100000), part = 1 + (double)(draw(&drawn) % 50000);
        check(whole / part);
        check(ldexp((double)(draw(&drawn) >> 11), -(int)(draw(&drawn) % 90)));
    }
}

static void decimals_and_their_neighbours(void **state)
{
    uint64_t drawn = 2;
    (void)state;
    for (int i = 0; i < DRAWS / 20; i++) {
        double power = pow(10, (double)(draw(&drawn) % 16));
        check_around((double)(draw(&drawn) % 1000000) / power);
    }
}

/* Binary fractions that end in 5 one digit behind the last: printf takes the even neighbour. */
static void halves_between_two_decimals(void **state)
{
    (void)state;
    for (int shift = 1; shift < 20; shift++)
        for (int i = 1; i < 600; i += 2)
            check_around(ldexp(i, -shift));
}

static void powers_of_two_and_ten(void **state)
{
    (void)state;
    for (int i = -1074; i < 1024; i++)
        check_around(ldexp(1, i));
    for (int i = -320; i <= 308; i++) {
        char text[32];
        snprintf(text, sizeof text, "1e%d", i);
        check_around(strtod(text, NULL));
        snprintf(text, sizeof text, "9.9995e%d", i);
        check_around(strtod(text, NULL));
    }
    check(0.0);
    check(-0.0);
    check_around(999999.5);
}

/* Where a locale writes a comma, files still have points: some readers take nothing else. */
static void a_comma_of_the_locale_is_not_written(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
    char text[32];
    size_t i;
    (void)state;
    for (i = 0; i < 3 && !setlocale(LC_NUMERIC, names[i]); i++)
        ;
    if (i == 3) {
        print_message("skipped: no locale with a decimal comma is installed\n");
        skip();
    }
    icl_number_text(1.5e-20, 3, text, sizeof text);
    assert_string_equal(text, "1.5e-20");
    icl_number_exact(0.1 + 0.2, text, sizeof text);
    assert_string_equal(text, "0.30000000000000004");
    icl_number_fixed(2.25, 5, text, sizeof text);
    assert_string_equal(text, "2.25000");
    setlocale(LC_NUMERIC, "C");
}

static void too_little_room_is_told(void **state)
{
    char text[4] = "abc";
    (void)state;
    assert_int_equal(icl_number_exact(0.1 + 0.2, text, sizeof text), 0);
    assert_int_equal(icl_number_text(0.125, 3, text, sizeof text), 0);
    assert_int_equal(icl_number_fixed(100.25, 2, text, sizeof text), 0);
    assert_int_equal(icl_number_text(0.5, 3, text, sizeof text), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_bits),
        cmocka_unit_test(everyday_numbers),
        cmocka_unit_test(decimals_and_their_neighbours),
        cmocka_unit_test(halves_between_two_decimals),
        cmocka_unit_test(powers_of_two_and_ten),
        cmocka_unit_test(a_comma_of_the_locale_is_not_written),
        cmocka_unit_test(too_little_room_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

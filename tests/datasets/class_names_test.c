/*
 * tests/datasets/class_names_test.c - which class a folder's name means, and what is refused
 *
 * Expected indices are positions in the label lists below, by hand. The two spellings of
 * "Zürich" and of the Hangul syllable are the composed and decomposed forms of Unicode.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/class_names.h"
#include "eval/datasets/unicode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX 12

static int open_context(void **state)
{
    return imgcls_context_create(NULL, (struct imgcls_context **)state);
}

static int close_context(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

#define WNIDS                                                                                \
    "n01440764 tench", "n01443537 goldfish", "n01484850 great white shark", "n02012849 crane", \
        "n03126707 crane"
#define NAMES "tench, Tinca tinca", "great_white shark", "Z\xc3\xbcrich", "crane", "crane"
#define DIGITS "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"

static const struct {
    const char *what;
    const char *names[MAX], *labels[MAX];
    int classes;
    int32_t want[MAX];
    enum icl_naming naming;
    const char *refusal; /* part of the message; NULL: accepted */
} rows[] = {
    {"a subset does not shift", {"n01443537", "n03126707"}, {WNIDS}, 5, {1, 4},
     ICL_NAMING_WNID, NULL},
    {"names of wnid labels", {"goldfish", "great_white_shark", "tench"}, {WNIDS}, 5, {1, 2, 0},
     ICL_NAMING_NAME, NULL},
    {"a name of two classes", {"crane", "tench"}, {WNIDS}, 5, {0}, 0, "wnid"},
    {"parts between commas", {"Tinca tinca", "Zu\xcc\x88rich"}, {NAMES}, 5, {0, 2},
     ICL_NAMING_NAME, NULL},
    {"underscores are spaces", {"great white_shark"}, {NAMES}, 5, {1}, ICL_NAMING_NAME, NULL},
    {"wnids without wnids in the labels", {"n01440764", "n01443537"}, {NAMES}, 5, {0}, 0,
     "--labels"},
    {"all wnids of the space",
     {"n00000001", "n00000002", "n00000003", "n00000004", "n00000005"}, {NAMES}, 5,
     {0, 1, 2, 3, 4}, ICL_NAMING_SORTED, NULL},
    {"as many wnids as classes, one of them no class",
     {"n01440764", "n01443537", "n01484850", "n02012849", "n99999999"}, {WNIDS}, 5, {0}, 0,
     "'n99999999'"},
    {"numbers as numbers", {"0", "1", "10", "2"}, {NULL}, 11, {0, 1, 10, 2},
     ICL_NAMING_NUMBER, NULL},
    {"numbers with wnid labels", {"003", "4"}, {WNIDS}, 5, {3, 4}, ICL_NAMING_NUMBER, NULL},
    {"digits that are names", {"1", "10", "2"}, {DIGITS}, 11, {1, 10, 2}, ICL_NAMING_NAME,
     NULL},
    {"a number past the classes", {"0", "5"}, {NULL}, 5, {0}, 0, "from 0 to 4"},
    {"one class twice", {"01", "1"}, {NULL}, 5, {0}, 0, "both class 1"},
    {"no labels, all classes", {"ant", "bee", "cat"}, {NULL}, 3, {0, 1, 2},
     ICL_NAMING_SORTED, NULL},
    {"no labels, one missing", {"ant", "bee"}, {NULL}, 3, {0}, 0, "model has 3 classes"},
    {"no labels, classes not known", {"ant", "bee"}, {NULL}, 0, {0, 1}, ICL_NAMING_SORTED,
     NULL},
    {"an unknown folder is named", {"goldfish", "unicorn"}, {WNIDS}, 5, {0}, 0, "'unicorn'"},
    {"many unknown are counted", {"a", "b", "c", "d", "e", "tench"}, {WNIDS}, 5, {0}, 0,
     "'a', 'b', 'c' and 2 more"},
    {"mixed wnid and name", {"goldfish", "n01440764"}, {WNIDS}, 5, {0}, 0, "no class"},
};

static void names_mean_their_class(void **state)
{
    size_t i, k;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t count = 0, labels = 0;
        int32_t indices[MAX];
        enum icl_naming naming;
        struct icl_class_space space;
        imgcls_status status;
        while (count < MAX && rows[i].names[count])
            count++;
        while (labels < MAX && rows[i].labels[labels])
            labels++;
        space = (struct icl_class_space){rows[i].labels, labels, rows[i].classes};
        status = icl_class_indices(*state, "val", rows[i].names, count, &space, indices,
                                   &naming);
        if (rows[i].refusal) {
            if (status != IMGCLS_BAD_INPUT || !strstr(imgcls_error(*state), rows[i].refusal))
                fail_msg("%s: status %d, '%s' lacks '%s'", rows[i].what, (int)status,
                         imgcls_error(*state), rows[i].refusal);
            icl_forgive(*state);
            continue;
        }
        if (status != IMGCLS_OK || naming != rows[i].naming)
            fail_msg("%s: status %d (%s), naming %d", rows[i].what, (int)status,
                     imgcls_error(*state), (int)naming);
        for (k = 0; k < count; k++)
            if (indices[k] != rows[i].want[k])
                fail_msg("%s: '%s' is %d, not %d", rows[i].what, rows[i].names[k],
                         (int)indices[k], (int)rows[i].want[k]);
    }
}

static const struct {
    const char *a, *b;
    int same;
} pairs[] = {
    {"great_white_shark", "great white shark", 1},
    {" a  b_", "a b", 1},
    {"caf\xc3\xa9", "cafe\xcc\x81", 1},
    {"caf\xc3\xa9", "cafe", 0},
    {"\xe1\xb8\x9d", "e\xcc\xa7\xcc\x86", 1},       /* U+1E1D: two marks */
    {"e\xcc\x86\xcc\xa7", "e\xcc\xa7\xcc\x86", 1},  /* marks in another order */
    {"a\xcc\x81\xcc\x80", "a\xcc\x80\xcc\x81", 0},  /* same class: order counts */
    {"\xe1\xbe\xaf", "\xce\xa9\xcc\x94\xcd\x82\xcd\x85", 1}, /* U+1FAF: three */
    {"\xea\xb0\x81", "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8", 1}, /* Hangul LVT */
    {"\xea\xb0\x80", "\xe1\x84\x80\xe1\x85\xa1", 1},             /* Hangul LV */
    {"\xe2\x84\xab", "\xc3\x85", 1},                /* Angstrom sign, A with ring */
    {"\xff\xfe", "\xff\xfe", 1},                    /* no UTF-8: as it is */
    {"\xff", "\xfe", 0},
    {"\xe2\x82", "\xe2\x83", 0},                    /* cut off */
    {"\xe4\xb8\xad\xe6\x96\x87", "\xe4\xb8\xad\xe6\x96\x87", 1},
};

static void names_are_compared_by_meaning(void **state)
{
    size_t i;
    (void)state;
    for (i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char *a = icl_name_key(pairs[i].a), *b = icl_name_key(pairs[i].b);
        if ((strcmp(a, b) == 0) != pairs[i].same)
            fail_msg("row %zu: '%s' and '%s'", i, a, b);
        free(a);
        free(b);
    }
}

static void wnids_are_told_from_words(void **state)
{
    (void)state;
    assert_true(icl_is_wnid("n01440764"));
    assert_true(icl_is_wnid("n01440764 tench"));
    assert_false(icl_is_wnid("n0144076"));
    assert_false(icl_is_wnid("n014407645"));
    assert_false(icl_is_wnid("nail"));
    assert_string_equal(icl_label_name("n01440764 tench"), "tench");
    assert_string_equal(icl_label_name("n01440764"), "n01440764");
    assert_string_equal(icl_label_name("nail"), "nail");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_mean_their_class),
        cmocka_unit_test(names_are_compared_by_meaning),
        cmocka_unit_test(wnids_are_told_from_words),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}

/*
 * tests/model/labels_test.c - class names from text
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/model/model.h"

static void lines_become_labels(void **state)
{
    static const struct {
        const char *text;
        size_t count;
        const char *first, *last;
    } rows[] = {
        /* clang-format off: a row a line */
        {"cat\ndog\n", 2, "cat", "dog"},
        {"cat\ndog", 2, "cat", "dog"},       /* no end of the last line */
        {"cat\r\ndog\r\n", 2, "cat", "dog"}, /* from Windows */
        {"\xef\xbb\xbf"
         "cat\ndog\n",
         2, "cat", "dog"}, /* byte-order mark */
        {"n01440764 tench, Tinca tinca\n", 1, "n01440764 tench, Tinca tinca",
         "n01440764 tench, Tinca tinca"}, /* kept as it stands */
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char **labels;
        size_t count;
        assert_int_equal(icl_labels_parse(*state, "f", rows[i].text, strlen(rows[i].text),
                                          &labels, &count),
                         IMGCLS_OK);
        assert_int_equal(count, rows[i].count);
        assert_string_equal(labels[0], rows[i].first);
        assert_string_equal(labels[count - 1], rows[i].last);
        icl_labels_free(labels, count);
    }
}

static void what_is_no_list_is_refused(void **state)
{
    static const struct {
        const char *text;
        size_t size;
        const char *words;
    } rows[] = {
        /* clang-format off: a row a line */
        {"", 0, "no class names"},
        {"\n", 1, "no class names"},
        {"cat\n\ndog\n", 9, "line 2 is empty"}, /* would shift every class behind it */
        {"cat\nd\0g\n", 8, "line 2 is binary"},
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char **labels;
        size_t count;
        assert_int_equal(icl_labels_parse(*state, "names.txt", rows[i].text, rows[i].size,
                                          &labels, &count),
                         IMGCLS_BAD_INPUT);
        assert_null(labels);
        assert_non_null(strstr(imgcls_error(*state), "names.txt"));
        assert_non_null(strstr(imgcls_error(*state), rows[i].words));
        icl_forgive(*state);
    }
}

static int open_context(void **state)
{
    return imgcls_context_create(NULL, (struct imgcls_context **)state);
}

static int close_context(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_become_labels),
        cmocka_unit_test(what_is_no_list_is_refused),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}

/*
 * tests/datasets/synsets_test.c - the devkit's order of classes, and files that are damaged
 *
 * The fixtures are by SciPy (make_fixtures.py): ten classes in the order below, and one
 * synset above them, which is no class.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/truth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const order[] = {"n00000003", "n00000000", "n00000007", "n00000001",
                                    "n00000009", "n00000005", "n00000002", "n00000008",
                                    "n00000006", "n00000004"};

static struct imgcls_context *context(void)
{
    const struct imgcls_context_options options = {.struct_size = sizeof options};
    struct imgcls_context *ctx;
    assert_int_equal(imgcls_context_create(&options, &ctx), IMGCLS_OK);
    return ctx;
}

/* A fixture's bytes; own: free. */
static uint8_t *take(const char *name, size_t *size)
{
    const char *top = getenv("ICL_TOP_SRCDIR");
    char path[512];
    FILE *file;
    uint8_t *bytes = malloc(1 << 20);
    snprintf(path, sizeof path, "%s/tests/datasets/fixtures/%s", top ? top : ".", name);
    file = fopen(path, "rb");
    assert_non_null(file);
    assert_non_null(bytes);
    *size = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

static void expect_order(struct imgcls_context *ctx, const void *bytes, size_t size)
{
    char(*wnids)[10];
    size_t count, i;
    assert_int_equal(icl_synsets_read(ctx, "x", bytes, size, &wnids, &count), IMGCLS_OK);
    assert_int_equal(count, 10);
    for (i = 0; i < count; i++)
        assert_string_equal(wnids[i], order[i]);
    free(wnids);
}

static void the_devkits_file_gives_its_order(void **state)
{
    static const char *const names[] = {"meta.mat", "meta-plain.mat"};
    struct imgcls_context *ctx = context();
    size_t size, i;
    (void)state;
    for (i = 0; i < 2; i++) {
        uint8_t *bytes = take(names[i], &size);
        expect_order(ctx, bytes, size);
        free(bytes);
    }
    imgcls_context_destroy(ctx);
}

static void lines_of_wnids_do_as_well(void **state)
{
    char text[512] = "";
    struct imgcls_context *ctx = context();
    size_t i;
    (void)state;
    for (i = 0; i < 10; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s\n", order[i]);
    expect_order(ctx, text, strlen(text));
    text[0] = '\0';
    for (i = 0; i < 10; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s %zu name_%zu\r\n",
                 order[i], i + 1, i);
    expect_order(ctx, text, strlen(text));
    imgcls_context_destroy(ctx);
}

/* Whatever is cut or changed, there is an answer in words or ten names that end in time;
 * the sanitizers watch the rest. Bytes are copied so that reading past their end is seen.
 */
static void damage_is_an_error_or_harmless(void **state)
{
    static const char *const names[] = {"meta.mat", "meta-plain.mat"};
    struct imgcls_context *ctx = context();
    size_t size, at, refused = 0, i, k;
    (void)state;
    for (i = 0; i < 2; i++) {
        uint8_t *bytes = take(names[i], &size);
        for (at = 0; at < size; at++) {
            for (k = 0; k < 2; k++) {
                size_t length = k ? size : at; /* cut there, or changed there */
                uint8_t *copy = malloc(length ? length : 1);
                char(*wnids)[10] = NULL;
                size_t count = 0;
                imgcls_status status;
                assert_non_null(copy);
                memcpy(copy, bytes, length);
                if (k)
                    copy[at] ^= (uint8_t)(1u << (at % 8));
                icl_forgive(ctx);
                status = icl_synsets_read(ctx, "x", copy, length, &wnids, &count);
                if (status == IMGCLS_OK) {
                    size_t n;
                    for (n = 0; n < count; n++)
                        assert_non_null(memchr(wnids[n], '\0', sizeof wnids[n]));
                    free(wnids);
                } else {
                    refused++;
                    assert_true(imgcls_error(ctx)[0]);
                }
                free(copy);
            }
        }
        assert_true(refused > size / 2); /* every cut, at least most of them */
        free(bytes);
    }
    imgcls_context_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_devkits_file_gives_its_order),
        cmocka_unit_test(lines_of_wnids_do_as_well),
        cmocka_unit_test(damage_is_an_error_or_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * tests/checkpoint/hostile_test.c - each file of the corpus is refused in one line that
 * says which file and why, and costs no more memory than it could honestly need
 *
 * The corpus and the words that each refusal must have are make_checkpoints.py's.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/context/context.h"
#include "src/file/file.h"

/* What a file of this size may take: a multiple of its size, and room for small ones. */
#define MEMORY_BASE ((uint64_t)24 << 20)
#define MEMORY_EACH 256

static int failures;

static void complain(const char *format, ...) IMGCLS_PRINTF(1, 2);

/* All of the corpus is worth seeing before the test fails. */
static void complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    failures++;
}

static size_t size_of(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    fclose(file);
    return (size_t)size;
}

static void check(struct imgcls_context *ctx, const char *name, const char *words)
{
    char path[2048];
    const char *top = getenv("ICL_TOP_SRCDIR");
    struct imgcls_model *model = NULL;
    snprintf(path, sizeof path, "%s/tests/checkpoint/hostile/%s", top ? top : ".", name);
    uint64_t before = ctx->memory_used;
    ctx->memory_peak = before;
    imgcls_status status = imgcls_model_open(ctx, path, &model);
    const char *said = imgcls_error(ctx);
    if (status != IMGCLS_BAD_INPUT && status != IMGCLS_UNSUPPORTED &&
        status != IMGCLS_LIMIT)
        complain("%s: status %d: %s", name, (int)status, said);
    if (!strstr(said, name) || !strstr(said, words))
        complain("%s: '%s' does not say '%s'", name, said, words);
    if (strchr(said, '\n'))
        complain("%s: more than one line: %s", name, said);
    if (ctx->memory_used != before)
        complain("%s: left %lld bytes", name, (long long)(ctx->memory_used - before));
    if (ctx->memory_peak - before > MEMORY_BASE + MEMORY_EACH * size_of(path))
        complain("%s: took %llu bytes", name,
                 (unsigned long long)(ctx->memory_peak - before));
    icl_forgive(ctx);
}

static void each_file_is_refused_by_name(void **state)
{
    char plugins[2048], list[2048], line[512];
    const char *build = getenv("ICL_TOP_BUILDDIR"), *top = getenv("ICL_TOP_SRCDIR");
    struct imgcls_context *ctx;
    struct imgcls_source *warm;
    int checked = 0;
    (void)state;
    snprintf(plugins, sizeof plugins, "%s/plugins/.libs", build ? build : ".");
    snprintf(list, sizeof list, "%s/tests/checkpoint/corpus.txt", top ? top : ".");
    struct imgcls_context_options options = {
        .struct_size = sizeof options, .plugin_path = plugins, .threads = 1};
    assert_int_equal(imgcls_context_create(&options, &ctx), IMGCLS_OK);
    /* What the registry keeps from its first question is no file's. */
    struct imgcls_model *model;
    assert_int_equal(icl_source_open(ctx, list, &warm), IMGCLS_OK);
    icl_source_close(warm);
    assert_int_not_equal(imgcls_model_open(ctx, list, &model), IMGCLS_OK);
    icl_forgive(ctx);
    FILE *file = fopen(list, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        char *words = strchr(line, '\t');
        assert_non_null(words);
        *words++ = 0;
        words[strcspn(words, "\n")] = 0;
        check(ctx, line, words);
        checked++;
    }
    fclose(file);
    assert_true(checked > 90);
    assert_int_equal(failures, 0);
    imgcls_context_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_file_is_refused_by_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

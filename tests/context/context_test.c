/*
 * tests/context/context_test.c - the first failure stands, prefixes come in front, nothing from
 * a file steers a terminal
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/context/context.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state)
{
    struct imgcls_context *ctx;
    unsetenv("IMGCLS_ISA");
    if (imgcls_context_create(NULL, &ctx))
        return -1;
    *state = ctx;
    return 0;
}

static int teardown(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

static void no_failure_has_no_text(void **state)
{
    struct imgcls_context *ctx = *state;
    assert_string_equal(imgcls_error(ctx), "");
    assert_int_equal(ctx->status, IMGCLS_OK);
    assert_string_equal(imgcls_error(NULL), "no memory for a context");
}

static void first_failure_stands_until_forgiven(void **state)
{
    struct imgcls_context *ctx = *state;
    assert_int_equal(icl_fail(ctx, IMGCLS_BAD_INPUT, "%s: %d", "a.onnx", 7), IMGCLS_BAD_INPUT);
    assert_int_equal(icl_fail(ctx, IMGCLS_IO, "later"), IMGCLS_IO);
    assert_string_equal(imgcls_error(ctx), "a.onnx: 7");
    assert_string_equal(imgcls_error(ctx), "a.onnx: 7"); /* reading changes nothing */
    assert_int_equal(ctx->status, IMGCLS_BAD_INPUT);
    icl_forgive(ctx);
    assert_string_equal(imgcls_error(ctx), "");
    icl_fail(ctx, IMGCLS_IO, "later");
    assert_string_equal(imgcls_error(ctx), "later");
}

static void prefix_goes_in_front(void **state)
{
    struct imgcls_context *ctx = *state;
    icl_fail(ctx, IMGCLS_BAD_INPUT, "shape is odd");
    assert_int_equal(icl_fail_within(ctx, IMGCLS_BAD_INPUT, "node '%s'", "conv1"),
                     IMGCLS_BAD_INPUT);
    icl_fail_within(ctx, IMGCLS_BAD_INPUT, "m.onnx");
    assert_string_equal(imgcls_error(ctx), "m.onnx: node 'conv1': shape is odd");
}

static void prefix_without_a_failure_still_says_something(void **state)
{
    struct imgcls_context *ctx = *state;
    icl_fail_within(ctx, IMGCLS_UNSUPPORTED, "m.onnx");
    assert_string_equal(imgcls_error(ctx), "m.onnx: not supported");
    icl_forgive(ctx);
    icl_fail_within(ctx, IMGCLS_OK, "m.onnx");
    assert_string_equal(imgcls_error(ctx), "");
}

static void long_texts_are_cut_not_overrun(void **state)
{
    struct imgcls_context *ctx = *state;
    char text[3 * ICL_ERROR_CAPACITY];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    icl_fail(ctx, IMGCLS_BAD_INPUT, "%s", text);
    assert_int_equal(strlen(imgcls_error(ctx)), ICL_ERROR_CAPACITY - 1);
    icl_fail_within(ctx, IMGCLS_BAD_INPUT, "front");
    assert_int_equal(strncmp(imgcls_error(ctx), "front: xxx", 10), 0);
    assert_int_equal(strlen(imgcls_error(ctx)), ICL_ERROR_CAPACITY - 1);
    icl_fail_within(ctx, IMGCLS_BAD_INPUT, "%s", text);
    assert_true(strlen(imgcls_error(ctx)) < ICL_ERROR_CAPACITY);
}

static void control_characters_become_harmless(void **state)
{
    struct imgcls_context *ctx = *state;
    icl_fail(ctx, IMGCLS_BAD_INPUT, "node '\033[2J\a\r\177\xc3\xa9'\nadvice");
    assert_string_equal(imgcls_error(ctx), "node '?[2J???\xc3\xa9'\nadvice");
}

static void system_errors_bring_their_words(void **state)
{
    struct imgcls_context *ctx = *state;
    assert_int_equal(icl_fail_errno(ctx, ENOENT, "%s: cannot open", "a"), IMGCLS_IO);
    assert_string_equal(imgcls_error(ctx), "a: cannot open: No such file or directory");
    icl_forgive(ctx);
    assert_int_equal(icl_fail_errno(ctx, ENOMEM, "map"), IMGCLS_NO_MEMORY);
}

static void take_line(void *argument, int32_t level, const char *text)
{
    assert_int_equal(level, IMGCLS_LOG_WARNING);
    strcpy(argument, text);
}

static void log_lines_reach_the_callback(void **state)
{
    (void)state;
    char line[64] = "";
    struct imgcls_context *ctx;
    const struct imgcls_context_options options = {
        .struct_size = sizeof options, .log = take_line, .log_argument = line};
    assert_int_equal(imgcls_context_create(&options, &ctx), IMGCLS_OK);
    icl_log(ctx, IMGCLS_LOG_WARNING, "%d\t%s", 3, "x");
    assert_string_equal(line, "3?x");
    imgcls_context_destroy(ctx);
}

static void options_of_an_older_caller_read_as_zero(void **state)
{
    (void)state;
    struct imgcls_context *ctx;
    struct imgcls_context_options options = {.threads = 3, .memory_limit = 5};
    options.struct_size = offsetof(struct imgcls_context_options, memory_limit);
    assert_int_equal(imgcls_context_create(&options, &ctx), IMGCLS_OK);
    assert_int_equal(ctx->threads, 3);
    assert_int_equal(ctx->memory_limit, 0);
    imgcls_context_destroy(ctx);
}

static void omp_num_threads_caps_the_default_alone(void **state)
{
    (void)state;
    struct imgcls_context *ctx;
    const struct imgcls_context_options options = {.struct_size = sizeof options,
                                                   .threads = 5};
    setenv("OMP_NUM_THREADS", "1,4", 1);
    assert_int_equal(imgcls_context_create(NULL, &ctx), IMGCLS_OK);
    assert_int_equal(ctx->threads, 1);
    imgcls_context_destroy(ctx);
    assert_int_equal(imgcls_context_create(&options, &ctx), IMGCLS_OK);
    assert_int_equal(ctx->threads, 5);
    imgcls_context_destroy(ctx);
    setenv("OMP_NUM_THREADS", "garbage", 1);
    assert_int_equal(imgcls_context_create(NULL, &ctx), IMGCLS_OK);
    assert_int_equal(ctx->threads, icl_cpu_count());
    imgcls_context_destroy(ctx);
    unsetenv("OMP_NUM_THREADS");
}

static void plugin_path_comes_from_options_then_environment(void **state)
{
    (void)state;
    struct imgcls_context *ctx;
    const struct imgcls_context_options options = {.struct_size = sizeof options,
                                                   .plugin_path = "/a"};
    const char *before = getenv("IMGCLS_PLUGIN_PATH");
    char *kept = before ? strdup(before) : NULL;
    setenv("IMGCLS_PLUGIN_PATH", "/b:/c", 1);
    assert_int_equal(imgcls_context_create(&options, &ctx), IMGCLS_OK);
    assert_string_equal(ctx->plugin_path, "/a");
    imgcls_context_destroy(ctx);
    assert_int_equal(imgcls_context_create(NULL, &ctx), IMGCLS_OK);
    assert_string_equal(ctx->plugin_path, "/b:/c");
    imgcls_context_destroy(ctx);
    if (kept)
        setenv("IMGCLS_PLUGIN_PATH", kept, 1);
    else
        unsetenv("IMGCLS_PLUGIN_PATH");
    free(kept);
}

static void a_context_that_failed_tells_why(void **state)
{
    (void)state;
    struct imgcls_context *ctx;
    setenv("IMGCLS_ISA", "mmx", 1);
    assert_int_equal(imgcls_context_create(NULL, &ctx), IMGCLS_BAD_INPUT);
    assert_string_equal(imgcls_error(ctx),
                        "IMGCLS_ISA: 'mmx' is not one of portable, avx2, avx512, neon");
    imgcls_context_destroy(ctx);
    unsetenv("IMGCLS_ISA");
}

static void every_status_has_words(void **state)
{
    (void)state;
    for (imgcls_status status = IMGCLS_OK; status <= IMGCLS_INTERNAL; status++)
        assert_string_not_equal(imgcls_status_text(status), "unknown status");
    assert_string_equal(imgcls_status_text(-1), "unknown status");
    assert_string_equal(imgcls_status_text(IMGCLS_INTERNAL + 1), "unknown status");
}

/* Last: the flag stands for the whole process. */
static void interruption_is_seen_everywhere(void **state)
{
    (void)state;
    assert_false(icl_interrupted());
    imgcls_interrupt();
    assert_true(icl_interrupted());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_failure_has_no_text, setup, teardown),
        cmocka_unit_test_setup_teardown(first_failure_stands_until_forgiven, setup, teardown),
        cmocka_unit_test_setup_teardown(prefix_goes_in_front, setup, teardown),
        cmocka_unit_test_setup_teardown(prefix_without_a_failure_still_says_something, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(long_texts_are_cut_not_overrun, setup, teardown),
        cmocka_unit_test_setup_teardown(control_characters_become_harmless, setup, teardown),
        cmocka_unit_test_setup_teardown(system_errors_bring_their_words, setup, teardown),
        cmocka_unit_test(log_lines_reach_the_callback),
        cmocka_unit_test(options_of_an_older_caller_read_as_zero),
        cmocka_unit_test(omp_num_threads_caps_the_default_alone),
        cmocka_unit_test(plugin_path_comes_from_options_then_environment),
        cmocka_unit_test(a_context_that_failed_tells_why),
        cmocka_unit_test(every_status_has_words),
        cmocka_unit_test(interruption_is_seen_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

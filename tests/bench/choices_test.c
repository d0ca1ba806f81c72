/*
 * tests/bench/choices_test.c - measured choices: rows that fit the plan, winners that are kept
 * and followed, files that are damaged and do no harm
 *
 * Times are not tested; which kernel wins is set by the test, in the table.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <imgcls/bench.h>

#include "src/model/model.h"
#include "src/plan/choices.h"

static char folder[64];

static struct imgcls_context *context(void)
{
    struct imgcls_context *ctx;
    assert_int_equal(imgcls_context_create(NULL, &ctx), IMGCLS_OK);
    return ctx;
}

static struct imgcls_model *open_sample(struct imgcls_context *ctx)
{
    char path[4096];
    struct imgcls_model *model;
    assert_non_null(getenv("ICL_TOP_SRCDIR"));
    snprintf(path, sizeof path, "%s/eval/sample/lenet5/model.onnx", getenv("ICL_TOP_SRCDIR"));
    if (imgcls_model_open(ctx, path, &model) != IMGCLS_OK)
        fail_msg("%s", imgcls_error(ctx));
    return model;
}

static void every_step_has_a_row_and_the_chosen_kernel_a_time(void **state)
{
    struct imgcls_context *ctx = context();
    struct imgcls_model *model = open_sample(ctx);
    struct imgcls_bench_options options = {.struct_size = sizeof options, .seconds = 0.02};
    struct imgcls_bench_choices choices;
    size_t slow = 0, i;
    (void)state;
    if (imgcls_bench_choices(model, &options, 0, &choices) != IMGCLS_OK)
        fail_msg("%s", imgcls_error(ctx));
    assert_true(choices.row_count > 4); /* two convolutions, three products */
    for (i = 0; i < choices.row_count; i++) {
        assert_true(choices.rows[i].chosen_ms > 0);
        assert_true(choices.rows[i].best_ms <= choices.rows[i].chosen_ms);
        slow += choices.rows[i].is_slow != 0;
    }
    assert_int_equal(slow, choices.slow_count);
    assert_null(choices.kept_in);
    imgcls_bench_choices_clear(&choices);
    imgcls_model_close(model);
    imgcls_context_destroy(ctx);
}

static void what_was_put_is_found_by_the_next_context(void **state)
{
    struct imgcls_context *ctx = context();
    struct icl_choices *choices;
    const char *path;
    char keys[3][ICL_CHOICE_KEY];
    int i;
    (void)state;
    assert_int_equal(icl_choices_of(ctx, &choices), IMGCLS_OK);
    for (i = 0; i < 3; i++) {
        memset(keys[i], "b2a"[i], ICL_CHOICE_KEY - 1);
        keys[i][ICL_CHOICE_KEY - 1] = 0;
        assert_null(icl_choices_find(choices, keys[i]));
        assert_int_equal(icl_choices_put(ctx, choices, keys[i], "first"), IMGCLS_OK);
    }
    assert_int_equal(icl_choices_put(ctx, choices, keys[1], "second"), IMGCLS_OK);
    if (icl_choices_save(ctx, choices, &path) != IMGCLS_OK)
        fail_msg("%s", imgcls_error(ctx));
    assert_memory_equal(path, folder, strlen(folder));
    imgcls_context_destroy(ctx);
    ctx = context();
    assert_int_equal(icl_choices_of(ctx, &choices), IMGCLS_OK);
    assert_string_equal(icl_choices_find(choices, keys[0]), "first");
    assert_string_equal(icl_choices_find(choices, keys[1]), "second");
    assert_string_equal(icl_choices_find(choices, keys[2]), "first");
    imgcls_context_destroy(ctx);
}

/* The kernel of every step after a choice of the last candidate for each. */
static void a_plan_follows_the_table_and_keeps_its_bits(void **state)
{
    struct imgcls_context *ctx = context();
    struct imgcls_model *model = open_sample(ctx);
    const struct icl_plan *plan;
    struct icl_choices *choices;
    struct icl_session *session;
    struct icl_plan_options options = {.threads = 1, .candidate = 1};
    struct imgcls_tensor shape = {.struct_size = sizeof shape, .type = IMGCLS_F32, .rank = 4,
                                  .dims = {1, 1, 32, 32}};
    const struct imgcls_node *node;
    const char *kernel, *names[64];
    char key[ICL_CHOICE_KEY];
    size_t i, steps = 0;
    (void)state;
    assert_int_equal(icl_session_create(ctx, model->graph, &options, &session), IMGCLS_OK);
    if (icl_session_prepare(session, &shape) != IMGCLS_OK)
        fail_msg("%s", imgcls_error(ctx));
    plan = icl_session_plan(session);
    assert_int_equal(icl_choices_of(ctx, &choices), IMGCLS_OK);
    for (; steps < 64 && icl_plan_step(plan, steps, &node, &kernel); steps++) {
        names[steps] = kernel;
        if (icl_plan_step_key(plan, steps, key))
            assert_int_equal(icl_choices_put(ctx, choices, key, kernel), IMGCLS_OK);
    }
    icl_session_destroy(session);
    options.candidate = 0;
    assert_int_equal(icl_session_create(ctx, model->graph, &options, &session), IMGCLS_OK);
    assert_int_equal(icl_session_prepare(session, &shape), IMGCLS_OK);
    plan = icl_session_plan(session);
    for (i = 0; i < steps; i++) {
        assert_true(icl_plan_step(plan, i, &node, &kernel));
        assert_string_equal(kernel, names[i]);
    }
    icl_session_destroy(session);
    imgcls_model_close(model);
    imgcls_context_destroy(ctx);
}

static void a_damaged_file_is_no_file(void **state)
{
    static const char *const texts[] = {"", "imgcls choices 2\n", "imgcls choices 1\nabc\n",
                                        "imgcls choices 1\n\x01\x02 \xff\n"};
    struct imgcls_context *ctx = context();
    struct icl_choices *choices;
    const char *path;
    char copy[4096];
    size_t i;
    (void)state;
    assert_int_equal(icl_choices_of(ctx, &choices), IMGCLS_OK);
    assert_int_equal(icl_choices_save(ctx, choices, &path), IMGCLS_OK);
    snprintf(copy, sizeof copy, "%s", path);
    imgcls_context_destroy(ctx);
    for (i = 0; i < sizeof texts / sizeof *texts; i++) {
        FILE *file = fopen(copy, "w");
        assert_non_null(file);
        fputs(texts[i], file);
        fclose(file);
        ctx = context();
        assert_int_equal(icl_choices_of(ctx, &choices), IMGCLS_OK);
        imgcls_model_close(open_sample(ctx));
        imgcls_context_destroy(ctx);
    }
    unlink(copy);
}

static int in_a_folder_of_its_own(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/imgcls-choices-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    return setenv("XDG_CACHE_HOME", folder, 1);
}

static int and_away_again(void **state)
{
    char command[256];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_has_a_row_and_the_chosen_kernel_a_time),
        cmocka_unit_test(what_was_put_is_found_by_the_next_context),
        cmocka_unit_test(a_plan_follows_the_table_and_keeps_its_bits),
        cmocka_unit_test(a_damaged_file_is_no_file),
    };
    return cmocka_run_group_tests(tests, in_a_folder_of_its_own, and_away_again);
}

/*
 * tests/checkpoint/match_test.c - what does not fit is named at once; settings by path
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/checkpoint/checkpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct imgcls_context *ctx;
    struct imgcls_checkpoint *checkpoint;
};

static void begin(struct fixture *fixture, const char *const *names)
{
    static float number;
    struct imgcls_tensor tensor = {
        .struct_size = sizeof tensor, .type = IMGCLS_F32, .data = &number};
    assert_int_equal(imgcls_context_create(NULL, &fixture->ctx), IMGCLS_OK);
    assert_int_equal(icl_checkpoint_create(fixture->ctx, &fixture->checkpoint), IMGCLS_OK);
    for (size_t i = 0; names[i]; i++)
        assert_int_equal(icl_checkpoint_add(fixture->checkpoint, names[i], &tensor, NULL),
                         IMGCLS_OK);
}

static void end(struct fixture *fixture)
{
    icl_checkpoint_destroy(fixture->checkpoint);
    imgcls_context_destroy(fixture->ctx);
}

static void missing_and_left_over_names_come_together(void **state)
{
    static const char *const names[] = {"conv1.weight", "layer1.bn.weigth",
                                        "head.bias",    "bn.num_batches_tracked",
                                        "extra.buffer", NULL};
    struct fixture fixture;
    (void)state;
    begin(&fixture, names);
    icl_checkpoint_use(fixture.checkpoint, "conv1.weight");
    icl_checkpoint_missing(fixture.checkpoint, "layer1.bn.weight", NULL);
    icl_checkpoint_missing(fixture.checkpoint, "layer1.bn.weight", NULL);
    icl_checkpoint_missing(fixture.checkpoint, "zzzzzzzzzz", NULL);
    icl_checkpoint_missing(fixture.checkpoint, "head.weight", "is 3 x 4, must be 3 x 5");
    assert_int_equal(icl_checkpoint_settle(fixture.checkpoint, "net", IMGCLS_OK),
                     IMGCLS_BAD_INPUT);
    assert_string_equal(imgcls_error(fixture.ctx),
                        "does not fit architecture net: missing layer1.bn.weight (nearest: "
                        "layer1.bn.weigth), zzzzzzzzzz, head.weight (is 3 x 4, must be 3 x "
                        "5); left over layer1.bn.weigth, head.bias, extra.buffer");
    end(&fixture);
}

static void a_builder_that_stopped_is_not_blamed_for_what_it_did_not_reach(void **state)
{
    static const char *const names[] = {"a.weight", "b.weight", NULL};
    struct fixture fixture;
    (void)state;
    begin(&fixture, names);
    icl_checkpoint_missing(fixture.checkpoint, "a.weights", NULL);
    icl_fail(fixture.ctx, IMGCLS_BAD_INPUT, "the first that was missing");
    assert_int_equal(icl_checkpoint_settle(fixture.checkpoint, "net", IMGCLS_BAD_INPUT),
                     IMGCLS_BAD_INPUT);
    assert_string_equal(
        imgcls_error(fixture.ctx),
        "does not fit architecture net: missing a.weights (nearest: a.weight)");
    end(&fixture);
}

static void what_fits_or_failed_otherwise_stays_as_it_is(void **state)
{
    static const char *const names[] = {"a", "b.num_batches_tracked", NULL};
    struct fixture fixture;
    (void)state;
    begin(&fixture, names);
    assert_int_equal(icl_checkpoint_settle(fixture.checkpoint, "net", IMGCLS_UNSUPPORTED),
                     IMGCLS_UNSUPPORTED);
    icl_checkpoint_use(fixture.checkpoint, "a");
    assert_int_equal(icl_checkpoint_settle(fixture.checkpoint, "net", IMGCLS_OK),
                     IMGCLS_OK);
    end(&fixture);
}

static void a_long_list_says_how_many_more(void **state)
{
    static const char *const none[] = {NULL};
    struct fixture fixture;
    char name[64];
    (void)state;
    begin(&fixture, none);
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "backbone.layers.%d.attention.weight", i);
        icl_checkpoint_missing(fixture.checkpoint, name, NULL);
    }
    assert_int_equal(icl_checkpoint_settle(fixture.checkpoint, "net", IMGCLS_OK),
                     IMGCLS_BAD_INPUT);
    const char *said = imgcls_error(fixture.ctx), *more = strstr(said, " and ");
    int shown = 0, rest = 0;
    for (const char *p = said; (p = strstr(p, "attention.weight")); p++)
        shown++;
    assert_non_null(more);
    assert_int_equal(sscanf(more, " and %d more", &rest), 1);
    assert_int_equal(shown + rest, 1000);
    end(&fixture);
}

static void wrappers_words_are_cut_off_where_all_names_have_them(void **state)
{
    static const char *const wrapped[] = {"module.model.a", "module.model.b", NULL},
                             *const partly[] = {"module.a", "b", NULL};
    struct fixture fixture;
    (void)state;
    begin(&fixture, wrapped);
    assert_int_equal(icl_checkpoint_unwrap(fixture.checkpoint), IMGCLS_OK);
    assert_non_null(icl_checkpoint_find(fixture.checkpoint, "a"));
    assert_null(icl_checkpoint_find(fixture.checkpoint, "module.model.a"));
    assert_string_equal(icl_checkpoint_at(fixture.checkpoint, 1, NULL), "b");
    assert_string_equal(icl_checkpoint_text(fixture.checkpoint, IMGCLS_META_PREFIX),
                        "module.model.");
    end(&fixture);
    begin(&fixture, partly);
    assert_int_equal(icl_checkpoint_unwrap(fixture.checkpoint), IMGCLS_OK);
    assert_non_null(icl_checkpoint_find(fixture.checkpoint, "module.a"));
    assert_null(icl_checkpoint_text(fixture.checkpoint, IMGCLS_META_PREFIX));
    end(&fixture);
}

static void settings_are_found_by_path(void **state)
{
    static const char *const none[] = {NULL};
    struct fixture fixture;
    (void)state;
    begin(&fixture, none);
    struct imgcls_checkpoint *c = fixture.checkpoint;
    assert_int_equal(icl_checkpoint_set_text(
                         c, IMGCLS_META_CONFIG,
                         "{\"a\": {\"b\": [1, {\"c\": 2.5}, \"t\"]}, \"flag\": true, "
                         "\"none\": null, \"whole\": 224.0, \"eps\": 1e-12}"),
                     IMGCLS_OK);
    assert_int_equal(icl_checkpoint_set_text(c, IMGCLS_META_HEIGHT, "384"), IMGCLS_OK);
    assert_int_equal(icl_checkpoint_int(c, "a.b.0", 9), 1);
    assert_true(icl_checkpoint_real(c, "a.b.1.c", 9) == 2.5);
    assert_string_equal(icl_checkpoint_string(c, "a.b.2", "x"), "t");
    assert_int_equal(icl_checkpoint_int(c, "flag", 9), 1);
    assert_int_equal(icl_checkpoint_int(c, "whole", 9), 224);
    assert_true(icl_checkpoint_real(c, "eps", 9) == 1e-12);
    assert_int_equal(icl_checkpoint_int(c, IMGCLS_META_HEIGHT, 9), 384);
    static const char *const absent[] = {
        "none", "a.b.3", "a.b.x", "a.x.0", "", "a..b", "a.b.99999999999999999999", "a.b.2"};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        assert_int_equal(icl_checkpoint_int(c, absent[i], 9), 9);
    assert_int_equal(icl_checkpoint_set_text(c, IMGCLS_META_CONFIG, "[1]"),
                     IMGCLS_BAD_INPUT);
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_and_left_over_names_come_together),
        cmocka_unit_test(a_builder_that_stopped_is_not_blamed_for_what_it_did_not_reach),
        cmocka_unit_test(what_fits_or_failed_otherwise_stays_as_it_is),
        cmocka_unit_test(a_long_list_says_how_many_more),
        cmocka_unit_test(wrappers_words_are_cut_off_where_all_names_have_them),
        cmocka_unit_test(settings_are_found_by_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

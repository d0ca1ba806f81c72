/*
 * tests/graph/names_test.c - the name table under growth, removal and random lives
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/graph/drawing.h"

#include "src/graph/names.h"

#define NAMES 3000

static char pool[NAMES][24];

static void random_lives_match_a_plain_list(void **state)
{
    struct imgcls_context *ctx = *state;
    struct icl_name_table *names;
    bool there[NAMES] = {false};
    uint32_t seed = 12345;
    for (int i = 0; i < NAMES; i++)
        snprintf(pool[i], sizeof pool[i], "%.*s%d", i % 12, "abcdefghijkl", i);
    assert_int_equal(icl_names_create(ctx, &names), IMGCLS_OK);
    assert_null(icl_names_find(names, "a"));
    icl_names_remove(names, "a");
    for (int step = 0; step < 60000; step++) {
        seed = seed * 1664525 + 1013904223;
        int i = (int)(seed >> 8) % NAMES;
        char copy[24];
        strcpy(copy, pool[i]); /* found by text, not by address */
        assert_ptr_equal(icl_names_find(names, copy), there[i] ? pool[i] : NULL);
        if (there[i])
            icl_names_remove(names, copy);
        else
            assert_int_equal(icl_names_add(ctx, names, pool[i], pool[i]), IMGCLS_OK);
        there[i] = !there[i];
    }
    for (int i = 0; i < NAMES; i++)
        assert_ptr_equal(icl_names_find(names, pool[i]), there[i] ? pool[i] : NULL);
    icl_names_destroy(ctx, names);
}

static void failed_growth_keeps_what_was_there(void **state)
{
    struct imgcls_context *ctx = *state;
    struct icl_name_table *names;
    static const char *const words[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
    assert_int_equal(icl_names_create(ctx, &names), IMGCLS_OK);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(icl_names_add(ctx, names, words[i], (void *)words[i]), IMGCLS_OK);
    ctx->fail_allocation = 1;
    assert_int_equal(icl_names_add(ctx, names, words[8], (void *)words[8]), IMGCLS_NO_MEMORY);
    assert_null(icl_names_find(names, "i"));
    for (size_t i = 0; i < 8; i++)
        assert_ptr_equal(icl_names_find(names, words[i]), words[i]);
    icl_names_destroy(ctx, names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(random_lives_match_a_plain_list, context_setup,
                                        context_teardown),
        cmocka_unit_test_setup_teardown(failed_growth_keeps_what_was_there, context_setup,
                                        context_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

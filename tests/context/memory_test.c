/*
 * tests/context/memory_test.c - memory is zeroed, aligned, counted, limited, and can be made to
 * fail
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/context/context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state)
{
    struct imgcls_context *ctx;
    const struct imgcls_context_options options = {
        .struct_size = sizeof options, .plugin_path = "", .memory_limit = 1 << 20};
    if (imgcls_context_create(&options, &ctx))
        return -1;
    *state = ctx;
    return 0;
}

static int teardown(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

static void blocks_are_zero_and_aligned(void **state)
{
    struct imgcls_context *ctx = *state;
    void *blocks[40];
    for (size_t size = 0; size < 40; size++) {
        unsigned char *block = blocks[size] = icl_alloc(ctx, size * size, 3);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % 64, 0);
        for (size_t i = 0; i < size * size * 3; i++)
            assert_int_equal(block[i], 0);
        memset(block, 0xff, size * size * 3);
    }
    for (size_t size = 0; size < 40; size++)
        icl_free(ctx, blocks[size]);
    icl_free(ctx, NULL);
}

static void use_and_peak_are_counted(void **state)
{
    struct imgcls_context *ctx = *state;
    uint64_t before = ctx->memory_used;
    void *a = icl_alloc(ctx, 1000, 4), *b = icl_alloc(ctx, 1, 96);
    assert_int_equal(ctx->memory_used, before + 4096);
    icl_free(ctx, a);
    assert_int_equal(ctx->memory_used, before + 96);
    icl_free(ctx, b);
    assert_int_equal(ctx->memory_used, before);
    assert_int_equal(ctx->memory_peak, before + 4096);
}

static void limit_is_exact_and_named(void **state)
{
    struct imgcls_context *ctx = *state;
    uint64_t left = ctx->memory_limit - ctx->memory_used;
    void *all = icl_alloc(ctx, left, 1);
    assert_non_null(all);
    assert_null(icl_alloc(ctx, 1, 1));
    assert_int_equal(icl_alloc_status(ctx), IMGCLS_LIMIT);
    assert_string_equal(
        imgcls_error(ctx),
        "memory: 1 bytes more would make 1048577, past the limit of 1048576");
    icl_free(ctx, all);
}

static void sizes_that_overflow_are_refused(void **state)
{
    struct imgcls_context *ctx = *state;
    static const size_t rows[][2] = {
        {SIZE_MAX, 2}, {SIZE_MAX / 2, 4}, {SIZE_MAX, 1}, {(size_t)1 << 32, (size_t)1 << 31}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_null(icl_alloc(ctx, rows[i][0], rows[i][1]));
        assert_int_equal(icl_alloc_status(ctx), IMGCLS_LIMIT);
        icl_forgive(ctx);
    }
}

static void requested_failure_comes_once(void **state)
{
    struct imgcls_context *ctx = *state;
    ctx->fail_allocation = 2;
    void *first = icl_alloc(ctx, 1, 8);
    assert_non_null(first);
    assert_null(icl_alloc(ctx, 1, 8));
    assert_int_equal(icl_alloc_status(ctx), IMGCLS_NO_MEMORY);
    void *third = icl_alloc(ctx, 1, 8);
    assert_non_null(third);
    icl_free(ctx, first);
    icl_free(ctx, third);
}

static void growing_keeps_old_and_zeroes_new(void **state)
{
    struct imgcls_context *ctx = *state;
    uint32_t *list = NULL;
    size_t capacity = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(icl_grow(ctx, (void **)&list, &capacity, i + 1, sizeof *list),
                         IMGCLS_OK);
        assert_int_equal(list[i], 0);
        list[i] = i + 1;
    }
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(list[i], i + 1);
    uint32_t *old = list;
    size_t old_capacity = capacity;
    ctx->fail_allocation = 1;
    assert_int_equal(icl_grow(ctx, (void **)&list, &capacity, capacity + 1, sizeof *list),
                     IMGCLS_NO_MEMORY);
    assert_ptr_equal(list, old);
    assert_int_equal(capacity, old_capacity);
    icl_free(ctx, list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(blocks_are_zero_and_aligned, setup, teardown),
        cmocka_unit_test_setup_teardown(use_and_peak_are_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(limit_is_exact_and_named, setup, teardown),
        cmocka_unit_test_setup_teardown(sizes_that_overflow_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(requested_failure_comes_once, setup, teardown),
        cmocka_unit_test_setup_teardown(growing_keeps_old_and_zeroes_new, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

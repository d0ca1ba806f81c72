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

/* All that icl_alloc promises but the zeroes. */
static void unset_blocks_count_as_others(void **state)
{
    struct imgcls_context *ctx = *state;
    uint64_t before = ctx->memory_used;
    unsigned char *block = icl_alloc_unset(ctx, 1000, 4);
    assert_non_null(block);
    assert_int_equal((uintptr_t)block % 64, 0);
    memset(block, 0xff, 4000);
    assert_int_equal(ctx->memory_used, before + 4000);
    icl_free(ctx, block);
    assert_int_equal(ctx->memory_used, before);
    assert_null(icl_alloc_unset(ctx, SIZE_MAX, 2));
    assert_int_equal(icl_alloc_status(ctx), IMGCLS_LIMIT);
    icl_forgive(ctx);
    assert_null(icl_alloc_unset(ctx, 1 << 21, 1));
    assert_int_equal(icl_alloc_status(ctx), IMGCLS_LIMIT);
    icl_forgive(ctx);
    ctx->fail_allocation = 1;
    assert_null(icl_alloc_unset(ctx, 1, 1));
    assert_int_equal(icl_alloc_status(ctx), IMGCLS_NO_MEMORY);
    icl_forgive(ctx);
    assert_int_equal(ctx->memory_used, before);
}

static int setup_without_limit(void **state)
{
    struct imgcls_context *ctx;
    const struct imgcls_context_options options = {.struct_size = sizeof options,
                                                   .plugin_path = ""};
    if (imgcls_context_create(&options, &ctx))
        return -1;
    *state = ctx;
    return 0;
}

static void assert_all(const unsigned char *bytes, size_t size, unsigned char want)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != want)
            fail_msg("byte %zu of %zu is %d, not %d", i, size, bytes[i], want);
}

#if defined(__SANITIZE_ADDRESS__) /* watches blocks that the C library gave, and no others */
#define IS_WATCHED true
#else
#define IS_WATCHED false
#endif

/* Blocks in a pile are zero and keep what is written, whether the memory was used before or not. */
static void a_pile_that_rested_gives_zeroes(void **state)
{
    enum { COUNT = 3, SIZE = 100000, TIMES = 4 };
    struct imgcls_context *ctx = *state;
    unsigned char *kept = NULL, *blocks[COUNT], *front = NULL;
    uint64_t before = ctx->memory_used;
    for (int time = 0; time < TIMES; time++) {
        icl_pile_begin(ctx, (size_t)64 << 20);
        for (size_t i = 0; i < COUNT; i++) {
            size_t size = SIZE * (i + 1) * (size_t)(time + 1);
            blocks[i] = icl_alloc(ctx, size, 1);
            assert_non_null(blocks[i]);
            assert_int_equal((uintptr_t)blocks[i] % 64, 0);
            assert_all(blocks[i], size, 0);
            memset(blocks[i], 0x11 * (int)(i + 1), size);
        }
        icl_pile_rest(ctx);
        if (time == 1 && !IS_WATCHED)
            assert_ptr_equal(blocks[0], front);
        front = blocks[0];
        for (size_t i = 0; i < COUNT; i++)
            assert_all(blocks[i], SIZE * (i + 1) * (size_t)(time + 1),
                       (unsigned char)(0x11 * (i + 1)));
        if (kept)
            assert_all(kept, 2 * SIZE * 3, 0x22);
        if (time == 2) /* what still lives is not taken again */
            kept = blocks[1];
        for (size_t i = 0; i < COUNT; i++)
            if (blocks[i] != kept)
                icl_free(ctx, blocks[i]);
    }
    icl_pile_end(ctx);
    assert_all(kept, 2 * SIZE * 3, 0x22); /* a block outlives its pile */
    icl_free(ctx, kept);
    assert_int_equal(ctx->memory_used, before);
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
        cmocka_unit_test_setup_teardown(unset_blocks_count_as_others, setup, teardown),
        cmocka_unit_test_setup_teardown(a_pile_that_rested_gives_zeroes, setup_without_limit,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

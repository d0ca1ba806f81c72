/*
 * tests/plan/offsets_test.c - blocks that live at one step never overlap; gaps are used
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/plan/offsets.h"

static bool share_time(const struct icl_interval *a, const struct icl_interval *b)
{
    return a->born <= b->last && b->born <= a->last;
}

static bool share_bytes(const struct icl_interval *a, const struct icl_interval *b)
{
    return a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
}

static void check(struct icl_interval *intervals, size_t count, size_t total)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(intervals[i].offset % ICL_ARENA_ALIGNMENT, 0);
        assert_true(intervals[i].offset + intervals[i].bytes <= total);
        for (size_t j = 0; j < i; j++)
            if (share_time(&intervals[i], &intervals[j]))
                assert_false(share_bytes(&intervals[i], &intervals[j]));
    }
}

/* Largest sum of live bytes over the steps, each rounded up: nothing can need less. */
static size_t lower_bound(const struct icl_interval *intervals, size_t count, size_t steps)
{
    size_t most = 0;
    for (size_t s = 0; s < steps; s++) {
        size_t sum = 0;
        for (size_t i = 0; i < count; i++)
            if (intervals[i].born <= s && s <= intervals[i].last)
                sum += intervals[i].bytes;
        most = sum > most ? sum : most;
    }
    return most;
}

static void a_chain_needs_two_blocks(void **state)
{
    struct icl_interval chain[6];
    size_t total;
    (void)state;
    for (size_t i = 0; i < 6; i++) /* value i: written by step i, read by step i + 1 */
        chain[i] = (struct icl_interval){640, i, i + 1, 0};
    assert_int_equal(icl_offsets_place(NULL, chain, 6, &total), IMGCLS_OK);
    check(chain, 6, total);
    assert_int_equal(total, 1280); /* by hand: two live at each step */
}

static void a_small_block_takes_the_smallest_gap(void **state)
{
    /* By hand: the largest three lie at 0, 1024 and 1792; the second lives at step 0 alone,
     * so the last, living at step 1, fits into its place. */
    struct icl_interval blocks[] = {
        {1024, 0, 1, 0}, {768, 0, 0, 0}, {512, 0, 1, 0}, {256, 1, 1, 0}};
    size_t total;
    (void)state;
    assert_int_equal(icl_offsets_place(NULL, blocks, 4, &total), IMGCLS_OK);
    check(blocks, 4, total);
    assert_int_equal(blocks[3].offset, 1024);
    assert_int_equal(total, 2304);
}

static void nothing_and_empty_blocks(void **state)
{
    struct icl_interval blocks[] = {{0, 0, 3, 0}, {0, 1, 1, 0}};
    size_t total = 1;
    (void)state;
    assert_int_equal(icl_offsets_place(NULL, blocks, 0, &total), IMGCLS_OK);
    assert_int_equal(total, 0);
    assert_int_equal(icl_offsets_place(NULL, blocks, 2, &total), IMGCLS_OK);
    assert_int_equal(total, 0);
}

static void random_lives_never_overlap(void **state)
{
    unsigned seed = 1;
    (void)state;
    for (int round = 0; round < 300; round++) {
        struct icl_interval blocks[60];
        size_t count = 1 + (size_t)rand_r(&seed) % 60, total;
        for (size_t i = 0; i < count; i++) {
            size_t born = (size_t)rand_r(&seed) % 40;
            blocks[i] = (struct icl_interval){(size_t)rand_r(&seed) % 5000, born,
                                              born + (size_t)rand_r(&seed) % 8, 0};
        }
        assert_int_equal(icl_offsets_place(NULL, blocks, count, &total), IMGCLS_OK);
        check(blocks, count, total);
        size_t bound = lower_bound(blocks, count, 50);
        assert_true(total <= 2 * bound + count * ICL_ARENA_ALIGNMENT);
    }
}

static void sizes_past_memory_are_refused(void **state)
{
    struct icl_interval blocks[] = {{SIZE_MAX - 100, 0, 1, 0}, {SIZE_MAX - 100, 0, 1, 0}};
    struct imgcls_context *ctx;
    size_t total;
    (void)state;
    assert_int_equal(imgcls_context_create(NULL, &ctx), IMGCLS_OK);
    assert_int_equal(icl_offsets_place(ctx, blocks, 2, &total), IMGCLS_LIMIT);
    imgcls_context_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_needs_two_blocks),
        cmocka_unit_test(a_small_block_takes_the_smallest_gap),
        cmocka_unit_test(nothing_and_empty_blocks),
        cmocka_unit_test(random_lives_never_overlap),
        cmocka_unit_test(sizes_past_memory_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

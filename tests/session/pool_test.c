/*
 * tests/session/pool_test.c - every index once, by threads below the limit, in any weather
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/session/pool.h"

struct seen {
    int64_t count, grain;
    int32_t limit;
    _Atomic int32_t *times; /* per index */
    _Atomic int32_t short_pieces, bad_threads;
};

static void mark(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    struct seen *seen = argument;
    if (thread < 0 || thread >= seen->limit)
        seen->bad_threads++;
    if (end - begin < seen->grain && end != seen->count)
        seen->short_pieces++;
    for (int64_t i = begin; i < end; i++)
        seen->times[i]++;
}

static void check(struct icl_pool *pool, int32_t threads, int64_t count, int64_t grain)
{
    struct seen seen = {.count = count, .grain = grain, .limit = threads};
    seen.times = calloc((size_t)count + 1, sizeof *seen.times);
    assert_non_null(seen.times);
    icl_pool_run(pool, threads, count, grain, mark, &seen);
    for (int64_t i = 0; i < count; i++)
        assert_int_equal(seen.times[i], 1);
    assert_int_equal(seen.bad_threads, 0);
    assert_int_equal(seen.short_pieces, 0);
    free(seen.times);
}

static void each_index_is_visited_once(void **state)
{
    static const int64_t counts[] = {1, 2, 3, 7, 64, 1000, 4097};
    static const int64_t grains[] = {1, 3, 64, 5000};
    (void)state;
    for (int32_t size = 1; size <= 5; size++) {
        struct icl_pool *pool;
        assert_int_equal(icl_pool_create(NULL, size, &pool), IMGCLS_OK);
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
            for (size_t g = 0; g < sizeof grains / sizeof *grains; g++)
                for (int32_t threads = 1; threads <= size; threads++)
                    check(pool, threads, counts[c], grains[g]);
        icl_pool_destroy(pool);
    }
}

static void nothing_to_do_is_done(void **state)
{
    struct icl_pool *pool;
    (void)state;
    assert_int_equal(icl_pool_create(NULL, 3, &pool), IMGCLS_OK);
    icl_pool_run(pool, 3, 0, 1, NULL, NULL);
    icl_pool_run(pool, 3, -5, 1, NULL, NULL);
    icl_pool_destroy(pool);
    icl_pool_destroy(NULL);
}

static void alone_without_a_pool(void **state)
{
    (void)state;
    check(NULL, 4, 1000, 1);
}

static void sleepers_wake_up(void **state)
{
    struct icl_pool *pool;
    (void)state;
    assert_int_equal(icl_pool_create(NULL, 4, &pool), IMGCLS_OK);
    for (int i = 0; i < 20; i++) {
        check(pool, 4, 100, 1);
        usleep(2000); /* long past the spin */
    }
    icl_pool_destroy(pool);
}

static void many_short_loops_do_not_stick(void **state)
{
    struct icl_pool *pool;
    (void)state;
    assert_int_equal(icl_pool_create(NULL, 3, &pool), IMGCLS_OK);
    for (int i = 0; i < 5000; i++)
        check(pool, 3, 6, 1);
    icl_pool_destroy(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_index_is_visited_once),
        cmocka_unit_test(nothing_to_do_is_done),
        cmocka_unit_test(alone_without_a_pool),
        cmocka_unit_test(sleepers_wake_up),
        cmocka_unit_test(many_short_loops_do_not_stick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * tests/kernels/cross/cmocka.h - as much of cmocka as the tests of this folder use
 *
 * For builds for another processor, whose cmocka is not at hand (neon_test.sh). Same names,
 * same meaning; the first failure ends the program with status 1.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_KERNELS_CROSS_CMOCKA_H
#define TESTS_KERNELS_CROSS_CMOCKA_H

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

struct CMUnitTest {
    const char *name;
    void (*run)(void **state);
    void *prestate;
};

#define cmocka_unit_test(function)                  {#function, function, NULL}
#define cmocka_unit_test_prestate(function, before) {#function, function, before}

static jmp_buf cross_skipped;

#define skip() longjmp(cross_skipped, 1)

#define print_message(...) ((void)printf(__VA_ARGS__), (void)fflush(stdout))

#define fail_msg(...)                                                                      \
    do {                                                                                   \
        printf("%s:%d: ", __FILE__, __LINE__);                                             \
        printf(__VA_ARGS__);                                                               \
        printf("\n[  FAILED  ]\n");                                                        \
        exit(1);                                                                           \
    } while (0)

#define assert_true(condition)                                                             \
    do {                                                                                   \
        if (!(condition))                                                                  \
            fail_msg("%s", #condition);                                                    \
    } while (0)
#define assert_non_null(pointer) assert_true((pointer) != NULL)
#define assert_int_equal(a, b)                                                             \
    do {                                                                                   \
        long long cross_a = (long long)(a), cross_b = (long long)(b);                      \
        if (cross_a != cross_b)                                                            \
            fail_msg("%s is %lld, %s is %lld", #a, cross_a, #b, cross_b);                  \
    } while (0)

static int cross_run(const struct CMUnitTest *tests, size_t count)
{
    volatile size_t i; /* it is read after a longjmp */

    for (i = 0; i < count; i++) {
        void *state = tests[i].prestate;
        print_message("[ RUN      ] %s\n", tests[i].name);
        if (setjmp(cross_skipped) == 0) {
            tests[i].run(&state);
            print_message("[       OK ] %s\n", tests[i].name);
        } else {
            print_message("[  SKIPPED ] %s\n", tests[i].name);
        }
    }
    return 0;
}
#define cmocka_run_group_tests(tests, setup, teardown)                                     \
    cross_run(tests, sizeof(tests) / sizeof(tests)[0])

#endif

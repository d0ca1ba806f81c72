/*
 * tests/model/top_test.c - the most probable classes of a row
 *
 * Probabilities by hand: softmax of (ln 1, ln 2, ln 3, ln 4) is (0.1, 0.2, 0.3, 0.4).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/model/model.h"

#define LN2 0.69314718056f
#define LN3 1.09861228867f
#define LN4 1.38629436112f
#define LN5 1.60943791243f

static void classes_come_in_falling_order(void **state)
{
    static const struct {
        const char *what;
        float row[5];
        int64_t classes;
        size_t k, count;
        int32_t index[5];
        float probability[5];
    } rows[] = {
        /* clang-format off: a row a line */
        {"softmax", {0, LN2, LN3, LN4}, 4, 3, 3, {3, 2, 1}, {0.4f, 0.3f, 0.2f}},
        {"shifted scores", {100, 100 + LN2, 100 + LN3, 100 + LN4}, 4, 1, 1, {3}, {0.4f}},
        {"huge scores", {3e38f, -3e38f}, 2, 2, 2, {0, 1}, {1, 0}},
        {"a distribution stays",
         {0.25f, 0.5f, 0.25f},
         3,
         3,
         3,
         {1, 0, 2},
         {0.5f, 0.25f, 0.25f}},
        {"sum off by more than 1e-3: scores", {0.5f, 0.49f}, 2, 1, 1, {0}, {0.5024999f}},
        {"negative: scores", {-LN2, 0}, 2, 2, 2, {1, 0}, {2 / 3.f, 1 / 3.f}},
        /* 1 / (3 + 2 exp(-6)), and that times exp(-6) */
        {"ties: the lower index",
         {1, 7, 7, 7, 1},
         5,
         4,
         4,
         {1, 2, 3, 0},
         {0.332783f, 0.332783f, 0.332783f, 0.000824888f}},
        {"NaN is lowest", {NAN, LN2, NAN, LN3}, 4, 4, 4, {3, 1, 0, 2}, {0.6f, 0.4f, 0, 0}},
        {"infinity takes all",
         {INFINITY, 0, INFINITY},
         3,
         3,
         3,
         {0, 2, 1},
         {0.5f, 0.5f, 0}},
        {"k above the classes", {0, LN4}, 2, 9, 2, {1, 0}, {0.8f, 0.2f}},
        {"k of none", {0, LN5}, 2, 0, 0, {0}, {0}},
        {"no classes", {0}, 0, 5, 0, {0}, {0}},
        /* clang-format on */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int32_t index[9];
        float probability[9];
        size_t count =
            icl_top_k(rows[i].row, rows[i].classes, rows[i].k, index, probability);
        if (count != rows[i].count)
            fail_msg("%s: %zu classes, not %zu", rows[i].what, count, rows[i].count);
        for (size_t k = 0; k < count; k++)
            if (index[k] != rows[i].index[k] ||
                !(fabsf(probability[k] - rows[i].probability[k]) <= 1e-5f))
                fail_msg("%s: place %zu is class %d with %g", rows[i].what, k,
                         (int)index[k], (double)probability[k]);
    }
}

static void all_nan_is_in_order_with_nothing(void **state)
{
    const float row[3] = {NAN, NAN, NAN};
    int32_t index[3];
    float probability[3];
    (void)state;
    assert_int_equal(icl_top_k(row, 3, 3, index, probability), 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(index[i], i);
        assert_true(probability[i] == 0);
    }
}

/* Against a full sort of random rows with many ties. */
static void random_rows_agree_with_sorting(void **state)
{
    unsigned seed = 3;
    (void)state;
    for (int round = 0; round < 200; round++) {
        float row[50], probability[50];
        int32_t index[50], n = 1 + rand_r(&seed) % 50;
        bool taken[50] = {false};
        for (int i = 0; i < n; i++)
            row[i] = (float)(rand_r(&seed) % 12);
        size_t count = icl_top_k(row, n, 50, index, probability);
        assert_int_equal(count, n);
        for (int place = 0; place < n; place++) {
            int best = -1;
            for (int i = 0; i < n; i++)
                if (!taken[i] && (best < 0 || row[i] > row[best]))
                    best = i;
            taken[best] = true;
            assert_int_equal(index[place], best);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_come_in_falling_order),
        cmocka_unit_test(all_nan_is_in_order_with_nothing),
        cmocka_unit_test(random_rows_agree_with_sorting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

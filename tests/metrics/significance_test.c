/*
 * tests/metrics/significance_test.c - intervals and the paired test against SciPy
 *
 * Expected values: scipy.stats.binomtest(k, n).proportion_ci(0.95, "wilson") and
 * binomtest(min(a, b), a + b, 0.5).pvalue, SciPy 1.16, double precision.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/metrics/metrics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
    int64_t correct, total;
    double low, high;
} intervals[] = {
    {0, 1, 0.0, 0.7934506856227626},
    {1, 1, 0.20654931437723745, 1.0},
    {50, 100, 0.4038315303659956, 0.5961684696340044},
    {300, 500, 0.5564541227024271, 0.6420210092052625},
    {410, 500, 0.7839253300173655, 0.851195092087241},
    {0, 500, 0.0, 0.007624340461552241},
    {500, 500, 0.9923756595384479, 1.0},
    {38000, 50000, 0.7562366365531648, 0.7637234153442798},
    {1, 1000000, 1.765245767453709e-07, 5.664911804311442e-06},
};

static const struct {
    int64_t a, b;
    double p;
} splits[] = {
    {0, 0, 1.0},
    {1, 9, 0.021484375},
    {9, 1, 0.021484375},
    {0, 1, 1.0},
    {0, 10, 0.001953125},
    {5, 5, 1.0},
    {12, 30, 0.007915897334896727},
    {100, 150, 0.0018833009350761602},
    {1000, 1100, 0.03072070786424249},
    {20000, 20500, 0.013153825113144245},
    {0, 2000, 0.0}, /* 2^-1999: below every double */
};

static void near(double got, double want, double relative, int64_t a, int64_t b)
{
    if (fabs(got - want) > relative * fabs(want) + 1e-300)
        fail_msg("%lld, %lld: got %.17g, SciPy has %.17g", (long long)a, (long long)b, got,
                 want);
}

static void wilson_agrees_with_scipy(void **state)
{
    size_t i;
    (void)state;
    for (i = 0; i < sizeof intervals / sizeof intervals[0]; i++) {
        struct imgcls_rate rate = icl_wilson(intervals[i].correct, intervals[i].total);
        near(rate.low, intervals[i].low, 1e-9, intervals[i].correct, intervals[i].total);
        near(rate.high, intervals[i].high, 1e-12, intervals[i].correct, intervals[i].total);
        near(rate.value, (double)intervals[i].correct / (double)intervals[i].total, 0,
             intervals[i].correct, intervals[i].total);
    }
}

/* Rows that significance_reference.py wrote: SciPy and statsmodels agree on them. */
static void both_agree_with_the_kept_values(void **state)
{
    char path[512], line[256];
    int wilsons = 0, mcnemars = 0;
    FILE *file;
    (void)state;
    snprintf(path, sizeof path, "%s/tests/metrics/significance.csv", getenv("ICL_TOP_SRCDIR"));
    file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        long long a, b;
        double x, y;
        if (sscanf(line, "wilson,%lld,%lld,%lf,%lf", &a, &b, &x, &y) == 4) {
            struct imgcls_rate rate = icl_wilson(a, b);
            near(rate.low, x, 1e-9, a, b);
            near(rate.high, y, 1e-12, a, b);
            wilsons++;
        } else if (sscanf(line, "mcnemar,%lld,%lld,%lf,", &a, &b, &x) == 3) {
            near(icl_mcnemar(a, b), x, 1e-9, a, b);
            mcnemars++;
        } else if (line[0] != '#') {
            fail_msg("not understood: %s", line);
        }
    }
    fclose(file);
    assert_true(wilsons >= 40 && mcnemars >= 40);
}

static void wilson_of_nothing_is_nothing(void **state)
{
    struct imgcls_rate rate = icl_wilson(0, 0);
    (void)state;
    assert_true(rate.value == 0 && rate.low == 0 && rate.high == 0);
}

static void mcnemar_agrees_with_scipy(void **state)
{
    size_t i;
    (void)state;
    for (i = 0; i < sizeof splits / sizeof splits[0]; i++)
        near(icl_mcnemar(splits[i].a, splits[i].b), splits[i].p, 1e-9, splits[i].a,
             splits[i].b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wilson_agrees_with_scipy),
        cmocka_unit_test(wilson_of_nothing_is_nothing),
        cmocka_unit_test(both_agree_with_the_kept_values),
        cmocka_unit_test(mcnemar_agrees_with_scipy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

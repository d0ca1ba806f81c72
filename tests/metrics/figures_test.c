/*
 * tests/metrics/figures_test.c - every figure of seven pictures, worked out by hand
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/metrics/corruption.h"
#include "eval/metrics/figures.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* float16 bits */
#define ONE           0x3c00
#define THREE_QUARTER 0x3a00
#define HALF          0x3800
#define QUARTER       0x3400
#define CLASSES       4

static const int32_t three[] = {3};
static const struct {
    struct icl_answer answer;
    struct icl_right right;
} pictures[] = {
    {{{0, 1, -1, -1, -1}, {THREE_QUARTER, QUARTER}, -0.25f}, {0, 0, NULL}}, /* right */
    {{{1, 0, -1, -1, -1}, {HALF, HALF}, -1}, {0, 0, NULL}}, /* wrong, second of a tie */
    {{{1, -1, -1, -1, -1}, {ONE}, 0}, {1, 0, NULL}},        /* right, and sure */
    {{{3, 2, -1, -1, -1}, {THREE_QUARTER, QUARTER}, -0.5f}, {2, 1, three}}, /* 2 or 3 */
    {{{0, 3, -1, -1, -1}, {HALF, QUARTER}, -2}, {2, 0, NULL}},              /* wrong */
};

static void gather(struct icl_figures *figures)
{
    const struct icl_right one = {1, 0, NULL}, zero = {0, 0, NULL};
    struct icl_answer answer;
    size_t i;
    assert_true(icl_figures_begin(figures, CLASSES));
    for (i = 0; i < sizeof pictures / sizeof pictures[0]; i++)
        icl_figures_add(figures, &pictures[i].answer, &pictures[i].right);
    icl_answer_failed(&answer);
    icl_figures_add(figures, &answer, &one);
    icl_answer_nan(&answer);
    icl_figures_add(figures, &answer, &zero);
    icl_figures_end(figures);
}

static void near(double got, double want)
{
    if (!(fabs(got - want) < 1e-12))
        fail_msg("%.17g, by hand %.17g", got, want);
}

static void counts_keep_failures_in_the_denominator(void **state)
{
    struct icl_figures figures;
    (void)state;
    gather(&figures);
    assert_int_equal(figures.tally.images, 7);
    assert_int_equal(figures.tally.failed, 1);
    assert_int_equal(figures.tally.nan_scores, 1);
    assert_int_equal(figures.tally.top1_correct, 3);
    assert_int_equal(figures.tally.top5_correct, 4);
    assert_int_equal(figures.ties, 1);
    icl_figures_clear(&figures);
}

static void classes_are_counted_by_label_and_by_answer(void **state)
{
    /* images, right, right among five, predicted; two right classes count for the one given
     */
    static const struct icl_class_figures want[CLASSES] = {
        {3, 1, 2, 2}, {2, 1, 1, 2}, {1, 0, 0, 0}, {1, 1, 1, 1}};
    struct icl_figures figures;
    (void)state;
    gather(&figures);
    assert_memory_equal(figures.classes, want, sizeof want);
    near(figures.class_accuracy, (1 / 3.0 + 1 / 2.0 + 0 + 1) / 4);
    near(figures.macro_precision, (1 / 2.0 + 1 / 2.0 + 0 + 1) / 4);
    near(figures.macro_f1, (0.4 + 0.5 + 0 + 1) / 4);
    icl_figures_clear(&figures);
}

/* Bins: 0.5 (two pictures, none right), 0.75 (two, both right), 1 (one, right). */
static void calibration_and_likelihood_leave_out_what_has_no_scores(void **state)
{
    struct icl_figures figures;
    (void)state;
    gather(&figures);
    near(figures.nll, (0.25 + 1 + 0 + 0.5 + 2) / 5);
    near(figures.ece, (1.0 + 0.5 + 0) / 5);
    near(figures.mce, (0.5 + 0.25 + 0) / 3);
    icl_figures_clear(&figures);
}

static void no_answer_at_all_is_no_division_by_zero(void **state)
{
    const struct icl_right right = {0, 0, NULL};
    struct icl_figures figures;
    struct icl_answer answer;
    (void)state;
    assert_true(icl_figures_begin(&figures, 1));
    icl_answer_failed(&answer);
    icl_figures_add(&figures, &answer, &right);
    icl_figures_end(&figures);
    assert_true(figures.nll == 0 && figures.ece == 0 && figures.mce == 0);
    assert_true(figures.class_accuracy == 0 && figures.macro_f1 == 0);
    icl_figures_clear(&figures);
}

static void quantiles_are_of_the_nearest_rank(void **state)
{
    static const float four[] = {1, 2, 3, 4};
    (void)state;
    near(icl_quantile(four, 4, 0.5), 2);
    near(icl_quantile(four, 4, 0.51), 3);
    near(icl_quantile(four, 4, 0.9), 4);
    near(icl_quantile(four, 4, 0), 1);
    near(icl_quantile(four, 4, 1), 4);
    near(icl_quantile(four, 0, 0.5), 0);
}

static void corruptions_weigh_severities_alike(void **state)
{
    const int64_t images[] = {10, 2, 4, 100, 1}, right[] = {9, 1, 1, 50, 0};
    int64_t lacking[] = {10, 2, 0, 100, 1};
    size_t i, in_mean = 0;
    (void)state;
    near(icl_corruption_error(images, right), (0.1 + 0.5 + 0.75 + 0.5 + 1) / 5);
    assert_true(isnan(icl_corruption_error(lacking, right)));
    for (i = 0; i < ICL_CORRUPTION_COUNT; i++) {
        assert_ptr_equal(icl_corruption_find(icl_corruptions[i].name), &icl_corruptions[i]);
        in_mean += icl_corruptions[i].in_mean;
    }
    assert_int_equal(in_mean, 15);
    assert_null(icl_corruption_find("blur"));
    assert_null(icl_corruption_find(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_keep_failures_in_the_denominator),
        cmocka_unit_test(classes_are_counted_by_label_and_by_answer),
        cmocka_unit_test(calibration_and_likelihood_leave_out_what_has_no_scores),
        cmocka_unit_test(no_answer_at_all_is_no_division_by_zero),
        cmocka_unit_test(quantiles_are_of_the_nearest_rank),
        cmocka_unit_test(corruptions_weigh_severities_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

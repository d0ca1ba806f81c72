/*
 * tests/verify/compare_test.c - figures of a comparison, against values worked out by hand
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/tensor/tensor.h"
#include "src/verify/compare.h"

static struct imgcls_context *ctx;

static void assert_close(double got, double want, double allowed)
{
    if (!(fabs(got - want) <= allowed))
        fail_msg("%.17g is not %.17g", got, want);
}

static int open_context(void **state)
{
    (void)state;
    return imgcls_context_create(NULL, &ctx);
}

static int close_context(void **state)
{
    (void)state;
    imgcls_context_destroy(ctx);
    return 0;
}

static struct imgcls_tensor rows_of(float *data, int64_t rows, int64_t width)
{
    struct imgcls_tensor tensor;
    int64_t dims[] = {rows, width};
    assert_int_equal(icl_tensor_borrow(ctx, IMGCLS_F32, 2, dims, data, &tensor), IMGCLS_OK);
    return tensor;
}

static struct imgcls_verify_output compare(float *got, float *want, int64_t rows, int64_t width,
                                           struct icl_tolerance tolerance)
{
    struct imgcls_tensor a = rows_of(got, rows, width), b = rows_of(want, rows, width);
    struct imgcls_verify_output out = {0};
    assert_int_equal(icl_compare(ctx, "y", &a, &b, &tolerance, &out), IMGCLS_OK);
    return out;
}

static void figures_are_those_worked_out_by_hand(void **state)
{
    (void)state;
    /* differences 0, 0, 0.5, 0: l2 = 0.5 / sqrt(9 + 16 + 0 + 0); dot = 25, |got|^2 = 25.25 */
    float want[] = {3, 4, 0, 0}, got[] = {3, 4, 0.5f, 0};
    struct imgcls_verify_output out =
        compare(got, want, 1, 4, (struct icl_tolerance){.l2 = 0.2});
    assert_close(out.max_abs, 0.5, 0);
    assert_int_equal(out.max_index, 2);
    assert_close(out.l2_relative, 0.1, 1e-15);
    assert_close(out.cosine, 25 / (sqrt(25.25) * 5), 1e-15);
    assert_close(out.top1_agreement, 1, 0);
    assert_close(out.needed, 0.1, 1e-15);
    assert_close(out.max_rel, 0, 0); /* where |want| is not tiny nothing differs */
    assert_true(out.passed);
    out = compare(got, want, 1, 4, (struct icl_tolerance){.l2 = 0.09});
    assert_false(out.passed);
}

static void the_worst_element_is_the_one_that_decides(void **state)
{
    (void)state;
    /* Element 0 is farthest (1 of 100: rtol 0.01), element 1 needs most (0.5 of 2: 0.25). */
    float want[] = {100, 2, 3, 4}, got[] = {101, 2.5f, 3, 4};
    struct imgcls_verify_output out = compare(
        got, want, 1, 4, (struct icl_tolerance){.elementwise = true, .rtol = 1e-3});
    assert_int_equal(out.max_index, 0);
    assert_int_equal(out.worst_index, 1);
    assert_close(out.worst_got, 2.5, 0);
    assert_close(out.worst_want, 2, 0);
    assert_close(out.needed, 0.25, 1e-15);
    out = compare(got, want, 1, 4, (struct icl_tolerance){.l2 = 1e-3});
    assert_int_equal(out.worst_index, 0);
    out = compare(want, want, 1, 4, (struct icl_tolerance){.elementwise = true});
    assert_int_equal(out.worst_index, -1);
    float nan[] = {101, 2.5f, NAN, 4};
    out = compare(nan, want, 1, 4, (struct icl_tolerance){.elementwise = true, .rtol = 1});
    assert_int_equal(out.worst_index, 2); /* no rtol lets a NaN pass */
}

static void agreement_counts_rows(void **state)
{
    (void)state;
    float want[] = {1, 2, 5, 4, 0, 9}, got[] = {1, 2, 4, 5, 0, 9};
    struct imgcls_verify_output out =
        compare(got, want, 3, 2, (struct icl_tolerance){.l2 = 1});
    assert_close(out.top1_agreement, 2.0 / 3.0, 1e-15);
}

static void elementwise_bounds_follow_numpy(void **state)
{
    (void)state;
    /* |got - want| <= atol + rtol |want|: 0.25 <= atol + rtol * 2 */
    float want[] = {2, 0}, got[] = {2.25f, 0.125f};
    struct icl_tolerance tolerance = {.elementwise = true, .atol = 0.125, .rtol = 0.0625};
    struct imgcls_verify_output out = compare(got, want, 1, 2, tolerance);
    assert_true(out.passed);
    assert_close(out.needed, 0.0625, 1e-15);
    tolerance.rtol = 0.06;
    assert_false(compare(got, want, 1, 2, tolerance).passed);
    tolerance = (struct icl_tolerance){.elementwise = true, .atol = 0.1, .rtol = 1e6};
    /* nothing relative helps where the reference is zero */
    assert_false(compare(got, want, 1, 2, tolerance).passed);
}

static void nan_passes_only_where_both_have_it(void **state)
{
    (void)state;
    float want[] = {NAN, 1, INFINITY}, same[] = {NAN, 1, INFINITY}, other[] = {0, 1, INFINITY};
    struct imgcls_verify_output out =
        compare(same, want, 1, 3, (struct icl_tolerance){.l2 = 1e-9});
    assert_true(out.passed);
    assert_int_equal(out.nan_got, 1);
    assert_int_equal(out.nan_want, 1);
    assert_int_equal(out.inf_got, 1);
    out = compare(other, want, 1, 3, (struct icl_tolerance){.l2 = 1e9});
    assert_false(out.passed);
    assert_true(isnan(out.l2_relative));
    out = compare(same, other, 1, 3, (struct icl_tolerance){.l2 = 1e9});
    assert_false(out.passed);
}

static void a_reference_of_zeros_needs_zeros(void **state)
{
    (void)state;
    float want[] = {0, 0}, same[] = {0, -0.0f}, other[] = {0, 1e-30f};
    assert_true(compare(same, want, 1, 2, (struct icl_tolerance){.l2 = 1e-9}).passed);
    assert_false(compare(other, want, 1, 2, (struct icl_tolerance){.l2 = 1e9}).passed);
}

static void shapes_that_differ_are_a_mismatch_in_words(void **state)
{
    (void)state;
    float data[6] = {0};
    struct imgcls_tensor a = rows_of(data, 2, 3), b = rows_of(data, 3, 2);
    struct icl_tolerance tolerance = {.l2 = 1};
    struct imgcls_verify_output out = {0};
    assert_int_equal(icl_compare(ctx, "y", &a, &b, &tolerance, &out), IMGCLS_MISMATCH);
    assert_non_null(strstr(imgcls_error(ctx), "output 'y' has shape"));
    icl_forgive(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_those_worked_out_by_hand),
        cmocka_unit_test(the_worst_element_is_the_one_that_decides),
        cmocka_unit_test(agreement_counts_rows),
        cmocka_unit_test(elementwise_bounds_follow_numpy),
        cmocka_unit_test(nan_passes_only_where_both_have_it),
        cmocka_unit_test(a_reference_of_zeros_needs_zeros),
        cmocka_unit_test(shapes_that_differ_are_a_mismatch_in_words),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}

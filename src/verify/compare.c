/*
 * src/verify/compare.c - how far two tensors are apart
 *
 * All sums are in double. The primary figure is the relative L2 norm of the difference: a
 * strict elementwise bound calls correct deep networks wrong, because rounding accumulates,
 * while a relative error is meaningless where the reference is near zero.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/verify/compare.h"

#include <math.h>
#include <string.h>

#include "src/tensor/tensor.h"

/* Below this share of the reference's root mean square a relative error says nothing. */
#define RELATIVE_FLOOR 1e-3

struct sums {
    double difference, got, want, product; /* of squares */
    int64_t finite;
};

static bool both_alike(double got, double want)
{
    return (isnan(got) && isnan(want)) || (isinf(got) && got == want);
}

static void count_kinds(double got, double want, struct imgcls_verify_output *out)
{
    out->nan_got += isnan(got) != 0;
    out->nan_want += isnan(want) != 0;
    out->inf_got += isinf(got) != 0;
    out->inf_want += isinf(want) != 0;
}

static struct sums add_up(const struct imgcls_tensor *got, const struct imgcls_tensor *want,
                          struct imgcls_verify_output *out)
{
    struct sums sums = {0};
    for (int64_t i = 0; i < out->count; i++) {
        double a = icl_tensor_get(got, i), b = icl_tensor_get(want, i);
        count_kinds(a, b, out);
        if (both_alike(a, b))
            continue;
        double apart = fabs(a - b);
        sums.difference += apart * apart;
        sums.got += a * a;
        sums.want += b * b;
        sums.product += a * b;
        sums.finite++;
        /* A NaN is farther away than any number. */
        if (!(apart <= out->max_abs) && !isnan(out->max_abs) && apart != 0) {
            out->max_abs = apart;
            out->max_index = i;
            out->max_got = a;
            out->max_want = b;
        }
    }
    return sums;
}

/* Largest relative error, and the rtol that would do beside atol, with the element that asks for
 * it. */
static void relative_errors(const struct imgcls_tensor *got, const struct imgcls_tensor *want,
                            double floor, double atol, struct imgcls_verify_output *out,
                            double *needed_rtol)
{
    *needed_rtol = 0;
    for (int64_t i = 0; i < out->count; i++) {
        double a = icl_tensor_get(got, i), b = icl_tensor_get(want, i);
        if (both_alike(a, b))
            continue;
        double apart = fabs(a - b);
        if (fabs(b) >= floor && b != 0 && !(apart / fabs(b) <= out->max_rel))
            out->max_rel = apart / fabs(b);
        double past = apart - atol, needs = 0;
        if (isnan(past) || (past > 0 && b == 0))
            needs = INFINITY;
        else if (past > 0)
            needs = past / fabs(b);
        if (needs > *needed_rtol) {
            *needed_rtol = needs;
            out->worst_index = i;
            out->worst_got = a;
            out->worst_want = b;
        }
    }
}

/* Share of rows along the last axis whose largest element is at the same place. */
static double agreement(const struct imgcls_tensor *got, const struct imgcls_tensor *want)
{
    int64_t width = want->rank > 0 ? want->dims[want->rank - 1] : 1;
    int64_t count = imgcls_count(want->rank, want->dims), rows, same = 0;
    if (width <= 0 || count <= 0)
        return NAN;
    rows = count / width;
    for (int64_t row = 0; row < rows; row++) {
        int64_t best_got = 0, best_want = 0;
        for (int64_t i = 1; i < width; i++) {
            if (icl_tensor_get(got, row * width + i) >
                icl_tensor_get(got, row * width + best_got))
                best_got = i;
            if (icl_tensor_get(want, row * width + i) >
                icl_tensor_get(want, row * width + best_want))
                best_want = i;
        }
        same += best_got == best_want;
    }
    return (double)same / (double)rows;
}

static imgcls_status check_shapes(struct imgcls_context *ctx, const char *name,
                                  const struct imgcls_tensor *got,
                                  const struct imgcls_tensor *want)
{
    if (got->rank == want->rank &&
        memcmp(got->dims, want->dims, (size_t)got->rank * sizeof got->dims[0]) == 0)
        return IMGCLS_OK;
    char has[256], wants[256];
    icl_shape_text(NULL, got->rank, got->dims, has, sizeof has);
    icl_shape_text(NULL, want->rank, want->dims, wants, sizeof wants);
    return icl_fail(ctx, IMGCLS_MISMATCH,
                    "output '%s' has shape %s, the reference has %s", name, has, wants);
}

static bool same_strings(const struct imgcls_tensor *got, const struct imgcls_tensor *want,
                         int64_t count)
{
    const struct imgcls_string *a = got->data, *b = want->data;
    for (int64_t i = 0; i < count; i++)
        if (a[i].length != b[i].length || memcmp(a[i].bytes, b[i].bytes, a[i].length) != 0)
            return false;
    return true;
}

imgcls_status icl_compare(struct imgcls_context *ctx, const char *name,
                          const struct imgcls_tensor *got, const struct imgcls_tensor *want,
                          const struct icl_tolerance *tolerance,
                          struct imgcls_verify_output *out)
{
    imgcls_status status = check_shapes(ctx, name, got, want);
    if (status != IMGCLS_OK)
        return status;
    if ((got->type == IMGCLS_STRING) != (want->type == IMGCLS_STRING))
        return icl_fail(ctx, IMGCLS_MISMATCH, "output '%s' is %s, the reference is %s", name,
                        icl_type_name(got->type), icl_type_name(want->type));
    out->count = imgcls_count(want->rank, want->dims);
    out->max_index = out->worst_index = -1;
    if (want->type == IMGCLS_STRING) {
        out->passed = same_strings(got, want, out->count);
        out->l2_relative = out->passed ? 0 : INFINITY;
        out->cosine = out->top1_agreement = NAN;
        return IMGCLS_OK;
    }
    struct sums sums = add_up(got, want, out);
    double floor = sums.finite ? RELATIVE_FLOOR * sqrt(sums.want / (double)sums.finite) : 0;
    double needed_rtol;
    relative_errors(got, want, floor, tolerance->atol, out, &needed_rtol);
    out->l2_relative = sums.difference == 0 ? 0 : sqrt(sums.difference) / sqrt(sums.want);
    out->cosine = sums.product / (sqrt(sums.got) * sqrt(sums.want));
    out->top1_agreement = agreement(got, want);
    if (!tolerance->elementwise || out->worst_index < 0) {
        out->worst_index = out->max_index;
        out->worst_got = out->max_got;
        out->worst_want = out->max_want;
    }
    out->needed = tolerance->elementwise ? needed_rtol : out->l2_relative;
    out->passed = tolerance->elementwise ? needed_rtol <= tolerance->rtol
                                         : out->l2_relative <= tolerance->l2;
    return IMGCLS_OK;
}

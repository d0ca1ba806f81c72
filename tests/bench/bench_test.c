/*
 * tests/bench/bench_test.c - figures that fit together; what cannot be measured is refused
 *
 * Times themselves are not tested: machines differ and tests share them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <imgcls/bench.h>

#include "src/bench/feed.h"
#include "src/model/model.h"

static struct imgcls_model *open_sample(struct imgcls_context *ctx)
{
    char path[4096];
    struct imgcls_model *model;
    assert_non_null(getenv("ICL_TOP_SRCDIR"));
    snprintf(path, sizeof path, "%s/eval/sample/lenet5/model.onnx",
             getenv("ICL_TOP_SRCDIR"));
    if (imgcls_model_open(ctx, path, &model) != IMGCLS_OK)
        fail_msg("%s", imgcls_error(ctx));
    return model;
}

static void figures_fit_together(void **state)
{
    struct imgcls_model *model = open_sample(*state);
    struct imgcls_bench_options options = {
        .struct_size = sizeof options, .batch = 3, .seconds = 0.05};
    struct imgcls_bench_report report;
    double steps = 0, shares = 0, kernels = 0;
    int64_t count = 0;
    if (imgcls_bench(model, &options, &report) != IMGCLS_OK)
        fail_msg("%s", imgcls_error(*state));
    assert_int_equal(report.batch, 3);
    assert_true(report.runs >= 5);
    assert_true(report.min_ms > 0 && report.min_ms <= report.median_ms);
    assert_true(report.median_ms <= report.p90_ms && report.p90_ms <= report.p99_ms);
    assert_true(fabs(report.images_per_second * report.median_ms / 3000 - 1) < 1e-9);
    /* LeNet-5 on 32 x 32: by hand, per picture: convolutions 28*28*6*25 and 10*10*16*150,
     * fully connected 400*120, 120*84, 84*10 */
    assert_int_equal(report.macs, 3 * (28 * 28 * 6 * 25 + 10 * 10 * 16 * 150 + 400 * 120 +
                                       120 * 84 + 840));
    assert_true(isnan(report.peak_gflops) == isnan(report.peak_fraction));
    for (size_t i = 0; i < report.step_count; i++) {
        steps += report.steps[i].ms;
        shares += report.steps[i].share;
    }
    for (size_t i = 0; i < report.kernel_count; i++) {
        kernels += report.kernels[i].ms;
        count += report.kernels[i].count;
        assert_true(i == 0 || report.kernels[i].ms <= report.kernels[i - 1].ms);
    }
    assert_int_equal(count, report.step_count);
    assert_true(fabs(steps - kernels) <= 1e-9 * steps);
    assert_true(fabs(shares - 1) <= 1e-9);
    imgcls_bench_report_clear(&report);
    imgcls_bench_report_clear(&report);
    imgcls_model_close(model);
}

static void what_cannot_be_fed_is_refused(void **state)
{
    static const struct {
        int64_t dims[4];
        int32_t rank;
        int64_t batch;
        const char *words;
    } rows[] = {
        /* clang-format off: a row a line */
        {{1, 1, 32, 32}, 4, 8, "has a batch of 1, not 8"},
        {{-1, 1, -1, 32}, 4, 2, "dimension 2"},
        {{0}, -1, 1, "--shape"},
        /* clang-format on */
    };
    struct imgcls_context *ctx = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct imgcls_model *model = open_sample(ctx);
        struct imgcls_value_info *info = &model->graph->inputs[0]->info;
        struct icl_feed feed;
        info->rank = rows[i].rank;
        memcpy(info->dims, rows[i].dims, sizeof rows[i].dims);
        assert_int_not_equal(icl_feed_make(model, rows[i].batch, &feed), IMGCLS_OK);
        if (!strstr(imgcls_error(ctx), rows[i].words))
            fail_msg("'%s' not in '%s'", rows[i].words, imgcls_error(ctx));
        icl_feed_clear(ctx, &feed);
        icl_forgive(ctx);
        imgcls_model_close(model);
    }
}

static void numbers_are_the_same_each_time(void **state)
{
    struct imgcls_model *model = open_sample(*state);
    struct icl_feed first, second;
    assert_int_equal(icl_feed_make(model, 2, &first), IMGCLS_OK);
    assert_int_equal(icl_feed_make(model, 2, &second), IMGCLS_OK);
    const struct imgcls_tensor *a = first.values[0]->tensor, *b = second.values[0]->tensor;
    assert_int_equal(a->dims[0], 2);
    assert_int_equal(a->size_bytes, b->size_bytes);
    assert_memory_equal(a->data, b->data, a->size_bytes);
    double sum = 0;
    for (size_t i = 0; i < a->size_bytes / sizeof(float); i++) {
        float value = ((const float *)a->data)[i];
        assert_true(value >= -1 && value < 1);
        sum += value;
    }
    assert_true(fabs(sum / (double)(a->size_bytes / sizeof(float))) < 0.1);
    icl_feed_clear(*state, &first);
    icl_feed_clear(*state, &second);
    imgcls_model_close(model);
}

static int open_context(void **state)
{
    return imgcls_context_create(NULL, (struct imgcls_context **)state);
}

static int close_context(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_fit_together),
        cmocka_unit_test(what_cannot_be_fed_is_refused),
        cmocka_unit_test(numbers_are_the_same_each_time),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}

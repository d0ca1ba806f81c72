/*
 * tests/datasets/truth_test.c - lists of labels: which kind they are, what they say, what
 * is wrong with them
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/truth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct imgcls_context *context(void)
{
    const struct imgcls_context_options options = {.struct_size = sizeof options};
    struct imgcls_context *ctx;
    assert_int_equal(imgcls_context_create(&options, &ctx), IMGCLS_OK);
    return ctx;
}

static imgcls_status parse(struct imgcls_context *ctx, const char *text,
                           struct icl_truth *truth)
{
    char *copy = strdup(text);
    assert_non_null(copy);
    return icl_truth_parse(ctx, "list", copy, strlen(text), truth);
}

/* What is read, as "name=label" with blanks between; ReaL's as "=numbers". */
static void texts_say_what_they_say(void **state)
{
    static const struct {
        const char *text;
        enum icl_truth_kind kind;
        const char *want;
    } rows[] = {
        {"ILSVRC2012_val_00000001.JPEG 65\nILSVRC2012_val_00000002.JPEG 970\n",
         ICL_TRUTH_VAL_TXT,
         "ILSVRC2012_val_00000001.JPEG=65 ILSVRC2012_val_00000002.JPEG=970"},
        {"a b.png 3\r\n\r\nc.png  n01440764\r\n", ICL_TRUTH_VAL_TXT,
         "a b.png=3 c.png=n01440764"},
        {"490\n361\n171\n822\n", ICL_TRUTH_DEVKIT, "=490 =361 =171 =822"},
        {"ImageId,PredictionString\nILSVRC2012_val_1,n01751748 1 2 3 4 n01751748 5 6 7 8 "
         "\n",
         ICL_TRUTH_KAGGLE, "ILSVRC2012_val_1=n01751748"},
        {",PredictionString,Width,ImageId\n0,n00000001 1 2 3 4,500,x\n", ICL_TRUTH_KAGGLE,
         "x=n00000001"},
        {"path,label\na.png,3\n\"b, \"\"c\"\".png\",4\n", ICL_TRUTH_CSV,
         "a.png=3 b, \"c\".png=4"},
        {"class;image\ncat;a.png\n", ICL_TRUTH_CSV, "a.png=cat"},
        {"\xef\xbb\xbfpath,label\na.png,3\n", ICL_TRUTH_CSV, "a.png=3"},
        {"a.png\t3\nb.png\tn01440764\n", ICL_TRUTH_CSV, "a.png=3 b.png=n01440764"},
        {"[[65],[970,795],[]]", ICL_TRUTH_REAL, "=65 =970/795 ="},
    };
    struct imgcls_context *ctx = context();
    size_t i, k, n;
    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct icl_truth truth;
        char got[512] = "";
        if (icl_truth_kind_of(rows[i].text, strlen(rows[i].text)) != rows[i].kind)
            fail_msg(
                "row %zu is taken as %s", i,
                icl_truth_words(icl_truth_kind_of(rows[i].text, strlen(rows[i].text))));
        if (parse(ctx, rows[i].text, &truth) != IMGCLS_OK)
            fail_msg("row %zu: %s", i, imgcls_error(ctx));
        assert_int_equal(truth.kind, rows[i].kind);
        for (k = 0; k < truth.count; k++) {
            const struct icl_truth_item *item = &truth.items[k];
            size_t used = strlen(got);
            snprintf(got + used, sizeof got - used, "%s%s=%s", k ? " " : "",
                     item->name ? item->name : "", item->label ? item->label : "");
            for (n = 0; n < item->several; n++) {
                used = strlen(got);
                snprintf(got + used, sizeof got - used, "%s%d", n ? "/" : "",
                         (int)truth.numbers[item->first + n]);
            }
        }
        assert_string_equal(got, rows[i].want);
        icl_truth_clear(&truth);
    }
    imgcls_context_destroy(ctx);
}

static void boxes_that_disagree_are_counted(void **state)
{
    struct imgcls_context *ctx = context();
    struct icl_truth truth;
    (void)state;
    assert_int_equal(parse(ctx,
                           "ImageId,PredictionString\n"
                           "a,n00000001 1 2 3 4 n00000002 1 2 3 4\n"
                           "b,n00000003 1 2 3 4\n",
                           &truth),
                     IMGCLS_OK);
    assert_int_equal(truth.disagreeing, 1);
    assert_string_equal(truth.items[0].label, "n00000001");
    icl_truth_clear(&truth);
    imgcls_context_destroy(ctx);
}

static void what_is_wrong_is_named_with_its_line(void **state)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"", "no list of labels"},
        {"these are\nonly words\n", "no list of labels"},
        {"a.png 1\nb.png\n", "line 2"},
        {"490\n361\nx\n", "line 3"},
        {"path,label\na.png,3\nb.png\n", "line 3"},
        {"path,label\na.png,\n", "line 2"},
        {"ImageId,PredictionString\na,   \n", "line 2"},
        {"[[1],[2", "no list of lists"},
        {"[[1],7]", "entry 1"},
        {"[[1],[-3]]", "entry 1"},
        {"[[1],[2.5]]", "entry 1"},
        {"[[99999999999]]", "entry 0"},
    };
    struct imgcls_context *ctx = context();
    struct icl_truth truth;
    size_t i;
    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        icl_forgive(ctx); /* the first failure is kept until then */
        if (parse(ctx, rows[i].text, &truth) != IMGCLS_BAD_INPUT)
            fail_msg("row %zu is accepted", i);
        if (!strstr(imgcls_error(ctx), rows[i].words) || !strstr(imgcls_error(ctx), "list"))
            fail_msg("row %zu: '%s', wanted '%s'", i, imgcls_error(ctx), rows[i].words);
    }
    imgcls_context_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_say_what_they_say),
        cmocka_unit_test(boxes_that_disagree_are_counted),
        cmocka_unit_test(what_is_wrong_is_named_with_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

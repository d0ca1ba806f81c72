/*
 * tests/metrics/answer_test.c - what is kept of a picture, and what counts as right
 *
 * Expected probabilities and logarithms: numpy in float64, rounded to float32 and float16.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/metrics/metrics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const float scores[] = {1.5f, -2.25f, 0.0f, 3.0f, 3.0f, -100.5f};

static void ties_go_to_the_lower_class(void **state)
{
    static const int32_t want[] = {3, 4, 0, 2, 1};
    static const uint16_t half[] = {0x3706, 0x3706, 0x2e45, 0x2598, 0x18b8};
    struct icl_answer answer;
    float probability[5];
    (void)state;
    icl_answer_score(scores, 6, 5, &answer, probability);
    assert_memory_equal(answer.top, want, sizeof want);
    assert_memory_equal(answer.probability, half, sizeof half);
    assert_true(probability[0] == 0.4389498233795166f);
    assert_true(probability[4] == 0.0023033972829580307f);
}

static void log_probability_keeps_what_float_loses(void **state)
{
    static const float want[] = {-2.3233702182769775f,  -6.073369979858398f,
                                 -3.8233702182769775f,  -0.8233701586723328f,
                                 -0.8233701586723328f,  -104.32337188720703f};
    struct icl_answer answer;
    int32_t label;
    (void)state;
    for (label = 0; label < 6; label++) {
        icl_answer_score(scores, 6, label, &answer, NULL);
        if (fabsf(answer.label_log_probability - want[label]) > 1e-6f * fabsf(want[label]))
            fail_msg("class %d: %.9g, numpy has %.9g", (int)label,
                     (double)answer.label_log_probability, (double)want[label]);
    }
}

static void a_distribution_is_taken_as_it_is(void **state)
{
    static const float row[] = {0.1f, 0.2f, 0.7f};
    static const int32_t want[] = {2, 1, 0, -1, -1};
    static const uint16_t half[] = {0x399a, 0x3266, 0x2e66, 0, 0};
    struct icl_answer answer;
    (void)state;
    icl_answer_score(row, 3, 1, &answer, NULL);
    assert_memory_equal(answer.top, want, sizeof want);
    assert_memory_equal(answer.probability, half, sizeof half);
    assert_true(answer.label_log_probability == -1.6094379425048828f);
}

/* Of a model that ends in softmax as of one that does not: only the classes that are compared
 * share the probability. */
static void of_some_classes_alone_scores_and_probabilities_say_the_same(void **state)
{
    static const float logits[6] = {2.0f, 5.0f, 1.0f, 4.5f, -1.0f, 3.0f};
    static const int32_t compared[3] = {0, 3, 5};
    float row[6], some[3], probability[2][ICL_ANSWER_TOP];
    struct icl_answer answers[2];
    double all = 0, sum = exp(2.0) + exp(4.5) + exp(3.0);
    int i;
    (void)state;
    for (i = 0; i < 6; i++)
        all += exp(logits[i]);
    for (i = 0; i < 6; i++)
        row[i] = (float)(exp(logits[i]) / all);
    icl_answer_restrict(logits, 6, compared, 3, some);
    icl_answer_score(some, 3, 2, &answers[0], probability[0]);
    icl_answer_restrict(row, 6, compared, 3, some);
    icl_answer_score(some, 3, 2, &answers[1], probability[1]);
    for (i = 0; i < 2; i++) {
        assert_int_equal(answers[i].top[0], 1);
        assert_int_equal(answers[i].top[1], 2);
        assert_float_equal(probability[i][0], exp(4.5) / sum, 1e-6);
        assert_float_equal(answers[i].label_log_probability, 3 - log(sum), 1e-6);
    }
    /* Nothing of it is theirs: no division by zero, all alike. */
    memset(row, 0, sizeof row);
    row[1] = 1;
    icl_answer_restrict(row, 6, compared, 3, some);
    icl_answer_score(some, 3, 2, &answers[0], probability[0]);
    assert_float_equal(probability[0][0], 1.0 / 3, 1e-6);
}

static void a_nan_is_no_answer(void **state)
{
    float row[] = {9.0f, NAN, 1.0f};
    struct icl_answer answer;
    struct icl_tally tally = {0};
    (void)state;
    icl_answer_score(row, 3, 0, &answer, NULL);
    assert_true(icl_answer_is_nan(&answer));
    assert_false(icl_answer_is_failed(&answer));
    icl_tally_add(&tally, &answer, 0);
    assert_int_equal(tally.images, 1);
    assert_int_equal(tally.nan_scores, 1);
    assert_int_equal(tally.top1_correct, 0);
}

static void a_failed_picture_stays_in_the_denominator(void **state)
{
    struct icl_answer answer;
    struct icl_tally tally = {0};
    (void)state;
    icl_answer_failed(&answer);
    icl_tally_add(&tally, &answer, 0);
    assert_int_equal(tally.images, 1);
    assert_int_equal(tally.failed, 1);
    assert_int_equal(tally.nan_scores + tally.top1_correct + tally.top5_correct, 0);
}

static void five_best_are_enough_for_top5(void **state)
{
    /* label, right at 1, right at 5; class 5 is the sixth */
    static const struct {
        int32_t label;
        int one, five;
    } rows[] = {{3, 1, 1}, {4, 0, 1}, {1, 0, 1}, {5, 0, 0}};
    struct icl_answer answer;
    size_t i;
    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct icl_tally tally = {0};
        icl_answer_score(scores, 6, rows[i].label, &answer, NULL);
        icl_tally_add(&tally, &answer, rows[i].label);
        if (tally.top1_correct != rows[i].one || tally.top5_correct != rows[i].five)
            fail_msg("label %d: top-1 %d, top-5 %d", (int)rows[i].label,
                     (int)tally.top1_correct, (int)tally.top5_correct);
    }
}

static void stored_bytes_give_the_same_answer(void **state)
{
    static const int widths[] = {2, 4};
    struct icl_answer answers[4], back;
    uint8_t bytes[64];
    size_t i, k;
    (void)state;
    memset(answers, 0, sizeof answers); /* bytes between fields are compared too */
    memset(&back, 0, sizeof back);
    icl_answer_score(scores, 6, 2, &answers[0], NULL);
    icl_answer_score(scores, 3, 2, &answers[1], NULL); /* fewer than five classes */
    icl_answer_failed(&answers[2]);
    icl_answer_nan(&answers[3]);
    for (k = 0; k < 2; k++)
        for (i = 0; i < 4; i++) {
            memset(bytes, 0xa5, sizeof bytes);
            icl_answer_encode(&answers[i], widths[k], bytes);
            assert_int_equal(bytes[icl_answer_size(widths[k])], 0xa5);
            icl_answer_decode(bytes, widths[k], &back);
            assert_memory_equal(&back, &answers[i], sizeof back);
        }
}

static void the_stored_form_is_what_the_schema_says(void **state)
{
    /* by hand: indices 3 4 0 2 1, float16 as above, then float32 -0.82337016 (bf52c863) */
    static const uint8_t want[] = {3, 0, 4, 0, 0, 0, 2, 0, 1, 0, 0x06, 0x37, 0x06, 0x37, 0x45,
                                   0x2e, 0x98, 0x25, 0xb8, 0x18, 0x63, 0xc8, 0x52, 0xbf};
    struct icl_answer answer;
    uint8_t bytes[24];
    (void)state;
    icl_answer_score(scores, 6, 3, &answer, NULL);
    icl_answer_encode(&answer, 2, bytes);
    assert_int_equal(icl_answer_size(2), sizeof want);
    assert_memory_equal(bytes, want, sizeof want);
    assert_int_equal(icl_answer_index_bytes(1000), 2);
    assert_int_equal(icl_answer_index_bytes(65535), 2);
    assert_int_equal(icl_answer_index_bytes(65536), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ties_go_to_the_lower_class),
        cmocka_unit_test(log_probability_keeps_what_float_loses),
        cmocka_unit_test(a_distribution_is_taken_as_it_is),
        cmocka_unit_test(of_some_classes_alone_scores_and_probabilities_say_the_same),
        cmocka_unit_test(a_nan_is_no_answer),
        cmocka_unit_test(a_failed_picture_stays_in_the_denominator),
        cmocka_unit_test(five_best_are_enough_for_top5),
        cmocka_unit_test(stored_bytes_give_the_same_answer),
        cmocka_unit_test(the_stored_form_is_what_the_schema_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

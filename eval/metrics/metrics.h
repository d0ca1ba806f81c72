/*
 * eval/metrics/metrics.h - from scores to answers, from answers to figures
 *
 * An answer is what is kept of a picture: five best classes, their probabilities as float16,
 * the label's log-probability. Every figure is defined over answers, never over scores, so
 * that it can be computed again, to the bit, from what the leaderboard stores.
 *
 * All functions are pure and thread-safe.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_METRICS_H
#define ICL_METRICS_H

#include <imgcls/evaluate.h>

#include <stdbool.h>

#define ICL_ANSWER_TOP 5
#define ICL_TOP5_CLASSES 10 /* with so many classes or fewer, top-5 says nothing */

struct icl_answer {
    int32_t top[ICL_ANSWER_TOP];          /* class indices, best first; -1: none */
    uint16_t probability[ICL_ANSWER_TOP]; /* float16 bits */
    float label_log_probability;          /* natural; -inf where the label's is 0 */
};

/* The answer to one row of scores. Rows that already are a distribution are taken as such, as
 * icl_top_k does; a row with a NaN gives the answer of icl_answer_nan. probability (may be
 * NULL) gets the five in full float32 precision. */
void icl_answer_score(const float *row, int64_t classes, int32_t label,
                      struct icl_answer *answer, float probability[ICL_ANSWER_TOP]);
/* Scores of some classes alone, in `out`, as if the model had no others: of a row that is a
 * distribution their probabilities under the condition that it is one of them. */
void icl_answer_restrict(const float *row, int64_t classes, const int32_t *compared,
                         size_t count, float *out);
/* The answer of a picture that could not be read, and of one whose scores held a NaN: no
 * class; told apart by the probabilities, 0 or NaN. Both count as wrong. */
void icl_answer_failed(struct icl_answer *answer);
void icl_answer_nan(struct icl_answer *answer);
bool icl_answer_is_failed(const struct icl_answer *answer);
bool icl_answer_is_nan(const struct icl_answer *answer);
/* Is the label among the first k classes? */
bool icl_answer_is_right(const struct icl_answer *answer, int32_t label, int k);

/* Counts over answers, in any order. */
struct icl_tally {
    int64_t images, failed, nan_scores, top1_correct, top5_correct;
};
void icl_tally_add(struct icl_tally *tally, const struct icl_answer *answer, int32_t label);

/* Bytes of a class index in the stored form: 2 where that is enough for `classes`, else 4. */
int icl_answer_index_bytes(int64_t classes);
/* Size of a stored answer: 34 or 24 bytes. */
size_t icl_answer_size(int index_bytes);
/* The stored form (schemas/leaderboard.sql, table answers), little-endian. */
void icl_answer_encode(const struct icl_answer *answer, int index_bytes, uint8_t *bytes);
void icl_answer_decode(const uint8_t *bytes, int index_bytes, struct icl_answer *answer);

/* Wilson's 95 % interval of `correct` in `total`; all 0 where total is 0. */
struct imgcls_rate icl_wilson(int64_t correct, int64_t total);
/* McNemar's exact test: probability, under equal models, of a split of the a + b discordant
 * pictures at least as uneven as this one, two-sided. 1 where there is none. */
double icl_mcnemar(int64_t a, int64_t b);

#endif

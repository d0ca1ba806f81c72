/*
 * eval/evaluate.h - an evaluation as the library keeps it: with every picture's answer
 *
 * The public head is include/imgcls/evaluate.h. The leaderboard reads the rest.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_EVALUATE_H
#define ICL_EVALUATE_H

#include "eval/datasets/dataset.h"
#include "eval/metrics/metrics.h"

#include <imgcls/evaluate.h>

struct icl_evaluation {
    struct imgcls_evaluation head; /* first: the public pointer is this one */
    struct icl_dataset *set;       /* own: files and labels, in the answers' order */
    struct icl_answer *answers;    /* set->count of them */
    float (*probabilities)[ICL_ANSWER_TOP]; /* in full, while a CSV wants them; else NULL */
    struct imgcls_evaluation_failure *failures; /* file borrowed from set, reason own */
    size_t failure_capacity;
    char *recipe, *dataset;
    char sha256[65];
    char started[21];
};

/* What icl_evaluation_tally sums up over the answers; figures follow from it. */
void icl_evaluation_figures(struct icl_evaluation *evaluation);

/* Writes the predictions of all pictures as design's contract has them. A class or a
 * probability that a picture does not have is an empty field. */
imgcls_status icl_predictions_write(struct imgcls_context *ctx, const char *path,
                                    const struct icl_evaluation *evaluation);

#endif

/*
 * eval/metrics/figures.h - every figure of a run, from its answers and labels alone
 *
 * Pure functions of what is stored (five best, float16 probabilities, float32
 * log-probability of the label), walked in the order of the set, so that they can be
 * computed again to the bit. docs/evaluation.md defines each in words.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_FIGURES_H
#define ICL_FIGURES_H

#include "eval/metrics/metrics.h"

#define ICL_CALIBRATION_BINS 15

struct icl_class_figures {
    int64_t images;       /* whose class it is */
    int64_t top1_correct; /* of them */
    int64_t top5_correct;
    int64_t predicted; /* pictures whose best class it is */
};

/* One bin of the reliability diagram: pictures whose best probability lies in it. */
struct icl_calibration_bin {
    int64_t images, correct;
    double confidence; /* sum of the best probabilities */
};

struct icl_figures {
    struct icl_tally tally;
    int64_t ties;    /* two best probabilities equal, as stored */
    double nll;      /* mean of -ln p(label) over the pictures that have scores */
    double ece, mce; /* calibration error: expected; mean over bins with pictures */
    double
        class_accuracy; /* mean over the classes that have pictures, as are the two below */
    double macro_precision; /* a class that was never answered counts as 0 */
    double macro_f1;
    int64_t class_count;
    struct icl_class_figures *classes; /* own: class_count of them */
    struct icl_calibration_bin bins[ICL_CALIBRATION_BINS];
};

/* The picture's right classes: label, and also[0..also_count). */
struct icl_right {
    int32_t label, also_count;
    const int32_t *also;
};

/* Is one of the first k classes right? */
bool icl_right_answer(const struct icl_answer *answer, const struct icl_right *right,
                      int k);

/* Begins with no picture. False: no memory. Own: icl_figures_clear. */
bool icl_figures_begin(struct icl_figures *figures, int64_t classes);
void icl_figures_add(struct icl_figures *figures, const struct icl_answer *answer,
                     const struct icl_right *right);
/* Turns sums into figures, once. */
void icl_figures_end(struct icl_figures *figures);
void icl_figures_clear(struct icl_figures *figures);

/* Value below which `fraction` of the sorted values lie (nearest rank); 0 of none. */
double icl_quantile(const float *sorted, size_t count, double fraction);

#endif

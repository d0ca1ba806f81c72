/*
 * eval/metrics/figures.c - every figure of a run, from its answers and labels alone
 *
 * A picture with several right classes counts, per class, for the one that was answered
 * where that is right, else for the first of them. Failed pictures and those with a NaN are
 * wrong in every rate, and stay out of what needs a probability (nll, calibration, ties).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/metrics/figures.h"

#include "src/tensor/tensor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool icl_figures_begin(struct icl_figures *figures, int64_t classes)
{
    memset(figures, 0, sizeof *figures);
    figures->class_count = classes;
    figures->classes = calloc((size_t)classes + 1, sizeof *figures->classes);
    return figures->classes != NULL;
}

bool icl_right_answer(const struct icl_answer *answer, const struct icl_right *right, int k)
{
    int32_t i;
    if (icl_answer_is_right(answer, right->label, k))
        return true;
    for (i = 0; i < right->also_count; i++)
        if (icl_answer_is_right(answer, right->also[i], k))
            return true;
    return false;
}

/* The class that a picture counts for. */
static int32_t own_class(const struct icl_answer *answer, const struct icl_right *right)
{
    int32_t i;
    for (i = 0; i < right->also_count; i++)
        if (answer->top[0] == right->also[i])
            return right->also[i];
    return right->label;
}

static void calibrate(struct icl_figures *figures, const struct icl_answer *answer,
                      bool right)
{
    double confidence = icl_f16_to_f32(answer->probability[0]);
    int bin =
        (int)ceil(confidence * ICL_CALIBRATION_BINS) - 1; /* (0, 1/15], (1/15, 2/15], ... */
    bin = bin < 0 ? 0 : bin >= ICL_CALIBRATION_BINS ? ICL_CALIBRATION_BINS - 1 : bin;
    figures->bins[bin].images++;
    figures->bins[bin].correct += right;
    figures->bins[bin].confidence += confidence;
}

void icl_figures_add(struct icl_figures *figures, const struct icl_answer *answer,
                     const struct icl_right *right)
{
    bool answered = answer->top[0] >= 0, first = icl_right_answer(answer, right, 1);
    bool five = icl_right_answer(answer, right, ICL_ANSWER_TOP);
    int32_t own = own_class(answer, right);
    figures->tally.images++;
    figures->tally.failed += icl_answer_is_failed(answer);
    figures->tally.nan_scores += icl_answer_is_nan(answer);
    figures->tally.top1_correct += first;
    figures->tally.top5_correct += five;
    if (own >= 0 && own < figures->class_count) {
        figures->classes[own].images++;
        figures->classes[own].top1_correct += first;
        figures->classes[own].top5_correct += five;
    }
    if (!answered)
        return;
    if (answer->top[0] < figures->class_count)
        figures->classes[answer->top[0]].predicted++;
    figures->ties +=
        answer->top[1] >= 0 && answer->probability[0] == answer->probability[1];
    figures->nll -= answer->label_log_probability;
    calibrate(figures, answer, first);
}

void icl_figures_end(struct icl_figures *figures)
{
    int64_t answered =
        figures->tally.images - figures->tally.failed - figures->tally.nan_scores;
    int64_t i, present = 0, filled = 0;
    for (i = 0; i < figures->class_count; i++) {
        const struct icl_class_figures *c = &figures->classes[i];
        double recall, precision;
        if (c->images == 0)
            continue;
        present++;
        recall = (double)c->top1_correct / (double)c->images;
        precision = c->predicted ? (double)c->top1_correct / (double)c->predicted : 0;
        figures->class_accuracy += recall;
        figures->macro_precision += precision;
        figures->macro_f1 +=
            recall + precision > 0 ? 2 * recall * precision / (recall + precision) : 0;
    }
    for (i = 0; i < ICL_CALIBRATION_BINS; i++) {
        const struct icl_calibration_bin *bin = &figures->bins[i];
        double gap;
        if (bin->images == 0)
            continue;
        filled++;
        gap = fabs((double)bin->correct - bin->confidence);
        figures->ece += gap / (double)answered;
        figures->mce += gap / (double)bin->images;
    }
    if (present > 0) {
        figures->class_accuracy /= (double)present;
        figures->macro_precision /= (double)present;
        figures->macro_f1 /= (double)present;
    }
    if (filled > 0)
        figures->mce /= (double)filled;
    if (answered > 0)
        figures->nll /= (double)answered;
}

void icl_figures_clear(struct icl_figures *figures)
{
    free(figures->classes);
    memset(figures, 0, sizeof *figures);
}

double icl_quantile(const float *sorted, size_t count, double fraction)
{
    size_t rank;
    if (count == 0)
        return 0;
    rank = (size_t)ceil(fraction * (double)count);
    return sorted[rank > 0 ? rank - 1 : 0];
}

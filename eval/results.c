/*
 * eval/results.c - from all pictures' answers to an evaluation's figures
 *
 * Not here: the arithmetic of figures (metrics/), groups of pictures (corruptions.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/evaluate.h"

#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Percentiles over the pictures that have scores. */
static imgcls_status latencies(struct icl_evaluation *evaluation)
{
    struct imgcls_evaluation *head = &evaluation->head;
    size_t count = evaluation->set->count, kept = 0, i;
    float *sorted = malloc((count + 1) * sizeof *sorted);
    if (!sorted)
        return icl_fail(evaluation->set->ctx, IMGCLS_NO_MEMORY, "no memory for figures");
    for (i = 0; i < count; i++)
        if (!evaluation->outcomes[i].reason)
            sorted[kept++] = evaluation->outcomes[i].milliseconds;
    qsort(sorted, kept, sizeof *sorted, by_value);
    head->latency_p50_ms = icl_quantile(sorted, kept, 0.5);
    head->latency_p90_ms = icl_quantile(sorted, kept, 0.9);
    head->latency_p99_ms = icl_quantile(sorted, kept, 0.99);
    free(sorted);
    return IMGCLS_OK;
}

static imgcls_status list_failures(struct icl_evaluation *evaluation)
{
    struct imgcls_evaluation *head = &evaluation->head;
    size_t i;
    free(evaluation->failures);
    evaluation->failures =
        calloc((size_t)evaluation->figures.tally.failed + 1, sizeof *evaluation->failures);
    if (!evaluation->failures)
        return icl_fail(evaluation->set->ctx, IMGCLS_NO_MEMORY, "no memory for failures");
    head->failures = evaluation->failures;
    head->failure_count = 0;
    head->oriented = 0;
    for (i = 0; i < evaluation->set->count; i++) {
        const struct icl_outcome *outcome = &evaluation->outcomes[i];
        head->oriented += outcome->oriented;
        if (!outcome->reason ||
            head->failure_count >= (size_t)evaluation->figures.tally.failed)
            continue;
        evaluation->failures[head->failure_count].file = evaluation->set->entries[i].file;
        evaluation->failures[head->failure_count++].reason = outcome->reason;
    }
    return IMGCLS_OK;
}

imgcls_status icl_evaluation_figures(struct icl_evaluation *evaluation)
{
    struct imgcls_evaluation *head = &evaluation->head;
    struct icl_figures *figures = &evaluation->figures;
    const struct icl_tally *tally = &figures->tally;
    size_t i;
    imgcls_status status;
    icl_figures_clear(figures);
    if (!icl_figures_begin(figures, head->classes))
        return icl_fail(evaluation->set->ctx, IMGCLS_NO_MEMORY, "no memory for figures");
    for (i = 0; i < evaluation->set->count; i++) {
        const struct icl_dataset_entry *entry = &evaluation->set->entries[i];
        struct icl_right right = {entry->label, entry->also_count, entry->also};
        icl_figures_add(figures, &evaluation->answers[i], &right);
    }
    icl_figures_end(figures);
    head->images = tally->images;
    head->failed = tally->failed;
    head->nan_scores = tally->nan_scores;
    head->top1_correct = tally->top1_correct;
    head->top1 = icl_wilson(tally->top1_correct, tally->images);
    head->top5_correct = head->classes > ICL_TOP5_CLASSES ? tally->top5_correct : -1;
    if (head->top5_correct >= 0)
        head->top5 = icl_wilson(tally->top5_correct, tally->images);
    head->images_per_second = head->seconds > 0 ? (double)head->images / head->seconds : 0;
    head->ties = figures->ties;
    head->nll = figures->nll;
    head->ece = figures->ece;
    head->mce = figures->mce;
    head->class_accuracy = figures->class_accuracy;
    head->macro_precision = figures->macro_precision;
    head->macro_f1 = figures->macro_f1;
    head->class_figures = (const struct imgcls_class_figures *)figures->classes;
    head->skipped = evaluation->set->skipped;
    head->compared_classes = evaluation->set->compared_count > 0
                                 ? (int64_t)evaluation->set->compared_count
                                 : head->classes;
    status = list_failures(evaluation);
    return status == IMGCLS_OK ? latencies(evaluation) : status;
}

imgcls_status imgcls_evaluation_confusion(const struct imgcls_evaluation *head,
                                          int64_t label, int64_t *predicted)
{
    const struct icl_evaluation *evaluation = (const struct icl_evaluation *)head;
    size_t i;
    memset(predicted, 0, ((size_t)head->classes + 1) * sizeof *predicted);
    for (i = 0; i < evaluation->set->count; i++) {
        const struct icl_dataset_entry *entry = &evaluation->set->entries[i];
        int32_t top = evaluation->answers[i].top[0];
        int32_t own = top >= 0 && icl_dataset_is_right(entry, top) ? top : entry->label;
        if (own == label)
            predicted[top >= 0 && top < head->classes ? top : head->classes]++;
    }
    return IMGCLS_OK;
}

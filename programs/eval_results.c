/*
 * programs/eval_results.c - an evaluation's figures as words, and as JSON
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/eval_results.h"

#include "programs/command.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* File names need not be UTF-8; JSON must. */
json_t *eval_json_name(const char *text)
{
    json_t *string = json_string(text);
    char *copy, *p;
    if (string)
        return string;
    copy = strdup(text);
    for (p = copy; p && *p; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    string = json_string(copy ? copy : "");
    free(copy);
    return string;
}

static json_t *json_interval(const struct imgcls_rate *rate)
{
    return json_pack("[f,f]", rate->low, rate->high);
}

static json_t *json_failures(const struct imgcls_evaluation *evaluation)
{
    json_t *list = json_array();
    size_t i;
    for (i = 0; i < evaluation->failure_count; i++)
        json_array_append_new(
            list,
            json_pack("{s:o,s:o}", "file", eval_json_name(evaluation->failures[i].file),
                      "reason", eval_json_name(evaluation->failures[i].reason)));
    return list;
}

static json_t *json_finite(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *json_groups(const struct imgcls_evaluation *e)
{
    struct imgcls_evaluation_group *groups = NULL;
    json_t *list = json_array();
    size_t count = 0, i;
    if (imgcls_evaluation_groups(e, &groups, &count) == IMGCLS_OK)
        for (i = 0; i < count; i++)
            json_array_append_new(
                list, json_pack("{s:o,s:I,s:I}", "name", eval_json_name(groups[i].name),
                                "images", (json_int_t)groups[i].images, "top1_correct",
                                (json_int_t)groups[i].top1_correct));
    free(groups);
    return list;
}

static json_t *json_corruptions(const struct imgcls_evaluation *e, double *mean)
{
    struct imgcls_evaluation_corruption *list = NULL;
    json_t *array = json_array();
    size_t count = 0, i, k;
    if (imgcls_evaluation_corruptions(e, &list, &count, mean) == IMGCLS_OK)
        for (i = 0; i < count; i++) {
            json_t *images = json_array(), *right = json_array();
            for (k = 0; k < 5; k++) {
                json_array_append_new(images, json_integer(list[i].images[k]));
                json_array_append_new(right, json_integer(list[i].top1_correct[k]));
            }
            json_array_append_new(array,
                                  json_pack("{s:o,s:o,s:o,s:o,s:o}", "name",
                                            eval_json_name(list[i].name), "images", images,
                                            "top1_correct", right, "error",
                                            json_finite(list[i].error), "corruption_error",
                                            json_finite(list[i].corruption_error)));
        }
    free(list);
    return array;
}

json_t *eval_results_json(const char *path, const struct imgcls_model *model,
                          const struct imgcls_evaluation *e, int64_t run_id)
{
    bool five = e->top5_correct >= 0;
    json_t *run = json_object();
    double mean_corruption = NAN;
    json_object_set_new(run, "model", eval_json_name(path));
    json_object_set_new(run, "images", json_integer(e->images));
    json_object_set_new(run, "failed", json_integer(e->failed));
    json_object_set_new(run, "nan_scores", json_integer(e->nan_scores));
    json_object_set_new(run, "top1", json_real(e->top1.value));
    json_object_set_new(run, "top1_percent", json_real(100 * e->top1.value));
    json_object_set_new(run, "top1_interval", json_interval(&e->top1));
    json_object_set_new(run, "top1_correct", json_integer(e->top1_correct));
    json_object_set_new(run, "top5", five ? json_real(e->top5.value) : json_null());
    json_object_set_new(run, "top5_percent",
                        five ? json_real(100 * e->top5.value) : json_null());
    json_object_set_new(run, "top5_interval", five ? json_interval(&e->top5) : json_null());
    json_object_set_new(run, "top5_correct",
                        five ? json_integer(e->top5_correct) : json_null());
    json_object_set_new(run, "classes", json_integer(e->classes));
    json_object_set_new(run, "images_per_second", json_real(e->images_per_second));
    json_object_set_new(run, "seconds", json_real(e->seconds));
    json_object_set_new(run, "batch", json_integer(e->batch));
    json_object_set_new(run, "threads", json_integer(e->threads));
    json_object_set_new(run, "recipe", eval_json_name(e->recipe));
    json_object_set_new(run, "model_sha256", json_string(imgcls_model_sha256(model)));
    json_object_set_new(run, "dataset", eval_json_name(e->dataset));
    json_object_set_new(run, "dataset_sha256", json_string(e->dataset_sha256));
    json_object_set_new(run, "layout", json_string(e->layout));
    json_object_set_new(run, "oriented", json_integer(e->oriented));
    json_object_set_new(run, "started", json_string(e->started));
    json_object_set_new(run, "manifest_sha256", json_string(e->manifest_sha256));
    json_object_set_new(run, "ties", json_integer(e->ties));
    json_object_set_new(run, "nll", json_finite(e->nll));
    json_object_set_new(run, "ece", json_real(e->ece));
    json_object_set_new(run, "mce", json_real(e->mce));
    json_object_set_new(run, "class_accuracy", json_real(e->class_accuracy));
    json_object_set_new(run, "macro_precision", json_real(e->macro_precision));
    json_object_set_new(run, "macro_recall", json_real(e->class_accuracy));
    json_object_set_new(run, "macro_f1", json_real(e->macro_f1));
    json_object_set_new(run, "latency_ms",
                        json_pack("{s:f,s:f,s:f}", "p50", e->latency_p50_ms, "p90",
                                  e->latency_p90_ms, "p99", e->latency_p99_ms));
    json_object_set_new(run, "skipped", json_integer(e->skipped));
    json_object_set_new(run, "compared_classes", json_integer(e->compared_classes));
    json_object_set_new(run, "resumed", json_integer(e->resumed));
    json_object_set_new(run, "ranks", json_integer(e->ranks));
    json_object_set_new(run, "lanes", json_integer(e->lanes));
    json_object_set_new(run, "groups", json_groups(e));
    json_object_set_new(run, "corruptions", json_corruptions(e, &mean_corruption));
    json_object_set_new(run, "mean_corruption_error", json_finite(mean_corruption));
    json_object_set_new(run, "failures", json_failures(e));
    json_object_set_new(run, "run_id", run_id > 0 ? json_integer(run_id) : json_null());
    return run;
}

static void print_rate(const char *name, int64_t correct, int64_t images,
                       const struct imgcls_rate *rate)
{
    printf("  %s  %6.2f %%  (%lld of %lld; 95 %% interval %.1f to %.1f)\n", name,
           100 * rate->value, (long long)correct, (long long)images, 100 * rate->low,
           100 * rate->high);
}

/* "62.1 %", or "-" for what is not known. */
static const char *percent(double fraction, char text[16])
{
    snprintf(text, 16, isfinite(fraction) ? "%.1f %%" : "-", 100 * fraction);
    return text;
}

/* ImageNet-C: the error at each severity, and in AlexNet's. */
static void print_corruptions(const struct imgcls_evaluation *e)
{
    struct imgcls_evaluation_corruption *list = NULL;
    char text[16];
    double mean;
    size_t count = 0, i, k;
    if (imgcls_evaluation_corruptions(e, &list, &count, &mean) != IMGCLS_OK || count == 0)
        return;
    printf("  %-20s  %7s %7s %7s %7s %7s  %7s  %s\n", "error at severity", "1", "2", "3",
           "4", "5", "mean", "in AlexNet's");
    for (i = 0; i < count; i++) {
        printf("  %-20s ", list[i].name);
        for (k = 0; k < 5; k++)
            printf(" %7s",
                   percent(list[i].images[k] > 0
                               ? (double)(list[i].images[k] - list[i].top1_correct[k]) /
                                     (double)list[i].images[k]
                               : NAN,
                           text));
        printf("  %7s", percent(list[i].error, text));
        printf("  %s\n", percent(list[i].corruption_error, text));
    }
    if (isfinite(mean))
        printf("  mean corruption error (mCE) %s\n", percent(mean, text));
    else
        printf("  no mean corruption error: not all fifteen corruptions at five "
               "severities are there\n");
    free(list);
}

/* Figures beside the two everybody asks for. */
static void print_more(const struct imgcls_evaluation *e)
{
    printf("  mean over classes: accuracy %.2f %%, precision %.2f %%, F1 %.2f %%\n",
           100 * e->class_accuracy, 100 * e->macro_precision, 100 * e->macro_f1);
    printf("  calibration error %.2f %% expected, %.2f %% mean; log-likelihood -%.4f\n",
           100 * e->ece, 100 * e->mce, e->nll);
    printf("  latency %.1f ms (half), %.1f ms (90 %%), %.1f ms (99 %%)\n",
           e->latency_p50_ms, e->latency_p90_ms, e->latency_p99_ms);
    if (e->compared_classes < e->classes)
        printf("  the scores of %lld of %lld classes were compared\n",
               (long long)e->compared_classes, (long long)e->classes);
    if (e->skipped > 0)
        printf("  %lld pictures have no right answer and were left out\n",
               (long long)e->skipped);
    if (e->ties > 0)
        printf("  %lld pictures with two best classes alike\n", (long long)e->ties);
    print_corruptions(e);
}

void eval_results_print(const char *path, const struct imgcls_evaluation *e, int64_t run_id,
                        const char *board)
{
    size_t i;
    printf("%s\n", path);
    print_rate("top-1", e->top1_correct, e->images, &e->top1);
    if (e->top5_correct >= 0)
        print_rate("top-5", e->top5_correct, e->images, &e->top5);
    printf("  %lld pictures in %.1f s, %.1f a second", (long long)e->images, e->seconds,
           e->images_per_second);
    if (e->ranks > 1)
        printf(" on %d ranks", e->ranks);
    printf("\n");
    if (e->nan_scores > 0)
        printf("  %lld pictures got scores that are no numbers, counted as wrong\n",
               (long long)e->nan_scores);
    if (e->oriented > 0)
        printf("  %lld pictures ask by EXIF to be turned and were not, as in training\n",
               (long long)e->oriented);
    if (e->failure_count > 0)
        printf("  %zu pictures could not be read, counted as wrong:\n", e->failure_count);
    for (i = 0; i < e->failure_count; i++) {
        printf("    ");
        terminal_put(stdout, e->failures[i].file);
        printf(": ");
        terminal_put(stdout, e->failures[i].reason);
        printf("\n");
    }
    print_more(e);
    if (run_id > 0)
        printf("  run %lld in %s\n", (long long)run_id, board);
}

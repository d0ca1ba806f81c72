/*
 * eval/evaluate.c - how often is a classifier right on a set of labelled pictures
 *
 * The feeder decodes ahead on threads of its own; here pictures of one size are gathered into
 * batches, run, and scored in the order of the set. Nothing that is computed depends on the
 * number of threads or on the batch: rows are scored one by one, and the engine gives the same
 * bits for a picture alone and in a batch.
 *
 * Not here: reading and decoding (feeder.c), figures over answers (metrics/), the board
 * (leaderboard/runs.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/evaluate.h"

#include "eval/feeder.h"
#include "eval/leaderboard/machine.h"
#include "src/model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH_DEFAULT 8 /* beyond it a CPU gains little and memory grows */

/* Pictures that wait to be run together. */
struct batch {
    struct imgcls_context *ctx;
    struct imgcls_model *model;
    struct icl_evaluation *evaluation;
    float *tensor;    /* capacity pictures of one size; own: icl_free */
    float *mean;      /* one row, where several views are averaged; own */
    size_t *indices;  /* of the pictures in it */
    size_t capacity, count;
    size_t picture_elements;
    int64_t views, channels, height, width;
};

static void batch_clear(struct batch *batch)
{
    icl_free(batch->ctx, batch->tensor);
    free(batch->mean);
    free(batch->indices);
}

/* Room for pictures of another size. */
static imgcls_status batch_resize(struct batch *batch, int32_t width, int32_t height)
{
    size_t elements = (size_t)batch->views, all;
    icl_free(batch->ctx, batch->tensor);
    batch->tensor = NULL;
    batch->width = width;
    batch->height = height;
    if (!icl_mul_size(elements, (size_t)batch->channels, &elements) ||
        !icl_mul_size(elements, (size_t)height, &elements) ||
        !icl_mul_size(elements, (size_t)width, &elements) ||
        !icl_mul_size(elements, batch->capacity, &all))
        return icl_fail(batch->ctx, IMGCLS_LIMIT, "a batch of %zu pictures of %dx%d overflows",
                        batch->capacity, (int)width, (int)height);
    batch->picture_elements = elements;
    batch->tensor = icl_alloc(batch->ctx, all, sizeof *batch->tensor);
    return batch->tensor ? IMGCLS_OK : icl_alloc_status(batch->ctx);
}

/* Mean over the views of picture i, in a fixed order. */
static const float *mean_of_views(struct batch *batch, const float *rows, size_t i,
                                  int64_t classes)
{
    const float *first = rows + (int64_t)i * batch->views * classes;
    int64_t k, v;
    if (batch->views == 1)
        return first;
    for (k = 0; k < classes; k++) {
        double sum = 0;
        for (v = 0; v < batch->views; v++)
            sum += first[v * classes + k];
        batch->mean[k] = (float)(sum / (double)batch->views);
    }
    return batch->mean;
}

/* The first scores tell how wide they are, where the model did not say before. */
static imgcls_status settle_classes(struct batch *batch, int64_t classes)
{
    struct icl_evaluation *evaluation = batch->evaluation;
    struct imgcls_model *model = batch->model;
    if (model->label_count > 0 && model->label_count != (size_t)classes)
        return icl_fail(batch->ctx, IMGCLS_BAD_INPUT,
                        "%s: %zu class names, but the model has %lld classes", model->path,
                        model->label_count, (long long)classes);
    if (evaluation->head.classes != 0 ? evaluation->head.classes != classes
                                      : evaluation->set->classes > classes)
        return icl_fail(batch->ctx, IMGCLS_BAD_INPUT,
                        "%s: %lld classes in the data set, but the model has %lld", model->path,
                        (long long)evaluation->set->classes, (long long)classes);
    evaluation->head.classes = classes;
    if (batch->views > 1 && !batch->mean) {
        batch->mean = calloc((size_t)classes, sizeof *batch->mean);
        if (!batch->mean)
            return icl_fail(batch->ctx, IMGCLS_NO_MEMORY, "no memory for a row of scores");
    }
    return IMGCLS_OK;
}

static imgcls_status batch_run(struct batch *batch)
{
    struct icl_evaluation *evaluation = batch->evaluation;
    int64_t classes, rows_in = (int64_t)batch->count * batch->views;
    const float *rows;
    imgcls_status status;
    size_t i;
    if (batch->count == 0)
        return IMGCLS_OK;
    status = icl_model_scores(batch->model, batch->tensor, rows_in, batch->channels,
                              batch->height, batch->width, &rows, &classes);
    if (status == IMGCLS_OK)
        status = settle_classes(batch, classes);
    for (i = 0; i < batch->count && status == IMGCLS_OK; i++) {
        size_t index = batch->indices[i];
        icl_answer_score(mean_of_views(batch, rows, i, classes), classes,
                         evaluation->set->entries[index].label, &evaluation->answers[index],
                         evaluation->probabilities ? evaluation->probabilities[index] : NULL);
    }
    batch->count = 0;
    return status;
}

static imgcls_status add_failure(struct icl_evaluation *evaluation, const struct icl_fed *fed)
{
    struct imgcls_context *ctx = evaluation->set->ctx;
    struct imgcls_evaluation *head = &evaluation->head;
    struct imgcls_evaluation_failure *failure;
    icl_answer_failed(&evaluation->answers[fed->index]);
    if (head->failure_count == evaluation->failure_capacity) {
        size_t capacity = evaluation->failure_capacity ? evaluation->failure_capacity * 2 : 16;
        failure = realloc(evaluation->failures, capacity * sizeof *failure);
        if (!failure)
            return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for the list of failures");
        evaluation->failures = failure;
        evaluation->failure_capacity = capacity;
        head->failures = failure;
    }
    failure = &evaluation->failures[head->failure_count];
    failure->file = evaluation->set->entries[fed->index].file;
    failure->reason = strdup(fed->reason);
    if (!failure->reason)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for the list of failures");
    head->failure_count++;
    return IMGCLS_OK;
}

static imgcls_status batch_add(struct batch *batch, const struct icl_fed *fed)
{
    imgcls_status status = IMGCLS_OK;
    batch->evaluation->head.oriented += fed->orientation > 1;
    if (!batch->tensor || fed->width != batch->width || fed->height != batch->height) {
        status = batch_run(batch);
        if (status == IMGCLS_OK)
            status = batch_resize(batch, fed->width, fed->height);
    }
    if (status != IMGCLS_OK)
        return status;
    memcpy(batch->tensor + batch->count * batch->picture_elements, fed->tensor,
           batch->picture_elements * sizeof *fed->tensor);
    batch->indices[batch->count++] = fed->index;
    return batch->count == batch->capacity ? batch_run(batch) : IMGCLS_OK;
}

static imgcls_status run_all(struct batch *batch, struct icl_feeder *feeder,
                             const struct imgcls_evaluation_options *options)
{
    struct icl_dataset *set = batch->evaluation->set;
    imgcls_status status = IMGCLS_OK;
    size_t done;
    for (done = 0; done < set->count && status == IMGCLS_OK; done++) {
        struct icl_fed fed;
        status = icl_feeder_next(feeder, &fed);
        if (status == IMGCLS_OK)
            status = fed.tensor ? batch_add(batch, &fed)
                                : add_failure(batch->evaluation, &fed);
        icl_fed_clear(&fed);
        if (status == IMGCLS_OK && options->progress && batch->count == 0)
            options->progress(options->argument, (int64_t)done + 1, (int64_t)set->count);
    }
    return status == IMGCLS_OK ? batch_run(batch) : status;
}

/* How many pictures go into a run: as asked, as the model's first dimension fixes it (others
 * are filled up or cut in pieces by icl_model_scores), or the default. */
static imgcls_status choose_batch(struct imgcls_model *model, int64_t asked,
                                  struct batch *batch)
{
    size_t count = batch->evaluation->set->count;
    struct imgcls_tensor shape;
    const char *name;
    imgcls_status status = imgcls_model_input(model, 0, &name, &shape);
    if (status != IMGCLS_OK)
        return status;
    batch->capacity = asked > 0 ? (size_t)asked : BATCH_DEFAULT;
    if (asked == 0 && shape.rank == 4 && shape.dims[0] > 0)
        batch->capacity = (size_t)((shape.dims[0] + batch->views - 1) / batch->views);
    if (batch->capacity > count)
        batch->capacity = count;
    batch->indices = calloc(batch->capacity, sizeof *batch->indices);
    if (!batch->indices)
        return icl_fail(model->ctx, IMGCLS_NO_MEMORY, "no memory for a batch of %zu pictures",
                        batch->capacity);
    return IMGCLS_OK;
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static imgcls_status measure(struct imgcls_model *model, struct icl_evaluation *evaluation,
                             const struct imgcls_evaluation_options *options)
{
    struct batch batch = {.ctx = model->ctx, .model = model, .evaluation = evaluation,
                          .views = model->recipe.views > 1 ? model->recipe.views : 1,
                          .channels = icl_recipe_channels(&model->recipe)};
    struct icl_feeder *feeder = NULL;
    int32_t threads = model->ctx->threads;
    size_t slots;
    double began;
    imgcls_status status = choose_batch(model, options->batch, &batch);
    if (status != IMGCLS_OK)
        goto done;
    slots = batch.capacity * 2 > (size_t)threads * 2 ? batch.capacity * 2 : (size_t)threads * 2;
    began = seconds_now();
    status = icl_feeder_open(model->ctx, evaluation->set, &model->recipe, threads, slots,
                             &feeder);
    if (status == IMGCLS_OK)
        status = run_all(&batch, feeder, options);
    evaluation->head.seconds = seconds_now() - began;
    evaluation->head.batch = (int64_t)batch.capacity;
    evaluation->head.threads = threads;
done:
    icl_feeder_close(feeder);
    batch_clear(&batch);
    return status;
}

void icl_evaluation_figures(struct icl_evaluation *evaluation)
{
    struct imgcls_evaluation *head = &evaluation->head;
    struct icl_tally tally = {0};
    size_t i;
    for (i = 0; i < evaluation->set->count; i++)
        icl_tally_add(&tally, &evaluation->answers[i], evaluation->set->entries[i].label);
    head->images = tally.images;
    head->failed = tally.failed;
    head->nan_scores = tally.nan_scores;
    head->top1_correct = tally.top1_correct;
    head->top1 = icl_wilson(tally.top1_correct, tally.images);
    head->top5_correct = head->classes > ICL_TOP5_CLASSES ? tally.top5_correct : -1;
    if (head->top5_correct >= 0)
        head->top5 = icl_wilson(tally.top5_correct, tally.images);
    head->images_per_second = head->seconds > 0 ? (double)head->images / head->seconds : 0;
}

/* What can be said before the first picture: recipe, labels, data set. */
static imgcls_status open_set(struct imgcls_model *model, struct icl_evaluation *evaluation,
                              const struct imgcls_evaluation_options *options)
{
    struct imgcls_context *ctx = model->ctx;
    struct icl_class_space space = {
        .labels = (const char *const *)model->labels,
        .label_count = model->label_count,
        .classes = (int64_t)imgcls_model_class_count(model),
    };
    imgcls_status status;
    size_t i;
    status = icl_model_needs_recipe(model);
    if (status != IMGCLS_OK)
        return status;
    if (space.classes > 0 && space.label_count > 0 &&
        (uint64_t)space.classes != space.label_count)
        return icl_fail(ctx, IMGCLS_BAD_INPUT,
                        "%s: %zu class names, but the model has %lld classes", model->path,
                        space.label_count, (long long)space.classes);
    status = icl_dataset_open(ctx, options->dataset, options->layout, &space,
                              &evaluation->set);
    if (status != IMGCLS_OK)
        return status;
    icl_dataset_limit(evaluation->set, options->limit);
    if (options->ready && (status = options->ready(options->argument)) != IMGCLS_OK)
        return status;
    for (i = 0; options->note && i < evaluation->set->evidence_count; i++)
        options->note(options->argument, evaluation->set->evidence[i]);
    evaluation->head.classes = space.classes;
    evaluation->head.layout = evaluation->set->layout->name;
    return IMGCLS_OK;
}

static imgcls_status allocate(struct imgcls_model *model, struct icl_evaluation *evaluation,
                              const struct imgcls_evaluation_options *options)
{
    struct imgcls_evaluation *head = &evaluation->head;
    size_t count = evaluation->set->count;
    time_t now = time(NULL);
    struct tm parts;
    evaluation->answers = calloc(count, sizeof *evaluation->answers);
    if (options->predictions)
        evaluation->probabilities = calloc(count, sizeof *evaluation->probabilities);
    evaluation->recipe = strdup(model->recipe_text);
    evaluation->dataset = strdup(options->dataset);
    if (!evaluation->answers || (options->predictions && !evaluation->probabilities) ||
        !evaluation->recipe || !evaluation->dataset)
        return icl_fail(model->ctx, IMGCLS_NO_MEMORY, "no memory for %zu answers", count);
    if (gmtime_r(&now, &parts))
        strftime(evaluation->started, sizeof evaluation->started, "%Y-%m-%dT%H:%M:%SZ",
                 &parts);
    head->recipe = evaluation->recipe;
    head->dataset = evaluation->dataset;
    head->dataset_sha256 = evaluation->sha256;
    head->started = evaluation->started;
    return IMGCLS_OK;
}

/* The caller's struct may be older or newer than ours. */
static struct imgcls_evaluation_options
options_of(const struct imgcls_evaluation_options *given)
{
    struct imgcls_evaluation_options options = {0};
    size_t size = given->struct_size < sizeof options ? given->struct_size : sizeof options;
    memcpy(&options, given, size);
    return options;
}

imgcls_status imgcls_evaluate(struct imgcls_model *model,
                              const struct imgcls_evaluation_options *given,
                              struct imgcls_evaluation **out)
{
    icl_forgive(model->ctx); /* what an earlier call left */
    struct imgcls_evaluation_options options = options_of(given);
    struct icl_evaluation *evaluation;
    imgcls_status status;
    *out = NULL;
    if (!options.dataset)
        return icl_fail(model->ctx, IMGCLS_BAD_INPUT, "%s: no data set to evaluate it on",
                        model->path);
    evaluation = calloc(1, sizeof *evaluation);
    if (!evaluation)
        return icl_fail(model->ctx, IMGCLS_NO_MEMORY, "no memory for the evaluation");
    evaluation->head.struct_size = sizeof evaluation->head;
    icl_peak_memory_reset();
    status = open_set(model, evaluation, &options);
    if (status == IMGCLS_OK)
        status = allocate(model, evaluation, &options);
    if (status == IMGCLS_OK)
        status = measure(model, evaluation, &options);
    if (status == IMGCLS_OK)
        status = icl_dataset_sha256(evaluation->set, evaluation->sha256);
    if (status != IMGCLS_OK)
        goto done;
    if (evaluation->head.classes == 0) /* not one picture told */
        evaluation->head.classes = evaluation->set->classes;
    icl_evaluation_figures(evaluation);
    evaluation->head.peak_memory_bytes = icl_peak_memory();
    if (options.predictions)
        status = icl_predictions_write(model->ctx, options.predictions, evaluation);
    if (status != IMGCLS_OK)
        goto done;
    *out = &evaluation->head;
    evaluation = NULL;
done:
    imgcls_evaluation_destroy(evaluation ? &evaluation->head : NULL);
    return status;
}

void imgcls_evaluation_destroy(struct imgcls_evaluation *head)
{
    struct icl_evaluation *evaluation = (struct icl_evaluation *)head;
    size_t i;
    if (!evaluation)
        return;
    for (i = 0; i < head->failure_count; i++)
        free((char *)evaluation->failures[i].reason);
    free(evaluation->failures);
    free(evaluation->answers);
    free(evaluation->probabilities);
    free(evaluation->recipe);
    free(evaluation->dataset);
    icl_dataset_close(evaluation->set);
    free(evaluation);
}

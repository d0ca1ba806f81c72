/*
 * eval/evaluate.c - how often is a classifier right on a set of labelled pictures
 *
 * A job is the evaluation under way: model, data set, answers so far, and where progress is
 * kept. Threads work on it (lanes.c), or other processes (the functions "in parts" of the
 * header). Nothing that is computed depends on the number of threads or processes, on the
 * batch or on interruptions: pictures are scored one by one into their own places, figures
 * are taken over all of them in the order of the set, and the engine gives the same bits
 * for a picture alone and in a batch.
 *
 * Not here: figures over answers (metrics/), the tables (leaderboard/).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/evaluate.h"

#include "eval/lanes.h"
#include "eval/leaderboard/machine.h"
#include "eval/leaderboard/place.h"
#include "eval/leaderboard/progress.h"
#include "src/file/file.h"
#include "src/model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COMMIT_SECONDS 1.0

struct imgcls_evaluation_job {
    struct imgcls_model *model;
    struct imgcls_evaluation_options options;
    struct icl_evaluation *evaluation; /* own until finished */
    struct imgcls_board *board;        /* where progress is kept, or NULL */
    struct icl_progress progress;
    char *model_path, *dataset_path; /* own, absolute */
    char engine[80], times[65], key[400];
    struct icl_place_stream *stream; /* own, where the set is one */
    size_t *order;                   /* own: reading order of the set */
    size_t next;                     /* claimed of it */
    size_t done;
    size_t *unsaved; /* own: finished, not committed yet */
    size_t unsaved_count;
    double began, saved;
    bool in_parts;
};

/* ---- What threads hand in
 * ---------------------------------------------------------------*/

bool icl_evaluation_finish_picture(struct icl_evaluation *evaluation, size_t index,
                                   double seconds, bool oriented, const char *reason)
{
    struct icl_outcome *outcome = &evaluation->outcomes[index];
    outcome->milliseconds = (float)(seconds * 1e3);
    outcome->oriented = oriented;
    if (reason) {
        outcome->reason = strdup(reason);
        if (!outcome->reason)
            return false;
    }
    pthread_mutex_lock(&evaluation->lock);
    outcome->done = 1;
    evaluation->finished[evaluation->finished_count++] = index;
    pthread_mutex_unlock(&evaluation->lock);
    return true;
}

/* The first scores tell how wide they are, where the model did not say before. */
imgcls_status icl_evaluation_settle_classes(struct icl_evaluation *evaluation,
                                            struct imgcls_model *model, int64_t classes)
{
    imgcls_status status = IMGCLS_OK;
    pthread_mutex_lock(&evaluation->lock);
    if (model->label_count > 0 && model->label_count != (size_t)classes)
        status = icl_fail(model->ctx, IMGCLS_BAD_INPUT,
                          "%s: %zu class names, but the model has %lld classes",
                          model->path, model->label_count, (long long)classes);
    else if (evaluation->head.classes != 0 ? evaluation->head.classes != classes
                                           : evaluation->set->classes > classes)
        status =
            icl_fail(model->ctx, IMGCLS_BAD_INPUT,
                     "%s: %lld classes in the data set, but the model has %lld",
                     model->path, (long long)evaluation->set->classes, (long long)classes);
    else
        evaluation->head.classes = classes;
    pthread_mutex_unlock(&evaluation->lock);
    return status;
}

/* ---- Opening
 * ----------------------------------------------------------------------------*/

/* The caller's struct may be older or newer than ours. */
static struct imgcls_evaluation_options
options_of(const struct imgcls_evaluation_options *given)
{
    struct imgcls_evaluation_options options = {0};
    size_t size = given->struct_size < sizeof options ? given->struct_size : sizeof options;
    memcpy(&options, given, size);
    return options;
}

/* What can be said before the first picture: recipe, labels, data set. */
static imgcls_status open_set(struct imgcls_evaluation_job *job)
{
    struct imgcls_model *model = job->model;
    struct imgcls_context *ctx = model->ctx;
    const struct imgcls_evaluation_options *options = &job->options;
    struct icl_class_space space = {
        .labels = (const char *const *)model->labels,
        .label_count = model->label_count,
        .classes = (int64_t)imgcls_model_class_count(model),
    };
    struct icl_dataset_options how = {
        .path = options->dataset,
        .layout = options->layout,
        .truth = options->truth,
        .label_base = options->label_base == 1   ? 1
                      : options->label_base == 2 ? 0
                                                 : ICL_LABEL_BASE_AUTO,
        .present_only = options->classes == 2   ? 1
                        : options->classes == 1 ? 0
                                                : -1,
    };
    imgcls_status status = icl_model_needs_recipe(model);
    if (status != IMGCLS_OK)
        return status;
    if (space.classes > 0 && space.label_count > 0 &&
        (uint64_t)space.classes != space.label_count)
        return icl_fail(ctx, IMGCLS_BAD_INPUT,
                        "%s: %zu class names, but the model has %lld classes", model->path,
                        space.label_count, (long long)space.classes);
    status = icl_dataset_open(ctx, &how, &space, &job->evaluation->set);
    if (status == IMGCLS_OK)
        status = icl_dataset_settle_classes(job->evaluation->set);
    if (status == IMGCLS_OK)
        status = icl_dataset_limit(job->evaluation->set, options->limit,
                                   options->shuffle ? options->seed : -1);
    job->evaluation->head.classes = space.classes;
    return status;
}

/* Zeroed memory that is there: a page is written to now and not when its first answer
 * comes, so that a run's memory is what it was at its first picture, and a machine that
 * lacks it says so before the work. */
static void *reserve(size_t count, size_t size)
{
    unsigned char *bytes = calloc(count, size);
    volatile unsigned char *touched = bytes;
    for (size_t at = 0; bytes && at < count * size; at += 4096)
        touched[at] = 0;
    return bytes;
}

static imgcls_status allocate(struct imgcls_evaluation_job *job)
{
    struct icl_evaluation *evaluation = job->evaluation;
    struct imgcls_evaluation *head = &evaluation->head;
    size_t count = evaluation->set->count;
    time_t now = time(NULL);
    struct tm parts;
    evaluation->answers = reserve(count, sizeof *evaluation->answers);
    evaluation->outcomes = reserve(count, sizeof *evaluation->outcomes);
    evaluation->probabilities = reserve(count, sizeof *evaluation->probabilities);
    evaluation->finished = reserve(count, sizeof *evaluation->finished);
    evaluation->recipe = strdup(job->model->recipe_text);
    evaluation->dataset = strdup(job->options.dataset);
    job->order = reserve(count, sizeof *job->order);
    job->unsaved = reserve(count, sizeof *job->unsaved);
    job->model_path = icl_absolute_path(job->model->path);
    job->dataset_path = icl_absolute_path(job->evaluation->set->path);
    if (!evaluation->answers || !evaluation->outcomes || !evaluation->probabilities ||
        !evaluation->finished || !evaluation->recipe || !evaluation->dataset ||
        !job->order || !job->unsaved || !job->model_path || !job->dataset_path)
        return icl_fail(job->model->ctx, IMGCLS_NO_MEMORY, "no memory for %zu answers",
                        count);
    if (gmtime_r(&now, &parts))
        strftime(evaluation->started, sizeof evaluation->started, "%Y-%m-%dT%H:%M:%SZ",
                 &parts);
    head->recipe = evaluation->recipe;
    head->dataset = evaluation->dataset;
    head->dataset_sha256 = evaluation->sha256;
    head->manifest_sha256 = evaluation->manifest;
    head->started = evaluation->started;
    head->layout = evaluation->set->layout->name;
    icl_dataset_order(evaluation->set, job->options.shuffle ? job->options.seed : -1,
                      job->order);
    return icl_dataset_is_stream(evaluation->set)
               ? icl_place_stream_open(evaluation->set->place, &job->stream)
               : IMGCLS_OK;
}

/* Hashes that tell whether two evaluations are of the same thing. */
static imgcls_status make_key(struct imgcls_evaluation_job *job)
{
    struct icl_evaluation *evaluation = job->evaluation;
    const struct icl_dataset *set = evaluation->set;
    char recipe[65], compared[65];
    imgcls_status status = icl_dataset_manifest(set, false, evaluation->manifest);
    if (status == IMGCLS_OK)
        status = icl_dataset_manifest(set, true, job->times);
    icl_sha256_of(set->compared, set->compared_count * sizeof *set->compared, compared);
    icl_sha256_of(evaluation->recipe, strlen(evaluation->recipe), recipe);
    snprintf(job->engine, sizeof job->engine, "%s %s", imgcls_version(),
             icl_isa_name(job->model->ctx->isa));
    snprintf(job->key, sizeof job->key, "%s %s %s %s %s", imgcls_model_sha256(job->model),
             recipe, evaluation->manifest, compared, job->engine);
    return status;
}

static imgcls_status take_up(struct imgcls_evaluation_job *job)
{
    struct icl_progress_key key = {
        .model_sha256 = imgcls_model_sha256(job->model),
        .model_path = job->model_path,
        .dataset_path = job->dataset_path,
        .recipe = job->evaluation->recipe,
        .engine = job->engine,
        .manifest = job->times,
    };
    imgcls_status status;
    job->board = job->options.board ? *job->options.board : NULL;
    if (!job->board)
        return IMGCLS_OK;
    status = icl_progress_open(job->board, &key, job->options.resume, job->evaluation,
                               &job->progress);
    job->evaluation->progress_id = job->progress.id;
    job->evaluation->head.resumed = job->progress.resumed;
    job->done = job->progress.done;
    return status;
}

static void say(struct imgcls_evaluation_job *job)
{
    const struct imgcls_evaluation_options *options = &job->options;
    const struct icl_dataset *set = job->evaluation->set;
    char line[200];
    size_t i;
    for (i = 0; options->note && i < set->evidence_count; i++)
        options->note(options->argument, set->evidence[i]);
    if (!options->note || job->done == 0)
        return;
    snprintf(line, sizeof line,
             "going on with the evaluation that began at %s: %zu of %zu "
             "pictures are done",
             job->evaluation->started, job->done, set->count);
    options->note(options->argument, line);
}

imgcls_status imgcls_evaluation_open(struct imgcls_model *model,
                                     const struct imgcls_evaluation_options *given,
                                     struct imgcls_evaluation_job **out)
{
    icl_forgive(model->ctx); /* what an earlier call left */
    struct imgcls_evaluation_job *job;
    imgcls_status status;
    *out = NULL;
    if (!options_of(given).dataset)
        return icl_fail(model->ctx, IMGCLS_BAD_INPUT, "%s: no data set to evaluate it on",
                        model->path);
    job = calloc(1, sizeof *job);
    if (job)
        job->evaluation = calloc(1, sizeof *job->evaluation);
    if (!job || !job->evaluation) {
        free(job);
        return icl_fail(model->ctx, IMGCLS_NO_MEMORY, "no memory for the evaluation");
    }
    pthread_mutex_init(&job->evaluation->lock, NULL);
    pthread_cond_init(&job->evaluation->news, NULL);
    job->model = model;
    job->options = options_of(given);
    job->evaluation->head.struct_size = sizeof job->evaluation->head;
    icl_peak_memory_reset();
    status = open_set(job);
    if (status == IMGCLS_OK)
        status = allocate(job);
    if (status == IMGCLS_OK)
        status = make_key(job);
    if (status == IMGCLS_OK && job->options.ready)
        status = job->options.ready(job->options.argument);
    if (status == IMGCLS_OK)
        status = take_up(job);
    if (status != IMGCLS_OK) {
        imgcls_evaluation_close(job);
        return status;
    }
    say(job);
    job->began = job->saved = icl_seconds();
    *out = job;
    return IMGCLS_OK;
}

void imgcls_evaluation_close(struct imgcls_evaluation_job *job)
{
    if (!job)
        return;
    icl_place_stream_close(job->stream);
    imgcls_evaluation_destroy(job->evaluation ? &job->evaluation->head : NULL);
    free(job->order);
    free(job->unsaved);
    free(job->model_path);
    free(job->dataset_path);
    free(job);
}

/* ---- Working
 * ----------------------------------------------------------------------------*/

const char *imgcls_evaluation_key(const struct imgcls_evaluation_job *job)
{
    return job->key;
}

int64_t imgcls_evaluation_total(const struct imgcls_evaluation_job *job)
{
    return (int64_t)job->evaluation->set->count;
}

int64_t imgcls_evaluation_done(const struct imgcls_evaluation_job *job)
{
    return (int64_t)job->done;
}

static imgcls_status save(struct imgcls_evaluation_job *job)
{
    imgcls_status status = IMGCLS_OK;
    double now = icl_seconds();
    if (job->board && job->unsaved_count > 0)
        status = icl_progress_commit(job->board, &job->progress, job->evaluation,
                                     job->unsaved, job->unsaved_count, now - job->began);
    job->unsaved_count = 0;
    job->saved = now;
    return status;
}

/* Pictures that were finished by threads here. */
static imgcls_status on_news(void *argument, const size_t *indices, size_t count)
{
    struct imgcls_evaluation_job *job = argument;
    const struct imgcls_evaluation_options *options = &job->options;
    imgcls_status status = IMGCLS_OK;
    if (job->in_parts)
        return IMGCLS_OK;
    memcpy(job->unsaved + job->unsaved_count, indices, count * sizeof *indices);
    job->unsaved_count += count;
    job->done += count;
    if (icl_seconds() - job->saved >= COMMIT_SECONDS ||
        job->done == job->evaluation->set->count)
        status = save(job);
    if (status == IMGCLS_OK && options->progress)
        options->progress(options->argument, (int64_t)job->done,
                          (int64_t)job->evaluation->set->count);
    return status;
}

/* Evaluates pictures of the set, given in reading order. */
static imgcls_status work_on(struct imgcls_evaluation_job *job, const size_t *plan,
                             size_t count)
{
    struct icl_lanes_options options = {.plan = plan,
                                        .count = count,
                                        .stream = job->stream,
                                        .threads = job->model->ctx->threads,
                                        .news = on_news,
                                        .argument = job};
    imgcls_status status =
        icl_batch_capacity(job->model, job->options.batch, &options.batch);
    if (options.batch > job->evaluation->set->count)
        options.batch = job->evaluation->set->count;
    if (status == IMGCLS_OK && count > 0)
        status = icl_lanes_run(job->model, job->evaluation, &options,
                               &job->evaluation->head.lanes);
    job->evaluation->head.batch = (int64_t)options.batch;
    job->evaluation->head.threads = options.threads;
    return status;
}

size_t imgcls_evaluation_claim(struct imgcls_evaluation_job *job, size_t most,
                               int64_t *numbers)
{
    const struct icl_evaluation *evaluation = job->evaluation;
    size_t count = 0;
    for (; count < most && job->next < evaluation->set->count; job->next++)
        if (!evaluation->outcomes[job->order[job->next]].done)
            numbers[count++] = (int64_t)job->order[job->next];
    return count;
}

imgcls_status imgcls_evaluation_work(struct imgcls_evaluation_job *job,
                                     const int64_t *numbers, size_t count, void **bytes,
                                     size_t *size)
{
    icl_forgive(job->model->ctx); /* what an earlier call left */
    struct icl_bytes records = {0};
    size_t *plan = calloc(count + 1, sizeof *plan), i;
    imgcls_status status = IMGCLS_OK;
    *bytes = NULL;
    *size = 0;
    if (!plan)
        return icl_fail(job->model->ctx, IMGCLS_NO_MEMORY, "no memory for %zu pictures",
                        count);
    for (i = 0; i < count && status == IMGCLS_OK; i++) {
        if (numbers[i] < 0 || (uint64_t)numbers[i] >= job->evaluation->set->count)
            status = icl_fail(job->model->ctx, IMGCLS_BAD_INPUT, "picture %lld of %zu",
                              (long long)numbers[i], job->evaluation->set->count);
        plan[i] = (size_t)numbers[i];
    }
    job->in_parts = true;
    if (status == IMGCLS_OK)
        status = work_on(job, plan, count);
    for (i = 0; i < count && status == IMGCLS_OK; i++)
        if (!icl_record_append(job->evaluation, plan[i], &records))
            status = icl_fail(job->model->ctx, IMGCLS_NO_MEMORY, "no memory for answers");
    free(plan);
    if (status != IMGCLS_OK) {
        free(records.data);
        return status;
    }
    *bytes = records.data;
    *size = records.size;
    return IMGCLS_OK;
}

imgcls_status imgcls_evaluation_merge(struct imgcls_evaluation_job *job, const void *bytes,
                                      size_t size)
{
    icl_forgive(job->model->ctx); /* what an earlier call left */
    const struct imgcls_evaluation_options *options = &job->options;
    imgcls_status status;
    size_t count;
    if (!icl_record_take(job->evaluation, bytes, size, job->unsaved, &count))
        return icl_fail(job->model->ctx, IMGCLS_BAD_INPUT,
                        "answers of another process do not fit this data set");
    job->unsaved_count = count;
    job->done += count;
    job->in_parts = true;
    status = save(job);
    if (status == IMGCLS_OK && options->progress)
        options->progress(options->argument, (int64_t)job->done,
                          (int64_t)job->evaluation->set->count);
    return status;
}

imgcls_status imgcls_evaluation_finish(struct imgcls_evaluation_job *job,
                                       struct imgcls_evaluation **out)
{
    icl_forgive(job->model->ctx); /* what an earlier call left */
    struct icl_evaluation *evaluation = job->evaluation;
    struct imgcls_evaluation *head = &evaluation->head;
    size_t capacity = 1, i;
    imgcls_status status;
    *out = NULL;
    for (i = 0; i < evaluation->set->count; i++)
        if (!evaluation->outcomes[i].done)
            return icl_fail(job->model->ctx, IMGCLS_INTERNAL, "%s: was not evaluated",
                            evaluation->set->entries[i].file);
    icl_place_stream_close(job->stream); /* before its place goes with the evaluation */
    job->stream = NULL;
    head->seconds = job->progress.seconds + icl_seconds() - job->began;
    head->ranks = job->options.ranks > 0 ? job->options.ranks : 1;
    if (head->classes == 0) /* not one picture told */
        head->classes = evaluation->set->classes;
    if (head->batch == 0) { /* others did the work */
        status = icl_batch_capacity(job->model, job->options.batch, &capacity);
        if (status != IMGCLS_OK)
            return status;
        head->batch = (int64_t)capacity;
        head->threads = job->model->ctx->threads;
    }
    status = icl_dataset_sha256(evaluation->set, evaluation->sha256);
    if (status == IMGCLS_OK)
        status = icl_evaluation_figures(evaluation);
    head->peak_memory_bytes = icl_peak_memory();
    if (status == IMGCLS_OK && job->options.predictions)
        status =
            icl_predictions_write(job->model->ctx, job->options.predictions, evaluation);
    if (status != IMGCLS_OK)
        return status;
    *out = head;
    job->evaluation = NULL;
    return IMGCLS_OK;
}

imgcls_status imgcls_evaluate(struct imgcls_model *model,
                              const struct imgcls_evaluation_options *options,
                              struct imgcls_evaluation **out)
{
    struct imgcls_evaluation_job *job;
    imgcls_status status = imgcls_evaluation_open(model, options, &job);
    size_t count = 0, i;
    size_t *plan;
    *out = NULL;
    if (status != IMGCLS_OK)
        return status;
    plan = calloc(job->evaluation->set->count + 1, sizeof *plan);
    if (!plan)
        status = icl_fail(model->ctx, IMGCLS_NO_MEMORY, "no memory for the evaluation");
    for (i = 0; i < job->evaluation->set->count && plan; i++)
        if (!job->evaluation->outcomes[job->order[i]].done)
            plan[count++] = job->order[i];
    if (status == IMGCLS_OK)
        status = work_on(job, plan, count);
    if (status == IMGCLS_INTERRUPTED || status == IMGCLS_OK) {
        imgcls_status saved = save(job); /* what is finished, whatever comes */
        status = status == IMGCLS_OK ? saved : status;
    }
    if (status == IMGCLS_OK)
        status = imgcls_evaluation_finish(job, out);
    free(plan);
    imgcls_evaluation_close(job);
    return status;
}

void imgcls_evaluation_destroy(struct imgcls_evaluation *head)
{
    struct icl_evaluation *evaluation = (struct icl_evaluation *)head;
    size_t i;
    if (!evaluation)
        return;
    for (i = 0; evaluation->outcomes && i < evaluation->set->count; i++)
        free(evaluation->outcomes[i].reason);
    icl_figures_clear(&evaluation->figures);
    pthread_cond_destroy(&evaluation->news);
    pthread_mutex_destroy(&evaluation->lock);
    free(evaluation->failures);
    free(evaluation->answers);
    free(evaluation->outcomes);
    free(evaluation->probabilities);
    free(evaluation->finished);
    free(evaluation->recipe);
    free(evaluation->dataset);
    icl_dataset_close(evaluation->set);
    free(evaluation);
}

/*
 * eval/lanes.c - evaluating a plan of pictures with threads
 *
 * Which way is taken follows from the model and the machine, never from timing: lanes where
 * all pictures come out in one size, the model's plan for it is settled (so that runs plan
 * nothing more), and what the lanes write while they run is at most a quarter of the memory that
 * may be used. Lanes share the plan and with it the packed weights: what one core has read of
 * them the other finds in the cache that they have in common.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/lanes.h"

#include "eval/leaderboard/machine.h"
#include "src/plan/plan.h"

#include <stdlib.h>
#include <string.h>

#define NEWS_MS 200 /* between two looks at what is finished */

struct lanes;

struct lane {
    struct lanes *all;
    struct imgcls_model *twin;  /* own; its plans are shared */
    struct imgcls_context *ctx; /* own: of decoding */
    struct icl_batch *batch;    /* own */
    struct icl_fed fed;         /* own: the picture that is done now */
    pthread_t thread;
    bool running;
};

struct lanes {
    struct imgcls_model *model;
    struct icl_evaluation *evaluation;
    const struct icl_lanes_options *options;
    pthread_mutex_t reading;
    pthread_mutex_t lock; /* guards the four below */
    size_t claimed, ended;
    imgcls_status status;
    char error[ICL_ERROR_CAPACITY];
    struct lane *lanes;
    size_t count;
};

/* ---- What was finished
 * ------------------------------------------------------------------*/

/* Hands on what is new; `at` is how much was handed on before. */
static imgcls_status tell(struct icl_evaluation *evaluation,
                          const struct icl_lanes_options *options, size_t *at)
{
    size_t upto;
    imgcls_status status = IMGCLS_OK;
    pthread_mutex_lock(&evaluation->lock);
    upto = evaluation->finished_count;
    pthread_mutex_unlock(&evaluation->lock);
    /* What lies below upto does not change any more. */
    if (upto > *at)
        status = options->news(options->argument, evaluation->finished + *at, upto - *at);
    *at = upto;
    return status;
}

/* ---- Lanes
 * ------------------------------------------------------------------------------*/

static void stop(struct lanes *all, imgcls_status status, const char *error)
{
    pthread_mutex_lock(&all->lock);
    if (all->status == IMGCLS_OK && status != IMGCLS_OK) {
        all->status = status;
        strncpy(all->error, error, sizeof all->error - 1);
    }
    pthread_mutex_unlock(&all->lock);
}

/* Claims the next picture and reads it; streams are read in the order of claims. */
static bool claim(struct lanes *all, size_t *index, struct icl_raw *raw)
{
    bool mine;
    if (all->options->stream)
        pthread_mutex_lock(&all->reading);
    pthread_mutex_lock(&all->lock);
    mine = all->status == IMGCLS_OK && all->claimed < all->options->count;
    if (mine)
        *index = all->options->plan[all->claimed++];
    pthread_mutex_unlock(&all->lock);
    if (mine)
        icl_raw_read(all->evaluation->set, all->options->stream, *index, raw);
    if (all->options->stream)
        pthread_mutex_unlock(&all->reading);
    return mine;
}

static imgcls_status do_picture(struct lane *lane, size_t index, struct icl_raw *raw)
{
    struct icl_evaluation *evaluation = lane->all->evaluation;
    struct icl_fed *fed = &lane->fed;
    imgcls_status status;
    if (icl_interrupted()) {
        free(raw->bytes);
        return icl_fail(lane->ctx, IMGCLS_INTERRUPTED, "%s: interrupted",
                        evaluation->set->path);
    }
    status =
        icl_fed_prepare(lane->ctx, evaluation->set, &lane->twin->recipe, index, raw, fed);
    if (status == IMGCLS_OK)
        status = icl_batch_add(lane->batch, fed);
    else
        icl_fail(lane->ctx, status, "%s/%s: %s", evaluation->set->path,
                 evaluation->set->entries[index].file, fed->reason);
    return status;
}

static void *work(void *argument)
{
    struct lane *lane = argument;
    struct lanes *all = lane->all;
    imgcls_status status = IMGCLS_OK;
    struct icl_raw raw;
    size_t index;
    while (status == IMGCLS_OK && claim(all, &index, &raw))
        status = do_picture(lane, index, &raw);
    if (status == IMGCLS_OK)
        status = icl_batch_run(lane->batch);
    if (status != IMGCLS_OK) {
        const char *error = imgcls_error(lane->ctx);
        stop(all, status, error[0] ? error : imgcls_error(all->model->ctx));
    }
    pthread_mutex_lock(&all->evaluation->lock);
    all->ended++;
    pthread_cond_signal(&all->evaluation->news);
    pthread_mutex_unlock(&all->evaluation->lock);
    return NULL;
}

static imgcls_status start_lane(struct lane *lane)
{
    struct lanes *all = lane->all;
    struct imgcls_context_options options = {
        .struct_size = sizeof options,
        .plugin_path = all->model->ctx->plugin_path,
        .threads = 1,
        .memory_limit = all->model->ctx->memory_limit,
    };
    imgcls_status status = imgcls_context_create(&options, &lane->ctx);
    if (status != IMGCLS_OK)
        return icl_fail(all->model->ctx, status, "no context for a thread");
    status = icl_model_twin(all->model, &lane->twin);
    if (status == IMGCLS_OK)
        status = icl_batch_open(lane->twin, all->evaluation, all->options->batch, &lane->batch);
    if (status == IMGCLS_OK && pthread_create(&lane->thread, NULL, work, lane) != 0)
        status = icl_fail(all->model->ctx, IMGCLS_NO_MEMORY, "no thread to evaluate with");
    lane->running = status == IMGCLS_OK;
    return status;
}

/* Waits for the lanes, handing on what they finish. */
static imgcls_status attend(struct lanes *all, size_t started)
{
    struct icl_evaluation *evaluation = all->evaluation;
    imgcls_status status = IMGCLS_OK;
    size_t at = 0;
    bool over = false;
    while (!over) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += NEWS_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_mutex_lock(&evaluation->lock);
        if (all->ended < started)
            pthread_cond_timedwait(&evaluation->news, &evaluation->lock, &until);
        over = all->ended == started;
        pthread_mutex_unlock(&evaluation->lock);
        if (status == IMGCLS_OK) {
            status = tell(evaluation, all->options, &at);
            if (status != IMGCLS_OK)
                stop(all, status, "");
        }
    }
    return status;
}

static imgcls_status run_lanes(struct imgcls_model *model,
                               struct icl_evaluation *evaluation,
                               const struct icl_lanes_options *options, size_t count)
{
    struct lanes all = {
        .model = model, .evaluation = evaluation, .options = options, .count = count};
    imgcls_status status = IMGCLS_OK;
    size_t started = 0, i;
    pthread_mutex_init(&all.reading, NULL);
    pthread_mutex_init(&all.lock, NULL);
    all.lanes = calloc(count, sizeof *all.lanes);
    if (!all.lanes)
        status = icl_fail(model->ctx, IMGCLS_NO_MEMORY, "no memory for %zu threads", count);
    for (i = 0; i < count && status == IMGCLS_OK; i++) {
        all.lanes[i].all = &all;
        status = start_lane(&all.lanes[i]);
        started += all.lanes[i].running;
    }
    if (status != IMGCLS_OK)
        stop(&all, status, "");
    if (started > 0) {
        imgcls_status attended = attend(&all, started);
        status = status == IMGCLS_OK ? attended : status;
    }
    for (i = 0; all.lanes && i < count; i++) {
        struct lane *lane = &all.lanes[i];
        if (lane->running)
            pthread_join(lane->thread, NULL);
        icl_batch_close(lane->batch);
        icl_fed_clear(&lane->fed);
        icl_model_twin_close(lane->twin);
        imgcls_context_destroy(lane->ctx);
    }
    if (status == IMGCLS_OK && all.status != IMGCLS_OK) {
        icl_forgive(model->ctx);
        status = icl_fail(model->ctx, all.status, "%s",
                          all.error[0] ? all.error : imgcls_status_text(all.status));
    }
    pthread_mutex_destroy(&all.lock);
    pthread_mutex_destroy(&all.reading);
    free(all.lanes);
    return status;
}

/* ---- Shared
 * -----------------------------------------------------------------------------*/

static imgcls_status run_shared(struct imgcls_model *model,
                                struct icl_evaluation *evaluation,
                                const struct icl_lanes_options *options)
{
    size_t slots = options->batch * 2, at = 0, done;
    struct icl_feeder *feeder = NULL;
    struct icl_batch *batch = NULL;
    struct icl_fed fed = {0};
    imgcls_status status = icl_batch_open(model, evaluation, options->batch, &batch);
    if (slots < (size_t)options->threads * 2)
        slots = (size_t)options->threads * 2;
    if (status == IMGCLS_OK)
        status = icl_feeder_open(model->ctx, evaluation->set, &model->recipe, options->plan,
                                 options->count, options->stream, options->threads, slots,
                                 &feeder);
    for (done = 0; done < options->count && status == IMGCLS_OK; done++) {
        status = icl_feeder_next(feeder, &fed);
        if (status == IMGCLS_OK)
            status = icl_batch_add(batch, &fed);
        if (status == IMGCLS_OK)
            status = tell(evaluation, options, &at);
    }
    if (status == IMGCLS_OK)
        status = icl_batch_run(batch);
    if (status == IMGCLS_OK)
        status = tell(evaluation, options, &at);
    icl_fed_clear(&fed); /* before the feeder, whose contexts it may come from */
    icl_feeder_close(feeder);
    icl_batch_close(batch);
    return status;
}

/* ---- Which
 * ------------------------------------------------------------------------------*/

/* Whether the model's plan for a full batch suits lanes. */
static imgcls_status suits_lanes(struct imgcls_model *model,
                                 const struct icl_lanes_options *options, bool *suits)
{
    const struct icl_recipe *recipe = &model->recipe;
    int64_t views = recipe->views > 1 ? recipe->views : 1, memory = icl_machine_memory();
    struct icl_plan_summary summary;
    const struct icl_plan *plan;
    int32_t width, height;
    imgcls_status status;
    *suits = false;
    if (!icl_recipe_fixed_size(recipe, &width, &height))
        return IMGCLS_OK;
    status = icl_model_plan_twins(model, (int64_t)options->batch * views,
                                  icl_recipe_channels(recipe), height, width, &plan);
    if (status != IMGCLS_OK)
        return status;
    icl_plan_summarise(plan, &summary);
    if (model->ctx->memory_limit > 0 && (int64_t)model->ctx->memory_limit < memory)
        memory = (int64_t)model->ctx->memory_limit;
    *suits = icl_plan_is_settled(plan) &&
             summary.arena_bytes <= (size_t)memory / 4 / (size_t)options->threads;
    if (!*suits)
        icl_model_forget_plans(model);
    return IMGCLS_OK;
}

imgcls_status icl_lanes_run(struct imgcls_model *model, struct icl_evaluation *evaluation,
                            const struct icl_lanes_options *options, int32_t *lanes)
{
    imgcls_status status = IMGCLS_OK;
    bool suits = options->threads > 1 && options->count >= 2 * (size_t)options->threads;
    if (suits)
        status = suits_lanes(model, options, &suits);
    *lanes = suits ? options->threads : 0;
    evaluation->finished_count = 0;
    if (status != IMGCLS_OK)
        return status;
    return suits ? run_lanes(model, evaluation, options, (size_t)options->threads)
                 : run_shared(model, evaluation, options);
}

/*
 * eval/feeder.c - the pictures of a data set, decoded ahead by several threads, in order
 *
 * Each thread has a context of its own, so that the words about one picture never mix with
 * those about another; tensors are freed through the context they came from.
 *
 * Invariant: claimed - taken <= slots; slot i holds picture number taken <= n < claimed
 * with n % slots == i. Not here: running the model and scoring (evaluate.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/feeder.h"

#include "eval/pictures/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct slot {
    bool ready;
    imgcls_status status;
    struct icl_fed fed;
};

struct worker {
    pthread_t thread;
    struct icl_feeder *feeder;
    struct imgcls_context *ctx; /* own */
};

struct icl_feeder {
    struct imgcls_context *ctx;
    struct icl_dataset *set;
    const struct icl_recipe *recipe;
    struct slot *slots;
    size_t slot_count;
    struct worker *workers;
    size_t worker_count, running;
    const size_t *plan;
    size_t count;
    struct icl_place_stream *stream; /* NULL where any picture can be read at any time */
    pthread_mutex_t reading;         /* guards stream; taken before lock */
    pthread_mutex_t lock;            /* guards all below */
    pthread_cond_t space, ready;
    size_t claimed, taken;
    bool stopping;
};

void icl_fed_clear(struct icl_fed *fed)
{
    if (fed->room)
        icl_free(fed->owner, fed->room);
    memset(fed, 0, sizeof *fed);
}

/* Forgets the picture, and keeps the memory where it is `owner`'s. */
static void empty(struct icl_fed *fed, struct imgcls_context *owner)
{
    struct icl_fed kept = {.owner = owner};
    if (fed->owner == owner) {
        kept.room = fed->room;
        kept.elements = fed->elements;
    } else {
        icl_fed_clear(fed);
    }
    *fed = kept;
}

/* Newlines out of a library's words: a reason is one line. */
static void one_line(char *text)
{
    for (; *text; text++)
        if (*text == '\n' || *text == '\r')
            *text = ' ';
}

double icl_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void icl_raw_read(struct icl_dataset *set, struct icl_place_stream *stream, size_t index,
                  struct icl_raw *raw)
{
    memset(raw, 0, sizeof *raw);
    raw->began = icl_seconds();
    raw->status = icl_dataset_read(set, stream, index, &raw->bytes, &raw->size, raw->reason,
                                   sizeof raw->reason);
}

imgcls_status icl_fed_prepare(struct imgcls_context *ctx, struct icl_dataset *set,
                              const struct icl_recipe *recipe, size_t index,
                              struct icl_raw *raw, struct icl_fed *fed)
{
    const char *file = set->entries[index].file;
    struct icl_picture picture = {0};
    imgcls_status status = raw->status;
    empty(fed, ctx);
    fed->index = index;
    if (status == IMGCLS_OK)
        status = icl_picture_decode_for(ctx, file, raw->bytes, raw->size, recipe, &picture,
                                        fed->reason, sizeof fed->reason);
    else
        memcpy(fed->reason, raw->reason, sizeof fed->reason);
    free(raw->bytes);
    raw->bytes = NULL;
    if (status == IMGCLS_OK) {
        fed->orientation = picture.orientation;
        status = icl_preprocess_into(ctx, recipe, &picture, &fed->room, &fed->elements,
                                     &fed->width, &fed->height);
        if (status == IMGCLS_OK)
            fed->tensor = fed->room;
        else
            snprintf(fed->reason, sizeof fed->reason, "%s", imgcls_error(ctx));
    }
    icl_picture_clear(&picture);
    fed->seconds = icl_seconds() - raw->began;
    if (status == IMGCLS_OK)
        return status;
    icl_forgive(ctx);
    if (!fed->reason[0])
        snprintf(fed->reason, sizeof fed->reason, "%s", imgcls_status_text(status));
    one_line(fed->reason);
    return status == IMGCLS_NO_MEMORY || status == IMGCLS_INTERRUPTED ? status : IMGCLS_OK;
}

/* Claims the next picture and reads it; false where there is none left or it was stopped. A
 * stream is read in the order of claims, so claiming and reading are one there. */
static bool claim(struct icl_feeder *feeder, size_t *number, struct icl_raw *raw)
{
    bool mine;
    if (feeder->stream)
        pthread_mutex_lock(&feeder->reading);
    pthread_mutex_lock(&feeder->lock);
    while (!feeder->stopping && feeder->claimed < feeder->count &&
           feeder->claimed - feeder->taken >= feeder->slot_count)
        pthread_cond_wait(&feeder->space, &feeder->lock);
    mine = !feeder->stopping && feeder->claimed < feeder->count;
    if (mine)
        *number = feeder->claimed++;
    pthread_mutex_unlock(&feeder->lock);
    if (mine)
        icl_raw_read(feeder->set, feeder->stream, feeder->plan[*number], raw);
    if (feeder->stream)
        pthread_mutex_unlock(&feeder->reading);
    return mine;
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct icl_feeder *feeder = worker->feeder;
    struct icl_raw raw;
    size_t number;
    while (claim(feeder, &number, &raw)) {
        struct icl_fed fed;
        struct slot *slot = &feeder->slots[number % feeder->slot_count];
        imgcls_status status = IMGCLS_INTERRUPTED;
        memset(&fed, 0, sizeof fed);
        if (!icl_interrupted())
            status = icl_fed_prepare(worker->ctx, feeder->set, feeder->recipe,
                                     feeder->plan[number], &raw, &fed);
        free(raw.bytes);
        pthread_mutex_lock(&feeder->lock);
        slot->fed = fed;
        slot->status = status;
        slot->ready = true;
        pthread_cond_signal(&feeder->ready);
        pthread_mutex_unlock(&feeder->lock);
    }
    return NULL;
}

static imgcls_status start(struct icl_feeder *feeder)
{
    struct imgcls_context_options options = {
        .struct_size = sizeof options,
        .plugin_path = feeder->ctx->plugin_path,
        .threads = 1,
        .memory_limit = feeder->ctx->memory_limit,
    };
    size_t i;
    for (i = 0; i < feeder->worker_count; i++) {
        struct worker *worker = &feeder->workers[i];
        imgcls_status status = imgcls_context_create(&options, &worker->ctx);
        worker->feeder = feeder;
        if (status != IMGCLS_OK)
            return icl_fail(feeder->ctx, status, "no context for a decoding thread");
        if (pthread_create(&worker->thread, NULL, work, worker) != 0)
            return icl_fail(feeder->ctx, IMGCLS_NO_MEMORY, "no thread to decode with");
        feeder->running++;
    }
    return IMGCLS_OK;
}

imgcls_status icl_feeder_open(struct imgcls_context *ctx, struct icl_dataset *set,
                              const struct icl_recipe *recipe, const size_t *plan,
                              size_t count, struct icl_place_stream *stream,
                              int32_t threads, size_t slots, struct icl_feeder **out)
{
    struct icl_feeder *feeder = calloc(1, sizeof *feeder);
    imgcls_status status = IMGCLS_OK;
    *out = NULL;
    if (!feeder)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory to read pictures ahead");
    feeder->ctx = ctx;
    feeder->set = set;
    feeder->recipe = recipe;
    feeder->slot_count = slots > 0 ? slots : 1;
    feeder->worker_count = threads > 1 ? (size_t)threads : 0;
    if (feeder->worker_count > count)
        feeder->worker_count = count > 1 ? count : 0;
    feeder->plan = plan;
    feeder->count = count;
    feeder->stream = stream;
    pthread_mutex_init(&feeder->reading, NULL);
    pthread_mutex_init(&feeder->lock, NULL);
    pthread_cond_init(&feeder->space, NULL);
    pthread_cond_init(&feeder->ready, NULL);
    feeder->slots = calloc(feeder->slot_count, sizeof *feeder->slots);
    feeder->workers = calloc(feeder->worker_count + 1, sizeof *feeder->workers);
    if (!feeder->slots || !feeder->workers)
        status = icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory to read pictures ahead");
    if (status == IMGCLS_OK)
        status = start(feeder);
    if (status != IMGCLS_OK) {
        icl_feeder_close(feeder);
        return status;
    }
    *out = feeder;
    return IMGCLS_OK;
}

/* Waits for the next picture's slot and empties it. */
static imgcls_status take(struct icl_feeder *feeder, struct icl_fed *fed)
{
    struct slot *slot = &feeder->slots[feeder->taken % feeder->slot_count];
    imgcls_status status;
    pthread_mutex_lock(&feeder->lock);
    while (!slot->ready)
        pthread_cond_wait(&feeder->ready, &feeder->lock);
    *fed = slot->fed;
    status = slot->status;
    memset(slot, 0, sizeof *slot);
    feeder->taken++;
    pthread_cond_broadcast(&feeder->space);
    pthread_mutex_unlock(&feeder->lock);
    return status;
}

imgcls_status icl_feeder_next(struct icl_feeder *feeder, struct icl_fed *fed)
{
    const char *path = feeder->set->path;
    imgcls_status status;
    empty(fed, feeder->ctx);
    fed->index = feeder->set->count;
    if (feeder->taken >= feeder->count)
        return IMGCLS_OK;
    if (icl_interrupted())
        return icl_fail(feeder->ctx, IMGCLS_INTERRUPTED, "%s: interrupted", path);
    if (feeder->worker_count == 0) {
        struct icl_raw raw;
        size_t index = feeder->plan[feeder->taken++];
        icl_raw_read(feeder->set, feeder->stream, index, &raw);
        status =
            icl_fed_prepare(feeder->ctx, feeder->set, feeder->recipe, index, &raw, fed);
    } else {
        icl_fed_clear(fed);
        status = take(feeder, fed);
    }
    if (status == IMGCLS_OK)
        return status;
    if (status == IMGCLS_INTERRUPTED)
        return icl_fail(feeder->ctx, status, "%s: interrupted", path);
    return icl_fail(feeder->ctx, status, "%s/%s: %s", path,
                    feeder->set->entries[fed->index].file, fed->reason);
}

void icl_feeder_close(struct icl_feeder *feeder)
{
    size_t i;
    if (!feeder)
        return;
    pthread_mutex_lock(&feeder->lock);
    feeder->stopping = true;
    pthread_cond_broadcast(&feeder->space);
    pthread_mutex_unlock(&feeder->lock);
    for (i = 0; i < feeder->running; i++)
        pthread_join(feeder->workers[i].thread, NULL);
    for (i = 0; feeder->slots && i < feeder->slot_count; i++)
        icl_fed_clear(&feeder->slots[i].fed);
    /* After the last tensor: a context outlives what came from it. */
    for (i = 0; feeder->workers && i < feeder->worker_count; i++)
        imgcls_context_destroy(feeder->workers[i].ctx);
    pthread_cond_destroy(&feeder->ready);
    pthread_cond_destroy(&feeder->space);
    pthread_mutex_destroy(&feeder->lock);
    pthread_mutex_destroy(&feeder->reading);
    free(feeder->slots);
    free(feeder->workers);
    free(feeder);
}

/*
 * eval/feeder.c - the pictures of a data set, decoded ahead by several threads, in order
 *
 * Each thread has a context of its own, so that the words about one picture never mix with
 * those about another; tensors are freed through the context they came from.
 *
 * Invariant: claimed - taken <= slots; slot i holds picture number taken <= n < claimed with
 * n % slots == i.
 * Not here: running the model and scoring (evaluate.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/feeder.h"

#include "eval/pictures/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t space, ready;
    size_t claimed, taken;
    bool stopping;
};

void icl_fed_clear(struct icl_fed *fed)
{
    if (fed->tensor)
        icl_free(fed->owner, fed->tensor);
    fed->tensor = NULL;
}

/* Newlines out of a library's words: a reason is one line. */
static void one_line(char *text)
{
    for (; *text; text++)
        if (*text == '\n' || *text == '\r')
            *text = ' ';
}

/* Reads, decodes and preprocesses one picture. Only what concerns the whole evaluation is a
 * status; everything else is the picture's own failure. */
static imgcls_status prepare(const struct icl_feeder *feeder, struct imgcls_context *ctx,
                             size_t index, struct icl_fed *fed)
{
    const char *file = feeder->set->entries[index].file;
    struct icl_picture picture = {0};
    uint8_t *bytes = NULL;
    size_t size;
    imgcls_status status;
    memset(fed, 0, sizeof *fed);
    fed->index = index;
    fed->owner = ctx;
    status = icl_dataset_read(feeder->set, index, &bytes, &size, fed->reason,
                              sizeof fed->reason);
    if (status == IMGCLS_OK)
        status = icl_picture_decode(ctx, file, bytes, size,
                                    icl_recipe_channels(feeder->recipe), &picture, fed->reason,
                                    sizeof fed->reason);
    free(bytes);
    if (status == IMGCLS_OK) {
        fed->orientation = picture.orientation;
        status = icl_preprocess(ctx, feeder->recipe, &picture, &fed->tensor, &fed->width,
                                &fed->height);
        if (status != IMGCLS_OK)
            snprintf(fed->reason, sizeof fed->reason, "%s", imgcls_error(ctx));
    }
    icl_picture_clear(&picture);
    if (status == IMGCLS_OK)
        return status;
    icl_forgive(ctx);
    if (!fed->reason[0])
        snprintf(fed->reason, sizeof fed->reason, "%s", imgcls_status_text(status));
    one_line(fed->reason);
    return status == IMGCLS_NO_MEMORY || status == IMGCLS_INTERRUPTED ? status : IMGCLS_OK;
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct icl_feeder *feeder = worker->feeder;
    pthread_mutex_lock(&feeder->lock);
    for (;;) {
        struct icl_fed fed;
        imgcls_status status;
        struct slot *slot;
        size_t index;
        while (!feeder->stopping && feeder->claimed < feeder->set->count &&
               feeder->claimed - feeder->taken >= feeder->slot_count)
            pthread_cond_wait(&feeder->space, &feeder->lock);
        if (feeder->stopping || feeder->claimed >= feeder->set->count)
            break;
        index = feeder->claimed++;
        pthread_mutex_unlock(&feeder->lock);
        status = icl_interrupted() ? IMGCLS_INTERRUPTED
                                   : prepare(feeder, worker->ctx, index, &fed);
        if (status == IMGCLS_INTERRUPTED)
            memset(&fed, 0, sizeof fed);
        pthread_mutex_lock(&feeder->lock);
        slot = &feeder->slots[index % feeder->slot_count];
        slot->fed = fed;
        slot->status = status;
        slot->ready = true;
        pthread_cond_signal(&feeder->ready);
    }
    pthread_mutex_unlock(&feeder->lock);
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
                              const struct icl_recipe *recipe, int32_t threads, size_t slots,
                              struct icl_feeder **out)
{
    struct icl_feeder *feeder = calloc(1, sizeof *feeder);
    imgcls_status status;
    *out = NULL;
    if (!feeder)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory to read pictures ahead");
    feeder->ctx = ctx;
    feeder->set = set;
    feeder->recipe = recipe;
    feeder->slot_count = slots > 0 ? slots : 1;
    feeder->worker_count = threads > 1 ? (size_t)threads : 0;
    if (feeder->worker_count > set->count)
        feeder->worker_count = set->count > 1 ? set->count : 0;
    pthread_mutex_init(&feeder->lock, NULL);
    pthread_cond_init(&feeder->space, NULL);
    pthread_cond_init(&feeder->ready, NULL);
    feeder->slots = calloc(feeder->slot_count, sizeof *feeder->slots);
    feeder->workers = calloc(feeder->worker_count + 1, sizeof *feeder->workers);
    if (!feeder->slots || !feeder->workers)
        status = icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory to read pictures ahead");
    else
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
    memset(fed, 0, sizeof *fed);
    fed->index = feeder->set->count;
    if (feeder->taken >= feeder->set->count)
        return IMGCLS_OK;
    if (icl_interrupted())
        return icl_fail(feeder->ctx, IMGCLS_INTERRUPTED, "%s: interrupted", path);
    if (feeder->worker_count == 0) {
        status = prepare(feeder, feeder->ctx, feeder->taken, fed);
        feeder->taken++;
    } else {
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
    free(feeder->slots);
    free(feeder->workers);
    free(feeder);
}

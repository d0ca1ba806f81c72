/*
 * eval/feeder.h - the pictures of a data set, decoded ahead by several threads, in order
 *
 * A ring of slots: threads claim the next picture as long as a slot is free, the consumer
 * takes them in the order of the set. Memory is bounded by the number of slots, whatever
 * the size of the set, and what comes out does not depend on the number of threads.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_FEEDER_H
#define ICL_FEEDER_H

#include "eval/datasets/dataset.h"
#include "src/recipe/recipe.h"

#define ICL_REASON_CAPACITY 256

/* One picture's bytes, as read. */
struct icl_raw {
    uint8_t *bytes; /* own: free */
    size_t size;
    imgcls_status status;
    double began; /* when reading began, icl_seconds */
    char reason[ICL_REASON_CAPACITY];
};
/* Reads picture `index`; stream as icl_dataset_read's. */
void icl_raw_read(struct icl_dataset *set, struct icl_place_stream *stream, size_t index,
                  struct icl_raw *raw);
/* Seconds of a clock that only rises. */
double icl_seconds(void);

/* One picture as it comes out. Begins as zeros; one picture after another may go through the same
 * one, whose memory is then used again. */
struct icl_fed {
    size_t index;  /* in the set */
    float *tensor; /* views x channels x height x width, in `room`; NULL: failed */
    int32_t width, height;
    int32_t orientation;              /* EXIF tag, 0: none */
    double seconds;                   /* of reading, decoding and preprocessing */
    char reason[ICL_REASON_CAPACITY]; /* why it failed, one line */
    float *room;                      /* own: icl_fed_clear */
    size_t elements;                  /* that fit there */
    struct imgcls_context *owner;     /* of the room */
};
void icl_fed_clear(struct icl_fed *fed);

struct icl_feeder;

/* Feeds the pictures plan[0..count) of the set, in that order, which is icl_dataset_order's
 * for a set that is a stream. threads 1 decodes on the caller's thread, when asked; more
 * start so many. stream: of a set that is one, else NULL. Borrows set, recipe, plan and
 * stream. Own: icl_feeder_close. */
imgcls_status icl_feeder_open(struct imgcls_context *ctx, struct icl_dataset *set,
                              const struct icl_recipe *recipe, const size_t *plan,
                              size_t count, struct icl_place_stream *stream,
                              int32_t threads, size_t slots, struct icl_feeder **out);
/* Reads (the caller holds whatever a stream needs), decodes and preprocesses one picture.
 * Only what concerns the whole evaluation is a status; all else is the picture's own
 * failure. */
imgcls_status icl_fed_prepare(struct imgcls_context *ctx, struct icl_dataset *set,
                              const struct icl_recipe *recipe, size_t index,
                              struct icl_raw *raw, struct icl_fed *fed);
/* The next picture; index == set->count where there is none left. A picture that failed is
 * IMGCLS_OK with a reason; other statuses end the feeding (memory, interruption). */
imgcls_status icl_feeder_next(struct icl_feeder *feeder, struct icl_fed *fed);
/* Stops the threads, whatever they are doing, and frees what was not taken. */
void icl_feeder_close(struct icl_feeder *feeder);

#endif

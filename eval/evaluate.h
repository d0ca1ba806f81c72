/*
 * eval/evaluate.h - an evaluation as the library keeps it: with every picture's answer
 *
 * The public head is include/imgcls/evaluate.h. The leaderboard reads the rest.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_EVALUATE_H
#define ICL_EVALUATE_H

#include "eval/datasets/dataset.h"
#include "eval/metrics/figures.h"

#include <imgcls/evaluate.h>

#include <pthread.h>

/* What else is known of a picture than its answer. */
struct icl_outcome {
    float milliseconds; /* from reading it to its scores */
    uint8_t done, oriented;
    char *reason; /* own: why it failed; NULL: it did not */
};

struct icl_evaluation {
    struct imgcls_evaluation head; /* first: the public pointer is this one */
    struct icl_dataset *set;       /* own: files and labels, in the answers' order */
    struct icl_answer *answers;    /* set->count of them, as the three below */
    struct icl_outcome *outcomes;
    float (*probabilities)[ICL_ANSWER_TOP];     /* in full */
    struct imgcls_evaluation_failure *failures; /* borrowed from set and outcomes */
    struct icl_figures figures;
    char *recipe, *dataset;
    char sha256[65], manifest[65];
    char started[21];
    int64_t progress_id; /* its row while it goes on; removed with the run's recording; 0:
                            none */
    /* Pictures finished by whatever thread, in the order of finishing. */
    pthread_mutex_t lock; /* guards the three below and head.classes */
    pthread_cond_t news;
    size_t *finished; /* own: set->count long */
    size_t finished_count;
};

/* Marks picture `index` as finished, its answer, probabilities and outcome being in place.
 * reason (copied) NULL: it did not fail. False where memory is out. Thread-safe. */
bool icl_evaluation_finish_picture(struct icl_evaluation *evaluation, size_t index,
                                   double seconds, bool oriented, const char *reason);
/* Takes the model's number of classes; fails where it contradicts. Thread-safe. */
imgcls_status icl_evaluation_settle_classes(struct icl_evaluation *evaluation,
                                            struct imgcls_model *model, int64_t classes);
/* What follows from the answers, into head and figures. IMGCLS_NO_MEMORY. */
imgcls_status icl_evaluation_figures(struct icl_evaluation *evaluation);

/* One finished picture as bytes, appended; own buffer: free. For the progress table and
 * between machines: index, flags, answer, probabilities, hash, milliseconds, reason. */
struct icl_bytes {
    uint8_t *data;
    size_t size, capacity;
};
bool icl_record_append(const struct icl_evaluation *evaluation, size_t index,
                       struct icl_bytes *bytes);
/* Takes in all records; *count of them, their indices in indices (room for set->count; may
 * be NULL). False where the bytes are no records of this set or memory is out. */
bool icl_record_take(struct icl_evaluation *evaluation, const uint8_t *bytes, size_t size,
                     size_t *indices, size_t *count);

/* Writes the predictions of all pictures as design's contract has them. A class or a
 * probability that a picture does not have is an empty field. */
imgcls_status icl_predictions_write(struct imgcls_context *ctx, const char *path,
                                    const struct icl_evaluation *evaluation);

#endif

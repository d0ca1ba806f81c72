/*
 * include/imgcls/evaluate.h - how often is a classifier right on a set of labelled pictures
 *
 * Threads: as the context's; the library decodes with threads of its own inside. Figures,
 * answers and hashes are the same for every number of threads and every batch size.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IMGCLS_EVALUATE_H
#define IMGCLS_EVALUATE_H

#include <imgcls/imgcls.h>

#ifdef __cplusplus
extern "C" {
#endif

struct imgcls_evaluation_options {
    size_t struct_size;
    const char *dataset;     /* folder of class folders */
    const char *layout;      /* how the set is laid out ("folders"); NULL: recognised */
    const char *predictions; /* CSV file to write, see design's contract; NULL: none */
    int64_t batch;           /* pictures a run of the model; 0: chosen */
    int64_t limit;           /* that many pictures, spread evenly over the set; 0: all */
    /* What was recognised, one line a call, before the first picture; may be NULL. */
    void (*note)(void *argument, const char *line);
    /* After each batch; may be NULL. */
    void (*progress)(void *argument, int64_t done, int64_t total);
    /* Once model and data set are found to be in order, before note and the first picture;
     * may be NULL. Other than IMGCLS_OK ends the evaluation with that status: the place to
     * see whether the result can be written. All three are called on the caller's thread. */
    imgcls_status (*ready)(void *argument);
    void *argument;
};

/* A picture without an answer. */
struct imgcls_evaluation_failure {
    const char *file;   /* as in the data set, relative */
    const char *reason; /* one line */
};

/* A rate with its 95 % interval (Wilson), as fractions 0..1. */
struct imgcls_rate {
    double value, low, high;
};

/* One evaluation's figures. Everything is owned by the struct. */
struct imgcls_evaluation {
    size_t struct_size;
    int64_t images;       /* in the denominator: every picture of the set, failed or not */
    int64_t failed;       /* could not be read or decoded: counted as wrong */
    int64_t nan_scores;   /* pictures whose scores held a NaN: counted as wrong */
    int64_t classes;
    int64_t top1_correct;
    int64_t top5_correct; /* -1 where there are 10 classes or fewer */
    struct imgcls_rate top1, top5; /* top5 all 0 where top5_correct is -1 */
    double seconds;       /* from the first read to the last score, wall clock */
    double images_per_second;
    int64_t batch;        /* as used */
    int32_t threads;
    int32_t reserved;
    const char *recipe;   /* canonical preprocessing that was used */
    const char *layout;   /* data set layout that was recognised */
    const char *dataset;  /* as given */
    const char *dataset_sha256; /* over sorted (file, label, file's SHA-256) */
    size_t failure_count;
    const struct imgcls_evaluation_failure *failures; /* in the order of the set */
    const char *started;  /* UTC, ISO 8601 */
    int64_t oriented;     /* pictures whose EXIF tag asks to be turned; they are not */
    /* Milliseconds from a picture's bytes to its answer, half, nine tenths and 99 of 100
     * pictures need no more; 0 where it was not measured. */
    double latency_p50_ms, latency_p90_ms, latency_p99_ms;
    int64_t peak_memory_bytes; /* most memory resident while it ran; 0: not known */
};

/*
 * Evaluates a model on a data set. The model must have a recipe (IMGCLS_BAD_INPUT names the
 * presets) and, where it has class names, as many as classes. *out also on pictures that
 * failed: the caller decides whether that is an error. An interrupted or failed call leaves
 * no predictions file. Own: imgcls_evaluation_destroy.
 */
IMGCLS_API imgcls_status imgcls_evaluate(struct imgcls_model *model,
                                         const struct imgcls_evaluation_options *options,
                                         struct imgcls_evaluation **out);
IMGCLS_API void imgcls_evaluation_destroy(struct imgcls_evaluation *evaluation);

#ifdef __cplusplus
}
#endif

#endif

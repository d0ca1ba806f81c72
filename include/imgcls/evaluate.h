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

struct imgcls_board;

struct imgcls_evaluation_options {
    size_t struct_size;
    const char *dataset;     /* folder, archive or file, see docs/evaluation.md */
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
    const char *truth;    /* file of labels that lies outside the data set; NULL: none */
    int32_t label_base;   /* 1: lists count classes from one, 2: from zero; 0: recognised */
    int32_t classes;      /* 1: compare the scores of all classes, 2: of those with pictures
                             alone; 0: as the layout has it (ImageNet-A and -R: 2) */
    int64_t seed;         /* with shuffle: what it begins with */
    int32_t shuffle;      /* not 0: limit draws pictures, and the order is drawn */
    /* What becomes of an evaluation that was ended before (by the same model, recipe, engine
     * and data set): 0 go on with it where there is one; 1 the same, but refuse where only one
     * of this model or of this data set stands there that does not fit; 2 forget it. */
    int32_t resume;
    /* Where progress is kept, looked at once `ready` returned; *board NULL or board NULL:
     * nowhere. The run that imgcls_board_add_run makes of the evaluation takes its place. */
    struct imgcls_board *const *board;
    int32_t ranks;        /* processes that take part, for the record; 0: one */
    int32_t reserved;
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
    /* Over the stored answers; docs/evaluation.md defines them. */
    int64_t ties;
    double nll;                /* infinite where a label's probability is 0 */
    double ece, mce;
    double class_accuracy, macro_precision, macro_f1;
    const struct imgcls_class_figures *class_figures; /* `classes` of them */
    int64_t skipped;           /* left out: the ground truth has no answer */
    int64_t compared_classes;  /* whose scores were compared */
    int64_t resumed;           /* how often it was ended and went on */
    int32_t ranks;             /* processes that took part */
    int32_t lanes;             /* threads that did whole pictures; 0: one session on all */
    const char *manifest_sha256; /* over (file, label, bytes) */
};

/* One class of an evaluation. Its accuracy (which is its recall) is top1_correct / images, its
 * precision top1_correct / predicted. */
struct imgcls_class_figures {
    int64_t images, top1_correct, top5_correct, predicted;
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

/* Row of the confusion matrix: predicted[k] is how many pictures of class `label` were taken
 * for class k, 0 <= k < classes; predicted[classes]: for none. */
IMGCLS_API imgcls_status imgcls_evaluation_confusion(const struct imgcls_evaluation *evaluation,
                                                     int64_t label, int64_t *predicted);

/* One group of ImageNet-C's pictures: a corruption at a severity. */
struct imgcls_evaluation_group {
    char name[64]; /* "fog/3" */
    int64_t images, top1_correct;
};
/* Groups in order of name; *count 0 where the set has none. Own: free. */
IMGCLS_API imgcls_status imgcls_evaluation_groups(const struct imgcls_evaluation *evaluation,
                                                  struct imgcls_evaluation_group **groups,
                                                  size_t *count);

/*
 * One corruption of ImageNet-C. Error and corruption error are fractions, NaN where a severity
 * has no picture; the corruption error, which is the error in AlexNet's, also where ImageNet-C
 * has no corruption of that name.
 */
struct imgcls_evaluation_corruption {
    char name[64];                      /* "fog" */
    int64_t images[5], top1_correct[5]; /* by severity, the mildest first */
    double error;                       /* mean over the severities */
    double corruption_error;
};
/* Corruptions in order of name; *count 0 where the set has none. *mean: the mean corruption
 * error (mCE), NaN unless all fifteen that it is over are complete. Own: free. */
IMGCLS_API imgcls_status imgcls_evaluation_corruptions(
    const struct imgcls_evaluation *evaluation, struct imgcls_evaluation_corruption **list,
    size_t *count, double *mean);

/* ---- In parts ---------------------------------------------------------------------------*/

/*
 * An evaluation whose pictures are done in parts, by whoever: several processes open a job
 * each on the same model and data set; one claims numbers and hands them out, others work and
 * give back bytes, which the one merges. imgcls_evaluate is open, work on all, finish.
 */
struct imgcls_evaluation_job;
IMGCLS_API imgcls_status imgcls_evaluation_open(struct imgcls_model *model,
                                                const struct imgcls_evaluation_options *options,
                                                struct imgcls_evaluation_job **out);
IMGCLS_API void imgcls_evaluation_close(struct imgcls_evaluation_job *job);
/* What jobs that work together must have in common: hashes of model, recipe, manifest and
 * classes that are compared, the engine. Borrowed from the job. */
IMGCLS_API const char *imgcls_evaluation_key(const struct imgcls_evaluation_job *job);
/* Pictures of the set, and how many of them are finished. */
IMGCLS_API int64_t imgcls_evaluation_total(const struct imgcls_evaluation_job *job);
IMGCLS_API int64_t imgcls_evaluation_done(const struct imgcls_evaluation_job *job);
/* The next pictures to do, at most `most`, neighbours in reading order; their number is
 * returned, 0: all were claimed. */
IMGCLS_API size_t imgcls_evaluation_claim(struct imgcls_evaluation_job *job, size_t most,
                                          int64_t *numbers);
/* Does pictures and gives what came out as bytes, which mean the same to every job with the
 * same key. Own: free. */
IMGCLS_API imgcls_status imgcls_evaluation_work(struct imgcls_evaluation_job *job,
                                                const int64_t *numbers, size_t count,
                                                void **bytes, size_t *size);
/* Takes in what another job worked out, and keeps it as progress. */
IMGCLS_API imgcls_status imgcls_evaluation_merge(struct imgcls_evaluation_job *job,
                                                 const void *bytes, size_t size);
/* Once all are done: the evaluation, as imgcls_evaluate gives it. */
IMGCLS_API imgcls_status imgcls_evaluation_finish(struct imgcls_evaluation_job *job,
                                                  struct imgcls_evaluation **out);

#ifdef __cplusplus
}
#endif

#endif

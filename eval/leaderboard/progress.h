/*
 * eval/leaderboard/progress.h - evaluations under way, kept so that a kill costs a second
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BOARD_PROGRESS_H
#define ICL_BOARD_PROGRESS_H

#include "eval/evaluate.h"
#include "eval/leaderboard/board.h"
#include "src/model/model.h"

/* What must be the same for an evaluation to be gone on with. */
struct icl_progress_key {
    const char *model_sha256, *model_path, *dataset_path, *recipe;
    const char *engine;   /* version and instruction set */
    const char *manifest; /* with the files' times */
};

/* How the evaluation so far is known. */
struct icl_progress {
    int64_t id;
    double seconds;  /* spent before */
    int64_t resumed; /* how often it went on */
    size_t done;     /* pictures found finished */
};

/*
 * Takes up what an ended process left of the same evaluation, into `evaluation`, or begins
 * anew. resume as in imgcls_evaluation_options. An evaluation that another living process
 * works on is left alone.
 */
imgcls_status icl_progress_open(struct imgcls_board *board,
                                const struct icl_progress_key *key, int32_t resume,
                                struct icl_evaluation *evaluation,
                                struct icl_progress *progress);
/* Commits finished pictures; seconds: spent in this process. */
imgcls_status icl_progress_commit(struct imgcls_board *board,
                                  const struct icl_progress *progress,
                                  const struct icl_evaluation *evaluation,
                                  const size_t *indices, size_t count, double seconds);
/* Removes it; within the transaction that records the run. */
imgcls_status icl_progress_remove(struct imgcls_board *board, int64_t id);

#endif

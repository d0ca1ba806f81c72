/*
 * eval/leaderboard/answers.h - a run's stored answers, with files and labels beside them
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BOARD_ANSWERS_H
#define ICL_BOARD_ANSWERS_H

#include "eval/leaderboard/board.h"
#include "eval/metrics/figures.h"

/* The pictures of a data set. Own: icl_pictures_clear. */
struct icl_pictures {
    int64_t dataset; /* its id; 0: none loaded */
    size_t count;
    int32_t *labels;
    struct icl_right *rights; /* with the further right classes, own */
    const char **files; /* NULL where only labels were asked for */
    char *names;        /* own; what the files point into */
};
imgcls_status icl_pictures_load(struct imgcls_board *board, int64_t dataset, bool files,
                                struct icl_pictures *pictures);
void icl_pictures_clear(struct icl_pictures *pictures);

/* The answers of one run; present false where it was recorded without. answers: own, free.
 * Fails where their number is not `count`. */
imgcls_status icl_answers_load(struct imgcls_board *board, int64_t run, size_t count,
                               bool *present, struct icl_answer **answers);

#endif

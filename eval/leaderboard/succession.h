/*
 * eval/leaderboard/succession.h - which runs follow each other
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BOARD_SUCCESSION_H
#define ICL_BOARD_SUCCESSION_H

#include "eval/leaderboard/columns.h"

#define ICL_NO_RUN UINT32_MAX

/* Rows of the columns (0 is the first run). */
struct icl_succession {
    uint32_t now;    /* the newest run of its subject */
    uint32_t before; /* the one that it is held against */
    uint32_t timed;  /* the one that its speed is held against; ICL_NO_RUN: none */
};

/*
 * Runs of one subject (model by name, data set, recipe, precision) follow each other by
 * (recorded_at, run). With `time` not empty the newest run from (time, run) on is held against the
 * newest one before that; else the newest against the one before it. For speed, the same among runs
 * on the same processor, with as many threads and the same batch. In no order. Own: free.
 */
imgcls_status icl_successions_find(struct imgcls_board *board, struct icl_columns *columns,
                                   const char *time, int64_t run, struct icl_succession **out,
                                   size_t *count);

#endif

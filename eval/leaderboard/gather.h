/*
 * eval/leaderboard/gather.h - the rows of a few runs
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BOARD_GATHER_H
#define ICL_BOARD_GATHER_H

#include "eval/leaderboard/select.h"

/* Fills a table without rows whose columns are the view's: a row for each run that was selected.
 * runs: the column "run". */
imgcls_status icl_gather_runs(struct imgcls_board *board, const struct icl_column *runs,
                              const struct icl_selected *selected,
                              struct imgcls_board_rows *rows);

#endif

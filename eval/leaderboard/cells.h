/*
 * eval/leaderboard/cells.h - cells for tables that are made by hand
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BOARD_CELLS_H
#define ICL_BOARD_CELLS_H

#include "eval/metrics/metrics.h"

#include <imgcls/leaderboard.h>

struct imgcls_board_cell icl_cell_integer(int64_t value);
/* NULL below 0. */
struct imgcls_board_cell icl_cell_known(int64_t value);
/* NULL where not finite. */
struct imgcls_board_cell icl_cell_real(double value);
/* NULL where text is NULL; borrowed. */
struct imgcls_board_cell icl_cell_text(const char *text);
/* Probability of the answer's class number `place`, 0..1; 0 where there is none. */
float icl_answer_probability(const struct icl_answer *answer, int place);
/* The same; NULL where there is none. */
struct imgcls_board_cell icl_cell_probability(const struct icl_answer *answer, int place);
/* A column of a statement's row, texts borrowed from it. */
struct sqlite3_stmt;
struct imgcls_board_cell icl_cell_column(struct sqlite3_stmt *statement, int column);

#endif

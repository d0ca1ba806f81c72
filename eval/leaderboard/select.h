/*
 * eval/leaderboard/select.h - which runs, in which order
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BOARD_SELECT_H
#define ICL_BOARD_SELECT_H

#include "eval/leaderboard/columns.h"

/* Rows of the columns (0 is the first run), in the order wished for. Own: free. */
struct icl_selected {
    uint32_t *rows;
    size_t count;
};

/* By wish->where, sort and limit. *out is empty on error. */
imgcls_status icl_select_runs(struct imgcls_board *board, struct icl_columns *columns,
                              const struct imgcls_board_selection *wish,
                              struct icl_selected *out);
/* All runs that pass the conditions, by number. *out owns its rows on error, too. */
imgcls_status icl_filter_runs(struct imgcls_board *board, struct icl_columns *columns,
                              const char *const *where, struct icl_selected *out);
/* The name of the column that `name` is, blanks around it dropped; static. */
imgcls_status icl_select_column(struct imgcls_board *board, const char *name, size_t length,
                                const char **out);

#endif

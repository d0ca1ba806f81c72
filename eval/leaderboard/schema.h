/*
 * eval/leaderboard/schema.h - versions of the leaderboard's tables
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BOARD_SCHEMA_H
#define ICL_BOARD_SCHEMA_H

#include "eval/leaderboard/board.h"

/* One step from a version to the next. */
struct icl_board_version {
    int version; /* after the step */
    const char *sql;
};

/*
 * Brings the open, writable file to the last step's version (steps rise): a copy beside it
 * first (PATH.vN.bak, where there was something to lose), then all missing steps in one
 * transaction. Refuses a foreign database and a newer version.
 */
imgcls_status icl_board_migrate(struct imgcls_board *board,
                                const struct icl_board_version *steps, size_t count);
/* The same with the versions of this library. */
imgcls_status icl_board_settle(struct imgcls_board *board);
/* The same for a copy that is nobody's file, which therefore needs no copy first. */
imgcls_status icl_board_settle_copy(struct imgcls_board *board);
/* The version that this library writes. */
int icl_board_newest(void);
/* For reading: is it a leaderboard, and (*old) does it need icl_board_settle first? */
imgcls_status icl_board_recognise(struct imgcls_board *board, bool *old);

#endif

/*
 * eval/leaderboard/columns.h - columns of the view `leaderboard` over all runs, in memory
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BOARD_COLUMNS_H
#define ICL_BOARD_COLUMNS_H

#include "eval/leaderboard/blocks.h"

struct icl_columns;

/* Where a column of the view comes from: a row of a table, or who names the run (ICL_OF_LATER). */
enum icl_origin {
    ICL_OF_RUNS,
    ICL_OF_MODELS,
    ICL_OF_DATASETS,
    ICL_OF_LABELS,
    ICL_OF_PLUGINS,
    ICL_OF_LATER,
    ICL_ORIGINS
};

/* What runs link to. */
struct icl_origin_table {
    const char *table, *link; /* link: the column of runs that refers to it; NULL: none */
};

/*
 * A set of columns that are loaded when they are asked for; every column then has a value for
 * each run, in the order of the runs' numbers. A transaction for reading must be open from here
 * to icl_columns_close, so that all columns are of one state of the file.
 */
imgcls_status icl_columns_open(struct imgcls_board *board, struct icl_columns **out);
void icl_columns_close(struct icl_columns *columns);
/* How many runs there are. */
size_t icl_columns_count(const struct icl_columns *columns);
/* Whether a column of the view is known here; its spelling, static. */
const char *icl_columns_name(const char *name, size_t length);
/* How many columns are known, and the name of number i: for a test that they are the view's. */
size_t icl_columns_known(void);
const char *icl_columns_known_name(size_t i);
/* Where a column comes from, and what it is called there. `name` as below. */
enum icl_origin icl_columns_origin(const char *name, const char **there);
const struct icl_origin_table *icl_columns_table(enum icl_origin origin);
/* Borrowed until icl_columns_close. `name` is one that icl_columns_name knows. */
imgcls_status icl_columns_get(struct icl_columns *columns, const char *name,
                              const struct icl_column **out);
/* The same for the caller alone, who lets it go when he likes. *out begins zeroed; own:
 * icl_column_clear, on error, too. */
imgcls_status icl_columns_load(struct icl_columns *columns, const char *name,
                               struct icl_column *out);
/*
 * Calls `visit` with a column piece by piece: the values of the runs from number `first` on, in
 * order and without gaps. It is never in memory whole, unless it was loaded, so this is how one
 * looks once at what is not needed again. `wanted`, if any, says whether the runs of a piece are
 * asked for (0 is the first run); pieces that are not, are not read.
 */
struct icl_columns_visitor {
    bool (*wanted)(void *data, size_t first, size_t count);
    imgcls_status (*visit)(void *data, const struct icl_column *piece, size_t first);
    void *data;
};
imgcls_status icl_columns_walk(struct icl_columns *columns, const char *name,
                               const struct icl_columns_visitor *visitor);
/* The values of `count` runs, whose rows (0 is the first run) rise. *out begins zeroed; own:
 * icl_column_clear, on error, too. */
imgcls_status icl_columns_pick(struct imgcls_board *board, struct icl_columns *columns,
                               const char *name, const uint32_t *runs, size_t count,
                               struct icl_column *out);

#endif

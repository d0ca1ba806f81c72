/*
 * programs/leaderboard.h - what the files of imgcls-leaderboard share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LEADERBOARD_H
#define LEADERBOARD_H

#include "programs/command.h"

#include <imgcls/leaderboard.h>

#define CELL_CAPACITY 512

struct job {
    struct command_line line;
    struct imgcls_context *ctx;
    struct imgcls_board *board;
    bool usage;  /* something about the command line was wrong, and was said */
    bool failed; /* the check that was asked for (--strict) */
};

/* -- leaderboard_table.c -- */

/* A cell as text, without control characters. `eyes`: rates in percent, hashes cut, bytes in
 * MB; else in full. */
void cell_text(const char *column, const struct imgcls_board_cell *cell, bool eyes,
               char text[CELL_CAPACITY]);
const struct imgcls_board_cell *cell_at(const struct imgcls_board_rows *rows, size_t row,
                                        size_t column);
/* Index of a column, SIZE_MAX where there is none. */
size_t column_index(const struct imgcls_board_rows *rows, const char *name);
/* An aligned table. On a terminal that shows them: a head in bold, and with EYES the 95 %
 * interval of top1 drawn, where its bounds are among the columns, in the place of these.
 * EYES_FIT: columns for which the terminal has no room are left out, and named below. */
enum table_kind { IN_FULL, EYES, EYES_FIT };
imgcls_status print_table(const struct imgcls_board_rows *rows, enum table_kind kind);
/* Name and value of each column of one row, in groups. */
void print_record(const struct imgcls_board_rows *rows);
imgcls_status print_rows_json(struct job *job, const struct imgcls_board_rows *rows);
/* The table or its JSON, as the line says; `none` on standard error where there is no row. */
imgcls_status print_answer(struct job *job, const struct imgcls_board_rows *rows,
                           const char *none);

/* -- leaderboard_narrow.c -- */

/* Rows with fewer columns; cells' texts are those of the rows. */
struct narrowed {
    struct imgcls_board_rows rows;
    const char **columns;            /* own */
    struct imgcls_board_cell *cells; /* own */
    char left_out[200];              /* names, ", " between them */
};

/* Whether leaving out columns makes the rows fit into `room`: then *out has them. widths as they
 * are shown, negative ones too. *out wants narrowed_clear in any case. */
bool narrow_rows(const struct imgcls_board_rows *rows, const int *widths, int room,
                 struct narrowed *out);
void narrowed_clear(struct narrowed *narrowed);

/* -- leaderboard_runs.c -- */

/* --where and --filter, in order, NULL-ended. Own: free; NULL: no memory. */
const char **conditions_of(const struct command_line *line);
/* The run that a positional names; false after saying that it is none. */
bool run_number(struct job *job, size_t position, int64_t *run);

imgcls_status leaderboard_list(struct job *job);
imgcls_status leaderboard_show(struct job *job);
imgcls_status leaderboard_query(struct job *job);
imgcls_status leaderboard_export(struct job *job);

/* -- leaderboard_compare.c -- */

imgcls_status leaderboard_compare(struct job *job);
imgcls_status leaderboard_disagree(struct job *job);
imgcls_status leaderboard_classes(struct job *job);

/* -- leaderboard_judge.c -- */

imgcls_status leaderboard_pareto(struct job *job);
imgcls_status leaderboard_regressions(struct job *job);
imgcls_status leaderboard_drop(struct job *job);
imgcls_status leaderboard_merge(struct job *job);
imgcls_status leaderboard_import(struct job *job);
imgcls_status leaderboard_check(struct job *job);

#endif

/*
 * programs/eval_outcome.h - what becomes of an evaluation: a row, words or JSON, tables, a verdict
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef EVAL_OUTCOME_H
#define EVAL_OUTCOME_H

#include "programs/eval_options.h"

#include <jansson.h>

#include <imgcls/leaderboard.h>

struct eval_outcome {
    const struct command_line *line;
    const struct eval_options *options;
    struct imgcls_board *board; /* NULL: nothing is recorded */
    json_t *runs;               /* with --json: an array that runs are added to */
    bool failed_check;          /* below the minimum, or failures with --strict */
};

/* Records the evaluation, prints it (with --json: adds it to runs), writes the tables that were
 * asked for, and judges. What goes wrong has been said, or stands in the board's context. */
imgcls_status eval_outcome_take(struct eval_outcome *outcome, const char *path,
                                struct imgcls_model *model,
                                const struct imgcls_evaluation *evaluation);
/* The one object of --json. */
void eval_outcome_print_json(const struct eval_outcome *outcome);

#endif

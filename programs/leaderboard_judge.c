/*
 * programs/leaderboard_judge.c - imgcls-leaderboard: pareto, regressions, drop, check, and what
 * comes in from elsewhere
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/leaderboard.h"

#include <stdlib.h>
#include <string.h>

#define TOLERANCE_PERCENT 10 /* by which a speed may fall before it is told */

imgcls_status leaderboard_pareto(struct job *job)
{
    struct imgcls_board_selection wish = {.struct_size = sizeof wish};
    const char **conditions = conditions_of(&job->line);
    struct imgcls_board_rows *rows = NULL;
    imgcls_status status = IMGCLS_NO_MEMORY;
    if (conditions) {
        wish.where = conditions;
        status = imgcls_board_pareto(job->board, &wish, &rows);
    }
    if (status == IMGCLS_OK)
        status = print_answer(job, rows, "no such run");
    imgcls_board_rows_destroy(rows);
    free(conditions);
    return status;
}

imgcls_status leaderboard_regressions(struct job *job)
{
    struct imgcls_board_rows *rows = NULL;
    double tolerance;
    imgcls_status status;
    if (!command_number(&job->line, "tolerance", 0, 100, TOLERANCE_PERCENT, &tolerance)) {
        job->usage = true;
        return IMGCLS_OK;
    }
    status = imgcls_board_regressions(job->board, command_value(&job->line, "since"),
                                      tolerance / 100, &rows);
    if (status == IMGCLS_OK) {
        job->failed = rows->row_count > 0 && command_value(&job->line, "strict");
        status = print_answer(job, rows, "nothing got worse");
    }
    imgcls_board_rows_destroy(rows);
    return status;
}

imgcls_status leaderboard_drop(struct job *job)
{
    struct imgcls_board_rows *rows = NULL;
    imgcls_status status = imgcls_board_drop(job->board, &rows);
    if (status == IMGCLS_OK)
        status = print_answer(job, rows,
                              "no model of lower precision was measured beside its parent");
    imgcls_board_rows_destroy(rows);
    return status;
}

imgcls_status leaderboard_merge(struct job *job)
{
    const char *other = job->line.positionals[1];
    int64_t added, known;
    imgcls_status status = imgcls_board_merge(job->board, other, &added, &known);
    if (status != IMGCLS_OK)
        return status;
    if (job->line.json)
        printf("{\"added\": %lld, \"known\": %lld}\n", (long long)added, (long long)known);
    else if (!job->line.quiet)
        printf("%s: %lld runs added, %lld were there already\n", other, (long long)added,
               (long long)known);
    return IMGCLS_OK;
}

imgcls_status leaderboard_import(struct job *job)
{
    const char *file = job->line.positionals[1];
    int64_t added;
    imgcls_status status = imgcls_board_import(job->board, file,
                                               command_value(&job->line, "dataset"), &added);
    if (status != IMGCLS_OK)
        return status;
    if (job->line.json)
        printf("{\"added\": %lld}\n", (long long)added);
    else if (!job->line.quiet && added > 0)
        printf("%s: %lld figures of others, in the view `board`\n", file, (long long)added);
    else if (!job->line.quiet)
        printf("%s: nothing new, it was imported before\n", file);
    return IMGCLS_OK;
}

imgcls_status leaderboard_check(struct job *job)
{
    struct imgcls_board_rows *rows;
    int64_t checked, without;
    imgcls_status status = imgcls_board_check(job->board, &checked, &without, &rows);
    if (!rows)
        return status;
    if (job->line.json)
        print_rows_json(job, rows);
    else if (rows->row_count > 0)
        print_table(rows, IN_FULL);
    else
        printf("%lld runs checked, every figure follows from the stored answers\n",
               (long long)(checked - without));
    if (without > 0 && !job->line.json)
        printf("%lld runs have no stored answers to check by\n", (long long)without);
    imgcls_board_rows_destroy(rows);
    return status;
}

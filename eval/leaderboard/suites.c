/*
 * eval/leaderboard/suites.c - runs of a suite become rows
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/board.h"

#include <stdlib.h>

#include "eval/leaderboard/machine.h"
#include "eval/leaderboard/place.h"

static const char run_sql[] =
    "INSERT INTO suite_runs (folder, engine_version, isa, cpu, cases, passed, failed,"
    " unsupported, seconds, recorded_at, recorded_by)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
static const char case_sql[] =
    "INSERT INTO suite_cases (suite_run_id, name, result, compared, operators, reason)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

static imgcls_status add_run(struct imgcls_board *board, const char *folder, double seconds,
                             const struct imgcls_suite_report *report, int64_t *id)
{
    sqlite3_stmt *statement = NULL;
    char cpu[256], user[300], time[21];
    imgcls_status status = icl_board_prepare(board, run_sql, &statement);
    if (status != IMGCLS_OK)
        return status;
    icl_cpu_name(cpu, sizeof cpu);
    icl_machine_user(user, sizeof user);
    icl_board_time(time);
    icl_bind_text(statement, 1, folder);
    icl_bind_text(statement, 2, imgcls_version());
    icl_bind_text(statement, 3, icl_isa_name(board->ctx->isa));
    icl_bind_text(statement, 4, cpu);
    sqlite3_bind_int64(statement, 5, (int64_t)report->count);
    sqlite3_bind_int64(statement, 6, report->passed);
    sqlite3_bind_int64(statement, 7, report->failed);
    sqlite3_bind_int64(statement, 8, report->unsupported);
    sqlite3_bind_double(statement, 9, seconds);
    icl_bind_text(statement, 10, time);
    icl_bind_text(statement, 11, user);
    status = icl_board_step(board, statement, "adding a suite's run");
    *id = sqlite3_last_insert_rowid(board->db);
    sqlite3_finalize(statement);
    return status;
}

static imgcls_status add_cases(struct imgcls_board *board,
                               const struct imgcls_suite_report *report, int64_t id)
{
    static const char *const names[] = {"passed", "failed", "unsupported"};
    sqlite3_stmt *statement = NULL;
    imgcls_status status = icl_board_prepare(board, case_sql, &statement);
    for (size_t i = 0; status == IMGCLS_OK && i < report->count; i++) {
        const struct imgcls_case *row = &report->cases[i];
        sqlite3_bind_int64(statement, 1, id);
        icl_bind_text(statement, 2, row->name);
        icl_bind_text(statement, 3, names[row->result]);
        sqlite3_bind_int64(statement, 4, row->compared != 0);
        icl_bind_text(statement, 5, row->operators);
        icl_bind_text(statement, 6, row->reason[0] ? row->reason : NULL);
        status = icl_board_step(board, statement, "adding a case");
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    return status;
}

imgcls_status imgcls_board_add_suite(struct imgcls_board *board, const char *folder,
                                     double seconds, const struct imgcls_suite_report *report,
                                     int64_t *suite_run_id)
{
    icl_forgive(board->ctx); /* what an earlier call left */
    *suite_run_id = 0;
    char *absolute = icl_absolute_path(folder);
    if (!absolute)
        return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for its path", folder);
    int64_t id = 0;
    imgcls_status status = icl_board_begin(board);
    if (status == IMGCLS_OK) {
        status = add_run(board, absolute, seconds, report, &id);
        if (status == IMGCLS_OK)
            status = add_cases(board, report, id);
        status = icl_board_end(board, status);
    }
    free(absolute);
    if (status == IMGCLS_OK)
        *suite_run_id = id;
    return status;
}

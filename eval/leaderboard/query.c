/*
 * eval/leaderboard/query.c - one statement from outside, that can only read and must end
 *
 * Three fences: an authorizer that lets through reading and nothing else, a clock in SQLite's
 * progress handler, and ceilings on the size of a value and of the result.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/board.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#define RESULT_BYTES_MAX ((size_t)256 << 20)
#define VALUE_BYTES_MAX (64 << 20)
#define STEPS_BETWEEN_LOOKS 10000 /* virtual machine steps: well under a millisecond */

struct deadline {
    struct timespec end;
    bool limited, passed;
};

static int authorize(void *argument, int action, const char *first, const char *second,
                     const char *database, const char *trigger)
{
    /* Pragmas that describe tables and set nothing. */
    static const char *const pragmas[] = {"table_info", "table_xinfo", "table_list",
                                          "index_list", "index_info", "foreign_key_list",
                                          "user_version", "application_id"};
    size_t i;
    (void)argument, (void)database, (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        return second && strcasecmp(second, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_PRAGMA:
        for (i = 0; first && i < sizeof pragmas / sizeof pragmas[0]; i++)
            if (strcasecmp(first, pragmas[i]) == 0)
                /* user_version = 3 would set it */
                return second && strstr(first, "_version") ? SQLITE_DENY
                       : second && strstr(first, "_id")    ? SQLITE_DENY
                                                           : SQLITE_OK;
        return SQLITE_DENY;
    default:
        return SQLITE_DENY;
    }
}

static int look_at_clock(void *argument)
{
    struct deadline *deadline = argument;
    struct timespec now;
    if (icl_interrupted())
        return 1;
    if (!deadline->limited)
        return 0;
    clock_gettime(CLOCK_MONOTONIC, &now);
    deadline->passed = now.tv_sec > deadline->end.tv_sec ||
                       (now.tv_sec == deadline->end.tv_sec &&
                        now.tv_nsec >= deadline->end.tv_nsec);
    return deadline->passed;
}

static void set_deadline(struct deadline *deadline, double seconds)
{
    deadline->limited = seconds > 0 && seconds < 1e9;
    deadline->passed = false;
    clock_gettime(CLOCK_MONOTONIC, &deadline->end);
    if (!deadline->limited)
        return;
    deadline->end.tv_sec += (time_t)seconds;
    deadline->end.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
    if (deadline->end.tv_nsec >= 1000000000) {
        deadline->end.tv_nsec -= 1000000000;
        deadline->end.tv_sec++;
    }
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n;")] == '\0';
}

static imgcls_status refuse(struct imgcls_board *board)
{
    return icl_fail(board->ctx, IMGCLS_BAD_INPUT,
                    "%s: query refused, for it does more than read", board->path);
}

static imgcls_status prepare(struct imgcls_board *board, const char *sql,
                             sqlite3_stmt **statement)
{
    const char *rest = "";
    int code = sqlite3_prepare_v2(board->db, sql, -1, statement, &rest);
    /* A refused function is a plain error whose words alone tell. */
    if (code == SQLITE_AUTH ||
        (code != SQLITE_OK && strstr(sqlite3_errmsg(board->db), "not authorized")))
        return refuse(board);
    if (code == SQLITE_ERROR) {
        char says[200];
        icl_board_words(sqlite3_errmsg(board->db), says, sizeof says);
        return icl_fail(board->ctx, IMGCLS_BAD_INPUT, "%s: query: %s", board->path, says);
    }
    if (code != SQLITE_OK)
        return icl_board_fail(board, code, "preparing the query");
    if (!*statement)
        return icl_fail(board->ctx, IMGCLS_BAD_INPUT, "%s: query: nothing to do", board->path);
    if (!is_blank(rest))
        return icl_fail(board->ctx, IMGCLS_BAD_INPUT,
                        "%s: query: one statement only, found more after it", board->path);
    if (!sqlite3_stmt_readonly(*statement))
        return refuse(board);
    if (sqlite3_column_count(*statement) == 0)
        return icl_fail(board->ctx, IMGCLS_BAD_INPUT, "%s: query: selects nothing",
                        board->path);
    return IMGCLS_OK;
}

imgcls_status imgcls_board_query(struct imgcls_board *board, const char *sql, double seconds,
                                 struct imgcls_board_rows **out)
{
    icl_forgive(board->ctx); /* what an earlier call left */
    struct deadline deadline;
    sqlite3_stmt *statement = NULL;
    imgcls_status status;
    int length;
    *out = NULL;
    set_deadline(&deadline, seconds);
    /* SQLite's own: unlike listings, a query may come back to what it read. */
    sqlite3_exec(board->db, "PRAGMA cache_size = -2000", NULL, NULL, NULL);
    length = sqlite3_limit(board->db, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
    sqlite3_set_authorizer(board->db, authorize, NULL);
    sqlite3_progress_handler(board->db, STEPS_BETWEEN_LOOKS, look_at_clock, &deadline);
    status = prepare(board, sql, &statement);
    if (status == IMGCLS_OK)
        status = icl_board_collect(board, statement, RESULT_BYTES_MAX, out);
    if (status != IMGCLS_OK && deadline.passed) {
        icl_forgive(board->ctx);
        status = icl_fail(board->ctx, IMGCLS_BAD_INPUT,
                          "%s: query stopped after the allowed %g seconds", board->path,
                          seconds);
    }
    sqlite3_finalize(statement);
    sqlite3_progress_handler(board->db, 0, NULL, NULL);
    sqlite3_set_authorizer(board->db, NULL, NULL);
    sqlite3_limit(board->db, SQLITE_LIMIT_LENGTH, length);
    return status;
}

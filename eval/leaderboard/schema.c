/*
 * eval/leaderboard/schema.c - a file becomes a leaderboard of this version, or is refused
 *
 * user_version says which steps a file has been through. Migration copies the file first
 * (SQLite's own backup, consistent while others write), then takes all missing steps in one
 * transaction, so a crash leaves the old version. Not ours: a database without our
 * application_id that already holds something.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char first_version[] =
#include "schemas/leaderboard.sql.h"
    ;

static const char second_version[] =
#include "schemas/leaderboard.2.sql.h"
    ;

static const char third_version[] =
#include "schemas/leaderboard.3.sql.h"
    ;

static const char fourth_version[] =
#include "schemas/leaderboard.4.sql.h"
    ;

static const char fifth_version[] =
#include "schemas/leaderboard.5.sql.h"
    ;

static const char sixth_version[] =
#include "schemas/leaderboard.6.sql.h"
    ;

static const char seventh_version[] =
#include "schemas/leaderboard.7.sql.h"
    ;

static const char eighth_version[] =
#include "schemas/leaderboard.8.sql.h"
    ;

static const char views[] =
#include "schemas/leaderboard.views.sql.h"
    ;

static const struct icl_board_version versions[] = {
    {1, first_version},
    {2, second_version},
    {3, third_version},
    {4, fourth_version},
    {5, fifth_version},
    {6, sixth_version},
    {7, seventh_version},
    {8, eighth_version},
    {8, views}, /* with the newest step, whichever that is */
};

/* What a file says it is. */
struct identity {
    int64_t application, version, objects;
};

static imgcls_status read_identity(struct imgcls_board *board, struct identity *identity)
{
    imgcls_status status =
        icl_board_integer(board, "PRAGMA application_id", 0, &identity->application);
    if (status == IMGCLS_OK)
        status = icl_board_integer(board, "PRAGMA user_version", 0, &identity->version);
    if (status == IMGCLS_OK)
        status = icl_board_integer(board, "SELECT count(*) FROM sqlite_master", 0,
                                   &identity->objects);
    return status;
}

/* The same outside a transaction, from one state of the file: another program may be making
 * it at this moment, and half of that looks like a foreign database. */
static imgcls_status look(struct imgcls_board *board, struct identity *identity)
{
    imgcls_status status = icl_board_execute(board, "BEGIN", "opening it");
    if (status == IMGCLS_OK)
        status = read_identity(board, identity);
    if (!sqlite3_get_autocommit(board->db))
        sqlite3_exec(board->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

static bool is_new(const struct identity *identity)
{
    return identity->application == 0 && identity->version == 0 && identity->objects == 0;
}

static imgcls_status judge(struct imgcls_board *board, const struct identity *identity,
                           int newest)
{
    if (is_new(identity))
        return IMGCLS_OK;
    if (identity->application != ICL_BOARD_APPLICATION_ID)
        return icl_fail(board->ctx, IMGCLS_BAD_INPUT,
                        "%s: an SQLite database, but no leaderboard (application id 0x%08llx, "
                        "a leaderboard has 0x%08x)",
                        board->path, (unsigned long long)identity->application & 0xffffffffu,
                        (unsigned)ICL_BOARD_APPLICATION_ID);
    if (identity->version > newest)
        return icl_fail(board->ctx, IMGCLS_BAD_INPUT,
                        "%s: a leaderboard of version %lld, this program knows up to %d",
                        board->path, (long long)identity->version, newest);
    if (identity->version < 1)
        return icl_fail(board->ctx, IMGCLS_BAD_INPUT,
                        "%s: a leaderboard of version %lld, the first is 1", board->path,
                        (long long)identity->version);
    return IMGCLS_OK;
}

static imgcls_status back_up(struct imgcls_board *board, int64_t version)
{
    imgcls_status status = IMGCLS_OK;
    sqlite3 *copy = NULL;
    sqlite3_backup *backup;
    int code = SQLITE_NOMEM;
    size_t capacity = strlen(board->path) + 32;
    char *path = malloc(capacity);
    if (!path)
        return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory to copy it", board->path);
    snprintf(path, capacity, "%s.v%lld.bak", board->path, (long long)version);
    if (sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) ==
        SQLITE_OK) {
        backup = sqlite3_backup_init(copy, "main", board->db, "main");
        if (backup) {
            do
                code = sqlite3_backup_step(backup, 1024);
            while (code == SQLITE_OK);
            sqlite3_backup_finish(backup);
        } else {
            code = sqlite3_errcode(copy);
        }
    } else if (copy) {
        code = sqlite3_errcode(copy);
    }
    if (code != SQLITE_DONE)
        status = icl_fail(board->ctx, IMGCLS_IO,
                          "%s: not brought to the newest version, for the copy %s could not "
                          "be written: %s",
                          board->path, path, sqlite3_errstr(code));
    sqlite3_close(copy);
    free(path);
    return status;
}

static imgcls_status set_number(struct imgcls_board *board, const char *pragma, int value)
{
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA %s = %d", pragma, value);
    return icl_board_execute(board, sql, "marking it");
}

static imgcls_status take_steps(struct imgcls_board *board,
                                const struct icl_board_version *steps, size_t count)
{
    struct identity now;
    imgcls_status status = icl_board_begin(board);
    size_t i;
    if (status != IMGCLS_OK)
        return status;
    /* Somebody else may have been here between the look and the lock. */
    status = read_identity(board, &now);
    if (status == IMGCLS_OK)
        status = judge(board, &now, steps[count - 1].version);
    for (i = 0; i < count && status == IMGCLS_OK; i++) {
        if (steps[i].version <= now.version)
            continue;
        status = icl_board_execute(board, steps[i].sql, "setting it up");
        if (status == IMGCLS_OK)
            status = set_number(board, "user_version", steps[i].version);
    }
    if (status == IMGCLS_OK && now.application == 0)
        status = set_number(board, "application_id", ICL_BOARD_APPLICATION_ID);
    return icl_board_end(board, status);
}

imgcls_status icl_board_migrate(struct imgcls_board *board,
                                const struct icl_board_version *steps, size_t count)
{
    struct identity identity;
    int newest = steps[count - 1].version;
    imgcls_status status = look(board, &identity);
    if (status == IMGCLS_OK)
        status = judge(board, &identity, newest);
    if (status != IMGCLS_OK || identity.version == newest)
        return status;
    if (!is_new(&identity))
        status = back_up(board, identity.version);
    return status == IMGCLS_OK ? take_steps(board, steps, count) : status;
}

imgcls_status icl_board_settle_copy(struct imgcls_board *board)
{
    struct identity identity;
    imgcls_status status = read_identity(board, &identity);
    if (status == IMGCLS_OK && is_new(&identity))
        return icl_fail(board->ctx, IMGCLS_BAD_INPUT, "%s: empty, no leaderboard",
                        board->path);
    if (status == IMGCLS_OK)
        status = judge(board, &identity, icl_board_newest());
    if (status != IMGCLS_OK || identity.version == icl_board_newest())
        return status;
    return take_steps(board, versions, sizeof versions / sizeof versions[0]);
}

imgcls_status icl_board_settle(struct imgcls_board *board)
{
    return icl_board_migrate(board, versions, sizeof versions / sizeof versions[0]);
}

int icl_board_newest(void)
{
    return versions[sizeof versions / sizeof versions[0] - 1].version;
}

imgcls_status icl_board_recognise(struct imgcls_board *board, bool *old)
{
    struct identity identity;
    int newest = icl_board_newest();
    imgcls_status status = look(board, &identity);
    *old = false;
    if (status == IMGCLS_OK && is_new(&identity))
        return icl_fail(board->ctx, IMGCLS_BAD_INPUT, "%s: empty, no leaderboard",
                        board->path);
    if (status == IMGCLS_OK)
        status = judge(board, &identity, newest);
    *old = status == IMGCLS_OK && identity.version < newest;
    return status;
}

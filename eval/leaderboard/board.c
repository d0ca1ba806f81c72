/*
 * eval/leaderboard/board.c - opening the file, transactions, and what SQLite's codes mean
 *
 * WAL lets readers and the writer pass each other; it needs shared memory, so a file on a
 * network file system keeps the rollback journal instead. busy_timeout does not cover every
 * kind of "busy" (switching to WAL, the last checkpoint of another process), so opening and
 * beginning are repeated for up to a minute.
 *
 * Invariant: a board that was opened is a leaderboard of the newest version.
 * Not here: tables and versions (schema.c), finding the path (place.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/board.h"

#include "eval/leaderboard/blocks.h"
#include "eval/leaderboard/place.h"
#include "eval/leaderboard/schema.h"

#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define BUSY_MS 5000  /* SQLite's own waiting */
#define ROUNDS 12     /* of it: a minute */
#define PAUSE_MS 20   /* where SQLite answers busy without waiting */
#define WORDS_CAPACITY 200

void icl_board_words(const char *says, char *words, size_t capacity)
{
    size_t i;
    for (i = 0; i + 1 < capacity && says[i]; i++)
        words[i] = (unsigned char)says[i] < 0x20 ? ' ' : says[i];
    words[i] = '\0';
}

/* SQLite says SQLITE_FULL of the database and its log, but an I/O error of the index beside
 * them, which is the first to find no room: even readers make it, in steps of 32 KiB. */
static bool is_full(const char *path)
{
    struct statvfs info;
    return statvfs(path, &info) == 0 &&
           (unsigned long long)info.f_bavail * info.f_frsize < 32768;
}

imgcls_status icl_board_fail(struct imgcls_board *board, int code, const char *doing)
{
    char says[WORDS_CAPACITY];
    icl_board_words(board->db ? sqlite3_errmsg(board->db) : sqlite3_errstr(code), says,
                    sizeof says);
    if (icl_interrupted()) /* also the reason why waiting for another program ended */
        return icl_fail(board->ctx, IMGCLS_INTERRUPTED, "%s: interrupted while %s",
                        board->path, doing);
    switch (code & 0xff) {
    case SQLITE_NOTADB:
        return icl_fail(board->ctx, IMGCLS_BAD_INPUT, "%s: not an SQLite database",
                        board->path);
    case SQLITE_CORRUPT:
        return icl_fail(board->ctx, IMGCLS_BAD_INPUT, "%s: damaged while %s: %s", board->path,
                        doing, says);
    case SQLITE_NOMEM:
        return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory while %s", board->path,
                        doing);
    case SQLITE_INTERRUPT: /* by a progress handler, which says why */
        return icl_fail(board->ctx, IMGCLS_BAD_INPUT, "%s: stopped while %s", board->path,
                        doing);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return icl_fail(board->ctx, IMGCLS_IO,
                        "%s: another program has kept it for more than a minute while %s",
                        board->path, doing);
    case SQLITE_FULL:
        return icl_fail(board->ctx, IMGCLS_IO, "%s: disk full while %s", board->path, doing);
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_IOERR:
        if (is_full(board->path))
            return icl_fail(board->ctx, IMGCLS_IO, "%s: disk full while %s", board->path,
                            doing);
        return icl_fail(board->ctx, IMGCLS_IO, "%s: %s while %s", board->path, says, doing);
    default:
        return icl_fail(board->ctx, IMGCLS_BAD_INPUT, "%s: %s while %s", board->path, says,
                        doing);
    }
}

static void pause_for(long milliseconds)
{
    struct timespec wait = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&wait, NULL);
}

/* Whether to try again after `code`: busy (SQLite has waited BUSY_MS, or not at all), the
 * minute is not over since `began`, and nobody asked to stop. Pauses before it says yes. */
static bool is_worth_a_retry(int code, const struct timespec *began)
{
    struct timespec now;
    if ((code & 0xff) != SQLITE_BUSY || icl_interrupted())
        return false;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec - began->tv_sec > ROUNDS * BUSY_MS / 1000)
        return false;
    pause_for(PAUSE_MS);
    return true;
}

static int execute_patiently(sqlite3 *db, const char *sql)
{
    struct timespec began;
    int code;
    clock_gettime(CLOCK_MONOTONIC, &began);
    do
        code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    while (is_worth_a_retry(code, &began));
    return code;
}

/* The first step of a statement that reads, and its preparation, which reads the schema. */
static int read_patiently(sqlite3 *db, const char *sql, sqlite3_stmt **statement)
{
    struct timespec began;
    int code;
    clock_gettime(CLOCK_MONOTONIC, &began);
    do {
        sqlite3_finalize(*statement);
        *statement = NULL;
        code = sqlite3_prepare_v2(db, sql, -1, statement, NULL);
        if (code == SQLITE_OK)
            code = sqlite3_step(*statement);
    } while (is_worth_a_retry(code, &began));
    return code;
}

imgcls_status icl_board_execute(struct imgcls_board *board, const char *sql,
                                const char *doing)
{
    int code = sqlite3_exec(board->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? IMGCLS_OK : icl_board_fail(board, code, doing);
}

imgcls_status icl_board_prepare(struct imgcls_board *board, const char *sql,
                                sqlite3_stmt **out)
{
    int code = sqlite3_prepare_v2(board->db, sql, -1, out, NULL);
    return code == SQLITE_OK ? IMGCLS_OK : icl_board_fail(board, code, "reading its tables");
}

imgcls_status icl_board_integer(struct imgcls_board *board, const char *sql, int64_t absent,
                                int64_t *out)
{
    sqlite3_stmt *statement = NULL;
    imgcls_status status = IMGCLS_OK;
    int code = read_patiently(board->db, sql, &statement);
    *out = absent;
    if (code == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL)
        *out = sqlite3_column_int64(statement, 0);
    else if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = icl_board_fail(board, code, "reading");
    sqlite3_finalize(statement);
    return status;
}

imgcls_status icl_board_step(struct imgcls_board *board, sqlite3_stmt *statement,
                             const char *doing)
{
    int code;
    do
        code = sqlite3_step(statement);
    while (code == SQLITE_ROW);
    return code == SQLITE_DONE ? IMGCLS_OK : icl_board_fail(board, code, doing);
}

imgcls_status icl_board_begin(struct imgcls_board *board)
{
    int code = execute_patiently(board->db, "BEGIN IMMEDIATE");
    return code == SQLITE_OK ? IMGCLS_OK : icl_board_fail(board, code, "beginning to write");
}

imgcls_status icl_board_end(struct imgcls_board *board, imgcls_status status)
{
    if (status == IMGCLS_OK) {
        int code = execute_patiently(board->db, "COMMIT");
        if (code == SQLITE_OK)
            return IMGCLS_OK;
        status = icl_board_fail(board, code, "writing");
    }
    if (!sqlite3_get_autocommit(board->db))
        sqlite3_exec(board->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

int icl_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    return text ? sqlite3_bind_text(statement, index, text, -1, SQLITE_TRANSIENT)
                : sqlite3_bind_null(statement, index);
}

int icl_bind_known(sqlite3_stmt *statement, int index, int64_t value)
{
    return value >= 0 ? sqlite3_bind_int64(statement, index, value)
                      : sqlite3_bind_null(statement, index);
}

void icl_board_time(char text[21])
{
    struct tm parts;
    time_t now = time(NULL);
    memset(text, 0, 21);
    if (gmtime_r(&now, &parts))
        strftime(text, 21, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

/* What every connection needs, before a statement of ours or of the file's schema runs. */
static imgcls_status harden(struct imgcls_board *board)
{
    sqlite3_busy_timeout(board->db, BUSY_MS);
    sqlite3_db_config(board->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(board->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return icl_board_execute(board, "PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON",
                             "opening it");
}

static imgcls_status open_file(struct imgcls_board *board, const char *name, int flags)
{
    int code;
    sqlite3_close(board->db);
    board->db = NULL;
    /* A context belongs to one thread at a time, and so does its board: no locks a column. */
    code = sqlite3_open_v2(name, &board->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (code != SQLITE_OK)
        return icl_board_fail(board, code, "opening it");
    return harden(board);
}

static imgcls_status open_to_write(struct imgcls_board *board)
{
    imgcls_status status =
        open_file(board, board->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    bool remote;
    int code;
    if (status != IMGCLS_OK)
        return status;
    /* SQLite falls back to reading where it may not write: say it now, not after the work. */
    if (sqlite3_db_readonly(board->db, "main") == 1)
        return icl_fail(board->ctx, IMGCLS_IO, "%s: may not be written", board->path);
    /* Look before touching: a foreign database is not to be switched to WAL. */
    status = icl_board_settle(board);
    if (status != IMGCLS_OK)
        return status;
    remote = icl_board_is_remote(board->path);
    if (remote)
        icl_log(board->ctx, IMGCLS_LOG_WARNING,
                "%s: on a network file system, where only one machine at a time may use it",
                board->path);
    code = execute_patiently(board->db, remote ? "PRAGMA journal_mode = DELETE"
                                               : "PRAGMA journal_mode = WAL");
    if (code != SQLITE_OK)
        return icl_board_fail(board, code, "opening it");
    status = icl_board_execute(board, "PRAGMA synchronous = FULL", "opening it");
    if (status == IMGCLS_OK && icl_blocks_pack(board) != IMGCLS_OK && !icl_interrupted())
        icl_forgive(board->ctx); /* listings take longer, that is all */
    return status;
}

/* A leaderboard in a folder that may not be written, or on a disk without room, cannot have
 * WAL's side files: it cannot change either, and "immutable" says so to SQLite. */
static imgcls_status open_unchangeable(struct imgcls_board *board)
{
    char *uri = icl_board_uri(board->path);
    imgcls_status status;
    if (!uri)
        return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory to open it", board->path);
    status = open_file(board, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
    free(uri);
    return status;
}

/* Runs that others than us put there, many at a time, are in no blocks, without which every
 * listing takes long. Whoever finds them packs them, where the file may be written. */
static void pack_for_others(struct imgcls_board *board)
{
    struct imgcls_board writer = {.ctx = board->ctx, .path = board->path, .writable = true};
    int64_t loose;
    if (icl_blocks_loose(board, &loose) == IMGCLS_OK && loose >= ICL_BLOCK_RUNS_LOOSE &&
        access(board->path, W_OK) == 0)
        open_to_write(&writer);
    sqlite3_close(writer.db);
    icl_forgive(board->ctx); /* it is a kindness, no condition */
}

static imgcls_status open_to_read(struct imgcls_board *board)
{
    bool old;
    imgcls_status status;
    if (!icl_board_exists(board->path))
        return icl_fail(board->ctx, IMGCLS_IO,
                        "%s: no such leaderboard; imgcls-convert and imgcls-eval make one",
                        board->path);
    status = open_file(board, board->path, SQLITE_OPEN_READONLY);
    if (status == IMGCLS_OK)
        status = icl_board_recognise(board, &old);
    if (status == IMGCLS_IO &&
        (icl_board_is_shut(board->path) || !icl_board_has_log(board->path))) {
        icl_forgive(board->ctx);
        status = open_unchangeable(board);
        if (status == IMGCLS_OK)
            status = icl_board_recognise(board, &old);
    }
    if (status != IMGCLS_OK)
        return status;
    if (old) /* an older version is brought up first */
        return open_to_write(board);
    pack_for_others(board);
    /* Listings read most pages once; memory that is touched for the first time costs as much as
     * reading them does. */
    return icl_board_execute(board, "PRAGMA cache_size = -400", "opening it");
}

imgcls_status imgcls_board_open(struct imgcls_context *context, const char *path, int32_t mode,
                                struct imgcls_board **out)
{
    icl_forgive(context); /* what an earlier call left */
    struct imgcls_board *board = calloc(1, sizeof *board);
    imgcls_status status;
    *out = NULL;
    if (!board)
        return icl_fail(context, IMGCLS_NO_MEMORY, "no memory for the leaderboard");
    board->ctx = context;
    board->writable = mode == IMGCLS_BOARD_WRITE;
    status = icl_board_place(context, path, board->writable, &board->path);
    if (status == IMGCLS_OK && icl_board_is_folder(board->path)) /* SQLite: an I/O error */
        status = icl_fail(context, IMGCLS_BAD_INPUT, "%s: a folder, not a regular file",
                          board->path);
    if (status == IMGCLS_OK)
        status = board->writable ? open_to_write(board) : open_to_read(board);
    if (status == IMGCLS_OK) {
        *out = board;
        board = NULL;
    }
    imgcls_board_close(board);
    return status;
}

void imgcls_board_close(struct imgcls_board *board)
{
    if (!board)
        return;
    sqlite3_finalize(board->read_answers);
    sqlite3_close(board->db);
    free(board->path);
    free(board->last_path);
    free(board->last_time);
    free(board);
}

const char *imgcls_board_path(const struct imgcls_board *board)
{
    return board->path;
}

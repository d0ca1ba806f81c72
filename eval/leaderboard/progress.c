/*
 * eval/leaderboard/progress.c - evaluations under way, kept so that a kill costs a second
 *
 * A row says what is evaluated and who does it; finished pictures follow in parts, one a
 * commit, as eval/record.c writes them. The row and its parts go away in the transaction
 * that makes the run, so that there is either progress or a run, never both, and nothing is
 * lost between them.
 *
 * An owner is a process by boot, number and start, so that a number given to another
 * process later is not taken for it. Progress of a process on another machine counts as
 * abandoned after ten minutes without a commit.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OWNER_CAPACITY    200
#define ABANDONED_SECONDS 600

/* Start of a process in clock ticks since boot; 0: no such process, or one that ended and
 * that nobody has asked for: where no init reaps orphans, it stays so for good. */
static unsigned long long start_of(long process)
{
    char path[64], text[1024], *after;
    unsigned long long start = 0;
    char state;
    FILE *file;
    size_t size;
    snprintf(path, sizeof path, "/proc/%ld/stat", process);
    file = fopen(path, "r");
    if (!file)
        return 0;
    size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = '\0';
    after = strrchr(text, ')'); /* the name may hold anything */
    if (!after || sscanf(after + 1,
                         " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d "
                         "%*d %*d %*d %*d %*d %llu",
                         &state, &start) != 2 ||
        state == 'Z' || state == 'X')
        return 0;
    return start;
}

/* "boot:process:start" */
static void owner_text(char text[OWNER_CAPACITY])
{
    char boot[64] = "";
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
    if (file) {
        if (!fgets(boot, sizeof boot, file))
            boot[0] = '\0';
        fclose(file);
    }
    boot[strcspn(boot, "\n")] = '\0';
    snprintf(text, OWNER_CAPACITY, "%s:%ld:%llu", boot, (long)getpid(),
             start_of((long)getpid()));
}

/* Is that process still at work? age: seconds since its last commit. */
static bool is_alive(const char *owner, double age)
{
    char own[OWNER_CAPACITY];
    unsigned long long start = 0;
    long process = 0;
    size_t boot = strcspn(owner, ":");
    owner_text(own);
    if (strncmp(own, owner, boot + 1) != 0)
        return age <
               ABANDONED_SECONDS; /* another machine, or this one before it was started */
    if (sscanf(owner + boot, ":%ld:%llu", &process, &start) != 2)
        return false;
    return start != 0 && start_of(process) == start && process != (long)getpid();
}

static imgcls_status run_with_id(struct imgcls_board *board, const char *sql, int64_t id)
{
    sqlite3_stmt *statement = NULL;
    imgcls_status status = icl_board_prepare(board, sql, &statement);
    if (status == IMGCLS_OK) {
        sqlite3_bind_int64(statement, 1, id);
        status = icl_board_step(board, statement, "writing progress");
    }
    sqlite3_finalize(statement);
    return status;
}

imgcls_status icl_progress_remove(struct imgcls_board *board, int64_t id)
{
    return run_with_id(board, "DELETE FROM progress WHERE id = ?1", id);
}

/* ---- Finding what was left
 * --------------------------------------------------------------*/

/* A row as found. */
struct row {
    int64_t id, resumed;
    double seconds;
    char started[21];
    char differs[128]; /* in what; "" where it fits */
};

static void compare(struct row *row, const char *what, const char *found,
                    const char *wanted)
{
    size_t used = strlen(row->differs);
    if (!found || strcmp(found, wanted) != 0)
        snprintf(row->differs + used, sizeof row->differs - used, "%s%s", used ? ", " : "",
                 what);
}

/* The newest abandoned row that fits entirely, or else of this model or of this data set: by path,
 * too, for what lies there may have changed. */
static imgcls_status find_rows(struct imgcls_board *board,
                               const struct icl_progress_key *key, struct row *fits,
                               struct row *differs)
{
    sqlite3_stmt *statement = NULL;
    imgcls_status status = icl_board_prepare(
        board,
        "SELECT id, resumed, seconds, started_at, owner,"
        " (julianday('now') - julianday(updated_at)) * 86400,"
        " model_sha256, recipe, engine, manifest_sha256"
        " FROM progress WHERE model_sha256 = ?1 OR model_path = ?2 OR dataset_path = ?3"
        " ORDER BY id",
        &statement);
    int code;
    memset(fits, 0, sizeof *fits);
    memset(differs, 0, sizeof *differs);
    if (status != IMGCLS_OK)
        return status;
    icl_bind_text(statement, 1, key->model_sha256);
    icl_bind_text(statement, 2, key->model_path);
    icl_bind_text(statement, 3, key->dataset_path);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct row row = {.id = sqlite3_column_int64(statement, 0),
                          .resumed = sqlite3_column_int64(statement, 1),
                          .seconds = sqlite3_column_double(statement, 2)};
        const char *text[10];
        int i;
        for (i = 3; i < 10; i++)
            text[i] = i == 5 ? NULL : (const char *)sqlite3_column_text(statement, i);
        if (is_alive(text[4] ? text[4] : "", sqlite3_column_double(statement, 5)))
            continue;
        snprintf(row.started, sizeof row.started, "%s", text[3] ? text[3] : "");
        compare(&row, "model", text[6], key->model_sha256);
        compare(&row, "recipe", text[7], key->recipe);
        compare(&row, "engine", text[8], key->engine);
        compare(&row, "data set", text[9], key->manifest);
        if (!row.differs[0])
            *fits = row;
        else
            *differs = row;
    }
    if (code != SQLITE_DONE)
        status = icl_board_fail(board, code, "reading progress");
    sqlite3_finalize(statement);
    return status;
}

/* All parts of a row into the evaluation. */
static imgcls_status take_parts(struct imgcls_board *board, int64_t id,
                                struct icl_evaluation *evaluation)
{
    sqlite3_stmt *statement = NULL;
    imgcls_status status = icl_board_prepare(
        board, "SELECT bytes FROM progress_parts WHERE progress_id = ?1 ORDER BY id",
        &statement);
    int code;
    if (status != IMGCLS_OK)
        return status;
    sqlite3_bind_int64(statement, 1, id);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        size_t count;
        if (!icl_record_take(evaluation, sqlite3_column_blob(statement, 0),
                             (size_t)sqlite3_column_bytes(statement, 0), NULL, &count)) {
            sqlite3_finalize(statement);
            return icl_fail(board->ctx, IMGCLS_BAD_INPUT,
                            "%s: progress %lld is no record of this data set; --no-resume "
                            "begins anew",
                            board->path, (long long)id);
        }
    }
    if (code != SQLITE_DONE)
        status = icl_board_fail(board, code, "reading progress");
    sqlite3_finalize(statement);
    return status;
}

static imgcls_status take_over(struct imgcls_board *board, const struct row *row,
                               struct icl_evaluation *evaluation)
{
    char owner[OWNER_CAPACITY], time[21];
    sqlite3_stmt *statement = NULL;
    imgcls_status status = icl_board_prepare(board,
                                             "UPDATE progress SET owner = ?2, resumed = "
                                             "resumed + 1, updated_at = ?3 WHERE id = ?1",
                                             &statement);
    if (status == IMGCLS_OK) {
        owner_text(owner);
        icl_board_time(time);
        sqlite3_bind_int64(statement, 1, row->id);
        icl_bind_text(statement, 2, owner);
        icl_bind_text(statement, 3, time);
        status = icl_board_step(board, statement, "writing progress");
    }
    sqlite3_finalize(statement);
    memcpy(evaluation->started, row->started, sizeof evaluation->started);
    return status == IMGCLS_OK ? take_parts(board, row->id, evaluation) : status;
}

static imgcls_status begin_anew(struct imgcls_board *board,
                                const struct icl_progress_key *key,
                                const struct icl_evaluation *evaluation, int64_t *id)
{
    char owner[OWNER_CAPACITY], time[21];
    sqlite3_stmt *statement = NULL;
    imgcls_status status = icl_board_prepare(
        board,
        "INSERT INTO progress (model_sha256, model_path, dataset_path, recipe, engine,"
        " manifest_sha256, images, owner, seconds, resumed, oriented, started_at, "
        "updated_at)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, 0, ?9, ?10)",
        &statement);
    if (status != IMGCLS_OK)
        return status;
    owner_text(owner);
    icl_board_time(time);
    icl_bind_text(statement, 1, key->model_sha256);
    icl_bind_text(statement, 2, key->model_path);
    icl_bind_text(statement, 3, key->dataset_path);
    icl_bind_text(statement, 4, key->recipe);
    icl_bind_text(statement, 5, key->engine);
    icl_bind_text(statement, 6, key->manifest);
    sqlite3_bind_int64(statement, 7, (int64_t)evaluation->set->count);
    icl_bind_text(statement, 8, owner);
    icl_bind_text(statement, 9, evaluation->started);
    icl_bind_text(statement, 10, time);
    status = icl_board_step(board, statement, "writing progress");
    *id = sqlite3_last_insert_rowid(board->db);
    sqlite3_finalize(statement);
    return status;
}

imgcls_status icl_progress_open(struct imgcls_board *board,
                                const struct icl_progress_key *key, int32_t resume,
                                struct icl_evaluation *evaluation,
                                struct icl_progress *progress)
{
    struct row fits, differs;
    imgcls_status status = icl_board_begin(board);
    size_t i;
    memset(progress, 0, sizeof *progress);
    if (status != IMGCLS_OK)
        return status;
    status = find_rows(board, key, &fits, &differs);
    if (status == IMGCLS_OK && resume == 1 && fits.id == 0 && differs.id != 0)
        status =
            icl_fail(board->ctx, IMGCLS_BAD_INPUT,
                     "%s: the evaluation that was begun at %s cannot be gone on with: %s differs; "
                     "without --resume it is left alone",
                     key->model_path, differs.started, differs.differs);
    if (status == IMGCLS_OK && resume == 2 && fits.id != 0) {
        status = icl_progress_remove(board, fits.id);
        fits.id = 0;
    }
    if (status == IMGCLS_OK && fits.id != 0) {
        progress->id = fits.id;
        progress->seconds = fits.seconds;
        progress->resumed = fits.resumed + 1;
        status = take_over(board, &fits, evaluation);
    } else if (status == IMGCLS_OK) {
        status = begin_anew(board, key, evaluation, &progress->id);
    }
    for (i = 0; i < evaluation->set->count && status == IMGCLS_OK; i++)
        progress->done += evaluation->outcomes[i].done;
    return icl_board_end(board, status);
}

imgcls_status icl_progress_commit(struct imgcls_board *board,
                                  const struct icl_progress *progress,
                                  const struct icl_evaluation *evaluation,
                                  const size_t *indices, size_t count, double seconds)
{
    struct icl_bytes bytes = {0};
    sqlite3_stmt *part = NULL, *row = NULL;
    char time[21];
    imgcls_status status = IMGCLS_OK;
    size_t i;
    for (i = 0; i < count && status == IMGCLS_OK; i++)
        if (!icl_record_append(evaluation, indices[i], &bytes))
            status = icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for progress",
                              board->path);
    if (status == IMGCLS_OK)
        status = icl_board_begin(board);
    if (status != IMGCLS_OK) {
        free(bytes.data);
        return status;
    }
    status = icl_board_prepare(
        board, "INSERT INTO progress_parts (progress_id, bytes) VALUES (?1, ?2)", &part);
    if (status == IMGCLS_OK)
        status = icl_board_prepare(
            board, "UPDATE progress SET seconds = ?2, updated_at = ?3 WHERE id = ?1", &row);
    if (status == IMGCLS_OK) {
        icl_board_time(time);
        sqlite3_bind_int64(part, 1, progress->id);
        sqlite3_bind_blob64(part, 2, bytes.data, bytes.size, SQLITE_STATIC);
        status = icl_board_step(board, part, "writing progress");
        sqlite3_bind_int64(row, 1, progress->id);
        sqlite3_bind_double(row, 2, progress->seconds + seconds);
        icl_bind_text(row, 3, time);
    }
    if (status == IMGCLS_OK)
        status = icl_board_step(board, row, "writing progress");
    sqlite3_finalize(part);
    sqlite3_finalize(row);
    status = icl_board_end(board, status);
    free(bytes.data);
    return status;
}

/*
 * eval/leaderboard/merge.c - takes over what another leaderboard has and this one has not
 *
 * The other file is copied into a temporary database first (SQLite's backup, consistent while
 * others write), checked and brought to this version there, so that it is never changed and
 * cannot change under us. Then everything goes over in one transaction: what has a hash or a
 * uid is found by it, numbers are given anew. Columns and tables are looked up in our schema,
 * so one that a later version adds goes along: a table with a column run_id belongs to runs,
 * one with dataset_id to data sets. What is only progress stays behind.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/board.h"

#include "eval/leaderboard/place.h"
#include "eval/leaderboard/schema.h"
#include "eval/leaderboard/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Columns of a table in our schema, comma-separated, without some: "a, b, c". */
static imgcls_status columns_of(struct imgcls_board *board, const char *table,
                                const char *const *without, const char *prefix,
                                struct icl_text *out)
{
    sqlite3_stmt *statement = NULL;
    imgcls_status status =
        icl_board_prepare(board, "SELECT name FROM pragma_table_info(?1)", &statement);
    bool first = out->length == 0;
    int code;
    if (status != IMGCLS_OK)
        return status;
    icl_bind_text(statement, 1, table);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        const char *const *p = without;
        while (*p && name && strcmp(*p, name) != 0)
            p++;
        if (*p || !name)
            continue;
        icl_text_format(out, "%s%s%s", first ? "" : ", ", prefix, name);
        first = false;
    }
    if (code != SQLITE_DONE)
        status = icl_board_fail(board, code, "reading its columns");
    sqlite3_finalize(statement);
    return status;
}

/* Runs one composed statement; run > 0 is bound as ?1, the other file's name as ?2. */
static imgcls_status run_text(struct imgcls_board *board, struct icl_text *sql, int64_t run,
                              const char *other)
{
    sqlite3_stmt *statement = NULL;
    imgcls_status status =
        sql->failed ? icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory to merge",
                               board->path)
                    : icl_board_prepare(board, sql->bytes, &statement);
    if (status == IMGCLS_OK) {
        int count = sqlite3_bind_parameter_count(statement);
        if (count >= 1)
            sqlite3_bind_int64(statement, 1, run);
        if (count >= 2)
            icl_bind_text(statement, 2, other);
        status = icl_board_step(board, statement, "merging");
    }
    sqlite3_finalize(statement);
    icl_text_clear(sql);
    return status;
}

/* ---- The other file ---------------------------------------------------------------------*/

static imgcls_status copy_database(struct imgcls_board *board, sqlite3 *to, const char *schema,
                                   sqlite3 *from, const char *other)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, schema, from, "main");
    int code = backup ? SQLITE_OK : sqlite3_errcode(to);
    while (backup && (code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED)) {
        code = sqlite3_backup_step(backup, 1024);
        if (icl_interrupted())
            break;
        if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
            sqlite3_sleep(20);
    }
    sqlite3_backup_finish(backup);
    if (icl_interrupted())
        return icl_fail(board->ctx, IMGCLS_INTERRUPTED, "%s: interrupted", other);
    return code == SQLITE_DONE ? IMGCLS_OK
                               : icl_fail(board->ctx,
                                          (code & 0xff) == SQLITE_NOTADB ||
                                                  (code & 0xff) == SQLITE_CORRUPT
                                              ? IMGCLS_BAD_INPUT
                                              : IMGCLS_IO,
                                          "%s: cannot be copied to be merged: %s", other,
                                          sqlite3_errstr(code));
}

static imgcls_status check_copy(struct imgcls_board *copy)
{
    sqlite3_stmt *statement = NULL;
    imgcls_status status = icl_board_prepare(copy, "PRAGMA integrity_check(1)", &statement);
    const char *says = "no answer";
    char words[200];
    if (status != IMGCLS_OK)
        return status;
    if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0))
        says = (const char *)sqlite3_column_text(statement, 0);
    icl_board_words(says, words, sizeof words);
    if (strcmp(words, "ok") != 0)
        status = icl_fail(copy->ctx, IMGCLS_BAD_INPUT, "%s: damaged: %s", copy->path, words);
    sqlite3_finalize(statement);
    return status;
}

/* Opens the other file, copies it into `copy` (a board without a file of its own), checks it
 * and brings it to our version. */
static imgcls_status take_copy(struct imgcls_board *board, const char *other,
                               struct imgcls_board *copy)
{
    sqlite3 *from = NULL;
    char *uri = NULL;
    int code = sqlite3_open_v2("", &copy->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    imgcls_status status =
        code == SQLITE_OK ? IMGCLS_OK : icl_board_fail(copy, code, "opening a copy");
    if (status != IMGCLS_OK)
        return status;
    code = sqlite3_open_v2(other, &from, SQLITE_OPEN_READONLY, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(from, "SELECT count(*) FROM sqlite_master", NULL, NULL, NULL);
    if (code != SQLITE_OK && icl_board_is_shut(other) && (uri = icl_board_uri(other))) {
        sqlite3_close(from); /* no side files can be made there */
        from = NULL;
        code = sqlite3_open_v2(uri, &from, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
    }
    if (from)
        sqlite3_busy_timeout(from, 5000);
    status = code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY
                 ? copy_database(board, copy->db, "main", from, other)
                 : icl_fail(board->ctx,
                            (code & 0xff) == SQLITE_CANTOPEN ? IMGCLS_IO : IMGCLS_BAD_INPUT,
                            "%s: %s", other, sqlite3_errstr(code));
    sqlite3_close(from);
    free(uri);
    sqlite3_db_config(copy->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(copy->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (status == IMGCLS_OK)
        status = icl_board_settle_copy(copy);
    return status == IMGCLS_OK ? check_copy(copy) : status;
}

/* Every table of ours is a table there, and no view that could answer as it likes. */
static imgcls_status check_tables(struct imgcls_board *board, const char *other)
{
    int64_t missing = 0;
    imgcls_status status = icl_board_integer(
        board,
        "SELECT count(*) FROM main.sqlite_master AS ours WHERE ours.type = 'table' AND NOT"
        " EXISTS (SELECT 1 FROM other.sqlite_master AS theirs WHERE theirs.type = 'table' AND"
        " theirs.name = ours.name AND theirs.sql = ours.sql)"
        " AND ours.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
        0, &missing);
    if (status == IMGCLS_OK && missing > 0)
        status = icl_fail(board->ctx, IMGCLS_BAD_INPUT,
                          "%s: %lld of its tables are not as a leaderboard's are", other,
                          (long long)missing);
    return status;
}

/* ---- Rows that have a hash --------------------------------------------------------------*/

static imgcls_status add_hashed(struct imgcls_board *board, const char *table)
{
    static const char *const without[] = {"id", NULL};
    struct icl_text columns = {0}, sql = {0};
    imgcls_status status = columns_of(board, table, without, "", &columns);
    if (status == IMGCLS_OK && !columns.failed)
        icl_text_format(&sql,
                        "INSERT INTO main.%s (%s) SELECT %s FROM other.%s AS o WHERE o.sha256 "
                        "NOT IN (SELECT sha256 FROM main.%s) ORDER BY o.id",
                        table, columns.bytes, columns.bytes, table, table);
    sql.failed = sql.failed || columns.failed;
    icl_text_clear(&columns);
    return status == IMGCLS_OK ? run_text(board, &sql, 0, NULL) : status;
}

/* Rows of `table` that belong to one of `parent` by the column `key`, where ours has none. */
static imgcls_status add_parts(struct imgcls_board *board, const char *table,
                               const char *parent, const char *key)
{
    const char *const without[] = {"id", key, NULL};
    struct icl_text columns = {0}, theirs = {0}, sql = {0};
    imgcls_status status = columns_of(board, table, without, "", &columns);
    if (status == IMGCLS_OK)
        status = columns_of(board, table, without, "part.", &theirs);
    if (status == IMGCLS_OK && !columns.failed && !theirs.failed)
        icl_text_format(
            &sql,
            "INSERT INTO main.%s (%s, %s) SELECT ours.id, %s FROM other.%s AS part"
            " JOIN other.%s AS o ON o.id = part.%s JOIN main.%s AS ours ON ours.sha256 ="
            " o.sha256 WHERE ours.id NOT IN (SELECT DISTINCT %s FROM main.%s)",
            table, key, columns.bytes, theirs.bytes, table, parent, key, parent, key, table);
    sql.failed = sql.failed || columns.failed || theirs.failed;
    icl_text_clear(&columns);
    icl_text_clear(&theirs);
    return status == IMGCLS_OK ? run_text(board, &sql, 0, NULL) : status;
}

/* What the models here did not know and those there do. */
static imgcls_status complete_models(struct imgcls_board *board)
{
    static const char *const known[] = {"weights_sha256", "parameters", "macs", "nodes",
                                        "classes", "recipe", "graph_sha256", "bytes", "opset",
                                        "producer", "weights_type", "parent_sha256"};
    struct icl_text sql = {0};
    size_t i;
    icl_text_format(&sql, "UPDATE main.models SET ");
    for (i = 0; i < sizeof known / sizeof known[0]; i++)
        icl_text_format(&sql, "%s%s = coalesce(models.%s, o.%s)", i ? ", " : "", known[i],
                        known[i], known[i]);
    icl_text_format(&sql, " FROM other.models AS o WHERE o.sha256 = models.sha256");
    return run_text(board, &sql, 0, NULL);
}

/* ---- Runs -------------------------------------------------------------------------------*/

/* The statement that copies run ?1, with links to rows of ours. */
static imgcls_status compose_run(struct imgcls_board *board, struct icl_text *sql)
{
    static const char *const linked[] = {"id", "model_id", "dataset_id", "label_space_id",
                                         "plugin_set_id", "supersedes", "reproduces", "origin",
                                         NULL};
    struct icl_text columns = {0}, theirs = {0};
    imgcls_status status = columns_of(board, "runs", linked, "", &columns);
    if (status == IMGCLS_OK)
        status = columns_of(board, "runs", linked, "o.", &theirs);
    if (status == IMGCLS_OK && !columns.failed && !theirs.failed)
        icl_text_format(
            sql,
            "INSERT INTO main.runs (model_id, dataset_id, label_space_id, plugin_set_id,"
            " supersedes, reproduces, origin, %s) SELECT"
            " (SELECT a.id FROM main.models a JOIN other.models b ON a.sha256 = b.sha256"
            "  WHERE b.id = o.model_id),"
            " (SELECT a.id FROM main.datasets a JOIN other.datasets b ON a.sha256 = b.sha256"
            "  WHERE b.id = o.dataset_id),"
            " (SELECT a.id FROM main.label_spaces a JOIN other.label_spaces b ON a.sha256 ="
            "  b.sha256 WHERE b.id = o.label_space_id),"
            " (SELECT a.id FROM main.plugin_sets a JOIN other.plugin_sets b ON a.sha256 ="
            "  b.sha256 WHERE b.id = o.plugin_set_id),"
            " (SELECT a.id FROM main.runs a JOIN other.runs b ON a.uid = b.uid"
            "  WHERE b.id = o.supersedes),"
            " (SELECT a.id FROM main.runs a JOIN other.runs b ON a.uid = b.uid"
            "  WHERE b.id = o.reproduces),"
            " coalesce(o.origin, ?2), %s FROM other.runs AS o WHERE o.id = ?1",
            columns.bytes, theirs.bytes);
    sql->failed = sql->failed || columns.failed || theirs.failed;
    icl_text_clear(&columns);
    icl_text_clear(&theirs);
    return status;
}

/* Statements that copy what belongs to run ?1 there to run ?2 here: one a table that has a
 * column run_id. */
struct parts {
    sqlite3_stmt *statements[16];
    size_t count;
};

static imgcls_status compose_part(struct imgcls_board *board, const char *table,
                                  struct parts *parts)
{
    static const char *const without[] = {"run_id", NULL};
    struct icl_text columns = {0}, sql = {0};
    imgcls_status status = columns_of(board, table, without, "", &columns);
    if (parts->count == sizeof parts->statements / sizeof parts->statements[0])
        status = icl_fail(board->ctx, IMGCLS_UNSUPPORTED, "%s: more tables than expected",
                          board->path);
    if (status == IMGCLS_OK)
        icl_text_format(&sql,
                        "INSERT INTO main.%s (run_id, %s) SELECT ?2, %s FROM other.%s "
                        "WHERE run_id = ?1",
                        table, columns.bytes ? columns.bytes : "",
                        columns.bytes ? columns.bytes : "", table);
    if (status == IMGCLS_OK && (sql.failed || columns.failed))
        status = icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory to merge", board->path);
    if (status == IMGCLS_OK)
        status = icl_board_prepare(board, sql.bytes, &parts->statements[parts->count]);
    if (status == IMGCLS_OK)
        parts->count++;
    icl_text_clear(&columns);
    icl_text_clear(&sql);
    return status;
}

static imgcls_status compose_parts(struct imgcls_board *board, struct parts *parts)
{
    sqlite3_stmt *tables = NULL;
    imgcls_status status = icl_board_prepare(
        board,
        "SELECT m.name FROM main.sqlite_master AS m, pragma_table_info(m.name) AS c"
        " WHERE m.type = 'table' AND c.name = 'run_id' ORDER BY m.name",
        &tables);
    int code = SQLITE_DONE;
    while (status == IMGCLS_OK && (code = sqlite3_step(tables)) == SQLITE_ROW)
        status = compose_part(board, (const char *)sqlite3_column_text(tables, 0), parts);
    if (status == IMGCLS_OK && code != SQLITE_DONE)
        status = icl_board_fail(board, code, "reading its tables");
    sqlite3_finalize(tables);
    return status;
}

static imgcls_status copy_run(struct imgcls_board *board, sqlite3_stmt *insert,
                              struct parts *parts, int64_t run, const char *other)
{
    imgcls_status status;
    int64_t id;
    size_t i;
    sqlite3_bind_int64(insert, 1, run);
    icl_bind_text(insert, 2, other);
    status = icl_board_step(board, insert, "merging a run");
    sqlite3_reset(insert);
    id = sqlite3_last_insert_rowid(board->db);
    for (i = 0; i < parts->count && status == IMGCLS_OK; i++) {
        sqlite3_bind_int64(parts->statements[i], 1, run);
        sqlite3_bind_int64(parts->statements[i], 2, id);
        status = icl_board_step(board, parts->statements[i], "merging a run");
        sqlite3_reset(parts->statements[i]);
    }
    return status;
}

/* In the order of their numbers there, so that what a run supersedes is here before it. */
static imgcls_status add_runs(struct imgcls_board *board, const char *other, int64_t *added)
{
    struct parts parts = {.count = 0};
    struct icl_text sql = {0};
    sqlite3_stmt *insert = NULL, *missing = NULL;
    imgcls_status status = compose_run(board, &sql);
    int code = SQLITE_DONE;
    size_t i;
    if (status == IMGCLS_OK && sql.failed)
        status = icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory to merge", board->path);
    if (status == IMGCLS_OK)
        status = icl_board_prepare(board, sql.bytes, &insert);
    if (status == IMGCLS_OK)
        status = compose_parts(board, &parts);
    if (status == IMGCLS_OK)
        status = icl_board_prepare(board,
                                   "SELECT o.id FROM other.runs AS o LEFT JOIN main.runs AS m"
                                   " ON m.uid = o.uid WHERE m.id IS NULL ORDER BY o.id",
                                   &missing);
    /* The temporary table of an ORDER BY would be filled before the first row: it is a walk
     * over other.runs, which nothing here changes. */
    while (status == IMGCLS_OK && (code = sqlite3_step(missing)) == SQLITE_ROW) {
        if (icl_interrupted())
            status = icl_fail(board->ctx, IMGCLS_INTERRUPTED, "%s: interrupted", board->path);
        else
            status = copy_run(board, insert, &parts, sqlite3_column_int64(missing, 0), other);
        *added += status == IMGCLS_OK;
    }
    if (status == IMGCLS_OK && code != SQLITE_DONE)
        status = icl_board_fail(board, code, "reading runs");
    sqlite3_finalize(missing);
    sqlite3_finalize(insert);
    for (i = 0; i < parts.count; i++)
        sqlite3_finalize(parts.statements[i]);
    icl_text_clear(&sql);
    return status;
}

/* ---- Runs of suites
 * ----------------------------------------------------------------------*/

/* They carry neither hash nor uid; but time, machine, user and seconds to the last bit are
 * enough to know one again. Adds to *added, and to *all how many there are. */
static imgcls_status add_suites(struct imgcls_board *board, int64_t *added, int64_t *all)
{
    static const char *const id[] = {"id", NULL}, *const run[] = {"suite_run_id", NULL};
    struct icl_text plain = {0}, here = {0}, there = {0}, cases = {0}, theirs = {0},
                    sql = {0};
    int64_t before = 0, after = 0, count = 0;
    imgcls_status status = columns_of(board, "suite_runs", id, "", &plain);
    if (status == IMGCLS_OK)
        status = columns_of(board, "suite_runs", id, "ours.", &here);
    if (status == IMGCLS_OK)
        status = columns_of(board, "suite_runs", id, "o.", &there);
    if (status == IMGCLS_OK)
        status = columns_of(board, "suite_cases", run, "", &cases);
    if (status == IMGCLS_OK)
        status = columns_of(board, "suite_cases", run, "part.", &theirs);
    if (status == IMGCLS_OK &&
        (plain.failed || here.failed || there.failed || cases.failed || theirs.failed))
        status =
            icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory to merge", board->path);
    if (status == IMGCLS_OK)
        status = icl_board_integer(board, "SELECT count(*) FROM main.suite_runs", 0, &before);
    if (status == IMGCLS_OK) {
        icl_text_format(&sql,
                        "INSERT INTO main.suite_runs (%s) SELECT %s FROM other.suite_runs AS o"
                        " WHERE NOT EXISTS (SELECT 1 FROM main.suite_runs AS ours WHERE (%s) IS"
                        " (%s)) ORDER BY o.id",
                        plain.bytes, there.bytes, here.bytes, there.bytes);
        status = run_text(board, &sql, 0, NULL);
    }
    if (status == IMGCLS_OK) {
        icl_text_format(&sql,
                        "INSERT INTO main.suite_cases (suite_run_id, %s) SELECT ours.id, %s"
                        " FROM other.suite_cases AS part JOIN other.suite_runs AS o ON o.id ="
                        " part.suite_run_id JOIN main.suite_runs AS ours ON (%s) IS (%s)"
                        " WHERE ours.id NOT IN (SELECT suite_run_id FROM main.suite_cases)",
                        cases.bytes, theirs.bytes, here.bytes, there.bytes);
        status = run_text(board, &sql, 0, NULL);
    }
    if (status == IMGCLS_OK)
        status = icl_board_integer(board, "SELECT count(*) FROM main.suite_runs", 0, &after);
    if (status == IMGCLS_OK)
        status = icl_board_integer(board, "SELECT count(*) FROM other.suite_runs", 0, &count);
    *added += after - before;
    *all += count;
    icl_text_clear(&plain);
    icl_text_clear(&here);
    icl_text_clear(&there);
    icl_text_clear(&cases);
    icl_text_clear(&theirs);
    return status;
}

static imgcls_status add_all(struct imgcls_board *board, const char *other, int64_t *added,
                             int64_t *all)
{
    static const char *const hashed[] = {"models", "datasets", "plugin_sets", "label_spaces",
                                         "context_sources"};
    static const struct {
        const char *table, *parent, *key;
    } parts[] = {
        {"pictures", "datasets", "dataset_id"},
        {"plugins", "plugin_sets", "set_id"},
        {"class_names", "label_spaces", "label_space_id"},
        {"context", "context_sources", "source_id"},
    };
    imgcls_status status = IMGCLS_OK;
    size_t i;
    for (i = 0; i < sizeof hashed / sizeof hashed[0] && status == IMGCLS_OK; i++)
        status = add_hashed(board, hashed[i]);
    for (i = 0; i < sizeof parts / sizeof parts[0] && status == IMGCLS_OK; i++)
        status = add_parts(board, parts[i].table, parts[i].parent, parts[i].key);
    if (status == IMGCLS_OK)
        status = complete_models(board);
    if (status == IMGCLS_OK)
        status = add_runs(board, other, added);
    if (status == IMGCLS_OK)
        status = icl_board_integer(board, "SELECT count(*) FROM other.runs", 0, all);
    return status == IMGCLS_OK ? add_suites(board, added, all) : status;
}

/* Are two paths the same file? */
static bool is_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

imgcls_status imgcls_board_merge(struct imgcls_board *board, const char *other, int64_t *added,
                                 int64_t *known)
{
    icl_forgive(board->ctx); /* what an earlier call left */
    struct imgcls_board copy = {.ctx = board->ctx, .path = (char *)other, .writable = true};
    int64_t all = 0;
    imgcls_status status;
    *added = *known = 0;
    if (!board->writable)
        return icl_fail(board->ctx, IMGCLS_BAD_INPUT, "%s: opened for reading only",
                        board->path);
    if (!icl_board_exists(other))
        return icl_fail(board->ctx, IMGCLS_IO, "%s: no such leaderboard", other);
    if (icl_board_is_folder(other)) /* SQLite: an I/O error */
        return icl_fail(board->ctx, IMGCLS_BAD_INPUT, "%s: a folder, not a regular file", other);
    if (is_same_file(board->path, other))
        return icl_fail(board->ctx, IMGCLS_BAD_INPUT, "%s: is this leaderboard itself", other);
    status = take_copy(board, other, &copy);
    if (status == IMGCLS_OK)
        status = icl_board_execute(board, "ATTACH DATABASE '' AS other", "merging");
    if (status == IMGCLS_OK) {
        status = copy_database(board, board->db, "other", copy.db, other);
        if (status == IMGCLS_OK)
            status = check_tables(board, other);
        if (status == IMGCLS_OK)
            status = icl_board_begin(board);
        if (status == IMGCLS_OK)
            status = icl_board_end(board, add_all(board, other, added, &all));
        sqlite3_exec(board->db, "DETACH DATABASE other", NULL, NULL, NULL);
    }
    sqlite3_close(copy.db);
    if (status != IMGCLS_OK)
        *added = 0;
    else
        *known = all - *added;
    return status;
}

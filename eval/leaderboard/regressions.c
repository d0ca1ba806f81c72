/*
 * eval/leaderboard/regressions.c - what got worse since a time
 *
 * A model is known by its name here, and not by its hash: converting it again with a newer
 * engine makes another file, and that is what one wants to be told about. Speed is compared
 * on the same processor, with the same threads and batch, or not at all.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/sides.h"
#include "eval/leaderboard/cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ?1: runs from this time on are new; NULL: the newest alone is. ?2: the same by number. */
static const char pairs_sql[] =
    "WITH newest AS MATERIALIZED ("
    "  SELECT max(id) AS id FROM runs"
    "  WHERE (?1 IS NULL OR recorded_at >= ?1) AND (?2 IS NULL OR id >= ?2)"
    "  GROUP BY model_name, dataset_id, recipe, precision),"
    "pairs AS MATERIALIZED ("
    "  SELECT now.id AS id,"
    "    (SELECT max(b.id) FROM runs AS b WHERE b.model_name = now.model_name AND b.id < now.id"
    "     AND b.dataset_id = now.dataset_id AND b.recipe = now.recipe"
    "     AND b.precision = now.precision AND (?1 IS NULL OR b.recorded_at < ?1)"
    "     AND (?2 IS NULL OR b.id < ?2)) AS before,"
    "    (SELECT max(b.id) FROM runs AS b WHERE b.model_name = now.model_name AND b.id < now.id"
    "     AND b.dataset_id = now.dataset_id AND b.recipe = now.recipe"
    "     AND b.precision = now.precision AND (?1 IS NULL OR b.recorded_at < ?1)"
    "     AND (?2 IS NULL OR b.id < ?2) AND b.cpu = now.cpu AND b.threads = now.threads"
    "     AND b.batch = now.batch) AS timed"
    "  FROM newest JOIN runs AS now ON now.id = newest.id)"
    "SELECT pairs.id, pairs.before, now.model_name, datasets.name, b.top1, now.top1,"
    "  b.top1_correct, now.top1_correct, t.images_per_second, now.images_per_second "
    "FROM pairs JOIN runs AS now ON now.id = pairs.id JOIN runs AS b ON b.id = pairs.before "
    "JOIN datasets ON datasets.id = now.dataset_id LEFT JOIN runs AS t ON t.id = pairs.timed "
    "ORDER BY now.top1 - b.top1, now.model_name, pairs.id";

/* A beginning of an ISO 8601 time, or a number. */
static imgcls_status read_since(struct imgcls_board *board, const char *since,
                                const char **time, int64_t *run)
{
    static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
    size_t i, length = strlen(since);
    char *end;
    *time = NULL;
    *run = strtoll(since, &end, 10);
    if (length > 0 && !*end && *run > 0)
        return IMGCLS_OK;
    *run = 0;
    for (i = 0; i < length && i < sizeof form - 1; i++)
        if (form[i] == 'd' ? since[i] < '0' || since[i] > '9' : since[i] != form[i])
            break;
    if (i < length || length < 4)
        return icl_fail(board->ctx, IMGCLS_BAD_INPUT,
                        "since '%.40s': neither a time such as 2026-11-25 nor a run's number",
                        since);
    *time = since;
    return IMGCLS_OK;
}

/* McNemar's p of two runs; NaN where their pictures cannot be paired. */
static imgcls_status pair(struct imgcls_board *board, int64_t before, int64_t now,
                          struct icl_pictures *pictures, double *p)
{
    struct icl_side sides[2] = {{0}};
    struct icl_pairing counts;
    bool present[2] = {false, false};
    int i;
    imgcls_status status = icl_side_find(board, before, &sides[0]);
    *p = NAN;
    if (status == IMGCLS_OK)
        status = icl_side_find(board, now, &sides[1]);
    if (status == IMGCLS_OK && pictures->dataset != sides[0].dataset)
        status = icl_pictures_load(board, sides[0].dataset, false, pictures);
    for (i = 0; i < 2 && status == IMGCLS_OK; i++)
        status = icl_answers_load(board, sides[i].run, pictures->count, &present[i],
                                  &sides[i].answers);
    if (status == IMGCLS_OK && present[0] && present[1]) {
        icl_sides_pair(sides, pictures, &counts);
        *p = icl_mcnemar(counts.only_first, counts.only_second);
    }
    icl_side_clear(&sides[0]);
    icl_side_clear(&sides[1]);
    return status;
}

static imgcls_status judge(struct imgcls_board *board, sqlite3_stmt *statement,
                           double tolerance, struct icl_pictures *pictures,
                           struct imgcls_board_rows *rows)
{
    bool less = sqlite3_column_int64(statement, 7) < sqlite3_column_int64(statement, 6);
    bool timed = sqlite3_column_type(statement, 8) != SQLITE_NULL;
    double before = sqlite3_column_double(statement, 8);
    double now = sqlite3_column_double(statement, 9), p = NAN;
    bool slower = timed && before > 0 && now < before * (1 - tolerance);
    imgcls_status status = IMGCLS_OK;
    if (!less && !slower)
        return IMGCLS_OK;
    if (less)
        status = pair(board, sqlite3_column_int64(statement, 1),
                      sqlite3_column_int64(statement, 0), pictures, &p);
    const struct imgcls_board_cell cells[] = {
        icl_cell_column(statement, 0),
        icl_cell_column(statement, 1),
        icl_cell_column(statement, 2),
        icl_cell_column(statement, 3),
        icl_cell_text(!less ? "speed" : slower ? "accuracy and speed" : "accuracy"),
        icl_cell_column(statement, 4),
        icl_cell_column(statement, 5),
        icl_cell_real(sqlite3_column_double(statement, 5) -
                      sqlite3_column_double(statement, 4)),
        icl_cell_real(p),
        icl_cell_column(statement, 8),
        timed ? icl_cell_column(statement, 9) : icl_cell_text(NULL),
        icl_cell_real(timed && before > 0 ? now / before - 1 : NAN),
    };
    return status == IMGCLS_OK ? icl_board_rows_append(board, rows, cells) : status;
}

imgcls_status imgcls_board_regressions(struct imgcls_board *board, const char *since,
                                       double tolerance, struct imgcls_board_rows **out)
{
    icl_forgive(board->ctx); /* what an earlier call left */
    static const char *const columns[] = {
        "run",        "before",  "model",   "dataset",
        "what",       "top1_before", "top1", "top1_change",
        "p_value",    "images_per_second_before", "images_per_second", "speed_change",
        NULL};
    struct icl_pictures pictures = {0};
    sqlite3_stmt *statement = NULL;
    const char *time = NULL;
    int64_t run = 0;
    int code;
    imgcls_status status = since ? read_since(board, since, &time, &run) : IMGCLS_OK;
    *out = NULL;
    if (status == IMGCLS_OK)
        status = icl_board_rows_create(board, columns, out);
    if (status == IMGCLS_OK)
        status = icl_board_prepare(board, pairs_sql, &statement);
    if (status == IMGCLS_OK) {
        icl_bind_text(statement, 1, time);
        icl_bind_known(statement, 2, run > 0 ? run : -1);
    }
    while (status == IMGCLS_OK && (code = sqlite3_step(statement)) != SQLITE_DONE)
        status = code == SQLITE_ROW ? judge(board, statement, tolerance, &pictures, *out)
                                    : icl_board_fail(board, code, "reading runs");
    sqlite3_finalize(statement);
    icl_pictures_clear(&pictures);
    if (status != IMGCLS_OK) {
        imgcls_board_rows_destroy(*out);
        *out = NULL;
    }
    return status;
}

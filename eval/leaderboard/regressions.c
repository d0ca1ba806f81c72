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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIME_CAPACITY 32 /* "2026-11-24T21:14:07Z", and more for what others recorded */

/*
 * Runs of one subject (model, data set, recipe, precision) follow each other by (recorded_at,
 * id), which runs_by_subject has in order. (?1, ?2): the first of that order that is new; with
 * '' for ?1 all are, and the newest run is held against the one before it.
 *
 * The newest new run of a subject that `condition` selects, of the last such subject.
 */
#define LAST_OF(condition)                                                                 \
    "(SELECT b.id FROM runs AS b WHERE " condition                                         \
    " AND (b.recorded_at, b.id) >= (?1, ?2)"                                               \
    " ORDER BY b.model_name DESC, b.dataset_id DESC, b.recipe DESC, b.precision DESC,"     \
    " b.recorded_at DESC, b.id DESC LIMIT 1)"
/* The last run of the subject of `now` that is not new, and for which `more` holds. */
#define LAST_BEFORE(more)                                                                  \
    "(SELECT b.id FROM runs AS b WHERE b.model_name = now.model_name"                      \
    " AND b.dataset_id = now.dataset_id AND b.recipe = now.recipe"                         \
    " AND b.precision = now.precision AND (b.recorded_at, b.id) <"                         \
    " (CASE ?1 WHEN '' THEN now.recorded_at ELSE ?1 END,"                                  \
    "  CASE ?1 WHEN '' THEN now.id ELSE ?2 END)" more                                      \
    " ORDER BY b.recorded_at DESC, b.id DESC LIMIT 1)"

/* From subject to subject by seeking in the index, one condition for each length of what two
 * neighbours have in common: a board has many more runs than subjects. */
static const char pairs_sql[] =
    "WITH RECURSIVE newest(id) AS (SELECT " LAST_OF("true") " UNION ALL SELECT coalesce("
    LAST_OF("b.model_name = now.model_name AND b.dataset_id = now.dataset_id"
            " AND b.recipe = now.recipe AND b.precision < now.precision") ", "
    LAST_OF("b.model_name = now.model_name AND b.dataset_id = now.dataset_id"
            " AND b.recipe < now.recipe") ", "
    LAST_OF("b.model_name = now.model_name AND b.dataset_id < now.dataset_id") ", "
    LAST_OF("b.model_name < now.model_name") ")"
    " FROM newest JOIN runs AS now ON now.id = newest.id),"
    "pairs AS MATERIALIZED (SELECT now.id AS id, " LAST_BEFORE("") " AS before, "
    LAST_BEFORE(" AND b.cpu = now.cpu AND b.threads = now.threads AND b.batch = now.batch")
    " AS timed FROM newest JOIN runs AS now ON now.id = newest.id)"
    "SELECT pairs.id, pairs.before, now.model_name, datasets.name, b.top1, now.top1,"
    "  b.top1_correct, now.top1_correct, t.images_per_second, now.images_per_second "
    "FROM pairs JOIN runs AS now ON now.id = pairs.id JOIN runs AS b ON b.id = pairs.before "
    "JOIN datasets ON datasets.id = now.dataset_id LEFT JOIN runs AS t ON t.id = pairs.timed "
    "ORDER BY now.top1 - b.top1, now.model_name, pairs.id";

/* The pictures of the data sets that were needed so far: pairs come by how much they lost, so
 * data sets take turns. */
struct sets {
    struct icl_pictures *items; /* own */
    size_t count;
};

static void clear_sets(struct sets *sets)
{
    for (size_t i = 0; i < sets->count; i++)
        icl_pictures_clear(&sets->items[i]);
    free(sets->items);
}

/* Borrowed until the next call. */
static imgcls_status find_set(struct imgcls_board *board, struct sets *sets, int64_t dataset,
                              struct icl_pictures **out)
{
    struct icl_pictures *items;
    for (size_t i = 0; i < sets->count; i++)
        if (sets->items[i].dataset == dataset) {
            *out = &sets->items[i];
            return IMGCLS_OK;
        }
    items = realloc(sets->items, (sets->count + 1) * sizeof *items);
    if (!items)
        return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for data sets",
                        board->path);
    sets->items = items;
    *out = &items[sets->count++];
    **out = (struct icl_pictures){0};
    return icl_pictures_load(board, dataset, false, *out);
}

/* When a run was recorded. */
static imgcls_status time_of_run(struct imgcls_board *board, int64_t run,
                                 char time[TIME_CAPACITY])
{
    sqlite3_stmt *statement = NULL;
    imgcls_status status =
        icl_board_prepare(board, "SELECT recorded_at FROM runs WHERE id = ?1", &statement);
    int code;
    if (status != IMGCLS_OK)
        return status;
    sqlite3_bind_int64(statement, 1, run);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        snprintf(time, TIME_CAPACITY, "%s", (const char *)sqlite3_column_text(statement, 0));
    else
        status = code == SQLITE_DONE
                     ? icl_fail(board->ctx, IMGCLS_BAD_INPUT, "%s: no run %lld", board->path,
                                (long long)run)
                     : icl_board_fail(board, code, "reading runs");
    sqlite3_finalize(statement);
    return status;
}

/* Month 13 or day 40 come after every time, so that nothing would ever be new. */
static bool is_on_the_calendar(const char *time, size_t length)
{
    static const struct {
        size_t at;
        int least, most;
    } parts[] = {{5, 1, 12}, {8, 1, 31}, {11, 0, 23}, {14, 0, 59}, {17, 0, 60}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        size_t at = parts[i].at;
        int value;
        if (at + 2 > length)
            return true;
        value = (time[at] - '0') * 10 + time[at + 1] - '0';
        if (value < parts[i].least || value > parts[i].most)
            return false;
    }
    return true;
}

/* The first (time, run) that is new: a beginning of an ISO 8601 time, or a run's number. */
static imgcls_status read_since(struct imgcls_board *board, const char *since,
                                char time[TIME_CAPACITY], int64_t *run)
{
    static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
    size_t i, length = strlen(since);
    char *end;
    *run = strtoll(since, &end, 10);
    if (length > 0 && !*end && *run > 0)
        return time_of_run(board, *run, time);
    *run = 0;
    for (i = 0; i < length && i < sizeof form - 1; i++)
        if (form[i] == 'd' ? since[i] < '0' || since[i] > '9' : since[i] != form[i])
            break;
    if (i < length || length < 4 || !is_on_the_calendar(since, length))
        return icl_fail(board->ctx, IMGCLS_BAD_INPUT,
                        "since '%.40s': neither a time such as 2026-11-25 nor a run's number",
                        since);
    snprintf(time, TIME_CAPACITY, "%s", since);
    return IMGCLS_OK;
}

/* McNemar's p of two runs; NaN where their pictures cannot be paired. */
static imgcls_status pair(struct imgcls_board *board, int64_t before, int64_t now,
                          struct sets *sets, double *p)
{
    struct icl_side sides[2] = {{0}};
    struct icl_pictures *pictures = NULL;
    struct icl_pairing counts;
    bool present[2] = {false, false};
    int i;
    imgcls_status status = icl_side_find(board, before, &sides[0]);
    *p = NAN;
    if (status == IMGCLS_OK)
        status = icl_side_find(board, now, &sides[1]);
    if (status == IMGCLS_OK)
        status = find_set(board, sets, sides[0].dataset, &pictures);
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
                           double tolerance, struct sets *sets,
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
                      sqlite3_column_int64(statement, 0), sets, &p);
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
    struct sets sets = {0};
    sqlite3_stmt *statement = NULL;
    char time[TIME_CAPACITY] = "";
    int64_t run = 0;
    int code;
    imgcls_status status = since ? read_since(board, since, time, &run) : IMGCLS_OK;
    *out = NULL;
    if (status == IMGCLS_OK)
        status = icl_board_rows_create(board, columns, out);
    if (status == IMGCLS_OK)
        status = icl_board_prepare(board, pairs_sql, &statement);
    if (status == IMGCLS_OK) {
        icl_bind_text(statement, 1, time);
        sqlite3_bind_int64(statement, 2, run);
    }
    while (status == IMGCLS_OK && (code = sqlite3_step(statement)) != SQLITE_DONE)
        status = code == SQLITE_ROW ? judge(board, statement, tolerance, &sets, *out)
                                    : icl_board_fail(board, code, "reading runs");
    sqlite3_finalize(statement);
    clear_sets(&sets);
    if (status != IMGCLS_OK) {
        imgcls_board_rows_destroy(*out);
        *out = NULL;
    }
    return status;
}

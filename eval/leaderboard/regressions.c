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

#include "eval/leaderboard/cells.h"
#include "eval/leaderboard/sides.h"
#include "eval/leaderboard/succession.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIME_CAPACITY 32 /* "2026-11-24T21:14:07Z", and more for what others recorded */

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

/* ---- What is asked of the runs in question ----------------------------------------------*/

/* A column's values of some runs. */
struct picking {
    struct imgcls_board *board;
    const uint32_t *runs; /* rise */
    size_t count, seen;
    union icl_column_value *values; /* of numbers */
    char **texts;                   /* of texts, own */
};

static bool picking_wants(void *data, size_t first, size_t count)
{
    const struct picking *picking = data;
    return picking->seen < picking->count && picking->runs[picking->seen] < first + count;
}

static imgcls_status pick_piece(void *data, const struct icl_column *piece, size_t first)
{
    struct picking *picking = data;
    for (; picking_wants(picking, first, piece->count); picking->seen++) {
        size_t row = picking->runs[picking->seen] - first;
        const struct icl_column_text *text;
        if (piece->nulls[row] || (piece->kind == ICL_COLUMN_TEXT) != (picking->texts != NULL))
            return icl_fail(picking->board->ctx, IMGCLS_BAD_INPUT,
                            "%s: damaged: a run has no value where all have one",
                            picking->board->path);
        if (!picking->texts) {
            picking->values[picking->seen] = piece->values[row];
            continue;
        }
        text = &piece->texts[piece->values[row].integer];
        picking->texts[picking->seen] = strndup(text->bytes, text->length);
        if (!picking->texts[picking->seen])
            return icl_fail(picking->board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for names",
                            picking->board->path);
    }
    return IMGCLS_OK;
}

/* Columns that the table is made of, of the runs in question. */
enum { TOP1, CORRECT, RATE, SET, NUMBERS };
enum { MODEL, DATASET, WORDS };
static const char *const number_columns[] = {"top1", "top1_correct", "images_per_second",
                                             "dataset_id"};
static const char *const word_columns[] = {"model", "dataset"};

struct facts {
    uint32_t *runs; /* own; rows, rising */
    size_t count;
    union icl_column_value *numbers[NUMBERS]; /* own */
    char **words[WORDS];                      /* own, both */
};

static void facts_clear(struct facts *facts)
{
    for (int k = 0; k < NUMBERS; k++)
        free(facts->numbers[k]);
    for (int k = 0; k < WORDS; k++) {
        for (size_t i = 0; facts->words[k] && i < facts->count; i++)
            free(facts->words[k][i]);
        free(facts->words[k]);
    }
    free(facts->runs);
}

static int by_row(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* The place of a row among the facts, where it is. */
static size_t find_fact(const struct facts *facts, uint32_t row)
{
    const uint32_t *found =
        bsearch(&row, facts->runs, facts->count, sizeof *facts->runs, by_row);
    return (size_t)(found - facts->runs);
}

static imgcls_status load_facts(struct imgcls_board *board, struct icl_columns *columns,
                                const struct icl_succession *pairs, size_t count,
                                struct facts *facts)
{
    imgcls_status status = IMGCLS_OK;
    size_t i, kept = 0;
    bool room;
    facts->runs = calloc(3 * count + 1, sizeof *facts->runs);
    room = facts->runs != NULL;
    for (i = 0; room && i < count; i++) {
        facts->runs[facts->count++] = pairs[i].now;
        facts->runs[facts->count++] = pairs[i].before;
        if (pairs[i].timed != ICL_NO_RUN)
            facts->runs[facts->count++] = pairs[i].timed;
    }
    if (room)
        qsort(facts->runs, facts->count, sizeof *facts->runs, by_row);
    for (i = 0; i < facts->count; i++)
        if (i == 0 || facts->runs[i] != facts->runs[kept - 1])
            facts->runs[kept++] = facts->runs[i];
    facts->count = kept;
    for (int k = 0; k < NUMBERS && room; k++)
        room = (facts->numbers[k] = calloc(kept + 1, sizeof *facts->numbers[k])) != NULL;
    for (int k = 0; k < WORDS && room; k++)
        room = (facts->words[k] = calloc(kept + 1, sizeof *facts->words[k])) != NULL;
    if (!room)
        return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for %zu runs",
                        board->path, kept);
    for (int k = 0; k < NUMBERS + WORDS && status == IMGCLS_OK; k++) {
        bool word = k >= NUMBERS;
        struct picking picking = {board, facts->runs, kept, 0,
                                  word ? NULL : facts->numbers[k],
                                  word ? facts->words[k - NUMBERS] : NULL};
        const struct icl_columns_visitor visitor = {picking_wants, pick_piece, &picking};
        status = icl_columns_walk(columns, word ? word_columns[k - NUMBERS] : number_columns[k],
                                  &visitor);
    }
    return status;
}

/* ---- Judging ----------------------------------------------------------------------------*/

/* A pair of runs of which the newer is worse in something. */
struct finding {
    size_t now, before; /* places among the facts */
    int64_t run, run_before;
    bool less, slower, timed;
    double change, rate_before, rate;
    const char *model; /* borrowed */
};

/* McNemar's p of two runs; NaN where their pictures cannot be paired. */
static imgcls_status pair(struct imgcls_board *board, int64_t dataset, int64_t before,
                          int64_t now, struct sets *sets, double *p)
{
    struct icl_side sides[2] = {{.run = before}, {.run = now}};
    struct icl_pictures *pictures = NULL;
    struct icl_pairing counts;
    bool present[2] = {false, false};
    imgcls_status status = find_set(board, sets, dataset, &pictures);
    *p = NAN;
    for (int i = 0; i < 2 && status == IMGCLS_OK; i++)
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

/* False: nothing is worse. */
static bool judge(const struct facts *facts, const struct icl_column *ids,
                  const struct icl_succession *pair, double tolerance, struct finding *out)
{
    size_t now = find_fact(facts, pair->now), before = find_fact(facts, pair->before);
    *out = (struct finding){
        .now = now,
        .before = before,
        .run = ids->values[pair->now].integer,
        .run_before = ids->values[pair->before].integer,
        .less = facts->numbers[CORRECT][now].integer < facts->numbers[CORRECT][before].integer,
        .timed = pair->timed != ICL_NO_RUN,
        .change = facts->numbers[TOP1][now].real - facts->numbers[TOP1][before].real,
        .rate = facts->numbers[RATE][now].real,
        .model = facts->words[MODEL][now],
    };
    if (out->timed)
        out->rate_before = facts->numbers[RATE][find_fact(facts, pair->timed)].real;
    out->slower = out->timed && out->rate_before > 0 &&
                  out->rate < out->rate_before * (1 - tolerance);
    return out->less || out->slower;
}

/* What lost most first. */
static int by_loss(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;
    int order = (x->change > y->change) - (x->change < y->change);
    if (order == 0)
        order = strcmp(x->model, y->model);
    return order ? order : (x->run > y->run) - (x->run < y->run);
}

static imgcls_status append(struct imgcls_board *board, const struct facts *facts,
                            const struct finding *finding, struct sets *sets,
                            struct imgcls_board_rows *rows)
{
    double p = NAN;
    imgcls_status status = IMGCLS_OK;
    if (finding->less)
        status = pair(board, facts->numbers[SET][finding->now].integer, finding->run_before,
                      finding->run, sets, &p);
    const struct imgcls_board_cell cells[] = {
        icl_cell_integer(finding->run),
        icl_cell_integer(finding->run_before),
        icl_cell_text(finding->model),
        icl_cell_text(facts->words[DATASET][finding->now]),
        icl_cell_text(!finding->less    ? "speed"
                      : finding->slower ? "accuracy and speed"
                                        : "accuracy"),
        icl_cell_real(facts->numbers[TOP1][finding->before].real),
        icl_cell_real(facts->numbers[TOP1][finding->now].real),
        icl_cell_real(finding->change),
        icl_cell_real(p),
        icl_cell_real(finding->timed ? finding->rate_before : NAN),
        icl_cell_real(finding->timed ? finding->rate : NAN),
        icl_cell_real(finding->timed && finding->rate_before > 0
                          ? finding->rate / finding->rate_before - 1
                          : NAN),
    };
    return status == IMGCLS_OK ? icl_board_rows_append(board, rows, cells) : status;
}

static imgcls_status list_pairs(struct imgcls_board *board, struct icl_columns *columns,
                                const struct icl_succession *pairs, size_t count,
                                double tolerance, struct imgcls_board_rows *rows)
{
    struct finding *findings = calloc(count + 1, sizeof *findings);
    const struct icl_column *ids;
    struct facts facts = {0};
    struct sets sets = {0};
    size_t found = 0, i;
    imgcls_status status = findings ? load_facts(board, columns, pairs, count, &facts)
                                    : icl_fail(board->ctx, IMGCLS_NO_MEMORY,
                                               "%s: no memory for %zu runs", board->path, count);
    if (status == IMGCLS_OK)
        status = icl_columns_get(columns, "run", &ids);
    for (i = 0; i < count && status == IMGCLS_OK; i++)
        found += judge(&facts, ids, &pairs[i], tolerance, &findings[found]);
    if (status == IMGCLS_OK)
        qsort(findings, found, sizeof *findings, by_loss);
    for (i = 0; i < found && status == IMGCLS_OK; i++)
        status = append(board, &facts, &findings[i], &sets, rows);
    clear_sets(&sets);
    facts_clear(&facts);
    free(findings);
    return status;
}

static imgcls_status list_worse(struct imgcls_board *board, const char *time, int64_t run,
                                double tolerance, struct imgcls_board_rows *rows)
{
    struct icl_columns *columns = NULL;
    struct icl_succession *pairs = NULL;
    size_t count = 0;
    imgcls_status status = icl_columns_open(board, &columns);
    if (status == IMGCLS_OK)
        status = icl_successions_find(board, columns, time, run, &pairs, &count);
    if (status == IMGCLS_OK)
        status = list_pairs(board, columns, pairs, count, tolerance, rows);
    free(pairs);
    icl_columns_close(columns);
    return status;
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
    bool own = sqlite3_get_autocommit(board->db) != 0;
    char time[TIME_CAPACITY] = "";
    int64_t run = 0;
    imgcls_status status = IMGCLS_OK;
    *out = NULL;
    if (own) /* everything below is to see one state of the file */
        status = icl_board_execute(board, "BEGIN", "reading");
    if (status == IMGCLS_OK && since)
        status = read_since(board, since, time, &run);
    if (status == IMGCLS_OK)
        status = icl_board_rows_create(board, columns, out);
    if (status == IMGCLS_OK)
        status = list_worse(board, time, run, tolerance, *out);
    if (own && !sqlite3_get_autocommit(board->db))
        sqlite3_exec(board->db, "ROLLBACK", NULL, NULL, NULL);
    if (status != IMGCLS_OK) {
        imgcls_board_rows_destroy(*out);
        *out = NULL;
    }
    return status;
}

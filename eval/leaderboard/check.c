/*
 * eval/leaderboard/check.c - does every figure follow from the answers that it claims
 *
 * Figures are compared to the bit: they were computed by the same functions from the same
 * stored values.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/answers.h"
#include "eval/leaderboard/blocks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A run's figures as stored, in the order of the statement below. */
static const char runs_sql[] =
    "SELECT runs.id, dataset_id, datasets.classes, datasets.images,"
    " runs.images, failed, nan_scores, top1_correct, top5_correct,"
    " top1, top1_low, top1_high, top5, top5_low, top5_high,"
    " (SELECT count(*) FROM failures WHERE run_id = runs.id),"
    " ties, nll, ece, mce, class_accuracy, macro_precision, macro_f1"
    " FROM runs JOIN datasets ON datasets.id = dataset_id ORDER BY dataset_id, runs.id";
#define FIRST_FIGURE 4
#define FIRST_LATER_FIGURE 16

static imgcls_status check_integrity(struct imgcls_board *board)
{
    sqlite3_stmt *statement = NULL;
    imgcls_status status = icl_board_prepare(board, "PRAGMA integrity_check(1)", &statement);
    int code;
    if (status != IMGCLS_OK)
        return status;
    code = sqlite3_step(statement);
    if (code != SQLITE_ROW) {
        status = icl_board_fail(board, code, "checking its integrity");
    } else {
        const char *says = (const char *)sqlite3_column_text(statement, 0);
        char words[200];
        icl_board_words(says ? says : "no answer", words, sizeof words);
        if (strcmp(words, "ok") != 0)
            status = icl_fail(board->ctx, IMGCLS_BAD_INPUT, "%s: damaged: %s", board->path,
                              words);
    }
    sqlite3_finalize(statement);
    return status;
}

static imgcls_status report(struct imgcls_board *board, struct imgcls_board_rows *rows,
                            int64_t run, const char *figure,
                            struct imgcls_board_cell stored, struct imgcls_board_cell computed)
{
    struct imgcls_board_cell cells[4] = {
        {.kind = IMGCLS_CELL_INTEGER, .integer = run},
        {.kind = IMGCLS_CELL_TEXT, .text = figure},
    };
    cells[2] = stored;
    cells[3] = computed;
    return icl_board_rows_append(board, rows, cells);
}

static struct imgcls_board_cell stored_cell(sqlite3_stmt *statement, int column)
{
    struct imgcls_board_cell cell = {.kind = IMGCLS_CELL_NULL};
    if (sqlite3_column_type(statement, column) == SQLITE_INTEGER) {
        cell.kind = IMGCLS_CELL_INTEGER;
        cell.integer = sqlite3_column_int64(statement, column);
    } else if (sqlite3_column_type(statement, column) == SQLITE_FLOAT) {
        cell.kind = IMGCLS_CELL_REAL;
        cell.real = sqlite3_column_double(statement, column);
    }
    return cell;
}

static bool agree(const struct imgcls_board_cell *a, const struct imgcls_board_cell *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == IMGCLS_CELL_INTEGER)
        return a->integer == b->integer;
    return a->kind != IMGCLS_CELL_REAL || a->real == b->real;
}

static struct imgcls_board_cell integer_cell(int64_t value, bool known)
{
    struct imgcls_board_cell cell = {
        .kind = known ? IMGCLS_CELL_INTEGER : IMGCLS_CELL_NULL, .integer = value};
    return cell;
}

static struct imgcls_board_cell real_cell(double value, bool known)
{
    struct imgcls_board_cell cell = {.kind = known ? IMGCLS_CELL_REAL : IMGCLS_CELL_NULL,
                                     .real = value};
    return cell;
}

static imgcls_status compare_figures(struct imgcls_board *board, sqlite3_stmt *statement,
                                     const struct icl_figures *all,
                                     struct imgcls_board_rows *rows)
{
    const struct icl_tally *tally = &all->tally;
    /* Runs of the first versions have no ties and what comes after. */
    bool more = sqlite3_column_type(statement, FIRST_LATER_FIGURE) != SQLITE_NULL;
    bool five = sqlite3_column_int64(statement, 2) > ICL_TOP5_CLASSES;
    struct imgcls_rate top1 = icl_wilson(tally->top1_correct, tally->images);
    struct imgcls_rate top5 = icl_wilson(tally->top5_correct, tally->images);
    const struct {
        const char *name;
        struct imgcls_board_cell computed;
    } figures[] = {
        {"images", integer_cell(tally->images, true)},
        {"failed", integer_cell(tally->failed, true)},
        {"nan_scores", integer_cell(tally->nan_scores, true)},
        {"top1_correct", integer_cell(tally->top1_correct, true)},
        {"top5_correct", integer_cell(tally->top5_correct, five)},
        {"top1", real_cell(top1.value, true)},
        {"top1_low", real_cell(top1.low, true)},
        {"top1_high", real_cell(top1.high, true)},
        {"top5", real_cell(top5.value, five)},
        {"top5_low", real_cell(top5.low, five)},
        {"top5_high", real_cell(top5.high, five)},
        {"failures", integer_cell(tally->failed, true)},
        {"ties", integer_cell(all->ties, more)},
        {"nll", real_cell(all->nll, more && isfinite(all->nll))},
        {"ece", real_cell(all->ece, more)},
        {"mce", real_cell(all->mce, more)},
        {"class_accuracy", real_cell(all->class_accuracy, more)},
        {"macro_precision", real_cell(all->macro_precision, more)},
        {"macro_f1", real_cell(all->macro_f1, more)},
    };
    imgcls_status status = IMGCLS_OK;
    size_t i;
    for (i = 0; i < sizeof figures / sizeof figures[0] && status == IMGCLS_OK; i++) {
        struct imgcls_board_cell stored = stored_cell(statement, FIRST_FIGURE + (int)i);
        if (!agree(&stored, &figures[i].computed))
            status = report(board, rows, sqlite3_column_int64(statement, 0), figures[i].name,
                            stored, figures[i].computed);
    }
    return status;
}

/* Every class's counts as stored; classes that have no row count nothing. */
static imgcls_status compare_classes(struct imgcls_board *board, int64_t run,
                                     struct icl_figures *figures,
                                     struct imgcls_board_rows *rows)
{
    sqlite3_stmt *statement = NULL;
    imgcls_status status = icl_board_prepare(
        board,
        "SELECT class, images, top1_correct, top5_correct, predicted FROM class_figures"
        " WHERE run_id = ?1",
        &statement);
    char name[64];
    int code = SQLITE_DONE;
    int64_t i;
    if (status == IMGCLS_OK)
        sqlite3_bind_int64(statement, 1, run);
    while (status == IMGCLS_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        int64_t number = sqlite3_column_int64(statement, 0), stored = 0, computed = 0;
        struct icl_class_figures none = {0}, *own = &none;
        if (number >= 0 && number < figures->class_count)
            own = &figures->classes[number];
        const int64_t counts[] = {own->images, own->top1_correct, own->top5_correct,
                                  own->predicted};
        for (i = 0; i < 4 && stored == computed; i++) {
            stored = sqlite3_column_int64(statement, (int)i + 1);
            computed = counts[i];
        }
        snprintf(name, sizeof name, "class %lld", (long long)number);
        if (stored != computed)
            status = report(board, rows, run, name, integer_cell(stored, true),
                            integer_cell(computed, true));
        memset(own, 0, sizeof *own); /* seen */
    }
    if (status == IMGCLS_OK && code != SQLITE_DONE)
        status = icl_board_fail(board, code, "reading the figures of classes");
    sqlite3_finalize(statement);
    for (i = 0; i < figures->class_count && status == IMGCLS_OK; i++) {
        const struct icl_class_figures *left = &figures->classes[i];
        snprintf(name, sizeof name, "class %lld", (long long)i);
        if (left->images > 0 || left->predicted > 0)
            status = report(board, rows, run, name, integer_cell(0, false),
                            integer_cell(left->images, true));
    }
    return status;
}

static imgcls_status check_run(struct imgcls_board *board, sqlite3_stmt *statement,
                               struct icl_pictures *pictures, int64_t *without,
                               struct imgcls_board_rows *rows)
{
    int64_t run = sqlite3_column_int64(statement, 0);
    int64_t dataset = sqlite3_column_int64(statement, 1);
    struct icl_answer *answers = NULL;
    struct icl_figures figures = {0};
    int64_t classes = 0;
    imgcls_status status = IMGCLS_OK;
    bool present = false;
    size_t i;
    if (pictures->dataset != dataset)
        status = icl_pictures_load(board, dataset, false, pictures);
    if (status == IMGCLS_OK)
        status = icl_answers_load(board, run, pictures->count, &present, &answers);
    if (status != IMGCLS_OK)
        return status;
    *without += !present;
    for (i = 0; present && i < pictures->count; i++) {
        classes = pictures->labels[i] >= classes ? pictures->labels[i] + 1 : classes;
        classes = answers[i].top[0] >= classes ? answers[i].top[0] + 1 : classes;
    }
    if (present && !icl_figures_begin(&figures, classes))
        status = icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for figures",
                          board->path);
    for (i = 0; present && status == IMGCLS_OK && i < pictures->count; i++)
        icl_figures_add(&figures, &answers[i], &pictures->rights[i]);
    free(answers);
    if (present && status == IMGCLS_OK) {
        icl_figures_end(&figures);
        status = compare_figures(board, statement, &figures, rows);
    }
    if (present && status == IMGCLS_OK &&
        sqlite3_column_type(statement, FIRST_LATER_FIGURE) != SQLITE_NULL)
        status = compare_classes(board, run, &figures, rows);
    icl_figures_clear(&figures);
    return status;
}

/* Does newest_runs hold the runs that none supersedes? */
static imgcls_status check_newest(struct imgcls_board *board, struct imgcls_board_rows *rows)
{
    static const char sql[] =
        "SELECT id, id IN (SELECT id FROM newest_runs) AS stored,"
        " NOT EXISTS (SELECT 1 FROM runs AS later WHERE later.supersedes = runs.id) AS computed"
        " FROM runs WHERE stored <> computed";
    sqlite3_stmt *statement = NULL;
    imgcls_status status = icl_board_prepare(board, sql, &statement);
    int code;
    while (status == IMGCLS_OK && (code = sqlite3_step(statement)) != SQLITE_DONE)
        status = code == SQLITE_ROW ? report(board, rows, sqlite3_column_int64(statement, 0),
                                             "newest", stored_cell(statement, 1),
                                             stored_cell(statement, 2))
                                    : icl_board_fail(board, code, "reading runs");
    sqlite3_finalize(statement);
    return status;
}

/* ---- Packed columns ---------------------------------------------------------------------*/

/* Texts are left out of the report. */
static struct imgcls_board_cell packed_cell(const struct icl_column *column, size_t i)
{
    if (i >= column->count || column->nulls[i])
        return integer_cell(0, false);
    if (column->kind == ICL_COLUMN_REAL)
        return real_cell(column->values[i].real, true);
    return integer_cell(column->values[i].integer, column->kind == ICL_COLUMN_INTEGER);
}

/* Whether value `i` of a block is what the statement's row has in that column. */
static bool is_packed_well(const struct icl_column *column, size_t i, sqlite3_stmt *run,
                           int index)
{
    int type = sqlite3_column_type(run, index);
    const struct icl_column_text *text;
    const void *bytes;
    if (i >= column->count)
        return false;
    if (column->nulls[i])
        return type == SQLITE_NULL;
    switch (column->kind) {
    case ICL_COLUMN_INTEGER:
        return type == SQLITE_INTEGER &&
               column->values[i].integer == sqlite3_column_int64(run, index);
    case ICL_COLUMN_REAL:
        return type == SQLITE_FLOAT &&
               column->values[i].real == sqlite3_column_double(run, index);
    case ICL_COLUMN_TEXT:
        text = &column->texts[column->values[i].integer];
        bytes = sqlite3_column_text(run, index);
        return type == SQLITE_TEXT && bytes &&
               text->length == (size_t)sqlite3_column_bytes(run, index) &&
               memcmp(text->bytes, bytes, text->length) == 0;
    case ICL_COLUMN_EMPTY:
        break;
    }
    return false;
}

/* The runs of one block, from behind *last_run, which becomes the block's last. The first value
 * that does not agree is told. */
static imgcls_status check_block(struct imgcls_board *board, sqlite3_stmt *runs,
                                 sqlite3_stmt *blocks, int64_t block, int64_t *last_run,
                                 struct imgcls_board_rows *rows)
{
    int width = sqlite3_column_count(runs), code = SQLITE_DONE, i;
    struct icl_column *columns = calloc((size_t)width + 1, sizeof *columns);
    imgcls_status status = columns ? IMGCLS_OK
                                   : icl_fail(board->ctx, IMGCLS_NO_MEMORY,
                                              "%s: no memory for its columns", board->path);
    bool told = false;
    char name[80];
    size_t row;
    for (i = 0; i < width && status == IMGCLS_OK; i++) {
        icl_bind_text(blocks, 1, sqlite3_column_name(runs, i));
        sqlite3_bind_int64(blocks, 2, block);
        code = sqlite3_step(blocks);
        if (code == SQLITE_ROW)
            status = icl_column_unpack(board, &columns[i], sqlite3_column_name(runs, i),
                                       sqlite3_column_blob(blocks, 0),
                                       (size_t)sqlite3_column_bytes(blocks, 0));
        else if (code != SQLITE_DONE)
            status = icl_board_fail(board, code, "reading its blocks");
        sqlite3_reset(blocks);
    }
    sqlite3_bind_int64(runs, 1, *last_run);
    sqlite3_bind_int64(runs, 2, ICL_BLOCK_RUNS);
    for (row = 0; status == IMGCLS_OK && (code = sqlite3_step(runs)) == SQLITE_ROW; row++) {
        *last_run = sqlite3_column_int64(runs, 0); /* id */
        for (i = 0; i < width && !told; i++) {
            if (is_packed_well(&columns[i], row, runs, i))
                continue;
            snprintf(name, sizeof name, "block of %s", sqlite3_column_name(runs, i));
            status = report(board, rows, *last_run, name, packed_cell(&columns[i], row),
                            stored_cell(runs, i));
            told = true;
        }
    }
    if (status == IMGCLS_OK && code != SQLITE_DONE)
        status = icl_board_fail(board, code, "reading runs");
    sqlite3_reset(runs);
    for (i = 0; columns && i < width; i++)
        icl_column_clear(&columns[i]);
    free(columns);
    return status;
}

/* Do the packed columns hold what runs hold? */
static imgcls_status check_blocks(struct imgcls_board *board, struct imgcls_board_rows *rows)
{
    sqlite3_stmt *runs = NULL, *block = NULL;
    int64_t blocks = 0, end, last_run = 0, i;
    imgcls_status status = icl_blocks_count(board, &blocks, &end);
    if (status == IMGCLS_OK)
        status = icl_board_prepare(
            board, "SELECT * FROM runs WHERE id > ?1 ORDER BY id LIMIT ?2", &runs);
    if (status == IMGCLS_OK)
        status = icl_board_prepare(
            board, "SELECT bytes FROM run_blocks WHERE name = ?1 AND block = ?2", &block);
    for (i = 0; i < blocks && last_run < end && status == IMGCLS_OK; i++)
        status = check_block(board, runs, block, i, &last_run, rows);
    sqlite3_finalize(runs);
    sqlite3_finalize(block);
    return status;
}

imgcls_status imgcls_board_check(struct imgcls_board *board, int64_t *checked,
                                 int64_t *without, struct imgcls_board_rows **rows)
{
    icl_forgive(board->ctx); /* what an earlier call left */
    static const char *const columns[] = {"run", "figure", "stored", "computed", NULL};
    struct icl_pictures pictures = {0};
    sqlite3_stmt *statement = NULL;
    imgcls_status status = check_integrity(board);
    int code;
    *checked = *without = 0;
    *rows = NULL;
    if (status == IMGCLS_OK)
        status = icl_board_rows_create(board, columns, rows);
    if (status == IMGCLS_OK)
        status = icl_board_prepare(board, runs_sql, &statement);
    while (status == IMGCLS_OK && (code = sqlite3_step(statement)) != SQLITE_DONE) {
        if (icl_interrupted())
            status = icl_fail(board->ctx, IMGCLS_INTERRUPTED, "%s: interrupted", board->path);
        else if (code != SQLITE_ROW)
            status = icl_board_fail(board, code, "reading runs");
        else
            status = check_run(board, statement, &pictures, without, *rows);
        *checked += status == IMGCLS_OK;
    }
    if (status == IMGCLS_OK)
        status = check_newest(board, *rows);
    if (status == IMGCLS_OK)
        status = check_blocks(board, *rows);
    sqlite3_finalize(statement);
    icl_pictures_clear(&pictures);
    if (status != IMGCLS_OK) {
        imgcls_board_rows_destroy(*rows);
        *rows = NULL;
        return status;
    }
    if ((*rows)->row_count == 0)
        return IMGCLS_OK;
    return icl_fail(board->ctx, IMGCLS_MISMATCH,
                    "%s: %zu figures do not follow from the stored answers", board->path,
                    (*rows)->row_count);
}

/*
 * eval/leaderboard/gather.c - the rows of a few runs, read by their numbers
 *
 * What the view `leaderboard` answers, in fewer steps: a run's own columns come with one look into
 * its table, those of its model or data set once for all runs that share it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/gather.h"

#include "eval/leaderboard/text.h"

#include <stdlib.h>

/* What the view says of ICL_OF_LATER's only column. */
static const char later[] =
    "(SELECT max(later.id) FROM runs AS later WHERE later.supersedes = runs.id)";

/* Columns of one origin: where they stand in the table, what they are called where they come
 * from. Both own. */
struct part {
    size_t *at;
    const char **names;
    size_t count;
};

/* A row of the table and the number of its run, or of what that links to. */
struct link {
    int64_t id;
    size_t row;
    bool known;
};

struct gathering {
    struct imgcls_board *board;
    const struct icl_column *runs;
    const struct icl_selected *selected;
    struct imgcls_board_rows *rows;
    struct part parts[ICL_ORIGINS];
    /* Of each row: its run, and where a part has columns its link. Own. */
    struct link *links[ICL_ORIGINS];
};

static imgcls_status no_memory(struct gathering *gathering)
{
    return icl_fail(gathering->board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for %zu runs",
                    gathering->board->path, gathering->selected->count);
}

static void gathering_clear(struct gathering *gathering)
{
    for (size_t origin = 0; origin < ICL_ORIGINS; origin++) {
        free(gathering->parts[origin].at);
        free(gathering->parts[origin].names);
        free(gathering->links[origin]);
    }
}

/* Sorts the table's columns by where they come from. */
static imgcls_status divide(struct gathering *gathering)
{
    size_t width = gathering->rows->column_count, origin, i;
    for (origin = 0; origin < ICL_ORIGINS; origin++) {
        struct part *part = &gathering->parts[origin];
        part->at = calloc(width + 1, sizeof *part->at);
        part->names = calloc(width + 1, sizeof *part->names);
        if (!part->at || !part->names)
            return no_memory(gathering);
    }
    for (i = 0; i < width; i++) {
        const char *there;
        enum icl_origin from = icl_columns_origin(gathering->rows->columns[i], &there);
        struct part *part =
            &gathering->parts[from == ICL_OF_LATER ? ICL_OF_RUNS : from];
        part->at[part->count] = i;
        part->names[part->count++] = from == ICL_OF_LATER ? later : there;
    }
    for (origin = 0; origin < ICL_ORIGINS; origin++) {
        if (gathering->parts[origin].count == 0 && origin != ICL_OF_RUNS)
            continue;
        gathering->links[origin] =
            calloc(gathering->selected->count + 1, sizeof *gathering->links[origin]);
        if (!gathering->links[origin])
            return no_memory(gathering);
    }
    return IMGCLS_OK;
}

static int by_id(const void *a, const void *b)
{
    const struct link *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

/* The runs by their numbers, as they lie in the file. */
static void sort_runs(struct gathering *gathering)
{
    struct link *runs = gathering->links[ICL_OF_RUNS];
    for (size_t i = 0; i < gathering->selected->count; i++)
        runs[i] = (struct link){
            gathering->runs->values[gathering->selected->rows[i]].integer, i, true};
    qsort(runs, gathering->selected->count, sizeof *runs, by_id);
}

/* "[3,5,8]" */
static void put_numbers(struct icl_text *text, const struct link *runs, size_t count)
{
    icl_text_append(text, "[", 1);
    for (size_t i = 0; i < count; i++) {
        icl_text_append(text, ",", i > 0);
        icl_text_integer(text, runs[i].id);
    }
    icl_text_append(text, "]", 1);
}

/* A run that the statement stands on: its own cells, and its links from column `at` on. */
static imgcls_status take_run(struct gathering *gathering, sqlite3_stmt *statement, size_t row)
{
    const struct part *own = &gathering->parts[ICL_OF_RUNS];
    int at = (int)own->count + 1; /* behind its number */
    for (size_t origin = ICL_OF_RUNS + 1; origin < ICL_ORIGINS; origin++) {
        if (!gathering->links[origin])
            continue;
        gathering->links[origin][row] =
            (struct link){sqlite3_column_int64(statement, at), row,
                          sqlite3_column_type(statement, at) == SQLITE_INTEGER};
        at++;
    }
    return icl_board_rows_put(gathering->board, gathering->rows, row, own->at, own->count,
                              statement, ICL_LIST_BYTES_MAX);
}

static void put_statement(struct icl_text *sql, const struct gathering *gathering)
{
    const struct part *own = &gathering->parts[ICL_OF_RUNS];
    size_t i;
    icl_text_format(sql, "SELECT ");
    for (i = 0; i < own->count; i++)
        icl_text_format(sql, "%s%s, ", own->names[i] == later ? "" : "runs.", own->names[i]);
    icl_text_format(sql, "runs.id");
    for (i = ICL_OF_RUNS + 1; i < ICL_ORIGINS; i++)
        if (gathering->links[i])
            icl_text_format(sql, ", runs.%s", icl_columns_table(i)->link);
    icl_text_format(sql, " FROM json_each(?1) AS wanted"
                         " CROSS JOIN runs ON runs.id = wanted.value");
}

/* All runs in one statement, which keeps its memory from one to the next: JSON because a statement
 * takes no arrays. */
static imgcls_status read_own(struct gathering *gathering)
{
    struct imgcls_board *board = gathering->board;
    const struct part *own = &gathering->parts[ICL_OF_RUNS];
    const struct link *runs = gathering->links[ICL_OF_RUNS];
    const size_t count = gathering->selected->count;
    struct icl_text sql = {0}, numbers = {0};
    sqlite3_stmt *statement = NULL;
    imgcls_status status;
    size_t i;
    int code;
    sort_runs(gathering);
    put_statement(&sql, gathering);
    put_numbers(&numbers, runs, count);
    status = sql.failed || numbers.failed ? no_memory(gathering)
                                          : icl_board_prepare(board, sql.bytes, &statement);
    if (status == IMGCLS_OK)
        sqlite3_bind_text(statement, 1, numbers.bytes, -1, SQLITE_STATIC);
    for (i = 0; status == IMGCLS_OK && (code = sqlite3_step(statement)) != SQLITE_DONE; i++) {
        if (code != SQLITE_ROW)
            status = icl_board_fail(board, code, "reading runs");
        else if (i >= count ||
                 sqlite3_column_int64(statement, (int)own->count) != runs[i].id)
            break; /* one is missing */
        else
            status = take_run(gathering, statement, runs[i].row);
    }
    if (status == IMGCLS_OK && i < count)
        status = icl_fail(board->ctx, IMGCLS_BAD_INPUT,
                          "%s: damaged: a block names run %lld, which is not there", board->path,
                          (long long)runs[i].id);
    sqlite3_finalize(statement);
    icl_text_clear(&sql);
    icl_text_clear(&numbers);
    return status;
}

/* What rows of another table say, read once for all runs that name them. */
static imgcls_status read_linked(struct gathering *gathering, size_t origin)
{
    struct imgcls_board *board = gathering->board;
    const struct part *part = &gathering->parts[origin];
    const char *table = icl_columns_table(origin)->table;
    struct link *links = gathering->links[origin];
    struct icl_text sql = {0};
    sqlite3_stmt *statement = NULL;
    imgcls_status status;
    size_t i;
    icl_text_format(&sql, "SELECT ");
    for (i = 0; i < part->count; i++)
        icl_text_format(&sql, "%s, ", part->names[i]);
    icl_text_format(&sql, "id FROM %s WHERE id = ?1", table);
    status = sql.failed ? no_memory(gathering) : icl_board_prepare(board, sql.bytes, &statement);
    icl_text_clear(&sql);
    qsort(links, gathering->selected->count, sizeof *links, by_id);
    for (i = 0; i < gathering->selected->count && status == IMGCLS_OK; i++) {
        int code;
        if (!links[i].known)
            continue;
        if (i > 0 && links[i - 1].known && links[i - 1].id == links[i].id) {
            icl_board_rows_repeat(gathering->rows, links[i - 1].row, links[i].row, part->at,
                                  part->count);
            continue;
        }
        sqlite3_reset(statement);
        sqlite3_bind_int64(statement, 1, links[i].id);
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
            status = icl_board_rows_put(board, gathering->rows, links[i].row, part->at,
                                        part->count, statement, ICL_LIST_BYTES_MAX);
        else if (code != SQLITE_DONE)
            status = icl_board_fail(board, code, "reading its tables");
    }
    sqlite3_finalize(statement);
    return status;
}

static imgcls_status gather(struct gathering *gathering)
{
    imgcls_status status = divide(gathering);
    if (status == IMGCLS_OK)
        status = icl_board_rows_extend(gathering->board, gathering->rows,
                                       gathering->selected->count);
    if (status == IMGCLS_OK)
        status = read_own(gathering);
    for (size_t i = ICL_OF_RUNS + 1; i < ICL_ORIGINS && status == IMGCLS_OK; i++)
        if (gathering->links[i])
            status = read_linked(gathering, i);
    return status;
}

imgcls_status icl_gather_runs(struct imgcls_board *board, const struct icl_column *runs,
                              const struct icl_selected *selected,
                              struct imgcls_board_rows *rows)
{
    struct gathering gathering = {
        .board = board, .runs = runs, .selected = selected, .rows = rows};
    imgcls_status status = gather(&gathering);
    gathering_clear(&gathering);
    return status;
}

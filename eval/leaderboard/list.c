/*
 * eval/leaderboard/list.c - selecting runs: columns, conditions, order
 *
 * Column names are looked up among those of the view `leaderboard` before they become part of
 * a statement; values are bound. Comparing as numbers or as text follows from the column.
 *
 * A listing with a limit first finds the numbers of its runs by what it filters and sorts by,
 * which SQLite can take from an index alone (runs_narrow), then reads the rows of those few.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/board.h"

#include "eval/leaderboard/text.h"

#include <stdlib.h>
#include <string.h>

#define LIST_BYTES_MAX ((size_t)256 << 20)

static const char listing[] = "run,model,dataset,images,failed,top1,top1_low,top1_high,top5,"
                              "images_per_second,recorded_at";

/* A selection on its way to a statement. */
struct builder {
    struct imgcls_board *board;
    sqlite3_stmt *view; /* prepared over all columns, for their names */
    struct icl_text sql;
    const char **values; /* to bind, in order; own: the array and the texts */
    size_t value_count;
};

static imgcls_status unknown_column(struct builder *builder, const char *name, size_t length)
{
    struct icl_text known = {0};
    imgcls_status status;
    int i;
    for (i = 0; i < sqlite3_column_count(builder->view); i++)
        icl_text_format(&known, "%s%s", i ? ", " : "", sqlite3_column_name(builder->view, i));
    status = icl_fail(builder->board->ctx, IMGCLS_BAD_INPUT, "column '%.*s': none of %s",
                      (int)(length < 60 ? length : 60), name,
                      known.bytes ? known.bytes : "the leaderboard's");
    icl_text_clear(&known);
    return status;
}

/* The view's own spelling of a column, blanks around the name dropped. */
static imgcls_status column_of(struct builder *builder, const char *name, size_t length,
                               const char **out)
{
    int i;
    while (length > 0 && name[0] == ' ') {
        name++;
        length--;
    }
    while (length > 0 && name[length - 1] == ' ')
        length--;
    for (i = 0; i < sqlite3_column_count(builder->view); i++) {
        *out = sqlite3_column_name(builder->view, i);
        if (*out && strlen(*out) == length && memcmp(*out, name, length) == 0)
            return IMGCLS_OK;
    }
    return unknown_column(builder, name, length);
}

static imgcls_status add_columns(struct builder *builder, const char *columns)
{
    bool first = true;
    if (strcmp(columns, "all") == 0) {
        icl_text_format(&builder->sql, "SELECT leaderboard.*");
        return IMGCLS_OK;
    }
    icl_text_format(&builder->sql, "SELECT ");
    for (;;) {
        size_t length = strcspn(columns, ",");
        const char *name;
        imgcls_status status = column_of(builder, columns, length, &name);
        if (status != IMGCLS_OK)
            return status;
        icl_text_format(&builder->sql, "%s%s", first ? "" : ", ", name);
        first = false;
        if (!columns[length])
            return IMGCLS_OK;
        columns += length + 1;
    }
}

/* Remembers a value to bind; a pattern for LIKE gets its wildcards escaped and two of its own. */
static bool add_value(struct builder *builder, const char *value, bool pattern)
{
    const char **values =
        realloc(builder->values, (builder->value_count + 1) * sizeof *values);
    char *copy, *to;
    if (!values)
        return false;
    builder->values = values;
    copy = to = malloc(strlen(value) * 2 + 3);
    if (!copy)
        return false;
    if (pattern)
        *to++ = '%';
    for (; *value; value++) {
        if (pattern && strchr("%_\\", *value))
            *to++ = '\\';
        *to++ = *value;
    }
    if (pattern)
        *to++ = '%';
    *to = '\0';
    values[builder->value_count++] = copy;
    return true;
}

static imgcls_status add_condition(struct builder *builder, const char *condition, bool first)
{
    /* Longer ones first where one begins another. */
    static const char *const operators[] = {"!=", "<=", ">=", "=", "<", ">", "~"};
    size_t at = strcspn(condition, "!<>=~"), i;
    const char *name, *value;
    imgcls_status status;
    for (i = 0; i < sizeof operators / sizeof operators[0]; i++)
        if (strncmp(condition + at, operators[i], strlen(operators[i])) == 0)
            break;
    if (i == sizeof operators / sizeof operators[0])
        return icl_fail(builder->board->ctx, IMGCLS_BAD_INPUT,
                        "condition '%.60s': not of the form column=value (or !=, <, <=, >, "
                        ">=, ~)",
                        condition);
    status = column_of(builder, condition, at, &name);
    if (status != IMGCLS_OK)
        return status;
    value = condition + at + strlen(operators[i]);
    icl_text_format(&builder->sql, first ? " WHERE " : " AND ");
    if (!*value && (i == 0 || i == 3) && strcmp(name, "superseded_by") == 0) {
        /* The same, without looking for a later run of each. */
        icl_text_format(&builder->sql, "run %sIN (SELECT id FROM newest_runs)",
                        i == 0 ? "NOT " : "");
        return IMGCLS_OK;
    }
    if (!*value && (i == 0 || i == 3)) { /* no value: where there is (not) any */
        icl_text_format(&builder->sql, "%s IS %sNULL", name, i == 0 ? "NOT " : "");
        return IMGCLS_OK;
    }
    if (operators[i][0] == '~')
        icl_text_format(&builder->sql, "%s LIKE ? ESCAPE '\\'", name);
    else
        icl_text_format(&builder->sql, "%s %s ?", name, operators[i]);
    if (!add_value(builder, value, operators[i][0] == '~'))
        return icl_fail(builder->board->ctx, IMGCLS_NO_MEMORY, "no memory for a condition");
    return IMGCLS_OK;
}

/* "top1,desc;model". Among filtered runs, `walk` false keeps SQLite from walking an index in
 * the order wanted and reading a row for each entry to see whether it passes the filter. */
static imgcls_status add_order(struct builder *builder, const char *sort, bool walk)
{
    icl_text_format(&builder->sql, " ORDER BY ");
    while (*sort) {
        size_t length = strcspn(sort, ";"), name_length = strcspn(sort, ",;");
        const char *name, *way = sort + name_length;
        bool falls = false;
        imgcls_status status = column_of(builder, sort, name_length, &name);
        if (status != IMGCLS_OK)
            return status;
        if (name_length < length) {
            size_t size = length - name_length;
            falls = size == 5 && strncmp(way, ",desc", 5) == 0;
            if (!falls && !(size == 4 && strncmp(way, ",asc", 4) == 0))
                return icl_fail(builder->board->ctx, IMGCLS_BAD_INPUT,
                                "sort '%.*s': a column may be followed by ,asc or ,desc",
                                (int)(length < 60 ? length : 60), sort);
        }
        icl_text_format(&builder->sql, "%s%s %s NULLS LAST, ", walk ? "" : "+", name,
                        falls ? "DESC" : "ASC");
        sort += length + (sort[length] == ';');
    }
    /* The sign keeps SQLite from taking any index at all for one that helps with the order. */
    icl_text_format(&builder->sql, "+run");
    return IMGCLS_OK;
}

static imgcls_status build(struct builder *builder, const struct imgcls_board_selection *wish)
{
    const char *sort = wish->sort ? wish->sort : "top1,desc";
    bool two_steps = wish->limit > 0;
    imgcls_status status = IMGCLS_OK;
    size_t i;
    if (two_steps)
        icl_text_format(&builder->sql, "WITH chosen AS MATERIALIZED (SELECT run AS number");
    else
        status = add_columns(builder, wish->columns ? wish->columns : listing);
    icl_text_format(&builder->sql, " FROM leaderboard");
    for (i = 0; wish->where && wish->where[i] && status == IMGCLS_OK; i++)
        status = add_condition(builder, wish->where[i], i == 0);
    if (status == IMGCLS_OK)
        status = add_order(builder, sort, i == 0);
    if (status == IMGCLS_OK && two_steps) {
        icl_text_format(&builder->sql, " LIMIT %lld) ", (long long)wish->limit);
        status = add_columns(builder, wish->columns ? wish->columns : listing);
        icl_text_format(&builder->sql,
                        " FROM chosen CROSS JOIN leaderboard ON run = number");
        if (status == IMGCLS_OK)
            status = add_order(builder, sort, true);
    }
    if (status == IMGCLS_OK && builder->sql.failed)
        status = icl_fail(builder->board->ctx, IMGCLS_NO_MEMORY, "no memory for a query");
    return status;
}

static void builder_clear(struct builder *builder)
{
    size_t i;
    for (i = 0; i < builder->value_count; i++)
        free((char *)builder->values[i]);
    free(builder->values);
    icl_text_clear(&builder->sql);
    sqlite3_finalize(builder->view);
}

imgcls_status imgcls_board_list(struct imgcls_board *board,
                                const struct imgcls_board_selection *given,
                                struct imgcls_board_rows **out)
{
    icl_forgive(board->ctx); /* what an earlier call left */
    struct imgcls_board_selection wish = {0};
    struct builder builder = {.board = board};
    sqlite3_stmt *statement = NULL;
    imgcls_status status;
    size_t i;
    *out = NULL;
    if (given)
        memcpy(&wish, given,
               given->struct_size < sizeof wish ? given->struct_size : sizeof wish);
    status = icl_board_prepare(board, "SELECT * FROM leaderboard", &builder.view);
    if (status == IMGCLS_OK)
        status = build(&builder, &wish);
    if (status == IMGCLS_OK)
        status = icl_board_prepare(board, builder.sql.bytes, &statement);
    for (i = 0; i < builder.value_count && status == IMGCLS_OK; i++)
        icl_bind_text(statement, (int)i + 1, builder.values[i]);
    if (status == IMGCLS_OK)
        status = icl_board_collect(board, statement, LIST_BYTES_MAX, out);
    sqlite3_finalize(statement);
    builder_clear(&builder);
    return status;
}

imgcls_status imgcls_board_show(struct imgcls_board *board, int64_t run_id,
                                struct imgcls_board_rows **out)
{
    icl_forgive(board->ctx); /* what an earlier call left */
    sqlite3_stmt *statement = NULL;
    imgcls_status status =
        icl_board_prepare(board, "SELECT * FROM leaderboard WHERE run = ?1", &statement);
    *out = NULL;
    if (status != IMGCLS_OK)
        return status;
    sqlite3_bind_int64(statement, 1, run_id);
    status = icl_board_collect(board, statement, LIST_BYTES_MAX, out);
    sqlite3_finalize(statement);
    if (status == IMGCLS_OK && (*out)->row_count == 0) {
        imgcls_board_rows_destroy(*out);
        *out = NULL;
        status = icl_fail(board->ctx, IMGCLS_BAD_INPUT, "%s: no run %lld", board->path,
                          (long long)run_id);
    }
    return status;
}

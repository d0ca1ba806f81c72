/*
 * eval/leaderboard/list.c - runs that were selected, as rows
 *
 * Which runs, in which order, is found over packed columns (select.c), whatever is asked; then
 * the rows of a few are read one by one (gather.c), and many are put together from columns.
 *
 * Column names are looked up before they become part of a statement; values are bound.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/board.h"

#include "eval/leaderboard/gather.h"
#include "eval/leaderboard/select.h"

#include <stdlib.h>
#include <string.h>

#define FEW_RUNS 2048 /* reading a run takes as long as some hundred values of a column */

static const char listing[] = "run,model,dataset,images,failed,top1,top1_low,top1_high,top5,"
                              "images_per_second,recorded_at";

/* Names of the columns to show, of the view. Own the array. */
struct names {
    const char **items;
    size_t count;
};

static imgcls_status read_names(struct imgcls_board *board, const char *columns,
                                struct names *names)
{
    bool all = strcmp(columns, "all") == 0;
    size_t most = 1, i;
    imgcls_status status = IMGCLS_OK;
    for (i = 0; columns[i]; i++)
        most += columns[i] == ',';
    most = all ? icl_columns_known() : most;
    names->items = calloc(most + 1, sizeof *names->items);
    if (!names->items)
        return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for columns",
                        board->path);
    for (; all && names->count < most; names->count++)
        names->items[names->count] = icl_columns_known_name(names->count);
    while (!all && status == IMGCLS_OK) {
        size_t length = strcspn(columns, ",");
        status = icl_select_column(board, columns, length, &names->items[names->count]);
        names->count += status == IMGCLS_OK;
        if (!columns[length])
            break;
        columns += length + 1;
    }
    return status;
}

/* A run that was selected, and at which place. */
struct placed {
    uint32_t run, place;
};

static int by_run(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    return (x->run > y->run) - (x->run < y->run);
}

/* Runs in rising order, and where each place's run stands among them. */
static bool put_in_order(const struct icl_selected *selected, uint32_t *runs, uint32_t *places)
{
    struct placed *items = malloc((selected->count + 1) * sizeof *items);
    size_t i;
    if (!items)
        return false;
    for (i = 0; i < selected->count; i++)
        items[i] = (struct placed){selected->rows[i], (uint32_t)i};
    qsort(items, selected->count, sizeof *items, by_run);
    for (i = 0; i < selected->count; i++) {
        runs[i] = items[i].run;
        places[items[i].place] = (uint32_t)i;
    }
    free(items);
    return true;
}

/* Many runs: out of the columns, a column at a time. */
static imgcls_status read_columns(struct imgcls_board *board, struct icl_columns *columns,
                                  const struct names *names,
                                  const struct icl_selected *selected,
                                  struct imgcls_board_rows *rows)
{
    uint32_t *runs = malloc(selected->count * sizeof *runs);
    uint32_t *places = malloc(selected->count * sizeof *places);
    imgcls_status status = IMGCLS_OK;
    if (!runs || !places || !put_in_order(selected, runs, places))
        status = icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for %zu runs",
                          board->path, selected->count);
    if (status == IMGCLS_OK)
        status = icl_board_rows_extend(board, rows, selected->count);
    for (size_t k = 0; k < names->count && status == IMGCLS_OK; k++) {
        struct icl_column column = {0};
        status = icl_columns_pick(board, columns, names->items[k], runs, selected->count,
                                  &column);
        if (status == IMGCLS_OK)
            status = icl_board_rows_set(board, rows, k, &column, places, ICL_LIST_BYTES_MAX);
        icl_column_clear(&column);
    }
    free(runs);
    free(places);
    return status;
}

static imgcls_status list(struct imgcls_board *board,
                          const struct imgcls_board_selection *wish,
                          struct imgcls_board_rows **out)
{
    struct icl_columns *columns = NULL;
    const struct icl_column *runs;
    struct icl_selected selected = {0};
    struct names names = {0};
    imgcls_status status = icl_columns_open(board, &columns);
    if (status == IMGCLS_OK)
        status = icl_select_runs(board, columns, wish, &selected);
    if (status == IMGCLS_OK)
        status = icl_columns_get(columns, "run", &runs);
    if (status == IMGCLS_OK)
        status = read_names(board, wish->columns ? wish->columns : listing, &names);
    if (status == IMGCLS_OK)
        status = icl_board_rows_create(board, names.items, out);
    if (status == IMGCLS_OK)
        status = selected.count <= FEW_RUNS
                     ? icl_gather_runs(board, runs, &selected, *out)
                     : read_columns(board, columns, &names, &selected, *out);
    if (status != IMGCLS_OK) {
        imgcls_board_rows_destroy(*out);
        *out = NULL;
    }
    free(names.items);
    free(selected.rows);
    icl_columns_close(columns);
    return status;
}

imgcls_status imgcls_board_list(struct imgcls_board *board,
                                const struct imgcls_board_selection *given,
                                struct imgcls_board_rows **out)
{
    icl_forgive(board->ctx); /* what an earlier call left */
    struct imgcls_board_selection wish = {0};
    bool own = sqlite3_get_autocommit(board->db) != 0;
    imgcls_status status = IMGCLS_OK;
    *out = NULL;
    if (given)
        memcpy(&wish, given,
               given->struct_size < sizeof wish ? given->struct_size : sizeof wish);
    if (own) /* everything below is to see one state of the file */
        status = icl_board_execute(board, "BEGIN", "reading");
    if (status == IMGCLS_OK)
        status = list(board, &wish, out);
    if (own && !sqlite3_get_autocommit(board->db))
        sqlite3_exec(board->db, "ROLLBACK", NULL, NULL, NULL);
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
    status = icl_board_collect(board, statement, ICL_LIST_BYTES_MAX, out);
    sqlite3_finalize(statement);
    if (status == IMGCLS_OK && (*out)->row_count == 0) {
        imgcls_board_rows_destroy(*out);
        *out = NULL;
        status = icl_fail(board->ctx, IMGCLS_BAD_INPUT, "%s: no run %lld", board->path,
                          (long long)run_id);
    }
    return status;
}

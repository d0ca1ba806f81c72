/*
 * eval/leaderboard/pareto.c - runs that no other beats
 *
 * Within a group of comparable runs (one data set, processor and number of threads) a run is on
 * the front of time where none that is as fast is as accurate: sorted by milliseconds, those
 * that beat the best rate so far. The front of size is the same with bytes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/board.h"

#include "eval/leaderboard/cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Columns that are asked for, in this order: what fronts are found by. */
static const char wanted[] = "run,dataset,cpu,threads,top1,latency_p50_ms,images_per_second,"
                             "model_bytes,dataset_sha256";
enum { RUN, DATASET, CPU, THREADS, TOP1, LATENCY, RATE, BYTES, SHA, WIDTH };

/* What is said of the few that are on one. */
static const char told[] = "SELECT run, model, dataset, cpu, threads, top1, top1_low, top1_high"
                           " FROM leaderboard WHERE run = ?1";
#define TOLD 8

struct point {
    const struct imgcls_board_cell *cells; /* of its row */
    /* What is sorted by, for cells lie far apart in memory. */
    const char *dataset, *sha256, *cpu;
    int64_t threads;
    double top1, milliseconds, bytes; /* infinite where not known */
    bool on_time, on_size;
};

static const char *text_of(const struct imgcls_board_cell *cell)
{
    return cell->kind == IMGCLS_CELL_TEXT ? cell->text : "";
}

static int text_order(const char *a, const char *b)
{
    return a == b ? 0 : strcmp(a, b); /* equal ones are mostly the same */
}

static int by_group(const void *a, const void *b)
{
    const struct point *x = a, *y = b;
    int order = text_order(x->dataset, y->dataset);
    if (order == 0)
        order = text_order(x->sha256, y->sha256);
    if (order == 0)
        order = text_order(x->cpu, y->cpu);
    if (order == 0)
        order = (x->threads > y->threads) - (x->threads < y->threads);
    return order;
}

/* Cheaper first, then more accurate, then older. */
static int by_cost(const struct point *x, const struct point *y, double a, double b)
{
    if (a != b)
        return a < b ? -1 : 1;
    if (x->top1 != y->top1)
        return x->top1 > y->top1 ? -1 : 1;
    return x->cells[RUN].integer < y->cells[RUN].integer ? -1 : 1;
}

static int by_size(const void *a, const void *b)
{
    const struct point *x = a, *y = b;
    return by_cost(x, y, x->bytes, y->bytes);
}

static int by_time(const void *a, const void *b)
{
    const struct point *x = a, *y = b;
    return by_cost(x, y, x->milliseconds, y->milliseconds);
}

static void mark_group(struct point *points, size_t count)
{
    double best = -1;
    size_t i;
    qsort(points, count, sizeof *points, by_size);
    for (i = 0; i < count; i++)
        if (isfinite(points[i].bytes) && points[i].top1 > best) {
            points[i].on_size = true;
            best = points[i].top1;
        }
    qsort(points, count, sizeof *points, by_time);
    best = -1;
    for (i = 0; i < count; i++)
        if (isfinite(points[i].milliseconds) && points[i].top1 > best) {
            points[i].on_time = true;
            best = points[i].top1;
        }
}

static double number_of(const struct imgcls_board_cell *cell)
{
    if (cell->kind == IMGCLS_CELL_REAL)
        return cell->real;
    return cell->kind == IMGCLS_CELL_INTEGER ? (double)cell->integer : INFINITY;
}

static struct point point_of(const struct imgcls_board_cell *cells)
{
    struct point point = {.cells = cells,
                          .dataset = text_of(&cells[DATASET]),
                          .sha256 = text_of(&cells[SHA]),
                          .cpu = text_of(&cells[CPU]),
                          .threads = cells[THREADS].integer,
                          .top1 = number_of(&cells[TOP1]),
                          .milliseconds = number_of(&cells[LATENCY]),
                          .bytes = number_of(&cells[BYTES])};
    double rate = number_of(&cells[RATE]);
    if (!isfinite(point.milliseconds) && isfinite(rate) && rate > 0)
        point.milliseconds = 1000 / rate;
    return point;
}

static imgcls_status append(struct imgcls_board *board, sqlite3_stmt *tell,
                            const struct point *point, struct imgcls_board_rows *rows)
{
    struct imgcls_board_cell cells[TOLD + 3];
    imgcls_status status = IMGCLS_OK;
    int code;
    sqlite3_bind_int64(tell, 1, point->cells[RUN].integer);
    code = sqlite3_step(tell);
    if (code != SQLITE_ROW)
        status = code == SQLITE_DONE
                     ? icl_fail(board->ctx, IMGCLS_BAD_INPUT,
                                "%s: damaged: a block names run %lld, which is not there",
                                board->path, (long long)point->cells[RUN].integer)
                     : icl_board_fail(board, code, "reading runs");
    for (int i = 0; i < TOLD && status == IMGCLS_OK; i++)
        cells[i] = icl_cell_column(tell, i);
    cells[TOLD] = icl_cell_real(point->milliseconds);
    cells[TOLD + 1] = icl_cell_real(point->bytes / 1e6);
    cells[TOLD + 2] = icl_cell_text(!point->on_size   ? "time"
                                    : !point->on_time ? "size"
                                                      : "time and size");
    if (status == IMGCLS_OK)
        status = icl_board_rows_append(board, rows, cells);
    sqlite3_reset(tell);
    return status;
}

static imgcls_status find_fronts(struct imgcls_board *board,
                                 const struct imgcls_board_rows *all,
                                 struct imgcls_board_rows *rows)
{
    struct point *points = calloc(all->row_count + 1, sizeof *points);
    sqlite3_stmt *tell = NULL;
    imgcls_status status;
    size_t i, end;
    if (!points)
        return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for %zu runs",
                        board->path, all->row_count);
    status = icl_board_prepare(board, told, &tell);
    for (i = 0; i < all->row_count; i++)
        points[i] = point_of(&all->cells[i * WIDTH]);
    qsort(points, all->row_count, sizeof *points, by_group);
    for (i = 0; i < all->row_count && status == IMGCLS_OK; i = end) {
        for (end = i + 1; end < all->row_count && by_group(&points[i], &points[end]) == 0;)
            end++;
        mark_group(points + i, end - i);
        for (size_t k = i; k < end && status == IMGCLS_OK; k++)
            if (points[k].on_time || points[k].on_size)
                status = append(board, tell, &points[k], rows);
    }
    sqlite3_finalize(tell);
    free(points);
    return status;
}

imgcls_status imgcls_board_pareto(struct imgcls_board *board,
                                  const struct imgcls_board_selection *selection,
                                  struct imgcls_board_rows **out)
{
    icl_forgive(board->ctx); /* what an earlier call left */
    static const char *const columns[] = {"run",  "model",    "dataset",   "cpu",
                                          "threads", "top1",  "top1_low",  "top1_high",
                                          "milliseconds", "megabytes", "front", NULL};
    struct imgcls_board_selection wish = {
        .struct_size = sizeof wish, .columns = wanted, .sort = "run"};
    struct imgcls_board_rows *all = NULL;
    const char **where;
    size_t count = 0;
    imgcls_status status;
    *out = NULL;
    while (selection && selection->where && selection->where[count])
        count++;
    where = calloc(count + 2, sizeof *where);
    if (!where)
        return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for conditions",
                        board->path);
    where[0] = "superseded_by="; /* by none */
    if (count > 0)
        memcpy(where + 1, selection->where, count * sizeof *where);
    wish.where = where;
    status = imgcls_board_list(board, &wish, &all);
    if (status == IMGCLS_OK)
        status = icl_board_rows_create(board, columns, out);
    if (status == IMGCLS_OK)
        status = find_fronts(board, all, *out);
    if (status != IMGCLS_OK) {
        imgcls_board_rows_destroy(*out);
        *out = NULL;
    }
    imgcls_board_rows_destroy(all);
    free(where);
    return status;
}

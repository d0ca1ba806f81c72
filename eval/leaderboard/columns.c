/*
 * eval/leaderboard/columns.c - columns of the view `leaderboard` over all runs, in memory
 *
 * Columns of runs come out of the packed blocks, and what is in no block yet from the table.
 * Columns of models and data sets are read once a model, not once a run, and handed to the runs
 * by their links. superseded_by is supersedes turned around.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum icl_origin origin;
    const char *column; /* there; NULL: of the same name */
} known[] = {
    {"run", ICL_OF_RUNS, "id"}, {"model", ICL_OF_RUNS, "model_name"},
    {"dataset", ICL_OF_DATASETS, "name"}, {"images", ICL_OF_RUNS, NULL},
    {"failed", ICL_OF_RUNS, NULL}, {"top1", ICL_OF_RUNS, NULL},
    {"top1_low", ICL_OF_RUNS, NULL}, {"top1_high", ICL_OF_RUNS, NULL},
    {"top5", ICL_OF_RUNS, NULL}, {"top5_low", ICL_OF_RUNS, NULL},
    {"top5_high", ICL_OF_RUNS, NULL}, {"top1_correct", ICL_OF_RUNS, NULL},
    {"top5_correct", ICL_OF_RUNS, NULL}, {"nan_scores", ICL_OF_RUNS, NULL},
    {"ties", ICL_OF_RUNS, NULL}, {"class_accuracy", ICL_OF_RUNS, NULL},
    {"macro_precision", ICL_OF_RUNS, NULL}, {"macro_f1", ICL_OF_RUNS, NULL},
    {"nll", ICL_OF_RUNS, NULL}, {"ece", ICL_OF_RUNS, NULL}, {"mce", ICL_OF_RUNS, NULL},
    {"images_per_second", ICL_OF_RUNS, NULL}, {"seconds", ICL_OF_RUNS, NULL},
    {"latency_p50_ms", ICL_OF_RUNS, NULL}, {"latency_p90_ms", ICL_OF_RUNS, NULL},
    {"latency_p99_ms", ICL_OF_RUNS, NULL}, {"peak_memory_bytes", ICL_OF_RUNS, NULL},
    {"recipe", ICL_OF_RUNS, NULL}, {"precision", ICL_OF_RUNS, NULL},
    {"engine_version", ICL_OF_RUNS, NULL}, {"isa", ICL_OF_RUNS, NULL},
    {"threads", ICL_OF_RUNS, NULL}, {"batch", ICL_OF_RUNS, NULL},
    {"cpu", ICL_OF_RUNS, NULL}, {"cpus", ICL_OF_RUNS, NULL},
    {"memory_bytes", ICL_OF_RUNS, NULL}, {"ranks", ICL_OF_RUNS, NULL},
    {"resumed", ICL_OF_RUNS, NULL}, {"oriented", ICL_OF_RUNS, NULL},
    {"skipped", ICL_OF_RUNS, NULL}, {"compared_classes", ICL_OF_RUNS, NULL},
    {"parameters", ICL_OF_MODELS, NULL}, {"macs", ICL_OF_MODELS, NULL},
    {"nodes", ICL_OF_MODELS, NULL}, {"format", ICL_OF_MODELS, NULL},
    {"opset", ICL_OF_MODELS, NULL}, {"producer", ICL_OF_MODELS, NULL},
    {"weights_type", ICL_OF_MODELS, NULL}, {"model_bytes", ICL_OF_MODELS, "bytes"},
    {"classes", ICL_OF_DATASETS, NULL}, {"model_sha256", ICL_OF_MODELS, "sha256"},
    {"weights_sha256", ICL_OF_MODELS, NULL}, {"graph_sha256", ICL_OF_MODELS, NULL},
    {"parent_sha256", ICL_OF_MODELS, NULL}, {"dataset_sha256", ICL_OF_DATASETS, "sha256"},
    {"manifest_sha256", ICL_OF_DATASETS, NULL}, {"labels_sha256", ICL_OF_LABELS, "sha256"},
    {"plugins_sha256", ICL_OF_PLUGINS, "sha256"}, {"layout", ICL_OF_DATASETS, NULL},
    {"model_path", ICL_OF_RUNS, NULL}, {"dataset_path", ICL_OF_DATASETS, "path"},
    {"tier", ICL_OF_RUNS, NULL}, {"supersedes", ICL_OF_RUNS, NULL},
    {"superseded_by", ICL_OF_LATER, "supersedes"}, {"reproduces", ICL_OF_RUNS, NULL},
    {"origin", ICL_OF_RUNS, NULL}, {"recorded_by", ICL_OF_RUNS, NULL},
    {"started_at", ICL_OF_RUNS, NULL}, {"recorded_at", ICL_OF_RUNS, NULL},
    {"uid", ICL_OF_RUNS, NULL},
};
#define KNOWN (sizeof known / sizeof known[0])

static const struct icl_origin_table tables[ICL_ORIGINS] = {
    [ICL_OF_MODELS] = {"models", "model_id"},
    [ICL_OF_DATASETS] = {"datasets", "dataset_id"},
    [ICL_OF_LABELS] = {"label_spaces", "label_space_id"},
    [ICL_OF_PLUGINS] = {"plugin_sets", "plugin_set_id"},
};

/* A column that was loaded. */
struct loaded {
    const char *name;
    struct icl_column column;
};

struct icl_columns {
    struct imgcls_board *board;
    struct loaded items[KNOWN];
    size_t item_count;
    size_t packed, count; /* runs in blocks, in all */
    int64_t last_packed;  /* the number of the last run in a block */
};

const char *icl_columns_name(const char *name, size_t length)
{
    size_t i;
    for (i = 0; i < KNOWN; i++)
        if (strlen(known[i].name) == length && memcmp(known[i].name, name, length) == 0)
            return known[i].name;
    return NULL;
}

size_t icl_columns_known(void)
{
    return KNOWN;
}

const char *icl_columns_known_name(size_t i)
{
    return known[i].name;
}

size_t icl_columns_count(const struct icl_columns *columns)
{
    return columns->count;
}

void icl_columns_close(struct icl_columns *columns)
{
    size_t i;
    for (i = 0; columns && i < columns->item_count; i++)
        icl_column_clear(&columns->items[i].column);
    free(columns);
}

static imgcls_status no_memory(struct icl_columns *columns)
{
    return icl_fail(columns->board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for its columns",
                    columns->board->path);
}

static imgcls_status damaged(struct icl_columns *columns, const char *name)
{
    return icl_fail(columns->board->ctx, IMGCLS_BAD_INPUT,
                    "%s: damaged: blocks of column '%s' do not hold as many runs as others",
                    columns->board->path, name);
}

/* ---- From runs --------------------------------------------------------------------------*/

/* Adds all blocks to a column, or shows them to a visitor one by one, in the column. */
static imgcls_status load_blocks(struct icl_columns *columns, const char *name,
                                 struct icl_column *column,
                                 const struct icl_columns_visitor *visitor)
{
    struct imgcls_board *board = columns->board;
    sqlite3_stmt *statement = NULL;
    size_t first = 0;
    imgcls_status status = icl_board_prepare(
        board, "SELECT bytes FROM run_blocks WHERE name = ?1 ORDER BY block", &statement);
    int code = SQLITE_DONE;
    if (status == IMGCLS_OK)
        icl_bind_text(statement, 1, name);
    while (status == IMGCLS_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        const unsigned char *bytes;
        if (visitor && visitor->wanted &&
            !visitor->wanted(visitor->data, first, ICL_BLOCK_RUNS)) {
            first += ICL_BLOCK_RUNS;
            continue;
        }
        if (visitor)
            icl_column_rewind(column);
        bytes = sqlite3_column_blob(statement, 0);
        status = icl_column_unpack(board, column, name, bytes,
                                   bytes ? (size_t)sqlite3_column_bytes(statement, 0) : 0);
        if (visitor && status == IMGCLS_OK)
            status = column->count == ICL_BLOCK_RUNS
                         ? visitor->visit(visitor->data, column, first)
                         : damaged(columns, name);
        first += ICL_BLOCK_RUNS;
    }
    if (status == IMGCLS_OK && code != SQLITE_DONE)
        status = icl_board_fail(board, code, "reading its blocks");
    if (status == IMGCLS_OK && visitor && first != columns->packed)
        status = damaged(columns, name);
    sqlite3_finalize(statement);
    return status;
}

/* Runs behind the blocks. */
static imgcls_status load_rest(struct icl_columns *columns, const char *name,
                               struct icl_column *column)
{
    struct imgcls_board *board = columns->board;
    sqlite3_stmt *statement = NULL;
    imgcls_status status;
    int code = SQLITE_DONE;
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT %s FROM runs WHERE id > ?1 ORDER BY id", name);
    status = icl_board_prepare(board, sql, &statement);
    if (status == IMGCLS_OK)
        sqlite3_bind_int64(statement, 1, columns->last_packed);
    while (status == IMGCLS_OK && (code = sqlite3_step(statement)) == SQLITE_ROW)
        status = icl_column_take(board, column, statement, 0);
    if (status == IMGCLS_OK && code != SQLITE_DONE)
        status = icl_board_fail(board, code, "reading runs");
    sqlite3_finalize(statement);
    return status;
}

static imgcls_status load_of_runs(struct icl_columns *columns, const char *name,
                                  struct icl_column *column)
{
    imgcls_status status =
        icl_column_reserve(column, columns->count) ? IMGCLS_OK : no_memory(columns);
    if (status == IMGCLS_OK)
        status = load_blocks(columns, name, column, NULL);
    if (status == IMGCLS_OK && column->count != columns->packed)
        status = damaged(columns, name);
    if (status == IMGCLS_OK)
        status = load_rest(columns, name, column);
    if (status == IMGCLS_OK && column->count != columns->count)
        status = damaged(columns, name);
    return status;
}

static imgcls_status walk_runs(struct icl_columns *columns, const char *name,
                               const struct icl_columns_visitor *visitor)
{
    struct icl_column piece = {.borrows = true};
    size_t loose = columns->count - columns->packed;
    imgcls_status status = load_blocks(columns, name, &piece, visitor);
    piece.borrows = false;
    icl_column_rewind(&piece);
    if (status == IMGCLS_OK && loose > 0 &&
        (!visitor->wanted || visitor->wanted(visitor->data, columns->packed, loose))) {
        status = load_rest(columns, name, &piece);
        if (status == IMGCLS_OK)
            status = piece.count == loose ? visitor->visit(visitor->data, &piece, columns->packed)
                                          : damaged(columns, name);
    }
    icl_column_clear(&piece);
    return status;
}

/* ---- From what runs link to -------------------------------------------------------------*/

/* Which row of `ids`, which rise, has that number; SIZE_MAX: none. */
static size_t find_row(const struct icl_column *ids, int64_t id)
{
    size_t low = 0, high = ids->count;
    if (id > 0 && (uint64_t)id <= ids->count && ids->values[id - 1].integer == id)
        return (size_t)id - 1; /* numbers without gaps */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ids->values[middle].integer == id)
            return middle;
        if (ids->values[middle].integer < id)
            low = middle + 1;
        else
            high = middle;
    }
    return SIZE_MAX;
}

static imgcls_status load_rows(struct imgcls_board *board, const char *table,
                               const char *name, struct icl_column *ids,
                               struct icl_column *values)
{
    sqlite3_stmt *statement = NULL;
    imgcls_status status;
    int code = SQLITE_DONE;
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT id, %s FROM %s ORDER BY id", name, table);
    status = icl_board_prepare(board, sql, &statement);
    while (status == IMGCLS_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        status = icl_column_take(board, ids, statement, 0);
        if (status == IMGCLS_OK)
            status = icl_column_take(board, values, statement, 1);
    }
    if (status == IMGCLS_OK && code != SQLITE_DONE)
        status = icl_board_fail(board, code, "reading its tables");
    sqlite3_finalize(statement);
    return status;
}

/* Is it one of numbers, or of nothing? */
static bool is_link(const struct icl_column *column)
{
    return column->kind == ICL_COLUMN_INTEGER || column->kind == ICL_COLUMN_EMPTY;
}

/* Arrays for a value of each run. */
static imgcls_status make_room(struct icl_columns *columns, struct icl_column *column)
{
    column->values = calloc(columns->count + 1, sizeof *column->values);
    column->nulls = calloc(columns->count + 1, 1);
    if (!column->values || !column->nulls)
        return no_memory(columns);
    column->capacity = column->count = columns->count;
    return IMGCLS_OK;
}

/* What the rows of a table have, for runs that name them. */
struct linked {
    struct icl_columns *columns;
    const char *link;
    struct icl_column ids, rows;
    struct icl_column *out; /* a piece at a time, or all runs */
    const struct icl_columns_visitor *visitor; /* NULL: all */
};

static bool linked_wanted(void *data, size_t first, size_t count)
{
    const struct linked *linked = data;
    return linked->visitor->wanted(linked->visitor->data, first, count);
}

static imgcls_status visit_links(void *data, const struct icl_column *links, size_t first)
{
    struct linked *linked = data;
    struct icl_column *out = linked->out;
    size_t at = linked->visitor ? 0 : first, i;
    if (!is_link(links))
        return damaged(linked->columns, linked->link);
    if (linked->visitor) {
        out->count = 0;
        if (!icl_column_reserve(out, links->count))
            return no_memory(linked->columns);
        out->count = links->count;
    }
    for (i = 0; i < links->count; i++) {
        size_t row =
            links->nulls[i] ? SIZE_MAX : find_row(&linked->ids, links->values[i].integer);
        out->nulls[at + i] = row == SIZE_MAX || linked->rows.nulls[row];
        out->values[at + i].integer = 0;
        if (!out->nulls[at + i])
            out->values[at + i] = linked->rows.values[row];
    }
    return linked->visitor ? linked->visitor->visit(linked->visitor->data, out, first)
                           : IMGCLS_OK;
}

/* The texts of a table's rows become those of a column. */
static void hand_over_texts(struct icl_column *from, struct icl_column *to)
{
    to->kind = from->kind;
    to->texts = from->texts;
    to->text_count = from->text_count;
    to->text_capacity = from->text_capacity;
    to->chunks = from->chunks;
    from->texts = NULL;
    from->chunks = NULL;
}

/* All of a column into *column, or its pieces to a visitor. */
static imgcls_status read_linked(struct icl_columns *columns, enum icl_origin origin,
                                 const char *name, struct icl_column *column,
                                 const struct icl_columns_visitor *visitor)
{
    struct linked linked = {.columns = columns, .link = tables[origin].link, .out = column,
                            .visitor = visitor};
    const struct icl_columns_visitor of_links = {
        visitor && visitor->wanted ? linked_wanted : NULL, visit_links, &linked};
    imgcls_status status =
        load_rows(columns->board, tables[origin].table, name, &linked.ids, &linked.rows);
    hand_over_texts(&linked.rows, column);
    if (status == IMGCLS_OK && !visitor)
        status = make_room(columns, column);
    if (status == IMGCLS_OK)
        status = walk_runs(columns, linked.link, &of_links);
    icl_column_clear(&linked.ids);
    icl_column_clear(&linked.rows);
    return status;
}

/* The last run that supersedes each. */
struct later {
    struct icl_columns *columns;
    const struct icl_column *runs;
    struct icl_column *out;
};

static imgcls_status visit_earlier(void *data, const struct icl_column *earlier, size_t first)
{
    struct later *later = data;
    if (!is_link(earlier))
        return damaged(later->columns, "supersedes");
    for (size_t i = 0; i < earlier->count; i++) { /* runs rise, so the last one stays */
        size_t row = earlier->nulls[i] ? SIZE_MAX
                                       : find_row(later->runs, earlier->values[i].integer);
        if (row == SIZE_MAX)
            continue;
        later->out->nulls[row] = 0;
        later->out->values[row] = later->runs->values[first + i];
    }
    return IMGCLS_OK;
}

static imgcls_status load_later(struct icl_columns *columns, struct icl_column *column)
{
    struct later later = {.columns = columns, .out = column};
    const struct icl_columns_visitor visitor = {NULL, visit_earlier, &later};
    imgcls_status status = icl_columns_get(columns, "run", &later.runs);
    if (status == IMGCLS_OK)
        status = make_room(columns, column);
    if (status != IMGCLS_OK)
        return status;
    column->kind = ICL_COLUMN_INTEGER;
    memset(column->nulls, 1, columns->count);
    return walk_runs(columns, "supersedes", &visitor);
}

/* ---- All of them ------------------------------------------------------------------------*/

static struct icl_column *find_loaded(struct icl_columns *columns, const char *name)
{
    for (size_t i = 0; i < columns->item_count; i++)
        if (strcmp(columns->items[i].name, name) == 0)
            return &columns->items[i].column;
    return NULL;
}

/* A place for a column of that name, which is there (*fresh false) or has to be loaded. */
static struct icl_column *place_of(struct icl_columns *columns, const char *name, bool *fresh)
{
    struct icl_column *column = find_loaded(columns, name);
    *fresh = !column;
    if (column)
        return column;
    columns->items[columns->item_count].name = name;
    return &columns->items[columns->item_count++].column;
}

const struct icl_origin_table *icl_columns_table(enum icl_origin origin)
{
    return &tables[origin];
}

/* A link is a column of runs. */
enum icl_origin icl_columns_origin(const char *name, const char **there)
{
    *there = name;
    for (size_t i = 0; i < KNOWN; i++)
        if (strcmp(known[i].name, name) == 0) {
            *there = known[i].column ? known[i].column : name;
            return known[i].origin;
        }
    return ICL_OF_RUNS;
}

imgcls_status icl_columns_load(struct icl_columns *columns, const char *name,
                               struct icl_column *out)
{
    const char *there;
    enum icl_origin origin = icl_columns_origin(name, &there);
    return origin == ICL_OF_RUNS    ? load_of_runs(columns, there, out)
           : origin == ICL_OF_LATER ? load_later(columns, out)
                             : read_linked(columns, origin, there, out, NULL);
}

imgcls_status icl_columns_get(struct icl_columns *columns, const char *name,
                              const struct icl_column **out)
{
    bool fresh;
    struct icl_column *column = place_of(columns, name, &fresh);
    *out = column;
    return fresh ? icl_columns_load(columns, name, column) : IMGCLS_OK;
}

imgcls_status icl_columns_walk(struct icl_columns *columns, const char *name,
                               const struct icl_columns_visitor *visitor)
{
    const char *there;
    enum icl_origin origin = icl_columns_origin(name, &there);
    const struct icl_column *loaded = find_loaded(columns, name);
    struct icl_column piece = {0};
    imgcls_status status = IMGCLS_OK;
    if (!loaded && origin == ICL_OF_RUNS)
        return walk_runs(columns, there, visitor);
    if (!loaded && origin != ICL_OF_LATER) {
        status = read_linked(columns, origin, there, &piece, visitor);
        icl_column_clear(&piece);
        return status;
    }
    if (!loaded)
        status = icl_columns_get(columns, name, &loaded);
    return status == IMGCLS_OK ? visitor->visit(visitor->data, loaded, 0) : status;
}

imgcls_status icl_columns_open(struct imgcls_board *board, struct icl_columns **out)
{
    struct icl_columns *columns = calloc(1, sizeof *columns);
    struct icl_column *runs;
    imgcls_status status;
    int64_t blocks;
    bool fresh;
    *out = NULL;
    if (!columns)
        return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for its columns",
                        board->path);
    columns->board = board;
    status = icl_blocks_count(board, &blocks, &columns->last_packed);
    runs = place_of(columns, "run", &fresh);
    /* A number that is no number of blocks is found out below. */
    if (status == IMGCLS_OK && blocks > 0 && blocks < 65536 &&
        !icl_column_reserve(runs, ((size_t)blocks + 1) * ICL_BLOCK_RUNS))
        status = no_memory(columns);
    if (status == IMGCLS_OK)
        status = load_blocks(columns, "id", runs, NULL);
    columns->packed = runs->count;
    if (status == IMGCLS_OK)
        status = load_rest(columns, "id", runs);
    columns->count = runs->count;
    if (status == IMGCLS_OK && runs->count > 0 &&
        (runs->kind != ICL_COLUMN_INTEGER || memchr(runs->nulls, 1, runs->count)))
        status = damaged(columns, "id");
    for (size_t i = 1; status == IMGCLS_OK && i < runs->count; i++)
        if (runs->values[i - 1].integer >= runs->values[i].integer)
            status = damaged(columns, "id");
    if (status != IMGCLS_OK) {
        icl_columns_close(columns);
        return status;
    }
    *out = columns;
    return IMGCLS_OK;
}

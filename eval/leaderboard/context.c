/*
 * eval/leaderboard/context.c - figures that others published, as rows beside ours
 *
 * timm's tables come in two forms, one by its validate script and one that is published, in
 * which param_count is text with thousands separators; timings lie in files of their own whose
 * names say the machine. All are told apart by their columns alone.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/board.h"

#include "eval/leaderboard/csv.h"
#include "eval/leaderboard/machine.h"
#include "src/file/file.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX ((size_t)256 << 20)

enum { MODEL, TOP1, TOP5, PARAMETERS, MACS, IMG_SIZE, CROP_PCT, INTERPOLATION, RATE, COLUMNS };

static const struct {
    const char *name; /* in the file */
    int column;
    double scale, max; /* to our unit; largest value in the file's; max 0: text */
} known[] = {
    {"model", MODEL, 0, 0},
    {"top1", TOP1, 0.01, 100},
    {"top5", TOP5, 0.01, 100},
    {"param_count", PARAMETERS, 1e6, 1e9},
    {"infer_gmacs", MACS, 1e9, 1e9},
    {"gmacs", MACS, 1e9, 1e9},
    {"img_size", IMG_SIZE, 1, 1e6},
    {"infer_img_size", IMG_SIZE, 1, 1e6},
    {"crop_pct", CROP_PCT, 1, 100},
    {"interpolation", INTERPOLATION, 0, 0},
    {"infer_samples_per_sec", RATE, 1, 1e12},
};
#define KNOWN_COUNT (sizeof known / sizeof known[0])

/* A table on its way in. */
struct table {
    struct imgcls_board *board;
    struct icl_csv csv;
    locale_t numbers; /* decimal points, whatever the process's locale */
    size_t width;
    size_t place[COLUMNS]; /* field of each column; SIZE_MAX: none */
    size_t row_of[COLUMNS]; /* row of known[] behind it */
};

static imgcls_status read_header(struct table *table)
{
    struct icl_csv *csv = &table->csv;
    bool more;
    size_t i, k;
    imgcls_status status = icl_csv_row(csv, &more);
    for (i = 0; i < COLUMNS; i++)
        table->place[i] = SIZE_MAX;
    if (status != IMGCLS_OK)
        return status;
    table->width = csv->count;
    for (i = 0; more && i < csv->count; i++)
        for (k = 0; k < KNOWN_COUNT; k++)
            if (strcmp(csv->fields[i], known[k].name) == 0 &&
                table->place[known[k].column] == SIZE_MAX) {
                table->place[known[k].column] = i;
                table->row_of[known[k].column] = k;
            } else if (strcmp(csv->fields[i], known[k].name) == 0 &&
                       table->row_of[known[k].column] == k) {
                return icl_fail(csv->ctx, IMGCLS_BAD_INPUT, "%s: two columns '%s'", csv->name,
                                known[k].name);
            }
    if (more && table->place[MODEL] != SIZE_MAX &&
        (table->place[TOP1] != SIZE_MAX || table->place[RATE] != SIZE_MAX))
        return IMGCLS_OK;
    if (!more)
        return icl_fail(csv->ctx, IMGCLS_BAD_INPUT, "%s: empty, no table of results", csv->name);
    return icl_fail(csv->ctx, IMGCLS_BAD_INPUT,
                    "%s: no table of results: columns 'model' and 'top1' (or "
                    "'infer_samples_per_sec') are wanted, its first of %zu is '%.40s'",
                    csv->name, csv->count, more && csv->count ? csv->fields[0] : "");
}

/* A number of one column in our unit; NaN where the field is empty or not there. */
static imgcls_status number_of(struct table *table, int column, double *out)
{
    struct icl_csv *csv = &table->csv;
    size_t row = table->row_of[column];
    char digits[64], *end;
    const char *field, *p;
    size_t length = 0;
    *out = NAN;
    if (table->place[column] == SIZE_MAX)
        return IMGCLS_OK;
    field = csv->fields[table->place[column]];
    for (p = field; *p && length + 1 < sizeof digits; p++)
        if (*p != ',' && *p != ' ') /* thousands separators */
            digits[length++] = *p;
    digits[length] = '\0';
    if (length == 0)
        return IMGCLS_OK;
    *out = strtod_l(digits, &end, table->numbers);
    if (*end || *p || !isfinite(*out) || *out < 0 || *out > known[row].max)
        return icl_fail(csv->ctx, IMGCLS_BAD_INPUT,
                        "%s:%zu: %s is '%.40s', a number from 0 to %g is wanted", csv->name,
                        csv->line, known[row].name, field, known[row].max);
    *out *= known[row].scale;
    return IMGCLS_OK;
}

static void bind(sqlite3_stmt *statement, int index, double value, bool whole)
{
    if (!isfinite(value))
        sqlite3_bind_null(statement, index);
    else if (whole)
        sqlite3_bind_int64(statement, index, llround(value));
    else
        sqlite3_bind_double(statement, index, value);
}

static imgcls_status add_row(struct table *table, sqlite3_stmt *statement)
{
    static const bool whole[COLUMNS] = {[PARAMETERS] = true, [MACS] = true, [IMG_SIZE] = true};
    struct icl_csv *csv = &table->csv;
    const char *model;
    int i;
    if (csv->count != table->width)
        return icl_fail(csv->ctx, IMGCLS_BAD_INPUT, "%s:%zu: %zu fields under %zu columns",
                        csv->name, csv->line, csv->count, table->width);
    model = csv->fields[table->place[MODEL]];
    if (!*model)
        return icl_fail(csv->ctx, IMGCLS_BAD_INPUT, "%s:%zu: a row without a model", csv->name,
                        csv->line);
    sqlite3_bind_int64(statement, 2, (sqlite3_int64)csv->line);
    icl_bind_text(statement, 3, model);
    for (i = TOP1; i < COLUMNS; i++) {
        double value;
        imgcls_status status;
        if (i == INTERPOLATION) {
            icl_bind_text(statement, 3 + i,
                          table->place[i] == SIZE_MAX ? NULL : csv->fields[table->place[i]]);
            continue;
        }
        status = number_of(table, i, &value);
        if (status != IMGCLS_OK)
            return status;
        if ((i == CROP_PCT || i == IMG_SIZE) && value == 0)
            value = NAN;
        bind(statement, 3 + i, value, whole[i]);
    }
    return icl_board_step(table->board, statement, "writing figures of others");
}

/* "results-imagenet-real.csv" is about imagenet-real; "benchmark-infer-amp-x.csv" is timings on
 * amp-x. Both own: free; environment may be NULL. */
static void read_name(const char *file, char **dataset, char **environment)
{
    static const char results[] = "results-", timings[] = "benchmark-infer-";
    size_t length = strlen(file);
    *environment = NULL;
    if (length > 4 && strcmp(file + length - 4, ".csv") == 0)
        length -= 4;
    if (strncmp(file, timings, sizeof timings - 1) == 0) {
        *dataset = strdup("timings");
        *environment = strndup(file + sizeof timings - 1, length - (sizeof timings - 1));
    } else if (strncmp(file, results, sizeof results - 1) == 0) {
        *dataset = strndup(file + sizeof results - 1, length - (sizeof results - 1));
    } else {
        *dataset = strndup(file, length);
    }
}

static imgcls_status add_source(struct imgcls_board *board, const char *file,
                                const char *dataset, const char *sha256, int64_t *id)
{
    const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
    char *told, *environment, time[21], user[300];
    sqlite3_stmt *statement = NULL;
    imgcls_status status;
    read_name(name, &told, &environment);
    status = icl_board_prepare(board,
                               "INSERT INTO context_sources (sha256, file, dataset,"
                               " environment, imported_at, imported_by)"
                               " VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
                               " ON CONFLICT (sha256) DO NOTHING RETURNING id",
                               &statement);
    if (status == IMGCLS_OK && !told)
        status = icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory to import", file);
    if (status == IMGCLS_OK) {
        int code;
        icl_board_time(time);
        icl_machine_user(user, sizeof user);
        icl_bind_text(statement, 1, sha256);
        icl_bind_text(statement, 2, name);
        icl_bind_text(statement, 3, dataset ? dataset : told);
        icl_bind_text(statement, 4, environment);
        icl_bind_text(statement, 5, time);
        icl_bind_text(statement, 6, user);
        code = sqlite3_step(statement);
        *id = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
        if (code != SQLITE_ROW && code != SQLITE_DONE)
            status = icl_board_fail(board, code, "writing figures of others");
    }
    sqlite3_finalize(statement);
    free(told);
    free(environment);
    return status;
}

static imgcls_status add_table(struct table *table, int64_t source, int64_t *added)
{
    sqlite3_stmt *statement = NULL;
    bool more = true;
    imgcls_status status = icl_board_prepare(
        table->board,
        "INSERT INTO context (source_id, line, model, top1, top5, parameters, macs, img_size,"
        " crop_pct, interpolation, images_per_second)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        &statement);
    if (status == IMGCLS_OK)
        sqlite3_bind_int64(statement, 1, source);
    while (status == IMGCLS_OK) {
        status = icl_csv_row(&table->csv, &more);
        if (status != IMGCLS_OK || !more)
            break;
        status = add_row(table, statement);
        sqlite3_reset(statement);
        *added += status == IMGCLS_OK;
    }
    if (status == IMGCLS_OK && *added == 0)
        status = icl_fail(table->board->ctx, IMGCLS_BAD_INPUT, "%s: columns and no rows",
                          table->csv.name);
    sqlite3_finalize(statement);
    return status;
}

/* The whole file with a NUL after it; own: free. */
static imgcls_status read_file(struct imgcls_board *board, const char *file, char **text,
                               size_t *size)
{
    struct imgcls_storage *storage = NULL;
    imgcls_status status = icl_storage_map(board->ctx, file, &storage);
    *text = NULL;
    if (status != IMGCLS_OK)
        return status;
    *size = icl_storage_size(storage);
    if (*size > FILE_BYTES_MAX)
        status = icl_fail(board->ctx, IMGCLS_BAD_INPUT, "%s: %zu bytes, at most %zu are read",
                          file, *size, FILE_BYTES_MAX);
    else if (!(*text = malloc(*size + 1)))
        status = icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory to read it", file);
    if (*text) {
        memcpy(*text, icl_storage_bytes(storage), *size);
        (*text)[*size] = '\0';
        if (memchr(*text, '\0', *size))
            status = icl_fail(board->ctx, IMGCLS_BAD_INPUT, "%s: no text", file);
    }
    icl_storage_release(storage);
    return status;
}

imgcls_status imgcls_board_import(struct imgcls_board *board, const char *file,
                                  const char *dataset, int64_t *added)
{
    icl_forgive(board->ctx); /* what an earlier call left */
    struct table table = {.board = board};
    char *text = NULL, sha256[65];
    size_t size = 0;
    int64_t source = 0, count = 0;
    imgcls_status status;
    *added = 0;
    if (!board->writable)
        return icl_fail(board->ctx, IMGCLS_BAD_INPUT, "%s: opened for reading only",
                        board->path);
    status = read_file(board, file, &text, &size);
    if (status != IMGCLS_OK) {
        free(text);
        return status;
    }
    icl_sha256_of(text, size, sha256);
    icl_csv_begin(&table.csv, board->ctx, file, text, size);
    table.numbers = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    status = table.numbers ? read_header(&table)
                           : icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory", file);
    if (status == IMGCLS_OK)
        status = icl_board_begin(board);
    if (status == IMGCLS_OK) {
        status = add_source(board, file, dataset, sha256, &source);
        if (status == IMGCLS_OK && source > 0)
            status = add_table(&table, source, &count);
        status = icl_board_end(board, status);
    }
    if (status == IMGCLS_OK)
        *added = count;
    if (table.numbers)
        freelocale(table.numbers);
    icl_csv_end(&table.csv);
    free(text);
    return status;
}

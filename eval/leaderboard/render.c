/*
 * eval/leaderboard/render.c - rows as csv, json and markdown
 *
 * Values in full precision for programs (csv, json), in six digits for readers (markdown).
 * Text from the database is quoted in each format's own way, so that a name can not become
 * a field, a key or markup.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/board.h"

#include "eval/leaderboard/text.h"
#include "eval/number_text.h"
#include "src/file/file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct imgcls_board_cell *cell_at(const struct imgcls_board_rows *rows,
                                               size_t row, size_t column)
{
    return &rows->cells[row * rows->column_count + column];
}

static void put_real(struct icl_text *text, double value, int digits)
{
    char number[40];
    size_t length = digits ? icl_number_text(value, digits, number, sizeof number)
                           : icl_number_exact(value, number, sizeof number);
    icl_text_append(text, number, length);
}

static void csv_text(struct icl_text *text, const char *value)
{
    const char *p;
    if (!strpbrk(value, ",\"\r\n")) {
        icl_text_append(text, value, strlen(value));
        return;
    }
    icl_text_append(text, "\"", 1);
    for (p = value; *p; p++)
        icl_text_append(text, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
    icl_text_append(text, "\"", 1);
}

static void csv_cell(struct icl_text *text, const struct imgcls_board_cell *cell)
{
    if (cell->kind == IMGCLS_CELL_INTEGER)
        icl_text_integer(text, cell->integer);
    else if (cell->kind == IMGCLS_CELL_REAL)
        put_real(text, cell->real, 0);
    else if (cell->kind == IMGCLS_CELL_TEXT)
        csv_text(text, cell->text);
}

static void as_csv(struct icl_text *text, const struct imgcls_board_rows *rows)
{
    size_t row, column;
    for (column = 0; column < rows->column_count; column++) {
        icl_text_append(text, ",", column > 0);
        csv_text(text, rows->columns[column]);
    }
    icl_text_append(text, "\n", 1);
    for (row = 0; row < rows->row_count; row++) {
        for (column = 0; column < rows->column_count; column++) {
            icl_text_append(text, ",", column > 0);
            csv_cell(text, cell_at(rows, row, column));
        }
        icl_text_append(text, "\n", 1);
    }
}

static void json_cell(struct icl_text *text, const struct imgcls_board_cell *cell)
{
    if (cell->kind == IMGCLS_CELL_INTEGER)
        icl_text_integer(text, cell->integer);
    else if (cell->kind == IMGCLS_CELL_REAL && isfinite(cell->real))
        put_real(text, cell->real, 0);
    else if (cell->kind == IMGCLS_CELL_TEXT)
        icl_text_json(text, cell->text);
    else
        icl_text_append(text, "null", 4);
}

static void as_json(struct icl_text *text, const struct imgcls_board_rows *rows)
{
    size_t row, column, *ends = calloc(rows->column_count + 1, sizeof *ends);
    struct icl_text keys = {0}; /* the same in every row */
    text->failed = text->failed || !ends;
    for (column = 0; ends && column < rows->column_count; column++) {
        icl_text_append(&keys, ", ", column > 0 ? 2 : 0);
        icl_text_json(&keys, rows->columns[column]);
        icl_text_append(&keys, ": ", 2);
        ends[column + 1] = keys.length;
    }
    text->failed = text->failed || keys.failed;
    icl_text_format(text, "{\"rows\": [");
    for (row = 0; row < rows->row_count && !text->failed; row++) {
        icl_text_format(text, "%s\n  {", row > 0 ? "," : "");
        for (column = 0; column < rows->column_count; column++) {
            icl_text_append(text, keys.bytes + ends[column], ends[column + 1] - ends[column]);
            json_cell(text, cell_at(rows, row, column));
        }
        icl_text_append(text, "}", 1);
    }
    icl_text_format(text, "%s]}\n", rows->row_count > 0 ? "\n" : "");
    icl_text_clear(&keys);
    free(ends);
}

static void markdown_text(struct icl_text *text, const char *value)
{
    for (; *value; value++) {
        size_t plain = strcspn(value, "\n\r|\\`*_<>[]");
        icl_text_append(text, value, plain);
        value += plain;
        if (!*value)
            break;
        if (*value == '\n' || *value == '\r')
            icl_text_append(text, " ", 1);
        else
            icl_text_format(text, *value == '<' ? "&lt;" : "\\%c", *value);
    }
}

static bool is_numeric(const struct imgcls_board_rows *rows, size_t column)
{
    size_t row;
    for (row = 0; row < rows->row_count; row++)
        if (cell_at(rows, row, column)->kind == IMGCLS_CELL_TEXT)
            return false;
    return rows->row_count > 0;
}

static void as_markdown(struct icl_text *text, const struct imgcls_board_rows *rows)
{
    size_t row, column;
    icl_text_append(text, "|", 1);
    for (column = 0; column < rows->column_count; column++) {
        icl_text_append(text, " ", 1);
        markdown_text(text, rows->columns[column]);
        icl_text_append(text, " |", 2);
    }
    icl_text_append(text, "\n|", 2);
    for (column = 0; column < rows->column_count; column++)
        icl_text_format(text, is_numeric(rows, column) ? " ---: |" : " --- |");
    icl_text_append(text, "\n", 1);
    for (row = 0; row < rows->row_count; row++) {
        icl_text_append(text, "|", 1);
        for (column = 0; column < rows->column_count; column++) {
            const struct imgcls_board_cell *cell = cell_at(rows, row, column);
            icl_text_append(text, " ", 1);
            if (cell->kind == IMGCLS_CELL_TEXT)
                markdown_text(text, cell->text);
            else if (cell->kind == IMGCLS_CELL_REAL)
                put_real(text, cell->real, 6);
            else
                csv_cell(text, cell);
            icl_text_append(text, " |", 2);
        }
        icl_text_append(text, "\n", 1);
    }
}

static const struct {
    const char *name;
    void (*put)(struct icl_text *text, const struct imgcls_board_rows *rows);
} formats[] = {{"csv", as_csv}, {"json", as_json}, {"markdown", as_markdown}};

imgcls_status imgcls_board_render(struct imgcls_board *board,
                                  const struct imgcls_board_rows *rows, const char *format,
                                  char **out)
{
    icl_forgive(board->ctx); /* what an earlier call left */
    struct icl_text text = {0};
    size_t i;
    *out = NULL;
    for (i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(formats[i].name, format) != 0)
            continue;
        formats[i].put(&text, rows);
        if (text.failed) {
            icl_text_clear(&text);
            return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for the export",
                            board->path);
        }
        *out = text.bytes;
        return IMGCLS_OK;
    }
    if (strcmp(format, "html") == 0)
        return icl_fail(board->ctx, IMGCLS_UNSUPPORTED,
                        "format 'html': a page is made of runs, by imgcls_board_report, not of "
                        "rows");
    return icl_fail(board->ctx, IMGCLS_BAD_INPUT,
                    "format '%.20s': none of csv, json, markdown, html", format);
}

imgcls_status imgcls_board_save(struct imgcls_board *board, const char *path, const char *text)
{
    icl_forgive(board->ctx); /* what an earlier call left */
    struct icl_output *output;
    imgcls_status status = icl_output_create(board->ctx, path, &output);
    if (status != IMGCLS_OK)
        return status;
    status = output->sink.write(&board->ctx->host, &output->sink, text, strlen(text));
    return icl_output_finish(output, status);
}

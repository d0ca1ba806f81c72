/*
 * eval/leaderboard/rows.c - results as tables of cells, owned in one piece
 *
 * Texts lie in blocks that never move, so cells may point into them while more are added.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/blocks.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 65536

struct block {
    struct block *next;
    size_t used, size;
    char bytes[];
};

/* What the public struct is the head of. */
struct store {
    struct imgcls_board_rows rows; /* first */
    struct block *blocks;
    const char **columns;
    struct imgcls_board_cell *cells;
    size_t capacity, bytes; /* cells allocated; bytes of everything */
};

static char *store_text(struct store *store, const char *text, size_t length)
{
    struct block *block = store->blocks;
    char *copy;
    if (!block || block->size - block->used < length + 1) {
        size_t size = length + 1 > BLOCK_BYTES ? length + 1 : BLOCK_BYTES;
        block = malloc(sizeof *block + size);
        if (!block)
            return NULL;
        block->size = size;
        block->used = 0;
        block->next = store->blocks;
        store->blocks = block;
        store->bytes += size;
    }
    copy = block->bytes + block->used;
    if (length > 0)
        memcpy(copy, text, length);
    copy[length] = '\0';
    block->used += length + 1;
    return copy;
}

static bool reserve_rows(struct store *store, size_t more)
{
    size_t width = store->rows.column_count, needed, bytes;
    struct imgcls_board_cell *cells;
    if (more > SIZE_MAX - store->rows.row_count ||
        !icl_mul_size(store->rows.row_count + more, width, &needed))
        return false;
    if (needed <= store->capacity)
        return true;
    needed = needed > store->capacity * 2 ? needed : store->capacity * 2;
    if (!icl_mul_size(needed, sizeof *cells, &bytes))
        return false;
    cells = realloc(store->cells, bytes);
    if (!cells)
        return false;
    store->bytes += (needed - store->capacity) * sizeof *cells;
    store->cells = cells;
    store->capacity = needed;
    store->rows.cells = cells;
    return true;
}

static imgcls_status no_memory(struct imgcls_board *board)
{
    return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for the rows", board->path);
}

static struct store *store_create(size_t width)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store)
        return NULL;
    store->rows.struct_size = sizeof store->rows;
    store->rows.column_count = width;
    store->columns = calloc(width + 1, sizeof *store->columns);
    store->rows.columns = store->columns;
    if (!store->columns) {
        free(store);
        return NULL;
    }
    return store;
}

void imgcls_board_rows_destroy(struct imgcls_board_rows *rows)
{
    struct store *store = (struct store *)rows;
    if (!store)
        return;
    while (store->blocks) {
        struct block *next = store->blocks->next;
        free(store->blocks);
        store->blocks = next;
    }
    free(store->columns);
    free(store->cells);
    free(store);
}

imgcls_status icl_board_rows_create(struct imgcls_board *board, const char *const *columns,
                                    struct imgcls_board_rows **out)
{
    struct store *store;
    size_t width = 0, i;
    *out = NULL;
    while (columns[width])
        width++;
    store = store_create(width);
    if (!store)
        return no_memory(board);
    for (i = 0; i < width; i++)
        store->columns[i] = columns[i];
    *out = &store->rows;
    return IMGCLS_OK;
}

imgcls_status icl_board_rows_append(struct imgcls_board *board,
                                    struct imgcls_board_rows *rows,
                                    const struct imgcls_board_cell *cells)
{
    struct store *store = (struct store *)rows;
    size_t i, width = rows->column_count;
    struct imgcls_board_cell *row;
    if (!reserve_rows(store, 1))
        return no_memory(board);
    row = store->cells + rows->row_count * width;
    for (i = 0; i < width; i++) {
        row[i] = cells[i];
        if (cells[i].kind != IMGCLS_CELL_TEXT)
            continue;
        row[i].text = store_text(store, cells[i].text, strlen(cells[i].text));
        if (!row[i].text)
            return no_memory(board);
    }
    rows->row_count++;
    return IMGCLS_OK;
}

static const char *store_blob(struct store *store, const unsigned char *bytes, size_t size)
{
    static const char hex[] = "0123456789abcdef";
    char *text = malloc(size * 2 + 1), *copy;
    size_t i;
    if (!text)
        return NULL;
    for (i = 0; i < size; i++) {
        text[2 * i] = hex[bytes[i] >> 4];
        text[2 * i + 1] = hex[bytes[i] & 15];
    }
    copy = store_text(store, text, size * 2);
    free(text);
    return copy;
}

static bool take_cell(struct store *store, sqlite3_stmt *statement, int column,
                      struct imgcls_board_cell *cell)
{
    memset(cell, 0, sizeof *cell);
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        cell->kind = IMGCLS_CELL_INTEGER;
        cell->integer = sqlite3_column_int64(statement, column);
        return true;
    case SQLITE_FLOAT:
        cell->kind = IMGCLS_CELL_REAL;
        cell->real = sqlite3_column_double(statement, column);
        return true;
    case SQLITE_NULL:
        cell->kind = IMGCLS_CELL_NULL;
        return true;
    case SQLITE_BLOB: {
        const unsigned char *bytes = sqlite3_column_blob(statement, column);
        cell->kind = IMGCLS_CELL_TEXT;
        cell->text =
            store_blob(store, bytes, (size_t)sqlite3_column_bytes(statement, column));
        return cell->text != NULL;
    }
    default: {
        /* As a blob: SQLite would copy a text to put a NUL behind it. Its length first, which
         * makes it UTF-8. */
        size_t size = (size_t)sqlite3_column_bytes(statement, column);
        const char *text = sqlite3_column_blob(statement, column);
        cell->kind = IMGCLS_CELL_TEXT;
        if (text || size == 0) /* an empty one is NULL as a blob */
            cell->text = store_text(store, text, text ? strnlen(text, size) : 0);
        return cell->text != NULL;
    }
    }
}

static bool take_row(struct store *store, sqlite3_stmt *statement)
{
    size_t i, width = store->rows.column_count;
    struct imgcls_board_cell *row;
    if (!reserve_rows(store, 1))
        return false;
    row = store->cells + store->rows.row_count * width;
    for (i = 0; i < width; i++)
        if (!take_cell(store, statement, (int)i, row + i))
            return false;
    store->rows.row_count++;
    return true;
}

static imgcls_status too_large(struct imgcls_board *board, size_t ceiling)
{
    return icl_fail(board->ctx, IMGCLS_BAD_INPUT, "%s: result larger than %zu MiB, select less",
                    board->path, ceiling >> 20);
}

imgcls_status icl_board_rows_extend(struct imgcls_board *board, struct imgcls_board_rows *rows,
                                    size_t count)
{
    struct store *store = (struct store *)rows;
    size_t cells, bytes;
    if (!icl_mul_size(count, rows->column_count, &cells) ||
        !icl_mul_size(cells, sizeof *store->cells, &bytes))
        return no_memory(board);
    free(store->cells);
    store->cells = calloc(cells + 1, sizeof *store->cells);
    rows->cells = store->cells;
    store->capacity = store->cells ? cells : 0;
    if (!store->cells)
        return no_memory(board);
    store->bytes += bytes;
    rows->row_count = count;
    return IMGCLS_OK;
}

imgcls_status icl_board_rows_put(struct imgcls_board *board, struct imgcls_board_rows *rows,
                                 size_t row, const size_t *at, size_t count,
                                 sqlite3_stmt *statement, size_t ceiling)
{
    struct store *store = (struct store *)rows;
    struct imgcls_board_cell *cells = store->cells + row * rows->column_count;
    for (size_t i = 0; i < count; i++)
        if (!take_cell(store, statement, (int)i, &cells[at[i]]))
            return no_memory(board);
    return store->bytes > ceiling ? too_large(board, ceiling) : IMGCLS_OK;
}

void icl_board_rows_repeat(struct imgcls_board_rows *rows, size_t from, size_t to,
                           const size_t *at, size_t count)
{
    struct imgcls_board_cell *cells = ((struct store *)rows)->cells;
    for (size_t i = 0; i < count; i++)
        cells[to * rows->column_count + at[i]] = cells[from * rows->column_count + at[i]];
}

/* copies: of the column's texts, as far as they were needed; what many runs share is kept once. */
static bool set_cell(struct store *store, struct imgcls_board_cell *cell,
                     const struct icl_column *column, size_t run, const char **copies)
{
    union icl_column_value value = column->values[run];
    const struct icl_column_text *text;
    if (column->nulls[run])
        return true; /* zeroed, that is NULL */
    switch (column->kind) {
    case ICL_COLUMN_INTEGER:
        cell->kind = IMGCLS_CELL_INTEGER;
        cell->integer = value.integer;
        break;
    case ICL_COLUMN_REAL:
        cell->kind = IMGCLS_CELL_REAL;
        cell->real = value.real;
        break;
    case ICL_COLUMN_TEXT:
        text = &column->texts[value.integer];
        if (!copies[value.integer])
            copies[value.integer] =
                store_text(store, text->bytes, strnlen(text->bytes, text->length));
        cell->kind = IMGCLS_CELL_TEXT;
        cell->text = copies[value.integer];
        return cell->text != NULL;
    case ICL_COLUMN_EMPTY:
        break;
    }
    return true;
}

imgcls_status icl_board_rows_set(struct imgcls_board *board, struct imgcls_board_rows *rows,
                                 size_t at, const struct icl_column *column,
                                 const uint32_t *runs, size_t ceiling)
{
    struct store *store = (struct store *)rows;
    const char **copies = calloc(column->text_count + 1, sizeof *copies);
    imgcls_status status = copies ? IMGCLS_OK : no_memory(board);
    for (size_t row = 0; row < rows->row_count && status == IMGCLS_OK; row++)
        if (!set_cell(store, &store->cells[row * rows->column_count + at], column, runs[row],
                      copies))
            status = no_memory(board);
        else if (store->bytes > ceiling)
            status = too_large(board, ceiling);
    free(copies);
    return status;
}

imgcls_status icl_board_collect(struct imgcls_board *board, sqlite3_stmt *statement,
                                size_t ceiling, struct imgcls_board_rows **out)
{
    struct store *store = store_create((size_t)sqlite3_column_count(statement));
    imgcls_status status = IMGCLS_OK;
    size_t i;
    int code;
    *out = NULL;
    if (!store)
        return no_memory(board);
    for (i = 0; i < store->rows.column_count; i++) {
        const char *name = sqlite3_column_name(statement, (int)i);
        store->columns[i] = name ? store_text(store, name, strlen(name)) : NULL;
        if (!store->columns[i]) {
            status = no_memory(board);
            goto done;
        }
    }
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (!take_row(store, statement)) {
            status = no_memory(board);
            goto done;
        }
        if (store->bytes > ceiling) {
            status = too_large(board, ceiling);
            goto done;
        }
    }
    if (code != SQLITE_DONE)
        status = icl_board_fail(board, code, "reading");
    if (status == IMGCLS_OK) {
        *out = &store->rows;
        store = NULL;
    }
done:
    imgcls_board_rows_destroy(store ? &store->rows : NULL);
    return status;
}

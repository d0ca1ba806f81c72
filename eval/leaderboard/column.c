/*
 * eval/leaderboard/column.c - values of one column, in memory
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/blocks.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES 65536

struct icl_column_chunk {
    struct icl_column_chunk *next;
    size_t used, size;
    char bytes[];
};

void icl_column_clear(struct icl_column *column)
{
    while (column->chunks) {
        struct icl_column_chunk *next = column->chunks->next;
        free(column->chunks);
        column->chunks = next;
    }
    free(column->values);
    free(column->nulls);
    free(column->texts);
    memset(column, 0, sizeof *column);
}

void icl_column_rewind(struct icl_column *column)
{
    column->kind = ICL_COLUMN_EMPTY;
    column->count = 0;
    column->text_count = 0;
    if (column->chunks)
        column->chunks->used = 0; /* those behind it are kept for nothing, but few */
}

static imgcls_status no_memory(struct imgcls_board *board)
{
    return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for its columns",
                    board->path);
}

bool icl_column_reserve(struct icl_column *column, size_t more)
{
    size_t wanted = column->count + more, capacity = column->capacity * 2;
    union icl_column_value *values;
    uint8_t *nulls;
    if (wanted <= column->capacity)
        return true;
    if (wanted < more || wanted > SIZE_MAX / 4 / sizeof *values)
        return false;
    capacity = capacity > wanted ? capacity : wanted;
    values = realloc(column->values, capacity * sizeof *values);
    if (!values)
        return false;
    column->values = values;
    nulls = realloc(column->nulls, capacity);
    if (!nulls)
        return false;
    column->nulls = nulls;
    column->capacity = capacity;
    return true;
}

bool icl_column_reserve_texts(struct icl_column *column, size_t more)
{
    size_t wanted = column->text_count + more, capacity = column->text_capacity * 2;
    struct icl_column_text *texts;
    if (wanted <= column->text_capacity)
        return true;
    if (wanted < more || wanted > SIZE_MAX / 4 / sizeof *texts)
        return false;
    capacity = capacity > wanted ? capacity : wanted;
    texts = realloc(column->texts, capacity * sizeof *texts);
    if (!texts)
        return false;
    column->texts = texts;
    column->text_capacity = capacity;
    return true;
}

char *icl_column_keep(struct icl_column *column, const void *bytes, size_t length)
{
    struct icl_column_chunk *chunk = column->chunks;
    char *copy;
    if (!chunk || chunk->size - chunk->used < length) {
        size_t size = length > CHUNK_BYTES ? length : CHUNK_BYTES;
        if (size > SIZE_MAX - sizeof *chunk)
            return NULL;
        chunk = malloc(sizeof *chunk + size);
        if (!chunk)
            return NULL;
        chunk->size = size;
        chunk->used = 0;
        chunk->next = column->chunks;
        column->chunks = chunk;
    }
    copy = chunk->bytes + chunk->used;
    if (length > 0)
        memcpy(copy, bytes, length);
    chunk->used += length;
    return copy;
}

static bool take_text(struct icl_column *column, const char *bytes, size_t length,
                      int64_t *number)
{
    const struct icl_column_text *last =
        column->text_count > 0 ? &column->texts[column->text_count - 1] : NULL;
    if (!last || last->length != length ||
        (length > 0 && memcmp(last->bytes, bytes, length) != 0)) {
        char *copy = icl_column_keep(column, bytes, length);
        if (!copy || !icl_column_reserve_texts(column, 1))
            return false;
        column->texts[column->text_count++] = (struct icl_column_text){copy, length};
    }
    *number = (int64_t)column->text_count - 1;
    return true;
}

imgcls_status icl_column_settle(struct imgcls_board *board, struct icl_column *column,
                                 enum icl_column_kind kind)
{
    if (column->kind != ICL_COLUMN_EMPTY && column->kind != kind)
        return icl_fail(board->ctx, IMGCLS_BAD_INPUT,
                        "%s: damaged: a column holds values of two kinds", board->path);
    column->kind = kind;
    return IMGCLS_OK;
}

imgcls_status icl_column_take(struct imgcls_board *board, struct icl_column *column,
                              sqlite3_stmt *statement, int index)
{
    union icl_column_value value = {0};
    imgcls_status status = IMGCLS_OK;
    bool null = false, room = icl_column_reserve(column, 1);
    switch (sqlite3_column_type(statement, index)) {
    case SQLITE_INTEGER:
        status = icl_column_settle(board, column, ICL_COLUMN_INTEGER);
        value.integer = sqlite3_column_int64(statement, index);
        break;
    case SQLITE_FLOAT:
        status = icl_column_settle(board, column, ICL_COLUMN_REAL);
        value.real = sqlite3_column_double(statement, index);
        break;
    case SQLITE_NULL:
        null = true;
        break;
    default: { /* no table here has a blob that is listed */
        /* As a blob: SQLite would copy a text to put a NUL behind it. */
        size_t length = (size_t)sqlite3_column_bytes(statement, index);
        const char *text = sqlite3_column_blob(statement, index);
        status = icl_column_settle(board, column, ICL_COLUMN_TEXT);
        if (status == IMGCLS_OK)
            room = room && (text || length == 0) &&
                   take_text(column, text, length, &value.integer);
    }
    }
    if (status != IMGCLS_OK)
        return status;
    if (!room)
        return no_memory(board);
    column->values[column->count] = value;
    column->nulls[column->count++] = null;
    return IMGCLS_OK;
}

imgcls_status icl_column_add(struct imgcls_board *board, struct icl_column *column,
                             const struct icl_column *from, size_t i, uint32_t *words)
{
    union icl_column_value value = from->values[i];
    bool null = from->nulls[i], room = icl_column_reserve(column, 1);
    imgcls_status status = null ? IMGCLS_OK : icl_column_settle(board, column, from->kind);
    if (status != IMGCLS_OK)
        return status;
    if (!null && from->kind == ICL_COLUMN_TEXT) {
        const struct icl_column_text *text = &from->texts[value.integer];
        uint32_t *word = &words[value.integer];
        int64_t number = (int64_t)*word - 1;
        if (*word == 0)
            room = room && take_text(column, text->bytes, text->length, &number);
        *word = (uint32_t)(number + 1);
        value.integer = number;
    }
    if (!room)
        return no_memory(board);
    column->values[column->count] = value;
    column->nulls[column->count++] = null;
    return IMGCLS_OK;
}

int icl_column_compare(const struct icl_column *column, size_t a, size_t b)
{
    union icl_column_value x = column->values[a], y = column->values[b];
    const struct icl_column_text *s, *t;
    int order;
    switch (column->kind) {
    case ICL_COLUMN_INTEGER:
        return (x.integer > y.integer) - (x.integer < y.integer);
    case ICL_COLUMN_REAL:
        return (x.real > y.real) - (x.real < y.real);
    case ICL_COLUMN_TEXT:
        if (x.integer == y.integer)
            return 0;
        s = &column->texts[x.integer];
        t = &column->texts[y.integer];
        order = memcmp(s->bytes, t->bytes, s->length < t->length ? s->length : t->length);
        return order ? order : (s->length > t->length) - (s->length < t->length);
    case ICL_COLUMN_EMPTY:
        break;
    }
    return 0;
}

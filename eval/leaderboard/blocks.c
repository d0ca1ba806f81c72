/*
 * eval/leaderboard/blocks.c - columns of many runs, packed and unpacked
 *
 * A block, little-endian: kind (one byte), 1 where a byte a run follows that says which have no
 * value (one byte), bytes of a number (one byte: 0, 1, 2, 4 or 8), a zero, how many runs (four
 * bytes), a base (eight bytes); the bytes for NULL; then numbers. An integer is base + number,
 * modulo 2^64. A real is eight bytes of its own, or base alone where all are the same. A text
 * is a number of an integer's kind into the texts behind: how many (four bytes), then of each
 * its length (four bytes) and its bytes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/blocks.h"

#include "eval/leaderboard/text.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_BYTES 16
#define BLOCKS_A_TRANSACTION 64
#define SLOTS (4 * ICL_BLOCK_RUNS) /* of the table that finds equal texts */

static imgcls_status no_memory(struct imgcls_board *board)
{
    return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for its columns",
                    board->path);
}

/* ---- Packing ----------------------------------------------------------------------------*/

static void put_number(struct icl_text *out, uint64_t value, int width)
{
    char bytes[8];
    int i;
    for (i = 0; i < width; i++)
        bytes[i] = (char)(value >> (8 * i) & 0xff);
    icl_text_append(out, bytes, (size_t)width);
}

static int width_of(uint64_t largest)
{
    return largest == 0 ? 0 : largest < 1u << 8 ? 1 : largest < 1u << 16 ? 2
                          : largest < UINT64_C(1) << 32 ? 4 : 8;
}

/* Numbers of equal texts become the same; the texts that are left, in order of appearance. */
static size_t unite_texts(struct icl_column *column, uint32_t kept[ICL_BLOCK_RUNS])
{
    static const uint32_t none = UINT32_MAX;
    uint32_t slots[SLOTS];
    size_t i, count = 0;
    for (i = 0; i < SLOTS; i++)
        slots[i] = none;
    for (i = 0; i < column->count; i++) {
        const struct icl_column_text *text;
        uint32_t hash = 2166136261u; /* FNV-1a, 32 bits */
        size_t at, k;
        if (column->nulls[i])
            continue;
        text = &column->texts[column->values[i].integer];
        for (k = 0; k < text->length; k++)
            hash = (hash ^ (unsigned char)text->bytes[k]) * 16777619u;
        for (at = hash % SLOTS; slots[at] != none; at = (at + 1) % SLOTS) {
            const struct icl_column_text *other = &column->texts[kept[slots[at]]];
            if (other->length == text->length &&
                memcmp(other->bytes, text->bytes, text->length) == 0)
                break;
        }
        if (slots[at] == none) {
            slots[at] = (uint32_t)count;
            kept[count++] = (uint32_t)column->values[i].integer;
        }
        column->values[i].integer = slots[at];
    }
    return count;
}

/* Bits of a value as they are stored less base: a NULL is stored as base. */
static uint64_t bits_of(const struct icl_column *column, size_t i)
{
    uint64_t bits;
    memcpy(&bits, &column->values[i], sizeof bits);
    return bits;
}

/* Changes the numbers of texts. At most ICL_BLOCK_RUNS runs. */
static void pack(struct icl_column *column, struct icl_text *out)
{
    uint32_t kept[ICL_BLOCK_RUNS];
    size_t i, text_count = column->kind == ICL_COLUMN_TEXT ? unite_texts(column, kept) : 0;
    uint64_t base = 0, largest = 0;
    bool any = false, nulls = false, real = column->kind == ICL_COLUMN_REAL;
    int width;
    for (i = 0; i < column->count; i++) {
        if (column->nulls[i])
            nulls = true;
        else if (!any || (!real && column->values[i].integer < (int64_t)base))
            base = bits_of(column, i);
        any = any || !column->nulls[i];
    }
    for (i = 0; i < column->count; i++)
        if (!column->nulls[i] && bits_of(column, i) - base > largest)
            largest = bits_of(column, i) - base;
    width = real && largest > 0 ? 8 : width_of(largest);
    nulls = nulls && any; /* all of them: the kind says so */
    put_number(out, any ? (uint64_t)column->kind : ICL_COLUMN_EMPTY, 1);
    put_number(out, nulls, 1);
    put_number(out, (uint64_t)width, 1);
    put_number(out, 0, 1);
    put_number(out, column->count, 4);
    put_number(out, base, 8);
    if (nulls)
        icl_text_append(out, (const char *)column->nulls, column->count);
    for (i = 0; width > 0 && i < column->count; i++)
        put_number(out, column->nulls[i] ? 0 : bits_of(column, i) - (real ? 0 : base), width);
    if (column->kind != ICL_COLUMN_TEXT)
        return;
    put_number(out, text_count, 4);
    for (i = 0; i < text_count; i++) {
        const struct icl_column_text *text = &column->texts[kept[i]];
        put_number(out, text->length, 4);
        icl_text_append(out, text->bytes, text->length);
    }
}

/* ---- Unpacking --------------------------------------------------------------------------*/

static uint64_t number_at(const unsigned char *bytes, int width)
{
    uint64_t value = 0;
    int i;
    for (i = 0; i < width; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

/* One loop a width, for this is where a listing spends its time. */
static void unpack_numbers(union icl_column_value *values, size_t count, uint64_t base,
                           const unsigned char *bytes, int width)
{
    size_t i;
    switch (width) {
    case 0:
        for (i = 0; i < count; i++)
            memcpy(&values[i], &base, 8);
        break;
    case 1:
        for (i = 0; i < count; i++)
            values[i].integer = (int64_t)(base + bytes[i]);
        break;
    case 2:
        for (i = 0; i < count; i++) {
            uint16_t number;
            memcpy(&number, bytes + 2 * i, 2);
            values[i].integer = (int64_t)(base + le16toh(number));
        }
        break;
    case 4:
        for (i = 0; i < count; i++) {
            uint32_t number;
            memcpy(&number, bytes + 4 * i, 4);
            values[i].integer = (int64_t)(base + le32toh(number));
        }
        break;
    default:
        for (i = 0; i < count; i++) {
            uint64_t number;
            memcpy(&number, bytes + 8 * i, 8);
            values[i].integer = (int64_t)(base + le64toh(number));
        }
    }
}

static imgcls_status damaged(struct imgcls_board *board, const char *name)
{
    return icl_fail(board->ctx, IMGCLS_BAD_INPUT,
                    "%s: damaged: a block of column '%s' cannot be unpacked", board->path,
                    name);
}

/* The texts of a block, behind those that are there; the block's numbers begin at `first`. */
static imgcls_status unpack_texts(struct imgcls_board *board, struct icl_column *column,
                                  const char *name, size_t first, const unsigned char *bytes,
                                  size_t size)
{
    size_t before = column->text_count, count, at = 4, i;
    const char *copy;
    if (size < 4)
        return damaged(board, name);
    count = (size_t)number_at(bytes, 4);
    if (count > ICL_BLOCK_RUNS)
        return damaged(board, name);
    copy = column->borrows ? (const char *)bytes : icl_column_keep(column, bytes, size);
    if (!copy || !icl_column_reserve_texts(column, count))
        return no_memory(board);
    for (i = 0; i < count; i++) {
        size_t length;
        if (size - at < 4)
            return damaged(board, name);
        length = (size_t)number_at(bytes + at, 4);
        at += 4;
        if (size - at < length)
            return damaged(board, name);
        column->texts[column->text_count++] = (struct icl_column_text){copy + at, length};
        at += length;
    }
    for (i = first; i < column->count; i++) {
        union icl_column_value *value = &column->values[i];
        if (column->nulls[i])
            continue;
        if (value->integer < 0 || (uint64_t)value->integer >= count)
            return damaged(board, name);
        value->integer += (int64_t)before;
    }
    return at == size ? IMGCLS_OK : damaged(board, name);
}

imgcls_status icl_column_unpack(struct imgcls_board *board, struct icl_column *column,
                                const char *name, const unsigned char *bytes, size_t size)
{
    size_t count, first = column->count, at = HEAD_BYTES;
    imgcls_status status;
    uint64_t base;
    int kind, width;
    bool nulls;
    if (size < HEAD_BYTES)
        return damaged(board, name);
    kind = bytes[0];
    nulls = bytes[1] == 1;
    width = bytes[2];
    count = (size_t)number_at(bytes + 4, 4);
    base = number_at(bytes + 8, 8);
    if (kind > ICL_COLUMN_TEXT || bytes[1] > 1 || count == 0 || count > ICL_BLOCK_RUNS ||
        !(width == 0 || width == 1 || width == 2 || width == 4 || width == 8) ||
        (kind == ICL_COLUMN_REAL && width != 0 && width != 8) ||
        size - at < (nulls ? count : 0) + count * (size_t)width)
        return damaged(board, name);
    if (!icl_column_reserve(column, count))
        return no_memory(board);
    if (nulls)
        memcpy(column->nulls + first, bytes + at, count);
    else
        memset(column->nulls + first, kind == ICL_COLUMN_EMPTY, count);
    at += nulls ? count : 0;
    column->count += count;
    if (kind == ICL_COLUMN_EMPTY) {
        memset(column->values + first, 0, count * sizeof *column->values);
        return at == size ? IMGCLS_OK : damaged(board, name);
    }
    status = icl_column_settle(board, column, (enum icl_column_kind)kind);
    if (status != IMGCLS_OK)
        return status;
    unpack_numbers(column->values + first, count,
                   kind == ICL_COLUMN_REAL && width == 8 ? 0 : base, bytes + at, width);
    at += count * (size_t)width;
    if (kind == ICL_COLUMN_TEXT)
        return unpack_texts(board, column, name, first, bytes + at, size - at);
    return at == size ? IMGCLS_OK : damaged(board, name);
}

/* ---- The table --------------------------------------------------------------------------*/

imgcls_status icl_blocks_count(struct imgcls_board *board, int64_t *blocks, int64_t *last_run)
{
    struct icl_column ids = {0};
    sqlite3_stmt *statement = NULL;
    imgcls_status status = icl_board_prepare(
        board,
        "SELECT block, bytes FROM run_blocks WHERE name = 'id' ORDER BY block DESC LIMIT 1",
        &statement);
    int code = SQLITE_DONE;
    *blocks = *last_run = 0;
    if (status == IMGCLS_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        *blocks = sqlite3_column_int64(statement, 0) + 1;
        status = icl_column_unpack(board, &ids, "id", sqlite3_column_blob(statement, 1),
                                   (size_t)sqlite3_column_bytes(statement, 1));
        if (status == IMGCLS_OK && (ids.count == 0 || ids.kind != ICL_COLUMN_INTEGER))
            status = damaged(board, "id");
        if (status == IMGCLS_OK)
            *last_run = ids.values[ids.count - 1].integer;
    } else if (status == IMGCLS_OK && code != SQLITE_DONE) {
        status = icl_board_fail(board, code, "reading its blocks");
    }
    sqlite3_finalize(statement);
    icl_column_clear(&ids);
    return status;
}

static imgcls_status count_behind(struct imgcls_board *board, int64_t last_run, int64_t *runs)
{
    sqlite3_stmt *statement = NULL;
    imgcls_status status = icl_board_prepare(
        board, "SELECT count(*) FROM (SELECT 1 FROM runs WHERE id > ?1 LIMIT ?2)", &statement);
    int code = SQLITE_DONE;
    *runs = 0;
    if (status == IMGCLS_OK) {
        sqlite3_bind_int64(statement, 1, last_run);
        sqlite3_bind_int64(statement, 2, ICL_BLOCK_RUNS_LOOSE);
        code = sqlite3_step(statement);
    }
    if (code == SQLITE_ROW)
        *runs = sqlite3_column_int64(statement, 0);
    else if (status == IMGCLS_OK)
        status = icl_board_fail(board, code, "counting runs");
    sqlite3_finalize(statement);
    return status;
}

imgcls_status icl_blocks_loose(struct imgcls_board *board, int64_t *runs)
{
    int64_t blocks, last_run, last = 0;
    imgcls_status status = icl_blocks_count(board, &blocks, &last_run);
    *runs = 0;
    if (status == IMGCLS_OK)
        status = icl_board_integer(board, "SELECT max(id) FROM runs", last_run, &last);
    if (status != IMGCLS_OK)
        return status;
    if (last < last_run + ICL_BLOCK_RUNS) { /* mostly; counting them would read them all */
        *runs = last > last_run ? last - last_run : 0;
        return IMGCLS_OK;
    }
    return count_behind(board, last_run, runs);
}

static imgcls_status write_block(struct imgcls_board *board, sqlite3_stmt *insert,
                                 const char *name, int64_t block, struct icl_column *column)
{
    struct icl_text bytes = {0};
    imgcls_status status;
    pack(column, &bytes);
    if (bytes.failed || bytes.length > INT32_MAX) {
        icl_text_clear(&bytes);
        return no_memory(board);
    }
    icl_bind_text(insert, 1, name);
    sqlite3_bind_int64(insert, 2, block);
    sqlite3_bind_blob(insert, 3, bytes.bytes, (int)bytes.length, SQLITE_STATIC);
    status = icl_board_step(board, insert, "packing its columns");
    sqlite3_reset(insert);
    icl_text_clear(&bytes);
    return status;
}

/* Packs the runs behind `last_run` as a block if there are enough; *last_run 0: there are not. */
static imgcls_status pack_block(struct imgcls_board *board, sqlite3_stmt *select,
                                sqlite3_stmt *insert, int64_t block, int64_t *last_run)
{
    int width = sqlite3_column_count(select), code = SQLITE_DONE, i;
    struct icl_column *columns = calloc((size_t)width + 1, sizeof *columns);
    imgcls_status status = columns ? IMGCLS_OK : no_memory(board);
    int64_t count = 0, last = 0;
    sqlite3_bind_int64(select, 1, *last_run);
    sqlite3_bind_int64(select, 2, ICL_BLOCK_RUNS);
    while (status == IMGCLS_OK && (code = sqlite3_step(select)) == SQLITE_ROW) {
        for (i = 0; i < width && status == IMGCLS_OK; i++)
            status = icl_column_take(board, &columns[i], select, i);
        last = sqlite3_column_int64(select, 0); /* id */
        count++;
    }
    if (status == IMGCLS_OK && code != SQLITE_DONE)
        status = icl_board_fail(board, code, "reading runs");
    for (i = 0; i < width && status == IMGCLS_OK && count == ICL_BLOCK_RUNS; i++)
        status = write_block(board, insert, sqlite3_column_name(select, i), block, &columns[i]);
    *last_run = count == ICL_BLOCK_RUNS ? last : 0;
    sqlite3_reset(select);
    for (i = 0; columns && i < width; i++)
        icl_column_clear(&columns[i]);
    free(columns);
    return status;
}

/* One transaction's worth; *more: there may be more to do. */
static imgcls_status pack_some(struct imgcls_board *board, bool *more)
{
    sqlite3_stmt *select = NULL, *insert = NULL;
    int64_t blocks = 0, last_run = 0, loose = 0;
    imgcls_status status = icl_blocks_count(board, &blocks, &last_run);
    int i;
    if (status == IMGCLS_OK) /* somebody else may have been here before the lock */
        status = count_behind(board, last_run, &loose);
    *more = false;
    if (status != IMGCLS_OK || loose < ICL_BLOCK_RUNS)
        return status;
    status = icl_board_prepare(board, "SELECT * FROM runs WHERE id > ?1 ORDER BY id LIMIT ?2",
                               &select);
    if (status == IMGCLS_OK)
        status = icl_board_prepare(
            board, "INSERT INTO run_blocks (name, block, bytes) VALUES (?1, ?2, ?3)", &insert);
    *more = status == IMGCLS_OK;
    for (i = 0; i < BLOCKS_A_TRANSACTION && *more && status == IMGCLS_OK; i++) {
        status = pack_block(board, select, insert, blocks + i, &last_run);
        *more = last_run > 0;
    }
    sqlite3_finalize(select);
    sqlite3_finalize(insert);
    return status;
}

imgcls_status icl_blocks_pack(struct imgcls_board *board)
{
    bool more = true;
    int64_t loose;
    imgcls_status status = icl_blocks_loose(board, &loose);
    if (status != IMGCLS_OK || loose < ICL_BLOCK_RUNS)
        return status;
    while (status == IMGCLS_OK && more) {
        status = icl_board_begin(board);
        if (status == IMGCLS_OK)
            status = icl_board_end(board, pack_some(board, &more));
    }
    return status;
}

/*
 * eval/leaderboard/blocks.h - columns of many runs, packed
 *
 * A listing of 100,000 runs looks at two or three of their sixty columns. Rows lie in the file
 * whole, and so would an index of all that one may ask for; therefore finished blocks of
 * ICL_BLOCK_RUNS runs are packed by column besides (table run_blocks), which is read some twenty
 * times as fast. Runs never change, so neither do their blocks. All of it is derived: a file
 * without blocks gives the same answers, later.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BOARD_BLOCKS_H
#define ICL_BOARD_BLOCKS_H

#include "eval/leaderboard/board.h"

#define ICL_BLOCK_RUNS 1024
/* So many runs outside of blocks make it worth while for one who only reads to pack them. */
#define ICL_BLOCK_RUNS_LOOSE (4 * ICL_BLOCK_RUNS)

enum icl_column_kind {
    ICL_COLUMN_EMPTY, /* NULL in every run */
    ICL_COLUMN_INTEGER,
    ICL_COLUMN_REAL,
    ICL_COLUMN_TEXT
};

/* A value of a column: of a text its number among the column's texts. */
union icl_column_value {
    int64_t integer;
    double real;
};

/* Not NUL-ended. */
struct icl_column_text {
    const char *bytes;
    size_t length;
};

struct icl_column_chunk;

/* A column of `count` runs; begins zeroed. */
struct icl_column {
    enum icl_column_kind kind;
    size_t count, capacity;
    union icl_column_value *values;
    uint8_t *nulls; /* 1 where a run has no value */
    struct icl_column_text *texts; /* own the array; the bytes lie in chunks */
    size_t text_count, text_capacity;
    struct icl_column_chunk *chunks;
    bool borrows; /* texts that are unpacked lie in the packed bytes, whose owner keeps them */
};

/* Forgets values and texts, and keeps the memory for others. */
void icl_column_rewind(struct icl_column *column);
void icl_column_clear(struct icl_column *column);
/* Room for `more` runs behind those that are there. False: no memory. */
bool icl_column_reserve(struct icl_column *column, size_t more);
/* Room for `more` texts. False: no memory. */
bool icl_column_reserve_texts(struct icl_column *column, size_t more);
/* A copy that lives as long as the column. NULL: no memory. */
char *icl_column_keep(struct icl_column *column, const void *bytes, size_t length);
/* What a column is by the first value that it has, it stays: tables of a board are STRICT. */
imgcls_status icl_column_settle(struct imgcls_board *board, struct icl_column *column,
                                enum icl_column_kind kind);
/* Adds value i of another column. words: for each text of that one 0, or 1 + the number that it
 * was given here; as long as the texts stay. */
imgcls_status icl_column_add(struct imgcls_board *board, struct icl_column *column,
                             const struct icl_column *from, size_t i, uint32_t *words);
/* Adds what a statement has in a column of its row. A text becomes a text of its own, unless it
 * is the same as the one before. */
imgcls_status icl_column_take(struct imgcls_board *board, struct icl_column *column,
                              sqlite3_stmt *statement, int index);
/* Adds the runs of a packed block, which are looked over first: the bytes come from a file.
 * `name` for messages. */
imgcls_status icl_column_unpack(struct imgcls_board *board, struct icl_column *column,
                                const char *name, const unsigned char *bytes, size_t size);
/* Orders two values as SQLite orders integers, reals and texts (BINARY). */
int icl_column_compare(const struct icl_column *column, size_t a, size_t b);

/* The cells at column `at` of a table made by icl_board_rows_extend, as many of `runs` as it has
 * rows: values of `column`. Equal texts mostly become the same pointer. ceiling as in
 * icl_board_collect. */
imgcls_status icl_board_rows_set(struct imgcls_board *board, struct imgcls_board_rows *rows,
                                 size_t at, const struct icl_column *column,
                                 const uint32_t *runs, size_t ceiling);

/* How many blocks there are, and the last run in one; 0 and 0 without any. */
imgcls_status icl_blocks_count(struct imgcls_board *board, int64_t *blocks, int64_t *last_run);
/* How many runs are in no block: counted from ICL_BLOCK_RUNS to ICL_BLOCK_RUNS_LOOSE, below that
 * no more than the answer. */
imgcls_status icl_blocks_loose(struct imgcls_board *board, int64_t *runs);
/* Packs what makes whole blocks, in transactions of its own. */
imgcls_status icl_blocks_pack(struct imgcls_board *board);

#endif

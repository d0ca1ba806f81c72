/*
 * eval/leaderboard/board.h - the leaderboard inside the library: writing, and SQLite manners
 *
 * The public side (opening, listing, comparing) is include/imgcls/leaderboard.h. Here is what
 * verbs of the library call (icl_board_add_model) and what the files of this folder share.
 *
 * Invariants: every writing transaction begins IMMEDIATE and is retried whole while others
 * write, so nobody ever reads "database is locked"; foreign keys are on in every connection;
 * foreign text goes in by binding only.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BOARD_H
#define ICL_BOARD_H

#include "src/context/context.h"

#include <imgcls/leaderboard.h>

#include <sqlite3.h>

#define ICL_BOARD_APPLICATION_ID 0x696d6763 /* "imgc": what makes a file ours */

struct imgcls_board {
    struct imgcls_context *ctx;
    sqlite3 *db;
    char *path;
    bool writable;
    char *last_path, *last_time; /* behind imgcls_board_last_model's answers */
    sqlite3_stmt *read_answers;  /* of icl_answers_load, which may be asked for hundreds */
};

/* A model as convert and eval know it. Numbers below 0 and NULL mean not known. */
struct icl_board_model {
    const char *name;   /* short name; NULL: made from path (icl_board_model_name) */
    const char *path;   /* of the file; made absolute here */
    const char *sha256; /* of the file, 64 hexadecimal digits */
    const char *weights_sha256;
    const char *format; /* "onnx", "bundle", ... */
    int64_t parameters, macs, nodes, classes;
    const char *recipe; /* canonical, NULL: none */
    /* What icl_board_describe (provenance.h) finds out. 0 means not known here. */
    const char *graph_sha256, *parent_sha256, *producer, *weights_type;
    int64_t bytes, opset;
};

/*
 * Registers a model (convert does): the model's row, made or completed, and a registration
 * that says where and when; the last one is what imgcls-eval takes by default. One
 * transaction. *id may be NULL. Typical use:
 *
 *     if (imgcls_board_open(ctx, db_or_NULL, IMGCLS_BOARD_WRITE, &board) == IMGCLS_OK)
 *         status = icl_board_add_model(board, &model, NULL);
 *     imgcls_board_close(board);
 */
imgcls_status icl_board_add_model(struct imgcls_board *board,
                                  const struct icl_board_model *model, int64_t *id);
/* The model's row without a registration, inside the caller's transaction. */
imgcls_status icl_board_keep_model(struct imgcls_board *board,
                                   const struct icl_board_model *model, int64_t *id);
/* "resnet50" of "resnet50.imgcls", and of "resnet50/model.onnx". Own: free; NULL: no memory. */
char *icl_board_model_name(const char *path);

/* ---- SQLite, for the files of this folder -----------------------------------------------*/

/* Records what SQLite said, with the file first, and gives the status it stands for. */
imgcls_status icl_board_fail(struct imgcls_board *board, int code, const char *doing);
/* SQLite's words as part of a line: newlines become blanks, what is too long is cut. */
void icl_board_words(const char *says, char *words, size_t capacity);
/* Runs SQL text without results. */
imgcls_status icl_board_execute(struct imgcls_board *board, const char *sql,
                                const char *doing);
/* Own: sqlite3_finalize. */
imgcls_status icl_board_prepare(struct imgcls_board *board, const char *sql,
                                sqlite3_stmt **out);
/* The single integer that `sql` selects; `absent` where it selects no row or NULL. */
imgcls_status icl_board_integer(struct imgcls_board *board, const char *sql, int64_t absent,
                                int64_t *out);
/* Steps a statement that changes something to its end. */
imgcls_status icl_board_step(struct imgcls_board *board, sqlite3_stmt *statement,
                             const char *doing);
/* BEGIN IMMEDIATE, waiting for other writers; end commits on IMGCLS_OK and rolls back
 * otherwise, and returns the status, or the commit's own failure. */
imgcls_status icl_board_begin(struct imgcls_board *board);
imgcls_status icl_board_end(struct imgcls_board *board, imgcls_status status);
/* Binds text, or NULL; a number, or NULL where it is below 0. */
int icl_bind_text(sqlite3_stmt *statement, int index, const char *text);
int icl_bind_known(sqlite3_stmt *statement, int index, int64_t value);

/* Time now, UTC, "2026-11-24T21:14:07Z". */
void icl_board_time(char text[21]);

/* ---- Rows -------------------------------------------------------------------------------*/

/* The ceiling of listings. */
#define ICL_LIST_BYTES_MAX ((size_t)256 << 20)
/* Collects a statement's rows; ceiling in bytes. Own: imgcls_board_rows_destroy. */
imgcls_status icl_board_collect(struct imgcls_board *board, sqlite3_stmt *statement,
                                size_t ceiling, struct imgcls_board_rows **out);
/* A table built by hand: columns is NULL-ended and static. */
imgcls_status icl_board_rows_create(struct imgcls_board *board, const char *const *columns,
                                    struct imgcls_board_rows **out);
/* Appends a row; cells' text is copied. */
imgcls_status icl_board_rows_append(struct imgcls_board *board,
                                    struct imgcls_board_rows *rows,
                                    const struct imgcls_board_cell *cells);

/* Makes a table that has no rows yet one of `count` rows of NULL. */
imgcls_status icl_board_rows_extend(struct imgcls_board *board, struct imgcls_board_rows *rows,
                                    size_t count);
/* Cells of a row of such a table: column number `at[i]` gets column i of the row that a statement
 * stands on. ceiling as above. */
imgcls_status icl_board_rows_put(struct imgcls_board *board, struct imgcls_board_rows *rows,
                                 size_t row, const size_t *at, size_t count,
                                 sqlite3_stmt *statement, size_t ceiling);
/* Cells of a row become those of another, which stay where they are. */
void icl_board_rows_repeat(struct imgcls_board_rows *rows, size_t from, size_t to,
                           const size_t *at, size_t count);

#endif

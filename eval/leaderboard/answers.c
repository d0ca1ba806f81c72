/*
 * eval/leaderboard/answers.c - a run's stored answers, with files and labels beside them
 *
 * Nothing read here is believed: positions must run from 0 without gaps, and the blob must
 * hold exactly one answer a picture.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/answers.h"

#include "eval/leaderboard/text.h"

#include <stdlib.h>
#include <string.h>

void icl_pictures_clear(struct icl_pictures *pictures)
{
    size_t i;
    for (i = 0; pictures->rights && i < pictures->count; i++)
        free((int32_t *)pictures->rights[i].also);
    free(pictures->files);
    free(pictures->names);
    free(pictures->rights);
    free(pictures->labels);
    memset(pictures, 0, sizeof *pictures);
}

static imgcls_status gaps(struct imgcls_board *board, int64_t dataset)
{
    return icl_fail(board->ctx, IMGCLS_BAD_INPUT,
                    "%s: pictures of data set %lld are not numbered without gaps", board->path,
                    (long long)dataset);
}

/* How many there are if they are numbered without gaps, which take_picture sees to. */
static imgcls_status count_pictures(struct imgcls_board *board, int64_t dataset, size_t *count)
{
    sqlite3_stmt *statement = NULL;
    imgcls_status status = icl_board_prepare(
        board, "SELECT max(position) + 1 FROM pictures WHERE dataset_id = ?1", &statement);
    int64_t end = 0;
    int code;
    *count = 0;
    if (status != IMGCLS_OK)
        return status;
    sqlite3_bind_int64(statement, 1, dataset);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        end = sqlite3_column_int64(statement, 0);
    else
        status = icl_board_fail(board, code, "counting pictures");
    if (end < 0 || end > INT32_MAX)
        status = gaps(board, dataset);
    else
        *count = (size_t)end;
    sqlite3_finalize(statement);
    return status;
}

/* "3,17" as numbers. False: no memory. */
static bool take_also(const char *text, struct icl_right *right)
{
    int32_t *also, count = 0;
    const char *p;
    if (!text)
        return true;
    for (p = text; *p; p++)
        count += *p == ',';
    also = calloc((size_t)count + 1, sizeof *also);
    if (!also)
        return false;
    right->also = also;
    for (p = text; p && right->also_count <= count; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
        also[right->also_count++] = (int32_t)strtol(p, NULL, 10);
    return true;
}

/* names: of all files, one behind the other. */
static imgcls_status take_picture(struct imgcls_board *board, sqlite3_stmt *statement,
                                  size_t i, size_t count, struct icl_pictures *pictures,
                                  struct icl_text *names)
{
    const char *file;
    size_t length;
    if (i >= count || sqlite3_column_int64(statement, 0) != (int64_t)i)
        return gaps(board, pictures->dataset);
    pictures->labels[i] = sqlite3_column_int(statement, 1);
    pictures->rights[i].label = pictures->labels[i];
    pictures->count = i + 1;
    if (!take_also((const char *)sqlite3_column_text(statement, 2), &pictures->rights[i]))
        return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for labels", board->path);
    if (!pictures->files)
        return IMGCLS_OK;
    length = (size_t)sqlite3_column_bytes(statement, 3);
    file = sqlite3_column_blob(statement, 3); /* a text would be copied for its NUL */
    if (file)
        icl_text_append(names, file, strnlen(file, length));
    icl_text_append(names, "", 1);
    return IMGCLS_OK;
}

/* Points each file at its name. */
static imgcls_status settle_names(struct imgcls_board *board, struct icl_pictures *pictures,
                                  struct icl_text *names)
{
    const char *name = names->bytes;
    if (names->failed) {
        icl_text_clear(names);
        return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for file names",
                        board->path);
    }
    pictures->names = names->bytes;
    for (size_t i = 0; pictures->files && i < pictures->count; i++) {
        pictures->files[i] = name;
        name += strlen(name) + 1;
    }
    return IMGCLS_OK;
}

imgcls_status icl_pictures_load(struct imgcls_board *board, int64_t dataset, bool files,
                                struct icl_pictures *pictures)
{
    sqlite3_stmt *statement = NULL;
    struct icl_text names = {0};
    size_t count, i = 0;
    imgcls_status status;
    int code;
    icl_pictures_clear(pictures);
    status = count_pictures(board, dataset, &count);
    if (status != IMGCLS_OK)
        return status;
    pictures->dataset = dataset;
    pictures->labels = calloc(count + 1, sizeof *pictures->labels);
    pictures->rights = calloc(count + 1, sizeof *pictures->rights);
    pictures->files = files ? calloc(count + 1, sizeof *pictures->files) : NULL;
    if (!pictures->labels || !pictures->rights || (files && !pictures->files)) {
        status = icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for %zu pictures",
                          board->path, count);
        goto done;
    }
    status = icl_board_prepare(board,
                               files ? "SELECT position, label, also_right, file FROM pictures"
                                       " WHERE dataset_id = ?1 ORDER BY position"
                                     : "SELECT position, label, also_right FROM pictures"
                                       " WHERE dataset_id = ?1 ORDER BY position",
                               &statement);
    if (status != IMGCLS_OK)
        goto done;
    sqlite3_bind_int64(statement, 1, dataset);
    while (status == IMGCLS_OK && (code = sqlite3_step(statement)) != SQLITE_DONE)
        status = code == SQLITE_ROW
                     ? take_picture(board, statement, i++, count, pictures, &names)
                     : icl_board_fail(board, code, "reading file names");
done:
    sqlite3_finalize(statement);
    if (status == IMGCLS_OK)
        status = settle_names(board, pictures, &names);
    else
        icl_text_clear(&names);
    if (status != IMGCLS_OK)
        icl_pictures_clear(pictures);
    return status;
}

static imgcls_status decode(struct imgcls_board *board, sqlite3_stmt *statement, int64_t run,
                            size_t count, struct icl_answer **answers)
{
    int index_bytes = sqlite3_column_int(statement, 0);
    const uint8_t *bytes = sqlite3_column_blob(statement, 1);
    size_t size = (size_t)sqlite3_column_bytes(statement, 1), one, i;
    one = icl_answer_size(index_bytes == 2 ? 2 : 4);
    if (size % one != 0 || size / one != count || count == 0)
        return icl_fail(board->ctx, IMGCLS_BAD_INPUT,
                        "%s: run %lld has %zu bytes of answers, %zu pictures need %zu",
                        board->path, (long long)run, size, count, one * count);
    *answers = calloc(count, sizeof **answers);
    if (!*answers)
        return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for %zu answers",
                        board->path, count);
    for (i = 0; i < count; i++)
        icl_answer_decode(bytes + i * one, index_bytes, &(*answers)[i]);
    return IMGCLS_OK;
}

imgcls_status icl_answers_load(struct imgcls_board *board, int64_t run, size_t count,
                               bool *present, struct icl_answer **answers)
{
    imgcls_status status = IMGCLS_OK;
    int code;
    *present = false;
    *answers = NULL;
    if (!board->read_answers)
        status = icl_board_prepare(
            board, "SELECT index_bytes, bytes FROM answers WHERE run_id = ?1",
            &board->read_answers);
    if (status != IMGCLS_OK)
        return status;
    sqlite3_bind_int64(board->read_answers, 1, run);
    code = sqlite3_step(board->read_answers);
    *present = code == SQLITE_ROW;
    if (code == SQLITE_ROW)
        status = decode(board, board->read_answers, run, count, answers);
    else if (code != SQLITE_DONE)
        status = icl_board_fail(board, code, "reading answers");
    sqlite3_reset(board->read_answers);
    return status;
}

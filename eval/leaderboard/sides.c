/*
 * eval/leaderboard/sides.c - runs with their answers, alone and in pairs, and class names
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/sides.h"

#include <stdlib.h>
#include <string.h>

bool icl_pictures_is_right(const struct icl_pictures *pictures, size_t i,
                           const struct icl_answer *answer, int k)
{
    return icl_right_answer(answer, &pictures->rights[i], k);
}

imgcls_status icl_side_find(struct imgcls_board *board, int64_t run, struct icl_side *side)
{
    sqlite3_stmt *statement = NULL;
    imgcls_status status = icl_board_prepare(
        board,
        "SELECT dataset_id, datasets.sha256, datasets.classes, label_space_id, datasets.path"
        " FROM runs JOIN datasets ON datasets.id = dataset_id WHERE runs.id = ?1",
        &statement);
    int code;
    memset(side, 0, sizeof *side);
    side->run = run;
    if (status != IMGCLS_OK)
        return status;
    sqlite3_bind_int64(statement, 1, run);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        const char *sha256 = (const char *)sqlite3_column_text(statement, 1);
        const char *path = (const char *)sqlite3_column_text(statement, 4);
        side->dataset = sqlite3_column_int64(statement, 0);
        side->classes = sqlite3_column_int64(statement, 2);
        side->label_space = sqlite3_column_int64(statement, 3);
        strncpy(side->sha256, sha256 ? sha256 : "", sizeof side->sha256 - 1);
        side->path = strdup(path ? path : "");
        if (!side->path)
            status = icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for a path",
                              board->path);
    } else if (code == SQLITE_DONE) {
        status = icl_fail(board->ctx, IMGCLS_BAD_INPUT, "%s: no run %lld", board->path,
                          (long long)run);
    } else {
        status = icl_board_fail(board, code, "looking for a run");
    }
    sqlite3_finalize(statement);
    return status;
}

imgcls_status icl_side_load(struct imgcls_board *board, struct icl_side *side,
                            struct icl_pictures *pictures)
{
    bool present = false;
    imgcls_status status = IMGCLS_OK;
    if (pictures->dataset != side->dataset)
        status = icl_pictures_load(board, side->dataset, true, pictures);
    if (status == IMGCLS_OK)
        status =
            icl_answers_load(board, side->run, pictures->count, &present, &side->answers);
    if (status == IMGCLS_OK && !present)
        status = icl_fail(board->ctx, IMGCLS_BAD_INPUT,
                          "%s: run %lld was recorded without answers, so its pictures cannot "
                          "be looked at",
                          board->path, (long long)side->run);
    return status;
}

imgcls_status icl_sides_load(struct imgcls_board *board, struct icl_side sides[2],
                             struct icl_pictures *pictures)
{
    imgcls_status status;
    if (sides[0].dataset != sides[1].dataset)
        return icl_fail(board->ctx, IMGCLS_BAD_INPUT,
                        "%s: runs %lld and %lld are over different data sets (%.12s and "
                        "%.12s), so their pictures cannot be paired",
                        board->path, (long long)sides[0].run, (long long)sides[1].run,
                        sides[0].sha256, sides[1].sha256);
    status = icl_side_load(board, &sides[0], pictures);
    return status == IMGCLS_OK ? icl_side_load(board, &sides[1], pictures) : status;
}

void icl_side_clear(struct icl_side *side)
{
    free(side->answers);
    free(side->path);
    memset(side, 0, sizeof *side);
}

static imgcls_status take_name(struct imgcls_board *board, sqlite3_stmt *statement,
                               int64_t classes, char **names)
{
    int64_t class = sqlite3_column_int64(statement, 0);
    const char *name = (const char *)sqlite3_column_text(statement, 1);
    if (class < 0 || class >= classes || !name || names[class])
        return IMGCLS_OK; /* names of classes that the data set does not have */
    names[class] = strdup(name);
    return names[class] ? IMGCLS_OK
                        : icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for names",
                                   board->path);
}

imgcls_status icl_names_load(struct imgcls_board *board, int64_t label_space, int64_t classes,
                             char ***names)
{
    sqlite3_stmt *statement = NULL;
    imgcls_status status;
    int code;
    *names = classes < INT32_MAX ? calloc((size_t)classes + 1, sizeof **names) : NULL;
    if (!*names)
        return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for %lld names",
                        board->path, (long long)classes);
    status = icl_board_prepare(
        board, "SELECT class, name FROM class_names WHERE label_space_id = ?1", &statement);
    if (status == IMGCLS_OK)
        sqlite3_bind_int64(statement, 1, label_space);
    while (status == IMGCLS_OK && (code = sqlite3_step(statement)) != SQLITE_DONE)
        status = code == SQLITE_ROW ? take_name(board, statement, classes, *names)
                                    : icl_board_fail(board, code, "reading class names");
    sqlite3_finalize(statement);
    if (status != IMGCLS_OK) {
        icl_names_free(*names, classes);
        *names = NULL;
    }
    return status;
}

void icl_names_free(char **names, int64_t classes)
{
    int64_t i;
    for (i = 0; names && i < classes; i++)
        free(names[i]);
    free(names);
}

imgcls_status icl_sides_names(struct imgcls_board *board, const struct icl_side sides[2],
                              char ***names)
{
    int64_t space = sides[0].label_space ? sides[0].label_space : sides[1].label_space;
    return icl_names_load(board, space, sides[0].classes, names);
}

const char *icl_name_of(char *const *names, int64_t classes, int64_t index)
{
    return names && index >= 0 && index < classes ? names[index] : NULL;
}

void icl_sides_pair(const struct icl_side sides[2], const struct icl_pictures *pictures,
                    struct icl_pairing *pairing)
{
    size_t i;
    memset(pairing, 0, sizeof *pairing);
    for (i = 0; i < pictures->count; i++) {
        bool a = icl_pictures_is_right(pictures, i, &sides[0].answers[i], 1);
        bool b = icl_pictures_is_right(pictures, i, &sides[1].answers[i], 1);
        pairing->both_right += a && b;
        pairing->both_wrong += !a && !b;
        pairing->only_first += a && !b;
        pairing->only_second += !a && b;
    }
}

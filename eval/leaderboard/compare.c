/*
 * eval/leaderboard/compare.c - two runs over the same pictures, picture by picture
 *
 * Paired, because pictures that both models get right (or wrong) say nothing about which is
 * better and only blur a comparison of two rates.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/answers.h"

#include <stdlib.h>
#include <string.h>

/* What must agree before two runs can be compared. */
struct side {
    int64_t run, dataset;
    char sha256[65];
    struct icl_answer *answers;
};

static imgcls_status find(struct imgcls_board *board, struct side *side)
{
    sqlite3_stmt *statement = NULL;
    imgcls_status status = icl_board_prepare(
        board,
        "SELECT dataset_id, datasets.sha256 FROM runs JOIN datasets ON datasets.id = dataset_id"
        " WHERE runs.id = ?1",
        &statement);
    int code;
    if (status != IMGCLS_OK)
        return status;
    sqlite3_bind_int64(statement, 1, side->run);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 1);
        side->dataset = sqlite3_column_int64(statement, 0);
        strncpy(side->sha256, text ? text : "", sizeof side->sha256 - 1);
    } else if (code == SQLITE_DONE) {
        status = icl_fail(board->ctx, IMGCLS_BAD_INPUT, "%s: no run %lld", board->path,
                          (long long)side->run);
    } else {
        status = icl_board_fail(board, code, "looking for a run");
    }
    sqlite3_finalize(statement);
    return status;
}

static imgcls_status load(struct imgcls_board *board, struct side *side, size_t count)
{
    bool present;
    imgcls_status status = icl_answers_load(board, side->run, count, &present, &side->answers);
    if (status == IMGCLS_OK && !present)
        status = icl_fail(board->ctx, IMGCLS_BAD_INPUT,
                          "%s: run %lld was recorded without answers, so pictures cannot be "
                          "compared",
                          board->path, (long long)side->run);
    return status;
}

static struct imgcls_board_cell number(int64_t value, bool known)
{
    struct imgcls_board_cell cell = {
        .kind = known ? IMGCLS_CELL_INTEGER : IMGCLS_CELL_NULL, .integer = known ? value : 0};
    return cell;
}

static imgcls_status walk(struct imgcls_board *board, const struct icl_pictures *pictures,
                          const struct side *first, const struct side *second,
                          struct imgcls_board_comparison *out)
{
    imgcls_status status = IMGCLS_OK;
    size_t i;
    for (i = 0; i < pictures->count && status == IMGCLS_OK; i++) {
        const struct icl_answer *a = &first->answers[i], *b = &second->answers[i];
        int32_t label = pictures->labels[i];
        bool a_right = icl_answer_is_right(a, label, 1);
        bool b_right = icl_answer_is_right(b, label, 1);
        out->both_right += a_right && b_right;
        out->both_wrong += !a_right && !b_right;
        out->only_first_right += a_right && !b_right;
        out->only_second_right += !a_right && b_right;
        if (a_right != b_right) {
            const struct imgcls_board_cell cells[] = {
                {.kind = IMGCLS_CELL_TEXT, .text = pictures->files[i]},
                number(label, true),
                number(a->top[0], a->top[0] >= 0),
                number(b->top[0], b->top[0] >= 0),
                number(a_right ? 1 : 2, true),
            };
            status = icl_board_rows_append(board, out->flips, cells);
        }
    }
    out->images = (int64_t)pictures->count;
    out->p_value = icl_mcnemar(out->only_first_right, out->only_second_right);
    return status;
}

imgcls_status imgcls_board_compare(struct imgcls_board *board, int64_t first_run,
                                   int64_t second_run, struct imgcls_board_comparison **out)
{
    icl_forgive(board->ctx); /* what an earlier call left */
    static const char *const columns[] = {"file", "label", "first", "second", "right", NULL};
    struct side first = {.run = first_run}, second = {.run = second_run};
    struct imgcls_board_comparison *comparison = calloc(1, sizeof *comparison);
    struct icl_pictures pictures = {0};
    imgcls_status status;
    *out = NULL;
    if (!comparison)
        return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory to compare", board->path);
    comparison->struct_size = sizeof *comparison;
    status = find(board, &first);
    if (status == IMGCLS_OK)
        status = find(board, &second);
    if (status == IMGCLS_OK && first.dataset != second.dataset)
        status = icl_fail(board->ctx, IMGCLS_BAD_INPUT,
                          "%s: runs %lld and %lld are over different data sets (%.12s and "
                          "%.12s), so their pictures cannot be paired",
                          board->path, (long long)first_run, (long long)second_run,
                          first.sha256, second.sha256);
    if (status == IMGCLS_OK)
        status = icl_pictures_load(board, first.dataset, true, &pictures);
    if (status == IMGCLS_OK)
        status = load(board, &first, pictures.count);
    if (status == IMGCLS_OK)
        status = load(board, &second, pictures.count);
    if (status == IMGCLS_OK)
        status = icl_board_rows_create(board, columns, &comparison->flips);
    if (status == IMGCLS_OK)
        status = walk(board, &pictures, &first, &second, comparison);
    if (status == IMGCLS_OK) {
        *out = comparison;
        comparison = NULL;
    }
    imgcls_board_comparison_destroy(comparison);
    icl_pictures_clear(&pictures);
    free(first.answers);
    free(second.answers);
    return status;
}

void imgcls_board_comparison_destroy(struct imgcls_board_comparison *comparison)
{
    if (!comparison)
        return;
    imgcls_board_rows_destroy(comparison->flips);
    free(comparison);
}

/*
 * eval/leaderboard/pick.c - a column's values of some runs
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/columns.h"

#include <stdlib.h>
#include <string.h>

struct picking {
    struct imgcls_board *board;
    const uint32_t *runs; /* rise */
    size_t count, seen;
    struct icl_column *out;
    uint32_t *words; /* own; see icl_column_add */
    size_t word_capacity;
};

static bool picking_wants(void *data, size_t first, size_t count)
{
    const struct picking *picking = data;
    return picking->seen < picking->count && picking->runs[picking->seen] < first + count;
}

static bool prepare_words(struct picking *picking, size_t count)
{
    if (picking->word_capacity < count) {
        free(picking->words);
        picking->word_capacity = 0;
        picking->words = malloc(count * sizeof *picking->words);
        if (!picking->words)
            return false;
        picking->word_capacity = count;
    }
    if (count > 0)
        memset(picking->words, 0, count * sizeof *picking->words);
    return true;
}

static imgcls_status pick_piece(void *data, const struct icl_column *piece, size_t first)
{
    struct picking *picking = data;
    imgcls_status status = IMGCLS_OK;
    if (!prepare_words(picking, piece->text_count))
        return icl_fail(picking->board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for its columns",
                        picking->board->path);
    for (; picking_wants(picking, first, piece->count) && status == IMGCLS_OK; picking->seen++)
        status = icl_column_add(picking->board, picking->out, piece,
                                picking->runs[picking->seen] - first, picking->words);
    return status;
}

imgcls_status icl_columns_pick(struct imgcls_board *board, struct icl_columns *columns,
                               const char *name, const uint32_t *runs, size_t count,
                               struct icl_column *out)
{
    struct picking picking = {.board = board, .runs = runs, .count = count, .out = out};
    const struct icl_columns_visitor visitor = {picking_wants, pick_piece, &picking};
    imgcls_status status = IMGCLS_OK;
    if (count == icl_columns_count(columns)) /* all of them */
        return icl_columns_load(columns, name, out);
    if (!icl_column_reserve(out, count))
        status = icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for its columns",
                          board->path);
    if (status == IMGCLS_OK)
        status = icl_columns_walk(columns, name, &visitor);
    free(picking.words);
    return status;
}

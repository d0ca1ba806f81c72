/*
 * programs/leaderboard_narrow.c - a table without the columns for which a terminal has no room
 *
 * Lines that wrap cannot be read as a table. What nobody asked for by name, and one misses least,
 * is left out until the rest fits, or nothing is left that one could miss.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/leaderboard.h"

#include <stdlib.h>
#include <string.h>

/* What is missed least first; last an interval, of which one bound goes with the other. */
static const char *const spare[] = {"recorded_at", "images_per_second", "failed",
                                    "confused_with", "speed_change", "images", "cpu",
                                    "threads", "top5", "top1_low", "top1_high"};
#define SPARE (sizeof spare / sizeof spare[0])

static bool make(const struct imgcls_board_rows *rows, const bool *hidden, struct narrowed *out)
{
    size_t width = rows->column_count, column, row, to = 0;
    out->columns = calloc(width + 1, sizeof *out->columns);
    out->cells = calloc(width * rows->row_count + 1, sizeof *out->cells);
    if (!out->columns || !out->cells)
        return false;
    for (column = 0; column < width; column++)
        if (!hidden[column])
            out->columns[to++] = rows->columns[column];
    out->rows = (struct imgcls_board_rows){.struct_size = sizeof out->rows,
                                           .column_count = to,
                                           .row_count = rows->row_count,
                                           .columns = out->columns,
                                           .cells = out->cells};
    for (row = 0, to = 0; row < rows->row_count; row++)
        for (column = 0; column < width; column++)
            if (!hidden[column])
                out->cells[to++] = *cell_at(rows, row, column);
    return true;
}

bool narrow_rows(const struct imgcls_board_rows *rows, const int *widths, int room,
                 struct narrowed *out)
{
    bool *hidden = calloc(rows->column_count + 1, sizeof *hidden), done;
    long needed = -2; /* nothing behind the last */
    *out = (struct narrowed){.columns = NULL};
    if (!hidden)
        return false;
    for (size_t i = 0; i < rows->column_count; i++)
        needed += labs(widths[i]) + 2;
    for (size_t k = 0; k < SPARE; k++) {
        size_t at = column_index(rows, spare[k]), low = column_index(rows, "top1_low");
        bool pair = low != SIZE_MAX && hidden[low] && strcmp(spare[k], "top1_high") == 0;
        if (at == SIZE_MAX || (needed <= room && !pair))
            continue;
        hidden[at] = true;
        needed -= labs(widths[at]) + 2;
        snprintf(out->left_out + strlen(out->left_out),
                 sizeof out->left_out - strlen(out->left_out), "%s%s", *out->left_out ? ", " : "",
                 spare[k]);
    }
    done = *out->left_out && make(rows, hidden, out);
    free(hidden);
    return done;
}

void narrowed_clear(struct narrowed *narrowed)
{
    free(narrowed->columns);
    free(narrowed->cells);
}

/*
 * eval/leaderboard/cells.c - cells for tables that are made by hand
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/cells.h"

#include "src/tensor/tensor.h"

#include <math.h>

#include <sqlite3.h>

struct imgcls_board_cell icl_cell_integer(int64_t value)
{
    return (struct imgcls_board_cell){.kind = IMGCLS_CELL_INTEGER, .integer = value};
}

struct imgcls_board_cell icl_cell_known(int64_t value)
{
    return value >= 0 ? icl_cell_integer(value)
                      : (struct imgcls_board_cell){.kind = IMGCLS_CELL_NULL};
}

struct imgcls_board_cell icl_cell_real(double value)
{
    if (!isfinite(value))
        return (struct imgcls_board_cell){.kind = IMGCLS_CELL_NULL};
    return (struct imgcls_board_cell){.kind = IMGCLS_CELL_REAL, .real = value};
}

struct imgcls_board_cell icl_cell_text(const char *text)
{
    if (!text)
        return (struct imgcls_board_cell){.kind = IMGCLS_CELL_NULL};
    return (struct imgcls_board_cell){.kind = IMGCLS_CELL_TEXT, .text = text};
}

float icl_answer_probability(const struct icl_answer *answer, int place)
{
    float value;
    if (answer->top[place] < 0)
        return 0;
    value = icl_f16_to_f32(answer->probability[place]);
    return isfinite(value) ? value : 0;
}

struct imgcls_board_cell icl_cell_probability(const struct icl_answer *answer, int place)
{
    return icl_cell_real(answer->top[place] < 0 ? NAN : icl_answer_probability(answer, place));
}

struct imgcls_board_cell icl_cell_column(struct sqlite3_stmt *statement, int column)
{
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        return icl_cell_integer(sqlite3_column_int64(statement, column));
    case SQLITE_FLOAT:
        return icl_cell_real(sqlite3_column_double(statement, column));
    case SQLITE_NULL:
        return icl_cell_text(NULL);
    default:
        return icl_cell_text((const char *)sqlite3_column_text(statement, column));
    }
}

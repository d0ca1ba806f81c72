/*
 * programs/leaderboard_table.c - tables for eyes: aligned, rates in percent, intervals drawn
 *
 * On a terminal the interval of each rate is drawn on one scale, so that overlaps are seen;
 * piped, the same table is plain text with numbers.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/leaderboard.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DRAWN_WIDTH 24 /* columns of a drawn interval */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool ends(const char *text, const char *with)
{
    size_t length = strlen(text), size = strlen(with);
    return length >= size && strcmp(text + length - size, with) == 0;
}

static bool is_rate(const char *column)
{
    static const char *const others[] = {"parent_top1", "top1_before", "class_accuracy",
                                         "macro_precision", "macro_f1", "ece", "mce"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(others[i], column) == 0)
            return true;
    return (begins(column, "top1") || begins(column, "top5")) && !ends(column, "_change");
}

/* Control characters out of what others wrote: a name must not drive the terminal. C1 controls
 * are two bytes in UTF-8, 0xc2 and 0x80 to 0x9f. */
static void tame(char *text)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text, next = (unsigned char)text[1];
        if (byte < 0x20 || byte == 0x7f)
            *text = '?';
        else if (byte == 0xc2 && next >= 0x80 && next <= 0x9f)
            text[0] = text[1] = '?';
    }
}

static void real_for_eyes(const char *column, double value, char text[CELL_CAPACITY])
{
    if (is_rate(column))
        snprintf(text, CELL_CAPACITY, "%.2f %%", 100 * value);
    else if (strcmp(column, "change") == 0 || strcmp(column, "top1_change") == 0)
        snprintf(text, CELL_CAPACITY, "%+.2f", 100 * value);
    else if (ends(column, "speed_change"))
        snprintf(text, CELL_CAPACITY, "%+.1f %%", 100 * value);
    else if (strcmp(column, "p_value") == 0)
        snprintf(text, CELL_CAPACITY, "%.2g", value);
    else if (ends(column, "_probability") || ends(column, "_ratio") ||
             strcmp(column, "nll") == 0)
        snprintf(text, CELL_CAPACITY, "%.3f", value);
    else if (strcmp(column, "milliseconds") == 0 || ends(column, "_ms"))
        snprintf(text, CELL_CAPACITY, "%.2f", value);
    else
        snprintf(text, CELL_CAPACITY, "%.1f", value);
}

void cell_text(const char *column, const struct imgcls_board_cell *cell, bool eyes,
               char text[CELL_CAPACITY])
{
    if (cell->kind == IMGCLS_CELL_INTEGER && eyes && ends(column, "_bytes"))
        snprintf(text, CELL_CAPACITY, "%.1f MB", (double)cell->integer / 1e6);
    else if (cell->kind == IMGCLS_CELL_INTEGER)
        snprintf(text, CELL_CAPACITY, "%lld", (long long)cell->integer);
    else if (cell->kind == IMGCLS_CELL_REAL && eyes)
        real_for_eyes(column, cell->real, text);
    else if (cell->kind == IMGCLS_CELL_REAL)
        snprintf(text, CELL_CAPACITY, "%.9g", cell->real);
    else if (cell->kind == IMGCLS_CELL_TEXT && eyes && ends(column, "sha256"))
        snprintf(text, CELL_CAPACITY, "%.12s", cell->text);
    else
        snprintf(text, CELL_CAPACITY, "%s", cell->kind == IMGCLS_CELL_TEXT ? cell->text : "-");
    tame(text);
}

const struct imgcls_board_cell *cell_at(const struct imgcls_board_rows *rows, size_t row,
                                        size_t column)
{
    return &rows->cells[row * rows->column_count + column];
}

size_t column_index(const struct imgcls_board_rows *rows, const char *name)
{
    for (size_t i = 0; i < rows->column_count; i++)
        if (strcmp(rows->columns[i], name) == 0)
            return i;
    return SIZE_MAX;
}

/* ---- The drawn interval -----------------------------------------------------------------*/

/* Where value, low and high of top1 stand, and the scale over all rows. */
struct drawing {
    bool on;
    size_t value, low, high;
    double from, to;
};

static struct drawing plan_drawing(const struct imgcls_board_rows *rows, bool eyes)
{
    struct drawing d = {.value = column_index(rows, "top1"),
                        .low = column_index(rows, "top1_low"),
                        .high = column_index(rows, "top1_high"), .from = 1, .to = 0};
    d.on = eyes && terminal_is_rich(stdout) && terminal_is_utf8() && d.value != SIZE_MAX &&
           d.low != SIZE_MAX && d.high != SIZE_MAX && rows->row_count > 0;
    for (size_t row = 0; d.on && row < rows->row_count; row++) {
        const struct imgcls_board_cell *low = cell_at(rows, row, d.low);
        const struct imgcls_board_cell *high = cell_at(rows, row, d.high);
        if (low->kind != IMGCLS_CELL_REAL || high->kind != IMGCLS_CELL_REAL)
            continue;
        d.from = low->real < d.from ? low->real : d.from;
        d.to = high->real > d.to ? high->real : d.to;
    }
    d.on = d.on && d.to > d.from;
    return d;
}

static void print_drawing(const struct imgcls_board_rows *rows, size_t row,
                          const struct drawing *d)
{
    const struct imgcls_board_cell *value = cell_at(rows, row, d->value);
    if (value->kind == IMGCLS_CELL_REAL)
        terminal_interval(stdout, (cell_at(rows, row, d->low)->real - d->from) / (d->to - d->from),
                          (value->real - d->from) / (d->to - d->from),
                          (cell_at(rows, row, d->high)->real - d->from) / (d->to - d->from),
                          DRAWN_WIDTH);
}

/* ---- Tables -----------------------------------------------------------------------------*/

/* Widths of columns, negative where they hold numbers (aligned right). Own: free. */
static int *measure(const struct imgcls_board_rows *rows, bool eyes)
{
    int *widths = calloc(rows->column_count + 1, sizeof *widths);
    size_t row, column;
    char text[CELL_CAPACITY];
    for (column = 0; widths && column < rows->column_count; column++) {
        int width = terminal_width_of(rows->columns[column]);
        bool number = rows->row_count > 0;
        for (row = 0; row < rows->row_count; row++) {
            const struct imgcls_board_cell *cell = cell_at(rows, row, column);
            cell_text(rows->columns[column], cell, eyes, text);
            width = terminal_width_of(text) > width ? terminal_width_of(text) : width;
            number = number && cell->kind != IMGCLS_CELL_TEXT;
        }
        widths[column] = number ? -width : width;
    }
    return widths;
}

static void print_line(const struct imgcls_board_rows *rows, size_t row, bool eyes,
                       const int *widths, const struct drawing *drawing)
{
    bool rich = terminal_is_rich(stdout);
    char text[CELL_CAPACITY];
    for (size_t column = 0; column < rows->column_count; column++) {
        bool last = column + 1 == rows->column_count;
        int width = last && widths[column] > 0 ? 0 : widths[column]; /* no trailing blanks */
        if (drawing->on && column == drawing->high)
            continue;
        if (drawing->on && column == drawing->low) {
            if (row > 0)
                print_drawing(rows, row - 1, drawing);
            else
                terminal_pad(stdout, "95 % interval", DRAWN_WIDTH);
            fputs(last ? "" : "  ", stdout);
            continue;
        }
        if (row == 0)
            snprintf(text, sizeof text, "%s", rows->columns[column]);
        else
            cell_text(rows->columns[column], cell_at(rows, row - 1, column), eyes, text);
        if (rich && row == 0)
            fputs("\033[1m", stdout);
        terminal_pad(stdout, text, width);
        if (rich && row == 0)
            fputs("\033[0m", stdout);
        fputs(last ? "" : "  ", stdout);
    }
    fputs("\n", stdout);
}

imgcls_status print_table(const struct imgcls_board_rows *rows, bool eyes)
{
    int *widths = measure(rows, eyes);
    struct drawing drawing = plan_drawing(rows, eyes);
    if (!widths)
        return IMGCLS_NO_MEMORY;
    for (size_t row = 0; row <= rows->row_count; row++)
        print_line(rows, row, eyes, widths, &drawing);
    free(widths);
    return IMGCLS_OK;
}

/* First columns of the groups of a record: a line of space before each. */
static bool begins_group(const char *column)
{
    static const char *const firsts[] = {"images", "images_per_second", "recipe", "parameters",
                                         "model_sha256", "tier"};
    for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++)
        if (strcmp(column, firsts[i]) == 0)
            return true;
    return false;
}

void print_record(const struct imgcls_board_rows *rows)
{
    bool rich = terminal_is_rich(stdout);
    int width = 0;
    char text[CELL_CAPACITY];
    for (size_t i = 0; i < rows->column_count; i++)
        if (terminal_width_of(rows->columns[i]) > width)
            width = terminal_width_of(rows->columns[i]);
    for (size_t i = 0; i < rows->column_count; i++) {
        const struct imgcls_board_cell *cell = cell_at(rows, 0, i);
        cell_text(rows->columns[i], cell, !ends(rows->columns[i], "sha256"), text);
        if (rich && begins_group(rows->columns[i]))
            fputs("\n", stdout);
        fputs(rich ? "\033[2m" : "", stdout);
        terminal_pad(stdout, rows->columns[i], width);
        fputs(rich ? "\033[0m" : "", stdout);
        printf("  %s", text);
        if (rich && terminal_is_utf8() && cell->kind == IMGCLS_CELL_REAL &&
            (strcmp(rows->columns[i], "top1") == 0 || strcmp(rows->columns[i], "top5") == 0)) {
            fputs("  ", stdout);
            terminal_bar(stdout, cell->real, DRAWN_WIDTH);
        }
        fputs("\n", stdout);
    }
}

imgcls_status print_rows_json(struct job *job, const struct imgcls_board_rows *rows)
{
    char *text;
    imgcls_status status = imgcls_board_render(job->board, rows, "json", &text);
    if (status == IMGCLS_OK)
        fputs(text, stdout);
    free(text);
    return status;
}

imgcls_status print_answer(struct job *job, const struct imgcls_board_rows *rows,
                           const char *none)
{
    if (job->line.json)
        return print_rows_json(job, rows);
    if (rows->row_count > 0)
        return print_table(rows, true);
    if (!job->line.quiet)
        fprintf(stderr, "%s: %s\n", imgcls_board_path(job->board), none);
    return IMGCLS_OK;
}

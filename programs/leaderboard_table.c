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

#include "eval/number_text.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DRAWN_WIDTH 24 /* columns of a drawn interval */
#define KEPT_CELLS_MAX 131072

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

/* How a real number of a column is shown. */
struct form {
    double factor;
    int decimals;
    const char *before, *after; /* before: if not negative */
};

static struct form form_of(const char *column)
{
    if (is_rate(column))
        return (struct form){100, 2, "", " %"};
    if (strcmp(column, "change") == 0 || strcmp(column, "top1_change") == 0)
        return (struct form){100, 2, "+", ""};
    if (ends(column, "speed_change"))
        return (struct form){100, 1, "+", " %"};
    if (ends(column, "_probability") || ends(column, "_ratio") || strcmp(column, "nll") == 0)
        return (struct form){1, 3, "", ""};
    if (strcmp(column, "milliseconds") == 0 || ends(column, "_ms"))
        return (struct form){1, 2, "", ""};
    return (struct form){1, 1, "", ""};
}

static void put_text(const char *text, size_t most, char out[CELL_CAPACITY])
{
    size_t length = strlen(text);
    most = most < CELL_CAPACITY - 1 ? most : CELL_CAPACITY - 1;
    length = length < most ? length : most;
    memcpy(out, text, length);
    out[length] = '\0';
}

static void put_integer(int64_t value, char text[CELL_CAPACITY])
{
    char digits[24], *p = digits + sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    *--p = '\0';
    do
        *--p = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        *--p = '-';
    put_text(p, SIZE_MAX, text);
}

/* How cells of a column are shown; made once a column, for a name takes longer to judge than
 * most cells take to write. */
struct style {
    bool eyes, megabytes, p_value;
    size_t most; /* bytes of a text */
    struct form form;
};

static struct style style_of(const char *column, bool eyes)
{
    return (struct style){.eyes = eyes, .megabytes = eyes && ends(column, "_bytes"),
                          .p_value = strcmp(column, "p_value") == 0,
                          .most = eyes && ends(column, "sha256") ? 12 : SIZE_MAX,
                          .form = form_of(column)};
}

static void put_real(const struct style *style, double value, char text[CELL_CAPACITY])
{
    const struct form *form = &style->form;
    size_t length;
    if (!style->eyes || style->p_value) {
        icl_number_text(value, style->eyes ? 2 : 9, text, CELL_CAPACITY);
        return;
    }
    put_text(signbit(value) ? "" : form->before, SIZE_MAX, text);
    length = strlen(text);
    length += icl_number_fixed(form->factor * value, form->decimals, text + length,
                               CELL_CAPACITY - length);
    put_text(form->after, SIZE_MAX, text + length);
}

static void put_cell(const struct style *style, const struct imgcls_board_cell *cell,
                     char text[CELL_CAPACITY])
{
    switch (cell->kind) {
    case IMGCLS_CELL_INTEGER:
        if (!style->megabytes) {
            put_integer(cell->integer, text);
            break;
        }
        put_text(" MB", SIZE_MAX,
                 text + icl_number_fixed((double)cell->integer / 1e6, 1, text, 64));
        break;
    case IMGCLS_CELL_REAL:
        put_real(style, cell->real, text);
        break;
    case IMGCLS_CELL_TEXT:
        put_text(cell->text, style->most, text);
        terminal_tame(text);
        break;
    default:
        put_text("-", SIZE_MAX, text);
    }
}

void cell_text(const char *column, const struct imgcls_board_cell *cell, bool eyes,
               char text[CELL_CAPACITY])
{
    struct style style = style_of(column, eyes);
    put_cell(&style, cell, text);
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

/* What is shown of a cell. */
struct shown {
    size_t start; /* of the text among the table's; AS_IT_IS: the cell's own text */
    uint16_t length, width;
};

#define AS_IT_IS SIZE_MAX

/* A table that was measured; the texts of its first cells, which are looked at twice, and of a
 * table as tall as they come not all are kept. */
struct table {
    const struct imgcls_board_rows *rows;
    struct style *styles; /* of columns; own */
    int *widths;          /* negative where a column holds numbers (aligned right); own */
    char *texts;          /* NUL-ended, one behind the other; own */
    struct shown *cells;  /* own */
    size_t kept, used, capacity;
};

static void table_clear(struct table *table)
{
    free(table->styles);
    free(table->widths);
    free(table->texts);
    free(table->cells);
}

/* Bytes of a text of ASCII without control characters, which is shown as it is, a column a byte;
 * CELL_CAPACITY for others and for what is longer. */
static size_t plain_length(const char *text)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    size_t length = strnlen(text, CELL_CAPACITY), i = 0;
    uint64_t bytes, other = 0;
    for (; i + 8 <= length; i += 8) { /* a byte's top bit: it is 128 or more, below 32, or 127 */
        memcpy(&bytes, text + i, sizeof bytes);
        other |= bytes | (bytes - ones * 0x20) | (((bytes & ~tops) ^ ones * 0x7f) - ones);
    }
    for (; i < length; i++)
        other |= (unsigned char)text[i] < 0x20 || (unsigned char)text[i] >= 0x7f ? tops : 0;
    return other & tops ? CELL_CAPACITY : length;
}

/* What is shown of a cell, whose text comes to lie in `text` where it isn't its own. */
static struct shown show(const struct style *style, const struct imgcls_board_cell *cell,
                         char text[CELL_CAPACITY])
{
    size_t length = CELL_CAPACITY;
    if (cell->kind == IMGCLS_CELL_TEXT)
        length = plain_length(cell->text);
    if (length < CELL_CAPACITY && length <= style->most)
        return (struct shown){AS_IT_IS, (uint16_t)length, (uint16_t)length};
    put_cell(style, cell, text);
    return (struct shown){0, (uint16_t)strlen(text), (uint16_t)terminal_width_of(text)};
}

static bool table_keep(struct table *table, struct shown shown, const char *text)
{
    size_t size = (size_t)shown.length + 1;
    if (shown.start != AS_IT_IS && table->capacity - table->used < size) {
        size_t capacity = table->capacity * 2 + KEPT_CELLS_MAX;
        char *grown = realloc(table->texts, capacity);
        if (!grown)
            return false;
        table->texts = grown;
        table->capacity = capacity;
    }
    if (shown.start != AS_IT_IS) {
        memcpy(table->texts + table->used, text, size);
        shown.start = table->used;
        table->used += size;
    }
    table->cells[table->kept++] = shown;
    return true;
}

/* *out: NUL-ended, borrowed until the next call. */
static struct shown table_text(const struct table *table, size_t row, size_t column,
                               char text[CELL_CAPACITY], const char **out)
{
    size_t at = row * table->rows->column_count + column;
    const struct imgcls_board_cell *cell = cell_at(table->rows, row, column);
    struct shown shown;
    if (at < table->kept) {
        shown = table->cells[at];
        *out = shown.start == AS_IT_IS ? cell->text : table->texts + shown.start;
        return shown;
    }
    shown = show(&table->styles[column], cell, text);
    *out = shown.start == AS_IT_IS ? cell->text : text;
    return shown;
}

/* False: no memory. */
static bool table_measure(struct table *table, const struct imgcls_board_rows *rows, bool eyes)
{
    size_t width = rows->column_count, row, column;
    bool *numbers = calloc(width + 1, sizeof *numbers), room;
    char text[CELL_CAPACITY];
    *table = (struct table){.rows = rows};
    table->styles = calloc(width + 1, sizeof *table->styles);
    table->widths = calloc(width + 1, sizeof *table->widths);
    table->cells = calloc(KEPT_CELLS_MAX, sizeof *table->cells);
    room = numbers && table->styles && table->widths && table->cells;
    for (column = 0; room && column < width; column++) {
        int own = terminal_width_of(rows->columns[column]); /* a query's may be of any length */
        table->widths[column] = own < CELL_CAPACITY ? own : CELL_CAPACITY;
        numbers[column] = rows->row_count > 0;
        table->styles[column] = style_of(rows->columns[column], eyes);
    }
    for (row = 0; room && row < rows->row_count; row++)
        for (column = 0; room && column < width; column++) {
            const struct imgcls_board_cell *cell = cell_at(rows, row, column);
            struct shown shown = show(&table->styles[column], cell, text);
            if (shown.width > table->widths[column])
                table->widths[column] = shown.width;
            numbers[column] = numbers[column] && cell->kind != IMGCLS_CELL_TEXT;
            room = table->kept == KEPT_CELLS_MAX || table_keep(table, shown, text);
        }
    for (column = 0; room && column < width; column++)
        if (numbers[column])
            table->widths[column] = -table->widths[column];
    free(numbers);
    return room;
}

/* A line without colours and drawings, put together before it is printed; `line` has room for
 * CELL_CAPACITY bytes and as many blanks in every column. Row 0 is the head. */
static void print_plain_line(const struct table *table, size_t row, char *line)
{
    const struct imgcls_board_rows *rows = table->rows;
    char text[CELL_CAPACITY], *p = line;
    for (size_t column = 0; column < rows->column_count; column++) {
        bool last = column + 1 == rows->column_count;
        const char *cell = rows->columns[column];
        int width = table->widths[column], missing;
        size_t length;
        if (row > 0) {
            struct shown shown = table_text(table, row - 1, column, text, &cell);
            length = shown.length;
            missing = abs(width) - shown.width;
        } else {
            length = strnlen(cell, CELL_CAPACITY - 1);
            missing = abs(width) - terminal_width_of(cell);
        }
        missing = missing < 0 || (last && width > 0) ? 0 : missing; /* no trailing blanks */
        if (width < 0) {
            memset(p, ' ', (size_t)missing);
            p += missing;
        }
        memcpy(p, cell, length);
        p += length;
        if (width > 0) {
            memset(p, ' ', (size_t)missing);
            p += missing;
        }
        memcpy(p, "  ", 2);
        p += last ? 0 : 2;
    }
    *p++ = '\n';
    fwrite(line, 1, (size_t)(p - line), stdout);
}

/* Row 0 is the head. */
static void print_line(const struct table *table, size_t row, bool rich,
                       const struct drawing *drawing)
{
    const struct imgcls_board_rows *rows = table->rows;
    char text[CELL_CAPACITY];
    for (size_t column = 0; column < rows->column_count; column++) {
        bool last = column + 1 == rows->column_count;
        const char *cell = rows->columns[column];
        int width = table->widths[column];
        width = last && width > 0 ? 0 : width; /* no trailing blanks */
        if (drawing->on && column == drawing->high)
            continue;
        if (drawing->on && column == drawing->low) {
            if (row > 0)
                print_drawing(rows, row - 1, drawing);
            else
                printf("\033[1m%-*s\033[0m", DRAWN_WIDTH, "95 % interval");
            fputs(last ? "" : "  ", stdout);
            continue;
        }
        if (rich && row == 0)
            fputs("\033[1m", stdout);
        if (row > 0)
            table_text(table, row - 1, column, text, &cell);
        terminal_pad(stdout, cell, width);
        if (rich && row == 0)
            fputs("\033[0m", stdout);
        fputs(last ? "" : "  ", stdout);
    }
    fputs("\n", stdout);
}

static imgcls_status print_all(const struct imgcls_board_rows *rows, bool eyes)
{
    struct drawing drawing = plan_drawing(rows, eyes);
    bool rich = terminal_is_rich(stdout);
    struct table table;
    char *line = malloc((rows->column_count + 1) * 2 * (CELL_CAPACITY + 2));
    imgcls_status status =
        table_measure(&table, rows, eyes) && line ? IMGCLS_OK : IMGCLS_NO_MEMORY;
    for (size_t row = 0; status == IMGCLS_OK && row <= rows->row_count; row++)
        if (rich)
            print_line(&table, row, rich, &drawing);
        else
            print_plain_line(&table, row, line);
    table_clear(&table);
    free(line);
    return status;
}

/* Whether some columns are to be left out, in *out. */
static bool fit(const struct imgcls_board_rows *rows, struct narrowed *out)
{
    struct drawing drawing = plan_drawing(rows, true);
    int room = terminal_columns(stdout);
    struct table table;
    bool fewer = false;
    *out = (struct narrowed){.columns = NULL};
    if (room == 0)
        return false;
    if (table_measure(&table, rows, true)) {
        if (drawing.on) { /* in the place of two */
            table.widths[drawing.low] = DRAWN_WIDTH;
            table.widths[drawing.high] = -2;
        }
        fewer = narrow_rows(rows, table.widths, drawing.on ? room + 4 : room, out);
    }
    table_clear(&table);
    if (!fewer)
        narrowed_clear(out);
    return fewer;
}

imgcls_status print_table(const struct imgcls_board_rows *rows, enum table_kind kind)
{
    struct narrowed narrowed;
    imgcls_status status;
    if (kind != EYES_FIT || !fit(rows, &narrowed))
        return print_all(rows, kind != IN_FULL);
    status = print_all(&narrowed.rows, true);
    if (status == IMGCLS_OK)
        printf("%s(no room here for %s)%s\n", terminal_is_rich(stdout) ? "\033[2m" : "",
               narrowed.left_out, terminal_is_rich(stdout) ? "\033[0m" : "");
    narrowed_clear(&narrowed);
    return status;
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
    if (rows->row_count > 0) /* a column that was asked for by name is shown */
        return print_table(rows, command_value(&job->line, "columns") ? EYES : EYES_FIT);
    if (!job->line.quiet)
        fprintf(stderr, "%s: %s\n", imgcls_board_path(job->board), none);
    return IMGCLS_OK;
}

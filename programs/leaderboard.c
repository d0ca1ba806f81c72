/*
 * programs/leaderboard.c - imgcls-leaderboard: what was measured, read from the database
 *
 * A subcommand is a function and a row in subcommands[] at the end of the file. Tables are
 * for eyes: aligned, rates in percent, hashes cut; --json and export give everything in full.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/command.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <imgcls/leaderboard.h>

#define CELL_CAPACITY 512
#define FLIPS_SHOWN 20 /* in words; --json lists all */
#define QUERY_SECONDS 10

static const struct command_option options[] = {
    {"db", 0, "FILE", "the leaderboard; default: $IMGCLS_DB, else imgcls/leaderboard.db\n"
                      "under $XDG_DATA_HOME (~/.local/share)"},
    {"columns", 'c', "A,B,...", "list, export: columns to show; \"all\" for every one"},
    {"where", 'w', "COND", "list, export: only runs with column=value; also !=, <, <=, >,\n"
                           ">= and ~ (contains); may be given several times"},
    {"filter", 0, "COND", "the same as --where"},
    {"sort", 's', "COL[,desc]", "list, export: order, several separated by ';' (default:\n"
                                "top1,desc)"},
    {"limit", 'n', "N", "list, export: at most N runs"},
    {"format", 'f', "FORMAT", "export: csv, json or markdown"},
    {"output", 'o', "FILE", "export: write to FILE instead of standard output"},
    {"time-limit", 0, "S", "query: stop after S seconds (default: 10)"},
    {NULL, 0, NULL, NULL},
};

static const struct command command = {
    .name = "imgcls-leaderboard",
    .summary = "List, show, compare, check and export what imgcls-eval has measured.",
    .synopsis = "list [--where COND]... [--sort COL[,desc]] [--columns A,B] [--limit N]\n"
                "show RUN\n"
                "compare RUN RUN\n"
                "check\n"
                "query \"SELECT ...\"\n"
                "export --format csv|json|markdown [-o FILE]",
    .details =
        "Runs are never changed or deleted; the database itself refuses to. `compare` pairs\n"
        "two runs over the same pictures and gives McNemar's exact p-value: how likely a split\n"
        "at least as uneven is if both models were equally good. `check` computes every figure\n"
        "again from the stored answers and exits 1 where one does not follow. `query` reads\n"
        "only; the view `leaderboard` has a row a run.\n"
        "\n"
        "Tables show rates in percent; --json, csv and query give fractions from 0 to 1.",
    .options = options,
    .examples =
        "  imgcls-leaderboard list --where 'top1>0.7' --sort images_per_second,desc\n"
        "  imgcls-leaderboard show 3\n"
        "  imgcls-leaderboard compare 3 7\n"
        "  imgcls-leaderboard export --format csv -o board.csv\n"
        "  imgcls-leaderboard query 'SELECT model, max(top1) FROM leaderboard GROUP BY model'",
    .positional_min = 1,
    .positional_max = 3,
};

struct job {
    struct command_line line;
    struct imgcls_context *ctx;
    struct imgcls_board *board;
    bool usage; /* something about the command line was wrong, and was said */
};

/* ---- Cells ------------------------------------------------------------------------------*/

static bool is_rate(const char *column)
{
    return strncmp(column, "top1", 4) == 0 || strncmp(column, "top5", 4) == 0;
}

static bool is_hash(const char *column)
{
    size_t length = strlen(column);
    return length >= 6 && strcmp(column + length - 6, "sha256") == 0;
}

/* Control characters out of what others wrote: a name must not drive the terminal. */
static void tame(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

/* `eyes`: rates in percent, two decimals, hashes cut. */
static void cell_text(const char *column, const struct imgcls_board_cell *cell, bool eyes,
                      char text[CELL_CAPACITY])
{
    if (cell->kind == IMGCLS_CELL_INTEGER)
        snprintf(text, CELL_CAPACITY, "%lld", (long long)cell->integer);
    else if (cell->kind == IMGCLS_CELL_REAL && eyes && is_rate(column))
        snprintf(text, CELL_CAPACITY, "%.2f %%", 100 * cell->real);
    else if (cell->kind == IMGCLS_CELL_REAL && eyes)
        snprintf(text, CELL_CAPACITY, "%.1f", cell->real);
    else if (cell->kind == IMGCLS_CELL_REAL)
        snprintf(text, CELL_CAPACITY, "%.9g", cell->real);
    else if (cell->kind == IMGCLS_CELL_TEXT && eyes && is_hash(column))
        snprintf(text, CELL_CAPACITY, "%.12s", cell->text);
    else
        snprintf(text, CELL_CAPACITY, "%s", cell->kind == IMGCLS_CELL_TEXT ? cell->text : "-");
    tame(text);
}

static const struct imgcls_board_cell *cell_at(const struct imgcls_board_rows *rows, size_t row,
                                               size_t column)
{
    return &rows->cells[row * rows->column_count + column];
}

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

static imgcls_status print_table(const struct imgcls_board_rows *rows, bool eyes)
{
    int *widths = measure(rows, eyes);
    size_t row, column;
    char text[CELL_CAPACITY];
    if (!widths)
        return IMGCLS_NO_MEMORY;
    for (row = 0; row <= rows->row_count; row++) {
        for (column = 0; column < rows->column_count; column++) {
            bool last = column + 1 == rows->column_count;
            int width = last && widths[column] > 0 ? 0 : widths[column]; /* no trailing blanks */
            if (row == 0)
                snprintf(text, sizeof text, "%s", rows->columns[column]);
            else
                cell_text(rows->columns[column], cell_at(rows, row - 1, column), eyes, text);
            terminal_pad(stdout, text, width);
            fputs(last ? "\n" : "  ", stdout);
        }
    }
    free(widths);
    return IMGCLS_OK;
}

static imgcls_status print_json(struct job *job, const struct imgcls_board_rows *rows)
{
    char *text;
    imgcls_status status = imgcls_board_render(job->board, rows, "json", &text);
    if (status == IMGCLS_OK)
        fputs(text, stdout);
    free(text);
    return status;
}

/* ---- Subcommands ------------------------------------------------------------------------*/

/* --where and --filter, in order, NULL-ended. Own: free. */
static const char **conditions_of(const struct command_line *line)
{
    const char **list = calloc(line->given_count + 1, sizeof *list);
    size_t i, count = 0;
    for (i = 0; list && i < line->given_count; i++)
        if (strcmp(line->given[i].name, "where") == 0 ||
            strcmp(line->given[i].name, "filter") == 0)
            list[count++] = line->given[i].value;
    return list;
}

static imgcls_status select_runs(struct job *job, const char *columns,
                                 struct imgcls_board_rows **rows)
{
    struct imgcls_board_selection wish = {.struct_size = sizeof wish, .columns = columns};
    const char **conditions = conditions_of(&job->line);
    long long limit;
    imgcls_status status = IMGCLS_NO_MEMORY;
    *rows = NULL;
    if (!command_integer(&job->line, "limit", 1, INT64_MAX, 0, &limit)) {
        job->usage = true;
        status = IMGCLS_OK;
    } else if (conditions) {
        wish.where = conditions;
        wish.sort = command_value(&job->line, "sort");
        wish.limit = limit;
        status = imgcls_board_list(job->board, &wish, rows);
    }
    free(conditions);
    return status;
}

static imgcls_status list(struct job *job)
{
    struct imgcls_board_rows *rows;
    const char *columns = command_value(&job->line, "columns");
    imgcls_status status =
        select_runs(job, columns ? columns : job->line.json ? "all" : NULL, &rows);
    if (status != IMGCLS_OK || !rows)
        return status;
    if (job->line.json)
        status = print_json(job, rows);
    else if (rows->row_count == 0 && !job->line.quiet)
        fprintf(stderr, "%s: no such run\n", imgcls_board_path(job->board));
    else
        status = print_table(rows, true);
    imgcls_board_rows_destroy(rows);
    return status;
}

/* The run that a positional names. */
static bool run_number(struct job *job, size_t position, int64_t *run)
{
    const char *text = job->line.positionals[position];
    char *end;
    long long value = strtoll(text, &end, 10);
    *run = value;
    if (end != text && !*end && value > 0)
        return true;
    command_complain(&job->line, "'%s': a run's number is wanted (imgcls-leaderboard list)",
                     text);
    job->usage = true;
    return false;
}

static imgcls_status show(struct job *job)
{
    struct imgcls_board_rows *rows;
    int64_t run;
    size_t i;
    int width = 0;
    char text[CELL_CAPACITY];
    imgcls_status status;
    if (!run_number(job, 1, &run))
        return IMGCLS_OK;
    status = imgcls_board_show(job->board, run, &rows);
    if (status != IMGCLS_OK)
        return status;
    if (job->line.json)
        status = print_json(job, rows);
    for (i = 0; i < rows->column_count; i++)
        width = terminal_width_of(rows->columns[i]) > width
                    ? terminal_width_of(rows->columns[i])
                    : width;
    for (i = 0; i < rows->column_count && !job->line.json; i++) {
        cell_text(rows->columns[i], cell_at(rows, 0, i), !is_hash(rows->columns[i]), text);
        terminal_pad(stdout, rows->columns[i], width);
        printf("  %s\n", text);
    }
    imgcls_board_rows_destroy(rows);
    return status;
}

static imgcls_status query(struct job *job)
{
    struct imgcls_board_rows *rows;
    double seconds;
    imgcls_status status;
    if (!command_number(&job->line, "time-limit", 0.001, 1e6, QUERY_SECONDS, &seconds)) {
        job->usage = true;
        return IMGCLS_OK;
    }
    status = imgcls_board_query(job->board, job->line.positionals[1], seconds, &rows);
    if (status != IMGCLS_OK)
        return status;
    status = job->line.json ? print_json(job, rows) : print_table(rows, false);
    imgcls_board_rows_destroy(rows);
    return status;
}

static imgcls_status export_runs(struct job *job)
{
    const char *format = command_value(&job->line, "format");
    const char *output = command_value(&job->line, "output");
    const char *columns = command_value(&job->line, "columns");
    struct imgcls_board_rows *rows;
    char *text = NULL;
    imgcls_status status;
    if (!format && !job->line.json) {
        command_complain(&job->line, "export needs --format csv, json or markdown");
        job->usage = true;
        return IMGCLS_OK;
    }
    status = select_runs(job, columns ? columns : "all", &rows);
    if (status != IMGCLS_OK || !rows)
        return status;
    status = imgcls_board_render(job->board, rows, format ? format : "json", &text);
    if (status == IMGCLS_OK && output)
        status = imgcls_board_save(job->board, output, text);
    else if (status == IMGCLS_OK)
        fputs(text, stdout);
    free(text);
    imgcls_board_rows_destroy(rows);
    return status;
}

static void print_verdict(const struct imgcls_board_comparison *c, const char *first,
                          const char *second)
{
    const char *better = c->only_first_right > c->only_second_right ? first : second;
    if (c->p_value < 0.05)
        printf("Run %s is better, and chance is a poor explanation (p = %.3g).\n", better,
               c->p_value);
    else if (c->only_first_right == c->only_second_right)
        printf("Neither is ahead.\n");
    else
        printf("Run %s is ahead, but chance explains the difference well (p = %.3g).\n", better,
               c->p_value);
}

static void print_comparison(struct job *job, const struct imgcls_board_comparison *c)
{
    const char *first = job->line.positionals[1], *second = job->line.positionals[2];
    size_t i;
    char label[CELL_CAPACITY], a[CELL_CAPACITY], b[CELL_CAPACITY], file[CELL_CAPACITY];
    printf("%lld pictures: both right %lld, both wrong %lld\n", (long long)c->images,
           (long long)c->both_right, (long long)c->both_wrong);
    printf("only run %s right: %lld\n", first, (long long)c->only_first_right);
    printf("only run %s right: %lld\n", second, (long long)c->only_second_right);
    printf("McNemar's exact test, two-sided: p = %.4g\n", c->p_value);
    print_verdict(c, first, second);
    for (i = 0; i < c->flips->row_count && i < FLIPS_SHOWN; i++) {
        cell_text("file", cell_at(c->flips, i, 0), true, file);
        cell_text("label", cell_at(c->flips, i, 1), true, label);
        cell_text("first", cell_at(c->flips, i, 2), true, a);
        cell_text("second", cell_at(c->flips, i, 3), true, b);
        printf("  %s: class %s, run %s said %s, run %s said %s\n", file, label, first, a,
               second, b);
    }
    if (c->flips->row_count > FLIPS_SHOWN)
        printf("  and %zu more (--json lists all)\n", c->flips->row_count - FLIPS_SHOWN);
}

static imgcls_status print_comparison_json(struct job *job, int64_t first, int64_t second,
                                           const struct imgcls_board_comparison *c)
{
    char *text;
    imgcls_status status = imgcls_board_render(job->board, c->flips, "json", &text);
    if (status != IMGCLS_OK)
        return status;
    /* The rows' object continues ours: its opening brace is left out. */
    printf("{\"first\": %lld, \"second\": %lld, \"images\": %lld, \"both_right\": %lld, "
           "\"both_wrong\": %lld, \"only_first_right\": %lld, \"only_second_right\": %lld, "
           "\"p_value\": %.17g, %s",
           (long long)first, (long long)second, (long long)c->images,
           (long long)c->both_right, (long long)c->both_wrong, (long long)c->only_first_right,
           (long long)c->only_second_right, c->p_value, text + 1);
    free(text);
    return IMGCLS_OK;
}

static imgcls_status compare(struct job *job)
{
    struct imgcls_board_comparison *comparison;
    int64_t first, second;
    imgcls_status status;
    if (!run_number(job, 1, &first) || !run_number(job, 2, &second))
        return IMGCLS_OK;
    status = imgcls_board_compare(job->board, first, second, &comparison);
    if (status != IMGCLS_OK)
        return status;
    if (job->line.json)
        status = print_comparison_json(job, first, second, comparison);
    else
        print_comparison(job, comparison);
    imgcls_board_comparison_destroy(comparison);
    return status;
}

static imgcls_status check(struct job *job)
{
    struct imgcls_board_rows *rows;
    int64_t checked, without;
    imgcls_status status = imgcls_board_check(job->board, &checked, &without, &rows);
    if (!rows)
        return status;
    if (job->line.json)
        print_json(job, rows);
    else if (rows->row_count > 0)
        print_table(rows, false);
    else
        printf("%lld runs checked, every figure follows from the stored answers\n",
               (long long)(checked - without));
    if (without > 0 && !job->line.json)
        printf("%lld runs have no stored answers to check by\n", (long long)without);
    imgcls_board_rows_destroy(rows);
    return status;
}

static const struct {
    const char *name;
    size_t positionals; /* after the name */
    const char *takes;
    imgcls_status (*run)(struct job *job);
} subcommands[] = {
    {"list", 0, "no further name", list},
    {"show", 1, "the number of a run", show},
    {"compare", 2, "the numbers of two runs", compare},
    {"check", 0, "no further name", check},
    {"query", 1, "one SELECT statement, quoted", query},
    {"export", 0, "no further name", export_runs},
};
#define SUBCOMMAND_COUNT (sizeof subcommands / sizeof subcommands[0])

/* Index of what is asked for, SUBCOMMAND_COUNT after saying what is wrong. */
static size_t find_subcommand(const struct command_line *line)
{
    const char *name = line->positionals[0];
    size_t i;
    for (i = 0; i < SUBCOMMAND_COUNT; i++) {
        if (strcmp(subcommands[i].name, name) != 0)
            continue;
        if (line->positional_count == subcommands[i].positionals + 1)
            return i;
        command_complain(line, "%s takes %s", name, subcommands[i].takes);
        return SUBCOMMAND_COUNT;
    }
    command_complain(line, "'%s': none of list, show, compare, check, query, export", name);
    return SUBCOMMAND_COUNT;
}

int main(int argc, char **argv)
{
    struct job job = {.usage = false};
    imgcls_status status;
    size_t which;
    int end = command_line_parse(&command, argc, argv, &job.line);
    if (end >= 0)
        return end;
    which = find_subcommand(&job.line);
    job.ctx = which < SUBCOMMAND_COUNT ? command_context(&job.line) : NULL;
    if (!job.ctx) {
        command_end(&job.line, NULL, IMGCLS_OK);
        return 2;
    }
    status = imgcls_board_open(job.ctx, command_value(&job.line, "db"), IMGCLS_BOARD_READ,
                               &job.board);
    if (status == IMGCLS_OK)
        status = subcommands[which].run(&job);
    imgcls_board_close(job.board);
    end = command_end(&job.line, job.ctx, status);
    return job.usage ? 2 : end;
}

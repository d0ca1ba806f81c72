/*
 * programs/leaderboard_runs.c - imgcls-leaderboard: list, show, query, export
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/leaderboard.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define QUERY_SECONDS 10
#define LIST_RUNS 1000 /* where no --limit is given; more are said to be there */

const char **conditions_of(const struct command_line *line)
{
    const char **list = calloc(line->given_count + 1, sizeof *list);
    size_t i, count = 0;
    for (i = 0; list && i < line->given_count; i++)
        if (strcmp(line->given[i].name, "where") == 0 ||
            strcmp(line->given[i].name, "filter") == 0)
            list[count++] = line->given[i].value;
    return list;
}

bool run_number(struct job *job, size_t position, int64_t *run)
{
    const char *text = job->line.positionals[position];
    char *end;
    long long value;
    errno = 0;
    value = strtoll(text, &end, 10);
    *run = value;
    if (end != text && !*end && value > 0 && errno == 0)
        return true;
    command_complain(&job->line, "'%s': a run's number is wanted (imgcls-leaderboard list)",
                     text);
    job->usage = true;
    return false;
}

/* Runs by --where, --sort and --limit (limit where it is not given), through imgcls_board_list
 * or, for csv, imgcls_board_timm. *rows NULL after a usage error. */
static imgcls_status select_runs(struct job *job, const char *columns, bool timm,
                                 long long limit, struct imgcls_board_rows **rows)
{
    struct imgcls_board_selection wish = {.struct_size = sizeof wish, .columns = columns};
    const char **conditions = conditions_of(&job->line);
    imgcls_status status = IMGCLS_NO_MEMORY;
    *rows = NULL;
    if (!command_integer(&job->line, "limit", 0, INT64_MAX, limit, &limit)) {
        job->usage = true;
        status = IMGCLS_OK;
    } else if (conditions) {
        wish.where = conditions;
        wish.sort = command_value(&job->line, "sort");
        wish.limit = limit;
        status = timm ? imgcls_board_timm(job->board, &wish, rows)
                      : imgcls_board_list(job->board, &wish, rows);
    }
    free(conditions);
    return status;
}

/* JSON that says that there is more than its rows. */
static imgcls_status print_first_json(struct job *job, const struct imgcls_board_rows *rows)
{
    char *text;
    imgcls_status status = imgcls_board_render(job->board, rows, "json", &text);
    if (status == IMGCLS_OK)
        printf("{\"more\": true, %s", text + 1); /* the rows' object continues ours */
    free(text);
    return status;
}

imgcls_status leaderboard_list(struct job *job)
{
    struct imgcls_board_rows *rows;
    const char *columns = command_value(&job->line, "columns");
    bool cut = false;
    imgcls_status status = select_runs(
        job, columns ? columns : job->line.json ? "all" : NULL, false, LIST_RUNS + 1, &rows);
    if (status != IMGCLS_OK || !rows)
        return status;
    if (!command_value(&job->line, "limit") && rows->row_count > LIST_RUNS) {
        rows->row_count = LIST_RUNS;
        cut = true;
    }
    status = cut && job->line.json ? print_first_json(job, rows)
                                   : print_answer(job, rows, "no such run");
    if (cut && !job->line.json && !job->line.quiet)
        fprintf(stderr, "%s: the first %d; --limit 0 lists all\n",
                imgcls_board_path(job->board), LIST_RUNS);
    imgcls_board_rows_destroy(rows);
    return status;
}

imgcls_status leaderboard_show(struct job *job)
{
    struct imgcls_board_rows *rows;
    int64_t run;
    imgcls_status status;
    if (!run_number(job, 1, &run))
        return IMGCLS_OK;
    status = imgcls_board_show(job->board, run, &rows);
    if (status != IMGCLS_OK)
        return status;
    if (job->line.json)
        status = print_rows_json(job, rows);
    else
        print_record(rows);
    imgcls_board_rows_destroy(rows);
    return status;
}

imgcls_status leaderboard_query(struct job *job)
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
    status = job->line.json ? print_rows_json(job, rows) : print_table(rows, IN_FULL);
    imgcls_board_rows_destroy(rows);
    return status;
}

/* Text to the file that --output names, else to standard output; with --json the file's size is
 * said, as the one object that was asked for. */
static imgcls_status put_out(struct job *job, const char *text)
{
    const char *output = command_value(&job->line, "output");
    imgcls_status status = IMGCLS_OK;
    if (output)
        status = imgcls_board_save(job->board, output, text);
    else
        fputs(text, stdout);
    if (output && job->line.json && status == IMGCLS_OK)
        printf("{\"bytes\": %zu}\n", strlen(text));
    return status;
}

/* The page for the whole board, a run, or a pair. */
static imgcls_status export_page(struct job *job)
{
    struct imgcls_board_report_options options = {.struct_size = sizeof options};
    const char **conditions = conditions_of(&job->line);
    long long limit;
    char *text = NULL;
    imgcls_status status;
    if (!conditions)
        return IMGCLS_NO_MEMORY;
    options.where = conditions;
    options.sort = command_value(&job->line, "sort");
    options.no_pictures = command_value(&job->line, "no-pictures") != NULL;
    options.pictures = command_value(&job->line, "pictures");
    if (options.pictures && (options.no_pictures || job->line.positional_count < 2)) {
        command_complain(&job->line, "--pictures is for the page of a run or two, with pictures");
        job->usage = true;
        free(conditions);
        return IMGCLS_OK;
    }
    if ((job->line.positional_count > 1 && !run_number(job, 1, &options.first)) ||
        (job->line.positional_count > 2 && !run_number(job, 2, &options.second)) ||
        !command_integer(&job->line, "limit", 1, 100000, 0, &limit)) {
        job->usage = true;
        free(conditions);
        return IMGCLS_OK;
    }
    options.limit = limit;
    status = imgcls_board_report(job->board, &options, &text);
    if (status == IMGCLS_OK)
        status = put_out(job, text);
    free(text);
    free(conditions);
    return status;
}

imgcls_status leaderboard_export(struct job *job)
{
    const char *format = command_value(&job->line, "format");
    const char *columns = command_value(&job->line, "columns");
    struct imgcls_board_rows *rows;
    char *text = NULL;
    bool timm;
    imgcls_status status;
    if (!format && !job->line.json) {
        command_complain(&job->line, "export needs --format csv, json, markdown or html");
        job->usage = true;
        return IMGCLS_OK;
    }
    format = format ? format : "json";
    if (job->line.json && strcmp(format, "json") != 0 && !command_value(&job->line, "output")) {
        command_complain(&job->line, "--json: %.40s is no JSON; --output FILE writes it elsewhere",
                         format);
        job->usage = true;
        return IMGCLS_OK;
    }
    if (strcmp(format, "html") == 0)
        return export_page(job);
    if (job->line.positional_count > 1) {
        command_complain(&job->line, "export of single runs: --format html only; elsewhere "
                                     "--where run=%s",
                         job->line.positionals[1]);
        job->usage = true;
        return IMGCLS_OK;
    }
    timm = strcmp(format, "csv") == 0 && !columns;
    status = select_runs(job, columns ? columns : "all", timm, 0, &rows);
    if (status != IMGCLS_OK || !rows)
        return status;
    status = imgcls_board_render(job->board, rows, format, &text);
    if (status == IMGCLS_OK)
        status = put_out(job, text);
    free(text);
    imgcls_board_rows_destroy(rows);
    return status;
}

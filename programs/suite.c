/*
 * programs/suite.c - imgcls-verify --suite: many cases, counted by kind and by operator
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/suite.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include <imgcls/leaderboard.h>
#include <imgcls/suite.h>

static const char *const result_names[] = {"passed", "failed", "unsupported"};

/* Counts under a name: a kind (first part of a case's name) or an operator. */
struct tally {
    char name[96];
    int64_t counts[3];
};

struct tallies {
    struct tally *rows;
    size_t count, capacity;
};

static struct tally *tally_of(struct tallies *tallies, const char *name, size_t length)
{
    for (size_t i = 0; i < tallies->count; i++)
        if (strlen(tallies->rows[i].name) == length &&
            memcmp(tallies->rows[i].name, name, length) == 0)
            return &tallies->rows[i];
    if (tallies->count == tallies->capacity) {
        size_t larger = tallies->capacity ? 2 * tallies->capacity : 64;
        struct tally *grown = realloc(tallies->rows, larger * sizeof *grown);
        if (!grown)
            return NULL;
        tallies->rows = grown;
        tallies->capacity = larger;
    }
    struct tally *row = &tallies->rows[tallies->count++];
    *row = (struct tally){0};
    snprintf(row->name, sizeof row->name, "%.*s", (int)length, name);
    return row;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct tally *)a)->name, ((const struct tally *)b)->name);
}

static void print_tallies(const char *title, struct tallies *tallies, bool only_bad)
{
    if (tallies->count)
        qsort(tallies->rows, tallies->count, sizeof *tallies->rows, by_name);
    printf("%-32s%10s%10s%13s\n", title, "passed", "failed", "unsupported");
    for (size_t i = 0; i < tallies->count; i++) {
        const struct tally *row = &tallies->rows[i];
        if (!only_bad || row->counts[1] || row->counts[2])
            printf("%-32s%10" PRId64 "%10" PRId64 "%13" PRId64 "\n", row->name, row->counts[0],
                   row->counts[1], row->counts[2]);
    }
}

static void count(const struct imgcls_suite_report *report, struct tallies *kinds,
                  struct tallies *operators)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct imgcls_case *row = &report->cases[i];
        const char *slash = strchr(row->name, '/');
        struct tally *kind = slash ? tally_of(kinds, row->name, (size_t)(slash - row->name))
                                   : tally_of(kinds, "all", 3);
        if (kind)
            kind->counts[row->result]++;
        for (const char *word = row->operators; *word;) {
            size_t length = strcspn(word, " ");
            struct tally *operator_row = tally_of(operators, word, length);
            if (operator_row)
                operator_row->counts[row->result]++;
            word += length + (word[length] == ' ');
        }
    }
}

static void print_words(const struct command_line *line,
                        const struct imgcls_suite_report *report)
{
    struct tallies kinds = {0}, operators = {0};
    count(report, &kinds, &operators);
    for (size_t i = 0; i < report->count && !line->quiet; i++) {
        const struct imgcls_case *row = &report->cases[i];
        if (row->result != IMGCLS_CASE_PASSED)
            printf("%s %s: %s\n", row->name, result_names[row->result], row->reason);
    }
    print_tallies("kind", &kinds, false);
    if (!line->quiet)
        print_tallies("operator (with cases not passed)", &operators, true);
    printf("%" PRId64 " passed, %" PRId64 " failed, %" PRId64 " unsupported of %zu\n",
           report->passed, report->failed, report->unsupported, report->count);
    free(kinds.rows);
    free(operators.rows);
}

static bool print_json(const struct imgcls_suite_report *report)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < report->count; i++) {
        const struct imgcls_case *row = &report->cases[i];
        json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:s, s:b}", "name", row->name,
                                              "result", result_names[row->result], "reason",
                                              row->reason, "operators", row->operators,
                                              "compared", row->compared));
    }
    json_t *object = json_pack("{s:I, s:I, s:I, s:o}", "passed", (json_int_t)report->passed,
                               "failed", (json_int_t)report->failed, "unsupported",
                               (json_int_t)report->unsupported, "cases", rows);
    if (!object)
        return false;
    int result = json_dumpf(object, stdout, JSON_INDENT(1));
    putchar('\n');
    json_decref(object);
    return result == 0;
}

static int compare_names(const void *key, const void *row)
{
    return strcmp(key, ((const struct imgcls_case *)row)->name);
}

/* Names every case that passed in the baseline and does not pass now. A case that is gone
 * counts: it does not pass. */
static bool check_baseline(const struct command_line *line, const char *path,
                           const struct imgcls_suite_report *report, int *exit_status)
{
    json_error_t error;
    json_t *object = json_load_file(path, 0, &error);
    json_t *rows = object ? json_object_get(object, "cases") : NULL, *row;
    size_t i, lost = 0;
    if (!json_is_array(rows)) {
        command_complain(line, "%s: %s", path,
                         object ? "no JSON of an earlier --suite run" : error.text);
        json_decref(object);
        return false;
    }
    json_array_foreach(rows, i, row)
    {
        const char *name = json_string_value(json_object_get(row, "name"));
        const char *was = json_string_value(json_object_get(row, "result"));
        if (!name || !was || strcmp(was, result_names[IMGCLS_CASE_PASSED]) != 0)
            continue;
        const struct imgcls_case *now = bsearch(name, report->cases, report->count,
                                                sizeof *report->cases, compare_names);
        if (now && now->result == IMGCLS_CASE_PASSED)
            continue;
        command_complain(line, "%s: passed before, now %s", name,
                         now ? result_names[now->result] : "absent");
        lost++;
    }
    json_decref(object);
    *exit_status = lost ? 1 : 0;
    return true;
}

static void show(void *argument, size_t done, size_t total)
{
    struct progress *progress = argument;
    progress->total = (long long)total;
    progress_show(progress, (long long)done);
}

static imgcls_status keep(struct imgcls_context *ctx, const struct command_line *line,
                          const struct imgcls_suite_report *report, double seconds)
{
    struct imgcls_board *board = NULL;
    int64_t id;
    imgcls_status status =
        imgcls_board_open(ctx, command_value(line, "db"), IMGCLS_BOARD_WRITE, &board);
    if (status == IMGCLS_OK)
        status = imgcls_board_add_suite(board, command_value(line, "suite"), seconds, report,
                                        &id);
    if (status == IMGCLS_OK && !line->quiet && !line->json)
        printf("kept as suite run %" PRId64 " in %s\n", id, imgcls_board_path(board));
    imgcls_board_close(board);
    return status;
}

imgcls_status run_suite(struct imgcls_context *ctx, const struct command_line *line,
                        int *exit_status)
{
    struct progress progress;
    progress_begin(&progress, line, "suite", "cases", 0);
    struct imgcls_suite_options options = {
        .struct_size = sizeof options,
        .folder = command_value(line, "suite"),
        .progress = show,
        .progress_argument = &progress,
    };
    struct imgcls_suite_report report;
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    imgcls_status status = imgcls_suite(ctx, &options, &report);
    clock_gettime(CLOCK_MONOTONIC, &end);
    double seconds =
        (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec);
    progress_end(&progress);
    if (status != IMGCLS_OK)
        return status;
    const char *baseline = command_value(line, "baseline");
    *exit_status = report.failed ? 1 : 0;
    if (line->json)
        status = print_json(&report) ? IMGCLS_OK : IMGCLS_NO_MEMORY;
    else
        print_words(line, &report);
    if (status == IMGCLS_OK && command_value(line, "db"))
        status = keep(ctx, line, &report, seconds);
    if (status == IMGCLS_OK && baseline && !check_baseline(line, baseline, &report, exit_status))
        *exit_status = 2;
    imgcls_suite_report_clear(&report);
    return status;
}

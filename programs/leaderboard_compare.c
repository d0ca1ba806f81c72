/*
 * programs/leaderboard_compare.c - imgcls-leaderboard: compare, disagree, classes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/leaderboard.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FLIPS_SHOWN 20 /* in words; --json lists all */
#define CLASSES_SHOWN 8
#define DISAGREEMENTS_SHOWN 50
#define WORST 20

/* "class 7 (seven)" of a row's index and name. */
static void class_text(const struct imgcls_board_rows *rows, size_t row, const char *index,
                       const char *name, char text[CELL_CAPACITY])
{
    char number[CELL_CAPACITY], word[CELL_CAPACITY];
    const struct imgcls_board_cell *cell = cell_at(rows, row, column_index(rows, name));
    cell_text(index, cell_at(rows, row, column_index(rows, index)), true, number);
    cell_text(name, cell, true, word);
    if (cell->kind == IMGCLS_CELL_TEXT)
        snprintf(text, CELL_CAPACITY, "%.10s (%.400s)", number, word);
    else
        snprintf(text, CELL_CAPACITY, "%.10s", number);
}

static void print_flips(const struct imgcls_board_rows *flips, const char *first,
                        const char *second)
{
    char label[CELL_CAPACITY], a[CELL_CAPACITY], b[CELL_CAPACITY], file[CELL_CAPACITY];
    for (size_t i = 0; i < flips->row_count && i < FLIPS_SHOWN; i++) {
        cell_text("file", cell_at(flips, i, 0), true, file);
        class_text(flips, i, "label", "name", label);
        class_text(flips, i, "first", "first_name", a);
        class_text(flips, i, "second", "second_name", b);
        printf("  %s: class %s, run %s said %s, run %s said %s\n", file, label, first, a,
               second, b);
    }
    if (flips->row_count > FLIPS_SHOWN)
        printf("  and %zu more (--json lists all)\n", flips->row_count - FLIPS_SHOWN);
}

static void print_changes(const struct imgcls_board_rows *classes)
{
    char class[CELL_CAPACITY];
    size_t shown = classes->row_count < CLASSES_SHOWN ? classes->row_count : CLASSES_SHOWN;
    if (shown > 0)
        printf("classes gained (+) and lost (-), of %zu that changed:\n", classes->row_count);
    for (size_t i = 0; i < shown; i++) {
        class_text(classes, i, "class", "name", class);
        printf("  %+lld of %lld  class %s\n", (long long)cell_at(classes, i, 5)->integer,
               (long long)cell_at(classes, i, 2)->integer, class);
    }
}

static void print_comparison(struct job *job, const struct imgcls_board_comparison *c)
{
    const char *first = job->line.positionals[1], *second = job->line.positionals[2];
    bool rich = terminal_is_rich(stdout);
    printf("%lld pictures: both right %lld, both wrong %lld\n", (long long)c->images,
           (long long)c->both_right, (long long)c->both_wrong);
    printf("only run %s right: %lld\n", first, (long long)c->only_first_right);
    printf("only run %s right: %lld\n", second, (long long)c->only_second_right);
    printf("McNemar's exact test, two-sided: p = %.4g\n", c->p_value);
    printf("top-1 of run %s minus that of run %s: %+.2f points (95 %% interval %+.2f to %+.2f)\n",
           second, first, 100 * c->difference, 100 * c->difference_low,
           100 * c->difference_high);
    printf("%s%s%s\n", rich ? "\033[1m" : "", c->verdict, rich ? "\033[0m" : "");
    print_changes(c->classes);
    print_flips(c->flips, first, second);
}

/* The array of a table's JSON, without the object around it. Own: free. */
static imgcls_status json_array(struct job *job, const struct imgcls_board_rows *rows,
                                char **array)
{
    char *text, *begin, *end;
    imgcls_status status = imgcls_board_render(job->board, rows, "json", &text);
    *array = NULL;
    if (status != IMGCLS_OK)
        return status;
    begin = strchr(text, '[');
    end = strrchr(text, ']');
    *array = begin && end ? strndup(begin, (size_t)(end - begin) + 1) : NULL;
    free(text);
    return *array ? IMGCLS_OK : IMGCLS_NO_MEMORY;
}

static imgcls_status print_comparison_json(struct job *job, int64_t first, int64_t second,
                                           const struct imgcls_board_comparison *c)
{
    char *flips = NULL, *classes = NULL;
    imgcls_status status = json_array(job, c->flips, &flips);
    if (status == IMGCLS_OK)
        status = json_array(job, c->classes, &classes);
    if (status == IMGCLS_OK)
        /* The verdict is plain ASCII of ours, without anything to escape. */
        printf("{\"first\": %lld, \"second\": %lld, \"images\": %lld, \"both_right\": %lld, "
               "\"both_wrong\": %lld, \"only_first_right\": %lld, \"only_second_right\": %lld, "
               "\"p_value\": %.17g, \"difference\": %.17g, \"difference_low\": %.17g, "
               "\"difference_high\": %.17g,\n\"verdict\": \"%s\",\n\"classes\": %s,\n"
               "\"rows\": %s}\n",
               (long long)first, (long long)second, (long long)c->images,
               (long long)c->both_right, (long long)c->both_wrong,
               (long long)c->only_first_right, (long long)c->only_second_right, c->p_value,
               c->difference, c->difference_low, c->difference_high, c->verdict, classes,
               flips);
    free(flips);
    free(classes);
    return status;
}

imgcls_status leaderboard_compare(struct job *job)
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

/* Cuts a table for eyes to --limit, or `usual`, and prints it. */
static imgcls_status print_first(struct job *job, struct imgcls_board_rows *rows,
                                 long long usual, const char *none)
{
    size_t all = rows->row_count;
    long long limit;
    imgcls_status status;
    if (!command_integer(&job->line, "limit", 0, INT64_MAX, job->line.json ? 0 : usual,
                         &limit)) {
        job->usage = true;
        return IMGCLS_OK;
    }
    if (limit > 0 && (size_t)limit < all)
        rows->row_count = (size_t)limit;
    status = print_answer(job, rows, none);
    if (rows->row_count < all && !job->line.json && !job->line.quiet)
        fprintf(stderr, "%zu of %zu; --limit 0 lists all\n", rows->row_count, all);
    return status;
}

imgcls_status leaderboard_disagree(struct job *job)
{
    struct imgcls_board_rows *rows;
    int64_t first, second;
    imgcls_status status;
    if (!run_number(job, 1, &first) || !run_number(job, 2, &second))
        return IMGCLS_OK;
    status = imgcls_board_disagree(job->board, first, second, &rows);
    if (status == IMGCLS_OK)
        status = print_first(job, rows, DISAGREEMENTS_SHOWN,
                             "the two runs give the same answer to every picture");
    imgcls_board_rows_destroy(rows);
    return status;
}

imgcls_status leaderboard_classes(struct job *job)
{
    struct imgcls_board_rows *rows;
    long long worst;
    int64_t run;
    imgcls_status status;
    if (!run_number(job, 1, &run))
        return IMGCLS_OK;
    if (!command_integer(&job->line, "worst", 0, INT64_MAX, job->line.json ? 0 : WORST,
                         &worst)) {
        job->usage = true;
        return IMGCLS_OK;
    }
    status = imgcls_board_classes(job->board, run, worst, &rows);
    if (status == IMGCLS_OK)
        status = print_answer(job, rows, "no class has pictures");
    imgcls_board_rows_destroy(rows);
    return status;
}

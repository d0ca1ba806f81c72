/*
 * include/imgcls/leaderboard.h - the database of models, data sets and runs
 *
 * One SQLite file (schemas/leaderboard.sql; docs/leaderboard.md has every column and its
 * unit). Runs are only ever added: the database itself refuses to change or delete one.
 * Several processes may read and write the same file at once; a writer waits for the others.
 *
 *     struct imgcls_board *board;
 *     struct imgcls_board_rows *rows;
 *     if (imgcls_board_open(ctx, NULL, IMGCLS_BOARD_READ, &board) == IMGCLS_OK &&
 *         imgcls_board_query(board, "SELECT model, top1 FROM leaderboard", 10.0, &rows) ==
 *             IMGCLS_OK)
 *         printf("%zu runs\n", rows->row_count);
 *
 * Threads: a board belongs to its context and is used by one thread at a time with it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IMGCLS_LEADERBOARD_H
#define IMGCLS_LEADERBOARD_H

#include <imgcls/evaluate.h>
#include <imgcls/imgcls.h>
#include <imgcls/suite.h>

#ifdef __cplusplus
extern "C" {
#endif

struct imgcls_board;

#define IMGCLS_BOARD_READ 0  /* the file must exist; it is not changed */
#define IMGCLS_BOARD_WRITE 1 /* made where it is missing, brought to the newest version */

/*
 * Opens a leaderboard. path NULL: $IMGCLS_DB, else imgcls/leaderboard.db under
 * $XDG_DATA_HOME, else under ~/.local/share (that folder is made when writing).
 * IMGCLS_BAD_INPUT: a file that is no leaderboard, damaged, or of a newer version (both
 * versions are named); IMGCLS_IO: missing or not writable. Own: imgcls_board_close, before
 * the context.
 */
IMGCLS_API imgcls_status imgcls_board_open(struct imgcls_context *context, const char *path,
                                           int32_t mode, struct imgcls_board **out);
IMGCLS_API void imgcls_board_close(struct imgcls_board *board);
/* The file's path, absolute where it was chosen by default. Borrowed from the board. */
IMGCLS_API const char *imgcls_board_path(const struct imgcls_board *board);

/*
 * The model that was registered (converted) last: its absolute path and when, as UTC
 * ISO 8601. Both borrowed until the next call with this board. IMGCLS_BAD_INPUT where none
 * was registered yet.
 */
IMGCLS_API imgcls_status imgcls_board_last_model(struct imgcls_board *board,
                                                 const char **path, const char **time);

/*
 * Records an evaluation of a model as one run, in one transaction, with its data set and
 * every picture's answer. *run_id is its number from then on.
 */
IMGCLS_API imgcls_status imgcls_board_add_run(struct imgcls_board *board,
                                              const struct imgcls_model *model,
                                              const struct imgcls_evaluation *evaluation,
                                              int64_t *run_id);

/* Records a run of a suite: how many cases passed, on which machine, and each case's result
 * (tables suite_runs and suite_cases), in one transaction. folder is made absolute; seconds is
 * how long the suite took. */
IMGCLS_API imgcls_status imgcls_board_add_suite(struct imgcls_board *board, const char *folder,
                                                double seconds,
                                                const struct imgcls_suite_report *report,
                                                int64_t *suite_run_id);

/* ---- Reading ----------------------------------------------------------------------------*/

#define IMGCLS_CELL_NULL 0
#define IMGCLS_CELL_INTEGER 1
#define IMGCLS_CELL_REAL 2
#define IMGCLS_CELL_TEXT 3

struct imgcls_board_cell {
    int32_t kind; /* IMGCLS_CELL_NULL ... */
    int32_t reserved;
    int64_t integer;
    double real;
    const char *text; /* UTF-8; a blob comes as hexadecimal digits */
};

/* A result: row-major cells, everything owned by the struct. */
struct imgcls_board_rows {
    size_t struct_size;
    size_t column_count, row_count;
    const char *const *columns;            /* column_count names */
    const struct imgcls_board_cell *cells; /* row_count * column_count */
};
IMGCLS_API void imgcls_board_rows_destroy(struct imgcls_board_rows *rows);

struct imgcls_board_selection {
    size_t struct_size;
    /* Columns of the view `leaderboard`, comma-separated; "all"; NULL: those of a listing. */
    const char *columns;
    /* NULL-ended conditions that all must hold: "column=value", with =, !=, <, <=, >, >= or
     * ~ (contains, without regard to ASCII case). NULL: every run. */
    const char *const *where;
    /* "column" or "column,desc", several separated by ";"; NULL: top1,desc. Runs without a
     * value come last; equal ones in the order of their numbers. */
    const char *sort;
    int64_t limit; /* most rows; 0: all */
};

/* Lists runs. A column that does not exist is IMGCLS_BAD_INPUT and names those that do.
 * Own: imgcls_board_rows_destroy. selection may be NULL. */
IMGCLS_API imgcls_status imgcls_board_list(struct imgcls_board *board,
                                           const struct imgcls_board_selection *selection,
                                           struct imgcls_board_rows **out);
/* All columns of one run, as one row. IMGCLS_BAD_INPUT where there is no such run. */
IMGCLS_API imgcls_status imgcls_board_show(struct imgcls_board *board, int64_t run_id,
                                           struct imgcls_board_rows **out);
/*
 * Runs one statement that only reads. Anything that would write, attach or set is refused
 * (IMGCLS_BAD_INPUT), so is one that takes longer than `seconds` (0: no limit) or whose result
 * exceeds 256 MiB.
 */
IMGCLS_API imgcls_status imgcls_board_query(struct imgcls_board *board, const char *sql,
                                            double seconds, struct imgcls_board_rows **out);
/*
 * Renders rows as text: "csv" (RFC 4180, full precision, NULL as nothing), "json" (an object
 * with `rows`), "markdown". Own: free. Numbers do not depend on the locale.
 */
IMGCLS_API imgcls_status imgcls_board_render(struct imgcls_board *board,
                                             const struct imgcls_board_rows *rows,
                                             const char *format, char **text);
/* Writes text to a file: a temporary name beside it, then renamed. */
IMGCLS_API imgcls_status imgcls_board_save(struct imgcls_board *board, const char *path,
                                           const char *text);

struct imgcls_board_report_options {
    size_t struct_size;
    int64_t first, second; /* runs; first 0: the whole board, second 0: `first` alone */
    const char *const *where; /* for the whole board, as in imgcls_board_selection; may be NULL */
    const char *sort;         /* the same */
    int64_t limit;            /* most runs of the board on the page; 0: 2000 */
    int32_t no_pictures;      /* other than 0: leave thumbnails out */
    int32_t reserved;
    const char *pictures; /* where the pictures lie now; NULL: where the data set was evaluated */
};
/*
 * One HTML page that needs nothing besides itself (no network, no other file): of the whole
 * board, of a run, or of two runs compared. Pictures are read from the data set's folder where
 * it still lies there, or from where `pictures` says, which must have at least one of them;
 * for each that is missing the page says so. Names of others are shown as text whatever
 * they hold. Own: free.
 */
IMGCLS_API imgcls_status
imgcls_board_report(struct imgcls_board *board,
                    const struct imgcls_board_report_options *options, char **html);

/* Two runs over the same pictures, picture by picture. Everything is owned by the struct. */
struct imgcls_board_comparison {
    size_t struct_size;
    int64_t images;
    int64_t both_right, both_wrong, only_first_right, only_second_right;
    double p_value; /* McNemar's exact test, two-sided, on the pictures where they differ */
    /* Pictures that one of the two has right: file, label, first, second (the classes that
     * they said), right (1 or 2), their names (NULL where the runs know none), and the
     * probabilities that the two gave to what they said. */
    struct imgcls_board_rows *flips;
    /* Classes that gained or lost, most changed first: class, name, images, first_right,
     * second_right, change. */
    struct imgcls_board_rows *classes;
    double difference, difference_low, difference_high; /* second's top-1 minus first's, with
        its 95 % interval for paired pictures (Agresti and Min, 2005); fractions */
    const char *verdict; /* a sentence or two in plain English */
};
/*
 * Compares by the stored answers. IMGCLS_BAD_INPUT where a run does not exist, where the data
 * sets differ (both hashes are named) or where a run was recorded without answers. Own:
 * imgcls_board_comparison_destroy.
 */
IMGCLS_API imgcls_status imgcls_board_compare(struct imgcls_board *board, int64_t first,
                                              int64_t second,
                                              struct imgcls_board_comparison **out);
IMGCLS_API void imgcls_board_comparison_destroy(struct imgcls_board_comparison *comparison);

/*
 * Pictures to which two runs over the same data set gave different first answers, those first
 * where both were sure: file, label, name, first, first_name, first_probability, second,
 * second_name, second_probability, right (0: neither, 1, 2). Errors as imgcls_board_compare's.
 */
IMGCLS_API imgcls_status imgcls_board_disagree(struct imgcls_board *board, int64_t first,
                                               int64_t second,
                                               struct imgcls_board_rows **out);
/*
 * How a run did class by class: class, name, images, top1_correct, top1, top1_low, top1_high
 * (fractions), confused_with, confused_name, confused (how often that wrong class was said most).
 * worst > 0: so many, the lowest rate first; 0: all that have pictures, in the order of their
 * indices.
 */
IMGCLS_API imgcls_status imgcls_board_classes(struct imgcls_board *board, int64_t run,
                                              int64_t worst, struct imgcls_board_rows **out);
/*
 * Runs that no other beats: none of the same data set, processor and number of threads is at
 * least as accurate and at least as fast (front "time") or small ("size"), and better in one.
 * Only runs that no later one supersedes; selection->where narrows them further, the rest of
 * selection (may be NULL) is ignored. Columns: run, model, dataset, cpu, threads, top1,
 * top1_low, top1_high, milliseconds (a picture: the median latency where it was measured, else
 * 1000 / images_per_second), megabytes (10^6 bytes of the model's file; NULL: not known), front
 * ("time and size", "time", "size"). Grouped by data set, processor, threads; fastest first.
 */
IMGCLS_API imgcls_status imgcls_board_pareto(struct imgcls_board *board,
                                             const struct imgcls_board_selection *selection,
                                             struct imgcls_board_rows **out);
/*
 * What got worse: the newest run of each model name, data set, recipe and precision against
 * the newest one before `since`. since: a time as the board writes it or its beginning
 * ("2026-11-01"), or a run's number (that run and what was recorded later are new); NULL: each
 * newest run against the one before it. Newest is what was recorded last. Accuracy got worse
 * where fewer pictures are right; speed where images_per_second fell by more than `tolerance`
 * (a fraction) on the same processor, threads and batch. Columns: run, before, model, dataset,
 * what ("accuracy", "speed", "accuracy and speed"), top1_before, top1, top1_change, p_value
 * (McNemar; NULL: no answers to pair), images_per_second_before, images_per_second (NULL: not
 * comparable), speed_change.
 */
IMGCLS_API imgcls_status imgcls_board_regressions(struct imgcls_board *board, const char *since,
                                                  double tolerance,
                                                  struct imgcls_board_rows **out);
/*
 * What lower precision costs: each model whose weights or arithmetic are narrower than those of
 * the model that it was made from (recorded by convert, else the same name but for an ending
 * such as -fp16 or _int8), both over the same data set. Columns: run, parent, model, dataset,
 * precision, parent_precision, top1, parent_top1, change, only_parent_right, only_child_right,
 * p_value, size_ratio, speed_ratio (NULL on different machines).
 */
IMGCLS_API imgcls_status imgcls_board_drop(struct imgcls_board *board,
                                           struct imgcls_board_rows **out);

/*
 * Takes over what another leaderboard has and this one has not, in one transaction: models,
 * data sets, runs with answers, runs of suites, figures of others. A run is known by its uid, a
 * suite's by all that it says, so that doing it twice adds nothing. The other file is only read, checked first, and may be of an older
 * version. *added: runs (of suites, too) that are new here; *known: those that were here already.
 * The board must be open for writing.
 */
IMGCLS_API imgcls_status imgcls_board_merge(struct imgcls_board *board, const char *other,
                                            int64_t *added, int64_t *known);
/*
 * Reads figures of others as context: a csv file with timm's columns (model and top1, or model
 * and infer_samples_per_sec; further ones as docs/leaderboard.md lists them). dataset NULL: taken
 * from the file's name. The same bytes twice add nothing: *added is 0 then. A column that is
 * missing or a value out of range is IMGCLS_BAD_INPUT with file and line.
 */
IMGCLS_API imgcls_status imgcls_board_import(struct imgcls_board *board, const char *file,
                                             const char *dataset, int64_t *added);
/*
 * Runs in the columns of timm's result tables, for tools that read those: model, top1, top1_err,
 * top5, top5_err (percent, 4 decimals), param_count (millions, 2 decimals), img_size (pixels),
 * crop_pct (fraction), interpolation; then run, dataset, images, failed, top1_low, top1_high
 * (percent), images_per_second, precision, recipe, model_sha256, dataset_sha256, recorded_at.
 */
IMGCLS_API imgcls_status imgcls_board_timm(struct imgcls_board *board,
                                           const struct imgcls_board_selection *selection,
                                           struct imgcls_board_rows **out);

/*
 * Checks the file's integrity and computes every run's figures again from its answers.
 * *rows: one for each figure that does not agree (run, figure, stored, computed); *checked:
 * number of runs looked at; *without: runs that have no answers to compute from.
 * IMGCLS_MISMATCH where there is any disagreement (rows are given all the same); a damaged
 * file is IMGCLS_BAD_INPUT. Own: imgcls_board_rows_destroy.
 */
IMGCLS_API imgcls_status imgcls_board_check(struct imgcls_board *board, int64_t *checked,
                                            int64_t *without,
                                            struct imgcls_board_rows **rows);

#ifdef __cplusplus
}
#endif

#endif

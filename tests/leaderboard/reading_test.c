/*
 * tests/leaderboard/reading_test.c - pareto, regressions, drop, classes, disagree, merge, import
 *
 * Rows are written by SQL, so that each case says all that matters to it. Expected values are
 * worked out by hand in the comments.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/board.h"
#include "eval/leaderboard/schema.h"
#include "eval/metrics/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CLASSES 10 /* so that top-5 says nothing and is not kept */
#define PICTURES 6

struct fixture {
    struct imgcls_context *ctx;
    struct imgcls_board *board;
    char root[64], path[160];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f || imgcls_context_create(NULL, &f->ctx) != IMGCLS_OK)
        return -1;
    strcpy(f->root, "/tmp/icl-reading-XXXXXX");
    *state = f;
    if (!mkdtemp(f->root))
        return -1;
    snprintf(f->path, sizeof f->path, "%s/board.db", f->root);
    return imgcls_board_open(f->ctx, f->path, IMGCLS_BOARD_WRITE, &f->board) == IMGCLS_OK ? 0
                                                                                        : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char line[256];
    int gone;
    imgcls_board_close(f->board);
    snprintf(line, sizeof line, "rm -rf '%s'", f->root);
    gone = system(line);
    imgcls_context_destroy(f->ctx);
    free(f);
    return gone;
}

static void sql(struct imgcls_board *board, const char *text)
{
    if (icl_board_execute(board, text, "preparing a test") != IMGCLS_OK)
        fail_msg("%s", imgcls_error(board->ctx));
}

static int64_t number(struct imgcls_board *board, const char *text)
{
    int64_t value;
    if (icl_board_integer(board, text, -1, &value) != IMGCLS_OK)
        fail_msg("%s", imgcls_error(board->ctx));
    return value;
}

static void add_set(struct imgcls_board *board)
{
    char text[256];
    int i;
    sql(board, "INSERT INTO datasets (id, sha256, name, path, layout, images, classes,"
               " first_seen) VALUES (1, printf('%064d', 1), 'val', '/nowhere', 'folders', 6, 10,"
               " '2026-01-01T00:00:00Z');"
               "INSERT INTO label_spaces VALUES (1, printf('%064d', 9), 10);"
               "INSERT INTO class_names VALUES (1, 0, 'zero'), (1, 1, '一'), (1, 2, 'two');");
    for (i = 0; i < PICTURES; i++) { /* two pictures each of classes 0, 1, 2 */
        snprintf(text, sizeof text,
                 "INSERT INTO pictures (dataset_id, position, file, label) VALUES (1, %d,"
                 " 'p%d.png', %d)",
                 i, i, i / 2);
        sql(board, text);
    }
}

static void add_model(struct imgcls_board *board, int id, const char *type, int bytes,
                      int parent)
{
    char text[512], parent_text[40] = "NULL";
    if (parent > 0)
        snprintf(parent_text, sizeof parent_text, "printf('%%064d', %d)", 100 + parent);
    snprintf(text, sizeof text,
             "INSERT INTO models (id, sha256, name, format, first_seen, weights_type, bytes,"
             " parent_sha256) VALUES (%d, printf('%%064d', %d), 'm', 'onnx',"
             " '2026-01-01T00:00:00Z', '%s', %d, %s)",
             id, 100 + id, type, bytes, parent_text);
    sql(board, text);
}

struct run {
    int id, model;
    const char *name;
    const char *said; /* a digit a picture: the class that it was taken for */
    double rate;      /* images a second */
    int threads;
    const char *time;
    int supersedes;
};

static void add_run(struct imgcls_board *board, const struct run *run)
{
    uint8_t bytes[PICTURES * 24];
    sqlite3_stmt *statement = NULL;
    struct icl_tally tally = {0};
    struct imgcls_rate rate;
    char text[1200], earlier[16] = "NULL";
    int i;
    for (i = 0; i < PICTURES; i++) {
        float row[CLASSES] = {0};
        struct icl_answer answer;
        row[run->said[i] - '0'] = (float)(3 + i); /* surer of later pictures */
        icl_answer_score(row, CLASSES, i / 2, &answer, NULL);
        icl_answer_encode(&answer, 2, bytes + 24 * i);
        icl_tally_add(&tally, &answer, i / 2);
    }
    rate = icl_wilson(tally.top1_correct, PICTURES);
    if (run->supersedes)
        snprintf(earlier, sizeof earlier, "%d", run->supersedes);
    snprintf(text, sizeof text,
             "INSERT INTO runs (id, uid, model_id, dataset_id, model_name, model_path, recipe,"
             " precision, engine_version, isa, threads, batch, cpu, cpus, images, failed,"
             " nan_scores, top1_correct, top1, top1_low, top1_high, seconds,"
             " images_per_second, started_at, recorded_at, supersedes, label_space_id)"
             " VALUES (%d, printf('%%032d', %d), %d, 1, '%s', '/m', 'color=rgb', 'float32',"
             " '0.1', 'avx2', %d, 8, 'cpu', 2, 6, 0, 0, %lld, %.17g, %.17g, %.17g, 1, %g, '%s',"
             " '%s', %s, 1)",
             run->id, run->id, run->model, run->name, run->threads,
             (long long)tally.top1_correct, rate.value, rate.low, rate.high, run->rate,
             run->time, run->time, earlier);
    sql(board, text);
    assert_int_equal(icl_board_prepare(board, "INSERT INTO answers VALUES (?1, 2, ?2)",
                                       &statement),
                     IMGCLS_OK);
    sqlite3_bind_int(statement, 1, run->id);
    sqlite3_bind_blob(statement, 2, bytes, sizeof bytes, SQLITE_STATIC);
    assert_int_equal(icl_board_step(board, statement, "preparing a test"), IMGCLS_OK);
    sqlite3_finalize(statement);
}

/* Rows of some columns as csv, compared with what is expected. */
static void expect_rows(struct fixture *f, struct imgcls_board_rows *rows,
                        const char *const *columns, const char *expected)
{
    char text[4096] = "";
    size_t row, used = 0;
    for (row = 0; row < rows->row_count; row++) {
        const char *const *name;
        for (name = columns; *name; name++) {
            size_t column = 0;
            const struct imgcls_board_cell *cell;
            while (column < rows->column_count && strcmp(rows->columns[column], *name) != 0)
                column++;
            assert_true(column < rows->column_count);
            cell = &rows->cells[row * rows->column_count + column];
            used += (size_t)(cell->kind == IMGCLS_CELL_INTEGER
                                 ? snprintf(text + used, sizeof text - used, "%lld ",
                                            (long long)cell->integer)
                             : cell->kind == IMGCLS_CELL_REAL
                                 ? snprintf(text + used, sizeof text - used, "%.4g ", cell->real)
                                 : snprintf(text + used, sizeof text - used, "%s ",
                                            cell->kind == IMGCLS_CELL_TEXT ? cell->text : "-"));
        }
        used += (size_t)snprintf(text + used, sizeof text - used, "| ");
    }
    assert_string_equal(text, expected);
    imgcls_board_rows_destroy(rows);
    (void)f;
}

static void the_front_has_what_no_other_beats(void **state)
{
    static const char *const columns[] = {"run", "milliseconds", "megabytes", "front", NULL};
    /* Rates of 6: A 6 at 10 ms, B 3 at 5 ms, C 3 at 8 ms (beaten by B), D 5 at 20 ms (beaten in
     * time by A, but the smallest of those at least as good but A: 1 MB), E on two threads is a
     * group of its own, F is superseded by G. */
    static const struct run runs[] = {
        {1, 1, "a", "001122", 100, 1, "2026-01-01T00:00:00Z", 0},
        {2, 2, "b", "001333", 200, 1, "2026-01-01T00:00:00Z", 0},
        {3, 2, "c", "001333", 125, 1, "2026-01-01T00:00:00Z", 0},
        {4, 3, "d", "001123", 50, 1, "2026-01-01T00:00:00Z", 0},
        {5, 1, "e", "333333", 10, 2, "2026-01-01T00:00:00Z", 0},
        {6, 1, "f", "001122", 900, 1, "2026-01-01T00:00:00Z", 0},
        {7, 1, "f", "001122", 90, 1, "2026-01-02T00:00:00Z", 6},
    };
    struct fixture *f = *state;
    struct imgcls_board_rows *rows;
    size_t i;
    add_set(f->board);
    add_model(f->board, 1, "float32", 4000000, 0);
    add_model(f->board, 2, "float32", 2000000, 0);
    add_model(f->board, 3, "float32", 1000000, 0);
    for (i = 0; i < sizeof runs / sizeof runs[0]; i++)
        add_run(f->board, &runs[i]);
    assert_int_equal(imgcls_board_pareto(f->board, NULL, &rows), IMGCLS_OK);
    expect_rows(f, rows, columns,
                "2 5 2 time | 1 10 4 time and size | 4 20 1 size | 5 100 4 time and size | ");
}

static void what_got_worse_is_told_with_a_cause(void **state)
{
    static const char *const columns[] = {"run", "before", "what", "top1_change", "p_value",
                                          "speed_change", NULL};
    static const struct run runs[] = {
        {1, 1, "a", "001122", 100, 1, "2026-01-01T00:00:00Z", 0}, /* 6 right */
        {2, 1, "b", "001122", 100, 1, "2026-01-01T00:00:00Z", 0},
        {3, 1, "c", "001122", 100, 1, "2026-01-01T00:00:00Z", 0},
        {4, 1, "a", "001333", 99, 1, "2026-02-01T00:00:00Z", 1}, /* 3 right: p = 2 / 2^3 */
        {5, 1, "b", "001122", 80, 1, "2026-02-01T00:00:00Z", 2}, /* 20 % slower */
        {6, 1, "c", "001122", 50, 4, "2026-02-01T00:00:00Z", 0}, /* other threads: not compared */
        {7, 1, "a", "001333", 99, 1, "2026-03-01T00:00:00Z", 4}, /* as bad as run 4 */
        /* as after a merge: numbered last, recorded first, and so none of the newest */
        {8, 1, "a", "333333", 10, 1, "2025-12-01T00:00:00Z", 0},
        {9, 1, "b", "333333", 10, 1, "2025-12-01T00:00:00Z", 0},
    };
    struct fixture *f = *state;
    struct imgcls_board_rows *rows;
    size_t i;
    add_set(f->board);
    add_model(f->board, 1, "float32", 4000000, 0);
    for (i = 0; i < sizeof runs / sizeof runs[0]; i++)
        add_run(f->board, &runs[i]);
    /* each newest run against the one before it */
    assert_int_equal(imgcls_board_regressions(f->board, NULL, 0.1, &rows), IMGCLS_OK);
    expect_rows(f, rows, columns, "5 2 speed 0 - -0.2 | ");
    /* the newest against the newest before February */
    assert_int_equal(imgcls_board_regressions(f->board, "2026-02", 0.1, &rows), IMGCLS_OK);
    expect_rows(f, rows, columns, "7 1 accuracy -0.5 0.25 -0.01 | 5 2 speed 0 - -0.2 | ");
    assert_int_equal(imgcls_board_regressions(f->board, "4", 0.3, &rows), IMGCLS_OK);
    expect_rows(f, rows, columns, "7 1 accuracy -0.5 0.25 -0.01 | ");
    /* all are new, so there is nothing to hold them against */
    assert_int_equal(imgcls_board_regressions(f->board, "2025", 0.1, &rows), IMGCLS_BAD_INPUT);
    assert_non_null(strstr(imgcls_error(f->ctx), "no run 2025"));
    assert_int_equal(imgcls_board_regressions(f->board, "2025-", 0.1, &rows), IMGCLS_OK);
    expect_rows(f, rows, columns, "");
    assert_int_equal(imgcls_board_regressions(f->board, "yesterday", 0.1, &rows),
                     IMGCLS_BAD_INPUT);
    icl_forgive(f->ctx);
}

static void children_stand_beside_their_parents(void **state)
{
    static const char *const columns[] = {"run", "parent", "precision", "change",
                                          "only_parent_right", "size_ratio", NULL};
    static const struct run runs[] = {
        {1, 1, "net", "001122", 100, 1, "2026-01-01T00:00:00Z", 0},
        {2, 2, "NET-fp16", "001123", 100, 1, "2026-01-01T00:00:00Z", 0}, /* by its name */
        {3, 3, "other", "001333", 100, 1, "2026-01-01T00:00:00Z", 0},   /* by its origin */
        {4, 4, "alone_int8", "001122", 100, 1, "2026-01-01T00:00:00Z", 0},
    };
    struct fixture *f = *state;
    struct imgcls_board_rows *rows;
    size_t i;
    add_set(f->board);
    add_model(f->board, 1, "float32", 4000000, 0);
    add_model(f->board, 2, "float16", 2000000, 0);
    add_model(f->board, 3, "int8", 1000000, 1);
    add_model(f->board, 4, "int8", 1000000, 0);
    for (i = 0; i < sizeof runs / sizeof runs[0]; i++)
        add_run(f->board, &runs[i]);
    assert_int_equal(imgcls_board_drop(f->board, &rows), IMGCLS_OK);
    expect_rows(f, rows, columns,
                "2 1 float16 -0.1667 1 0.5 | 3 1 int8 -0.5 3 0.25 | ");
}

static void classes_are_counted_and_sorted(void **state)
{
    static const char *const columns[] = {"class", "name", "top1_correct", "confused_with",
                                          "confused", NULL};
    static const struct run run = {1, 1, "a", "001522", 100, 1, "2026-01-01T00:00:00Z", 0};
    struct fixture *f = *state;
    struct imgcls_board_rows *rows;
    add_set(f->board);
    add_model(f->board, 1, "float32", 4000000, 0);
    add_run(f->board, &run);
    assert_int_equal(imgcls_board_classes(f->board, 1, 1, &rows), IMGCLS_OK);
    expect_rows(f, rows, columns, "1 一 1 5 1 | ");
    assert_int_equal(imgcls_board_classes(f->board, 1, 0, &rows), IMGCLS_OK);
    expect_rows(f, rows, columns, "0 zero 2 - - | 1 一 1 5 1 | 2 two 2 - - | ");
    assert_int_equal(imgcls_board_classes(f->board, 7, 0, &rows), IMGCLS_BAD_INPUT);
    icl_forgive(f->ctx);
}

static void further_right_classes_count(void **state)
{
    static const struct run runs[] = {
        {1, 1, "a", "001122", 100, 1, "2026-01-01T00:00:00Z", 0},
        {2, 1, "b", "701122", 100, 1, "2026-01-01T00:00:00Z", 0},
    };
    struct fixture *f = *state;
    struct imgcls_board_comparison *c;
    add_set(f->board);
    sql(f->board, "INSERT INTO datasets (id, sha256, name, path, layout, images, classes,"
                  " first_seen) VALUES (2, printf('%064d', 2), 'real', '/nowhere', 'folders', 6,"
                  " 10, '2026-01-01T00:00:00Z');"
                  "INSERT INTO pictures (dataset_id, position, file, label, also_right) SELECT"
                  " 2, position, file, label, CASE position WHEN 0 THEN '5,7' END FROM pictures");
    add_model(f->board, 1, "float32", 4000000, 0);
    add_run(f->board, &runs[0]);
    add_run(f->board, &runs[1]);
    assert_int_equal(imgcls_board_compare(f->board, 1, 2, &c), IMGCLS_OK);
    assert_int_equal(c->only_first_right, 1);
    imgcls_board_comparison_destroy(c);
    /* the same answers over the set in which class 7 is right for the first picture, too */
    sql(f->board, "DROP TRIGGER runs_keep; UPDATE runs SET dataset_id = 2");
    assert_int_equal(imgcls_board_compare(f->board, 1, 2, &c), IMGCLS_OK);
    assert_int_equal(c->only_first_right, 0);
    assert_int_equal(c->both_right, 6);
    imgcls_board_comparison_destroy(c);
}

static void disagreements_come_surest_first(void **state)
{
    static const char *const columns[] = {"file", "first", "second", "right", NULL};
    static const struct run runs[] = {
        {1, 1, "a", "001122", 100, 1, "2026-01-01T00:00:00Z", 0},
        {2, 1, "b", "301152", 100, 1, "2026-01-01T00:00:00Z", 0},
    };
    struct fixture *f = *state;
    struct imgcls_board_comparison *c;
    struct imgcls_board_rows *rows;
    add_set(f->board);
    add_model(f->board, 1, "float32", 4000000, 0);
    add_run(f->board, &runs[0]);
    add_run(f->board, &runs[1]);
    assert_int_equal(imgcls_board_disagree(f->board, 1, 2, &rows), IMGCLS_OK);
    expect_rows(f, rows, columns, "p4.png 2 5 1 | p0.png 0 3 1 | ");
    assert_int_equal(imgcls_board_compare(f->board, 1, 2, &c), IMGCLS_OK);
    /* By hand: b = 2.5, c = 0.5, n + 2 = 8: middle -0.25, half 1.96 * sqrt(3 - 4 / 8) / 8. */
    assert_true(c->difference > -0.33334 && c->difference < -0.33333);
    assert_true(c->difference_low > -0.63738 && c->difference_low < -0.63736);
    assert_true(c->difference_high > 0.13736 && c->difference_high < 0.13738);
    assert_non_null(strstr(c->verdict, "no difference is shown"));
    assert_int_equal(c->classes->row_count, 2);
    imgcls_board_comparison_destroy(c);
}

static void merging_twice_adds_nothing(void **state)
{
    static const struct run runs[] = {
        {1, 1, "a", "001122", 100, 1, "2026-01-01T00:00:00Z", 0},
        {2, 1, "a", "301152", 100, 1, "2026-01-02T00:00:00Z", 1},
    };
    struct fixture *f = *state;
    struct imgcls_board *ours;
    char path[200];
    int64_t added, known, checked, without;
    struct imgcls_board_rows *rows;
    add_set(f->board);
    add_model(f->board, 1, "float32", 4000000, 0);
    add_run(f->board, &runs[0]);
    add_run(f->board, &runs[1]);
    snprintf(path, sizeof path, "%s/ours.db", f->root);
    assert_int_equal(imgcls_board_open(f->ctx, path, IMGCLS_BOARD_WRITE, &ours), IMGCLS_OK);
    sql(ours, "INSERT INTO models (sha256, name, format, first_seen) VALUES (printf('%064d', 5),"
              " 'x', 'onnx', '2026-01-01T00:00:00Z')"); /* so that numbers differ */
    assert_int_equal(imgcls_board_merge(ours, f->path, &added, &known), IMGCLS_OK);
    assert_int_equal(added, 2);
    assert_int_equal(known, 0);
    assert_int_equal(imgcls_board_merge(ours, f->path, &added, &known), IMGCLS_OK);
    assert_int_equal(added, 0);
    assert_int_equal(known, 2);
    assert_int_equal(number(ours, "SELECT count(*) FROM runs"), 2);
    assert_int_equal(number(ours, "SELECT count(*) FROM pictures"), PICTURES);
    assert_int_equal(number(ours, "SELECT supersedes FROM runs WHERE id = 2"), 1);
    assert_int_equal(number(ours, "SELECT min(id) = 2 AND count(*) = 1 FROM newest_runs"), 1);
    assert_int_equal(number(ours, "SELECT model_id FROM runs WHERE id = 2"), 2);
    assert_int_equal(number(ours, "SELECT count(*) FROM run_classes WHERE run = 1"), 3);
    assert_int_equal(number(ours, "SELECT count(*) FROM runs WHERE origin LIKE '%board.db'"), 2);
    assert_int_equal(imgcls_board_check(ours, &checked, &without, &rows), IMGCLS_OK);
    imgcls_board_rows_destroy(rows);
    /* what is no leaderboard, or this one itself */
    assert_int_equal(imgcls_board_merge(ours, path, &added, &known), IMGCLS_BAD_INPUT);
    icl_forgive(f->ctx);
    assert_int_equal(imgcls_board_merge(ours, "/bin/sh", &added, &known), IMGCLS_BAD_INPUT);
    icl_forgive(f->ctx);
    assert_int_equal(imgcls_board_merge(ours, "/nowhere.db", &added, &known), IMGCLS_IO);
    icl_forgive(f->ctx);
    imgcls_board_close(ours);
}

static const struct {
    const char *csv;
    int64_t added; /* -1: refused with `words` */
    const char *words;
} imports[] = {
    {"model,top1,top1_err,top5,top5_err,param_count,img_size,crop_pct,interpolation\n"
     "eva,90.054,9.946,99.056,0.944,305.08,448,1.000,bicubic\n",
     1, NULL},
    {"top1,model\r\n\"1\",\"a, \"\"b\"\"\"\r\n2,c", 2, NULL},
    {"model,infer_samples_per_sec,param_count\nx,1234.5,\"1,013.01\"\n", 1, NULL},
    {"name,accuracy\nx,1\n", -1, "columns 'model' and 'top1'"},
    {"", -1, "empty, no table of results"},
    {"model,top1\nx,101\n", -1, ":2: top1 is '101'"},
    {"model,top1\nx,1\ny,high\n", -1, ":3: top1 is 'high'"},
    {"model,top1\nx,nan\n", -1, "top1 is 'nan'"},
    {"model,top1\nx\n", -1, ":2: 1 fields under 2 columns"},
    {"model,top1\n\"x,1\n", -1, "a quote that does not end"},
    {"model,top1\n,1\n", -1, "without a model"},
    {"model,top1\n", -1, "columns and no rows"},
    {"model,top1,model\nx,1,y\n", -1, "two columns 'model'"},
};

static void figures_of_others_stand_beside_runs(void **state)
{
    struct fixture *f = *state;
    size_t i;
    for (i = 0; i < sizeof imports / sizeof imports[0]; i++) {
        char path[200];
        int64_t added, before = number(f->board, "SELECT count(*) FROM context");
        imgcls_status status;
        FILE *file;
        snprintf(path, sizeof path, "%s/results-set%zu.csv", f->root, i);
        file = fopen(path, "w");
        assert_non_null(file);
        fputs(imports[i].csv, file);
        fclose(file);
        status = imgcls_board_import(f->board, path, NULL, &added);
        if (imports[i].added < 0) {
            assert_int_equal(status, IMGCLS_BAD_INPUT);
            if (!strstr(imgcls_error(f->ctx), imports[i].words))
                fail_msg("row %zu: %s", i, imgcls_error(f->ctx));
            icl_forgive(f->ctx);
            assert_int_equal(number(f->board, "SELECT count(*) FROM context"), before);
            continue;
        }
        assert_int_equal(status, IMGCLS_OK);
        assert_int_equal(added, imports[i].added);
        assert_int_equal(imgcls_board_import(f->board, path, NULL, &added), IMGCLS_OK);
        assert_int_equal(added, 0); /* the same bytes */
    }
    assert_int_equal(number(f->board, "SELECT count(*) FROM board WHERE tier = 'imported'"), 4);
    assert_int_equal(number(f->board, "SELECT parameters FROM context WHERE model = 'x'"),
                     1013010000);
    assert_int_equal(number(f->board, "SELECT count(*) FROM context WHERE model = 'a, \"b\"' AND"
                                      " top1 = 0.01"),
                     1);
    assert_int_equal(number(f->board, "SELECT count(*) FROM context_sources WHERE dataset ="
                                      " 'set0'"),
                     1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(the_front_has_what_no_other_beats),
        CASE(what_got_worse_is_told_with_a_cause),
        CASE(children_stand_beside_their_parents),
        CASE(classes_are_counted_and_sorted),
        CASE(further_right_classes_count),
        CASE(disagreements_come_surest_first),
        CASE(merging_twice_adds_nothing),
        CASE(figures_of_others_stand_beside_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * tests/leaderboard/runs_test.c - runs: recorded whole, never changed, listed, compared, checked
 *
 * Two models over a set of ten pictures in twelve classes. By hand: the first is right at
 * 0..5 and has 6, 7 among its five; the second is right at 4..9; picture 8 fails for the
 * first. So both are right at 4 and 5, only the first at 0..3, only the second at 6..9:
 * McNemar's p of 4 against 4 is 1.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/evaluate.h"
#include "eval/leaderboard/board.h"
#include "src/model/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PICTURES 10
#define CLASSES 12

struct fixture {
    struct imgcls_context *ctx;
    struct imgcls_board *board;
    struct imgcls_model models[2];
    char root[64], path[160];
    int64_t runs[2];
};

/* Scores that make `best` first and, where it differs, `label` third. */
static void answer(struct icl_answer *out, int32_t label, int32_t best)
{
    float row[CLASSES] = {0};
    row[label] = 2;
    row[(best + 1) % CLASSES] = 3;
    row[best] = 4;
    icl_answer_score(row, CLASSES, label, out, NULL);
}

static imgcls_status record(struct fixture *f, struct imgcls_model *model, bool second,
                            const char *sha256, int64_t *run)
{
    struct icl_dataset set = {.ctx = f->ctx, .path = "val", .count = PICTURES};
    struct icl_dataset_entry entries[PICTURES] = {0};
    struct icl_answer answers[PICTURES];
    struct icl_outcome outcomes[PICTURES] = {0};
    char reason[] = "not a picture";
    imgcls_status status;
    char files[PICTURES][32];
    struct icl_evaluation e = {.set = &set, .answers = answers, .outcomes = outcomes,
                               .recipe = "color=rgb", .dataset = "val",
                               .started = "2026-01-02T03:04:05Z"};
    int i;
    set.entries = entries;
    for (i = 0; i < PICTURES; i++) {
        snprintf(files[i], sizeof files[i], "c%d/%d.png", i, i);
        entries[i].file = files[i];
        entries[i].label = i;
        answer(&answers[i], i, (second ? i >= 4 : i < 6) ? i : 11);
    }
    if (!second) {
        icl_answer_failed(&answers[8]);
        outcomes[8].reason = reason;
    }
    e.head.classes = CLASSES;
    e.head.seconds = 2;
    e.head.batch = 4;
    e.head.threads = 1;
    e.head.recipe = e.recipe;
    e.head.layout = "folders";
    e.head.dataset_sha256 = e.sha256;
    e.head.started = e.started;
    strcpy(e.sha256, sha256);
    status = icl_evaluation_figures(&e);
    if (status == IMGCLS_OK)
        status = imgcls_board_add_run(f->board, model, &e.head, run);
    icl_figures_clear(&e.figures);
    free(e.failures);
    return status;
}

static const char set_sha[] =
    "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    int i;
    if (!f || imgcls_context_create(NULL, &f->ctx) != IMGCLS_OK)
        return -1;
    strcpy(f->root, "/tmp/icl-runs-XXXXXX");
    *state = f;
    if (!mkdtemp(f->root))
        return -1;
    snprintf(f->path, sizeof f->path, "%s/board.db", f->root);
    if (imgcls_board_open(f->ctx, f->path, IMGCLS_BOARD_WRITE, &f->board) != IMGCLS_OK)
        return -1;
    for (i = 0; i < 2; i++) {
        f->models[i].ctx = f->ctx;
        f->models[i].path = i ? "/m/second, \"best\".onnx" : "/m/first|model.onnx";
        f->models[i].format = "onnx";
        memset(f->models[i].sha256, i ? 'b' : 'a', 64);
        if (record(f, &f->models[i], i == 1, set_sha, &f->runs[i]) != IMGCLS_OK)
            return -1;
    }
    return 0;
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

static int64_t number(struct fixture *f, const char *sql)
{
    int64_t value;
    if (icl_board_integer(f->board, sql, -1, &value) != IMGCLS_OK)
        fail_msg("%s", imgcls_error(f->ctx));
    return value;
}

static void a_run_is_recorded_with_all_it_rests_on(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(number(f, "SELECT top1_correct FROM runs WHERE id = 1"), 6);
    assert_int_equal(number(f, "SELECT top5_correct FROM runs WHERE id = 1"), 9);
    assert_int_equal(number(f, "SELECT failed FROM runs WHERE id = 1"), 1);
    assert_int_equal(number(f, "SELECT position FROM failures WHERE run_id = 1"), 8);
    assert_int_equal(number(f, "SELECT count(*) FROM datasets"), 1); /* names kept once */
    assert_int_equal(number(f, "SELECT count(*) FROM pictures"), PICTURES);
    assert_int_equal(number(f, "SELECT length(bytes) FROM answers WHERE run_id = 2"),
                     PICTURES * 24);
    assert_int_equal(number(f, "SELECT count(DISTINCT uid) FROM runs"), 2);
    assert_int_equal(number(f, "SELECT images_per_second = 5.0 FROM runs WHERE id = 1"), 1);
}

static void a_run_says_what_it_repeats(void **state)
{
    struct fixture *f = *state;
    int64_t again, other;
    assert_int_equal(record(f, &f->models[0], false, set_sha, &again), IMGCLS_OK);
    assert_int_equal(number(f, "SELECT supersedes FROM runs WHERE id = 3"), 1);
    assert_int_equal(number(f, "SELECT reproduces FROM runs WHERE id = 3"), 1);
    assert_int_equal(number(f, "SELECT superseded_by FROM leaderboard WHERE run = 1"), 3);
    assert_int_equal(number(f, "SELECT tier = 'reproduced' FROM runs WHERE id = 3"), 1);
    assert_int_equal(number(f, "SELECT sum(id) FROM newest_runs"), 2 + 3);
    /* the same model with other answers supersedes, and reproduces nothing */
    assert_int_equal(record(f, &f->models[0], true, set_sha, &other), IMGCLS_OK);
    assert_int_equal(number(f, "SELECT supersedes FROM runs WHERE id = 4"), 3);
    assert_int_equal(number(f, "SELECT tier = 'measured' FROM runs WHERE id = 4"), 1);
    assert_int_equal(number(f, "SELECT count(*) FROM runs WHERE id < 3 AND (tier !="
                               " 'measured' OR supersedes NOT NULL OR recorded_by IS NULL"
                               " OR memory_bytes < 1000000)"),
                     0);
}

static void runs_cannot_be_changed_by_anybody(void **state)
{
    static const char *const attempts[] = {
        "UPDATE runs SET top1 = 1",          "DELETE FROM runs",
        "UPDATE answers SET bytes = x'00'",  "DELETE FROM answers",
        "UPDATE pictures SET label = 0",     "DELETE FROM pictures",
        "UPDATE failures SET reason = ''",   "DELETE FROM failures",
        "UPDATE datasets SET sha256 = ''",   "DELETE FROM datasets",
        "INSERT OR REPLACE INTO answers VALUES (1, 2, x'00')",
        "DELETE FROM models", /* a foreign key holds it */
    };
    struct fixture *f = *state;
    size_t i;
    for (i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        if (icl_board_execute(f->board, attempts[i], "trying") == IMGCLS_OK)
            fail_msg("allowed: %s", attempts[i]);
        icl_forgive(f->ctx);
    }
}

static void a_run_that_fails_half_way_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    int64_t run;
    assert_int_not_equal(record(f, &f->models[0], false, "too short", &run), IMGCLS_OK);
    icl_forgive(f->ctx);
    assert_int_equal(run, 0);
    assert_int_equal(number(f, "SELECT count(*) FROM runs"), 2);
    assert_int_equal(number(f, "SELECT count(*) FROM pictures"), PICTURES);
    assert_int_equal(record(f, &f->models[0], false, set_sha, &run), IMGCLS_OK);
    assert_int_equal(run, 3);
}

static const struct {
    const char *columns, *where[3], *sort;
    int64_t limit;
    const char *csv; /* NULL: refused with `refusal` */
    const char *refusal;
} lists[] = {
    {"run,top1", {NULL}, NULL, 0, "run,top1\n1,0.6\n2,0.6\n", NULL},
    {"run,failed", {NULL}, "failed,desc;run", 0, "run,failed\n1,1\n2,0\n", NULL},
    {"run,failed", {NULL}, "failed", 0, "run,failed\n2,0\n1,1\n", NULL},
    {"run", {NULL}, "run,desc", 1, "run\n2\n", NULL},
    {"run", {"failed=0"}, NULL, 0, "run\n2\n", NULL},
    {"run", {"failed!=0"}, NULL, 0, "run\n1\n", NULL},
    {"run", {"top1>0.59", "failed>=1"}, NULL, 0, "run\n1\n", NULL},
    {"run", {"top1<0.6"}, NULL, 0, "run\n", NULL},
    {"run", {"threads<10"}, NULL, 0, "run\n1\n2\n", NULL}, /* a number, not text */
    {"run", {"model~SECOND"}, NULL, 0, "run\n2\n", NULL},
    {"run", {"model~%"}, NULL, 0, "run\n", NULL}, /* no wildcard */
    {"run", {"macs="}, NULL, 0, "run\n1\n2\n", NULL},
    {"run", {"macs!="}, NULL, 0, "run\n", NULL},
    {"run", {"superseded_by="}, NULL, 0, "run\n1\n2\n", NULL},
    {"run", {"superseded_by="}, "run,desc", 1, "run\n2\n", NULL},
    {"run", {"superseded_by!=", "failed>=0"}, NULL, 0, "run\n", NULL},
    {"model", {"run=2"}, NULL, 0, "model\n\"second, \"\"best\"\"\"\n", NULL},
    {"run, macs", {"run=1"}, NULL, 0, "run,macs\n1,\n", NULL},
    {"run,nonsense", {NULL}, NULL, 0, NULL, "column 'nonsense'"},
    {"run;DROP TABLE runs", {NULL}, NULL, 0, NULL, "column 'run;DROP"},
    {"run", {"top1"}, NULL, 0, NULL, "column=value"},
    {"run", {"x=1"}, NULL, 0, NULL, "column 'x'"},
    {"run", {NULL}, "top1,upwards", 0, NULL, ",asc or ,desc"},
    {"run", {"model=' OR 1=1 --"}, NULL, 0, "run\n", NULL},
};

static void lists_select_sort_and_refuse(void **state)
{
    struct fixture *f = *state;
    size_t i;
    for (i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct imgcls_board_selection wish = {sizeof wish, lists[i].columns, lists[i].where,
                                              lists[i].sort, lists[i].limit};
        struct imgcls_board_rows *rows;
        char *text;
        imgcls_status status = imgcls_board_list(f->board, &wish, &rows);
        if (!lists[i].csv) {
            if (status != IMGCLS_BAD_INPUT ||
                !strstr(imgcls_error(f->ctx), lists[i].refusal))
                fail_msg("row %zu: '%s' lacks '%s'", i, imgcls_error(f->ctx),
                         lists[i].refusal);
            icl_forgive(f->ctx);
            continue;
        }
        if (status != IMGCLS_OK)
            fail_msg("row %zu: %s", i, imgcls_error(f->ctx));
        assert_int_equal(imgcls_board_render(f->board, rows, "csv", &text), IMGCLS_OK);
        if (strcmp(text, lists[i].csv) != 0)
            fail_msg("row %zu: '%s'", i, text);
        free(text);
        imgcls_board_rows_destroy(rows);
    }
}

static void one_run_shows_every_column(void **state)
{
    struct fixture *f = *state;
    struct imgcls_board_rows *rows;
    assert_int_equal(imgcls_board_show(f->board, 2, &rows), IMGCLS_OK);
    assert_int_equal(rows->row_count, 1);
    assert_true(rows->column_count > 30);
    imgcls_board_rows_destroy(rows);
    assert_int_equal(imgcls_board_show(f->board, 77, &rows), IMGCLS_BAD_INPUT);
    assert_non_null(strstr(imgcls_error(f->ctx), "no run 77"));
}

static const struct {
    const char *sql, *refusal; /* NULL: allowed */
} queries[] = {
    {"SELECT model, top1 FROM leaderboard ORDER BY run;", NULL},
    {"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5) SELECT * FROM n",
     NULL},
    {"PRAGMA table_info(runs)", NULL},
    {"PRAGMA user_version", NULL},
    {"DELETE FROM registrations", "more than read"},
    {"UPDATE models SET name = 'x'", "more than read"},
    {"PRAGMA user_version = 3", "more than read"},
    {"PRAGMA writable_schema = 1", "more than read"},
    {"ATTACH '/tmp/x.db' AS x", "more than read"},
    {"CREATE TEMP TABLE t (x)", "more than read"},
    {"DROP TABLE runs", "more than read"},
    {"SELECT load_extension('x')", "more than read"},
    {"BEGIN", "more than read"},
    {"SELECT 1; DELETE FROM models", "one statement"},
    {"SELEKT 1", "syntax error"},
    {"", "nothing to do"},
    {"SELECT zeroblob(1000000000)", "too big"},
    {"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
     "allowed 0.2 seconds"},
};

static void queries_read_and_end(void **state)
{
    struct fixture *f = *state;
    size_t i;
    for (i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        struct imgcls_board_rows *rows;
        imgcls_status status = imgcls_board_query(f->board, queries[i].sql, 0.2, &rows);
        if (queries[i].refusal ? status != IMGCLS_BAD_INPUT ||
                                     !strstr(imgcls_error(f->ctx), queries[i].refusal)
                               : status != IMGCLS_OK)
            fail_msg("%s: status %d, '%s'", queries[i].sql, (int)status,
                     imgcls_error(f->ctx));
        icl_forgive(f->ctx);
        imgcls_board_rows_destroy(rows);
    }
    assert_int_equal(number(f, "SELECT count(*) FROM runs"), 2);
}

static void a_comparison_pairs_pictures(void **state)
{
    struct fixture *f = *state;
    struct imgcls_board_comparison *c;
    const struct imgcls_board_cell *cells;
    assert_int_equal(imgcls_board_compare(f->board, 1, 2, &c), IMGCLS_OK);
    assert_int_equal(c->images, 10);
    assert_int_equal(c->both_right, 2);
    assert_int_equal(c->both_wrong, 0);
    assert_int_equal(c->only_first_right, 4);
    assert_int_equal(c->only_second_right, 4);
    assert_true(c->p_value == 1.0);
    assert_int_equal(c->flips->row_count, 8);
    cells = c->flips->cells + 6 * c->flips->column_count; /* picture 8, which failed for the first */
    assert_string_equal(cells[0].text, "c8/8.png");
    assert_int_equal(cells[1].integer, 8);
    assert_int_equal(cells[2].kind, IMGCLS_CELL_NULL);
    assert_int_equal(cells[3].integer, 8);
    assert_int_equal(cells[4].integer, 2);
    imgcls_board_comparison_destroy(c);
}

static void different_sets_are_not_compared(void **state)
{
    static const char other[] =
        "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd";
    struct fixture *f = *state;
    struct imgcls_board_comparison *c;
    int64_t run;
    assert_int_equal(record(f, &f->models[0], false, other, &run), IMGCLS_OK);
    assert_int_equal(imgcls_board_compare(f->board, 1, run, &c), IMGCLS_BAD_INPUT);
    assert_non_null(strstr(imgcls_error(f->ctx), "cccccccccccc and dddddddddddd"));
    icl_forgive(f->ctx);
    assert_int_equal(imgcls_board_compare(f->board, 1, 99, &c), IMGCLS_BAD_INPUT);
    assert_non_null(strstr(imgcls_error(f->ctx), "no run 99"));
}

static void check_finds_what_was_tampered_with(void **state)
{
    struct fixture *f = *state;
    struct imgcls_board_rows *rows;
    int64_t checked, without;
    assert_int_equal(imgcls_board_check(f->board, &checked, &without, &rows), IMGCLS_OK);
    assert_int_equal(checked, 2);
    assert_int_equal(without, 0);
    imgcls_board_rows_destroy(rows);
    /* As somebody with sqlite3 at hand could. */
    assert_int_equal(icl_board_execute(f->board,
                                       "DROP TRIGGER runs_keep;"
                                       "UPDATE runs SET top1_correct = 7 WHERE id = 2",
                                       "tampering"),
                     IMGCLS_OK);
    assert_int_equal(imgcls_board_check(f->board, &checked, &without, &rows),
                     IMGCLS_MISMATCH);
    assert_int_equal(rows->row_count, 1);
    assert_int_equal(rows->cells[0].integer, 2);
    assert_string_equal(rows->cells[1].text, "top1_correct");
    assert_int_equal(rows->cells[2].integer, 7);
    assert_int_equal(rows->cells[3].integer, 6);
    imgcls_board_rows_destroy(rows);
    icl_forgive(f->ctx);
    assert_int_equal(icl_board_execute(f->board,
                                       "UPDATE runs SET top1_correct = 6 WHERE id = 2;"
                                       "DELETE FROM newest_runs WHERE id = 1",
                                       "tampering"),
                     IMGCLS_OK);
    assert_int_equal(imgcls_board_check(f->board, &checked, &without, &rows),
                     IMGCLS_MISMATCH);
    assert_int_equal(rows->row_count, 1);
    assert_int_equal(rows->cells[0].integer, 1);
    assert_string_equal(rows->cells[1].text, "newest");
    imgcls_board_rows_destroy(rows);
    icl_forgive(f->ctx);
    assert_int_equal(icl_board_execute(f->board,
                                       "DROP TRIGGER answers_keep;"
                                       "UPDATE answers SET bytes = x'0102'",
                                       "tampering"),
                     IMGCLS_OK);
    assert_int_equal(imgcls_board_check(f->board, &checked, &without, &rows),
                     IMGCLS_BAD_INPUT);
    assert_null(rows);
    assert_non_null(strstr(imgcls_error(f->ctx), "2 bytes of answers"));
}

static void exports_quote_what_is_foreign(void **state)
{
    static const char *const columns[] = {"name", "x", NULL};
    static const struct {
        const char *format, *want;
    } rows_of[] = {
        {"csv", "name,x\n\"a\"\"b\n|<i>\",0.1\n"},
        {"json", "{\"rows\": [\n  {\"name\": \"a\\\"b\\u000a|<i>\", \"x\": 0.1}\n]}\n"},
        {"markdown", "| name | x |\n| --- | ---: |\n| a\"b \\|&lt;i\\> | 0.1 |\n"},
    };
    const struct imgcls_board_cell cells[] = {
        {.kind = IMGCLS_CELL_TEXT, .text = "a\"b\n|<i>"},
        {.kind = IMGCLS_CELL_REAL, .real = 0.1},
    };
    struct fixture *f = *state;
    struct imgcls_board_rows *rows;
    char *text;
    size_t i;
    assert_int_equal(icl_board_rows_create(f->board, columns, &rows), IMGCLS_OK);
    assert_int_equal(icl_board_rows_append(f->board, rows, cells), IMGCLS_OK);
    for (i = 0; i < 3; i++) {
        assert_int_equal(imgcls_board_render(f->board, rows, rows_of[i].format, &text), 0);
        assert_string_equal(text, rows_of[i].want);
        free(text);
    }
    assert_int_equal(imgcls_board_render(f->board, rows, "html", &text), IMGCLS_UNSUPPORTED);
    icl_forgive(f->ctx);
    assert_int_equal(imgcls_board_render(f->board, rows, "xml", &text), IMGCLS_BAD_INPUT);
    imgcls_board_rows_destroy(rows);
}

static void a_full_disk_loses_no_finished_run(void **state)
{
    struct fixture *f = *state;
    int64_t run;
    /* SQLite's own ceiling on pages stands for the disk's. */
    int64_t pages = number(f, "PRAGMA page_count");
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA max_page_count = %lld", (long long)pages);
    number(f, sql);
    while (record(f, &f->models[0], false, set_sha, &run) == IMGCLS_OK)
        continue;
    assert_non_null(strstr(imgcls_error(f->ctx), "disk full"));
    assert_int_equal(f->ctx->status, IMGCLS_IO);
    icl_forgive(f->ctx);
    assert_true(number(f, "SELECT count(*) FROM runs") >= 2);
    assert_int_equal(number(f, "SELECT (SELECT count(*) FROM runs) = count(*) FROM answers"),
                     1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_run_is_recorded_with_all_it_rests_on),
        CASE(a_run_says_what_it_repeats),
        CASE(runs_cannot_be_changed_by_anybody),
        CASE(a_run_that_fails_half_way_leaves_nothing),
        CASE(lists_select_sort_and_refuse),
        CASE(one_run_shows_every_column),
        CASE(queries_read_and_end),
        CASE(a_comparison_pairs_pictures),
        CASE(different_sets_are_not_compared),
        CASE(check_finds_what_was_tampered_with),
        CASE(exports_quote_what_is_foreign),
        CASE(a_full_disk_loses_no_finished_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

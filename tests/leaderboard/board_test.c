/*
 * tests/leaderboard/board_test.c - the file: made, recognised, refused, migrated, shared
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/board.h"
#include "eval/leaderboard/place.h"
#include "eval/leaderboard/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct imgcls_context *ctx;
    char root[64], path[160];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f || imgcls_context_create(NULL, &f->ctx) != IMGCLS_OK)
        return -1;
    strcpy(f->root, "/tmp/icl-board-XXXXXX");
    *state = f;
    if (!mkdtemp(f->root))
        return -1;
    snprintf(f->path, sizeof f->path, "%s/board.db", f->root);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char line[256];
    int gone;
    snprintf(line, sizeof line, "chmod -R u+w '%s' && rm -rf '%s'", f->root, f->root);
    gone = system(line);
    imgcls_context_destroy(f->ctx);
    free(f);
    return gone;
}

static struct imgcls_board *open_board(struct fixture *f, int32_t mode)
{
    struct imgcls_board *board;
    if (imgcls_board_open(f->ctx, f->path, mode, &board) != IMGCLS_OK)
        fail_msg("%s", imgcls_error(f->ctx));
    return board;
}

static void expect_refusal(struct fixture *f, int32_t mode, imgcls_status want,
                           const char *part)
{
    struct imgcls_board *board;
    imgcls_status status = imgcls_board_open(f->ctx, f->path, mode, &board);
    assert_null(board);
    if (status != want || !strstr(imgcls_error(f->ctx), part) ||
        !strstr(imgcls_error(f->ctx), f->path))
        fail_msg("status %d, '%s' lacks '%s'", (int)status, imgcls_error(f->ctx), part);
    icl_forgive(f->ctx);
}

static void foreign_sql(const char *path, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static int64_t number(struct imgcls_board *board, const char *sql)
{
    int64_t value;
    assert_int_equal(icl_board_integer(board, sql, -1, &value), IMGCLS_OK);
    return value;
}

static void a_new_file_says_what_it_is(void **state)
{
    struct fixture *f = *state;
    struct imgcls_board *board = open_board(f, IMGCLS_BOARD_WRITE);
    assert_int_equal(number(board, "PRAGMA application_id"), 0x696d6763);
    assert_int_equal(number(board, "PRAGMA user_version"), icl_board_newest());
    assert_int_equal(number(board, "PRAGMA foreign_keys"), 1);
    assert_int_equal(number(board, "SELECT count(*) FROM leaderboard"), 0);
    imgcls_board_close(board);
    imgcls_board_close(open_board(f, IMGCLS_BOARD_READ));
    imgcls_board_close(open_board(f, IMGCLS_BOARD_WRITE));
}

static void reading_does_not_make_a_file(void **state)
{
    struct fixture *f = *state;
    expect_refusal(f, IMGCLS_BOARD_READ, IMGCLS_IO, "no such leaderboard");
    assert_int_not_equal(access(f->path, F_OK), 0);
}

static void a_foreign_database_is_left_alone(void **state)
{
    struct fixture *f = *state;
    foreign_sql(f->path, "CREATE TABLE photos (a); INSERT INTO photos VALUES (1)");
    expect_refusal(f, IMGCLS_BOARD_WRITE, IMGCLS_BAD_INPUT, "no leaderboard");
    expect_refusal(f, IMGCLS_BOARD_READ, IMGCLS_BAD_INPUT, "no leaderboard");
    foreign_sql(f->path, "SELECT * FROM photos; CREATE TABLE still_mine (a)");
}

static void a_file_that_is_no_database_is_left_alone(void **state)
{
    struct fixture *f = *state;
    FILE *file = fopen(f->path, "w");
    int i;
    for (i = 0; i < 1000; i++)
        fputs("these are words, not a database\n", file);
    fclose(file);
    expect_refusal(f, IMGCLS_BOARD_WRITE, IMGCLS_BAD_INPUT, "not an SQLite database");
    expect_refusal(f, IMGCLS_BOARD_READ, IMGCLS_BAD_INPUT, "not an SQLite database");
}

static void a_run_of_a_suite_becomes_rows_that_stay(void **state)
{
    struct fixture *f = *state;
    const struct imgcls_case cases[] = {
        {.name = "node/a", .operators = "Relu", .reason = "", .result = IMGCLS_CASE_PASSED,
         .compared = 1},
        {.name = "node/b", .operators = "Add Foo", .reason = "it's unknown",
         .result = IMGCLS_CASE_UNSUPPORTED, .compared = 0},
    };
    const struct imgcls_suite_report report = {.struct_size = sizeof report, .count = 2,
                                               .cases = cases, .passed = 1, .unsupported = 1};
    struct imgcls_board *board = open_board(f, IMGCLS_BOARD_WRITE);
    int64_t id;
    for (int64_t i = 1; i <= 2; i++) {
        if (imgcls_board_add_suite(board, "some/suite", 1.5, &report, &id) != IMGCLS_OK)
            fail_msg("%s", imgcls_error(f->ctx));
        assert_int_equal(id, i);
    }
    assert_int_equal(number(board, "SELECT count(*) FROM suite_cases"), 4);
    assert_int_equal(number(board, "SELECT sum(passed) FROM suite_runs WHERE cases = 2"), 2);
    assert_int_equal(number(board, "SELECT count(*) FROM suite_runs WHERE folder GLOB '/*'"), 2);
    assert_int_equal(number(board, "SELECT count(*) FROM suite_cases WHERE name = 'node/b'"
                                   " AND result = 'unsupported' AND compared = 0"
                                   " AND reason = 'it''s unknown' AND suite_run_id = 2"), 1);
    assert_int_equal(number(board, "SELECT count(reason) FROM suite_cases"), 2);
    imgcls_board_close(board);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_not_equal(sqlite3_exec(db, "UPDATE suite_runs SET passed = 2", 0, 0, 0), 0);
    assert_int_not_equal(sqlite3_exec(db, "DELETE FROM suite_cases", 0, 0, 0), 0);
    sqlite3_close(db);
}

static void a_newer_version_is_refused_with_both_numbers(void **state)
{
    struct fixture *f = *state;
    imgcls_board_close(open_board(f, IMGCLS_BOARD_WRITE));
    char words[80];
    foreign_sql(f->path, "PRAGMA user_version = 999");
    snprintf(words, sizeof words, "version 999, this program knows up to %d",
             icl_board_newest());
    expect_refusal(f, IMGCLS_BOARD_WRITE, IMGCLS_BAD_INPUT, words);
    expect_refusal(f, IMGCLS_BOARD_READ, IMGCLS_BAD_INPUT, "version 999");
}

static void a_place_that_cannot_be_written_is_named(void **state)
{
    struct fixture *f = *state;
    strcpy(f->path, "/proc/self/board.db");
    expect_refusal(f, IMGCLS_BOARD_WRITE, IMGCLS_IO, "unable to open");
}

static const struct icl_board_version steps[] = {
    {1, "CREATE TABLE a (x)"},
    {2, "CREATE TABLE b (x); INSERT INTO b SELECT x + 1 FROM a"},
    {3, "INSERT INTO b SELECT x + 1 FROM b"},
};

static void migration_takes_each_step_once_and_keeps_a_copy(void **state)
{
    struct fixture *f = *state;
    struct imgcls_board board = {.ctx = f->ctx, .path = f->path, .writable = true};
    char copy[200];
    struct stat info;
    assert_int_equal(sqlite3_open(f->path, &board.db), SQLITE_OK);
    assert_int_equal(icl_board_migrate(&board, steps, 1), IMGCLS_OK);
    snprintf(copy, sizeof copy, "%s.v0.bak", f->path);
    assert_int_not_equal(stat(copy, &info), 0); /* nothing to lose, no copy */
    assert_int_equal(icl_board_execute(&board, "INSERT INTO a VALUES (40)", ""), 0);
    assert_int_equal(icl_board_migrate(&board, steps, 3), IMGCLS_OK);
    assert_int_equal(number(&board, "PRAGMA user_version"), 3);
    assert_int_equal(number(&board, "SELECT sum(x) FROM b"), 41 + 42);
    assert_int_equal(icl_board_migrate(&board, steps, 3), IMGCLS_OK);
    assert_int_equal(number(&board, "SELECT count(*) FROM b"), 2);
    sqlite3_close(board.db);
    snprintf(copy, sizeof copy, "%s.v1.bak", f->path);
    assert_int_equal(sqlite3_open(copy, &board.db), SQLITE_OK);
    assert_int_equal(number(&board, "PRAGMA user_version"), 1);
    assert_int_equal(number(&board, "SELECT count(*) FROM sqlite_master"), 1);
    sqlite3_close(board.db);
}

/* What a program of version 1 left, with one run in it. */
static const char first_run[] =
    "PRAGMA application_id = 0x696d6763; PRAGMA user_version = 1;"
    "INSERT INTO models (sha256, name, format, first_seen)"
    " VALUES (printf('%064d', 1), 'old', 'onnx', '2026-01-01T00:00:00Z');"
    "INSERT INTO datasets (sha256, name, path, layout, images, classes, first_seen)"
    " VALUES (printf('%064d', 2), 'val', '/val', 'folders', 4, 20, '2026-01-01T00:00:00Z');"
    "INSERT INTO runs (uid, model_id, dataset_id, model_name, model_path, recipe, precision,"
    " engine_version, isa, threads, batch, cpu, cpus, images, failed, nan_scores,"
    " top1_correct, top1, top1_low, top1_high, seconds, images_per_second, started_at,"
    " recorded_at) VALUES (printf('%032d', 3), 1, 1, 'old', '/old.onnx', 'color=rgb',"
    " 'float32', '0.1.0', 'avx2', 2, 8, 'cpu', 2, 4, 0, 0, 2, 0.5, 0.15, 0.85, 1, 4,"
    " '2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z');";

static void a_board_of_version_1_keeps_its_runs(void **state)
{
    struct fixture *f = *state;
    struct imgcls_board *board;
    char line[512];
    FILE *schema;
    char *text = calloc(1, 1 << 16);
    snprintf(line, sizeof line, "%s/schemas/leaderboard.sql", getenv("ICL_TOP_SRCDIR"));
    schema = fopen(line, "r");
    assert_non_null(text);
    assert_non_null(schema);
    assert_true(fread(text, 1, (1 << 16) - 1, schema) > 1000);
    fclose(schema);
    foreign_sql(f->path, text);
    free(text);
    foreign_sql(f->path, first_run);
    board = open_board(f, IMGCLS_BOARD_READ); /* reading is enough to bring it up */
    assert_int_equal(number(board, "PRAGMA user_version"), icl_board_newest());
    assert_int_equal(number(board, "SELECT top1_correct FROM leaderboard WHERE run = 1"), 2);
    assert_int_equal(number(board, "SELECT count(*) FROM leaderboard WHERE tier = 'measured'"
                                   " AND supersedes IS NULL AND origin IS NULL"),
                     1);
    assert_int_equal(number(board, "SELECT sum(id) FROM newest_runs"), 1);
    assert_int_equal(number(board, "SELECT count(*) FROM board JOIN run_failures"), 0);
    /* Version 8 drops what version 6 made and nothing reads any more. */
    assert_int_equal(number(board, "SELECT count(*) FROM sqlite_master"
                                   " WHERE name = 'runs_by_subject'"),
                     0);
    imgcls_board_close(board);
    snprintf(line, sizeof line, "%s.v1.bak", f->path);
    assert_int_equal(access(line, F_OK), 0);
}

static void a_step_that_fails_leaves_the_old_version(void **state)
{
    static const struct icl_board_version broken[] = {
        {1, "CREATE TABLE a (x)"},
        {2, "CREATE TABLE b (x)"},
        {3, "INSERT INTO nowhere VALUES (1)"},
    };
    struct fixture *f = *state;
    struct imgcls_board board = {.ctx = f->ctx, .path = f->path, .writable = true};
    assert_int_equal(sqlite3_open(f->path, &board.db), SQLITE_OK);
    assert_int_equal(icl_board_migrate(&board, broken, 1), IMGCLS_OK);
    assert_int_not_equal(icl_board_migrate(&board, broken, 3), IMGCLS_OK);
    icl_forgive(f->ctx);
    assert_int_equal(number(&board, "PRAGMA user_version"), 1);
    assert_int_equal(number(&board, "SELECT count(*) FROM sqlite_master"), 1);
    sqlite3_close(board.db);
}

static const char sha_a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
static const char sha_b[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

static void the_last_registration_wins_and_rows_are_completed(void **state)
{
    struct fixture *f = *state;
    struct imgcls_board *board = open_board(f, IMGCLS_BOARD_WRITE);
    struct icl_board_model a = {.path = "/m/resnet50/model.onnx", .sha256 = sha_a,
                                .format = "onnx", .parameters = -1, .macs = -1, .nodes = -1};
    struct icl_board_model b = {.path = "/m/vit.imgcls", .sha256 = sha_b, .format = "bundle",
                                .parameters = 5, .macs = 6, .nodes = 7, .classes = 10};
    const char *path, *time;
    int64_t id_a, id_b, again;
    assert_int_equal(imgcls_board_last_model(board, &path, &time), IMGCLS_BAD_INPUT);
    assert_non_null(strstr(imgcls_error(f->ctx), "no model was converted yet"));
    icl_forgive(f->ctx);
    assert_int_equal(icl_board_add_model(board, &a, &id_a), IMGCLS_OK);
    assert_int_equal(icl_board_add_model(board, &b, &id_b), IMGCLS_OK);
    assert_int_not_equal(id_a, id_b);
    assert_int_equal(imgcls_board_last_model(board, &path, &time), IMGCLS_OK);
    assert_string_equal(path, "/m/vit.imgcls");
    assert_int_equal(strlen(time), 20);
    a.parameters = 25557032;
    assert_int_equal(icl_board_add_model(board, &a, &again), IMGCLS_OK);
    assert_int_equal(again, id_a);
    assert_int_equal(imgcls_board_last_model(board, &path, &time), IMGCLS_OK);
    assert_string_equal(path, "/m/resnet50/model.onnx");
    assert_int_equal(number(board, "SELECT parameters FROM models WHERE name = 'resnet50'"),
                     25557032);
    assert_int_equal(number(board, "SELECT count(*) FROM models"), 2);
    imgcls_board_close(board);
}

static const struct {
    const char *path, *name;
} names[] = {
    {"resnet50.imgcls", "resnet50"},        {"/x/resnet50.onnx", "resnet50"},
    {"/zoo/resnet50/model.onnx", "resnet50"}, {"model.onnx", "model"},
    {"../model.onnx", "model"},             {"/hub/vit/", "vit"},
    {"a.b.pt", "a.b"},                      {"/hub/vit/pytorch_model.pt", "vit"},
};

static void models_are_named_by_what_says_something(void **state)
{
    size_t i;
    (void)state;
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *name = icl_board_model_name(names[i].path);
        if (!name || strcmp(name, names[i].name) != 0)
            fail_msg("'%s' is '%s', not '%s'", names[i].path, name, names[i].name);
        free(name);
    }
}

static void writers_wait_for_each_other(void **state)
{
    enum { WRITERS = 8, ROWS = 10 };
    struct fixture *f = *state;
    struct imgcls_board *board;
    int i, k, status, failed = 0;
    for (i = 0; i < WRITERS; i++) { /* all make the file at once, too */
        if (fork() != 0)
            continue;
        if (imgcls_board_open(f->ctx, f->path, IMGCLS_BOARD_WRITE, &board) != IMGCLS_OK) {
            fprintf(stderr, "%s\n", imgcls_error(f->ctx));
            _exit(1);
        }
        for (k = 0; k < ROWS; k++) {
            struct icl_board_model model = {.path = "/m/x.onnx", .sha256 = sha_a,
                                            .format = "onnx"};
            if (icl_board_add_model(board, &model, NULL) != IMGCLS_OK) {
                fprintf(stderr, "%s\n", imgcls_error(f->ctx));
                _exit(1);
            }
        }
        imgcls_board_close(board);
        _exit(0);
    }
    for (i = 0; i < WRITERS; i++)
        failed += wait(&status) < 0 || status != 0;
    assert_int_equal(failed, 0);
    board = open_board(f, IMGCLS_BOARD_READ);
    assert_int_equal(number(board, "SELECT count(*) FROM registrations"), WRITERS * ROWS);
    imgcls_board_close(board);
}

static void the_place_follows_the_contract(void **state)
{
    struct fixture *f = *state;
    char *path, want[200];
    unsetenv("IMGCLS_DB");
    setenv("XDG_DATA_HOME", f->root, 1);
    assert_int_equal(icl_board_place(f->ctx, NULL, true, &path), IMGCLS_OK);
    snprintf(want, sizeof want, "%s/imgcls/leaderboard.db", f->root);
    assert_string_equal(path, want);
    free(path);
    snprintf(want, sizeof want, "%s/imgcls", f->root);
    assert_int_equal(access(want, W_OK), 0);
    setenv("XDG_DATA_HOME", "relative", 1);
    setenv("HOME", "/home/somebody", 1);
    assert_int_equal(icl_board_place(f->ctx, NULL, false, &path), IMGCLS_OK);
    assert_string_equal(path, "/home/somebody/.local/share/imgcls/leaderboard.db");
    free(path);
    setenv("IMGCLS_DB", "own.db", 1);
    assert_int_equal(icl_board_place(f->ctx, NULL, true, &path), IMGCLS_OK);
    assert_string_equal(path, "own.db");
    free(path);
    assert_int_equal(icl_board_place(f->ctx, ":memory:", true, &path), IMGCLS_OK);
    assert_string_equal(path, "./:memory:");
    free(path);
    assert_int_equal(icl_board_place(f->ctx, "", true, &path), IMGCLS_BAD_INPUT);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_new_file_says_what_it_is),
        CASE(reading_does_not_make_a_file),
        CASE(a_foreign_database_is_left_alone),
        CASE(a_file_that_is_no_database_is_left_alone),
        CASE(a_run_of_a_suite_becomes_rows_that_stay),
        CASE(a_newer_version_is_refused_with_both_numbers),
        CASE(a_place_that_cannot_be_written_is_named),
        CASE(migration_takes_each_step_once_and_keeps_a_copy),
        CASE(a_board_of_version_1_keeps_its_runs),
        CASE(a_step_that_fails_leaves_the_old_version),
        CASE(the_last_registration_wins_and_rows_are_completed),
        CASE(models_are_named_by_what_says_something),
        CASE(writers_wait_for_each_other),
        CASE(the_place_follows_the_contract),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

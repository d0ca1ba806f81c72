/*
 * tests/leaderboard/regressions_test.c - what got worse is what SQLite finds row by row
 *
 * Boards of runs drawn at random (a seed that is printed and may be set by ICL_SEED), with few
 * subjects and machines, so that runs have predecessors: times rise with the runs' numbers, or are
 * in no order, equal, empty or longer than a time is; packed, partly packed and not packed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/blocks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define RUNS (2 * ICL_BLOCK_RUNS + 99)

struct fixture {
    struct imgcls_context *ctx;
    struct imgcls_board *board;
    char root[64];
    uint64_t state; /* of the generator */
};

/* xorshift64*, Vigna 2014 */
static uint64_t draw(struct fixture *f, uint64_t below)
{
    f->state ^= f->state >> 12;
    f->state ^= f->state << 25;
    f->state ^= f->state >> 27;
    return (f->state * UINT64_C(2685821657736338717) >> 20) % below;
}

static void execute(struct fixture *f, const char *sql)
{
    char *says = NULL;
    if (sqlite3_exec(f->board->db, sql, NULL, NULL, &says) != SQLITE_OK)
        fail_msg("%s: %s", sql, says);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    const char *seed = getenv("ICL_SEED");
    if (!f || imgcls_context_create(NULL, &f->ctx) != IMGCLS_OK)
        return -1;
    *state = f;
    strcpy(f->root, "/tmp/icl-regressions-XXXXXX");
    if (!mkdtemp(f->root))
        return -1;
    f->state = seed ? strtoull(seed, NULL, 10) | 1 : 20261129;
    print_message("seed %llu\n", (unsigned long long)f->state);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char line[128];
    imgcls_context_destroy(f->ctx);
    snprintf(line, sizeof line, "rm -rf %s", f->root);
    if (system(line) != 0)
        return -1;
    free(f);
    return 0;
}

static void draw_time(struct fixture *f, bool rises, int run, char time[64])
{
    if (rises)
        snprintf(time, 64, "2026-%02d-%02dT10:00:%02dZ", 1 + run / 400, 1 + run / 15 % 27,
                 run % 15 / 3);
    else if (draw(f, 20) == 0)
        snprintf(time, 64, "%s", draw(f, 2) ? "" : "2026-06-01T00:00:00.123456789+02:00 summer");
    else
        snprintf(time, 64, "2026-%02d-%02dT%02d:00:00Z", 1 + (int)draw(f, 12),
                 1 + (int)draw(f, 28), (int)draw(f, 3));
}

static void add_runs(struct fixture *f, bool rises)
{
    sqlite3_stmt *insert;
    execute(f, "INSERT INTO models (id, sha256, name, format, first_seen)"
               " VALUES (1, printf('%064d', 1), 'm', 'onnx', '');"
               "INSERT INTO datasets (id, sha256, name, path, layout, images, classes, first_seen)"
               " VALUES (1, printf('%064d', 1), 'd', '/d', 'folders', 50, 3, ''),"
               " (5, printf('%064d', 5), 'e', '/e', 'folders', 50, 3, '')");
    assert_int_equal(
        sqlite3_prepare_v2(
            f->board->db,
            "INSERT INTO runs (uid, model_id, dataset_id, model_name, model_path, recipe,"
            " precision, engine_version, isa, threads, batch, cpu, cpus, images, failed,"
            " nan_scores, top1_correct, top1, top1_low, top1_high, seconds, images_per_second,"
            " started_at, recorded_at) VALUES (printf('%032d', ?1), 1, ?2, ?3, '/m', ?4, ?5, '1',"
            " 'avx2', ?6, ?7, ?8, 1, 50, 0, 0, ?9, ?9 / 50.0, 0.1, 0.2, 1, ?10, '', ?11)",
            -1, &insert, NULL),
        SQLITE_OK);
    for (int run = 1; run <= RUNS; run++) {
        static const int64_t threads[] = {1, 8, 4095, 4096, 70000, INT64_C(5000000000)};
        static const char *const texts[] = {"vit", "ViT", "vi", "Ärger", "", "vit_b16"};
        char time[64];
        draw_time(f, rises, run, time);
        sqlite3_bind_int(insert, 1, run);
        sqlite3_bind_int(insert, 2, draw(f, 3) ? 1 : 5);
        sqlite3_bind_text(insert, 3, texts[draw(f, 6)], -1, SQLITE_STATIC);
        sqlite3_bind_text(insert, 4, draw(f, 9) ? "resize" : "crop", -1, SQLITE_STATIC);
        sqlite3_bind_text(insert, 5, draw(f, 9) ? "float32" : "", -1, SQLITE_STATIC);
        sqlite3_bind_int64(insert, 6, threads[draw(f, 6)]);
        sqlite3_bind_int(insert, 7, 1 + (int)draw(f, 2));
        sqlite3_bind_text(insert, 8, texts[draw(f, 2)], -1, SQLITE_STATIC);
        sqlite3_bind_int(insert, 9, (int)draw(f, 51));
        sqlite3_bind_double(insert, 10, draw(f, 20) ? 10 + (double)draw(f, 50) / 7 : 0);
        sqlite3_bind_text(insert, 11, time, -1, SQLITE_STATIC);
        if (sqlite3_step(insert) != SQLITE_DONE)
            fail_msg("%s", sqlite3_errmsg(f->board->db));
        sqlite3_reset(insert);
    }
    sqlite3_finalize(insert);
}

static void open_board(struct fixture *f, const char *name, bool rises)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s.db", f->root, name);
    assert_int_equal(imgcls_board_open(f->ctx, path, IMGCLS_BOARD_WRITE, &f->board), IMGCLS_OK);
    execute(f, "PRAGMA synchronous = OFF; BEGIN");
    add_runs(f, rises);
    execute(f, "COMMIT");
}

/* The newest new run of each subject, with the newest that is not new, and the newest of those on
 * the same machine. (?1, ?2): the first that is new; with '' every run but the newest is not. */
#define BEFORE(more)                                                                          \
    "(SELECT b.id FROM runs b WHERE b.model_name = now.model_name"                            \
    " AND b.dataset_id = now.dataset_id AND b.recipe = now.recipe"                            \
    " AND b.precision = now.precision AND CASE ?1 WHEN '' THEN"                               \
    " (b.recorded_at, b.id) < (now.recorded_at, now.id) ELSE (b.recorded_at, b.id) < (?1, ?2)" \
    " END " more " ORDER BY b.recorded_at DESC, b.id DESC LIMIT 1)"
static const char wanted_sql[] =
    "WITH placed AS (SELECT *, row_number() OVER (PARTITION BY model_name, dataset_id, recipe,"
    "  precision ORDER BY recorded_at DESC, id DESC) AS place FROM runs"
    "  WHERE (recorded_at, id) >= (?1, ?2)),"
    "pairs AS (SELECT id AS run, " BEFORE("") " AS before, "
    BEFORE("AND b.cpu = now.cpu AND b.threads = now.threads AND b.batch = now.batch") " AS timed"
    "  FROM placed AS now WHERE place = 1)"
    "SELECT now.id, b.id, now.model_name, datasets.name, b.top1, now.top1,"
    "  t.images_per_second, now.images_per_second, now.top1_correct < b.top1_correct,"
    "  t.images_per_second > 0 AND now.images_per_second < t.images_per_second * (1 - ?3) "
    "FROM pairs JOIN runs now ON now.id = run JOIN runs b ON b.id = before "
    "JOIN datasets ON datasets.id = now.dataset_id LEFT JOIN runs t ON t.id = timed "
    "WHERE now.top1_correct < b.top1_correct OR (t.images_per_second > 0 AND"
    "  now.images_per_second < t.images_per_second * (1 - ?3)) "
    "ORDER BY now.top1 - b.top1, now.model_name, now.id";

static void compare_row(const struct imgcls_board_cell *cells, sqlite3_stmt *want)
{
    bool less = sqlite3_column_int(want, 8), slower = sqlite3_column_int(want, 9);
    bool timed = sqlite3_column_type(want, 6) != SQLITE_NULL;
    assert_int_equal(cells[0].integer, sqlite3_column_int64(want, 0));
    assert_int_equal(cells[1].integer, sqlite3_column_int64(want, 1));
    assert_string_equal(cells[2].text, (const char *)sqlite3_column_text(want, 2));
    assert_string_equal(cells[3].text, (const char *)sqlite3_column_text(want, 3));
    assert_string_equal(cells[4].text, less && slower ? "accuracy and speed"
                                       : less         ? "accuracy"
                                                      : "speed");
    assert_true(cells[5].real == sqlite3_column_double(want, 4));
    assert_true(cells[6].real == sqlite3_column_double(want, 5));
    assert_true(cells[7].real == cells[6].real - cells[5].real);
    assert_int_equal(cells[9].kind, timed ? IMGCLS_CELL_REAL : IMGCLS_CELL_NULL);
    assert_int_equal(cells[10].kind, timed ? IMGCLS_CELL_REAL : IMGCLS_CELL_NULL);
    if (timed) {
        assert_true(cells[9].real == sqlite3_column_double(want, 6));
        assert_true(cells[10].real == sqlite3_column_double(want, 7));
    }
}

/* time, run: what `since` means. Gives how many there are. */
static size_t compare(struct fixture *f, const char *since, const char *time, int64_t run,
                      double tolerance)
{
    struct imgcls_board_rows *rows;
    sqlite3_stmt *want;
    size_t count = 0;
    assert_int_equal(sqlite3_prepare_v2(f->board->db, wanted_sql, -1, &want, NULL), SQLITE_OK);
    sqlite3_bind_text(want, 1, time, -1, SQLITE_STATIC);
    sqlite3_bind_int64(want, 2, run);
    sqlite3_bind_double(want, 3, tolerance);
    if (imgcls_board_regressions(f->board, since, tolerance, &rows) != IMGCLS_OK)
        fail_msg("%s", imgcls_error(f->ctx));
    for (; sqlite3_step(want) == SQLITE_ROW; count++) {
        assert_true(count < rows->row_count);
        compare_row(rows->cells + count * rows->column_count, want);
    }
    assert_int_equal(rows->row_count, count);
    sqlite3_finalize(want);
    imgcls_board_rows_destroy(rows);
    return count;
}

static void compare_all(struct fixture *f)
{
    size_t found = compare(f, NULL, "", 0, 0.1);
    found += compare(f, "2026-03", "2026-03", 0, 0);
    found += compare(f, "2026-01-05T10:00:02Z", "2026-01-05T10:00:02Z", 0, 0.3);
    assert_true(found > 20);
    assert_int_equal(compare(f, "2027-", "2027-", 0, 0.1), 0);
    for (int i = 0; i < 5; i++) {
        int64_t run = 1 + (int64_t)draw(f, RUNS);
        char number[24], sql[80], time[64];
        sqlite3_stmt *statement;
        snprintf(number, sizeof number, "%lld", (long long)run);
        snprintf(sql, sizeof sql, "SELECT recorded_at FROM runs WHERE id = %s", number);
        assert_int_equal(sqlite3_prepare_v2(f->board->db, sql, -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        snprintf(time, sizeof time, "%s", (const char *)sqlite3_column_text(statement, 0));
        sqlite3_finalize(statement);
        if (*time && strlen(time) < 30)
            compare(f, number, time, run, 0.05);
    }
}

static void check_board(struct fixture *f, const char *name, bool rises)
{
    open_board(f, name, rises);
    compare_all(f); /* nothing is packed yet */
    assert_int_equal(icl_blocks_pack(f->board), IMGCLS_OK);
    compare_all(f);
    imgcls_board_close(f->board);
}

static void with_times_that_rise(void **state)
{
    check_board(*state, "rising", true);
}

static void with_times_in_no_order(void **state)
{
    check_board(*state, "mixed", false);
}

static void an_empty_board_has_none(void **state)
{
    struct fixture *f = *state;
    struct imgcls_board_rows *rows;
    char path[128];
    snprintf(path, sizeof path, "%s/empty.db", f->root);
    assert_int_equal(imgcls_board_open(f->ctx, path, IMGCLS_BOARD_WRITE, &f->board), IMGCLS_OK);
    assert_int_equal(imgcls_board_regressions(f->board, NULL, 0.1, &rows), IMGCLS_OK);
    assert_int_equal(rows->row_count, 0);
    imgcls_board_rows_destroy(rows);
    imgcls_board_close(f->board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_times_that_rise),
        cmocka_unit_test(with_times_in_no_order),
        cmocka_unit_test(an_empty_board_has_none),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

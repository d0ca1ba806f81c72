/*
 * tests/leaderboard/select_test.c - listings out of packed columns are what SQLite itself answers
 *
 * A board of runs drawn at random (a seed that is printed and may be set by ICL_SEED), with NULLs,
 * equal values, numbers that need every bit and texts that one gets wrong: the selections are
 * asked of imgcls_board_list, and of SQLite by statements written here.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/columns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define RUNS (3 * ICL_BLOCK_RUNS + 77)
#define MODELS 9
#define SETS 4
#define LABELS 3
#define PLUGINS 2
#define SELECTIONS 600

struct fixture {
    struct imgcls_context *ctx;
    struct imgcls_board *board;
    char root[64], path[160];
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

static const char *const texts[] = {"vit", "ViT", "vit_b16", "resnet50", "a", "", "100%", "_x_",
                                    "Ärger", "分类", "a'b\"c\\d", "10", "9", "1e3", "zebra",
                                    "vit_b16_384", "vit_b16_224"};
#define TEXTS (sizeof texts / sizeof texts[0])

/* A value for a column of the type; what must be there (NOT NULL) is never NULL. */
static void bind_drawn(struct fixture *f, sqlite3_stmt *insert, int index, const char *type,
                       bool required)
{
    static const int64_t integers[] = {0, 1, 2, 255, 256, 65536, 4294967296,
                                       9007199254740993, INT64_MAX};
    char longer[40];
    if (!required && draw(f, 4) == 0) {
        sqlite3_bind_null(insert, index);
    } else if (strcmp(type, "INTEGER") == 0) {
        sqlite3_bind_int64(insert, index,
                           draw(f, 3) ? (int64_t)draw(f, 20) : integers[draw(f, 9)]);
    } else if (strcmp(type, "REAL") == 0) {
        double values[] = {(double)draw(f, 1000) / 999, (double)draw(f, 10), 1.0 / 3, 1e-300,
                           1e300, 0.1 + 0.2};
        sqlite3_bind_double(insert, index, values[draw(f, 6)]);
    } else if (draw(f, 3) > 0) {
        sqlite3_bind_text(insert, index, texts[draw(f, TEXTS)], -1, SQLITE_STATIC);
    } else {
        snprintf(longer, sizeof longer, "2026-%02d-%02dT%06d", (int)draw(f, 12),
                 (int)draw(f, 28), (int)draw(f, 999999));
        sqlite3_bind_text(insert, index, longer, -1, SQLITE_TRANSIENT);
    }
}

/* Fills a table by its own description; checks of the schema are off meanwhile, for figures are
 * not to make sense here. `links`: columns whose values are numbers of rows, and how many. */
static void fill(struct fixture *f, const char *table, int count)
{
    static const struct {
        const char *name;
        int rows;
    } links[] = {{"model_id", MODELS}, {"dataset_id", SETS}, {"label_space_id", LABELS},
                 {"plugin_set_id", PLUGINS}};
    char sql[4096] = "", marks[512] = "", query[200], hash[65];
    struct {
        char name[40], type[16];
        bool required;
    } columns[96];
    int width = 0, i, row;
    sqlite3_stmt *statement;
    snprintf(query, sizeof query, "SELECT name, type, \"notnull\" FROM pragma_table_info('%s')",
             table);
    assert_int_equal(sqlite3_prepare_v2(f->board->db, query, -1, &statement, NULL), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        snprintf(columns[width].name, 40, "%s", (const char *)sqlite3_column_text(statement, 0));
        snprintf(columns[width].type, 16, "%s", (const char *)sqlite3_column_text(statement, 1));
        columns[width].required = sqlite3_column_int(statement, 2) != 0;
        strcat(strcat(sql, width ? ", " : ""), columns[width].name);
        strcat(marks, width++ ? ", ?" : "?");
    }
    sqlite3_finalize(statement);
    char *insert = sqlite3_mprintf("INSERT INTO %s (%s) VALUES (%s)", table, sql, marks);
    assert_int_equal(sqlite3_prepare_v2(f->board->db, insert, -1, &statement, NULL), SQLITE_OK);
    for (row = 1; row <= count; row++) {
        for (i = 0; i < width; i++) {
            const char *name = columns[i].name;
            size_t k;
            for (k = 0; k < 4 && strcmp(links[k].name, name) != 0; k++)
                ;
            snprintf(hash, sizeof hash, "%064x", row);
            if (strcmp(name, "id") == 0) /* with gaps, as none should be but may */
                sqlite3_bind_int64(statement, i + 1, row + (row > 2000 ? 7 : 0));
            else if (k < 4 && !columns[i].required && draw(f, 4) == 0)
                sqlite3_bind_null(statement, i + 1);
            else if (k < 4)
                sqlite3_bind_int64(statement, i + 1, 1 + (int64_t)draw(f, (uint64_t)links[k].rows));
            else if (strcmp(name, "uid") == 0)
                sqlite3_bind_text(statement, i + 1, hash + 32, -1, SQLITE_TRANSIENT);
            else if (strstr(name, "sha256"))
                sqlite3_bind_text(statement, i + 1, hash, -1, SQLITE_TRANSIENT);
            else if (strcmp(name, "tier") == 0)
                sqlite3_bind_text(statement, i + 1, draw(f, 2) ? "measured" : "reproduced", -1,
                                  SQLITE_STATIC);
            else if (strcmp(name, "supersedes") == 0 || strcmp(name, "reproduces") == 0)
                row > 9 && draw(f, 3) ? sqlite3_bind_int64(statement, i + 1, 1 + (int64_t)draw(f, 9))
                                      : sqlite3_bind_null(statement, i + 1);
            else
                bind_drawn(f, statement, i + 1, columns[i].type, columns[i].required);
        }
        if (sqlite3_step(statement) != SQLITE_DONE)
            fail_msg("%s: %s", table, sqlite3_errmsg(f->board->db));
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    sqlite3_free(insert);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    const char *seed = getenv("ICL_SEED");
    if (!f || imgcls_context_create(NULL, &f->ctx) != IMGCLS_OK)
        return -1;
    *state = f;
    strcpy(f->root, "/tmp/icl-select-XXXXXX");
    if (!mkdtemp(f->root))
        return -1;
    snprintf(f->path, sizeof f->path, "%s/board.db", f->root);
    f->state = seed ? strtoull(seed, NULL, 10) | 1 : 20261129;
    print_message("seed %llu\n", (unsigned long long)f->state);
    if (imgcls_board_open(f->ctx, f->path, IMGCLS_BOARD_WRITE, &f->board) != IMGCLS_OK)
        return -1;
    execute(f, "PRAGMA ignore_check_constraints = 1; PRAGMA synchronous = OFF; BEGIN");
    fill(f, "models", MODELS);
    fill(f, "datasets", SETS);
    fill(f, "label_spaces", LABELS);
    fill(f, "plugin_sets", PLUGINS);
    fill(f, "runs", RUNS);
    execute(f, "COMMIT");
    imgcls_board_close(f->board);
    /* Opening it to write packs what makes whole blocks. */
    return imgcls_board_open(f->ctx, f->path, IMGCLS_BOARD_WRITE, &f->board) == IMGCLS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char line[128];
    imgcls_board_close(f->board);
    imgcls_context_destroy(f->ctx);
    snprintf(line, sizeof line, "rm -rf %s", f->root);
    if (system(line) != 0)
        return -1;
    free(f);
    return 0;
}

static int64_t number(struct fixture *f, const char *sql)
{
    int64_t value;
    assert_int_equal(icl_board_integer(f->board, sql, -1, &value), IMGCLS_OK);
    return value;
}

static void whole_blocks_are_packed_and_the_rest_is_not(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(number(f, "SELECT count(DISTINCT block) FROM run_blocks"), 3);
    assert_int_equal(number(f, "SELECT count(DISTINCT name) FROM run_blocks"),
                     number(f, "SELECT count(*) FROM pragma_table_info('runs')"));
}

static void known_columns_are_those_of_the_view(void **state)
{
    struct fixture *f = *state;
    sqlite3_stmt *statement;
    size_t i;
    assert_int_equal(sqlite3_prepare_v2(f->board->db, "SELECT * FROM leaderboard", -1,
                                        &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_column_count(statement), icl_columns_known());
    for (i = 0; i < icl_columns_known(); i++)
        assert_string_equal(sqlite3_column_name(statement, (int)i), icl_columns_known_name(i));
    sqlite3_finalize(statement);
}

/* ---- Selections -------------------------------------------------------------------------*/

struct drawn {
    char where[3][120], sort[200], columns[200];
    const char *conditions[4];
    struct imgcls_board_selection wish;
    char sql[2000];         /* the same, as SQLite is to be asked */
    const char *values[3]; /* to bind, in order */
    int value_count;
};

static const char *any_column(struct fixture *f)
{
    return icl_columns_known_name(draw(f, icl_columns_known()));
}

/* A value to compare with: one that the board holds, half of the time. Static. */
static const char *any_value(struct fixture *f, const char *column, char value[64])
{
    static const char *const others[] = {"7", "0.5", "-1", "1e3", " 3", "abc", "0x10", "9.0",
                                         "9007199254740992.0", "1e400", "3 ", "%", "_", "é"};
    sqlite3_stmt *statement;
    char sql[200];
    snprintf(value, 64, "%s", draw(f, 2) ? others[draw(f, 14)] : texts[draw(f, TEXTS)]);
    if (draw(f, 2))
        return value;
    snprintf(sql, sizeof sql, "SELECT %s FROM leaderboard WHERE run = %d", column,
             1 + (int)draw(f, 2000));
    assert_int_equal(sqlite3_prepare_v2(f->board->db, sql, -1, &statement, NULL), SQLITE_OK);
    if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0) &&
        strlen((const char *)sqlite3_column_text(statement, 0)) < 60)
        strcpy(value, (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return value;
}

static void draw_condition(struct fixture *f, struct drawn *d, int i, char value[64])
{
    static const char *const ways[] = {"=", "!=", "<", "<=", ">", ">=", "~"};
    const char *column = any_column(f), *way = ways[draw(f, 7)];
    /* max() has no type of its own, so that the view's superseded_by compares with no text as a
     * number would: the statement says what is meant. */
    bool later = strcmp(column, "superseded_by") == 0;
    size_t at = strlen(d->sql), room = sizeof d->sql - at;
    char name[80];
    snprintf(name, sizeof name, later ? "CAST(%s AS INTEGER)" : "%s", column);
    any_value(f, column, value);
    snprintf(d->where[i], sizeof d->where[i], draw(f, 5) ? "%s%s%s" : " %s %s%s", column, way,
             value);
    d->conditions[i] = d->where[i];
    if (!*value && (*way == '=' || *way == '!'))
        snprintf(d->sql + at, room, "%s %s IS %sNULL", i ? " AND" : " WHERE", name,
                 *way == '!' ? "NOT " : "");
    else if (*way == '~')
        snprintf(d->sql + at, room, "%s %s LIKE '%%' || replace(replace(replace(?, '\\', '\\\\'),"
                                    " '%%', '\\%%'), '_', '\\_') || '%%' ESCAPE '\\'",
                 i ? " AND" : " WHERE", name);
    else
        snprintf(d->sql + at, room, "%s %s %s ?", i ? " AND" : " WHERE", name, way);
    if (*value || !(*way == '=' || *way == '!'))
        d->values[d->value_count++] = value;
}

static void draw_order(struct fixture *f, struct drawn *d)
{
    int count = 1 + (int)draw(f, 3), i;
    strcat(d->sql, " ORDER BY ");
    for (i = 0; i < count; i++) {
        static const char *const ways[] = {"", ",asc", ",desc"};
        const char *column = any_column(f);
        size_t way = draw(f, 3), at = strlen(d->sort);
        snprintf(d->sort + at, sizeof d->sort - at, "%s%s%s", i ? ";" : "", column, ways[way]);
        at = strlen(d->sql);
        snprintf(d->sql + at, sizeof d->sql - at, "%s%s NULLS LAST, ", column,
                 way == 2 ? " DESC" : "");
    }
    strcat(d->sql, "run");
}

static void draw_selection(struct fixture *f, struct drawn *d, char values[3][64])
{
    static const int64_t limits[] = {0, 1, 10, 1001, 5000};
    int count = (int)draw(f, 4), i;
    memset(d, 0, sizeof *d);
    snprintf(d->columns, sizeof d->columns, "run,%s,%s,%s", any_column(f), any_column(f),
             any_column(f));
    snprintf(d->sql, sizeof d->sql, "SELECT %s FROM leaderboard", d->columns);
    for (i = 0; i < count; i++)
        draw_condition(f, d, i, values[i]);
    draw_order(f, d);
    d->wish = (struct imgcls_board_selection){sizeof d->wish, d->columns, d->conditions,
                                              d->sort, limits[draw(f, 5)]};
    if (d->wish.limit > 0)
        sprintf(d->sql + strlen(d->sql), " LIMIT %d", (int)d->wish.limit);
}

static bool is_same(const struct imgcls_board_cell *a, const struct imgcls_board_cell *b)
{
    return a->kind == b->kind && a->integer == b->integer && a->real == b->real &&
           (a->kind != IMGCLS_CELL_TEXT || strcmp(a->text, b->text) == 0);
}

static void compare_answers(struct fixture *f, const struct drawn *d)
{
    struct imgcls_board_rows *ours, *theirs;
    sqlite3_stmt *statement;
    size_t i;
    if (imgcls_board_list(f->board, &d->wish, &ours) != IMGCLS_OK)
        fail_msg("%s: %s", d->sql, imgcls_error(f->ctx));
    if (sqlite3_prepare_v2(f->board->db, d->sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", d->sql, sqlite3_errmsg(f->board->db));
    for (i = 0; i < (size_t)d->value_count; i++)
        sqlite3_bind_text(statement, (int)i + 1, d->values[i], -1, SQLITE_STATIC);
    assert_int_equal(icl_board_collect(f->board, statement, (size_t)1 << 28, &theirs), IMGCLS_OK);
    if (ours->row_count != theirs->row_count)
        fail_msg("%s (%s; %s; %s): %zu runs, SQLite finds %zu", d->sql, d->where[0], d->where[1],
                 d->where[2], ours->row_count, theirs->row_count);
    for (i = 0; i < ours->row_count * ours->column_count; i++)
        if (!is_same(&ours->cells[i], &theirs->cells[i]))
            fail_msg("%s (%s; %s; %s): row %zu, column %zu", d->sql, d->where[0], d->where[1],
                     d->where[2], i / ours->column_count, i % ours->column_count);
    sqlite3_finalize(statement);
    imgcls_board_rows_destroy(ours);
    imgcls_board_rows_destroy(theirs);
}

static void drawn_selections_are_what_sqlite_answers(void **state)
{
    struct fixture *f = *state;
    struct drawn *d = malloc(sizeof *d);
    char values[3][64];
    int i;
    assert_non_null(d);
    for (i = 0; i < SELECTIONS; i++) {
        draw_selection(f, d, values);
        compare_answers(f, d);
    }
    free(d);
}

/* ---- Blocks -----------------------------------------------------------------------------*/

static void a_board_without_blocks_lists_the_same(void **state)
{
    struct fixture *f = *state;
    struct imgcls_board_selection wish = {.struct_size = sizeof wish, .columns = "all",
                                          .sort = "top1,desc;model"};
    struct imgcls_board_rows *with, *without;
    size_t i;
    assert_int_equal(imgcls_board_list(f->board, &wish, &with), IMGCLS_OK);
    execute(f, "DELETE FROM run_blocks");
    assert_int_equal(imgcls_board_list(f->board, &wish, &without), IMGCLS_OK);
    assert_int_equal(icl_blocks_pack(f->board), IMGCLS_OK);
    assert_int_equal(with->row_count, RUNS);
    assert_int_equal(without->row_count, RUNS);
    for (i = 0; i < with->row_count * with->column_count; i++)
        if (!is_same(&with->cells[i], &without->cells[i]))
            fail_msg("row %zu, column %s", i / with->column_count,
                     with->columns[i % with->column_count]);
    imgcls_board_rows_destroy(with);
    imgcls_board_rows_destroy(without);
}

/* Every byte of the head, and lengths: refused or read, but nothing beyond the bytes. */
static void damaged_blocks_are_refused_or_read(void **state)
{
    static const char *const names[] = {"id", "model_name", "top1", "threads", "ties"};
    struct fixture *f = *state;
    size_t n, refused = 0, i;
    for (n = 0; n < 5; n++) {
        sqlite3_stmt *statement;
        char sql[128];
        snprintf(sql, sizeof sql, "SELECT bytes FROM run_blocks WHERE name = '%s' AND block = 1",
                 names[n]);
        assert_int_equal(sqlite3_prepare_v2(f->board->db, sql, -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        size_t size = (size_t)sqlite3_column_bytes(statement, 0);
        for (i = 0; i < 400; i++) {
            struct icl_column column = {0};
            size_t length = draw(f, 4) ? size : draw(f, size);
            unsigned char *bytes = malloc(length ? length : 1); /* no more, for a sanitizer */
            imgcls_status status;
            assert_non_null(bytes);
            memcpy(bytes, sqlite3_column_blob(statement, 0), length);
            if (length > 0)
                bytes[draw(f, draw(f, 2) && length > 16 ? 16 : length)] ^=
                    (unsigned char)(1 + draw(f, 255));
            status = icl_column_unpack(f->board, &column, names[n], bytes, length);
            assert_true(status == IMGCLS_OK || status == IMGCLS_BAD_INPUT);
            refused += status != IMGCLS_OK;
            icl_forgive(f->ctx);
            icl_column_clear(&column);
            free(bytes);
        }
        sqlite3_finalize(statement);
    }
    assert_true(refused > 500);
}

static void a_block_that_is_missing_is_told(void **state)
{
    struct fixture *f = *state;
    struct imgcls_board_selection wish = {.struct_size = sizeof wish, .sort = "threads"};
    struct imgcls_board_rows *rows;
    execute(f, "SAVEPOINT missing; DELETE FROM run_blocks WHERE name = 'threads' AND block = 1");
    assert_int_equal(imgcls_board_list(f->board, &wish, &rows), IMGCLS_BAD_INPUT);
    assert_non_null(strstr(imgcls_error(f->ctx), "damaged"));
    assert_null(rows);
    icl_forgive(f->ctx);
    execute(f, "ROLLBACK TO missing; RELEASE missing");
}

/* A board of its own, for check asks for figures that make sense first. */
static void check_finds_a_block_that_is_not_what_runs_hold(void **state)
{
    struct fixture own = *(struct fixture *)*state, *f = &own;
    struct imgcls_board_rows *rows;
    int64_t checked, without;
    char path[256];
    snprintf(path, sizeof path, "%s/other.db", f->root);
    assert_int_equal(imgcls_board_open(f->ctx, path, IMGCLS_BOARD_WRITE, &f->board), IMGCLS_OK);
    execute(f, "INSERT INTO models (id, sha256, name, format, first_seen)"
               " VALUES (1, printf('%064d', 1), 'm', 'onnx', '');"
               "INSERT INTO datasets (id, sha256, name, path, layout, images, classes, first_seen)"
               " VALUES (1, printf('%064d', 1), 'd', '/d', 'folders', 9, 3, '');"
               "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2100)"
               "INSERT INTO runs (uid, model_id, dataset_id, model_name, model_path, recipe,"
               " precision, engine_version, isa, threads, batch, cpu, cpus, images, failed,"
               " nan_scores, top1_correct, top1, top1_low, top1_high, seconds,"
               " images_per_second, started_at, recorded_at)"
               " SELECT printf('%032d', i), 1, 1, 'm' || i % 7, '/m', 'r', 'float32', '1', 'avx2',"
               " 1, 1, 'c', 1, 9, 0, 0, 3, i / 3000.0, 0.1, 0.2, i, 9.0 / i, 's', 't' FROM n");
    assert_int_equal(icl_blocks_pack(f->board), IMGCLS_OK);
    assert_int_equal(number(f, "SELECT max(block) FROM run_blocks"), 1);
    assert_int_equal(imgcls_board_check(f->board, &checked, &without, &rows), IMGCLS_OK);
    assert_int_equal(checked, 2100);
    imgcls_board_rows_destroy(rows);
    execute(f, "UPDATE run_blocks SET bytes = (SELECT bytes FROM run_blocks WHERE"
               " name = 'seconds' AND block = 1) WHERE name = 'top1_low' AND block = 1");
    assert_int_equal(imgcls_board_check(f->board, &checked, &without, &rows), IMGCLS_MISMATCH);
    assert_int_equal(rows->row_count, 1);
    assert_string_equal(rows->cells[1].text, "block of top1_low");
    assert_int_equal(rows->cells[0].integer, 1025);
    icl_forgive(f->ctx);
    imgcls_board_rows_destroy(rows);
    imgcls_board_close(f->board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_blocks_are_packed_and_the_rest_is_not),
        cmocka_unit_test(known_columns_are_those_of_the_view),
        cmocka_unit_test(drawn_selections_are_what_sqlite_answers),
        cmocka_unit_test(a_board_without_blocks_lists_the_same),
        cmocka_unit_test(damaged_blocks_are_refused_or_read),
        cmocka_unit_test(a_block_that_is_missing_is_told),
        cmocka_unit_test(check_finds_a_block_that_is_not_what_runs_hold),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

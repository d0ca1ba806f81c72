/*
 * eval/leaderboard/runs.c - an evaluation becomes one immutable row, with all that it rests on
 *
 * Model, data set, file names, run, answers and failures go in by one transaction: a crash
 * leaves all of it or nothing.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/board.h"

#include "eval/evaluate.h"
#include "eval/leaderboard/machine.h"
#include "eval/leaderboard/place.h"
#include "eval/leaderboard/progress.h"
#include "eval/leaderboard/provenance.h"
#include "src/model/model.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* 128 random bits: a run keeps its name in every copy and merge of the file. */
static imgcls_status make_uid(struct imgcls_board *board, char text[33])
{
    unsigned char bits[16];
    size_t i;
    if (getrandom(bits, sizeof bits, 0) != (ssize_t)sizeof bits)
        return icl_fail(board->ctx, IMGCLS_IO, "%s: no random number for the run: %s",
                        board->path, strerror(errno));
    for (i = 0; i < sizeof bits; i++)
        snprintf(text + 2 * i, 3, "%02x", bits[i]);
    return IMGCLS_OK;
}

/* Last part of a path, for the name of a data set. */
static void last_part(const char *path, char *text, size_t capacity)
{
    size_t end = strlen(path), begin;
    while (end > 1 && path[end - 1] == '/')
        end--;
    for (begin = end; begin > 0 && path[begin - 1] != '/'; begin--)
        continue;
    snprintf(text, capacity, "%.*s", (int)(end - begin), path + begin);
}

static imgcls_status find_dataset(struct imgcls_board *board, const char *sha256, int64_t *id)
{
    sqlite3_stmt *statement = NULL;
    imgcls_status status =
        icl_board_prepare(board, "SELECT id FROM datasets WHERE sha256 = ?1", &statement);
    int code;
    *id = 0;
    if (status != IMGCLS_OK)
        return status;
    icl_bind_text(statement, 1, sha256);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *id = sqlite3_column_int64(statement, 0);
    else if (code != SQLITE_DONE)
        status = icl_board_fail(board, code, "looking for the data set");
    sqlite3_finalize(statement);
    return status;
}

/* Further right classes as "3,17". */
static imgcls_status bind_also(struct imgcls_board *board, sqlite3_stmt *statement, int index,
                               const struct icl_dataset_entry *entry)
{
    size_t capacity = (size_t)entry->also_count * 12 + 1, used = 0;
    char *text;
    int32_t i;
    if (entry->also_count == 0) {
        sqlite3_bind_null(statement, index);
        return IMGCLS_OK;
    }
    text = malloc(capacity);
    if (!text)
        return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for labels", board->path);
    for (i = 0; i < entry->also_count; i++)
        used += (size_t)snprintf(text + used, capacity - used, "%s%d", i ? "," : "",
                                 (int)entry->also[i]);
    icl_bind_text(statement, index, text);
    free(text);
    return IMGCLS_OK;
}

static imgcls_status add_pictures(struct imgcls_board *board, const struct icl_dataset *set,
                                  int64_t id)
{
    sqlite3_stmt *statement = NULL;
    imgcls_status status = icl_board_prepare(
        board,
        "INSERT INTO pictures (dataset_id, position, file, label, also_right)"
        " VALUES (?1, ?2, ?3, ?4, ?5)",
        &statement);
    size_t i;
    for (i = 0; i < set->count && status == IMGCLS_OK; i++) {
        sqlite3_bind_int64(statement, 1, id);
        sqlite3_bind_int64(statement, 2, (int64_t)i);
        icl_bind_text(statement, 3, set->entries[i].file);
        sqlite3_bind_int64(statement, 4, set->entries[i].label);
        status = bind_also(board, statement, 5, &set->entries[i]);
        if (status != IMGCLS_OK)
            break;
        status = icl_board_step(board, statement, "writing the file names");
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    return status;
}

static imgcls_status keep_dataset(struct imgcls_board *board,
                                  const struct icl_evaluation *evaluation, int64_t *id)
{
    const struct imgcls_evaluation *head = &evaluation->head;
    sqlite3_stmt *statement = NULL;
    char *absolute, name[256], time[21];
    imgcls_status status = find_dataset(board, evaluation->sha256, id);
    if (status != IMGCLS_OK || *id != 0)
        return status;
    absolute = icl_absolute_path(evaluation->dataset);
    if (!absolute)
        return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for a path", board->path);
    status = icl_board_prepare(board,
                               "INSERT INTO datasets (sha256, name, path, layout, images, "
                               "classes, first_seen, manifest_sha256) "
                               "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                               &statement);
    if (status == IMGCLS_OK) {
        last_part(absolute, name, sizeof name);
        icl_board_time(time);
        icl_bind_text(statement, 1, evaluation->sha256);
        icl_bind_text(statement, 2, name);
        icl_bind_text(statement, 3, absolute);
        icl_bind_text(statement, 4, head->layout);
        sqlite3_bind_int64(statement, 5, head->images);
        sqlite3_bind_int64(statement, 6, head->classes);
        icl_bind_text(statement, 7, time);
        icl_bind_text(statement, 8, evaluation->manifest);
        status = icl_board_step(board, statement, "writing the data set");
    }
    sqlite3_finalize(statement);
    free(absolute);
    *id = sqlite3_last_insert_rowid(board->db);
    return status == IMGCLS_OK ? add_pictures(board, evaluation->set, *id) : status;
}

/* Binds from index on: value, low, high; NULL where there is no such rate. */
static void bind_rate(sqlite3_stmt *statement, int index, const struct imgcls_rate *rate,
                      bool known)
{
    const double values[] = {rate->value, rate->low, rate->high};
    int i;
    for (i = 0; i < 3; i++) {
        if (known)
            sqlite3_bind_double(statement, index + i, values[i]);
        else
            sqlite3_bind_null(statement, index + i);
    }
}

static const char run_sql[] =
    "INSERT INTO runs (uid, model_id, dataset_id, model_name, model_path, recipe, precision,"
    " engine_version, isa, threads, batch, cpu, cpus, images, failed, nan_scores,"
    " top1_correct, top1, top1_low, top1_high, top5_correct, top5, top5_low, top5_high,"
    " seconds, images_per_second, started_at, recorded_at, memory_bytes, recorded_by,"
    " peak_memory_bytes, latency_p50_ms, latency_p90_ms, latency_p99_ms, label_space_id,"
    " plugin_set_id, tier, supersedes, reproduces, ties, nll, ece, mce, class_accuracy,"
    " macro_precision, macro_f1, oriented, skipped, compared_classes, resumed, ranks)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,"
    " ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34,"
    " ?35, ?36, ?37, ?38, ?39, ?40, ?41, ?42, ?43, ?44, ?45, ?46, ?47, ?48, ?49, ?50, ?51)";

/* Rows that a run refers to; 0: none. */
struct links {
    int64_t model, dataset, labels, plugins, supersedes, reproduces;
};

static void bind_link(sqlite3_stmt *statement, int index, int64_t id)
{
    icl_bind_known(statement, index, id > 0 ? id : -1);
}

static void bind_positive(sqlite3_stmt *statement, int index, double value)
{
    if (value > 0)
        sqlite3_bind_double(statement, index, value);
    else
        sqlite3_bind_null(statement, index);
}

static void bind_run(sqlite3_stmt *statement, const struct imgcls_context *ctx,
                     const struct imgcls_evaluation *head)
{
    char cpu[256], time[21], user[300];
    icl_cpu_name(cpu, sizeof cpu);
    icl_machine_user(user, sizeof user);
    icl_board_time(time);
    icl_bind_text(statement, 6, head->recipe);
    icl_bind_text(statement, 7, "float32"); /* the only one that this engine computes in */
    icl_bind_text(statement, 8, imgcls_version());
    icl_bind_text(statement, 9, icl_isa_name(ctx->isa));
    sqlite3_bind_int64(statement, 10, head->threads);
    sqlite3_bind_int64(statement, 11, head->batch);
    icl_bind_text(statement, 12, cpu);
    sqlite3_bind_int64(statement, 13, icl_cpu_count());
    sqlite3_bind_int64(statement, 14, head->images);
    sqlite3_bind_int64(statement, 15, head->failed);
    sqlite3_bind_int64(statement, 16, head->nan_scores);
    sqlite3_bind_int64(statement, 17, head->top1_correct);
    bind_rate(statement, 18, &head->top1, true);
    icl_bind_known(statement, 21, head->top5_correct);
    bind_rate(statement, 22, &head->top5, head->top5_correct >= 0);
    sqlite3_bind_double(statement, 25, head->seconds);
    sqlite3_bind_double(statement, 26, head->images_per_second);
    icl_bind_text(statement, 27, head->started);
    icl_bind_text(statement, 28, time);
    bind_link(statement, 29, icl_machine_memory());
    icl_bind_text(statement, 30, user);
    bind_link(statement, 31, head->peak_memory_bytes);
    bind_positive(statement, 32, head->latency_p50_ms);
    bind_positive(statement, 33, head->latency_p90_ms);
    bind_positive(statement, 34, head->latency_p99_ms);
}

static void bind_figures(sqlite3_stmt *statement, const struct imgcls_evaluation *head)
{
    sqlite3_bind_int64(statement, 40, head->ties);
    if (isfinite(head->nll))
        sqlite3_bind_double(statement, 41, head->nll);
    else
        sqlite3_bind_null(statement, 41);
    sqlite3_bind_double(statement, 42, head->ece);
    sqlite3_bind_double(statement, 43, head->mce);
    sqlite3_bind_double(statement, 44, head->class_accuracy);
    sqlite3_bind_double(statement, 45, head->macro_precision);
    sqlite3_bind_double(statement, 46, head->macro_f1);
    sqlite3_bind_int64(statement, 47, head->oriented);
    sqlite3_bind_int64(statement, 48, head->skipped);
    sqlite3_bind_int64(statement, 49, head->compared_classes);
    sqlite3_bind_int64(statement, 50, head->resumed);
    sqlite3_bind_int64(statement, 51, head->ranks);
}

static imgcls_status insert_run(struct imgcls_board *board, const struct imgcls_model *model,
                                const struct icl_evaluation *evaluation,
                                const struct links *links, int64_t *id)
{
    sqlite3_stmt *statement = NULL;
    char uid[33], *absolute = icl_absolute_path(model->path);
    char *name = absolute ? icl_board_model_name(absolute) : NULL;
    imgcls_status status = make_uid(board, uid);
    if (status == IMGCLS_OK && !name)
        status = icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for a path",
                          board->path);
    if (status == IMGCLS_OK)
        status = icl_board_prepare(board, run_sql, &statement);
    if (status == IMGCLS_OK) {
        icl_bind_text(statement, 1, uid);
        sqlite3_bind_int64(statement, 2, links->model);
        sqlite3_bind_int64(statement, 3, links->dataset);
        icl_bind_text(statement, 4, name);
        icl_bind_text(statement, 5, absolute);
        bind_run(statement, board->ctx, &evaluation->head);
        bind_link(statement, 35, links->labels);
        bind_link(statement, 36, links->plugins);
        icl_bind_text(statement, 37, links->reproduces > 0 ? "reproduced" : "measured");
        bind_link(statement, 38, links->supersedes);
        bind_link(statement, 39, links->reproduces);
        bind_figures(statement, &evaluation->head);
        status = icl_board_step(board, statement, "writing the run");
        *id = sqlite3_last_insert_rowid(board->db);
    }
    sqlite3_finalize(statement);
    free(absolute);
    free(name);
    return status;
}

/* The answers in their stored form. */
struct stored {
    int index_bytes;
    uint8_t *bytes; /* own: free */
    size_t size;
};

static imgcls_status encode(struct imgcls_board *board,
                            const struct icl_evaluation *evaluation, struct stored *stored)
{
    size_t size, count = evaluation->set->count, i;
    stored->index_bytes = icl_answer_index_bytes(evaluation->head.classes);
    size = icl_answer_size(stored->index_bytes);
    stored->bytes = icl_mul_size(size, count, &stored->size) ? malloc(stored->size) : NULL;
    if (!stored->bytes)
        return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for %zu answers",
                        board->path, count);
    for (i = 0; i < count; i++)
        icl_answer_encode(&evaluation->answers[i], stored->index_bytes,
                          stored->bytes + i * size);
    return IMGCLS_OK;
}

static imgcls_status add_answers(struct imgcls_board *board, const struct stored *stored,
                                 int64_t run)
{
    sqlite3_stmt *statement = NULL;
    imgcls_status status = icl_board_prepare(
        board, "INSERT INTO answers (run_id, index_bytes, bytes) VALUES (?1, ?2, ?3)",
        &statement);
    if (status == IMGCLS_OK) {
        sqlite3_bind_int64(statement, 1, run);
        sqlite3_bind_int(statement, 2, stored->index_bytes);
        sqlite3_bind_blob64(statement, 3, stored->bytes, stored->size, SQLITE_STATIC);
        status = icl_board_step(board, statement, "writing the answers");
    }
    sqlite3_finalize(statement);
    return status;
}

/* The newest run that was the same measurement of the same thing: the new one supersedes it. */
static const char supersedes_sql[] =
    "SELECT id FROM runs WHERE model_id = ?1 AND dataset_id = ?2 AND recipe = ?3"
    " AND precision = 'float32' AND isa = ?4 AND threads = ?5 AND batch = ?6 AND cpu = ?7"
    " ORDER BY id DESC LIMIT 1";
/* The first run of the same model over the same pictures with the same recipe, where it gave
 * the same answer, to the bit, to each: the new one reproduces it. */
static const char reproduces_sql[] =
    "SELECT run_id FROM answers WHERE run_id = (SELECT id FROM runs WHERE model_id = ?1"
    " AND dataset_id = ?2 AND recipe = ?3 ORDER BY id LIMIT 1) AND bytes = ?4";

static imgcls_status step_to_id(struct imgcls_board *board, sqlite3_stmt *statement,
                                int64_t *id)
{
    int code = sqlite3_step(statement);
    *id = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    return code == SQLITE_ROW || code == SQLITE_DONE
               ? IMGCLS_OK
               : icl_board_fail(board, code, "looking for earlier runs");
}

static imgcls_status find_earlier(struct imgcls_board *board,
                                  const struct imgcls_evaluation *head,
                                  const struct stored *stored, struct links *links)
{
    sqlite3_stmt *statement = NULL;
    char cpu[256];
    imgcls_status status = icl_board_prepare(board, supersedes_sql, &statement);
    if (status == IMGCLS_OK) {
        icl_cpu_name(cpu, sizeof cpu);
        sqlite3_bind_int64(statement, 1, links->model);
        sqlite3_bind_int64(statement, 2, links->dataset);
        icl_bind_text(statement, 3, head->recipe);
        icl_bind_text(statement, 4, icl_isa_name(board->ctx->isa));
        sqlite3_bind_int64(statement, 5, head->threads);
        sqlite3_bind_int64(statement, 6, head->batch);
        icl_bind_text(statement, 7, cpu);
        status = step_to_id(board, statement, &links->supersedes);
    }
    sqlite3_finalize(statement);
    statement = NULL;
    if (status == IMGCLS_OK)
        status = icl_board_prepare(board, reproduces_sql, &statement);
    if (status == IMGCLS_OK) {
        sqlite3_bind_int64(statement, 1, links->model);
        sqlite3_bind_int64(statement, 2, links->dataset);
        icl_bind_text(statement, 3, head->recipe);
        sqlite3_bind_blob64(statement, 4, stored->bytes, stored->size, SQLITE_STATIC);
        status = step_to_id(board, statement, &links->reproduces);
    }
    sqlite3_finalize(statement);
    return status;
}

/* Failures stand in the order of the set, so positions are found in one walk. */
static imgcls_status add_failures(struct imgcls_board *board,
                                  const struct icl_evaluation *evaluation, int64_t run)
{
    sqlite3_stmt *statement = NULL;
    imgcls_status status = icl_board_prepare(
        board, "INSERT INTO failures (run_id, position, reason) VALUES (?1, ?2, ?3)",
        &statement);
    size_t i, position = 0;
    for (i = 0; i < evaluation->head.failure_count && status == IMGCLS_OK; i++) {
        while (position < evaluation->set->count &&
               evaluation->set->entries[position].file != evaluation->failures[i].file)
            position++;
        sqlite3_bind_int64(statement, 1, run);
        sqlite3_bind_int64(statement, 2, (int64_t)position);
        icl_bind_text(statement, 3, evaluation->failures[i].reason);
        status = icl_board_step(board, statement, "writing the failures");
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    return status;
}

static imgcls_status add_class_figures(struct imgcls_board *board,
                                       const struct icl_evaluation *evaluation, int64_t run)
{
    sqlite3_stmt *statement = NULL;
    imgcls_status status = icl_board_prepare(
        board,
        "INSERT INTO class_figures (run_id, class, images, top1_correct, top5_correct,"
        " predicted) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        &statement);
    int64_t i;
    for (i = 0; i < evaluation->figures.class_count && status == IMGCLS_OK; i++) {
        const struct icl_class_figures *figures = &evaluation->figures.classes[i];
        if (figures->images == 0 && figures->predicted == 0)
            continue;
        sqlite3_bind_int64(statement, 1, run);
        sqlite3_bind_int64(statement, 2, i);
        sqlite3_bind_int64(statement, 3, figures->images);
        sqlite3_bind_int64(statement, 4, figures->top1_correct);
        sqlite3_bind_int64(statement, 5, figures->top5_correct);
        sqlite3_bind_int64(statement, 6, figures->predicted);
        status = icl_board_step(board, statement, "writing the figures of classes");
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    return status;
}

/* All that goes in by one transaction. */
static imgcls_status add_all(struct imgcls_board *board, const struct imgcls_model *model,
                             const struct icl_evaluation *evaluation,
                             const struct icl_board_model *known, const struct stored *stored,
                             int64_t *run)
{
    struct links links = {0};
    imgcls_status status = icl_board_keep_model(board, known, &links.model);
    if (status == IMGCLS_OK)
        status = keep_dataset(board, evaluation, &links.dataset);
    if (status == IMGCLS_OK)
        status = icl_board_keep_labels(board, model, &links.labels);
    if (status == IMGCLS_OK)
        status = icl_board_keep_plugins(board, &links.plugins);
    if (status == IMGCLS_OK)
        status = find_earlier(board, &evaluation->head, stored, &links);
    if (status == IMGCLS_OK)
        status = insert_run(board, model, evaluation, &links, run);
    if (status == IMGCLS_OK)
        status = add_answers(board, stored, *run);
    if (status == IMGCLS_OK)
        status = add_failures(board, evaluation, *run);
    if (status == IMGCLS_OK)
        status = add_class_figures(board, evaluation, *run);
    if (status == IMGCLS_OK && evaluation->progress_id > 0)
        status = icl_progress_remove(board, evaluation->progress_id);
    return status;
}

imgcls_status imgcls_board_add_run(struct imgcls_board *board,
                                   const struct imgcls_model *model,
                                   const struct imgcls_evaluation *head, int64_t *run_id)
{
    icl_forgive(board->ctx); /* what an earlier call left */
    const struct icl_evaluation *evaluation = (const struct icl_evaluation *)head;
    struct icl_board_model known = {
        .path = model->path,
        .sha256 = imgcls_model_sha256(model), /* before the lock: hashing takes its time */
        .format = model->format ? model->format : "unknown",
        .parameters = -1,
        .macs = -1,
        .nodes = -1,
        .classes = head->classes,
        .recipe = model->recipe_text,
    };
    struct icl_board_texts texts;
    struct stored stored = {0};
    int64_t run = 0;
    imgcls_status status;
    *run_id = 0;
    if (!board->writable)
        return icl_fail(board->ctx, IMGCLS_BAD_INPUT, "%s: opened for reading only",
                        board->path);
    if (strlen(known.sha256) != 64)
        return icl_fail(board->ctx, IMGCLS_IO, "%s: cannot be hashed, so it gets no row",
                        model->path);
    status = icl_board_describe(model, &known, &texts);
    if (status == IMGCLS_OK)
        status = icl_board_hash_plugins(board);
    if (status == IMGCLS_OK)
        status = encode(board, evaluation, &stored);
    if (status == IMGCLS_OK)
        status = icl_board_begin(board);
    if (status == IMGCLS_OK)
        status = icl_board_end(board,
                               add_all(board, model, evaluation, &known, &stored, &run));
    free(stored.bytes);
    if (status == IMGCLS_OK)
        *run_id = run;
    return status;
}

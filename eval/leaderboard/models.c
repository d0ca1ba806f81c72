/*
 * eval/leaderboard/models.c - models that were converted or measured
 *
 * A model is its file's SHA-256: seen again, its row is completed with what was not known
 * before and never contradicted. A registration says where it lay and when; eval without a
 * MODEL takes the last one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/board.h"

#include "eval/leaderboard/place.h"

#include <stdlib.h>
#include <string.h>

static const char keep_sql[] =
    "INSERT INTO models (sha256, weights_sha256, name, format, parameters, macs, nodes,"
    " classes, recipe, first_seen, graph_sha256, bytes, opset, producer, weights_type,"
    " parent_sha256) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,"
    " ?16)"
    " ON CONFLICT (sha256) DO UPDATE SET"
    " weights_sha256 = coalesce(weights_sha256, excluded.weights_sha256),"
    " parameters = coalesce(parameters, excluded.parameters),"
    " macs = coalesce(macs, excluded.macs), nodes = coalesce(nodes, excluded.nodes),"
    " classes = coalesce(classes, excluded.classes),"
    " recipe = coalesce(recipe, excluded.recipe),"
    " graph_sha256 = coalesce(graph_sha256, excluded.graph_sha256),"
    " bytes = coalesce(bytes, excluded.bytes), opset = coalesce(opset, excluded.opset),"
    " producer = coalesce(producer, excluded.producer),"
    " weights_type = coalesce(weights_type, excluded.weights_type),"
    " parent_sha256 = coalesce(parent_sha256, excluded.parent_sha256)"
    " RETURNING id";

/* Length of a file name without a suffix of ours. */
static size_t stem_length(const char *name, size_t length)
{
    static const char *const suffixes[] = {".imgcls", ".onnx", ".pt", ".pth", ".safetensors"};
    size_t i;
    for (i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        size_t size = strlen(suffixes[i]);
        if (length > size && memcmp(name + length - size, suffixes[i], size) == 0)
            return length - size;
    }
    return length;
}

/* Last part of path[0, *length), the length without it and its slashes in *length. */
static const char *last_part(const char *path, size_t *length, size_t *part_length)
{
    size_t end = *length, begin;
    while (end > 0 && path[end - 1] == '/')
        end--;
    for (begin = end; begin > 0 && path[begin - 1] != '/'; begin--)
        continue;
    *part_length = end - begin;
    *length = begin;
    return path + begin;
}

char *icl_board_model_name(const char *path)
{
    /* Names that say nothing: the folder then has the name (ONNX model zoo, Hugging Face). */
    static const char *const empty[] = {"model", "checkpoint", "pytorch_model"};
    size_t length = strlen(path), size, parent, i;
    const char *part = last_part(path, &length, &size);
    size_t stem = stem_length(part, size);
    for (i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        if (stem != strlen(empty[i]) || memcmp(part, empty[i], stem) != 0)
            continue;
        const char *folder = last_part(path, &length, &parent);
        if (parent > 0 && !(parent == 1 && *folder == '.') &&
            !(parent == 2 && memcmp(folder, "..", 2) == 0))
            return strndup(folder, parent);
    }
    return strndup(part, stem);
}

imgcls_status icl_board_keep_model(struct imgcls_board *board,
                                   const struct icl_board_model *model, int64_t *id)
{
    sqlite3_stmt *statement = NULL;
    imgcls_status status;
    char time[21], *absolute = NULL, *made = NULL;
    int code;
    *id = 0;
    if (!model->name) {
        absolute = icl_absolute_path(model->path);
        made = absolute ? icl_board_model_name(absolute) : NULL;
        if (!made) {
            free(absolute);
            return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for the model's name",
                            board->path);
        }
    }
    status = icl_board_prepare(board, keep_sql, &statement);
    if (status != IMGCLS_OK)
        goto done;
    icl_board_time(time);
    icl_bind_text(statement, 1, model->sha256);
    icl_bind_text(statement, 2, model->weights_sha256);
    icl_bind_text(statement, 3, made ? made : model->name);
    icl_bind_text(statement, 4, model->format);
    icl_bind_known(statement, 5, model->parameters);
    icl_bind_known(statement, 6, model->macs);
    icl_bind_known(statement, 7, model->nodes);
    icl_bind_known(statement, 8, model->classes > 0 ? model->classes : -1);
    icl_bind_text(statement, 9, model->recipe);
    icl_bind_text(statement, 10, time);
    icl_bind_text(statement, 11, model->graph_sha256);
    icl_bind_known(statement, 12, model->bytes > 0 ? model->bytes : -1);
    icl_bind_known(statement, 13, model->opset > 0 ? model->opset : -1);
    icl_bind_text(statement, 14, model->producer);
    icl_bind_text(statement, 15, model->weights_type);
    icl_bind_text(statement, 16, model->parent_sha256);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        *id = sqlite3_column_int64(statement, 0);
        status = icl_board_step(board, statement, "registering the model");
    } else {
        status = icl_board_fail(board, code, "registering the model");
    }
done:
    sqlite3_finalize(statement);
    free(absolute);
    free(made);
    return status;
}

static imgcls_status add_registration(struct imgcls_board *board, int64_t model,
                                      const char *path)
{
    sqlite3_stmt *statement = NULL;
    imgcls_status status;
    char time[21], *absolute = icl_absolute_path(path);
    if (!absolute)
        return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for the model's path",
                        board->path);
    status = icl_board_prepare(board,
                               "INSERT INTO registrations (model_id, path, registered_at)"
                               " VALUES (?1, ?2, ?3)",
                               &statement);
    if (status == IMGCLS_OK) {
        icl_board_time(time);
        sqlite3_bind_int64(statement, 1, model);
        icl_bind_text(statement, 2, absolute);
        icl_bind_text(statement, 3, time);
        status = icl_board_step(board, statement, "registering the model");
    }
    sqlite3_finalize(statement);
    free(absolute);
    return status;
}

imgcls_status icl_board_add_model(struct imgcls_board *board,
                                  const struct icl_board_model *model, int64_t *id)
{
    int64_t row = 0;
    imgcls_status status = icl_board_begin(board);
    if (status != IMGCLS_OK)
        return status;
    status = icl_board_keep_model(board, model, &row);
    if (status == IMGCLS_OK)
        status = add_registration(board, row, model->path);
    status = icl_board_end(board, status);
    if (id)
        *id = status == IMGCLS_OK ? row : 0;
    return status;
}

imgcls_status imgcls_board_last_model(struct imgcls_board *board, const char **path,
                                      const char **time)
{
    icl_forgive(board->ctx); /* what an earlier call left */
    sqlite3_stmt *statement = NULL;
    imgcls_status status = icl_board_prepare(
        board, "SELECT path, registered_at FROM registrations ORDER BY id DESC LIMIT 1",
        &statement);
    int code;
    *path = NULL;
    *time = NULL;
    if (status != IMGCLS_OK)
        return status;
    code = sqlite3_step(statement);
    if (code == SQLITE_DONE) {
        status = icl_fail(board->ctx, IMGCLS_BAD_INPUT,
                          "%s: no model was converted yet, so name one", board->path);
    } else if (code != SQLITE_ROW) {
        status = icl_board_fail(board, code, "looking for the last model");
    } else {
        const char *where = (const char *)sqlite3_column_text(statement, 0);
        const char *when = (const char *)sqlite3_column_text(statement, 1);
        free(board->last_path);
        free(board->last_time);
        board->last_path = where ? strdup(where) : NULL;
        board->last_time = when ? strdup(when) : NULL;
        if (!board->last_path || !board->last_time)
            status = icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for a path",
                              board->path);
        *path = board->last_path;
        *time = board->last_time;
    }
    sqlite3_finalize(statement);
    return status;
}

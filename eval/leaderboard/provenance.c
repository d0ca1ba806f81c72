/*
 * eval/leaderboard/provenance.c - rows that many runs share: sets of plugins, class names
 *
 * Each is found by a hash of its content, so it is kept once however many runs refer to it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/provenance.h"

#include "eval/leaderboard/text.h"
#include "src/file/file.h"
#include "src/model/model.h"
#include "src/registry/registry.h"

#include <stdlib.h>
#include <string.h>

/* The row of that hash in a table of (id, sha256); 0 where there is none. */
static imgcls_status find(struct imgcls_board *board, const char *sql, const char *sha256,
                          int64_t *id)
{
    sqlite3_stmt *statement = NULL;
    imgcls_status status = icl_board_prepare(board, sql, &statement);
    int code;
    *id = 0;
    if (status != IMGCLS_OK)
        return status;
    icl_bind_text(statement, 1, sha256);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *id = sqlite3_column_int64(statement, 0);
    else if (code != SQLITE_DONE)
        status = icl_board_fail(board, code, "looking for what is shared");
    sqlite3_finalize(statement);
    return status;
}

/* ---- Plugins ----------------------------------------------------------------------------*/

struct plugin {
    const char *name, *version, *sha256;
};

static int by_name(const void *a, const void *b)
{
    const struct plugin *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* The loaded plugins, sorted; own: free. */
static imgcls_status loaded(struct imgcls_board *board, struct plugin **out, size_t *count)
{
    struct icl_registry *registry;
    imgcls_status status = icl_context_registry(board->ctx, &registry);
    size_t all, i;
    *out = NULL;
    *count = 0;
    if (status != IMGCLS_OK)
        return status;
    all = icl_registry_plugin_count(registry);
    *out = calloc(all + 1, sizeof **out);
    if (!*out)
        return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for %zu plugins",
                        board->path, all);
    for (i = 0; i < all && status == IMGCLS_OK; i++) {
        struct imgcls_plugin_info info = {.struct_size = sizeof info};
        status = icl_registry_plugin_at(registry, i, &info);
        if (status == IMGCLS_OK && info.state == IMGCLS_PLUGIN_LOADED && info.name &&
            info.sha256)
            (*out)[(*count)++] = (struct plugin){
                info.name, info.version ? info.version : "", info.sha256};
    }
    qsort(*out, *count, sizeof **out, by_name);
    return status;
}

static imgcls_status add_plugins(struct imgcls_board *board, const char *sha256,
                                 const struct plugin *plugins, size_t count, int64_t *id)
{
    sqlite3_stmt *statement = NULL;
    size_t i;
    imgcls_status status = icl_board_prepare(
        board, "INSERT INTO plugin_sets (sha256) VALUES (?1)", &statement);
    if (status == IMGCLS_OK) {
        icl_bind_text(statement, 1, sha256);
        status = icl_board_step(board, statement, "writing the plugins");
        *id = sqlite3_last_insert_rowid(board->db);
    }
    sqlite3_finalize(statement);
    statement = NULL;
    if (status == IMGCLS_OK)
        status = icl_board_prepare(board,
                                   "INSERT INTO plugins (set_id, name, version, sha256)"
                                   " VALUES (?1, ?2, ?3, ?4)",
                                   &statement);
    for (i = 0; i < count && status == IMGCLS_OK; i++) {
        sqlite3_bind_int64(statement, 1, *id);
        icl_bind_text(statement, 2, plugins[i].name);
        icl_bind_text(statement, 3, plugins[i].version);
        icl_bind_text(statement, 4, plugins[i].sha256);
        status = icl_board_step(board, statement, "writing the plugins");
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    return status;
}

/* The registry keeps each file's hash once it was asked for. */
imgcls_status icl_board_hash_plugins(struct imgcls_board *board)
{
    struct plugin *plugins;
    size_t count;
    imgcls_status status = loaded(board, &plugins, &count);
    free(plugins);
    return status;
}

imgcls_status icl_board_keep_plugins(struct imgcls_board *board, int64_t *id)
{
    struct icl_text lines = {0};
    struct plugin *plugins;
    size_t count, i;
    char sha256[65];
    imgcls_status status = loaded(board, &plugins, &count);
    *id = 0;
    for (i = 0; i < count && status == IMGCLS_OK; i++)
        icl_text_format(&lines, "%s\t%s\t%s\n", plugins[i].name, plugins[i].version,
                        plugins[i].sha256);
    if (status == IMGCLS_OK && lines.failed)
        status = icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for %zu plugins",
                          board->path, count);
    if (status == IMGCLS_OK && count > 0) {
        icl_sha256_of(lines.bytes, lines.length, sha256);
        status = find(board, "SELECT id FROM plugin_sets WHERE sha256 = ?1", sha256, id);
        if (status == IMGCLS_OK && *id == 0)
            status = add_plugins(board, sha256, plugins, count, id);
    }
    icl_text_clear(&lines);
    free(plugins);
    return status;
}

/* ---- Class names ------------------------------------------------------------------------*/

static imgcls_status add_labels(struct imgcls_board *board, const char *sha256,
                                const struct imgcls_model *model, int64_t *id)
{
    sqlite3_stmt *statement = NULL;
    size_t i;
    imgcls_status status = icl_board_prepare(
        board, "INSERT INTO label_spaces (sha256, classes) VALUES (?1, ?2)", &statement);
    if (status == IMGCLS_OK) {
        icl_bind_text(statement, 1, sha256);
        sqlite3_bind_int64(statement, 2, (int64_t)model->label_count);
        status = icl_board_step(board, statement, "writing the class names");
        *id = sqlite3_last_insert_rowid(board->db);
    }
    sqlite3_finalize(statement);
    statement = NULL;
    if (status == IMGCLS_OK)
        status = icl_board_prepare(board,
                                   "INSERT INTO class_names (label_space_id, class, name)"
                                   " VALUES (?1, ?2, ?3)",
                                   &statement);
    for (i = 0; i < model->label_count && status == IMGCLS_OK; i++) {
        sqlite3_bind_int64(statement, 1, *id);
        sqlite3_bind_int64(statement, 2, (int64_t)i);
        icl_bind_text(statement, 3, model->labels[i]);
        status = icl_board_step(board, statement, "writing the class names");
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    return status;
}

imgcls_status icl_board_keep_labels(struct imgcls_board *board,
                                    const struct imgcls_model *model, int64_t *id)
{
    struct icl_text lines = {0};
    char sha256[65];
    size_t i;
    imgcls_status status;
    *id = 0;
    if (model->label_count == 0)
        return IMGCLS_OK;
    for (i = 0; i < model->label_count; i++)
        icl_text_format(&lines, "%s\n", model->labels[i]);
    if (lines.failed) {
        icl_text_clear(&lines);
        return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for %zu class names",
                        board->path, model->label_count);
    }
    icl_sha256_of(lines.bytes, lines.length, sha256);
    icl_text_clear(&lines);
    status = find(board, "SELECT id FROM label_spaces WHERE sha256 = ?1", sha256, id);
    return status == IMGCLS_OK && *id == 0 ? add_labels(board, sha256, model, id) : status;
}

/*
 * src/registry/report.c - the registry in words: folders, files, offers, reasons
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/registry/plugins.h"

#include <stdlib.h>
#include <string.h>

#include "src/file/file.h"

size_t icl_registry_plugin_count(struct icl_registry *registry)
{
    pthread_mutex_lock(&registry->lock);
    size_t count = registry->file_count;
    pthread_mutex_unlock(&registry->lock);
    return count;
}

/* A file that cannot be read has no sum; the report goes without. */
static void sum_up(struct icl_registry *registry, struct icl_plugin_file *file)
{
    struct imgcls_storage *storage;
    bool sound = registry->ctx->status == IMGCLS_OK;
    if (file->sha256[0])
        return;
    if (icl_storage_map(registry->ctx, file->path, &storage) == IMGCLS_OK) {
        icl_sha256_of(icl_storage_bytes(storage), icl_storage_size(storage), file->sha256);
        icl_storage_release(storage);
    } else if (sound) {
        icl_forgive(registry->ctx);
    }
}

static bool describe(struct icl_registry *registry, struct icl_plugin_file *file)
{
    if (file->described && !file->lines)
        file->lines =
            icl_offers_lines(&file->verdict.offers, &registry->shelf, &file->line_count);
    return !file->described || file->lines;
}

static void fill(const struct icl_plugin_file *file, struct imgcls_plugin_info *out)
{
    const struct icl_offers *offers = &file->verdict.offers;
    *out = (struct imgcls_plugin_info){
        .struct_size = sizeof *out,
        .path = file->path,
        .abi_major = file->verdict.abi_major,
        .abi_minor_needed = file->verdict.abi_minor_needed,
        .state = file->state,
        .reason = file->reason,
        .sha256 = file->sha256[0] ? file->sha256 : NULL,
    };
    if (file->described) {
        out->name = offers->name;
        out->version = offers->version;
        out->licence = offers->licence;
        out->offer_count = file->line_count;
        out->offers = file->lines;
    }
}

imgcls_status icl_registry_plugin_at(struct icl_registry *registry, size_t index,
                                     struct imgcls_plugin_info *out)
{
    imgcls_status status = IMGCLS_OK;
    *out = (struct imgcls_plugin_info){.struct_size = sizeof *out};
    pthread_mutex_lock(&registry->lock);
    if (index >= registry->file_count) {
        status = icl_fail(registry->ctx, IMGCLS_BAD_INPUT, "plugin %zu: there are %zu",
                          index, registry->file_count);
    } else {
        struct icl_plugin_file *file = registry->files[index];
        sum_up(registry, file);
        if (describe(registry, file))
            fill(file, out);
        else
            status = icl_fail(registry->ctx, IMGCLS_NO_MEMORY,
                              "%s: no memory for its offers", file->path);
    }
    pthread_mutex_unlock(&registry->lock);
    return status;
}

const char *icl_registry_folder_at(struct icl_registry *registry, size_t index,
                                   const char **note)
{
    bool known = index < registry->folder_count;
    if (note)
        *note = known ? registry->folders[index].note : NULL;
    return known ? registry->folders[index].given : NULL;
}

size_t icl_registry_find(struct icl_registry *registry, const char *name)
{
    size_t found = SIZE_MAX;
    char *real = realpath(name, NULL);
    pthread_mutex_lock(&registry->lock);
    for (size_t i = 0; found == SIZE_MAX && i < registry->file_count; i++) {
        const struct icl_plugin_file *file = registry->files[i];
        if ((file->described && strcmp(file->verdict.offers.name, name) == 0) ||
            (real && strcmp(file->path, real) == 0))
            found = i;
    }
    pthread_mutex_unlock(&registry->lock);
    free(real);
    return found;
}

/* ---- The public functions (imgcls/registry.h) -----------------------------------------*/

size_t imgcls_plugin_count(struct imgcls_context *context)
{
    struct icl_registry *registry;
    icl_forgive(context);
    if (icl_context_registry(context, &registry) != IMGCLS_OK)
        return 0;
    return icl_registry_plugin_count(registry);
}

/* The caller's struct may be an older, smaller one. */
static imgcls_status hand_over(struct icl_registry *registry, size_t index,
                               struct imgcls_plugin_info *info)
{
    struct imgcls_plugin_info own;
    size_t size = info->struct_size;
    imgcls_status status = icl_registry_plugin_at(registry, index, &own);
    own.struct_size = size;
    memcpy(info, &own, size < sizeof own ? size : sizeof own);
    return status;
}

imgcls_status imgcls_plugin_at(struct imgcls_context *context, size_t index,
                               struct imgcls_plugin_info *info)
{
    struct icl_registry *registry;
    icl_forgive(context);
    imgcls_status status = icl_context_registry(context, &registry);
    return status == IMGCLS_OK ? hand_over(registry, index, info) : status;
}

const char *imgcls_plugin_folder(struct imgcls_context *context, size_t index,
                                 const char **note)
{
    struct icl_registry *registry;
    icl_forgive(context);
    if (note)
        *note = NULL;
    if (icl_context_registry(context, &registry) != IMGCLS_OK)
        return NULL;
    return icl_registry_folder_at(registry, index, note);
}

imgcls_status imgcls_plugin_check(struct imgcls_context *context, const char *path,
                                  struct imgcls_plugin_info *info)
{
    struct icl_registry *registry;
    size_t index = 0;
    icl_forgive(context);
    imgcls_status status = icl_context_registry(context, &registry);
    if (status == IMGCLS_OK)
        status = icl_registry_add(registry, path, &index);
    return status == IMGCLS_OK ? hand_over(registry, index, info) : status;
}

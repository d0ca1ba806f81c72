/*
 * src/registry/registry.c - opening: find, judge, remember; then load one when it is needed
 *
 * Opening never fails because of a plugin: a refused one is a warning, and the rest goes on
 * working. With a warm cache opening calls no dlopen at all.
 *
 * Invariants: the order of files is the order of registration everywhere; a file's state
 * only moves from READY to LOADED or REFUSED (icl_registry_add judges anew); what is in the
 * shelf lives until icl_registry_close.
 *
 * Not here: questions (lookup.c), the search path (folders.c), the cache file (cache.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/registry/plugins.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/registry/child.h"

#define SCAN_LIMIT_MS 10000

#ifndef ICL_PLUGIN_DIR
#error "ICL_PLUGIN_DIR, the folder of installed plugins, comes from the Makefile"
#endif

static imgcls_status no_memory(struct imgcls_context *ctx)
{
    return icl_fail(ctx, IMGCLS_NO_MEMORY, "plugins: no memory for the list of plugins");
}

/* ---- Judging one file -----------------------------------------------------------------*/

static void warn(struct icl_registry *registry, const struct icl_plugin_file *file)
{
    const struct icl_verdict *verdict = &file->verdict;
    char abi[48] = "unknown";
    if (verdict->abi_major >= 0)
        snprintf(abi, sizeof abi, "%d.%d", verdict->abi_major, verdict->abi_minor_needed);
    icl_log(registry->ctx, IMGCLS_LOG_WARNING,
            "%s: plugin refused: %s (plugin ABI %s, host ABI %d.%d)", file->path,
            file->reason, abi, IMGCLS_ABI_MAJOR, IMGCLS_ABI_MINOR);
}

/* Asks cache, then child. False where there is no verdict: memory is out, or interrupted.
 * Not opening: somebody asked about this file, does not want the cache's opinion, and gets
 * the refusal as the answer rather than as a warning. */
static bool judge(struct icl_registry *registry, struct icl_plugin_file *file, bool opening)
{
    struct imgcls_context *ctx = registry->ctx;
    file->state = IMGCLS_PLUGIN_READY;
    file->reason = NULL;
    file->described = file->from_cache = false;
    file->judged = true;
    if (icl_scan_mark(file->path, &registry->shelf, &file->mark, &file->verdict)) {
        file->from_cache = opening && icl_cache_find(&registry->cache, file->path,
                                                     &file->mark, ctx->isa, &file->verdict);
        if (!file->from_cache &&
            !icl_scan_file(&ctx->host, file->path, registry->scan_limit_ms,
                           &registry->shelf, &file->verdict))
            return false;
        icl_log(ctx, IMGCLS_LOG_DEBUG, "%s: %s", file->path,
                file->from_cache ? "known from the cache" : "scanned");
    }
    if (file->verdict.refusal != ICL_ACCEPTED) {
        file->state = IMGCLS_PLUGIN_REFUSED;
        file->reason = file->verdict.reason;
        if (opening)
            warn(registry, file);
    } else {
        file->described = true;
    }
    return file->reason != NULL || file->described;
}

/* Switched off, or second of its name? */
static bool settle(struct icl_registry *registry, struct icl_plugin_file *file)
{
    const char *glob = "";
    if (icl_registry_is_disabled(&registry->shelf, registry->disable, file->path,
                                 file->verdict.offers.name, &glob)) {
        file->state = IMGCLS_PLUGIN_DISABLED;
        file->reason = icl_shelf_format(
            &registry->shelf, "switched off: IMGCLS_PLUGIN_DISABLE has '%s'", glob);
        icl_log(registry->ctx, IMGCLS_LOG_INFO, "%s: plugin switched off", file->path);
        return file->reason != NULL;
    }
    for (size_t i = 0; i < file->order && file->state == IMGCLS_PLUGIN_READY; i++) {
        const struct icl_plugin_file *other = registry->files[i];
        if (other->state != IMGCLS_PLUGIN_READY ||
            strcmp(other->verdict.offers.name, file->verdict.offers.name) != 0)
            continue;
        file->state = IMGCLS_PLUGIN_SHADOWED;
        file->reason = icl_shelf_format(&registry->shelf, "'%s' was found before: %s",
                                        file->verdict.offers.name, other->path);
        return file->reason != NULL;
    }
    return true;
}

static imgcls_status judge_all(struct icl_registry *registry)
{
    const char *glob;
    for (size_t i = 0; i < registry->file_count; i++) {
        struct icl_plugin_file *file = registry->files[i];
        /* One that is switched off by its file's name is not even scanned. */
        bool off = icl_registry_is_disabled(&registry->shelf, registry->disable, file->path,
                                            NULL, &glob);
        if (!off && !judge(registry, file, true))
            return icl_interrupted() ? icl_fail(registry->ctx, IMGCLS_INTERRUPTED,
                                                "interrupted while plugins were scanned")
                                     : no_memory(registry->ctx);
        if (file->state != IMGCLS_PLUGIN_REFUSED && !settle(registry, file))
            return no_memory(registry->ctx);
    }
    return icl_registry_index(registry) ? IMGCLS_OK : no_memory(registry->ctx);
}

/* ---- The cache ------------------------------------------------------------------------*/

/* Writes the cache where something was learned, or where `forget` is to be scanned anew. */
static void remember(struct icl_registry *registry, const struct icl_plugin_file *forget)
{
    size_t count = 0;
    bool news = forget != NULL;
    struct icl_packer packer = {.limit = 2 * ICL_CHILD_REPORT_MAX};
    struct icl_cache_record *records =
        icl_shelf_take(&registry->shelf, registry->file_count, sizeof *records);
    if (forget)
        icl_cache_forget(&registry->cache, forget->path);
    for (size_t i = 0; records && i < registry->file_count; i++) {
        const struct icl_plugin_file *file = registry->files[i];
        bool changed_its_mind = file->state == IMGCLS_PLUGIN_REFUSED && file->described;
        if (!file->judged || changed_its_mind || !icl_cache_takes(file->verdict.refusal))
            continue;
        news = news || !file->from_cache;
        packer.size = 0;
        icl_verdict_pack(&file->verdict, &packer);
        unsigned char *bytes = icl_shelf_take(&registry->shelf, packer.size, 1);
        if (!bytes || packer.failed)
            break;
        memcpy(bytes, packer.bytes, packer.size);
        records[count++] = (struct icl_cache_record){.path = file->path,
                                                     .mark = file->mark,
                                                     .isa = registry->ctx->isa,
                                                     .verdict = bytes,
                                                     .verdict_size = packer.size};
    }
    const char *why;
    if (news && !icl_cache_write(&registry->cache, records, count, &why))
        icl_log(registry->ctx, IMGCLS_LOG_DEBUG, "plugins are not remembered: %s", why);
    icl_packer_clear(&packer);
}

/* ---- Opening and closing --------------------------------------------------------------*/

imgcls_status icl_registry_open(struct imgcls_context *ctx,
                                const struct icl_registry_options *options,
                                struct icl_registry **out)
{
    *out = NULL;
    struct icl_registry *registry = calloc(1, sizeof *registry);
    if (!registry)
        return no_memory(ctx);
    imgcls_status status = IMGCLS_OK;
    registry->ctx = ctx;
    registry->scan_limit_ms = options->scan_limit_ms;
    if (pthread_mutex_init(&registry->lock, NULL) != 0) {
        free(registry);
        return no_memory(ctx);
    }
    registry->disable =
        icl_shelf_text(&registry->shelf, options->disable ? options->disable : "");
    icl_cache_open(&registry->cache, &registry->shelf, options->cache_file);
    if (!registry->disable || !icl_registry_search(registry, options))
        status = no_memory(ctx);
    else
        status = judge_all(registry);
    if (status == IMGCLS_OK) {
        remember(registry, NULL);
        *out = registry;
        registry = NULL;
    }
    icl_registry_close(registry);
    return status;
}

void icl_registry_close(struct icl_registry *registry)
{
    if (!registry)
        return;
    pthread_mutex_destroy(&registry->lock);
    icl_shelf_clear(&registry->shelf);
    free(registry);
}

imgcls_status icl_context_registry(struct imgcls_context *ctx, struct icl_registry **out)
{
    /* Two threads that ask for the first time at once each open one; one of them stays. */
    *out = __atomic_load_n(&ctx->registry, __ATOMIC_ACQUIRE);
    if (*out)
        return IMGCLS_OK;
    struct icl_shelf shelf = {NULL};
    struct icl_registry *mine, *none = NULL;
    struct icl_registry_options options = {
        .path = ctx->plugin_path,
        .installed = ICL_PLUGIN_DIR,
        .disable = getenv("IMGCLS_PLUGIN_DISABLE"),
        .cache_file = icl_cache_default_file(&shelf),
        .scan_limit_ms = SCAN_LIMIT_MS,
    };
    imgcls_status status = icl_registry_open(ctx, &options, &mine);
    icl_shelf_clear(&shelf);
    if (status != IMGCLS_OK)
        return status;
    if (__atomic_compare_exchange_n(&ctx->registry, &none, mine, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE)) {
        *out = mine;
    } else {
        icl_registry_close(mine);
        *out = none;
    }
    return IMGCLS_OK;
}

/* ---- Loading --------------------------------------------------------------------------*/

/* A file is what was scanned if it says the same of itself now. */
static bool says_the_same(const struct icl_plugin_file *file,
                          const struct icl_descriptor *descriptor)
{
    struct icl_packer packer = {.limit = ICL_CHILD_REPORT_MAX};
    icl_offers_pack(descriptor, &packer);
    bool same = !packer.failed && packer.size == file->verdict.packed_size &&
                memcmp(packer.bytes, file->verdict.packed, packer.size) == 0;
    icl_packer_clear(&packer);
    return same;
}

static enum icl_refusal load(struct icl_registry *registry, struct icl_plugin_file *file,
                             char *reason, size_t capacity)
{
    struct icl_file_mark mark;
    struct icl_verdict now;
    if (!icl_scan_mark(file->path, &registry->shelf, &mark, &now)) {
        snprintf(reason, capacity, "%s", now.reason);
        return now.refusal;
    }
    if (mark.size != file->mark.size || mark.mtime_s != file->mark.mtime_s ||
        mark.mtime_ns != file->mark.mtime_ns) {
        snprintf(reason, capacity,
                 "the file was replaced after it had been scanned; run again");
        return ICL_REFUSED_CHANGED;
    }
    enum icl_refusal refusal =
        icl_descriptor_load(file->path, &registry->ctx->host, &registry->shelf,
                            &file->loaded, reason, capacity);
    if (refusal == ICL_ACCEPTED && !says_the_same(file, &file->loaded)) {
        snprintf(reason, capacity,
                 "it describes itself otherwise than when it was scanned; "
                 "what was remembered is dropped, run again");
        return ICL_REFUSED_CHANGED;
    }
    return refusal;
}

bool icl_registry_load(struct icl_registry *registry, struct icl_plugin_file *file)
{
    char reason[1024];
    if (file->state != IMGCLS_PLUGIN_READY)
        return file->state == IMGCLS_PLUGIN_LOADED;
    enum icl_refusal refusal = load(registry, file, reason, sizeof reason);
    if (refusal == ICL_ACCEPTED) {
        file->state = IMGCLS_PLUGIN_LOADED;
        icl_log(registry->ctx, IMGCLS_LOG_DEBUG, "%s: loaded", file->path);
        return true;
    }
    file->state = IMGCLS_PLUGIN_REFUSED;
    file->reason = icl_shelf_text(&registry->shelf, reason);
    if (!file->reason)
        file->reason = "no memory";
    warn(registry, file);
    remember(registry, file);
    return false;
}

/* Scanned by this very process, and not set aside for what has nothing to do with it. */
static bool is_judged_afresh(const struct icl_plugin_file *file)
{
    return file->state == IMGCLS_PLUGIN_LOADED ||
           (file->judged && !file->from_cache && file->state != IMGCLS_PLUGIN_DISABLED &&
            file->state != IMGCLS_PLUGIN_SHADOWED);
}

imgcls_status icl_registry_add(struct icl_registry *registry, const char *path,
                               size_t *index)
{
    imgcls_status status = IMGCLS_OK;
    char *real = realpath(path, NULL);
    if (!real)
        return icl_fail(registry->ctx, IMGCLS_IO, "%s: %s", path, strerror(errno));
    pthread_mutex_lock(&registry->lock);
    struct icl_plugin_file *file = NULL;
    for (size_t i = 0; i < registry->file_count; i++)
        if (strcmp(registry->files[i]->path, real) == 0)
            file = registry->files[i];
    if (!file)
        file = icl_registry_append(registry, real);
    if (!file || (!is_judged_afresh(file) && !judge(registry, file, false)))
        status = icl_interrupted() ? icl_fail(registry->ctx, IMGCLS_INTERRUPTED,
                                              "%s: interrupted while it was scanned", path)
                                   : no_memory(registry->ctx);
    else if (!icl_registry_index(registry))
        status = no_memory(registry->ctx);
    if (status == IMGCLS_OK) {
        icl_registry_load(registry, file);
        *index = file->order;
    }
    pthread_mutex_unlock(&registry->lock);
    free(real);
    return status;
}

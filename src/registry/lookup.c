/*
 * src/registry/lookup.c - formats by bid or name, architectures, services
 *
 * Formats bid with code, so all that read must be loaded to be asked; those whose extension
 * fits the path are asked first, and a bid of 100 ends the asking, so that the usual file
 * loads one plugin. Equal bids: the fitting extension wins, then registration order.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/registry/plugins.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define BID_MAX 100

static bool is_usable(const struct icl_plugin_file *file)
{
    return file->state == IMGCLS_PLUGIN_READY || file->state == IMGCLS_PLUGIN_LOADED;
}

/* Length of the longest extension of the format that the path ends with; 0: none. */
static size_t extension_fits(const struct icl_format_offer *format, const char *path)
{
    size_t best = 0, length = strlen(path);
    for (size_t i = 0; i < format->extension_count; i++) {
        size_t size = strlen(format->extensions[i]);
        if (size > best && size < length &&
            strcasecmp(path + length - size, format->extensions[i]) == 0)
            best = size;
    }
    return best;
}

/* ---- Reading: who bids most -----------------------------------------------------------*/

struct auction {
    struct icl_registry *registry;
    const struct imgcls_source *source;
    bool values;
    const struct imgcls_format *best;
    int32_t bid;
    char tried[512];
};

static void ask(struct auction *auction, struct icl_plugin_file *file, size_t index)
{
    const struct imgcls_host *host = &auction->registry->ctx->host;
    if (!icl_registry_load(auction->registry, file))
        return;
    const struct imgcls_format *format = &file->loaded.formats[index];
    size_t used = strlen(auction->tried);
    snprintf(auction->tried + used, sizeof auction->tried - used, "%s%s", used ? ", " : "",
             format->name);
    /* A bid may ask for a service or read a nested file, both of which take the lock. */
    pthread_mutex_unlock(&auction->registry->lock);
    int32_t bid = auction->values ? format->bid_values(host, auction->source)
                                  : format->bid(host, auction->source);
    pthread_mutex_lock(&auction->registry->lock);
    if (bid > BID_MAX)
        bid = BID_MAX;
    icl_log(auction->registry->ctx, IMGCLS_LOG_DEBUG, "%s: format %s bids %d",
            auction->source->path, format->name, bid);
    if (bid > auction->bid) {
        auction->bid = bid;
        auction->best = format;
    }
}

static void ask_all(struct auction *auction, bool fitting)
{
    const struct icl_registry *registry = auction->registry;
    uint32_t wanted = auction->values ? ICL_FORMAT_READS_VALUES
                                      : ICL_FORMAT_READS | ICL_FORMAT_READS_CHECKPOINT;
    for (size_t i = 0; i < registry->file_count; i++) {
        struct icl_plugin_file *file = registry->files[i];
        for (size_t k = 0; is_usable(file) && k < file->verdict.offers.format_count; k++) {
            const struct icl_format_offer *offer = &file->verdict.offers.formats[k];
            bool fits = extension_fits(offer, auction->source->path) > 0;
            if (offer->can & wanted && fits == fitting && auction->bid < BID_MAX)
                ask(auction, file, k);
        }
    }
}

static imgcls_status nobody(const struct auction *auction)
{
    const struct imgcls_source *source = auction->source;
    struct imgcls_context *ctx = auction->registry->ctx;
    const char *what = auction->values ? "values" : "a model";
    char bytes[40] = "";
    if (!auction->tried[0])
        return icl_fail(ctx, IMGCLS_UNSUPPORTED,
                        "%s: no plugin reads %s; imgcls-plugin list --verbose shows why",
                        source->path, what);
    if (source->is_folder)
        return icl_fail(ctx, IMGCLS_BAD_INPUT,
                        "%s: a folder that no format knows (tried %s)", source->path,
                        auction->tried);
    if (source->size == 0)
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "%s: the file is empty", source->path);
    for (size_t i = 0; i < 8 && i < source->size; i++)
        snprintf(bytes + strlen(bytes), sizeof bytes - strlen(bytes), "%s%02x",
                 i ? " " : "", source->bytes[i]);
    return icl_fail(ctx, IMGCLS_BAD_INPUT,
                    "%s: not %s that any format knows (tried %s; it "
                    "begins with %s)",
                    source->path, what, auction->tried, bytes);
}

imgcls_status icl_registry_format(struct icl_registry *registry,
                                  const struct imgcls_source *source, bool values,
                                  const struct imgcls_format **out)
{
    struct auction auction = {.registry = registry, .source = source, .values = values};
    bool sound = registry->ctx->status == IMGCLS_OK;
    *out = NULL;
    pthread_mutex_lock(&registry->lock);
    ask_all(&auction, true);
    ask_all(&auction, false);
    pthread_mutex_unlock(&registry->lock);
    if (sound)
        icl_forgive(
            registry->ctx); /* a bid that failed on the way is no failure of reading */
    if (!auction.best)
        return nobody(&auction);
    *out = auction.best;
    return IMGCLS_OK;
}

/* ---- Writing: by name or extension ----------------------------------------------------*/

const struct imgcls_format *icl_registry_format_named(struct icl_registry *registry,
                                                      const char *name)
{
    const struct imgcls_format *format = NULL;
    pthread_mutex_lock(&registry->lock);
    for (size_t i = 0; !format && i < registry->file_count; i++) {
        struct icl_plugin_file *file = registry->files[i];
        for (size_t k = 0;
             !format && is_usable(file) && k < file->verdict.offers.format_count; k++)
            if (strcmp(file->verdict.offers.formats[k].name, name) == 0 &&
                icl_registry_load(registry, file))
                format = &file->loaded.formats[k];
    }
    pthread_mutex_unlock(&registry->lock);
    return format;
}

const struct imgcls_format *icl_registry_format_for_output(struct icl_registry *registry,
                                                           const char *path)
{
    struct icl_plugin_file *best = NULL;
    size_t best_index = 0, best_length = 0;
    pthread_mutex_lock(&registry->lock);
    for (size_t i = 0; i < registry->file_count; i++) {
        struct icl_plugin_file *file = registry->files[i];
        for (size_t k = 0; is_usable(file) && k < file->verdict.offers.format_count; k++) {
            const struct icl_format_offer *offer = &file->verdict.offers.formats[k];
            size_t length = extension_fits(offer, path);
            if (offer->can & ICL_FORMAT_WRITES && length > best_length) {
                best = file;
                best_index = k;
                best_length = length;
            }
        }
    }
    const struct imgcls_format *format = best && icl_registry_load(registry, best)
                                             ? &best->loaded.formats[best_index]
                                             : NULL;
    pthread_mutex_unlock(&registry->lock);
    return format;
}

/* ---- Architectures and services -------------------------------------------------------*/

static void collect_architectures(struct icl_registry *registry)
{
    size_t most = 0, count = 0;
    for (size_t i = 0; i < registry->file_count; i++)
        if (is_usable(registry->files[i]))
            most += registry->files[i]->verdict.offers.architecture_count;
    const struct imgcls_architecture **list =
        icl_shelf_take(&registry->shelf, most + 1, sizeof *list);
    for (size_t i = 0; list && i < registry->file_count; i++) {
        struct icl_plugin_file *file = registry->files[i];
        if (!is_usable(file) || file->verdict.offers.architecture_count == 0 ||
            !icl_registry_load(registry, file))
            continue;
        for (size_t k = 0; k < file->loaded.architecture_count; k++)
            list[count++] = &file->loaded.architectures[k];
    }
    registry->architectures = list;
    registry->architecture_count = list ? count : 0;
}

const struct imgcls_architecture *const *
icl_registry_architectures(struct icl_registry *registry, size_t *count)
{
    pthread_mutex_lock(&registry->lock);
    if (!registry->architectures)
        collect_architectures(registry);
    const struct imgcls_architecture *const *list = registry->architectures;
    *count = registry->architecture_count;
    pthread_mutex_unlock(&registry->lock);
    return list;
}

const void *icl_registry_service(struct icl_registry *registry, const char *name,
                                 int32_t version)
{
    const void *table = NULL;
    pthread_mutex_lock(&registry->lock);
    for (size_t i = 0; !table && i < registry->file_count; i++) {
        struct icl_plugin_file *file = registry->files[i];
        for (size_t k = 0;
             !table && is_usable(file) && k < file->verdict.offers.service_count; k++) {
            const struct icl_service_offer *offer = &file->verdict.offers.services[k];
            if (offer->version == version && strcmp(offer->name, name) == 0 &&
                icl_registry_load(registry, file))
                table = file->loaded.services[k].table;
        }
    }
    pthread_mutex_unlock(&registry->lock);
    return table;
}

/*
 * src/model/read.c - a source becomes a graph, by whichever plugin reads it
 *
 * The highest bidder reads. A format that gives a graph is done; one that gives a
 * checkpoint hands it to the architecture that --arch names, or that recognises it most
 * surely. Recipe and labels that a checkpoint carries go into the graph's metadata.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/model/read.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "src/checkpoint/checkpoint.h"
#include "src/registry/registry.h"

#define HAS(format, field)                                                                 \
    ((format)->struct_size >=                                                              \
         offsetof(struct imgcls_format, field) + sizeof(format)->field &&                  \
     (format)->field)

static const struct imgcls_architecture *named(const struct imgcls_architecture *const *all,
                                               size_t count, const char *arch)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(all[i]->name, arch) == 0)
            return all[i];
        for (size_t v = 0; all[i]->variants && all[i]->variants[v]; v++)
            if (strcmp(all[i]->variants[v], arch) == 0)
                return all[i];
    }
    return NULL;
}

static const struct imgcls_architecture *
recognised(struct imgcls_context *ctx, const struct imgcls_architecture *const *all,
           size_t count, const struct imgcls_checkpoint *checkpoint)
{
    const struct imgcls_architecture *best = NULL;
    int32_t best_bid = 0;
    for (size_t i = 0; i < count; i++) {
        char evidence[256] = "";
        int32_t bid = all[i]->recognise ? all[i]->recognise(&ctx->host, checkpoint,
                                                            evidence, sizeof evidence)
                                        : 0;
        if (bid > 0)
            icl_log(ctx, IMGCLS_LOG_INFO, "architecture %s bids %d: %s", all[i]->name,
                    (int)bid, evidence);
        if (bid > best_bid) {
            best = all[i];
            best_bid = bid;
        }
    }
    return best;
}

/* "vit, swin, resnet" into text. */
static void list_names(const struct imgcls_architecture *const *all, size_t count,
                       char *text, size_t capacity)
{
    size_t used = 0;
    snprintf(text, capacity, "%s", count ? "" : "none are loaded");
    for (size_t i = 0; i < count && used < capacity; i++) {
        int wrote =
            snprintf(text + used, capacity - used, "%s%s", i ? ", " : "", all[i]->name);
        used += wrote > 0 ? (size_t)wrote : capacity;
    }
}

static imgcls_status copy_texts(const struct imgcls_checkpoint *checkpoint,
                                struct imgcls_graph *graph)
{
    static const char *const keys[] = {IMGCLS_META_RECIPE, IMGCLS_META_LABELS,
                                       IMGCLS_META_PRODUCER};
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < sizeof keys / sizeof *keys && status == IMGCLS_OK; i++) {
        const char *text = icl_checkpoint_text(checkpoint, keys[i]);
        if (text && !icl_graph_meta(graph, keys[i]))
            status = icl_graph_set_meta(graph, keys[i], text);
    }
    return status;
}

static imgcls_status build_graph(struct imgcls_context *ctx, struct icl_registry *registry,
                                 const struct imgcls_source *source, const char *arch,
                                 const struct imgcls_checkpoint *checkpoint,
                                 struct imgcls_graph *graph)
{
    size_t count = 0;
    char names[512];
    const struct imgcls_architecture *const *all =
        icl_registry_architectures(registry, &count);
    const char *variant =
        arch ? arch : icl_checkpoint_text(checkpoint, IMGCLS_META_ARCHITECTURE);
    const struct imgcls_architecture *chosen = variant ? named(all, count, variant) : NULL;
    if (!chosen && !arch)
        chosen = recognised(ctx, all, count, checkpoint);
    list_names(all, count, names, sizeof names);
    if (!chosen && arch)
        return icl_fail(ctx, IMGCLS_UNSUPPORTED, "%s: architecture '%s' is not known (%s)",
                        source->path, arch, names);
    if (!chosen)
        return icl_fail(ctx, IMGCLS_UNSUPPORTED,
                        "%s: no architecture recognises this checkpoint (%s)", source->path,
                        names);
    imgcls_status status = chosen->build(&ctx->host, checkpoint, variant, graph);
    status = icl_checkpoint_settle(checkpoint, chosen->name, status);
    return status ? status : copy_texts(checkpoint, graph);
}

static imgcls_status read_checkpoint(struct imgcls_context *ctx,
                                     struct icl_registry *registry,
                                     const struct imgcls_format *format,
                                     const struct imgcls_source *source, const char *arch,
                                     struct imgcls_graph *graph)
{
    struct imgcls_checkpoint *checkpoint;
    imgcls_status status = icl_checkpoint_create(ctx, &checkpoint);
    if (status == IMGCLS_OK)
        status = format->read_checkpoint(&ctx->host, source, checkpoint);
    if (status == IMGCLS_OK)
        status = icl_checkpoint_unwrap(checkpoint);
    if (status == IMGCLS_OK)
        status = build_graph(ctx, registry, source, arch, checkpoint, graph);
    icl_checkpoint_destroy(checkpoint);
    return status;
}

imgcls_status icl_read_model(struct imgcls_context *ctx, const struct imgcls_source *source,
                             const char *arch, struct imgcls_graph *graph,
                             const char **name)
{
    struct icl_registry *registry;
    const struct imgcls_format *format;
    imgcls_status status = icl_context_registry(ctx, &registry);
    if (status == IMGCLS_OK)
        status = icl_registry_format(registry, source, false, &format);
    if (status)
        return status;
    *name = format->name;
    if (HAS(format, read) && !arch)
        return format->read(&ctx->host, source, graph);
    if (HAS(format, read_checkpoint))
        return read_checkpoint(ctx, registry, format, source, arch, graph);
    if (HAS(format, read))
        return icl_fail(ctx, IMGCLS_BAD_INPUT,
                        "%s: holds a graph (%s); an architecture is for "
                        "bare checkpoints",
                        source->path, format->name);
    return icl_fail(ctx, IMGCLS_UNSUPPORTED, "%s: format %s reads no models", source->path,
                    format->name);
}

/*
 * src/model/read.c - a source becomes a graph, by whichever plugin reads it
 *
 * The highest bidder reads. A format that gives a graph is done; one that gives a checkpoint
 * hands it to the architecture that recognises it most surely, or that --arch names.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/model/read.h"

#include <stddef.h>

#include "src/registry/registry.h"

#define HAS(format, field)                                                                  \
    ((format)->struct_size >= offsetof(struct imgcls_format, field) + sizeof (format)->field && \
     (format)->field)

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
    if (HAS(format, read)) {
        if (arch)
            return icl_fail(ctx, IMGCLS_BAD_INPUT, "%s: is a graph already (%s); an "
                            "architecture is for bare checkpoints", source->path,
                            format->name);
        return format->read(&ctx->host, source, graph);
    }
    return icl_fail(ctx, IMGCLS_UNSUPPORTED, "%s: format %s reads no models", source->path,
                    format->name);
}

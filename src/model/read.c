/*
 * src/model/read.c - a source becomes a graph, by whichever plugin reads it
 *
 * The highest bidder reads. A format that gives a graph is done; one that gives a
 * checkpoint goes on in checkpoint.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/model/read.h"

#include <stddef.h>

#include "src/model/checkpoint.h"
#include "src/registry/registry.h"

#define HAS(format, field)                                                                 \
    ((format)->struct_size >=                                                              \
         offsetof(struct imgcls_format, field) + sizeof(format)->field &&                  \
     (format)->field)

imgcls_status icl_read_model(struct imgcls_context *ctx, const struct imgcls_source *source,
                             const struct icl_read_options *given,
                             struct imgcls_graph *graph, const char **name)
{
    static const struct icl_read_options none = {0};
    const struct icl_read_options *options = given ? given : &none;
    struct icl_registry *registry;
    const struct imgcls_format *format;
    imgcls_status status = icl_context_registry(ctx, &registry);
    if (status == IMGCLS_OK)
        status = icl_registry_format(registry, source, false, &format);
    if (status)
        return status;
    *name = format->name;
    if (HAS(format, read) && !options->arch)
        return format->read(&ctx->host, source, graph);
    if (HAS(format, read_checkpoint))
        return icl_read_checkpoint(ctx, registry, format, source, options, graph);
    if (HAS(format, read))
        return icl_fail(ctx, IMGCLS_BAD_INPUT,
                        "%s: holds a graph (%s); an architecture is for "
                        "bare checkpoints",
                        source->path, format->name);
    return icl_fail(ctx, IMGCLS_UNSUPPORTED, "%s: format %s reads no models", source->path,
                    format->name);
}

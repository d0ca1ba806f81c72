/*
 * src/registry/host_file.c - the host's functions over sources, sinks and nested files
 *
 * A format that holds others (a bundle holds a graph and values) reads and writes them
 * through the registry, by whichever plugin knows them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/registry/host.h"

#include "src/file/file.h"
#include "src/registry/registry.h"

imgcls_status icl_host_source_open_beneath(const struct imgcls_host *host,
                                           const struct imgcls_source *source,
                                           const char *relative, struct imgcls_source **out)
{
    return icl_source_open_beneath(icl_host_context(host), source, relative, out);
}

void icl_host_source_close(const struct imgcls_host *host, struct imgcls_source *source)
{
    (void)host;
    icl_source_close(source);
}

int32_t icl_host_source_has(const struct imgcls_host *host,
                            const struct imgcls_source *source, const char *relative)
{
    struct imgcls_context *ctx = icl_host_context(host);
    struct imgcls_source *found;
    bool sound = ctx->status == IMGCLS_OK;
    bool has = icl_source_open_beneath(ctx, source, relative, &found) == IMGCLS_OK;
    if (has)
        icl_source_close(found);
    else if (sound)
        icl_forgive(ctx);
    return has;
}

static imgcls_status find_reader(const struct imgcls_host *host,
                                 const struct imgcls_source *source, bool values,
                                 const struct imgcls_format **format)
{
    struct icl_registry *registry;
    *format = NULL;
    imgcls_status status = icl_context_registry(icl_host_context(host), &registry);
    return status == IMGCLS_OK ? icl_registry_format(registry, source, values, format)
                               : status;
}

imgcls_status icl_host_read_graph(const struct imgcls_host *host,
                                  const struct imgcls_source *source,
                                  struct imgcls_graph *graph)
{
    const struct imgcls_format *format;
    imgcls_status status = find_reader(host, source, false, &format);
    if (status != IMGCLS_OK)
        return status;
    if (!format->read)
        return icl_fail(icl_host_context(host), IMGCLS_BAD_INPUT,
                        "%s: format %s holds weights, a graph is needed here", source->path,
                        format->name);
    return format->read(host, source, graph);
}

imgcls_status icl_host_read_checkpoint(const struct imgcls_host *host,
                                       const struct imgcls_source *source,
                                       struct imgcls_checkpoint *checkpoint)
{
    const struct imgcls_format *format;
    imgcls_status status = find_reader(host, source, false, &format);
    if (status != IMGCLS_OK)
        return status;
    if (!format->read_checkpoint)
        return icl_fail(icl_host_context(host), IMGCLS_BAD_INPUT,
                        "%s: format %s holds a graph, weights are needed here",
                        source->path, format->name);
    return format->read_checkpoint(host, source, checkpoint);
}

imgcls_status icl_host_source_of_bytes(const struct imgcls_host *host,
                                       const struct imgcls_source *beside,
                                       const char *path, void *bytes, size_t size,
                                       struct imgcls_source **out)
{
    return icl_source_of_bytes(icl_host_context(host), beside, path, bytes, size, out);
}

imgcls_status icl_host_read_values(const struct imgcls_host *host,
                                   const struct imgcls_source *source, void *values)
{
    const struct imgcls_format *format;
    imgcls_status status = find_reader(host, source, true, &format);
    return status == IMGCLS_OK ? format->read_values(host, source, values) : status;
}

static imgcls_status find_writer(const struct imgcls_host *host, const char *name,
                                 const struct imgcls_format **format)
{
    struct icl_registry *registry;
    *format = NULL;
    imgcls_status status = icl_context_registry(icl_host_context(host), &registry);
    if (status == IMGCLS_OK && !(*format = icl_registry_format_named(registry, name)))
        status = icl_fail(icl_host_context(host), IMGCLS_UNSUPPORTED,
                          "format %s: no plugin offers it", name);
    return status;
}

imgcls_status icl_host_write_graph(const struct imgcls_host *host, const char *name,
                                   const struct imgcls_graph *graph,
                                   struct imgcls_sink *sink)
{
    const struct imgcls_format *format;
    imgcls_status status = find_writer(host, name, &format);
    if (status == IMGCLS_OK && !format->write)
        status = icl_fail(icl_host_context(host), IMGCLS_UNSUPPORTED,
                          "%s: format %s does not write models", sink->path, name);
    return status == IMGCLS_OK ? format->write(host, graph, sink) : status;
}

imgcls_status icl_host_write_value(const struct imgcls_host *host, const char *name,
                                   const char *value_name, const struct imgcls_value *value,
                                   struct imgcls_sink *sink)
{
    const struct imgcls_format *format;
    imgcls_status status = find_writer(host, name, &format);
    if (status == IMGCLS_OK && !format->write_value)
        status = icl_fail(icl_host_context(host), IMGCLS_UNSUPPORTED,
                          "%s: format %s does not write values", sink->path, name);
    return status == IMGCLS_OK ? format->write_value(host, value_name, value, sink)
                               : status;
}

imgcls_status icl_host_sink_write(const struct imgcls_host *host, struct imgcls_sink *sink,
                                  const void *bytes, size_t size)
{
    return sink->write(host, sink, bytes, size);
}

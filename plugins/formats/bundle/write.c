/*
 * plugins/formats/bundle/write.c - a graph becomes one zip file that maps
 *
 * Order: manifest.json first, so that a bid needs the first bytes only; weights.bin last,
 * being the longest. The graph goes through the ONNX writer, twice (sinks.h says why); it
 * must write the same both times, which is checked by the size of the weights.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/bundle/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "plugins/formats/bundle/sinks.h"

struct writing {
    const struct imgcls_host *host;
    const struct imgcls_graph *graph;
    struct imgcls_sink *sink;
    struct imgcls_zip_writer *zip;
};

static imgcls_status write_golden_value(const struct writing *out, bool output,
                                        size_t index, const struct imgcls_value *value)
{
    const struct imgcls_host *host = out->host;
    const struct imgcls_value_info *port =
        output ? host->graph_output_at(host, out->graph, index)
               : host->graph_input_at(host, out->graph, index);
    char name[64];
    struct memory_sink memory;
    bundle_golden_name(name, sizeof name, output, index);
    memory_sink_init(&memory, out->sink->path);
    imgcls_status status =
        host->write_value(host, "onnx", port ? port->name : "", value, &memory.sink);
    if (status == IMGCLS_OK)
        status =
            host->zip_add(host, out->zip, name, memory.bytes, (size_t)memory.sink.position);
    memory_sink_clear(host, &memory);
    return status;
}

static imgcls_status write_golden(const struct writing *out)
{
    const struct imgcls_host *host = out->host;
    imgcls_status status = IMGCLS_OK;
    if (!host->graph_golden_origin(host, out->graph))
        return IMGCLS_OK;
    for (int32_t output = 0; output < 2; output++) {
        const struct imgcls_value *value;
        for (size_t i = 0; status == IMGCLS_OK &&
                           (value = host->graph_golden(host, out->graph, output, i));
             i++)
            status = write_golden_value(out, output, i, value);
    }
    return status;
}

static imgcls_status write_labels(const struct writing *out)
{
    const struct imgcls_host *host = out->host;
    const char *labels = host->graph_meta(host, out->graph, IMGCLS_META_LABELS);
    if (!labels || !*labels)
        return IMGCLS_OK;
    return host->zip_add(host, out->zip, BUNDLE_LABELS, labels, strlen(labels));
}

static imgcls_status write_manifest(const struct writing *out, bool has_weights)
{
    char *text = bundle_manifest_text(out->host, out->graph, out->sink->path, has_weights);
    if (!text)
        return IMGCLS_BAD_INPUT;
    imgcls_status status =
        out->host->zip_add(out->host, out->zip, BUNDLE_MANIFEST, text, strlen(text));
    free(text);
    return status;
}

/* Everything but the weights; their size is known once the graph has been written. */
static imgcls_status write_small_members(const struct writing *out, uint64_t *weights)
{
    const struct imgcls_host *host = out->host;
    struct memory_sink graph;
    struct imgcls_sink counter;
    memory_sink_init(&graph, out->sink->path);
    counting_sink_init(&counter, out->sink->path);
    graph.sink.external = &counter;
    graph.sink.external_location = BUNDLE_WEIGHTS;
    imgcls_status status = host->write_graph(host, "onnx", out->graph, &graph.sink);
    *weights = counter.position;
    if (status == IMGCLS_OK)
        status = write_manifest(out, *weights > 0);
    if (status == IMGCLS_OK)
        status = write_labels(out);
    if (status == IMGCLS_OK)
        status = host->zip_add(host, out->zip, BUNDLE_GRAPH, graph.bytes,
                               (size_t)graph.sink.position);
    memory_sink_clear(host, &graph);
    return status == IMGCLS_OK ? write_golden(out) : status;
}

static imgcls_status write_weights(const struct writing *out, uint64_t size)
{
    const struct imgcls_host *host = out->host;
    struct imgcls_sink dropped;
    struct member_sink member;
    if (size == 0)
        return IMGCLS_OK;
    imgcls_status status = host->zip_begin(host, out->zip, BUNDLE_WEIGHTS, size);
    if (status != IMGCLS_OK)
        return status;
    counting_sink_init(&dropped, out->sink->path);
    member_sink_init(&member, out->sink->path, out->zip);
    dropped.external = &member.sink;
    dropped.external_location = BUNDLE_WEIGHTS;
    status = host->write_graph(host, "onnx", out->graph, &dropped);
    if (status == IMGCLS_OK && member.sink.position != size)
        status = host->fail(host, IMGCLS_INTERNAL,
                            "%s: weights of %llu bytes became %llu on the second writing",
                            out->sink->path, (unsigned long long)size,
                            (unsigned long long)member.sink.position);
    return status;
}

imgcls_status bundle_write(const struct imgcls_host *host, const struct imgcls_graph *graph,
                           struct imgcls_sink *sink)
{
    struct writing out = {.host = host, .graph = graph, .sink = sink};
    uint64_t weights = 0;
    imgcls_status status = host->zip_create(host, sink, BUNDLE_ALIGNMENT, &out.zip);
    if (status != IMGCLS_OK)
        return status;
    status = write_small_members(&out, &weights);
    if (status == IMGCLS_OK)
        status = write_weights(&out, weights);
    return host->zip_finish(host, out.zip, status);
}

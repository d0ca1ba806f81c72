/*
 * plugins/formats/bundle/sinks.h - places to write to that are no file
 *
 * A zip is written front to back, while the ONNX writer fills two files at once: the graph
 * is caught in memory while its weights are only counted, then the weights are streamed
 * into their member while the graph, the same again, is dropped.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BUNDLE_SINKS_H
#define BUNDLE_SINKS_H

#include <imgcls/plugin.h>

struct memory_sink {
    struct imgcls_sink sink; /* first */
    unsigned char *bytes;    /* own: memory_sink_clear */
    size_t capacity;
};
void memory_sink_init(struct memory_sink *memory, const char *path);
void memory_sink_clear(const struct imgcls_host *host, struct memory_sink *memory);

/* Counts in sink->position and keeps nothing. */
void counting_sink_init(struct imgcls_sink *sink, const char *path);

/* Appends to the member that host->zip_begin has begun. */
struct member_sink {
    struct imgcls_sink sink; /* first */
    struct imgcls_zip_writer *writer;
};
void member_sink_init(struct member_sink *member, const char *path,
                      struct imgcls_zip_writer *writer);

#endif

/*
 * tests/onnx/fixture.h - reading the files of tests/onnx/fixtures through the plugin
 *
 * The plugin is loaded the way everybody gets it: by a registry that finds it in
 * IMGCLS_PLUGIN_PATH and lets it bid.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_ONNX_FIXTURE_H
#define TESTS_ONNX_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/file/file.h"
#include "src/graph/graph.h"
#include "src/registry/registry.h"
#include "src/tensor/tensor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Path of a fixture, "good/plain.onnx"; valid until the next call. */
static inline const char *fixture_path(const char *name)
{
    static char path[1024];
    const char *top = getenv("ICL_TOP_SRCDIR");
    snprintf(path, sizeof path, "%s/tests/onnx/fixtures/%s", top ? top : ".", name);
    return path;
}

static inline struct imgcls_context *fixture_context(void)
{
    struct imgcls_context *ctx;
    assert_int_equal(imgcls_context_create(NULL, &ctx), IMGCLS_OK);
    return ctx;
}

static inline struct icl_registry *fixture_registry(struct imgcls_context *ctx)
{
    struct icl_registry *registry;
    assert_int_equal(icl_context_registry(ctx, &registry), IMGCLS_OK);
    return registry;
}

/* Reads a model by the onnx plugin, whoever else would bid; *graph is NULL on failure. */
static inline imgcls_status fixture_read_source(struct imgcls_context *ctx,
                                                const struct imgcls_source *source,
                                                struct imgcls_graph **graph)
{
    const struct imgcls_format *format =
        icl_registry_format_named(fixture_registry(ctx), "onnx");
    assert_non_null(format);
    *graph = NULL;
    imgcls_status status = icl_graph_create(ctx, NULL, graph);
    if (status != IMGCLS_OK)
        return status;
    status = format->read(&ctx->host, source, *graph);
    if (status != IMGCLS_OK) {
        icl_graph_destroy(*graph);
        *graph = NULL;
    }
    return status;
}

static inline imgcls_status fixture_read(struct imgcls_context *ctx, const char *path,
                                         struct imgcls_graph **graph)
{
    struct imgcls_source *source;
    *graph = NULL;
    imgcls_status status = icl_source_open(ctx, path, &source);
    if (status != IMGCLS_OK)
        return status;
    status = fixture_read_source(ctx, source, graph);
    icl_source_close(source);
    return status;
}

/* A source over bytes that stay the caller's, with nothing beneath it. */
static inline struct icl_source fixture_memory(const char *path, const unsigned char *bytes,
                                               size_t size)
{
    return (struct icl_source){
        .source = {.struct_size = sizeof(struct imgcls_source),
                   .path = path,
                   .bytes = bytes,
                   .size = size},
    };
}

/* Opens a good fixture as it was read: nodes in the order of the file, nothing swept. Fails
 * the test with the message where that does not work. */
static inline struct imgcls_graph *fixture_open(struct imgcls_context *ctx,
                                                const char *name)
{
    struct imgcls_graph *graph;
    if (fixture_read(ctx, fixture_path(name), &graph) != IMGCLS_OK)
        fail_msg("%s", imgcls_error(ctx));
    return graph;
}

/* The same, sorted: names of inner graphs are bound, what nothing reads is gone. */
static inline struct imgcls_graph *fixture_open_sorted(struct imgcls_context *ctx,
                                                       const char *name)
{
    struct imgcls_graph *graph = fixture_open(ctx, name);
    if (icl_graph_sort(graph) != IMGCLS_OK)
        fail_msg("%s", imgcls_error(ctx));
    return graph;
}

/* The node of that type, the first in order. */
static inline const struct imgcls_node *fixture_node(const struct imgcls_graph *graph,
                                                     const char *type)
{
    for (size_t i = 0; i < graph->node_count; i++)
        if (strcmp(graph->nodes[i]->type, type) == 0)
            return &graph->nodes[i]->node;
    fail_msg("no node of type %s", type);
    return NULL;
}

/* A sink that keeps what is written. */
struct fixture_sink {
    struct imgcls_sink sink; /* first */
    unsigned char *bytes;
    size_t size;
};

static inline imgcls_status fixture_sink_write(const struct imgcls_host *host,
                                               struct imgcls_sink *sink, const void *bytes,
                                               size_t size)
{
    struct fixture_sink *self = (struct fixture_sink *)sink;
    (void)host;
    self->bytes = realloc(self->bytes, self->size + size + 1);
    assert_non_null(self->bytes);
    memcpy(self->bytes + self->size, bytes, size);
    self->size += size;
    sink->position += size;
    return IMGCLS_OK;
}

static inline void fixture_sink_init(struct fixture_sink *self, const char *path)
{
    *self = (struct fixture_sink){
        .sink = {.struct_size = sizeof self->sink,
                 .path = path,
                 .write = fixture_sink_write},
    };
}

#endif

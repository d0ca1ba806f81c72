/*
 * tests/onnx/rewrite.c - reads a model and writes it, through the onnx plugin and nothing
 * else
 *
 *     rewrite IN.onnx OUT.onnx [EXTERNAL]
 *     rewrite --value IN.pb|.npy OUT.pb|.npy
 *
 * For tests/onnx/roundtrip_test.py, which compares what ONNX Runtime makes of both files.
 * With EXTERNAL, a file name, large weights go to that file beside OUT.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/file/file.h"
#include "src/graph/graph.h"
#include "src/registry/registry.h"

#include <stdio.h>
#include <string.h>

static imgcls_status read_model(struct imgcls_context *ctx, const char *path,
                                struct imgcls_graph *graph)
{
    const struct imgcls_format *format;
    struct icl_registry *registry;
    struct imgcls_source *source;
    imgcls_status status = icl_source_open(ctx, path, &source);
    if (status != IMGCLS_OK)
        return status;
    status = icl_context_registry(ctx, &registry);
    if (status == IMGCLS_OK)
        status = icl_registry_format(registry, source, false, &format);
    if (status == IMGCLS_OK)
        status = format->read(&ctx->host, source, graph);
    if (status == IMGCLS_OK)
        status = icl_graph_sort(graph);
    icl_source_close(source);
    return status;
}

static imgcls_status write_model(struct imgcls_context *ctx,
                                 const struct imgcls_graph *graph, const char *path,
                                 const char *external)
{
    struct icl_output *output = NULL, *beside = NULL;
    char name[4096];
    const char *slash = strrchr(path, '/');
    imgcls_status status = icl_output_create(ctx, path, &output);
    if (status == IMGCLS_OK && external) {
        snprintf(name, sizeof name, "%.*s%s", slash ? (int)(slash - path + 1) : 0, path,
                 external);
        status = icl_output_create(ctx, name, &beside);
        if (status == IMGCLS_OK) {
            output->sink.external = &beside->sink;
            output->sink.external_location = external;
        }
    }
    if (status == IMGCLS_OK)
        status = ctx->host.write_graph(&ctx->host, "onnx", graph, &output->sink);
    if (beside)
        status = icl_output_finish(beside, status);
    return output ? icl_output_finish(output, status) : status;
}

static imgcls_status rewrite_model(struct imgcls_context *ctx, const char *in,
                                   const char *out, const char *external)
{
    struct imgcls_graph *graph;
    imgcls_status status = icl_graph_create(ctx, NULL, &graph);
    if (status != IMGCLS_OK)
        return status;
    status = read_model(ctx, in, graph);
    if (status == IMGCLS_OK)
        status = write_model(ctx, graph, out, external);
    icl_graph_destroy(graph);
    return status;
}

static imgcls_status rewrite_value(struct imgcls_context *ctx, const char *in,
                                   const char *out)
{
    const struct imgcls_host *host = &ctx->host;
    size_t length = strlen(out);
    const char *format =
        length > 4 && strcmp(out + length - 4, ".npy") == 0 ? "npy" : "onnx";
    struct imgcls_source *source;
    struct icl_output *output;
    void *values = NULL;
    imgcls_status status = icl_source_open(ctx, in, &source);
    if (status != IMGCLS_OK)
        return status;
    status = host->values_create(host, &values);
    if (status == IMGCLS_OK)
        status = host->read_values(host, source, values);
    if (status == IMGCLS_OK)
        status = icl_output_create(ctx, out, &output);
    if (status == IMGCLS_OK) {
        const struct imgcls_named_value *first = host->values_at(host, values, 0);
        status = host->write_value(host, format, first->name, first->value, &output->sink);
        status = icl_output_finish(output, status);
    }
    host->values_release(host, values);
    icl_source_close(source);
    return status;
}

int main(int count, char **words)
{
    struct imgcls_context *ctx;
    imgcls_status status = IMGCLS_BAD_INPUT;
    if (imgcls_context_create(NULL, &ctx) != IMGCLS_OK)
        return 3;
    if (count == 4 && strcmp(words[1], "--value") == 0)
        status = rewrite_value(ctx, words[2], words[3]);
    else if (count == 3 || count == 4)
        status = rewrite_model(ctx, words[1], words[2], count == 4 ? words[3] : NULL);
    else
        fprintf(stderr, "usage: rewrite IN.onnx OUT.onnx [EXTERNAL]\n");
    if (status != IMGCLS_OK)
        fprintf(stderr, "rewrite: %s\n", imgcls_error(ctx));
    imgcls_context_destroy(ctx);
    return status == IMGCLS_OK ? 0 : 2;
}

/*
 * plugins/formats/onnx/plugin.c - the ONNX format: models, and files of values
 *
 * Takes a mapped .onnx file (or archive member) and fills a host graph; takes .pb files of
 * tensors, sequences, optionals and maps; writes both. The table at the end is the content;
 * README.md says which file does what.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/onnx/reader.h"
#include "plugins/formats/onnx/writer.h"

static int32_t bid(const struct imgcls_host *host, const struct imgcls_source *source)
{
    (void)host;
    return onnx_model_bid(source);
}

/* Ends a reading; what the reader noticed itself is told with the file's name. */
static imgcls_status finish(struct onnx_reader *reader, imgcls_status status)
{
    const struct imgcls_host *host = reader->host;
    if (status != IMGCLS_OK && reader->status != IMGCLS_OK)
        status = host->fail(host, status, "%s: %s", reader->source->path, reader->problem);
    onnx_reader_clear(reader);
    return status;
}

static imgcls_status read_model(const struct imgcls_host *host,
                                const struct imgcls_source *source,
                                struct imgcls_graph *graph)
{
    struct onnx_reader reader;
    onnx_reader_init(&reader, host, source);
    return finish(&reader, onnx_model_read(&reader, graph));
}

static imgcls_status read_values(const struct imgcls_host *host,
                                 const struct imgcls_source *source, void *values)
{
    struct onnx_reader reader;
    onnx_reader_init(&reader, host, source);
    return finish(&reader, onnx_values_read(&reader, values));
}

static const struct imgcls_format onnx = {
    .struct_size = sizeof(struct imgcls_format),
    .name = "onnx",
    .description = "ONNX models (IR versions 1 to 14) and files of ONNX tensors",
    .extensions = (const char *const[]){".onnx", ".pb", NULL},
    .bid = bid,
    .read = read_model,
    .write = onnx_model_write,
    .bid_values = onnx_values_bid,
    .read_values = read_values,
    .write_value = onnx_value_write,
};
static const struct imgcls_plugin plugin = {
    .abi_major = IMGCLS_ABI_MAJOR,
    .abi_minor_needed = 1,
    .struct_size = sizeof(struct imgcls_plugin),
    .name = "onnx",
    .version = PACKAGE_VERSION,
    .licence = "Apache-2.0",
    .formats = (const struct imgcls_format *const[]){&onnx, NULL},
};

const struct imgcls_plugin *imgcls_plugin_entry(const struct imgcls_host *host)
{
    (void)host;
    return &plugin;
}

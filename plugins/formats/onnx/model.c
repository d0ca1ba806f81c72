/*
 * plugins/formats/onnx/model.c - ModelProto: is it one, and reading it
 *
 * ONNX has no magic number. What a file of another kind would have to imitate to be taken
 * for a model is a row of top-level fields with ModelProto's numbers and wire types, each
 * ending where the next begins, among them ir_version (a small number) and graph.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/onnx/reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define IR_VERSION_NEWEST    14
#define IR_VERSION_PLAUSIBLE 100
#define OPSET_VERSION_MAX    1000000

/* Top-level fields looked at when bidding: functions and metadata may be many. */
#define BID_FIELDS 4096

static bool ends_in(const char *path, const char *extension)
{
    size_t length = strlen(path), wanted = strlen(extension);
    return length >= wanted && strcasecmp(path + length - wanted, extension) == 0;
}

int32_t onnx_model_bid(const struct imgcls_source *source)
{
    if (source->is_folder)
        return 0;
    bool named = ends_in(source->path, ".onnx");
    struct onnx_span rest = {source->bytes, source->size};
    struct onnx_field field;
    const char *why;
    bool version = false, graph = false, opset = false;
    int got = 0;
    for (int i = 0; i < BID_FIELDS && (got = onnx_wire_next(&rest, &field, &why)) > 0;
         i++) {
        const ProtobufCFieldDescriptor *known = protobuf_c_message_descriptor_get_field(
            &onnx__model_proto__descriptor, field.number);
        uint32_t wire = known && known->type == PROTOBUF_C_TYPE_INT64 ? ONNX_WIRE_VARINT
                                                                      : ONNX_WIRE_LENGTH;
        if (known && field.wire != wire) {
            got = -1;
            break;
        }
        if (field.number == 1)
            version = field.value >= 1 && field.value <= IR_VERSION_PLAUSIBLE;
        graph = graph || field.number == 7;
        opset = opset || field.number == 8;
    }
    /* A name of ours with damaged or foreign content: read, to say what is wrong with it.
     */
    if (got < 0 || !graph)
        return named ? 10 : 0;
    /* All of it fits, to the last byte: with the name, nobody else need be loaded and asked. */
    if (named && version && opset && got == 0)
        return 100;
    return (version ? 70 : 50) + (named ? 10 : 0);
}

/* What files that are not models turn out to be. */
static const struct {
    const char *bytes;
    size_t size;
    const char *what;
} foreign[] = {
    {"version https://", 16,
     "a Git LFS pointer, not a model; fetch the real file (git lfs pull)"},
    {"<!DOCTYPE", 9, "an HTML page, not a model; the download went wrong"},
    {"<!doctype", 9, "an HTML page, not a model; the download went wrong"},
    {"<html", 5, "an HTML page, not a model; the download went wrong"},
    {"PK\3\4", 4, "a zip archive, not an ONNX model"},
    {"\x89HDF\r\n\x1a\n", 8, "an HDF5 file (Keras), not an ONNX model"},
    {"\x93NUMPY", 6, "a NumPy array, not an ONNX model"},
    {"\x1f\x8b", 2, "compressed with gzip; unpack it first"},
    {"ORTM", 4, "an ORT-format model; only the .onnx it was made from can be read"},
};

static imgcls_status refuse_foreign(struct onnx_reader *reader)
{
    const struct imgcls_source *source = reader->source;
    if (source->size == 0)
        return onnx_fail(reader, IMGCLS_BAD_INPUT, "empty file");
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (source->size >= foreign[i].size &&
            memcmp(source->bytes, foreign[i].bytes, foreign[i].size) == 0)
            return onnx_fail(reader, IMGCLS_BAD_INPUT, "%s", foreign[i].what);
    if (source->size >= 8 && memcmp(source->bytes + 4, "ORTM", 4) == 0)
        return onnx_fail(reader, IMGCLS_BAD_INPUT, "%s",
                         foreign[sizeof foreign / sizeof *foreign - 1].what);
    return IMGCLS_OK;
}

static imgcls_status set_opset(struct onnx_reader *reader, struct imgcls_graph *graph,
                               const Onnx__OperatorSetIdProto *opset)
{
    const char *domain = onnx_domain(opset->domain);
    if (opset->version < 1 || opset->version > OPSET_VERSION_MAX)
        return onnx_fail(reader, IMGCLS_BAD_INPUT,
                         "operator set '%s' has version %" PRId64 ", 1 or more is needed",
                         *domain ? domain : "ai.onnx", opset->version);
    return reader->host->graph_set_opset(reader->host, graph, domain, opset->version);
}

static bool imports(const Onnx__ModelProto *model, const char *domain)
{
    for (size_t i = 0; i < model->n_opset_import; i++)
        if (strcmp(onnx_domain(model->opset_import[i]->domain), domain) == 0)
            return true;
    return false;
}

static imgcls_status read_opsets(struct onnx_reader *reader, const Onnx__ModelProto *model,
                                 struct imgcls_graph *graph)
{
    const struct imgcls_host *host = reader->host;
    imgcls_status status = IMGCLS_OK;
    if (!imports(model, ""))
        status = host->graph_set_opset(host, graph, "", 1);
    for (size_t i = 0; i < model->n_functions && status == IMGCLS_OK; i++)
        for (size_t k = 0; k < model->functions[i]->n_opset_import && status == IMGCLS_OK;
             k++)
            if (!imports(model, onnx_domain(model->functions[i]->opset_import[k]->domain)))
                status = set_opset(reader, graph, model->functions[i]->opset_import[k]);
    for (size_t i = 0; i < model->n_opset_import && status == IMGCLS_OK; i++)
        status = set_opset(reader, graph, model->opset_import[i]);
    return status;
}

static imgcls_status set_meta(struct onnx_reader *reader, struct imgcls_graph *graph,
                              const char *key, const char *text)
{
    struct onnx_span bytes = {(const unsigned char *)text, strlen(text)};
    if (!*key)
        return IMGCLS_OK;
    if (!onnx_text_is_utf8(bytes)) {
        reader->host->log(reader->host, IMGCLS_LOG_WARNING,
                          "%s: metadata '%s' is not UTF-8; left out", reader->source->path,
                          key);
        return IMGCLS_OK;
    }
    return reader->host->graph_set_meta(reader->host, graph, key, text);
}

static imgcls_status read_metadata(struct onnx_reader *reader,
                                   const Onnx__ModelProto *model,
                                   struct imgcls_graph *graph)
{
    const struct imgcls_host *host = reader->host;
    char text[ONNX_TEXT_CAPACITY];
    const char *producer = onnx_text(model->producer_name);
    const char *version = onnx_text(model->producer_version);
    imgcls_status status = IMGCLS_OK;
    if (*producer) {
        snprintf(text, sizeof text, "%s%s%s", producer, *version ? " " : "", version);
        status = host->graph_set_meta(host, graph, IMGCLS_META_PRODUCER, text);
    }
    for (size_t i = 0; i < model->n_metadata_props && status == IMGCLS_OK; i++)
        status = set_meta(reader, graph, onnx_text(model->metadata_props[i]->key),
                          onnx_text(model->metadata_props[i]->value));
    snprintf(text, sizeof text, "%" PRId64, model->ir_version);
    return status != IMGCLS_OK ? status
                               : host->graph_set_meta(host, graph, IMGCLS_META_IR, text);
}

imgcls_status onnx_model_read(struct onnx_reader *reader, struct imgcls_graph *graph)
{
    const struct imgcls_source *source = reader->source;
    struct onnx_span whole = {source->bytes, source->size};
    Onnx__ModelProto *model;
    imgcls_status status = refuse_foreign(reader);
    if (status == IMGCLS_OK)
        status = onnx_unpack(reader, &onnx__model_proto__descriptor, whole, &model);
    if (status != IMGCLS_OK)
        return status;
    if (!model->graph)
        return onnx_fail(reader, IMGCLS_BAD_INPUT,
                         "not an ONNX model: there is no graph in it");
    if (!model->has_ir_version || model->ir_version < 1)
        return onnx_fail(reader, IMGCLS_BAD_INPUT,
                         "ir_version is %" PRId64 ", 1 to %d are known", model->ir_version,
                         IR_VERSION_NEWEST);
    if (model->ir_version > IR_VERSION_NEWEST)
        reader->host->log(reader->host, IMGCLS_LOG_WARNING,
                          "%s: ir_version %" PRId64 " is newer than %d; reading on",
                          source->path, model->ir_version, IR_VERSION_NEWEST);
    status = read_opsets(reader, model, graph);
    if (status == IMGCLS_OK)
        status = read_metadata(reader, model, graph);
    if (status == IMGCLS_OK)
        status = onnx_functions_index(reader, model);
    if (status == IMGCLS_OK)
        status = onnx_graph_read(reader, model->graph, graph, NULL);
    return status;
}

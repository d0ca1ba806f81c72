/*
 * plugins/formats/onnx/write_model.c - a model file: words about the model, then its graph
 *
 * The size of the graph is known before its first byte is written, for a protobuf message
 * begins with its length; what is past 2 GiB is refused then, with nothing written.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/onnx/element.h"
#include "plugins/formats/onnx/stream.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define IR_VERSION_NEWEST 14
/* Since then initializers need not be inputs, too; ours never are. */
#define IR_VERSION_OLDEST 4

/* Field numbers of ModelProto and GraphProto. */
enum { MODEL_GRAPH = 7, GRAPH_NODE = 1, GRAPH_INITIALIZER = 5 };

/* The IR version that a version of ai.onnx came with (ONNX's Versioning.md), so that a tool
 * which knows the operators can read the file. */
static const struct {
    int64_t opset, ir_version;
} ir_versions[] = {
    {9, 4},  {10, 5},  {11, 6},  {14, 7},  {18, 8},
    {20, 9}, {22, 10}, {23, 11}, {24, 12}, {27, 13},
};

static int64_t ir_for_opset(int64_t opset)
{
    for (size_t i = 0; i < sizeof ir_versions / sizeof *ir_versions; i++)
        if (opset <= ir_versions[i].opset)
            return ir_versions[i].ir_version;
    return IR_VERSION_NEWEST;
}

static int64_t ir_for_type(int32_t type)
{
    const struct onnx_element *element = onnx_element_of(type);
    return element ? element->ir_version : 0;
}

/* The source's own version where it can say all that the graph has, else the lowest. */
static int64_t choose_ir(struct onnx_writer *writer, const struct imgcls_graph *graph,
                         const Onnx__GraphProto *proto)
{
    const struct imgcls_host *host = writer->host;
    const char *source = host->graph_meta(host, graph, IMGCLS_META_IR);
    int64_t lowest = IR_VERSION_OLDEST, version;
    const char *domain;
    for (size_t i = 0; (domain = host->graph_opset_at(host, graph, i, &version)); i++)
        if (!*domain && ir_for_opset(version) > lowest)
            lowest = ir_for_opset(version);
    for (size_t i = 0; i < proto->n_initializer; i++)
        if (ir_for_type(proto->initializer[i]->data_type) > lowest)
            lowest = ir_for_type(proto->initializer[i]->data_type);
    int64_t own = source ? strtoll(source, NULL, 10) : 0;
    return own >= lowest && own <= IR_VERSION_NEWEST ? own : lowest;
}

static imgcls_status build_opsets(struct onnx_writer *writer,
                                  const struct imgcls_graph *graph, Onnx__ModelProto *model)
{
    const struct imgcls_host *host = writer->host;
    size_t count = 0;
    int64_t version;
    const char *domain;
    while (host->graph_opset_at(host, graph, count, &version))
        count++;
    imgcls_status status =
        onnx_writer_alloc(writer, count, sizeof *model->opset_import, &model->opset_import);
    for (size_t i = 0; i < count && status == IMGCLS_OK; i++) {
        Onnx__OperatorSetIdProto *opset;
        domain = host->graph_opset_at(host, graph, i, &version);
        status = onnx_writer_alloc(writer, 1, sizeof *opset, &opset);
        if (status != IMGCLS_OK)
            break;
        onnx__operator_set_id_proto__init(opset);
        opset->domain = (char *)(uintptr_t)domain;
        opset->has_version = 1;
        opset->version = version;
        model->opset_import[i] = opset;
        model->n_opset_import = i + 1;
    }
    return status;
}

static imgcls_status build_metadata(struct onnx_writer *writer,
                                    const struct imgcls_graph *graph,
                                    Onnx__ModelProto *model)
{
    const struct imgcls_host *host = writer->host;
    size_t count = 0;
    const char *key, *text;
    while (host->graph_meta_at(host, graph, count, &text))
        count++;
    imgcls_status status = onnx_writer_alloc(writer, count, sizeof *model->metadata_props,
                                             &model->metadata_props);
    for (size_t i = 0; i < count && status == IMGCLS_OK; i++) {
        Onnx__StringStringEntryProto *entry;
        key = host->graph_meta_at(host, graph, i, &text);
        if (strcmp(key, IMGCLS_META_IR) == 0 ||
            strncmp(key, ONNX_META_NESTING, sizeof ONNX_META_NESTING - 1) == 0)
            continue; /* has a field of its own */
        status = onnx_writer_alloc(writer, 1, sizeof *entry, &entry);
        if (status != IMGCLS_OK)
            break;
        onnx__string_string_entry_proto__init(entry);
        entry->key = (char *)(uintptr_t)key;
        entry->value = (char *)(uintptr_t)text;
        model->metadata_props[model->n_metadata_props++] = entry;
    }
    return status;
}

/* The graph without nodes and initializers: what is small and packed at once. */
static Onnx__GraphProto rest_of(const Onnx__GraphProto *graph)
{
    Onnx__GraphProto rest = *graph;
    rest.n_node = 0;
    rest.n_initializer = 0;
    return rest;
}

static uint64_t graph_size(const Onnx__GraphProto *graph)
{
    Onnx__GraphProto rest = rest_of(graph);
    uint64_t size = protobuf_c_message_get_packed_size(&rest.base);
    for (size_t i = 0; i < graph->n_node; i++)
        size += onnx_field_size(protobuf_c_message_get_packed_size(&graph->node[i]->base));
    for (size_t i = 0; i < graph->n_initializer; i++)
        size += onnx_field_size(onnx_tensor_size(graph->initializer[i]));
    return size;
}

static imgcls_status write_graph(struct onnx_writer *writer, const Onnx__GraphProto *graph,
                                 uint64_t size)
{
    Onnx__GraphProto rest = rest_of(graph);
    imgcls_status status = onnx_stream_open(writer, MODEL_GRAPH, size);
    if (status == IMGCLS_OK)
        status = onnx_stream_message(writer, &rest.base);
    for (size_t i = 0; i < graph->n_node && status == IMGCLS_OK; i++) {
        const ProtobufCMessage *node = &graph->node[i]->base;
        status =
            onnx_stream_open(writer, GRAPH_NODE, protobuf_c_message_get_packed_size(node));
        if (status == IMGCLS_OK)
            status = onnx_stream_message(writer, node);
    }
    for (size_t i = 0; i < graph->n_initializer && status == IMGCLS_OK; i++) {
        Onnx__TensorProto *tensor = graph->initializer[i];
        status = onnx_stream_open(writer, GRAPH_INITIALIZER, onnx_tensor_size(tensor));
        if (status == IMGCLS_OK)
            status = onnx_stream_tensor(writer, tensor);
    }
    return status;
}

imgcls_status onnx_model_write(const struct imgcls_host *host,
                               const struct imgcls_graph *graph, struct imgcls_sink *sink)
{
    struct onnx_writer writer = {.host = host, .sink = sink};
    Onnx__ModelProto model;
    Onnx__GraphProto *proto;
    onnx_arena_init(&writer.arena, host);
    onnx__model_proto__init(&model);
    imgcls_status status = onnx_graph_build(&writer, graph, &proto);
    if (status == IMGCLS_OK)
        status = build_opsets(&writer, graph, &model);
    if (status == IMGCLS_OK)
        status = build_metadata(&writer, graph, &model);
    if (status != IMGCLS_OK)
        goto done;
    model.has_ir_version = 1;
    model.ir_version = choose_ir(&writer, graph, proto);
    model.producer_name = (char *)(uintptr_t) "imgcls";
    model.producer_version = (char *)(uintptr_t)host->version;

    uint64_t size = graph_size(proto);
    uint64_t whole =
        protobuf_c_message_get_packed_size(&model.base) + onnx_field_size(size);
    if (whole > ONNX_MESSAGE_MAX) {
        status =
            host->fail(host, IMGCLS_UNSUPPORTED,
                       "%s: the model takes %" PRIu64 " bytes, an ONNX file holds at most "
                       "%d; weights have to go to a file beside it",
                       sink->path, whole, ONNX_MESSAGE_MAX);
        goto done;
    }
    status = onnx_stream_message(&writer, &model.base);
    if (status == IMGCLS_OK)
        status = write_graph(&writer, proto, size);
done:
    onnx_arena_clear(&writer.arena);
    return status;
}

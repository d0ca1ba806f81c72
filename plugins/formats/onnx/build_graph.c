/*
 * plugins/formats/onnx/build_graph.c - a graph, main or inner, as a message
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/onnx/writer.h"

typedef const struct imgcls_value_info *(*value_at)(const struct imgcls_host *host,
                                                    const struct imgcls_graph *graph,
                                                    size_t index);

static size_t count_values(struct onnx_writer *writer, const struct imgcls_graph *graph,
                           value_at at)
{
    size_t count = 0;
    while (at(writer->host, graph, count))
        count++;
    return count;
}

static imgcls_status build_values(struct onnx_writer *writer,
                                  const struct imgcls_graph *graph, value_at at,
                                  size_t *count, Onnx__ValueInfoProto ***out)
{
    *count = count_values(writer, graph, at);
    imgcls_status status = onnx_writer_alloc(writer, *count, sizeof **out, out);
    for (size_t i = 0; i < *count && status == IMGCLS_OK; i++)
        status =
            onnx_value_info_build(writer, graph, at(writer->host, graph, i), &(*out)[i]);
    return status;
}

static imgcls_status build_initializers(struct onnx_writer *writer,
                                        const struct imgcls_graph *graph,
                                        Onnx__GraphProto *proto)
{
    const struct imgcls_host *host = writer->host;
    size_t count = count_values(writer, graph, host->graph_initializer_at);
    imgcls_status status =
        onnx_writer_alloc(writer, count, sizeof *proto->initializer, &proto->initializer);
    for (size_t i = 0; i < count && status == IMGCLS_OK; i++) {
        const struct imgcls_value_info *info = host->graph_initializer_at(host, graph, i);
        status = onnx_initializer_build(writer, info->name, info->constant,
                                        &proto->initializer[i]);
    }
    proto->n_initializer = count;
    return status;
}

static imgcls_status build_nodes(struct onnx_writer *writer,
                                 const struct imgcls_graph *graph, Onnx__GraphProto *proto)
{
    const struct imgcls_host *host = writer->host;
    size_t count = 0;
    while (host->graph_node_at(host, graph, count))
        count++;
    imgcls_status status =
        onnx_writer_alloc(writer, count, sizeof *proto->node, &proto->node);
    for (size_t i = 0; i < count && status == IMGCLS_OK; i++)
        status =
            onnx_node_build(writer, host->graph_node_at(host, graph, i), &proto->node[i]);
    proto->n_node = count;
    return status;
}

imgcls_status onnx_graph_build(struct onnx_writer *writer, const struct imgcls_graph *graph,
                               Onnx__GraphProto **out)
{
    const struct imgcls_host *host = writer->host;
    const char *name = host->graph_name(host, graph);
    Onnx__GraphProto *proto;
    imgcls_status status = onnx_writer_alloc(writer, 1, sizeof *proto, &proto);
    if (status != IMGCLS_OK)
        return status;
    onnx__graph_proto__init(proto);
    /* ONNX's checker wants a graph to have a name. */
    proto->name = (char *)(uintptr_t)(name && *name ? name : "graph");
    status = build_nodes(writer, graph, proto);
    if (status == IMGCLS_OK)
        status = build_initializers(writer, graph, proto);
    if (status == IMGCLS_OK)
        status = build_values(writer, graph, host->graph_input_at, &proto->n_input,
                              &proto->input);
    if (status == IMGCLS_OK)
        status = build_values(writer, graph, host->graph_output_at, &proto->n_output,
                              &proto->output);
    *out = proto;
    return status;
}

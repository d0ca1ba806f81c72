/*
 * plugins/formats/onnx/writer.h - a host graph becomes an ONNX file
 *
 * build_graph.c, build_node.c and build_tensor.c make protobuf-c messages that borrow the
 * graph's bytes; write_model.c and write_value.c stream them: nothing larger than one node
 * is packed in memory, and tensors go straight from the graph to the sink.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ONNX_WRITER_H
#define ONNX_WRITER_H

#include "schemas/onnx-data.pb-c.h"
#include "schemas/onnx.pb-c.h"

#include <imgcls/plugin.h>

#include "plugins/formats/onnx/arena.h"

/* Tensors past this go to the external file where there is one. */
#define ONNX_EXTERNAL_ABOVE     1024
#define ONNX_EXTERNAL_ALIGNMENT 64

struct onnx_writer {
    const struct imgcls_host *host;
    struct imgcls_sink *sink;
    struct onnx_arena arena;
};

/* The format's write and write_value (plugin.h). */
imgcls_status onnx_model_write(const struct imgcls_host *host,
                               const struct imgcls_graph *graph, struct imgcls_sink *sink);
imgcls_status onnx_value_write(const struct imgcls_host *host, const char *name,
                               const struct imgcls_value *value, struct imgcls_sink *sink);

/* build_graph.c: a graph as a message of the arena that borrows names and bytes. Large
 * initializers are written to the external sink on the way, where there is one. */
imgcls_status onnx_graph_build(struct onnx_writer *writer, const struct imgcls_graph *graph,
                               Onnx__GraphProto **out);
/* build_node.c */
imgcls_status onnx_node_build(struct onnx_writer *writer, const struct imgcls_node *node,
                              Onnx__NodeProto **out);
/* build_tensor.c: raw_data borrows the tensor's bytes; strings are string_data. */
imgcls_status onnx_tensor_build(struct onnx_writer *writer, const char *name,
                                const struct imgcls_tensor *tensor,
                                Onnx__TensorProto **out);
/* build_tensor.c: the same; bytes above ONNX_EXTERNAL_ABOVE go to sink->external. */
imgcls_status onnx_initializer_build(struct onnx_writer *writer, const char *name,
                                     const struct imgcls_tensor *tensor,
                                     Onnx__TensorProto **out);
/* build_tensor.c: name and type of a graph's input or output. */
imgcls_status onnx_value_info_build(struct onnx_writer *writer,
                                    const struct imgcls_graph *graph,
                                    const struct imgcls_value_info *info,
                                    Onnx__ValueInfoProto **out);

/* Sets *out to `count` zeroed entries of the arena. */
imgcls_status onnx_writer_alloc(struct onnx_writer *writer, size_t count, size_t size,
                                void *out);

#endif

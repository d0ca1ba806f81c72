/*
 * plugins/formats/onnx/stream.h - messages to a sink, tensors straight from where they are
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ONNX_STREAM_H
#define ONNX_STREAM_H

#include "plugins/formats/onnx/writer.h"

/* protobuf allows messages of at most 2 GiB. */
#define ONNX_MESSAGE_MAX INT32_MAX

/* Bytes that a tensor takes, raw_data included. */
uint64_t onnx_tensor_size(const Onnx__TensorProto *proto);
/* Bytes of a length-prefixed field of that size, tag (below 16: one byte) included. */
uint64_t onnx_field_size(uint64_t size);

/* Writes a tag and a length; the field's bytes follow. */
imgcls_status onnx_stream_open(struct onnx_writer *writer, uint32_t field, uint64_t size);
/* Packs a whole message and writes it. */
imgcls_status onnx_stream_message(struct onnx_writer *writer,
                                  const ProtobufCMessage *message);
/* Writes a tensor without packing its raw_data. */
imgcls_status onnx_stream_tensor(struct onnx_writer *writer, Onnx__TensorProto *proto);

#endif

/*
 * plugins/formats/onnx/stream.c - messages to a sink, tensors straight from where they are
 *
 * A protobuf message may be written in parts: the packed fields of its first half followed
 * by those of its second are the packed whole. So raw_data is written behind the rest of
 * its tensor, and the graph's fields one by one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/onnx/stream.h"
#include "plugins/formats/onnx/wire.h"

#define RAW_DATA_FIELD 9

uint64_t onnx_field_size(uint64_t size)
{
    return 1 + onnx_varint_size(size) + size;
}

/* The tensor without raw_data, which is sized and written apart. */
static Onnx__TensorProto header_of(const Onnx__TensorProto *proto)
{
    Onnx__TensorProto header = *proto;
    header.has_raw_data = 0;
    header.raw_data = (ProtobufCBinaryData){0, NULL};
    return header;
}

uint64_t onnx_tensor_size(const Onnx__TensorProto *proto)
{
    Onnx__TensorProto header = header_of(proto);
    uint64_t size = protobuf_c_message_get_packed_size(&header.base);
    return proto->has_raw_data ? size + onnx_field_size(proto->raw_data.len) : size;
}

imgcls_status onnx_stream_open(struct onnx_writer *writer, uint32_t field, uint64_t size)
{
    unsigned char bytes[2 * ONNX_VARINT_MAX];
    size_t used = onnx_varint_write(bytes, (uint64_t)field << 3 | ONNX_WIRE_LENGTH);
    used += onnx_varint_write(bytes + used, size);
    return writer->host->sink_write(writer->host, writer->sink, bytes, used);
}

imgcls_status onnx_stream_message(struct onnx_writer *writer,
                                  const ProtobufCMessage *message)
{
    const struct imgcls_host *host = writer->host;
    size_t size = protobuf_c_message_get_packed_size(message);
    if (size == 0)
        return IMGCLS_OK;
    uint8_t *packed = host->alloc(host, 1, size);
    if (!packed)
        return IMGCLS_NO_MEMORY;
    protobuf_c_message_pack(message, packed);
    imgcls_status status = host->sink_write(host, writer->sink, packed, size);
    host->release(host, packed);
    return status;
}

imgcls_status onnx_stream_tensor(struct onnx_writer *writer, Onnx__TensorProto *proto)
{
    Onnx__TensorProto header = header_of(proto);
    imgcls_status status = onnx_stream_message(writer, &header.base);
    if (status == IMGCLS_OK && proto->has_raw_data) {
        status = onnx_stream_open(writer, RAW_DATA_FIELD, proto->raw_data.len);
        if (status == IMGCLS_OK && proto->raw_data.len)
            status = writer->host->sink_write(writer->host, writer->sink,
                                              proto->raw_data.data, proto->raw_data.len);
    }
    return status;
}

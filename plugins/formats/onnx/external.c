/*
 * plugins/formats/onnx/external.c - tensors whose bytes are in a file beside the model
 *
 * external_data has the keys location (relative to the model's folder), offset and length
 * (decimal, 64 bits) and checksum (not looked at). The host opens the file and lets nothing
 * out of the model's folder (or archive); each file is opened once per reading.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/onnx/reader.h"

#include <inttypes.h>
#include <string.h>

static const char *entry(const Onnx__TensorProto *proto, const char *key)
{
    for (size_t i = 0; i < proto->n_external_data; i++)
        if (strcmp(onnx_text(proto->external_data[i]->key), key) == 0)
            return onnx_text(proto->external_data[i]->value);
    return NULL;
}

static bool parse_decimal(const char *text, uint64_t *out)
{
    uint64_t value = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

static imgcls_status number(struct onnx_reader *reader, const Onnx__TensorProto *proto,
                            const char *key, uint64_t fallback, uint64_t *out)
{
    const char *text = entry(proto, key);
    *out = fallback;
    if (text && !parse_decimal(text, out))
        return onnx_fail(reader, IMGCLS_BAD_INPUT,
                         "%s: external_data %s is '%s', a decimal number is needed",
                         reader->where, key, text);
    return IMGCLS_OK;
}

static imgcls_status open_location(struct onnx_reader *reader, const char *location,
                                   struct onnx_external **out)
{
    const struct imgcls_host *host = reader->host;
    for (struct onnx_external *e = reader->externals; e; e = e->next) {
        if (strcmp(e->location, location) == 0) {
            *out = e;
            return IMGCLS_OK;
        }
    }
    struct onnx_external *opened;
    imgcls_status status = onnx_alloc(reader, 1, sizeof *opened, &opened);
    if (status != IMGCLS_OK)
        return status;
    status = host->source_open_beneath(host, reader->source, location, &opened->source);
    if (status != IMGCLS_OK) /* the host has said why; this says what it was wanted for */
        return host->fail_within(host, status, "%s: %s: external data",
                                 reader->source->path, reader->where);
    opened->location = location;
    opened->next = reader->externals;
    reader->externals = opened;
    *out = opened;
    return IMGCLS_OK;
}

imgcls_status onnx_external_read(struct onnx_reader *reader, const Onnx__TensorProto *proto,
                                 size_t size, struct onnx_span *out,
                                 struct imgcls_storage **storage)
{
    const char *location = entry(proto, "location");
    uint64_t offset, length;
    struct onnx_external *file = NULL;
    if (!location || !*location)
        return onnx_fail(reader, IMGCLS_BAD_INPUT, "%s: external data without a location",
                         reader->where);
    imgcls_status status = number(reader, proto, "offset", 0, &offset);
    if (status == IMGCLS_OK)
        status = number(reader, proto, "length", size, &length);
    if (status == IMGCLS_OK)
        status = open_location(reader, location, &file);
    if (status != IMGCLS_OK)
        return status;
    if (length != size)
        return onnx_fail(reader, IMGCLS_BAD_INPUT,
                         "%s: external data '%s' has length %" PRIu64
                         ", the shape needs %zu",
                         reader->where, location, length, size);
    if (file->source->is_folder || offset > file->source->size ||
        size > file->source->size - offset)
        return onnx_fail(
            reader, IMGCLS_BAD_INPUT,
            "%s: external data '%s' ends at byte %zu, wanted are %zu from byte %" PRIu64,
            reader->where, location, file->source->size, size, offset);
    *out = (struct onnx_span){file->source->bytes + offset, size};
    *storage = file->source->storage;
    return IMGCLS_OK;
}

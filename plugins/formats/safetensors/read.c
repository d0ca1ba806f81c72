/*
 * plugins/formats/safetensors/read.c - the header, checked, and views on the data
 *
 * Rules are the reference's: in the order of their offsets the tensors follow one another
 * without a hole or an overlap, the first begins at 0 and the last ends with the file, and
 * each one's extent is its shape times its element's size. Duplicate names, which the
 * reference lets pass, are refused.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "plugins/formats/safetensors/safetensors.h"

struct entry {
    const char *name; /* in the JSON */
    struct imgcls_tensor tensor;
    uint64_t begin, end;
};

struct reading {
    const struct imgcls_host *host;
    const struct imgcls_source *source;
    size_t data_at; /* where data begin in the file */
    json_t *header;
    struct entry *entries;
    size_t count;
};

static imgcls_status wrong(const struct reading *in, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static imgcls_status wrong(const struct reading *in, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return in->host->fail(in->host, IMGCLS_BAD_INPUT, "%s: safetensors: %s",
                          in->source->path, text);
}

static uint64_t header_length(const struct imgcls_source *source)
{
    uint64_t length = 0;
    for (int i = 8; i-- > 0;)
        length = length << 8 | source->bytes[i];
    return length;
}

static bool named_so(const char *path)
{
    static const char end[] = ".safetensors";
    size_t length = strlen(path);
    return length >= sizeof end - 1 &&
           strcasecmp(path + length - (sizeof end - 1), end) == 0;
}

int32_t safetensors_bid(const struct imgcls_host *host, const struct imgcls_source *source)
{
    (void)host;
    if (source->is_folder)
        return 0;
    bool named = named_so(source->path);
    if (source->size < 10 || source->bytes[8] != '{')
        return named && source->size ? 30 : 0;
    uint64_t length = header_length(source);
    if (length < 2 || length > SAFETENSORS_HEADER_MAX || length > source->size - 8)
        return named ? 60 : 0;
    return named ? 100 : 85;
}

/* An exact count: no sign, no fraction. */
static bool count_of(const json_t *value, uint64_t *out)
{
    json_int_t number = json_integer_value(value);
    *out = (uint64_t)number;
    return json_is_integer(value) && number >= 0;
}

static imgcls_status read_shape(const struct reading *in, const char *name,
                                const json_t *shape, struct imgcls_tensor *tensor)
{
    size_t rank = json_array_size(shape);
    if (!json_is_array(shape) || rank > IMGCLS_MAX_RANK)
        return wrong(in, "tensor '%s': its shape is no list of at most %d numbers", name,
                     IMGCLS_MAX_RANK);
    tensor->rank = (int32_t)rank;
    for (size_t i = 0; i < rank; i++) {
        uint64_t dim;
        if (!count_of(json_array_get(shape, i), &dim))
            return wrong(in, "tensor '%s': dimension %zu is no count", name, i);
        tensor->dims[i] = (int64_t)dim;
    }
    int64_t stride = 1;
    for (size_t i = rank; i-- > 0;) {
        tensor->strides[i] = stride;
        if (tensor->dims[i] > 0 && __builtin_mul_overflow(stride, tensor->dims[i], &stride))
            return wrong(in, "tensor '%s': its shape overflows", name);
    }
    return IMGCLS_OK;
}

static imgcls_status read_entry(struct reading *in, const char *name, json_t *said,
                                struct entry *entry)
{
    const char *dtype = json_string_value(json_object_get(said, "dtype"));
    json_t *offsets = json_object_get(said, "data_offsets");
    size_t bytes;
    entry->name = name;
    entry->tensor.struct_size = sizeof entry->tensor;
    if (!dtype)
        return wrong(in, "tensor '%s' has no dtype", name);
    entry->tensor.type = safetensors_type(dtype);
    if (entry->tensor.type == IMGCLS_UNDEFINED)
        return in->host->fail(
            in->host, IMGCLS_UNSUPPORTED,
            "%s: safetensors: tensor '%s': element type %.32s is not read",
            in->source->path, name, dtype);
    imgcls_status status =
        read_shape(in, name, json_object_get(said, "shape"), &entry->tensor);
    if (status != IMGCLS_OK)
        return status;
    if (json_array_size(offsets) != 2 ||
        !count_of(json_array_get(offsets, 0), &entry->begin) ||
        !count_of(json_array_get(offsets, 1), &entry->end) || entry->begin > entry->end)
        return wrong(in, "tensor '%s': data_offsets are no two rising numbers", name);
    if (in->host->size_of(in->host, entry->tensor.type,
                          imgcls_count(entry->tensor.rank, entry->tensor.dims),
                          &bytes) != IMGCLS_OK ||
        bytes != entry->end - entry->begin)
        return wrong(in, "tensor '%s': its shape needs other than the %llu bytes it has",
                     name, (unsigned long long)(entry->end - entry->begin));
    entry->tensor.size_bytes = bytes;
    return IMGCLS_OK;
}

static int by_offset(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

static imgcls_status check_tiling(struct reading *in)
{
    uint64_t at = 0, size = in->source->size - in->data_at;
    if (in->count)
        qsort(in->entries, in->count, sizeof *in->entries, by_offset);
    for (size_t i = 0; i < in->count; i++) {
        const struct entry *entry = &in->entries[i];
        if (entry->begin != at)
            return wrong(in, "tensor '%s' begins at %llu, the one before it ends at %llu",
                         entry->name, (unsigned long long)entry->begin,
                         (unsigned long long)at);
        at = entry->end;
    }
    if (at != size)
        return wrong(in, "the tensors take %llu bytes, the file has %llu",
                     (unsigned long long)at, (unsigned long long)size);
    return IMGCLS_OK;
}

static imgcls_status read_header(struct reading *in)
{
    json_error_t error;
    const char *name;
    json_t *said;
    size_t i = 0;
    if (in->source->size < 10)
        return wrong(in, "%zu bytes are no such file", in->source->size);
    uint64_t length = header_length(in->source);
    if (length > SAFETENSORS_HEADER_MAX || length > in->source->size - 8)
        return wrong(in, "a header of %llu bytes in a file of %zu",
                     (unsigned long long)length, in->source->size);
    in->data_at = 8 + (size_t)length;
    in->header = json_loadb((const char *)in->source->bytes + 8, (size_t)length,
                            JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(in->header))
        return wrong(in, "the header is no JSON object (%s)",
                     in->header ? "something else" : error.text);
    in->entries =
        in->host->alloc(in->host, json_object_size(in->header) + 1, sizeof *in->entries);
    if (!in->entries)
        return IMGCLS_NO_MEMORY;
    json_object_foreach(in->header, name, said)
    {
        if (strcmp(name, "__metadata__") == 0)
            continue;
        imgcls_status status = read_entry(in, name, said, &in->entries[i]);
        if (status != IMGCLS_OK)
            return status;
        in->count = ++i;
    }
    return check_tiling(in);
}

imgcls_status safetensors_read(const struct imgcls_host *host,
                               const struct imgcls_source *source,
                               struct imgcls_checkpoint *checkpoint)
{
    struct reading in = {.host = host, .source = source};
    imgcls_status status = read_header(&in);
    for (size_t i = 0; i < in.count && status == IMGCLS_OK; i++) {
        struct entry *entry = &in.entries[i];
        size_t one = 1;
        entry->tensor.data = (void *)(source->bytes + in.data_at + entry->begin);
        status = host->size_of(host, entry->tensor.type, 1, &one);
        /* Foreign writers need not align; elements must lie at multiples of their size. */
        if (status == IMGCLS_OK)
            status = host->checkpoint_add(
                host, checkpoint, entry->name, &entry->tensor,
                (uintptr_t)entry->tensor.data % one == 0 ? source->storage : NULL);
    }
    json_decref(in.header);
    host->release(host, in.entries);
    return status;
}

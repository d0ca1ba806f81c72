/*
 * tests/bundle/memory.h - zip files in memory, for the tests of this folder
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BUNDLE_TEST_MEMORY_H
#define BUNDLE_TEST_MEMORY_H

#include "src/bundle/zip.h"
#include "src/file/file.h"

#include <stdlib.h>
#include <string.h>

/* A sink that keeps everything; fails once it holds more than `limit` bytes (0: never). */
struct memory {
    struct imgcls_sink sink; /* first */
    unsigned char *bytes;
    size_t size, limit;
};

static inline imgcls_status memory_write(const struct imgcls_host *host,
                                         struct imgcls_sink *sink, const void *bytes,
                                         size_t size)
{
    struct memory *memory = (struct memory *)sink;
    if (memory->limit && memory->size + size > memory->limit)
        return icl_fail(host->context, IMGCLS_IO, "disk full");
    memory->bytes = realloc(memory->bytes, memory->size + size + 1);
    memcpy(memory->bytes + memory->size, bytes, size);
    memory->size += size;
    sink->position += size;
    return IMGCLS_OK;
}

static inline void memory_init(struct memory *memory)
{
    *memory = (struct memory){.sink = {.struct_size = sizeof memory->sink,
                                       .path = "memory.zip",
                                       .write = memory_write}};
}

/* A source over a copy of the bytes, exactly as long, so that the sanitizers see overruns.
 * Own: memory_source_clear. */
static inline imgcls_status memory_source(struct imgcls_context *ctx, const void *bytes,
                                          size_t size, struct imgcls_source *out)
{
    void *copy = icl_alloc(ctx, size ? size : 1, 1);
    if (!copy)
        return icl_alloc_status(ctx);
    memcpy(copy, bytes, size);
    *out = (struct imgcls_source){
        .struct_size = sizeof *out, .path = "memory.zip", .size = size};
    imgcls_status status = icl_storage_own(ctx, copy, size, &out->storage);
    if (status != IMGCLS_OK)
        icl_free(ctx, copy);
    else
        out->bytes = icl_storage_bytes(out->storage);
    return status;
}

static inline void memory_source_clear(struct imgcls_source *source)
{
    icl_storage_release(source->storage);
    source->storage = NULL;
}

#endif

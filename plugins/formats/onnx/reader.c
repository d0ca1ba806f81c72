/*
 * plugins/formats/onnx/reader.c - memory and messages of one reading
 *
 * The arena hands out pieces of chunks that come from the host (so they count against its
 * memory limit) and never takes one back: protobuf-c's tree, names and dense tensors all live
 * until the reading ends.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/onnx/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)256 << 10)

struct onnx_chunk {
    struct onnx_chunk *next;
    _Alignas(64) unsigned char bytes[];
};

static void *allocate(void *data, size_t size)
{
    return onnx_arena_alloc(data, 1, size);
}

static void no_free(void *data, void *pointer)
{
    (void)data;
    (void)pointer;
}

void onnx_arena_init(struct onnx_arena *arena, const struct imgcls_host *host)
{
    *arena = (struct onnx_arena){.host = host};
    arena->allocator = (ProtobufCAllocator){allocate, no_free, arena};
}

static struct onnx_chunk *chunk_create(struct onnx_arena *arena, size_t room)
{
    struct onnx_chunk *chunk =
        arena->host->alloc(arena->host, 1, sizeof(struct onnx_chunk) + room);
    if (!chunk)
        arena->failed = true;
    return chunk;
}

void *onnx_arena_alloc(struct onnx_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
        bytes = SIZE_MAX / 2; /* the host refuses that, with a message */
    bytes = bytes ? (bytes + 15) / 16 * 16 : 16;

    if (arena->chunks && bytes > CHUNK_BYTES / 4) { /* one of its own, behind the newest */
        struct onnx_chunk *chunk = chunk_create(arena, bytes);
        if (!chunk)
            return NULL;
        chunk->next = arena->chunks->next;
        arena->chunks->next = chunk;
        return chunk->bytes;
    }
    if (!arena->chunks || bytes > arena->size - arena->used) {
        size_t room = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
        struct onnx_chunk *chunk = chunk_create(arena, room);
        if (!chunk)
            return NULL;
        chunk->next = arena->chunks;
        arena->chunks = chunk;
        arena->used = 0;
        arena->size = room;
    }
    void *piece = arena->chunks->bytes + arena->used;
    arena->used += bytes;
    return piece;
}

void onnx_arena_clear(struct onnx_arena *arena)
{
    while (arena->chunks) {
        struct onnx_chunk *next = arena->chunks->next;
        arena->host->release(arena->host, arena->chunks);
        arena->chunks = next;
    }
}

void onnx_reader_init(struct onnx_reader *reader, const struct imgcls_host *host,
                      const struct imgcls_source *source)
{
    *reader = (struct onnx_reader){.host = host, .source = source};
    onnx_arena_init(&reader->arena, host);
}

void onnx_reader_clear(struct onnx_reader *reader)
{
    for (struct onnx_external *e = reader->externals; e; e = e->next)
        reader->host->source_close(reader->host, e->source);
    reader->externals = NULL;
    onnx_arena_clear(&reader->arena);
}

/* Names come from the file: what is not printable must not reach a terminal. */
static void print_line(char *out, size_t capacity, const char *format, va_list arguments)
{
    vsnprintf(out, capacity, format, arguments);
    for (char *c = out; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
}

imgcls_status onnx_fail(struct onnx_reader *reader, imgcls_status status, const char *format,
                        ...)
{
    if (reader->status != IMGCLS_OK)
        return status;
    va_list arguments;
    va_start(arguments, format);
    print_line(reader->problem, sizeof reader->problem, format, arguments);
    va_end(arguments);
    reader->status = status;
    return status;
}

void onnx_where(struct onnx_reader *reader, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line(reader->where, sizeof reader->where, format, arguments);
    va_end(arguments);
}

imgcls_status onnx_alloc(struct onnx_reader *reader, size_t count, size_t size, void *out)
{
    void *piece = onnx_arena_alloc(&reader->arena, count, size);
    *(void **)out = piece;
    return piece ? IMGCLS_OK : IMGCLS_NO_MEMORY;
}

const char *onnx_domain(const char *domain)
{
    return !domain || strcmp(domain, "ai.onnx") == 0 ? "" : domain;
}

/*
 * plugins/formats/onnx/arena.c - pieces of chunks that come from the host
 *
 * A piece is never taken back before the arena is cleared; large ones get a chunk of their
 * own, aligned to 64 bytes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/onnx/arena.h"

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

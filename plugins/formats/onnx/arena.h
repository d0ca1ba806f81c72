/*
 * plugins/formats/onnx/arena.h - memory of one reading or writing, freed all at once
 *
 * protobuf-c's trees, names and dense tensors come from here; the host's memory limit
 * counts them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ONNX_ARENA_H
#define ONNX_ARENA_H

#include <imgcls/plugin.h>

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

struct onnx_chunk;

/* Memory that is freed all at once. protobuf-c allocates from it, too. */
struct onnx_arena {
    const struct imgcls_host *host;
    struct onnx_chunk *chunks;
    size_t used, size; /* of the newest chunk */
    bool failed;       /* an allocation was refused; the host has the text */
    ProtobufCAllocator allocator;
};

void onnx_arena_init(struct onnx_arena *arena, const struct imgcls_host *host);
/* count * size zeroed bytes aligned to 16, or NULL. */
void *onnx_arena_alloc(struct onnx_arena *arena, size_t count, size_t size);
void onnx_arena_clear(struct onnx_arena *arena);

#endif

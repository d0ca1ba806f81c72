/*
 * plugins/formats/bundle/sinks.c - places to write to that are no file
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/bundle/sinks.h"

#include <string.h>

#define FIRST_CAPACITY 65536

static imgcls_status write_memory(const struct imgcls_host *host, struct imgcls_sink *sink,
                                  const void *bytes, size_t size)
{
    struct memory_sink *memory = (struct memory_sink *)sink;
    size_t used = (size_t)sink->position, needed;
    if (__builtin_add_overflow(used, size, &needed) || needed > SIZE_MAX / 2)
        return host->fail(host, IMGCLS_NO_MEMORY, "%s: too large to hold in memory",
                          sink->path);
    if (needed > memory->capacity) {
        size_t capacity = memory->capacity ? memory->capacity : FIRST_CAPACITY;
        while (capacity < needed)
            capacity *= 2;
        unsigned char *more = host->alloc(host, capacity, 1);
        if (!more)
            return IMGCLS_NO_MEMORY;
        if (used)
            memcpy(more, memory->bytes, used);
        host->release(host, memory->bytes);
        memory->bytes = more;
        memory->capacity = capacity;
    }
    if (size)
        memcpy(memory->bytes + used, bytes, size);
    sink->position = needed;
    return IMGCLS_OK;
}

void memory_sink_init(struct memory_sink *memory, const char *path)
{
    *memory = (struct memory_sink){
        .sink = {.struct_size = sizeof memory->sink, .path = path, .write = write_memory}};
}

void memory_sink_clear(const struct imgcls_host *host, struct memory_sink *memory)
{
    host->release(host, memory->bytes);
    memory->bytes = NULL;
    memory->capacity = 0;
}

static imgcls_status count(const struct imgcls_host *host, struct imgcls_sink *sink,
                           const void *bytes, size_t size)
{
    (void)host;
    (void)bytes;
    sink->position += size;
    return IMGCLS_OK;
}

void counting_sink_init(struct imgcls_sink *sink, const char *path)
{
    *sink = (struct imgcls_sink){.struct_size = sizeof *sink, .path = path, .write = count};
}

static imgcls_status write_member(const struct imgcls_host *host, struct imgcls_sink *sink,
                                  const void *bytes, size_t size)
{
    struct member_sink *member = (struct member_sink *)sink;
    imgcls_status status = host->zip_append(host, member->writer, bytes, size);
    if (status == IMGCLS_OK)
        sink->position += size;
    return status;
}

void member_sink_init(struct member_sink *member, const char *path,
                      struct imgcls_zip_writer *writer)
{
    *member = (struct member_sink){
        .sink = {.struct_size = sizeof member->sink, .path = path, .write = write_member},
        .writer = writer};
}

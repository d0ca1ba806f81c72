/*
 * plugins/formats/onnx/reader.c - what is noticed while reading, and the end of a reading
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/onnx/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

imgcls_status onnx_fail(struct onnx_reader *reader, imgcls_status status,
                        const char *format, ...)
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

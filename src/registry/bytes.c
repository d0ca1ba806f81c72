/*
 * src/registry/bytes.c - numbers and texts packed into bytes, and read back without trust
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/registry/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void icl_pack_bytes(struct icl_packer *packer, const void *bytes, size_t size)
{
    if (packer->failed || size > packer->limit - packer->size) {
        packer->failed = true;
        return;
    }
    if (size > packer->capacity - packer->size) {
        /* limit is far below SIZE_MAX / 2, so doubling cannot wrap. */
        size_t capacity = packer->capacity ? packer->capacity : 1024;
        while (capacity < packer->size + size)
            capacity *= 2;
        unsigned char *grown = realloc(packer->bytes, capacity);
        if (!grown) {
            packer->failed = true;
            return;
        }
        packer->bytes = grown;
        packer->capacity = capacity;
    }
    if (size)
        memcpy(packer->bytes + packer->size, bytes, size);
    packer->size += size;
}

void icl_pack_u32(struct icl_packer *packer, uint32_t value)
{
    unsigned char bytes[4];
    for (int i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
    icl_pack_bytes(packer, bytes, sizeof bytes);
}

void icl_pack_u64(struct icl_packer *packer, uint64_t value)
{
    icl_pack_u32(packer, (uint32_t)value);
    icl_pack_u32(packer, (uint32_t)(value >> 32));
}

void icl_pack_text(struct icl_packer *packer, const char *text)
{
    size_t length = text ? strnlen(text, ICL_TEXT_MAX + 1) : 0;
    if (length > ICL_TEXT_MAX) {
        packer->failed = true;
        return;
    }
    icl_pack_u32(packer, (uint32_t)length);
    icl_pack_bytes(packer, text ? text : "", length);
    icl_pack_bytes(packer, "", 1);
}

void icl_packer_clear(struct icl_packer *packer)
{
    free(packer->bytes);
    packer->bytes = NULL;
    packer->size = packer->capacity = 0;
}

const unsigned char *icl_unpack_bytes(struct icl_unpacker *unpacker, size_t size)
{
    if (unpacker->failed || size > (size_t)(unpacker->end - unpacker->at)) {
        unpacker->failed = true;
        return NULL;
    }
    const unsigned char *bytes = unpacker->at;
    unpacker->at += size;
    return bytes;
}

uint32_t icl_unpack_u32(struct icl_unpacker *unpacker)
{
    const unsigned char *bytes = icl_unpack_bytes(unpacker, 4);
    if (!bytes)
        return 0;
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

uint64_t icl_unpack_u64(struct icl_unpacker *unpacker)
{
    uint64_t low = icl_unpack_u32(unpacker);
    return low | (uint64_t)icl_unpack_u32(unpacker) << 32;
}

const char *icl_unpack_text(struct icl_unpacker *unpacker)
{
    uint32_t length = icl_unpack_u32(unpacker);
    if (length > ICL_TEXT_MAX)
        unpacker->failed = true;
    const unsigned char *bytes = icl_unpack_bytes(unpacker, (size_t)length + 1);
    if (!bytes || strnlen((const char *)bytes, (size_t)length + 1) != length) {
        unpacker->failed = true;
        return "";
    }
    return (const char *)bytes;
}

uint32_t icl_unpack_count(struct icl_unpacker *unpacker, uint32_t most, size_t item_bytes)
{
    uint32_t count = icl_unpack_u32(unpacker);
    if (count > most || count > (size_t)(unpacker->end - unpacker->at) / item_bytes)
        unpacker->failed = true;
    return unpacker->failed ? 0 : count;
}

struct icl_shelf_chunk {
    struct icl_shelf_chunk *next;
    max_align_t bytes[];
};

void *icl_shelf_take(struct icl_shelf *shelf, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) ||
        __builtin_add_overflow(bytes, sizeof(struct icl_shelf_chunk) + 1, &bytes))
        return NULL;
    struct icl_shelf_chunk *chunk = calloc(1, bytes);
    if (!chunk)
        return NULL;
    chunk->next = shelf->chunks;
    shelf->chunks = chunk;
    return chunk->bytes;
}

char *icl_shelf_text(struct icl_shelf *shelf, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = icl_shelf_take(shelf, size, 1);
    if (copy)
        memcpy(copy, text, size);
    return copy;
}

char *icl_shelf_format(struct icl_shelf *shelf, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = length < 0 ? NULL : icl_shelf_take(shelf, (size_t)length + 1, 1);
    if (!text)
        return NULL;
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

void icl_shelf_clear(struct icl_shelf *shelf)
{
    while (shelf->chunks) {
        struct icl_shelf_chunk *chunk = shelf->chunks;
        shelf->chunks = chunk->next;
        free(chunk);
    }
}

/*
 * plugins/formats/pytorch/values.c - the arena that a pickle's values live in
 *
 * Lists grow by doubling and leave their old arrays in the arena. What a pickle may take is
 * a multiple of its own bytes, far above what honest ones need, so that one which says the
 * same dictionary over and over is refused rather than obeyed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/pytorch/pickle.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CHUNK_BYTES 65536
#define ALIGNMENT   16
#define BYTES_BASE  ((size_t)4 << 20) /* for small pickles */
#define BYTES_EACH  64                /* for each byte of pickle */

struct pickle_chunk {
    struct pickle_chunk *next;
    size_t used, size;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

imgcls_status pickle_fail(struct pickle *pickle, imgcls_status status, const char *format, ...)
{
    char text[1024];
    va_list args;
    if (pickle->refusal_count || pickle->unsupported)
        return status;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return pickle->host->fail(pickle->host, status, "%s: %s", pickle->path, text);
}

void *pickle_alloc(struct pickle *pickle, size_t size)
{
    struct pickle_chunk *chunk = pickle->chunks;
    if (size > SIZE_MAX / 4)
        size = SIZE_MAX / 4; /* fails below, with a message */
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (pickle->allocated + size < size ||
        (pickle->allocated + size > BYTES_BASE &&
         (pickle->allocated + size - BYTES_BASE) / BYTES_EACH > pickle->read)) {
        pickle_fail(pickle, IMGCLS_BAD_INPUT,
                    "the pickle unfolds to more than %d times its size", BYTES_EACH);
        pickle->exceeded = true;
        return NULL;
    }
    pickle->allocated += size;
    if (!chunk || chunk->size - chunk->used < size) {
        size_t room = size > CHUNK_BYTES ? size : CHUNK_BYTES;
        chunk = pickle->host->alloc(pickle->host, sizeof *chunk + room, 1);
        if (!chunk)
            return NULL;
        chunk->size = room;
        chunk->next = pickle->chunks;
        pickle->chunks = chunk;
    }
    void *piece = chunk->bytes + chunk->used;
    chunk->used += size;
    return piece;
}

void pickle_init(struct pickle *pickle, const struct imgcls_host *host, const char *path)
{
    *pickle = (struct pickle){.host = host, .path = path};
    pickle->none.kind = PICKLE_NONE;
    pickle->yes.kind = pickle->no.kind = PICKLE_BOOL;
    pickle->yes.u.integer = 1;
}

void pickle_clear(struct pickle *pickle)
{
    while (pickle->chunks) {
        struct pickle_chunk *chunk = pickle->chunks;
        pickle->chunks = chunk->next;
        pickle->host->release(pickle->host, chunk);
    }
    pickle->storages = NULL;
    pickle->rules = NULL;
    pickle->rule_count = 0;
}

struct pickle_value *pickle_new(struct pickle *pickle, enum pickle_kind kind)
{
    struct pickle_value *value = pickle_alloc(pickle, sizeof *value);
    if (value)
        value->kind = kind;
    return value;
}

imgcls_status pickle_append(struct pickle *pickle, struct pickle_value *list,
                            struct pickle_value *item)
{
    if (list->u.list.count == list->u.list.capacity) {
        size_t capacity = list->u.list.capacity ? list->u.list.capacity * 2 : 4;
        struct pickle_value **items = pickle_alloc(pickle, capacity * sizeof(void *));
        if (!items)
            return IMGCLS_NO_MEMORY;
        if (list->u.list.count)
            memcpy(items, list->u.list.items, list->u.list.count * sizeof(void *));
        list->u.list.items = items;
        list->u.list.capacity = capacity;
    }
    list->u.list.items[list->u.list.count++] = item;
    return IMGCLS_OK;
}

bool pickle_text_is(const struct pickle_value *value, const char *text)
{
    return value && value->kind == PICKLE_TEXT && value->u.text.length == strlen(text) &&
           memcmp(value->u.text.bytes, text, value->u.text.length) == 0;
}

/* The last of equal keys counts, as in Python. */
struct pickle_value *pickle_get(const struct pickle_value *dict, const char *key)
{
    if (!dict || dict->kind != PICKLE_DICT)
        return NULL;
    for (size_t i = dict->u.list.count / 2; i-- > 0;)
        if (pickle_text_is(dict->u.list.items[2 * i], key))
            return dict->u.list.items[2 * i + 1];
    return NULL;
}

/* Length of the UTF-8 sequence at p of at most `left` bytes; 0 where it is none. */
static size_t sequence(const unsigned char *p, size_t left)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = p[0] < 0x80   ? 1
                    : p[0] < 0xc2 ? 0
                    : p[0] < 0xe0 ? 2
                    : p[0] < 0xf0 ? 3
                    : p[0] < 0xf5 ? 4
                                  : 0;
    if (length <= 1)
        return p[0] ? length : 0;
    uint32_t point = p[0] & (0x7fu >> length);
    if (length > left)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (p[i] & 0x3f);
    }
    bool surrogate = point >= 0xd800 && point < 0xe000;
    return point >= least[length] && point <= 0x10ffff && !surrogate ? length : 0;
}

const char *pickle_text(struct pickle *pickle, const struct pickle_value *value)
{
    if (!value || value->kind != PICKLE_TEXT)
        return NULL;
    size_t length = value->u.text.length;
    const unsigned char *bytes = (const unsigned char *)value->u.text.bytes;
    for (size_t at = 0, step; at < length; at += step)
        if ((step = sequence(bytes + at, length - at)) == 0)
            return NULL;
    char *copy = pickle_alloc(pickle, length + 1);
    if (copy && length)
        memcpy(copy, bytes, length);
    return copy;
}

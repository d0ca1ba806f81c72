/*
 * plugins/formats/numpy/npy_header.c - the header of a .npy file
 *
 * The header is written by repr() of a Python dictionary. What is read here is that: the
 * keys descr, fortran_order and shape in any order, strings without escapes, integers, True
 * and False. A structured or object type is refused; objects would be a pickle.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/numpy/npy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* NumPy writes headers of a few hundred bytes at most. */
#define HEADER_MAX 65536

static const struct {
    char kind;
    size_t width;
    int32_t type;
    const char *descr;
} types[] = {
    {'f', 4, IMGCLS_F32, "<f4"}, {'f', 8, IMGCLS_F64, "<f8"},
    {'f', 2, IMGCLS_F16, "<f2"}, {'i', 1, IMGCLS_I8, "|i1"},
    {'i', 2, IMGCLS_I16, "<i2"}, {'i', 4, IMGCLS_I32, "<i4"},
    {'i', 8, IMGCLS_I64, "<i8"}, {'u', 1, IMGCLS_U8, "|u1"},
    {'u', 2, IMGCLS_U16, "<u2"}, {'u', 4, IMGCLS_U32, "<u4"},
    {'u', 8, IMGCLS_U64, "<u8"}, {'b', 1, IMGCLS_BOOL, "|b1"},
    {'c', 8, IMGCLS_C64, "<c8"}, {'c', 16, IMGCLS_C128, "<c16"},
};

const char *npy_descr(int32_t type)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].type == type)
            return types[i].descr;
    return NULL;
}

/* Text being read; at never passes end. */
struct cursor {
    const char *at, *end;
};

static void skip_blanks(struct cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t'))
        c->at++;
}

static bool take(struct cursor *c, char wanted)
{
    skip_blanks(c);
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

static bool take_word(struct cursor *c, const char *word)
{
    size_t length = strlen(word);
    skip_blanks(c);
    if ((size_t)(c->end - c->at) < length || memcmp(c->at, word, length) != 0)
        return false;
    c->at += length;
    return true;
}

static bool take_string(struct cursor *c, char *out, size_t capacity)
{
    skip_blanks(c);
    if (c->at == c->end || (*c->at != '\'' && *c->at != '"'))
        return false;
    char quote = *c->at++;
    size_t length = 0;
    while (c->at < c->end && *c->at != quote) {
        if (*c->at == '\\' || (unsigned char)*c->at < 0x20 || length + 1 >= capacity)
            return false;
        out[length++] = *c->at++;
    }
    out[length] = '\0';
    return take(c, quote);
}

static bool take_number(struct cursor *c, int64_t *out)
{
    int64_t value = 0;
    skip_blanks(c);
    const char *start = c->at;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (int64_t)(*c->at - '0'), &value))
            return false;
    if (c->at == start)
        return false;
    if (c->at < c->end && *c->at == 'L') /* Python 2 */
        c->at++;
    *out = value;
    return true;
}

static bool take_shape(struct cursor *c, struct npy_header *header)
{
    if (!take(c, '('))
        return false;
    header->rank = 0;
    while (!take(c, ')')) {
        if (header->rank == IMGCLS_MAX_RANK || !take_number(c, &header->dims[header->rank]))
            return false;
        header->rank++;
        if (!take(c, ','))
            return take(c, ')');
    }
    return true;
}

static bool parse_descr(const char *descr, struct npy_header *header)
{
    struct cursor c = {descr, descr + strlen(descr)};
    int64_t width;
    header->swapped = false;
    if (*c.at == '>' || *c.at == '<' || *c.at == '|' || *c.at == '=')
        header->swapped = *c.at++ == '>';
    if (c.at == c.end)
        return false;
    char kind = *c.at++;
    if (!take_number(&c, &width) || c.at != c.end || width > INT32_MAX)
        return false;
    if ((kind == 'S' || kind == 'U') && width > 0) {
        header->form = kind == 'S' ? NPY_BYTES : NPY_UNICODE;
        header->type = IMGCLS_STRING;
        header->width = (size_t)width * (kind == 'S' ? 1 : 4);
        return true;
    }
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (types[i].kind != kind || types[i].width != (size_t)width)
            continue;
        header->form = NPY_PLAIN;
        header->type = types[i].type;
        header->width = (size_t)width;
        return true;
    }
    return false;
}

static bool parse_entries(struct cursor *c, char *descr, size_t capacity,
                          struct npy_header *header)
{
    char key[32];
    unsigned seen = 0;
    if (!take(c, '{'))
        return false;
    while (!take(c, '}')) {
        if (!take_string(c, key, sizeof key) || !take(c, ':'))
            return false;
        unsigned bit = strcmp(key, "descr") == 0           ? 1
                       : strcmp(key, "fortran_order") == 0 ? 2
                       : strcmp(key, "shape") == 0         ? 4
                                                           : 0;
        if (!bit || seen & bit)
            return false;
        seen |= bit;
        if (bit == 1 && !take_string(c, descr, capacity))
            return false;
        if (bit == 2) {
            header->fortran = take_word(c, "True");
            if (!header->fortran && !take_word(c, "False"))
                return false;
        }
        if (bit == 4 && !take_shape(c, header))
            return false;
        if (!take(c, ','))
            return take(c, '}') && seen == 7;
    }
    return seen == 7;
}

/* Where the dictionary is, by version 1 (16-bit length), 2 or 3 (32-bit). */
static bool find_text(const struct imgcls_source *source, struct cursor *text)
{
    const unsigned char *b = source->bytes;
    size_t at = NPY_MAGIC_BYTES + 2, length;
    if (source->size < at + 2 || memcmp(b, NPY_MAGIC, NPY_MAGIC_BYTES) != 0)
        return false;
    if (b[NPY_MAGIC_BYTES] == 1) {
        length = b[at] | (size_t)b[at + 1] << 8;
        at += 2;
    } else {
        if (b[NPY_MAGIC_BYTES] > 3 || source->size < at + 4)
            return false;
        length = b[at] | (size_t)b[at + 1] << 8 | (size_t)b[at + 2] << 16 |
                 (size_t)b[at + 3] << 24;
        at += 4;
    }
    if (length > HEADER_MAX || length > source->size - at)
        return false;
    text->at = (const char *)b + at;
    text->end = text->at + length;
    return true;
}

imgcls_status npy_header_read(const struct imgcls_host *host,
                              const struct imgcls_source *source, struct npy_header *header)
{
    struct cursor text;
    char descr[64] = "";
    *header = (struct npy_header){0};
    if (!find_text(source, &text))
        return host->fail(
            host, IMGCLS_BAD_INPUT,
            "%s: the header of the .npy array is cut off or of another version",
            source->path);
    const char *start = text.end; /* of the elements */
    if (!parse_entries(&text, descr, sizeof descr, header))
        return host->fail(
            host, IMGCLS_BAD_INPUT,
            "%s: the header of the .npy array is not one of a plain array of at "
            "most %d dimensions",
            source->path, IMGCLS_MAX_RANK);
    if (!parse_descr(descr, header))
        return host->fail(host, IMGCLS_UNSUPPORTED,
                          "%s: element type '%s', read are numbers, bool, S and U",
                          source->path, descr);
    header->data_offset = (size_t)(start - (const char *)source->bytes);
    int64_t count = imgcls_count(header->rank, header->dims);
    size_t needed, found = source->size - header->data_offset;
    if (count < 0 || __builtin_mul_overflow((size_t)count, header->width, &needed))
        return host->fail(host, IMGCLS_BAD_INPUT, "%s: the shape has too many elements",
                          source->path);
    if (needed != found)
        return host->fail(host, IMGCLS_BAD_INPUT,
                          "%s: %zu bytes of data, the shape needs %zu", source->path, found,
                          needed);
    header->count = (size_t)count;
    return IMGCLS_OK;
}

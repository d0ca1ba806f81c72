/*
 * eval/datasets/synsets.c - which wnid the devkit means by ILSVRC2012_ID 1, 2, ...
 *
 * The devkit counts classes in an order of its own and says which in meta.mat, a MATLAB 5
 * file: `synsets`, an array of structs, of which those without children are the classes. Of
 * the format only what leads there is read: an (optionally zlib-compressed) matrix of class
 * struct, its field names, and per element the fields ILSVRC2012_ID, WNID and num_children.
 * Format: MathWorks, "MAT-File Format", level 5.
 *
 * A list of wnids as text does as well: line k is ID k.
 *
 * Invariant: reading never goes past `end`; sizes are compared with what is left.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/truth.h"

#include "eval/datasets/class_names.h"
#include "eval/datasets/inflate.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES 128
#define MATRIX       14 /* miMATRIX */
#define COMPRESSED   15 /* miCOMPRESSED */
#define CLASS_STRUCT 2
#define FIELDS_MAX   64
#define IDS_MAX      100000

/* A part of the file, read from the front. */
struct span {
    const uint8_t *at, *end;
};

struct element {
    uint32_t type;
    struct span data;
};

static uint32_t u32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The next data element; false at the end or where it does not fit. */
static bool next_element(struct span *in, struct element *out)
{
    size_t left = (size_t)(in->end - in->at), size, whole;
    uint32_t word;
    if (left < 8)
        return false;
    word = u32(in->at);
    if (word >> 16) { /* small: type and size in one word, data in the next */
        out->type = word & 0xffff;
        size = word >> 16;
        if (size > 4)
            return false;
        out->data = (struct span){in->at + 4, in->at + 4 + size};
        in->at += 8;
        return true;
    }
    out->type = word;
    size = u32(in->at + 4);
    if (size > left - 8)
        return false;
    out->data = (struct span){in->at + 8, in->at + 8 + size};
    whole = out->type == COMPRESSED ? size : (size + 7) / 8 * 8;
    in->at += 8 + (whole > left - 8 ? left - 8 : whole);
    return true;
}

/* A number of any stored type, from the front. */
static double number_in(const struct element *element)
{
    const uint8_t *p = element->data.at;
    size_t size = (size_t)(element->data.end - p);
    double wide;
    float narrow;
    uint32_t bits;
    switch (element->type) {
    case 1:
        return size >= 1 ? (int8_t)p[0] : -1;
    case 2:
        return size >= 1 ? p[0] : -1;
    case 3:
        return size >= 2 ? (int16_t)(p[0] | p[1] << 8) : -1;
    case 4:
        return size >= 2 ? p[0] | p[1] << 8 : -1;
    case 5:
        return size >= 4 ? (int32_t)u32(p) : -1;
    case 6:
        return size >= 4 ? (double)u32(p) : -1;
    case 7:
        if (size < 4)
            return -1;
        bits = u32(p);
        memcpy(&narrow, &bits, sizeof narrow);
        return narrow;
    case 9:
        if (size < 8)
            return -1;
        memcpy(&wide, p, sizeof wide); /* the machine is little-endian, as the file */
        return wide;
    default:
        return -1;
    }
}

/* Characters, one byte or two each, as plain ASCII. */
static void text_in(const struct element *element, char *text, size_t capacity)
{
    size_t step = element->type == 4 || element->type == 17 ? 2 : 1, used = 0;
    const uint8_t *p = element->data.at;
    while (used + 1 < capacity && (size_t)(element->data.end - p) >= step) {
        text[used++] = (char)*p;
        p += step;
    }
    text[used] = '\0';
}

/* Flags, dimensions and name of a matrix; *in stands behind them. */
static bool matrix_head(struct span *in, uint32_t *class, size_t *elements)
{
    struct element flags, dims, name;
    const uint8_t *p;
    if (!next_element(in, &flags) || flags.data.end - flags.data.at < 4 ||
        !next_element(in, &dims) || !next_element(in, &name))
        return false;
    *class = u32(flags.data.at) & 0xff;
    *elements = 1;
    for (p = dims.data.at; dims.data.end - p >= 4; p += 4)
        if (!icl_mul_size(*elements, u32(p), elements))
            return false;
    return true;
}

/* The value of a matrix that is one number or one text. */
static bool matrix_value(const struct element *matrix, struct element *value)
{
    struct span in = matrix->data;
    uint32_t class;
    size_t elements;
    return matrix->type == MATRIX && matrix_head(&in, &class, &elements) &&
           next_element(&in, value);
}

struct table {
    char (*wnids)[10]; /* own */
    size_t count;
};

static bool keep(struct table *table, double id, const char *wnid)
{
    size_t at;
    if (!(id >= 1 && id <= IDS_MAX) || !icl_is_wnid(wnid))
        return true; /* not a class; nothing to keep */
    at = (size_t)id;
    if (at > table->count) {
        char(*grown)[10] = realloc(table->wnids, at * sizeof *grown);
        if (!grown)
            return false;
        memset(grown + table->count, 0, (at - table->count) * sizeof *grown);
        table->wnids = grown;
        table->count = at;
    }
    memcpy(table->wnids[at - 1], wnid, 9);
    table->wnids[at - 1][9] = '\0';
    return true;
}

/* All elements of the struct array; false where the file is not as it should be. */
static bool read_structs(struct span in, struct table *table)
{
    struct element length, names, value, field;
    size_t elements, width, fields, i, k;
    int id_at = -1, wnid_at = -1, children_at = -1;
    uint32_t class;
    if (!matrix_head(&in, &class, &elements) || class != CLASS_STRUCT ||
        !next_element(&in, &length) || !next_element(&in, &names))
        return false;
    width = (size_t)number_in(&length);
    if (width == 0 || width > 64)
        return false;
    fields = (size_t)(names.data.end - names.data.at) / width;
    for (i = 0; i < fields && i < FIELDS_MAX; i++) {
        const char *name = (const char *)names.data.at + i * width;
        id_at = strncmp(name, "ILSVRC2012_ID", width) == 0 ? (int)i : id_at;
        wnid_at = strncmp(name, "WNID", width) == 0 ? (int)i : wnid_at;
        children_at = strncmp(name, "num_children", width) == 0 ? (int)i : children_at;
    }
    if (id_at < 0 || wnid_at < 0)
        return false;
    for (i = 0; i < elements; i++) {
        double id = -1, children = 0;
        char wnid[16] = "";
        for (k = 0; k < fields; k++) {
            if (!next_element(&in, &field))
                return false;
            if ((int)k != id_at && (int)k != wnid_at && (int)k != children_at)
                continue;
            if (!matrix_value(&field, &value))
                continue;
            if ((int)k == wnid_at)
                text_in(&value, wnid, sizeof wnid);
            else if ((int)k == id_at)
                id = number_in(&value);
            else
                children = number_in(&value);
        }
        if (children == 0 && !keep(table, id, wnid))
            return false;
    }
    return table->count > 0;
}

static bool read_mat(const uint8_t *bytes, size_t size, struct table *table)
{
    struct span in = {bytes + HEADER_BYTES, bytes + size};
    struct element element;
    bool found = false;
    while (!found && next_element(&in, &element)) {
        uint8_t *inflated = NULL;
        if (element.type == COMPRESSED) {
            size_t whole;
            struct span inner;
            inflated = icl_inflate(element.data.at, (size_t)(element.data.end - element.data.at), &whole);
            if (!inflated)
                return false;
            inner = (struct span){inflated, inflated + whole};
            if (!next_element(&inner, &element))
                element.type = 0;
        }
        if (element.type == MATRIX)
            found = read_structs(element.data, table);
        free(inflated);
    }
    return found;
}

/* Line k begins with, or holds after blanks, a wnid. */
static bool read_lines(const char *text, size_t size, struct table *table)
{
    const char *line = text, *end = text + size, *next;
    double id = 0;
    for (; line < end; line = next) {
        char wnid[11] = "";
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        next = stop ? stop + 1 : end;
        if (next - line >= 9)
            memcpy(wnid, line, next - line >= 10 ? 10 : 9);
        if (wnid[9] == '\n' || wnid[9] == '\r')
            wnid[9] = '\0';
        if (!icl_is_wnid(wnid) || !keep(table, ++id, wnid))
            return false;
    }
    return table->count > 0;
}

imgcls_status icl_synsets_read(struct imgcls_context *ctx, const char *place,
                               const uint8_t *bytes, size_t size, char (**wnids)[10],
                               size_t *count)
{
    struct table table = {0};
    bool mat = size > HEADER_BYTES && bytes[126] == 'I' && bytes[127] == 'M';
    bool fine =
        mat ? read_mat(bytes, size, &table) : read_lines((const char *)bytes, size, &table);
    *wnids = NULL;
    *count = 0;
    if (!fine) {
        free(table.wnids);
        return icl_fail(ctx, IMGCLS_BAD_INPUT,
                        "%s: no list of synsets: the devkit's meta.mat or a wnid a line",
                        place);
    }
    *wnids = table.wnids;
    *count = table.count;
    return IMGCLS_OK;
}

/*
 * eval/leaderboard/csv.c - a csv file, field by field
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/csv.h"

#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 4096 /* a row with more is no table of results */

void icl_csv_begin(struct icl_csv *csv, struct imgcls_context *ctx, const char *name,
                   char *bytes, size_t size)
{
    *csv = (struct icl_csv){.ctx = ctx, .name = name, .at = bytes, .end = bytes + size};
    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        csv->at += 3;
    csv->line = 0;
}

void icl_csv_end(struct icl_csv *csv)
{
    free(csv->fields);
    csv->fields = NULL;
}

static imgcls_status add_field(struct icl_csv *csv, char *field)
{
    if (csv->count == csv->capacity) {
        size_t capacity = csv->capacity ? csv->capacity * 2 : 32;
        char **fields =
            csv->count < FIELDS_MAX ? realloc(csv->fields, capacity * sizeof *fields) : NULL;
        if (!fields)
            return csv->count < FIELDS_MAX
                       ? icl_fail(csv->ctx, IMGCLS_NO_MEMORY, "%s: no memory for a row",
                                  csv->name)
                       : icl_fail(csv->ctx, IMGCLS_BAD_INPUT, "%s:%zu: more than %d fields",
                                  csv->name, csv->line, FIELDS_MAX);
        csv->fields = fields;
        csv->capacity = capacity;
    }
    csv->fields[csv->count++] = field;
    return IMGCLS_OK;
}

/* Takes the quotes off in place; *lines: line ends inside. */
static imgcls_status take_quoted(struct icl_csv *csv, size_t *lines)
{
    char *to = ++csv->at, *field = to;
    for (;; csv->at++) {
        if (csv->at == csv->end)
            return icl_fail(csv->ctx, IMGCLS_BAD_INPUT, "%s:%zu: a quote that does not end",
                            csv->name, csv->line);
        if (*csv->at == '"') {
            if (csv->at + 1 < csv->end && csv->at[1] == '"')
                csv->at++;
            else
                break;
        }
        *lines += *csv->at == '\n';
        *to++ = *csv->at;
    }
    csv->at++;
    if (csv->at < csv->end && !strchr(",\r\n", *csv->at))
        return icl_fail(csv->ctx, IMGCLS_BAD_INPUT, "%s:%zu: text after a quote's end",
                        csv->name, csv->line);
    *to = '\0'; /* over the closing quote at the latest */
    return add_field(csv, field);
}

static imgcls_status take_plain(struct icl_csv *csv)
{
    char *field = csv->at;
    while (csv->at < csv->end && *csv->at != ',' && *csv->at != '\n' && *csv->at != '\r')
        csv->at++;
    return add_field(csv, field);
}

imgcls_status icl_csv_row(struct icl_csv *csv, bool *more)
{
    imgcls_status status = IMGCLS_OK;
    size_t lines = 0;
    csv->count = 0;
    while (csv->at < csv->end && (*csv->at == '\n' || *csv->at == '\r'))
        csv->line += *csv->at++ == '\n';
    *more = csv->at < csv->end;
    if (!*more)
        return IMGCLS_OK;
    csv->line++;
    for (;;) {
        char *stop;
        char was;
        status = *csv->at == '"' && csv->at < csv->end ? take_quoted(csv, &lines)
                                                       : take_plain(csv);
        if (status != IMGCLS_OK)
            return status;
        stop = csv->at;
        was = stop < csv->end ? *stop : '\n';
        if (stop < csv->end)
            csv->at++;
        if (was == '\r' && csv->at < csv->end && *csv->at == '\n')
            csv->at++;
        *stop = '\0'; /* ends a plain field; bytes[size] is writable */
        if (was != ',')
            break;
    }
    csv->line += lines;
    return IMGCLS_OK;
}

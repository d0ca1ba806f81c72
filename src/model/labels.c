/*
 * src/model/labels.c - class names from text, one a line, in the order of the classes
 *
 * A line is a name: kept as it stands, commas, quotes and leading identifiers included,
 * since lists differ and the reader knows his own. What is dropped: a byte-order mark, a
 * trailing carriage return, an empty last line. An empty line before the last is an error,
 * for it would shift nothing and name nothing.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/model/model.h"

#include <stdlib.h>
#include <string.h>

void icl_labels_free(char **labels, size_t count)
{
    for (size_t i = 0; labels && i < count; i++)
        free(labels[i]);
    free(labels);
}

static size_t count_lines(const char *text, size_t size)
{
    size_t lines = 0;
    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    return lines + (size > 0 && text[size - 1] != '\n');
}

/* Length of the line at `at` without its end; *next is where the following one begins. */
static size_t line_at(const char *text, size_t size, size_t at, size_t *next)
{
    const char *end = memchr(text + at, '\n', size - at);
    size_t length = end ? (size_t)(end - (text + at)) : size - at;
    *next = at + length + 1;
    if (length > 0 && text[at + length - 1] == '\r')
        length--;
    return length;
}

imgcls_status icl_labels_parse(struct imgcls_context *ctx, const char *name,
                               const char *text, size_t size, char ***labels, size_t *count)
{
    *labels = NULL;
    *count = 0;
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        size -= 3;
    }
    size_t lines = count_lines(text, size), made = 0;
    char **list = calloc(lines + 1, sizeof *list);
    if (!list)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "%s: no memory for %zu labels", name, lines);
    imgcls_status status = IMGCLS_OK;
    for (size_t at = 0, next; at < size && status == IMGCLS_OK; at = next) {
        size_t length = line_at(text, size, at, &next);
        if (length == 0 && next >= size)
            break;
        if (length == 0 || memchr(text + at, 0, length))
            status = icl_fail(ctx, IMGCLS_BAD_INPUT, "%s: line %zu is %s, not a class name",
                              name, made + 1, length ? "binary" : "empty");
        else if (!(list[made] = strndup(text + at, length)))
            status = icl_fail(ctx, IMGCLS_NO_MEMORY, "%s: no memory for labels", name);
        else
            made++;
    }
    if (status == IMGCLS_OK && made == 0)
        status = icl_fail(ctx, IMGCLS_BAD_INPUT, "%s: no class names in it", name);
    if (status) {
        icl_labels_free(list, made);
        return status;
    }
    *labels = list;
    *count = made;
    return IMGCLS_OK;
}

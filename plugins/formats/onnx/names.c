/*
 * plugins/formats/onnx/names.c - sets of names as sorted arrays
 *
 * Sorted rather than hashed: the names come from the file, and nobody can choose them so
 * that this becomes slow.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/onnx/reader.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void onnx_names_sort(struct onnx_names *names)
{
    size_t kept = 0;
    if (names->count > 1)
        qsort(names->sorted, names->count, sizeof *names->sorted, compare);
    for (size_t i = 0; i < names->count; i++)
        if (kept == 0 || strcmp(names->sorted[kept - 1], names->sorted[i]) != 0)
            names->sorted[kept++] = names->sorted[i];
    names->count = kept;
}

size_t onnx_names_find(const struct onnx_names *names, const char *name)
{
    size_t low = 0, high = names->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, names->sorted[middle]);
        if (order == 0)
            return middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return SIZE_MAX;
}

/*
 * plugins/architectures/names.c - patterns of parameter names
 *
 * A pattern is a name with numbers in braces: {s}, {b}, {k}, {j} of struct at, or one of
 * them plus or minus a constant: {s+1}.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/net.h"

#include <assert.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int letter(struct at at, char which)
{
    switch (which) {
    case 's':
        return at.s;
    case 'b':
        return at.b;
    case 'k':
        return at.k;
    default:
        assert(which == 'j');
        return at.j;
    }
}

bool name_expand(const char *pattern, struct at at, char *name, size_t capacity)
{
    size_t used = 0;
    while (*pattern && used < capacity) {
        if (*pattern != '{') {
            name[used++] = *pattern++;
            continue;
        }
        char *end;
        long more = strtol(pattern + 2, &end, 10);
        assert(*end == '}'); /* our own tables */
        int wrote =
            snprintf(name + used, capacity - used, "%ld", letter(at, pattern[1]) + more);
        used += wrote > 0 ? (size_t)wrote : capacity;
        pattern = end + 1;
    }
    if (used >= capacity)
        return false;
    name[used] = '\0';
    return true;
}

bool name_is_one_of(const char *name, const char *const *patterns)
{
    for (; patterns && *patterns; patterns++)
        if (fnmatch(*patterns, name, 0) == 0)
            return true;
    return false;
}

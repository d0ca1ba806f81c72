/*
 * eval/datasets/class_names.c - which class is meant by the name of a folder
 *
 * The trap this avoids: ranking the folders that exist. It shifts every label as soon as one
 * class is missing (a subset), and for numeric names bytewise rank is 0, 1, 10, 100, ... Both
 * give accuracy near chance without any error.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/class_names.h"

#include "eval/datasets/unicode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_CLASS (-1)
#define SEVERAL (-2)
#define SHOWN 3 /* names in a message; the rest is counted */

/* A name that a label answers to. */
struct spelling {
    char *key; /* own */
    int32_t index;
    bool whole; /* the whole label, not one of its comma-separated parts */
};

struct dictionary {
    struct spelling *spellings; /* sorted by key */
    size_t count, capacity;
};

bool icl_is_wnid(const char *text)
{
    int i;
    if (text[0] != 'n')
        return false;
    for (i = 1; i <= 8; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return text[9] == '\0' || text[9] == ' ' || text[9] == '\t';
}

const char *icl_label_name(const char *label)
{
    const char *name = label;
    if (!icl_is_wnid(label))
        return label;
    for (name += 9; *name == ' ' || *name == '\t'; name++)
        continue;
    return *name ? name : label;
}

const char *icl_naming_text(enum icl_naming naming)
{
    static const char *const texts[] = {"by wnid", "by name", "by number",
                                        "in sorted order (no labels to go by)"};
    return texts[naming];
}

static bool add_spelling(struct dictionary *dictionary, const char *text, size_t length,
                         int32_t index, bool whole)
{
    char *copy;
    struct spelling *entry;
    if (dictionary->count == dictionary->capacity) {
        size_t capacity = dictionary->capacity ? dictionary->capacity * 2 : 1024;
        entry = realloc(dictionary->spellings, capacity * sizeof *entry);
        if (!entry)
            return false;
        dictionary->spellings = entry;
        dictionary->capacity = capacity;
    }
    copy = strndup(text, length);
    if (!copy)
        return false;
    entry = &dictionary->spellings[dictionary->count];
    entry->key = icl_name_key(copy);
    entry->index = index;
    entry->whole = whole;
    free(copy);
    if (!entry->key)
        return false;
    dictionary->count++;
    return true;
}

static int by_key(const void *a, const void *b)
{
    const struct spelling *x = a, *y = b;
    int order = strcmp(x->key, y->key);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* Wnids, or whole names and their comma-separated parts ("tench, Tinca tinca"). */
static bool dictionary_fill(struct dictionary *dictionary,
                            const struct icl_class_space *space, enum icl_naming naming)
{
    size_t i;
    for (i = 0; i < space->label_count; i++) {
        const char *label = space->labels[i], *name = icl_label_name(label), *comma;
        if (naming == ICL_NAMING_WNID) {
            if (icl_is_wnid(label) && !add_spelling(dictionary, label, 9, (int32_t)i, true))
                return false;
            continue;
        }
        if (!add_spelling(dictionary, name, strlen(name), (int32_t)i, true))
            return false;
        if (!strchr(name, ','))
            continue;
        for (; name; name = comma ? comma + 1 : NULL) {
            comma = strchr(name, ',');
            if (!add_spelling(dictionary, name, comma ? (size_t)(comma - name) : strlen(name),
                              (int32_t)i, false))
                return false;
        }
    }
    if (dictionary->count > 0)
        qsort(dictionary->spellings, dictionary->count, sizeof *dictionary->spellings, by_key);
    return true;
}

static void dictionary_clear(struct dictionary *dictionary)
{
    size_t i;
    for (i = 0; i < dictionary->count; i++)
        free(dictionary->spellings[i].key);
    free(dictionary->spellings);
}

/* The class that alone answers to a key; whole labels go before parts. */
static int32_t look_up(const struct dictionary *dictionary, const char *key)
{
    size_t low = 0, high = dictionary->count;
    int32_t whole = NO_CLASS, part = NO_CLASS;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strcmp(dictionary->spellings[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < dictionary->count; low++) {
        const struct spelling *entry = &dictionary->spellings[low];
        int32_t *found = entry->whole ? &whole : &part;
        if (strcmp(entry->key, key) != 0)
            break;
        if (*found == NO_CLASS)
            *found = entry->index;
        else if (*found != entry->index)
            *found = SEVERAL;
    }
    return whole != NO_CLASS ? whole : part;
}

/* Decimal digits as an index below `classes` (0: any that fits). */
static int32_t number_of(const char *name, int64_t classes)
{
    int64_t value = 0;
    const char *p;
    for (p = name; *p; p++) {
        if (*p < '0' || *p > '9')
            return NO_CLASS;
        value = value * 10 + (*p - '0');
        if (value >= INT32_MAX)
            return NO_CLASS;
    }
    if (p == name || (classes > 0 && value >= classes))
        return NO_CLASS;
    return (int32_t)value;
}

/* Tries one way of understanding; gives the number of names that have a class. */
static bool understand(const char *const *names, size_t count,
                       const struct icl_class_space *space, enum icl_naming naming,
                       int32_t *indices, size_t *understood)
{
    struct dictionary dictionary = {0};
    int64_t classes = space->classes ? space->classes : (int64_t)space->label_count;
    bool fine = naming == ICL_NAMING_NUMBER || dictionary_fill(&dictionary, space, naming);
    size_t i;
    *understood = 0;
    for (i = 0; i < count && fine; i++) {
        if (naming == ICL_NAMING_NUMBER) {
            indices[i] = number_of(names[i], classes);
        } else {
            char *key = icl_name_key(names[i]);
            fine = key != NULL;
            indices[i] = key ? look_up(&dictionary, key) : NO_CLASS;
            free(key);
        }
        *understood += indices[i] >= 0;
    }
    dictionary_clear(&dictionary);
    return fine;
}

/* "'a', 'b', 'c' and 4 more" of the names with this result. */
static void enumerate(const char *const *names, size_t count, const int32_t *indices,
                      int32_t result, char *text, size_t capacity)
{
    size_t i, shown = 0, all = 0, used = 0;
    text[0] = '\0';
    for (i = 0; i < count; i++) {
        if (indices && indices[i] != result)
            continue;
        all++;
        if (shown == SHOWN)
            continue;
        used += (size_t)snprintf(text + used, capacity - used, "%s'%.40s'", shown ? ", " : "",
                                 names[i]);
        used = used < capacity ? used : capacity - 1;
        shown++;
    }
    if (all > shown)
        snprintf(text + used, capacity - used, " and %zu more", all - shown);
}

/* Two folders for one class (by composed and decomposed name, or 1 and 01): say which. */
static imgcls_status refuse_twins(struct imgcls_context *ctx, const char *place,
                                  const char *const *names, size_t count,
                                  const struct icl_class_space *space, const int32_t *indices)
{
    int64_t classes = 0;
    size_t *first, i;
    imgcls_status status = IMGCLS_OK;
    for (i = 0; i < count; i++)
        classes = indices[i] >= classes ? (int64_t)indices[i] + 1 : classes;
    first = space->label_count > 0 || space->classes > 0
                ? calloc((size_t)classes + 1, sizeof *first)
                : NULL;
    if (!first)
        return space->label_count > 0 || space->classes > 0
                   ? icl_fail(ctx, IMGCLS_NO_MEMORY, "%s: no memory for its classes", place)
                   : IMGCLS_OK;
    for (i = 0; i < count && status == IMGCLS_OK; i++) {
        size_t *seen = &first[indices[i]];
        if (*seen)
            status = icl_fail(ctx, IMGCLS_BAD_INPUT,
                              "%s: folders '%s' and '%s' are both class %d", place,
                              names[*seen - 1], names[i], (int)indices[i]);
        *seen = i + 1;
    }
    free(first);
    return status;
}

static imgcls_status explain(struct imgcls_context *ctx, const char *place,
                             const char *const *names, size_t count,
                             const struct icl_class_space *space, const int32_t *indices,
                             enum icl_naming naming)
{
    char text[256];
    size_t several = 0, i;
    for (i = 0; i < count; i++)
        several += indices[i] == SEVERAL;
    if (several > 0) {
        enumerate(names, count, indices, SEVERAL, text, sizeof text);
        return icl_fail(ctx, IMGCLS_BAD_INPUT,
                        "%s: %s: several classes have that name; a wnid (n01440764) or a "
                        "class index in its place says which",
                        place, text);
    }
    enumerate(names, count, indices, NO_CLASS, text, sizeof text);
    if (icl_is_wnid(names[0]) && space->label_count > 0 && !icl_is_wnid(space->labels[0]))
        return icl_fail(ctx, IMGCLS_BAD_INPUT,
                        "%s: classes are given by wnid (%s), but the labels carry none (first: "
                        "'%.60s'); give labels with --labels, one 'wnid name' a line",
                        place, text, space->labels[0]);
    if (naming == ICL_NAMING_NUMBER)
        return icl_fail(ctx, IMGCLS_BAD_INPUT,
                        "%s: %s: no class index, which go from 0 to %lld", place, text,
                        (long long)(space->classes ? space->classes
                                                   : (int64_t)space->label_count) - 1);
    return icl_fail(ctx, IMGCLS_BAD_INPUT, "%s: %s: no class of the model (labels: "
                    "'%.60s', ...)", place, text, space->labels[0]);
}

/* Without labels only a complete set can be ranked. */
static imgcls_status rank(struct imgcls_context *ctx, const char *place, size_t count,
                          const struct icl_class_space *space, int32_t *indices)
{
    size_t i;
    if (space->classes > 0 && (uint64_t)space->classes != count)
        return icl_fail(ctx, IMGCLS_BAD_INPUT,
                        "%s: %zu class folders and no class names to go by, but the model has "
                        "%lld classes; give the names with --labels, one a line in the order "
                        "of the model's output",
                        place, count, (long long)space->classes);
    for (i = 0; i < count; i++)
        indices[i] = (int32_t)i;
    return IMGCLS_OK;
}

static bool has_wnids(const struct icl_class_space *space)
{
    size_t i;
    for (i = 0; i < space->label_count; i++)
        if (icl_is_wnid(space->labels[i]))
            return true;
    return false;
}

imgcls_status icl_class_indices(struct imgcls_context *ctx, const char *place,
                                const char *const *names, size_t count,
                                const struct icl_class_space *space, int32_t *indices,
                                enum icl_naming *naming)
{
    static const enum icl_naming ways[] = {ICL_NAMING_WNID, ICL_NAMING_NAME,
                                           ICL_NAMING_NUMBER};
    size_t understood, best = 0, wnids = 0, numbers = 0, i;
    enum icl_naming closest = space->label_count > 0 ? ICL_NAMING_NAME : ICL_NAMING_NUMBER;
    *naming = ICL_NAMING_SORTED;
    for (i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (ways[i] != ICL_NAMING_NUMBER && space->label_count == 0)
            continue;
        if (!understand(names, count, space, ways[i], indices, &understood))
            return icl_fail(ctx, IMGCLS_NO_MEMORY, "%s: no memory for the class names", place);
        if (understood == count) {
            *naming = ways[i];
            return refuse_twins(ctx, place, names, count, space, indices);
        }
        if (understood > best) {
            best = understood;
            closest = ways[i];
        }
    }
    for (i = 0; i < count; i++) {
        wnids += icl_is_wnid(names[i]);
        numbers += number_of(names[i], 0) >= 0;
    }
    /* All wnids of the space, sorted, are ImageNet's own order, where no label says another. */
    if (space->label_count == 0
            ? numbers < count
            : wnids == count && (uint64_t)space->classes == count && !has_wnids(space))
        return rank(ctx, place, count, space, indices);
    if (!understand(names, count, space, closest, indices, &understood))
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "%s: no memory for the class names", place);
    return explain(ctx, place, names, count, space, indices, closest);
}

/*
 * eval/datasets/picture_finder.c - which picture a name in a list means
 *
 * Pictures are found by path, else by a path that ends alike, else by the name alone, with
 * and without ending. Where several would do, nothing is guessed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/listed.h"

#include <stdlib.h>
#include <string.h>

static size_t stem_length(const char *base)
{
    const char *dot = icl_is_picture_name(base) ? strrchr(base, '.') : NULL;
    return dot ? (size_t)(dot - base) : strlen(base);
}

static int compare_stems(const char *a, size_t m, const char *b, size_t n)
{
    int order = memcmp(a, b, m < n ? m : n);
    return order ? order : (m > n) - (m < n);
}

static int by_stem(const void *a, const void *b)
{
    const struct icl_picture_stem *x = a, *y = b;
    int order = compare_stems(x->member->base, x->length, y->member->base, y->length);
    return order ? order : strcmp(x->member->path, y->member->path);
}

imgcls_status icl_picture_finder_open(struct icl_dataset *set,
                                      struct icl_picture_finder *finder)
{
    size_t i;
    finder->stems = malloc((set->place->count + 1) * sizeof *finder->stems);
    finder->used = calloc(set->place->count + 1, sizeof *finder->used);
    if (!finder->stems || !finder->used)
        return icl_dataset_no_memory(set);
    for (i = 0; i < set->place->count; i++) {
        const struct icl_member *member = &set->place->members[i];
        if (member->picture)
            finder->stems[finder->count++] =
                (struct icl_picture_stem){member, stem_length(member->base)};
    }
    if (finder->count > 0)
        qsort(finder->stems, finder->count, sizeof *finder->stems, by_stem);
    return IMGCLS_OK;
}

void icl_picture_finder_close(struct icl_picture_finder *finder)
{
    free(finder->stems);
    free(finder->used);
}

/* Do two paths agree from the end on, as far as the shorter one goes? */
static bool end_alike(const char *a, const char *b)
{
    size_t m = strlen(a), n = strlen(b), least = m < n ? m : n;
    const char *longer = m < n ? b : a;
    if (memcmp(a + m - least, b + n - least, least) != 0)
        return false;
    return m == n || longer[(m < n ? n : m) - least - 1] == '/';
}

size_t icl_picture_find(const struct icl_picture_finder *finder, const char *name)
{
    const char *base = strrchr(name, '/');
    size_t low = 0, high = finder->count, length, alike = 0, by_end = ICL_PICTURE_NOT_THERE,
           all = 0, i;
    base = base ? base + 1 : name;
    length = stem_length(base);
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct icl_picture_stem *stem = &finder->stems[middle];
        if (compare_stems(stem->member->base, stem->length, base, length) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (i = low; i < finder->count; i++, all++) {
        const struct icl_picture_stem *stem = &finder->stems[i];
        if (compare_stems(stem->member->base, stem->length, base, length) != 0)
            break;
        if (strcmp(stem->member->path, name) == 0)
            return i;
        if (end_alike(stem->member->path, name)) {
            alike++;
            by_end = i;
        }
    }
    if (alike == 1)
        return by_end;
    if (alike > 1 || all > 1)
        return ICL_PICTURE_AMBIGUOUS;
    return all == 1 && base == name ? low : ICL_PICTURE_NOT_THERE;
}

/*
 * eval/datasets/listed.c - the layouts where a list says what the pictures show
 *
 * The list lies among the pictures, one folder above them, or is named by the user. A table
 * with paths (csv) is the data set itself: a listed picture that is not there fails and
 * stays in the denominator. ImageNet's own lists are about all 50,000 pictures: there the
 * pictures are the data set, names without a picture are counted and said, and a picture
 * without a label is an error.
 *
 * Pictures are found by path, else by a path that ends alike, else by the name alone, with
 * and without ending. Where several would do, nothing is guessed.
 *
 * Not here: reading lists (truth.c), the devkit's order of classes (synsets.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/dataset.h"

#include "eval/datasets/class_names.h"
#include "eval/datasets/truth.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Finding the list
 * -------------------------------------------------------------------*/

/* Where a list may lie beside the set: in the folder above. */
static const char *const beside[] = {
    "val.txt",
    "meta/val.txt",
    "LOC_val_solution.csv",
    "ILSVRC2012_validation_ground_truth.txt",
    "ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt",
    "data/ILSVRC2012_validation_ground_truth.txt",
};
static const char *const synsets_beside[] = {
    "meta.mat",       "ILSVRC2012_devkit_t12/data/meta.mat",       "data/meta.mat",
    "map_clsloc.txt", "ILSVRC2012_devkit_t12/data/map_clsloc.txt",
};

/* "a/b" of "a/b/c"; own: free; NULL: no memory. */
static char *folder_above(const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    while (length > 0 && path[length - 1] != '/')
        length--;
    return length == 0 ? strdup(".") : strndup(path, length);
}

/* A file as text with a zero byte behind it; *text NULL where it is not there. */
static imgcls_status read_text(struct icl_dataset *set, const char *path, char **text,
                               size_t *size)
{
    char reason[128] = "";
    uint8_t *bytes;
    imgcls_status status =
        icl_read_picture_file(AT_FDCWD, path, &bytes, size, reason, sizeof reason);
    *text = NULL;
    if (status != IMGCLS_OK)
        return icl_fail(set->ctx, status, "%s: %s", path, reason);
    *text = realloc(bytes, *size + 1);
    if (!*text) {
        free(bytes);
        return icl_dataset_no_memory(set);
    }
    (*text)[*size] = '\0';
    return IMGCLS_OK;
}

/* A list and where it was found. */
struct found {
    char *place; /* own: path for messages */
    char *text;  /* own until parsed */
    size_t size;
    const struct icl_member *member; /* where it lies in the place */
};

static void found_clear(struct found *found)
{
    free(found->place);
    free(found->text);
    memset(found, 0, sizeof *found);
}

/* The first bytes of a member are enough to know a list. */
static enum icl_truth_kind kind_of_member(const struct icl_dataset *set,
                                          const struct icl_member *member)
{
    char head[1025];
    size_t size = 0;
    const char *dot = strrchr(member->base, '.');
    if (!dot || (strcmp(dot, ".txt") != 0 && strcmp(dot, ".csv") != 0 &&
                 strcmp(dot, ".tsv") != 0 && strcmp(dot, ".json") != 0))
        return ICL_TRUTH_NONE;
    if (icl_place_is_stream(set->place)) {
        size = member->size < sizeof head - 1 ? (size_t)member->size : sizeof head - 1;
        if (!member->held)
            return ICL_TRUTH_NONE;
        memcpy(head, member->held, size);
    } else {
        int file =
            openat(set->place->folder, member->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        ssize_t got = file >= 0 ? read(file, head, sizeof head - 1) : -1;
        if (file >= 0)
            close(file);
        size = got > 0 ? (size_t)got : 0;
    }
    head[size] = '\0';
    return size > 0 ? icl_truth_kind_of(head, size) : ICL_TRUTH_NONE;
}

static const struct icl_member *member_of_kind(const struct icl_dataset *set,
                                               enum icl_truth_kind kind)
{
    const struct icl_member *best = NULL;
    size_t i;
    for (i = 0; i < set->place->count; i++) {
        const struct icl_member *member = &set->place->members[i];
        if (member->picture || kind_of_member(set, member) != kind)
            continue;
        /* "val" is what one evaluates on. */
        if (!best || (!strstr(best->base, "val") && strstr(member->base, "val")))
            best = member;
    }
    return best;
}

/* Path of the file beside the set whose text is of this kind; own: free; NULL: none. */
static char *beside_of_kind(const struct icl_dataset *set, enum icl_truth_kind kind)
{
    char *above = folder_above(set->path), *path = NULL;
    size_t i;
    for (i = 0; above && i < sizeof beside / sizeof beside[0]; i++) {
        char head[1025];
        ssize_t got;
        int file;
        if (asprintf(&path, "%s%s%s", above, above[strlen(above) - 1] == '/' ? "" : "/",
                     beside[i]) < 0)
            path = NULL;
        file = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
        got = file >= 0 ? read(file, head, sizeof head - 1) : -1;
        if (file >= 0)
            close(file);
        if (got > 0 && icl_truth_kind_of(head, (size_t)got) == kind)
            break;
        free(path);
        path = NULL;
    }
    free(above);
    return path;
}

/* The user's list, else one in the set, else one beside it. */
static imgcls_status find_list(struct icl_dataset *set, enum icl_truth_kind kind,
                               struct found *found)
{
    imgcls_status status;
    memset(found, 0, sizeof *found);
    if (set->options.truth) {
        found->place = strdup(set->options.truth);
    } else {
        found->member = member_of_kind(set, kind);
        if (!found->member)
            found->place = beside_of_kind(set, kind);
        else if (asprintf(&found->place, "%s/%s", set->path, found->member->path) < 0)
            found->place = NULL;
    }
    if (!found->place)
        return icl_fail(set->ctx, IMGCLS_BAD_INPUT,
                        "%s: %s is neither there nor beside it; --truth names the file",
                        set->path, icl_truth_words(kind));
    status = found->member
                 ? icl_place_text(set->place, found->member, &found->text, &found->size)
                 : read_text(set, found->place, &found->text, &found->size);
    if (status == IMGCLS_OK && icl_truth_kind_of(found->text, found->size) != kind)
        status = icl_fail(set->ctx, IMGCLS_BAD_INPUT, "%s: not %s", found->place,
                          icl_truth_words(kind));
    if (status != IMGCLS_OK)
        found_clear(found);
    return status;
}

static int32_t bid_for(const struct icl_dataset *set, enum icl_truth_kind kind,
                       int32_t inside, int32_t outside)
{
    size_t i, flat = 0, numbered = 0;
    char *path;
    if (set->options.truth) {
        char head[1025];
        int file = open(set->options.truth, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        ssize_t got = file >= 0 ? read(file, head, sizeof head - 1) : -1;
        if (file >= 0)
            close(file);
        /* A file that cannot be read is somebody's list all the same: csv says what is
         * wrong. */
        return got > 0 ? icl_truth_kind_of(head, (size_t)got) == kind ? 100 : 0
                       : kind == ICL_TRUTH_CSV;
    }
    for (i = 0; i < set->place->count; i++) {
        const struct icl_member *member = &set->place->members[i];
        if (!member->picture)
            continue;
        flat += !strchr(member->path, '/');
        numbered += strncmp(member->base, "ILSVRC2012_val_", 15) == 0;
    }
    if (set->place->pictures == 0)
        return 0;
    if (member_of_kind(set, kind))
        /* Class folders speak for themselves, except in a table of paths. */
        return flat == set->place->pictures || numbered == set->place->pictures ||
                       kind == ICL_TRUTH_CSV
                   ? inside
                   : 20;
    if (flat < set->place->pictures && numbered < set->place->pictures)
        return 0;
    path = beside_of_kind(set, kind);
    free(path);
    return path ? outside : 0;
}

/* ---- Which picture
 * ----------------------------------------------------------------------*/

/* Pictures by the name without folders and ending. */
struct stem {
    const struct icl_member *member;
    size_t length;
};

struct finder {
    struct stem *stems; /* own, sorted */
    size_t count;
    bool *used; /* own: by stem, labelled already */
};

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
    const struct stem *x = a, *y = b;
    int order = compare_stems(x->member->base, x->length, y->member->base, y->length);
    return order ? order : strcmp(x->member->path, y->member->path);
}

static imgcls_status finder_open(struct icl_dataset *set, struct finder *finder)
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
                (struct stem){member, stem_length(member->base)};
    }
    if (finder->count > 0)
        qsort(finder->stems, finder->count, sizeof *finder->stems, by_stem);
    return IMGCLS_OK;
}

static void finder_close(struct finder *finder)
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

#define NOT_THERE SIZE_MAX
#define AMBIGUOUS (SIZE_MAX - 1)

/* Number of the stem that is meant. */
static size_t find_picture(const struct finder *finder, const char *name)
{
    const char *base = strrchr(name, '/');
    size_t low = 0, high = finder->count, length, alike = 0, by_end = NOT_THERE, all = 0, i;
    base = base ? base + 1 : name;
    length = stem_length(base);
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct stem *stem = &finder->stems[middle];
        if (compare_stems(stem->member->base, stem->length, base, length) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (i = low; i < finder->count; i++, all++) {
        const struct stem *stem = &finder->stems[i];
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
        return AMBIGUOUS;
    return all == 1 && base == name ? low : NOT_THERE;
}

/* ---- Joining both
 * -----------------------------------------------------------------------*/

/* How pictures and list fit together. */
struct joining {
    struct icl_dataset *set;
    struct icl_truth truth;
    struct finder finder;
    size_t missing, twice, unlisted;
    const char *first_missing, *first_twice, *first_unlisted;
    int32_t *labels; /* own: of truth's items */
};

static void joining_clear(struct joining *joining)
{
    icl_truth_clear(&joining->truth);
    finder_close(&joining->finder);
    free(joining->labels);
}

/* An item that names a picture for the second time: harmless where it says the same. */
static imgcls_status take_twin(struct joining *joining, const struct icl_truth_item *item,
                               const struct icl_member *member, int32_t label)
{
    struct icl_dataset *set = joining->set;
    size_t i;
    for (i = 0; i < set->count; i++)
        if (set->entries[i].member == member && set->entries[i].label != label)
            return icl_fail(set->ctx, IMGCLS_BAD_INPUT,
                            "%s: line %zu: %s is class %d here and %d before",
                            joining->truth.place, item->line, item->name, (int)label,
                            (int)set->entries[i].label);
    if (joining->twice++ == 0)
        joining->first_twice = item->name;
    return IMGCLS_OK;
}

static imgcls_status join_names(struct joining *joining)
{
    struct icl_dataset *set = joining->set;
    bool table = joining->truth.kind == ICL_TRUTH_CSV;
    imgcls_status status = IMGCLS_OK;
    size_t i;
    for (i = 0; i < joining->truth.count && status == IMGCLS_OK; i++) {
        const struct icl_truth_item *item = &joining->truth.items[i];
        size_t found = find_picture(&joining->finder, item->name);
        if (found == AMBIGUOUS) {
            status = icl_fail(set->ctx, IMGCLS_BAD_INPUT,
                              "%s: line %zu: several pictures are called %s",
                              joining->truth.place, item->line, item->name);
        } else if (found == NOT_THERE) {
            if (joining->missing++ == 0)
                joining->first_missing = item->name;
            if (table)
                status = icl_dataset_add(set, item->name, NULL, joining->labels[i]);
        } else if (joining->finder.used[found]) {
            status = take_twin(joining, item, joining->finder.stems[found].member,
                               joining->labels[i]);
        } else {
            const struct icl_member *member = joining->finder.stems[found].member;
            joining->finder.used[found] = true;
            status = icl_dataset_add(set, member->path, member, joining->labels[i]);
        }
    }
    for (i = 0; i < joining->finder.count; i++)
        if (!joining->finder.used[i] && joining->unlisted++ == 0)
            joining->first_unlisted = joining->finder.stems[i].member->path;
    return status;
}

/* 17 of "ILSVRC2012_val_00000017.JPEG"; 0 where it is no such name. */
static size_t number_in_name(const char *base)
{
    return strncmp(base, "ILSVRC2012_val_", 15) == 0 ? (size_t)strtoull(base + 15, NULL, 10)
                                                     : 0;
}

static imgcls_status give_several(struct joining *joining,
                                  const struct icl_truth_item *item)
{
    struct icl_dataset *set = joining->set;
    struct icl_dataset_entry *entry = &set->entries[set->count - 1];
    const int32_t *numbers = joining->truth.numbers + item->first;
    size_t i;
    for (i = 0; i < item->several; i++)
        if (set->classes > 0 && numbers[i] >= set->classes)
            return icl_fail(
                set->ctx, IMGCLS_BAD_INPUT,
                "%s: entry %zu: label %d: outside the classes, which are 0 to %lld",
                joining->truth.place, item->line - 1, (int)numbers[i],
                (long long)set->classes - 1);
    entry->label = numbers[0];
    if (item->several == 1)
        return IMGCLS_OK;
    entry->also = malloc((item->several - 1) * sizeof *entry->also);
    if (!entry->also)
        return icl_dataset_no_memory(set);
    memcpy(entry->also, numbers + 1, (item->several - 1) * sizeof *entry->also);
    entry->also_count = (int32_t)item->several - 1;
    return IMGCLS_OK;
}

/* Lists without names: by the number in the picture's name, else one for one in order. */
static imgcls_status join_numbers(struct joining *joining)
{
    struct icl_dataset *set = joining->set;
    const struct icl_truth *truth = &joining->truth;
    size_t i, numbered = 0;
    imgcls_status status = IMGCLS_OK;
    for (i = 0; i < joining->finder.count; i++)
        numbered += number_in_name(joining->finder.stems[i].member->base) > 0;
    if (numbered < joining->finder.count && joining->finder.count != truth->count)
        return icl_fail(set->ctx, IMGCLS_BAD_INPUT,
                        "%s: %zu lines for %zu pictures, whose names do not say which "
                        "(ILSVRC2012_val_00000001)",
                        truth->place, truth->count, joining->finder.count);
    for (i = 0; i < joining->finder.count && status == IMGCLS_OK; i++) {
        const struct icl_member *member = joining->finder.stems[i].member;
        size_t number =
            numbered == joining->finder.count ? number_in_name(member->base) : i + 1;
        const struct icl_truth_item *item;
        if (number == 0 || number > truth->count)
            return icl_fail(set->ctx, IMGCLS_BAD_INPUT, "%s: %zu lines, none for %s",
                            truth->place, truth->count, member->path);
        item = &truth->items[number - 1];
        if (truth->kind == ICL_TRUTH_REAL && item->several == 0) {
            set->skipped++;
            continue;
        }
        status = icl_dataset_add(set, member->path, member,
                                 joining->labels ? joining->labels[number - 1] : 0);
        if (status == IMGCLS_OK && truth->kind == ICL_TRUTH_REAL)
            status = give_several(joining, item);
    }
    return status;
}

/* ---- Labels
 * -----------------------------------------------------------------------------*/

/* The wnids of the devkit's numbers, from the set, or from beside it. */
static imgcls_status find_synsets(struct icl_dataset *set, const struct found *list,
                                  char (**wnids)[10], size_t *count)
{
    const struct icl_member *member = icl_dataset_find(set, "meta.mat");
    char *above[3] = {NULL, NULL, NULL}, *text = NULL, *path = NULL;
    imgcls_status status = IMGCLS_BAD_INPUT;
    size_t size = 0, i, k;
    member = member ? member : icl_dataset_find(set, "map_clsloc.txt");
    if (member) {
        status = icl_place_text(set->place, member, &text, &size);
        path = strdup(member->path);
    }
    above[0] = folder_above(list->place);
    above[1] = strdup(set->path);
    above[2] = folder_above(set->path);
    for (k = 0; k < 3 && !text && !member; k++)
        for (i = 0;
             above[k] && i < sizeof synsets_beside / sizeof synsets_beside[0] && !text;
             i++) {
            free(path);
            if (asprintf(&path, "%s/%s", above[k], synsets_beside[i]) < 0)
                path = NULL;
            if (path && access(path, R_OK) == 0)
                status = read_text(set, path, &text, &size);
        }
    if (text)
        status =
            icl_synsets_read(set->ctx, path, (const uint8_t *)text, size, wnids, count);
    else if (!member)
        status = icl_fail(
            set->ctx, IMGCLS_BAD_INPUT,
            "%s: counts classes in the devkit's order; meta.mat, which says it, is "
            "neither beside it nor in %s",
            list->place, set->path);
    for (k = 0; k < 3; k++)
        free(above[k]);
    free(text);
    free(path);
    return status;
}

static int by_wnid(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Devkit's number -> wnid -> class, by the labels or, where they carry no wnids, by rank.
 */
static imgcls_status label_devkit(struct joining *joining,
                                  const struct icl_class_space *space,
                                  const struct found *list)
{
    struct icl_dataset *set = joining->set;
    char(*wnids)[10] = NULL;
    const char **texts = NULL, **sorted = NULL;
    size_t count = 0, i;
    bool by_rank = space->label_count == 0 || !icl_is_wnid(space->labels[0]);
    imgcls_status status = find_synsets(set, list, &wnids, &count);
    if (status != IMGCLS_OK)
        return status;
    texts = calloc(joining->truth.count + 1, sizeof *texts);
    sorted = calloc(count + 1, sizeof *sorted);
    if (!texts || !sorted)
        status = icl_dataset_no_memory(set);
    for (i = 0; i < count && sorted; i++)
        sorted[i] = wnids[i];
    if (sorted)
        qsort(sorted, count, sizeof *sorted, by_wnid);
    for (i = 0; i < joining->truth.count && status == IMGCLS_OK; i++) {
        const struct icl_truth_item *item = &joining->truth.items[i];
        unsigned long id = strtoul(item->label, NULL, 10);
        if (id < 1 || id > count || !wnids[id - 1][0]) {
            status =
                icl_fail(set->ctx, IMGCLS_BAD_INPUT,
                         "%s: line %zu: label %lu: outside the classes, which are 1 to %zu",
                         list->place, item->line, id, count);
            break;
        }
        texts[i] = wnids[id - 1];
        if (by_rank) {
            const char **rank = bsearch(&texts[i], sorted, count, sizeof *sorted, by_wnid);
            joining->labels[i] = (int32_t)(rank - sorted);
        }
    }
    if (status == IMGCLS_OK && by_rank && set->classes > 0 && (size_t)set->classes != count)
        status = icl_fail(set->ctx, IMGCLS_BAD_INPUT,
                          "%s: %zu classes in the devkit, the model has %lld", list->place,
                          count, (long long)set->classes);
    else if (status == IMGCLS_OK && by_rank)
        set->classes = (int64_t)count;
    else if (status == IMGCLS_OK)
        status = icl_dataset_label(set, space, list->place, texts, joining->truth.count,
                                   joining->labels);
    free(texts);
    free(sorted);
    free(wnids);
    return status;
}

static imgcls_status label_items(struct joining *joining,
                                 const struct icl_class_space *space,
                                 const struct found *list)
{
    size_t count = joining->truth.count, i;
    const char **texts;
    imgcls_status status;
    if (joining->truth.kind == ICL_TRUTH_REAL)
        return IMGCLS_OK;
    joining->labels = calloc(count + 1, sizeof *joining->labels);
    if (!joining->labels)
        return icl_dataset_no_memory(joining->set);
    if (joining->truth.kind == ICL_TRUTH_DEVKIT)
        return label_devkit(joining, space, list);
    texts = calloc(count + 1, sizeof *texts);
    if (!texts)
        return icl_dataset_no_memory(joining->set);
    for (i = 0; i < count; i++)
        texts[i] = joining->truth.items[i].label;
    status =
        icl_dataset_label(joining->set, space, list->place, texts, count, joining->labels);
    free(texts);
    return status;
}

/* ---- The whole
 * --------------------------------------------------------------------------*/

static imgcls_status report(struct joining *joining, const struct found *list)
{
    struct icl_dataset *set = joining->set;
    bool table = joining->truth.kind == ICL_TRUTH_CSV;
    imgcls_status status =
        icl_dataset_note(set, "%s: %s with %zu lines in %s, %zu pictures", set->path,
                         set->layout->what, joining->truth.count, list->place, set->count);
    if (status == IMGCLS_OK && joining->missing > 0)
        status = icl_dataset_note(
            set, "%s: %zu names without a picture%s, first: %s", list->place,
            joining->missing, table ? ", counted as wrong" : "", joining->first_missing);
    if (status == IMGCLS_OK && joining->twice > 0)
        status = icl_dataset_note(set,
                                  "%s: %zu names stand there twice, with the same label; "
                                  "first: %s",
                                  list->place, joining->twice, joining->first_twice);
    if (status == IMGCLS_OK && joining->truth.disagreeing > 0)
        status = icl_dataset_note(set,
                                  "%s: %zu pictures with boxes of several classes; the "
                                  "first is taken",
                                  list->place, joining->truth.disagreeing);
    if (status == IMGCLS_OK && set->skipped > 0)
        status = icl_dataset_note(set, "%s: %lld pictures without a right answer, left out",
                                  list->place, (long long)set->skipped);
    if (status == IMGCLS_OK && joining->unlisted > 0)
        status = table ? icl_dataset_note(set, "%s: %zu pictures are not in it, first: %s",
                                          list->place, joining->unlisted,
                                          joining->first_unlisted)
                       : icl_fail(set->ctx, IMGCLS_BAD_INPUT,
                                  "%s: no label for %zu of the pictures, first: %s",
                                  list->place, joining->unlisted, joining->first_unlisted);
    return status;
}

static imgcls_status list_by(struct icl_dataset *set, const struct icl_class_space *space,
                             enum icl_truth_kind kind)
{
    struct joining joining = {.set = set};
    struct found list;
    size_t i;
    imgcls_status status = find_list(set, kind, &list);
    if (status != IMGCLS_OK)
        return status;
    status = icl_truth_parse(set->ctx, list.place, list.text, list.size, &joining.truth);
    list.text = NULL; /* taken over */
    if (status == IMGCLS_OK)
        status = finder_open(set, &joining.finder);
    if (status == IMGCLS_OK)
        status = label_items(&joining, space, &list);
    if (status == IMGCLS_OK)
        status = kind == ICL_TRUTH_DEVKIT || kind == ICL_TRUTH_REAL ? join_numbers(&joining)
                                                                    : join_names(&joining);
    if (status == IMGCLS_OK)
        status = report(&joining, &list);
    for (i = 0; i < set->place->count && status == IMGCLS_OK; i++)
        if (!set->place->members[i].picture && &set->place->members[i] != list.member &&
            strcmp(set->place->members[i].base, "meta.mat") != 0)
            icl_dataset_other(set, &set->place->members[i]);
    joining_clear(&joining);
    found_clear(&list);
    return status;
}

#define LAYOUT(symbol, kind, inside, outside)                                              \
    static int32_t bid_##symbol(const struct icl_dataset *set)                             \
    {                                                                                      \
        return bid_for(set, kind, inside, outside);                                        \
    }                                                                                      \
    static imgcls_status list_##symbol(struct icl_dataset *set,                            \
                                       const struct icl_class_space *space)                \
    {                                                                                      \
        return list_by(set, space, kind);                                                  \
    }

LAYOUT(val_txt, ICL_TRUTH_VAL_TXT, 84, 64)
LAYOUT(devkit, ICL_TRUTH_DEVKIT, 82, 62)
LAYOUT(kaggle, ICL_TRUTH_KAGGLE, 86, 66)
LAYOUT(csv, ICL_TRUTH_CSV, 80, 0)
LAYOUT(real, ICL_TRUTH_REAL, 72, 0)

const struct icl_dataset_layout icl_layout_val_txt = {.name = "val-txt",
                                                      .what = "a list of names and classes",
                                                      .bid = bid_val_txt,
                                                      .list = list_val_txt};
const struct icl_dataset_layout icl_layout_devkit = {.name = "devkit",
                                                     .what = "the devkit's ground truth",
                                                     .bid = bid_devkit,
                                                     .list = list_devkit};
const struct icl_dataset_layout icl_layout_kaggle = {
    .name = "kaggle", .what = "Kaggle's solution", .bid = bid_kaggle, .list = list_kaggle};
const struct icl_dataset_layout icl_layout_csv = {
    .name = "csv", .what = "a table of pictures", .bid = bid_csv, .list = list_csv};
const struct icl_dataset_layout icl_layout_real = {
    .name = "real", .what = "ReaL labels", .bid = bid_real, .list = list_real};

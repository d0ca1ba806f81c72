/*
 * eval/datasets/dataset.c - opening, ordering, limiting and reading a data set
 *
 * Not here: what lies at a path (place.c), what names mean (the layouts, labels.c,
 * class_names.c), hashes over the whole (manifest.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/dataset.h"

#include "eval/datasets/class_names.h"
#include "src/file/file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <nettle/sha2.h>

#define TRIPLES 3 /* pictures shown as evidence: enough for a human to see a shift */

/* Every layout that is known; a new one is a file and a line here. */
static const struct icl_dataset_layout *const layouts[] = {
    &icl_layout_folders,    &icl_layout_imagenet_v2, &icl_layout_imagenet_sketch,
    &icl_layout_imagenet_a, &icl_layout_imagenet_r,  &icl_layout_imagenet_c,
    &icl_layout_val_txt,    &icl_layout_devkit,      &icl_layout_kaggle,
    &icl_layout_csv,        &icl_layout_real,        &icl_layout_webdataset,
    &icl_layout_cifar10,    &icl_layout_cifar100,    &icl_layout_mnist,
};
#define LAYOUT_COUNT (sizeof layouts / sizeof layouts[0])

/* ---- For layouts
 * ------------------------------------------------------------------------*/

imgcls_status icl_dataset_no_memory(struct icl_dataset *set)
{
    return icl_fail(set->ctx, IMGCLS_NO_MEMORY, "%s: no memory for its pictures",
                    set->path);
}

imgcls_status icl_dataset_add(struct icl_dataset *set, const char *file,
                              const struct icl_member *member, int32_t label)
{
    struct icl_dataset_entry *entry;
    if (set->count == set->capacity) {
        size_t capacity = set->capacity ? set->capacity * 2 : 256, bytes;
        struct icl_dataset_entry *entries = NULL;
        if (icl_mul_size(capacity, sizeof *entries, &bytes))
            entries = realloc(set->entries, bytes);
        if (!entries)
            return icl_dataset_no_memory(set);
        set->entries = entries;
        set->capacity = capacity;
    }
    entry = &set->entries[set->count];
    memset(entry, 0, sizeof *entry);
    entry->label = label;
    entry->member = member;
    entry->file = strdup(file);
    if (!entry->file)
        return icl_dataset_no_memory(set);
    set->count++;
    return IMGCLS_OK;
}

imgcls_status icl_dataset_note(struct icl_dataset *set, const char *format, ...)
{
    char **lines = realloc(set->evidence, (set->evidence_count + 1) * sizeof *lines);
    va_list arguments;
    int length;
    if (lines) {
        set->evidence = lines;
        va_start(arguments, format);
        length = vasprintf(&lines[set->evidence_count], format, arguments);
        va_end(arguments);
        if (length >= 0) {
            set->evidence_count++;
            return IMGCLS_OK;
        }
    }
    return icl_fail(set->ctx, IMGCLS_NO_MEMORY, "%s: no memory for a line", set->path);
}

void icl_dataset_other(struct icl_dataset *set, const struct icl_member *member)
{
    if (set->others++ == 0)
        set->first_other = member->path;
}

size_t icl_dataset_shell(const struct icl_dataset *set, bool pictures_only)
{
    const struct icl_place *place = set->place;
    const char *first = NULL;
    size_t shell = 0, i;
    if (!icl_place_is_stream(place) || place->shard_count > 1)
        return 0;
    for (i = 0; i < place->count; i++) {
        const struct icl_member *member = &place->members[i];
        if (pictures_only && !member->picture)
            continue;
        if (!first) {
            first = member->path;
            shell = (size_t)(member->base - member->path);
        }
        while (shell > 0 && strncmp(first, member->path, shell) != 0)
            for (shell--; shell > 0 && first[shell - 1] != '/'; shell--)
                continue;
    }
    return shell;
}

const struct icl_member *icl_dataset_find(const struct icl_dataset *set, const char *base)
{
    size_t i;
    for (i = 0; i < set->place->count; i++)
        if (strcmp(set->place->members[i].base, base) == 0)
            return &set->place->members[i];
    return NULL;
}

bool icl_dataset_is_called(const struct icl_dataset *set, const char *words)
{
    const char *end = set->path + strlen(set->path), *base;
    char first[128] = "";
    while (end > set->path + 1 && end[-1] == '/')
        end--;
    for (base = end; base > set->path && base[-1] != '/'; base--)
        continue;
    snprintf(first, sizeof first, "%.*s", (int)(end - base), base);
    if (strcasestr(first, words))
        return true;
    if (set->place->count > 0 && icl_place_is_stream(set->place)) {
        const char *path = set->place->members[0].path;
        snprintf(first, sizeof first, "%.*s", (int)strcspn(path, "/"), path);
    }
    return strcasestr(first, words) != NULL;
}

/* ---- Opening
 * ----------------------------------------------------------------------------*/

static int by_file(const void *a, const void *b)
{
    const struct icl_dataset_entry *x = a, *y = b;
    return strcmp(x->file, y->file);
}

/* The one that is asked for by name, or the highest bidder. */
static imgcls_status choose_layout(struct icl_dataset *set, const char *name)
{
    char known[256] = "", rest[200] = "";
    int32_t best = 0, bids[LAYOUT_COUNT];
    size_t i;
    for (i = 0; i < LAYOUT_COUNT; i++) {
        size_t used = strlen(known);
        bids[i] = name ? strcmp(name, layouts[i]->name) == 0 : layouts[i]->bid(set);
        snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "",
                 layouts[i]->name);
        if (bids[i] > best) {
            best = bids[i];
            set->layout = layouts[i];
        }
    }
    if (set->layout && !set->layout->listed && set->options.truth)
        return icl_fail(set->ctx, IMGCLS_BAD_INPUT,
                        "%s: the layout %s takes labels from no list, so that %s would say nothing",
                        set->path, set->layout->name, set->options.truth);
    for (i = 0; i < LAYOUT_COUNT && set->layout; i++) {
        size_t used = strlen(rest);
        if (bids[i] > best - 10 && bids[i] > 0 && layouts[i] != set->layout)
            snprintf(rest + used, sizeof rest - used, "%s%s", used ? ", " : "",
                     layouts[i]->name);
    }
    if (rest[0])
        return icl_dataset_note(set, "%s: taken as %s; it could also be %s (--layout)",
                                set->path, set->layout->name, rest);
    if (set->layout)
        return IMGCLS_OK;
    if (name)
        return icl_fail(set->ctx, IMGCLS_BAD_INPUT, "layout '%s': not known, these are: %s",
                        name, known);
    if (set->place->pictures > 0)
        return icl_fail(
            set->ctx, IMGCLS_BAD_INPUT,
            "%s: %zu pictures and nothing that says their labels, neither class "
            "folders nor a list (val.txt, csv, ...); --truth FILE names one",
            set->path, set->place->pictures);
    return icl_fail(
        set->ctx, IMGCLS_BAD_INPUT,
        "%s: no data set is recognised there (known layouts: %s); the simplest is "
        "one folder of pictures a class",
        set->path, known);
}

static imgcls_status note_rest(struct icl_dataset *set, const struct icl_class_space *space)
{
    imgcls_status status = IMGCLS_OK;
    size_t i;
    if (set->place->ignored > 0)
        status = icl_dataset_note(set, "ignored: %lld hidden or system files and folders",
                                  (long long)set->place->ignored);
    if (status == IMGCLS_OK && set->others > 0)
        status =
            icl_dataset_note(set, "ignored: %lld files that are no pictures, first: %s",
                             (long long)set->others, set->first_other);
    for (i = 0; i < TRIPLES && i < set->count && status == IMGCLS_OK; i++) {
        const struct icl_dataset_entry *entry = &set->entries[i];
        bool named = (size_t)entry->label < space->label_count;
        status = icl_dataset_note(set, "  %s is class %d%s%s", entry->file,
                                  (int)entry->label, named ? ": " : "",
                                  named ? icl_label_name(space->labels[entry->label]) : "");
    }
    return status;
}

/* Sorts, and refuses a set that holds a name twice: answers could not be told apart. */
static imgcls_status sort_entries(struct icl_dataset *set)
{
    size_t i, twice = 0, first = 0;
    qsort(set->entries, set->count, sizeof *set->entries, by_file);
    for (i = 1; i < set->count; i++)
        if (strcmp(set->entries[i - 1].file, set->entries[i].file) == 0 &&
            set->entries[i - 1].record == set->entries[i].record && twice++ == 0)
            first = i;
    if (twice == 0)
        return IMGCLS_OK;
    return icl_fail(set->ctx, IMGCLS_BAD_INPUT,
                    "%s: %zu names stand there twice, first: %s", set->path, twice,
                    set->entries[first].file);
}

/* A list that is named itself: its pictures lie where it lies. */
static bool is_lone_list(const struct icl_dataset *set)
{
    static const char *const ends[] = {".csv", ".txt", ".json"};
    size_t length = strlen(set->path), i;
    if (!set->place->is_file || set->options.truth || set->place->pictures > 0)
        return false;
    for (i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (length > strlen(ends[i]) &&
            strcasecmp(set->path + length - strlen(ends[i]), ends[i]) == 0)
            return true;
    return false;
}

static imgcls_status open_place(struct icl_dataset *set)
{
    imgcls_status status = icl_place_open(set->ctx, set->path, &set->place);
    char *slash;
    if (status != IMGCLS_OK || !is_lone_list(set))
        return status;
    set->options.truth = set->options.path;
    slash = strrchr(set->path, '/');
    if (slash)
        slash[slash == set->path] = '\0';
    else
        snprintf(set->path, strlen(set->path) + 1, ".");
    icl_place_close(set->place);
    set->place = NULL;
    return icl_place_open(set->ctx, set->path, &set->place);
}

/* The path; where it ends in "." or "..", the one that is meant, for a set's name says what it is
 * and lists lie beside it. Own: free. */
static char *named_path(const char *path)
{
    size_t end = strlen(path), begin;
    char *real;
    while (end > 1 && path[end - 1] == '/')
        end--;
    for (begin = end; begin > 0 && path[begin - 1] != '/'; begin--)
        continue;
    if (strspn(path + begin, ".") != end - begin || end == begin || end - begin > 2)
        return strdup(path);
    real = realpath(path, NULL);
    return real ? real : strdup(path);
}

imgcls_status icl_dataset_open(struct imgcls_context *ctx,
                               const struct icl_dataset_options *options,
                               const struct icl_class_space *space,
                               struct icl_dataset **out)
{
    struct icl_dataset *set = calloc(1, sizeof *set);
    imgcls_status status;
    *out = NULL;
    if (set)
        set->path = named_path(options->path);
    if (!set || !set->path) {
        free(set);
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "%s: no memory for the data set",
                        options->path);
    }
    set->ctx = ctx;
    set->options = *options;
    set->classes = space->classes ? space->classes : (int64_t)space->label_count;
    status = open_place(set);
    if (status == IMGCLS_OK)
        status = choose_layout(set, options->layout);
    if (status == IMGCLS_OK)
        status = set->layout->list(set, space);
    if (status == IMGCLS_OK && set->count == 0)
        status =
            icl_fail(ctx, IMGCLS_BAD_INPUT, "%s: %s, and no picture with a label", options->path,
                     set->layout->what);
    if (status == IMGCLS_OK)
        status = sort_entries(set);
    if (status == IMGCLS_OK)
        status = note_rest(set, space);
    if (status != IMGCLS_OK) {
        icl_dataset_close(set);
        return status;
    }
    *out = set;
    return IMGCLS_OK;
}

void icl_dataset_close(struct icl_dataset *set)
{
    size_t i;
    if (!set)
        return;
    for (i = 0; i < set->count; i++) {
        free(set->entries[i].file);
        free(set->entries[i].also);
    }
    for (i = 0; i < set->evidence_count; i++)
        free(set->evidence[i]);
    icl_records_free(set->records);
    icl_place_close(set->place);
    free(set->entries);
    free(set->evidence);
    free(set->compared);
    free(set->path);
    free(set);
}

/* ---- Which pictures, in which order
 * -----------------------------------------------------*/

/* SplitMix64: a permutation that is the same on every machine. */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void shuffle(size_t *order, size_t count, int64_t seed)
{
    uint64_t state = (uint64_t)seed;
    size_t i;
    for (i = count; i > 1; i--) {
        size_t j = (size_t)((unsigned __int128)draw(&state) * i >> 64), held = order[i - 1];
        order[i - 1] = order[j];
        order[j] = held;
    }
}

imgcls_status icl_dataset_limit(struct icl_dataset *set, int64_t limit, int64_t seed)
{
    size_t count = set->count, kept = 0, i;
    size_t *order;
    bool *keep;
    if (limit <= 0 || (uint64_t)limit >= count)
        return IMGCLS_OK;
    order = malloc(count * sizeof *order);
    keep = calloc(count, sizeof *keep);
    if (!order || !keep) {
        free(order);
        free(keep);
        return icl_dataset_no_memory(set);
    }
    for (i = 0; i < count; i++)
        order[i] = i;
    if (seed >= 0)
        shuffle(order, count, seed);
    for (i = 0; i < (uint64_t)limit; i++)
        /* 128 bits, so that nothing overflows. */
        keep[seed >= 0 ? order[i]
                       : (size_t)((unsigned __int128)i * count / (uint64_t)limit)] = true;
    for (i = 0; i < count; i++) {
        if (keep[i]) {
            set->entries[kept++] = set->entries[i];
        } else {
            free(set->entries[i].file);
            free(set->entries[i].also);
        }
    }
    set->count = kept;
    free(order);
    free(keep);
    return IMGCLS_OK;
}

imgcls_status icl_dataset_settle_classes(struct icl_dataset *set)
{
    bool wanted = set->options.present_only < 0 ? set->restrict_to_present
                                                : set->options.present_only > 0;
    bool *present;
    size_t i, count = 0;
    if (!wanted || set->classes <= 0)
        return IMGCLS_OK;
    present = calloc((size_t)set->classes, sizeof *present);
    set->compared = malloc((size_t)set->classes * sizeof *set->compared);
    if (!present || !set->compared) {
        free(present);
        return icl_dataset_no_memory(set);
    }
    for (i = 0; i < set->count; i++)
        present[set->entries[i].label] = true;
    for (i = 0; i < (size_t)set->classes; i++)
        if (present[i])
            set->compared[count++] = (int32_t)i;
    set->compared_count = count;
    free(present);
    return icl_dataset_note(
        set, "only the scores of the %zu classes with pictures are compared", count);
}

/* Where an entry lies among those of its stream. */
struct place_in_stream {
    uint64_t position;
    size_t index;
    uint32_t shard;
};

static int by_place(const void *a, const void *b)
{
    const struct place_in_stream *x = a, *y = b;
    if (x->shard != y->shard)
        return x->shard < y->shard ? -1 : 1;
    if (x->position != y->position)
        return x->position < y->position ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

void icl_dataset_order(const struct icl_dataset *set, int64_t seed, size_t *order)
{
    struct place_in_stream *places = NULL;
    size_t i;
    for (i = 0; i < set->count; i++)
        order[i] = i;
    if (icl_dataset_is_stream(set)) /* without memory as listed: slower, not wrong */
        places = malloc(set->count * sizeof *places);
    else if (seed >= 0)
        shuffle(order, set->count, seed);
    if (!places)
        return;
    for (i = 0; i < set->count; i++) {
        const struct icl_member *member = set->entries[i].member;
        places[i] = (struct place_in_stream){.position = member ? member->position : 0,
                                             .shard = member ? member->shard : 0,
                                             .index = i};
    }
    qsort(places, set->count, sizeof *places, by_place);
    for (i = 0; i < set->count; i++)
        order[i] = places[i].index;
    free(places);
}

/* ---- Reading
 * ----------------------------------------------------------------*/

bool icl_dataset_is_stream(const struct icl_dataset *set)
{
    return icl_place_is_stream(set->place) && !set->records;
}

bool icl_dataset_is_right(const struct icl_dataset_entry *entry, int32_t class_index)
{
    int32_t i;
    if (class_index == entry->label)
        return true;
    for (i = 0; i < entry->also_count; i++)
        if (entry->also[i] == class_index)
            return true;
    return false;
}

imgcls_status icl_dataset_read(struct icl_dataset *set, struct icl_place_stream *stream,
                               size_t index, uint8_t **bytes, size_t *size, char *reason,
                               size_t capacity)
{
    struct icl_dataset_entry *entry = &set->entries[index];
    struct sha256_ctx hash;
    imgcls_status status;
    *bytes = NULL;
    *size = 0;
    if (!entry->member) {
        snprintf(reason, capacity, "no such file");
        return IMGCLS_IO;
    }
    if (set->records)
        status = icl_records_read(set->records, entry, bytes, size, reason, capacity);
    else if (stream)
        status =
            icl_place_stream_read(stream, entry->member, bytes, size, reason, capacity);
    else
        status = icl_place_read(set->place, entry->member, bytes, size, reason, capacity);
    if (status != IMGCLS_OK)
        return status;
    sha256_init(&hash);
    sha256_update(&hash, *size, *bytes);
    sha256_digest(&hash, sizeof entry->sha256, entry->sha256);
    entry->hashed = true;
    return IMGCLS_OK;
}

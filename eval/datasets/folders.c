/*
 * eval/datasets/folders.c - the layouts that are folders: one folder of pictures a class
 *
 * As torchvision's ImageFolder reads it: pictures at any depth below a class folder belong
 * to it. Unlike there, a class folder's index comes from the labels (class_names.c). A
 * picture outside every class folder is an error, for it has no label and leaving it out
 * would change the denominator unseen.
 *
 * ImageNet's relatives are folders too, each with its own habit: ImageNet-V2 numbers them,
 * -A and -R compare the scores of their 200 classes only, -C puts corruption and severity
 * in front. An archive of class folders mostly holds one more folder around them, and one
 * of tars within holds a tar a class; both are seen through.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/dataset.h"

#include "eval/datasets/class_names.h"
#include "eval/metrics/corruption.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Classes by the names of folders, while they are gathered. */
struct gathering {
    struct icl_dataset *set;
    char **names; /* own, sorted: members come sorted by path */
    size_t count, capacity;
    size_t strays; /* pictures outside */
    const char *first_stray;
};

static bool name_add(struct gathering *gathering, const char *name, size_t length)
{
    if (gathering->count == gathering->capacity) {
        size_t capacity = gathering->capacity ? gathering->capacity * 2 : 64;
        char **grown = realloc(gathering->names, capacity * sizeof *grown);
        if (!grown)
            return false;
        gathering->names = grown;
        gathering->capacity = capacity;
    }
    /* A tar a class: its name is the class. */
    if (length > 4 && memcmp(name + length - 4, ".tar", 4) == 0)
        length -= 4;
    gathering->names[gathering->count] = strndup(name, length);
    return gathering->names[gathering->count] && ++gathering->count;
}

/* The number of a class folder, the last one looked at most likely. */
static bool name_find(struct gathering *gathering, const char *name, size_t length,
                      int32_t *index)
{
    size_t plain =
        length > 4 && memcmp(name + length - 4, ".tar", 4) == 0 ? length - 4 : length;
    size_t i;
    for (i = gathering->count; i-- > 0;)
        if (strlen(gathering->names[i]) == plain &&
            memcmp(gathering->names[i], name, plain) == 0) {
            *index = (int32_t)i;
            return true;
        }
    *index = (int32_t)gathering->count;
    return name_add(gathering, name, length);
}

/* How long "fog/3/" in front of a class folder is; a set may begin below, at "3/". 0: none.
 */
static size_t corruption_of(const char *path)
{
    const char *part, *slash;
    for (part = path; part; part = slash ? slash + 1 : NULL) {
        slash = strchr(part, '/');
        if (slash == part + 1 && *part >= '1' && *part <= '5')
            return strchr(slash + 1, '/') ? (size_t)(slash + 1 - path) : 0;
    }
    return 0;
}

static bool names_corruption(const char *path, size_t length)
{
    size_t i;
    for (i = 0; i < ICL_CORRUPTION_COUNT; i++)
        if (memmem(path, length, icl_corruptions[i].name, strlen(icl_corruptions[i].name)))
            return true;
    return false;
}

/* Every picture lies under a severity, and a corruption is named there or by the set. */
static bool is_corrupted(const struct icl_dataset *set)
{
    const struct icl_place *place = set->place;
    size_t i, found = 0;
    bool named = false;
    for (i = 0; i < ICL_CORRUPTION_COUNT && !named; i++)
        named = icl_dataset_is_called(set, icl_corruptions[i].name);
    for (i = 0; i < place->count; i++) {
        const char *path = place->members[i].path;
        size_t length = place->members[i].picture ? corruption_of(path) : 0;
        if (!place->members[i].picture)
            continue;
        if (length == 0 || (!named && !names_corruption(path, length)))
            return false;
        found++;
    }
    return found > 0;
}

/* Is a folder of this name, `length` bytes of it, a class of the labels? */
static bool is_class(const struct icl_dataset *set, const struct icl_class_space *space,
                     const char *text, size_t length)
{
    char name[256];
    const char *const names[] = {name};
    enum icl_naming naming;
    imgcls_status status;
    int32_t index;
    if (space->label_count == 0 || length >= sizeof name)
        return false;
    snprintf(name, sizeof name, "%.*s", (int)length, text);
    status = icl_class_indices(set->ctx, set->path, names, 1, space, &index, &naming);
    icl_forgive(set->ctx);
    return status == IMGCLS_OK;
}

/* How much of all names is folders around the class folders, in an archive. They are no classes
 * themselves: class folders stay, and so does a lone class with folders in it. */
static size_t shell_of(const struct icl_dataset *set, const struct icl_class_space *space)
{
    size_t common = icl_dataset_shell(set, true), shell = 0, next, i;
    const struct icl_place *place = set->place;
    for (i = 0; i < place->count && common > 0; i++) {
        const char *path = place->members[i].path;
        if (place->members[i].picture && !strchr(path + common, '/'))
            while (common > 0 && (--common == 0 || path[common - 1] != '/'))
                continue; /* pictures lie in the last folder: it is a class */
    }
    for (i = 0; i < place->count && !place->members[i].picture; i++)
        continue;
    for (; shell < common; shell += next) {
        const char *path = place->members[i].path + shell;
        next = strcspn(path, "/") + 1;
        if (is_class(set, space, path, next - 1))
            break;
    }
    return shell;
}

/* The same in front of corruptions: what all names share, before the one above a severity. */
static size_t corrupted_shell_of(const struct icl_dataset *set)
{
    size_t shell = icl_dataset_shell(set, true), i;
    for (i = 0; i < set->place->count && shell > 0; i++) {
        const char *path = set->place->members[i].path;
        size_t above = set->place->members[i].picture ? corruption_of(path) : SIZE_MAX;
        if (above == SIZE_MAX)
            continue;
        above = above > 2 ? above - 2 : 0; /* "3/" */
        while (above > 0 && (--above == 0 || path[above - 1] != '/'))
            continue;
        shell = shell < above ? shell : above;
    }
    return shell;
}

static imgcls_status take_pictures(struct gathering *gathering, size_t shell,
                                   bool corrupted)
{
    struct icl_dataset *set = gathering->set;
    imgcls_status status = IMGCLS_OK;
    size_t i;
    for (i = 0; i < set->place->count && status == IMGCLS_OK; i++) {
        const struct icl_member *member = &set->place->members[i];
        const char *file = member->path + (member->picture ? shell : 0), *name = file, *slash;
        int32_t index;
        if (!member->picture) {
            icl_dataset_other(set, member);
            continue;
        }
        if (corrupted)
            name += corruption_of(name);
        slash = strchr(name, '/');
        if (!slash) {
            if (gathering->strays++ == 0)
                gathering->first_stray = member->path;
        } else if (!name_find(gathering, name, (size_t)(slash - name), &index)) {
            status = icl_dataset_no_memory(set);
        } else {
            status = icl_dataset_add(set, file, member, index);
        }
    }
    return status;
}

static imgcls_status refuse_strays(const struct gathering *gathering)
{
    if (gathering->strays == 0)
        return IMGCLS_OK;
    return icl_fail(gathering->set->ctx, IMGCLS_BAD_INPUT,
                    "%s: %zu %s no class folder (first: %s), so the label is not known",
                    gathering->set->path, gathering->strays,
                    gathering->strays == 1 ? "picture lies in" : "pictures lie in",
                    gathering->first_stray);
}

/* Where no folder is a class, the user may have named the folder above: say so. */
static void hint(const struct gathering *gathering, imgcls_status status)
{
    size_t i;
    for (i = 0; i < gathering->count; i++) {
        const char *name = gathering->names[i], *path = gathering->set->path;
        if (strcmp(name, "val") != 0 && strcmp(name, "test") != 0 &&
            strcmp(name, "validation") != 0)
            continue;
        icl_fail_within(gathering->set->ctx, status, "%s: perhaps %s/%s is meant", path,
                        path, name);
        return;
    }
}

/* class_names.c wants names in bytewise order; entries carry their old numbers. */
struct ranked {
    const char *name;
    size_t from;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct ranked *)a)->name, ((const struct ranked *)b)->name);
}

/* Folders that count from one, as the user says. Without a word they do not: folders 1 to 1000 are
 * the devkit's numbers most likely, which stand for other classes. */
static bool count_from_one(const struct icl_dataset *set, const char *const *names, size_t count)
{
    size_t i;
    for (i = 0; i < count && names[i][strspn(names[i], "0123456789")] == '\0'; i++)
        continue;
    return set->options.label_base == 1 && i == count;
}

static imgcls_status label_all(struct gathering *gathering,
                               const struct icl_class_space *space, enum icl_naming *naming)
{
    struct icl_dataset *set = gathering->set;
    size_t count = gathering->count, i;
    struct ranked *ranked = calloc(count, sizeof *ranked);
    const char **names = calloc(count, sizeof *names);
    int32_t *sorted = calloc(count, sizeof *sorted),
            *indices = calloc(count, sizeof *indices);
    imgcls_status status = IMGCLS_OK;
    if (!ranked || !names || !sorted || !indices) {
        status = icl_dataset_no_memory(set);
        goto done;
    }
    for (i = 0; i < count; i++)
        ranked[i] = (struct ranked){gathering->names[i], i};
    qsort(ranked, count, sizeof *ranked, by_name);
    for (i = 0; i < count; i++)
        names[i] = ranked[i].name;
    if (count_from_one(set, names, count)) {
        *naming = ICL_NAMING_NUMBER;
        status = icl_dataset_label(set, space, set->path, names, count, sorted);
    } else {
        status = icl_class_indices(set->ctx, set->path, names, count, space, sorted, naming);
    }
    if (status != IMGCLS_OK) {
        hint(gathering, status);
        goto done;
    }
    for (i = 0; i < count; i++)
        indices[ranked[i].from] = sorted[i];
    for (i = 0; i < set->count; i++)
        set->entries[i].label = indices[set->entries[i].label];
    for (i = 0; i < count && space->classes == 0 && space->label_count == 0; i++)
        set->classes = indices[i] >= set->classes ? indices[i] + 1 : set->classes;
done:
    free(ranked);
    free(names);
    free(sorted);
    free(indices);
    return status;
}

static imgcls_status list_with(struct icl_dataset *set, const struct icl_class_space *space,
                               bool corrupted)
{
    struct gathering gathering = {.set = set};
    enum icl_naming naming = ICL_NAMING_SORTED;
    size_t i;
    imgcls_status status =
        take_pictures(&gathering, corrupted ? corrupted_shell_of(set) : shell_of(set, space),
                      corrupted);
    if (status == IMGCLS_OK)
        status = refuse_strays(&gathering);
    if (status == IMGCLS_OK && set->count > 0)
        status = label_all(&gathering, space, &naming);
    if (status == IMGCLS_OK && set->place->empty_folders > 0)
        status = icl_dataset_note(set, "ignored: %lld folders without a picture",
                                  (long long)set->place->empty_folders);
    if (status == IMGCLS_OK && set->count > 0)
        status =
            icl_dataset_note(set, "%s: %s, %zu folders %s in %lld classes, %zu pictures",
                             set->path, set->layout->what, gathering.count,
                             icl_naming_text(naming), (long long)set->classes, set->count);
    for (i = 0; i < gathering.count; i++)
        free(gathering.names[i]);
    free(gathering.names);
    return status;
}

/* ---- The layouts
 * ------------------------------------------------------------------------*/

static imgcls_status list_folders(struct icl_dataset *set,
                                  const struct icl_class_space *space)
{
    return list_with(set, space, false);
}

static imgcls_status list_corrupted(struct icl_dataset *set,
                                    const struct icl_class_space *space)
{
    imgcls_status status;
    set->corrupted = true;
    status =
        icl_dataset_note(set, "its pictures are cropped already: a recipe without resize, "
                              "crop=224 alone, is how its authors test");
    return status == IMGCLS_OK ? list_with(set, space, true) : status;
}

static imgcls_status list_restricted(struct icl_dataset *set,
                                     const struct icl_class_space *space)
{
    set->restrict_to_present = true;
    return list_with(set, space, false);
}

/* A picture in a folder; more cannot be known before the names are compared. */
static int32_t bid_folders(const struct icl_dataset *set)
{
    size_t i;
    for (i = 0; i < set->place->count; i++)
        if (set->place->members[i].picture && strchr(set->place->members[i].path, '/'))
            return 50;
    return set->place->empty_folders > 0 ? 10 : 0;
}

/* How many folders are named by a wnid, in all names, counted where the name changes. */
static size_t count_wnids(const struct icl_dataset *set)
{
    const struct icl_place *place = set->place;
    char last[10] = "";
    size_t i, count = 0;
    for (i = 0; i < place->count; i++) {
        const char *slash = strrchr(place->members[i].path, '/');
        char name[10];
        if (!place->members[i].picture || !slash || slash - place->members[i].path < 9)
            continue;
        snprintf(name, sizeof name, "%.9s", slash - 9);
        if (strcmp(name, last) == 0 || !icl_is_wnid(name))
            continue;
        memcpy(last, name, sizeof last);
        count++;
    }
    return count;
}

static int32_t bid_v2(const struct icl_dataset *set)
{
    bool called = icl_dataset_is_called(set, "imagenetv2") ||
                  icl_dataset_is_called(set, "imagenet-v2");
    return called && bid_folders(set) ? 60 : 0;
}

static int32_t bid_sketch(const struct icl_dataset *set)
{
    bool called = icl_dataset_is_called(set, "imagenet-sketch") ||
                  icl_dataset_is_called(set, "imagenet_sketch");
    return called && bid_folders(set) ? 60 : 0;
}

/* Both have 200 classes, all by wnid, and are known by their names alone: another subset of
 * 200 classes must not be scored like them unasked. */
static int32_t bid_a(const struct icl_dataset *set)
{
    bool called = icl_dataset_is_called(set, "imagenet-a") ||
                  icl_dataset_is_called(set, "imagenet_a");
    return called && count_wnids(set) == 200 ? 70 : 0;
}

static int32_t bid_r(const struct icl_dataset *set)
{
    bool called = icl_dataset_is_called(set, "imagenet-r") ||
                  icl_dataset_is_called(set, "imagenet_r");
    return called && count_wnids(set) == 200 ? 70 : 0;
}

static int32_t bid_c(const struct icl_dataset *set)
{
    return is_corrupted(set) ? 80 : 0;
}

const struct icl_dataset_layout icl_layout_folders = {
    .name = "folders", .what = "class folders", .bid = bid_folders, .list = list_folders};
const struct icl_dataset_layout icl_layout_imagenet_v2 = {
    .name = "imagenet-v2", .what = "ImageNet-V2", .bid = bid_v2, .list = list_folders};
const struct icl_dataset_layout icl_layout_imagenet_sketch = {.name = "imagenet-sketch",
                                                              .what = "ImageNet-Sketch",
                                                              .bid = bid_sketch,
                                                              .list = list_folders};
const struct icl_dataset_layout icl_layout_imagenet_a = {
    .name = "imagenet-a", .what = "ImageNet-A", .bid = bid_a, .list = list_restricted};
const struct icl_dataset_layout icl_layout_imagenet_r = {
    .name = "imagenet-r", .what = "ImageNet-R", .bid = bid_r, .list = list_restricted};
const struct icl_dataset_layout icl_layout_imagenet_c = {
    .name = "imagenet-c", .what = "ImageNet-C", .bid = bid_c, .list = list_corrupted};

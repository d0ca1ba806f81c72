/*
 * eval/datasets/label_list.c - where a list of labels lies: in the set, beside it, or named
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/listed.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

void icl_label_list_clear(struct icl_label_list *found)
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

imgcls_status icl_label_list_find(struct icl_dataset *set, enum icl_truth_kind kind,
                                  struct icl_label_list *found)
{
    enum icl_truth_kind known = kind;
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
    if (status == IMGCLS_OK)
        known = icl_truth_kind_of(found->text, found->size);
    if (status == IMGCLS_OK && known != kind && known != ICL_TRUTH_NONE) /* parsing says it */
        status = icl_fail(set->ctx, IMGCLS_BAD_INPUT, "%s: not %s", found->place,
                          icl_truth_words(kind));
    if (status != IMGCLS_OK)
        icl_label_list_clear(found);
    return status;
}

int32_t icl_label_list_bid(const struct icl_dataset *set, enum icl_truth_kind kind,
                           int32_t inside, int32_t outside)
{
    size_t i, flat = 0, numbered = 0;
    char *path;
    if (set->options.truth) {
        enum icl_truth_kind found;
        char head[1025];
        int file = open(set->options.truth, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        ssize_t got = file >= 0 ? read(file, head, sizeof head - 1) : -1;
        if (file >= 0)
            close(file);
        found = got > 0 ? icl_truth_kind_of(head, (size_t)got) : ICL_TRUTH_NONE;
        /* What cannot be read, or is no list, was named all the same: csv says what is wrong. */
        return found == kind || (found == ICL_TRUTH_NONE && kind == ICL_TRUTH_CSV) ? 100 : 0;
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

imgcls_status icl_label_list_synsets(struct icl_dataset *set,
                                     const struct icl_label_list *list, char (**wnids)[10],
                                     size_t *count)
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

/*
 * eval/report/source.c - pictures of a data set by name, wherever they lie
 *
 * A folder is asked for the names directly: walking a large one to find a few would take
 * longer than the page. Only where it has none of them is the place listed as for an
 * evaluation, for it may be an archive or a folder of archives.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/report/source.h"

#include "eval/datasets/dataset.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REASON_CAPACITY 256

/* What the ways of reading share. */
struct reading {
    struct imgcls_context *ctx;
    struct icl_sourced *pictures;
    size_t count;
    imgcls_status (*take)(void *argument, size_t index, const void *bytes, size_t size);
    void *argument;
};

/* Hands over what was read, if anything was, and frees it. */
static imgcls_status hand_over(struct reading *reading, size_t index, imgcls_status got,
                               uint8_t *bytes, size_t size)
{
    imgcls_status status = IMGCLS_OK;
    reading->pictures[index].found = true;
    if (got == IMGCLS_OK)
        status = reading->take(reading->argument, index, bytes, size);
    free(bytes);
    if (status == IMGCLS_OK && icl_interrupted())
        status = icl_fail(reading->ctx, IMGCLS_INTERRUPTED, "interrupted");
    return status;
}

/* *any: whether the folder has one of the files. */
static imgcls_status from_folder(struct reading *reading, int folder, bool *any)
{
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < reading->count && status == IMGCLS_OK; i++) {
        const char *file = reading->pictures[i].file;
        char reason[REASON_CAPACITY];
        uint8_t *bytes = NULL;
        size_t size = 0;
        imgcls_status got;
        if (faccessat(folder, file, F_OK, 0) != 0 && (errno == ENOENT || errno == ENOTDIR))
            continue;
        *any = true;
        got = icl_read_picture_file(folder, file, &bytes, &size, reason, sizeof reason);
        status = hand_over(reading, i, got, bytes, size);
    }
    return status;
}

/* ---- Archives ---------------------------------------------------------------------------*/

/* A wanted picture and where it lies. */
struct find {
    const struct icl_member *member;
    size_t index;
};

static int by_position(const void *a, const void *b)
{
    const struct icl_member *x = ((const struct find *)a)->member;
    const struct icl_member *y = ((const struct find *)b)->member;
    if (x->shard != y->shard)
        return x->shard < y->shard ? -1 : 1;
    return (x->position > y->position) - (x->position < y->position);
}

static int compare_path(const void *key, const void *member)
{
    return strcmp(key, ((const struct icl_member *)member)->path);
}

static imgcls_status from_place(struct reading *reading, const struct icl_place *place)
{
    struct find *finds = calloc(reading->count + 1, sizeof *finds);
    struct icl_place_stream *stream = NULL;
    imgcls_status status = IMGCLS_OK;
    size_t found = 0, i;
    if (!finds)
        return icl_fail(reading->ctx, IMGCLS_NO_MEMORY, "%s: no memory for pictures",
                        place->path);
    for (i = 0; i < reading->count && place->count > 0; i++) {
        const struct icl_member *member =
            bsearch(reading->pictures[i].file, place->members, place->count,
                    sizeof *place->members, compare_path);
        if (member)
            finds[found++] = (struct find){member, i};
    }
    qsort(finds, found, sizeof *finds, by_position);
    if (found > 0 && icl_place_is_stream(place))
        status = icl_place_stream_open(place, &stream);
    for (i = 0; i < found && status == IMGCLS_OK; i++) {
        char reason[REASON_CAPACITY];
        uint8_t *bytes = NULL;
        size_t size = 0;
        imgcls_status got = stream ? icl_place_stream_read(stream, finds[i].member, &bytes,
                                                           &size, reason, sizeof reason)
                                   : icl_place_read(place, finds[i].member, &bytes, &size,
                                                    reason, sizeof reason);
        status = hand_over(reading, finds[i].index, got, bytes, size);
    }
    icl_place_stream_close(stream);
    free(finds);
    return status;
}

/* ---- Records ----------------------------------------------------------------------------*/

static int compare_file(const void *key, const void *entry)
{
    return strcmp(key, ((const struct icl_dataset_entry *)entry)->file);
}

static imgcls_status from_records(struct reading *reading, struct icl_dataset *set)
{
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < reading->count && status == IMGCLS_OK; i++) {
        const struct icl_dataset_entry *entry =
            bsearch(reading->pictures[i].file, set->entries, set->count, sizeof *set->entries,
                    compare_file);
        char reason[REASON_CAPACITY];
        uint8_t *bytes = NULL;
        size_t size = 0;
        imgcls_status got;
        if (!entry)
            continue;
        got = icl_dataset_read(set, NULL, (size_t)(entry - set->entries), &bytes, &size,
                               reason, sizeof reason);
        status = hand_over(reading, i, got, bytes, size);
    }
    return status;
}

static bool holds_records(const char *layout)
{
    const struct icl_dataset_layout *const layouts[] = {
        &icl_layout_cifar10, &icl_layout_cifar100, &icl_layout_mnist};
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
        if (strcmp(layouts[i]->name, layout) == 0)
            return true;
    return false;
}

/* A place that cannot be listed any more has no pictures; being asked to stop is another
 * matter. */
static imgcls_status forgive_absence(struct imgcls_context *ctx, imgcls_status status)
{
    if (status != IMGCLS_OK && status != IMGCLS_INTERRUPTED) {
        icl_forgive(ctx);
        status = IMGCLS_OK;
    }
    return status;
}

imgcls_status icl_source_read(struct imgcls_context *ctx, const char *path, const char *layout,
                              struct icl_sourced *pictures, size_t count,
                              imgcls_status (*take)(void *argument, size_t index,
                                                    const void *bytes, size_t size),
                              void *argument)
{
    struct reading reading = {ctx, pictures, count, take, argument};
    struct icl_dataset_options options = {.path = path, .layout = layout,
                                          .label_base = ICL_LABEL_BASE_AUTO,
                                          .present_only = -1};
    struct icl_class_space space = {0};
    struct icl_dataset *set = NULL;
    struct icl_place *place = NULL;
    imgcls_status status = IMGCLS_OK;
    bool any = false;
    int folder;
    if (count == 0)
        return IMGCLS_OK;
    if (holds_records(layout)) {
        status = forgive_absence(ctx, icl_dataset_open(ctx, &options, &space, &set));
        if (status == IMGCLS_OK && set)
            status = from_records(&reading, set);
        icl_dataset_close(set);
        return status;
    }
    folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        status = from_folder(&reading, folder, &any);
        close(folder);
    }
    if (status == IMGCLS_OK && !any) {
        status = forgive_absence(ctx, icl_place_open(ctx, path, &place));
        if (status == IMGCLS_OK && place)
            status = from_place(&reading, place);
        icl_place_close(place);
    }
    return status;
}

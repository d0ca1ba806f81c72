/*
 * eval/datasets/folders.c - the layout "folders": one folder of pictures a class
 *
 * As torchvision's ImageFolder reads it: pictures at any depth below a class folder belong to
 * it. Unlike there, a class folder's index comes from the labels (class_names.c). What is no
 * data by its name is ignored and counted; a file that is no picture by its name is looked
 * into before it is ignored; a picture outside every class folder is an error, for it has no
 * label and leaving it out would change the denominator unseen.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/dataset.h"

#include "eval/datasets/class_names.h"
#include "eval/pictures/picture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 16 /* symbolic links can make a folder its own child */

/* Names in one folder, sorted; own. */
struct names {
    char **text;
    size_t count, capacity;
};

static void names_clear(struct names *names)
{
    size_t i;
    for (i = 0; i < names->count; i++)
        free(names->text[i]);
    free(names->text);
    memset(names, 0, sizeof *names);
}

static bool names_add(struct names *names, const char *text)
{
    if (names->count == names->capacity) {
        size_t capacity = names->capacity ? names->capacity * 2 : 64;
        char **grown = realloc(names->text, capacity * sizeof *grown);
        if (!grown)
            return false;
        names->text = grown;
        names->capacity = capacity;
    }
    names->text[names->count] = strdup(text);
    return names->text[names->count] && ++names->count;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static imgcls_status no_memory(struct icl_dataset *set)
{
    return icl_fail(set->ctx, IMGCLS_NO_MEMORY, "%s: no memory for its names", set->path);
}

/* Reads the folder `relative` ("" for the set's own) into folders and files; litter is
 * counted. Sockets, pipes and dangling links count as files: reading them says what is wrong. */
static imgcls_status scan(struct icl_dataset *set, const char *relative, struct names *folders,
                          struct names *files)
{
    int descriptor = openat(set->folder, *relative ? relative : ".",
                            O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = descriptor >= 0 ? fdopendir(descriptor) : NULL;
    imgcls_status status = IMGCLS_OK;
    struct dirent *item;
    if (!folder) {
        status = icl_fail(set->ctx, IMGCLS_IO, "%s/%s: %s", set->path, relative,
                          strerror(errno));
        if (descriptor >= 0)
            close(descriptor);
        return status;
    }
    while (status == IMGCLS_OK && (errno = 0, item = readdir(folder)) != NULL) {
        struct stat info;
        bool is_folder;
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0)
            continue;
        if (icl_is_litter(item->d_name)) {
            set->ignored++;
            continue;
        }
        is_folder = item->d_type == DT_DIR;
        if (item->d_type == DT_UNKNOWN || item->d_type == DT_LNK)
            is_folder = fstatat(descriptor, item->d_name, &info, 0) == 0 &&
                        S_ISDIR(info.st_mode);
        if (!names_add(is_folder ? folders : files, item->d_name))
            status = no_memory(set);
    }
    if (status == IMGCLS_OK && errno != 0)
        status = icl_fail(set->ctx, IMGCLS_IO, "%s/%s: %s", set->path, relative,
                          strerror(errno));
    closedir(folder);
    if (folders->count > 0)
        qsort(folders->text, folders->count, sizeof *folders->text, by_text);
    if (files->count > 0)
        qsort(files->text, files->count, sizeof *files->text, by_text);
    return status;
}

static char *join(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s%s%s", folder, *folder ? "/" : "", name);
    return path;
}

/* A picture by name, or else by its first bytes. */
static bool is_picture(const struct icl_dataset *set, const char *path)
{
    unsigned char head[32];
    int descriptor;
    ssize_t size;
    if (icl_is_picture_name(path))
        return true;
    descriptor = openat(set->folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return false;
    size = read(descriptor, head, sizeof head);
    close(descriptor);
    return size > 0 && icl_picture_kind(head, (size_t)size) != NULL;
}

static imgcls_status take_file(struct icl_dataset *set, char *path, int32_t label)
{
    if (is_picture(set, path))
        return icl_dataset_add(set, path, label);
    set->others++;
    if (!set->first_other)
        set->first_other = strdup(path);
    return IMGCLS_OK;
}

static imgcls_status walk(struct icl_dataset *set, const char *relative, int32_t label,
                          int depth)
{
    struct names folders = {0}, files = {0};
    imgcls_status status;
    size_t i;
    if (depth > DEPTH_MAX)
        return icl_fail(set->ctx, IMGCLS_BAD_INPUT, "%s/%s: folders nest deeper than %d",
                        set->path, relative, DEPTH_MAX);
    if (icl_interrupted())
        return icl_fail(set->ctx, IMGCLS_INTERRUPTED, "%s: interrupted", set->path);
    status = scan(set, relative, &folders, &files);
    for (i = 0; i < files.count && status == IMGCLS_OK; i++) {
        char *path = join(relative, files.text[i]);
        status = path ? take_file(set, path, label) : no_memory(set);
        free(path);
    }
    for (i = 0; i < folders.count && status == IMGCLS_OK; i++) {
        char *path = join(relative, folders.text[i]);
        status = path ? walk(set, path, label, depth + 1) : no_memory(set);
        free(path);
    }
    names_clear(&folders);
    names_clear(&files);
    return status;
}

/* Files beside the class folders: a picture there has no label. */
static imgcls_status judge_files(struct icl_dataset *set, const struct names *files)
{
    size_t pictures = 0, i;
    const char *first = NULL;
    for (i = 0; i < files->count; i++) {
        if (is_picture(set, files->text[i])) {
            pictures++;
            first = first ? first : files->text[i];
        } else {
            set->others++;
            if (!set->first_other)
                set->first_other = strdup(files->text[i]);
        }
    }
    if (pictures == 0)
        return IMGCLS_OK;
    return icl_fail(set->ctx, IMGCLS_BAD_INPUT,
                    "%s: %zu %s no class folder (first: %s), so the label is not known",
                    set->path, pictures, pictures == 1 ? "picture lies in" : "pictures lie in",
                    first);
}

/* Walks all class folders with the folder's number as label; drops those without a picture
 * from `folders`, and renumbers, so that only folders with data must be classes. */
static imgcls_status gather(struct icl_dataset *set, struct names *folders)
{
    size_t i, kept = 0, empty = 0;
    imgcls_status status = IMGCLS_OK;
    for (i = 0; i < folders->count && status == IMGCLS_OK; i++) {
        size_t before = set->count;
        char *name = folders->text[i];
        status = walk(set, name, (int32_t)kept, 1);
        if (set->count > before) {
            folders->text[i] = folders->text[kept];
            folders->text[kept++] = name;
        } else {
            empty++;
        }
    }
    if (status != IMGCLS_OK)
        return status;
    for (i = kept; i < folders->count; i++)
        free(folders->text[i]);
    folders->count = kept;
    if (empty > 0)
        status = icl_dataset_note(set, "ignored: %zu folders without a picture", empty);
    return status;
}

/* Where no folder is a class, the user may have named the folder above: say so. */
static void hint(struct icl_dataset *set, const struct names *folders, imgcls_status status)
{
    size_t i;
    for (i = 0; i < folders->count; i++) {
        const char *name = folders->text[i];
        if (strcmp(name, "val") != 0 && strcmp(name, "test") != 0 &&
            strcmp(name, "validation") != 0)
            continue;
        icl_fail_within(set->ctx, status, "%s: perhaps %s/%s is meant", set->path, set->path,
                        name);
        return;
    }
}

static imgcls_status list(struct icl_dataset *set, const struct icl_class_space *space)
{
    struct names folders = {0}, files = {0};
    enum icl_naming naming = ICL_NAMING_SORTED;
    int32_t *indices = NULL;
    size_t i;
    imgcls_status status = scan(set, "", &folders, &files);
    if (status == IMGCLS_OK)
        status = judge_files(set, &files);
    if (status == IMGCLS_OK)
        status = gather(set, &folders);
    if (status != IMGCLS_OK || folders.count == 0)
        goto done;
    indices = calloc(folders.count, sizeof *indices);
    if (!indices) {
        status = no_memory(set);
        goto done;
    }
    status = icl_class_indices(set->ctx, set->path, (const char *const *)folders.text,
                               folders.count, space, indices, &naming);
    if (status != IMGCLS_OK) {
        hint(set, &folders, status);
        goto done;
    }
    for (i = 0; i < set->count; i++)
        set->entries[i].label = indices[set->entries[i].label];
    if (set->classes == 0) {
        for (i = 0; i < folders.count; i++)
            set->classes = indices[i] >= set->classes ? indices[i] + 1 : set->classes;
    }
    status = icl_dataset_note(set, "%s: %s, %zu folders %s in %lld classes, %zu pictures",
                              set->path, set->layout->what, folders.count,
                              icl_naming_text(naming), (long long)set->classes, set->count);
done:
    free(indices);
    names_clear(&folders);
    names_clear(&files);
    return status;
}

static int32_t bid(const struct icl_dataset *set)
{
    /* A folder with a folder in it; more cannot be known before the names are compared. */
    int descriptor = dup(set->folder);
    DIR *folder = descriptor >= 0 ? fdopendir(descriptor) : NULL;
    int32_t found = 0;
    struct dirent *item;
    struct stat info;
    if (!folder) {
        if (descriptor >= 0)
            close(descriptor);
        return 0;
    }
    rewinddir(folder);
    while (found == 0 && (item = readdir(folder)) != NULL)
        if (!icl_is_litter(item->d_name) &&
            fstatat(set->folder, item->d_name, &info, 0) == 0 && S_ISDIR(info.st_mode))
            found = 50;
    closedir(folder);
    return found;
}

static imgcls_status read_entry(const struct icl_dataset *set,
                                const struct icl_dataset_entry *entry, uint8_t **bytes,
                                size_t *size, char *reason, size_t capacity)
{
    return icl_read_picture_file(set->folder, entry->file, bytes, size, reason, capacity);
}

const struct icl_dataset_layout icl_layout_folders = {
    .name = "folders",
    .what = "class folders",
    .bid = bid,
    .list = list,
    .read = read_entry,
};

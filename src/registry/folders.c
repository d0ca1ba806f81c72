/*
 * src/registry/folders.c - which folders are searched, and which files in them are plugins
 *
 * Order: the path's folders from left to right, then the installed one; within a folder by
 * name, so that two machines agree. An empty part of the path is nothing, never the current
 * folder; a folder named twice is searched once.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/registry/plugins.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* More plugin files than anybody has; a folder of a million files is a mistake. */
#define FILES_MAX 1024

struct icl_plugin_file *icl_registry_append(struct icl_registry *registry, const char *path)
{
    if (registry->file_count == registry->file_capacity) {
        /* The old array stays in the shelf: doubling keeps that below the final size. */
        size_t capacity = registry->file_capacity ? 2 * registry->file_capacity : 32;
        struct icl_plugin_file **grown =
            icl_shelf_take(&registry->shelf, capacity, sizeof *grown);
        if (!grown)
            return NULL;
        if (registry->file_count)
            memcpy(grown, registry->files, registry->file_count * sizeof *grown);
        registry->files = grown;
        registry->file_capacity = capacity;
    }
    struct icl_plugin_file *file = icl_shelf_take(&registry->shelf, 1, sizeof *file);
    if (!file || !(file->path = icl_shelf_text(&registry->shelf, path)))
        return NULL;
    file->verdict = (struct icl_verdict){.abi_major = -1, .abi_minor_needed = -1};
    file->order = registry->file_count;
    registry->files[registry->file_count++] = file;
    return file;
}

static int is_plugin_name(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return entry->d_name[0] != '.' && length > 3 &&
           strcmp(entry->d_name + length - 3, ".so") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name); /* not alphasort: that asks the locale */
}

static bool append_all(struct icl_registry *registry, const char *folder,
                       struct dirent **entries, int count)
{
    for (int i = 0; i < count && registry->file_count < FILES_MAX; i++) {
        const char *path =
            icl_shelf_format(&registry->shelf, "%s/%s",
                             strcmp(folder, "/") == 0 ? "" : folder, entries[i]->d_name);
        if (!path || !icl_registry_append(registry, path))
            return false;
    }
    return true;
}

static bool was_searched(const struct icl_registry *registry, const char *real)
{
    size_t length = strlen(real);
    for (size_t i = 0; i < registry->file_count; i++)
        if (strncmp(registry->files[i]->path, real, length) == 0 &&
            registry->files[i]->path[length] == '/' &&
            !strchr(registry->files[i]->path + length + 1, '/'))
            return true;
    return false;
}

static bool search_folder(struct icl_registry *registry, const char *given,
                          const char **note)
{
    char *real = realpath(given, NULL);
    if (!real) {
        *note = icl_shelf_text(&registry->shelf, strerror(errno));
        return *note != NULL;
    }
    bool done = true;
    struct dirent **entries = NULL;
    int count = was_searched(registry, real)
                    ? -2
                    : scandir(real, &entries, is_plugin_name, by_name);
    if (count == -2) {
        *note = "searched already";
    } else if (count < 0) {
        *note = icl_shelf_text(&registry->shelf, strerror(errno));
        done = *note != NULL;
    } else {
        *note = icl_shelf_format(&registry->shelf, "%d plugin file%s", count,
                                 count == 1 ? "" : "s");
        done = *note && append_all(registry, real, entries, count);
    }
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    free(real);
    return done;
}

static bool add_folder(struct icl_registry *registry, const char *given)
{
    struct icl_folder *folder = &registry->folders[registry->folder_count++];
    folder->given = given;
    return search_folder(registry, given, &folder->note);
}

bool icl_registry_search(struct icl_registry *registry,
                         const struct icl_registry_options *options)
{
    char *path = icl_shelf_text(&registry->shelf, options->path ? options->path : "");
    if (!path)
        return false;
    size_t most = 2;
    for (const char *at = path; *at; at++)
        most += *at == ':';
    registry->folders = icl_shelf_take(&registry->shelf, most, sizeof *registry->folders);
    if (!registry->folders)
        return false;
    char *rest = path;
    for (const char *part; (part = strsep(&rest, ":"));)
        if (*part && !add_folder(registry, part))
            return false;
    return !options->installed || add_folder(registry, options->installed);
}

bool icl_registry_is_disabled(struct icl_shelf *shelf, const char *globs, const char *path,
                              const char *name, const char **glob)
{
    const char *slash = strrchr(path, '/');
    const char *file = slash ? slash + 1 : path;
    char *stem = icl_shelf_text(shelf, file);
    char *list = globs && *globs ? icl_shelf_text(shelf, globs) : NULL;
    if (!stem || !list)
        return false;
    char *dot = strrchr(stem, '.');
    if (dot)
        *dot = '\0';
    for (const char *part; (part = strsep(&list, ",:"));) {
        if (*part && (fnmatch(part, file, 0) == 0 || fnmatch(part, stem, 0) == 0 ||
                      (name && fnmatch(part, name, 0) == 0))) {
            *glob = part;
            return true;
        }
    }
    return false;
}

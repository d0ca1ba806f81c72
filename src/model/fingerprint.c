/*
 * src/model/fingerprint.c - the hash by which a model is known
 *
 * A folder's hash does not depend on the order in which the system lists it, nor on where
 * it lies: each regular file beneath contributes one line, "path size sha256\n", in byte
 * order of the paths. Hidden names (.git, .DS_Store) and symbolic links are left out, but
 * for those of huggingface_hub's cache, which are what its folders consist of.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/model/read.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/file/beneath.h"
#include "src/file/file.h"

#define DEPTH_MAX 32
#define PIECE     ((size_t)4 << 20)

struct names {
    struct imgcls_context *ctx;
    char **paths; /* relative to the folder */
    size_t count, capacity;
};

static imgcls_status add_name(struct names *names, char *path)
{
    if (names->count == names->capacity) {
        size_t wanted = names->capacity ? names->capacity * 2 : 64;
        char **grown = realloc(names->paths, wanted * sizeof *grown);
        if (!grown) {
            free(path);
            return icl_fail(names->ctx, IMGCLS_NO_MEMORY, "no memory to list a folder");
        }
        names->paths = grown;
        names->capacity = wanted;
    }
    names->paths[names->count++] = path;
    return IMGCLS_OK;
}

static char *join(const char *folder, const char *name)
{
    char *path = NULL;
    if (!*folder)
        return strdup(name);
    return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

static imgcls_status list_folder(struct names *names, const char *root, const char *folder,
                                 int depth);

static imgcls_status list_entry(struct names *names, const char *root, const char *folder,
                                const char *name, int depth)
{
    char *relative = join(folder, name), *path = relative ? join(root, relative) : NULL;
    struct stat info;
    imgcls_status status = IMGCLS_OK;
    if (!path)
        status = icl_fail(names->ctx, IMGCLS_NO_MEMORY, "no memory to list a folder");
    else if (lstat(path, &info) != 0)
        status = icl_fail(names->ctx, IMGCLS_IO, "%s: %s", path, strerror(errno));
    else if (S_ISDIR(info.st_mode) && depth < DEPTH_MAX)
        status = list_folder(names, root, relative, depth + 1);
    else if (S_ISREG(info.st_mode) ||
             (S_ISLNK(info.st_mode) && icl_is_blob(root, relative))) {
        status = add_name(names, relative);
        relative = NULL;
    }
    free(relative);
    free(path);
    return status;
}

static imgcls_status list_folder(struct names *names, const char *root, const char *folder,
                                 int depth)
{
    char *path = *folder ? join(root, folder) : strdup(root);
    DIR *dir = path ? opendir(path) : NULL;
    imgcls_status status = IMGCLS_OK;
    if (!path)
        status = icl_fail(names->ctx, IMGCLS_NO_MEMORY, "no memory to list a folder");
    else if (!dir)
        status = icl_fail(names->ctx, IMGCLS_IO, "%s: %s", path, strerror(errno));
    for (struct dirent *entry; status == IMGCLS_OK && dir && (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            status = list_entry(names, root, folder, entry->d_name, depth);
    if (dir)
        closedir(dir);
    free(path);
    return status;
}

static int by_bytes(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* A mapping is asked for and given back piece by piece: quicker than a page fault for every few
 * pages, and no more than a piece of the file is held. */
static imgcls_status hash_bytes(struct imgcls_context *ctx, const struct imgcls_storage *storage,
                                const unsigned char *bytes, size_t size, char text[65])
{
    struct icl_sha256 *hash;
    imgcls_status status = icl_sha256_create(ctx, &hash);
    if (status != IMGCLS_OK)
        return status;
    for (size_t at = 0; at < size; at += PIECE) {
        size_t piece = size - at < PIECE ? size - at : PIECE;
        icl_storage_expect(storage, bytes + at, piece);
        icl_sha256_update(hash, bytes + at, piece);
        icl_storage_forget(storage, bytes + at, piece);
    }
    icl_sha256_finish(hash, text);
    return IMGCLS_OK;
}

static imgcls_status hash_file(struct imgcls_context *ctx, struct icl_sha256 *hash,
                               const char *root, const char *relative)
{
    char *path = join(root, relative), text[65], size[32];
    struct imgcls_storage *storage = NULL;
    if (!path)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "%s: no memory to hash it", root);
    imgcls_status status = icl_storage_map(ctx, path, &storage);
    free(path);
    if (status)
        return status;
    status = hash_bytes(ctx, storage, icl_storage_bytes(storage), icl_storage_size(storage), text);
    if (status == IMGCLS_OK) {
        int digits = snprintf(size, sizeof size, " %zu ", icl_storage_size(storage));
        icl_sha256_update(hash, relative, strlen(relative));
        icl_sha256_update(hash, size, (size_t)digits);
        icl_sha256_update(hash, text, 64);
        icl_sha256_update(hash, "\n", 1);
    }
    icl_storage_release(storage);
    return status;
}

static imgcls_status hash_folder(struct imgcls_context *ctx, const char *root,
                                 char text[65])
{
    struct names names = {.ctx = ctx};
    struct icl_sha256 *hash = NULL;
    imgcls_status status = list_folder(&names, root, "", 0);
    if (status == IMGCLS_OK)
        status = icl_sha256_create(ctx, &hash);
    if (names.count > 0)
        qsort(names.paths, names.count, sizeof *names.paths, by_bytes);
    for (size_t i = 0; i < names.count && status == IMGCLS_OK; i++)
        status = icl_interrupted() ? icl_fail(ctx, IMGCLS_INTERRUPTED, "interrupted")
                                   : hash_file(ctx, hash, root, names.paths[i]);
    if (hash)
        icl_sha256_finish(hash, text);
    for (size_t i = 0; i < names.count; i++)
        free(names.paths[i]);
    free(names.paths);
    return status;
}

imgcls_status icl_source_sha256(struct imgcls_context *ctx,
                                const struct imgcls_source *source, char text[65])
{
    text[0] = 0;
    if (source->is_folder)
        return hash_folder(ctx, source->path, text);
    return hash_bytes(ctx, source->storage, source->bytes, source->size, text);
}

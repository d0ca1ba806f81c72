/*
 * src/file/source.c - something to read: a mapped file or a folder
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/file/beneath.h"
#include "src/file/storage.h"

/* From icl_alloc, like all that icl_source_close frees. */
static char *copy_text(struct imgcls_context *ctx, const char *text, size_t length)
{
    char *copy = icl_alloc(ctx, length + 1, 1);
    if (copy)
        memcpy(copy, text, length);
    return copy;
}

/* Folder of a file's path: "." where it has no slash. */
static char *folder_of(struct imgcls_context *ctx, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return copy_text(ctx, ".", 1);
    return copy_text(ctx, path, slash == path ? 1 : (size_t)(slash - path));
}

static imgcls_status beneath_folder(struct icl_source *self, const char *relative,
                                    struct imgcls_source **out);

/* An empty source with its texts; folder is copied. */
static imgcls_status create(struct imgcls_context *ctx, const char *path, const char *folder,
                            struct icl_source **out)
{
    struct icl_source *source = icl_alloc(ctx, 1, sizeof *source);
    if (source) {
        source->source.struct_size = sizeof source->source;
        source->ctx = ctx;
        source->open_beneath = beneath_folder;
        source->path = copy_text(ctx, path, strlen(path));
        source->folder = folder ? copy_text(ctx, folder, strlen(folder)) : folder_of(ctx, path);
        source->source.path = source->path;
    }
    if (!source || !source->path || !source->folder) {
        if (source)
            icl_source_close(&source->source);
        return icl_alloc_status(ctx);
    }
    *out = source;
    return IMGCLS_OK;
}

/* Hands the mapped bytes to the source, which owns the storage from here. */
static void attach(struct icl_source *source, struct imgcls_storage *storage)
{
    source->source.storage = storage;
    source->source.bytes = icl_storage_bytes(storage);
    source->source.size = icl_storage_size(storage);
}

static imgcls_status beneath_folder(struct icl_source *self, const char *relative,
                                    struct imgcls_source **out)
{
    size_t size = strlen(self->folder) + strlen(relative) + 2;
    char *path = malloc(size);
    if (!path)
        return icl_fail(self->ctx, IMGCLS_NO_MEMORY, "%s: no memory to open it", relative);
    snprintf(path, size, "%s/%s", self->folder, relative);
    int fd;
    struct icl_source *source = NULL;
    struct imgcls_storage *storage;
    imgcls_status status = icl_open_beneath(self->ctx, self->folder, relative, path, &fd);
    if (status != IMGCLS_OK)
        goto done;
    status = create(self->ctx, path, self->folder, &source);
    if (status == IMGCLS_OK)
        status = icl_storage_map_fd(self->ctx, fd, path, &storage);
    close(fd);
    if (status == IMGCLS_OK) {
        attach(source, storage);
        *out = &source->source;
        source = NULL;
    }
done:
    if (source)
        icl_source_close(&source->source);
    free(path);
    return status;
}

imgcls_status icl_source_open(struct imgcls_context *ctx, const char *path,
                              struct imgcls_source **out)
{
    struct stat info;
    struct icl_source *source;
    *out = NULL;
    if (stat(path, &info) != 0)
        return icl_fail(ctx, errno == ENOENT || errno == ENOTDIR ? IMGCLS_BAD_INPUT : IMGCLS_IO,
                        "%s: %s", *path ? path : "''", strerror(errno));
    bool folder = S_ISDIR(info.st_mode);
    imgcls_status status = create(ctx, path, folder ? path : NULL, &source);
    if (status != IMGCLS_OK)
        return status;
    source->source.is_folder = folder;
    if (!folder) {
        struct imgcls_storage *storage;
        status = icl_storage_map(ctx, path, &storage);
        if (status == IMGCLS_OK)
            attach(source, storage);
    }
    if (status == IMGCLS_OK)
        *out = &source->source;
    else
        icl_source_close(&source->source);
    return status;
}

imgcls_status icl_source_of_bytes(struct imgcls_context *ctx,
                                  const struct imgcls_source *beside, const char *path,
                                  void *bytes, size_t size, struct imgcls_source **out)
{
    const struct icl_source *near = (const struct icl_source *)beside;
    struct icl_source *source;
    struct imgcls_storage *storage;
    *out = NULL;
    imgcls_status status = create(ctx, path, near->folder ? near->folder : ".", &source);
    if (status != IMGCLS_OK)
        return status;
    if (!near->folder)
        source->open_beneath = NULL; /* a member of an archive: nothing lies beside this */
    status = icl_storage_own(ctx, bytes, size, &storage);
    if (status != IMGCLS_OK) {
        icl_source_close(&source->source);
        return status;
    }
    attach(source, storage);
    *out = &source->source;
    return IMGCLS_OK;
}

imgcls_status icl_source_open_beneath(struct imgcls_context *ctx,
                                      const struct imgcls_source *source,
                                      const char *relative, struct imgcls_source **out)
{
    struct icl_source *self = (struct icl_source *)source;
    *out = NULL;
    if (!self->open_beneath)
        return icl_fail(ctx, IMGCLS_UNSUPPORTED, "%s: nothing lies beneath it",
                        self->source.path);
    return self->open_beneath(self, relative, out);
}

void icl_source_close(struct imgcls_source *source)
{
    struct icl_source *self = (struct icl_source *)source;
    if (!self)
        return;
    if (self->close)
        self->close(self);
    struct imgcls_context *ctx = self->ctx;
    icl_storage_release(self->source.storage);
    icl_free(ctx, self->folder);
    icl_free(ctx, self->path);
    icl_free(ctx, self);
}

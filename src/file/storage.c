/*
 * src/file/storage.c - counted bytes: read-only mappings and allocations
 *
 * A file that another process truncates while it is mapped raises SIGBUS on access; that is
 * the price of mapping and the same for every program that maps.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/file/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct imgcls_storage {
    struct imgcls_context *ctx;
    _Atomic size_t references;
    unsigned char *bytes;
    size_t size;
    bool mapped;
};

static const unsigned char nothing[1]; /* what an empty file's bytes point to */

static imgcls_status create(struct imgcls_context *ctx, void *bytes, size_t size, bool mapped,
                            struct imgcls_storage **out)
{
    struct imgcls_storage *storage = calloc(1, sizeof *storage);
    if (!storage)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for a mapping");
    storage->ctx = ctx;
    atomic_init(&storage->references, 1);
    storage->bytes = bytes;
    storage->size = size;
    storage->mapped = mapped;
    *out = storage;
    return IMGCLS_OK;
}

imgcls_status icl_storage_map_fd(struct imgcls_context *ctx, int fd, const char *path,
                                 struct imgcls_storage **out)
{
    struct stat info;
    *out = NULL;
    if (fstat(fd, &info) != 0)
        return icl_fail(ctx, IMGCLS_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "%s: %s, not a regular file", path,
                        S_ISDIR(info.st_mode) ? "a folder" : "a device or pipe");
    if ((uintmax_t)info.st_size > SIZE_MAX)
        return icl_fail(ctx, IMGCLS_LIMIT, "%s: too large to be mapped", path);
    if (info.st_size == 0)
        return create(ctx, (void *)nothing, 0, false, out);
    size_t size = (size_t)info.st_size;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return icl_fail(ctx, errno == ENOMEM ? IMGCLS_NO_MEMORY : IMGCLS_IO, "%s: %s", path,
                        strerror(errno));
    imgcls_status status = create(ctx, bytes, size, true, out);
    if (status != IMGCLS_OK)
        munmap(bytes, size);
    return status;
}

imgcls_status icl_storage_map(struct imgcls_context *ctx, const char *path,
                              struct imgcls_storage **out)
{
    *out = NULL;
    /* O_NONBLOCK: opening a pipe must not wait for a writer; fstat then refuses it. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return icl_fail(ctx, errno == ENOENT || errno == ENOTDIR ? IMGCLS_BAD_INPUT : IMGCLS_IO,
                        "%s: %s", path, strerror(errno));
    imgcls_status status = icl_storage_map_fd(ctx, fd, path, out);
    close(fd);
    return status;
}

imgcls_status icl_storage_own(struct imgcls_context *ctx, void *bytes, size_t size,
                              struct imgcls_storage **out)
{
    *out = NULL;
    return create(ctx, bytes, size, false, out);
}

struct imgcls_storage *icl_storage_retain(struct imgcls_storage *storage)
{
    if (storage)
        atomic_fetch_add_explicit(&storage->references, 1, memory_order_relaxed);
    return storage;
}

void icl_storage_release(struct imgcls_storage *storage)
{
    if (!storage ||
        atomic_fetch_sub_explicit(&storage->references, 1, memory_order_acq_rel) != 1)
        return;
    if (storage->mapped)
        munmap(storage->bytes, storage->size);
    else if (storage->bytes != nothing)
        icl_free(storage->ctx, storage->bytes);
    free(storage);
}

const unsigned char *icl_storage_bytes(const struct imgcls_storage *storage)
{
    return storage->bytes;
}

size_t icl_storage_size(const struct imgcls_storage *storage)
{
    return storage->size;
}

bool icl_storage_is_mapped(const struct imgcls_storage *storage)
{
    return storage->mapped;
}

/* The bytes' place in a mapping, on pages: all that they touch, or those that are theirs alone.
 * False where that is nothing. */
static bool find_pages(const struct imgcls_storage *storage, const void *bytes, size_t size,
                       bool theirs_alone, uintptr_t *begin, uintptr_t *end)
{
    if (!storage || !storage->mapped || size == 0)
        return false;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = (uintptr_t)storage->bytes;
    *begin = (uintptr_t)bytes;
    *end = *begin + size;
    if (*begin < first || *end > first + storage->size)
        return false;
    *begin = (theirs_alone ? *begin + page - 1 : *begin) / page * page;
    *end = (theirs_alone ? *end : *end + page - 1) / page * page;
    return *begin < *end;
}

void icl_storage_expect(const struct imgcls_storage *storage, const void *bytes, size_t size)
{
#ifdef MADV_POPULATE_READ
    uintptr_t begin, end;
    if (find_pages(storage, bytes, size, false, &begin, &end))
        madvise((void *)begin, end - begin, MADV_POPULATE_READ);
#else
    (void)storage, (void)bytes, (void)size;
#endif
}

/* What else lies on the first and the last page may be needed. */
void icl_storage_forget(const struct imgcls_storage *storage, const void *bytes, size_t size)
{
    uintptr_t begin, end;
    if (find_pages(storage, bytes, size, true, &begin, &end))
        madvise((void *)begin, end - begin, MADV_DONTNEED);
}

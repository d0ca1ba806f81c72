/*
 * src/file/beneath.c - opening a file that a model names, without leaving the model's folder
 *
 * A model file is somebody else's text, and names like "../../etc/passwd" or a link that leads
 * there have been used to read files (CVE-2022-25882, CVE-2024-27318, CVE-2026-27489,
 * CVE-2026-34446). Three layers: the text must be relative without "..", the kernel resolves
 * it beneath the folder without following links out, and what was opened is looked at by its
 * descriptor: a regular file, and, where it has several hard links, one of the user's own,
 * for stores of packages link files of their owner while an attacker links other people's.
 *
 * One layout of links out is known and let through: the cache of huggingface_hub, where
 * models--OWNER--NAME/snapshots/REVISION/FILE is a link to ../../blobs/HASH. Such a link is
 * not followed but read: what it names is opened in that one folder, no other.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/file/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef HAVE_LINUX_OPENAT2_H
#include <linux/openat2.h>
#endif

#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

bool icl_path_is_beneath(const char *relative)
{
    if (*relative == '\0' || *relative == '/')
        return false;
    for (const char *part = relative; *part;) {
        size_t length = strcspn(part, "/");
        if (length == 0 || (length == 2 && memcmp(part, "..", 2) == 0))
            return false;
        part += length;
        if (*part == '/' && *++part == '\0')
            return false;
    }
    return true;
}

/* Part by part without following any link: for kernels without openat2 (before 5.6). */
static int open_by_parts(int folder, const char *relative)
{
    int at = dup(folder);
    while (at >= 0) {
        size_t length = strcspn(relative, "/");
        char part[256];
        if (length >= sizeof part) {
            close(at);
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(part, relative, length);
        part[length] = '\0';
        bool last = relative[length] == '\0';
        int next = openat(at, part, last ? OPEN_FLAGS | O_NOFOLLOW
                                         : O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        int error = errno;
        close(at);
        errno = error;
        if (last || next < 0)
            return next;
        at = next;
        relative += length + 1;
    }
    return -1;
}

static int open_resolved(int folder, const char *relative)
{
#if defined(HAVE_LINUX_OPENAT2_H) && defined(SYS_openat2)
    struct open_how how = {
        .flags = OPEN_FLAGS,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    int fd = (int)syscall(SYS_openat2, folder, relative, &how, sizeof how);
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
        return fd;
#endif
    return open_by_parts(folder, relative);
}

/* Whether `text` is "../" times `ups`, "blobs/", and a plain name; gives the name. */
static const char *blob_name(const char *text, size_t ups)
{
    static const char blobs[] = "blobs/";
    for (; ups > 0; ups--, text += 3)
        if (strncmp(text, "../", 3) != 0)
            return NULL;
    if (strncmp(text, blobs, sizeof blobs - 1) != 0)
        return NULL;
    text += sizeof blobs - 1;
    return *text && *text != '.' && !strchr(text, '/') ? text : NULL;
}

/* Whether an opened folder is models--.../snapshots/REVISION, without links in between. */
static bool is_snapshot(int folder)
{
    char link[40], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0)
        return false;
    path[length] = '\0';
    char *revision = strrchr(path, '/'), *snapshots, *model;
    if (!revision)
        return false;
    *revision = '\0';
    if (!(snapshots = strrchr(path, '/')) || strcmp(snapshots, "/snapshots") != 0)
        return false;
    *snapshots = '\0';
    model = strrchr(path, '/');
    return model && strncmp(model, "/models--", 9) == 0;
}

/* The folder in which the last part of `relative` lies, reached without following links. */
static int open_parent(int folder, const char *relative, const char **last, size_t *depth)
{
    int at = dup(folder);
    *depth = 0;
    for (const char *slash; at >= 0 && (slash = strchr(relative, '/'));
         relative = slash + 1, ++*depth) {
        char part[NAME_MAX + 1];
        size_t length = (size_t)(slash - relative);
        int next = -1;
        if (length < sizeof part && !(length == 1 && *relative == '.')) {
            memcpy(part, relative, length);
            part[length] = '\0';
            next = openat(at, part, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        }
        close(at);
        at = next;
    }
    *last = relative;
    return at;
}

/* What a link of huggingface_hub's cache stands for; -1 where it is no such link. */
static int open_blob(int folder, const char *relative)
{
    char text[PATH_MAX];
    const char *last, *name = NULL;
    size_t depth;
    int parent = open_parent(folder, relative, &last, &depth), fd = -1;
    if (parent < 0)
        return -1;
    ssize_t length = readlinkat(parent, last, text, sizeof text - 1);
    close(parent);
    if (length > 0) {
        text[length] = '\0';
        name = blob_name(text, depth + 2);
    }
    if (!name || !is_snapshot(folder))
        return -1;
    int model = openat(folder, "../..", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int blobs = model < 0 ? -1
                          : openat(model, "blobs",
                                   O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (blobs >= 0)
        fd = openat(blobs, name, OPEN_FLAGS | O_NOFOLLOW);
    if (model >= 0)
        close(model);
    if (blobs >= 0)
        close(blobs);
    return fd;
}

bool icl_is_blob(const char *folder, const char *relative)
{
    int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = at < 0 ? -1 : open_blob(at, relative);
    struct stat info;
    bool blob = fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    if (fd >= 0)
        close(fd);
    if (at >= 0)
        close(at);
    return blob;
}

static imgcls_status check_opened(struct imgcls_context *ctx, int fd, const char *path)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return icl_fail(ctx, IMGCLS_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "%s: not a regular file", path);
    if (info.st_nlink > 1 && info.st_uid != geteuid())
        return icl_fail(ctx, IMGCLS_BAD_INPUT,
                        "%s: has %lu hard links and belongs to another user", path,
                        (unsigned long)info.st_nlink);
    return IMGCLS_OK;
}

imgcls_status icl_open_beneath(struct imgcls_context *ctx, const char *folder,
                               const char *relative, const char *path, int *fd)
{
    *fd = -1;
    if (!icl_path_is_beneath(relative))
        return icl_fail(ctx, IMGCLS_BAD_INPUT,
                        "%s: names a file outside the model's own folder", path);
    int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return icl_fail(ctx, IMGCLS_IO, "%s: %s", folder, strerror(errno));
    int opened = open_resolved(at, relative);
    int error = errno;
    if (opened < 0 && (error == EXDEV || error == ELOOP || error == ENOTDIR))
        opened = open_blob(at, relative);
    close(at);
    if (opened < 0 && (error == EXDEV || error == ELOOP))
        return icl_fail(ctx, IMGCLS_BAD_INPUT,
                        "%s: a link that leads out of the model's own folder", path);
    if (opened < 0)
        return icl_fail(ctx, error == ENOENT ? IMGCLS_BAD_INPUT : IMGCLS_IO, "%s: %s", path,
                        strerror(error));
    imgcls_status status = check_opened(ctx, opened, path);
    if (status != IMGCLS_OK)
        close(opened);
    else
        *fd = opened;
    return status;
}

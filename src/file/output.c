/*
 * src/file/output.c - files that appear complete or not at all
 *
 * Written under a temporary name in the target's folder (so that rename is atomic), synced,
 * renamed, and the folder synced. Small writes are gathered; large ones go straight through, and
 * a file that grows long is on its way to the disk meanwhile (settle.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/file/file.h"

#define GATHER_BYTES 65536
#define PIECE_BYTES  ((size_t)8 << 20)  /* written and told to the hash at once */
#define SETTLE_BYTES ((size_t)16 << 20) /* a file that is longer is worth a thread */

struct buffered {
    struct icl_output output; /* first */
    size_t held;
    uint64_t wrote; /* to the file */
    struct icl_settle *settle; /* NULL before the file is long, and behind icl_output_sync */
    bool settling;             /* it was begun, or could not be */
    unsigned char gather[GATHER_BYTES];
};

/* The hash may go on, and so may the disk, which else begins at the sync. Small files are left to
 * gather in the system's cache. */
static void send_on(struct icl_output *output, size_t wrote)
{
    struct buffered *self = (struct buffered *)output;
    icl_follow_grown(output->follow, wrote);
    self->wrote += wrote;
    if (!self->settling && self->wrote >= SETTLE_BYTES) {
        self->settling = true;
        self->settle = icl_settle_start(output->fd);
        wrote = (size_t)self->wrote;
    }
    icl_settle_grown(self->settle, wrote);
}

/* An error that the thread has seen is told to nobody else. */
static imgcls_status end_settling(struct icl_output *output)
{
    struct buffered *self = (struct buffered *)output;
    int error = icl_settle_finish(self->settle);
    self->settle = NULL;
    return error ? icl_fail(output->ctx, IMGCLS_IO, "%s: %s", output->path, strerror(error))
                 : IMGCLS_OK;
}

static imgcls_status write_all(struct icl_output *output, const unsigned char *bytes,
                               size_t size)
{
    while (size) {
        if (icl_interrupted())
            return icl_fail(output->ctx, IMGCLS_INTERRUPTED, "%s: interrupted", output->path);
        ssize_t wrote = write(output->fd, bytes, size < PIECE_BYTES ? size : PIECE_BYTES);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return icl_fail(output->ctx, IMGCLS_IO, "%s: %s", output->path,
                            strerror(wrote < 0 ? errno : ENOSPC));
        send_on(output, (size_t)wrote);
        bytes += wrote;
        size -= (size_t)wrote;
    }
    return IMGCLS_OK;
}

static imgcls_status flush(struct buffered *self)
{
    size_t held = self->held;
    self->held = 0;
    return write_all(&self->output, self->gather, held);
}

static imgcls_status sink_write(const struct imgcls_host *host, struct imgcls_sink *sink,
                                const void *bytes, size_t size)
{
    struct buffered *self = (struct buffered *)sink;
    imgcls_status status = IMGCLS_OK;
    (void)host;
    if (size > GATHER_BYTES - self->held)
        status = flush(self);
    if (status == IMGCLS_OK && size >= GATHER_BYTES) {
        status = write_all(&self->output, bytes, size);
    } else if (status == IMGCLS_OK && size) {
        memcpy(self->gather + self->held, bytes, size);
        self->held += size;
    }
    if (status == IMGCLS_OK)
        sink->position += size;
    return status;
}

/* ".NAME.XXXXXX" in the target's folder. */
static char *temporary_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t folder = slash ? (size_t)(slash - path) + 1 : 0;
    size_t size = strlen(path) + sizeof "..XXXXXX";
    char *name = malloc(size);
    if (name)
        snprintf(name, size, "%.*s.%s.XXXXXX", (int)folder, path, path + folder);
    return name;
}

/* What an ordinary creation would give: mkstemp is stricter. umask can only be read by
 * setting it, which other threads would see, so it is taken from an existing source. */
static mode_t ordinary_mode(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[128];
    unsigned mask = 022;
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "Umask: %o", &mask) == 1)
            break;
    if (status)
        fclose(status);
    return (mode_t)(0666 & ~mask);
}

imgcls_status icl_output_create(struct imgcls_context *ctx, const char *path,
                                struct icl_output **out)
{
    struct stat info;
    *out = NULL;
    if (*path == '\0' || path[strlen(path) - 1] == '/' ||
        (stat(path, &info) == 0 && !S_ISREG(info.st_mode)))
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "%s: is no file that could be written",
                        *path ? path : "''");
    struct buffered *self = calloc(1, sizeof *self);
    if (!self)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "%s: no memory to write it", path);
    struct icl_output *output = &self->output;
    output->ctx = ctx;
    output->fd = -1;
    output->path = strdup(path);
    output->temporary = temporary_name(path);
    output->sink = (struct imgcls_sink){.struct_size = sizeof output->sink,
                                        .path = output->path,
                                        .write = sink_write};
    imgcls_status status = IMGCLS_OK;
    if (!output->path || !output->temporary)
        status = icl_fail(ctx, IMGCLS_NO_MEMORY, "%s: no memory to write it", path);
    else if ((output->fd = mkostemp(output->temporary, O_CLOEXEC)) < 0)
        status = icl_fail(ctx, IMGCLS_IO, "%s: %s", path, strerror(errno));
    if (status != IMGCLS_OK) {
        free(output->path);
        free(output->temporary);
        free(self);
        return status;
    }
    fchmod(output->fd, ordinary_mode());
    *out = output;
    return IMGCLS_OK;
}

imgcls_status icl_output_hash(struct icl_output *output)
{
    return icl_follow_start(output->ctx, output->fd, &output->follow);
}

imgcls_status icl_output_hashed(struct icl_output *output, char text[65])
{
    struct icl_follow *follow = output->follow;
    output->follow = NULL;
    text[0] = '\0';
    return icl_follow_finish(follow, text);
}

imgcls_status icl_output_flush(struct icl_output *output)
{
    return flush((struct buffered *)output);
}

imgcls_status icl_output_sync(struct icl_output *output)
{
    imgcls_status status = end_settling(output);
    if (status != IMGCLS_OK)
        return status;
    if (fsync(output->fd) != 0 && errno != EINVAL)
        return icl_fail(output->ctx, IMGCLS_IO, "%s: %s", output->path, strerror(errno));
    return IMGCLS_OK;
}

static void sync_folder(const char *path)
{
    char *folder = strdup(path);
    char *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash)
        slash[slash == folder] = '\0';
    int fd = folder ? open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        /* Some file systems cannot; the rename itself has happened. */
        (void)!fsync(fd);
        close(fd);
    }
    free(folder);
}

imgcls_status icl_output_finish(struct icl_output *output, imgcls_status status)
{
    if (!output)
        return status;
    struct imgcls_context *ctx = output->ctx;
    char unasked[65];
    if (status == IMGCLS_OK)
        status = icl_output_flush(output);
    icl_follow_finish(output->follow, unasked);
    if (status == IMGCLS_OK && icl_interrupted())
        status = icl_fail(ctx, IMGCLS_INTERRUPTED, "%s: interrupted", output->path);
    if (status == IMGCLS_OK)
        status = icl_output_sync(output);
    else
        end_settling(output);
    if (close(output->fd) != 0 && status == IMGCLS_OK)
        status = icl_fail(ctx, IMGCLS_IO, "%s: %s", output->path, strerror(errno));
    if (status == IMGCLS_OK && rename(output->temporary, output->path) != 0)
        status = icl_fail(ctx, IMGCLS_IO, "%s: %s", output->path, strerror(errno));
    if (status == IMGCLS_OK)
        sync_folder(output->path);
    else
        unlink(output->temporary);
    free(output->path);
    free(output->temporary);
    free(output);
    return status;
}

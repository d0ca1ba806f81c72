/*
 * src/bundle/zip_member.c - members of an opened zip file as sources
 *
 * A stored member is the mapping itself; a deflated one is inflated to exactly its declared
 * size, which is checked against the caller's limit and against what deflate can do at best
 * before a byte is allocated. The checksum is verified either way (checks.h: of a large
 * stored member at the latest before a result). A source keeps the archive alive and opens its siblings from it, so a model may refer to its weights by file
 * name whether it lies in a folder or in an archive.
 *
 * Not here: the directory (zip_read.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/bundle/zip.h"

#include <string.h>

#include <zlib.h>

#include "src/bundle/checks.h"
#include "src/bundle/crc32.h"
#include "src/bundle/zip_archive.h"
#include "src/bundle/zip_format.h"
#include "src/file/file.h"

/* Deflate cannot do better than 1032:1 (zlib's technical notes); more is a lie. */
#define DEFLATE_RATIO_MAX 1032
#define PIECE             ((size_t)4 << 20)
#define MANY              ((uint64_t)1 << 20) /* bytes whose checksum takes more than 0.1 ms */

/* ---- Members as sources ---------------------------------------------------------------*/

static const struct zip_member *find(const struct imgcls_zip *zip, const char *name)
{
    size_t low = 0, high = zip->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(zip->by_name[middle]->name, name);
        if (order == 0)
            return zip->by_name[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Fills exactly `size` bytes; false where the stream is broken, shorter, or longer. */
static bool inflate_exactly(const unsigned char *from, uint64_t stored, unsigned char *to,
                            uint64_t size)
{
    z_stream z = {0};
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
        return false;
    int result = Z_OK;
    unsigned char spare; /* inflate wants room even where nothing more may come */
    uint64_t done = 0, taken = 0;
    while (result == Z_OK) {
        uint64_t in = stored - taken, room = size - done;
        z.next_in = (unsigned char *)from + taken;
        z.avail_in = in > (1u << 30) ? 1u << 30 : (uInt)in;
        z.next_out = room ? to + done : &spare;
        z.avail_out = room == 0 ? 1 : room > (1u << 30) ? 1u << 30 : (uInt)room;
        uInt had_in = z.avail_in, had_out = z.avail_out;
        result = inflate(&z, Z_NO_FLUSH);
        taken += had_in - z.avail_in;
        if (room == 0 && z.avail_out == 0)
            break; /* longer than declared */
        done += room ? had_out - z.avail_out : 0;
    }
    inflateEnd(&z);
    return result == Z_STREAM_END && done == size && taken == stored;
}

static imgcls_status inflate_member(const struct imgcls_zip *zip,
                                    const struct zip_member *member, uint64_t limit,
                                    struct imgcls_storage **out)
{
    uint64_t size = member->shown.size, stored = member->shown.stored_size;
    if (size > limit)
        return icl_fail(zip->ctx, IMGCLS_LIMIT,
                        "%s: member '%s' inflates to %llu bytes, %llu are allowed",
                        zip->path, member->name, (unsigned long long)size,
                        (unsigned long long)limit);
    if (size / DEFLATE_RATIO_MAX > stored || size > SIZE_MAX)
        return icl_fail(
            zip->ctx, IMGCLS_BAD_INPUT,
            "%s: broken zip file: member '%s' of %llu bytes cannot inflate to %llu",
            zip->path, member->name, (unsigned long long)stored, (unsigned long long)size);
    unsigned char *bytes = icl_alloc(zip->ctx, size ? (size_t)size : 1, 1);
    if (!bytes)
        return icl_alloc_status(zip->ctx);
    imgcls_status status = IMGCLS_OK;
    if (!inflate_exactly(zip->bytes + member->shown.offset, stored, bytes, size))
        status = icl_zip_bad_member(zip, member, "does not inflate to its declared size");
    if (status == IMGCLS_OK)
        status = icl_storage_own(zip->ctx, bytes, (size_t)size, out);
    if (status != IMGCLS_OK)
        icl_free(zip->ctx, bytes);
    return status;
}

/* A member's source keeps the archive to find its siblings, and the limit it came with. */
struct membership {
    struct imgcls_zip *zip;
    char *folder; /* "" or "name/" */
    uint64_t limit;
};

static void close_member(struct icl_source *self)
{
    struct membership *in = self->archive;
    if (!in)
        return;
    struct imgcls_context *ctx = self->ctx;
    icl_free(ctx, in->folder);
    icl_zip_release(in->zip);
    icl_free(ctx, in);
    self->archive = NULL;
}

static imgcls_status open_sibling(struct icl_source *self, const char *relative,
                                  struct imgcls_source **out)
{
    const struct membership *in = self->archive;
    *out = NULL;
    if (icl_zip_name_fault(relative, strlen(relative)))
        return icl_fail(self->ctx, IMGCLS_BAD_INPUT,
                        "%s: refers to '%s', which is no name within the archive",
                        self->path, relative);
    size_t folder = strlen(in->folder), rest = strlen(relative), length;
    if (!icl_add_size(folder, rest + 1, &length))
        return icl_fail(self->ctx, IMGCLS_BAD_INPUT, "%s: name too long", self->path);
    char *name = icl_alloc(self->ctx, length, 1);
    if (!name)
        return icl_alloc_status(self->ctx);
    memcpy(name, in->folder, folder);
    memcpy(name + folder, relative, rest);
    imgcls_status status = icl_zip_source(&self->ctx->host, in->zip, name, in->limit, out);
    icl_free(self->ctx, name);
    return status;
}

/* All that a program holds of a model while it opens it is one piece. Who needs the bytes finds
 * them in the page cache. */
uint32_t icl_zip_checksum(uint32_t before, const struct imgcls_storage *storage,
                          const unsigned char *bytes, size_t size)
{
    uint32_t crc = before;
    for (size_t at = 0; at < size; at += PIECE) {
        size_t piece = size - at < PIECE ? size - at : PIECE;
        icl_storage_expect(storage, bytes + at, piece);
        crc = icl_crc32(crc, bytes + at, piece);
        if (size > PIECE)
            icl_storage_forget(storage, bytes + at, piece);
    }
    return crc;
}

imgcls_status icl_zip_is_damaged(const struct imgcls_zip *zip, const struct zip_member *member)
{
    return icl_zip_bad_member(zip, member, "is damaged (its checksum differs)");
}

/* At once, unless the bytes are many and whoever opens them says that it may wait. */
static imgcls_status verify(const struct imgcls_zip *zip, const struct zip_member *member,
                            const struct imgcls_storage *storage, const unsigned char *bytes)
{
    struct icl_checks *checks = zip->ctx->checks;
    if (checks && member->shown.method == ZIP_STORED && member->shown.size >= MANY)
        return icl_checks_defer(checks, (struct imgcls_zip *)zip, member); /* another user */
    if (icl_zip_checksum(0, storage, bytes, (size_t)member->shown.size) != member->shown.crc32)
        return icl_zip_is_damaged(zip, member);
    return IMGCLS_OK;
}

static imgcls_status member_bytes(const struct imgcls_zip *zip,
                                  const struct zip_member *member, uint64_t limit,
                                  struct imgcls_storage **storage,
                                  const unsigned char **bytes)
{
    imgcls_status status = IMGCLS_OK;
    if (member->shown.method == ZIP_STORED) {
        *storage = icl_storage_retain(zip->storage);
        *bytes = zip->bytes + member->shown.offset;
    } else if (member->shown.method == ZIP_DEFLATED) {
        status = inflate_member(zip, member, limit, storage);
        *bytes = status == IMGCLS_OK ? icl_storage_bytes(*storage) : NULL;
    } else {
        status =
            icl_fail(zip->ctx, IMGCLS_UNSUPPORTED,
                     "%s: member '%s' has compression method %d, only 0 (stored) and 8 "
                     "(deflated) are read",
                     zip->path, member->name, member->shown.method);
    }
    return status == IMGCLS_OK ? verify(zip, member, *storage, *bytes) : status;
}

static imgcls_status set_membership(struct icl_source *self, const struct imgcls_zip *zip,
                                    const char *name, uint64_t limit)
{
    struct membership *in = icl_alloc(self->ctx, 1, sizeof *in);
    if (!in)
        return icl_alloc_status(self->ctx);
    const char *slash = strrchr(name, '/');
    in->folder = icl_zip_copy_text(self->ctx, name, slash ? (size_t)(slash - name) + 1 : 0);
    if (!in->folder) {
        icl_free(self->ctx, in);
        return icl_alloc_status(self->ctx);
    }
    in->zip = (struct imgcls_zip *)zip; /* only its count of users changes */
    atomic_fetch_add(&in->zip->users, 1);
    in->limit = limit;
    self->archive = in;
    self->open_beneath = open_sibling;
    self->close = close_member;
    return IMGCLS_OK;
}

/* "bundle.imgcls:weights.bin", for messages. */
static char *member_path(const struct imgcls_zip *zip, const char *name)
{
    size_t archive = strlen(zip->path), length = strlen(name);
    char *path = icl_alloc(zip->ctx, archive + length + 2, 1);
    if (!path)
        return NULL;
    memcpy(path, zip->path, archive);
    path[archive] = ':';
    memcpy(path + archive + 1, name, length);
    return path;
}

imgcls_status icl_zip_source(const struct imgcls_host *host, const struct imgcls_zip *zip,
                             const char *name, uint64_t limit, struct imgcls_source **out)
{
    (void)host;
    *out = NULL;
    const struct zip_member *member = find(zip, name);
    if (!member)
        return icl_fail(zip->ctx, IMGCLS_BAD_INPUT, "%s: there is no '%s' in it", zip->path,
                        name);
    struct icl_source *self = icl_alloc(zip->ctx, 1, sizeof *self);
    if (!self)
        return icl_alloc_status(zip->ctx);
    self->ctx = zip->ctx;
    self->source.struct_size = sizeof self->source;
    self->path = member_path(zip, name);
    imgcls_status status = self->path ? IMGCLS_OK : icl_alloc_status(zip->ctx);
    if (status == IMGCLS_OK)
        status = set_membership(self, zip, name, limit);
    if (status == IMGCLS_OK)
        status =
            member_bytes(zip, member, limit, &self->source.storage, &self->source.bytes);
    if (status != IMGCLS_OK) {
        icl_source_close(&self->source);
        return status;
    }
    self->source.path = self->path;
    self->source.size = (size_t)member->shown.size;
    *out = &self->source;
    return IMGCLS_OK;
}

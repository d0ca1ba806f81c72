/*
 * plugins/formats/compressed/compressed.c - weights that somebody has compressed
 *
 * gzip, bzip2, xz, zstd, 7-Zip, also with a tar of one file within: unpacked into memory by
 * libarchive, then read by whichever format knows what is inside. One level only.
 *
 * The size within is not known beforehand, so memory grows with what comes out, up to a
 * multiple of what went in: weights hardly compress, a bomb does. Filters that libarchive
 * would run as programs are not switched on.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include <imgcls/plugin.h>

#define RATIO_MAX 100               /* bytes out for each byte in */
#define SIZE_BASE ((size_t)4 << 20) /* and this much in any case */
#define PIECE     ((size_t)1 << 20)

struct unpacking {
    const struct imgcls_host *host;
    const struct imgcls_source *source;
    unsigned char *bytes;
    size_t used, capacity, limit;
};

static bool is_compressed(const unsigned char *bytes, size_t size)
{
    static const struct {
        const char *bytes;
        size_t size;
    } magics[] = {{"\x1f\x8b", 2},
                  {"BZh", 3},
                  {"\x28\xb5\x2f\xfd", 4},
                  {"\xfd"
                   "7zXZ\0",
                   6},
                  {"7z\xbc\xaf\x27\x1c", 6}};
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (size >= magics[i].size && memcmp(bytes, magics[i].bytes, magics[i].size) == 0)
            return true;
    return false;
}

static int32_t bid(const struct imgcls_host *host, const struct imgcls_source *source)
{
    (void)host;
    return !source->is_folder && is_compressed(source->bytes, source->size) ? 90 : 0;
}

static imgcls_status broken(const struct unpacking *in, struct archive *archive)
{
    const char *why = archive_error_string(archive);
    return in->host->fail(in->host, IMGCLS_BAD_INPUT, "%s: cannot be unpacked: %s",
                          in->source->path, why ? why : "it is damaged");
}

static imgcls_status make_room(struct unpacking *in)
{
    size_t capacity = in->capacity ? in->capacity * 2 : PIECE;
    if (in->capacity >= in->limit)
        return in->host->fail(in->host, IMGCLS_BAD_INPUT,
                              "%s: unpacks to more than %d times its size",
                              in->source->path, RATIO_MAX);
    if (capacity > in->limit)
        capacity = in->limit;
    unsigned char *more = in->host->alloc(in->host, capacity, 1);
    if (!more)
        return IMGCLS_NO_MEMORY;
    if (in->used)
        memcpy(more, in->bytes, in->used);
    in->host->release(in->host, in->bytes);
    in->bytes = more;
    in->capacity = capacity;
    return IMGCLS_OK;
}

static imgcls_status read_data(struct unpacking *in, struct archive *archive)
{
    for (;;) {
        imgcls_status status = in->used == in->capacity ? make_room(in) : IMGCLS_OK;
        if (status != IMGCLS_OK)
            return status;
        la_ssize_t got =
            archive_read_data(archive, in->bytes + in->used, in->capacity - in->used);
        if (got < 0)
            return broken(in, archive);
        if (got == 0)
            return IMGCLS_OK;
        in->used += (size_t)got;
    }
}

/* The one regular file of the archive. */
static imgcls_status unpack(struct unpacking *in, struct archive *archive)
{
    struct archive_entry *entry;
    bool found = false;
    int result;
    if (archive_read_open_memory(archive, in->source->bytes, in->source->size) !=
        ARCHIVE_OK)
        return broken(in, archive);
    while ((result = archive_read_next_header(archive, &entry)) == ARCHIVE_OK) {
        if (archive_entry_filetype(entry) == AE_IFDIR)
            continue;
        if (found || (archive_entry_filetype(entry) != AE_IFREG))
            return in->host->fail(
                in->host, IMGCLS_UNSUPPORTED,
                "%s: an archive of more than one file; unpack it and give "
                "the folder",
                in->source->path);
        if (archive_filter_count(archive) > 2) /* one, and the file itself */
            return in->host->fail(in->host, IMGCLS_UNSUPPORTED, "%s: is compressed twice",
                                  in->source->path);
        found = true;
        imgcls_status status = read_data(in, archive);
        if (status != IMGCLS_OK)
            return status;
    }
    return result == ARCHIVE_EOF && found ? IMGCLS_OK : broken(in, archive);
}

static struct archive *opener(void)
{
    struct archive *archive = archive_read_new();
    if (archive) {
        archive_read_support_filter_gzip(archive);
        archive_read_support_filter_bzip2(archive);
        archive_read_support_filter_xz(archive);
        archive_read_support_filter_zstd(archive);
        archive_read_support_format_7zip(archive);
        archive_read_support_format_tar(archive);
        archive_read_support_format_raw(archive);
    }
    return archive;
}

static imgcls_status read_checkpoint(const struct imgcls_host *host,
                                     const struct imgcls_source *source,
                                     struct imgcls_checkpoint *checkpoint)
{
    struct unpacking in = {.host = host, .source = source};
    struct imgcls_source *inner = NULL;
    if (__builtin_mul_overflow(source->size, (size_t)RATIO_MAX, &in.limit) ||
        __builtin_add_overflow(in.limit, SIZE_BASE, &in.limit))
        in.limit = SIZE_MAX / 2;
    struct archive *archive = opener();
    if (!archive)
        return host->fail(host, IMGCLS_NO_MEMORY, "%s: no memory to unpack it",
                          source->path);
    imgcls_status status = unpack(&in, archive);
    archive_read_free(archive);
    if (status == IMGCLS_OK && is_compressed(in.bytes, in.used))
        status =
            host->fail(host, IMGCLS_UNSUPPORTED, "%s: is compressed twice", source->path);
    if (status == IMGCLS_OK)
        status =
            host->source_of_bytes(host, source, source->path, in.bytes, in.used, &inner);
    if (status != IMGCLS_OK) {
        host->release(host, in.bytes);
        return status;
    }
    status = host->read_checkpoint(host, inner, checkpoint);
    host->source_close(host, inner);
    return status;
}

static const struct imgcls_format compressed = {
    .struct_size = sizeof(struct imgcls_format),
    .name = "compressed",
    .description = "weights within gzip, bzip2, xz, zstd or 7-Zip",
    .extensions = (const char *const[]){".gz", ".bz2", ".xz", ".zst", ".7z", ".tgz", NULL},
    .bid = bid,
    .read_checkpoint = read_checkpoint,
};
static const struct imgcls_plugin plugin = {
    .abi_major = IMGCLS_ABI_MAJOR,
    .abi_minor_needed = 1,
    .struct_size = sizeof(struct imgcls_plugin),
    .name = "compressed",
    .version = PACKAGE_VERSION,
    .licence = "Apache-2.0",
    .formats = (const struct imgcls_format *const[]){&compressed, NULL},
};

const struct imgcls_plugin *imgcls_plugin_entry(const struct imgcls_host *host)
{
    (void)host;
    return &plugin;
}

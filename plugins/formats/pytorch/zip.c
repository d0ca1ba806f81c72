/*
 * plugins/formats/pytorch/zip.c - PyTorch's archives (1.6 and newer)
 *
 * One folder with any name: data.pkl, data/KEY for each storage, byteorder. The folder is
 * that of the one member that ends in /data.pkl; file names say nothing, since files are
 * renamed. Storages are stored, so their bytes are the mapping's; what other tools have
 * deflated is inflated up to the size that the pickle says.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/pytorch/weights.h"

#include <stdio.h>
#include <string.h>

#define PICKLE_MAX     ((uint64_t)1 << 30) /* bytes of data.pkl; honest ones have a few KiB */
#define NAME_MAX_BYTES 512

struct archive {
    const struct imgcls_host *host;
    const struct imgcls_source *source;
    struct imgcls_zip *zip;
    char root[NAME_MAX_BYTES]; /* "" or "name/" */
    struct opened *opened;     /* sources to be closed at the end */
    struct pickle pickle;
};

struct opened {
    struct opened *next;
    struct imgcls_source *source;
};

static bool ends_in(const char *text, const char *end)
{
    size_t length = strlen(text), wanted = strlen(end);
    return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

static bool has(const struct archive *archive, const char *name)
{
    const struct imgcls_zip_member *member;
    char path[NAME_MAX_BYTES + 64];
    snprintf(path, sizeof path, "%s%s", archive->root, name);
    for (size_t i = 0;
         (member = archive->host->zip_member_at(archive->host, archive->zip, i)); i++)
        if (strcmp(member->name, path) == 0)
            return true;
    return false;
}

/* Name of the first member, as the file's beginning has it. */
static bool first_member_ends_in(const struct imgcls_source *source, const char *end)
{
    const unsigned char *b = source->bytes;
    if (source->size < 30 || memcmp(b, "PK\3\4", 4) != 0)
        return false;
    size_t length = b[26] | (size_t)b[27] << 8, wanted = strlen(end);
    return length <= source->size - 30 && length >= wanted &&
           memcmp(b + 30 + length - wanted, end, wanted) == 0;
}

int32_t torch_zip_bid(const struct imgcls_host *host, const struct imgcls_source *source)
{
    struct imgcls_zip *zip;
    const struct imgcls_zip_member *member;
    int32_t bid = 50; /* a broken archive: say what is broken */
    if (source->is_folder || source->size < 4 || memcmp(source->bytes, "PK\3\4", 4) != 0)
        return 0;
    if (first_member_ends_in(source, "/data.pkl"))
        return 100;
    if (host->zip_open(host, source, &zip) != IMGCLS_OK)
        return bid;
    bid = 0;
    for (size_t i = 0; !bid && (member = host->zip_member_at(host, zip, i)); i++)
        if (ends_in(member->name, "/data.pkl") || strcmp(member->name, "data.pkl") == 0 ||
            ends_in(member->name, "/archive_format"))
            bid = 95;
    host->zip_close(host, zip);
    return bid;
}

static imgcls_status find_root(struct archive *archive)
{
    const struct imgcls_host *host = archive->host;
    const char *path = archive->source->path, *found = NULL;
    const struct imgcls_zip_member *member;
    for (size_t i = 0; (member = host->zip_member_at(host, archive->zip, i)); i++) {
        if (!ends_in(member->name, "/data.pkl") && strcmp(member->name, "data.pkl") != 0)
            continue;
        if (found)
            return host->fail(host, IMGCLS_BAD_INPUT,
                              "%s: two members could be its pickle ('%s' and '%s')", path,
                              found, member->name);
        found = member->name;
    }
    if (!found)
        return host->fail(host, IMGCLS_UNSUPPORTED,
                          "%s: a PyTorch archive without data.pkl (an exported program?); "
                          "save model.state_dict()",
                          path);
    size_t length = strlen(found) - strlen("data.pkl");
    if (length >= sizeof archive->root)
        return host->fail(host, IMGCLS_BAD_INPUT, "%s: a folder's name of %zu bytes", path,
                          length);
    memcpy(archive->root, found, length);
    if (has(archive, "constants.pkl"))
        return host->fail(host, IMGCLS_UNSUPPORTED,
                          "%s: a TorchScript program, of which nothing is run; save "
                          "model.state_dict()",
                          path);
    return IMGCLS_OK;
}

static imgcls_status open_member(struct archive *archive, const char *name, uint64_t limit,
                                 struct imgcls_source **out)
{
    char path[NAME_MAX_BYTES * 2];
    struct opened *opened = pickle_alloc(&archive->pickle, sizeof *opened);
    if (!opened)
        return IMGCLS_NO_MEMORY;
    snprintf(path, sizeof path, "%s%s", archive->root, name);
    imgcls_status status =
        archive->host->zip_source(archive->host, archive->zip, path, limit, out);
    if (status == IMGCLS_OK) {
        opened->source = *out;
        opened->next = archive->opened;
        archive->opened = opened;
    }
    return status;
}

static imgcls_status check_byte_order(struct archive *archive)
{
    struct imgcls_source *order;
    if (!has(archive, "byteorder"))
        return IMGCLS_OK; /* before 2.1: little */
    imgcls_status status = open_member(archive, "byteorder", 64, &order);
    if (status == IMGCLS_OK &&
        (order->size != strlen("little") || memcmp(order->bytes, "little", 6) != 0))
        status = archive->host->fail(
            archive->host, IMGCLS_UNSUPPORTED,
            "%s: byte order '%.*s', only 'little' is read", archive->source->path,
            (int)(order->size > 32 ? 32 : order->size), (const char *)order->bytes);
    return status;
}

static imgcls_status find_storage(void *owner, const struct pickle_storage *storage,
                                  size_t size, struct stored *out)
{
    struct archive *archive = owner;
    const struct imgcls_host *host = archive->host;
    struct imgcls_source *data;
    char name[NAME_MAX_BYTES];
    if (strlen(storage->key) > 256 || strchr(storage->key, '/'))
        return host->fail(host, IMGCLS_BAD_INPUT, "%s: storage key '%.64s' is no name",
                          archive->source->path, storage->key);
    snprintf(name, sizeof name, "data/%s", storage->key);
    imgcls_status status = open_member(archive, name, size, &data);
    if (status != IMGCLS_OK)
        return status;
    if (data->size != size)
        return host->fail(host, IMGCLS_BAD_INPUT,
                          "%s: storage '%s' has %zu bytes, the pickle says %zu",
                          archive->source->path, storage->key, data->size, size);
    *out = (struct stored){data->bytes, data->size, data->storage};
    return IMGCLS_OK;
}

static imgcls_status read_archive(struct archive *archive,
                                  struct imgcls_checkpoint *checkpoint)
{
    struct imgcls_source *data;
    struct pickle_value *top;
    size_t at = 0;
    const struct storage_finder finder = {find_storage, archive};
    struct pickle *pickle = &archive->pickle;
    imgcls_status status = find_root(archive);
    if (status == IMGCLS_OK)
        status = check_byte_order(archive);
    if (status == IMGCLS_OK)
        status = open_member(archive, "data.pkl", PICKLE_MAX, &data);
    if (status == IMGCLS_OK)
        status = pickle_read(pickle, data->bytes, data->size, &at, &top);
    if (status == IMGCLS_OK && at != data->size)
        status = archive->host->fail(archive->host, IMGCLS_BAD_INPUT,
                                     "%s: %zu bytes behind the end of its pickle",
                                     archive->source->path, data->size - at);
    if (status == IMGCLS_OK)
        status = storages_find(pickle, &finder);
    if (status == IMGCLS_OK)
        status = weights_add(pickle, top, archive->source->size, checkpoint);
    return status == IMGCLS_OK ? meta_add(pickle, top, checkpoint) : status;
}

imgcls_status torch_zip_read(const struct imgcls_host *host,
                             const struct imgcls_source *source,
                             struct imgcls_checkpoint *checkpoint)
{
    struct archive archive = {.host = host, .source = source};
    imgcls_status status = host->zip_open(host, source, &archive.zip);
    if (status != IMGCLS_OK)
        return status;
    pickle_init(&archive.pickle, host, source->path);
    status = read_archive(&archive, checkpoint);
    for (struct opened *o = archive.opened; o; o = o->next)
        host->source_close(host, o->source);
    pickle_clear(&archive.pickle);
    host->zip_close(host, archive.zip);
    return status;
}

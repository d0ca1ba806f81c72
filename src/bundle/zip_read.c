/*
 * src/bundle/zip_read.c - the directory of a mapped zip file, checked before it is believed
 *
 * Takes a source whose bytes are a zip file, gives its members: where each one's data lie
 * and how long they are. Sizes come from the central directory alone: PyTorch and numpy
 * leave zeros or 0xffffffff in the local header (a data descriptor follows the data), and
 * local sizes are what an attacker makes differ. The start of the data comes from the local
 * header's own name and extra lengths, because writers pad there to align.
 *
 * Invariants of an open zip: names are unique, relative and beneath the root; no two
 * members share a byte of the file; all end before the directory; a stored member has size
 * equal to stored_size. The structs never change, so threads may share them.
 *
 * Not here: members as sources (zip_member.c), writing (zip_write.c), what the members mean
 * (plugins).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/bundle/zip.h"

#include <stdlib.h>
#include <string.h>

#include "src/bundle/zip_archive.h"
#include "src/bundle/zip_format.h"
#include "src/file/file.h"

/* Where the directory lies, from the record at the end. */
struct directory {
    uint64_t offset, size, count;
};

static imgcls_status broken(const struct imgcls_zip *zip, const char *what)
{
    return icl_fail(zip->ctx, IMGCLS_BAD_INPUT, "%s: broken zip file: %s", zip->path, what);
}

void icl_zip_release(struct imgcls_zip *zip)
{
    if (!zip || atomic_fetch_sub(&zip->users, 1) != 1)
        return;
    struct imgcls_context *ctx = zip->ctx;
    for (size_t i = 0; i < zip->count; i++)
        icl_free(ctx, zip->members[i].name);
    icl_free(ctx, zip->members);
    icl_free(ctx, zip->by_name);
    icl_free(ctx, zip->path);
    icl_storage_release(zip->storage);
    icl_free(ctx, zip);
}

char *icl_zip_copy_text(struct imgcls_context *ctx, const void *text, size_t length)
{
    char *copy = icl_alloc(ctx, length + 1, 1); /* length comes from a u16 or from strlen */
    if (copy)
        memcpy(copy, text, length);
    return copy;
}

/* ---- The end record -------------------------------------------------------------------*/

/* The end record must end exactly where the file ends, comment included. */
static const unsigned char *find_end(const struct imgcls_zip *zip)
{
    if (zip->size < ZIP_END_BYTES)
        return NULL;
    size_t last = zip->size - ZIP_END_BYTES;
    size_t first = last > ZIP_COMMENT_MAX ? last - ZIP_COMMENT_MAX : 0;
    for (size_t at = last + 1; at-- > first;) {
        const unsigned char *p = zip->bytes + at;
        if (zip_u32(p) == ZIP_END_SIGNATURE && zip_u16(p + 20) == last - at)
            return p;
    }
    return NULL;
}

/* The zip64 record replaces fields that do not fit; one that fits must say the same. */
static bool agrees(uint64_t narrow, uint64_t widest, uint64_t wide)
{
    return narrow == widest || narrow == wide;
}

static imgcls_status read_end64(const struct imgcls_zip *zip, const unsigned char *end,
                                struct directory *dir, size_t *record)
{
    size_t end_at = (size_t)(end - zip->bytes);
    const unsigned char *locator = end - ZIP_LOCATOR_BYTES;
    if (end_at < ZIP_LOCATOR_BYTES || zip_u32(locator) != ZIP_LOCATOR_SIGNATURE)
        return IMGCLS_OK; /* an ordinary zip */
    size_t locator_at = end_at - ZIP_LOCATOR_BYTES;
    uint64_t at = zip_u64(locator + 8);
    if (zip_u32(locator + 4) != 0 || zip_u32(locator + 16) > 1)
        return broken(zip, "archives in several parts are not read");
    if (locator_at < ZIP_END64_BYTES || at > locator_at - ZIP_END64_BYTES)
        return broken(zip, "the zip64 end record lies past the file");
    const unsigned char *p = zip->bytes + at;
    if (zip_u32(p) != ZIP_END64_SIGNATURE || zip_u64(p + 4) != locator_at - at - 12)
        return broken(zip, "no zip64 end record where the locator points");
    if (zip_u32(p + 16) != 0 || zip_u32(p + 20) != 0 || zip_u64(p + 24) != zip_u64(p + 32))
        return broken(zip, "archives in several parts are not read");
    struct directory wide = {zip_u64(p + 48), zip_u64(p + 40), zip_u64(p + 32)};
    if (!agrees(dir->offset, ZIP_U32_MAX, wide.offset) ||
        !agrees(dir->size, ZIP_U32_MAX, wide.size) ||
        !agrees(dir->count, ZIP_U16_MAX, wide.count))
        return broken(zip, "the two end records contradict each other");
    *dir = wide;
    *record = (size_t)at;
    return IMGCLS_OK;
}

static imgcls_status read_end(const struct imgcls_zip *zip, struct directory *dir)
{
    const unsigned char *end = find_end(zip);
    if (!end)
        return broken(zip, "no end of central directory (truncated, or not a zip)");
    dir->count = zip_u16(end + 10);
    dir->size = zip_u32(end + 12);
    dir->offset = zip_u32(end + 16);
    size_t record = (size_t)(end - zip->bytes);
    uint32_t parts = zip_u16(end + 4), part = zip_u16(end + 6);
    imgcls_status status = read_end64(zip, end, dir, &record);
    if (status != IMGCLS_OK)
        return status;
    if ((parts != 0 && parts != ZIP_U16_MAX) || (part != 0 && part != ZIP_U16_MAX) ||
        zip_u16(end + 8) != zip_u16(end + 10))
        return broken(zip, "archives in several parts are not read");
    if (dir->size > record || dir->offset != record - dir->size)
        return icl_fail(
            zip->ctx, IMGCLS_BAD_INPUT,
            "%s: broken zip file: central directory of %llu bytes at %llu does not "
            "end where its end record begins (%zu)",
            zip->path, (unsigned long long)dir->size, (unsigned long long)dir->offset,
            record);
    if (dir->count > dir->size / ZIP_CENTRAL_BYTES)
        return icl_fail(
            zip->ctx, IMGCLS_BAD_INPUT,
            "%s: broken zip file: %llu members cannot fit a directory of %llu bytes",
            zip->path, (unsigned long long)dir->count, (unsigned long long)dir->size);
    return IMGCLS_OK;
}

/* ---- The central directory ------------------------------------------------------------*/

imgcls_status icl_zip_bad_member(const struct imgcls_zip *zip,
                                 const struct zip_member *member, const char *what)
{
    return icl_fail(zip->ctx, IMGCLS_BAD_INPUT, "%s: broken zip file: member '%s' %s",
                    zip->path, member->name, what);
}

/* Fields that are all ones stand in the zip64 extra field, in this order. */
static imgcls_status widen(const struct imgcls_zip *zip, struct zip_member *member,
                           const unsigned char *extra, size_t extra_size)
{
    uint64_t *fields[] = {&member->shown.size, &member->shown.stored_size, &member->header};
    bool any = false;
    for (size_t i = 0; i < 3; i++)
        any = any || *fields[i] == ZIP_U32_MAX;
    if (!any)
        return IMGCLS_OK;
    while (extra_size >= 4) {
        size_t length = zip_u16(extra + 2);
        if (length > extra_size - 4)
            break;
        if (zip_u16(extra) == ZIP_EXTRA_ZIP64) {
            const unsigned char *p = extra + 4, *past = p + length;
            for (size_t i = 0; i < 3; i++) {
                if (*fields[i] != ZIP_U32_MAX)
                    continue;
                if (past - p < 8)
                    return icl_zip_bad_member(zip, member,
                                              "has a zip64 extra field that is too short");
                *fields[i] = zip_u64(p);
                p += 8;
            }
            return IMGCLS_OK;
        }
        extra += 4 + length;
        extra_size -= 4 + length;
    }
    return icl_zip_bad_member(zip, member, "needs a zip64 extra field and has none");
}

/* Finds the data behind the local header, which must speak of the same member. */
static imgcls_status locate(const struct imgcls_zip *zip, const struct directory *dir,
                            struct zip_member *member)
{
    if (dir->offset < ZIP_LOCAL_BYTES || member->header > dir->offset - ZIP_LOCAL_BYTES)
        return icl_zip_bad_member(zip, member, "begins past the archive's data");
    const unsigned char *p = zip->bytes + member->header;
    size_t name_length = zip_u16(p + 26), extra_length = zip_u16(p + 28);
    uint64_t room = dir->offset - member->header - ZIP_LOCAL_BYTES;
    if (zip_u32(p) != ZIP_LOCAL_SIGNATURE)
        return icl_zip_bad_member(zip, member,
                                  "has no local header where the directory points");
    if (name_length + extra_length > room)
        return icl_zip_bad_member(zip, member,
                                  "has a local header that runs into the directory");
    if (name_length != strlen(member->name) ||
        memcmp(p + ZIP_LOCAL_BYTES, member->name, name_length) != 0)
        return icl_zip_bad_member(zip, member, "has another name in its local header");
    if (zip_u16(p + 8) != (uint32_t)member->shown.method)
        return icl_zip_bad_member(zip, member, "has another method in its local header");
    room -= name_length + extra_length;
    if (member->shown.stored_size > room)
        return icl_fail(zip->ctx, IMGCLS_BAD_INPUT,
                        "%s: broken zip file: member '%s' of %llu bytes runs past the "
                        "archive's data (%llu left)",
                        zip->path, member->name,
                        (unsigned long long)member->shown.stored_size,
                        (unsigned long long)room);
    member->shown.offset = member->header + ZIP_LOCAL_BYTES + name_length + extra_length;
    return IMGCLS_OK;
}

static imgcls_status check_member(const struct imgcls_zip *zip,
                                  const struct zip_member *member, uint32_t disk)
{
    if (member->flags & (ZIP_FLAG_ENCRYPTED | ZIP_FLAG_STRONG | ZIP_FLAG_MASKED))
        return icl_fail(zip->ctx, IMGCLS_UNSUPPORTED, "%s: member '%s' is encrypted",
                        zip->path, member->name);
    if (disk != 0 && disk != ZIP_U16_MAX)
        return icl_zip_bad_member(zip, member, "lies in another part of the archive");
    if (member->shown.method == ZIP_STORED &&
        member->shown.size != member->shown.stored_size)
        return icl_zip_bad_member(zip, member, "is stored, yet has two different sizes");
    if (member->name[strlen(member->name) - 1] == '/' && member->shown.size != 0)
        return icl_zip_bad_member(zip, member, "is a folder with content");
    return IMGCLS_OK;
}

/* One entry of `left` bytes or fewer at p; *used says how many it took. */
static imgcls_status read_entry(struct imgcls_zip *zip, const struct directory *dir,
                                const unsigned char *p, size_t left,
                                struct zip_member *member, size_t *used)
{
    if (left < ZIP_CENTRAL_BYTES || zip_u32(p) != ZIP_CENTRAL_SIGNATURE)
        return broken(zip, "the central directory has fewer members than it says");
    size_t name_length = zip_u16(p + 28), extra_length = zip_u16(p + 30);
    size_t length = ZIP_CENTRAL_BYTES + name_length + extra_length + zip_u16(p + 32);
    if (length > left)
        return broken(zip, "a directory entry runs past the directory");
    const char *name = (const char *)p + ZIP_CENTRAL_BYTES;
    const char *fault = icl_zip_name_fault(name, name_length);
    if (fault)
        return icl_fail(zip->ctx, IMGCLS_BAD_INPUT,
                        "%s: zip member %zu is refused: its name %s", zip->path, zip->count,
                        fault);
    member->name = icl_zip_copy_text(zip->ctx, name, name_length);
    if (!member->name)
        return icl_alloc_status(zip->ctx);
    zip->count++; /* from here release() frees it */
    *used = length;
    member->flags = zip_u16(p + 8);
    member->header = zip_u32(p + 42);
    member->shown = (struct imgcls_zip_member){
        .struct_size = sizeof member->shown,
        .name = member->name,
        .stored_size = zip_u32(p + 20),
        .size = zip_u32(p + 24),
        .crc32 = zip_u32(p + 16),
        .method = zip_u16(p + 10),
    };
    imgcls_status status =
        widen(zip, member, p + ZIP_CENTRAL_BYTES + name_length, extra_length);
    if (status == IMGCLS_OK)
        status = check_member(zip, member, zip_u16(p + 34));
    return status == IMGCLS_OK ? locate(zip, dir, member) : status;
}

static int by_header(const void *a, const void *b)
{
    const struct zip_member *x = *(const struct zip_member *const *)a;
    const struct zip_member *y = *(const struct zip_member *const *)b;
    return (x->header > y->header) - (x->header < y->header);
}

static int by_name(const void *a, const void *b)
{
    const struct zip_member *x = *(const struct zip_member *const *)a;
    const struct zip_member *y = *(const struct zip_member *const *)b;
    return strcmp(x->name, y->name);
}

/* Sorting puts neighbours together: two that share bytes, two that share a name. */
static imgcls_status check_neighbours(struct imgcls_zip *zip)
{
    struct zip_member **sorted = zip->by_name;
    for (size_t i = 0; i < zip->count; i++)
        sorted[i] = &zip->members[i];
    qsort(sorted, zip->count, sizeof *sorted, by_header);
    for (size_t i = 1; i < zip->count; i++) {
        const struct zip_member *before = sorted[i - 1];
        if (sorted[i]->header < before->shown.offset + before->shown.stored_size)
            return icl_fail(zip->ctx, IMGCLS_BAD_INPUT,
                            "%s: broken zip file: members '%s' and '%s' overlap", zip->path,
                            before->name, sorted[i]->name);
    }
    qsort(sorted, zip->count, sizeof *sorted, by_name);
    for (size_t i = 1; i < zip->count; i++)
        if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0)
            return icl_fail(zip->ctx, IMGCLS_BAD_INPUT,
                            "%s: broken zip file: two members are named '%s'", zip->path,
                            sorted[i]->name);
    return IMGCLS_OK;
}

/* Folders were checked like everything else; nobody needs them afterwards. */
static void drop_folders(struct imgcls_zip *zip)
{
    size_t kept = 0;
    for (size_t i = 0; i < zip->count; i++) {
        struct zip_member *member = &zip->members[i];
        if (member->name[strlen(member->name) - 1] == '/')
            icl_free(zip->ctx, member->name);
        else
            zip->members[kept++] = *member;
    }
    zip->count = kept;
    for (size_t i = 0; i < kept; i++)
        zip->by_name[i] = &zip->members[i];
    if (kept)
        qsort(zip->by_name, kept, sizeof *zip->by_name, by_name);
}

static imgcls_status read_directory(struct imgcls_zip *zip)
{
    struct directory dir = {0};
    imgcls_status status = read_end(zip, &dir);
    if (status != IMGCLS_OK || dir.count == 0)
        return status;
    zip->members = icl_alloc(zip->ctx, (size_t)dir.count, sizeof *zip->members);
    zip->by_name = icl_alloc(zip->ctx, (size_t)dir.count, sizeof *zip->by_name);
    if (!zip->members || !zip->by_name)
        return icl_alloc_status(zip->ctx);
    size_t at = (size_t)dir.offset, left = (size_t)dir.size;
    for (uint64_t i = 0; i < dir.count; i++) {
        size_t used = 0;
        status = read_entry(zip, &dir, zip->bytes + at, left, &zip->members[i], &used);
        if (status != IMGCLS_OK)
            return status;
        at += used;
        left -= used;
    }
    if (left)
        return broken(zip, "the central directory has more members than it says");
    status = check_neighbours(zip);
    if (status == IMGCLS_OK)
        drop_folders(zip);
    return status;
}

imgcls_status icl_zip_open(const struct imgcls_host *host,
                           const struct imgcls_source *source, struct imgcls_zip **out)
{
    struct imgcls_context *ctx = host->context;
    *out = NULL;
    if (source->is_folder || !source->bytes)
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "%s: a folder is not a zip file",
                        source->path);
    struct imgcls_zip *zip = icl_alloc(ctx, 1, sizeof *zip);
    if (!zip)
        return icl_alloc_status(ctx);
    zip->ctx = ctx;
    atomic_init(&zip->users, 1);
    zip->bytes = source->bytes;
    zip->size = source->size;
    zip->storage = icl_storage_retain(source->storage);
    zip->path = icl_zip_copy_text(ctx, source->path, strlen(source->path));
    imgcls_status status = zip->path ? read_directory(zip) : icl_alloc_status(ctx);
    if (status != IMGCLS_OK) {
        icl_zip_release(zip);
        return status;
    }
    *out = zip;
    return IMGCLS_OK;
}

void icl_zip_close(const struct imgcls_host *host, struct imgcls_zip *zip)
{
    (void)host;
    icl_zip_release(zip);
}

const struct imgcls_zip_member *icl_zip_member_at(const struct imgcls_host *host,
                                                  const struct imgcls_zip *zip,
                                                  size_t index)
{
    (void)host;
    return index < zip->count ? &zip->members[index].shown : NULL;
}

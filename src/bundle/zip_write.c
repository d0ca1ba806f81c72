/*
 * src/bundle/zip_write.c - a zip file of stored, aligned members, written front to back
 *
 * The sink can only append, so whatever stands in a local header must be known before the
 * data: a whole member has its checksum there; one that is streamed says "descriptor
 * follows" (flag bit 3) and its checksum comes behind the data and in the directory, where
 * readers look. An extra field of id 0xd935 ("alignment") in the local header moves the
 * data to a multiple of the alignment, so that a reader can map them.
 *
 * The same members give the same bytes: the date is 1980-01-01 for all.
 *
 * Invariant: sink->position is where the next byte goes, and the archive began at 0.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/bundle/zip.h"

#include <string.h>

#include "src/bundle/crc32.h"
#include "src/bundle/zip_format.h"

#define DATE_1980         0x0021 /* 1 January */
#define MADE_BY_UNIX      0x0300
#define MODE_PLAIN_FILE   UINT32_C(0100644)
#define VERSION_STORED    10
#define VERSION_ZIP64     45
#define ALIGNMENT_MAX     4096
#define CHECKED_BYTES     ((size_t)256 << 10) /* still in the second cache when they are written */
#define EXTRA_ALIGN_BYTES 6  /* id, length, alignment; zeros follow */
#define EXTRA_LOCAL64     20 /* id, length, two sizes */
#define HEADER_ROOM       (ZIP_CENTRAL_BYTES + EXTRA_LOCAL64 + 8 + EXTRA_ALIGN_BYTES)

struct written {
    char *name; /* own */
    uint64_t header, size;
    uint32_t crc;
    bool streamed;
};

struct imgcls_zip_writer {
    struct imgcls_context *ctx;
    struct imgcls_sink *sink;
    uint32_t alignment;
    imgcls_status failed; /* the first failure; nothing is written after it */
    struct written *members;
    size_t count, capacity;
    bool open;       /* a member was begun */
    uint64_t wanted; /* bytes that it still needs */
};

static imgcls_status note(struct imgcls_zip_writer *writer, imgcls_status status)
{
    if (writer->failed == IMGCLS_OK)
        writer->failed = status;
    return status;
}

static imgcls_status put(struct imgcls_zip_writer *writer, const void *bytes, size_t size)
{
    if (size == 0)
        return IMGCLS_OK;
    return note(writer, writer->sink->write(&writer->ctx->host, writer->sink, bytes, size));
}

imgcls_status icl_zip_create(const struct imgcls_host *host, struct imgcls_sink *sink,
                             uint32_t alignment, struct imgcls_zip_writer **out)
{
    struct imgcls_context *ctx = host->context;
    *out = NULL;
    if (alignment == 0 || alignment > ALIGNMENT_MAX || (alignment & (alignment - 1)))
        return icl_fail(ctx, IMGCLS_INTERNAL,
                        "%s: zip alignment %u is no power of two from 1 to %d", sink->path,
                        alignment, ALIGNMENT_MAX);
    if (sink->position != 0)
        return icl_fail(ctx, IMGCLS_INTERNAL, "%s: a zip file cannot begin at byte %llu",
                        sink->path, (unsigned long long)sink->position);
    struct imgcls_zip_writer *writer = icl_alloc(ctx, 1, sizeof *writer);
    if (!writer)
        return icl_alloc_status(ctx);
    writer->ctx = ctx;
    writer->sink = sink;
    writer->alignment = alignment;
    *out = writer;
    return IMGCLS_OK;
}

/* ---- Members --------------------------------------------------------------------------*/

static imgcls_status check_name(struct imgcls_zip_writer *writer, const char *name)
{
    size_t length = strlen(name);
    const char *fault = icl_zip_name_fault(name, length);
    if (!fault && name[length - 1] == '/')
        fault = "ends in '/'";
    for (size_t i = 0; i < writer->count && !fault; i++)
        if (strcmp(writer->members[i].name, name) == 0)
            fault = "is taken";
    if (!fault)
        return IMGCLS_OK;
    return icl_fail(writer->ctx, IMGCLS_BAD_INPUT,
                    "%s: zip member %zu cannot be written: its name %s", writer->sink->path,
                    writer->count, fault);
}

static imgcls_status grow(struct imgcls_zip_writer *writer)
{
    if (writer->count < writer->capacity)
        return IMGCLS_OK;
    size_t capacity = writer->capacity ? writer->capacity * 2 : 8;
    struct written *more = icl_alloc(writer->ctx, capacity, sizeof *more);
    if (!more)
        return icl_alloc_status(writer->ctx);
    if (writer->count)
        memcpy(more, writer->members, writer->count * sizeof *more);
    icl_free(writer->ctx, writer->members);
    writer->members = more;
    writer->capacity = capacity;
    return IMGCLS_OK;
}

static imgcls_status remember(struct imgcls_zip_writer *writer, const char *name,
                              uint64_t size, uint32_t crc, bool streamed)
{
    imgcls_status status = check_name(writer, name);
    if (status == IMGCLS_OK)
        status = grow(writer);
    if (status != IMGCLS_OK)
        return status;
    size_t length = strlen(name);
    char *copy = icl_alloc(writer->ctx, length + 1, 1);
    if (!copy)
        return icl_alloc_status(writer->ctx);
    memcpy(copy, name, length);
    writer->members[writer->count++] = (struct written){
        .name = copy,
        .header = writer->sink->position,
        .size = size,
        .crc = crc,
        .streamed = streamed,
    };
    return IMGCLS_OK;
}

/* Zeros that bring the data behind a header of `header` bytes to the alignment. */
static size_t padding(const struct imgcls_zip_writer *writer, uint64_t header)
{
    uint64_t data = writer->sink->position + header;
    return (size_t)(-data & (writer->alignment - 1));
}

static imgcls_status put_local_header(struct imgcls_zip_writer *writer,
                                      const struct written *member)
{
    unsigned char header[HEADER_ROOM], zeros[ALIGNMENT_MAX] = {0}, *p = header;
    size_t name_length = strlen(member->name);
    bool wide = member->size >= ZIP_U32_MAX;
    size_t extra = wide ? EXTRA_LOCAL64 : 0, pad = 0;
    if (writer->alignment > 1) {
        extra += EXTRA_ALIGN_BYTES;
        pad = padding(writer, ZIP_LOCAL_BYTES + name_length + extra);
    }
    /* A streamed member's sizes stand as zeros here (APPNOTE 4.4.4, bit 3). */
    uint64_t size = member->streamed ? 0 : member->size;
    zip_put32(&p, ZIP_LOCAL_SIGNATURE);
    zip_put16(&p, wide ? VERSION_ZIP64 : member->streamed ? 20 : VERSION_STORED);
    zip_put16(&p, ZIP_FLAG_UTF8 | (member->streamed ? ZIP_FLAG_DESCRIPTOR : 0));
    zip_put16(&p, ZIP_STORED);
    zip_put16(&p, 0);
    zip_put16(&p, DATE_1980);
    zip_put32(&p, member->streamed ? 0 : member->crc);
    zip_put32(&p, wide ? ZIP_U32_MAX : (uint32_t)size);
    zip_put32(&p, wide ? ZIP_U32_MAX : (uint32_t)size);
    zip_put16(&p, (uint32_t)name_length);
    zip_put16(&p, (uint32_t)(extra + pad));
    imgcls_status status = put(writer, header, (size_t)(p - header));
    if (status == IMGCLS_OK)
        status = put(writer, member->name, name_length);
    p = header;
    if (wide) {
        zip_put16(&p, ZIP_EXTRA_ZIP64);
        zip_put16(&p, 16);
        zip_put64(&p, size);
        zip_put64(&p, size);
    }
    if (writer->alignment > 1) {
        zip_put16(&p, ZIP_EXTRA_ALIGN);
        zip_put16(&p, (uint32_t)(2 + pad));
        zip_put16(&p, writer->alignment);
    }
    if (status == IMGCLS_OK)
        status = put(writer, header, (size_t)(p - header));
    return status == IMGCLS_OK ? put(writer, zeros, pad) : status;
}

static imgcls_status no_open_member(struct imgcls_zip_writer *writer)
{
    if (writer->failed != IMGCLS_OK || !writer->open)
        return writer->failed;
    const struct written *last = &writer->members[writer->count - 1];
    return note(writer,
                icl_fail(writer->ctx, IMGCLS_INTERNAL,
                         "%s: zip member '%s' lacks %llu of its %llu bytes",
                         writer->sink->path, last->name, (unsigned long long)writer->wanted,
                         (unsigned long long)last->size));
}

imgcls_status icl_zip_add(const struct imgcls_host *host, struct imgcls_zip_writer *writer,
                          const char *name, const void *bytes, size_t size)
{
    (void)host;
    imgcls_status status = no_open_member(writer);
    if (status == IMGCLS_OK)
        status =
            note(writer, remember(writer, name, size, icl_crc32(0, bytes, size), false));
    if (status == IMGCLS_OK)
        status = put_local_header(writer, &writer->members[writer->count - 1]);
    return status == IMGCLS_OK ? put(writer, bytes, size) : status;
}

/* Checksum and sizes behind the data of a streamed member. */
static imgcls_status end_member(struct imgcls_zip_writer *writer)
{
    const struct written *member = &writer->members[writer->count - 1];
    unsigned char descriptor[24], *p = descriptor;
    writer->open = false;
    zip_put32(&p, ZIP_DESCRIPTOR_SIGNATURE);
    zip_put32(&p, member->crc);
    if (member->size >= ZIP_U32_MAX) {
        zip_put64(&p, member->size);
        zip_put64(&p, member->size);
    } else {
        zip_put32(&p, (uint32_t)member->size);
        zip_put32(&p, (uint32_t)member->size);
    }
    return put(writer, descriptor, (size_t)(p - descriptor));
}

imgcls_status icl_zip_begin(const struct imgcls_host *host,
                            struct imgcls_zip_writer *writer, const char *name,
                            uint64_t size)
{
    (void)host;
    imgcls_status status = no_open_member(writer);
    if (status == IMGCLS_OK)
        status = note(writer, remember(writer, name, size, 0, true));
    if (status == IMGCLS_OK)
        status = put_local_header(writer, &writer->members[writer->count - 1]);
    if (status != IMGCLS_OK)
        return status;
    writer->open = true;
    writer->wanted = size;
    return size == 0 ? end_member(writer) : IMGCLS_OK;
}

imgcls_status icl_zip_append(const struct imgcls_host *host,
                             struct imgcls_zip_writer *writer, const void *bytes,
                             size_t size)
{
    (void)host;
    if (writer->failed != IMGCLS_OK || size == 0)
        return writer->failed;
    if (!writer->open || size > writer->wanted)
        return note(writer,
                    icl_fail(writer->ctx, IMGCLS_INTERNAL,
                             "%s: %zu bytes for a zip member that takes %llu more",
                             writer->sink->path, size,
                             (unsigned long long)(writer->open ? writer->wanted : 0)));
    struct written *member = &writer->members[writer->count - 1];
    const unsigned char *at = bytes;
    for (size_t left = size; left;) {
        size_t piece = left < CHECKED_BYTES ? left : CHECKED_BYTES;
        member->crc = icl_crc32(member->crc, at, piece);
        imgcls_status status = put(writer, at, piece);
        if (status != IMGCLS_OK)
            return status;
        at += piece;
        left -= piece;
    }
    writer->wanted -= size;
    return writer->wanted == 0 ? end_member(writer) : IMGCLS_OK;
}

/* ---- The directory --------------------------------------------------------------------*/

static imgcls_status put_central_header(struct imgcls_zip_writer *writer,
                                        const struct written *member)
{
    unsigned char header[HEADER_ROOM], extra[28], *p = header, *e = extra;
    bool wide_size = member->size >= ZIP_U32_MAX,
         wide_header = member->header >= ZIP_U32_MAX;
    bool wide = wide_size || wide_header;
    if (wide) {
        zip_put16(&e, ZIP_EXTRA_ZIP64);
        zip_put16(&e, (wide_size ? 16 : 0) + (wide_header ? 8 : 0));
    }
    if (wide_size) {
        zip_put64(&e, member->size);
        zip_put64(&e, member->size);
    }
    if (wide_header)
        zip_put64(&e, member->header);
    uint32_t size = wide_size ? ZIP_U32_MAX : (uint32_t)member->size;
    uint32_t version = wide ? VERSION_ZIP64 : member->streamed ? 20 : VERSION_STORED;
    zip_put32(&p, ZIP_CENTRAL_SIGNATURE);
    zip_put16(&p, MADE_BY_UNIX | VERSION_ZIP64);
    zip_put16(&p, version);
    zip_put16(&p, ZIP_FLAG_UTF8 | (member->streamed ? ZIP_FLAG_DESCRIPTOR : 0));
    zip_put16(&p, ZIP_STORED);
    zip_put16(&p, 0);
    zip_put16(&p, DATE_1980);
    zip_put32(&p, member->crc);
    zip_put32(&p, size);
    zip_put32(&p, size);
    zip_put16(&p, (uint32_t)strlen(member->name));
    zip_put16(&p, (uint32_t)(e - extra));
    zip_put16(&p, 0); /* comment */
    zip_put16(&p, 0); /* disk */
    zip_put16(&p, 0); /* internal attributes: binary */
    zip_put32(&p, MODE_PLAIN_FILE << 16);
    zip_put32(&p, wide_header ? ZIP_U32_MAX : (uint32_t)member->header);
    imgcls_status status = put(writer, header, (size_t)(p - header));
    if (status == IMGCLS_OK)
        status = put(writer, member->name, strlen(member->name));
    return status == IMGCLS_OK ? put(writer, extra, (size_t)(e - extra)) : status;
}

static imgcls_status put_end(struct imgcls_zip_writer *writer, uint64_t offset)
{
    unsigned char end[ZIP_END64_BYTES + ZIP_LOCATOR_BYTES + ZIP_END_BYTES], *p = end;
    uint64_t at = writer->sink->position, size = at - offset, count = writer->count;
    if (count >= ZIP_U16_MAX || offset >= ZIP_U32_MAX || size >= ZIP_U32_MAX) {
        zip_put32(&p, ZIP_END64_SIGNATURE);
        zip_put64(&p, ZIP_END64_BYTES - 12);
        zip_put16(&p, MADE_BY_UNIX | VERSION_ZIP64);
        zip_put16(&p, VERSION_ZIP64);
        zip_put32(&p, 0);
        zip_put32(&p, 0);
        zip_put64(&p, count);
        zip_put64(&p, count);
        zip_put64(&p, size);
        zip_put64(&p, offset);
        zip_put32(&p, ZIP_LOCATOR_SIGNATURE);
        zip_put32(&p, 0);
        zip_put64(&p, at);
        zip_put32(&p, 1);
    }
    uint32_t narrow = count >= ZIP_U16_MAX ? ZIP_U16_MAX : (uint32_t)count;
    zip_put32(&p, ZIP_END_SIGNATURE);
    zip_put16(&p, 0);
    zip_put16(&p, 0);
    zip_put16(&p, narrow);
    zip_put16(&p, narrow);
    zip_put32(&p, size >= ZIP_U32_MAX ? ZIP_U32_MAX : (uint32_t)size);
    zip_put32(&p, offset >= ZIP_U32_MAX ? ZIP_U32_MAX : (uint32_t)offset);
    zip_put16(&p, 0);
    return put(writer, end, (size_t)(p - end));
}

imgcls_status icl_zip_finish(const struct imgcls_host *host,
                             struct imgcls_zip_writer *writer, imgcls_status status)
{
    (void)host;
    if (!writer)
        return status;
    if (status == IMGCLS_OK)
        status = no_open_member(writer);
    uint64_t offset = writer->sink->position;
    for (size_t i = 0; i < writer->count && status == IMGCLS_OK; i++)
        status = put_central_header(writer, &writer->members[i]);
    if (status == IMGCLS_OK)
        status = put_end(writer, offset);
    for (size_t i = 0; i < writer->count; i++)
        icl_free(writer->ctx, writer->members[i].name);
    icl_free(writer->ctx, writer->members);
    icl_free(writer->ctx, writer);
    return status;
}

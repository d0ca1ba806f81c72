/*
 * eval/datasets/archive.c - members of archives: listed once, then read in order
 *
 * Nothing is unpacked: a member is bytes with a name, a link another name for one (links.c).
 * Members that may hold labels are kept while they are listed; pictures are read as they come
 * by, and going back begins the archive again.
 *
 * Not here: libarchive itself, archives in archives (walker.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/walker.h"

#include "eval/pictures/picture.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HELD_ONE_MAX ((size_t)256 << 20)

/* ---- Listing
 * ----------------------------------------------------------------------------*/

static bool is_litter_path(const char *path)
{
    char part[NAME_MAX + 1];
    while (*path) {
        const size_t length = strcspn(path, "/");
        snprintf(part, sizeof part, "%.*s", (int)(length < NAME_MAX ? length : NAME_MAX), path);
        if (icl_is_litter(part))
            return true;
        path += length + (path[length] == '/');
    }
    return false;
}

bool icl_may_hold_labels(const char *path)
{
    static const char *const endings[] = {"txt", "csv",  "tsv", "json", "cls",
                                          "mat", "cls2", "bin", "index"};
    const char *base = strrchr(path, '/'), *dot;
    size_t i;
    base = base ? base + 1 : path;
    if (strstr(base, "idx1-ubyte") || strstr(base, "idx3-ubyte"))
        return true;
    dot = strrchr(base, '.');
    for (i = 0; dot && i < sizeof endings / sizeof endings[0]; i++)
        if (strcasecmp(dot + 1, endings[i]) == 0)
            return true;
    return false;
}

static imgcls_status refuse(const struct icl_place *place, uint32_t shard,
                            const char *reason)
{
    char words[200];
    size_t i;
    for (i = 0; i + 1 < sizeof words && reason[i]; i++)
        words[i] = (unsigned char)reason[i] < 0x20 ? ' ' : reason[i];
    words[i] = '\0';
    return icl_fail(place->ctx, IMGCLS_BAD_INPUT, "%s: %s", place->shards[shard], words);
}

/* Small things are read as they pass: labels, and first bytes where the name says nothing.
 */
static imgcls_status look_into(struct icl_place *place, struct icl_walker *walker,
                               uint32_t shard, struct icl_member *member)
{
    char reason[200] = "";
    imgcls_status status;
    size_t size;
    if (icl_may_hold_labels(walker->path) && walker->size <= HELD_ONE_MAX) {
        status =
            icl_walker_read(walker, HELD_ONE_MAX, &member->held, &size, reason, sizeof reason);
        if (status != IMGCLS_OK)
            return refuse(place, shard, reason);
        member->size = size;
        place->held_bytes += size;
        if (place->held_bytes > ICL_HELD_MAX)
            return icl_fail(place->ctx, IMGCLS_LIMIT,
                            "%s: more than %zu bytes of labels and records in archives",
                            place->path, ICL_HELD_MAX);
    } else {
        unsigned char head[32];
        const size_t got = icl_walker_peek(walker, head, sizeof head);
        member->picture = got > 0 && icl_picture_kind(head, got) != NULL;
    }
    return IMGCLS_OK;
}

static imgcls_status take_member(struct icl_place *place, struct icl_walker *walker,
                                 uint32_t shard, const char *prefix)
{
    struct icl_member member = {.size = walker->size,
                                .time = walker->time,
                                .shard = shard,
                                .position = walker->reached - 1};
    char *path = NULL;
    imgcls_status status = IMGCLS_OK;
    if (!walker->regular && !walker->link)
        return IMGCLS_OK;
    if (is_litter_path(walker->path)) {
        place->ignored++;
        return IMGCLS_OK;
    }
    member.picture = icl_is_picture_name(walker->path);
    if (walker->link &&
        asprintf(&member.link, "%s%s%s", prefix, *prefix ? "/" : "", walker->link) < 0) {
        member.link = NULL;
        status = icl_fail(place->ctx, IMGCLS_NO_MEMORY, "%s: no memory for its names",
                          place->path);
    } else if (!member.picture && !walker->link)
        status = look_into(place, walker, shard, &member);
    if (status == IMGCLS_OK &&
        asprintf(&path, "%s%s%s", prefix, *prefix ? "/" : "", walker->path) < 0) {
        path = NULL;
        status = icl_fail(place->ctx, IMGCLS_NO_MEMORY, "%s: no memory for its names",
                          place->path);
    }
    if (status == IMGCLS_OK) {
        status = icl_place_add(place, &member, path);
    } else {
        free(member.held);
        free(member.link);
    }
    free(path);
    return status;
}

imgcls_status icl_archive_list(struct icl_place *place, uint32_t shard)
{
    char reason[300] = "";
    struct icl_walker *walker = icl_walker_open(place, shard, reason, sizeof reason);
    const char *prefix = icl_place_shard_name(place, shard);
    imgcls_status status = IMGCLS_OK;
    int got = 0;
    if (!walker)
        return refuse(place, shard, reason);
    while (status == IMGCLS_OK && (got = icl_walker_next(walker)) > 0) {
        if (icl_interrupted())
            status =
                icl_fail(place->ctx, IMGCLS_INTERRUPTED, "%s: interrupted", place->path);
        else
            status = take_member(place, walker, shard, prefix);
    }
    if (status == IMGCLS_OK && got < 0) {
        snprintf(reason, sizeof reason,
                 "cut short or damaged after %llu members%s%.80s: %s",
                 (unsigned long long)walker->reached, walker->path ? ", the last is " : "",
                 walker->path ? walker->path : "", icl_walker_words(walker));
        status = refuse(place, shard, reason);
    }
    icl_walker_close(walker);
    return status;
}

/* ---- Reading in order
 * -------------------------------------------------------------------*/

struct icl_place_stream {
    const struct icl_place *place;
    struct icl_walker *walker; /* own; NULL before the first */
    uint32_t shard;
    uint32_t broken; /* 1 + the shard past whose damage nothing can be read; 0: none */
    uint8_t *last;   /* own: what was read last, where links may want it again; else NULL */
    size_t last_size;
};

imgcls_status icl_place_stream_open(const struct icl_place *place,
                                    struct icl_place_stream **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return icl_fail(place->ctx, IMGCLS_NO_MEMORY, "%s: no memory to read it",
                        place->path);
    (*out)->place = place;
    return IMGCLS_OK;
}

void icl_place_stream_close(struct icl_place_stream *stream)
{
    if (!stream)
        return;
    icl_walker_close(stream->walker);
    free(stream->last);
    free(stream);
}

/* Without memory nothing is kept, and a link to it reads the archive once more. */
static void keep_last(struct icl_place_stream *stream, const uint8_t *bytes, size_t size)
{
    free(stream->last);
    stream->last = bytes ? malloc(size + 1) : NULL;
    stream->last_size = size;
    if (stream->last)
        memcpy(stream->last, bytes, size);
}

static imgcls_status copy_last(const struct icl_place_stream *stream, uint8_t **bytes, size_t *size,
                               char *reason, size_t capacity)
{
    *bytes = malloc(stream->last_size + 1);
    if (!*bytes) {
        snprintf(reason, capacity, "no memory for %zu bytes", stream->last_size);
        return IMGCLS_NO_MEMORY;
    }
    memcpy(*bytes, stream->last, stream->last_size);
    *size = stream->last_size;
    return IMGCLS_OK;
}

imgcls_status icl_place_stream_read(struct icl_place_stream *stream,
                                    const struct icl_member *member, uint8_t **bytes,
                                    size_t *size, char *reason, size_t capacity)
{
    const struct icl_place *place = stream->place;
    imgcls_status status;
    *bytes = NULL;
    *size = 0;
    if (member->link) {
        snprintf(reason, capacity, "a link to %s, which is not in the archive", member->link);
        return IMGCLS_BAD_INPUT;
    }
    if (member->held)
        return icl_place_read(place, member, bytes, size, reason, capacity);
    if (stream->broken == member->shard + 1) {
        snprintf(reason, capacity, "archive: damaged before this member");
        return IMGCLS_BAD_INPUT;
    }
    if (stream->last && stream->walker && stream->shard == member->shard &&
        stream->walker->reached == member->position + 1)
        return copy_last(stream, bytes, size, reason, capacity);
    if (stream->walker &&
        (stream->shard != member->shard || stream->walker->reached > member->position)) {
        icl_walker_close(stream->walker);
        stream->walker = NULL;
    }
    if (!stream->walker) {
        stream->walker = icl_walker_open(place, member->shard, reason, capacity);
        stream->shard = member->shard;
        if (!stream->walker)
            return IMGCLS_IO;
    }
    while (stream->walker->reached <= member->position) {
        int got = icl_walker_next(stream->walker);
        if (got > 0)
            continue;
        snprintf(reason, capacity, "archive: %s",
                 got == 0 ? "shrank while it was read"
                          : icl_walker_words(stream->walker));
        stream->broken = member->shard + 1;
        return IMGCLS_BAD_INPUT;
    }
    status = icl_walker_read(stream->walker, ICL_PICTURE_BYTES_MAX, bytes, size, reason, capacity);
    if (place->links > 0)
        keep_last(stream, status == IMGCLS_OK ? *bytes : NULL, *size);
    return status;
}

/*
 * eval/datasets/archive.c - archives through libarchive: listed once, then read in order
 *
 * Nothing is unpacked: a member is bytes with a name, a link another name for one (links.c). An archive
 * within an archive (ImageNet's train.tar is a tar of tars) is opened over the bytes of its
 * member while they pass by. Formats are tar and zip, filters gzip, bzip2, xz and zstd,
 * each switched on by name: libarchive's "all" includes ones that run programs or refer to
 * files.
 *
 * libarchive comes with a dozen libraries of its own, which every program would load at
 * every start; it is loaded when the first archive is opened. Its header gives the types,
 * so a call through the table is checked as a call of the function itself is.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/place.h"

#include "eval/pictures/picture.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <archive.h>
#include <archive_entry.h>

#define BLOCK        ((size_t)256 << 10)
#define HELD_ONE_MAX ((size_t)256 << 20)

#define FUNCTIONS(X)                                                                       \
    X(archive_read_new)                                                                    \
    X(archive_read_free)                                                                   \
    X(archive_read_support_filter_gzip)                                                    \
    X(archive_read_support_filter_bzip2)                                                   \
    X(archive_read_support_filter_xz)                                                      \
    X(archive_read_support_filter_zstd)                                                    \
    X(archive_read_support_format_tar)                                                     \
    X(archive_read_support_format_zip)                                                     \
    X(archive_read_set_option)                                                             \
    X(archive_read_open_filename)                                                          \
    X(archive_read_open)                                                                   \
    X(archive_read_next_header)                                                            \
    X(archive_read_data)                                                                   \
    X(archive_error_string)                                                                \
    X(archive_read_header_position)                                                        \
    X(archive_filter_bytes)                                                                \
    X(archive_filter_code)                                                                 \
    X(archive_format)                                                                      \
    X(archive_entry_pathname)                                                              \
    X(archive_entry_pathname_utf8)                                                         \
    X(archive_entry_filetype)                                                              \
    X(archive_entry_size)                                                                  \
    X(archive_entry_mtime)                                                                 \
    X(archive_entry_hardlink)                                                              \
    X(archive_entry_symlink)

struct icl_archive_library {
    void *handle;
#define DECLARE(name) __typeof__(&name) name;
    FUNCTIONS(DECLARE)
#undef DECLARE
};

imgcls_status icl_archive_load(struct imgcls_context *ctx, struct icl_archive_library **out)
{
    struct icl_archive_library *library = calloc(1, sizeof *library);
    const char *missing = NULL;
    *out = NULL;
    if (!library)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for libarchive");
    library->handle = dlopen(LIBARCHIVE_SONAME, RTLD_NOW | RTLD_LOCAL);
    if (!library->handle) {
        free(library);
        return icl_fail(ctx, IMGCLS_UNSUPPORTED,
                        "libarchive is needed to read archives and cannot be loaded: %s",
                        dlerror());
    }
#define RESOLVE(name)                                                                      \
    *(void **)&library->name = dlsym(library->handle, #name);                              \
    if (!library->name)                                                                    \
        missing = #name;
    FUNCTIONS(RESOLVE)
#undef RESOLVE
    if (missing) {
        icl_archive_unload(library);
        return icl_fail(ctx, IMGCLS_UNSUPPORTED,
                        "%s: has no function %s; version 3.6 is needed", LIBARCHIVE_SONAME,
                        missing);
    }
    *out = library;
    return IMGCLS_OK;
}

void icl_archive_unload(struct icl_archive_library *library)
{
    if (!library)
        return;
    dlclose(library->handle);
    free(library);
}

/* ---- Walking through one archive
 * --------------------------------------------------------*/

struct walker {
    const struct icl_archive_library *library;
    struct archive *outer, *inner; /* own; inner: within the member that outer is at */
    struct archive *current;       /* whose data archive_read_data gives */
    char *outer_name;              /* own: of that member */
    char *path;                    /* own: of the member reached */
    char *link;                    /* own: of the member reached, that it is a link to */
    uint64_t reached;              /* members seen */
    uint64_t size;
    int64_t time;
    bool regular;
    bool endless; /* a tar came to its end without a mark of it */
    uint8_t block[BLOCK];
};

static void walker_close(struct walker *walker)
{
    if (!walker)
        return;
    if (walker->inner)
        walker->library->archive_read_free(walker->inner);
    if (walker->outer)
        walker->library->archive_read_free(walker->outer);
    free(walker->outer_name);
    free(walker->path);
    free(walker->link);
    free(walker);
}

static struct archive *new_reader(const struct icl_archive_library *library)
{
    struct archive *reader = library->archive_read_new();
    if (!reader)
        return NULL;
    library->archive_read_support_filter_gzip(reader);
    library->archive_read_support_filter_bzip2(reader);
    library->archive_read_support_filter_xz(reader);
    library->archive_read_support_filter_zstd(reader);
    library->archive_read_support_format_tar(reader);
    library->archive_read_support_format_zip(reader);
    /* What stands behind the end of a tar is another one (cat a.tar b.tar), or it is refused. */
    library->archive_read_set_option(reader, "tar", "read_concatenated_archives", "1");
    return reader;
}

static bool is_tar(const struct walker *walker, struct archive *archive)
{
    return (walker->library->archive_format(archive) & ARCHIVE_FORMAT_BASE_MASK) ==
           ARCHIVE_FORMAT_TAR;
}

/* libarchive's words in one line; static where it has none. */
static const char *words_of(const struct walker *walker, struct archive *archive)
{
    const char *words = walker->library->archive_error_string(archive);
    if (walker->endless)
        return "the zeros that end a tar are not there";
    return words ? words : "damaged";
}

static struct walker *walker_open(const struct icl_place *place, uint32_t shard,
                                  char *reason, size_t capacity)
{
    struct walker *walker = calloc(1, sizeof *walker);
    if (walker) {
        walker->library = place->library;
        walker->outer = new_reader(place->library);
    }
    if (!walker || !walker->outer) {
        snprintf(reason, capacity, "no memory for an archive reader");
        walker_close(walker);
        return NULL;
    }
    if (place->library->archive_read_open_filename(walker->outer, place->shards[shard],
                                                   BLOCK) != ARCHIVE_OK) {
        snprintf(reason, capacity, "%s", words_of(walker, walker->outer));
        walker_close(walker);
        return NULL;
    }
    return walker;
}

/* Feeds the inner archive from the member that the outer one is at. */
static la_ssize_t feed_inner(struct archive *inner, void *data, const void **buffer)
{
    struct walker *walker = data;
    (void)inner;
    *buffer = walker->block;
    return walker->library->archive_read_data(walker->outer, walker->block,
                                              sizeof walker->block);
}

static bool enter(struct walker *walker)
{
    walker->inner = new_reader(walker->library);
    free(walker->outer_name);
    walker->outer_name = walker->path;
    walker->path = NULL;
    return walker->inner && walker->outer_name &&
           walker->library->archive_read_open(walker->inner, walker, NULL, feed_inner,
                                              NULL) == ARCHIVE_OK;
}

/* "./a//b" and "/a/b" are "a/b". */
static const char *plain(const char *name)
{
    while (name[0] == '/' || (name[0] == '.' && name[1] == '/'))
        name++;
    return name;
}

/* What the member is a link to, from the archive's outermost folder on; false: no memory. */
static bool describe_link(struct walker *walker, struct archive_entry *entry)
{
    const struct icl_archive_library *library = walker->library;
    const char *hard = library->archive_entry_hardlink(entry);
    const char *soft = library->archive_entry_filetype(entry) == AE_IFLNK
                           ? library->archive_entry_symlink(entry)
                           : NULL;
    free(walker->link);
    walker->link = NULL;
    if (!hard && !soft)
        return true;
    if (hard && walker->inner) {
        if (asprintf(&walker->link, "%s/%s", walker->outer_name, plain(hard)) < 0)
            walker->link = NULL;
    } else {
        walker->link = hard ? strdup(plain(hard)) : icl_link_target(walker->path, soft);
    }
    return walker->link != NULL;
}

static int describe(struct walker *walker, struct archive_entry *entry)
{
    const struct icl_archive_library *library = walker->library;
    const char *name = library->archive_entry_pathname(entry);
    name = name ? name : library->archive_entry_pathname_utf8(entry);
    free(walker->path);
    walker->path = NULL;
    if (!name)
        name = "(a name that cannot be read)";
    if (walker->inner) {
        if (asprintf(&walker->path, "%s/%s", walker->outer_name, plain(name)) < 0)
            walker->path = NULL;
    } else {
        walker->path = strdup(plain(name));
    }
    walker->current = walker->inner ? walker->inner : walker->outer;
    walker->regular = library->archive_entry_filetype(entry) == AE_IFREG &&
                      !library->archive_entry_hardlink(entry);
    walker->size = library->archive_entry_size(entry) > 0
                       ? (uint64_t)library->archive_entry_size(entry)
                       : 0;
    walker->time = (int64_t)library->archive_entry_mtime(entry) * 1000000000;
    walker->reached++;
    return walker->path && describe_link(walker, entry) ? 1 : -1;
}

/* A tar ends with zeros in the place of a header. libarchive takes the end of the file for it, too,
 * which is where one that was cut between two members ends: a download that broke off, most likely,
 * for it comes in multiples of 512 bytes as members do. */
static bool has_end(const struct walker *walker, struct archive *archive)
{
    return !is_tar(walker, archive) ||
           walker->library->archive_filter_bytes(archive, 0) >
               walker->library->archive_read_header_position(archive);
}

/* The next member: 1; 0 at the end; -1 where the archive is damaged or memory is out. */
static int walker_next(struct walker *walker)
{
    struct archive_entry *entry;
    for (;;) {
        struct archive *at = walker->inner ? walker->inner : walker->outer;
        int code = walker->library->archive_read_next_header(at, &entry);
        walker->endless = code == ARCHIVE_EOF && !has_end(walker, at);
        if (walker->endless)
            return -1;
        if (code == ARCHIVE_EOF && walker->inner) {
            walker->library->archive_read_free(walker->inner);
            walker->inner = NULL;
            continue;
        }
        if (code == ARCHIVE_EOF)
            return 0;
        /* "retry" is a header that is none: going on would leave out what it was, unseen. */
        if (code < ARCHIVE_WARN || code == ARCHIVE_RETRY || describe(walker, entry) < 0)
            return -1;
        if (walker->inner || !walker->regular || !icl_is_archive_name(walker->path))
            return 1;
        if (!enter(walker))
            return -1;
    }
}

/* All data of the member reached, at most `most` bytes. */
static imgcls_status walker_read(struct walker *walker, size_t most, uint8_t **bytes,
                                 size_t *size, char *reason, size_t capacity)
{
    size_t room = walker->size < most ? (size_t)walker->size + 1 : most + 1, used = 0;
    uint8_t *buffer = malloc(room);
    *bytes = NULL;
    *size = 0;
    for (;;) {
        la_ssize_t got;
        if (!buffer) {
            snprintf(reason, capacity, "no memory for %zu bytes", room);
            return IMGCLS_NO_MEMORY;
        }
        got =
            walker->library->archive_read_data(walker->current, buffer + used, room - used);
        if (got < 0) {
            snprintf(reason, capacity, "archive: %s", words_of(walker, walker->current));
            free(buffer);
            return IMGCLS_BAD_INPUT;
        }
        if (got == 0)
            break;
        used += (size_t)got;
        if (used > most) {
            snprintf(reason, capacity, "more than the %zu bytes that it may have", most);
            free(buffer);
            return IMGCLS_BAD_INPUT;
        }
        if (used == room) { /* the header did not say how large it is */
            uint8_t *grown;
            room = room < most / 2 ? room * 2 : most + 1;
            grown = realloc(buffer, room);
            if (!grown)
                free(buffer);
            buffer = grown;
        }
    }
    *bytes = buffer;
    *size = used;
    return IMGCLS_OK;
}

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
static imgcls_status look_into(struct icl_place *place, struct walker *walker,
                               uint32_t shard, struct icl_member *member)
{
    char reason[200] = "";
    imgcls_status status;
    size_t size;
    if (icl_may_hold_labels(walker->path) && walker->size <= HELD_ONE_MAX) {
        status =
            walker_read(walker, HELD_ONE_MAX, &member->held, &size, reason, sizeof reason);
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
        la_ssize_t got =
            walker->library->archive_read_data(walker->current, head, sizeof head);
        member->picture = got > 0 && icl_picture_kind(head, (size_t)got) != NULL;
    }
    return IMGCLS_OK;
}

static imgcls_status take_member(struct icl_place *place, struct walker *walker,
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

/* A plain tar can be skipped through without reading, so that a cut in the last member's
 * data would go unseen: compare with the file's length. */
static bool is_cut(const struct icl_place *place, const struct walker *walker,
                   uint32_t shard)
{
    const struct icl_archive_library *library = walker->library;
    struct stat info;
    int64_t begin;
    if (walker->inner ||
        library->archive_filter_code(walker->outer, 0) != ARCHIVE_FILTER_NONE ||
        !is_tar(walker, walker->outer) || stat(place->shards[shard], &info) != 0)
        return false;
    begin = library->archive_read_header_position(walker->outer);
    return begin >= 0 && (uint64_t)begin + 512 + walker->size > (uint64_t)info.st_size;
}

imgcls_status icl_archive_list(struct icl_place *place, uint32_t shard)
{
    char reason[300] = "";
    struct walker *walker = walker_open(place, shard, reason, sizeof reason);
    const char *prefix = icl_place_shard_name(place, shard);
    imgcls_status status = IMGCLS_OK;
    int got = 0;
    if (!walker)
        return refuse(place, shard, reason);
    while (status == IMGCLS_OK && (got = walker_next(walker)) > 0) {
        if (icl_interrupted())
            status =
                icl_fail(place->ctx, IMGCLS_INTERRUPTED, "%s: interrupted", place->path);
        else if (is_cut(place, walker, shard))
            got = -1;
        else
            status = take_member(place, walker, shard, prefix);
        if (got < 0)
            break;
    }
    if (status == IMGCLS_OK && got < 0) {
        struct archive *at = walker->inner ? walker->inner : walker->outer;
        snprintf(reason, sizeof reason,
                 "cut short or damaged after %llu members%s%.80s: %s",
                 (unsigned long long)walker->reached, walker->path ? ", the last is " : "",
                 walker->path ? walker->path : "", words_of(walker, at));
        status = refuse(place, shard, reason);
    }
    walker_close(walker);
    return status;
}

/* ---- Reading in order
 * -------------------------------------------------------------------*/

struct icl_place_stream {
    const struct icl_place *place;
    struct walker *walker; /* own; NULL before the first */
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
    walker_close(stream->walker);
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
        walker_close(stream->walker);
        stream->walker = NULL;
    }
    if (!stream->walker) {
        stream->walker = walker_open(place, member->shard, reason, capacity);
        stream->shard = member->shard;
        if (!stream->walker)
            return IMGCLS_IO;
    }
    while (stream->walker->reached <= member->position) {
        int got = walker_next(stream->walker);
        if (got > 0)
            continue;
        snprintf(reason, capacity, "archive: %s",
                 got == 0 ? "shrank while it was read"
                          : words_of(stream->walker, stream->walker->inner
                                                         ? stream->walker->inner
                                                         : stream->walker->outer));
        stream->broken = member->shard + 1;
        return IMGCLS_BAD_INPUT;
    }
    status = walker_read(stream->walker, ICL_PICTURE_BYTES_MAX, bytes, size, reason, capacity);
    if (place->links > 0)
        keep_last(stream, status == IMGCLS_OK ? *bytes : NULL, *size);
    return status;
}

/*
 * eval/datasets/walker.c - one archive through libarchive, member by member
 *
 * An archive within an archive (ImageNet's train.tar is a tar of tars) is opened over the
 * bytes of its member while they pass by. Formats are tar and zip, filters gzip, bzip2, xz
 * and zstd, each switched on by name: libarchive's "all" includes ones that run programs or
 * refer to files.
 *
 * libarchive comes with a dozen libraries of its own, which every program would load at
 * every start; it is loaded when the first archive is opened. Its header gives the types,
 * so a call through the table is checked as a call of the function itself is.
 *
 * Not here: what becomes of members (archive.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/walker.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>

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

void icl_walker_close(struct icl_walker *walker)
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

static bool is_tar(const struct icl_walker *walker, struct archive *archive)
{
    return (walker->library->archive_format(archive) & ARCHIVE_FORMAT_BASE_MASK) ==
           ARCHIVE_FORMAT_TAR;
}

/* libarchive's words in one line; static where it has none. */
static const char *words_of(const struct icl_walker *walker, struct archive *archive)
{
    const char *words = walker->library->archive_error_string(archive);
    if (walker->endless)
        return "the zeros that end a tar are not there";
    return words ? words : "damaged";
}

struct icl_walker *icl_walker_open(const struct icl_place *place, uint32_t shard,
                                  char *reason, size_t capacity)
{
    struct icl_walker *walker = calloc(1, sizeof *walker);
    if (walker) {
        walker->library = place->library;
        walker->outer = new_reader(place->library);
    }
    if (!walker || !walker->outer) {
        snprintf(reason, capacity, "no memory for an archive reader");
        icl_walker_close(walker);
        return NULL;
    }
    if (place->library->archive_read_open_filename(walker->outer, place->shards[shard],
                                                   sizeof walker->block) != ARCHIVE_OK) {
        snprintf(reason, capacity, "%s", words_of(walker, walker->outer));
        icl_walker_close(walker);
        return NULL;
    }
    return walker;
}

/* Feeds the inner archive from the member that the outer one is at. */
static la_ssize_t feed_inner(struct archive *inner, void *data, const void **buffer)
{
    struct icl_walker *walker = data;
    (void)inner;
    *buffer = walker->block;
    return walker->library->archive_read_data(walker->outer, walker->block,
                                              sizeof walker->block);
}

static bool enter(struct icl_walker *walker)
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
static bool describe_link(struct icl_walker *walker, struct archive_entry *entry)
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

static int describe(struct icl_walker *walker, struct archive_entry *entry)
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
static bool has_end(const struct icl_walker *walker, struct archive *archive)
{
    return !is_tar(walker, archive) ||
           walker->library->archive_filter_bytes(archive, 0) >
               walker->library->archive_read_header_position(archive);
}

int icl_walker_next(struct icl_walker *walker)
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

imgcls_status icl_walker_read(struct icl_walker *walker, size_t most, uint8_t **bytes,
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

size_t icl_walker_peek(struct icl_walker *walker, void *bytes, size_t most)
{
    la_ssize_t got = walker->library->archive_read_data(walker->current, bytes, most);
    return got > 0 ? (size_t)got : 0;
}

const char *icl_walker_words(const struct icl_walker *walker)
{
    return words_of(walker, walker->inner ? walker->inner : walker->outer);
}

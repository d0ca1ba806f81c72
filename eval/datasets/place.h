/*
 * eval/datasets/place.h - what lies at a path: a folder's files or an archive's members
 * alike
 *
 * Layouts see one list of members, whatever holds them. A folder is walked; archives (tar,
 * zip, whatever libarchive reads, compressed or not, one or many) are streamed through and
 * never unpacked; an archive in an archive is looked into once. While an archive is listed,
 * members that can hold labels are kept in memory, since going back would mean reading all
 * of it again.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_PLACE_H
#define ICL_PLACE_H

#include "src/context/context.h"

#define ICL_PICTURE_BYTES_MAX                                                              \
    ((size_t)256 << 20) /* a larger file is no picture to measure */
#define ICL_HELD_MAX ((size_t)1 << 30) /* of all members that are kept in memory */

struct icl_member {
    char *path; /* relative to the place, own; "shard.tar/x.jpg" where there are many */
    const char *base;  /* its last part */
    uint64_t size;     /* bytes */
    int64_t time;      /* of the last change, nanoseconds */
    uint32_t shard;    /* archive that it lies in */
    uint64_t position; /* how many members come before it there */
    bool picture;      /* by its name, or else by its first bytes */
    uint8_t *held;     /* own: content, where it was kept while listing; else NULL */
    char *link;        /* own: what it is a link to, which is not in the archive; else NULL */
};

struct icl_place {
    struct imgcls_context *ctx;
    char *path;
    int folder;    /* descriptor, -1 where the place is no folder of files */
    char **shards; /* own: paths of archives, in natural order */
    size_t shard_count;
    size_t shard_folder; /* length of the folder around all shards: what names of members leave out
                            of them where two have one name; SIZE_MAX: none have */
    struct icl_archive_library *library; /* own, where there are shards */
    struct icl_member *members;          /* bytewise by path */
    size_t count, capacity;
    size_t pictures; /* of them */
    size_t held_bytes;
    size_t links; /* members of archives that are other names for a member */
    int64_t ignored;       /* by name: hidden files, .DS_Store, AppleDouble, ... */
    int64_t empty_folders; /* directly beneath, without a picture */
    bool is_file;          /* one plain file, no archive: the first member, mostly the only one */
};

/* Lists what lies at path: a folder, an archive, a folder of nothing but archives, several
 * archives by a brace range ("x-{000..012}.tar"), or one file. Own: icl_place_close. */
imgcls_status icl_place_open(struct imgcls_context *ctx, const char *path,
                             struct icl_place **out);
void icl_place_close(struct icl_place *place);
/* Members of archives are read in order only. */
bool icl_place_is_stream(const struct icl_place *place);
/* Reads a member of a folder, or one that is held. *bytes own: free. Thread-safe. */
imgcls_status icl_place_read(const struct icl_place *place, const struct icl_member *member,
                             uint8_t **bytes, size_t *size, char *reason, size_t capacity);
/* The same as a text for layouts, a zero byte behind it; the failure is recorded. */
imgcls_status icl_place_text(const struct icl_place *place, const struct icl_member *member,
                             char **text, size_t *size);

/* Reading members of archives one after another. Own: icl_place_stream_close. */
struct icl_place_stream;
imgcls_status icl_place_stream_open(const struct icl_place *place,
                                    struct icl_place_stream **out);
void icl_place_stream_close(struct icl_place_stream *stream);
/* As icl_place_read; going forward is cheap, going back begins the archive again. */
imgcls_status icl_place_stream_read(struct icl_place_stream *stream,
                                    const struct icl_member *member, uint8_t **bytes,
                                    size_t *size, char *reason, size_t capacity);

/* What stands in front of names from a shard, "" where there is one alone; borrowed. */
const char *icl_place_shard_name(const struct icl_place *place, uint32_t shard);
/* Files that may hold labels, or pictures by the thousand (CIFAR, MNIST). */
bool icl_may_hold_labels(const char *path);

/* Names that are never data: hidden ones (.DS_Store, ._x), Thumbs.db, desktop.ini,
 * __MACOSX. */
bool icl_is_litter(const char *name);
/* Does the name end like a picture's? */
bool icl_is_picture_name(const char *name);
/* Does it end like an archive's? */
bool icl_is_archive_name(const char *name);
/* Orders texts with their numbers as numbers: x2 before x10. */
int icl_natural_order(const char *a, const char *b);
/* Reads a regular file beneath `folder`; symbolic links are followed. */
imgcls_status icl_read_picture_file(int folder, const char *file, uint8_t **bytes,
                                    size_t *size, char *reason, size_t capacity);

/* ---- For archive.c
 * ----------------------------------------------------------------------*/

/* Appends a member and takes over `held` and `link`. */
imgcls_status icl_place_add(struct icl_place *place, const struct icl_member *member,
                            const char *path);
/* Appends all members of archive `shard`. */
imgcls_status icl_archive_list(struct icl_place *place, uint32_t shard);
/* The member that a symbolic link at `path` to `target` means, or where it leads out of the archive
 * the target as it stands. Own; NULL: no memory. */
char *icl_link_target(const char *path, const char *target);
/* Gives members that are links the bytes of what they mean, once all are listed and sorted. */
imgcls_status icl_place_follow_links(struct icl_place *place);
/* Loads libarchive; says what is missing where it is not there. */
imgcls_status icl_archive_load(struct imgcls_context *ctx,
                               struct icl_archive_library **out);
void icl_archive_unload(struct icl_archive_library *library);

#endif

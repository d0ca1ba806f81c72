/*
 * eval/datasets/walker.h - one archive through libarchive, member by member
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_WALKER_H
#define ICL_WALKER_H

#include "eval/datasets/place.h"

struct archive;

struct icl_walker {
    /* The member reached. */
    char *path;       /* own; "inner.tar/x.jpg" within an archive of the archive */
    char *link;       /* own: what it is a link to; NULL: it is none */
    uint64_t reached; /* members seen, this one among them */
    uint64_t size;    /* as its header has it; 0 where that does not say */
    int64_t time;     /* of the last change, nanoseconds */
    bool regular;
    /* The walker's own. */
    const struct icl_archive_library *library;
    struct archive *outer, *inner; /* own; inner: within the member that outer is at */
    struct archive *current;       /* whose data archive_read_data gives */
    char *outer_name;              /* own: of that member */
    bool endless;                  /* a tar came to its end without a mark of it */
    uint8_t block[(size_t)256 << 10];
};

/* Opens archive `shard` of the place; NULL: the reason was written. Own: icl_walker_close. */
struct icl_walker *icl_walker_open(const struct icl_place *place, uint32_t shard, char *reason,
                                   size_t capacity);
void icl_walker_close(struct icl_walker *walker);
/* The next member: 1; 0 at the end; -1 where the archive is damaged or memory is out. */
int icl_walker_next(struct icl_walker *walker);
/* All data of the member reached, at most `most` bytes. *bytes own: free. */
imgcls_status icl_walker_read(struct icl_walker *walker, size_t most, uint8_t **bytes,
                              size_t *size, char *reason, size_t capacity);
/* First bytes of the member reached; how many they are. */
size_t icl_walker_peek(struct icl_walker *walker, void *bytes, size_t most);
/* What libarchive says is wrong, in one line; static where it says nothing. */
const char *icl_walker_words(const struct icl_walker *walker);

#endif

/*
 * src/registry/cache.h - verdicts remembered between processes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_REGISTRY_CACHE_H
#define ICL_REGISTRY_CACHE_H

#include "src/registry/scan.h"

struct icl_cache_record {
    const char *path;
    struct icl_file_mark mark;
    uint64_t isa; /* what the machine offered: an entry function may look at it */
    const unsigned char *verdict; /* packed */
    size_t verdict_size;
};

struct icl_cache {
    struct icl_shelf *shelf;
    char *file; /* NULL: there is no place for one */
    struct icl_cache_record *records;
    size_t count;
};

/* $XDG_CACHE_HOME/imgcls/plugins.cache, else below ~/.cache; NULL where neither is known.
 * In the shelf. */
char *icl_cache_default_file(struct icl_shelf *shelf);

/* Reads the file (NULL: none). Absent, foreign, damaged or of another release: empty. */
void icl_cache_open(struct icl_cache *cache, struct icl_shelf *shelf, const char *file);

/* The verdict for a file as it is now. False where there is none, or where it was a refusal
 * whose cause may be gone without the file having changed. */
bool icl_cache_find(const struct icl_cache *cache, const char *path,
                    const struct icl_file_mark *mark, uint64_t isa,
                    struct icl_verdict *verdict);

/* Whether verdicts of this kind are remembered at all. */
bool icl_cache_takes(enum icl_refusal refusal);

/* Drops what was read about a file. */
void icl_cache_forget(struct icl_cache *cache, const char *path);

/* Writes all `fresh` records, and the old ones of other files that still exist, to a
 * temporary file, and renames it. False where that cannot be; *why (in the shelf) says so.
 */
bool icl_cache_write(const struct icl_cache *cache, const struct icl_cache_record *fresh,
                     size_t fresh_count, const char **why);

#endif

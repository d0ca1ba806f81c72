/*
 * src/bundle/zip_archive.h - an opened zip file, as its two readers see it
 *
 * For zip_read.c, which fills it, and zip_member.c. Nothing but the count of users changes
 * once it is open.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_ZIP_ARCHIVE_H
#define ICL_ZIP_ARCHIVE_H

#include "src/context/context.h"

struct zip_member {
    struct imgcls_zip_member shown; /* first */
    char *name;                     /* own */
    uint64_t header;                /* where its local header begins */
    uint32_t flags;
};

struct imgcls_zip {
    struct imgcls_context *ctx;
    _Atomic uint32_t users; /* the opener and every source made from it */
    struct imgcls_storage *storage;
    const unsigned char *bytes;
    size_t size;
    char *path; /* own */
    struct zip_member *members;
    size_t count;
    struct zip_member **by_name; /* sorted, for look-up */
};

/* Gives up one use; the last one frees. NULL is fine. */
void icl_zip_release(struct imgcls_zip *zip);
/* A NUL-ended copy from icl_alloc; NULL after icl_fail. */
char *icl_zip_copy_text(struct imgcls_context *ctx, const void *text, size_t length);
/* The checksum of what came before (0 at the beginning) and `size` more bytes of the storage. Reads
 * a mapping piece by piece and gives its pages back. */
uint32_t icl_zip_checksum(uint32_t before, const struct imgcls_storage *storage,
                          const unsigned char *bytes, size_t size);
/* The failure for a member whose checksum differs. */
imgcls_status icl_zip_is_damaged(const struct imgcls_zip *zip, const struct zip_member *member);
/* "PATH: broken zip file: member 'NAME' what". */
imgcls_status icl_zip_bad_member(const struct imgcls_zip *zip,
                                 const struct zip_member *member, const char *what);

#endif

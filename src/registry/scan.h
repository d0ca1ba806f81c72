/*
 * src/registry/scan.h - what one plugin file offers, or why it is refused
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_REGISTRY_SCAN_H
#define ICL_REGISTRY_SCAN_H

#include "src/context/context.h"
#include "src/registry/offers.h"

/* What a file was when it was scanned. */
struct icl_file_mark {
    uint64_t size;
    int64_t mtime_s;
    int64_t mtime_ns;
};

struct icl_verdict {
    enum icl_refusal refusal;
    int32_t abi_major, abi_minor_needed; /* -1 where not read */
    const char *reason;                  /* "" where accepted; without the path */
    int64_t scanned_at;                  /* seconds since 1970 */
    /* Accepted: the offers and the bytes they were unpacked from. */
    struct icl_offers offers;
    const unsigned char *packed;
    size_t packed_size;
};

/* Size and time of a regular file that only its owner and group may write, in such a
 * folder. Else the verdict refuses. */
bool icl_scan_mark(const char *path, struct icl_shelf *shelf, struct icl_file_mark *mark,
                   struct icl_verdict *verdict);

/* Loads the file in a child and describes it. False where memory is out or the process was
 * interrupted: then there is no verdict. */
bool icl_scan_file(const struct imgcls_host *host, const char *path, int limit_ms,
                   struct icl_shelf *shelf, struct icl_verdict *verdict);

/* A verdict as bytes and back: the child's report and the cache's record are the same. */
void icl_verdict_pack(const struct icl_verdict *verdict, struct icl_packer *packer);
/* The bytes must live as long as the verdict. False where they are none. */
bool icl_verdict_unpack(const unsigned char *bytes, size_t size, struct icl_shelf *shelf,
                        struct icl_verdict *verdict);

#endif

/*
 * src/bundle/checks.h - checksums that wait until the bytes are read anyway
 *
 * A model that is opened for one run (imgcls_model_options.once) reads its weights when they are
 * packed. Reading all of them once more before that, for the checksum alone, took a tenth of the
 * time from start to first result. So the checksum of a large stored member may wait: whoever is
 * about to read a piece of it hands the piece in, and what nobody has handed in is read at the end.
 * What came of the bytes in between (a result, a failure, words) is worth nothing before
 * icl_checks_finish says so.
 *
 * Threads: icl_checks_read by any number of threads at once; the rest by the owner, while none
 * of them does.
 * Not here: which members wait (zip_member.c), who packs (src/plan/pack.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BUNDLE_CHECKS_H
#define ICL_BUNDLE_CHECKS_H

#include "src/context/context.h"

struct icl_checks;
struct imgcls_zip;
struct zip_member;

/* Own: icl_checks_destroy, which accepts NULL. */
imgcls_status icl_checks_create(struct imgcls_context *ctx, struct icl_checks **out);
void icl_checks_destroy(struct icl_checks *checks);

/* A stored member of a mapped archive, which is kept open. The same bytes wait once. */
imgcls_status icl_checks_defer(struct icl_checks *checks, struct imgcls_zip *zip,
                               const struct zip_member *member);

/* Bytes that the caller reads right after or has just read; they may lie anywhere, and may have
 * come before. checks may be NULL. */
void icl_checks_read(struct icl_checks *checks, const void *bytes, size_t size);

/* `status`, where all that waits is undamaged; else the failure that says what is damaged, instead
 * of one that stands. Nothing waits afterwards. IMGCLS_INTERRUPTED comes back at once, and what waits
 * goes on waiting. checks may be NULL. */
imgcls_status icl_checks_finish(struct icl_checks *checks, imgcls_status status);

#endif

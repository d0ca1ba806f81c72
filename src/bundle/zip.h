/*
 * src/bundle/zip.h - zip archives: a directory over mapped bytes, and a writer of aligned
 * stored members
 *
 * Made for models: members are mapped rather than copied, so their data must be stored and
 * aligned, which no common zip library can do. Serves bundles, PyTorch's .pt and numpy's
 * .npz. The functions have the signatures of the host table's zip_ entries
 * (imgcls/plugin.h), whose comments say what each promises; host->context is the context.
 *
 * Threads: an opened zip is immutable and counted; any thread may read it. A writer belongs
 * to one thread.
 *
 * Not here: compression when writing, encryption, archives in several parts. Bundles' own
 * rules (which members there must be) are in plugins/formats/bundle.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_ZIP_H
#define ICL_ZIP_H

#include "src/context/context.h"

/* Reads the directory. Refused, with the member named: duplicate names, members that
 * overlap one another or the directory, names that leave the archive, encryption, several
 * disks. Own: icl_zip_close. */
imgcls_status icl_zip_open(const struct imgcls_host *host,
                           const struct imgcls_source *source, struct imgcls_zip **zip);
/* Member `index` in the directory's order, NULL past the last; folders are left out.
 * Borrowed until the zip and all sources made from it are closed. */
const struct imgcls_zip_member *icl_zip_member_at(const struct imgcls_host *host,
                                                  const struct imgcls_zip *zip,
                                                  size_t index);
/* A member as a source, its checksum verified. Stored members share the mapping; deflated
 * ones that declare more than `limit` bytes are IMGCLS_LIMIT and never inflated. */
imgcls_status icl_zip_source(const struct imgcls_host *host, const struct imgcls_zip *zip,
                             const char *name, uint64_t limit, struct imgcls_source **out);
/* NULL is fine. */
void icl_zip_close(const struct imgcls_host *host, struct imgcls_zip *zip);

/* alignment: a power of two up to 4096. sink is borrowed until icl_zip_finish. */
imgcls_status icl_zip_create(const struct imgcls_host *host, struct imgcls_sink *sink,
                             uint32_t alignment, struct imgcls_zip_writer **writer);
imgcls_status icl_zip_add(const struct imgcls_host *host, struct imgcls_zip_writer *writer,
                          const char *name, const void *bytes, size_t size);
imgcls_status icl_zip_begin(const struct imgcls_host *host,
                            struct imgcls_zip_writer *writer, const char *name,
                            uint64_t size);
imgcls_status icl_zip_append(const struct imgcls_host *host,
                             struct imgcls_zip_writer *writer, const void *bytes,
                             size_t size);
/* writer may be NULL (then status is returned as it is). */
imgcls_status icl_zip_finish(const struct imgcls_host *host,
                             struct imgcls_zip_writer *writer, imgcls_status status);

#endif

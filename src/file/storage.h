/*
 * src/file/storage.h - what the files of this folder share about storages
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_STORAGE_H
#define ICL_STORAGE_H

#include "src/file/file.h"

/* Maps the regular file behind a descriptor, which stays the caller's; path is for words. */
imgcls_status icl_storage_map_fd(struct imgcls_context *ctx, int fd, const char *path,
                                 struct imgcls_storage **out);

#endif

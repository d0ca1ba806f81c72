/*
 * src/file/beneath.h - opening a file that a model names, without leaving the model's folder
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BENEATH_H
#define ICL_BENEATH_H

#include "src/file/file.h"

/* Descriptor of a regular file below `folder`; path is for words. Own: close. */
imgcls_status icl_open_beneath(struct imgcls_context *ctx, const char *folder,
                               const char *relative, const char *path, int *fd);
/* Whether `relative` below `folder` is a link of huggingface_hub's cache to one of the files
 * that its snapshots share. */
bool icl_is_blob(const char *folder, const char *relative);

#endif

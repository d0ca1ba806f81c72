/*
 * plugins/formats/folder/folder.h - folders of models, shards, and files that are neither
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef FORMATS_FOLDER_H
#define FORMATS_FOLDER_H

#include "plugins/formats/settings/settings.h"

/* folder.c */
int32_t folder_bid(const struct imgcls_host *host, const struct imgcls_source *source);
imgcls_status folder_read(const struct imgcls_host *host,
                          const struct imgcls_source *source,
                          struct imgcls_checkpoint *checkpoint);
/* A JSON object from a file's bytes; NULL after a failure. Own: json_decref. */
json_t *folder_json(const struct imgcls_host *host, const struct imgcls_source *source);

/* shards.c: an index and the files that it names */
int32_t shards_bid(const struct imgcls_host *host, const struct imgcls_source *source);
imgcls_status shards_read(const struct imgcls_host *host,
                          const struct imgcls_source *source,
                          struct imgcls_checkpoint *checkpoint);

/* strangers.c: files that people take for weights, refused with what they are */
int32_t strangers_bid(const struct imgcls_host *host, const struct imgcls_source *source);
imgcls_status strangers_read(const struct imgcls_host *host,
                             const struct imgcls_source *source,
                             struct imgcls_checkpoint *checkpoint);

#endif

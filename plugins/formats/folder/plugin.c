/*
 * plugins/formats/folder/plugin.c - folders of models, sharded weights, and strangers
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/folder/folder.h"

static const struct imgcls_format folder = {
    .struct_size = sizeof(struct imgcls_format),
    .name = "folder",
    .description = "folders of ModelScope, Hugging Face and timm",
    .bid = folder_bid,
    .read_checkpoint = folder_read,
};
static const struct imgcls_format shards = {
    .struct_size = sizeof(struct imgcls_format),
    .name = "shards",
    .description = "weights in several files, by their index",
    .extensions = (const char *const[]){".index.json", NULL},
    .bid = shards_bid,
    .read_checkpoint = shards_read,
};
static const struct imgcls_format strangers = {
    .struct_size = sizeof(struct imgcls_format),
    .name = "strangers",
    .description = "files mistaken for weights (LFS pointers, HDF5, web pages), refused",
    .bid = strangers_bid,
    .read_checkpoint = strangers_read,
};
static const struct imgcls_plugin plugin = {
    .abi_major = IMGCLS_ABI_MAJOR,
    .abi_minor_needed = 1,
    .struct_size = sizeof(struct imgcls_plugin),
    .name = "folder",
    .version = PACKAGE_VERSION,
    .licence = "Apache-2.0",
    .formats = (const struct imgcls_format *const[]){&folder, &shards, &strangers, NULL},
};

const struct imgcls_plugin *imgcls_plugin_entry(const struct imgcls_host *host)
{
    (void)host;
    return &plugin;
}

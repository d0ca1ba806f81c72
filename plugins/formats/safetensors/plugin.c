/*
 * plugins/formats/safetensors/plugin.c - .safetensors files, read and written
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/safetensors/safetensors.h"

static const struct imgcls_format safetensors = {
    .struct_size = sizeof(struct imgcls_format),
    .name = "safetensors",
    .description = "named tensors behind a JSON header",
    .extensions = (const char *const[]){".safetensors", NULL},
    .bid = safetensors_bid,
    .read_checkpoint = safetensors_read,
    .write = safetensors_write,
};
static const struct imgcls_plugin plugin = {
    .abi_major = IMGCLS_ABI_MAJOR,
    .abi_minor_needed = 1,
    .struct_size = sizeof(struct imgcls_plugin),
    .name = "safetensors",
    .version = PACKAGE_VERSION,
    .licence = "Apache-2.0",
    .formats = (const struct imgcls_format *const[]){&safetensors, NULL},
};

const struct imgcls_plugin *imgcls_plugin_entry(const struct imgcls_host *host)
{
    (void)host;
    return &plugin;
}

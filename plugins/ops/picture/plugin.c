/*
 * plugins/ops/picture/plugin.c - what ops-picture offers
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "picture.h"

static const struct imgcls_op *const ops[] = {&image_decoder_op, NULL};

static const struct imgcls_plugin plugin = {
    .abi_major = IMGCLS_ABI_MAJOR,
    .abi_minor_needed = 1,
    .struct_size = sizeof(struct imgcls_plugin),
    .name = "ops-picture",
    .version = PACKAGE_VERSION,
    .licence = "Apache-2.0",
    .ops = ops,
};

const struct imgcls_plugin *imgcls_plugin_entry(const struct imgcls_host *host)
{
    (void)host;
    return &plugin;
}

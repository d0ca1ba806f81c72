/*
 * plugins/ops/image/plugin.c - what ops-image offers
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "image.h"

static const struct imgcls_op *const ops[] = {
#define IMAGE_OP(name) &name,
#include "image.list.h"
#undef IMAGE_OP
    NULL,
};

static const struct imgcls_plugin plugin = {
    .abi_major = IMGCLS_ABI_MAJOR,
    .abi_minor_needed = 1,
    .struct_size = sizeof(struct imgcls_plugin),
    .name = "ops-image",
    .version = PACKAGE_VERSION,
    .licence = "Apache-2.0",
    .ops = ops,
};

const struct imgcls_plugin *imgcls_plugin_entry(const struct imgcls_host *host)
{
    (void)host;
    return &plugin;
}

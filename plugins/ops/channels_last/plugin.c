/*
 * plugins/ops/channels_last/plugin.c - what ops-channels-last offers
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "channels_last.h"

static const struct imgcls_op *const ops[] = {
#define CHANNELS_LAST_OP(name) &name,
#include "channels_last.list.h"
#undef CHANNELS_LAST_OP
    NULL,
};

static const struct imgcls_plugin plugin = {
    .abi_major = IMGCLS_ABI_MAJOR,
    .abi_minor_needed = 2,
    .struct_size = sizeof(struct imgcls_plugin),
    .name = "ops-channels-last",
    .version = PACKAGE_VERSION,
    .licence = "Apache-2.0",
    .ops = ops,
};

const struct imgcls_plugin *imgcls_plugin_entry(const struct imgcls_host *host)
{
    (void)host;
    return &plugin;
}

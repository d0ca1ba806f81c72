/*
 * plugins/ops/random/plugin.c - what ops-random offers
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "random.h"

static const struct imgcls_op *const ops[] = {
#define RANDOM_OP(name) &name,
#include "random.list.h"
#undef RANDOM_OP
    NULL,
};

static const struct imgcls_plugin plugin = {
    .abi_major = IMGCLS_ABI_MAJOR,
    .abi_minor_needed = 1,
    .struct_size = sizeof(struct imgcls_plugin),
    .name = "ops-random",
    .version = PACKAGE_VERSION,
    .licence = "Apache-2.0",
    .ops = ops,
};

const struct imgcls_plugin *imgcls_plugin_entry(const struct imgcls_host *host)
{
    (void)host;
    return &plugin;
}

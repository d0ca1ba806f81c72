/*
 * plugins/ops/attention/plugin.c - what ops-attention offers
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "attention.h"

static const struct imgcls_op *const ops[] = {
#define ATTENTION_OP(name) &name,
#include "attention.list.h"
#undef ATTENTION_OP
    NULL,
};

static const struct imgcls_plugin plugin = {
    .abi_major = IMGCLS_ABI_MAJOR,
    .abi_minor_needed = 1,
    .struct_size = sizeof(struct imgcls_plugin),
    .name = "ops-attention",
    .version = PACKAGE_VERSION,
    .licence = "Apache-2.0",
    .ops = ops,
};

const struct imgcls_plugin *imgcls_plugin_entry(const struct imgcls_host *host)
{
    (void)host;
    return &plugin;
}

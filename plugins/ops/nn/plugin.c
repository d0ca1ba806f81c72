/*
 * plugins/ops/nn/plugin.c - what ops-nn offers: operators, and packed products as a service
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "nn.h"
#include "service.h"

static const struct imgcls_op *const ops[] = {
#define NN_OP(name) &name,
#include "nn.list.h"
#undef NN_OP
    NULL,
};

static const struct imgcls_plugin plugin = {
    .abi_major = IMGCLS_ABI_MAJOR,
    .abi_minor_needed = 2,
    .struct_size = sizeof(struct imgcls_plugin),
    .name = "ops-nn",
    .version = PACKAGE_VERSION,
    .licence = "Apache-2.0",
    .ops = ops,
    .services = (const struct imgcls_service *const[]){&gemm_service, NULL},
};

const struct imgcls_plugin *imgcls_plugin_entry(const struct imgcls_host *host)
{
    (void)host;
    return &plugin;
}

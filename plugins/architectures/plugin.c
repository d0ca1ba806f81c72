/*
 * plugins/architectures/plugin.c - the architectures that ship
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <stddef.h>

#include "plugins/architectures/list.h"

static const struct imgcls_plugin plugin = {
    .abi_major = IMGCLS_ABI_MAJOR,
    .abi_minor_needed = 1,
    .struct_size = sizeof(struct imgcls_plugin),
    .name = "architectures",
    .version = PACKAGE_VERSION,
    .licence = "Apache-2.0",
    .architectures =
        (const struct imgcls_architecture *const[]){
            &architecture_alexnet,
            &architecture_beit,
            &architecture_deit,
            &architecture_nextvit,
            &architecture_resnet,
            &architecture_swin,
            &architecture_swinv2,
            &architecture_vit,
            NULL,
        },
};

const struct imgcls_plugin *imgcls_plugin_entry(const struct imgcls_host *host)
{
    (void)host;
    return &plugin;
}

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
            &architecture_convnext,
            &architecture_deit,
            &architecture_densenet,
            &architecture_efficientnet,
            &architecture_lenet,
            &architecture_mobilenet_v2,
            &architecture_mobilenet_v3,
            &architecture_nextvit,
            &architecture_regnet,
            &architecture_resnet,
            &architecture_shufflenet,
            &architecture_squeezenet,
            &architecture_swin,
            &architecture_swinv2,
            &architecture_vgg,
            &architecture_vit,
            NULL,
        },
};

const struct imgcls_plugin *imgcls_plugin_entry(const struct imgcls_host *host)
{
    (void)host;
    return &plugin;
}

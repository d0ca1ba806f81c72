/*
 * plugins/formats/pytorch/plugin.c - what torch.save writes: archives, and the old stream
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/pytorch/weights.h"

static const char *const extensions[] = {".pt", ".pth", ".bin", ".ckpt", ".pth.tar", NULL};

static const struct imgcls_format archive = {
    .struct_size = sizeof(struct imgcls_format),
    .name = "pytorch",
    .description = "PyTorch checkpoints (torch.save, 1.6 and newer)",
    .extensions = extensions,
    .bid = torch_zip_bid,
    .read_checkpoint = torch_zip_read,
};
static const struct imgcls_format legacy = {
    .struct_size = sizeof(struct imgcls_format),
    .name = "pytorch-legacy",
    .description = "PyTorch checkpoints (torch.save before 1.6)",
    .extensions = extensions,
    .bid = torch_legacy_bid,
    .read_checkpoint = torch_legacy_read,
};
static const struct imgcls_plugin plugin = {
    .abi_major = IMGCLS_ABI_MAJOR,
    .abi_minor_needed = 1,
    .struct_size = sizeof(struct imgcls_plugin),
    .name = "pytorch",
    .version = PACKAGE_VERSION,
    .licence = "Apache-2.0",
    .formats = (const struct imgcls_format *const[]){&archive, &legacy, NULL},
};

const struct imgcls_plugin *imgcls_plugin_entry(const struct imgcls_host *host)
{
    (void)host;
    return &plugin;
}

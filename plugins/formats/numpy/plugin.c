/*
 * plugins/formats/numpy/plugin.c - NumPy's files of values: .npy and .npz
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/numpy/npy.h"

#include <string.h>

static int32_t npy_bid(const struct imgcls_host *host, const struct imgcls_source *source)
{
    (void)host;
    if (source->is_folder || source->size < NPY_MAGIC_BYTES + 2 ||
        memcmp(source->bytes, NPY_MAGIC, NPY_MAGIC_BYTES) != 0)
        return 0;
    unsigned char version = source->bytes[NPY_MAGIC_BYTES];
    return version >= 1 && version <= 3 ? 100 : 90;
}

static imgcls_status npy_read_values(const struct imgcls_host *host,
                                     const struct imgcls_source *source, void *values)
{
    struct imgcls_value *value;
    imgcls_status status = npy_read(host, source, &value);
    if (status != IMGCLS_OK)
        return status;
    status = host->values_add(host, values, "", value);
    if (status != IMGCLS_OK)
        host->value_release(host, value);
    return status;
}

static const struct imgcls_format npy = {
    .struct_size = sizeof(struct imgcls_format),
    .name = "npy",
    .description = "NumPy arrays, one a file",
    .extensions = (const char *const[]){".npy", NULL},
    .bid_values = npy_bid,
    .read_values = npy_read_values,
    .write_value = npy_write,
};
static const struct imgcls_format npz = {
    .struct_size = sizeof(struct imgcls_format),
    .name = "npz",
    .description = "NumPy arrays by name in a zip archive",
    .extensions = (const char *const[]){".npz", NULL},
    .bid = npz_bid,
    .read_checkpoint = npz_read_checkpoint,
    .bid_values = npz_bid,
    .read_values = npz_read_values,
};
static const struct imgcls_plugin plugin = {
    .abi_major = IMGCLS_ABI_MAJOR,
    .abi_minor_needed = 1,
    .struct_size = sizeof(struct imgcls_plugin),
    .name = "numpy",
    .version = PACKAGE_VERSION,
    .licence = "Apache-2.0",
    .formats = (const struct imgcls_format *const[]){&npy, &npz, NULL},
};

const struct imgcls_plugin *imgcls_plugin_entry(const struct imgcls_host *host)
{
    (void)host;
    return &plugin;
}

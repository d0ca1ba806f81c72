/*
 * plugins/formats/folder/strangers.c - files that people take for weights, by what they are
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/folder/folder.h"

#include <string.h>

static const struct {
    const char *bytes;
    size_t size;
    const char *what;
} strangers[] = {
    {"version https://git-lfs", 23,
     "a Git LFS pointer and not the weights; fetch the real file (git lfs pull)"},
    {"\x89HDF\r\n\x1a\n", 8, "an HDF5 file (Keras), which is not read"},
    {"<!DOCTYPE html", 14, "a web page; the download has gone wrong"},
    {"<html", 5, "a web page; the download has gone wrong"},
    {"GGUF", 4, "a GGUF file, which holds language models and is not read"},
};

static const char *stranger(const struct imgcls_source *source)
{
    for (size_t i = 0; !source->is_folder && i < sizeof strangers / sizeof *strangers; i++)
        if (source->size >= strangers[i].size &&
            memcmp(source->bytes, strangers[i].bytes, strangers[i].size) == 0)
            return strangers[i].what;
    return NULL;
}

int32_t strangers_bid(const struct imgcls_host *host, const struct imgcls_source *source)
{
    (void)host;
    return stranger(source) ? 95 : 0;
}

imgcls_status strangers_read(const struct imgcls_host *host,
                             const struct imgcls_source *source,
                             struct imgcls_checkpoint *checkpoint)
{
    (void)checkpoint;
    return host->fail(host, IMGCLS_UNSUPPORTED, "%s: %s", source->path, stranger(source));
}

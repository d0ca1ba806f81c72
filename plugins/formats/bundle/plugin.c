/*
 * plugins/formats/bundle/plugin.c - the native bundle: one zip file with graph, weights,
 * preprocessing, labels and a golden example
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/bundle/bundle.h"

#include <string.h>

#define ZIP_LOCAL_BYTES 30
#define MARKER_WITHIN   512   /* the marker is the manifest's first key */
#define TAIL            65536 /* where a zip's directory is looked for */

static bool contains(const unsigned char *bytes, size_t size, const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i + length <= size; i++)
        if (bytes[i] == (unsigned char)*text && memcmp(bytes + i, text, length) == 0)
            return true;
    return false;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* 100: a zip whose first member is a manifest with our marker, as we write it. 60: a zip
 * that somebody packed anew, told by name or by what its directory lists. 10: the name
 * alone, so that a damaged bundle is refused as one. */
static int32_t bid(const struct imgcls_host *host, const struct imgcls_source *source)
{
    const unsigned char *p = source->bytes;
    size_t size = source->size, name = strlen(BUNDLE_MANIFEST);
    (void)host;
    if (source->is_folder || !p)
        return 0;
    bool named = ends_with(source->path, ".imgcls");
    if (size < 4 || memcmp(p, "PK\3\4", 4) != 0)
        return named ? 10 : 0;
    if (size > ZIP_LOCAL_BYTES + name &&
        memcmp(p + ZIP_LOCAL_BYTES, BUNDLE_MANIFEST, name) == 0 &&
        contains(p, size < MARKER_WITHIN ? size : MARKER_WITHIN, "\"" BUNDLE_MARKER "\""))
        return 100;
    size_t tail = size < TAIL ? size : TAIL;
    if (named || (contains(p + size - tail, tail, BUNDLE_MANIFEST) &&
                  contains(p + size - tail, tail, BUNDLE_GRAPH)))
        return 60;
    return 0;
}

static const struct imgcls_format bundle = {
    .struct_size = sizeof(struct imgcls_format),
    .name = "bundle",
    .description =
        "imgcls bundles: graph, mapped weights, preprocessing, labels, golden example",
    .extensions = (const char *const[]){".imgcls", NULL},
    .bid = bid,
    .read = bundle_read,
    .write = bundle_write,
};
static const struct imgcls_plugin plugin = {
    .abi_major = IMGCLS_ABI_MAJOR,
    .abi_minor_needed = 1,
    .struct_size = sizeof(struct imgcls_plugin),
    .name = "bundle",
    .version = PACKAGE_VERSION,
    .licence = "Apache-2.0",
    .formats = (const struct imgcls_format *const[]){&bundle, NULL},
};

const struct imgcls_plugin *imgcls_plugin_entry(const struct imgcls_host *host)
{
    (void)host;
    return &plugin;
}

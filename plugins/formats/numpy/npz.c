/*
 * plugins/formats/numpy/npz.c - an archive of .npy files as named values
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/numpy/npy.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Deflate cannot do better; a member that claims to is a bomb. */
#define DEFLATE_RATIO_MAX 1032

static bool ends_in(const char *text, size_t length, const char *end)
{
    size_t wanted = strlen(end);
    return length >= wanted && memcmp(text + length - wanted, end, wanted) == 0;
}

/* Local headers of a zip file begin with this; the name is at byte 30, its length at 26. */
int32_t npz_bid(const struct imgcls_host *host, const struct imgcls_source *source)
{
    const unsigned char *b = source->bytes;
    (void)host;
    if (source->is_folder || source->size < 22 || memcmp(b, "PK", 2) != 0)
        return 0;
    size_t path = strlen(source->path);
    if (memcmp(b, "PK\5\6", 4) == 0) /* an archive without members */
        return ends_in(source->path, path, ".npz") ? 90 : 0;
    if (memcmp(b, "PK\3\4", 4) != 0 || source->size < 30)
        return 0;
    size_t length = b[26] | (size_t)b[27] << 8;
    if (length > source->size - 30 || !ends_in((const char *)b + 30, length, ".npy"))
        return 0;
    return 95;
}

imgcls_status npz_member_name(const struct imgcls_host *host,
                              const struct imgcls_source *archive,
                              const struct imgcls_zip_member *member, char *name,
                              size_t capacity)
{
    size_t length = strlen(member->name);
    if (!ends_in(member->name, length, ".npy") || length - 4 >= capacity)
        return host->fail(host, IMGCLS_BAD_INPUT,
                          "%s: member '%s' is no .npy file with a name below %zu bytes",
                          archive->path, member->name, capacity);
    if (member->size / DEFLATE_RATIO_MAX > member->stored_size)
        return host->fail(host, IMGCLS_LIMIT,
                          "%s: member '%s' claims %llu bytes from %llu, which cannot be",
                          archive->path, member->name, (unsigned long long)member->size,
                          (unsigned long long)member->stored_size);
    memcpy(name, member->name, length - 4);
    name[length - 4] = '\0';
    return IMGCLS_OK;
}

static imgcls_status add_member(const struct imgcls_host *host,
                                const struct imgcls_source *archive,
                                const struct imgcls_zip *zip,
                                const struct imgcls_zip_member *member, void *values)
{
    char name[512];
    struct imgcls_source *source;
    struct imgcls_value *value;
    imgcls_status status = npz_member_name(host, archive, member, name, sizeof name);
    if (status != IMGCLS_OK)
        return status;
    status = host->zip_source(host, zip, member->name, member->size, &source);
    if (status != IMGCLS_OK)
        return status;
    status = npy_read(host, source, &value);
    if (status == IMGCLS_OK) {
        status = host->values_add(host, values, name, value);
        if (status != IMGCLS_OK)
            host->value_release(host, value);
    }
    host->source_close(host, source);
    return status;
}

imgcls_status npz_read_values(const struct imgcls_host *host,
                              const struct imgcls_source *source, void *values)
{
    struct imgcls_zip *zip;
    const struct imgcls_zip_member *member;
    imgcls_status status = host->zip_open(host, source, &zip);
    if (status != IMGCLS_OK)
        return status;
    for (size_t i = 0; status == IMGCLS_OK && (member = host->zip_member_at(host, zip, i));
         i++)
        status = add_member(host, source, zip, member, values);
    host->zip_close(host, zip);
    return status;
}

/*
 * plugins/formats/numpy/weights.c - an archive of .npy files as a checkpoint
 *
 * Arrays of stored members are views on the mapped archive, column-major ones included;
 * deflated members are inflated. What is no number, or of the other byte order, is refused.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/numpy/npy.h"

#define NAME_CAPACITY 512

static imgcls_status add_array(const struct imgcls_host *host,
                               const struct imgcls_source *source, const char *name,
                               struct imgcls_checkpoint *checkpoint)
{
    struct npy_header header;
    imgcls_status status = npy_header_read(host, source, &header);
    if (status != IMGCLS_OK)
        return status;
    if (header.form != NPY_PLAIN || header.swapped)
        return host->fail(host, IMGCLS_UNSUPPORTED,
                          "%s: array '%s' is of text or big-endian, weights are neither",
                          source->path, name);
    struct imgcls_tensor tensor = {.struct_size = sizeof tensor,
                                   .type = header.type,
                                   .rank = header.rank,
                                   .data = (void *)(source->bytes + header.data_offset)};
    int64_t stride = 1;
    for (int32_t i = 0; i < header.rank; i++) {
        int32_t d = header.fortran ? i : header.rank - 1 - i;
        tensor.dims[d] = header.dims[d];
        tensor.strides[d] = stride;
        if (header.dims[d] > 0)
            stride *= header.dims[d]; /* the header's count was checked against the file */
    }
    bool aligned = header.width && (uintptr_t)tensor.data % header.width == 0;
    return host->checkpoint_add(host, checkpoint, name, &tensor,
                                aligned ? source->storage : NULL);
}

static imgcls_status add_member(const struct imgcls_host *host,
                                const struct imgcls_source *archive,
                                const struct imgcls_zip *zip,
                                const struct imgcls_zip_member *member,
                                struct imgcls_checkpoint *checkpoint)
{
    char name[NAME_CAPACITY];
    struct imgcls_source *source;
    imgcls_status status = npz_member_name(host, archive, member, name, sizeof name);
    if (status == IMGCLS_OK)
        status = host->zip_source(host, zip, member->name, member->size, &source);
    if (status != IMGCLS_OK)
        return status;
    status = add_array(host, source, name, checkpoint);
    host->source_close(host, source);
    return status;
}

imgcls_status npz_read_checkpoint(const struct imgcls_host *host,
                                  const struct imgcls_source *source,
                                  struct imgcls_checkpoint *checkpoint)
{
    struct imgcls_zip *zip;
    const struct imgcls_zip_member *member;
    imgcls_status status = host->zip_open(host, source, &zip);
    if (status != IMGCLS_OK)
        return status;
    for (size_t i = 0; status == IMGCLS_OK && (member = host->zip_member_at(host, zip, i));
         i++)
        status = add_member(host, source, zip, member, checkpoint);
    host->zip_close(host, zip);
    return status;
}

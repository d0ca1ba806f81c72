/*
 * plugins/formats/numpy/npy_write.c - a tensor as a .npy file, version 1.0
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/numpy/npy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* NumPy aligns the data to this. */
#define ALIGNMENT    64
#define PREFIX_BYTES (NPY_MAGIC_BYTES + 4)

/* The whole header with its prefix; returns its size, a multiple of ALIGNMENT. Sixteen
 * dimensions of 20 digits fit many times over. */
static size_t compose(const struct imgcls_tensor *tensor, const char *descr, char *out,
                      size_t capacity)
{
    size_t used = PREFIX_BYTES;
    used += (size_t)snprintf(out + used, capacity - used,
                             "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
    for (int32_t i = 0; i < tensor->rank; i++)
        used += (size_t)snprintf(out + used, capacity - used, "%s%" PRId64, i ? ", " : "",
                                 tensor->dims[i]);
    used += (size_t)snprintf(out + used, capacity - used, "%s), }",
                             tensor->rank == 1 ? "," : "");
    size_t size = (used + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    memset(out + used, ' ', size - used);
    out[size - 1] = '\n';
    memcpy(out, NPY_MAGIC "\1\0", NPY_MAGIC_BYTES + 2);
    out[NPY_MAGIC_BYTES + 2] = (char)((size - PREFIX_BYTES) & 0xff);
    out[NPY_MAGIC_BYTES + 3] = (char)((size - PREFIX_BYTES) >> 8);
    return size;
}

imgcls_status npy_write(const struct imgcls_host *host, const char *name,
                        const struct imgcls_value *value, struct imgcls_sink *sink)
{
    char header[1024];
    (void)name; /* an array has none */
    if (value->kind != IMGCLS_KIND_TENSOR)
        return host->fail(host, IMGCLS_UNSUPPORTED,
                          "%s: a .npy file holds one tensor, not a value of kind %d",
                          sink->path, (int)value->kind);
    const struct imgcls_tensor *tensor = value->tensor;
    const char *descr = npy_descr(tensor->type);
    if (!descr)
        return host->fail(host, IMGCLS_UNSUPPORTED,
                          "%s: NumPy has no element type for type %d; a .pb file holds it",
                          sink->path, (int)tensor->type);
    size_t size = compose(tensor, descr, header, sizeof header);
    imgcls_status status = host->sink_write(host, sink, header, size);
    if (status == IMGCLS_OK && tensor->size_bytes)
        status = host->sink_write(host, sink, tensor->data, tensor->size_bytes);
    return status;
}

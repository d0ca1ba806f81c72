/*
 * plugins/formats/onnx/sparse.c - sparse tensors become dense on reading
 *
 * Indices are positions in the flattened shape ([n]) or one number per dimension ([n,
 * rank]), rising strictly (onnx.proto, SparseTensorProto); elsewhere there are zeros.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/onnx/element.h"
#include "plugins/formats/onnx/reader.h"

#include <inttypes.h>
#include <string.h>

/* Number `at` of the indices, which may stand anywhere in the file. */
static int64_t index_at(const struct imgcls_tensor *indices, int64_t at)
{
    int64_t index;
    memcpy(&index, (const char *)indices->data + (size_t)at * sizeof index, sizeof index);
    return index;
}

/* Position in the flattened shape of entry i, or -1 where it is out of range. */
static int64_t position(const struct imgcls_tensor *dense,
                        const struct imgcls_tensor *indices, int64_t i)
{
    int64_t sum = 0;
    if (indices->rank == 1) {
        sum = index_at(indices, i);
        return sum >= 0 && sum < imgcls_count(dense->rank, dense->dims) ? sum : -1;
    }
    for (int32_t d = 0; d < dense->rank; d++) {
        int64_t index = index_at(indices, i * dense->rank + d);
        if (index < 0 || index >= dense->dims[d])
            return -1;
        sum += index * dense->strides[d];
    }
    return sum;
}

static imgcls_status check(struct onnx_reader *reader, const struct imgcls_tensor *dense,
                           const struct imgcls_tensor *values,
                           const struct imgcls_tensor *indices)
{
    bool fits = values->rank == 1 && indices->type == IMGCLS_I64 && indices->rank >= 1 &&
                indices->rank <= 2 && indices->dims[0] == values->dims[0] &&
                (indices->rank == 1 || indices->dims[1] == dense->rank);
    if (!fits)
        return onnx_fail(
            reader, IMGCLS_BAD_INPUT,
            "%s: sparse values must be [n] and indices int64[n] or int64[n,%d]",
            reader->where, (int)dense->rank);
    if (onnx_element_of(values->type)->bits < 8 || values->type == IMGCLS_STRING)
        return onnx_fail(reader, IMGCLS_UNSUPPORTED,
                         "%s: sparse tensors of %s are not read", reader->where,
                         onnx_element_of(values->type)->name);
    if (dense->size_bytes > ONNX_SPARSE_MAX - reader->dense_bytes)
        return onnx_fail(reader, IMGCLS_LIMIT,
                         "%s: sparse tensors have more than %" PRIu64 " bytes when dense",
                         reader->where, ONNX_SPARSE_MAX);
    reader->dense_bytes += dense->size_bytes;
    return IMGCLS_OK;
}

imgcls_status onnx_sparse_read(struct onnx_reader *reader,
                               const Onnx__SparseTensorProto *proto,
                               struct imgcls_tensor *out)
{
    struct imgcls_tensor values, indices;
    struct imgcls_storage *storage;
    if (!proto->values || !proto->indices)
        return onnx_fail(reader, IMGCLS_BAD_INPUT,
                         "%s: a sparse tensor needs values and indices", reader->where);
    imgcls_status status = onnx_tensor_read(reader, proto->values, &values, &storage);
    if (status == IMGCLS_OK)
        status = onnx_tensor_read(reader, proto->indices, &indices, &storage);
    if (status == IMGCLS_OK)
        status = onnx_shape_read(reader, values.type, proto->n_dims, proto->dims, out);
    if (status == IMGCLS_OK)
        status = check(reader, out, &values, &indices);
    if (status == IMGCLS_OK)
        status = onnx_alloc(reader, 1, out->size_bytes, &out->data);
    if (status != IMGCLS_OK)
        return status;
    size_t width = onnx_element_of(values.type)->bits / 8;
    int64_t last = -1;
    for (int64_t i = 0; i < values.dims[0]; i++) {
        int64_t at = position(out, &indices, i);
        if (at <= last)
            return onnx_fail(reader, IMGCLS_BAD_INPUT,
                             "%s: sparse index %" PRId64
                             " is out of range or does not rise",
                             reader->where, i);
        memcpy((char *)out->data + (size_t)at * width,
               (const char *)values.data + (size_t)i * width, width);
        last = at;
    }
    return IMGCLS_OK;
}

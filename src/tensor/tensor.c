/*
 * src/tensor/tensor.c - filling and questioning struct imgcls_tensor
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/tensor/tensor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "src/graph/graph.h"

/* Dimensions come from a shape whose element count fits int64_t (imgcls_count), but with a
 * zero among them the others' product need not: then the strides, which nobody follows, wrap. */
void icl_strides_of(int32_t rank, const int64_t *dims, int64_t *strides)
{
    uint64_t step = 1;
    for (int32_t i = rank - 1; i >= 0; i--) {
        strides[i] = (int64_t)step;
        step *= dims[i] > 0 ? (uint64_t)dims[i] : 1;
    }
}

bool icl_tensor_is_row_major(const struct imgcls_tensor *tensor)
{
    int64_t step = 1;
    if (icl_type_bits(tensor->type) < 8 || imgcls_count(tensor->rank, tensor->dims) <= 1)
        return true;
    for (int32_t i = tensor->rank - 1; i >= 0; i--) {
        if (tensor->dims[i] == 1)
            continue; /* its stride is never taken */
        if (tensor->strides[i] != step)
            return false;
        step *= tensor->dims[i];
    }
    return true;
}

imgcls_status icl_tensor_borrow(struct imgcls_context *ctx, int32_t type, int32_t rank,
                                const int64_t *dims, void *bytes, struct imgcls_tensor *out)
{
    char text[256];
    size_t size;
    memset(out, 0, sizeof *out);
    if (rank < 0 || rank > IMGCLS_MAX_RANK)
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "tensor: %d dimensions, allowed are 0 to %d",
                        (int)rank, IMGCLS_MAX_RANK);
    if (!icl_type_bits(type))
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "tensor: element type %d is not one to store",
                        (int)type);
    int64_t count = imgcls_count(rank, dims);
    if (count < 0 || !icl_type_size(type, count, &size) || size > PTRDIFF_MAX) {
        icl_shape_text(NULL, rank, dims, text, sizeof text);
        bool negative = false;
        for (int32_t i = 0; i < rank; i++)
            negative |= dims[i] < 0;
        return icl_fail(ctx, negative ? IMGCLS_BAD_INPUT : IMGCLS_LIMIT, "tensor: %s%s %s",
                        icl_type_name(type), text,
                        negative ? "has an unknown dimension" : "is larger than any memory");
    }
    out->struct_size = sizeof *out;
    out->type = type;
    out->rank = rank;
    for (int32_t i = 0; i < rank; i++)
        out->dims[i] = dims[i];
    icl_strides_of(rank, dims, out->strides);
    out->data = bytes;
    out->size_bytes = size;
    out->layout = IMGCLS_LAYOUT_PLAIN;
    return IMGCLS_OK;
}

/* One dimension as text, with the comma before it. */
static void dim_text(const struct imgcls_graph *graph, int64_t dim, bool first, char *text,
                     size_t capacity)
{
    const char *comma = first ? "" : ",";
    const char *name = graph ? icl_graph_symbol(graph, dim) : NULL;
    if (dim >= 0)
        snprintf(text, capacity, "%s%" PRId64, comma, dim);
    else if (dim == -1)
        snprintf(text, capacity, "%s?", comma);
    else if (name)
        snprintf(text, capacity, "%s%s", comma, name);
    else
        snprintf(text, capacity, "%ss%" PRIu64, comma, (uint64_t)(-2 - dim));
}

void icl_shape_text(const struct imgcls_graph *graph, int32_t rank, const int64_t *dims,
                    char *text, size_t capacity)
{
    char one[64];
    size_t used = 0;
    const size_t tail = sizeof "...]"; /* NUL included */
    if (!capacity)
        return;
    if (capacity <= tail || rank < 0) {
        snprintf(text, capacity, "[...]");
        return;
    }
    text[used++] = '[';
    for (int32_t i = 0; i < rank; i++) {
        dim_text(graph, dims[i], i == 0, one, sizeof one);
        size_t length = strlen(one);
        if (used + length + tail > capacity) {
            memcpy(text + used, "...", 3);
            used += 3;
            break;
        }
        memcpy(text + used, one, length);
        used += length;
    }
    text[used++] = ']';
    text[used] = '\0';
}

/*
 * plugins/ops/image/unpool.c - MaxUnpool: maxima back to where MaxPool found them
 *
 * Indices count through the tensor that was pooled, whose shape follows from the window;
 * output_shape may be larger and is then filled up with zeros behind.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "image.h"
#include "plugins/ops/element.h"
#include "plugins/ops/nn/window.h"

/* Shape of the pooled tensor; negative where not known. */
static imgcls_status pooled_of(const struct imgcls_host *host,
                               const struct imgcls_node *node, int32_t rank,
                               const int64_t *x, int64_t *dims)
{
    const int32_t count = rank - 2;
    int64_t kernel[IMGCLS_MAX_RANK], stride[IMGCLS_MAX_RANK], pads[2 * IMGCLS_MAX_RANK];
    imgcls_status status;
    int32_t i;
    if (count < 1)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "input has %d dimensions, at least 3 are needed", rank);
    if (!host->attr(host, node, "kernel_shape"))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "attribute 'kernel_shape' is missing");
    status = window_ints(host, node, "kernel_shape", count, 1, 1, kernel);
    if (status == IMGCLS_OK)
        status = window_ints(host, node, "strides", count, 1, 1, stride);
    if (status == IMGCLS_OK)
        status = window_ints(host, node, "pads", 2 * count, 0, 0, pads);
    if (status != IMGCLS_OK)
        return status;
    dims[0] = x[0];
    dims[1] = x[1];
    for (i = 0; i < count; i++) {
        dims[2 + i] = -1;
        if (x[2 + i] < 0)
            continue;
        if (x[2 + i] > INT32_MAX)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "dimension %d is %lld: too large",
                           i + 2, (long long)x[2 + i]);
        dims[2 + i] = (x[2 + i] - 1) * stride[i] + kernel[i] - pads[i] - pads[count + i];
        if (x[2 + i] == 0 || dims[2 + i] < 0)
            dims[2 + i] = 0;
    }
    return IMGCLS_OK;
}

/* output_shape, where given, must hold the pooled tensor. */
static imgcls_status output_of(const struct imgcls_host *host,
                               const struct imgcls_node *node, int32_t rank,
                               const int64_t *pooled, const struct op_list *asked,
                               int64_t *dims)
{
    int32_t i;
    for (i = 0; i < rank; i++) {
        dims[i] = asked->present ? asked->values[i] : pooled[i];
        if (asked->present && (asked->count != rank || dims[i] < 0 ||
                               (pooled[i] >= 0 && dims[i] < pooled[i])))
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "output_shape has %lld numbers and %lld in dimension %d, %d "
                           "and at least %lld are needed",
                           (long long)asked->count, (long long)dims[i], i, rank,
                           (long long)pooled[i]);
    }
    return IMGCLS_OK;
}

static imgcls_status unpool_infer(const struct imgcls_host *host,
                                  struct imgcls_infer *infer)
{
    const struct imgcls_value_info *x = op_in(infer->node, 0);
    int64_t pooled[IMGCLS_MAX_RANK], dims[IMGCLS_MAX_RANK];
    struct op_list asked;
    imgcls_status status;
    if (!x || !op_in(infer->node, 1))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "X and indices are needed");
    status = op_list_infer(host, infer->node, 2, "output_shape", &asked);
    if (status != IMGCLS_OK)
        return status;
    if (x->rank < 0)
        return op_infer_open(host, infer, 0, x->type, -1);
    status = pooled_of(host, infer->node, x->rank, x->dims, pooled);
    if (status != IMGCLS_OK)
        return status;
    if (asked.present && !asked.known)
        return op_infer_open(host, infer, 0, x->type, x->rank);
    status = output_of(host, infer->node, x->rank, pooled, &asked, dims);
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, x->type, x->rank, dims)
                               : status;
}

static imgcls_status place_all(const struct imgcls_host *host,
                               const struct imgcls_run *run, const int64_t *pooled,
                               int64_t total)
{
    const struct imgcls_tensor *x = imgcls_input(run, 0), *indices = imgcls_input(run, 1);
    struct imgcls_tensor *y = imgcls_output(run, 0);
    const int64_t count = op_count(x);
    int64_t i;
    int32_t d;
    memset(y->data, 0, y->size_bytes);
    for (i = 0; i < count; i++) {
        int64_t index = op_int_at(indices, i), to = 0, step = 1;
        if (index < 0 || index >= total)
            return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                           "index %lld is outside 0..%lld", (long long)index,
                           (long long)total - 1);
        for (d = x->rank - 1; d >= 0; d--) {
            to += index % pooled[d] * step;
            index /= pooled[d];
            step *= y->dims[d];
        }
        element_set_real(y, to, element_real(x, i));
    }
    return IMGCLS_OK;
}

static imgcls_status unpool_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    const struct imgcls_tensor *x = imgcls_input(run, 0), *indices = imgcls_input(run, 1);
    int64_t pooled[IMGCLS_MAX_RANK], dims[IMGCLS_MAX_RANK];
    struct op_list asked;
    imgcls_status status =
        op_list_read(host, run->node, imgcls_input(run, 2), "output_shape", &asked);
    if (status == IMGCLS_OK)
        status = pooled_of(host, run->node, x->rank, x->dims, pooled);
    if (status == IMGCLS_OK)
        status = output_of(host, run->node, x->rank, pooled, &asked, dims);
    if (status == IMGCLS_OK && op_count(indices) != op_count(x))
        status = OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                         "there are %lld indices for %lld elements",
                         (long long)op_count(indices), (long long)op_count(x));
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, x->type, x->rank, dims);
    if (status == IMGCLS_OK && imgcls_count(x->rank, dims) > 0)
        status = place_all(host, run, pooled, imgcls_count(x->rank, pooled));
    return status;
}

static int32_t unpool_accepts(const struct imgcls_host *host,
                              const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, ELEMENT_FLOATS) && op_takes(node, 1, OP_BIT(IMGCLS_I64)) &&
           (!op_in(node, 2) || op_takes(node, 2, OP_BIT(IMGCLS_I64))) &&
           op_is_plain(node) && op_has_output(node, 0);
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("max_unpool_portable", unpool_accepts, unpool_portable);
const struct imgcls_op max_unpool_op =
    OP_ENTRY("MaxUnpool", 9, 0, unpool_infer, NULL, &kernel);

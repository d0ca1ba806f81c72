/*
 * plugins/ops/ml/array_feature_extractor.c - ArrayFeatureExtractor: columns by index
 *
 * Along the last dimension. A list of features counts as one row.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "ml.h"
#include "plugins/ops/op.h"

#define TYPES (OP_FLOATS | OP_INDEXES | OP_BIT(IMGCLS_STRING))

/* Shape of the output; *count is -1 where it is not known yet. */
static imgcls_status extract_dims(const struct imgcls_host *host,
                                  const struct imgcls_node *node, int32_t x_rank,
                                  const int64_t *x, int32_t y_rank, const int64_t *y,
                                  int32_t *rank, int64_t *dims)
{
    char text[OP_SHAPE_TEXT];
    int32_t i;
    if (y_rank < 1 || y_rank > 2 || (y_rank == 2 && y[0] >= 0 && y[0] != 1))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "indices have shape %s, not [K] or [1,K]",
                       op_shape_text(y_rank, y, text, sizeof text));
    if (x_rank < 1)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "input 0 is a scalar");
    *rank = x_rank == 1 ? 2 : x_rank;
    dims[0] = 1;
    for (i = 0; i + 1 < x_rank; i++)
        dims[i] = x[i];
    dims[*rank - 1] = y[y_rank - 1];
    return IMGCLS_OK;
}

static imgcls_status extract_infer(const struct imgcls_host *host,
                                   struct imgcls_infer *infer)
{
    const struct imgcls_value_info *x = op_in(infer->node, 0), *y = op_in(infer->node, 1);
    int64_t dims[IMGCLS_MAX_RANK];
    int32_t rank;
    imgcls_status status;
    if (!x || !y)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "two inputs are needed");
    if (x->rank < 0 || y->rank < 0)
        return op_infer_open(host, infer, 0, x->type, x->rank == 1 ? 2 : x->rank);
    status = extract_dims(host, infer->node, x->rank, x->dims, y->rank, y->dims, &rank, dims);
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, x->type, rank, dims)
                               : status;
}

static imgcls_status extract_portable(const struct imgcls_host *host,
                                      const struct imgcls_run *run)
{
    const struct imgcls_tensor *x = imgcls_input(run, 0), *y = imgcls_input(run, 1);
    int64_t dims[IMGCLS_MAX_RANK], width, count, rows, i, k;
    const size_t size = op_element_size(x->type);
    int32_t rank;
    imgcls_status status =
        extract_dims(host, run->node, x->rank, x->dims, y->rank, y->dims, &rank, dims);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, x->type, rank, dims);
    if (status != IMGCLS_OK)
        return status;
    width = x->dims[x->rank - 1];
    count = op_count(y);
    rows = width ? op_count(x) / width : 0;
    for (k = 0; k < count; k++) {
        const int64_t column = op_int_at(y, k);
        if (column < 0 || column >= width)
            return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                           "index %lld at position %lld is outside 0..%lld",
                           (long long)column, (long long)k, (long long)width - 1);
        for (i = 0; status == IMGCLS_OK && i < rows; i++) {
            const char *from = (const char *)x->data + (size_t)(i * width + column) * size;
            const struct imgcls_string *text = (const struct imgcls_string *)from;
            if (x->type == IMGCLS_STRING)
                status = host->value_set_string(host, run->outputs[0],
                                                (size_t)(i * count + k), text->bytes,
                                                text->length);
            else
                memcpy((char *)imgcls_output(run, 0)->data + (size_t)(i * count + k) * size,
                       from, size);
        }
    }
    return status;
}

static int32_t extract_accepts(const struct imgcls_host *host,
                               const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, TYPES) && op_takes(node, 1, OP_BIT(IMGCLS_I64)) &&
           op_is_plain(node) && op_has_output(node, 0);
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("array_feature_extractor_portable", extract_accepts, extract_portable);
const struct imgcls_op array_feature_extractor_op = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = "ai.onnx.ml",
    .type = "ArrayFeatureExtractor",
    .since_first = 1,
    .since_last = 5,
    .infer = extract_infer,
    .kernels = (const struct imgcls_kernel *const[]){&kernel, NULL},
};

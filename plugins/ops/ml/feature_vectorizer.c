/*
 * plugins/ops/ml/feature_vectorizer.c - FeatureVectorizer: the features of several inputs, one
 * behind the other
 *
 * inputdimensions says how many features an input has: more are left out, and what is missing is
 * 0. Without the attribute all are taken.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "ml.h"
#include "scores.h"

#define TYPES (OP_FLOATS | OP_INDEXES)

/* Width of input i in the output; -1 where that is not known yet. */
static imgcls_status width_of(const struct imgcls_host *host, const struct imgcls_node *node,
                              size_t i, int64_t features, int64_t *width)
{
    const int64_t *widths;
    const size_t count = host->attr_ints(host, node, "inputdimensions", &widths);
    if (count > 0 && count != node->input_count)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "inputdimensions has %zu entries, not %zu",
                       count, node->input_count);
    *width = count ? widths[i] : features;
    if (count && (*width < 0 || *width > INT32_MAX))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "inputdimensions[%zu] is %lld", i,
                       (long long)*width);
    return IMGCLS_OK;
}

static imgcls_status vectorizer_infer(const struct imgcls_host *host,
                                      struct imgcls_infer *infer)
{
    const struct imgcls_node *node = infer->node;
    int64_t dims[2] = {-1, 0}, rows, features, width;
    size_t i;
    imgcls_status status = IMGCLS_OK;
    for (i = 0; status == IMGCLS_OK && i < node->input_count; i++) {
        if (!node->inputs[i])
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "input %zu is missing", i);
        status = scores_rows(host, node, node->inputs[i]->rank, node->inputs[i]->dims, &rows,
                             &features);
        if (status == IMGCLS_OK && !op_merge_dim(dims[0], rows, &dims[0]))
            status = OP_FAIL(host, node, IMGCLS_BAD_INPUT, "input %zu has %lld rows, not %lld",
                             i, (long long)rows, (long long)dims[0]);
        if (status == IMGCLS_OK)
            status = width_of(host, node, i, features, &width);
        dims[1] = width < 0 || dims[1] < 0 ? -1 : dims[1] + width;
    }
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, IMGCLS_F32, 2, dims) : status;
}

static imgcls_status vectorizer_portable(const struct imgcls_host *host,
                                         const struct imgcls_run *run)
{
    int64_t dims[2] = {-1, 0}, rows, features, width, at = 0, row, k;
    size_t i;
    imgcls_status status = IMGCLS_OK;
    for (i = 0; status == IMGCLS_OK && i < run->node->input_count; i++) {
        const struct imgcls_tensor *x = imgcls_input(run, i);
        status = scores_rows(host, run->node, x->rank, x->dims, &rows, &features);
        if (status == IMGCLS_OK)
            status = width_of(host, run->node, i, features, &width);
        if (status == IMGCLS_OK && i > 0 && rows != dims[0])
            status = OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                             "input %zu has %lld rows, not %lld", i, (long long)rows,
                             (long long)dims[0]);
        dims[0] = rows;
        dims[1] += status == IMGCLS_OK ? width : 0;
    }
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, IMGCLS_F32, 2, dims);
    for (i = 0; status == IMGCLS_OK && i < run->node->input_count; i++) {
        const struct imgcls_tensor *x = imgcls_input(run, i);
        scores_rows(host, run->node, x->rank, x->dims, &rows, &features);
        width_of(host, run->node, i, features, &width);
        for (row = 0; row < rows; row++)
            for (k = 0; k < width; k++)
                element_set_real(imgcls_output(run, 0), row * dims[1] + at + k,
                                 k < features ? element_real(x, row * features + k) : 0);
        at += width;
    }
    return status;
}

static int32_t vectorizer_accepts(const struct imgcls_host *host,
                                  const struct imgcls_node *node)
{
    size_t i;
    (void)host;
    for (i = 0; i < node->input_count; i++)
        if (!op_takes(node, i, TYPES))
            return 0;
    return node->input_count > 0 && op_is_plain(node) && op_has_output(node, 0);
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("feature_vectorizer_portable", vectorizer_accepts, vectorizer_portable);
const struct imgcls_op feature_vectorizer_op = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = "ai.onnx.ml",
    .type = "FeatureVectorizer",
    .since_first = 1,
    .since_last = 5,
    .infer = vectorizer_infer,
    .kernels = (const struct imgcls_kernel *const[]){&kernel, NULL},
};

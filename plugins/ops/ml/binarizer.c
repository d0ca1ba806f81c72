/*
 * plugins/ops/ml/binarizer.c - Binarizer: 1 above a threshold, else 0
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "ml.h"
#include "plugins/ops/element.h"

#define TYPES (OP_FLOATS | OP_INDEXES)

static imgcls_status binarizer_infer(const struct imgcls_host *host,
                                     struct imgcls_infer *infer)
{
    if (!op_in(infer->node, 0))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "an input is needed");
    return host->infer_like(host, infer, 0, 0);
}

static imgcls_status binarizer_portable(const struct imgcls_host *host,
                                        const struct imgcls_run *run)
{
    const struct imgcls_tensor *x = imgcls_input(run, 0);
    const double threshold = (double)host->attr_float(host, run->node, "threshold", 0);
    const int64_t count = op_count(x);
    int64_t i;
    imgcls_status status = op_set_output(host, run, 0, x->type, x->rank, x->dims);
    for (i = 0; status == IMGCLS_OK && i < count; i++)
        element_set_real(imgcls_output(run, 0), i, element_real(x, i) > threshold);
    return status;
}

static int32_t binarizer_accepts(const struct imgcls_host *host,
                                 const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, TYPES) && op_is_plain(node) && op_has_output(node, 0);
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("binarizer_portable", binarizer_accepts, binarizer_portable);
const struct imgcls_op binarizer_op = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = "ai.onnx.ml",
    .type = "Binarizer",
    .since_first = 1,
    .since_last = 5,
    .infer = binarizer_infer,
    .kernels = (const struct imgcls_kernel *const[]){&kernel, NULL},
};

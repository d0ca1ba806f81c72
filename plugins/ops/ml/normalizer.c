/*
 * plugins/ops/ml/normalizer.c - Normalizer: rows divided by their largest number, by the sum
 * of magnitudes, or by their length
 *
 * A row whose divisor is 0 stays as it is. "max" is the largest number, not the largest
 * magnitude: that is what the specification's formula and ONNX Runtime say (the
 * specification's reference in Python takes magnitudes).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "ml.h"
#include "scores.h"

#define TYPES (OP_FLOATS | OP_INDEXES)

static imgcls_status normalizer_infer(const struct imgcls_host *host,
                                      struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    int64_t rows, features;
    imgcls_status status;
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "an input is needed");
    status = scores_rows(host, infer->node, in->rank, in->dims, &rows, &features);
    return status == IMGCLS_OK
               ? host->infer_output(host, infer, 0, IMGCLS_F32, in->rank, in->dims)
               : status;
}

static double divisor(const char *norm, const struct imgcls_tensor *x, int64_t begin,
                      int64_t features)
{
    double most = -INFINITY, sum = 0, squares = 0;
    int64_t i;
    for (i = 0; i < features; i++) {
        const double value = element_real(x, begin + i);
        most = value > most ? value : most;
        sum += fabs(value);
        squares += value * value;
    }
    return norm[0] == 'M' ? most : norm[1] == '1' ? sum : sqrt(squares);
}

static imgcls_status normalizer_portable(const struct imgcls_host *host,
                                         const struct imgcls_run *run)
{
    const struct imgcls_tensor *x = imgcls_input(run, 0);
    const char *norm = host->attr_string(host, run->node, "norm", "MAX");
    int64_t rows, features, row, i;
    imgcls_status status = scores_rows(host, run->node, x->rank, x->dims, &rows, &features);
    if (status == IMGCLS_OK && strcmp(norm, "MAX") != 0 && strcmp(norm, "L1") != 0 &&
        strcmp(norm, "L2") != 0)
        status = OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                         "norm is '%s', known are MAX, L1 and L2", norm);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, IMGCLS_F32, x->rank, x->dims);
    for (row = 0; status == IMGCLS_OK && row < rows; row++) {
        const int64_t begin = row * features;
        const double by = divisor(norm, x, begin, features);
        for (i = begin; i < begin + features; i++)
            element_set_real(imgcls_output(run, 0), i,
                             by != 0 ? element_real(x, i) / by : element_real(x, i));
    }
    return status;
}

static int32_t normalizer_accepts(const struct imgcls_host *host,
                                  const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, TYPES) && op_is_plain(node) && op_has_output(node, 0);
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("normalizer_portable", normalizer_accepts, normalizer_portable);
const struct imgcls_op normalizer_op = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = "ai.onnx.ml",
    .type = "Normalizer",
    .since_first = 1,
    .since_last = 5,
    .infer = normalizer_infer,
    .kernels = (const struct imgcls_kernel *const[]){&kernel, NULL},
};

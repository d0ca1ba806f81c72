/*
 * plugins/ops/ml/scaler.c - Scaler: (x - offset) * scale, a number each for a feature or one
 * for all
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "ml.h"
#include "scores.h"

#define TYPES (OP_FLOATS | OP_INDEXES)

static imgcls_status scaler_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "an input is needed");
    return host->infer_output(host, infer, 0, IMGCLS_F32, in->rank, in->dims);
}

/* One number of a list for feature f; absent lists give the fallback. */
static double number(const struct imgcls_attr *list, int64_t f, double fallback)
{
    return list ? (double)list->floats[list->count == 1 ? 0 : f] : fallback;
}

static imgcls_status scaler_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    const struct imgcls_tensor *x = imgcls_input(run, 0);
    const int64_t count = op_count(x), features = x->rank ? x->dims[x->rank - 1] : 1;
    static const char *const names[] = {"offset", "scale"};
    const struct imgcls_attr *lists[2];
    imgcls_status status = op_set_output(host, run, 0, IMGCLS_F32, x->rank, x->dims);
    int64_t i;
    int k;
    for (k = 0; status == IMGCLS_OK && k < 2; k++) {
        lists[k] = host->attr(host, run->node, names[k]);
        if (lists[k] && (lists[k]->kind != IMGCLS_ATTR_FLOATS ||
                         (lists[k]->count != 1 && (int64_t)lists[k]->count != features)))
            status = OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                             "%s has %zu numbers for %lld features", names[k],
                             lists[k]->count, (long long)features);
    }
    for (i = 0; status == IMGCLS_OK && i < count; i++) {
        const double shifted = element_real(x, i) - number(lists[0], i % features, 0);
        element_set_real(imgcls_output(run, 0), i,
                         shifted * number(lists[1], i % features, 1));
    }
    return status;
}

static int32_t scaler_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, TYPES) && op_is_plain(node) && op_has_output(node, 0);
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("scaler_portable", scaler_accepts, scaler_portable);
const struct imgcls_op scaler_op = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = "ai.onnx.ml",
    .type = "Scaler",
    .since_first = 1,
    .since_last = 5,
    .infer = scaler_infer,
    .kernels = (const struct imgcls_kernel *const[]){&kernel, NULL},
};

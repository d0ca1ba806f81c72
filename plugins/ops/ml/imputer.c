/*
 * plugins/ops/ml/imputer.c - Imputer: one value of the features is replaced, by a number each
 * or one for all; NaN replaces NaN
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "ml.h"
#include "scores.h"

static imgcls_status imputer_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    if (!op_in(infer->node, 0))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "an input is needed");
    return host->infer_like(host, infer, 0, 0);
}

/* The list for integers or for floats; fails where there is none that fits the features. */
static imgcls_status find_values(const struct imgcls_host *host, const struct imgcls_run *run,
                                 bool whole, int64_t features, const struct imgcls_attr **out)
{
    const char *name = whole ? "imputed_value_int64s" : "imputed_value_floats";
    *out = host->attr(host, run->node, name);
    if (!*out || (*out)->kind != (whole ? IMGCLS_ATTR_INTS : IMGCLS_ATTR_FLOATS) ||
        ((*out)->count != 1 && (int64_t)(*out)->count != features))
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "%s has %zu numbers for %lld features",
                       name, *out ? (*out)->count : 0, (long long)features);
    return IMGCLS_OK;
}

static imgcls_status imputer_portable(const struct imgcls_host *host,
                                      const struct imgcls_run *run)
{
    const struct imgcls_tensor *x = imgcls_input(run, 0);
    struct imgcls_tensor *y;
    const bool whole = op_type_in(x->type, OP_INDEXES);
    const int64_t count = op_count(x), features = x->rank ? x->dims[x->rank - 1] : 1;
    const int64_t replaced = host->attr_int(host, run->node, "replaced_value_int64", 0);
    const double real = (double)host->attr_float(host, run->node, "replaced_value_float", 0);
    const struct imgcls_attr *values;
    imgcls_status status = find_values(host, run, whole, features, &values);
    int64_t i;
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, x->type, x->rank, x->dims);
    y = imgcls_output(run, 0);
    for (i = 0; status == IMGCLS_OK && i < count; i++) {
        const size_t at = values->count == 1 ? 0 : (size_t)(i % features);
        if (whole) {
            const int64_t value = element_whole(x, i);
            element_set_whole(y, i, value == replaced ? values->ints[at] : value);
        } else {
            const double value = element_real(x, i);
            const bool hit = value == real || (isnan(value) && isnan(real));
            element_set_real(y, i, hit ? (double)values->floats[at] : value);
        }
    }
    return status;
}

static int32_t imputer_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, OP_FLOATS | OP_INDEXES) && op_is_plain(node) &&
           op_has_output(node, 0);
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("imputer_portable", imputer_accepts, imputer_portable);
const struct imgcls_op imputer_op = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = "ai.onnx.ml",
    .type = "Imputer",
    .since_first = 1,
    .since_last = 5,
    .infer = imputer_infer,
    .kernels = (const struct imgcls_kernel *const[]){&kernel, NULL},
};

/*
 * plugins/ops/ml/one_hot_encoder.c - OneHotEncoder: a number or text becomes zeros with a one
 * where it stands among the categories
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "ml.h"
#include "scores.h"

#define TYPES (OP_FLOATS | OP_INDEXES | OP_BIT(IMGCLS_STRING))

static imgcls_status encoder_dims(const struct imgcls_host *host,
                                  const struct imgcls_node *node, int32_t type, int32_t rank,
                                  const int64_t *in, struct labels *cats, int64_t *dims)
{
    imgcls_status status = labels_read(host, node, "cats_strings", "cats_int64s", cats);
    if (status != IMGCLS_OK)
        return status;
    if (type != IMGCLS_UNDEFINED && (type == IMGCLS_STRING) != (cats->texts != NULL))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "the categories are %s, the input is not",
                       cats->texts ? "strings" : "numbers");
    if (rank >= IMGCLS_MAX_RANK)
        return OP_FAIL(host, node, IMGCLS_UNSUPPORTED, "input has %d dimensions, at most %d",
                       rank, IMGCLS_MAX_RANK - 1);
    if (rank > 0)
        memcpy(dims, in, (size_t)rank * sizeof *dims);
    if (rank >= 0)
        dims[rank] = (int64_t)cats->count;
    return IMGCLS_OK;
}

static imgcls_status encoder_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    int64_t dims[IMGCLS_MAX_RANK];
    struct labels cats;
    imgcls_status status;
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "an input is needed");
    status = encoder_dims(host, infer->node, in->type, in->rank, in->dims, &cats, dims);
    if (status == IMGCLS_OK && in->rank < 0)
        return op_infer_open(host, infer, 0, IMGCLS_F32, -1);
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, IMGCLS_F32, in->rank + 1, dims)
                               : status;
}

/* Position of input element i among the categories; their count where it is not there. Real
 * numbers are cut to whole ones, as ONNX Runtime does. */
static size_t find(const struct labels *cats, const struct imgcls_tensor *x, int64_t i)
{
    const struct imgcls_string *text = (const struct imgcls_string *)x->data + i;
    const double value = cats->texts ? 0 : element_real(x, i);
    const bool fits = value > -9.2e18 && value < 9.2e18;
    size_t k;
    for (k = 0; k < cats->count; k++)
        if (cats->texts ? text->length == cats->texts[k].length &&
                              (text->length == 0 ||
                               memcmp(text->bytes, cats->texts[k].bytes, text->length) == 0)
                        : fits && (int64_t)value == cats->numbers[k])
            break;
    return k;
}

static imgcls_status encoder_portable(const struct imgcls_host *host,
                                      const struct imgcls_run *run)
{
    const struct imgcls_tensor *x = imgcls_input(run, 0);
    const bool zeros = host->attr_int(host, run->node, "zeros", 1) != 0;
    const int64_t count = op_count(x);
    int64_t dims[IMGCLS_MAX_RANK], i;
    struct labels cats;
    imgcls_status status = encoder_dims(host, run->node, x->type, x->rank, x->dims, &cats, dims);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, IMGCLS_F32, x->rank + 1, dims);
    for (i = 0; status == IMGCLS_OK && i < count; i++) {
        float *row = (float *)imgcls_output(run, 0)->data + i * (int64_t)cats.count;
        const size_t at = find(&cats, x, i);
        memset(row, 0, cats.count * sizeof *row);
        if (at < cats.count)
            row[at] = 1;
        else if (!zeros)
            status = OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                             "element %lld is none of the %zu categories, and zeros is 0",
                             (long long)i, cats.count);
    }
    return status;
}

static int32_t encoder_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, TYPES) && op_is_plain(node) && op_has_output(node, 0);
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("one_hot_encoder_portable", encoder_accepts, encoder_portable);
const struct imgcls_op one_hot_encoder_op = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = "ai.onnx.ml",
    .type = "OneHotEncoder",
    .since_first = 1,
    .since_last = 5,
    .infer = encoder_infer,
    .kernels = (const struct imgcls_kernel *const[]){&kernel, NULL},
};

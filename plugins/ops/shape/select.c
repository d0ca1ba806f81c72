/*
 * plugins/ops/shape/select.c - Trilu, OneHot, NonZero, Compress, ReverseSequence
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "elements.h"
#include "plugins/ops/number.h"
#include "shape.h"
#include "strided.h"

/* Trilu: zeros below (or above) a diagonal of the last two dimensions. */
static imgcls_status trilu_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    if (in->rank >= 0 && in->rank < 2)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "input has %d dimensions, at least 2 are needed", in->rank);
    return host->infer_like(host, infer, 0, 0);
}

static imgcls_status trilu_move(const struct imgcls_host *host,
                                const struct imgcls_run *run, void *argument)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0), *k = imgcls_input(run, 1);
    const bool upper = host->attr_int(host, run->node, "upper", 1) != 0;
    const size_t size = op_element_size(in->type);
    const int64_t rows = in->dims[in->rank - 2], columns = in->dims[in->rank - 1];
    const int64_t total = columns ? op_count(in) / columns : 0;
    int64_t i, diagonal = k ? op_int_at(k, 0) : 0;
    char *out = imgcls_output(run, 0)->data;
    (void)argument;
    /* Past the corners all diagonals are alike. */
    diagonal = diagonal < -rows ? -rows : diagonal > columns + 1 ? columns + 1 : diagonal;
    for (i = 0; i < total; i++) {
        const char *from = (const char *)in->data + (size_t)(i * columns) * size;
        char *to = out + (size_t)(i * columns) * size;
        /* Columns up to here, exclusive, are left of what upper keeps or lower drops. */
        int64_t split = i % rows + diagonal + (upper ? 0 : 1);
        split = split < 0 ? 0 : split > columns ? columns : split;
        if (upper) {
            memset(to, 0, (size_t)split * size);
            memcpy(to + (size_t)split * size, from + (size_t)split * size,
                   (size_t)(columns - split) * size);
        } else {
            memcpy(to, from, (size_t)split * size);
            memset(to + (size_t)split * size, 0, (size_t)(columns - split) * size);
        }
    }
    return IMGCLS_OK;
}

static imgcls_status trilu_portable(const struct imgcls_host *host,
                                    const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    imgcls_status status = op_set_output(host, run, 0, in->type, in->rank, in->dims);
    return status == IMGCLS_OK ? elements_run(host, run, 1, trilu_move, NULL) : status;
}

/* OneHot: along a new axis of `depth`, the index's place has the on-value. */
static int64_t whole_at(const struct imgcls_tensor *tensor, int64_t i)
{
    int64_t whole = 0;
    double real;
    if (number_is_whole(tensor->type)) {
        number_read_wholes(tensor->type, tensor->data, i, 1, &whole);
    } else {
        number_read_reals(tensor->type, tensor->data, i, 1, &real);
        number_write_reals(IMGCLS_I64, &whole, 0, 1, &real, 0);
    }
    return whole;
}

static imgcls_status one_hot_dims(const struct imgcls_host *host,
                                  const struct imgcls_node *node, int32_t rank,
                                  const int64_t *in, const struct imgcls_tensor *depth,
                                  int32_t *axis, int64_t *dims)
{
    imgcls_status status =
        op_axis(host, node, host->attr_int(host, node, "axis", -1), rank + 1, axis);
    if (status == IMGCLS_OK && rank + 1 > IMGCLS_MAX_RANK)
        status = OP_FAIL(host, node, IMGCLS_UNSUPPORTED,
                         "output has %d dimensions, at most %d are supported", rank + 1,
                         IMGCLS_MAX_RANK);
    if (status == IMGCLS_OK && depth && (op_count(depth) != 1 || whole_at(depth, 0) < 0))
        status =
            OP_FAIL(host, node, IMGCLS_BAD_INPUT, "depth must be one number, not below 0");
    if (status != IMGCLS_OK)
        return status;
    memcpy(dims, in, (size_t)*axis * sizeof *dims);
    dims[*axis] = depth ? whole_at(depth, 0) : -1;
    memcpy(dims + *axis + 1, in + *axis, (size_t)(rank - *axis) * sizeof *dims);
    return IMGCLS_OK;
}

static imgcls_status one_hot_infer(const struct imgcls_host *host,
                                   struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0),
                                   *depth = op_in(infer->node, 1);
    const struct imgcls_value_info *values = op_in(infer->node, 2);
    int64_t dims[IMGCLS_MAX_RANK];
    int32_t axis;
    imgcls_status status;
    if (!in || !depth || !values)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "indices, depth and values are needed");
    if (in->rank < 0)
        return op_infer_open(host, infer, 0, values->type, -1);
    status =
        one_hot_dims(host, infer->node, in->rank, in->dims, depth->constant, &axis, dims);
    return status == IMGCLS_OK
               ? op_infer_shape(host, infer, 0, values->type, in->rank + 1, dims)
               : status;
}

static imgcls_status one_hot_move(const struct imgcls_host *host,
                                  const struct imgcls_run *run, void *argument)
{
    const int32_t axis = *(const int32_t *)argument;
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    const char *values = imgcls_input(run, 2)->data;
    struct imgcls_tensor *out = imgcls_output(run, 0);
    const size_t size = op_element_size(out->type);
    const int64_t depth = out->dims[axis], count = op_count(in);
    const int64_t inner = imgcls_count(in->rank - axis, in->dims + axis);
    int64_t i;
    (void)host;
    strided_fill(out->data, size, op_count(out), values);
    for (i = 0; i < count; i++) {
        const int64_t index = whole_at(in, i), at = index < 0 ? index + depth : index;
        if (index >= -depth && index < depth)
            memcpy((char *)out->data +
                       (size_t)((i / inner * depth + at) * inner + i % inner) * size,
                   values + size, size);
    }
    return IMGCLS_OK;
}

static imgcls_status one_hot_portable(const struct imgcls_host *host,
                                      const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0), *values = imgcls_input(run, 2);
    int64_t dims[IMGCLS_MAX_RANK];
    int32_t axis = 0;
    imgcls_status status = one_hot_dims(host, run->node, in->rank, in->dims,
                                        imgcls_input(run, 1), &axis, dims);
    if (status == IMGCLS_OK && op_count(values) != 2)
        status = OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                         "values has %lld elements instead of off and on",
                         (long long)op_count(values));
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, values->type, in->rank + 1, dims);
    return status == IMGCLS_OK ? elements_run(host, run, 4, one_hot_move, &axis) : status;
}

static int32_t one_hot_accepts(const struct imgcls_host *host,
                               const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, OP_NUMBERS) && op_takes(node, 1, OP_NUMBERS) &&
           op_takes(node, 2, OP_ANY) && op_is_plain(node);
}

/* NonZero: positions of elements that are not 0, one column each, in row-major order. */
static imgcls_status nonzero_infer(const struct imgcls_host *host,
                                   struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    int64_t dims[2] = {-1, -1};
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    if (in->rank >= 0)
        dims[0] = in->rank;
    return host->infer_output(host, infer, 0, IMGCLS_I64, 2, dims);
}

static bool is_nonzero(const struct imgcls_tensor *in, int64_t i)
{
    static const unsigned char zeros[16];
    const size_t size = op_element_size(in->type);
    double real;
    if (number_is_real(in->type)) { /* -0 is 0 */
        number_read_reals(in->type, in->data, i, 1, &real);
        return real != 0;
    }
    if (in->type == IMGCLS_STRING)
        return ((const struct imgcls_string *)in->data)[i].length > 0;
    return memcmp((const char *)in->data + (size_t)i * size, zeros, size) != 0;
}

static imgcls_status nonzero_portable(const struct imgcls_host *host,
                                      const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    const int64_t total = op_count(in);
    int64_t dims[2] = {in->rank, 0}, i, rest, column = 0, *out;
    int32_t d;
    imgcls_status status;
    for (i = 0; i < total; i++)
        dims[1] += is_nonzero(in, i);
    status = op_set_output(host, run, 0, IMGCLS_I64, 2, dims);
    if (status != IMGCLS_OK || dims[0] == 0)
        return status;
    out = imgcls_output(run, 0)->data;
    for (i = 0; i < total; i++) {
        if (!is_nonzero(in, i))
            continue;
        for (rest = i, d = in->rank - 1; d >= 0; d--) {
            out[d * dims[1] + column] = rest % in->dims[d];
            rest /= in->dims[d];
        }
        column++;
    }
    return IMGCLS_OK;
}

static int32_t nonzero_accepts(const struct imgcls_host *host,
                               const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, OP_ANY) && op_element_size(node->inputs[0]->type) > 0 &&
           op_is_plain(node);
}

/* Compress: the slices along an axis (or the elements of the flat input) that are chosen.
 */
struct compress {
    int64_t outer, dim, inner; /* of the input around the axis */
    int64_t chosen;
};

static int64_t choose(const struct imgcls_tensor *condition, int64_t dim)
{
    const uint8_t *flags = condition->data;
    const int64_t count = op_count(condition);
    int64_t i, chosen = 0;
    for (i = 0; i < count && i < dim; i++)
        chosen += flags[i] != 0;
    return chosen;
}

static imgcls_status compress_infer(const struct imgcls_host *host,
                                    struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0),
                                   *flags = op_in(infer->node, 1);
    const struct imgcls_attr *attr = host->attr(host, infer->node, "axis");
    int64_t dims[IMGCLS_MAX_RANK];
    int32_t axis;
    imgcls_status status;
    if (!in || !flags)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "input and condition are needed");
    if (!attr)
        return op_infer_open(host, infer, 0, in->type, 1);
    if (in->rank < 0)
        return op_infer_open(host, infer, 0, in->type, -1);
    status = op_axis(host, infer->node, attr->i, in->rank, &axis);
    memcpy(dims, in->dims, sizeof dims);
    if (status == IMGCLS_OK)
        dims[axis] =
            flags->constant && dims[axis] >= 0 ? choose(flags->constant, dims[axis]) : -1;
    return status == IMGCLS_OK
               ? host->infer_output(host, infer, 0, in->type, in->rank, dims)
               : status;
}

static imgcls_status compress_move(const struct imgcls_host *host,
                                   const struct imgcls_run *run, void *argument)
{
    const struct compress *c = argument;
    const struct imgcls_tensor *in = imgcls_input(run, 0),
                               *condition = imgcls_input(run, 1);
    const uint8_t *flags = condition->data;
    const int64_t count = op_count(condition) < c->dim ? op_count(condition) : c->dim;
    const size_t block = (size_t)c->inner * op_element_size(in->type);
    char *to = imgcls_output(run, 0)->data;
    int64_t i, k;
    (void)host;
    for (i = 0; i < c->outer; i++) {
        for (k = 0; k < count; k++) {
            if (!flags[k])
                continue;
            memcpy(to, (const char *)in->data + (size_t)(i * c->dim + k) * block, block);
            to += block;
        }
    }
    return IMGCLS_OK;
}

static imgcls_status compress_portable(const struct imgcls_host *host,
                                       const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    const struct imgcls_attr *attr = host->attr(host, run->node, "axis");
    struct compress c = {.outer = 1, .dim = op_count(in), .inner = 1};
    int64_t dims[IMGCLS_MAX_RANK];
    int32_t axis = 0, rank = 1;
    imgcls_status status = IMGCLS_OK;
    if (attr) {
        status = op_axis(host, run->node, attr->i, in->rank, &axis);
        if (status != IMGCLS_OK)
            return status;
        rank = in->rank;
        memcpy(dims, in->dims, sizeof dims);
        c.outer = imgcls_count(axis, in->dims);
        c.dim = in->dims[axis];
        c.inner = imgcls_count(in->rank - axis - 1, in->dims + axis + 1);
    }
    dims[axis] = choose(imgcls_input(run, 1), c.dim);
    status = op_set_output(host, run, 0, in->type, rank, dims);
    if (status != IMGCLS_OK || op_count(imgcls_output(run, 0)) == 0)
        return status;
    return elements_run(host, run, 1, compress_move, &c);
}

static int32_t compress_accepts(const struct imgcls_host *host,
                                const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, OP_ANY) && op_takes(node, 1, OP_BOOLS) && op_is_plain(node);
}

/* ReverseSequence: the first lens[b] steps of batch entry b backwards. */
static imgcls_status reverse_infer(const struct imgcls_host *host,
                                   struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    if (!in || !op_in(infer->node, 1))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "input and sequence_lens are needed");
    if (in->rank >= 0 && in->rank < 2)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "input has %d dimensions, at least 2 are needed", in->rank);
    return host->infer_like(host, infer, 0, 0);
}

static imgcls_status reverse_move(const struct imgcls_host *host,
                                  const struct imgcls_run *run, void *argument)
{
    const bool time_first = *(const bool *)argument;
    const struct imgcls_tensor *in = imgcls_input(run, 0), *lens = imgcls_input(run, 1);
    const int64_t first = in->dims[0], second = in->dims[1];
    const size_t block =
        op_element_size(in->type) * (size_t)imgcls_count(in->rank - 2, in->dims + 2);
    char *out = imgcls_output(run, 0)->data;
    int64_t i, k;
    (void)host;
    for (i = 0; i < first; i++) {
        for (k = 0; k < second; k++) {
            const int64_t len = op_int_at(lens, time_first ? k : i);
            const int64_t time = time_first ? i : k;
            const int64_t from = time < len ? len - 1 - time : time;
            memcpy(out + (size_t)(i * second + k) * block,
                   (const char *)in->data +
                       (size_t)(time_first ? from * second + k : i * second + from) * block,
                   block);
        }
    }
    return IMGCLS_OK;
}

static imgcls_status reverse_portable(const struct imgcls_host *host,
                                      const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0), *lens = imgcls_input(run, 1);
    const int64_t batch_axis = host->attr_int(host, run->node, "batch_axis", 1);
    const int64_t time_axis = host->attr_int(host, run->node, "time_axis", 0);
    bool time_first = time_axis == 0;
    int64_t i;
    imgcls_status status = IMGCLS_OK;
    if ((batch_axis != 0 && batch_axis != 1) || time_axis != 1 - batch_axis)
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                       "batch_axis %lld and time_axis %lld must be 0 and 1",
                       (long long)batch_axis, (long long)time_axis);
    if (op_count(lens) != in->dims[batch_axis])
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                       "sequence_lens has %lld entries for a batch of %lld",
                       (long long)op_count(lens), (long long)in->dims[batch_axis]);
    for (i = 0; i < op_count(lens); i++)
        if (op_int_at(lens, i) < 0 || op_int_at(lens, i) > in->dims[time_axis])
            return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                           "sequence length %lld is outside 0..%lld",
                           (long long)op_int_at(lens, i), (long long)in->dims[time_axis]);
    status = op_set_output(host, run, 0, in->type, in->rank, in->dims);
    return status == IMGCLS_OK ? elements_run(host, run, 1, reverse_move, &time_first)
                               : status;
}

static const struct imgcls_kernel trilu_kernel =
    OP_KERNEL("trilu_portable", elements_accepts, trilu_portable);
static const struct imgcls_kernel one_hot_kernel =
    OP_KERNEL("one_hot_portable", one_hot_accepts, one_hot_portable);
static const struct imgcls_kernel nonzero_kernel =
    OP_KERNEL("nonzero_portable", nonzero_accepts, nonzero_portable);
static const struct imgcls_kernel compress_kernel =
    OP_KERNEL("compress_portable", compress_accepts, compress_portable);
static const struct imgcls_kernel reverse_kernel =
    OP_KERNEL("reverse_sequence_portable", elements_accepts, reverse_portable);

const struct imgcls_op trilu_op =
    OP_ENTRY("Trilu", 14, 0, trilu_infer, NULL, &trilu_kernel);
const struct imgcls_op one_hot_op =
    OP_ENTRY("OneHot", 9, 0, one_hot_infer, NULL, &one_hot_kernel);
const struct imgcls_op nonzero_op =
    OP_ENTRY("NonZero", 9, 0, nonzero_infer, NULL, &nonzero_kernel);
const struct imgcls_op compress_op =
    OP_ENTRY("Compress", 9, 0, compress_infer, NULL, &compress_kernel);
const struct imgcls_op reverse_sequence_op =
    OP_ENTRY("ReverseSequence", 10, 0, reverse_infer, NULL, &reverse_kernel);

/*
 * plugins/ops/shape/slice.c - Slice: a range with a step along some axes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "elements.h"
#include "plugins/ops/upgrade.h"
#include "shape.h"
#include "strided.h"

struct slice {
    struct op_list starts, ends, axes, steps;
};

/* What one axis comes to. */
struct range {
    int64_t begin, step, count;
};

/* Clamps as numpy does. dim >= 0; step is not 0. */
static struct range range_of(int64_t dim, int64_t start, int64_t end, int64_t step)
{
    struct range range = {.step = step < -INT64_MAX ? -INT64_MAX : step};
    const int64_t least = step > 0 ? 0 : -1, most = step > 0 ? dim : dim - 1;
    start = start < 0 ? start + dim : start;
    end = end < 0 ? end + dim : end;
    start = start < 0 ? 0 : start;
    start = start > most ? most : start; /* -1 where an empty axis is walked backwards */
    end = end < least ? least : end > most ? most : end;
    range.begin = start;
    if (step > 0 && end > start)
        range.count = (end - start - 1) / range.step + 1;
    else if (step < 0 && start > end)
        range.count = (start - end - 1) / -range.step + 1;
    return range;
}

/* The lists must be equally long, and steps not 0. */
static imgcls_status check(const struct imgcls_host *host, const struct imgcls_node *node,
                           const struct slice *slice)
{
    int64_t i;
    if (slice->starts.count != slice->ends.count ||
        (slice->axes.present && slice->axes.count != slice->starts.count) ||
        (slice->steps.present && slice->steps.count != slice->starts.count))
        return OP_FAIL(
            host, node, IMGCLS_BAD_INPUT,
            "starts, ends, axes and steps have %lld, %lld, %lld and %lld entries",
            (long long)slice->starts.count, (long long)slice->ends.count,
            (long long)slice->axes.count, (long long)slice->steps.count);
    for (i = 0; slice->steps.present && i < slice->steps.count; i++)
        if (slice->steps.values[i] == 0)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "step %lld is 0", (long long)i);
    return IMGCLS_OK;
}

/* Entry i's axis. */
static imgcls_status axis_of(const struct imgcls_host *host, const struct imgcls_node *node,
                             const struct slice *slice, int64_t i, int32_t rank,
                             int32_t *axis)
{
    return op_axis(host, node, slice->axes.present ? slice->axes.values[i] : i, rank, axis);
}

static imgcls_status slice_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_node *node = infer->node;
    const struct imgcls_value_info *in = op_in(node, 0);
    struct slice slice;
    int64_t dims[IMGCLS_MAX_RANK], i;
    imgcls_status status;
    if (!in || !op_in(node, 1) || !op_in(node, 2))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "data, starts and ends are needed");
    status = op_list_infer(host, node, 1, "starts", &slice.starts);
    if (status == IMGCLS_OK)
        status = op_list_infer(host, node, 2, "ends", &slice.ends);
    if (status == IMGCLS_OK)
        status = op_list_infer(host, node, 3, "axes", &slice.axes);
    if (status == IMGCLS_OK)
        status = op_list_infer(host, node, 4, "steps", &slice.steps);
    if (status != IMGCLS_OK)
        return status;
    if (in->rank < 0 || !slice.axes.known ||
        (!slice.axes.present && slice.starts.count < 0))
        return op_infer_open(host, infer, 0, in->type, in->rank);
    if (slice.starts.known && slice.ends.known && slice.steps.known) {
        status = check(host, node, &slice);
        if (status != IMGCLS_OK)
            return status;
    }
    memcpy(dims, in->dims, sizeof dims);
    for (i = 0; i < (slice.axes.present ? slice.axes.count : slice.starts.count); i++) {
        int32_t axis;
        status = axis_of(host, node, &slice, i, in->rank, &axis);
        if (status != IMGCLS_OK)
            return status;
        if (!slice.starts.known || !slice.ends.known || !slice.steps.known) {
            dims[axis] = -1;
        } else {
            const int64_t start = slice.starts.values[i], end = slice.ends.values[i];
            const int64_t step = slice.steps.present ? slice.steps.values[i] : 1;
            if (dims[axis] >= 0)
                dims[axis] = range_of(dims[axis], start, end, step).count;
            else if (start != 0 || step != 1 || end < INT32_MAX)
                dims[axis] = -1; /* else the whole dimension, symbol and all */
        }
    }
    return host->infer_output(host, infer, 0, in->type, in->rank, dims);
}

static imgcls_status slice_move(const struct imgcls_host *host,
                                const struct imgcls_run *run, void *argument)
{
    const struct range *ranges = argument;
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    struct imgcls_tensor *out = imgcls_output(run, 0);
    struct strided box = {.rank = in->rank,
                          .size = op_element_size(in->type),
                          .to = out->data,
                          .from = in->data};
    int32_t d;
    if (op_count(out) == 0)
        return IMGCLS_OK;
    strided_row_major(in->rank, in->dims, box.from_strides);
    strided_row_major(out->rank, out->dims, box.to_strides);
    for (d = 0; d < in->rank; d++) {
        box.dims[d] = ranges[d].count;
        box.from += ranges[d].begin * box.from_strides[d] * (int64_t)box.size;
        /* Steps of a single element may be huge and lead nowhere. */
        box.from_strides[d] =
            ranges[d].count > 1 ? box.from_strides[d] * ranges[d].step : 0;
    }
    if (!strided_is_in_place(&box))
        strided_copy(host, run, &box);
    return IMGCLS_OK;
}

static imgcls_status slice_portable(const struct imgcls_host *host,
                                    const struct imgcls_run *run)
{
    const struct imgcls_node *node = run->node;
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    struct range ranges[IMGCLS_MAX_RANK];
    struct slice slice;
    int64_t dims[IMGCLS_MAX_RANK], i;
    int32_t d;
    imgcls_status status =
        op_list_read(host, node, imgcls_input(run, 1), "starts", &slice.starts);
    if (status == IMGCLS_OK)
        status = op_list_read(host, node, imgcls_input(run, 2), "ends", &slice.ends);
    if (status == IMGCLS_OK)
        status = op_list_read(host, node, imgcls_input(run, 3), "axes", &slice.axes);
    if (status == IMGCLS_OK)
        status = op_list_read(host, node, imgcls_input(run, 4), "steps", &slice.steps);
    if (status == IMGCLS_OK)
        status = check(host, node, &slice);
    for (d = 0; d < in->rank; d++)
        ranges[d] = (struct range){0, 1, in->dims[d]};
    for (i = 0; status == IMGCLS_OK && i < slice.starts.count; i++) {
        status = axis_of(host, node, &slice, i, in->rank, &d);
        if (status == IMGCLS_OK)
            ranges[d] = range_of(in->dims[d], slice.starts.values[i], slice.ends.values[i],
                                 slice.steps.present ? slice.steps.values[i] : 1);
    }
    for (d = 0; d < in->rank; d++)
        dims[d] = ranges[d].count;
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, in->type, in->rank, dims);
    return status == IMGCLS_OK ? elements_run(host, run, 1, slice_move, ranges) : status;
}

/* Before operator set 10 everything was an attribute. */
static imgcls_status slice_upgrade(const struct imgcls_host *host,
                                   struct imgcls_graph *graph, struct imgcls_node *node)
{
    static const char *const names[] = {"starts", "ends", "axes"};
    imgcls_status status = IMGCLS_OK;
    size_t i;
    for (i = 0; status == IMGCLS_OK && node->version < 10 && i < 3; i++)
        status = upgrade_ints(host, graph, node, names[i], i + 1);
    return status;
}

/* A range of one axis without steps, the others whole. */
static int32_t slice_piece(const struct imgcls_host *host, const struct imgcls_node *node,
                           size_t index, int32_t *axis, int64_t *at)
{
    const struct imgcls_value_info *in = op_in(node, 0);
    struct slice slice;
    int32_t found = 0;
    int64_t i;

    if (index != 0 || !in || in->rank < 1 ||
        op_list_infer(host, node, 1, "starts", &slice.starts) != IMGCLS_OK ||
        op_list_infer(host, node, 2, "ends", &slice.ends) != IMGCLS_OK ||
        op_list_infer(host, node, 3, "axes", &slice.axes) != IMGCLS_OK ||
        op_list_infer(host, node, 4, "steps", &slice.steps) != IMGCLS_OK ||
        !slice.starts.known || !slice.ends.known || !slice.axes.known || !slice.steps.known ||
        check(host, node, &slice) != IMGCLS_OK)
        return 0;
    *axis = 0;
    *at = 0;
    for (i = 0; i < slice.starts.count; i++) {
        int32_t d;
        struct range range;
        if (axis_of(host, node, &slice, i, in->rank, &d) != IMGCLS_OK || in->dims[d] < 0)
            return 0;
        range = range_of(in->dims[d], slice.starts.values[i], slice.ends.values[i],
                         slice.steps.present ? slice.steps.values[i] : 1);
        if (range.step != 1 && range.count > 1)
            return 0;
        if (range.count == in->dims[d])
            continue;
        if (found++)
            return 0;
        *axis = d;
        *at = range.begin;
    }
    return 1;
}

static const struct imgcls_kernel slice_kernel =
    OP_KERNEL("slice_portable", elements_accepts, slice_portable);
static const struct imgcls_kernel *const slice_kernels[] = {&slice_kernel, NULL};

const struct imgcls_op slice_op = {
    .struct_size = sizeof(struct imgcls_op), .domain = "", .type = "Slice",
    .since_first = 1, .since_last = OP_NEWEST, .infer = slice_infer,
    .upgrade = slice_upgrade, .kernels = slice_kernels, .piece = slice_piece,
};

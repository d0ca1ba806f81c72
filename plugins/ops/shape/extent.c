/*
 * plugins/ops/shape/extent.c - Shape and Size: what a tensor's dims are, as a tensor
 *
 * Neither reads elements, so the planner computes them as soon as dims are known.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/ops/op.h"
#include "shape.h"

/* The half-open range of dimensions that start and end name, both clamped. */
static void range_of(const struct imgcls_host *host, const struct imgcls_node *node,
                     int32_t rank, int64_t *begin, int64_t *end)
{
    *begin = host->attr_int(host, node, "start", 0);
    *end = host->attr_int(host, node, "end", rank);
    *begin = *begin < 0 ? *begin + rank : *begin;
    *end = *end < 0 ? *end + rank : *end;
    *begin = *begin < 0 ? 0 : *begin > rank ? rank : *begin;
    *end = *end < *begin ? *begin : *end > rank ? rank : *end;
}

static imgcls_status shape_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    int64_t begin, end, count;
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    if (in->rank < 0)
        return op_infer_open(host, infer, 0, IMGCLS_I64, 1);
    range_of(host, infer->node, in->rank, &begin, &end);
    count = end - begin;
    return host->infer_output(host, infer, 0, IMGCLS_I64, 1, &count);
}

static imgcls_status shape_portable(const struct imgcls_host *host,
                                    const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    int64_t begin, end, count;
    imgcls_status status;
    range_of(host, run->node, in->rank, &begin, &end);
    count = end - begin;
    status = op_set_output(host, run, 0, IMGCLS_I64, 1, &count);
    if (status == IMGCLS_OK && count > 0)
        memcpy(imgcls_output(run, 0)->data, in->dims + begin,
               (size_t)count * sizeof(int64_t));
    return status;
}

static imgcls_status size_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    if (!op_in(infer->node, 0))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    return host->infer_output(host, infer, 0, IMGCLS_I64, 0, NULL);
}

static imgcls_status size_portable(const struct imgcls_host *host,
                                   const struct imgcls_run *run)
{
    imgcls_status status = op_set_output(host, run, 0, IMGCLS_I64, 0, NULL);
    if (status == IMGCLS_OK)
        *(int64_t *)imgcls_output(run, 0)->data = op_count(imgcls_input(run, 0));
    return status;
}

/* dims stand in the operator's order whatever the input's layout. */
static int32_t accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, OP_ANY);
}

static const struct imgcls_kernel shape_kernel =
    OP_KERNEL("shape_portable", accepts, shape_portable);
static const struct imgcls_kernel size_kernel =
    OP_KERNEL("size_portable", accepts, size_portable);
const struct imgcls_op shape_op =
    OP_ENTRY("Shape", 1, IMGCLS_TRAIT_SHAPE_ONLY, shape_infer, NULL, &shape_kernel);
const struct imgcls_op size_op =
    OP_ENTRY("Size", 1, IMGCLS_TRAIT_SHAPE_ONLY, size_infer, NULL, &size_kernel);

/*
 * plugins/ops/sequence/optional.c - Optional, OptionalGetElement and OptionalHasElement
 *
 * Since operator set 18 the last two take any value: what is no optional is there. Whether
 * an optional has a tensor or a sequence shows when it is opened; until then the graph's
 * own declaration counts.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "sequence.h"

static imgcls_status optional_infer(const struct imgcls_host *host,
                                    struct imgcls_infer *infer)
{
    const struct imgcls_attr *attr = host->attr(host, infer->node, "type");
    int32_t type = sequence_type(infer->node, 0);
    if (!op_in(infer->node, 0) && (!attr || attr->kind != IMGCLS_ATTR_TYPE))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "neither an input nor attribute 'type' is there");
    if (type == IMGCLS_UNDEFINED && attr)
        type = (int32_t)attr->i;
    return host->infer_kind(host, infer, 0, IMGCLS_KIND_OPTIONAL, type);
}

static imgcls_status optional_portable(const struct imgcls_host *host,
                                       const struct imgcls_run *run)
{
    const size_t count = run->input_count > 0 && run->inputs[0] ? 1 : 0;
    return host->run_items(host, run, 0, count, run->inputs);
}

static imgcls_status get_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    if (in->kind == IMGCLS_KIND_OPTIONAL)
        return op_infer_open(host, infer, 0, in->type, -1);
    if (in->kind == IMGCLS_KIND_TENSOR)
        return host->infer_like(host, infer, 0, 0);
    return host->infer_kind(host, infer, 0, in->kind, in->type);
}

static imgcls_status get_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    const struct imgcls_value *value = run->inputs[0];
    if (value->kind != IMGCLS_KIND_OPTIONAL)
        return host->run_copy(host, run, 0, value);
    if (value->count == 0)
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "the optional is empty");
    return host->run_copy(host, run, 0, value->items[0]);
}

static imgcls_status has_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    return host->infer_output(host, infer, 0, IMGCLS_BOOL, 0, NULL);
}

static imgcls_status has_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    const struct imgcls_value *value = run->input_count > 0 ? run->inputs[0] : NULL;
    imgcls_status status = op_set_output(host, run, 0, IMGCLS_BOOL, 0, NULL);
    if (status == IMGCLS_OK && imgcls_output(run, 0))
        *(uint8_t *)imgcls_output(run, 0)->data =
            value && (value->kind != IMGCLS_KIND_OPTIONAL || value->count == 1);
    return status;
}

static const struct imgcls_kernel optional_kernel =
    OP_KERNEL("optional_portable", sequence_accepts, optional_portable);
static const struct imgcls_kernel get_kernel =
    OP_KERNEL("optional_get_element_portable", sequence_accepts, get_portable);
static const struct imgcls_kernel has_kernel =
    OP_KERNEL("optional_has_element_portable", sequence_accepts, has_portable);

const struct imgcls_op optional_op =
    OP_ENTRY("Optional", 15, 0, optional_infer, NULL, &optional_kernel);
const struct imgcls_op optional_get_element_op =
    OP_ENTRY("OptionalGetElement", 15, 0, get_infer, NULL, &get_kernel);
const struct imgcls_op optional_has_element_op =
    OP_ENTRY("OptionalHasElement", 15, 0, has_infer, NULL, &has_kernel);

/*
 * plugins/ops/sequence/sequence.h - the operators of this plugin, and what they share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_SEQUENCE_SEQUENCE_H
#define OPS_SEQUENCE_SEQUENCE_H

#include "plugins/ops/op.h"

#define SEQUENCE_OP(name) extern const struct imgcls_op name;
#include "sequence.list.h"
#undef SEQUENCE_OP

/* Element type of the tensors within input i; UNDEFINED where it is omitted or unknown. */
static inline int32_t sequence_type(const struct imgcls_node *node, size_t i)
{
    return op_in(node, i) ? node->inputs[i]->type : IMGCLS_UNDEFINED;
}

/* Any element type and any kind, row-major: what a value is shows when it is there. */
static inline int32_t sequence_accepts(const struct imgcls_host *host,
                                       const struct imgcls_node *node)
{
    (void)host;
    return op_is_plain(node);
}

/* Input i as a sequence; a message where it is none. An optional that has one is read as
 * it. */
static inline imgcls_status sequence_input(const struct imgcls_host *host,
                                           const struct imgcls_run *run, size_t i,
                                           const struct imgcls_value **out)
{
    const struct imgcls_value *value = i < run->input_count ? run->inputs[i] : NULL;
    *out = NULL;
    if (value && value->kind == IMGCLS_KIND_OPTIONAL && value->count == 1)
        value = value->items[0];
    if (!value || value->kind != IMGCLS_KIND_SEQUENCE)
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "input %zu must be a sequence",
                       i);
    *out = value;
    return IMGCLS_OK;
}

/* Position that input i, one integer, names: counted from the end where negative, and below
 * `limit`. fallback where it is omitted. */
static inline imgcls_status sequence_position(const struct imgcls_host *host,
                                              const struct imgcls_run *run, size_t i,
                                              size_t length, size_t limit, size_t fallback,
                                              size_t *out)
{
    const struct imgcls_tensor *tensor = imgcls_input(run, i);
    int64_t position;
    *out = fallback;
    if (!tensor)
        return IMGCLS_OK;
    if (!op_type_in(tensor->type, OP_INDEXES) || op_count(tensor) != 1)
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                       "the position must be one int32 or int64");
    position = op_int_at(tensor, 0);
    if (position < -(int64_t)length || position >= (int64_t)limit)
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                       "position %lld is outside the sequence of %zu items",
                       (long long)position, length);
    *out = (size_t)(position < 0 ? position + (int64_t)length : position);
    return IMGCLS_OK;
}

#endif

/*
 * plugins/ops/sequence/tensors.c - SplitToSequence and ConcatFromSequence: a tensor becomes
 * a sequence, and a sequence a tensor
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/ops/pieces.h"

#include "sequence.h"

/* -- SplitToSequence ----------------------------------------------------------------*/

static imgcls_status split_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    const int64_t axis = host->attr_int(host, infer->node, "axis", 0);
    int32_t place;
    imgcls_status status = IMGCLS_OK;
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    if (in->rank >= 0)
        status = op_axis(host, infer->node, axis, in->rank, &place);
    return status == IMGCLS_OK
               ? host->infer_kind(host, infer, 0, IMGCLS_KIND_SEQUENCE, in->type)
               : status;
}

/* Length of the part that begins at `begin`; part is its number. */
static imgcls_status part_length(const struct imgcls_host *host,
                                 const struct imgcls_run *run, int64_t whole, int64_t begin,
                                 int64_t part, int64_t *out)
{
    const struct imgcls_tensor *split = imgcls_input(run, 1);
    const int64_t rest = whole - begin;
    *out = 1;
    if (!split)
        return IMGCLS_OK;
    *out = op_int_at(split, split->rank == 0 ? 0 : part);
    if (*out < (split->rank == 0))
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "part %lld of split is %lld",
                       (long long)part, (long long)*out);
    if (split->rank == 0 && *out > rest)
        *out = rest; /* equal parts of which the last may be smaller */
    if (*out > rest)
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                       "split asks for more than the dimension's %lld", (long long)whole);
    return IMGCLS_OK;
}

static imgcls_status split_into(const struct imgcls_host *host,
                                const struct imgcls_run *run, int32_t axis,
                                struct pieces *parts)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0), *split = imgcls_input(run, 1);
    const bool keep = split || host->attr_int(host, run->node, "keepdims", 1);
    const int64_t whole = in->dims[axis];
    const int64_t listed = split && split->rank == 1 ? op_count(split) : -1;
    int64_t begin = 0, part, length;
    imgcls_status status = IMGCLS_OK;
    for (part = 0; status == IMGCLS_OK && (listed >= 0 ? part < listed : begin < whole);
         part++, begin += length) {
        struct imgcls_value *value = NULL;
        status = part_length(host, run, whole, begin, part, &length);
        if (status == IMGCLS_OK)
            status = pieces_cut(host, in, axis, begin, length, keep, &value);
        if (status == IMGCLS_OK)
            status = pieces_add(host, parts, value);
        if (status != IMGCLS_OK) {
            host->value_release(host, value);
            return status;
        }
    }
    if (begin != whole)
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                       "split sums to %lld where the dimension is %lld", (long long)begin,
                       (long long)whole);
    return IMGCLS_OK;
}

static imgcls_status split_portable(const struct imgcls_host *host,
                                    const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0), *split = imgcls_input(run, 1);
    const int64_t axis = host->attr_int(host, run->node, "axis", 0);
    struct pieces parts = {0};
    int32_t place;
    imgcls_status status;
    if (!in)
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "input 0 must be a tensor");
    if (split && (!op_type_in(split->type, OP_INDEXES) || split->rank > 1))
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                       "split must be an int32 or int64, or a list of them");
    status = op_axis(host, run->node, axis, in->rank, &place);
    if (status == IMGCLS_OK)
        status = split_into(host, run, place, &parts);
    if (status == IMGCLS_OK)
        status = host->run_items(host, run, 0, parts.count,
                                 (const struct imgcls_value *const *)parts.values);
    pieces_clear(host, &parts);
    return status;
}

/* -- ConcatFromSequence -------------------------------------------------------------*/

static imgcls_status concat_infer(const struct imgcls_host *host,
                                  struct imgcls_infer *infer)
{
    if (!op_in(infer->node, 0))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    if (!host->attr(host, infer->node, "axis"))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "attribute 'axis' is missing");
    return op_infer_open(host, infer, 0, sequence_type(infer->node, 0), -1);
}

static imgcls_status concat_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    const struct imgcls_value *sequence;
    imgcls_status status = sequence_input(host, run, 0, &sequence);
    if (status != IMGCLS_OK)
        return status;
    if (sequence->count == 0)
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "the sequence is empty");
    return pieces_join(host, run, 0, sequence->count,
                       (const struct imgcls_value *const *)sequence->items,
                       host->attr_int(host, run->node, "axis", 0),
                       host->attr_int(host, run->node, "new_axis", 0) != 0, false);
}

static const struct imgcls_kernel split_kernel =
    OP_KERNEL("split_to_sequence_portable", sequence_accepts, split_portable);
static const struct imgcls_kernel concat_kernel =
    OP_KERNEL("concat_from_sequence_portable", sequence_accepts, concat_portable);

const struct imgcls_op split_to_sequence_op =
    OP_ENTRY("SplitToSequence", 11, 0, split_infer, NULL, &split_kernel);
const struct imgcls_op concat_from_sequence_op =
    OP_ENTRY("ConcatFromSequence", 11, 0, concat_infer, NULL, &concat_kernel);

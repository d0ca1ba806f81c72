/*
 * plugins/ops/sequence/look.c - SequenceAt and SequenceLength: what is in a sequence
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "sequence.h"

static imgcls_status at_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    if (!op_in(infer->node, 0) || !op_in(infer->node, 1))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "inputs 0 and 1 are needed");
    return op_infer_open(host, infer, 0, sequence_type(infer->node, 0), -1);
}

static imgcls_status at_portable(const struct imgcls_host *host,
                                 const struct imgcls_run *run)
{
    const struct imgcls_value *sequence;
    size_t at;
    imgcls_status status = sequence_input(host, run, 0, &sequence);
    if (status == IMGCLS_OK && !imgcls_input(run, 1))
        status = OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "input 1 must be a tensor");
    if (status == IMGCLS_OK)
        status = sequence_position(host, run, 1, sequence->count, sequence->count, 0, &at);
    return status == IMGCLS_OK ? host->run_copy(host, run, 0, sequence->items[at]) : status;
}

static imgcls_status length_infer(const struct imgcls_host *host,
                                  struct imgcls_infer *infer)
{
    if (!op_in(infer->node, 0))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    return host->infer_output(host, infer, 0, IMGCLS_I64, 0, NULL);
}

static imgcls_status length_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    const struct imgcls_value *sequence;
    imgcls_status status = sequence_input(host, run, 0, &sequence);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, IMGCLS_I64, 0, NULL);
    if (status == IMGCLS_OK && imgcls_output(run, 0))
        *(int64_t *)imgcls_output(run, 0)->data = (int64_t)sequence->count;
    return status;
}

static const struct imgcls_kernel at_kernel =
    OP_KERNEL("sequence_at_portable", sequence_accepts, at_portable);
static const struct imgcls_kernel length_kernel =
    OP_KERNEL("sequence_length_portable", sequence_accepts, length_portable);

const struct imgcls_op sequence_at_op =
    OP_ENTRY("SequenceAt", 11, 0, at_infer, NULL, &at_kernel);
const struct imgcls_op sequence_length_op =
    OP_ENTRY("SequenceLength", 11, 0, length_infer, NULL, &length_kernel);

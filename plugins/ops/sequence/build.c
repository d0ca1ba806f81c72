/*
 * plugins/ops/sequence/build.c - SequenceConstruct, SequenceEmpty, SequenceInsert and
 * SequenceErase: sequences out of tensors and out of other sequences
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "sequence.h"

/* -- SequenceConstruct, SequenceEmpty -----------------------------------------------*/

static imgcls_status construct_infer(const struct imgcls_host *host,
                                     struct imgcls_infer *infer)
{
    const struct imgcls_node *node = infer->node;
    int32_t type = IMGCLS_UNDEFINED;
    size_t i;
    if (node->input_count == 0)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "there is no input");
    for (i = 0; i < node->input_count; i++) {
        if (!node->inputs[i])
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "input %zu is missing", i);
        if (type == IMGCLS_UNDEFINED)
            type = node->inputs[i]->type;
    }
    return host->infer_kind(host, infer, 0, IMGCLS_KIND_SEQUENCE, type);
}

static imgcls_status construct_portable(const struct imgcls_host *host,
                                        const struct imgcls_run *run)
{
    return host->run_items(host, run, 0, run->input_count, run->inputs);
}

static imgcls_status empty_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const int64_t type = host->attr_int(host, infer->node, "dtype", IMGCLS_F32);
    if (type <= 0 || type >= IMGCLS_TYPE_COUNT)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "dtype %lld is no element type",
                       (long long)type);
    return host->infer_kind(host, infer, 0, IMGCLS_KIND_SEQUENCE, (int32_t)type);
}

static imgcls_status empty_portable(const struct imgcls_host *host,
                                    const struct imgcls_run *run)
{
    return host->run_items(host, run, 0, 0, NULL);
}

/* -- SequenceInsert, SequenceErase --------------------------------------------------*/

static imgcls_status change_infer(const struct imgcls_host *host,
                                  struct imgcls_infer *infer)
{
    int32_t type = sequence_type(infer->node, 0);
    if (!op_in(infer->node, 0))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    if (type == IMGCLS_UNDEFINED && strcmp(infer->node->type, "SequenceInsert") == 0)
        type = sequence_type(infer->node, 1);
    return host->infer_kind(host, infer, 0, IMGCLS_KIND_SEQUENCE, type);
}

static imgcls_status insert_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    const struct imgcls_value *sequence, **items;
    size_t at, i;
    imgcls_status status = sequence_input(host, run, 0, &sequence);
    if (status == IMGCLS_OK)
        status = sequence_position(host, run, 2, sequence->count, sequence->count + 1,
                                   sequence->count, &at);
    if (status == IMGCLS_OK && !imgcls_input(run, 1))
        status = OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "input 1 must be a tensor");
    if (status != IMGCLS_OK)
        return status;
    items = host->alloc(host, sequence->count + 1, sizeof *items);
    if (!items)
        return IMGCLS_NO_MEMORY;
    for (i = 0; i <= sequence->count; i++)
        items[i] = i == at ? run->inputs[1] : sequence->items[i - (i > at)];
    status = host->run_items(host, run, 0, sequence->count + 1, items);
    host->release(host, (void *)items);
    return status;
}

static imgcls_status erase_portable(const struct imgcls_host *host,
                                    const struct imgcls_run *run)
{
    const struct imgcls_value *sequence, **items;
    size_t at, i;
    imgcls_status status = sequence_input(host, run, 0, &sequence);
    if (status == IMGCLS_OK && sequence->count == 0)
        status =
            OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "the sequence is empty already");
    if (status == IMGCLS_OK)
        status = sequence_position(host, run, 1, sequence->count, sequence->count,
                                   sequence->count - 1, &at);
    if (status != IMGCLS_OK)
        return status;
    items = host->alloc(host, sequence->count, sizeof *items);
    if (!items)
        return IMGCLS_NO_MEMORY;
    for (i = 0; i + 1 < sequence->count; i++)
        items[i] = sequence->items[i + (i >= at)];
    status = host->run_items(host, run, 0, sequence->count - 1, items);
    host->release(host, (void *)items);
    return status;
}

static const struct imgcls_kernel construct_kernel =
    OP_KERNEL("sequence_construct_portable", sequence_accepts, construct_portable);
static const struct imgcls_kernel empty_kernel =
    OP_KERNEL("sequence_empty_portable", sequence_accepts, empty_portable);
static const struct imgcls_kernel insert_kernel =
    OP_KERNEL("sequence_insert_portable", sequence_accepts, insert_portable);
static const struct imgcls_kernel erase_kernel =
    OP_KERNEL("sequence_erase_portable", sequence_accepts, erase_portable);

const struct imgcls_op sequence_construct_op =
    OP_ENTRY("SequenceConstruct", 11, 0, construct_infer, NULL, &construct_kernel);
const struct imgcls_op sequence_empty_op =
    OP_ENTRY("SequenceEmpty", 11, 0, empty_infer, NULL, &empty_kernel);
const struct imgcls_op sequence_insert_op =
    OP_ENTRY("SequenceInsert", 11, 0, change_infer, NULL, &insert_kernel);
const struct imgcls_op sequence_erase_op =
    OP_ENTRY("SequenceErase", 11, 0, change_infer, NULL, &erase_kernel);

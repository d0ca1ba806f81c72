/*
 * plugins/ops/control/scan_batch.c - Scan as operator set 8 had it: a batch in front of all
 *
 * Its meaning is not that of the later ones with other attributes, so on import it becomes
 * an operator of its own, imgcls.BatchScan: the body runs for each batch entry along axis 1
 * of the scanned inputs, from the entry's own first state, as far as the entry's length
 * says. Behind that length what is collected stays zero.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "control.h"

#define FIRST 1 /* input 0: lengths, one a batch entry */

struct batch {
    struct rounds rounds;
    size_t states, scanned;
    int64_t entries, length;
    struct imgcls_value **cuts;   /* of an entry: first states, then what is scanned; own */
    struct imgcls_value **slices; /* of a round; own */
};

static imgcls_status batch_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    size_t scanned;
    imgcls_status status = scan_count(host, infer->node, FIRST, &scanned);
    if (status != IMGCLS_OK)
        return status;
    return control_infer_body(host, infer, FIRST,
                              infer->node->input_count - FIRST - scanned, 0);
}

static imgcls_status measure(const struct imgcls_host *host, const struct imgcls_run *run,
                             struct batch *batch)
{
    const struct imgcls_node *node = run->node;
    const struct imgcls_tensor *lengths = imgcls_input(run, 0);
    size_t i;
    for (i = batch->states + batch->scanned; i-- > 0;) {
        const struct imgcls_tensor *tensor = imgcls_input(run, FIRST + i);
        const int32_t least = i < batch->states ? 1 : 2;
        if (!tensor || tensor->rank < least)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "input %zu must be a tensor of %d dimensions or more", FIRST + i,
                           least);
        if (i + 1 == batch->states + batch->scanned) {
            batch->entries = tensor->dims[0];
            batch->length = tensor->dims[1];
        }
        if (tensor->dims[0] != batch->entries ||
            (least == 2 && tensor->dims[1] != batch->length))
            return OP_FAIL(
                host, node, IMGCLS_BAD_INPUT,
                "batch or length of input %zu differs from the last one's, %lld and "
                "%lld",
                FIRST + i, (long long)batch->entries, (long long)batch->length);
    }
    if (lengths && (lengths->type != IMGCLS_I64 || op_count(lengths) != batch->entries))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "there must be %lld lengths, of int64",
                       (long long)batch->entries);
    return IMGCLS_OK;
}

static void drop(const struct imgcls_host *host, struct imgcls_value **values, size_t count)
{
    size_t i;
    for (i = 0; values && i < count; i++) {
        host->value_release(host, values[i]);
        values[i] = NULL;
    }
}

static imgcls_status one_round(const struct imgcls_host *host, const struct imgcls_run *run,
                               struct batch *batch, int64_t round, int64_t count)
{
    struct rounds *rounds = &batch->rounds;
    imgcls_status status = IMGCLS_OK;
    size_t i;
    for (i = 0; i < batch->states; i++)
        rounds->inputs[i] = rounds->state[i] ? rounds->state[i] : batch->cuts[i];
    for (i = 0; status == IMGCLS_OK && i < batch->scanned; i++) {
        const bool back = scan_option(host, run->node, "directions", i) != 0;
        status = pieces_cut(host, batch->cuts[batch->states + i]->tensor, 0,
                            back ? count - 1 - round : round, 1, false, &batch->slices[i]);
        rounds->inputs[batch->states + i] = batch->slices[i];
    }
    if (status == IMGCLS_OK)
        status = rounds_step(host, run, rounds);
    drop(host, batch->slices, batch->scanned);
    return status;
}

/* Output `index` gets item number `at` of `count`; dims in front of the item's own. */
static imgcls_status put(const struct imgcls_host *host, const struct imgcls_run *run,
                         size_t index, const struct imgcls_value *item, int32_t front,
                         const int64_t *dims, int64_t at)
{
    const struct imgcls_tensor *tensor = item ? item->tensor : NULL;
    int64_t all[IMGCLS_MAX_RANK];
    int32_t i;
    imgcls_status status;
    if (index >= run->output_count || !run->outputs[index])
        return IMGCLS_OK;
    if (!tensor || tensor->rank + front > IMGCLS_MAX_RANK)
        return OP_FAIL(host, run->node, IMGCLS_UNSUPPORTED,
                       "the body must give tensors of at most %d dimensions",
                       IMGCLS_MAX_RANK - front);
    for (i = 0; i < front; i++)
        all[i] = dims[i];
    for (i = 0; i < tensor->rank; i++)
        all[front + i] = tensor->dims[i];
    status = op_set_output(host, run, index, tensor->type, tensor->rank + front, all);
    return status == IMGCLS_OK
               ? pieces_put(host, run->outputs[index], at * op_count(tensor), tensor)
               : status;
}

static imgcls_status give_entry(const struct imgcls_host *host,
                                const struct imgcls_run *run, struct batch *batch,
                                int64_t entry)
{
    const int64_t dims[2] = {batch->entries, batch->length};
    struct rounds *rounds = &batch->rounds;
    imgcls_status status = IMGCLS_OK;
    size_t i, k;
    for (i = 0; status == IMGCLS_OK && i < batch->states; i++)
        status = put(host, run, i, rounds->state[i] ? rounds->state[i] : batch->cuts[i], 1,
                     dims, entry);
    for (i = 0; status == IMGCLS_OK && i < rounds->collected_count; i++) {
        struct pieces *list = &rounds->collected[i];
        for (k = 0; status == IMGCLS_OK && k < list->count; k++)
            status = put(host, run, batch->states + i, list->values[k], 2, dims,
                         entry * batch->length + (int64_t)k);
        pieces_clear(host, list);
    }
    drop(host, rounds->state, batch->states);
    drop(host, batch->cuts, batch->states + batch->scanned);
    return status;
}

static imgcls_status one_entry(const struct imgcls_host *host, const struct imgcls_run *run,
                               struct batch *batch, int64_t entry)
{
    const struct imgcls_tensor *lengths = imgcls_input(run, 0);
    const int64_t count = lengths ? ((const int64_t *)lengths->data)[entry] : batch->length;
    imgcls_status status = IMGCLS_OK;
    int64_t round;
    size_t i;
    if (count < 0 || count > batch->length)
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                       "length %lld of entry %lld, 0..%lld "
                       "are possible",
                       (long long)count, (long long)entry, (long long)batch->length);
    for (i = 0; status == IMGCLS_OK && i < batch->states + batch->scanned; i++)
        status = pieces_cut(host, imgcls_input(run, FIRST + i), 0, entry, 1, false,
                            &batch->cuts[i]);
    for (round = 0; status == IMGCLS_OK && round < count; round++)
        status = one_round(host, run, batch, round, count);
    return status == IMGCLS_OK ? give_entry(host, run, batch, entry) : status;
}

/* Where no round was run nothing has shaped what is collected. */
static imgcls_status give_empty(const struct imgcls_host *host,
                                const struct imgcls_run *run)
{
    size_t i;
    for (i = 0; i < run->output_count; i++)
        if (run->outputs[i] && !imgcls_output(run, i))
            return OP_FAIL(host, run->node, IMGCLS_UNSUPPORTED,
                           "there is no round, so output %zu has no shape", i);
    return IMGCLS_OK;
}

static imgcls_status batch_portable(const struct imgcls_host *host,
                                    const struct imgcls_run *run)
{
    struct batch batch = {0};
    int64_t entry;
    size_t inputs;
    imgcls_status status = scan_count(host, run->node, FIRST, &batch.scanned);
    if (status != IMGCLS_OK)
        return status;
    inputs = run->input_count - FIRST;
    batch.states = inputs - batch.scanned;
    status = rounds_begin(host, run, inputs, batch.states, 0, &batch.rounds);
    batch.cuts = host->alloc(host, inputs, sizeof *batch.cuts);
    batch.slices = host->alloc(host, batch.scanned, sizeof *batch.slices);
    if (status == IMGCLS_OK && (!batch.cuts || !batch.slices))
        status = IMGCLS_NO_MEMORY;
    if (status == IMGCLS_OK)
        status = measure(host, run, &batch);
    for (entry = 0; status == IMGCLS_OK && entry < batch.entries; entry++)
        status = one_entry(host, run, &batch, entry);
    if (status == IMGCLS_OK)
        status = give_empty(host, run);
    drop(host, batch.cuts, inputs);
    drop(host, batch.slices, batch.scanned);
    rounds_end(host, &batch.rounds);
    host->release(host, batch.slices);
    host->release(host, batch.cuts);
    return status;
}

static imgcls_status scan_8_upgrade(const struct imgcls_host *host,
                                    struct imgcls_graph *graph, struct imgcls_node *node)
{
    (void)graph;
    return host->node_set_type(host, node, "imgcls", "BatchScan");
}

static const struct imgcls_kernel batch_kernel =
    OP_KERNEL("batch_scan_portable", control_accepts, batch_portable);

const struct imgcls_op scan_8_op = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = "",
    .type = "Scan",
    .since_first = 8,
    .since_last = 8,
    .traits = IMGCLS_TRAIT_SUBGRAPH,
    .infer = batch_infer,
    .upgrade = scan_8_upgrade,
    .kernels = (const struct imgcls_kernel *const[]){&batch_kernel, NULL},
};
const struct imgcls_op batch_scan_op = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = "imgcls",
    .type = "BatchScan",
    .since_first = 1,
    .since_last = 1,
    .traits = IMGCLS_TRAIT_SUBGRAPH,
    .infer = batch_infer,
    .kernels = (const struct imgcls_kernel *const[]){&batch_kernel, NULL},
};

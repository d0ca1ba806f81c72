/*
 * plugins/ops/control/scan.c - Scan: a body for each place along an axis of its inputs
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "control.h"

imgcls_status scan_count(const struct imgcls_host *host, const struct imgcls_node *node,
                         size_t first, size_t *out)
{
    const int64_t count = host->attr_int(host, node, "num_scan_inputs", 0);
    const size_t most = node->input_count > first ? node->input_count - first : 0;
    *out = 0;
    if (count < 1 || (uint64_t)count > most)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "num_scan_inputs is %lld, 1..%zu are possible", (long long)count,
                       most);
    *out = (size_t)count;
    return IMGCLS_OK;
}

int64_t scan_option(const struct imgcls_host *host, const struct imgcls_node *node,
                    const char *name, size_t i)
{
    const int64_t *values;
    return i < host->attr_ints(host, node, name, &values) ? values[i] : 0;
}

static imgcls_status scan_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    size_t scanned;
    imgcls_status status = scan_count(host, infer->node, 0, &scanned);
    return status == IMGCLS_OK
               ? control_infer_body(host, infer, 0, infer->node->input_count - scanned, 0)
               : status;
}

/* One run: what is scanned, and where. */
struct scan {
    struct rounds rounds;
    size_t states, scanned;
    int32_t *axes;                /* of the scanned inputs */
    struct imgcls_value **slices; /* of a round; own */
    int64_t length;
};

static imgcls_status measure(const struct imgcls_host *host, const struct imgcls_run *run,
                             struct scan *scan)
{
    const struct imgcls_node *node = run->node;
    imgcls_status status = IMGCLS_OK;
    size_t i;
    for (i = 0; status == IMGCLS_OK && i < scan->scanned; i++) {
        const struct imgcls_tensor *tensor = imgcls_input(run, scan->states + i);
        if (!tensor)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "input %zu must be a tensor",
                           scan->states + i);
        status = op_axis(host, node, scan_option(host, node, "scan_input_axes", i),
                         tensor->rank, &scan->axes[i]);
        if (status == IMGCLS_OK && i == 0)
            scan->length = tensor->dims[scan->axes[0]];
        if (status == IMGCLS_OK && tensor->dims[scan->axes[i]] != scan->length)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "input %zu is scanned over %lld places, the first one over %lld",
                           scan->states + i, (long long)tensor->dims[scan->axes[i]],
                           (long long)scan->length);
    }
    return status;
}

static imgcls_status one_round(const struct imgcls_host *host, const struct imgcls_run *run,
                               struct scan *scan, int64_t round)
{
    struct rounds *rounds = &scan->rounds;
    imgcls_status status = IMGCLS_OK;
    size_t i;
    for (i = 0; i < scan->states; i++) {
        rounds->inputs[i] = rounds->state[i] ? rounds->state[i] : run->inputs[i];
        if (!rounds->inputs[i])
            return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "input %zu is missing", i);
    }
    for (i = 0; status == IMGCLS_OK && i < scan->scanned; i++) {
        const bool back = scan_option(host, run->node, "scan_input_directions", i) != 0;
        status =
            pieces_cut(host, imgcls_input(run, scan->states + i), scan->axes[i],
                       back ? scan->length - 1 - round : round, 1, false, &scan->slices[i]);
        rounds->inputs[scan->states + i] = scan->slices[i];
    }
    if (status == IMGCLS_OK)
        status = rounds_step(host, run, rounds);
    for (i = 0; i < scan->scanned; i++) {
        host->value_release(host, scan->slices[i]);
        scan->slices[i] = NULL;
    }
    return status;
}

static imgcls_status give(const struct imgcls_host *host, const struct imgcls_run *run,
                          const struct scan *scan)
{
    imgcls_status status = IMGCLS_OK;
    size_t i;
    for (i = 0; status == IMGCLS_OK && i < run->output_count; i++) {
        const size_t k = i - scan->states;
        if (i < scan->states)
            status = rounds_give_state(host, run, &scan->rounds, i, run->inputs[i], i);
        else
            status = rounds_give_collected(
                host, run, &scan->rounds, k, i,
                scan_option(host, run->node, "scan_output_axes", k),
                scan_option(host, run->node, "scan_output_directions", k) != 0);
    }
    return status;
}

static imgcls_status scan_portable(const struct imgcls_host *host,
                                   const struct imgcls_run *run)
{
    struct scan scan = {0};
    int64_t round;
    imgcls_status status = scan_count(host, run->node, 0, &scan.scanned);
    if (status != IMGCLS_OK)
        return status;
    scan.states = run->input_count - scan.scanned;
    status = rounds_begin(host, run, run->input_count, scan.states, 0, &scan.rounds);
    scan.axes = host->alloc(host, scan.scanned, sizeof *scan.axes);
    scan.slices = host->alloc(host, scan.scanned, sizeof *scan.slices);
    if (status == IMGCLS_OK && (!scan.axes || !scan.slices))
        status = IMGCLS_NO_MEMORY;
    if (status == IMGCLS_OK)
        status = measure(host, run, &scan);
    for (round = 0; status == IMGCLS_OK && round < scan.length; round++)
        status = one_round(host, run, &scan, round);
    if (status == IMGCLS_OK)
        status = give(host, run, &scan);
    rounds_end(host, &scan.rounds);
    host->release(host, scan.slices);
    host->release(host, scan.axes);
    return status;
}

static const struct imgcls_kernel scan_kernel =
    OP_KERNEL("scan_portable", control_accepts, scan_portable);

const struct imgcls_op scan_op =
    OP_ENTRY("Scan", 9, IMGCLS_TRAIT_SUBGRAPH, scan_infer, NULL, &scan_kernel);

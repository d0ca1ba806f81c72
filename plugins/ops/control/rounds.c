/*
 * plugins/ops/control/rounds.c - a body run again and again: state, and what is collected
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "control.h"

imgcls_status rounds_begin(const struct imgcls_host *host, const struct imgcls_run *run,
                           size_t input_count, size_t state_count, size_t skipped,
                           struct rounds *rounds)
{
    imgcls_status status;
    size_t wanted;
    memset(rounds, 0, sizeof *rounds);
    status = pieces_graph(host, run->node, "body", &rounds->body);
    if (status != IMGCLS_OK)
        return status;
    rounds->input_count = pieces_graph_inputs(host, rounds->body);
    rounds->output_count = pieces_graph_outputs(host, rounds->body);
    rounds->state_count = state_count;
    rounds->skipped = skipped;
    wanted = skipped + run->output_count;
    if (rounds->input_count != input_count)
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                       "the body has %zu inputs, the node feeds it %zu",
                       rounds->input_count, input_count);
    if (rounds->output_count < skipped + state_count || rounds->output_count < wanted)
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                       "the body has %zu outputs, the node needs %zu", rounds->output_count,
                       wanted > skipped + state_count ? wanted : skipped + state_count);
    rounds->collected_count = rounds->output_count - skipped - state_count;
    rounds->inputs = host->alloc(host, rounds->input_count + 1, sizeof *rounds->inputs);
    rounds->outputs = host->alloc(host, rounds->output_count + 1, sizeof *rounds->outputs);
    rounds->state = host->alloc(host, state_count + 1, sizeof *rounds->state);
    rounds->collected =
        host->alloc(host, rounds->collected_count + 1, sizeof *rounds->collected);
    return rounds->inputs && rounds->outputs && rounds->state && rounds->collected
               ? IMGCLS_OK
               : IMGCLS_NO_MEMORY;
}

static void drop_outputs(const struct imgcls_host *host, struct rounds *rounds)
{
    size_t i;
    for (i = 0; rounds->outputs && i < rounds->output_count; i++) {
        host->value_release(host, rounds->outputs[i]);
        rounds->outputs[i] = NULL;
    }
}

imgcls_status rounds_step(const struct imgcls_host *host, const struct imgcls_run *run,
                          struct rounds *rounds)
{
    const size_t first = rounds->skipped + rounds->state_count;
    imgcls_status status;
    size_t i;
    drop_outputs(host, rounds);
    status = host->run_graph(host, run, rounds->body, rounds->input_count, rounds->inputs,
                             rounds->output_count, rounds->outputs);
    for (i = 0; status == IMGCLS_OK && i < rounds->state_count; i++) {
        host->value_release(host, rounds->state[i]);
        rounds->state[i] = rounds->outputs[rounds->skipped + i];
        rounds->outputs[rounds->skipped + i] = NULL;
    }
    for (i = 0; status == IMGCLS_OK && i < rounds->collected_count; i++) {
        status = pieces_add(host, &rounds->collected[i], rounds->outputs[first + i]);
        if (status == IMGCLS_OK)
            rounds->outputs[first + i] = NULL;
    }
    return status;
}

imgcls_status rounds_give_state(const struct imgcls_host *host,
                                const struct imgcls_run *run, const struct rounds *rounds,
                                size_t state, const struct imgcls_value *initial,
                                size_t index)
{
    const struct imgcls_value *value =
        rounds->state[state] ? rounds->state[state] : initial;
    if (!value)
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "state %zu has no first value",
                       state);
    return host->run_copy(host, run, index, value);
}

imgcls_status rounds_give_collected(const struct imgcls_host *host,
                                    const struct imgcls_run *run,
                                    const struct rounds *rounds, size_t collected,
                                    size_t index, int64_t axis, bool reverse)
{
    const struct pieces *list = &rounds->collected[collected];
    const struct imgcls_value_info *info;
    int64_t dims[IMGCLS_MAX_RANK + 1] = {0};
    int32_t rank, place, d, from = 0;
    imgcls_status status;
    if (list->count > 0)
        return pieces_join(host, run, index, list->count,
                           (const struct imgcls_value *const *)list->values, axis, true,
                           reverse);
    info = host->graph_output_at(host, rounds->body,
                                 rounds->skipped + rounds->state_count + collected);
    if (!info || info->type == IMGCLS_UNDEFINED)
        return OP_FAIL(
            host, run->node, IMGCLS_UNSUPPORTED,
            "there is no round, and the body does not declare the type of output "
            "%zu",
            rounds->skipped + rounds->state_count + collected);
    rank = (info->rank < 0 ? 0 : info->rank) + 1;
    if (rank > IMGCLS_MAX_RANK)
        return OP_FAIL(host, run->node, IMGCLS_UNSUPPORTED, "more than %d dimensions",
                       IMGCLS_MAX_RANK);
    status = op_axis(host, run->node, axis, rank, &place);
    for (d = 0; d < rank; d++)
        if (d != place) {
            dims[d] = info->dims[from] < 0 ? 0 : info->dims[from];
            from++;
        }
    return status == IMGCLS_OK ? op_set_output(host, run, index, info->type, rank, dims)
                               : status;
}

void rounds_end(const struct imgcls_host *host, struct rounds *rounds)
{
    size_t i;
    drop_outputs(host, rounds);
    for (i = 0; rounds->state && i < rounds->state_count; i++)
        host->value_release(host, rounds->state[i]);
    for (i = 0; rounds->collected && i < rounds->collected_count; i++)
        pieces_clear(host, &rounds->collected[i]);
    host->release(host, rounds->collected);
    host->release(host, rounds->state);
    host->release(host, rounds->outputs);
    host->release(host, (void *)rounds->inputs);
}

imgcls_status control_infer(const struct imgcls_host *host, struct imgcls_infer *infer,
                            size_t index, const struct imgcls_value_info *declared,
                            const struct imgcls_value_info *initial)
{
    int32_t kind = declared ? declared->kind : IMGCLS_KIND_TENSOR;
    int32_t type = declared ? declared->type : IMGCLS_UNDEFINED;
    if (type == IMGCLS_UNDEFINED && initial) {
        kind = initial->kind;
        type = initial->type;
    }
    if (kind != IMGCLS_KIND_TENSOR)
        return host->infer_kind(host, infer, index, kind, type);
    return op_infer_open(host, infer, index, type, -1);
}

imgcls_status control_infer_body(const struct imgcls_host *host, struct imgcls_infer *infer,
                                 size_t first, size_t state_count, size_t skipped)
{
    const struct imgcls_node *node = infer->node;
    const struct imgcls_graph *body;
    imgcls_status status = pieces_graph(host, node, "body", &body);
    size_t i;
    for (i = 0; status == IMGCLS_OK && i < node->output_count; i++) {
        const struct imgcls_value_info *out =
            host->graph_output_at(host, body, skipped + i);
        if (!out)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "the body has no output %zu",
                           skipped + i);
        status = control_infer(host, infer, i, out,
                               i < state_count ? op_in(node, first + i) : NULL);
    }
    return status;
}

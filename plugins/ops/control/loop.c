/*
 * plugins/ops/control/loop.c - Loop: a body, as often as a number and a condition say
 *
 * Either may be absent. A loop that goes on past the host's limit on rounds ends there with
 * IMGCLS_LIMIT: whether a body ever says "enough" cannot be known before.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "control.h"

#define FIXED 2 /* inputs before the state: number and condition, in node and body */

static imgcls_status loop_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const size_t count = infer->node->input_count;
    return control_infer_body(host, infer, FIXED, count > FIXED ? count - FIXED : 0, 1);
}

/* One bool, true where it is omitted. */
static imgcls_status read_condition(const struct imgcls_host *host,
                                    const struct imgcls_node *node,
                                    const struct imgcls_value *value, bool *out)
{
    const struct imgcls_tensor *tensor = value ? value->tensor : NULL;
    *out = true;
    if (!value)
        return IMGCLS_OK;
    if (!tensor || tensor->type != IMGCLS_BOOL || op_count(tensor) != 1)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "the condition must be one bool");
    *out = *(const uint8_t *)tensor->data != 0;
    return IMGCLS_OK;
}

static imgcls_status read_trips(const struct imgcls_host *host,
                                const struct imgcls_run *run, int64_t *out)
{
    const struct imgcls_tensor *tensor = imgcls_input(run, 0);
    *out = INT64_MAX;
    if (!tensor)
        return IMGCLS_OK;
    if (tensor->type != IMGCLS_I64 || op_count(tensor) != 1)
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                       "the trip count must be one int64");
    *out = *(const int64_t *)tensor->data;
    return IMGCLS_OK;
}

/* Inputs of a round: its number, the condition, and the state. */
static imgcls_status set_inputs(const struct imgcls_host *host,
                                const struct imgcls_run *run, struct rounds *rounds,
                                const struct imgcls_value *number,
                                const struct imgcls_value *condition)
{
    size_t i;
    rounds->inputs[0] = number;
    rounds->inputs[1] = condition;
    for (i = 0; i < rounds->state_count; i++) {
        rounds->inputs[FIXED + i] =
            rounds->state[i] ? rounds->state[i] : run->inputs[FIXED + i];
        if (!rounds->inputs[FIXED + i])
            return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "input %zu is missing",
                           FIXED + i);
    }
    return IMGCLS_OK;
}

/* While the number and the condition say so. number and condition are values of ours. */
static imgcls_status turn(const struct imgcls_host *host, const struct imgcls_run *run,
                          struct rounds *rounds, struct imgcls_value *number,
                          struct imgcls_value *condition)
{
    const int64_t limit = host->iteration_limit(host);
    int64_t trips, round;
    bool on = true;
    imgcls_status status = read_trips(host, run, &trips);
    if (status == IMGCLS_OK)
        status = read_condition(host, run->node,
                                run->input_count > 1 ? run->inputs[1] : NULL, &on);
    for (round = 0; status == IMGCLS_OK && on && round < trips; round++) {
        if (round >= limit)
            return OP_FAIL(
                host, run->node, IMGCLS_LIMIT,
                "still going after %lld iterations; --max-iterations allows more",
                (long long)limit);
        *(int64_t *)number->tensor->data = round;
        *(uint8_t *)condition->tensor->data = 1;
        status = set_inputs(host, run, rounds, number, condition);
        if (status == IMGCLS_OK)
            status = rounds_step(host, run, rounds);
        if (status == IMGCLS_OK)
            status = read_condition(host, run->node, rounds->outputs[0], &on);
    }
    return status;
}

static imgcls_status give(const struct imgcls_host *host, const struct imgcls_run *run,
                          const struct rounds *rounds)
{
    imgcls_status status = IMGCLS_OK;
    size_t i;
    for (i = 0; status == IMGCLS_OK && i < run->output_count; i++)
        status = i < rounds->state_count
                     ? rounds_give_state(host, run, rounds, i, run->inputs[FIXED + i], i)
                     : rounds_give_collected(host, run, rounds, i - rounds->state_count, i,
                                             0, false);
    return status;
}

static imgcls_status loop_portable(const struct imgcls_host *host,
                                   const struct imgcls_run *run)
{
    const size_t states = run->input_count > FIXED ? run->input_count - FIXED : 0;
    struct imgcls_value *number = NULL, *condition = NULL;
    struct rounds rounds;
    imgcls_status status = rounds_begin(host, run, FIXED + states, states, 1, &rounds);
    if (status == IMGCLS_OK)
        status = host->value_tensor(host, IMGCLS_I64, 0, NULL, &number);
    if (status == IMGCLS_OK)
        status = host->value_tensor(host, IMGCLS_BOOL, 0, NULL, &condition);
    if (status == IMGCLS_OK)
        status = turn(host, run, &rounds, number, condition);
    if (status == IMGCLS_OK)
        status = give(host, run, &rounds);
    host->value_release(host, number);
    host->value_release(host, condition);
    rounds_end(host, &rounds);
    return status;
}

static const struct imgcls_kernel loop_kernel =
    OP_KERNEL("loop_portable", control_accepts, loop_portable);

const struct imgcls_op loop_op =
    OP_ENTRY("Loop", 1, IMGCLS_TRAIT_SUBGRAPH, loop_infer, NULL, &loop_kernel);

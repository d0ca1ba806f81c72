/*
 * plugins/ops/attention/causal_conv.c - CausalConvWithState: each channel filtered over
 * time, looking back only, with the last inputs carried from call to call
 *
 * A channel is laid out as double, state first, then input. The new state is its end.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "attend.h"
#include "attention.h"
#include "plugins/ops/number.h"

enum { X, W, BIAS, STATE, INPUTS };

struct job {
    const struct imgcls_tensor *in[INPUTS];
    struct imgcls_tensor *out, *state;
    int64_t channels, length, taps;
    bool silu;
    int32_t type;
    double *rows; /* per thread: padded channel, taps, result */
    int64_t row_size;
};

static void filter_channels(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct job *job = argument;
    const int64_t past = job->taps - 1;
    double *padded = job->rows + thread * job->row_size,
           *taps = padded + past + job->length, *result = taps + job->taps, bias = 0;
    int64_t i, t;
    for (i = begin; i < end; i++) {
        const int64_t c = i % job->channels;
        memset(padded, 0, (size_t)past * sizeof *padded);
        if (job->in[STATE])
            number_read_reals(job->type, job->in[STATE]->data, i * past, past, padded);
        number_read_reals(job->type, job->in[X]->data, i * job->length, job->length,
                          padded + past);
        number_read_reals(job->type, job->in[W]->data, c * job->taps, job->taps, taps);
        if (job->in[BIAS])
            number_read_reals(job->type, job->in[BIAS]->data, c, 1, &bias);
        for (t = 0; t < job->length; t++)
            result[t] = bias + attend_dot(padded + t, taps, job->taps);
        attend_round(job->type, result, job->length);
        for (t = 0; job->silu && t < job->length; t++)
            result[t] = result[t] / (1 + exp(-result[t]));
        if (job->out)
            number_write_reals(job->type, job->out->data, i * job->length, job->length,
                               result, 0);
        if (job->state)
            number_write_reals(job->type, job->state->data, i * past, past,
                               padded + job->length, 0);
    }
}

/* Dimensions from infos or tensors, contradictions found; taps -1 where not known. */
static imgcls_status check(const struct imgcls_host *host, const struct imgcls_node *node,
                           const struct attend_form *forms, int64_t *taps)
{
    static const char *const names[] = {"input", "weight", "bias", "past_state"};
    static const int32_t ranks[] = {3, 3, 1, 3};
    const struct attend_form *x = &forms[X], *w = &forms[W], *state = &forms[STATE];
    imgcls_status status;
    int i;
    *taps = -1;
    for (i = 0; i < INPUTS; i++)
        if (forms[i].present && forms[i].rank >= 0 && forms[i].rank != ranks[i])
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%s has %d dimensions, not %d",
                           names[i], forms[i].rank, ranks[i]);
    if (x->rank < 0 || w->rank < 0)
        return IMGCLS_OK;
    *taps = w->dims[2];
    if (*taps == 0 || (w->dims[1] >= 0 && w->dims[1] != 1))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "weight must be [channels,1,k] with k of at least 1");
    status =
        attend_same(host, node, "channels of input and weight", x->dims[1], w->dims[0]);
    if (status == IMGCLS_OK && forms[BIAS].present && forms[BIAS].rank >= 0)
        status = attend_same(host, node, "channels of input and bias", x->dims[1],
                             forms[BIAS].dims[0]);
    if (status != IMGCLS_OK || !state->present || state->rank < 0)
        return status;
    status = attend_same(host, node, "batches of input and past_state", x->dims[0],
                         state->dims[0]);
    if (status == IMGCLS_OK)
        status = attend_same(host, node, "channels of input and past_state", x->dims[1],
                             state->dims[1]);
    if (status == IMGCLS_OK && *taps > 0)
        status = attend_same(host, node, "k - 1 and the length of past_state", *taps - 1,
                             state->dims[2]);
    return status;
}

static imgcls_status infer(const struct imgcls_host *host, struct imgcls_infer *infer_)
{
    const struct imgcls_node *node = infer_->node;
    struct attend_form forms[INPUTS];
    int64_t taps;
    imgcls_status status;
    size_t i;
    if (!op_in(node, X) || !op_in(node, W))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "input and weight are needed");
    for (i = 0; i < INPUTS; i++)
        forms[i] = attend_form_of_info(node, i);
    status = check(host, node, forms, &taps);
    if (status == IMGCLS_OK)
        status = host->infer_like(host, infer_, 0, X);
    if (status != IMGCLS_OK || !op_has_output(node, 1))
        return status;
    if (forms[X].rank != 3)
        return op_infer_open(host, infer_, 1, node->inputs[X]->type, 3);
    return op_infer_shape(
        host, infer_, 1, node->inputs[X]->type, 3,
        (const int64_t[]){forms[X].dims[0], forms[X].dims[1], taps < 0 ? -1 : taps - 1});
}

static imgcls_status read_activation(const struct imgcls_host *host,
                                     const struct imgcls_node *node, bool *silu)
{
    const char *name = host->attr_string(host, node, "activation", "none");
    *silu = strcmp(name, "silu") == 0 || strcmp(name, "swish") == 0;
    if (*silu || strcmp(name, "none") == 0)
        return IMGCLS_OK;
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                   "activation '%s' is not silu, swish or none", name);
}

static imgcls_status set_up(const struct imgcls_host *host, const struct imgcls_run *run,
                            struct job *job)
{
    struct attend_form forms[INPUTS];
    const int64_t *dims;
    imgcls_status status;
    size_t i;
    for (i = 0; i < INPUTS; i++) {
        forms[i] = attend_form_of_tensor(run, i);
        job->in[i] = imgcls_input(run, i);
    }
    dims = job->in[X]->dims;
    job->type = job->in[X]->type;
    status = check(host, run->node, forms, &job->taps);
    if (status == IMGCLS_OK)
        status = read_activation(host, run->node, &job->silu);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, job->type, 3, dims);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 1, job->type, 3,
                               (const int64_t[]){dims[0], dims[1], job->taps - 1});
    job->channels = dims[1];
    job->length = dims[2];
    job->out = imgcls_output(run, 0);
    job->state = imgcls_output(run, 1);
    return status;
}

static imgcls_status run_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    struct job job = {.taps = 0};
    int64_t count;
    imgcls_status status = set_up(host, run, &job);
    if (status != IMGCLS_OK)
        return status;
    count = job.in[X]->dims[0] * job.channels;
    if (count == 0)
        return IMGCLS_OK;
    job.row_size = 2 * (job.taps + job.length);
    job.rows =
        host->alloc(host, (size_t)run->threads, (size_t)job.row_size * sizeof *job.rows);
    if (!job.rows)
        return IMGCLS_NO_MEMORY;
    host->parallel_for(host, run, count, 16, filter_channels, &job);
    host->release(host, job.rows);
    return IMGCLS_OK;
}

static int32_t accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    size_t i;
    (void)host;
    if (!op_takes(node, X, ATTEND_FLOATS) || !op_in(node, W))
        return 0;
    for (i = W; i < INPUTS; i++)
        if (op_in(node, i) && node->inputs[i]->type != node->inputs[X]->type)
            return 0;
    return op_is_plain(node);
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("causal_conv_with_state_portable", accepts, run_portable);
const struct imgcls_op causal_conv_op =
    OP_ENTRY("CausalConvWithState", 27, 0, infer, NULL, &kernel);

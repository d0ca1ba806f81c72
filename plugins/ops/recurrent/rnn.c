/*
 * plugins/ops/recurrent/rnn.c - RNN: hidden = f(W x + R hidden + biases)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "recurrent.h"

static void step(const struct recurrent_step *s)
{
    double *sum = s->gates, *again = s->gates + s->size;
    int64_t i;
    recurrent_product(s->w, s->w_bias, s->x, s->size, s->inputs, sum);
    recurrent_product(s->r, s->r_bias, s->hidden, s->size, s->size, again);
    for (i = 0; i < s->size; i++)
        s->hidden[i] = sum[i] + again[i];
    activation_apply(&s->activations[0], s->clip, s->hidden, s->size);
}

static const char *const defaults[] = {"Tanh"};
static const struct recurrent_kind rnn = {
    .gates = 1,
    .activations = 1,
    .defaults = defaults,
    .step = step,
};

static imgcls_status infer(const struct imgcls_host *host, struct imgcls_infer *infer_)
{
    return recurrent_infer(host, infer_, &rnn);
}
static imgcls_status run_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    return recurrent_run(host, run, &rnn);
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("rnn_portable", recurrent_accepts, run_portable);
const struct imgcls_op rnn_op = OP_ENTRY("RNN", 1, 0, infer, recurrent_upgrade, &kernel);

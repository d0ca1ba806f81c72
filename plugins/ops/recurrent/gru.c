/*
 * plugins/ops/recurrent/gru.c - GRU: update gate z, reset gate r, candidate h, in this
 * order in all weights
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "recurrent.h"

enum { UPDATE, RESET, CANDIDATE, GATES };

static void step(const struct recurrent_step *s)
{
    const int64_t n = s->size;
    double *x = s->gates, *h = s->gates + GATES * n;
    double *update = x, *reset = x + RESET * n, *candidate = x + CANDIDATE * n;
    double *again = h + CANDIDATE * n;
    int64_t i;
    recurrent_product(s->w, s->w_bias, s->x, GATES * n, s->inputs, x);
    recurrent_product(s->r, s->r_bias, s->hidden, CANDIDATE * n, n, h);
    for (i = 0; i < CANDIDATE * n; i++)
        x[i] += h[i];
    activation_apply(&s->activations[0], s->clip, x, CANDIDATE * n);
    if (s->flag) { /* the reset gate after the product */
        recurrent_product(s->r + CANDIDATE * n * n, s->r_bias + CANDIDATE * n, s->hidden, n,
                          n, again);
        for (i = 0; i < n; i++)
            candidate[i] += reset[i] * again[i];
    } else {
        for (i = 0; i < n; i++)
            h[i] = reset[i] * s->hidden[i];
        recurrent_product(s->r + CANDIDATE * n * n, s->r_bias + CANDIDATE * n, h, n, n,
                          again);
        for (i = 0; i < n; i++)
            candidate[i] += again[i];
    }
    activation_apply(&s->activations[1], s->clip, candidate, n);
    for (i = 0; i < n; i++)
        s->hidden[i] = (1 - update[i]) * candidate[i] + update[i] * s->hidden[i];
}

static const char *const defaults[] = {"Sigmoid", "Tanh"};
static const struct recurrent_kind gru = {
    .gates = GATES,
    .activations = 2,
    .defaults = defaults,
    .flag = "linear_before_reset",
    .step = step,
};

static imgcls_status infer(const struct imgcls_host *host, struct imgcls_infer *infer_)
{
    return recurrent_infer(host, infer_, &gru);
}
static imgcls_status run_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    return recurrent_run(host, run, &gru);
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("gru_portable", recurrent_accepts, run_portable);
const struct imgcls_op gru_op = OP_ENTRY("GRU", 1, 0, infer, recurrent_upgrade, &kernel);

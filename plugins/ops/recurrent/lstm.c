/*
 * plugins/ops/recurrent/lstm.c - LSTM: gates i, o, f and candidate c, in this order in all
 * weights; peepholes i, o, f
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/sets.h"
#include "recurrent.h"

enum { INPUT, OUTPUT, FORGET, CANDIDATE, GATES };

static void peep(const struct recurrent_step *s, int gate, double *values)
{
    int64_t i;
    for (i = 0; i < s->size; i++)
        values[i] += s->peepholes[gate * s->size + i] * s->cell[i];
    activation_apply(&s->activations[0], s->clip, values, s->size);
}

static void step(const struct recurrent_step *s)
{
    const int64_t n = s->size;
    double *x = s->gates, *h = s->gates + GATES * n;
    double *input = x, *output = x + OUTPUT * n, *forget = x + FORGET * n;
    double *candidate = x + CANDIDATE * n;
    int64_t i;
    recurrent_product(s->w, s->w_bias, s->x, GATES * n, s->inputs, x);
    recurrent_product(s->r, s->r_bias, s->hidden, GATES * n, n, h);
    for (i = 0; i < GATES * n; i++)
        x[i] += h[i];
    peep(s, INPUT, input);
    peep(s, FORGET, forget);
    for (i = 0; s->flag && i < n; i++) /* coupled: what is not let in is kept */
        forget[i] = 1 - input[i];
    activation_apply(&s->activations[1], s->clip, candidate, n);
    for (i = 0; i < n; i++)
        s->cell[i] = forget[i] * s->cell[i] + input[i] * candidate[i];
    peep(s, OUTPUT, output);
    memcpy(s->hidden, s->cell, (size_t)n * sizeof *s->hidden);
    activation_apply(&s->activations[2], s->clip, s->hidden, n);
    for (i = 0; i < n; i++)
        s->hidden[i] *= output[i];
}

static const char *const defaults[] = {"Sigmoid", "Tanh", "Tanh"};
const struct recurrent_kind lstm_kind = {
    .gates = GATES,
    .activations = 3,
    .defaults = defaults,
    .flag = "input_forget",
    .step = step,
};

static imgcls_status infer(const struct imgcls_host *host, struct imgcls_infer *infer_)
{
    return recurrent_infer(host, infer_, &lstm_kind);
}
static imgcls_status run_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    return recurrent_run(host, run, &lstm_kind);
}

/* Which of the two ways computes a node hangs on the node alone, as their bits differ. */
static int32_t accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    struct recurrent_extent extent;
    return recurrent_accepts(host, node) && !lstm_f32_takes(host, node, &extent);
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("lstm_portable", accepts, run_portable);
const struct imgcls_op lstm_op =
    OP_ENTRY("LSTM", 1, 0, infer, recurrent_upgrade, &kernel,
             &lstm_f32_portable WITH_AVX2(, &lstm_f32_avx2) WITH_AVX512(, &lstm_f32_avx512)
                 WITH_NEON(, &lstm_f32_neon));

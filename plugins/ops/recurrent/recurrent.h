/*
 * plugins/ops/recurrent/recurrent.h - what RNN, GRU and LSTM share: shapes, directions,
 * sequences
 *
 * A direction of one sequence of the batch is one job: it walks the steps that the sequence
 * has, forwards or backwards, and keeps hidden (and cell) state in double. A cell says how
 * one step changes the state. Weights are converted to double once a run.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_RECURRENT_RECURRENT_H
#define OPS_RECURRENT_RECURRENT_H

#include "activation.h"

/* Inputs and outputs; RNN and GRU have no cell state and no peepholes. */
enum { R_X, R_W, R_R, R_B, R_LENGTHS, R_HIDDEN, R_CELL, R_PEEPHOLES, R_INPUTS };
enum { R_Y, R_Y_HIDDEN, R_Y_CELL, R_OUTPUTS };

/* What a step reads: weights of one direction, rows [gates * hidden]. */
struct recurrent_step {
    const double *w, *r;           /* [gates * hidden, inputs], [gates * hidden, hidden] */
    const double *w_bias, *r_bias; /* [gates * hidden]; zeros where B is omitted */
    const double *peepholes;       /* [3 * hidden] i, o, f; zeros where omitted */
    const struct activation *activations; /* of this direction */
    const double *x;                      /* [inputs] */
    double *hidden, *cell;                /* state, changed in place */
    double *gates;                        /* room for [2 * gates * hidden] */
    int64_t inputs, size;                 /* size: of the hidden state */
    double clip;
    bool flag; /* GRU: linear_before_reset; LSTM: input_forget */
};

/* Sizes, negative where not known, and how they lie. */
struct recurrent_extent {
    int64_t steps, batch, inputs, size, directions;
    bool batch_first; /* layout 1 */
    bool reverse;     /* the one direction there is goes backward */
};

/* One kind of network. */
struct recurrent_kind {
    int64_t gates;
    size_t activations; /* per direction */
    const char *const *defaults;
    const char *flag; /* attribute, or NULL */
    void (*step)(const struct recurrent_step *step);
};

/* out[i] = bias[i] + sum of rows[i][] * x[], for i below count */
void recurrent_product(const double *rows, const double *bias, const double *x,
                       int64_t count, int64_t width, double *out);

/* Where a direction's row of Y is, in elements; likewise of the states. */
int64_t recurrent_at_step(const struct recurrent_extent *e, int64_t t, int64_t d, int64_t b);
int64_t recurrent_at_state(const struct recurrent_extent *e, int64_t d, int64_t b);

/* From what is known of a node's inputs. */
imgcls_status recurrent_extent_of(const struct imgcls_host *host,
                                  const struct imgcls_node *node,
                                  const struct recurrent_kind *kind,
                                  struct recurrent_extent *extent);
imgcls_status recurrent_infer(const struct imgcls_host *host, struct imgcls_infer *infer,
                              const struct recurrent_kind *kind);
imgcls_status recurrent_run(const struct imgcls_host *host, const struct imgcls_run *run,
                            const struct recurrent_kind *kind);
int32_t recurrent_accepts(const struct imgcls_host *host, const struct imgcls_node *node);
/* Before operator set 7 outputs could be asked for by an attribute. */
imgcls_status recurrent_upgrade(const struct imgcls_host *host, struct imgcls_graph *graph,
                                struct imgcls_node *node);

/* LSTM in float32 (lstm_f32.c): whether it computes a node, and its kernels, one a set. */
bool lstm_f32_takes(const struct imgcls_host *host, const struct imgcls_node *node,
                    struct recurrent_extent *extent);
extern const struct recurrent_kind lstm_kind;
extern const struct imgcls_kernel lstm_f32_portable, lstm_f32_avx2, lstm_f32_avx512,
    lstm_f32_neon;

extern const struct imgcls_op rnn_op, gru_op, lstm_op;

#endif

/*
 * plugins/ops/recurrent/activation.h - the activation functions of gates, by name
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_RECURRENT_ACTIVATION_H
#define OPS_RECURRENT_ACTIVATION_H

#include "plugins/ops/op.h"

#define ACTIVATION_MOST 6 /* LSTM in both directions */

struct activation {
    double (*apply)(double x, double alpha, double beta);
    double alpha, beta;
};

/* The node's activations, or `defaults` repeated: `count` of them. alpha and beta are
 * taken in order by the functions that use them where the lists are shorter than the
 * functions, by position where they are as long. */
imgcls_status activation_read(const struct imgcls_host *host,
                              const struct imgcls_node *node, const char *const *defaults,
                              size_t each, size_t count, struct activation *out);

/* In place, clipped to [-clip, clip] before where clip > 0. */
void activation_apply(const struct activation *activation, double clip, double *values,
                      int64_t count);

#endif

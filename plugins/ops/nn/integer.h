/*
 * plugins/ops/nn/integer.h - matrix products of 32 and 64 bit integers, which wrap
 *
 * Gemm and MatMul allow them; no classifier is fast or slow by them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_NN_INTEGER_H
#define OPS_NN_INTEGER_H

#include "plugins/kernels/gemm.h"
#include "plugins/ops/op.h"

/* All values are plain, of one of the four types, and there are no epilogues. */
bool integer_accepts(const struct imgcls_node *node);
/* Runs a job of matrices (no window, nothing packed, alpha and beta 1). */
imgcls_status integer_run(const struct imgcls_host *host, const struct imgcls_run *run,
                          struct gemm_job *job);

#endif

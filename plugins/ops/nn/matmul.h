/*
 * plugins/ops/nn/matmul.h - what MatMul's kernels share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_NN_MATMUL_H
#define OPS_NN_MATMUL_H

#include "plugins/kernels/strassen.h"
#include "product.h"

/* The job of known shapes; false where they are not. */
bool matmul_known(const struct imgcls_host *host, const struct imgcls_node *node,
                  struct gemm_job *job);

/* Types and epilogues in order. */
bool matmul_accepts(const struct imgcls_node *node, int32_t type);

/* The job of a run, without its packing: b is NULL, and b_packed the state, where there is one. */
void matmul_fill(const struct imgcls_host *host, const struct imgcls_run *run,
                 struct gemm_job *job);

/* True where the product runs by Strassen's method, whose bits differ: a question of one image's
 * shape alone, and of B's being constant. Kernels of the direct sum refuse the node then. */
bool matmul_is_strassen(const struct imgcls_host *host, const struct imgcls_node *node);

/* Kernels of that method. */
#define MATMUL_STRASSEN(NAME, SET, ROWS, PANEL, RATE)                                      \
    extern const struct imgcls_kernel matmul_##NAME;
STRASSEN_FAMILY(MATMUL_STRASSEN)
#undef MATMUL_STRASSEN

#endif

/*
 * plugins/ops/nn/product.h - running a gemm job on the host's threads, epilogues included
 *
 * What Conv, Gemm and MatMul share between a node and plugins/kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_NN_PRODUCT_H
#define OPS_NN_PRODUCT_H

#include "plugins/kernels/dwconv.h"
#include "plugins/kernels/gemm.h"
#include "plugins/ops/op.h"

/* What every kernel of the family applies to its result. */
#define PRODUCT_EPILOGUES                                                                  \
    (IMGCLS_EPILOGUE_BIT(IMGCLS_EPILOGUE_ADD) |                                            \
     IMGCLS_EPILOGUE_BIT(IMGCLS_EPILOGUE_RELU) |                                           \
     IMGCLS_EPILOGUE_BIT(IMGCLS_EPILOGUE_CLIP) |                                           \
     IMGCLS_EPILOGUE_BIT(IMGCLS_EPILOGUE_HARDSWISH) |                                      \
     IMGCLS_EPILOGUE_BIT(IMGCLS_EPILOGUE_SILU) |                                           \
     IMGCLS_EPILOGUE_BIT(IMGCLS_EPILOGUE_GELU) |                                           \
     IMGCLS_EPILOGUE_BIT(IMGCLS_EPILOGUE_SIGMOID) |                                        \
     IMGCLS_EPILOGUE_BIT(IMGCLS_EPILOGUE_HARDSIGMOID) |                                    \
     IMGCLS_EPILOGUE_BIT(IMGCLS_EPILOGUE_TANH) | IMGCLS_EPILOGUE_BIT(IMGCLS_EPILOGUE_MUL))

/* And where the result's last dimension is the product's columns. */
#define PRODUCT_ROW_EPILOGUES                                                              \
    (PRODUCT_EPILOGUES | IMGCLS_EPILOGUE_BIT(IMGCLS_EPILOGUE_BIAS))

/* For accepts: all values are plain and of type `type`, and the node's epilogues are ones
 * that product_run applies. needed: inputs that must be there. */
bool product_accepts(const struct imgcls_node *node, int32_t type, size_t needed);

/* Input i is the operand of an epilogue and none of the operator's own. */
bool product_is_operand(const struct imgcls_node *node, size_t i);

/* imgcls_kernel.release for a state that is one allocation. */
void product_release(const struct imgcls_host *host, void *state);

/* Fills the job's steps from the node's epilogues. */
void product_steps(const struct imgcls_run *run, struct gemm_job *job);

/* Workspace of the GEMM kernels, all threads together. */
size_t product_workspace(int32_t threads);

/* Runs the job by `kernel`, tiled by gemm_grid (or dwconv_grid where `depthwise`); bytes is
 * one thread's workspace. */
imgcls_status product_run(const struct imgcls_host *host, const struct imgcls_run *run,
                          struct gemm_job *job, gemm_kernel *kernel, bool depthwise,
                          size_t bytes);

/* Estimated time of a job: macs on so many rows, by a kernel of tiles of GEMM_ROWS. */
double product_cost_avx2(double macs, int64_t rows);
double product_cost_portable(double macs);

/* float64 or float32 portable kernel. */
gemm_kernel *product_portable(int32_t type);

#endif

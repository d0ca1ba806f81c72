/*
 * plugins/ops/nn/product.h - running a gemm job on the host's threads, epilogues included
 *
 * What Conv, Gemm and MatMul share between a node and plugins/kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_NN_PRODUCT_H
#define OPS_NN_PRODUCT_H

#include "plugins/kernels/direct.h"
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

/* Whether the number is that of an epilogue without operand, which such a kernel applies, or 0, none:
 * what an attribute names as the end of a product within a node. */
bool product_is_step(int64_t kind);

/* Input i is the operand of an epilogue and none of the operator's own. */
bool product_is_operand(const struct imgcls_node *node, size_t i);

/* For writes_over of kernels that store an element once, finished: input i is the operand of a
 * step, has the result's shape, and nothing else. */
int32_t product_writes_over(const struct imgcls_node *node, size_t i);

/* imgcls_kernel.release for a state that is one allocation. */
void product_release(const struct imgcls_host *host, void *state);

/* Fills the job's steps from the node's epilogues. */
void product_steps(const struct imgcls_run *run, struct gemm_job *job);

/* A kernel as operators use it: its tiles, one thread's workspace (0: the job decides), and
 * how wide its panels of B are. */
struct product_kernel {
    gemm_kernel *run;
    int64_t (*grid)(struct gemm_job *job, int32_t threads);
    size_t (*workspace)(void);
    int64_t b_panel;
};
extern const struct product_kernel product_f32_portable, product_f64_portable;
/* Those of sets that were not compiled in are not defined. */
extern const struct product_kernel product_f32_avx2, product_depthwise_avx2,
    product_direct_avx2, product_direct_avx512, product_f32_neon, product_direct_neon;

/* Workspace of a kernel, all threads together. */
size_t product_workspace(const struct product_kernel *kernel, int32_t threads);

/* Packs `count` matrices of B (of constant data: job->b is set) into a state that
 * product_release frees; says so in `prepare`, and that input `input` is not read again.
 * Nothing happens where there is no element. */
imgcls_status product_pack_b(const struct imgcls_host *host, struct imgcls_prepare *prepare,
                             struct gemm_job *job, int64_t count, size_t input);

/* Runs the job; bytes is one thread's workspace. */
imgcls_status product_run(const struct imgcls_host *host, const struct imgcls_run *run,
                          struct gemm_job *job, const struct product_kernel *kernel,
                          size_t bytes);

/* Estimated nanoseconds of a job: macs on so many rows, by a kernel of tiles of GEMM_ROWS;
 * by a direct kernel, rows and columns of C, and the floats it gathers; by the portable one. */
double product_cost_packed(double macs, int64_t rows);
double product_cost_direct(const struct product_kernel *kernel, double macs, int64_t rows,
                           int64_t columns, double gathered);
double product_cost_portable(double macs);

/* float64 or float32 portable kernel. */
const struct product_kernel *product_portable(int32_t type);

#endif

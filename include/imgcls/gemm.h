/*
 * include/imgcls/gemm.h - packed matrix products as a service for plugins
 *
 * The products that Conv, Gemm and MatMul run on here, for anybody's operator:
 *
 *     const struct imgcls_gemm *gemm = host->service(host, IMGCLS_GEMM_NAME, 1);
 *
 * NULL means that no plugin offers it (ops-nn does). C = alpha * A B + bias in float32, A
 * m x k, B k x n, any strides. The order of every sum is fixed (plugins/kernels/README.md):
 * the bits of C depend neither on threads nor on the instruction set nor on packing.
 *
 * Use, from a kernel: prepare asks workspace_bytes for the scratch it must request, and
 * packs a constant B once; run calls multiply. All functions are thread-safe; none
 * allocates or keeps a pointer. All pointers are borrowed for the call. Pointers to
 * elements need the alignment of float, packed and workspace that of 64 bytes (host->alloc
 * and the workspace of a run have it). No argument is checked but for NULL and negative
 * sizes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IMGCLS_GEMM_H
#define IMGCLS_GEMM_H

#include <imgcls/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IMGCLS_GEMM_NAME    "imgcls.gemm"
#define IMGCLS_GEMM_VERSION 1

/* One product. Strides are in elements; element (i, j) of A is a[i * a_row + j * a_column].
 */
struct imgcls_gemm_call {
    size_t struct_size;
    int64_t m, n, k; /* >= 0; where k is 0 the product is 0 */
    const float *a;
    int64_t a_row, a_column;
    const float *b; /* not read where packed_b is given */
    int64_t b_row, b_column;
    const float *packed_b; /* from pack_b with the same k and n, or NULL */
    float *c; /* rows of n contiguous floats, c_row apart; overlaps no operand */
    int64_t c_row;
    float alpha; /* factor of the product; mind that 0 in it gives 0 */
    const float
        *bias; /* NULL, or element (i, j) at bias[i * bias_row + j * bias_column]; */
    int64_t bias_row, bias_column; /* 0 repeats it */
};

struct imgcls_gemm {
    size_t struct_size;
    /* Bytes of workspace that multiply needs on so many threads (imgcls_prepare.threads).
     */
    size_t (*workspace_bytes)(const struct imgcls_host *host, int32_t threads);
    /* Bytes of B packed; 0 where that does not fit size_t. */
    size_t (*packed_bytes)(const struct imgcls_host *host, int64_t k, int64_t n);
    /* Packs B, strided as in a call, into `packed` of packed_bytes. */
    imgcls_status (*pack_b)(const struct imgcls_host *host, int64_t k, int64_t n,
                            const float *b, int64_t b_row, int64_t b_column, float *packed);
    /* Computes on the threads of `run`, within a kernel's run. workspace: at least
     * workspace_bytes for run->threads, else IMGCLS_BAD_INPUT. */
    imgcls_status (*multiply)(const struct imgcls_host *host, const struct imgcls_run *run,
                              const struct imgcls_gemm_call *call, void *workspace,
                              size_t workspace_size);
};

#ifdef __cplusplus
}
#endif

#endif

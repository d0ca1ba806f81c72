/*
 * plugins/kernels/heads.h - attention of one head: softmax(scale q k' + addends) v
 *
 * For rows of q at a time the scores against all keys stand in the workspace, never in
 * memory that another row shares; so the softmax knows its whole row, and no chunk of keys
 * enters the meaning. q, k, v and the result are read and written by strides, in place.
 *
 * The order of sums. A score is the dot product of (q * q_scale) and (k * k_scale), both
 * rounded, along depth, as gemm.h sums: blocks of HEADS_BLOCK, each a chain of fused
 * multiply-adds from zero, block sums added in rising order. Then it is multiplied (or
 * divided) by scale, and the addends are added in turn. Powers e^(score - greatest), 0
 * where that is below -87 (exp_weight_f32), are summed in sixteen lanes as rows.h says. A result is the dot product of powers and v along
 * keys, in the same blocks, divided by that sum: one division a result, where a softmax on
 * its own has one a score. So the bits differ from those of separate nodes, and from
 * nothing else.
 *
 * Kernels allocate nothing, know no host and no threads, and check nothing.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_HEADS_H
#define KERNELS_HEADS_H

#include <stddef.h>
#include <stdint.h>

#include "plugins/kernels/sets.h"

#define HEADS_BLOCK       96 /* part of the meaning, as GEMM_K_BLOCK is */
#define HEADS_MAX_ADDENDS 4

/* Strides in elements, within one head. */
struct heads_strides {
    int64_t row, column;
};

struct heads_job {
    int64_t queries, keys, depth,
        width; /* q: queries x depth, k: keys x depth, v: keys x width */
    struct heads_strides q, k, v, y;
    double q_scale, k_scale, scale; /* numbers of the element type */
    int32_t divide;                 /* 1: scores are divided by scale */
    int32_t addend_count;
    struct heads_strides addends[HEADS_MAX_ADDENDS]; /* queries x keys; 0: repeated */
};

/* One head's first elements. */
struct heads_head {
    const void *q, *k, *v;
    const void *addends[HEADS_MAX_ADDENDS];
    void *y;
};

/* Bytes of workspace that one call of any kernel needs (aligned to 64); 0 where that is
 * past what can be counted. */
size_t heads_workspace(const struct heads_job *job, size_t element);

/* Rows [begin, end) of one head. */
typedef void heads_kernel(const struct heads_job *job, const struct heads_head *head,
                          int64_t begin, int64_t end, void *workspace);

#define HEADS_FAMILY(KERNEL)                                                               \
    KERNEL(heads_f32_portable, 0)                                                          \
    WITH_AVX2(KERNEL(heads_f32_avx2, IMGCLS_ISA_AVX2))                                     \
    WITH_AVX512(KERNEL(heads_f32_avx512, IMGCLS_ISA_AVX512))                               \
    WITH_NEON(KERNEL(heads_f32_neon, IMGCLS_ISA_NEON))

heads_kernel heads_f32_portable, heads_f64_portable, heads_f32_avx2, heads_f32_avx512,
    heads_f32_neon;

/* Rows that a vector kernel takes at a time; every row's keys and depth are rounded up. */
#define HEADS_TILE  24
#define HEADS_LANES 16

static inline int64_t heads_round_up(int64_t count)
{
    return (count + HEADS_LANES - 1) / HEADS_LANES * HEADS_LANES;
}

#endif

/*
 * plugins/ops/nn/pool.h - the loops of MaxPool, AveragePool and LpPool over planes
 *
 * One job for all; pool.body.h defines the loops once a type.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_NN_POOL_H
#define OPS_NN_POOL_H

#include "plugins/kernels/gemm.h"

struct pool_job {
    struct gemm_window window; /* channels unused */
    int64_t pad_end[3];
    const void *x;
    void *y;
    int64_t *indices;      /* NULL: not wanted */
    int64_t index_step[3]; /* what one step along a dimension adds to an index */
    int32_t include_pad;
    int32_t power; /* LpPool */
};

/* Planes begin..end (image and channel together). */
typedef void pool_planes(const struct pool_job *job, int64_t begin, int64_t end);

pool_planes max_pool_f32, max_pool_f64, max_pool_i8, max_pool_u8;
pool_planes average_pool_f32, average_pool_f64, lp_pool_f32, lp_pool_f64;

#endif

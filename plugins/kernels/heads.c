/*
 * plugins/kernels/heads.c - how much workspace attention of one head needs
 *
 * Vector kernels keep all keys of the head in panels of 16, a tile of scaled queries, the
 * tile's scores, 64 columns a row of unfinished results, and v in panels; the portable one a row
 * of scores.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/heads.h"

size_t heads_workspace(const struct heads_job *job, size_t element)
{
    size_t keys, depth, panels, scores, queries, values, sum;

    if (job->keys > INT64_MAX - HEADS_LANES || job->depth > INT64_MAX - HEADS_LANES)
        return 0;
    keys = (size_t)heads_round_up(job->keys);
    depth = (size_t)heads_round_up(job->depth);
    if (__builtin_mul_overflow(keys, depth, &panels) ||
        __builtin_mul_overflow(keys, (size_t)HEADS_TILE, &scores) ||
        __builtin_mul_overflow(depth, (size_t)HEADS_TILE, &queries) ||
        __builtin_add_overflow(panels, scores, &sum) ||
        __builtin_add_overflow(sum, queries, &sum) ||
        __builtin_add_overflow(sum, (size_t)(4 * HEADS_LANES * HEADS_TILE), &sum) ||
        job->width > INT64_MAX - HEADS_LANES ||
        __builtin_mul_overflow((size_t)job->keys, (size_t)heads_round_up(job->width), &values) ||
        __builtin_add_overflow(sum, values, &sum) ||
        __builtin_mul_overflow(sum, element, &sum))
        return 0;
    return sum;
}

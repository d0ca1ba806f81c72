/*
 * src/plan/offsets.h - places for blocks of bytes that live for a while
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_PLAN_OFFSETS_H
#define ICL_PLAN_OFFSETS_H

#include "src/context/context.h"

#define ICL_ARENA_ALIGNMENT 64

/* A block needed from step born to step last, both included. */
struct icl_interval {
    size_t bytes, born, last;
    size_t offset; /* out: a multiple of ICL_ARENA_ALIGNMENT */
};

/* Gives each interval an offset so that no two that live at one step overlap. *total is the
 * end of the last. */
imgcls_status icl_offsets_place(struct imgcls_context *ctx, struct icl_interval *intervals,
                                size_t count, size_t *total);

#endif

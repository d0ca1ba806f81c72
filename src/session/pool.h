/*
 * src/session/pool.h - threads that share the pieces of a loop
 *
 * A pool has threads - 1 workers; the caller is thread 0 and works along. Workers are
 * started at the first loop that has work for them, spin for some microseconds after a loop
 * and sleep then, so that an idle session costs nothing.
 *
 * One caller at a time. Loops are not nested.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_POOL_H
#define ICL_POOL_H

#include "src/context/context.h"

struct icl_pool;

/* threads >= 1; with 1 nothing is ever started. Own: icl_pool_destroy. */
imgcls_status icl_pool_create(struct imgcls_context *ctx, int32_t threads,
                              struct icl_pool **out);
/* Ends and joins the workers. NULL is fine. */
void icl_pool_destroy(struct icl_pool *pool);
int32_t icl_pool_threads(const struct icl_pool *pool);

/* Calls body for pieces of [0, count), each of at least `grain` indices but the last, with
 * thread numbers below `threads` (and below the pool's). Returns when all are done. Where
 * workers cannot be started the caller does all of it. pool may be NULL: alone. */
void icl_pool_run(struct icl_pool *pool, int32_t threads, int64_t count, int64_t grain,
                  void (*body)(void *argument, int64_t begin, int64_t end, int32_t thread),
                  void *argument);

#endif

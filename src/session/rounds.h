/*
 * src/session/rounds.h - a batch goes through a plan in micro-batches
 *
 * Inputs are handed over a piece at a time, outputs gathered in memory of their own; a part that
 * comes behind takes these for the whole batch.
 *
 * Private to src/session.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_ROUNDS_H
#define ICL_ROUNDS_H

#include "src/session/execute.h"

struct icl_rounds;

/* For an instance whose plan has several rounds; the part behind is made, too. */
imgcls_status icl_rounds_create(const struct icl_plan *plan, struct icl_pool *pool,
                                struct icl_rounds **out);
void icl_rounds_destroy(struct icl_rounds *rounds);

/* icl_instance_run for such an instance. */
imgcls_status icl_rounds_run(struct icl_instance *instance, char *arena, struct icl_pool *pool,
                             const struct imgcls_value *const *inputs,
                             const struct imgcls_value **outputs, icl_observe observe,
                             void *argument);

#endif

/*
 * src/session/session.h - a plan with threads and an arena, ready to run
 *
 * A session makes a plan for each new set of input shapes and keeps the last few. run
 * allocates nothing once a shape has been seen, unless shapes depend on data.
 * One thread at a time a session; sessions of one context may run on different threads, and over
 * the same plans (plans.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_SESSION_H
#define ICL_SESSION_H

#include "src/session/plans.h"

struct icl_session;

/* Called after each step, the index of icl_plan_step, with its values: of one micro-batch where
 * the plan has some, and so several times a run. May overwrite the outputs' elements (only with
 * keep_values). Returning other than OK ends the run with that. */
typedef imgcls_status (*icl_observe)(void *argument, size_t index, const struct imgcls_node *node,
                                     const char *kernel,
                                     const struct imgcls_value *const *inputs,
                                     struct imgcls_value *const *outputs, uint64_t time_ns);

/* The graph is borrowed and must outlive the session. */
imgcls_status icl_session_create(struct imgcls_context *ctx,
                                 const struct imgcls_graph *graph,
                                 const struct icl_plan_options *options,
                                 struct icl_session **out);
void icl_session_destroy(struct icl_session *session);
/* Uses another session's threads, which must outlive this one; for inner graphs, while the
 * other session waits. NULL: alone. */
struct icl_pool;
void icl_session_share_pool(struct icl_session *session, struct icl_pool *pool);
/* Takes its plans from there instead of making them; they must outlive the session, be of its graph
 * and for as many threads. Before the first run; not for one run (once). */
void icl_session_share_plans(struct icl_session *session, struct icl_plans *plans);
void icl_session_observe(struct icl_session *session, icl_observe observe, void *argument);

/* inputs: one a graph input, in order; row-major; type must match; NULL where the graph has
 * an initializer of that name. outputs: room for one a graph output; borrowed until the
 * next run. */
imgcls_status icl_session_run(struct icl_session *session,
                              const struct imgcls_value *const *inputs,
                              const struct imgcls_value **outputs);
/* With keep_values: a value of the last run by name, NULL where it was folded or fused. */
const struct imgcls_value *icl_session_value(const struct icl_session *session,
                                             const char *name);
/* The plan of the last run, or NULL. Borrowed. */
const struct icl_plan *icl_session_plan(const struct icl_session *session);
/* Makes the plan for shapes (see icl_plan_build) without running. */
imgcls_status icl_session_prepare(struct icl_session *session,
                                  const struct imgcls_tensor *shapes);

#endif

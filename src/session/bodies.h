/*
 * src/session/bodies.h - inner graphs of If, Loop and Scan, run as sessions
 *
 * Private to src/session.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BODIES_H
#define ICL_BODIES_H

#include "src/plan/plan.h"

struct icl_bodies;
struct icl_pool;
struct icl_run;

/* pool is borrowed. Own: icl_bodies_destroy (NULL is fine). */
imgcls_status icl_bodies_create(struct imgcls_context *ctx,
                                const struct icl_plan_options *options,
                                struct icl_pool *pool, struct icl_bodies **out);
void icl_bodies_destroy(struct icl_bodies *bodies);

/* Runs an inner graph of the node that `run` runs; see run_graph in imgcls/plugin.h. */
imgcls_status icl_bodies_run(struct icl_bodies *bodies, const struct icl_run *run,
                             const struct imgcls_graph *graph, size_t input_count,
                             const struct imgcls_value *const *inputs, size_t output_count,
                             struct imgcls_value **outputs);

/* A graph that stands alone: inner's nodes, with each value that it reads from around
 * itself as a further input, behind its own. *captures lists those values, in that order
 * (own: free). Own: icl_graph_destroy. */
imgcls_status icl_body_graph(const struct imgcls_graph *inner, struct imgcls_graph **out,
                             const struct icl_value ***captures, size_t *capture_count);

#endif

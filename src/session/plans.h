/*
 * src/session/plans.h - plans by input shapes, which sessions of one graph share
 *
 * A plan holds a copy of the weights as its kernels read them. Sessions that run side by side each
 * with a plan of its own would each pack that copy, keep it, and push the others' out of the cache
 * that the cores have in common.
 *
 * Thread-safe, but for create and destroy.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_PLANS_H
#define ICL_PLANS_H

#include "src/plan/plan.h"

#define ICL_PLANS_KEPT 4

struct icl_plans;

/* The graph is borrowed and must outlive the plans. options: of every plan; not for one run
 * (once). packers >= 1: threads that pack the weights of one plan. Own: icl_plans_destroy. */
imgcls_status icl_plans_create(struct imgcls_context *ctx, const struct imgcls_graph *graph,
                               const struct icl_plan_options *options, int32_t packers,
                               struct icl_plans **out);
/* Sessions that use one of the plans keep it. NULL is fine. */
void icl_plans_destroy(struct icl_plans *plans);

/* The plan for these shapes (one tensor an input, `reserved` its kind), made where it is not among
 * the ICL_PLANS_KEPT used last; whoever asks meanwhile waits. *out: retained, release it. */
imgcls_status icl_plans_find(struct icl_plans *plans, const struct imgcls_tensor *shapes,
                             struct icl_plan **out);

/* Whether both lists of `count` inputs ask for the same plan. */
bool icl_same_shapes(const struct imgcls_tensor *a, const struct imgcls_tensor *b, size_t count);

#endif

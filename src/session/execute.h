/*
 * src/session/execute.h - a plan bound to memory, and running its steps
 *
 * Private to src/session.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_EXECUTE_H
#define ICL_EXECUTE_H

#include "src/plan/step.h"
#include "src/session/bodies.h"
#include "src/session/host_run.h"
#include "src/session/pool.h"
#include "src/session/session.h"

struct icl_dynamic;
struct icl_rounds;

/*
 * One plan as one session runs it. values[s] is the present value of slot s: blanks[s] with
 * tensors[s] where the place is known, a value that was allocated for a HEAP slot, or the
 * caller's for a graph input that is no tensor.
 */
struct icl_instance {
    struct icl_plan *plan; /* own */
    size_t key_count;
    struct imgcls_tensor *key; /* shapes of the inputs that this plan is for */
    struct imgcls_value *blanks;
    struct imgcls_tensor *tensors;
    struct imgcls_value **values;
    const struct imgcls_value **inputs; /* of the step that runs */
    struct imgcls_value **outputs, **output_blanks;
    struct icl_dynamic **dynamics; /* by step, NULL where shapes are known */
    struct icl_bodies *bodies;     /* own; made where the plan has inner graphs */
    struct icl_rounds *rounds;     /* own; where the batch goes through in pieces (rounds.h) */
    const char *arena;             /* base that tensors point into */
    void *workspace;               /* own: of a plan for one run, whose arena has none */
    size_t workspace_bytes;
    bool spent;                    /* a plan for one run has been run */
    uint64_t used;                 /* when it ran last, for eviction */
};

/* Takes the plan over, also on failure. */
imgcls_status icl_instance_create(struct icl_plan *plan, struct icl_pool *pool,
                                  struct icl_instance **out);
void icl_instance_destroy(struct icl_instance *instance);

/* Runs the plan for the whole batch. arena has the arena_bytes of each of its parts; outputs:
 * room for one an output of the graph, borrowed until the next run. */
imgcls_status icl_instance_run(struct icl_instance *instance, char *arena,
                               struct icl_pool *pool,
                               const struct imgcls_value *const *inputs,
                               const struct imgcls_value **outputs, icl_observe observe,
                               void *argument);
/* The steps of one part once, for as many images as it takes; `first` is what the observer is
 * told of the first step. */
imgcls_status icl_instance_run_steps(struct icl_instance *instance, size_t first, char *arena,
                                     struct icl_pool *pool,
                                     const struct imgcls_value *const *inputs,
                                     const struct imgcls_value **outputs, icl_observe observe,
                                     void *argument);

/* -- dynamic.c: steps whose shapes are known only now -- */

imgcls_status icl_dynamic_create(struct imgcls_context *ctx, const struct icl_step *step,
                                 struct icl_dynamic **out);
void icl_dynamic_destroy(struct imgcls_context *ctx, struct icl_dynamic *dynamic);
/* Infers from the inputs in run, chooses a kernel, prepares it and fills in node, state and
 * workspace of run; outputs of open slots that are known by now are allocated. */
imgcls_status icl_dynamic_settle(struct icl_dynamic *dynamic, const struct icl_plan *plan,
                                 const struct icl_step *step, struct icl_run *run,
                                 const struct imgcls_kernel **kernel);

#endif

/*
 * src/plan/plan.h - a graph with concrete shapes becomes something that can run
 *
 * In: a graph. Out: an immutable plan: nodes in order with chosen kernels and their packed
 * state, an arena with an offset per value, everything that shapes alone decide computed
 * already. Any number of sessions may share it.
 *
 * How: clone, upgrade, fuse; then one walk in topological order that infers each node's
 * outputs and, where all inputs are constant (or only their shapes are read and known),
 * runs the portable kernel at once and keeps the result as a constant; then kernels are
 * chosen by accepts and cost; then liveness; then offsets. A node whose shapes depend on
 * data stays `dynamic`: at run time its shapes are inferred anew, a kernel is chosen and
 * its outputs are allocated outside the arena, and so for all that hangs on it.
 *
 * A batch may be more than the caches hold: then the plan is for a micro-batch, which sessions
 * run until all images are through, and what comes last may be a second plan, behind the first,
 * for the whole batch (parts.h). Steps are counted through both.
 *
 * Types: where no kernel accepts float16 or bfloat16, the node is computed in float32
 * between conversions, and a conversion back and forth between two such nodes is left out.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_PLAN_H
#define ICL_PLAN_H

#include "src/graph/graph.h"

struct icl_checks;
struct icl_plan;
struct icl_pool;

struct icl_plan_options {
    bool portable_only; /* portable kernels: the reference */
    bool no_fusion;     /* one step a node of the source, for finding a fault */
    bool in_double;   /* every float32/16 value computed as float64 (needs portable_only) */
    bool keep_values; /* every value keeps its own bytes to the end of the run */
    bool whole_batch; /* all images at once, in every step */
    int64_t part_bytes; /* what products of a micro-batch may move; 0: as measured (parts.c) */
    /* For a single run by a single session: a kernel packs its weights right before its node
     * runs and drops them right after, in memory that the next node takes again. What a run
     * leaves of the plan can be looked at, but not run again: a session makes another plan. */
    bool once;
    int32_t threads;  /* >= 1 */
    struct icl_checks *checks; /* told of weights that are packed (src/bundle/checks.h); or NULL */
    struct icl_pool *pool; /* packs weights while a plan is made; NULL: the caller alone does */
    /* For measuring: 0 is the kernel that a plan takes anyway, n the n-th cheapest other one
     * of each node that has so many. */
    int32_t candidate;
    bool other_bits; /* the algorithm that rounding would tell apart, where a node has two */
};

/* shapes: one tensor struct an input of the graph, in order, with type and dims (data
 * unused). Fails with the node and its dimensions where shapes contradict each other. */
imgcls_status icl_plan_build(struct imgcls_context *ctx, const struct imgcls_graph *graph,
                             const struct imgcls_tensor *shapes,
                             const struct icl_plan_options *options, struct icl_plan **out);
struct icl_plan *icl_plan_retain(struct icl_plan *plan);
void icl_plan_release(struct icl_plan *plan);

struct icl_plan_summary {
    size_t node_count;  /* steps that run */
    int64_t parameters; /* elements of all weights, as the source has them */
    int64_t macs;       /* multiply-accumulates, -1 where some shape is open */
    int64_t batch;      /* first dimension of the first input; 1 where it has none */
    int64_t micro_batch; /* images that the first steps take at a time */
    size_t arena_bytes; /* with what a session keeps between micro-batches */
    size_t constant_bytes;
    size_t packed_bytes; /* of a plan that is made for one run: 0, the run alone knows */
    int32_t precision; /* effective: IMGCLS_F32, or IMGCLS_F64 */
};
void icl_plan_summarise(const struct icl_plan *plan, struct icl_plan_summary *out);
/* Elements of all weights of a graph and of the graphs within. */
int64_t icl_graph_parameters(const struct imgcls_graph *graph);

/* Whether all shapes are known and no node has inner graphs: then a run neither plans nor allocates,
 * and sessions may run side by side over one context. */
bool icl_plan_is_settled(const struct icl_plan *plan);

/* Step `index`: its node (type, name) and its kernel's name; false past the end. */
bool icl_plan_step(const struct icl_plan *plan, size_t index,
                   const struct imgcls_node **node, const char **kernel);

/* Key of step `index` among measured choices (choices.h); false past the end and where the
 * step has no kernel of an operator. */
bool icl_plan_step_key(const struct icl_plan *plan, size_t index, char key[65]);

/* What step `index` does for the whole batch: multiply-accumulates as its operator counts them (0
 * where it counts none), and bytes of inputs and outputs; -1 each where a shape is open. */
void icl_plan_step_work(const struct icl_plan *plan, size_t index, int64_t *macs,
                        int64_t *bytes);

/* Shapes with symbols, for a graph whose inputs are not fixed: fills value infos in place
 * where inference knows, and reports contradictions. (src/plan/shapes.c) */
imgcls_status icl_graph_infer(struct imgcls_graph *graph);
/* The same, and small whole-number values and single floats that follow from the shapes
 * become initializers, what computed them goes; adds their number to *changes. For a graph
 * whose inputs have their final shapes. (src/plan/shapes.c) */
imgcls_status icl_graph_settle(struct imgcls_graph *graph, size_t *changes);

#endif

/*
 * src/plan/shapes.h - asking operators for the types and shapes of their outputs
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_PLAN_SHAPES_H
#define ICL_PLAN_SHAPES_H

#include "src/graph/graph.h"
#include "src/registry/registry.h"

/* Finds the node's operator and has it infer the outputs from what is known of the inputs.
 * *op is borrowed from its plugin. */
imgcls_status icl_infer_node(struct imgcls_context *ctx, struct icl_registry *registry,
                             struct icl_node *node, const struct imgcls_op **op);
/* Sees a node after its outputs were inferred, or could not be: status says which. May give the
 * node other inputs, values of its graph, and set *again to have it inferred anew. What it
 * returns is taken for the inference's status. */
typedef imgcls_status (*icl_infer_watch)(void *argument, struct icl_node *node,
                                         imgcls_status status, bool *again);
/* icl_graph_infer (plan.h) with every node shown to watch. */
imgcls_status icl_graph_infer_watched(struct imgcls_graph *graph, icl_infer_watch watch,
                                      void *argument);
/* Infers at that first dimension of every input that is no initializer, shows every node to watch,
 * which leaves nodes and values as they are, and then forgets it all: the graph, which has the
 * newest meaning, comes out sorted and else unchanged. */
imgcls_status icl_graph_try_batch(struct imgcls_graph *graph, int64_t batch,
                                  icl_infer_watch watch, void *argument);
/* Forgets the shapes of all that nodes compute; types that the graph declares stay. */
void icl_graph_forget_shapes(struct imgcls_graph *graph);
/* icl_fail_within with the node's text, unless the message names the node already. */
imgcls_status icl_fail_within_node(struct imgcls_context *ctx, imgcls_status status,
                                   const struct imgcls_node *node);

#endif

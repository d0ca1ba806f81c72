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
/* Forgets the shapes of all that nodes compute; types that the graph declares stay. */
void icl_graph_forget_shapes(struct imgcls_graph *graph);
/* icl_fail_within with the node's text, unless the message names the node already. */
imgcls_status icl_fail_within_node(struct imgcls_context *ctx, imgcls_status status,
                                   const struct imgcls_node *node);

#endif

/*
 * src/passes/rows.h - the passes by function, for the tables in passes.c
 *
 * Each adds the number of its changes to *changes and leaves the graph consistent; node order
 * may need icl_graph_sort afterwards.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_PASSES_ROWS_H
#define ICL_PASSES_ROWS_H

#include "src/passes/passes.h"

/* Constant nodes, of every attribute kind that gives a tensor, become initializers. */
imgcls_status icl_pass_constants(struct imgcls_graph *graph, size_t *changes);
/* Nodes of operators with IMGCLS_TRAIT_IDENTITY, one-input Sum, Mean, Max, Min, Concat, a Cast to
 * the type that is there already, a Pad by nothing, a pool over single elements and, where shapes
 * are settled, a Slice that takes all. */
imgcls_status icl_pass_drop_identity(struct imgcls_graph *graph, size_t *changes);
imgcls_status icl_pass_drop_dead(struct imgcls_graph *graph, size_t *changes);
/* Types and shapes of all values; arithmetic on shapes becomes constants (icl_graph_settle). */
imgcls_status icl_pass_settle_shapes(struct imgcls_graph *graph, size_t *changes);
/* An If whose condition is a constant becomes the branch that it takes. */
imgcls_status icl_pass_inline_if(struct imgcls_graph *graph, size_t *changes);
/* The same for conditions that are constants already: no shape is settled. */
imgcls_status icl_pass_inline_known_if(struct imgcls_graph *graph, size_t *changes);
/* y = BatchNormalization(Conv(x)) becomes a Conv with other weights. */
imgcls_status icl_pass_fold_batch_norm(struct imgcls_graph *graph, size_t *changes);
/* y = Mul(MatMul(x), vector) becomes a MatMul with other weights; Conv and Gemm likewise.
 * Needs settled shapes. */
imgcls_status icl_pass_fold_layer_scale(struct imgcls_graph *graph, size_t *changes);
/* 0.5 * x * (1 + erf(x / sqrt(2))), as exporters write it out, becomes Gelu. */
imgcls_status icl_pass_fuse_gelu(struct imgcls_graph *graph, size_t *changes);
/* ReduceMean over all spatial dimensions becomes GlobalAveragePool. Needs settled shapes. */
imgcls_status icl_pass_name_global_mean(struct imgcls_graph *graph, size_t *changes);
/* Multi-head attention written out becomes imgcls.HeadAttention. Needs settled shapes. */
imgcls_status icl_pass_fuse_heads(struct imgcls_graph *graph, size_t *changes);
/* Convolutions and what stands between them work on channels-last images. */
imgcls_status icl_pass_channels_last(struct imgcls_graph *graph, size_t *changes);
/* Several nodes that only move rows of the last dimension become a Gather. Needs settled shapes. */
imgcls_status icl_pass_gather_rows(struct imgcls_graph *graph, size_t *changes);
/* What follows a node and can be done on its result while it is at hand. */
imgcls_status icl_pass_fuse_epilogues(struct imgcls_graph *graph, size_t *changes);
/* A Conv of one pixel and the depthwise Conv that alone reads it become one node, where what lies
 * between is large. Needs epilogues fused. */
imgcls_status icl_pass_fuse_expand(struct imgcls_graph *graph, size_t *changes);
/* A product by a transposed constant reads it as it lies (MatMul with transB). */
imgcls_status icl_pass_read_turned(struct imgcls_graph *graph, size_t *changes);
/* Two products of rows by small constants become one node, where what lies between is large. Needs
 * epilogues fused and transposed constants read. */
imgcls_status icl_pass_fuse_product_pairs(struct imgcls_graph *graph, size_t *changes);

/* Logs a warning where Dropout or BatchNormalization stands in training mode. */
void icl_passes_warn_training(const struct imgcls_graph *graph);
/* Runs a pass on the graphs inside attributes. */
imgcls_status icl_pass_inner(struct imgcls_graph *graph,
                             imgcls_status (*pass)(struct imgcls_graph *graph, size_t *changes),
                             size_t *changes);

/* ---- Questions that several passes ask --------------------------------------------------*/

static inline bool icl_node_is(const struct icl_node *node, const char *type)
{
    return node && node->domain[0] == '\0' && __builtin_strcmp(node->type, type) == 0;
}
/* Input i as a value, NULL where omitted. */
static inline struct icl_value *icl_node_input(const struct icl_node *node, size_t i)
{
    return i < node->node.input_count && node->inputs[i] ? icl_value_of(node->inputs[i]) : NULL;
}
static inline struct icl_value *icl_node_output(const struct icl_node *node, size_t i)
{
    return i < node->node.output_count && node->outputs[i] ? icl_value_of(node->outputs[i])
                                                           : NULL;
}
/* Input i becomes that value; NULL: it is omitted. */
static inline imgcls_status icl_node_put_input(struct icl_node *node, size_t i,
                                               struct icl_value *value)
{
    return value ? icl_node_set_input_value(node, i, value) : icl_node_set_input(node, i, "");
}
/* `from` goes, and `to` gives its output 0 from then on, under that value's name. */
imgcls_status icl_node_take_output(struct icl_node *from, struct icl_node *to);
/* The opset version in force for a node: its graph's import; 1 where its domain has none. */
int64_t icl_node_version(const struct icl_node *node);
/* The float or double that a one-element constant holds; false where it is no such thing. */
bool icl_value_scalar(const struct icl_value *value, double *out);

#endif

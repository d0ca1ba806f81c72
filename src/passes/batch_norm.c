/*
 * src/passes/batch_norm.c - a normalisation by fixed statistics goes into the weights before it
 *
 * BatchNormalization of a linear operator's output, channel by channel:
 *     y = s * (w x + b - mean) + beta,  s = scale / sqrt(variance + epsilon)
 *       = (s w) x + (s (b - mean) + beta)
 * (Ioffe and Szegedy 2015, at inference). Computed in double and rounded once, so that the
 * result is as near to the unfused one as float32 weights allow.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>
#include <stdlib.h>

#include "src/passes/linear.h"
#include "src/tensor/tensor.h"

struct match {
    struct icl_node *norm;
    struct icl_linear linear;
    const struct imgcls_tensor *scale, *beta, *mean, *variance;
    double epsilon;
};

static bool is_vector(const struct imgcls_tensor *tensor, int64_t channels, int32_t type)
{
    return tensor && tensor->type == type && imgcls_count(tensor->rank, tensor->dims) == channels;
}

static bool match_norm(struct icl_node *norm, struct match *match)
{
    *match = (struct match){.norm = norm};
    struct icl_value *x = icl_node_input(norm, 0);
    if (norm->removed || !icl_node_is(norm, "BatchNormalization") || !x || !x->producer ||
        x->graph != norm->graph || icl_value_uses(x) != 1 ||
        icl_attr_int(norm, "training_mode", 0) != 0)
        return false;
    for (size_t i = 1; i < norm->node.output_count; i++)
        if (icl_node_output(norm, i) && icl_value_uses(icl_node_output(norm, i)))
            return false;
    /* MatMul has its channels last, a normalisation second: left alone */
    if (icl_node_output(x->producer, 0) != x || icl_node_is(x->producer, "MatMul") ||
        !icl_linear_match(x->producer, &match->linear))
        return false;
    match->scale = icl_constant_input(norm, 1);
    match->beta = icl_constant_input(norm, 2);
    match->mean = icl_constant_input(norm, 3);
    match->variance = icl_constant_input(norm, 4);
    match->epsilon = icl_attr_float(norm, "epsilon", 1e-5);
    int64_t channels = match->linear.channels;
    int32_t type = match->linear.weight->type;
    return is_vector(match->scale, channels, type) && is_vector(match->beta, channels, type) &&
           is_vector(match->mean, channels, type) && is_vector(match->variance, channels, type);
}

static imgcls_status fold(const struct match *match)
{
    size_t channels = (size_t)match->linear.channels;
    double *factor = calloc(3 * channels + 1, sizeof *factor);
    if (!factor)
        return icl_fail(match->norm->graph->ctx, IMGCLS_NO_MEMORY,
                        "no memory to fold a normalisation");
    double *centre = factor + channels, *shift = centre + channels;
    for (size_t c = 0; c < channels; c++) {
        factor[c] = icl_tensor_get(match->scale, (int64_t)c) /
                    sqrt(icl_tensor_get(match->variance, (int64_t)c) + match->epsilon);
        centre[c] = icl_tensor_get(match->mean, (int64_t)c);
        shift[c] = icl_tensor_get(match->beta, (int64_t)c);
    }
    imgcls_status status = icl_linear_rescale(&match->linear, factor, centre, shift);
    free(factor);
    return status;
}

imgcls_status icl_pass_fold_batch_norm(struct imgcls_graph *graph, size_t *changes)
{
    imgcls_status status = icl_pass_inner(graph, icl_pass_fold_batch_norm, changes);
    for (size_t i = 0; status == IMGCLS_OK && i < graph->node_count; i++) {
        struct match match;
        if (!match_norm(graph->nodes[i], &match))
            continue;
        status = fold(&match);
        if (status == IMGCLS_OK)
            status = icl_node_take_output(match.norm, match.linear.node);
        ++*changes;
    }
    if (status == IMGCLS_OK)
        icl_graph_sweep(graph);
    return status;
}

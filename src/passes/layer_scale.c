/*
 * src/passes/layer_scale.c - constant factors a channel go into the weights before them
 *
 *     Mul(Conv or Gemm or MatMul, vector)       Mul(Add(MatMul, bias), vector)
 *
 * with a Transpose before the Mul or without one, is how exporters write a layer scale (Touvron et al. 2021), and a single number where a
 * vector would be. Computed in double and rounded once.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <stdlib.h>

#include "src/passes/linear.h"
#include "src/passes/view.h"
#include "src/tensor/tensor.h"

struct match {
    struct icl_linear linear;
    struct icl_node *mul, *add, *turn; /* add and turn: between the two, NULL: not there */
    const struct imgcls_tensor *factors, *bias; /* bias: the Add's */
};

/* `constant` has one number, or one for each index of the dimension `axis` of values of
 * `rank` dimensions (from the end where negative). */
static bool runs_along(const struct imgcls_tensor *constant, int32_t rank, int32_t axis,
                       int64_t channels, int32_t type)
{
    if (!constant || constant->type != type || constant->rank > rank)
        return false;
    int64_t count = imgcls_count(constant->rank, constant->dims);
    int32_t at = (axis < 0 ? axis + rank : axis) - (rank - constant->rank);
    return count == 1 || (count == channels && at >= 0 && constant->dims[at] == channels);
}

static bool same_dims(const struct icl_value *a, const struct icl_value *b)
{
    bool same = icl_value_is_static(a) && icl_value_is_static(b) &&
                a->info.rank == b->info.rank && a->info.type == b->info.type;
    for (int32_t d = 0; same && d < a->info.rank; d++)
        same = a->info.dims[d] == b->info.dims[d];
    return same;
}

/* The producer of the operand of `node` that is no constant; `constant` gets the other. NULL
 * where there is no such thing, where the operand has other readers, or where the result has
 * another shape. */
static struct icl_node *behind(const struct icl_node *node,
                               const struct imgcls_tensor **constant)
{
    if (node->node.input_count != 2)
        return NULL;
    size_t which = icl_constant_input(node, 0) != NULL;
    struct icl_value *x = icl_node_input(node, which);
    *constant = icl_constant_input(node, 1 - which);
    return *constant && x && x->producer && !x->producer->removed && !x->is_output &&
                   x->graph == node->graph && icl_value_uses(x) == 1 &&
                   icl_node_output(x->producer, 0) == x &&
                   same_dims(x, icl_node_output(node, 0))
               ? x->producer
               : NULL;
}

/* The one-use operand of a Transpose, as behind() has it; axes[d] is the operand's
 * dimension that dimension d of the result is. */
static struct icl_node *behind_turn(const struct icl_node *turn, int32_t axes[])
{
    struct icl_value *x = icl_node_input(turn, 0);
    int64_t perm[IMGCLS_MAX_RANK];
    if (!x || !x->producer || x->producer->removed || x->is_output || x->graph != turn->graph || icl_value_uses(x) != 1 ||
        icl_node_output(x->producer, 0) != x || !icl_value_is_static(x) ||
        !icl_transpose_perm(turn, x->info.rank, perm))
        return NULL;
    for (int32_t d = 0; d < x->info.rank; d++)
        axes[d] = (int32_t)perm[d];
    return x->producer;
}

/* Where dimension `axis` of the operand (from the end where negative) is in the result. */
static int32_t axis_after(int32_t axis, int32_t rank, const int32_t *axes)
{
    axis = axis < 0 ? axis + rank : axis;
    for (int32_t d = 0; d < rank; d++)
        if (axes[d] == axis)
            return d;
    return axis;
}

static bool find(struct icl_node *mul, struct match *match)
{
    int32_t axes[IMGCLS_MAX_RANK];
    for (int32_t d = 0; d < IMGCLS_MAX_RANK; d++)
        axes[d] = d;
    *match = (struct match){.mul = mul};
    if (mul->removed || mul->node.epilogue_count || !icl_node_is(mul, "Mul"))
        return false;
    struct icl_node *node = behind(mul, &match->factors);
    if (node && icl_node_is(node, "Transpose")) {
        match->turn = node;
        node = behind_turn(node, axes);
    }
    if (node && icl_node_is(node, "Add") && !node->node.epilogue_count) {
        match->add = node;
        node = behind(node, &match->bias);
        if (node && !icl_node_is(node, "MatMul"))
            return false;
    }
    if (!node || !icl_linear_match(node, &match->linear))
        return false;
    const struct icl_linear *linear = &match->linear;
    int32_t rank = mul->node.outputs[0]->rank, type = linear->weight->type;
    return mul->node.outputs[0]->type == type &&
           runs_along(match->factors, rank, axis_after(linear->channel_axis, rank, axes),
                      linear->channels, type) &&
           (!match->add ||
            runs_along(match->bias, rank, linear->channel_axis, linear->channels, type));
}

static double number_of(const struct imgcls_tensor *constant, int64_t channel)
{
    return icl_tensor_get(constant,
                          imgcls_count(constant->rank, constant->dims) == 1 ? 0 : channel);
}

static imgcls_status fold(const struct match *match)
{
    const struct icl_linear *linear = &match->linear;
    struct icl_node *last = match->add ? match->add : linear->node;
    double *factor = calloc(2 * (size_t)linear->channels + 1, sizeof *factor), *bias;
    if (!factor)
        return icl_fail(linear->node->graph->ctx, IMGCLS_NO_MEMORY,
                        "no memory to fold a layer's scale");
    bias = factor + linear->channels;
    for (int64_t c = 0; c < linear->channels; c++) {
        factor[c] = number_of(match->factors, c);
        bias[c] = match->add ? factor[c] * number_of(match->bias, c) : 0;
    }
    imgcls_status status = icl_linear_rescale(linear, factor, NULL, NULL);
    if (status == IMGCLS_OK && match->add)
        status = icl_set_vector(last, icl_constant_input(last, 0) ? 0 : 1, "folded.bias",
                                linear->weight, linear->channels, bias);
    if (status == IMGCLS_OK)
        status = icl_node_take_output(match->mul, match->turn ? match->turn : last);
    free(factor);
    return status;
}

imgcls_status icl_pass_fold_layer_scale(struct imgcls_graph *graph, size_t *changes)
{
    imgcls_status status = icl_pass_inner(graph, icl_pass_fold_layer_scale, changes);
    for (size_t i = 0; status == IMGCLS_OK && i < graph->node_count; i++) {
        struct match match;
        if (!find(graph->nodes[i], &match))
            continue;
        status = fold(&match);
        ++*changes;
    }
    if (status == IMGCLS_OK)
        icl_graph_sweep(graph);
    return status;
}

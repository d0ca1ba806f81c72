/*
 * src/passes/linear.c - see linear.h
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/passes/linear.h"

#include <stdlib.h>

#include "src/file/file.h"
#include "src/passes/view.h"
#include "src/tensor/tensor.h"

const struct imgcls_tensor *icl_constant_input(const struct icl_node *node, size_t i)
{
    const struct icl_value *value = icl_node_input(node, i);
    return value ? value->info.constant : NULL;
}

int64_t icl_attr_int(const struct icl_node *node, const char *name, int64_t fallback)
{
    const struct imgcls_attr *attr = icl_node_attr(&node->node, name);
    return attr ? attr->i : fallback;
}

double icl_attr_float(const struct icl_node *node, const char *name, double fallback)
{
    const struct imgcls_attr *attr = icl_node_attr(&node->node, name);
    return attr ? (double)attr->f : fallback;
}

bool icl_attr_all(const struct icl_node *node, const char *name, int64_t value)
{
    const struct imgcls_attr *attr = icl_node_attr(&node->node, name);
    if (attr && attr->kind != IMGCLS_ATTR_INTS)
        return false;
    for (size_t i = 0; attr && i < attr->count; i++)
        if (attr->ints[i] != value)
            return false;
    return true;
}

/* The matrix of float32 that input 1 is the transpose of, as turned.c reads it. */
static const struct imgcls_tensor *turned_weight(const struct icl_node *node)
{
    const struct icl_value *b = icl_node_input(node, 1);
    const struct icl_node *turn = b ? b->producer : NULL;
    int64_t perm[2];
    bool turns = icl_node_is(turn, "Transpose") && !turn->removed &&
                 icl_transpose_perm(turn, 2, perm) && perm[0] == 1;
    const struct imgcls_tensor *matrix = turns ? icl_constant_input(turn, 0) : NULL;
    return matrix && matrix->type == IMGCLS_F32 && matrix->rank == 2 ? matrix : NULL;
}

/* MatMul with one matrix on the right, the left being no vector. */
static bool match_product(struct icl_linear *linear)
{
    const struct icl_node *node = linear->node;
    const struct icl_value *left = icl_node_input(node, 0);
    if (node->node.input_count != 2 || !left || left->info.rank < 2 ||
        icl_attr_int(node, "transB", 0))
        return false;
    linear->turned = !linear->weight;
    if (linear->turned)
        linear->weight = turned_weight(node);
    if (!linear->weight || linear->weight->rank != 2)
        return false;
    linear->order = linear->turned ? ICL_CHANNEL_FIRST : ICL_CHANNEL_LAST;
    linear->channels = linear->weight->dims[linear->turned ? 0 : 1];
    linear->channel_axis = -1;
    return true;
}

bool icl_linear_match(struct icl_node *node, struct icl_linear *out)
{
    const struct imgcls_tensor *weight = icl_constant_input(node, 1);
    *out = (struct icl_linear){.node = node, .weight = weight};
    if (node->removed || node->node.epilogue_count ||
        (weight && weight->type != IMGCLS_F32 && weight->type != IMGCLS_F64))
        return false;
    if (icl_node_is(node, "MatMul"))
        return match_product(out);
    if (!weight)
        return false;
    out->groups = icl_attr_int(node, "group", 1);
    out->channel_axis = 1;
    if (icl_node_is(node, "Conv") && weight->rank >= 3) {
        out->order = ICL_CHANNEL_FIRST;
        out->channels = weight->dims[0];
    } else if (icl_node_is(node, "ConvTranspose") && weight->rank >= 3 && out->groups > 0 &&
               weight->dims[0] % out->groups == 0) {
        out->order = ICL_CHANNEL_SECOND;
        out->channels = weight->dims[1] * out->groups;
    } else if (icl_node_is(node, "Gemm") && weight->rank == 2 &&
               icl_attr_float(node, "alpha", 1) == 1 && icl_attr_float(node, "beta", 1) == 1) {
        bool transposed = icl_attr_int(node, "transB", 0) != 0;
        out->order = transposed ? ICL_CHANNEL_FIRST : ICL_CHANNEL_LAST;
        out->channels = weight->dims[transposed ? 0 : 1];
    } else {
        return false;
    }
    bool has_bias = icl_node_input(node, 2) != NULL;
    out->bias = icl_constant_input(node, 2);
    return !has_bias || (out->bias && out->bias->type == weight->type &&
                         imgcls_count(out->bias->rank, out->bias->dims) == out->channels);
}

static void put(struct imgcls_tensor *tensor, int64_t index, double value)
{
    if (tensor->type == IMGCLS_F64)
        ((double *)tensor->data)[index] = value;
    else
        ((float *)tensor->data)[index] = (float)value;
}

static int64_t channel_of(const struct icl_linear *linear, int64_t index)
{
    const struct imgcls_tensor *weight = linear->weight;
    int64_t inner = 1;
    for (int32_t d = linear->order == ICL_CHANNEL_SECOND ? 2 : 1; d < weight->rank; d++)
        inner *= weight->dims[d];
    switch (linear->order) {
    case ICL_CHANNEL_FIRST:
        return index / inner;
    case ICL_CHANNEL_LAST:
        return index % linear->channels;
    case ICL_CHANNEL_SECOND:
        break;
    }
    int64_t per_group = weight->dims[1];
    int64_t input = index / inner / per_group,
            inputs_per_group = weight->dims[0] / linear->groups;
    return input / inputs_per_group * per_group + index / inner % per_group;
}

/* A tensor like `shape` over fresh bytes, for a new initializer. */
static imgcls_status fresh(struct imgcls_context *ctx, const struct imgcls_tensor *shape,
                           struct imgcls_tensor *out, struct imgcls_storage **storage)
{
    *out = *shape;
    icl_strides_of(out->rank, out->dims, out->strides);
    out->data = icl_alloc(ctx, out->size_bytes ? out->size_bytes : 1, 1);
    if (!out->data)
        return icl_alloc_status(ctx);
    imgcls_status status = icl_storage_own(ctx, out->data, out->size_bytes, storage);
    if (status != IMGCLS_OK)
        icl_free(ctx, out->data);
    return status;
}

/* Makes the tensor an initializer under a fresh name and input `index` of the node. */
static imgcls_status set_weight(struct icl_node *node, size_t index, const char *stem,
                                const struct imgcls_tensor *tensor,
                                struct imgcls_storage *storage)
{
    const char *name = icl_graph_unique_name(node->graph, stem);
    if (!name)
        return icl_fail(node->graph->ctx, IMGCLS_NO_MEMORY, "no memory for a weight's name");
    imgcls_status status = icl_graph_add_initializer(node->graph, name, tensor, storage);
    return status == IMGCLS_OK ? icl_node_set_input(node, index, name) : status;
}

imgcls_status icl_set_vector(struct icl_node *node, size_t index, const char *stem,
                             const struct imgcls_tensor *like, int64_t count,
                             const double *numbers)
{
    struct imgcls_tensor shape = *like, vector;
    struct imgcls_storage *bytes = NULL;
    shape.rank = 1;
    shape.dims[0] = count;
    if (!icl_type_size(like->type, count, &shape.size_bytes))
        return icl_fail(node->graph->ctx, IMGCLS_LIMIT, "a vector of %lld is too large",
                        (long long)count);
    imgcls_status status = fresh(node->graph->ctx, &shape, &vector, &bytes);
    for (int64_t c = 0; status == IMGCLS_OK && c < count; c++)
        put(&vector, c, numbers[c]);
    if (status == IMGCLS_OK)
        status = set_weight(node, index, stem, &vector, bytes);
    icl_storage_release(bytes);
    return status;
}

static imgcls_status rescale_bias(const struct icl_linear *linear, const double *factor,
                                  const double *centre, const double *shift)
{
    struct imgcls_context *ctx = linear->node->graph->ctx;
    double *bias = calloc((size_t)linear->channels + 1, sizeof *bias);
    if (!bias)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory to fold factors into weights");
    for (int64_t c = 0; c < linear->channels; c++) {
        double b = linear->bias ? icl_tensor_get(linear->bias, c) : 0;
        bias[c] = shift ? factor[c] * (b - centre[c]) + shift[c] : factor[c] * b;
    }
    imgcls_status status = icl_set_vector(linear->node, 2, "folded.bias", linear->weight,
                                          linear->channels, bias);
    free(bias);
    return status;
}

imgcls_status icl_linear_rescale(const struct icl_linear *linear, const double *factor,
                                 const double *centre, const double *shift)
{
    static const struct imgcls_attr turned = {
        .struct_size = sizeof turned, .name = "transB", .kind = IMGCLS_ATTR_INT, .i = 1};
    struct imgcls_context *ctx = linear->node->graph->ctx;
    struct imgcls_tensor weight;
    struct imgcls_storage *bytes = NULL;
    imgcls_status status = fresh(ctx, linear->weight, &weight, &bytes);
    int64_t count = imgcls_count(linear->weight->rank, linear->weight->dims);
    for (int64_t i = 0; status == IMGCLS_OK && i < count; i++)
        put(&weight, i, icl_tensor_get(linear->weight, i) * factor[channel_of(linear, i)]);
    if (status == IMGCLS_OK && !linear->turned)
        icl_storage_forget(icl_node_input(linear->node, 1)->storage, linear->weight->data,
                           linear->weight->size_bytes);
    if (status == IMGCLS_OK)
        status = set_weight(linear->node, 1, "folded.weight", &weight, bytes);
    if (status == IMGCLS_OK && linear->turned)
        status = icl_node_set_attr(linear->node, &turned);
    if (status == IMGCLS_OK && (shift || linear->bias))
        status = rescale_bias(linear, factor, centre, shift);
    icl_storage_release(bytes);
    return status;
}

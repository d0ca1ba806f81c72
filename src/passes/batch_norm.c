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

#include "src/file/file.h"
#include "src/passes/rows.h"
#include "src/tensor/tensor.h"

/* Where in a weight tensor the output channel of an element is. */
enum weight_order {
    CHANNEL_FIRST,  /* Conv [M, C/g, ...], Gemm with transB [N, K] */
    CHANNEL_SECOND, /* ConvTranspose [C, M/g, ...] */
    CHANNEL_LAST,   /* Gemm [K, N] */
};

struct match {
    struct icl_node *linear, *norm;
    enum weight_order order;
    const struct imgcls_tensor *weight, *bias; /* bias NULL: none */
    const struct imgcls_tensor *scale, *beta, *mean, *variance;
    int64_t channels, groups;
    double epsilon;
};

static const struct imgcls_tensor *constant_input(const struct icl_node *node, size_t i)
{
    const struct icl_value *value = icl_node_input(node, i);
    return value ? value->info.constant : NULL;
}

static bool is_vector(const struct imgcls_tensor *tensor, int64_t channels, int32_t type)
{
    return tensor && tensor->type == type && imgcls_count(tensor->rank, tensor->dims) == channels;
}

static int64_t attr_int(const struct icl_node *node, const char *name, int64_t fallback)
{
    const struct imgcls_attr *attr = icl_node_attr(&node->node, name);
    return attr ? attr->i : fallback;
}

static double attr_float(const struct icl_node *node, const char *name, double fallback)
{
    const struct imgcls_attr *attr = icl_node_attr(&node->node, name);
    return attr ? (double)attr->f : fallback;
}

/* The operators whose weights can take a factor per output channel, and where it goes. */
static bool match_linear(struct match *match)
{
    const struct icl_node *node = match->linear;
    const struct imgcls_tensor *weight = match->weight = constant_input(node, 1);
    if (!weight || (weight->type != IMGCLS_F32 && weight->type != IMGCLS_F64))
        return false;
    match->groups = attr_int(node, "group", 1);
    if (icl_node_is(node, "Conv") && weight->rank >= 3) {
        match->order = CHANNEL_FIRST;
        match->channels = weight->dims[0];
    } else if (icl_node_is(node, "ConvTranspose") && weight->rank >= 3 && match->groups > 0 &&
               weight->dims[0] % match->groups == 0) {
        match->order = CHANNEL_SECOND;
        match->channels = weight->dims[1] * match->groups;
    } else if (icl_node_is(node, "Gemm") && weight->rank == 2 &&
               attr_float(node, "alpha", 1) == 1 && attr_float(node, "beta", 1) == 1) {
        bool transposed = attr_int(node, "transB", 0) != 0;
        match->order = transposed ? CHANNEL_FIRST : CHANNEL_LAST;
        match->channels = weight->dims[transposed ? 0 : 1];
    } else {
        return false;
    }
    bool has_bias = icl_node_input(node, 2) != NULL;
    match->bias = constant_input(node, 2);
    return !has_bias || is_vector(match->bias, match->channels, weight->type);
}

static bool match_norm(struct icl_node *norm, struct match *match)
{
    *match = (struct match){.norm = norm};
    struct icl_value *x = icl_node_input(norm, 0);
    if (norm->removed || !icl_node_is(norm, "BatchNormalization") || !x || !x->producer ||
        x->producer->removed || x->producer->node.epilogue_count ||
        x->graph != norm->graph || icl_value_uses(x) != 1 ||
        attr_int(norm, "training_mode", 0) != 0)
        return false;
    for (size_t i = 1; i < norm->node.output_count; i++)
        if (icl_node_output(norm, i) && icl_value_uses(icl_node_output(norm, i)))
            return false;
    match->linear = x->producer;
    if (icl_node_output(match->linear, 0) != x || !match_linear(match))
        return false;
    match->scale = constant_input(norm, 1);
    match->beta = constant_input(norm, 2);
    match->mean = constant_input(norm, 3);
    match->variance = constant_input(norm, 4);
    match->epsilon = attr_float(norm, "epsilon", 1e-5);
    int32_t type = match->weight->type;
    return is_vector(match->scale, match->channels, type) &&
           is_vector(match->beta, match->channels, type) &&
           is_vector(match->mean, match->channels, type) &&
           is_vector(match->variance, match->channels, type);
}

static void put(struct imgcls_tensor *tensor, int64_t index, double value)
{
    if (tensor->type == IMGCLS_F64)
        ((double *)tensor->data)[index] = value;
    else
        ((float *)tensor->data)[index] = (float)value;
}

static int64_t channel_of(const struct match *match, int64_t index)
{
    const struct imgcls_tensor *weight = match->weight;
    int64_t inner = 1;
    for (int32_t d = match->order == CHANNEL_SECOND ? 2 : 1; d < weight->rank; d++)
        inner *= weight->dims[d];
    switch (match->order) {
    case CHANNEL_FIRST:
        return index / inner;
    case CHANNEL_LAST:
        return index % match->channels;
    case CHANNEL_SECOND:
        break;
    }
    int64_t per_group = weight->dims[1];
    int64_t input = index / inner / per_group, inputs_per_group = weight->dims[0] / match->groups;
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

static imgcls_status fold(const struct match *match)
{
    struct imgcls_context *ctx = match->linear->graph->ctx;
    struct imgcls_tensor weight, bias;
    struct imgcls_storage *weight_bytes = NULL, *bias_bytes = NULL;
    imgcls_status status = fresh(ctx, match->weight, &weight, &weight_bytes);
    double *factor = calloc((size_t)match->channels + 1, sizeof *factor);
    if (status == IMGCLS_OK && !factor)
        status = icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory to fold a normalisation");
    if (status == IMGCLS_OK) {
        struct imgcls_tensor shape = *match->beta;
        shape.rank = 1;
        shape.dims[0] = match->channels;
        status = fresh(ctx, &shape, &bias, &bias_bytes);
    }
    if (status != IMGCLS_OK)
        goto done;
    for (int64_t c = 0; c < match->channels; c++) {
        double b = match->bias ? icl_tensor_get(match->bias, c) : 0;
        factor[c] = icl_tensor_get(match->scale, c) /
                    sqrt(icl_tensor_get(match->variance, c) + match->epsilon);
        put(&bias, c,
            factor[c] * (b - icl_tensor_get(match->mean, c)) + icl_tensor_get(match->beta, c));
    }
    int64_t count = imgcls_count(weight.rank, weight.dims);
    for (int64_t i = 0; i < count; i++)
        put(&weight, i, icl_tensor_get(match->weight, i) * factor[channel_of(match, i)]);
    icl_storage_forget(icl_node_input(match->linear, 1)->storage, match->weight->data,
                       match->weight->size_bytes);
    status = set_weight(match->linear, 1, "folded.weight", &weight, weight_bytes);
    if (status == IMGCLS_OK)
        status = set_weight(match->linear, 2, "folded.bias", &bias, bias_bytes);
done:
    icl_storage_release(weight_bytes);
    icl_storage_release(bias_bytes);
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
            status = icl_node_take_output(match.norm, match.linear);
        ++*changes;
    }
    if (status == IMGCLS_OK)
        icl_graph_sweep(graph);
    return status;
}

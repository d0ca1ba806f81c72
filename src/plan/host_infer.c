/*
 * src/plan/host_infer.c - what an operator's infer says goes into its outputs' infos
 *
 * Knowledge only grows: a fact that contradicts an earlier one is an error that names node,
 * output and both facts; "unknown" contradicts nothing, and a number beats a symbol.
 *
 * Not here: who calls infer, and when (src/plan/shapes.c, src/session/dynamic.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/host_infer.h"

#include <string.h>

#include "src/graph/graph.h"
#include "src/tensor/tensor.h"

/* The outputs' infos are const for plugins alone; the host fills them in. */
static struct imgcls_value_info *output_info(const struct imgcls_infer *infer, size_t index)
{
    const struct imgcls_node *node = infer->node;
    return index < node->output_count ? (struct imgcls_value_info *)node->outputs[index]
                                      : NULL;
}

static imgcls_status merge_type(struct imgcls_context *ctx, const struct imgcls_node *node,
                                struct imgcls_value_info *info, int32_t type)
{
    char text[256];
    if (type == IMGCLS_UNDEFINED)
        return IMGCLS_OK;
    if (info->type != IMGCLS_UNDEFINED && info->type != type) {
        icl_node_text(node, text, sizeof text);
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "%s: output '%s' is %s here and %s there",
                        text, info->name ? info->name : "", icl_type_name(type),
                        icl_type_name(info->type));
    }
    info->type = type;
    return IMGCLS_OK;
}

static imgcls_status contradiction(struct imgcls_context *ctx,
                                   const struct imgcls_node *node,
                                   const struct imgcls_value_info *info, int32_t rank,
                                   const int64_t *dims)
{
    char text[256], known[256], found[256];
    icl_node_text(node, text, sizeof text);
    icl_shape_text(NULL, info->rank, info->dims, known, sizeof known);
    icl_shape_text(NULL, rank, dims, found, sizeof found);
    return icl_fail(ctx, IMGCLS_BAD_INPUT, "%s: output '%s' has shape %s, not %s", text,
                    info->name ? info->name : "", found, known);
}

/* Whoever multiplies the dims later relies on it. */
static imgcls_status check_countable(struct imgcls_context *ctx, const struct imgcls_node *node,
                                     const struct imgcls_value_info *info)
{
    char text[256], shape[256];
    for (int32_t i = 0; i < info->rank; i++)
        if (info->dims[i] < 0)
            return IMGCLS_OK;
    if (imgcls_count(info->rank, info->dims) >= 0)
        return IMGCLS_OK;
    icl_node_text(node, text, sizeof text);
    icl_shape_text(NULL, info->rank, info->dims, shape, sizeof shape);
    return icl_fail(ctx, IMGCLS_LIMIT,
                    "%s: output '%s' of shape %s has more elements than can be counted", text,
                    info->name ? info->name : "", shape);
}

static imgcls_status merge_shape(struct imgcls_context *ctx, const struct imgcls_node *node,
                                 struct imgcls_value_info *info, int32_t rank,
                                 const int64_t *dims)
{
    char text[256];
    if (rank < 0)
        return IMGCLS_OK;
    if (rank > IMGCLS_MAX_RANK) {
        icl_node_text(node, text, sizeof text);
        return icl_fail(ctx, IMGCLS_UNSUPPORTED, "%s: output of %d dimensions, %d allowed",
                        text, (int)rank, IMGCLS_MAX_RANK);
    }
    if (info->rank >= 0 && info->rank != rank)
        return contradiction(ctx, node, info, rank, dims);
    for (int32_t i = 0; info->rank >= 0 && i < rank; i++)
        if (info->dims[i] >= 0 && dims[i] >= 0 && info->dims[i] != dims[i])
            return contradiction(ctx, node, info, rank, dims);
    for (int32_t i = 0; i < rank; i++) {
        bool better = info->rank < 0 || dims[i] >= 0 || info->dims[i] == -1;
        if (better)
            info->dims[i] = dims[i];
    }
    info->rank = rank;
    return check_countable(ctx, node, info);
}

imgcls_status icl_host_infer_output(const struct imgcls_host *host,
                                    struct imgcls_infer *infer, size_t index, int32_t type,
                                    int32_t rank, const int64_t *dims)
{
    struct imgcls_context *ctx = host->context;
    struct imgcls_value_info *info = output_info(infer, index);
    if (!info)
        return IMGCLS_OK;
    imgcls_status status = merge_type(ctx, infer->node, info, type);
    return status ? status : merge_shape(ctx, infer->node, info, rank, dims);
}

imgcls_status icl_host_infer_like(const struct imgcls_host *host,
                                  struct imgcls_infer *infer, size_t output, size_t input)
{
    struct imgcls_context *ctx = host->context;
    const struct imgcls_node *node = infer->node;
    char text[256];
    const struct imgcls_value_info *from =
        input < node->input_count ? node->inputs[input] : NULL;
    if (!from) {
        icl_node_text(node, text, sizeof text);
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "%s: input %zu is missing", text, input);
    }
    struct imgcls_value_info *info = output_info(infer, output);
    if (info && from->kind != IMGCLS_KIND_TENSOR)
        info->kind = from->kind;
    return icl_host_infer_output(host, infer, output, from->type, from->rank, from->dims);
}

imgcls_status icl_host_infer_kind(const struct imgcls_host *host,
                                  struct imgcls_infer *infer, size_t index, int32_t kind,
                                  int32_t type)
{
    struct imgcls_value_info *info = output_info(infer, index);
    if (!info)
        return IMGCLS_OK;
    info->kind = kind;
    return merge_type(host->context, infer->node, info, type);
}

/* One dimension of a broadcast; false where the two do not fit. */
static bool broadcast_dim(int64_t a, int64_t b, int64_t *out)
{
    if (a == b || b == 1)
        *out = a;
    else if (a == 1)
        *out = b;
    else if (a >= 0 && b >= 0)
        return false;
    else if (a >= 0 || b >= 0)
        *out = a >= 0 ? a : b; /* the open one is 1 or that number: either way this */
    else
        *out = -1;
    return true;
}

imgcls_status icl_host_broadcast(const struct imgcls_host *host,
                                 const struct imgcls_node *node, int32_t rank_a,
                                 const int64_t *a, int32_t rank_b, const int64_t *b,
                                 int32_t *rank, int64_t *out)
{
    if (rank_a < 0 || rank_b < 0) {
        *rank = -1;
        return IMGCLS_OK;
    }
    int32_t r = rank_a > rank_b ? rank_a : rank_b;
    *rank = r;
    for (int32_t i = 0; i < r; i++) {
        int64_t da = i < r - rank_a ? 1 : a[i - (r - rank_a)];
        int64_t db = i < r - rank_b ? 1 : b[i - (r - rank_b)];
        if (broadcast_dim(da, db, &out[i]))
            continue;
        char text[256], text_a[256], text_b[256];
        icl_node_text(node, text, sizeof text);
        icl_shape_text(NULL, rank_a, a, text_a, sizeof text_a);
        icl_shape_text(NULL, rank_b, b, text_b, sizeof text_b);
        return icl_fail(host->context, IMGCLS_BAD_INPUT,
                        "%s: shapes %s and %s do not broadcast", text, text_a, text_b);
    }
    return IMGCLS_OK;
}

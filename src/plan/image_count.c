/*
 * src/plan/image_count.c - where the number of images goes
 *
 * Graphs read it from shapes to name the lengths of others: Reshape(x, [N, -1]), a class token that
 * Expand repeats once an image. That is what a shape is for, and the values that come of it hold
 * image after image. Whatever else is done with the number (a division by it, a Range up to it)
 * makes results that another batch does not have.
 *
 * Numbers that only move from shapes to shapes are told apart by what they are: at the large batch
 * those that depend on it are multiples of it, the sides of pictures are not.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/passes/rows.h"
#include "src/plan/image_stride.h"
#include "src/plan/step.h"
#include "src/tensor/tensor.h"

static bool is_multiple(double number, int64_t batch)
{
    return number != 0 && __builtin_fmod(number, (double)batch) == 0;
}

/* Whether one of a constant's numbers is a multiple of the batch. */
static bool names_batch(const struct imgcls_tensor *tensor, int64_t batch)
{
    int64_t count = imgcls_count(tensor->rank, tensor->dims);
    for (int64_t i = 0; i < count; i++) {
        double number = tensor->type == IMGCLS_I64   ? (double)((const int64_t *)tensor->data)[i]
                        : tensor->type == IMGCLS_I32 ? ((const int32_t *)tensor->data)[i]
                        : tensor->type == IMGCLS_F32 ? ((const float *)tensor->data)[i]
                        : tensor->type == IMGCLS_F64 ? ((const double *)tensor->data)[i]
                                                     : (double)batch;
        if (is_multiple(number, batch))
            return true;
    }
    return false;
}

/* Whether any dimension is as long as the batch, or some times so. */
static bool has_batch(const struct icl_strides *strides, const struct imgcls_value_info *info)
{
    for (int32_t d = 0; d < info->rank; d++)
        if (info->dims[d] != 0 && info->dims[d] % strides->batch == 0)
            return true;
    return !icl_info_is_static(info);
}

/* What a value has of the number of images, as far as is known by now. */
static enum icl_counting counting_of(const struct icl_strides *strides,
                                     const struct imgcls_value_info *info)
{
    size_t index = info ? icl_value_of(info)->index : 0;
    if (!info || index >= strides->count || strides->counting[index] == ICL_COUNT_NONE)
        return ICL_COUNT_NONE;
    if (strides->counting[index] == ICL_COUNT_COPIED && info->constant &&
        !names_batch(info->constant, strides->batch) && !has_batch(strides, info))
        return ICL_COUNT_NONE;
    return strides->counting[index];
}

/* Whether input i says no more than what shape an output has. */
static bool is_shape(const struct icl_node *node, size_t i)
{
    return ((icl_node_is(node, "Reshape") || icl_node_is(node, "Expand")) && i == 1) ||
           (icl_node_is(node, "ConstantOfShape") && i == 0);
}

/* Whether the numbers of input 0 come out as they went in. Types that do not hold all of them would
 * make of a multiple of the batch another number. */
static bool moves_numbers(const struct icl_node *node)
{
    static const char *const types[] = {"Gather",   "Slice", "Concat",  "Unsqueeze", "Squeeze",
                                        "Identity", "Split", "Flatten", "Reshape",   "Cast"};
    const int32_t type = icl_node_output(node, 0) ? node->outputs[0]->type : IMGCLS_UNDEFINED;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (icl_node_is(node, types[i]))
            return !icl_node_is(node, "Cast") || type == IMGCLS_I64 || type == IMGCLS_F64;
    return false;
}

bool icl_count_enters(const struct icl_strides *strides, const struct icl_node *node)
{
    for (size_t i = 0; strides->open && i < node->node.input_count; i++)
        if (!is_shape(node, i) && counting_of(strides, node->inputs[i]) != ICL_COUNT_NONE)
            return true;
    return false;
}

bool icl_count_is_dimension(const struct icl_strides *strides,
                            const struct imgcls_value_info *info)
{
    int factors = 0;
    for (int32_t d = 0; strides->open && d < info->rank; d++)
        for (int64_t rest = info->dims[d]; rest > 0 && rest % strides->batch == 0;
             rest /= strides->batch)
            factors++;
    return !strides->open || factors == 1;
}

/* The dimension that is the batch where nothing else is; -1: none. */
static int32_t repeated_axis(const struct icl_strides *strides,
                             const struct imgcls_value_info *info)
{
    for (int32_t d = 0; d < info->rank; d++)
        if (info->dims[d] == strides->batch && icl_count_is_dimension(strides, info))
            return d;
    return -1;
}

/* A constant that Expand, or a number that ConstantOfShape, repeats once an image. */
static int64_t stride_of_repeated(const struct icl_strides *strides, const struct icl_node *node,
                                  const struct imgcls_value_info *out)
{
    const struct imgcls_value_info *data = node->inputs[0];
    int32_t axis = repeated_axis(strides, out), own = axis;
    if (axis < 0)
        return ICL_STRIDE_MIXED;
    if (icl_node_is(node, "Expand")) {
        own = data->rank - (out->rank - axis);
        if (own >= 0 && data->dims[own] != 1)
            return ICL_STRIDE_MIXED;
    }
    return imgcls_count(out->rank - axis - 1, out->dims + axis + 1);
}

/* What a node has of their number from the elements of its inputs; *shaped: from a shape, too. */
static enum icl_counting counting_within(const struct icl_strides *strides,
                                         const struct icl_node *node, bool *shaped)
{
    enum icl_counting most = ICL_COUNT_NONE;
    *shaped = false;
    for (size_t i = 0; i < node->node.input_count; i++) {
        enum icl_counting one = counting_of(strides, node->inputs[i]);
        bool moved = moves_numbers(node) && (i == 0 || icl_node_is(node, "Concat"));
        if (one == ICL_COUNT_NONE)
            continue;
        if (is_shape(node, i))
            *shaped = true;
        else if (one > most || !moved)
            most = moved ? one : ICL_COUNT_ENTERED;
    }
    return most;
}

int64_t icl_count_find(struct icl_strides *strides, const struct icl_node *node, size_t o)
{
    const struct imgcls_value_info *out = node->outputs[o];
    const struct imgcls_op *op = icl_registry_op(strides->registry, node->domain, node->type,
                                                 node->node.version);
    unsigned char *counting = &strides->counting[icl_value_of(out)->index];
    bool shaped;
    *counting = ICL_COUNT_NONE;
    if (!strides->open)
        return ICL_STRIDE_NONE;
    enum icl_counting within = counting_within(strides, node, &shaped);
    bool repeats = icl_node_is(node, "Expand") || icl_node_is(node, "ConstantOfShape");
    if (op->traits & IMGCLS_TRAIT_SHAPE_ONLY)
        within = ICL_COUNT_COPIED;
    else if (shaped && repeats && within == ICL_COUNT_NONE && icl_info_is_static(out) &&
             has_batch(strides, out))
        return stride_of_repeated(strides, node, out);
    else if (shaped && has_batch(strides, out))
        within = ICL_COUNT_ENTERED;
    *counting = (unsigned char)within;
    return ICL_STRIDE_NONE;
}

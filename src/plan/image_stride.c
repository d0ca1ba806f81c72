/*
 * src/plan/image_stride.c - where the images of a batch lie: a row for each kind of operator
 *
 * A row sees one node whose inputs have one stride each (or none), all shapes known. It looks for
 * the dimension that holds the batch, as a factor before * batch * behind, and proves of the output
 * that each element depends on elements of one image alone; else it answers MIXED. A row may be
 * narrower than its operator, never wider.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/image_stride.h"

#include <stdlib.h>
#include <string.h>

#include "src/passes/linear.h"
#include "src/passes/rows.h"
#include "src/passes/view.h"
#include "src/plan/step.h"
#include "src/tensor/tensor.h"

/* The dimension that holds the batch: dims[axis] = before * batch * behind. */
struct place {
    int32_t axis, from_end; /* counted from the first and from the last, which is 1 */
    int64_t behind;
};

/* Elements behind an axis. */
static int64_t elements_behind(const struct imgcls_value_info *info, int32_t axis)
{
    return imgcls_count(info->rank - axis - 1, info->dims + axis + 1);
}

static bool holds(const struct icl_strides *strides, const struct imgcls_value_info *info,
                  int64_t stride, int32_t axis, int64_t *behind)
{
    int64_t step = elements_behind(info, axis), block;
    if (step < 1 || stride % step != 0)
        return false;
    *behind = stride / step;
    return !__builtin_mul_overflow(*behind, strides->batch, &block) &&
           info->dims[axis] % block == 0;
}

/* A dimension with nothing before the batch goes first. (Where the batch is 1 or divides other
 * dimensions there may be a choice; each is true, this one is most often meant.) */
static bool find_place(const struct icl_strides *strides, const struct imgcls_value_info *info,
                       struct place *place)
{
    int64_t stride = icl_stride_of(strides, info), behind;
    bool found = false;
    if (stride < 1 || imgcls_count(info->rank, info->dims) < 1)
        return false;
    for (int32_t axis = 0; axis < info->rank; axis++) {
        if (!holds(strides, info, stride, axis, &behind))
            continue;
        bool whole = info->dims[axis] == strides->batch * behind;
        if (!found || whole)
            *place = (struct place){axis, info->rank - axis, behind};
        if (whole)
            return true;
        found = true;
    }
    return found;
}

/* The stride of a value that holds the batch so in that dimension. */
static int64_t stride_at(const struct icl_strides *strides, const struct imgcls_value_info *info,
                         int32_t axis, int64_t behind)
{
    int64_t stride, step, block;
    if (axis < 0 || axis >= info->rank || (step = elements_behind(info, axis)) < 1 ||
        __builtin_mul_overflow(step, behind, &stride) ||
        __builtin_mul_overflow(behind, strides->batch, &block) || info->dims[axis] % block != 0)
        return ICL_STRIDE_MIXED;
    return stride;
}

/* The place of input 0, the others having no images. */
static bool only_first(const struct icl_strides *strides, const struct icl_node *node,
                       struct place *place)
{
    for (size_t i = 1; i < node->node.input_count; i++)
        if (icl_stride_of(strides, node->inputs[i]) != ICL_STRIDE_NONE)
            return false;
    return find_place(strides, node->inputs[0], place);
}

/* A constant list of integers; -1 where it is none. */
static int32_t list_of(const struct icl_node *node, size_t i, int64_t *ints)
{
    const struct imgcls_tensor *list = icl_constant_input(node, i);
    if (!list || list->rank > 1 || (list->type != IMGCLS_I64 && list->type != IMGCLS_I32))
        return -1;
    int64_t count = imgcls_count(list->rank, list->dims);
    if (count > 2 * IMGCLS_MAX_RANK)
        return -1;
    for (int64_t k = 0; k < count; k++)
        ints[k] = list->type == IMGCLS_I64 ? ((const int64_t *)list->data)[k]
                                           : ((const int32_t *)list->data)[k];
    return (int32_t)count;
}

static int64_t from_front(int64_t axis, int32_t rank)
{
    return axis < 0 ? axis + rank : axis;
}

/* ---- The rows: the stride of output `o` --------------------------------------------------*/

/* The same elements in the same order. */
static int64_t same_order(const struct icl_strides *strides, const struct icl_node *node, size_t o)
{
    const struct imgcls_value_info *in = node->inputs[0], *out = node->outputs[o];
    for (size_t i = 1; i < node->node.input_count; i++)
        if (icl_stride_of(strides, node->inputs[i]) != ICL_STRIDE_NONE)
            return ICL_STRIDE_MIXED;
    bool same = o == 0 && imgcls_count(in->rank, in->dims) == imgcls_count(out->rank, out->dims);
    return same ? icl_stride_of(strides, in) : ICL_STRIDE_MIXED;
}

/* Dimensions agree from the right; operands with images hold them in the same one. */
static int64_t broadcast(const struct icl_strides *strides, const struct icl_node *node, size_t o)
{
    const struct imgcls_value_info *out = node->outputs[o];
    struct place first = {.axis = -1}, place;
    for (size_t i = 0; i < node->node.input_count; i++) {
        const struct imgcls_value_info *in = node->inputs[i];
        if (icl_stride_of(strides, in) == ICL_STRIDE_NONE)
            continue;
        if (!find_place(strides, in, &place) || place.from_end > out->rank ||
            in->dims[place.axis] != out->dims[out->rank - place.from_end] ||
            (first.axis >= 0 &&
             (place.from_end != first.from_end || place.behind != first.behind)))
            return ICL_STRIDE_MIXED;
        first = place;
    }
    return o == 0 ? stride_at(strides, out, out->rank - first.from_end, first.behind)
                  : ICL_STRIDE_MIXED;
}

static int64_t transpose(const struct icl_strides *strides, const struct icl_node *node, size_t o)
{
    const struct imgcls_value_info *in = node->inputs[0];
    int64_t perm[IMGCLS_MAX_RANK];
    struct place place;
    if (!only_first(strides, node, &place) || !icl_transpose_perm(node, in->rank, perm))
        return ICL_STRIDE_MIXED;
    for (int32_t i = 0; i < in->rank; i++)
        if (perm[i] == place.axis)
            return stride_at(strides, node->outputs[o], i, place.behind);
    return ICL_STRIDE_MIXED;
}

/* Input 0 is one sample after another, and so is output 0: convolution, pooling and their like. */
static int64_t samples(const struct icl_strides *strides, const struct icl_node *node, size_t o)
{
    const struct imgcls_value_info *in = node->inputs[0], *out = node->outputs[o];
    struct place place;
    bool kept = o == 0 && only_first(strides, node, &place) && place.axis == 0 && out->rank > 0 &&
                out->dims[0] == in->dims[0] && !icl_attr_int(node, "training_mode", 0);
    return kept ? stride_at(strides, out, 0, place.behind) : ICL_STRIDE_MIXED;
}

/* Scales of 1 along the batch, and no region that is cut out first. */
static int64_t resize(const struct icl_strides *strides, const struct icl_node *node, size_t o)
{
    const struct icl_value *roi = icl_node_input(node, 1), *scales = icl_node_input(node, 2);
    const struct imgcls_tensor *given = icl_constant_input(node, 2);
    bool listed = scales && imgcls_count(scales->info.rank, scales->info.dims) != 0;
    if ((roi && imgcls_count(roi->info.rank, roi->info.dims) != 0) ||
        icl_node_attr(&node->node, "axes") ||
        (listed && (!given || given->type != IMGCLS_F32 || ((const float *)given->data)[0] != 1)))
        return ICL_STRIDE_MIXED;
    return samples(strides, node, o);
}

/* Operators that work along one axis or from one axis on. */
static int64_t along_axis(const struct icl_strides *strides, const struct icl_node *node, size_t o)
{
    const struct imgcls_value_info *in = node->inputs[0], *out = node->outputs[o];
    bool to_end = icl_node_is(node, "LayerNormalization") ||
                  icl_node_is(node, "RMSNormalization") || icl_attr_int(node, "imgcls_flatten", 0);
    int64_t axis = from_front(icl_attr_int(node, "axis", -1), in->rank);
    struct place place;
    bool apart = o == 0 && only_first(strides, node, &place) && out->rank == in->rank &&
                 (to_end ? place.axis < axis : place.axis != axis);
    return apart ? stride_at(strides, out, place.axis, place.behind) : ICL_STRIDE_MIXED;
}

static int64_t concat(const struct icl_strides *strides, const struct icl_node *node, size_t o)
{
    const struct imgcls_value_info *out = node->outputs[o];
    int64_t axis = from_front(icl_attr_int(node, "axis", 0), out->rank);
    struct place first = {.axis = -1}, place;
    for (size_t i = 0; i < node->node.input_count; i++) {
        if (icl_stride_of(strides, node->inputs[i]) == ICL_STRIDE_NONE)
            continue;
        if (!find_place(strides, node->inputs[i], &place) || place.axis == axis ||
            (first.axis >= 0 && (place.axis != first.axis || place.behind != first.behind)))
            return ICL_STRIDE_MIXED;
        first = place;
    }
    return stride_at(strides, out, first.axis, first.behind);
}

static int64_t split(const struct icl_strides *strides, const struct icl_node *node, size_t o)
{
    int64_t axis = from_front(icl_attr_int(node, "axis", 0), node->inputs[0]->rank);
    struct place place;
    return only_first(strides, node, &place) && place.axis != axis
               ? stride_at(strides, node->outputs[o], place.axis, place.behind)
               : ICL_STRIDE_MIXED;
}

/* All of the batch's dimension is taken, and forwards. */
static int64_t slice(const struct icl_strides *strides, const struct icl_node *node, size_t o)
{
    const struct imgcls_value_info *in = node->inputs[0], *out = node->outputs[o];
    int64_t axes[2 * IMGCLS_MAX_RANK], steps[2 * IMGCLS_MAX_RANK];
    bool named = icl_node_input(node, 3), stepped = icl_node_input(node, 4);
    int32_t count = named ? list_of(node, 3, axes) : 0;
    int32_t step_count = stepped ? list_of(node, 4, steps) : 0;
    struct place place;
    if (count < 0 || step_count < 0 || (named && stepped && count != step_count) ||
        !only_first(strides, node, &place) || out->dims[place.axis] != in->dims[place.axis])
        return ICL_STRIDE_MIXED;
    for (int32_t i = 0; i < step_count; i++)
        if (steps[i] != 1 && (named ? from_front(axes[i], in->rank) : i) == place.axis)
            return ICL_STRIDE_MIXED;
    return stride_at(strides, out, place.axis, place.behind);
}

static int64_t gather(const struct icl_strides *strides, const struct icl_node *node, size_t o)
{
    const struct imgcls_value_info *in = node->inputs[0];
    int64_t axis = from_front(icl_attr_int(node, "axis", 0), in->rank);
    struct place place;
    if (!only_first(strides, node, &place) || place.axis == axis)
        return ICL_STRIDE_MIXED;
    int32_t moved = place.axis < axis ? 0 : node->inputs[1]->rank - 1;
    return stride_at(strides, node->outputs[o], place.axis + moved, place.behind);
}

static int64_t pad(const struct icl_strides *strides, const struct icl_node *node, size_t o)
{
    const struct imgcls_value_info *in = node->inputs[0];
    int64_t pads[2 * IMGCLS_MAX_RANK], axes[2 * IMGCLS_MAX_RANK];
    bool named = icl_node_input(node, 3);
    int32_t count = named ? list_of(node, 3, axes) : in->rank;
    struct place place;
    if (count < 0 || list_of(node, 1, pads) != 2 * count || !only_first(strides, node, &place))
        return ICL_STRIDE_MIXED;
    for (int32_t i = 0; i < count; i++)
        if ((named ? from_front(axes[i], in->rank) : i) == place.axis &&
            (pads[i] || pads[count + i]))
            return ICL_STRIDE_MIXED;
    return stride_at(strides, node->outputs[o], place.axis, place.behind);
}

static int64_t tile(const struct icl_strides *strides, const struct icl_node *node, size_t o)
{
    const struct imgcls_value_info *in = node->inputs[0], *out = node->outputs[o];
    struct place place;
    bool kept = only_first(strides, node, &place) && out->dims[place.axis] == in->dims[place.axis];
    return kept ? stride_at(strides, out, place.axis, place.behind) : ICL_STRIDE_MIXED;
}

/* Reductions over a list of axes (input 1) or one (ArgMax, ArgMin). */
static int64_t reduce(const struct icl_strides *strides, const struct icl_node *node, size_t o)
{
    const struct imgcls_value_info *in = node->inputs[0], *out = node->outputs[o];
    int64_t axes[2 * IMGCLS_MAX_RANK] = {icl_attr_int(node, "axis", 0)};
    int32_t count = strncmp(node->type, "Arg", 3) == 0 ? 1 : list_of(node, 1, axes), removed = 0;
    bool keep = icl_attr_int(node, "keepdims", 1);
    struct place place;
    if (count < 1 || icl_node_attr(&node->node, "axes") || !only_first(strides, node, &place))
        return ICL_STRIDE_MIXED;
    for (int32_t i = 0; i < count; i++) {
        int64_t axis = from_front(axes[i], in->rank);
        if (axis == place.axis)
            return ICL_STRIDE_MIXED;
        removed += !keep && axis < place.axis;
    }
    return stride_at(strides, out, place.axis - removed, place.behind);
}

/* Rows of A hold images, or what comes before the matrices does. */
static int64_t product(const struct icl_strides *strides, const struct icl_node *node, size_t o)
{
    const struct imgcls_value_info *a = node->inputs[0], *b = node->inputs[1],
                                   *out = node->outputs[o];
    struct place first = {.axis = -1}, place;
    if (a->rank < 2 || b->rank < 2)
        return ICL_STRIDE_MIXED;
    for (size_t i = 0; i < 2; i++) {
        bool other = icl_stride_of(strides, node->inputs[1 - i]) != ICL_STRIDE_NONE;
        int32_t least = i == 0 && !other ? 2 : 3;
        if (icl_stride_of(strides, node->inputs[i]) == ICL_STRIDE_NONE)
            continue;
        if (!find_place(strides, node->inputs[i], &place) || place.from_end < least ||
            (first.axis >= 0 &&
             (place.from_end != first.from_end || place.behind != first.behind)) ||
            node->inputs[i]->dims[place.axis] != out->dims[out->rank - place.from_end])
            return ICL_STRIDE_MIXED;
        first = place;
    }
    return stride_at(strides, out, out->rank - first.from_end, first.behind);
}

static int64_t gemm(const struct icl_strides *strides, const struct icl_node *node, size_t o)
{
    struct place place;
    bool rows = only_first(strides, node, &place) && place.axis == 0 &&
                !icl_attr_int(node, "transA", 0);
    return rows ? stride_at(strides, node->outputs[o], 0, place.behind) : ICL_STRIDE_MIXED;
}

/* The letter of the batch, which every operand with images has in its place, is kept. */
static int64_t einsum(const struct icl_strides *strides, const struct icl_node *node, size_t o)
{
    const struct imgcls_attr *equation = icl_node_attr(&node->node, "equation");
    char text[128];
    size_t length = 0;
    for (size_t i = 0; equation && i < equation->s.length && length < sizeof text - 1; i++)
        if (equation->s.bytes[i] != ' ')
            text[length++] = equation->s.bytes[i];
    text[length] = '\0';
    const char *result = strstr(text, "->"), *term = text, *kept;
    char letter = '\0';
    int64_t behind = 0;
    if (!result || length == sizeof text - 1 || strchr(text, '.'))
        return ICL_STRIDE_MIXED;
    for (size_t i = 0; i < node->node.input_count; i++) {
        struct place place;
        bool images = icl_stride_of(strides, node->inputs[i]) != ICL_STRIDE_NONE;
        if (images && (!find_place(strides, node->inputs[i], &place) ||
                       (letter && (letter != term[place.axis] || behind != place.behind))))
            return ICL_STRIDE_MIXED;
        if (images) {
            letter = term[place.axis];
            behind = place.behind;
        }
        term += strcspn(term, ",-");
        term += *term == ',';
    }
    kept = letter ? strchr(result + 2, letter) : NULL;
    return kept ? stride_at(strides, node->outputs[o], (int32_t)(kept - result - 2), behind)
                : ICL_STRIDE_MIXED;
}

/* ---- The table ---------------------------------------------------------------------------*/

typedef int64_t (*stride_rule)(const struct icl_strides *strides, const struct icl_node *node, size_t o);

static const struct row {
    stride_rule rule;
    const char *types[20]; /* NULL-ended */
} rows[] = {
    {broadcast, {"Add", "Sub", "Mul", "Div", "Pow", "PRelu", "Mod", "Where", "Equal", "Less",
                 "Greater", "LessOrEqual", "GreaterOrEqual", "Max", "Min", "Sum", "Mean", "Expand"}},
    {broadcast, {"And", "Or", "Xor", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitShift"}},
    {transpose, {"Transpose"}},
    {samples, {"Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool", "GlobalAveragePool",
               "GlobalMaxPool", "GlobalLpPool", "BatchNormalization", "InstanceNormalization",
               "GroupNormalization", "LRN", "DepthToSpace", "SpaceToDepth"}},
    {resize, {"Resize"}},
    {along_axis, {"Softmax", "LogSoftmax", "Hardmax", "LpNormalization", "LayerNormalization",
                  "RMSNormalization"}},
    {concat, {"Concat"}},
    {split, {"Split"}},
    {slice, {"Slice"}},
    {gather, {"Gather"}},
    {pad, {"Pad"}},
    {tile, {"Tile"}},
    {reduce, {"ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1",
              "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare", "ArgMax",
              "ArgMin"}},
    {product, {"MatMul"}},
    {gemm, {"Gemm"}},
    {einsum, {"Einsum"}},
};

static stride_rule rule_of(const struct icl_node *node, const struct imgcls_op *op)
{
    if (op->traits & IMGCLS_TRAIT_VIEW)
        return same_order;
    if (op->traits & (IMGCLS_TRAIT_ELEMENTWISE | IMGCLS_TRAIT_IDENTITY))
        return broadcast;
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++)
        for (size_t t = 0; rows[r].types[t]; t++)
            if (icl_node_is(node, rows[r].types[t]))
                return rows[r].rule;
    return NULL;
}

/* Whether an input has images; *clear is whether of all that have them it is known where. */
static bool sees_images(const struct icl_strides *strides, const struct icl_node *node, bool *clear)
{
    bool seen = false;
    *clear = true;
    for (size_t i = 0; i < node->node.input_count; i++) {
        int64_t stride = icl_stride_of(strides, node->inputs[i]);
        seen = seen || stride != ICL_STRIDE_NONE;
        *clear = *clear && stride != ICL_STRIDE_MIXED &&
                 (!node->inputs[i] || icl_info_is_static(node->inputs[i]));
    }
    return seen;
}

void icl_strides_find(struct icl_strides *strides, const struct icl_node *node)
{
    const struct imgcls_op *op = icl_registry_op(strides->registry, node->domain, node->type,
                                                 node->node.version);
    bool clear, seen = sees_images(strides, node, &clear);
    bool within = !op || (op->traits & (IMGCLS_TRAIT_SUBGRAPH | IMGCLS_TRAIT_RANDOM));
    bool none = !within && (!seen || (op->traits & IMGCLS_TRAIT_SHAPE_ONLY));
    bool plain = !within && !none && clear && node->inputs[0] && !icl_count_enters(strides, node);
    stride_rule rule = plain ? rule_of(node, op) : NULL;
    for (size_t o = 0; o < node->node.output_count; o++) {
        const struct imgcls_value_info *out = node->outputs[o];
        if (!out || icl_value_of(out)->index >= strides->count)
            continue;
        int64_t stride = none ? icl_count_find(strides, node, o) : ICL_STRIDE_MIXED;
        if (rule && icl_info_is_static(out) && icl_count_is_dimension(strides, out))
            stride = rule(strides, node, o);
        strides->of[icl_value_of(out)->index] = stride;
    }
}

/* A larger block whose new end is zero; what was there stays good where there is no memory. */
static bool grow(void *array, size_t from, size_t count, size_t size)
{
    size_t bytes;
    char **block = array;
    char *grown = icl_mul_size(count, size, &bytes) ? realloc(*block, bytes) : NULL;
    if (!grown)
        return false;
    memset(grown + from * size, 0, (count - from) * size);
    *block = grown;
    return true;
}

imgcls_status icl_strides_cover(struct icl_strides *strides, const struct imgcls_graph *graph)
{
    size_t count = graph->value_count;
    if (count <= strides->count)
        return IMGCLS_OK;
    if (!grow(&strides->of, strides->count, count, sizeof *strides->of) ||
        !grow(&strides->counting, strides->count, count, sizeof *strides->counting))
        return icl_fail(strides->ctx, IMGCLS_NO_MEMORY, "no memory to follow %zu values", count);
    strides->count = count;
    return IMGCLS_OK;
}

void icl_strides_clear(struct icl_strides *strides)
{
    free(strides->of);
    free(strides->counting);
    strides->of = NULL;
    strides->counting = NULL;
    strides->count = 0;
}

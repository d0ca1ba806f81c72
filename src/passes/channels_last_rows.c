/*
 * src/passes/channels_last_rows.c - which operators go channels-last, and how their axes map
 *
 * Operators whose arithmetic knows where channels are have a twin in the channels-last domain
 * (same attributes, same inputs, image in another order); those that name axes get the axes of
 * the other order; those that are blind to layout get their operands in it. A row exists only
 * where a plugin offers the twin.
 *
 * Not here: which nodes of a graph are rewritten (channels_last.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <string.h>

#include "src/passes/channels_last.h"
#include "src/passes/view.h"
#include "src/tensor/tensor.h"

static const struct icl_value *image_in(const struct icl_layout *layout,
                                        const struct icl_node *node, size_t i)
{
    const struct icl_value *value = icl_node_input(node, i);
    return icl_is_image(layout->graph, value) ? value : NULL;
}

static const struct icl_value *image_out(const struct icl_layout *layout,
                                         const struct icl_node *node, size_t i)
{
    const struct icl_value *value = icl_node_output(node, i);
    return icl_is_image(layout->graph, value) ? value : NULL;
}

static int64_t attr_int(const struct icl_node *node, const char *name, int64_t fallback)
{
    const struct imgcls_attr *attr = icl_node_attr(&node->node, name);
    return attr ? attr->i : fallback;
}

static imgcls_status set_int(struct icl_node *node, const char *name, int64_t value)
{
    struct imgcls_attr attr = {
        .struct_size = sizeof attr, .name = name, .kind = IMGCLS_ATTR_INT, .i = value};
    return icl_node_set_attr(node, &attr);
}

static imgcls_status set_ints(struct icl_node *node, const char *name, int32_t count,
                              const int64_t *values)
{
    struct imgcls_attr attr = {.struct_size = sizeof attr, .name = name,
                               .kind = IMGCLS_ATTR_INTS, .count = (size_t)count,
                               .ints = values};
    return icl_node_set_attr(node, &attr);
}

/* A constant list of integers that input i is; -1 where it is none, 0 where omitted. */
static int32_t list_of(const struct icl_node *node, size_t i, int64_t *ints)
{
    const struct icl_value *value = icl_node_input(node, i);
    if (!value)
        return 0;
    const struct imgcls_tensor *list = value->info.constant;
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

/* Counts axes from the front; false where one is outside. */
static bool axes_in(int32_t rank, int32_t count, int64_t *axes)
{
    for (int32_t i = 0; i < count; i++) {
        axes[i] += axes[i] < 0 ? rank : 0;
        if (axes[i] < 0 || axes[i] >= rank)
            return false;
    }
    return true;
}

static bool first_is_image(const struct icl_node *node, size_t i)
{
    (void)node;
    return i == 0;
}

static bool only_output(const struct icl_node *node)
{
    for (size_t i = 1; i < node->node.output_count; i++)
        if (icl_node_output(node, i))
            return false;
    return node->node.output_count > 0;
}

/* ---- Operators with a twin --------------------------------------------------------------*/

static enum icl_fit twin_fits(const struct icl_layout *layout, const struct icl_node *node)
{
    bool fits = image_in(layout, node, 0) && image_out(layout, node, 0) && only_output(node) &&
                icl_registry_op(layout->registry, ICL_CHANNELS_LAST_DOMAIN, node->type, 1);
    return fits ? ICL_FIT_LAST : ICL_FIT_NOT;
}

static enum icl_fit conv_fits(const struct icl_layout *layout, const struct icl_node *node)
{
    const struct icl_value *w = icl_node_input(node, 1), *x = icl_node_input(node, 0);
    if (!w || !x || w->info.rank != x->info.rank ||
        imgcls_count(w->info.rank, w->info.dims) < 1)
        return ICL_FIT_NOT;
    return twin_fits(layout, node);
}

static enum icl_fit batch_norm_fits(const struct icl_layout *layout,
                                    const struct icl_node *node)
{
    if (attr_int(node, "training_mode", 0) || attr_int(node, "imgcls_per_element", 0))
        return ICL_FIT_NOT;
    return twin_fits(layout, node);
}

static imgcls_status twin_rewrite(struct icl_layout *layout, struct icl_node *node)
{
    imgcls_status status = icl_layout_take(layout, node, 0);
    if (status == IMGCLS_OK)
        status = icl_layout_give(layout, node, 0);
    char type[64];
    size_t length = strlen(node->type);
    if (status != IMGCLS_OK || length >= sizeof type)
        return status;
    memcpy(type, node->type, length + 1);
    status = icl_node_set_type(node, ICL_CHANNELS_LAST_DOMAIN, type);
    node->node.version = 1;
    return status;
}

static double round_up(double value, double unit)
{
    int64_t whole = (int64_t)((value + unit - 1) / unit);
    return (double)whole * unit;
}

/* Products of one thread: channels-last runs 16 output channels side by side, the other order
 * 6 rows of them, and gathers each column of pixels first (docs/performance.md). */
static double conv_saves(const struct icl_node *node)
{
    const struct imgcls_value_info *y = &icl_node_output(node, 0)->info;
    const struct imgcls_value_info *w = &icl_node_input(node, 1)->info;
    double positions = (double)y->dims[0], k = (double)imgcls_count(w->rank - 1, w->dims + 1);
    double group = (double)attr_int(node, "group", 1), m = (double)w->dims[0] / group;
    for (int32_t d = 2; d < y->rank; d++)
        positions *= (double)y->dims[d];
    double macs = positions * (double)w->dims[0] * k;
    if (w->dims[1] == 1 && m == 1)
        return macs * (0.25 - 0.06 * round_up(group, 8) / group);
    return macs * (round_up(m, 6) / m / 40 - round_up(m, 16) / m / 50) +
           0.4 * positions * group * k;
}

/* ---- Blind to layout --------------------------------------------------------------------*/

static bool is_one(const struct icl_value *value)
{
    return imgcls_count(value->info.rank, value->info.dims) == 1;
}

static bool blind_reads(const struct icl_node *node, size_t i)
{
    const struct icl_value *value = icl_node_input(node, i), *y = icl_node_output(node, 0);
    return value && y && value->info.rank == y->info.rank && !is_one(value);
}

static enum icl_fit blind_fits(const struct icl_layout *layout, const struct icl_node *node)
{
    const struct icl_value *y = image_out(layout, node, 0);
    if (!y || !only_output(node))
        return ICL_FIT_NOT;
    for (size_t i = 0; i < node->node.input_count; i++) {
        const struct icl_value *value = icl_node_input(node, i);
        if (!value || (value->info.rank >= 0 && is_one(value)))
            continue;
        if (value->info.constant
                ? value->info.rank > y->info.rank || icl_type_bits(value->info.type) % 8 != 0
                : value->info.rank != y->info.rank || !icl_is_image(layout->graph, value))
            return ICL_FIT_NOT;
        if (value->info.constant && value->info.type == IMGCLS_STRING)
            return ICL_FIT_NOT;
    }
    return ICL_FIT_LAST;
}

static imgcls_status blind_rewrite(struct icl_layout *layout, struct icl_node *node)
{
    int32_t rank = icl_node_output(node, 0)->info.rank;
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; status == IMGCLS_OK && i < node->node.input_count; i++) {
        const struct icl_value *value = icl_node_input(node, i);
        if (!value || is_one(value))
            continue;
        if (value->info.constant)
            status = icl_layout_turn_constant(layout, node, i, rank);
        else
            status = icl_layout_take(layout, node, i);
    }
    return status == IMGCLS_OK ? icl_layout_give(layout, node, 0) : status;
}

/* ---- One axis: Concat, Split, Softmax ---------------------------------------------------*/

static bool every_input(const struct icl_node *node, size_t i)
{
    (void)node;
    (void)i;
    return true;
}

static enum icl_fit axis_fits(const struct icl_layout *layout, const struct icl_node *node)
{
    const struct icl_layout_row *row = icl_layout_row_of(layout, node);
    const struct icl_value *y = icl_node_output(node, 0);
    int64_t axis = attr_int(node, "axis", icl_node_is(node, "Split") ? 0 : -1);
    if (!y || !axes_in(y->info.rank, 1, &axis))
        return ICL_FIT_NOT;
    for (size_t i = 0; i < node->node.output_count; i++)
        if (!image_out(layout, node, i))
            return ICL_FIT_NOT;
    for (size_t i = 0; i < node->node.input_count; i++)
        if (row->reads_image(node, i) && !image_in(layout, node, i))
            return ICL_FIT_NOT;
    return ICL_FIT_LAST;
}

static imgcls_status axis_rewrite(struct icl_layout *layout, struct icl_node *node)
{
    const struct icl_layout_row *row = icl_layout_row_of(layout, node);
    int32_t rank = icl_node_output(node, 0)->info.rank;
    int64_t axis = attr_int(node, "axis", icl_node_is(node, "Split") ? 0 : -1);
    axes_in(rank, 1, &axis);
    imgcls_status status = set_int(node, "axis", icl_axis_last(rank, axis));
    for (size_t i = 0; status == IMGCLS_OK && i < node->node.input_count; i++)
        if (row->reads_image(node, i))
            status = icl_layout_take(layout, node, i);
    for (size_t i = 0; status == IMGCLS_OK && i < node->node.output_count; i++)
        status = icl_layout_give(layout, node, i);
    return status;
}

/* ---- Lists of axes: Reduce..., Slice ----------------------------------------------------*/

/* Without the reduced axes what is left must stand in the same order: [N, C]. */
static enum icl_fit reduce_fits(const struct icl_layout *layout, const struct icl_node *node)
{
    const struct icl_value *x = image_in(layout, node, 0);
    int64_t axes[2 * IMGCLS_MAX_RANK];
    int32_t count = list_of(node, 1, axes), pixels = 0;
    if (!x || !icl_node_output(node, 0) || count < 1 || !axes_in(x->info.rank, count, axes))
        return ICL_FIT_NOT;
    if (attr_int(node, "keepdims", 1))
        return image_out(layout, node, 0) ? ICL_FIT_LAST : ICL_FIT_NOT;
    for (int32_t i = 0; i < count; i++)
        pixels += axes[i] >= 2;
    return pixels == x->info.rank - 2 ? ICL_FIT_PLAIN : ICL_FIT_NOT;
}

static imgcls_status map_axes(struct icl_layout *layout, struct icl_node *node, size_t i,
                              int32_t rank)
{
    int64_t axes[2 * IMGCLS_MAX_RANK];
    int32_t count = list_of(node, i, axes);
    axes_in(rank, count, axes);
    for (int32_t k = 0; k < count; k++)
        axes[k] = icl_axis_last(rank, axes[k]);
    return icl_layout_set_ints(layout, node, i, count, axes);
}

static imgcls_status reduce_rewrite(struct icl_layout *layout, struct icl_node *node)
{
    int32_t rank = icl_node_input(node, 0)->info.rank;
    imgcls_status status = map_axes(layout, node, 1, rank);
    if (status == IMGCLS_OK)
        status = icl_layout_take(layout, node, 0);
    if (status == IMGCLS_OK && attr_int(node, "keepdims", 1))
        status = icl_layout_give(layout, node, 0);
    return status;
}

static enum icl_fit slice_fits(const struct icl_layout *layout, const struct icl_node *node)
{
    const struct icl_value *x = image_in(layout, node, 0);
    int64_t axes[2 * IMGCLS_MAX_RANK];
    int32_t count = list_of(node, 3, axes);
    bool fits = x && image_out(layout, node, 0) && count > 0 &&
                axes_in(x->info.rank, count, axes);
    return fits ? ICL_FIT_LAST : ICL_FIT_NOT;
}

static imgcls_status slice_rewrite(struct icl_layout *layout, struct icl_node *node)
{
    imgcls_status status = map_axes(layout, node, 3, icl_node_input(node, 0)->info.rank);
    if (status == IMGCLS_OK)
        status = icl_layout_take(layout, node, 0);
    return status == IMGCLS_OK ? icl_layout_give(layout, node, 0) : status;
}

/* ---- Pad, Resize ------------------------------------------------------------------------*/

static enum icl_fit pad_fits(const struct icl_layout *layout, const struct icl_node *node)
{
    const struct icl_value *x = image_in(layout, node, 0);
    int64_t pads[2 * IMGCLS_MAX_RANK], axes[2 * IMGCLS_MAX_RANK];
    int32_t count = list_of(node, 1, pads), named = list_of(node, 3, axes);
    if (!x || !image_out(layout, node, 0) || named < 0 ||
        (named && !axes_in(x->info.rank, named, axes)))
        return ICL_FIT_NOT;
    return count == 2 * (named ? named : x->info.rank) ? ICL_FIT_LAST : ICL_FIT_NOT;
}

static imgcls_status pad_rewrite(struct icl_layout *layout, struct icl_node *node)
{
    int64_t pads[2 * IMGCLS_MAX_RANK], turned[2 * IMGCLS_MAX_RANK];
    int32_t rank = icl_node_input(node, 0)->info.rank;
    imgcls_status status;
    if (icl_node_input(node, 3)) {
        status = map_axes(layout, node, 3, rank);
    } else {
        list_of(node, 1, pads);
        for (int32_t d = 0; d < rank; d++) {
            turned[d] = pads[icl_axis_first(rank, d)];
            turned[rank + d] = pads[rank + icl_axis_first(rank, d)];
        }
        status = icl_layout_set_ints(layout, node, 1, 2 * rank, turned);
    }
    if (status == IMGCLS_OK)
        status = icl_layout_take(layout, node, 0);
    return status == IMGCLS_OK ? icl_layout_give(layout, node, 0) : status;
}

/* scales or sizes, one a dimension; a region of interest is not looked for. */
static const struct imgcls_tensor *resize_list(const struct icl_node *node, size_t *input)
{
    for (*input = 2; *input <= 3; ++*input) {
        const struct icl_value *value = icl_node_input(node, *input);
        if (value && imgcls_count(value->info.rank, value->info.dims) != 0)
            return value->info.constant;
    }
    return NULL;
}

static enum icl_fit resize_fits(const struct icl_layout *layout, const struct icl_node *node)
{
    const struct icl_value *x = image_in(layout, node, 0), *roi = icl_node_input(node, 1);
    const struct imgcls_attr *axes = icl_node_attr(&node->node, "axes");
    size_t input;
    const struct imgcls_tensor *list = resize_list(node, &input);
    bool fits = x && image_out(layout, node, 0) && list && !axes && list->rank == 1 &&
                list->dims[0] == x->info.rank &&
                (list->type == IMGCLS_F32 || list->type == IMGCLS_I64) &&
                (!roi || imgcls_count(roi->info.rank, roi->info.dims) == 0);
    return fits ? ICL_FIT_LAST : ICL_FIT_NOT;
}

/* The list's four (or so) numbers, turned as if they were an image's dimensions. */
static imgcls_status resize_rewrite(struct icl_layout *layout, struct icl_node *node)
{
    size_t input;
    const struct imgcls_tensor *list = resize_list(node, &input);
    imgcls_status status = icl_layout_turn_list(layout, node, input, list);
    if (status == IMGCLS_OK)
        status = icl_layout_take(layout, node, 0);
    return status == IMGCLS_OK ? icl_layout_give(layout, node, 0) : status;
}

/* ---- Transpose, Reshape -----------------------------------------------------------------*/

bool icl_layout_provides(const struct icl_layout *layout, const struct icl_node *node)
{
    const struct icl_value *y = image_out(layout, node, 0);
    int64_t perm[IMGCLS_MAX_RANK];
    if (node->removed || !icl_node_is(node, "Transpose") || !y ||
        !image_in(layout, node, 0) || !icl_transpose_perm(node, y->info.rank, perm))
        return false;
    for (int32_t d = 0; d < y->info.rank; d++)
        if (perm[d] != icl_axis_last(y->info.rank, d))
            return false;
    return true;
}

/* Any permutation of an image is one of its other form, too; often none at all. */
static enum icl_fit transpose_fits(const struct icl_layout *layout,
                                   const struct icl_node *node)
{
    const struct icl_value *x = image_in(layout, node, 0);
    int64_t perm[IMGCLS_MAX_RANK];
    return x && icl_node_output(node, 0) && icl_transpose_perm(node, x->info.rank, perm)
               ? ICL_FIT_PLAIN
               : ICL_FIT_NOT;
}

/* What the Transpose costs, where it goes. */
static double transpose_saves(const struct icl_node *node)
{
    const struct icl_value *x = icl_node_input(node, 0);
    int64_t perm[IMGCLS_MAX_RANK];
    if (!icl_transpose_perm(node, x->info.rank, perm))
        return 0;
    for (int32_t d = 0; d < x->info.rank; d++)
        if (icl_axis_last(x->info.rank, perm[d]) != d)
            return 0;
    return icl_layout_move_ns(x);
}

static imgcls_status transpose_rewrite(struct icl_layout *layout, struct icl_node *node)
{
    int32_t rank = icl_node_input(node, 0)->info.rank;
    int64_t perm[IMGCLS_MAX_RANK], turned[IMGCLS_MAX_RANK];
    bool moves = false;
    if (!icl_transpose_perm(node, rank, perm)) /* transpose_fits has asked */
        return icl_fail(node->graph->ctx, IMGCLS_INTERNAL, "node '%s': no permutation", node->name);
    for (int32_t d = 0; d < rank; d++) {
        turned[d] = icl_axis_last(rank, perm[d]);
        moves |= turned[d] != d;
    }
    imgcls_status status = icl_layout_take(layout, node, 0);
    if (status == IMGCLS_OK && moves)
        return set_ints(node, "perm", rank, turned);
    if (status == IMGCLS_OK) {
        icl_node_remove_attr(node, "perm");
        status = icl_node_set_type(node, "", "Identity"); /* drop-identity comes next */
    }
    return status;
}

/* Pixels in another arrangement, images and channels as they were: [N, C, H, W] as
 * [N, C, H * W], say. */
static enum icl_fit reshape_fits(const struct icl_layout *layout, const struct icl_node *node)
{
    const struct icl_value *x = image_in(layout, node, 0), *y = image_out(layout, node, 0);
    bool fits = x && y && x->info.dims[0] == y->info.dims[0] &&
                x->info.dims[1] == y->info.dims[1];
    return fits ? ICL_FIT_LAST : ICL_FIT_NOT;
}

static imgcls_status reshape_rewrite(struct icl_layout *layout, struct icl_node *node)
{
    const struct imgcls_value_info *y = &icl_node_output(node, 0)->info;
    int64_t shape[IMGCLS_MAX_RANK];
    for (int32_t d = 0; d < y->rank; d++)
        shape[d] = y->dims[icl_axis_first(y->rank, d)];
    imgcls_status status = icl_layout_set_ints(layout, node, 1, y->rank, shape);
    while (status == IMGCLS_OK && node->attr_count)
        icl_node_remove_attr(node, node->attrs[0]->attr.name); /* axis, axes, allowzero */
    if (status == IMGCLS_OK)
        status = icl_node_set_type(node, "", "Reshape");
    if (status == IMGCLS_OK)
        status = icl_layout_take(layout, node, 0);
    return status == IMGCLS_OK ? icl_layout_give(layout, node, 0) : status;
}

/* ---- The table --------------------------------------------------------------------------*/

static const struct icl_layout_row rows[] = {
    {"Conv", true, conv_fits, first_is_image, twin_rewrite, conv_saves},
    {"MaxPool", false, twin_fits, first_is_image, twin_rewrite, NULL},
    {"AveragePool", false, twin_fits, first_is_image, twin_rewrite, NULL},
    {"GlobalAveragePool", false, twin_fits, first_is_image, twin_rewrite, NULL},
    {"GlobalMaxPool", false, twin_fits, first_is_image, twin_rewrite, NULL},
    {"BatchNormalization", false, batch_norm_fits, first_is_image, twin_rewrite, NULL},
    {"Concat", false, axis_fits, every_input, axis_rewrite, NULL},
    {"Split", false, axis_fits, first_is_image, axis_rewrite, NULL},
    {"Softmax", false, axis_fits, first_is_image, axis_rewrite, NULL},
    {"ReduceMean", false, reduce_fits, first_is_image, reduce_rewrite, NULL},
    {"ReduceSum", false, reduce_fits, first_is_image, reduce_rewrite, NULL},
    {"ReduceMax", false, reduce_fits, first_is_image, reduce_rewrite, NULL},
    {"ReduceMin", false, reduce_fits, first_is_image, reduce_rewrite, NULL},
    {"ReduceL2", false, reduce_fits, first_is_image, reduce_rewrite, NULL},
    {"Slice", false, slice_fits, first_is_image, slice_rewrite, NULL},
    {"Pad", false, pad_fits, first_is_image, pad_rewrite, NULL},
    {"Resize", false, resize_fits, first_is_image, resize_rewrite, NULL},
    {"Transpose", false, transpose_fits, first_is_image, transpose_rewrite,
     transpose_saves},
    {"Reshape", false, reshape_fits, first_is_image, reshape_rewrite, NULL},
    {"Flatten", false, reshape_fits, first_is_image, reshape_rewrite, NULL},
    {"Squeeze", false, reshape_fits, first_is_image, reshape_rewrite, NULL},
    {"Unsqueeze", false, reshape_fits, first_is_image, reshape_rewrite, NULL},
};

static const struct icl_layout_row blind = {"",          false, blind_fits, blind_reads,
                                            blind_rewrite, NULL};

const struct icl_layout_row *icl_layout_row_of(const struct icl_layout *layout,
                                               const struct icl_node *node)
{
    if (node->removed || node->node.epilogue_count || node->graph != layout->graph)
        return NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (icl_node_is(node, rows[i].type))
            return &rows[i];
    const struct imgcls_op *op =
        icl_registry_op(layout->registry, node->domain, node->type, node->node.version);
    return op && (op->traits & IMGCLS_TRAIT_LAYOUT_BLIND) ? &blind : NULL;
}

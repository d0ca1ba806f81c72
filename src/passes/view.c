/*
 * src/passes/view.c - a value as strides over the bytes of another
 *
 * Walks from a value to its producer, and on, as long as what was found can be said by
 * strides; then comes back applying each node's renaming.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/passes/view.h"

#include <string.h>

#include "src/passes/rows.h"
#include "src/plan/step.h"
#include "src/tensor/tensor.h"

#define DEPTH_MAX 64 /* nodes on the way; longer chains begin in their middle */

bool icl_value_is_static(const struct icl_value *value)
{
    return value && icl_info_is_static(&value->info);
}

void icl_view_whole(struct icl_value *value, struct icl_view *out)
{
    memset(out, 0, sizeof *out);
    out->root = value;
    out->rank = value->info.rank;
    for (int32_t i = 0; i < out->rank; i++)
        out->dims[i] = value->info.dims[i];
    icl_strides_of(out->rank, out->dims, out->strides);
    out->scale = 1;
}

/* Old dimensions [*from, ...) and new ones [*to, ...) that make the same number of
 * elements, as few as can be. */
static bool next_group(const struct icl_view *view, int32_t rank, const int64_t *dims,
                       int32_t *from, int32_t *to)
{
    int64_t have = view->dims[*from], want = dims[*to];
    ++*from;
    ++*to;
    while (have != want) {
        if (have < want) {
            if (*from == view->rank)
                return false;
            have *= view->dims[(*from)++];
        } else {
            if (*to == rank)
                return false;
            want *= dims[(*to)++];
        }
    }
    return true;
}

/* Old dimensions [begin, end) walked as one: each step must lead to the next. Dimensions of
 * 1 have no step. *stride is the innermost one's. */
static bool is_one_walk(const struct icl_view *view, int32_t begin, int32_t end,
                        int64_t *stride)
{
    bool found = false;
    int64_t expected = 0;
    *stride = 0;
    for (int32_t i = end; i-- > begin;) {
        if (view->dims[i] == 1)
            continue;
        if (found && view->strides[i] != expected)
            return false;
        if (!found)
            *stride = view->strides[i];
        found = true;
        expected = view->strides[i] * view->dims[i];
    }
    return true;
}

bool icl_view_reshape(struct icl_view *view, int32_t rank, const int64_t *dims)
{
    struct icl_view made = *view;
    int32_t from = 0, to = 0;
    int64_t count = imgcls_count(rank, dims);
    if (count != imgcls_count(view->rank, view->dims) || count == 0)
        return false;
    made.rank = rank;
    memset(made.strides, 0, sizeof made.strides);
    while (from < view->rank && to < rank) {
        int32_t from_begin = from, to_begin = to;
        int64_t stride;
        if (!next_group(view, rank, dims, &from, &to) ||
            !is_one_walk(view, from_begin, from, &stride))
            return false;
        for (int32_t i = to; i-- > to_begin; stride *= dims[i])
            made.strides[i] = stride;
    }
    for (int32_t i = 0; i < rank; i++) /* what is left over on either side is 1 */
        made.dims[i] = dims[i];
    *view = made;
    return true;
}

void icl_view_permute(struct icl_view *view, const int64_t *perm)
{
    const struct icl_view from = *view;
    for (int32_t i = 0; i < view->rank; i++) {
        view->dims[i] = from.dims[perm[i]];
        view->strides[i] = from.strides[perm[i]];
    }
}

bool icl_view_broadcast(struct icl_view *view, int32_t rank, const int64_t *dims)
{
    const struct icl_view from = *view;
    int32_t front = rank - from.rank;
    if (front < 0)
        return false;
    for (int32_t i = 0; i < rank; i++) {
        int64_t own = i < front ? 1 : from.dims[i - front];
        if (own != 1 && own != dims[i])
            return false;
        view->dims[i] = dims[i];
        view->strides[i] = own == 1 ? 0 : from.strides[i - front];
    }
    view->rank = rank;
    return true;
}

/* ---- Nodes
 * ------------------------------------------------------------------------------*/

bool icl_transpose_perm(const struct icl_node *node, int32_t rank, int64_t *perm)
{
    const struct imgcls_attr *attr = icl_node_attr(&node->node, "perm");
    uint32_t seen = 0;
    if (attr && (attr->kind != IMGCLS_ATTR_INTS || attr->count != (size_t)rank))
        return false;
    for (int32_t i = 0; i < rank; i++) {
        perm[i] = attr ? attr->ints[i] : rank - 1 - i;
        if (perm[i] < 0)
            perm[i] += rank; /* as the operator reads it */
        if (perm[i] < 0 || perm[i] >= rank || (seen >> perm[i] & 1))
            return false;
        seen |= 1u << perm[i];
    }
    return true;
}

bool icl_node_renames(const struct icl_node *node)
{
    return icl_node_is(node, "Reshape") || icl_node_is(node, "Flatten") ||
           icl_node_is(node, "Squeeze") || icl_node_is(node, "Unsqueeze");
}

static int64_t attr_int(const struct icl_node *node, const char *name, int64_t fallback)
{
    const struct imgcls_attr *attr = icl_node_attr(&node->node, name);
    return attr ? attr->i : fallback;
}

/* The elements of a constant list of whole numbers; -1 where it is none, or too long. */
static int64_t list_of(const struct icl_value *value, int64_t list[IMGCLS_MAX_RANK])
{
    const struct imgcls_tensor *tensor = value ? value->info.constant : NULL;
    int64_t count = tensor ? imgcls_count(tensor->rank, tensor->dims) : -1;
    if (count < 0 || count > IMGCLS_MAX_RANK ||
        (tensor->type != IMGCLS_I64 && tensor->type != IMGCLS_I32))
        return -1;
    for (int64_t i = 0; i < count; i++)
        list[i] = tensor->type == IMGCLS_I64 ? ((const int64_t *)tensor->data)[i]
                                             : ((const int32_t *)tensor->data)[i];
    return count;
}

static bool through_split(const struct icl_node *node, const struct icl_value *out,
                          struct icl_view *view)
{
    int64_t axis = attr_int(node, "axis", 0);
    axis += axis < 0 ? view->rank : 0;
    if (axis < 0 || axis >= view->rank)
        return false;
    for (size_t i = 0; i < node->node.output_count; i++) {
        const struct icl_value *piece = icl_node_output(node, i);
        if (!icl_value_is_static(piece) || piece->info.rank != view->rank)
            return false;
        if (piece == out) {
            view->dims[axis] = piece->info.dims[axis];
            return true;
        }
        view->offset += piece->info.dims[axis] * view->strides[axis];
    }
    return false;
}

/* Forward steps alone. The output's own dimension says how many are taken. */
static bool through_slice(const struct icl_node *node, const struct icl_value *out,
                          struct icl_view *view)
{
    int64_t starts[IMGCLS_MAX_RANK], axes[IMGCLS_MAX_RANK], steps[IMGCLS_MAX_RANK];
    int64_t count = list_of(icl_node_input(node, 1), starts);
    const struct icl_value *given_axes = icl_node_input(node, 3);
    const struct icl_value *given_steps = icl_node_input(node, 4);
    if (count < 0 || (given_axes && list_of(given_axes, axes) != count) ||
        (given_steps && list_of(given_steps, steps) != count) ||
        out->info.rank != view->rank)
        return false;
    for (int64_t i = 0; i < count; i++) {
        int64_t axis = given_axes ? axes[i] : i, step = given_steps ? steps[i] : 1;
        axis += axis < 0 ? view->rank : 0;
        if (axis < 0 || axis >= view->rank || step < 1 || step > view->dims[axis])
            return false;
        int64_t start = starts[i] < 0 ? starts[i] + view->dims[axis] : starts[i];
        if (start < 0)
            start = 0;
        if (start > view->dims[axis])
            return false;
        view->offset += start * view->strides[axis];
        view->strides[axis] *= step;
        view->dims[axis] = out->info.dims[axis];
    }
    return true;
}

/* One index along an axis, which goes. */
static bool through_gather(const struct icl_node *node, struct icl_view *view)
{
    int64_t axis = attr_int(node, "axis", 0), index[IMGCLS_MAX_RANK];
    const struct icl_value *indices = icl_node_input(node, 1);
    axis += axis < 0 ? view->rank : 0;
    if (axis < 0 || axis >= view->rank || list_of(indices, index) != 1 ||
        indices->info.rank != 0)
        return false;
    index[0] += index[0] < 0 ? view->dims[axis] : 0;
    if (index[0] < 0 || index[0] >= view->dims[axis])
        return false;
    view->offset += index[0] * view->strides[axis];
    for (int32_t i = (int32_t)axis; i + 1 < view->rank; i++) {
        view->dims[i] = view->dims[i + 1];
        view->strides[i] = view->strides[i + 1];
    }
    view->rank--;
    return true;
}

/* The other input of a product with one number. */
static struct icl_value *scaled_input(const struct icl_node *node, double *scale)
{
    struct icl_value *a = icl_node_input(node, 0), *b = icl_node_input(node, 1);
    if (!icl_node_is(node, "Mul") || node->node.input_count != 2 || !a || !b)
        return NULL;
    struct icl_value *other = icl_value_scalar(a, scale)   ? b
                              : icl_value_scalar(b, scale) ? a
                                                           : NULL;
    const struct icl_value *out = icl_node_output(node, 0);
    return other && icl_value_is_static(other) && other->info.rank == out->info.rank ? other
                                                                                     : NULL;
}

static void view_of(struct icl_value *value, bool scaled, int depth, struct icl_view *out)
{
    struct icl_node *node = value->producer;
    double scale = 1;
    icl_view_whole(value, out);
    if (!node || node->removed || node->graph != value->graph || depth >= DEPTH_MAX)
        return;
    struct icl_value *from = icl_node_input(node, 0);
    struct icl_value *factor = scaled ? scaled_input(node, &scale) : NULL;
    if (factor)
        from = factor;
    if (!icl_value_is_static(from) || from->info.constant ||
        from->info.type != value->info.type)
        return;
    struct icl_view view;
    int64_t perm[IMGCLS_MAX_RANK];
    view_of(from, scaled && !factor, depth + 1, &view);
    bool said = factor != NULL;
    view.scale *= scale;
    if (icl_node_renames(node))
        said = icl_view_reshape(&view, value->info.rank, value->info.dims);
    else if (icl_node_is(node, "Transpose") && icl_transpose_perm(node, view.rank, perm)) {
        icl_view_permute(&view, perm);
        said = true;
    } else if (icl_node_is(node, "Split"))
        said = through_split(node, value, &view);
    else if (icl_node_is(node, "Slice"))
        said = through_slice(node, value, &view);
    else if (icl_node_is(node, "Gather"))
        said = through_gather(node, &view);
    if (said)
        *out = view;
}

void icl_view_of(struct icl_value *value, bool scaled, struct icl_view *out)
{
    view_of(value, scaled, 0, out);
}

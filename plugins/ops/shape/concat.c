/*
 * plugins/ops/shape/concat.c - Concat and Split
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "elements.h"
#include "plugins/ops/upgrade.h"
#include "shape.h"
#include "strided.h"

/* Joins the dims of input i, of which `rank` and dims are known so far, into the output's.
 */
static imgcls_status join(const struct imgcls_host *host, const struct imgcls_node *node,
                          size_t i, int32_t axis, int32_t rank, const int64_t *in,
                          int32_t out_rank, int64_t *out)
{
    char a[OP_SHAPE_TEXT], b[OP_SHAPE_TEXT];
    int32_t d;
    for (d = 0; rank == out_rank && d < rank; d++)
        if (d != axis && !op_merge_dim(out[d], in[d], &out[d]))
            break;
    if (rank == out_rank && d == rank) {
        if (in[axis] < 0 || out[axis] < 0 ||
            __builtin_add_overflow(out[axis], in[axis], &out[axis]))
            out[axis] = -1;
        return IMGCLS_OK;
    }
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                   "input %zu of shape %s does not join %s along axis %d", i,
                   op_shape_text(rank, in, a, sizeof a),
                   op_shape_text(out_rank, out, b, sizeof b), axis);
}

static imgcls_status concat_infer(const struct imgcls_host *host,
                                  struct imgcls_infer *infer)
{
    const struct imgcls_node *node = infer->node;
    const int64_t named = host->attr_int(host, node, "axis", 1);
    int64_t dims[IMGCLS_MAX_RANK];
    int32_t type = IMGCLS_UNDEFINED, rank = -1, axis = 0;
    bool open = false;
    size_t i;
    for (i = 0; i < node->input_count; i++) {
        const struct imgcls_value_info *in = node->inputs[i];
        imgcls_status status = IMGCLS_OK;
        if (!in)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "input %zu is missing", i);
        if (type != IMGCLS_UNDEFINED && in->type != IMGCLS_UNDEFINED && in->type != type)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "input %zu has element type %d where another has %d", i,
                           in->type, type);
        type = in->type != IMGCLS_UNDEFINED ? in->type : type;
        if (in->rank < 0) {
            open = true;
        } else if (rank < 0) {
            rank = in->rank;
            status = op_axis(host, node, named, rank, &axis);
            memcpy(dims, in->dims, sizeof dims);
        } else {
            status = join(host, node, i, axis, in->rank, in->dims, rank, dims);
        }
        if (status != IMGCLS_OK)
            return status;
    }
    if (rank >= 0 && open)
        dims[axis] = -1;
    return op_infer_shape(host, infer, 0, type, rank, dims);
}

static imgcls_status concat_move(const struct imgcls_host *host,
                                 const struct imgcls_run *run, void *argument)
{
    const int32_t axis = *(const int32_t *)argument;
    struct imgcls_tensor *out = imgcls_output(run, 0);
    const size_t size = op_element_size(out->type);
    int64_t strides[IMGCLS_MAX_RANK], at = 0;
    size_t i;
    strided_row_major(out->rank, out->dims, strides);
    for (i = 0; i < run->input_count; i++) {
        const struct imgcls_tensor *in = imgcls_input(run, i);
        struct strided box = {.rank = in->rank, .size = size, .from = in->data};
        if (op_count(in) == 0)
            continue;
        box.to = (char *)out->data + (size_t)(at * strides[axis]) * size;
        memcpy(box.dims, in->dims, sizeof in->dims);
        memcpy(box.to_strides, strides, sizeof strides);
        strided_row_major(in->rank, in->dims, box.from_strides);
        if (!strided_is_in_place(&box))
            strided_copy(host, run, &box);
        at += in->dims[axis];
    }
    return IMGCLS_OK;
}

static imgcls_status concat_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    int64_t dims[IMGCLS_MAX_RANK];
    int32_t axis;
    size_t i;
    imgcls_status status = op_axis(
        host, run->node, host->attr_int(host, run->node, "axis", 1), in->rank, &axis);
    memcpy(dims, in->dims, sizeof dims);
    for (i = 1; status == IMGCLS_OK && i < run->input_count; i++)
        status = join(host, run->node, i, axis, imgcls_input(run, i)->rank,
                      imgcls_input(run, i)->dims, in->rank, dims);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, in->type, in->rank, dims);
    return status == IMGCLS_OK ? elements_run(host, run, ELEMENTS_ALL, concat_move, &axis)
                               : status;
}

static int32_t concat_accepts(const struct imgcls_host *host,
                              const struct imgcls_node *node)
{
    size_t i;
    (void)host;
    for (i = 0; i < node->input_count; i++)
        if (!op_takes(node, i, OP_ANY) || node->inputs[i]->type != node->inputs[0]->type)
            return 0;
    return node->input_count > 0 && op_is_plain(node);
}

/* Before operator set 4 the axis had a default. */
static imgcls_status concat_upgrade(const struct imgcls_host *host,
                                    struct imgcls_graph *graph, struct imgcls_node *node)
{
    (void)graph;
    if (node->version < 4 && !host->attr(host, node, "axis"))
        return host->node_set_int(host, node, "axis", 1);
    return IMGCLS_OK;
}

/*
 * Size of part i of a dimension of `whole` (negative where not known): as `split` lists it,
 * or in equal parts of which the last may be smaller.
 */
static imgcls_status part_size(const struct imgcls_host *host,
                               const struct imgcls_node *node, const struct op_list *split,
                               int64_t parts, int64_t whole, int64_t i, int64_t *out)
{
    int64_t chunk, rest;
    *out = -1;
    if (split->present) {
        if (!split->known)
            return IMGCLS_OK;
        if (split->count != parts)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "split lists %lld parts for %lld outputs",
                           (long long)split->count, (long long)parts);
        *out = split->values[i];
        return IMGCLS_OK;
    }
    if (whole < 0)
        return IMGCLS_OK;
    chunk = whole / parts + (whole % parts != 0);
    rest = whole - (chunk == 0 || i <= whole / chunk ? i * chunk : whole);
    *out = rest < chunk ? (rest > 0 ? rest : 0) : chunk;
    return IMGCLS_OK;
}

/* The listed parts must be the whole. */
static imgcls_status check_parts(const struct imgcls_host *host,
                                 const struct imgcls_node *node,
                                 const struct op_list *split, int64_t whole)
{
    int64_t sum = 0, i;
    if (!split->present || !split->known)
        return IMGCLS_OK;
    for (i = 0; i < split->count; i++)
        if (split->values[i] < 0 || __builtin_add_overflow(sum, split->values[i], &sum))
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "part %lld of split is %lld",
                           (long long)i, (long long)split->values[i]);
    if (whole >= 0 && sum != whole)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "split sums to %lld where the dimension is %lld", (long long)sum,
                       (long long)whole);
    return IMGCLS_OK;
}

static imgcls_status split_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_node *node = infer->node;
    const struct imgcls_value_info *in = op_in(node, 0);
    int64_t dims[IMGCLS_MAX_RANK];
    struct op_list split;
    int32_t axis = 0;
    size_t i;
    imgcls_status status;
    if (!in)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "input 0 is missing");
    status = op_list_infer(host, node, 1, "split", &split);
    if (status == IMGCLS_OK && in->rank >= 0)
        status =
            op_axis(host, node, host->attr_int(host, node, "axis", 0), in->rank, &axis);
    if (status == IMGCLS_OK && in->rank >= 0)
        status = check_parts(host, node, &split, in->dims[axis]);
    memcpy(dims, in->dims, sizeof dims);
    for (i = 0; status == IMGCLS_OK && i < node->output_count; i++) {
        if (in->rank >= 0)
            status = part_size(host, node, &split, (int64_t)node->output_count,
                               in->dims[axis], (int64_t)i, &dims[axis]);
        if (status == IMGCLS_OK)
            status = host->infer_output(host, infer, i, in->type, in->rank, dims);
    }
    return status;
}

static imgcls_status split_move(const struct imgcls_host *host,
                                const struct imgcls_run *run, void *argument)
{
    const int64_t *sizes = argument; /* of the parts, and before them the axis */
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    const int32_t axis = (int32_t)sizes[0];
    const size_t size = op_element_size(in->type);
    int64_t strides[IMGCLS_MAX_RANK], at = 0;
    size_t i;
    strided_row_major(in->rank, in->dims, strides);
    for (i = 0; i < run->output_count; i++) {
        struct imgcls_tensor *out = imgcls_output(run, i);
        struct strided box = {.rank = in->rank, .size = size};
        if (out && op_count(out) > 0) {
            box.to = out->data;
            box.from = (const char *)in->data + (size_t)(at * strides[axis]) * size;
            memcpy(box.dims, out->dims, sizeof out->dims);
            strided_row_major(out->rank, out->dims, box.to_strides);
            memcpy(box.from_strides, strides, sizeof strides);
            if (!strided_is_in_place(&box))
                strided_copy(host, run, &box);
        }
        at += out ? out->dims[axis] : sizes[i + 1];
    }
    return IMGCLS_OK;
}

static imgcls_status split_portable(const struct imgcls_host *host,
                                    const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    const struct imgcls_node *node = run->node;
    int64_t dims[IMGCLS_MAX_RANK], sizes[OP_LIST_MAX + 1];
    struct op_list split;
    int32_t axis = 0;
    size_t i;
    imgcls_status status = op_list_read(host, node, imgcls_input(run, 1), "split", &split);
    if (status == IMGCLS_OK)
        status =
            op_axis(host, node, host->attr_int(host, node, "axis", 0), in->rank, &axis);
    if (status == IMGCLS_OK)
        status = check_parts(host, node, &split, in->dims[axis]);
    if (status == IMGCLS_OK && run->output_count > OP_LIST_MAX)
        status =
            OP_FAIL(host, node, IMGCLS_UNSUPPORTED, "%zu outputs, at most %d are supported",
                    run->output_count, OP_LIST_MAX);
    sizes[0] = axis;
    memcpy(dims, in->dims, sizeof dims);
    for (i = 0; status == IMGCLS_OK && i < run->output_count; i++) {
        status = part_size(host, node, &split, (int64_t)run->output_count, in->dims[axis],
                           (int64_t)i, &dims[axis]);
        sizes[i + 1] = dims[axis];
        if (status == IMGCLS_OK)
            status = op_set_output(host, run, i, in->type, in->rank, dims);
    }
    return status == IMGCLS_OK ? elements_run(host, run, 1, split_move, sizes) : status;
}

static imgcls_status split_upgrade(const struct imgcls_host *host,
                                   struct imgcls_graph *graph, struct imgcls_node *node)
{
    return node->version < 13 ? upgrade_ints(host, graph, node, "split", 1) : IMGCLS_OK;
}

/* Axis, and where along it infos[i] begins behind those before it; 0 where that is open. */
static int32_t begin_of(const struct imgcls_host *host, const struct imgcls_node *node,
                        const struct imgcls_value_info *const *infos, size_t i, int64_t named,
                        int32_t *axis, int64_t *at)
{
    const struct imgcls_value_info *in = op_in(node, 0);
    size_t k;

    if (!in || in->rank < 1 || op_axis(host, node, named, in->rank, axis) != IMGCLS_OK)
        return 0;
    *at = 0;
    for (k = 0; k < i; k++)
        if (!infos[k] || infos[k]->rank != in->rank || infos[k]->dims[*axis] < 0 ||
            __builtin_add_overflow(*at, infos[k]->dims[*axis], at))
            return 0;
    return 1;
}

static int32_t concat_piece(const struct imgcls_host *host, const struct imgcls_node *node,
                            size_t i, int32_t *axis, int64_t *at)
{
    return begin_of(host, node, node->inputs, i, host->attr_int(host, node, "axis", 1), axis,
                    at);
}

static int32_t split_piece(const struct imgcls_host *host, const struct imgcls_node *node,
                           size_t i, int32_t *axis, int64_t *at)
{
    return begin_of(host, node, node->outputs, i, host->attr_int(host, node, "axis", 0), axis,
                    at);
}

static const struct imgcls_kernel concat_kernel =
    OP_KERNEL("concat_portable", concat_accepts, concat_portable);
static const struct imgcls_kernel split_kernel =
    OP_KERNEL("split_portable", elements_accepts, split_portable);
static const struct imgcls_kernel *const concat_kernels[] = {&concat_kernel, NULL};
static const struct imgcls_kernel *const split_kernels[] = {&split_kernel, NULL};

const struct imgcls_op concat_op = {
    .struct_size = sizeof(struct imgcls_op), .domain = "", .type = "Concat",
    .since_first = 1, .since_last = OP_NEWEST, .traits = IMGCLS_TRAIT_JOINS,
    .infer = concat_infer, .upgrade = concat_upgrade, .kernels = concat_kernels,
    .piece = concat_piece,
};
const struct imgcls_op split_op = {
    .struct_size = sizeof(struct imgcls_op), .domain = "", .type = "Split",
    .since_first = 1, .since_last = OP_NEWEST, .infer = split_infer,
    .upgrade = split_upgrade, .kernels = split_kernels, .piece = split_piece,
};

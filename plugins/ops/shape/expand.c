/*
 * plugins/ops/shape/expand.c - Expand (broadcast to a shape) and Tile (repeat)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "elements.h"
#include "plugins/ops/upgrade.h"
#include "shape.h"
#include "strided.h"

static imgcls_status expand_dims(const struct imgcls_host *host,
                                 const struct imgcls_node *node, int32_t in_rank,
                                 const int64_t *in, const struct op_list *shape,
                                 int32_t *rank, int64_t *dims)
{
    int64_t i;
    if (shape->count > IMGCLS_MAX_RANK)
        return OP_FAIL(host, node, IMGCLS_UNSUPPORTED,
                       "shape has %lld dimensions, at most %d are supported",
                       (long long)shape->count, IMGCLS_MAX_RANK);
    for (i = 0; i < shape->count; i++)
        if (shape->values[i] < 0)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "entry %lld of the shape is %lld",
                           (long long)i, (long long)shape->values[i]);
    return host->broadcast(host, node, in_rank, in, (int32_t)shape->count, shape->values,
                           rank, dims);
}

static imgcls_status expand_infer(const struct imgcls_host *host,
                                  struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    int64_t dims[IMGCLS_MAX_RANK];
    struct op_list shape;
    int32_t rank;
    imgcls_status status;
    if (!in || !op_in(infer->node, 1))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input and shape are needed");
    status = op_list_infer(host, infer->node, 1, "shape", &shape);
    if (status != IMGCLS_OK)
        return status;
    if (in->rank < 0 || !shape.known)
        return op_infer_open(host, infer, 0, in->type,
                             in->rank < 0 || shape.count < 0 ? -1
                             : in->rank > shape.count        ? in->rank
                                                             : shape.count);
    status = expand_dims(host, infer->node, in->rank, in->dims, &shape, &rank, dims);
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, in->type, rank, dims)
                               : status;
}

static imgcls_status expand_move(const struct imgcls_host *host,
                                 const struct imgcls_run *run, void *argument)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    struct imgcls_tensor *out = imgcls_output(run, 0);
    struct strided box = {.rank = out->rank,
                          .size = op_element_size(in->type),
                          .to = out->data,
                          .from = in->data};
    int64_t strides[IMGCLS_MAX_RANK];
    int32_t d;
    (void)argument;
    if (op_count(out) == 0)
        return IMGCLS_OK;
    strided_row_major(in->rank, in->dims, strides);
    strided_row_major(out->rank, out->dims, box.to_strides);
    for (d = 0; d < out->rank; d++) {
        const int32_t from = d - out->rank + in->rank;
        box.dims[d] = out->dims[d];
        box.from_strides[d] = from < 0 || in->dims[from] == 1 ? 0 : strides[from];
    }
    strided_copy(host, run, &box);
    return IMGCLS_OK;
}

static imgcls_status expand_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    int64_t dims[IMGCLS_MAX_RANK];
    struct op_list shape;
    int32_t rank = 0;
    imgcls_status status =
        op_list_read(host, run->node, imgcls_input(run, 1), "shape", &shape);
    if (status == IMGCLS_OK)
        status = expand_dims(host, run->node, in->rank, in->dims, &shape, &rank, dims);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, in->type, rank, dims);
    return status == IMGCLS_OK ? elements_run(host, run, 1, expand_move, NULL) : status;
}

static imgcls_status tile_dims(const struct imgcls_host *host,
                               const struct imgcls_node *node, int32_t rank,
                               const int64_t *in, const struct op_list *repeats,
                               int64_t *dims)
{
    int32_t d;
    if (repeats->count != rank)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "repeats has %lld entries for an input of %d dimensions",
                       (long long)repeats->count, rank);
    for (d = 0; d < rank; d++) {
        if (repeats->values[d] < 0)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "entry %d of repeats is %lld", d,
                           (long long)repeats->values[d]);
        if (in[d] < 0)
            dims[d] = repeats->values[d] == 1 ? in[d] : -1;
        else if (__builtin_mul_overflow(in[d], repeats->values[d], &dims[d]))
            return OP_FAIL(host, node, IMGCLS_LIMIT,
                           "dimension %d would be %lld times %lld", d, (long long)in[d],
                           (long long)repeats->values[d]);
    }
    return IMGCLS_OK;
}

static imgcls_status tile_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    int64_t dims[IMGCLS_MAX_RANK];
    struct op_list repeats;
    imgcls_status status;
    if (!in || !op_in(infer->node, 1))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input and repeats are needed");
    status = op_list_infer(host, infer->node, 1, "repeats", &repeats);
    if (status != IMGCLS_OK)
        return status;
    if (in->rank < 0 || !repeats.known)
        return op_infer_open(host, infer, 0, in->type,
                             in->rank >= 0 ? in->rank : repeats.count);
    status = tile_dims(host, infer->node, in->rank, in->dims, &repeats, dims);
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, in->type, in->rank, dims)
                               : status;
}

/* Each dimension becomes two: which repetition (source stride 0), and where in it. */
static imgcls_status tile_move(const struct imgcls_host *host, const struct imgcls_run *run,
                               void *argument)
{
    const struct op_list *repeats = argument;
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    struct imgcls_tensor *out = imgcls_output(run, 0);
    struct strided box = {.rank = 2 * in->rank,
                          .size = op_element_size(in->type),
                          .to = out->data,
                          .from = in->data};
    int64_t from[IMGCLS_MAX_RANK], to[IMGCLS_MAX_RANK];
    int32_t d;
    if (op_count(out) == 0)
        return IMGCLS_OK;
    strided_row_major(in->rank, in->dims, from);
    strided_row_major(out->rank, out->dims, to);
    for (d = 0; d < in->rank; d++) {
        box.dims[2 * d] = repeats->values[d];
        box.to_strides[2 * d] = to[d] * in->dims[d];
        box.from_strides[2 * d] = 0;
        box.dims[2 * d + 1] = in->dims[d];
        box.to_strides[2 * d + 1] = to[d];
        box.from_strides[2 * d + 1] = from[d];
    }
    strided_copy(host, run, &box);
    return IMGCLS_OK;
}

static imgcls_status tile_portable(const struct imgcls_host *host,
                                   const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    int64_t dims[IMGCLS_MAX_RANK];
    struct op_list repeats;
    imgcls_status status =
        op_list_read(host, run->node, imgcls_input(run, 1), "repeats", &repeats);
    if (status == IMGCLS_OK)
        status = tile_dims(host, run->node, in->rank, in->dims, &repeats, dims);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, in->type, in->rank, dims);
    return status == IMGCLS_OK ? elements_run(host, run, 1, tile_move, &repeats) : status;
}

/* Operator set 1 named one axis and how often: repeats = ones with that entry replaced. */
static imgcls_status tile_upgrade(const struct imgcls_host *host,
                                  struct imgcls_graph *graph, struct imgcls_node *node)
{
    char shape[UPGRADE_NAME], rank[UPGRADE_NAME], ones[UPGRADE_NAME], flat[UPGRADE_NAME];
    char whole[UPGRADE_NAME], lists[2][UPGRADE_NAME], repeats[UPGRADE_NAME];
    const int64_t one = 1;
    const struct imgcls_tensor value = {.struct_size = sizeof value,
                                        .type = IMGCLS_I64,
                                        .rank = 1,
                                        .dims = {1},
                                        .strides = {1},
                                        .data = (void *)(uintptr_t)&one,
                                        .size_bytes = sizeof one};
    const struct imgcls_tensor *const values[] = {&value};
    const struct imgcls_attr fill = {.struct_size = sizeof fill,
                                     .name = "value",
                                     .kind = IMGCLS_ATTR_TENSOR,
                                     .count = 1,
                                     .tensors = values};
    struct imgcls_node *added;
    const char *in[3];
    imgcls_status status;
    size_t i;
    if (node->version >= 6 || !op_in(node, 1) || !op_in(node, 2))
        return IMGCLS_OK;
    in[0] = node->inputs[0]->name;
    UPGRADE_ADD("Shape", 1, shape);
    in[0] = shape;
    UPGRADE_ADD("Shape", 1, rank);
    in[0] = rank;
    UPGRADE_TRY(
        upgrade_node(host, graph, "ConstantOfShape", 1, in, &added, ones, sizeof ones));
    UPGRADE_TRY(host->node_set_attr(host, added, &fill));
    UPGRADE_TRY(upgrade_constant(host, graph, 1, -1, flat, sizeof flat));
    for (i = 0; i < 2; i++) { /* tiles and axis: of the data's type, and maybe scalars */
        in[0] = node->inputs[1 + i]->name;
        UPGRADE_TRY(upgrade_node(host, graph, "Cast", 1, in, &added, whole, sizeof whole));
        UPGRADE_TRY(host->node_set_int(host, added, "to", IMGCLS_I64));
        in[0] = whole, in[1] = flat;
        UPGRADE_ADD("Reshape", 2, lists[i]);
    }
    in[0] = ones, in[1] = lists[1], in[2] = lists[0];
    UPGRADE_ADD("ScatterElements", 3, repeats);
    UPGRADE_TRY(host->node_set_input(host, node, 1, repeats));
    return host->node_set_input(host, node, 2, "");
}

static int32_t tile_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    return op_in(node, 1) && elements_accepts(host, node);
}

static const struct imgcls_kernel expand_kernel =
    OP_KERNEL("expand_portable", tile_accepts, expand_portable);
static const struct imgcls_kernel tile_kernel =
    OP_KERNEL("tile_portable", tile_accepts, tile_portable);
const struct imgcls_op expand_op =
    OP_ENTRY("Expand", 8, 0, expand_infer, NULL, &expand_kernel);
const struct imgcls_op tile_op =
    OP_ENTRY("Tile", 1, 0, tile_infer, tile_upgrade, &tile_kernel);

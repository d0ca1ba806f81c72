/*
 * plugins/ops/shape/gather.c - Gather, GatherElements, GatherND
 *
 * Indexes may count from the end; one that is out of range is an error that names it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "elements.h"
#include "index.h"
#include "shape.h"
#include "strided.h"

imgcls_status index_check(const struct imgcls_host *host, const struct imgcls_node *node,
                          const struct imgcls_tensor *indices, int64_t dim)
{
    const int64_t count = op_count(indices);
    int64_t i;
    for (i = 0; i < count; i++) {
        const int64_t index = op_int_at(indices, i);
        if (index < -dim || index >= dim)
            return index_fail(host, node, index, dim);
    }
    return IMGCLS_OK;
}

imgcls_status index_fail(const struct imgcls_host *host, const struct imgcls_node *node,
                         int64_t index, int64_t dim)
{
    if (dim == 0)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "index %lld into a dimension of 0 elements", (long long)index);
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "index %lld is outside 0..%lld",
                   (long long)index, (long long)(dim - 1));
}

/* Gather: out[..., indices..., ...] = data[..., index, ...] along one axis. */
static imgcls_status gather_dims(const struct imgcls_host *host,
                                 const struct imgcls_node *node, int32_t rank,
                                 const int64_t *in, int32_t index_rank,
                                 const int64_t *indices, int32_t *axis, int32_t *out_rank,
                                 int64_t *dims)
{
    imgcls_status status =
        op_axis(host, node, host->attr_int(host, node, "axis", 0), rank, axis);
    if (status != IMGCLS_OK)
        return status;
    *out_rank = rank - 1 + index_rank;
    if (*out_rank > IMGCLS_MAX_RANK)
        return OP_FAIL(host, node, IMGCLS_UNSUPPORTED,
                       "output has %d dimensions, at most %d are supported", *out_rank,
                       IMGCLS_MAX_RANK);
    memcpy(dims, in, (size_t)*axis * sizeof *dims);
    memcpy(dims + *axis, indices, (size_t)index_rank * sizeof *dims);
    memcpy(dims + *axis + index_rank, in + *axis + 1,
           (size_t)(rank - *axis - 1) * sizeof *dims);
    return IMGCLS_OK;
}

static imgcls_status gather_infer(const struct imgcls_host *host,
                                  struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0),
                                   *indices = op_in(infer->node, 1);
    int64_t dims[IMGCLS_MAX_RANK];
    int32_t axis, rank;
    imgcls_status status;
    if (!in || !indices)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "data and indices are needed");
    if (in->rank < 0 || indices->rank < 0)
        return op_infer_open(host, infer, 0, in->type, -1);
    status = gather_dims(host, infer->node, in->rank, in->dims, indices->rank,
                         indices->dims, &axis, &rank, dims);
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, in->type, rank, dims)
                               : status;
}

struct gather {
    const struct imgcls_tensor *in, *indices;
    struct imgcls_tensor *out;
    int64_t dim, count; /* of the axis, of the indices */
    size_t block;       /* bytes behind the axis */
};

/* Pieces are (outer position, index) pairs. */
static void gather_range(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct gather *g = argument;
    int64_t i;
    (void)thread;
    for (i = begin; i < end; i++) {
        int64_t index = op_int_at(g->indices, i % g->count);
        index += index < 0 ? g->dim : 0;
        memcpy((char *)g->out->data + (size_t)i * g->block,
               (const char *)g->in->data +
                   (size_t)(i / g->count * g->dim + index) * g->block,
               g->block);
    }
}

static imgcls_status gather_move(const struct imgcls_host *host,
                                 const struct imgcls_run *run, void *argument)
{
    const int32_t axis = *(const int32_t *)argument;
    struct gather g = {.in = imgcls_input(run, 0),
                       .indices = imgcls_input(run, 1),
                       .out = imgcls_output(run, 0)};
    int64_t grain;
    if (op_count(g.out) == 0)
        return IMGCLS_OK;
    g.dim = g.in->dims[axis];
    g.count = op_count(g.indices);
    g.block = op_element_size(g.in->type) *
              (size_t)imgcls_count(g.in->rank - axis - 1, g.in->dims + axis + 1);
    grain = (int64_t)(131072 / g.block) + 1;
    host->parallel_for(host, run, imgcls_count(axis, g.in->dims) * g.count, grain,
                       gather_range, &g);
    return IMGCLS_OK;
}

static imgcls_status gather_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0), *indices = imgcls_input(run, 1);
    int64_t dims[IMGCLS_MAX_RANK];
    int32_t axis = 0, rank;
    imgcls_status status = gather_dims(host, run->node, in->rank, in->dims, indices->rank,
                                       indices->dims, &axis, &rank, dims);
    if (status == IMGCLS_OK)
        status = index_check(host, run->node, indices, in->dims[axis]);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, in->type, rank, dims);
    return status == IMGCLS_OK ? elements_run(host, run, 1, gather_move, &axis) : status;
}

/* GatherElements: out[i][j] = data[indices[i][j]][j] for axis 0, and so on. */
static imgcls_status elements_infer(const struct imgcls_host *host,
                                    struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0),
                                   *indices = op_in(infer->node, 1);
    int32_t axis;
    imgcls_status status = IMGCLS_OK;
    if (!in || !indices)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "data and indices are needed");
    if (in->rank >= 0 && indices->rank >= 0)
        status = index_shapes(host, infer->node, in->rank, in->dims, indices->rank,
                              indices->dims, &axis);
    return status == IMGCLS_OK
               ? host->infer_output(host, infer, 0, in->type, indices->rank, indices->dims)
               : status;
}

imgcls_status index_shapes(const struct imgcls_host *host, const struct imgcls_node *node,
                           int32_t rank, const int64_t *in, int32_t index_rank,
                           const int64_t *indices, int32_t *axis)
{
    int32_t d;
    imgcls_status status =
        op_axis(host, node, host->attr_int(host, node, "axis", 0), rank, axis);
    if (status != IMGCLS_OK)
        return status;
    if (rank != index_rank)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "data has %d dimensions and indices %d", rank, index_rank);
    for (d = 0; d < rank; d++)
        if (d != *axis && in[d] >= 0 && indices[d] > in[d])
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "dimension %d of indices is %lld, more than the %lld of data", d,
                           (long long)indices[d], (long long)in[d]);
    return IMGCLS_OK;
}

int64_t index_offset(const struct imgcls_tensor *indices, const int64_t *strides,
                     int32_t axis, int64_t dim, int64_t i)
{
    int64_t rest = i, offset = 0, index = op_int_at(indices, i);
    int32_t d;
    for (d = indices->rank - 1; d >= 0; d--) {
        if (d == axis)
            offset += (index < 0 ? index + dim : index) * strides[d];
        else
            offset += rest % indices->dims[d] * strides[d];
        rest /= indices->dims[d];
    }
    return offset;
}

static imgcls_status elements_move(const struct imgcls_host *host,
                                   const struct imgcls_run *run, void *argument)
{
    const int32_t axis = *(const int32_t *)argument;
    const struct imgcls_tensor *in = imgcls_input(run, 0), *indices = imgcls_input(run, 1);
    const size_t size = op_element_size(in->type);
    const int64_t count = op_count(indices);
    char *out = imgcls_output(run, 0)->data;
    int64_t strides[IMGCLS_MAX_RANK], i;
    (void)host;
    strided_row_major(in->rank, in->dims, strides);
    for (i = 0; i < count; i++)
        memcpy(out + (size_t)i * size,
               (const char *)in->data +
                   (size_t)index_offset(indices, strides, axis, in->dims[axis], i) * size,
               size);
    return IMGCLS_OK;
}

static imgcls_status elements_portable(const struct imgcls_host *host,
                                       const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0), *indices = imgcls_input(run, 1);
    int32_t axis = 0;
    imgcls_status status = index_shapes(host, run->node, in->rank, in->dims, indices->rank,
                                        indices->dims, &axis);
    if (status == IMGCLS_OK)
        status = index_check(host, run->node, indices, in->dims[axis]);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, in->type, indices->rank, indices->dims);
    return status == IMGCLS_OK ? elements_run(host, run, 1, elements_move, &axis) : status;
}

/* GatherND: the last dimension of indices is a position in data's leading dimensions. */
struct nd {
    int32_t batch, depth; /* leading dimensions in common, length of a position */
    int32_t rank;
    int64_t dims[IMGCLS_MAX_RANK];
};

static imgcls_status nd_dims(const struct imgcls_host *host, const struct imgcls_node *node,
                             int32_t rank, const int64_t *in, int32_t index_rank,
                             const int64_t *indices, struct nd *nd)
{
    const int64_t batch = host->attr_int(host, node, "batch_dims", 0);
    int32_t d;
    if (batch < 0 || index_rank < 1 || batch >= index_rank || batch >= rank)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "batch_dims is %lld for data of %d and indices of %d dimensions",
                       (long long)batch, rank, index_rank);
    nd->batch = (int32_t)batch;
    nd->rank = -1;
    for (d = 0; d < nd->batch; d++)
        if (in[d] >= 0 && indices[d] >= 0 && in[d] != indices[d])
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "batch dimension %d is %lld in data and %lld in indices", d,
                           (long long)in[d], (long long)indices[d]);
    if (indices[index_rank - 1] < 0)
        return IMGCLS_OK;
    if (indices[index_rank - 1] > rank - batch)
        return OP_FAIL(
            host, node, IMGCLS_BAD_INPUT,
            "indices have positions of %lld numbers where data has %d dimensions",
            (long long)indices[index_rank - 1], rank - nd->batch);
    nd->depth = (int32_t)indices[index_rank - 1];
    nd->rank = index_rank - 1 + rank - nd->batch - nd->depth;
    if (nd->rank > IMGCLS_MAX_RANK)
        return OP_FAIL(host, node, IMGCLS_UNSUPPORTED,
                       "output has %d dimensions, at most %d are supported", nd->rank,
                       IMGCLS_MAX_RANK);
    memcpy(nd->dims, indices, (size_t)(index_rank - 1) * sizeof *indices);
    memcpy(nd->dims + index_rank - 1, in + nd->batch + nd->depth,
           (size_t)(rank - nd->batch - nd->depth) * sizeof *in);
    return IMGCLS_OK;
}

static imgcls_status nd_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0),
                                   *indices = op_in(infer->node, 1);
    struct nd nd;
    imgcls_status status;
    if (!in || !indices)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "data and indices are needed");
    if (in->rank < 0 || indices->rank < 0)
        return op_infer_open(host, infer, 0, in->type, -1);
    status =
        nd_dims(host, infer->node, in->rank, in->dims, indices->rank, indices->dims, &nd);
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, in->type, nd.rank, nd.dims)
                               : status;
}

static imgcls_status nd_move(const struct imgcls_host *host, const struct imgcls_run *run,
                             void *argument)
{
    const struct nd *nd = argument;
    const struct imgcls_tensor *in = imgcls_input(run, 0), *indices = imgcls_input(run, 1);
    const int32_t behind = nd->batch + nd->depth;
    const int64_t inner = imgcls_count(in->rank - behind, in->dims + behind);
    const size_t block = op_element_size(in->type) * (size_t)inner;
    const int64_t positions = imgcls_count(indices->rank - 1, indices->dims);
    const int64_t batches = imgcls_count(nd->batch, in->dims);
    int64_t strides[IMGCLS_MAX_RANK], i;
    char *out = imgcls_output(run, 0)->data;
    if (op_count(imgcls_output(run, 0)) == 0)
        return IMGCLS_OK;
    strided_row_major(in->rank, in->dims, strides);
    for (i = 0; i < positions; i++) {
        const int64_t number = i / (positions / batches); /* of the batch */
        int64_t offset = number * imgcls_count(in->rank - nd->batch, in->dims + nd->batch);
        imgcls_status status =
            index_position(host, run->node, indices, i, nd->depth, in->dims + nd->batch,
                           strides + nd->batch, &offset);
        if (status != IMGCLS_OK)
            return status;
        memcpy(out + (size_t)i * block,
               (const char *)in->data + (size_t)offset * op_element_size(in->type), block);
    }
    return IMGCLS_OK;
}

imgcls_status index_position(const struct imgcls_host *host, const struct imgcls_node *node,
                             const struct imgcls_tensor *indices, int64_t i, int32_t depth,
                             const int64_t *dims, const int64_t *strides, int64_t *offset)
{
    int32_t d;
    for (d = 0; d < depth; d++) {
        const int64_t index = op_int_at(indices, i * depth + d);
        if (index < -dims[d] || index >= dims[d])
            return index_fail(host, node, index, dims[d]);
        *offset += (index < 0 ? index + dims[d] : index) * strides[d];
    }
    return IMGCLS_OK;
}

static imgcls_status nd_portable(const struct imgcls_host *host,
                                 const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0), *indices = imgcls_input(run, 1);
    struct nd nd;
    imgcls_status status =
        nd_dims(host, run->node, in->rank, in->dims, indices->rank, indices->dims, &nd);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, in->type, nd.rank, nd.dims);
    return status == IMGCLS_OK ? elements_run(host, run, 1, nd_move, &nd) : status;
}

static int32_t gather_accepts(const struct imgcls_host *host,
                              const struct imgcls_node *node)
{
    return node->input_count == 2 && elements_accepts(host, node);
}

static const struct imgcls_kernel gather_kernel =
    OP_KERNEL("gather_portable", gather_accepts, gather_portable);
static const struct imgcls_kernel gather_elements_kernel =
    OP_KERNEL("gather_elements_portable", gather_accepts, elements_portable);
static const struct imgcls_kernel gather_nd_kernel =
    OP_KERNEL("gather_nd_portable", gather_accepts, nd_portable);
const struct imgcls_op gather_op =
    OP_ENTRY("Gather", 1, 0, gather_infer, NULL, &gather_kernel);
const struct imgcls_op gather_elements_op =
    OP_ENTRY("GatherElements", 11, 0, elements_infer, NULL, &gather_elements_kernel);
const struct imgcls_op gather_nd_op =
    OP_ENTRY("GatherND", 11, 0, nd_infer, NULL, &gather_nd_kernel);

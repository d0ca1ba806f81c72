/*
 * plugins/ops/shape/transpose.c - Transpose, DepthToSpace, SpaceToDepth
 *
 * All three are a copy whose source strides stand in another order (strided.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "elements.h"
#include "shape.h"
#include "strided.h"

static imgcls_status permutation_of(const struct imgcls_host *host,
                                    const struct imgcls_node *node, int32_t rank,
                                    int32_t *perm)
{
    const int64_t *axes;
    const size_t count = host->attr_ints(host, node, "perm", &axes);
    bool seen[IMGCLS_MAX_RANK] = {false};
    int32_t i;
    if (count == 0) { /* reversed */
        for (i = 0; i < rank; i++)
            perm[i] = rank - 1 - i;
        return IMGCLS_OK;
    }
    if (count != (size_t)rank)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "perm has %zu entries for an input of %d dimensions", count, rank);
    for (i = 0; i < rank; i++) {
        imgcls_status status = op_axis(host, node, axes[i], rank, &perm[i]);
        if (status != IMGCLS_OK)
            return status;
        if (seen[perm[i]])
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "perm has dimension %d twice",
                           perm[i]);
        seen[perm[i]] = true;
    }
    return IMGCLS_OK;
}

static imgcls_status transpose_infer(const struct imgcls_host *host,
                                     struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    int64_t dims[IMGCLS_MAX_RANK];
    int32_t perm[IMGCLS_MAX_RANK], i;
    const int64_t *axes;
    imgcls_status status;
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    if (in->rank < 0) {
        const size_t count = host->attr_ints(host, infer->node, "perm", &axes);
        return op_infer_open(host, infer, 0, in->type, count ? (int64_t)count : -1);
    }
    status = permutation_of(host, infer->node, in->rank, perm);
    for (i = 0; status == IMGCLS_OK && i < in->rank; i++)
        dims[i] = in->dims[perm[i]];
    return status == IMGCLS_OK
               ? host->infer_output(host, infer, 0, in->type, in->rank, dims)
               : status;
}

static imgcls_status transpose_move(const struct imgcls_host *host,
                                    const struct imgcls_run *run, void *argument)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    struct imgcls_tensor *out = imgcls_output(run, 0);
    const int32_t *perm = argument;
    int64_t strides[IMGCLS_MAX_RANK];
    struct strided box = {.rank = in->rank,
                          .size = op_element_size(in->type),
                          .to = out->data,
                          .from = in->data};
    int32_t i;
    strided_row_major(in->rank, in->dims, strides);
    strided_row_major(out->rank, out->dims, box.to_strides);
    for (i = 0; i < in->rank; i++) {
        box.dims[i] = out->dims[i];
        box.from_strides[i] = strides[perm[i]];
    }
    strided_copy(host, run, &box);
    return IMGCLS_OK;
}

static imgcls_status transpose_portable(const struct imgcls_host *host,
                                        const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    int64_t dims[IMGCLS_MAX_RANK];
    int32_t perm[IMGCLS_MAX_RANK], i;
    imgcls_status status = permutation_of(host, run->node, in->rank, perm);
    for (i = 0; status == IMGCLS_OK && i < in->rank; i++)
        dims[i] = in->dims[perm[i]];
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, in->type, in->rank, dims);
    return status == IMGCLS_OK ? elements_run(host, run, 1, transpose_move, perm) : status;
}

/*
 * Depth and space: the channel dimension is split, or two space dimensions are, into 6
 * dimensions that are permuted. from[i] is the 6-dimensional input's dimension that the
 * output's dimension i is.
 */
struct depth {
    bool to_space;
    int64_t block;
    const int32_t *from;
};

static imgcls_status depth_of(const struct imgcls_host *host,
                              const struct imgcls_node *node, struct depth *out)
{
    /* [n, b, b, c, h, w] -> n c h b w b; [n, c, b, b, h, w] -> the same */
    static const int32_t dcr[6] = {0, 3, 4, 1, 5, 2}, crd[6] = {0, 1, 4, 2, 5, 3};
    /* [n, c, h, b, w, b] -> n b b c h w (DCR), or n c b b h w (CRD) */
    static const int32_t to_dcr[6] = {0, 3, 5, 1, 2, 4}, to_crd[6] = {0, 1, 3, 5, 2, 4};
    const char *mode = host->attr_string(host, node, "mode", "DCR");
    const bool is_crd = strcmp(mode, "CRD") == 0;
    out->to_space = strcmp(node->type, "DepthToSpace") == 0;
    out->block = host->attr_int(host, node, "blocksize", 0);
    if (!is_crd && strcmp(mode, "DCR") != 0)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "mode must be DCR or CRD, not '%s'",
                       mode);
    if (out->block < 1 || out->block > INT32_MAX)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "blocksize is %lld",
                       (long long)out->block);
    if (out->to_space)
        out->from = is_crd ? crd : dcr;
    else
        out->from = is_crd ? to_crd : to_dcr;
    return IMGCLS_OK;
}

static imgcls_status depth_dims(const struct imgcls_host *host,
                                const struct imgcls_node *node, const struct depth *depth,
                                int32_t rank, const int64_t *in, int64_t *dims)
{
    const int64_t block = depth->block, square = block * block;
    char text[OP_SHAPE_TEXT];
    int32_t i;
    if (rank != 4)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "input has %d dimensions, not 4",
                       rank);
    if (depth->to_space
            ? in[1] >= 0 && in[1] % square != 0
            : (in[2] >= 0 && in[2] % block != 0) || (in[3] >= 0 && in[3] % block != 0))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "input of shape %s does not divide into blocks of %lld",
                       op_shape_text(rank, in, text, sizeof text), (long long)block);
    dims[0] = in[0];
    for (i = 1; i < 4; i++) {
        const bool split = depth->to_space == (i == 1);
        const int64_t by = i == 1 ? square : block;
        if (in[i] < 0 || (!split && __builtin_mul_overflow(in[i], by, &dims[i])))
            dims[i] = -1;
        else if (split)
            dims[i] = in[i] / by;
    }
    return IMGCLS_OK;
}

static imgcls_status depth_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    struct depth depth;
    int64_t dims[4];
    imgcls_status status;
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    status = depth_of(host, infer->node, &depth);
    if (status != IMGCLS_OK)
        return status;
    if (in->rank < 0)
        return op_infer_open(host, infer, 0, in->type, 4);
    status = depth_dims(host, infer->node, &depth, in->rank, in->dims, dims);
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, in->type, 4, dims) : status;
}

static imgcls_status depth_move(const struct imgcls_host *host,
                                const struct imgcls_run *run, void *argument)
{
    const struct depth *depth = argument;
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    struct imgcls_tensor *out = imgcls_output(run, 0);
    const int64_t b = depth->block, *d = in->dims;
    struct strided box = {
        .rank = 6, .size = op_element_size(in->type), .to = out->data, .from = in->data};
    int64_t split[6], strides[6];
    int32_t i;
    if (!depth->to_space)
        memcpy(split, (int64_t[6]){d[0], d[1], d[2] / b, b, d[3] / b, b}, sizeof split);
    else if (depth->from[1] == 3) /* DCR: blocks stand before the channels */
        memcpy(split, (int64_t[6]){d[0], b, b, d[1] / (b * b), d[2], d[3]}, sizeof split);
    else
        memcpy(split, (int64_t[6]){d[0], d[1] / (b * b), b, b, d[2], d[3]}, sizeof split);
    strided_row_major(6, split, strides);
    for (i = 0; i < 6; i++) {
        box.dims[i] = split[depth->from[i]];
        box.from_strides[i] = strides[depth->from[i]];
    }
    strided_row_major(6, box.dims, box.to_strides);
    strided_copy(host, run, &box);
    return IMGCLS_OK;
}

static imgcls_status depth_portable(const struct imgcls_host *host,
                                    const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    struct depth depth;
    int64_t dims[4];
    imgcls_status status = depth_of(host, run->node, &depth);
    if (status == IMGCLS_OK)
        status = depth_dims(host, run->node, &depth, in->rank, in->dims, dims);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, in->type, 4, dims);
    return status == IMGCLS_OK ? elements_run(host, run, 1, depth_move, &depth) : status;
}

static const struct imgcls_kernel transpose_kernel =
    OP_KERNEL("transpose_portable", elements_accepts, transpose_portable);
static const struct imgcls_kernel depth_to_space_kernel =
    OP_KERNEL("depth_to_space_portable", elements_accepts, depth_portable);
static const struct imgcls_kernel space_to_depth_kernel =
    OP_KERNEL("space_to_depth_portable", elements_accepts, depth_portable);

const struct imgcls_op transpose_op =
    OP_ENTRY("Transpose", 1, 0, transpose_infer, NULL, &transpose_kernel);
const struct imgcls_op depth_to_space_op =
    OP_ENTRY("DepthToSpace", 1, 0, depth_infer, NULL, &depth_to_space_kernel);
const struct imgcls_op space_to_depth_op =
    OP_ENTRY("SpaceToDepth", 1, 0, depth_infer, NULL, &space_to_depth_kernel);

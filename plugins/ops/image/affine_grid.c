/*
 * plugins/ops/image/affine_grid.c - AffineGrid: places for GridSample from a matrix
 *
 * out[n, ..., r] = theta[n, r] . (x, y, (z,) 1), where x, y, z go from -1 to 1 over the
 * corners (align_corners) or the edges of the elements.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "image.h"
#include "plugins/ops/element.h"

/* sizes: N, C, then 2 or 3 spatial ones. */
static imgcls_status shape_of(const struct imgcls_host *host,
                              const struct imgcls_node *node, int32_t rank,
                              const int64_t *theta, const struct op_list *sizes,
                              int64_t *dims)
{
    char text[OP_SHAPE_TEXT];
    const int64_t spatial = sizes->count - 2;
    int64_t i;
    if (spatial != 2 && spatial != 3)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "size has %lld numbers, 4 or 5 are needed",
                       (long long)sizes->count);
    if (rank != 3 || (theta[1] >= 0 && theta[1] != spatial) ||
        (theta[2] >= 0 && theta[2] != spatial + 1) ||
        (sizes->known && theta[0] >= 0 && theta[0] != sizes->values[0]))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "theta %s does not go with the size, [N,%lld,%lld] does",
                       op_shape_text(rank, theta, text, sizeof text), (long long)spatial,
                       (long long)spatial + 1);
    dims[0] = sizes->known ? sizes->values[0] : theta[0];
    for (i = 0; i < spatial; i++) {
        dims[1 + i] = sizes->known ? sizes->values[2 + i] : -1;
        if (sizes->known && dims[1 + i] < 0)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "size %lld is negative",
                           (long long)dims[1 + i]);
    }
    dims[1 + spatial] = spatial;
    return IMGCLS_OK;
}

static imgcls_status affine_infer(const struct imgcls_host *host,
                                  struct imgcls_infer *infer)
{
    const struct imgcls_value_info *theta = op_in(infer->node, 0);
    int64_t dims[IMGCLS_MAX_RANK];
    struct op_list sizes;
    imgcls_status status;
    if (!theta || !op_in(infer->node, 1))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "theta and a size are needed");
    status = op_list_infer(host, infer->node, 1, "size", &sizes);
    if (status != IMGCLS_OK)
        return status;
    if (theta->rank < 0 || sizes.count < 0)
        return op_infer_open(host, infer, 0, theta->type,
                             sizes.count < 0 ? -1 : sizes.count);
    status = shape_of(host, infer->node, theta->rank, theta->dims, &sizes, dims);
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, theta->type,
                                                (int32_t)sizes.count, dims)
                               : status;
}

static double coordinate(int64_t i, int64_t dim, bool corners)
{
    if (corners) /* one element alone is in the middle */
        return dim < 2 ? 0 : 2 * (double)i / (double)(dim - 1) - 1;
    return (double)(2 * i + 1) / (double)dim - 1;
}

static imgcls_status affine_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    const struct imgcls_tensor *theta = imgcls_input(run, 0);
    const bool corners = host->attr_int(host, run->node, "align_corners", 0) != 0;
    struct imgcls_tensor *y;
    int64_t dims[IMGCLS_MAX_RANK], i, count;
    int32_t spatial, r, d;
    struct op_list sizes;
    imgcls_status status =
        op_list_read(host, run->node, imgcls_input(run, 1), "size", &sizes);
    if (status == IMGCLS_OK)
        status = shape_of(host, run->node, theta->rank, theta->dims, &sizes, dims);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, theta->type, (int32_t)sizes.count, dims);
    if (status != IMGCLS_OK)
        return status;
    y = imgcls_output(run, 0);
    spatial = (int32_t)sizes.count - 2;
    count = op_count(y) / spatial;
    for (i = 0; i < count; i++) {
        double at[4] = {0, 0, 0, 1};
        int64_t rest = i;
        at[spatial] = 1;
        for (d = spatial; d >= 1; d--) { /* the last is x, which comes first */
            at[spatial - d] = coordinate(rest % dims[d], dims[d], corners);
            rest /= dims[d];
        }
        for (r = 0; r < spatial; r++) {
            double sum = 0;
            for (d = 0; d <= spatial; d++)
                sum += at[d] *
                       element_real(theta, (rest * spatial + r) * (spatial + 1) + d);
            element_set_real(y, i * spatial + r, sum);
        }
    }
    return IMGCLS_OK;
}

static int32_t affine_accepts(const struct imgcls_host *host,
                              const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, ELEMENT_FLOATS) && op_takes(node, 1, OP_INDEXES) &&
           op_is_plain(node) && op_has_output(node, 0);
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("affine_grid_portable", affine_accepts, affine_portable);
const struct imgcls_op affine_grid_op =
    OP_ENTRY("AffineGrid", 20, 0, affine_infer, NULL, &kernel);

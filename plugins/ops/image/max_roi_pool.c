/*
 * plugins/ops/image/max_roi_pool.c - MaxRoiPool: the largest element in each bin of regions
 *
 * Corners are rounded to whole elements, halves away from zero, and both belong to the
 * region, which is at least 1 x 1; bins overlap where it does not divide evenly. Places are in float,
 * as Caffe's layer and ONNX Runtime have it, for a bin's end is rounded up and would differ.
 * A bin outside the map is 0.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "image.h"
#include "plugins/ops/element.h"

#define PLACE_MOST (1 << 24) /* of a corner: beyond, a float is no whole element any more */

struct pool {
    const struct imgcls_tensor *x, *rois;
    struct imgcls_tensor *y;
    int64_t height, width;
    float scale;
};

static imgcls_status read_words(const struct imgcls_host *host,
                                const struct imgcls_node *node, struct pool *out)
{
    const int64_t *shape;
    const size_t count = host->attr_ints(host, node, "pooled_shape", &shape);
    if (count != 2 || shape[0] < 1 || shape[1] < 1 || shape[0] > INT32_MAX ||
        shape[1] > INT32_MAX)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "pooled_shape must be two numbers of at least 1");
    out->height = shape[0];
    out->width = shape[1];
    out->scale = host->attr_float(host, node, "spatial_scale", 1);
    return IMGCLS_OK;
}

static imgcls_status shape_of(const struct imgcls_host *host,
                              const struct imgcls_node *node, const struct pool *pool,
                              int32_t rank, const int64_t *x, int32_t roi_rank,
                              const int64_t *rois, int64_t *dims)
{
    char a[OP_SHAPE_TEXT], b[OP_SHAPE_TEXT];
    if (rank != 4 || roi_rank != 2 || (rois[1] >= 0 && rois[1] != 5))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "X %s and rois %s: [N,C,H,W] and [R,5] are needed",
                       op_shape_text(rank, x, a, sizeof a),
                       op_shape_text(roi_rank, rois, b, sizeof b));
    dims[0] = rois[0];
    dims[1] = x[1];
    dims[2] = pool->height;
    dims[3] = pool->width;
    return IMGCLS_OK;
}

static imgcls_status pool_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *x = op_in(infer->node, 0), *r = op_in(infer->node, 1);
    int64_t dims[4];
    struct pool pool;
    imgcls_status status;
    if (!x || !r)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "X and rois are needed");
    status = read_words(host, infer->node, &pool);
    if (status != IMGCLS_OK)
        return status;
    if (x->rank < 0 || r->rank < 0)
        return op_infer_open(host, infer, 0, x->type, 4);
    status = shape_of(host, infer->node, &pool, x->rank, x->dims, r->rank, r->dims, dims);
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, x->type, 4, dims) : status;
}

/* First element of region r along one axis (0: across, 1: down), and how many there are;
 * false where the corner is no place. */
static bool side_of(const struct pool *job, int64_t r, int axis, int64_t *begin,
                    int64_t *length)
{
    const float first = roundf((float)element_real(job->rois, r * 5 + 1 + axis) * job->scale);
    const float last = roundf((float)element_real(job->rois, r * 5 + 3 + axis) * job->scale);
    if (!(fabsf(first) <= PLACE_MOST) || !(fabsf(last) <= PLACE_MOST))
        return false;
    *begin = (int64_t)first;
    *length = (int64_t)last - *begin + 1;
    *length = *length < 1 ? 1 : *length;
    return true;
}

/* Elements of a bin, as far as the map has them. */
struct span {
    int64_t begin, end;
};
static struct span bin_of(int64_t begin, int64_t length, int64_t bins, int64_t i, int64_t dim)
{
    const float bin = (float)length / (float)bins;
    struct span span = {begin + (int64_t)floorf((float)i * bin),
                        begin + (int64_t)ceilf((float)(i + 1) * bin)};
    span.begin = span.begin < 0 ? 0 : span.begin > dim ? dim : span.begin;
    span.end = span.end < 0 ? 0 : span.end > dim ? dim : span.end;
    return span;
}

static double largest(const struct imgcls_tensor *x, int64_t base, struct span down,
                      struct span across)
{
    double most = 0;
    bool any = false;
    int64_t i, j;
    for (i = down.begin; i < down.end; i++)
        for (j = across.begin; j < across.end; j++) {
            const double value = element_real(x, base + i * x->dims[3] + j);
            most = !any || value > most ? value : most;
            any = true;
        }
    return most;
}

static void regions(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct pool *job = argument;
    const struct imgcls_tensor *x = job->x;
    const int64_t channels = x->dims[1];
    int64_t i, j;
    (void)thread;
    for (; begin < end; begin++) {
        const int64_t r = begin / channels;
        const int64_t image = (int64_t)element_real(job->rois, r * 5);
        const int64_t base = (image * channels + begin % channels) * x->dims[2] * x->dims[3];
        int64_t top = 0, height = 1, left = 0, width = 1;
        side_of(job, r, 1, &top, &height);
        side_of(job, r, 0, &left, &width);
        for (i = 0; i < job->height; i++)
            for (j = 0; j < job->width; j++)
                element_set_real(
                    job->y, (begin * job->height + i) * job->width + j,
                    largest(x, base, bin_of(top, height, job->height, i, x->dims[2]),
                            bin_of(left, width, job->width, j, x->dims[3])));
    }
}

static imgcls_status pool_portable(const struct imgcls_host *host,
                                   const struct imgcls_run *run)
{
    struct pool job = {.x = imgcls_input(run, 0), .rois = imgcls_input(run, 1)};
    int64_t dims[4], r, begin, length;
    imgcls_status status = read_words(host, run->node, &job);
    if (status == IMGCLS_OK)
        status = shape_of(host, run->node, &job, job.x->rank, job.x->dims, job.rois->rank,
                          job.rois->dims, dims);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, job.x->type, 4, dims);
    if (status != IMGCLS_OK)
        return status;
    job.y = imgcls_output(run, 0);
    for (r = 0; r < dims[0]; r++) {
        const double image = element_real(job.rois, r * 5);
        if (!(image >= 0 && image < (double)job.x->dims[0]))
            return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                           "region %lld is of image %g, there are %lld", (long long)r, image,
                           (long long)job.x->dims[0]);
        if (!side_of(&job, r, 0, &begin, &length) || !side_of(&job, r, 1, &begin, &length))
            return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                           "region %lld has a corner beyond %d, or not a number",
                           (long long)r, PLACE_MOST);
    }
    if (op_count(job.y) > 0)
        host->parallel_for(host, run, dims[0] * dims[1], 1, regions, &job);
    return IMGCLS_OK;
}

static int32_t pool_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, ELEMENT_FLOATS) && op_takes(node, 1, ELEMENT_FLOATS) &&
           op_is_plain(node) && op_has_output(node, 0);
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("max_roi_pool_portable", pool_accepts, pool_portable);
const struct imgcls_op max_roi_pool_op =
    OP_ENTRY("MaxRoiPool", 1, 0, pool_infer, NULL, &kernel);

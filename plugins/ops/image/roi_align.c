/*
 * plugins/ops/image/roi_align.c - RoiAlign: regions of a feature map at one size
 *
 * A bin of the output is the mean (or the largest weighted corner) of samples on a regular
 * grid within the bin. A sample within one element outside the map is pulled to its edge;
 * further outside it is 0.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "image.h"
#include "plugins/ops/element.h"

#define SAMPLES_MOST 65536 /* along one side of a bin; a region that asks for more is wrong */

struct roi {
    const struct imgcls_tensor *x, *rois, *images;
    struct imgcls_tensor *y;
    int64_t height, width, ratio;
    double scale;
    bool half, largest;
};

static imgcls_status read_words(const struct imgcls_host *host,
                                const struct imgcls_node *node, struct roi *out)
{
    const char *mode = host->attr_string(host, node, "mode", "avg");
    const char *turn = host->attr_string(host, node, "coordinate_transformation_mode",
                                         "half_pixel");
    out->height = host->attr_int(host, node, "output_height", 1);
    out->width = host->attr_int(host, node, "output_width", 1);
    out->ratio = host->attr_int(host, node, "sampling_ratio", 0);
    out->scale = (double)host->attr_float(host, node, "spatial_scale", 1);
    out->half = strcmp(turn, "half_pixel") == 0;
    out->largest = strcmp(mode, "max") == 0;
    if ((!out->half && strcmp(turn, "output_half_pixel") != 0) ||
        (!out->largest && strcmp(mode, "avg") != 0))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "mode '%s' with '%s', allowed are avg, max with half_pixel, "
                       "output_half_pixel",
                       mode, turn);
    if (out->height < 1 || out->width < 1 || out->ratio < 0 || out->ratio > SAMPLES_MOST)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "output is %lld x %lld with sampling_ratio %lld: at least 1 x 1 and "
                       "0..%d are needed",
                       (long long)out->height, (long long)out->width,
                       (long long)out->ratio, SAMPLES_MOST);
    return IMGCLS_OK;
}

static imgcls_status shape_of(const struct imgcls_host *host,
                              const struct imgcls_node *node, const struct roi *roi,
                              int32_t rank, const int64_t *x, int32_t roi_rank,
                              const int64_t *rois, int32_t image_rank,
                              const int64_t *images, int64_t *dims)
{
    char a[OP_SHAPE_TEXT], b[OP_SHAPE_TEXT], c[OP_SHAPE_TEXT];
    if (rank != 4 || roi_rank != 2 || image_rank != 1 || (rois[1] >= 0 && rois[1] != 4) ||
        !op_merge_dim(rois[0], images[0], &dims[0]))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "X %s, rois %s and batch_indices %s: [N,C,H,W], [R,4] and [R] are "
                       "needed",
                       op_shape_text(rank, x, a, sizeof a),
                       op_shape_text(roi_rank, rois, b, sizeof b),
                       op_shape_text(image_rank, images, c, sizeof c));
    dims[1] = x[1];
    dims[2] = roi->height;
    dims[3] = roi->width;
    return IMGCLS_OK;
}

static imgcls_status roi_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *x = op_in(infer->node, 0), *r = op_in(infer->node, 1),
                                   *b = op_in(infer->node, 2);
    int64_t dims[4];
    struct roi roi;
    imgcls_status status;
    if (!x || !r || !b)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "X, rois and batch_indices are needed");
    status = read_words(host, infer->node, &roi);
    if (status != IMGCLS_OK)
        return status;
    if (x->rank < 0 || r->rank < 0 || b->rank < 0)
        return op_infer_open(host, infer, 0, x->type, 4);
    status = shape_of(host, infer->node, &roi, x->rank, x->dims, r->rank, r->dims, b->rank,
                      b->dims, dims);
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, x->type, 4, dims) : status;
}

/* Begin, length of a bin and samples in it, along one side of region r. */
struct side {
    double begin, bin;
    int64_t samples;
};

static struct side side_of(const struct roi *job, int64_t r, int axis, int64_t bins)
{
    const double shift = job->half ? 0.5 : 0;
    const double begin = element_real(job->rois, r * 4 + axis) * job->scale - shift;
    const double end = element_real(job->rois, r * 4 + 2 + axis) * job->scale - shift;
    double length = end - begin;
    struct side side = {.begin = begin, .samples = job->ratio};
    if (!job->half && length < 1)
        length = 1;
    side.bin = length / (double)bins;
    if (side.samples == 0) /* -1: more than can be meant, or not a number */
        side.samples = side.bin <= 0             ? 0
                       : side.bin <= SAMPLES_MOST ? (int64_t)ceil(side.bin)
                                                  : -1;
    return side;
}

/* Two neighbours and their weights along one side; false outside. */
static bool neighbours(double at, int64_t dim, int64_t *index, double *weight)
{
    if (!(at >= -1 && at <= (double)dim))
        return false;
    at = at < 0 ? 0 : at;
    index[0] = (int64_t)at;
    if (index[0] >= dim - 1) {
        index[0] = index[1] = dim - 1;
        at = (double)(dim - 1);
    } else {
        index[1] = index[0] + 1;
    }
    weight[1] = at - (double)index[0];
    weight[0] = 1 - weight[1];
    return true;
}

static double bin_value(const struct roi *job, int64_t base, const struct side *down,
                        const struct side *across, int64_t row, int64_t column)
{
    const int64_t count = down->samples * across->samples;
    double sum = 0, most = -INFINITY;
    int64_t i, j;
    int k;
    for (i = 0; i < down->samples; i++)
        for (j = 0; j < across->samples; j++) {
            const double y = down->begin + (double)row * down->bin +
                             ((double)i + 0.5) * down->bin / (double)down->samples;
            const double x = across->begin + (double)column * across->bin +
                             ((double)j + 0.5) * across->bin / (double)across->samples;
            int64_t at_y[2], at_x[2];
            double w_y[2], w_x[2];
            const bool inside = neighbours(y, job->x->dims[2], at_y, w_y) &&
                                neighbours(x, job->x->dims[3], at_x, w_x);
            for (k = 0; k < 4; k++) {
                const double value =
                    !inside ? 0
                            : w_y[k / 2] * w_x[k % 2] *
                                  element_real(job->x, base +
                                                           at_y[k / 2] * job->x->dims[3] +
                                                           at_x[k % 2]);
                sum += value;
                most = value > most ? value : most;
            }
        }
    if (count == 0)
        return 0;
    return job->largest ? most : sum / (double)count;
}

static void regions(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct roi *job = argument;
    const int64_t channels = job->x->dims[1], bins = job->height * job->width;
    int64_t i;
    (void)thread;
    for (; begin < end; begin++) {
        const int64_t r = begin / channels;
        const struct side down = side_of(job, r, 1, job->height);
        const struct side across = side_of(job, r, 0, job->width);
        const int64_t base = (op_int_at(job->images, r) * channels + begin % channels) *
                             job->x->dims[2] * job->x->dims[3];
        for (i = 0; i < bins; i++)
            element_set_real(job->y, begin * bins + i,
                             bin_value(job, base, &down, &across, i / job->width,
                                       i % job->width));
    }
}

static imgcls_status roi_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    struct roi job = {.x = imgcls_input(run, 0),
                      .rois = imgcls_input(run, 1),
                      .images = imgcls_input(run, 2)};
    int64_t dims[4], r;
    imgcls_status status = read_words(host, run->node, &job);
    if (status == IMGCLS_OK)
        status = shape_of(host, run->node, &job, job.x->rank, job.x->dims, job.rois->rank,
                          job.rois->dims, job.images->rank, job.images->dims, dims);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, job.x->type, 4, dims);
    if (status != IMGCLS_OK)
        return status;
    job.y = imgcls_output(run, 0);
    for (r = 0; r < dims[0]; r++) {
        const int64_t image = op_int_at(job.images, r);
        if (image < 0 || image >= job.x->dims[0])
            return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                           "region %lld is of image %lld, there are %lld", (long long)r,
                           (long long)image, (long long)job.x->dims[0]);
        if (side_of(&job, r, 0, job.width).samples < 0 ||
            side_of(&job, r, 1, job.height).samples < 0)
            return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                           "region %lld is more than %d elements long for each bin, or not "
                           "a number",
                           (long long)r, SAMPLES_MOST);
    }
    if (op_count(job.y) > 0 && op_count(job.x) == 0)
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "X has no elements to sample");
    if (op_count(job.y) > 0)
        host->parallel_for(host, run, dims[0] * dims[1], 1, regions, &job);
    return IMGCLS_OK;
}

/* Until operator set 16 nothing was shifted by half an element. */
static imgcls_status roi_upgrade(const struct imgcls_host *host, struct imgcls_graph *graph,
                                 struct imgcls_node *node)
{
    (void)graph;
    if (node->version >= 16)
        return IMGCLS_OK;
    return host->node_set_string(host, node, "coordinate_transformation_mode",
                                 "output_half_pixel");
}

static int32_t roi_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, ELEMENT_FLOATS) && op_takes(node, 1, ELEMENT_FLOATS) &&
           op_takes(node, 2, OP_BIT(IMGCLS_I64)) && op_is_plain(node) &&
           op_has_output(node, 0);
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("roi_align_portable", roi_accepts, roi_portable);
const struct imgcls_op roi_align_op =
    OP_ENTRY("RoiAlign", 10, 0, roi_infer, roi_upgrade, &kernel);

/*
 * plugins/ops/image/suppression.c - NonMaxSuppression
 *
 * For each image and class, boxes in falling order of score (equal scores: rising index)
 * are kept unless they overlap one that is kept by more than the threshold. Areas are
 * computed in float, so that boxes exactly at the threshold are judged as others judge.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <stdlib.h>

#include "image.h"
#include "plugins/ops/op.h"

static imgcls_status check(const struct imgcls_host *host, const struct imgcls_node *node,
                           int32_t boxes_rank, const int64_t *boxes, int32_t scores_rank,
                           const int64_t *scores)
{
    char a[OP_SHAPE_TEXT], b[OP_SHAPE_TEXT];
    int64_t merged;
    if (boxes_rank == 3 && scores_rank == 3 && (boxes[2] < 0 || boxes[2] == 4) &&
        op_merge_dim(boxes[0], scores[0], &merged) &&
        op_merge_dim(boxes[1], scores[2], &merged))
        return IMGCLS_OK;
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                   "boxes %s do not go with scores %s, [N,boxes,4] and [N,classes,boxes] do",
                   op_shape_text(boxes_rank, boxes, a, sizeof a),
                   op_shape_text(scores_rank, scores, b, sizeof b));
}

static imgcls_status suppression_infer(const struct imgcls_host *host,
                                       struct imgcls_infer *infer)
{
    const struct imgcls_value_info *boxes = op_in(infer->node, 0),
                                   *scores = op_in(infer->node, 1);
    const int64_t dims[2] = {-1, 3};
    imgcls_status status = IMGCLS_OK;
    if (!boxes || !scores)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "boxes and scores are needed");
    if (boxes->rank >= 0 && scores->rank >= 0)
        status = check(host, infer->node, boxes->rank, boxes->dims, scores->rank,
                       scores->dims);
    return status == IMGCLS_OK ? host->infer_output(host, infer, 0, IMGCLS_I64, 2, dims)
                               : status;
}

struct candidate {
    float score;
    int64_t index;
};

static int by_score(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;
    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    return a->index > b->index ? 1 : a->index < b->index ? -1 : 0;
}

/* x and y ranges of a box: its corners in any order, or centre and size. */
static void range_of(const float *box, bool centre, int i, float *least, float *most)
{
    if (centre) {
        const float half = box[2 + i] / 2;
        *least = box[i] - half;
        *most = box[i] + half;
    } else {
        *least = box[i] < box[2 + i] ? box[i] : box[2 + i];
        *most = box[i] < box[2 + i] ? box[2 + i] : box[i];
    }
}

static bool overlaps(const float *a, const float *b, bool centre, float threshold)
{
    float shared = 1, area_a = 1, area_b = 1;
    int i;
    for (i = 0; i < 2; i++) {
        float a_least, a_most, b_least, b_most, least, most;
        range_of(a, centre, i, &a_least, &a_most);
        range_of(b, centre, i, &b_least, &b_most);
        least = a_least > b_least ? a_least : b_least;
        most = a_most < b_most ? a_most : b_most;
        if (!(most > least))
            return false;
        shared *= most - least;
        area_a *= a_most - a_least;
        area_b *= b_most - b_least;
    }
    return shared > 0 && shared / (area_a + area_b - shared) > threshold;
}

/* A number of one element, or `fallback` where the input is omitted or empty. */
static double scalar(const struct imgcls_tensor *tensor, double fallback)
{
    if (!tensor || op_count(tensor) == 0)
        return fallback;
    return tensor->type == IMGCLS_I64 ? (double)((const int64_t *)tensor->data)[0]
                                      : (double)((const float *)tensor->data)[0];
}

struct suppression {
    const float *boxes, *scores; /* of one image and class */
    int64_t count, most;         /* boxes; how many may be kept */
    bool centre, has_score;
    float overlap, score;
};

/* Indexes of the kept boxes, in order, into the front of order[]; their number. */
static int64_t keep(const struct suppression *job, struct candidate *order)
{
    int64_t candidates = 0, kept = 0, i, j;
    for (i = 0; i < job->count; i++)
        if (!job->has_score || job->scores[i] > job->score)
            order[candidates++] = (struct candidate){job->scores[i], i};
    if (candidates > 1)
        qsort(order, (size_t)candidates, sizeof *order, by_score);
    for (i = 0; i < candidates && kept < job->most; i++) {
        bool good = true;
        for (j = 0; good && j < kept; j++)
            good = !overlaps(job->boxes + 4 * order[i].index,
                             job->boxes + 4 * order[j].index, job->centre, job->overlap);
        if (good)
            order[kept++] = order[i];
    }
    return kept;
}

/* All images and classes; rows (image, class, box) into out, their number into *found. */
static void select_boxes(struct suppression *job, const struct imgcls_tensor *boxes,
                         const struct imgcls_tensor *scores, struct candidate *order,
                         int64_t *out, int64_t *found)
{
    int64_t image, class, i;
    for (image = 0; image < scores->dims[0]; image++)
        for (class = 0; class < scores->dims[1]; class ++) {
            int64_t kept;
            job->boxes = (const float *)boxes->data + image * job->count * 4;
            job->scores = (const float *)scores->data +
                          (image * scores->dims[1] + class) * job->count;
            kept = keep(job, order);
            for (i = 0; i < kept; i++) {
                out[*found * 3] = image;
                out[*found * 3 + 1] = class;
                out[*found * 3 + 2] = order[i].index;
                ++*found;
            }
        }
}

static imgcls_status suppression_portable(const struct imgcls_host *host,
                                          const struct imgcls_run *run)
{
    const struct imgcls_tensor *boxes = imgcls_input(run, 0),
                               *scores = imgcls_input(run, 1);
    const double most = scalar(imgcls_input(run, 2), 0);
    struct suppression job = {
        .centre = host->attr_int(host, run->node, "center_point_box", 0) != 0,
        .overlap = (float)scalar(imgcls_input(run, 3), 0),
        .has_score = imgcls_input(run, 4) && op_count(imgcls_input(run, 4)) > 0,
        .score = (float)scalar(imgcls_input(run, 4), 0),
    };
    struct candidate *order = NULL;
    int64_t *rows = NULL, dims[2] = {0, 3};
    imgcls_status status = check(host, run->node, boxes->rank, boxes->dims, scores->rank,
                                 scores->dims);
    if (status == IMGCLS_OK && !(job.overlap >= 0 && job.overlap <= 1))
        status = OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                         "iou_threshold is %g, allowed is 0..1", (double)job.overlap);
    if (status != IMGCLS_OK)
        return status;
    job.count = boxes->dims[1];
    job.most = most < 0 ? 0 : most > (double)job.count ? job.count : (int64_t)most;
    if (job.most > 0 && op_count(scores) > 0) {
        order = host->alloc(host, (size_t)job.count, sizeof *order);
        rows = host->alloc(host, (size_t)op_count(scores), 3 * sizeof *rows);
        if (!order || !rows) {
            status = IMGCLS_NO_MEMORY;
            goto done;
        }
        select_boxes(&job, boxes, scores, order, rows, &dims[0]);
    }
    status = op_set_output(host, run, 0, IMGCLS_I64, 2, dims);
    if (status == IMGCLS_OK && dims[0] > 0)
        memcpy(imgcls_output(run, 0)->data, rows, (size_t)dims[0] * 3 * sizeof *rows);
done:
    host->release(host, rows);
    host->release(host, order);
    return status;
}

static int32_t suppression_accepts(const struct imgcls_host *host,
                                   const struct imgcls_node *node)
{
    const uint64_t real = OP_BIT(IMGCLS_F32), whole = OP_BIT(IMGCLS_I64);
    (void)host;
    return op_takes(node, 0, real) && op_takes(node, 1, real) &&
           (!op_in(node, 2) || op_takes(node, 2, whole)) &&
           (!op_in(node, 3) || op_takes(node, 3, real)) &&
           (!op_in(node, 4) || op_takes(node, 4, real)) && op_is_plain(node) &&
           op_has_output(node, 0);
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("non_max_suppression_portable", suppression_accepts, suppression_portable);
const struct imgcls_op non_max_suppression_op =
    OP_ENTRY("NonMaxSuppression", 10, 0, suppression_infer, NULL, &kernel);

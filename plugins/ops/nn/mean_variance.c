/*
 * plugins/ops/nn/mean_variance.c - MeanVarianceNormalization: (X - mean) / (deviation +
 * 1e-9)
 *
 * Over any set of axes. Statistics in double; the deviation as the operator's function body
 * has it (no epsilon under the root, 1e-9 beside it), from squared distances to the mean,
 * which is the same number without the cancellation of E[X^2] - E[X]^2.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "nn.h"
#include "plugins/ops/op.h"

static const int64_t usual_axes[] = {0, 2, 3};

static imgcls_status read_axes(const struct imgcls_host *host,
                               const struct imgcls_node *node, int32_t rank, bool *flags)
{
    const int64_t *axes = NULL;
    size_t count = host->attr_ints(host, node, "axes", &axes);

    if (!host->attr(host, node, "axes")) {
        axes = usual_axes;
        count = 3;
    }
    return op_axes(host, node, count, axes, rank, flags);
}

static imgcls_status mvn_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *x = op_in(infer->node, 0);
    bool flags[IMGCLS_MAX_RANK];
    imgcls_status status = IMGCLS_OK;

    if (!x)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "X is needed");
    if (x->rank >= 0)
        status = read_axes(host, infer->node, x->rank, flags);
    return status == IMGCLS_OK ? host->infer_like(host, infer, 0, 0) : status;
}

static int32_t mvn_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, OP_FLOATS) && op_is_plain(node) && op_has_output(node, 0) &&
           node->inputs[0]->rank >= 0 && node->outputs[0]->type == node->inputs[0]->type;
}

/* X with its dimensions sorted: kept ones first, then those that statistics run over. */
struct mvn_job {
    const struct imgcls_tensor *x;
    struct imgcls_tensor *y;
    int32_t kept, count; /* dimensions */
    int64_t dims[IMGCLS_MAX_RANK], steps[IMGCLS_MAX_RANK];
    int64_t group; /* elements that share a mean */
};

static double get(const struct imgcls_tensor *tensor, int64_t at)
{
    return tensor->type == IMGCLS_F64 ? ((const double *)tensor->data)[at]
                                      : (double)((const float *)tensor->data)[at];
}

/* Where element `index` over dimensions begin..end lies. */
static int64_t place(const struct mvn_job *job, int32_t begin, int32_t end, int64_t index)
{
    int64_t at = 0;

    while (end-- > begin) {
        at += index % job->dims[end] * job->steps[end];
        index /= job->dims[end];
    }
    return at;
}

static void body(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct mvn_job *job = argument;
    int64_t i, base, at;

    (void)thread;
    for (; begin < end; begin++) {
        double sum = 0, mean, deviation, away;
        base = place(job, 0, job->kept, begin);
        for (i = 0; i < job->group; i++)
            sum += get(job->x, base + place(job, job->kept, job->count, i));
        mean = sum / (double)job->group;
        for (sum = 0, i = 0; i < job->group; i++) {
            away = get(job->x, base + place(job, job->kept, job->count, i)) - mean;
            sum += away * away;
        }
        deviation = sqrt(sum / (double)job->group) + 1e-9;
        for (i = 0; i < job->group; i++) {
            at = base + place(job, job->kept, job->count, i);
            away = (get(job->x, at) - mean) / deviation;
            if (job->y->type == IMGCLS_F64)
                ((double *)job->y->data)[at] = away;
            else
                ((float *)job->y->data)[at] = (float)away;
        }
    }
}

static imgcls_status mvn_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    const struct imgcls_tensor *x = imgcls_input(run, 0);
    struct mvn_job job = {.x = x, .y = imgcls_output(run, 0), .group = 1};
    int64_t steps[IMGCLS_MAX_RANK], step = 1, groups = 1;
    bool flags[IMGCLS_MAX_RANK];
    imgcls_status status = read_axes(host, run->node, x->rank, flags);
    int32_t i, pass;

    if (status != IMGCLS_OK || op_count(x) == 0)
        return status;
    for (i = x->rank; i-- > 0; step *= x->dims[i])
        steps[i] = step;
    for (pass = 0; pass < 2; pass++)
        for (i = 0; i < x->rank; i++)
            if (flags[i] == (pass == 1)) {
                job.dims[job.count] = x->dims[i];
                job.steps[job.count++] = steps[i];
                job.kept += pass == 0;
                *(pass ? &job.group : &groups) *= x->dims[i];
            }
    host->parallel_for(host, run, groups, 4096 / job.group + 1, body, &job);
    return IMGCLS_OK;
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("mean_variance_norm_portable", mvn_accepts, mvn_portable);
const struct imgcls_op mean_variance_normalization_op = OP_ENTRY(
    "MeanVarianceNormalization", 9, IMGCLS_TRAIT_IN_PLACE, mvn_infer, NULL, &kernel);

/*
 * plugins/ops/nn/lrn.c - LRN: local response normalisation across channels
 *
 * y = x / (bias + alpha / size * sum of squares of neighbouring channels) ^ beta. Squares
 * are summed in double in rising channel order.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "nn.h"
#include "plugins/ops/op.h"

static imgcls_status lrn_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *x = op_in(infer->node, 0);
    int64_t size = host->attr_int(host, infer->node, "size", 0);

    if (!x)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "X is needed");
    if (x->rank >= 0 && x->rank < 2)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "input has %d dimensions, at least 2 are needed", x->rank);
    if (size < 1 || size > INT32_MAX)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "size is %lld, allowed is 1..%d", (long long)size, INT32_MAX);
    return host->infer_like(host, infer, 0, 0);
}

static int32_t lrn_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, OP_FLOATS) && op_is_plain(node) && op_has_output(node, 0) &&
           node->inputs[0]->rank >= 2 && node->outputs[0]->type == node->inputs[0]->type;
}

struct lrn_job {
    const void *x;
    void *y;
    int64_t channels, plane, size;
    double alpha, beta, bias;
};

/* Planes begin..end, image and channel together. */
#define DEFINE_PLANES(name, TYPE)                                                          \
    static void name(void *argument, int64_t begin, int64_t end, int32_t thread)           \
    {                                                                                      \
        const struct lrn_job *job = argument;                                              \
        int64_t i, j;                                                                      \
        (void)thread;                                                                      \
        for (; begin < end; begin++) {                                                     \
            int64_t c = begin % job->channels;                                             \
            int64_t first = c - (job->size - 1) / 2, last = c + job->size / 2;             \
            const TYPE *x = (const TYPE *)job->x + begin * job->plane;                     \
            TYPE *y = (TYPE *)job->y + begin * job->plane;                                 \
            first = first < 0 ? 0 : first;                                                 \
            last = last < job->channels ? last : job->channels - 1;                        \
            for (i = 0; i < job->plane; i++) {                                             \
                double sum = 0;                                                            \
                for (j = first - c; j <= last - c; j++)                                    \
                    sum += (double)x[j * job->plane + i] * (double)x[j * job->plane + i];  \
                y[i] =                                                                     \
                    (TYPE)((double)x[i] / pow(job->bias + job->alpha * sum, job->beta));   \
            }                                                                              \
        }                                                                                  \
    }
DEFINE_PLANES(planes_f32, float)
DEFINE_PLANES(planes_f64, double)

static imgcls_status lrn_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    const struct imgcls_tensor *x = imgcls_input(run, 0);
    struct lrn_job job = {
        .x = x->data,
        .y = imgcls_output(run, 0)->data,
        .channels = x->dims[1],
        .plane = imgcls_count(x->rank - 2, x->dims + 2),
        .size = host->attr_int(host, run->node, "size", 1),
        .beta = (double)host->attr_float(host, run->node, "beta", 0.75f),
        .bias = (double)host->attr_float(host, run->node, "bias", 1.0f),
    };

    job.alpha =
        (double)host->attr_float(host, run->node, "alpha", 1e-4f) / (double)job.size;
    if (op_count(x) > 0)
        host->parallel_for(host, run, x->dims[0] * x->dims[1], 1024 / job.plane + 1,
                           x->type == IMGCLS_F64 ? planes_f64 : planes_f32, &job);
    return IMGCLS_OK;
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("lrn_portable", lrn_accepts, lrn_portable);
const struct imgcls_op lrn_op = OP_ENTRY("LRN", 1, 0, lrn_infer, NULL, &kernel);

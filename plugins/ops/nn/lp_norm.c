/*
 * plugins/ops/nn/lp_norm.c - LpNormalization: x / norm along an axis, p of 1 or 2
 *
 * A row whose norm is zero stays zero, as LpNormalization-22 says. The norm is summed in
 * double in rising order.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "nn.h"
#include "plugins/ops/op.h"

static imgcls_status lp_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *x = op_in(infer->node, 0);
    int64_t p = host->attr_int(host, infer->node, "p", 2);
    imgcls_status status = IMGCLS_OK;
    int32_t axis;

    if (!x)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "an input is needed");
    if (p != 1 && p != 2)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "p is %lld, allowed is 1 or 2",
                       (long long)p);
    if (x->rank >= 0)
        status = op_axis(host, infer->node, host->attr_int(host, infer->node, "axis", -1),
                         x->rank, &axis);
    return status == IMGCLS_OK ? host->infer_like(host, infer, 0, 0) : status;
}

static int32_t lp_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, OP_FLOATS) && op_is_plain(node) && op_has_output(node, 0) &&
           node->inputs[0]->rank >= 1 && node->outputs[0]->type == node->inputs[0]->type;
}

struct lp_job {
    const void *x;
    void *y;
    int64_t n, stride;
    int64_t p;
};

#define DEFINE_ROWS(name, TYPE)                                                            \
    static void name(void *argument, int64_t begin, int64_t end, int32_t thread)           \
    {                                                                                      \
        const struct lp_job *job = argument;                                               \
        int64_t i;                                                                         \
        (void)thread;                                                                      \
        for (; begin < end; begin++) {                                                     \
            int64_t at = begin / job->stride * job->n * job->stride + begin % job->stride; \
            const TYPE *x = (const TYPE *)job->x + at;                                     \
            TYPE *y = (TYPE *)job->y + at;                                                 \
            double sum = 0, value;                                                         \
            for (i = 0; i < job->n; i++) {                                                 \
                value = (double)x[i * job->stride];                                        \
                sum += job->p == 1 ? fabs(value) : value * value;                          \
            }                                                                              \
            sum = job->p == 1 ? sum : sqrt(sum);                                           \
            for (i = 0; i < job->n; i++)                                                   \
                y[i * job->stride] =                                                       \
                    sum == 0 ? 0 : (TYPE)((double)x[i * job->stride] / sum);               \
        }                                                                                  \
    }
DEFINE_ROWS(rows_f32, float)
DEFINE_ROWS(rows_f64, double)

static imgcls_status lp_normalization_portable(const struct imgcls_host *host,
                                               const struct imgcls_run *run)
{
    const struct imgcls_tensor *x = imgcls_input(run, 0);
    struct lp_job job = {
        .x = x->data,
        .y = imgcls_output(run, 0)->data,
        .p = host->attr_int(host, run->node, "p", 2),
    };
    imgcls_status status;
    int32_t axis;

    status = op_axis(host, run->node, host->attr_int(host, run->node, "axis", -1), x->rank,
                     &axis);
    if (status != IMGCLS_OK || op_count(x) == 0)
        return status;
    job.n = x->dims[axis];
    job.stride = imgcls_count(x->rank - axis - 1, x->dims + axis + 1);
    host->parallel_for(host, run, op_count(x) / job.n, 4096 / job.n + 1,
                       x->type == IMGCLS_F64 ? rows_f64 : rows_f32, &job);
    return IMGCLS_OK;
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("lp_normalization_portable", lp_accepts, lp_normalization_portable);
const struct imgcls_op lp_normalization_op =
    OP_ENTRY("LpNormalization", 1, IMGCLS_TRAIT_IN_PLACE, lp_infer, NULL, &kernel);

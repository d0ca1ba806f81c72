/*
 * plugins/ops/nn/global_pool.c - GlobalAveragePool, GlobalMaxPool, GlobalLpPool
 *
 * One number for each plane, however many dimensions it has. Sums are taken in double in
 * rising order, so bits depend on nothing but the elements.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "nn.h"
#include "plugins/ops/op.h"

static imgcls_status global_infer(const struct imgcls_host *host,
                                  struct imgcls_infer *infer)
{
    const struct imgcls_value_info *x = op_in(infer->node, 0);
    int64_t dims[IMGCLS_MAX_RANK];
    int32_t i;

    if (!x)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "X is needed");
    if (x->rank < 0)
        return op_infer_open(host, infer, 0, x->type, -1);
    if (x->rank < 2)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "input has %d dimensions, at least 2 are needed", x->rank);
    for (i = 0; i < x->rank; i++)
        dims[i] = i < 2 ? x->dims[i] : 1;
    return host->infer_output(host, infer, 0, x->type, x->rank, dims);
}

/* GlobalLpPool-1 had its power as a float. */
static imgcls_status global_lp_upgrade(const struct imgcls_host *host,
                                       struct imgcls_graph *graph, struct imgcls_node *node)
{
    const struct imgcls_attr *p = host->attr(host, node, "p");

    (void)graph;
    if (node->version >= 2 || !p || p->kind != IMGCLS_ATTR_FLOAT)
        return IMGCLS_OK;
    if (!(p->f >= 1 && p->f <= 1000) || p->f != (float)(int)p->f)
        return OP_FAIL(host, node, IMGCLS_UNSUPPORTED, "p is %g, a whole number is needed",
                       (double)p->f);
    return host->node_set_int(host, node, "p", (int64_t)p->f);
}

static int32_t global_accepts(const struct imgcls_host *host,
                              const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, OP_FLOATS) && op_is_plain(node) && op_has_output(node, 0) &&
           node->outputs[0]->type == node->inputs[0]->type;
}

struct plane_job {
    const void *x;
    void *y;
    int64_t size; /* elements of a plane */
    bool wide;    /* float64 */
    int32_t power;
    double (*reduce)(const struct plane_job *job, int64_t first);
};

static double element(const struct plane_job *job, int64_t at)
{
    return job->wide ? ((const double *)job->x)[at] : (double)((const float *)job->x)[at];
}

static double average(const struct plane_job *job, int64_t first)
{
    double sum = 0;
    int64_t i;

    for (i = 0; i < job->size; i++)
        sum += element(job, first + i);
    return sum / (double)job->size; /* no elements: NaN, as 0 / 0 is */
}

static double most(const struct plane_job *job, int64_t first)
{
    double best = -INFINITY, x;
    int64_t i;

    for (i = 0; i < job->size; i++) {
        x = element(job, first + i);
        best = x > best || x != x ? x : best;
    }
    return best;
}

static double norm(const struct plane_job *job, int64_t first)
{
    double sum = 0, x;
    int64_t i;

    for (i = 0; i < job->size; i++) {
        x = fabs(element(job, first + i));
        sum += job->power == 1 ? x : job->power == 2 ? x * x : pow(x, job->power);
    }
    return job->power == 1 ? sum : job->power == 2 ? sqrt(sum) : pow(sum, 1.0 / job->power);
}

static void body(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct plane_job *job = argument;

    (void)thread;
    for (; begin < end; begin++) {
        double value = job->reduce(job, begin * job->size);
        if (job->wide)
            ((double *)job->y)[begin] = value;
        else
            ((float *)job->y)[begin] = (float)value;
    }
}

static imgcls_status
global_run(const struct imgcls_host *host, const struct imgcls_run *run, int32_t power,
           double (*reduce)(const struct plane_job *job, int64_t first))
{
    const struct imgcls_tensor *x = imgcls_input(run, 0);
    struct plane_job job = {
        .x = x->data,
        .y = imgcls_output(run, 0)->data,
        .size = imgcls_count(x->rank - 2, x->dims + 2),
        .wide = x->type == IMGCLS_F64,
        .power = power,
        .reduce = reduce,
    };
    int64_t planes = x->dims[0] * x->dims[1];

    if (planes > 0)
        host->parallel_for(host, run, planes, 16384 / (job.size + 1) + 1, body, &job);
    return IMGCLS_OK;
}

static imgcls_status global_average_pool_portable(const struct imgcls_host *host,
                                                  const struct imgcls_run *run)
{
    return global_run(host, run, 0, average);
}

static imgcls_status global_max_pool_portable(const struct imgcls_host *host,
                                              const struct imgcls_run *run)
{
    return global_run(host, run, 0, most);
}

static imgcls_status global_lp_pool_portable(const struct imgcls_host *host,
                                             const struct imgcls_run *run)
{
    int64_t p = host->attr_int(host, run->node, "p", 2);

    if (p < 1 || p > 1000)
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "p is %lld, allowed is 1..1000",
                       (long long)p);
    return global_run(host, run, (int32_t)p, norm);
}

static const struct imgcls_kernel average_kernel =
    OP_KERNEL("global_average_pool_portable", global_accepts, global_average_pool_portable);
static const struct imgcls_kernel max_kernel =
    OP_KERNEL("global_max_pool_portable", global_accepts, global_max_pool_portable);
static const struct imgcls_kernel lp_kernel =
    OP_KERNEL("global_lp_pool_portable", global_accepts, global_lp_pool_portable);

const struct imgcls_op global_average_pool_op =
    OP_ENTRY("GlobalAveragePool", 1, 0, global_infer, NULL, &average_kernel);
const struct imgcls_op global_max_pool_op =
    OP_ENTRY("GlobalMaxPool", 1, 0, global_infer, NULL, &max_kernel);
const struct imgcls_op global_lp_pool_op =
    OP_ENTRY("GlobalLpPool", 1, 0, global_infer, global_lp_upgrade, &lp_kernel);

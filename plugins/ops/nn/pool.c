/*
 * plugins/ops/nn/pool.c - MaxPool, AveragePool, LpPool
 *
 * Windows of 1 to 3 dimensions; ceil_mode, padding and dilation as window.c reads them. The
 * loops are in pool_planes.c. Threads share planes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "pool.h"

#include "nn.h"
#include "plugins/ops/threads.h"
#include "plugins/ops/upgrade.h"
#include "window.h"

static imgcls_status pool_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_node *node = infer->node;
    const struct imgcls_value_info *x = op_in(node, 0);
    int64_t dims[IMGCLS_MAX_RANK];
    struct window window;
    imgcls_status status;
    int32_t i;

    if (!x)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "X is needed");
    if (x->rank < 0) {
        status = op_infer_open(host, infer, 0, x->type, -1);
        return status == IMGCLS_OK ? op_infer_open(host, infer, 1, IMGCLS_I64, -1) : status;
    }
    status = window_read(host, node, x->rank - 2, x->dims + 2, NULL, &window);
    if (status != IMGCLS_OK)
        return status;
    dims[0] = x->dims[0];
    dims[1] = x->dims[1];
    for (i = 0; i < window.count; i++)
        dims[2 + i] = window.out[i];
    status = host->infer_output(host, infer, 0, x->type, x->rank, dims);
    if (status == IMGCLS_OK && op_has_output(node, 1))
        status = host->infer_output(host, infer, 1, IMGCLS_I64, x->rank, dims);
    return status;
}

/* LpPool-1 had its power as a float. */
static imgcls_status lp_pool_upgrade(const struct imgcls_host *host,
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

static bool pool_accepts(const struct imgcls_node *node, uint64_t types)
{
    const struct imgcls_value_info *x = op_in(node, 0);

    return op_takes(node, 0, types) && op_is_plain(node) && op_has_output(node, 0) &&
           node->outputs[0]->type == x->type && x->rank >= 3 && x->rank <= 5;
}

static int32_t pool_accepts_floats(const struct imgcls_host *host,
                                   const struct imgcls_node *node)
{
    (void)host;
    return pool_accepts(node, OP_FLOATS);
}

static int32_t max_pool_accepts(const struct imgcls_host *host,
                                const struct imgcls_node *node)
{
    (void)host;
    return pool_accepts(node, OP_FLOATS | OP_BIT(IMGCLS_I8) | OP_BIT(IMGCLS_U8));
}

OP_THREADS_PLAIN(share, struct pool_job, pool_planes)

/* Reads attributes and shapes into a job and runs it on all planes. */
static imgcls_status pool_run(const struct imgcls_host *host, const struct imgcls_run *run,
                              struct pool_job *job, pool_planes *planes)
{
    const struct imgcls_tensor *x = imgcls_input(run, 0);
    struct imgcls_tensor *y = imgcls_output(run, 0), *indices = imgcls_output(run, 1);
    int64_t count = x->dims[0] * x->dims[1];
    double work;
    struct window window;
    imgcls_status status;
    int32_t d, i;

    status = window_read(host, run->node, x->rank - 2, x->dims + 2, NULL, &window);
    if (status != IMGCLS_OK)
        return status;
    window_widen(&window, 0, &job->window);
    for (d = 0; d < 3; d++) {
        i = d - (3 - window.count);
        job->pad_end[d] = i < 0 ? 0 : window.pad_end[i];
    }
    job->x = x->data;
    job->y = y->data;
    job->indices = indices ? indices->data : NULL;
    if (count == 0 || imgcls_count(3, job->window.out) == 0)
        return IMGCLS_OK;
    work = (double)imgcls_count(3, job->window.out) *
           ((double)job->window.kernel[0] * (double)job->window.kernel[1] *
            (double)job->window.kernel[2]);
    share(host, run, job, planes, count, (int64_t)(20000 / work) + 1);
    return IMGCLS_OK;
}

static imgcls_status max_pool_portable(const struct imgcls_host *host,
                                       const struct imgcls_run *run)
{
    const struct imgcls_tensor *x = imgcls_input(run, 0);
    struct pool_job job = {0};
    int64_t step = 1;
    int32_t i, d,
        first = 3 - (x->rank - 2); /* of the three dimensions, the image's first */

    /* Column-major indices count the first spatial dimension fastest. */
    if (host->attr_int(host, run->node, "storage_order", 0) == 0)
        for (d = 2; d >= first; step *= x->dims[2 + d - first], d--)
            job.index_step[d] = step;
    else
        for (i = 0; i < x->rank - 2; step *= x->dims[2 + i], i++)
            job.index_step[first + i] = step;
    return pool_run(host, run, &job,
                    x->type == IMGCLS_F32   ? max_pool_f32
                    : x->type == IMGCLS_F64 ? max_pool_f64
                    : x->type == IMGCLS_I8  ? max_pool_i8
                                            : max_pool_u8);
}

static imgcls_status average_pool_portable(const struct imgcls_host *host,
                                           const struct imgcls_run *run)
{
    struct pool_job job = {0};

    job.include_pad = host->attr_int(host, run->node, "count_include_pad", 0) != 0;
    return pool_run(host, run, &job,
                    imgcls_input(run, 0)->type == IMGCLS_F64 ? average_pool_f64
                                                             : average_pool_f32);
}

static imgcls_status lp_pool_portable(const struct imgcls_host *host,
                                      const struct imgcls_run *run)
{
    int64_t p = host->attr_int(host, run->node, "p", 2);
    struct pool_job job = {0};

    if (p < 1 || p > 1000)
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "p is %lld, allowed is 1..1000",
                       (long long)p);
    job.power = (int32_t)p;
    return pool_run(host, run, &job,
                    imgcls_input(run, 0)->type == IMGCLS_F64 ? lp_pool_f64 : lp_pool_f32);
}

static const struct imgcls_kernel max_kernel =
    OP_KERNEL("max_pool_portable", max_pool_accepts, max_pool_portable);
static const struct imgcls_kernel average_kernel =
    OP_KERNEL("average_pool_portable", pool_accepts_floats, average_pool_portable);
static const struct imgcls_kernel lp_kernel =
    OP_KERNEL("lp_pool_portable", pool_accepts_floats, lp_pool_portable);

const struct imgcls_op max_pool_op =
    OP_ENTRY("MaxPool", 1, 0, pool_infer, NULL, &max_kernel);
const struct imgcls_op average_pool_op =
    OP_ENTRY("AveragePool", 1, 0, pool_infer, NULL, &average_kernel);
const struct imgcls_op lp_pool_op =
    OP_ENTRY("LpPool", 1, 0, pool_infer, lp_pool_upgrade, &lp_kernel);

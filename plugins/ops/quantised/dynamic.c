/*
 * plugins/ops/quantised/dynamic.c - DynamicQuantizeLinear: uint8, with a scale from the
 * input's own range
 *
 * The range is widened to hold 0, so that 0 is exact. All steps are in float, as the
 * specification's formulas are.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "quantised.h"
#include "round.h"

static imgcls_status dynamic_infer(const struct imgcls_host *host,
                                   struct imgcls_infer *infer)
{
    const struct imgcls_value_info *x = op_in(infer->node, 0);
    imgcls_status status;
    if (!x)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "an input is needed");
    status = host->infer_output(host, infer, 0, IMGCLS_U8, x->rank, x->dims);
    if (status == IMGCLS_OK)
        status = host->infer_output(host, infer, 1, IMGCLS_F32, 0, NULL);
    return status == IMGCLS_OK ? host->infer_output(host, infer, 2, IMGCLS_U8, 0, NULL)
                               : status;
}

static int32_t dynamic_accepts(const struct imgcls_host *host,
                               const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, OP_BIT(IMGCLS_F32)) && op_is_plain(node);
}

struct dynamic {
    const float *x;
    uint8_t *y;
    float scale;
    double zero;
};

static void elements(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct dynamic *job = argument;
    (void)thread;
    for (; begin < end; begin++)
        job->y[begin] =
            (uint8_t)round_into((double)(job->x[begin] / job->scale), job->zero, 0, 255);
}

static imgcls_status dynamic_portable(const struct imgcls_host *host,
                                      const struct imgcls_run *run)
{
    const struct imgcls_tensor *x = imgcls_input(run, 0);
    const int64_t count = op_count(x);
    float least = 0, most = 0;
    struct dynamic job = {.x = x->data};
    imgcls_status status = op_set_output(host, run, 0, IMGCLS_U8, x->rank, x->dims);
    int64_t i;
    if (status != IMGCLS_OK)
        return status;
    for (i = 0; i < count; i++) {
        least = job.x[i] < least ? job.x[i] : least;
        most = job.x[i] > most ? job.x[i] : most;
    }
    job.scale = (most - least) / 255;
    if (job.scale == 0) /* all are 0, and so they come out */
        job.scale = 1;
    job.zero = round_into((double)(-least / job.scale), 0, 0, 255);
    if (imgcls_output(run, 1))
        *(float *)imgcls_output(run, 1)->data = job.scale;
    if (imgcls_output(run, 2))
        *(uint8_t *)imgcls_output(run, 2)->data = (uint8_t)job.zero;
    if (!imgcls_output(run, 0) || count == 0)
        return IMGCLS_OK;
    job.y = imgcls_output(run, 0)->data;
    host->parallel_for(host, run, count, 4096, elements, &job);
    return IMGCLS_OK;
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("dynamic_quantize_linear_portable", dynamic_accepts, dynamic_portable);
const struct imgcls_op dynamic_quantize_linear_op =
    OP_ENTRY("DynamicQuantizeLinear", 11, 0, dynamic_infer, NULL, &kernel);

/*
 * plugins/ops/elementwise/pointwise.c - see pointwise.h
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "pointwise.h"

static void row(const struct broadcast_row *row)
{
    pointwise_kernel *const *kernel = row->parameter;
    const float *x = row->in[0];
    float *y = row->out;
    int64_t i;

    if (row->step[0] == 1) {
        (*kernel)(x, y, row->count);
        return;
    }
    for (i = 0; i < row->count; i++)
        (*kernel)(x + i * row->step[0], y + i, 1);
}

imgcls_status pointwise_run(const struct imgcls_host *host, const struct imgcls_run *run,
                            pointwise_kernel *kernel)
{
    return broadcast_run(host, run, IMGCLS_F32, BROADCAST_GRAIN_DEAR, row, &kernel);
}

int32_t pointwise_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return broadcast_takes(node, OP_BIT(IMGCLS_F32));
}

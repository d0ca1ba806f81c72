/*
 * plugins/ops/signal/det.c - Det: determinants of square matrices
 *
 * Gaussian elimination in double with the largest pivot of each column.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "plugins/ops/element.h"
#include "signal.h"

static imgcls_status check(const struct imgcls_host *host, const struct imgcls_node *node,
                           int32_t rank, const int64_t *dims)
{
    char text[OP_SHAPE_TEXT];
    int64_t merged;
    if (rank >= 2 && op_merge_dim(dims[rank - 2], dims[rank - 1], &merged))
        return IMGCLS_OK;
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "input %s is not of square matrices",
                   op_shape_text(rank, dims, text, sizeof text));
}

static imgcls_status det_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *x = op_in(infer->node, 0);
    imgcls_status status;
    if (!x)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "an input is needed");
    if (x->rank < 0)
        return op_infer_open(host, infer, 0, x->type, -1);
    status = check(host, infer->node, x->rank, x->dims);
    return status == IMGCLS_OK
               ? host->infer_output(host, infer, 0, x->type, x->rank - 2, x->dims)
               : status;
}

/* Of n x n numbers, which are overwritten. */
static double determinant(double *a, int64_t n)
{
    double product = 1;
    int64_t column, row, i;
    for (column = 0; column < n; column++) {
        int64_t pivot = column;
        for (row = column + 1; row < n; row++)
            if (fabs(a[row * n + column]) > fabs(a[pivot * n + column]))
                pivot = row;
        if (a[pivot * n + column] == 0)
            return 0;
        for (i = column; i < n && pivot != column; i++) {
            const double kept = a[column * n + i];
            a[column * n + i] = a[pivot * n + i];
            a[pivot * n + i] = kept;
        }
        product *= pivot == column ? a[column * n + column] : -a[column * n + column];
        for (row = column + 1; row < n; row++) {
            const double factor = a[row * n + column] / a[column * n + column];
            for (i = column; i < n; i++)
                a[row * n + i] -= factor * a[column * n + i];
        }
    }
    return product;
}

static imgcls_status det_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    const struct imgcls_tensor *x = imgcls_input(run, 0);
    imgcls_status status = check(host, run->node, x->rank, x->dims);
    struct imgcls_tensor *y;
    double *matrix;
    int64_t n, i, j;
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, x->type, x->rank - 2, x->dims);
    if (status != IMGCLS_OK)
        return status;
    y = imgcls_output(run, 0);
    n = x->dims[x->rank - 1];
    matrix = host->alloc(host, (size_t)(n ? n : 1), (size_t)(n ? n : 1) * sizeof *matrix);
    if (!matrix)
        return IMGCLS_NO_MEMORY;
    for (i = 0; i < op_count(y); i++) {
        for (j = 0; j < n * n; j++)
            matrix[j] = element_real(x, i * n * n + j);
        element_set_real(y, i, determinant(matrix, n));
    }
    host->release(host, matrix);
    return IMGCLS_OK;
}

static int32_t det_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, ELEMENT_FLOATS) && op_is_plain(node) && op_has_output(node, 0);
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("det_portable", det_accepts, det_portable);
const struct imgcls_op det_op = OP_ENTRY("Det", 11, 0, det_infer, NULL, &kernel);

/*
 * plugins/ops/attention/attend.c - heads, rounding and softmax that attentions share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "attend.h"
#include "plugins/ops/number.h"

struct attend_form attend_form_of_info(const struct imgcls_node *node, size_t i)
{
    const struct imgcls_value_info *info = op_in(node, i);
    return info ? (struct attend_form){true, info->rank, info->dims}
                : (struct attend_form){false, -1, NULL};
}

struct attend_form attend_form_of_tensor(const struct imgcls_run *run, size_t i)
{
    const struct imgcls_tensor *tensor = imgcls_input(run, i);
    return tensor ? (struct attend_form){true, tensor->rank, tensor->dims}
                  : (struct attend_form){false, -1, NULL};
}

static imgcls_status view_packed(const struct imgcls_host *host,
                                 const struct imgcls_node *node, struct attend_form form,
                                 int64_t heads, const char *what, struct attend_heads *out)
{
    const int64_t width = form.dims[2];
    if (heads <= 0)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "%s has 3 dimensions, so the number of its heads must be given",
                       what);
    if (width >= 0 && width % heads != 0)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "%s has %lld columns, which %lld heads cannot share", what,
                       (long long)width, (long long)heads);
    out->heads = heads;
    out->length = form.dims[1];
    out->size = width >= 0 ? width / heads : -1;
    out->row_step = width;
    out->head_step = out->size;
    out->batch_step = out->length * width;
    return IMGCLS_OK;
}

imgcls_status attend_view(const struct imgcls_host *host, const struct imgcls_node *node,
                          struct attend_form form, int64_t heads, const char *what,
                          struct attend_heads *out)
{
    memset(out, 0, sizeof *out);
    if (form.rank != 3 && form.rank != 4)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%s has %d dimensions, not 3 or 4",
                       what, form.rank);
    out->batch = form.dims[0];
    if (form.rank == 3)
        return view_packed(host, node, form, heads, what, out);
    out->heads = form.dims[1];
    out->length = form.dims[2];
    out->size = form.dims[3];
    if (out->heads >= 0 && out->length >= 0 && out->size >= 0) { /* else not read */
        out->row_step = out->size;
        out->head_step = out->length * out->size;
        out->batch_step = out->heads * out->head_step;
    }
    return IMGCLS_OK;
}

int64_t attend_at(const struct attend_heads *heads, int64_t b, int64_t h, int64_t row)
{
    return b * heads->batch_step + h * heads->head_step + row * heads->row_step;
}

imgcls_status attend_same(const struct imgcls_host *host, const struct imgcls_node *node,
                          const char *what, int64_t a, int64_t b)
{
    if (a < 0 || b < 0 || a == b)
        return IMGCLS_OK;
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%s differ: %lld and %lld", what,
                   (long long)a, (long long)b);
}

#define CHUNK 64

void attend_round(int32_t type, double *values, int64_t count)
{
    int64_t i;
    uint16_t narrow[CHUNK];
    if (type == IMGCLS_F64)
        return;
    if (type == IMGCLS_F32) {
        for (i = 0; i < count; i++)
            values[i] = (double)(float)values[i];
        return;
    }
    for (i = 0; i < count; i += CHUNK) {
        const int64_t size = count - i < CHUNK ? count - i : CHUNK;
        number_write_reals(type, narrow, 0, size, values + i, 0);
        number_read_reals(type, narrow, 0, size, values + i);
    }
}

void attend_softmax(int32_t type, double *row, int64_t count)
{
    double most = -INFINITY, sum = 0;
    int64_t i;
    for (i = 0; i < count; i++)
        most = row[i] > most ? row[i] : most;
    if (most == -INFINITY)
        most = 0; /* nothing but -inf, or NaN, which stays */
    for (i = 0; i < count; i++)
        row[i] -= most;
    attend_round(type, row, count);
    for (i = 0; i < count; i++)
        row[i] = exp(row[i]);
    attend_round(type, row, count);
    for (i = 0; i < count; i++)
        sum += row[i];
    attend_round(type, &sum, 1);
    if (sum == 0)
        return;
    for (i = 0; i < count; i++)
        row[i] /= sum;
    attend_round(type, row, count);
}

double attend_dot(const double *a, const double *b, int64_t count)
{
    double sum = 0;
    int64_t i;
    for (i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

void attend_add(double *restrict sum, double weight, const double *restrict values,
                int64_t count)
{
    int64_t i;
    for (i = 0; i < count; i++)
        sum[i] += weight * values[i];
}

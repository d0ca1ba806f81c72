/*
 * plugins/ops/reduce/running.c - CumSum and CumProd: running sums and products along an
 * axis
 *
 * The running value is a double (or a uint64_t, which wraps) and is rounded where it is
 * written, not where it goes on.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/ops/number.h"
#include "plugins/ops/op.h"
#include "reduce.h"

#define TYPES (OP_NUMBERS | OP_BIT(IMGCLS_F16) | OP_BIT(IMGCLS_BF16))

struct running {
    const struct imgcls_tensor *in;
    struct imgcls_tensor *out;
    int64_t dim, inner;
    bool product, exclusive, reverse;
};

static void run_lines(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct running *r = argument;
    const bool real = number_is_real(r->in->type);
    int64_t i, k;
    (void)thread;
    for (i = begin; i < end; i++) {
        double sum = r->product, x;
        uint64_t whole = r->product;
        for (k = 0; k < r->dim; k++) {
            const int64_t step = r->reverse ? r->dim - 1 - k : k;
            const int64_t at = (i / r->inner * r->dim + step) * r->inner + i % r->inner;
            if (real) {
                number_read_reals(r->in->type, r->in->data, at, 1, &x);
                if (r->exclusive)
                    number_write_reals(r->out->type, r->out->data, at, 1, &sum, 0);
                sum = r->product ? sum * x : sum + x;
                if (!r->exclusive)
                    number_write_reals(r->out->type, r->out->data, at, 1, &sum, 0);
            } else {
                int64_t element, result;
                number_read_wholes(r->in->type, r->in->data, at, 1, &element);
                result = (int64_t)whole;
                whole = r->product ? whole * (uint64_t)element : whole + (uint64_t)element;
                result = r->exclusive ? result : (int64_t)whole;
                number_write_wholes(r->out->type, r->out->data, at, 1, &result,
                                    r->in->type == IMGCLS_U64, 0);
            }
        }
    }
}

static imgcls_status running_infer(const struct imgcls_host *host,
                                   struct imgcls_infer *infer)
{
    if (!op_in(infer->node, 0) || !op_in(infer->node, 1))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "x and axis are needed");
    return host->infer_like(host, infer, 0, 0);
}

static imgcls_status running_portable(const struct imgcls_host *host,
                                      const struct imgcls_run *run)
{
    const struct imgcls_node *node = run->node;
    struct running r = {.in = imgcls_input(run, 0),
                        .product = strcmp(node->type, "CumProd") == 0,
                        .exclusive = host->attr_int(host, node, "exclusive", 0) != 0,
                        .reverse = host->attr_int(host, node, "reverse", 0) != 0};
    struct op_list axes;
    int32_t axis;
    imgcls_status status = op_list_read(host, node, imgcls_input(run, 1), "axis", &axes);
    if (status == IMGCLS_OK && axes.count != 1)
        status = OP_FAIL(host, node, IMGCLS_BAD_INPUT, "axis has %lld elements, not one",
                         (long long)axes.count);
    if (status == IMGCLS_OK)
        status = op_axis(host, node, axes.values[0], r.in->rank, &axis);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, r.in->type, r.in->rank, r.in->dims);
    if (status != IMGCLS_OK || op_count(r.in) == 0)
        return status;
    r.out = imgcls_output(run, 0);
    r.dim = r.in->dims[axis];
    r.inner = imgcls_count(r.in->rank - axis - 1, r.in->dims + axis + 1);
    host->parallel_for(host, run, op_count(r.in) / r.dim, 4096 / r.dim + 1, run_lines, &r);
    return IMGCLS_OK;
}

static int32_t accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, TYPES) && op_takes(node, 1, OP_INDEXES) && op_is_plain(node);
}

static const struct imgcls_kernel cum_sum_kernel =
    OP_KERNEL("cum_sum_portable", accepts, running_portable);
static const struct imgcls_kernel cum_prod_kernel =
    OP_KERNEL("cum_prod_portable", accepts, running_portable);
const struct imgcls_op cum_sum_op =
    OP_ENTRY("CumSum", 11, 0, running_infer, NULL, &cum_sum_kernel);
const struct imgcls_op cum_prod_op =
    OP_ENTRY("CumProd", 26, 0, running_infer, NULL, &cum_prod_kernel);

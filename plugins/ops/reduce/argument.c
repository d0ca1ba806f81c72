/*
 * plugins/ops/reduce/argument.c - ArgMax, ArgMin, TopK: which elements are the extreme ones
 *
 * Numbers are compared as doubles or int64_t, which hold every type exactly. NaN is more
 * extreme than any number, in both directions, as in numpy's arg functions. Of equal
 * elements the one with the lower index comes first (last, where ArgMax is asked for the
 * last).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/ops/number.h"
#include "plugins/ops/op.h"
#include "plugins/ops/upgrade.h"
#include "reduce.h"

#define TYPES (OP_NUMBERS | OP_BIT(IMGCLS_F16) | OP_BIT(IMGCLS_BF16))

/* A line of `dim` elements, `inner` apart, from offset `base`. */
struct line {
    const struct imgcls_tensor *in;
    int64_t base, inner;
    bool largest;
};

/* Positive where element a is more extreme than b, 0 where they are equal. */
static int compare(const struct line *line, int64_t a, int64_t b)
{
    const int64_t at = line->base + a * line->inner, bt = line->base + b * line->inner;
    int order;
    if (number_is_real(line->in->type)) {
        double x, y;
        number_read_reals(line->in->type, line->in->data, at, 1, &x);
        number_read_reals(line->in->type, line->in->data, bt, 1, &y);
        if (x != x || y != y)
            return (x != x) - (y != y);
        order = (x > y) - (x < y);
    } else {
        int64_t x, y;
        number_read_wholes(line->in->type, line->in->data, at, 1, &x);
        number_read_wholes(line->in->type, line->in->data, bt, 1, &y);
        order = line->in->type == IMGCLS_U64
                    ? ((uint64_t)x > (uint64_t)y) - ((uint64_t)x < (uint64_t)y)
                    : (x > y) - (x < y);
    }
    return line->largest ? order : -order;
}

struct arg {
    const struct imgcls_tensor *in;
    int64_t *out;
    int64_t dim, inner;
    bool largest, last;
};

static void arg_lines(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct arg *arg = argument;
    int64_t i, k;
    (void)thread;
    for (i = begin; i < end; i++) {
        const struct line line = {.in = arg->in,
                                  .base = i / arg->inner * arg->dim * arg->inner +
                                          i % arg->inner,
                                  .inner = arg->inner,
                                  .largest = arg->largest};
        int64_t best = 0;
        for (k = 1; k < arg->dim; k++) {
            const int order = compare(&line, k, best);
            if (order > 0 || (order == 0 && arg->last))
                best = k;
        }
        arg->out[i] = best;
    }
}

static int32_t arg_dims(int32_t rank, const int64_t *in, int32_t axis, bool keep,
                        int64_t *dims)
{
    int32_t d, out = 0;
    for (d = 0; d < rank; d++) {
        if (d != axis)
            dims[out++] = in[d];
        else if (keep)
            dims[out++] = 1;
    }
    return out;
}

static imgcls_status arg_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_node *node = infer->node;
    const struct imgcls_value_info *in = op_in(node, 0);
    const bool keep = host->attr_int(host, node, "keepdims", 1) != 0;
    int64_t dims[IMGCLS_MAX_RANK];
    int32_t axis, rank;
    imgcls_status status;
    if (!in)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "input 0 is missing");
    if (in->rank < 0)
        return op_infer_open(host, infer, 0, IMGCLS_I64, -1);
    status = op_axis(host, node, host->attr_int(host, node, "axis", 0), in->rank, &axis);
    if (status != IMGCLS_OK)
        return status;
    rank = arg_dims(in->rank, in->dims, axis, keep, dims);
    return host->infer_output(host, infer, 0, IMGCLS_I64, rank, dims);
}

static imgcls_status arg_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    const struct imgcls_node *node = run->node;
    const bool keep = host->attr_int(host, node, "keepdims", 1) != 0;
    struct arg arg = {.in = imgcls_input(run, 0),
                      .largest = strcmp(node->type, "ArgMax") == 0,
                      .last = host->attr_int(host, node, "select_last_index", 0) != 0};
    int64_t dims[IMGCLS_MAX_RANK];
    int32_t axis, rank;
    imgcls_status status =
        op_axis(host, node, host->attr_int(host, node, "axis", 0), arg.in->rank, &axis);
    if (status != IMGCLS_OK)
        return status;
    rank = arg_dims(arg.in->rank, arg.in->dims, axis, keep, dims);
    status = op_set_output(host, run, 0, IMGCLS_I64, rank, dims);
    if (status != IMGCLS_OK || op_count(imgcls_output(run, 0)) == 0)
        return status;
    arg.dim = arg.in->dims[axis];
    arg.inner = imgcls_count(arg.in->rank - axis - 1, arg.in->dims + axis + 1);
    arg.out = imgcls_output(run, 0)->data;
    if (arg.dim == 0)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "dimension %d is 0 and has no extreme",
                       axis);
    host->parallel_for(host, run, op_count(imgcls_output(run, 0)), 4096 / arg.dim + 1,
                       arg_lines, &arg);
    return IMGCLS_OK;
}

/*
 * TopK keeps a heap of the k best indexes of a line, the least of them on top, in the
 * output for indexes itself; taking the top off again and again then sorts it.
 */
struct top_k {
    const struct imgcls_tensor *in;
    void *values;
    int64_t *indices;
    int64_t dim, inner, k;
    bool largest;
};

/* Whether index a ranks before b. */
static bool ranks_before(const struct line *line, int64_t a, int64_t b)
{
    const int order = compare(line, a, b);
    return order > 0 || (order == 0 && a < b);
}

/* heap[i * step], i < count, is a heap but for its top. */
static void sift(const struct line *line, int64_t *heap, int64_t step, int64_t at,
                 int64_t count)
{
    for (;;) {
        int64_t child = 2 * at + 1, held;
        if (child >= count)
            return;
        if (child + 1 < count &&
            ranks_before(line, heap[child * step], heap[(child + 1) * step]))
            child++;
        if (!ranks_before(line, heap[at * step], heap[child * step]))
            return;
        held = heap[at * step];
        heap[at * step] = heap[child * step];
        heap[child * step] = held;
        at = child;
    }
}

static void top_lines(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct top_k *top = argument;
    const size_t size = op_element_size(top->in->type);
    int64_t i, k, count;
    (void)thread;
    for (i = begin; i < end; i++) {
        const int64_t outer = i / top->inner, column = i % top->inner;
        const struct line line = {.in = top->in,
                                  .base = outer * top->dim * top->inner + column,
                                  .inner = top->inner,
                                  .largest = top->largest};
        int64_t *heap = top->indices + outer * top->k * top->inner + column;
        const int64_t step = top->inner;
        for (k = 0; k < top->k; k++)
            heap[k * step] = k;
        for (k = top->k / 2 - 1; k >= 0; k--)
            sift(&line, heap, step, k, top->k);
        for (k = top->k; k < top->dim && top->k > 0; k++) {
            if (ranks_before(&line, k, heap[0])) {
                heap[0] = k;
                sift(&line, heap, step, 0, top->k);
            }
        }
        for (count = top->k - 1; count > 0; count--) {
            const int64_t held = heap[0];
            heap[0] = heap[count * step];
            heap[count * step] = held;
            sift(&line, heap, step, 0, count);
        }
        for (k = 0; k < top->k && top->values; k++)
            memcpy((char *)top->values +
                       (size_t)((outer * top->k + k) * top->inner + column) * size,
                   (const char *)top->in->data +
                       (size_t)(line.base + heap[k * step] * top->inner) * size,
                   size);
    }
}

static imgcls_status top_dims(const struct imgcls_host *host,
                              const struct imgcls_node *node, int32_t rank,
                              const int64_t *in, const struct op_list *k, int32_t *axis,
                              int64_t *dims)
{
    imgcls_status status =
        op_axis(host, node, host->attr_int(host, node, "axis", -1), rank, axis);
    if (status != IMGCLS_OK)
        return status;
    memcpy(dims, in, (size_t)rank * sizeof *dims);
    dims[*axis] = -1;
    if (!k->known)
        return IMGCLS_OK;
    if (k->count != 1 || k->values[0] < 0 || (in[*axis] >= 0 && k->values[0] > in[*axis]))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "k is %lld for a dimension of %lld",
                       (long long)k->values[0], (long long)in[*axis]);
    dims[*axis] = k->values[0];
    return IMGCLS_OK;
}

static imgcls_status top_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_node *node = infer->node;
    const struct imgcls_value_info *in = op_in(node, 0);
    int64_t dims[IMGCLS_MAX_RANK];
    struct op_list k;
    int32_t axis;
    imgcls_status status;
    if (!in || !op_in(node, 1))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "X and K are needed");
    status = op_list_infer(host, node, 1, "K", &k);
    if (status == IMGCLS_OK && in->rank >= 0)
        status = top_dims(host, node, in->rank, in->dims, &k, &axis, dims);
    if (status == IMGCLS_OK)
        status = host->infer_output(host, infer, 0, in->type, in->rank, dims);
    if (status == IMGCLS_OK)
        status = host->infer_output(host, infer, 1, IMGCLS_I64, in->rank, dims);
    return status;
}

static imgcls_status top_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    const struct imgcls_node *node = run->node;
    struct top_k top = {.in = imgcls_input(run, 0),
                        .largest = host->attr_int(host, node, "largest", 1) != 0};
    int64_t dims[IMGCLS_MAX_RANK], lines;
    struct op_list k;
    int32_t axis = 0;
    void *scratch = NULL;
    imgcls_status status = op_list_read(host, node, imgcls_input(run, 1), "K", &k);
    if (status == IMGCLS_OK)
        status = top_dims(host, node, top.in->rank, top.in->dims, &k, &axis, dims);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, top.in->type, top.in->rank, dims);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 1, IMGCLS_I64, top.in->rank, dims);
    if (status != IMGCLS_OK || imgcls_count(top.in->rank, dims) == 0)
        return status;
    top.dim = top.in->dims[axis];
    top.k = dims[axis];
    top.inner = imgcls_count(top.in->rank - axis - 1, top.in->dims + axis + 1);
    lines = imgcls_count(axis, top.in->dims) * top.inner;
    top.values = imgcls_output(run, 0) ? imgcls_output(run, 0)->data : NULL;
    if (imgcls_output(run, 1)) {
        top.indices = imgcls_output(run, 1)->data;
    } else { /* nobody wants the indexes, but the heap needs a place */
        scratch =
            host->alloc(host, (size_t)imgcls_count(top.in->rank, dims), sizeof(int64_t));
        top.indices = scratch;
        if (!scratch)
            return IMGCLS_NO_MEMORY;
    }
    host->parallel_for(host, run, lines, 1024 / top.dim + 1, top_lines, &top);
    host->release(host, scratch);
    return IMGCLS_OK;
}

static int32_t arg_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, TYPES) && op_is_plain(node);
}

static int32_t top_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, TYPES) && op_takes(node, 1, OP_INDEXES) && op_is_plain(node);
}

/* Operator set 1 had k as an attribute. */
static imgcls_status top_upgrade(const struct imgcls_host *host, struct imgcls_graph *graph,
                                 struct imgcls_node *node)
{
    const int64_t k = host->attr_int(host, node, "k", -1);
    imgcls_status status;
    if (node->version >= 10 || k < 0)
        return IMGCLS_OK;
    status = upgrade_input(host, graph, node, 1, "k", IMGCLS_I64, 1, 1, &k);
    return status == IMGCLS_OK ? host->node_remove_attr(host, node, "k") : status;
}

static const struct imgcls_kernel arg_max_kernel =
    OP_KERNEL("arg_max_portable", arg_accepts, arg_portable);
static const struct imgcls_kernel arg_min_kernel =
    OP_KERNEL("arg_min_portable", arg_accepts, arg_portable);
static const struct imgcls_kernel top_k_kernel =
    OP_KERNEL("top_k_portable", top_accepts, top_portable);
const struct imgcls_op arg_max_op =
    OP_ENTRY("ArgMax", 1, 0, arg_infer, NULL, &arg_max_kernel);
const struct imgcls_op arg_min_op =
    OP_ENTRY("ArgMin", 1, 0, arg_infer, NULL, &arg_min_kernel);
const struct imgcls_op top_k_op =
    OP_ENTRY("TopK", 1, 0, top_infer, top_upgrade, &top_k_kernel);

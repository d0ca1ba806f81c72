/*
 * plugins/ops/quantised/conv.c - ConvInteger, QLinearConv
 *
 * One product for each image and group: weights [M, C/group, taps] are rows, the column of
 * an output position is what its window covers, gathered a piece at a time. What lies in
 * the padding is the zero point and contributes nothing. Up to three spatial dimensions.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/ops/element.h"
#include "plugins/ops/nn/window.h"
#include "product8.h"
#include "quantised.h"

/* Output dims, negative where not known; window where `window` is not NULL. */
static imgcls_status shape_of(const struct imgcls_host *host,
                              const struct imgcls_node *node, int32_t rank,
                              const int64_t *x, int32_t w_rank, const int64_t *w,
                              struct window *window, int64_t *dims)
{
    const int64_t group = host->attr_int(host, node, "group", 1);
    char a[OP_SHAPE_TEXT], b[OP_SHAPE_TEXT];
    imgcls_status status;
    int32_t i;
    if (group < 1)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "group is %lld, at least 1 is needed",
                       (long long)group);
    if (rank != w_rank)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "X has %d dimensions, W has %d", rank,
                       w_rank);
    status = window_read(host, node, rank - 2, x + 2, w + 2, window);
    if (status != IMGCLS_OK)
        return status;
    if ((x[1] >= 0 && w[1] >= 0 && (w[1] > INT64_MAX / group || x[1] != w[1] * group)) ||
        (w[0] >= 0 && w[0] % group != 0))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "X %s and W %s do not go together in %lld groups",
                       op_shape_text(rank, x, a, sizeof a),
                       op_shape_text(w_rank, w, b, sizeof b), (long long)group);
    dims[0] = x[0];
    dims[1] = w[0];
    for (i = 0; i < window->count; i++)
        dims[2 + i] = window->out[i];
    return IMGCLS_OK;
}

static imgcls_status infer_window(const struct imgcls_host *host,
                                  struct imgcls_infer *infer, size_t w_index, int32_t type)
{
    const struct imgcls_value_info *x = op_in(infer->node, 0),
                                   *w = op_in(infer->node, w_index);
    int64_t dims[IMGCLS_MAX_RANK];
    struct window window;
    imgcls_status status;
    if (!x || !w)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "X and W are needed");
    if (x->rank < 0 || w->rank < 0)
        return op_infer_open(host, infer, 0, type, x->rank < 0 ? w->rank : x->rank);
    status = shape_of(host, infer->node, x->rank, x->dims, w->rank, w->dims, &window, dims);
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, type, x->rank, dims)
                               : status;
}

static imgcls_status integer_infer(const struct imgcls_host *host,
                                   struct imgcls_infer *infer)
{
    return infer_window(host, infer, 1, IMGCLS_I32);
}

static imgcls_status linear_infer(const struct imgcls_host *host,
                                  struct imgcls_infer *infer)
{
    const imgcls_status status = requantise_needs(host, infer->node);
    return status == IMGCLS_OK ? infer_window(host, infer, 3, infer->node->inputs[7]->type)
                               : status;
}

struct conv {
    const struct imgcls_tensor *x, *w, *x_zero, *w_zero, *bias;
    struct imgcls_tensor *y;
    struct gemm_window window;
    int64_t groups, plane; /* plane: elements of one channel of X */
    struct requantise scales;
};

static const void *rows(const struct product8 *job, int64_t batch)
{
    const struct conv *conv = job->owner;
    return (const char *)conv->w->data + batch % conv->groups * job->m * job->k;
}

/* One number for all, or one for each output channel. */
static int64_t channel(const struct product8 *job, const struct imgcls_tensor *vector,
                       int64_t batch, int64_t row)
{
    const struct conv *conv = job->owner;
    if (!vector || op_count(vector) == 1)
        return 0;
    return batch % conv->groups * job->m + row;
}

static int32_t row_zero(const struct product8 *job, int64_t batch, int64_t row)
{
    const struct conv *conv = job->owner;
    return byte_at(conv->w_zero, channel(job, conv->w_zero, batch, row));
}

static void fetch(const struct product8 *job, int64_t batch, int64_t k, int64_t n,
                  int64_t count, int32_t *out)
{
    const struct conv *conv = job->owner;
    const struct gemm_window *w = &conv->window;
    const int64_t taps = w->kernel[0] * w->kernel[1] * w->kernel[2];
    const int64_t tap = k % taps, base = (batch * w->channels + k / taps) * conv->plane;
    const int32_t zero = byte_at(conv->x_zero, 0);
    const int64_t first[3] = {
        tap / (w->kernel[1] * w->kernel[2]) * w->dilation[0] - w->pad[0],
        tap / w->kernel[2] % w->kernel[1] * w->dilation[1] - w->pad[1],
        tap % w->kernel[2] * w->dilation[2] - w->pad[2]};
    int64_t at[3] = {n / (w->out[1] * w->out[2]), n / w->out[2] % w->out[1],
                     n % w->out[2]};
    int64_t j;
    for (j = 0; j < count; j++) {
        const int64_t d = at[0] * w->stride[0] + first[0];
        const int64_t h = at[1] * w->stride[1] + first[1];
        const int64_t i = at[2] * w->stride[2] + first[2];
        const bool inside = d >= 0 && d < w->in[0] && h >= 0 && h < w->in[1] && i >= 0 &&
                            i < w->in[2];
        out[j] =
            inside ? byte_at(conv->x, base + (d * w->in[1] + h) * w->in[2] + i) - zero : 0;
        if (++at[2] == w->out[2]) {
            at[2] = 0;
            if (++at[1] == w->out[1]) {
                at[1] = 0;
                at[0]++;
            }
        }
    }
}

static void finish(const struct product8 *job, int64_t batch, int64_t row, int64_t n,
                   int64_t count, const int32_t *sums)
{
    const struct conv *conv = job->owner;
    const float scale = requantise_scale(
        &conv->scales, 0, channel(job, conv->scales.b_scale, batch, row));
    const int64_t to = batch % conv->groups * job->m + row;
    const uint32_t bias =
        conv->bias ? (uint32_t)((const int32_t *)conv->bias->data)[to] : 0;
    int64_t j;
    for (j = 0; j < count; j++)
        requantise_set(job->y, (batch * job->m + row) * job->n + n + j,
                       (int32_t)((uint32_t)sums[j] + bias), scale, &conv->scales);
}

static imgcls_status check_count(const struct imgcls_host *host,
                                 const struct imgcls_node *node,
                                 const struct imgcls_tensor *vector, int64_t allowed,
                                 bool one, const char *what)
{
    const int64_t count = vector ? op_count(vector) : allowed;
    if (count == allowed || (one && count == 1))
        return IMGCLS_OK;
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%s has %lld numbers, %s%lld needed", what,
                   (long long)count, one && allowed != 1 ? "1 or " : "",
                   (long long)allowed);
}

static imgcls_status conv_run(const struct imgcls_host *host, const struct imgcls_run *run,
                              struct conv *conv, bool narrow)
{
    const struct imgcls_node *node = run->node;
    const struct imgcls_tensor *x = conv->x, *w = conv->w;
    int64_t dims[IMGCLS_MAX_RANK];
    struct window window;
    imgcls_status status =
        shape_of(host, node, x->rank, x->dims, w->rank, w->dims, &window, dims);
    if (status == IMGCLS_OK)
        status = check_count(host, node, conv->x_zero, 1, true, "zero point of X");
    if (status == IMGCLS_OK)
        status = check_count(host, node, conv->w_zero, w->dims[0], true, "zero point of W");
    if (status == IMGCLS_OK)
        status = check_count(host, node, conv->scales.b_scale, w->dims[0], true,
                             "scale of W");
    if (status == IMGCLS_OK)
        status = check_count(host, node, conv->bias, w->dims[0], false, "bias");
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, node->outputs[0]->type, x->rank, dims);
    if (status != IMGCLS_OK)
        return status;
    conv->y = imgcls_output(run, 0);
    conv->groups = host->attr_int(host, node, "group", 1);
    conv->plane = imgcls_count(x->rank - 2, x->dims + 2);
    window_widen(&window, w->dims[1], &conv->window);
    struct product8 job = {
        .batches = x->dims[0] * conv->groups,
        .m = w->dims[0] / conv->groups,
        .n = imgcls_count(3, conv->window.out),
        .k = imgcls_count(w->rank - 1, w->dims + 1),
        .a_signed = w->type == IMGCLS_I8,
        .owner = conv,
        .y = conv->y,
        .rows = rows,
        .row_zero = row_zero,
        .fetch = fetch,
        .finish = narrow ? finish : product8_wide,
    };
    product8_run(host, run, &job);
    return IMGCLS_OK;
}

static imgcls_status integer_portable(const struct imgcls_host *host,
                                      const struct imgcls_run *run)
{
    struct conv conv = {.x = imgcls_input(run, 0),
                        .w = imgcls_input(run, 1),
                        .x_zero = imgcls_input(run, 2),
                        .w_zero = imgcls_input(run, 3)};
    return conv_run(host, run, &conv, false);
}

static imgcls_status linear_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    struct conv conv = {.x = imgcls_input(run, 0),
                        .w = imgcls_input(run, 3),
                        .x_zero = imgcls_input(run, 2),
                        .w_zero = imgcls_input(run, 5),
                        .bias = imgcls_input(run, 8),
                        .scales = {.a_scale = imgcls_input(run, 1),
                                   .b_scale = imgcls_input(run, 4),
                                   .y_scale = imgcls_input(run, 6),
                                   .y_zero = imgcls_input(run, 7)}};
    imgcls_status status =
        check_count(host, run->node, conv.scales.a_scale, 1, true, "scale of X");
    if (status == IMGCLS_OK)
        status = check_count(host, run->node, conv.scales.y_scale, 1, true, "scale of Y");
    if (status == IMGCLS_OK)
        status =
            check_count(host, run->node, conv.scales.y_zero, 1, true, "zero point of Y");
    return status == IMGCLS_OK ? conv_run(host, run, &conv, true) : status;
}

/* Bytes, with zero points of the same type, in 1 to 3 spatial dimensions. */
static bool takes_image(const struct imgcls_node *node, size_t value, size_t zero)
{
    return product8_takes(node, value, zero, PRODUCT8_TYPES) &&
           node->inputs[value]->rank >= 3 && node->inputs[value]->rank <= 5;
}

static int32_t integer_accepts(const struct imgcls_host *host,
                               const struct imgcls_node *node)
{
    (void)host;
    return takes_image(node, 0, 2) && takes_image(node, 1, 3) && op_is_plain(node) &&
           op_has_output(node, 0);
}

static int32_t linear_accepts(const struct imgcls_host *host,
                              const struct imgcls_node *node)
{
    (void)host;
    return takes_image(node, 0, 2) && takes_image(node, 3, 5) &&
           op_takes(node, 1, ELEMENT_FLOATS) && op_takes(node, 4, ELEMENT_FLOATS) &&
           op_takes(node, 6, ELEMENT_FLOATS) && op_takes(node, 7, PRODUCT8_TYPES) &&
           (!op_in(node, 8) || op_takes(node, 8, OP_BIT(IMGCLS_I32))) &&
           op_is_plain(node) && op_has_output(node, 0);
}

static int64_t macs_of(const struct imgcls_node *node, size_t w_index)
{
    const struct imgcls_value_info *w = op_in(node, w_index), *y = node->outputs[0];
    int64_t factors[2];
    if (!w || !y || w->rank < 2 || y->rank < 0)
        return -1;
    factors[0] = imgcls_count(y->rank, y->dims);
    factors[1] = imgcls_count(w->rank - 1, w->dims + 1);
    return imgcls_count(2, factors);
}

static int64_t integer_macs(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return macs_of(node, 1);
}

static int64_t linear_macs(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return macs_of(node, 3);
}

static const struct imgcls_kernel integer_kernel =
    OP_KERNEL("conv_integer_portable", integer_accepts, integer_portable);
static const struct imgcls_kernel linear_kernel =
    OP_KERNEL("qlinear_conv_portable", linear_accepts, linear_portable);

PRODUCT8_OP(conv_integer_op, "ConvInteger", integer_infer, integer_macs, integer_kernel);
PRODUCT8_OP(qlinear_conv_op, "QLinearConv", linear_infer, linear_macs, linear_kernel);

/*
 * plugins/ops/image/deform_conv.c - DeformConv: a convolution whose taps are moved
 *
 * Each tap of each output position reads the image bilinearly at its own place plus an
 * offset, times a mask. Two spatial dimensions, as the specification has it. Sums are in
 * double, channels outermost.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "bilinear.h"
#include "image.h"
#include "plugins/ops/nn/window.h"

struct deform {
    const struct imgcls_tensor *x, *w, *offset, *bias, *mask;
    struct imgcls_tensor *y;
    struct window window;
    int64_t group, offset_group;
};

/* Shapes of X, W, offset, B and mask; the last two may be NULL. */
static imgcls_status shape_of(const struct imgcls_host *host,
                              const struct imgcls_node *node, const int32_t *ranks,
                              const int64_t *const *shapes, struct deform *out,
                              int64_t *dims)
{
    const int64_t *x = shapes[0], *w = shapes[1];
    int64_t taps, merged;
    imgcls_status status;
    out->group = host->attr_int(host, node, "group", 1);
    out->offset_group = host->attr_int(host, node, "offset_group", 1);
    if (ranks[0] != 4 || ranks[1] != 4 || ranks[2] != 4)
        return OP_FAIL(host, node, IMGCLS_UNSUPPORTED,
                       "X, W and offset have %d, %d and %d dimensions, 4 each are supported",
                       ranks[0], ranks[1], ranks[2]);
    status = window_read(host, node, 2, x + 2, w + 2, &out->window);
    if (status != IMGCLS_OK)
        return status;
    dims[0] = x[0];
    dims[1] = w[0];
    dims[2] = out->window.out[0];
    dims[3] = out->window.out[1];
    if (out->group < 1 || out->group > INT32_MAX || out->offset_group < 1 ||
        out->offset_group > INT32_MAX || (w[0] >= 0 && w[0] % out->group != 0) ||
        (x[1] >= 0 && w[1] >= 0 &&
         (x[1] % out->group != 0 || x[1] / out->group != w[1])) ||
        (x[1] >= 0 && x[1] % out->offset_group != 0))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "%lld channels and weights for %lld do not go together in %lld "
                       "groups (offsets: %lld)",
                       (long long)x[1], (long long)w[1], (long long)out->group,
                       (long long)out->offset_group);
    if (out->window.kernel[0] < 0 || out->window.kernel[1] < 0)
        return IMGCLS_OK;
    taps = imgcls_count(2, out->window.kernel);
    if (taps > INT32_MAX || (shapes[2][1] >= 0 && shapes[2][1] != out->offset_group * taps * 2) ||
        (shapes[4] && (ranks[4] != 4 || (shapes[4][1] >= 0 &&
                                         shapes[4][1] != out->offset_group * taps))) ||
        (shapes[3] && (ranks[3] != 1 || !op_merge_dim(shapes[3][0], w[0], &merged))) ||
        !op_merge_dim(shapes[2][0], x[0], &merged) ||
        !op_merge_dim(shapes[2][2], dims[2], &merged) ||
        !op_merge_dim(shapes[2][3], dims[3], &merged) ||
        (shapes[4] && (!op_merge_dim(shapes[4][0], x[0], &merged) ||
                       !op_merge_dim(shapes[4][2], dims[2], &merged) ||
                       !op_merge_dim(shapes[4][3], dims[3], &merged))))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "offset, mask or bias do not go with %lld taps in %lld groups and an "
                       "output of %lld x %lld",
                       (long long)taps, (long long)out->offset_group, (long long)dims[2],
                       (long long)dims[3]);
    return IMGCLS_OK;
}

static imgcls_status deform_infer(const struct imgcls_host *host,
                                  struct imgcls_infer *infer)
{
    const int64_t *shapes[5] = {NULL};
    int32_t ranks[5] = {0};
    int64_t dims[4];
    struct deform deform;
    imgcls_status status;
    size_t i;
    for (i = 0; i < 5; i++) {
        const struct imgcls_value_info *info = op_in(infer->node, i);
        if (!info && i < 3)
            return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                           "X, W and offset are needed");
        if (info && info->rank < 0 && i < 3)
            return op_infer_open(host, infer, 0, infer->node->inputs[0]->type, 4);
        ranks[i] = info ? info->rank : 0;
        shapes[i] = info && info->rank >= 0 ? info->dims : NULL;
    }
    status = shape_of(host, infer->node, ranks, shapes, &deform, dims);
    return status == IMGCLS_OK
               ? op_infer_shape(host, infer, 0, infer->node->inputs[0]->type, 4, dims)
               : status;
}

/* One element of the output. */
static double element(const struct deform *job, int64_t image, int64_t to, int64_t at)
{
    const struct window *win = &job->window;
    const int64_t plane = win->out[0] * win->out[1], taps = win->kernel[0] * win->kernel[1];
    const int64_t channels = job->x->dims[1], own = job->w->dims[1];
    const int64_t first = to / (job->w->dims[0] / job->group) * own;
    const double y0 = (double)(at / win->out[1] * win->stride[0] - win->pad[0]);
    const double x0 = (double)(at % win->out[1] * win->stride[1] - win->pad[1]);
    double sum = job->bias ? element_real(job->bias, to) : 0;
    int64_t c, tap;
    for (c = 0; c < own; c++) {
        const int64_t from = first + c;
        const int64_t moved = image * job->offset_group +
                              from / (channels / job->offset_group);
        const int64_t base = (image * channels + from) * win->in[0] * win->in[1];
        for (tap = 0; tap < taps; tap++) {
            const int64_t number = moved * taps + tap;
            const double y = y0 + (double)(tap / win->kernel[1] * win->dilation[0]) +
                             element_real(job->offset, number * 2 * plane + at);
            const double x = x0 + (double)(tap % win->kernel[1] * win->dilation[1]) +
                             element_real(job->offset, (number * 2 + 1) * plane + at);
            const double mask =
                job->mask ? element_real(job->mask, number * plane + at) : 1;
            sum += mask * element_real(job->w, (to * own + c) * taps + tap) *
                   bilinear(job->x, base, win->in[0], win->in[1], y, x);
        }
    }
    return sum;
}

static void elements(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct deform *job = argument;
    const int64_t plane = job->window.out[0] * job->window.out[1];
    (void)thread;
    for (; begin < end; begin++)
        element_set_real(job->y, begin,
                         element(job, begin / plane / job->w->dims[0],
                                 begin / plane % job->w->dims[0], begin % plane));
}

static imgcls_status deform_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    struct deform job = {.x = imgcls_input(run, 0),
                         .w = imgcls_input(run, 1),
                         .offset = imgcls_input(run, 2),
                         .bias = imgcls_input(run, 3),
                         .mask = imgcls_input(run, 4)};
    const int32_t ranks[5] = {job.x->rank, job.w->rank, job.offset->rank,
                              job.bias ? job.bias->rank : 0, job.mask ? job.mask->rank : 0};
    const int64_t *const shapes[5] = {job.x->dims, job.w->dims, job.offset->dims,
                                      job.bias ? job.bias->dims : NULL,
                                      job.mask ? job.mask->dims : NULL};
    int64_t dims[4];
    imgcls_status status = shape_of(host, run->node, ranks, shapes, &job, dims);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, job.x->type, 4, dims);
    if (status != IMGCLS_OK)
        return status;
    job.y = imgcls_output(run, 0);
    if (op_count(job.y) > 0)
        host->parallel_for(host, run, op_count(job.y), 16, elements, &job);
    return IMGCLS_OK;
}

static int32_t deform_accepts(const struct imgcls_host *host,
                              const struct imgcls_node *node)
{
    size_t i;
    (void)host;
    for (i = 0; i < 5; i++)
        if (i < 3 ? !op_takes(node, i, ELEMENT_FLOATS)
                  : op_in(node, i) && !op_takes(node, i, ELEMENT_FLOATS))
            return 0;
    return op_is_plain(node) && op_has_output(node, 0);
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("deform_conv_portable", deform_accepts, deform_portable);
const struct imgcls_op deform_conv_op =
    OP_ENTRY("DeformConv", 19, 0, deform_infer, NULL, &kernel);

/*
 * plugins/ops/signal/fourier.c - DFT, STFT
 *
 * A line of numbers, real or complex (last dimension 1 or 2), is transformed as the
 * definition has it, in double, with a table of the n-th roots of one. That is n * n steps:
 * exact enough for any length, slow for long ones.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "plugins/ops/element.h"
#include "plugins/ops/upgrade.h"
#include "signal.h"

#define PI          3.14159265358979323846
#define LENGTH_MOST (1 << 24) /* of a transform */

/* Lines of one tensor. Element j of a line lies at (base + j * step) * parts. */
struct fourier {
    const struct imgcls_tensor *x, *window; /* window: NULL for ones */
    struct imgcls_tensor *y;
    const double *roots; /* cos, sin of 2 pi k / n */
    int64_t n, length, bins; /* of the transform; of a line; that come out */
    int64_t parts, out_parts;
    bool inverse;
    int64_t inner, in_dim; /* DFT: step of a line and its dimension */
    int64_t frames, hop;   /* STFT: frames of a signal; 0 for DFT */
};

/* Bin k of a line; a real transform back gets the upper half from the lower. */
static void bin(const struct fourier *job, int64_t base, int64_t step, int64_t k,
                double *out)
{
    const bool real = job->inverse && job->out_parts == 1;
    const int64_t half = job->n / 2 + 1;
    int64_t count = real ? half : job->n, j, at = 0;
    count = count < job->length ? count : job->length;
    out[0] = out[1] = 0;
    for (j = 0; j < count; j++) {
        const int64_t from = (base + j * step) * job->parts;
        const double c = job->roots[2 * at];
        const double s = job->inverse ? job->roots[2 * at + 1] : -job->roots[2 * at + 1];
        const double w = job->window ? element_real(job->window, j) : 1;
        const double re = w * element_real(job->x, from);
        const double im = job->parts == 2 ? w * element_real(job->x, from + 1) : 0;
        const double twice = real && j > 0 && 2 * j != job->n ? 2 : 1;
        out[0] += twice * (re * c - im * s);
        out[1] += re * s + im * c;
        at += k;
        at = at >= job->n ? at - job->n : at;
    }
    if (job->inverse) {
        out[0] /= (double)job->n;
        out[1] /= (double)job->n;
    }
}

/* Output elements, complex numbers counted as one. */
static void bins(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct fourier *job = argument;
    (void)thread;
    for (; begin < end; begin++) {
        int64_t base, k, step = 1;
        double out[2];
        int64_t part;
        if (job->frames > 0) {
            const int64_t line = begin / job->bins;
            k = begin % job->bins;
            base = line / job->frames * job->in_dim + line % job->frames * job->hop;
        } else {
            k = begin / job->inner % job->bins;
            step = job->inner;
            base = begin / job->inner / job->bins * job->in_dim * job->inner +
                   begin % job->inner;
        }
        bin(job, base, step, k, out);
        for (part = 0; part < job->out_parts; part++)
            element_set_real(job->y, begin * job->out_parts + part, out[part]);
    }
}

/* cos and sin of 2 pi k / n; exact at quarters of the circle. */
static void root(int64_t k, int64_t n, double *out)
{
    static const double quarters[4][2] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};
    if (4 * k % n == 0) {
        memcpy(out, quarters[4 * k / n], sizeof quarters[0]);
        return;
    }
    out[0] = cos(2 * PI * (double)k / (double)n);
    out[1] = sin(2 * PI * (double)k / (double)n);
}

static imgcls_status transform(const struct imgcls_host *host, const struct imgcls_run *run,
                               struct fourier *job)
{
    double *roots;
    int64_t k;
    job->y = imgcls_output(run, 0);
    if (op_count(job->y) == 0)
        return IMGCLS_OK;
    roots = host->alloc(host, (size_t)job->n, 2 * sizeof *roots);
    if (!roots)
        return IMGCLS_NO_MEMORY;
    for (k = 0; k < job->n; k++)
        root(k, job->n, roots + 2 * k);
    job->roots = roots;
    host->parallel_for(host, run, op_count(job->y) / job->out_parts, 65536 / job->n + 1,
                       bins, job);
    host->release(host, roots);
    return IMGCLS_OK;
}

static imgcls_status check_length(const struct imgcls_host *host,
                                  const struct imgcls_node *node, int64_t n)
{
    if (n >= 1 && n <= LENGTH_MOST)
        return IMGCLS_OK;
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                   "the transform's length is %lld, allowed is 1..%d", (long long)n,
                   LENGTH_MOST);
}

/* What a DFT of these dims comes to. n: its length where dft_length says, else 0. */
static imgcls_status dft_shape(const struct imgcls_host *host,
                               const struct imgcls_node *node, int32_t rank,
                               const int64_t *x, const struct op_list *length,
                               const struct op_list *axis, struct fourier *job,
                               int64_t *dims, int32_t *along)
{
    const bool half = host->attr_int(host, node, "onesided", 0) != 0;
    imgcls_status status;
    job->inverse = host->attr_int(host, node, "inverse", 0) != 0;
    if (rank < 2 || (x[rank - 1] >= 0 && x[rank - 1] != 1 && x[rank - 1] != 2))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "input has %d dimensions, the last of %lld: at least 2 and 1 or 2 "
                       "are needed",
                       rank, rank < 1 ? 0LL : (long long)x[rank - 1]);
    status = op_axis(host, node, axis->present ? axis->values[0] : -2, rank, along);
    if (status != IMGCLS_OK)
        return status;
    if (*along == rank - 1)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "axis %d is the one of real and imaginary parts", *along);
    memcpy(dims, x, (size_t)rank * sizeof *dims);
    job->length = x[*along];
    job->n = length->present                ? length->values[0]
             : job->length < 0              ? -1
             : half && job->inverse         ? 2 * (job->length - 1)
                                            : job->length;
    job->parts = x[rank - 1];
    job->out_parts = half && job->inverse ? 1 : 2;
    dims[rank - 1] = job->out_parts;
    if (!length->present && job->length < 0) {
        dims[*along] = -1;
        return IMGCLS_OK;
    }
    job->bins = half && !job->inverse ? job->n / 2 + 1 : job->n;
    dims[*along] = job->bins;
    return check_length(host, node, job->n);
}

static imgcls_status dft_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *x = op_in(infer->node, 0);
    struct op_list length, axis;
    struct fourier job = {0};
    int64_t dims[IMGCLS_MAX_RANK];
    int32_t along;
    imgcls_status status;
    if (!x)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "an input is needed");
    status = op_list_infer(host, infer->node, 1, "dft_length", &length);
    if (status == IMGCLS_OK)
        status = op_list_infer(host, infer->node, 2, "axis", &axis);
    if (status != IMGCLS_OK)
        return status;
    if (x->rank < 0 || !length.known || !axis.known || (length.present && length.count != 1) ||
        (axis.present && axis.count != 1))
        return op_infer_open(host, infer, 0, x->type, x->rank);
    status = dft_shape(host, infer->node, x->rank, x->dims, &length, &axis, &job, dims,
                       &along);
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, x->type, x->rank, dims)
                               : status;
}

static imgcls_status dft_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    struct fourier job = {.x = imgcls_input(run, 0)};
    struct op_list length, axis;
    int64_t dims[IMGCLS_MAX_RANK];
    int32_t along;
    imgcls_status status =
        op_list_read(host, run->node, imgcls_input(run, 1), "dft_length", &length);
    if (status == IMGCLS_OK)
        status = op_list_read(host, run->node, imgcls_input(run, 2), "axis", &axis);
    if (status == IMGCLS_OK &&
        ((length.present && length.count != 1) || (axis.present && axis.count != 1)))
        status = OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                         "dft_length and axis must be one number each");
    if (status == IMGCLS_OK)
        status = dft_shape(host, run->node, job.x->rank, job.x->dims, &length, &axis, &job,
                           dims, &along);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, job.x->type, job.x->rank, dims);
    if (status != IMGCLS_OK)
        return status;
    job.in_dim = job.x->dims[along];
    job.inner = imgcls_count(job.x->rank - along - 2, job.x->dims + along + 1);
    return transform(host, run, &job);
}

/* Until operator set 20 the axis was an attribute, 1 where absent. */
static imgcls_status dft_upgrade(const struct imgcls_host *host, struct imgcls_graph *graph,
                                 struct imgcls_node *node)
{
    const int64_t axis = host->attr_int(host, node, "axis", 1);
    imgcls_status status;
    if (node->version >= 20)
        return IMGCLS_OK;
    status = upgrade_input(host, graph, node, 2, "axis", IMGCLS_I64, 0, 1, &axis);
    if (status == IMGCLS_OK && host->attr(host, node, "axis"))
        status = host->node_remove_attr(host, node, "axis");
    return status;
}

/* signal [N, L, 1 or 2]; scalars known. */
static imgcls_status stft_shape(const struct imgcls_host *host,
                                const struct imgcls_node *node, int32_t rank,
                                const int64_t *x, int64_t window, int64_t hop,
                                int64_t frame, struct fourier *job, int64_t *dims)
{
    const bool half = host->attr_int(host, node, "onesided", 1) != 0;
    imgcls_status status;
    if (rank != 3 || (x[2] != 1 && x[2] != 2))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "the signal must be [N,length,1] or [N,length,2]");
    job->n = frame > 0 ? frame : window > 0 ? window : x[1];
    status = check_length(host, node, job->n);
    if (status != IMGCLS_OK)
        return status;
    if (hop < 1 || job->n > x[1] || (window > 0 && window != job->n))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "frames of %lld every %lld with a window of %lld do not go with a "
                       "signal of %lld",
                       (long long)job->n, (long long)hop, (long long)window,
                       (long long)x[1]);
    job->hop = hop;
    job->length = job->n;
    job->in_dim = x[1];
    job->frames = (x[1] - job->n) / hop + 1;
    job->bins = half ? job->n / 2 + 1 : job->n;
    job->parts = x[2];
    job->out_parts = 2;
    dims[0] = x[0];
    dims[1] = job->frames;
    dims[2] = job->bins;
    dims[3] = 2;
    return IMGCLS_OK;
}

static imgcls_status stft_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *x = op_in(infer->node, 0), *w = op_in(infer->node, 2);
    struct op_list hop, frame;
    struct fourier job = {0};
    int64_t dims[4];
    imgcls_status status;
    if (!x || !op_in(infer->node, 1))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "a signal and a frame_step are needed");
    status = op_list_infer(host, infer->node, 1, "frame_step", &hop);
    if (status == IMGCLS_OK)
        status = op_list_infer(host, infer->node, 3, "frame_length", &frame);
    if (status != IMGCLS_OK)
        return status;
    if (x->rank != 3 || x->dims[1] < 0 || x->dims[2] < 0 || !hop.known || hop.count != 1 ||
        !frame.known || (frame.present && frame.count != 1) ||
        (w && (w->rank != 1 || w->dims[0] < 0)))
        return op_infer_open(host, infer, 0, x->type, 4);
    status = stft_shape(host, infer->node, x->rank, x->dims, w ? w->dims[0] : 0,
                        hop.values[0], frame.values[0], &job, dims);
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, x->type, 4, dims) : status;
}

static imgcls_status stft_portable(const struct imgcls_host *host,
                                   const struct imgcls_run *run)
{
    struct fourier job = {.x = imgcls_input(run, 0), .window = imgcls_input(run, 2)};
    struct op_list hop, frame;
    int64_t dims[4];
    imgcls_status status =
        op_list_read(host, run->node, imgcls_input(run, 1), "frame_step", &hop);
    if (status == IMGCLS_OK)
        status = op_list_read(host, run->node, imgcls_input(run, 3), "frame_length", &frame);
    if (status == IMGCLS_OK && (hop.count != 1 || (frame.present && frame.count != 1)))
        status = OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                         "frame_step and frame_length must be one number each");
    if (status == IMGCLS_OK)
        status = stft_shape(host, run->node, job.x->rank, job.x->dims,
                            job.window ? op_count(job.window) : 0, hop.values[0],
                            frame.values[0], &job, dims);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, job.x->type, 4, dims);
    return status == IMGCLS_OK ? transform(host, run, &job) : status;
}

static int32_t dft_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, ELEMENT_FLOATS) &&
           (!op_in(node, 1) || op_takes(node, 1, OP_INDEXES)) &&
           (!op_in(node, 2) || op_takes(node, 2, OP_INDEXES)) && op_is_plain(node) &&
           op_has_output(node, 0);
}

static int32_t stft_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, ELEMENT_FLOATS) && op_takes(node, 1, OP_INDEXES) &&
           (!op_in(node, 2) || op_takes(node, 2, ELEMENT_FLOATS)) &&
           (!op_in(node, 3) || op_takes(node, 3, OP_INDEXES)) && op_is_plain(node) &&
           op_has_output(node, 0);
}

static const struct imgcls_kernel dft_kernel =
    OP_KERNEL("dft_portable", dft_accepts, dft_portable);
static const struct imgcls_kernel stft_kernel =
    OP_KERNEL("stft_portable", stft_accepts, stft_portable);
const struct imgcls_op dft_op = OP_ENTRY("DFT", 17, 0, dft_infer, dft_upgrade, &dft_kernel);
const struct imgcls_op stft_op = OP_ENTRY("STFT", 17, 0, stft_infer, NULL, &stft_kernel);

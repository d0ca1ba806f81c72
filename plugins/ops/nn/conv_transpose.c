/*
 * plugins/ops/nn/conv_transpose.c - ConvTranspose: the gradient of Conv with respect to its
 * input
 *
 * Written from the output's side: each output position gathers the input positions that a
 * forward convolution would have sent there, so outputs can be shared among threads. Sums
 * in double, kernel positions in rising order, channels fastest. float32 has a way of its own
 * (conv_transpose_f32.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "conv_transpose.h"
#include "nn.h"

imgcls_status conv_transpose_window(const struct imgcls_host *host,
                                    const struct imgcls_node *node, int32_t count,
                                    const int64_t *in, const int64_t *kernel,
                                    struct window *w)
{
    int64_t pads[2 * IMGCLS_MAX_RANK], extra[IMGCLS_MAX_RANK], fixed[IMGCLS_MAX_RANK];
    const int64_t *list = NULL;
    bool shaped = host->attr_ints(host, node, "output_shape", &list) != 0;
    enum window_auto kind;
    imgcls_status status;
    int32_t i;

    memset(w, 0, sizeof *w);
    if (count < 1 || count > IMGCLS_MAX_RANK - 2)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "input has %d dimensions, at least 3 are needed", count + 2);
    w->count = count;
    status = window_ints(host, node, "strides", count, 1, 1, w->stride);
    if (status == IMGCLS_OK)
        status = window_ints(host, node, "dilations", count, 1, 1, w->dilation);
    if (status == IMGCLS_OK)
        status = window_ints(host, node, "output_padding", count, 0, 0, extra);
    if (status == IMGCLS_OK)
        status = window_ints(host, node, "pads", 2 * count, 0, 0, pads);
    if (status == IMGCLS_OK)
        status = window_ints(host, node, "output_shape", count, 0, 0, fixed);
    if (status == IMGCLS_OK)
        status = window_auto_pad(host, node, &kind);
    for (i = 0; status == IMGCLS_OK && i < count; i++) {
        bool same = kind == WINDOW_SAME_UPPER || kind == WINDOW_SAME_LOWER;
        int64_t whole, total;
        w->in[i] = in[i];
        w->kernel[i] = kernel[i];
        w->out[i] = shaped ? fixed[i] : -1;
        if (in[i] < 0 || kernel[i] < 0)
            continue;
        if (kernel[i] == 0 || kernel[i] > INT32_MAX || in[i] > INT32_MAX)
            return OP_FAIL(
                host, node, IMGCLS_BAD_INPUT,
                "dimension %d has %lld elements and a kernel of %lld, allowed is at "
                "most %d and 1..%d",
                i + 2, (long long)in[i], (long long)kernel[i], INT32_MAX, INT32_MAX);
        if ((double)w->stride[i] * (double)in[i] +
                (double)w->dilation[i] * (double)kernel[i] >
            0x1p61)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "dimension %d comes out too large",
                           i + 2);
        whole = in[i] == 0 ? 0
                           : w->stride[i] * (in[i] - 1) + extra[i] +
                                 (kernel[i] - 1) * w->dilation[i] + 1;
        if (!shaped && !same) {
            w->pad[i] = kind == WINDOW_VALID ? 0 : pads[i];
            w->out[i] = whole - w->pad[i] - (kind == WINDOW_VALID ? 0 : pads[count + i]);
            if (w->out[i] < 0)
                return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                               "padding takes more than the %lld elements of dimension %d",
                               (long long)whole, i + 2);
            continue;
        }
        if (!shaped)
            w->out[i] = in[i] * w->stride[i];
        total = whole > w->out[i] ? whole - w->out[i] : 0;
        w->pad[i] = kind == WINDOW_SAME_UPPER ? total / 2 : total - total / 2;
    }
    return status;
}

static imgcls_status transpose_infer(const struct imgcls_host *host,
                                     struct imgcls_infer *infer)
{
    const struct imgcls_node *node = infer->node;
    const struct imgcls_value_info *x = op_in(node, 0), *w = op_in(node, 1);
    int64_t dims[IMGCLS_MAX_RANK], group = host->attr_int(host, node, "group", 1);
    struct window window;
    imgcls_status status;
    int32_t i;

    if (!x || !w)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "X and W are needed");
    if (group < 1 || group > INT32_MAX)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "group is %lld, allowed is 1..%d",
                       (long long)group, INT32_MAX);
    if (x->rank < 0 || w->rank < 0)
        return op_infer_open(host, infer, 0, x->type, x->rank < 0 ? w->rank : x->rank);
    if (x->rank != w->rank)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "X has %d dimensions, W has %d",
                       x->rank, w->rank);
    status = conv_transpose_window(host, node, x->rank - 2, x->dims + 2, w->dims + 2, &window);
    if (status != IMGCLS_OK)
        return status;
    if (x->dims[1] >= 0 && w->dims[0] >= 0 && x->dims[1] != w->dims[0])
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "X has %lld channels, W takes %lld",
                       (long long)x->dims[1], (long long)w->dims[0]);
    if (w->dims[0] >= 0 && w->dims[0] % group != 0)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "%lld groups do not divide %lld channels", (long long)group,
                       (long long)w->dims[0]);
    if (w->dims[1] > INT64_MAX / group)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "W gives too many channels");
    dims[0] = x->dims[0];
    dims[1] = w->dims[1] >= 0 ? w->dims[1] * group : -1;
    for (i = 0; i < window.count; i++)
        dims[2 + i] = window.out[i];
    return host->infer_output(host, infer, 0, x->type, x->rank, dims);
}

static int32_t transpose_accepts(const struct imgcls_host *host,
                                 const struct imgcls_node *node)
{
    size_t i;

    if (!op_takes(node, 0, OP_FLOATS) || !op_in(node, 1) || !op_is_plain(node) ||
        !op_has_output(node, 0) || node->inputs[0]->rank < 3 || node->inputs[0]->rank > 5)
        return 0;
    for (i = 1; i < node->input_count; i++)
        if (node->inputs[i] && node->inputs[i]->type != node->inputs[0]->type)
            return 0;
    /* Which of the two ways computes a node hangs on the node alone, as their bits differ. */
    return node->outputs[0]->type == node->inputs[0]->type &&
           !conv_transpose_f32_takes(host, node);
}

static int64_t transpose_macs(const struct imgcls_host *host,
                              const struct imgcls_node *node)
{
    const struct imgcls_value_info *x = op_in(node, 0), *w = op_in(node, 1);
    int64_t factors[2];

    (void)host;
    if (!x || !w || x->rank < 3 || w->rank < 3)
        return -1;
    factors[0] = imgcls_count(x->rank, x->dims);
    factors[1] = imgcls_count(w->rank - 1, w->dims + 1); /* what each input is sent to */
    return factors[0] < 0 || factors[1] < 0 ? -1 : imgcls_count(2, factors);
}

struct transpose_job {
    struct gemm_window w;
    const void *x, *weights, *bias;
    void *y;
    int64_t groups, in_group, out_group; /* channels of a group */
};

/* Channels and outputs of a row that are summed up together: an input is fetched once for all
 * channels, which are vectors to the compiler, and a weight once for all outputs. */
#define CHANNELS 16
#define PIECE    64

/* What one unit of work computes: some channels of a group, one row. */
struct unit {
    int64_t image, group, m, count; /* m: first channel of the group; count: channels */
    int64_t o[2];                   /* depth and height of the row */
};

static int64_t units_of(const struct transpose_job *job, int64_t images)
{
    return images * job->groups * ((job->out_group + CHANNELS - 1) / CHANNELS) * job->w.out[0] *
           job->w.out[1];
}

static struct unit unit_at(const struct transpose_job *job, int64_t index)
{
    int64_t blocks = (job->out_group + CHANNELS - 1) / CHANNELS, rest = index;
    struct unit unit;

    unit.o[1] = rest % job->w.out[1];
    rest /= job->w.out[1];
    unit.o[0] = rest % job->w.out[0];
    rest /= job->w.out[0];
    unit.m = rest % blocks * CHANNELS;
    rest /= blocks;
    unit.group = rest % job->groups;
    unit.image = rest / job->groups;
    unit.count = job->out_group - unit.m < CHANNELS ? job->out_group - unit.m : CHANNELS;
    return unit;
}

/* Each output's sum runs over kernel positions, and channels within one. */
#define DEFINE_ROWS(name, TYPE)                                                            \
    static void name##_piece(const struct transpose_job *job, const struct unit *unit,     \
                             int64_t from, int64_t to, double sums[PIECE][CHANNELS])       \
    {                                                                                      \
        const struct gemm_window *w = &job->w;                                             \
        const int64_t plane = w->in[0] * w->in[1] * w->in[2], stride = w->stride[2];       \
        const int64_t taps = w->kernel[0] * w->kernel[1] * w->kernel[2];                   \
        const TYPE *x = (const TYPE *)job->x +                                             \
                        (unit->image * job->groups + unit->group) * job->in_group * plane; \
        const TYPE *weights = (const TYPE *)job->weights +                                 \
                              (unit->group * job->in_group * job->out_group + unit->m) * taps; \
        int64_t k[3], at[2], c, m, i, low, high, tap = -1;                                 \
        for (k[0] = 0; k[0] < w->kernel[0]; k[0]++)                                        \
            for (k[1] = 0; k[1] < w->kernel[1]; k[1]++)                                    \
                for (k[2] = 0; k[2] < w->kernel[2]; k[2]++) {                              \
                    const int64_t shift = k[2] * w->dilation[2] - w->pad[2] - from;        \
                    tap++;                                                                 \
                    if ((at[0] = conv_transpose_source(w, 0, unit->o[0], k[0])) < 0 ||                    \
                        (at[1] = conv_transpose_source(w, 1, unit->o[1], k[1])) < 0)                      \
                        continue;                                                          \
                    conv_transpose_senders(w, k[2], from, to, &low, &high);                               \
                    for (c = 0; c < job->in_group; c++) {                                  \
                        const TYPE *row =                                                  \
                            x + c * plane + (at[0] * w->in[1] + at[1]) * w->in[2];         \
                        const TYPE *weight = weights + c * job->out_group * taps + tap;    \
                        double each[CHANNELS] = {0};                                       \
                        for (m = 0; m < unit->count; m++)                                  \
                            each[m] = (double)weight[m * taps];                            \
                        for (i = low; i < high; i++) {                                     \
                            const double input = (double)row[i];                           \
                            double *to_sums = sums[i * stride + shift];                    \
                            for (m = 0; m < CHANNELS; m++)                                 \
                                to_sums[m] += input * each[m];                             \
                        }                                                                  \
                    }                                                                      \
                }                                                                          \
    }                                                                                      \
    static void name(void *argument, int64_t begin, int64_t end, int32_t thread)           \
    {                                                                                      \
        const struct transpose_job *job = argument;                                        \
        const struct gemm_window *w = &job->w;                                             \
        (void)thread;                                                                      \
        for (; begin < end; begin++) {                                                     \
            const struct unit unit = unit_at(job, begin);                                  \
            int64_t first = unit.group * job->out_group + unit.m, from, m, i;              \
            for (from = 0; from < w->out[2]; from += PIECE) {                              \
                double sums[PIECE][CHANNELS] = {{0}};                                      \
                int64_t to = w->out[2] - from < PIECE ? w->out[2] : from + PIECE;          \
                name##_piece(job, &unit, from, to, sums);                                  \
                for (m = 0; m < unit.count; m++) {                                         \
                    int64_t plane = unit.image * job->groups * job->out_group + first + m; \
                    TYPE *y = (TYPE *)job->y +                                             \
                              ((plane * w->out[0] + unit.o[0]) * w->out[1] + unit.o[1]) *  \
                                  w->out[2];                                               \
                    for (i = from; i < to; i++)                                            \
                        y[i] = (TYPE)(job->bias ? sums[i - from][m] +                      \
                                                      (double)((const TYPE *)job->bias)[first + m] \
                                                : sums[i - from][m]);                      \
                }                                                                          \
            }                                                                              \
        }                                                                                  \
    }
DEFINE_ROWS(rows_f32, float)
DEFINE_ROWS(rows_f64, double)

static imgcls_status conv_transpose_portable(const struct imgcls_host *host,
                                             const struct imgcls_run *run)
{
    const struct imgcls_tensor *x = imgcls_input(run, 0), *weights = imgcls_input(run, 1);
    const struct imgcls_tensor *bias = imgcls_input(run, 2);
    struct transpose_job job = {
        .x = x->data,
        .weights = weights->data,
        .bias = bias ? bias->data : NULL,
        .y = imgcls_output(run, 0)->data,
        .groups = host->attr_int(host, run->node, "group", 1),
    };
    struct window window;
    imgcls_status status = conv_transpose_window(host, run->node, x->rank - 2, x->dims + 2,
                                            weights->dims + 2, &window);
    int64_t rows;

    if (status != IMGCLS_OK)
        return status;
    window_widen(&window, 0, &job.w);
    job.in_group = weights->dims[0] / job.groups;
    job.out_group = weights->dims[1];
    if (bias && op_count(bias) != job.groups * job.out_group)
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                       "B has %lld elements for %lld channels", (long long)op_count(bias),
                       (long long)(job.groups * job.out_group));
    rows = op_count(imgcls_output(run, 0));
    if (rows > 0)
        host->parallel_for(host, run, units_of(&job, x->dims[0]), 1,
                           x->type == IMGCLS_F64 ? rows_f64 : rows_f32, &job);
    return IMGCLS_OK;
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("conv_transpose_portable", transpose_accepts, conv_transpose_portable);

const struct imgcls_op conv_transpose_op = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = "",
    .type = "ConvTranspose",
    .since_first = 1,
    .since_last = OP_NEWEST,
    .infer = transpose_infer,
    .macs = transpose_macs,
    .kernels =
        (const struct imgcls_kernel *const[]){
            WITH_AVX2(&conv_transpose_f32_avx2, ) WITH_NEON(&conv_transpose_f32_neon, )
                &conv_transpose_f32_portable, &kernel, NULL},
};

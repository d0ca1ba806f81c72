/*
 * plugins/ops/nn/batch_norm.c - BatchNormalization
 *
 * y = (x - mean) * (scale / sqrt(var + epsilon)) + B for each channel. The planner folds
 * most of them into convolutions. training_mode (statistics of the batch itself, and the
 * running ones moved towards them) is computed too, since models are met that were exported
 * so.
 *
 * Versions 1 to 8 could be not spatial: statistics for each element of [C, D1, ...].
 * upgrade marks those by the attribute `imgcls_per_element`, and turns version 13's and
 * earlier way of asking for training (further outputs) into training_mode.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "nn.h"
#include "plugins/ops/op.h"

static imgcls_status batch_norm_infer(const struct imgcls_host *host,
                                      struct imgcls_infer *infer)
{
    const struct imgcls_node *node = infer->node;
    const struct imgcls_value_info *x = op_in(node, 0);
    bool per_element = host->attr_int(host, node, "imgcls_per_element", 0) != 0;
    imgcls_status status;
    size_t i;

    for (i = 0; i < 5; i++)
        if (!op_in(node, i))
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "input %zu of 5 is missing", i);
    if (x->rank == 0)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "X is a scalar");
    for (i = 1; i < 5 && x->rank > 1 && !per_element; i++) {
        const struct imgcls_value_info *p = node->inputs[i];
        int64_t count = p->rank < 0 ? -1 : imgcls_count(p->rank, p->dims);
        if (count >= 0 && x->dims[1] >= 0 && count != x->dims[1])
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "input %zu has %lld elements, X has %lld channels", i,
                           (long long)count, (long long)x->dims[1]);
    }
    status = host->infer_like(host, infer, 0, 0);
    for (i = 1; status == IMGCLS_OK && i < 3 && i < node->output_count; i++)
        if (op_has_output(node, i))
            status = host->infer_like(host, infer, i, i + 2);
    return status;
}

static imgcls_status batch_norm_upgrade(const struct imgcls_host *host,
                                        struct imgcls_graph *graph,
                                        struct imgcls_node *node)
{
    static const char *const gone[] = {"consumed_inputs", "is_test", "spatial"};
    bool training = false;
    imgcls_status status = IMGCLS_OK;
    size_t i;

    (void)graph;
    if (node->version >= 14)
        return IMGCLS_OK;
    for (i = 1; i < 5; i++)
        training |= op_has_output(node, i);
    if (node->version < 7 && host->attr_int(host, node, "is_test", 0) != 0)
        training = false;
    if (host->attr_int(host, node, "spatial", 1) == 0)
        status = host->node_set_int(host, node, "imgcls_per_element", 1);
    if (status == IMGCLS_OK && training)
        status = host->node_set_int(host, node, "training_mode", 1);
    for (i = 0; status == IMGCLS_OK && i < 3; i++)
        status = host->node_remove_attr(host, node, gone[i]);
    return status;
}

static int32_t batch_norm_accepts(const struct imgcls_host *host,
                                  const struct imgcls_node *node)
{
    size_t i;

    (void)host;
    if (!op_takes(node, 0, OP_FLOATS) || !op_is_plain(node) || !op_has_output(node, 0) ||
        node->inputs[0]->rank < 1)
        return 0;
    for (i = 0; i < node->input_count; i++)
        if (node->inputs[i] && node->inputs[i]->type != node->inputs[0]->type)
            return 0;
    for (i = 0; i < node->output_count; i++)
        if (node->outputs[i] && (i > 2 || node->outputs[i]->type != node->inputs[0]->type))
            return 0; /* saved_mean and saved_var were never more than a hint */
    return 1;
}

struct channel_job {
    const void *x, *parameter[4];   /* scale, B, mean, var */
    void *y, *running[2];           /* NULL: not wanted */
    int64_t images, channels, size; /* size: elements of a plane */
    double epsilon, momentum;
    bool training;
};

#define PIECE 128 /* channels whose factors are kept */

#define DEFINE_CHANNELS(name, TYPE, SQRT)                                                  \
    static void name##_plane(const struct channel_job *job, int64_t image, int64_t c,      \
                             TYPE mean, TYPE factor)                                       \
    {                                                                                      \
        int64_t at = (image * job->channels + c) * job->size, i;                           \
        const TYPE *x = (const TYPE *)job->x + at;                                         \
        const TYPE bias = ((const TYPE *)job->parameter[1])[c];                            \
        TYPE *y = (TYPE *)job->y + at;                                                     \
        _Pragma("omp simd") for (i = 0; i < job->size; i++)                                \
            y[i] = (x[i] - mean) * factor + bias;                                          \
    }                                                                                      \
    static TYPE name##_factor(const struct channel_job *job, int64_t c, TYPE var)          \
    {                                                                                      \
        return ((const TYPE *)job->parameter[0])[c] / SQRT(var + (TYPE)job->epsilon);      \
    }                                                                                      \
    /* planes begin..end, image and channel together */                                    \
    static void name(void *argument, int64_t begin, int64_t end, int32_t thread)           \
    {                                                                                      \
        const struct channel_job *job = argument;                                          \
        (void)thread;                                                                      \
        for (; begin < end; begin++) {                                                     \
            int64_t c = begin % job->channels;                                             \
            TYPE mean = ((const TYPE *)job->parameter[2])[c];                              \
            TYPE var = ((const TYPE *)job->parameter[3])[c];                               \
            name##_plane(job, begin / job->channels, c, mean, name##_factor(job, c, var)); \
        }                                                                                  \
    }                                                                                      \
    /* rows begin..end of one element a channel, some channels of all rows at a time */    \
    static void name##_rows(void *argument, int64_t begin, int64_t end, int32_t thread)    \
    {                                                                                      \
        const struct channel_job *job = argument;                                          \
        int64_t first, row, c;                                                             \
        (void)thread;                                                                      \
        for (first = 0; first < job->channels; first += PIECE) {                           \
            const int64_t rest = job->channels - first, n = rest < PIECE ? rest : PIECE;   \
            const TYPE *bias = (const TYPE *)job->parameter[1] + first;                    \
            const TYPE *mean = (const TYPE *)job->parameter[2] + first;                    \
            const TYPE *var = (const TYPE *)job->parameter[3] + first;                     \
            TYPE factor[PIECE];                                                            \
            for (c = 0; c < n; c++)                                                        \
                factor[c] = name##_factor(job, first + c, var[c]);                         \
            for (row = begin; row < end; row++) {                                          \
                const TYPE *x = (const TYPE *)job->x + row * job->channels + first;        \
                TYPE *y = (TYPE *)job->y + row * job->channels + first;                    \
                _Pragma("omp simd") for (c = 0; c < n; c++)                                \
                    y[c] = (x[c] - mean[c]) * factor[c] + bias[c];                         \
            }                                                                              \
        }                                                                                  \
    }                                                                                      \
    /* channels begin..end of all images, by the statistics of the batch */                \
    static void name##_train(void *argument, int64_t begin, int64_t end, int32_t thread)   \
    {                                                                                      \
        const struct channel_job *job = argument;                                          \
        int64_t c, n, i;                                                                   \
        (void)thread;                                                                      \
        for (c = begin; c < end; c++) {                                                    \
            double count = (double)job->images * (double)job->size, sum = 0, mean, var,    \
                   old;                                                                    \
            for (n = 0; n < job->images; n++)                                              \
                for (i = 0; i < job->size; i++)                                            \
                    sum +=                                                                 \
                        ((const TYPE *)job->x)[(n * job->channels + c) * job->size + i];   \
            mean = sum / count;                                                            \
            for (sum = 0, n = 0; n < job->images; n++)                                     \
                for (i = 0; i < job->size; i++) {                                          \
                    double away =                                                          \
                        ((const TYPE *)job->x)[(n * job->channels + c) * job->size + i] -  \
                        mean;                                                              \
                    sum += away * away;                                                    \
                }                                                                          \
            var = sum / count;                                                             \
            for (n = 0; n < job->images; n++)                                              \
                name##_plane(job, n, c, (TYPE)mean, name##_factor(job, c, (TYPE)var));     \
            for (i = 0; i < 2; i++)                                                        \
                if (job->running[i]) {                                                     \
                    old = ((const TYPE *)job->parameter[2 + i])[c];                        \
                    ((TYPE *)job->running[i])[c] =                                         \
                        (TYPE)(old * job->momentum +                                       \
                               (i ? var : mean) * (1 - job->momentum));                    \
                }                                                                          \
        }                                                                                  \
    }
DEFINE_CHANNELS(channels_f32, float, sqrtf)
DEFINE_CHANNELS(channels_f64, double, sqrt)

static imgcls_status batch_norm_portable(const struct imgcls_host *host,
                                         const struct imgcls_run *run)
{
    const struct imgcls_tensor *x = imgcls_input(run, 0);
    bool wide = x->type == IMGCLS_F64;
    struct channel_job job = {
        .x = x->data,
        .y = imgcls_output(run, 0)->data,
        .images = x->dims[0],
        .channels = x->rank > 1 ? x->dims[1] : 1,
        .size = x->rank > 2 ? imgcls_count(x->rank - 2, x->dims + 2) : 1,
        .epsilon = (double)host->attr_float(host, run->node, "epsilon", 1e-5f),
        .momentum = (double)host->attr_float(host, run->node, "momentum", 0.9f),
        .training = host->attr_int(host, run->node, "training_mode", 0) != 0,
    };
    int32_t i;

    if (host->attr_int(host, run->node, "imgcls_per_element", 0)) {
        job.channels *= job.size;
        job.size = 1;
    }
    for (i = 0; i < 4; i++) {
        const struct imgcls_tensor *p = imgcls_input(run, (size_t)i + 1);
        if (op_count(p) != job.channels)
            return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                           "input %d has %lld elements where %lld are needed", i + 1,
                           (long long)op_count(p), (long long)job.channels);
        job.parameter[i] = p->data;
    }
    for (i = 0; i < 2; i++) {
        struct imgcls_tensor *out = imgcls_output(run, (size_t)i + 1);
        job.running[i] = out ? out->data : NULL;
    }
    if (job.images * job.channels == 0)
        return IMGCLS_OK;
    if (job.training)
        host->parallel_for(host, run, job.channels, 1,
                           wide ? channels_f64_train : channels_f32_train, &job);
    else if (job.size == 1)
        host->parallel_for(host, run, job.images, 16384 / job.channels + 1,
                           wide ? channels_f64_rows : channels_f32_rows, &job);
    else
        host->parallel_for(host, run, job.images * job.channels, 16384 / (job.size + 1) + 1,
                           wide ? channels_f64 : channels_f32, &job);
    return IMGCLS_OK;
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("batch_norm_portable", batch_norm_accepts, batch_norm_portable);
const struct imgcls_op batch_normalization_op =
    OP_ENTRY("BatchNormalization", 1, IMGCLS_TRAIT_IN_PLACE, batch_norm_infer,
             batch_norm_upgrade, &kernel);

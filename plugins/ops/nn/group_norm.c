/*
 * plugins/ops/nn/group_norm.c - InstanceNormalization and GroupNormalization
 *
 * Mean and variance of each image's groups of channels (an instance is a group of one),
 * then scale and bias of each channel. Statistics in double.
 *
 * GroupNormalization-18 had scale and bias for each group; upgrade marks that by the
 * attribute `imgcls_per_group`.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "nn.h"
#include "plugins/ops/op.h"

static int64_t groups_of(const struct imgcls_host *host, const struct imgcls_node *node,
                         int64_t channels)
{
    bool instance = strcmp(node->type, "InstanceNormalization") == 0;
    return instance ? channels : host->attr_int(host, node, "num_groups", 0);
}

static imgcls_status group_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_node *node = infer->node;
    const struct imgcls_value_info *x = op_in(node, 0);
    bool per_group = host->attr_int(host, node, "imgcls_per_group", 0) != 0;
    int64_t groups, wanted;
    size_t i;

    if (!x || !op_in(node, 1) || !op_in(node, 2))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "X, scale and bias are needed");
    if (x->rank >= 0 && x->rank < 2)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "input has %d dimensions, at least 2 are needed", x->rank);
    if (x->rank < 0 || x->dims[1] < 0)
        return host->infer_like(host, infer, 0, 0);
    groups = groups_of(host, node, x->dims[1]);
    if ((groups < 1 || x->dims[1] % groups != 0) && x->dims[1] > 0)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "num_groups %lld does not divide %lld channels", (long long)groups,
                       (long long)x->dims[1]);
    wanted = per_group ? groups : x->dims[1];
    for (i = 1; i < 3; i++) {
        const struct imgcls_value_info *p = node->inputs[i];
        if (p->rank >= 0 && imgcls_count(p->rank, p->dims) >= 0 &&
            imgcls_count(p->rank, p->dims) != wanted)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "%s has %lld elements where %lld are needed",
                           i == 1 ? "scale" : "bias",
                           (long long)imgcls_count(p->rank, p->dims), (long long)wanted);
    }
    return host->infer_like(host, infer, 0, 0);
}

static imgcls_status instance_upgrade(const struct imgcls_host *host,
                                      struct imgcls_graph *graph, struct imgcls_node *node)
{
    (void)graph;
    return node->version < 6 ? host->node_remove_attr(host, node, "consumed_inputs")
                             : IMGCLS_OK;
}

static imgcls_status group_upgrade(const struct imgcls_host *host,
                                   struct imgcls_graph *graph, struct imgcls_node *node)
{
    (void)graph;
    return node->version < 21 ? host->node_set_int(host, node, "imgcls_per_group", 1)
                              : IMGCLS_OK;
}

static int32_t group_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    size_t i;

    (void)host;
    if (!op_takes(node, 0, OP_FLOATS) || !op_is_plain(node) || !op_has_output(node, 0) ||
        node->inputs[0]->rank < 2)
        return 0;
    for (i = 1; i < node->input_count; i++)
        if (node->inputs[i] && node->inputs[i]->type != node->inputs[0]->type)
            return 0;
    return node->outputs[0]->type == node->inputs[0]->type;
}

struct group_job {
    const void *x, *scale, *bias;
    void *y;
    int64_t groups, channels, size; /* channels of a group; elements of a plane */
    bool per_group;
    double epsilon;
};

/* Sums side by side, so that additions need not wait for each other: element i belongs to sum
 * i % LANES, and pairs are added until one is left. */
#define LANES 8

static double sum_lanes(double sums[LANES])
{
    int half, i;

    for (half = LANES / 2; half > 0; half /= 2)
        for (i = 0; i < half; i++)
            sums[i] += sums[i + half];
    return sums[0];
}

/* Groups begin..end, image and group together. */
#define DEFINE_GROUPS(name, TYPE)                                                          \
    static double name##_sum(const TYPE *x, int64_t count)                                 \
    {                                                                                      \
        double sums[LANES] = {0};                                                          \
        int64_t i, lane;                                                                   \
        for (i = 0; i + LANES <= count; i += LANES)                                        \
            for (lane = 0; lane < LANES; lane++)                                           \
                sums[lane] += (double)x[i + lane];                                         \
        for (lane = 0; i < count; i++, lane++)                                             \
            sums[lane] += (double)x[i];                                                    \
        return sum_lanes(sums);                                                            \
    }                                                                                      \
    static double name##_squares(const TYPE *x, int64_t count, double mean)                \
    {                                                                                      \
        double sums[LANES] = {0};                                                          \
        int64_t i, lane;                                                                   \
        for (i = 0; i + LANES <= count; i += LANES)                                        \
            for (lane = 0; lane < LANES; lane++)                                           \
                sums[lane] += ((double)x[i + lane] - mean) * ((double)x[i + lane] - mean); \
        for (lane = 0; i < count; i++, lane++)                                             \
            sums[lane] += ((double)x[i] - mean) * ((double)x[i] - mean);                   \
        return sum_lanes(sums);                                                            \
    }                                                                                      \
    static void name(void *argument, int64_t begin, int64_t end, int32_t thread)           \
    {                                                                                      \
        const struct group_job *job = argument;                                            \
        const int64_t count = job->channels * job->size;                                   \
        int64_t c, i;                                                                      \
        (void)thread;                                                                      \
        for (; begin < end; begin++) {                                                     \
            const TYPE *x = (const TYPE *)job->x + begin * count;                          \
            TYPE *y = (TYPE *)job->y + begin * count;                                      \
            const int64_t group = begin % job->groups;                                     \
            const double mean = name##_sum(x, count) / (double)count;                      \
            const double inverse =                                                         \
                1 / sqrt(name##_squares(x, count, mean) / (double)count + job->epsilon);   \
            for (c = 0; c < job->channels; c++, x += job->size, y += job->size) {          \
                const int64_t at = job->per_group ? group : group * job->channels + c;     \
                const double scale = (double)((const TYPE *)job->scale)[at];               \
                const double bias = (double)((const TYPE *)job->bias)[at];                 \
                _Pragma("omp simd") for (i = 0; i < job->size; i++)                        \
                    y[i] = (TYPE)(((double)x[i] - mean) * inverse * scale + bias);         \
            }                                                                              \
        }                                                                                  \
    }
DEFINE_GROUPS(groups_f32, float)
DEFINE_GROUPS(groups_f64, double)

static imgcls_status group_norm_portable(const struct imgcls_host *host,
                                         const struct imgcls_run *run)
{
    const struct imgcls_tensor *x = imgcls_input(run, 0);
    struct group_job job = {
        .x = x->data,
        .scale = imgcls_input(run, 1)->data,
        .bias = imgcls_input(run, 2)->data,
        .y = imgcls_output(run, 0)->data,
        .groups = groups_of(host, run->node, x->dims[1]),
        .size = imgcls_count(x->rank - 2, x->dims + 2),
        .per_group = host->attr_int(host, run->node, "imgcls_per_group", 0) != 0,
        .epsilon = (double)host->attr_float(host, run->node, "epsilon", 1e-5f),
    };

    if (op_count(x) == 0)
        return IMGCLS_OK;
    if (job.groups < 1 || x->dims[1] % job.groups != 0 ||
        op_count(imgcls_input(run, 1)) != (job.per_group ? job.groups : x->dims[1]) ||
        op_count(imgcls_input(run, 2)) != op_count(imgcls_input(run, 1)))
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                       "scale and bias do not fit %lld channels in %lld groups",
                       (long long)x->dims[1], (long long)job.groups);
    job.channels = x->dims[1] / job.groups;
    host->parallel_for(host, run, x->dims[0] * job.groups,
                       8192 / (job.channels * job.size) + 1,
                       x->type == IMGCLS_F64 ? groups_f64 : groups_f32, &job);
    return IMGCLS_OK;
}

static const struct imgcls_kernel instance_kernel =
    OP_KERNEL("instance_norm_portable", group_accepts, group_norm_portable);
static const struct imgcls_kernel group_kernel =
    OP_KERNEL("group_norm_portable", group_accepts, group_norm_portable);

const struct imgcls_op instance_normalization_op =
    OP_ENTRY("InstanceNormalization", 1, IMGCLS_TRAIT_IN_PLACE, group_infer,
             instance_upgrade, &instance_kernel);
const struct imgcls_op group_normalization_op =
    OP_ENTRY("GroupNormalization", 18, IMGCLS_TRAIT_IN_PLACE, group_infer, group_upgrade,
             &group_kernel);

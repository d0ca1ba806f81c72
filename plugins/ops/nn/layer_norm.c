/*
 * plugins/ops/nn/layer_norm.c - LayerNormalization and RMSNormalization
 *
 * Rows are all dimensions from the axis on. Scale and B broadcast to X: mostly they are a
 * row, else a row of them is laid out anew for each row of X. Computed in the type of X
 * (float32 is what stash_type 1 asks for; float64 is only more precise).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "nn.h"
#include "plugins/kernels/rows.h"
#include "plugins/ops/op.h"

/* Scale or B may not be larger than X in any dimension. */
static imgcls_status check_parameter(const struct imgcls_host *host,
                                     const struct imgcls_node *node, size_t i,
                                     const char *what)
{
    const struct imgcls_value_info *x = op_in(node, 0), *p = op_in(node, i);
    int32_t d;

    if (!p || p->rank < 0)
        return IMGCLS_OK;
    if (p->rank > x->rank)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%s has %d dimensions, X has %d", what,
                       p->rank, x->rank);
    for (d = 0; d < p->rank; d++) {
        int64_t own = p->dims[p->rank - 1 - d], room = x->dims[x->rank - 1 - d];
        if (own >= 0 && room >= 0 && own != 1 && own != room)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "%s has %lld elements where X has %lld", what, (long long)own,
                           (long long)room);
    }
    return IMGCLS_OK;
}

static imgcls_status norm_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_node *node = infer->node;
    const struct imgcls_value_info *x = op_in(node, 0);
    int64_t dims[IMGCLS_MAX_RANK], stash = host->attr_int(host, node, "stash_type", 1);
    imgcls_status status;
    int32_t axis, i;
    size_t out;

    if (!x || !op_in(node, 1))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "X and Scale are needed");
    if (x->rank < 0)
        return host->infer_like(host, infer, 0, 0);
    status = op_axis(host, node, host->attr_int(host, node, "axis", -1), x->rank, &axis);
    if (status == IMGCLS_OK)
        status = check_parameter(host, node, 1, "Scale");
    if (status == IMGCLS_OK)
        status = check_parameter(host, node, 2, "B");
    if (status == IMGCLS_OK)
        status = host->infer_like(host, infer, 0, 0);
    for (i = 0; i < x->rank; i++)
        dims[i] = i < axis ? x->dims[i] : 1;
    for (out = 1; status == IMGCLS_OK && out < 3 && out < node->output_count; out++)
        if (op_has_output(node, out))
            status = host->infer_output(host, infer, out, (int32_t)stash, x->rank, dims);
    return status;
}

static bool norm_takes(const struct imgcls_node *node, uint64_t types)
{
    size_t i;

    if (!op_takes(node, 0, types) || !op_is_plain(node) || node->inputs[0]->rank < 1)
        return false;
    for (i = 1; i < node->input_count; i++)
        if (node->inputs[i] && node->inputs[i]->type != node->inputs[0]->type)
            return false;
    for (i = 1; i < node->output_count; i++)
        if (node->outputs[i] && !op_type_in(node->outputs[i]->type, OP_FLOATS))
            return false;
    return op_has_output(node, 0) && node->outputs[0]->type == node->inputs[0]->type;
}

static int32_t norm_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return norm_takes(node, OP_FLOATS);
}

/* Scale and bias of one thread are laid out in the workspace where they are no row. */
struct norm_job {
    struct layernorm_row row;
    layernorm_kernel *kernel;
    const struct imgcls_tensor *x, *scale, *bias;
    struct imgcls_tensor *y, *mean, *inverse;
    int32_t axis;
    bool plain_scale, plain_bias;
    size_t element;
    char *workspace;
    size_t bytes; /* of the workspace, a thread: two rows */
};

/* A parameter that is the same row for every row of X: no dimension before the axis but 1,
 * all of X's behind it. */
static bool is_row(const struct imgcls_tensor *x, const struct imgcls_tensor *p,
                   int32_t axis)
{
    int32_t d;

    for (d = 0; d < p->rank || d < x->rank - axis; d++) {
        int64_t own = d < p->rank ? p->dims[p->rank - 1 - d] : 1;
        if (own != (d < x->rank - axis ? x->dims[x->rank - 1 - d] : 1))
            return false;
    }
    return true;
}

/* Row `index` of a parameter as X's row of that number meets it. */
static void lay_out(const struct norm_job *job, const struct imgcls_tensor *p,
                    int64_t index, char *to)
{
    const struct imgcls_tensor *x = job->x;
    int64_t i, at, rest, step;
    int32_t d;

    for (i = 0; i < job->row.n; i++, to += job->element) {
        rest = index * job->row.n + i;
        for (at = 0, step = 1, d = 0; d < p->rank; d++) {
            int64_t own = p->dims[p->rank - 1 - d], room = x->dims[x->rank - 1 - d];
            at += own == 1 ? 0 : rest % room * step;
            step *= own;
            rest /= room;
        }
        memcpy(to, (const char *)p->data + (size_t)at * job->element, job->element);
    }
}

/* mean and inverse are in the stash type, which may not be that of X */
static void keep(struct imgcls_tensor *to, int64_t index, const void *value, bool wide)
{
    double number = wide ? *(const double *)value : (double)*(const float *)value;

    if (to && to->type == IMGCLS_F64)
        ((double *)to->data)[index] = number;
    else if (to)
        ((float *)to->data)[index] = (float)number;
}

static void body(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct norm_job *job = argument;
    struct layernorm_row row = job->row;
    char *space = job->workspace ? job->workspace + (size_t)thread * job->bytes : NULL;
    bool wide = job->element == 8;
    double mean, inverse; /* hold a float or a double */

    for (; begin < end; begin++) {
        size_t at = (size_t)(begin * row.n) * job->element;
        if (!job->plain_scale) {
            lay_out(job, job->scale, begin, space);
            row.scale = space;
        }
        if (job->bias && !job->plain_bias) {
            lay_out(job, job->bias, begin, space + job->bytes / 2);
            row.bias = space + job->bytes / 2;
        }
        job->kernel(&row, (const char *)job->x->data + at, (char *)job->y->data + at, &mean,
                    &inverse);
        keep(job->mean, begin, &mean, wide);
        keep(job->inverse, begin, &inverse, wide);
    }
}

/* Room for two rows a thread, where a row's length is known and parameters are no rows. */
static imgcls_status norm_prepare(const struct imgcls_host *host,
                                  struct imgcls_prepare *prepare)
{
    const struct imgcls_value_info *x = prepare->node->inputs[0];
    int64_t n;
    size_t row;
    imgcls_status status;
    int32_t axis;

    status = op_axis(host, prepare->node, host->attr_int(host, prepare->node, "axis", -1),
                     x->rank, &axis);
    if (status != IMGCLS_OK)
        return status;
    n = imgcls_count(x->rank - axis, x->dims + axis);
    status = host->size_of(host, x->type, n < 0 ? 0 : n, &row);
    if (status == IMGCLS_OK)
        prepare->workspace_bytes = 2 * ((row + 63) / 64 * 64) *
                                   (size_t)(prepare->threads < 1 ? 1 : prepare->threads);
    return status;
}

static imgcls_status norm_run(const struct imgcls_host *host, const struct imgcls_run *run,
                              layernorm_kernel *kernel, int32_t centre)
{
    struct norm_job job = {
        .kernel = kernel,
        .x = imgcls_input(run, 0),
        .scale = imgcls_input(run, 1),
        .bias = imgcls_input(run, 2),
        .y = imgcls_output(run, 0),
        .mean = imgcls_output(run, 1),
        .inverse = imgcls_output(run, 2),
        .workspace = run->workspace,
    };
    int64_t rows, threads = run->threads < 1 ? 1 : run->threads;
    imgcls_status status;

    status = op_axis(host, run->node, host->attr_int(host, run->node, "axis", -1),
                     job.x->rank, &job.axis);
    if (status != IMGCLS_OK)
        return status;
    rows = imgcls_count(job.axis, job.x->dims);
    job.element = op_element_size(job.x->type);
    job.row.n = imgcls_count(job.x->rank - job.axis, job.x->dims + job.axis);
    job.row.centre = centre;
    job.row.epsilon = (double)host->attr_float(host, run->node, "epsilon", 1e-5f);
    job.row.scale = job.scale->data;
    job.row.bias = job.bias ? job.bias->data : NULL;
    job.plain_scale = is_row(job.x, job.scale, job.axis);
    job.plain_bias = !job.bias || is_row(job.x, job.bias, job.axis);
    job.bytes = 2 * (((size_t)job.row.n * job.element + 63) / 64 * 64);
    if ((!job.plain_scale || !job.plain_bias) &&
        run->workspace_bytes / (size_t)threads < job.bytes)
        return OP_FAIL(host, run->node, IMGCLS_UNSUPPORTED,
                       "Scale of a shape other than a row needs dimensions that are known");
    if (rows > 0 && job.row.n > 0)
        host->parallel_for(host, run, rows, 2048 / job.row.n + 1, body, &job);
    return IMGCLS_OK;
}

static layernorm_kernel *portable_row(const struct imgcls_run *run)
{
    return imgcls_input(run, 0)->type == IMGCLS_F64 ? layernorm_f64_portable
                                                    : layernorm_f32_portable;
}

static imgcls_status layer_norm_portable(const struct imgcls_host *host,
                                         const struct imgcls_run *run)
{
    return norm_run(host, run, portable_row(run), 1);
}

static imgcls_status rms_norm_portable(const struct imgcls_host *host,
                                       const struct imgcls_run *run)
{
    return norm_run(host, run, portable_row(run), 0);
}

#define NORM_KERNEL(name_, isa_, accepts_, run_)                                           \
    {                                                                                      \
        .struct_size = sizeof(struct imgcls_kernel), .name = name_, .isa = isa_,           \
        .accepts = accepts_, .prepare = norm_prepare, .run = run_,                         \
    }
static const struct imgcls_kernel layer_kernel =
    NORM_KERNEL("layer_norm_portable", 0, norm_accepts, layer_norm_portable);
static const struct imgcls_kernel rms_kernel =
    NORM_KERNEL("rms_norm_portable", 0, norm_accepts, rms_norm_portable);

#if BUILD_AVX2 || BUILD_AVX512 || BUILD_NEON
static int32_t norm_accepts_f32(const struct imgcls_host *host,
                                const struct imgcls_node *node)
{
    (void)host;
    return norm_takes(node, OP_BIT(IMGCLS_F32));
}
#endif

/* Both kernels of one instruction set. */
#define NORM_SET(SET, ISA)                                                                 \
    static imgcls_status layer_norm_f32_##SET(const struct imgcls_host *host,              \
                                              const struct imgcls_run *run)                \
    {                                                                                      \
        return norm_run(host, run, layernorm_f32_##SET, 1);                                \
    }                                                                                      \
    static imgcls_status rms_norm_f32_##SET(const struct imgcls_host *host,                \
                                            const struct imgcls_run *run)                  \
    {                                                                                      \
        return norm_run(host, run, layernorm_f32_##SET, 0);                                \
    }                                                                                      \
    static const struct imgcls_kernel layer_kernel_##SET =                                 \
        NORM_KERNEL("layer_norm_f32_" #SET, ISA, norm_accepts_f32, layer_norm_f32_##SET);  \
    static const struct imgcls_kernel rms_kernel_##SET =                                   \
        NORM_KERNEL("rms_norm_f32_" #SET, ISA, norm_accepts_f32, rms_norm_f32_##SET);
WITH_AVX2(NORM_SET(avx2, IMGCLS_ISA_AVX2))
WITH_AVX512(NORM_SET(avx512, IMGCLS_ISA_AVX512))
WITH_NEON(NORM_SET(neon, IMGCLS_ISA_NEON))

/* equal costs go to the first */
#define LAYER_KERNELS                                                                      \
    WITH_AVX512(&layer_kernel_avx512,)                                                     \
    WITH_AVX2(&layer_kernel_avx2,)                                                         \
    WITH_NEON(&layer_kernel_neon,) &layer_kernel
#define RMS_KERNELS                                                                        \
    WITH_AVX512(&rms_kernel_avx512,)                                                       \
    WITH_AVX2(&rms_kernel_avx2,)                                                           \
    WITH_NEON(&rms_kernel_neon,) &rms_kernel

const struct imgcls_op layer_normalization_op = OP_ENTRY(
    "LayerNormalization", 17, IMGCLS_TRAIT_IN_PLACE, norm_infer, NULL, LAYER_KERNELS);
const struct imgcls_op rms_normalization_op =
    OP_ENTRY("RMSNormalization", 23, IMGCLS_TRAIT_IN_PLACE, norm_infer, NULL, RMS_KERNELS);

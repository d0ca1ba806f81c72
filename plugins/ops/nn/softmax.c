/*
 * plugins/ops/nn/softmax.c - Softmax, LogSoftmax, Hardmax along an axis
 *
 * Before operator set 13 everything from the axis on was one row; upgrade says so by the
 * attribute `imgcls_flatten`, since the shape that a Reshape would need may not be known
 * yet.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "nn.h"
#include "plugins/kernels/rows.h"
#include "plugins/ops/op.h"

/* Where the row begins; a flattened one may begin behind the last dimension. */
static imgcls_status softmax_axis(const struct imgcls_host *host,
                                  const struct imgcls_node *node, int32_t rank,
                                  int32_t *axis)
{
    int64_t named = host->attr_int(host, node, "axis", -1);
    if (host->attr_int(host, node, "imgcls_flatten", 0) != 0)
        return op_cut(host, node, named, rank, axis);
    return op_axis(host, node, named, rank > 0 ? rank : 1, axis);
}

static imgcls_status softmax_infer(const struct imgcls_host *host,
                                   struct imgcls_infer *infer)
{
    const struct imgcls_value_info *x = op_in(infer->node, 0);
    imgcls_status status = IMGCLS_OK;
    int32_t axis;

    if (!x)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "an input is needed");
    if (x->rank >= 0)
        status = softmax_axis(host, infer->node, x->rank, &axis);
    return status == IMGCLS_OK ? host->infer_like(host, infer, 0, 0) : status;
}

static imgcls_status softmax_upgrade(const struct imgcls_host *host,
                                     struct imgcls_graph *graph, struct imgcls_node *node)
{
    imgcls_status status;

    (void)graph;
    if (node->version >= 13)
        return IMGCLS_OK;
    status = host->node_set_int(host, node, "axis", host->attr_int(host, node, "axis", 1));
    return status == IMGCLS_OK ? host->node_set_int(host, node, "imgcls_flatten", 1)
                               : status;
}

static bool softmax_takes(const struct imgcls_node *node, uint64_t types)
{
    return op_takes(node, 0, types) && op_is_plain(node) && op_has_output(node, 0) &&
           node->outputs[0]->type == node->inputs[0]->type;
}

static int32_t softmax_accepts(const struct imgcls_host *host,
                               const struct imgcls_node *node)
{
    (void)host;
    return softmax_takes(node, OP_FLOATS);
}

struct row_job {
    const char *x;
    char *y;
    int64_t n, stride; /* elements of a row, and how far apart */
    size_t element;
    softmax_kernel *kernel;
    int32_t logarithm;
};

static void body(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct row_job *job = argument;

    (void)thread;
    for (; begin < end; begin++) {
        int64_t outer = begin / job->stride, inner = begin % job->stride;
        size_t at = (size_t)(outer * job->n * job->stride + inner) * job->element;
        job->kernel(job->x + at, job->y + at, job->n, job->stride, job->logarithm);
    }
}

static imgcls_status softmax_run(const struct imgcls_host *host,
                                 const struct imgcls_run *run, softmax_kernel *kernel,
                                 int32_t logarithm)
{
    const struct imgcls_tensor *x = imgcls_input(run, 0);
    bool flatten = host->attr_int(host, run->node, "imgcls_flatten", 0) != 0;
    int64_t count = op_count(x);
    struct row_job job = {
        .x = x->data,
        .y = imgcls_output(run, 0)->data,
        .n = 1,
        .stride = 1,
        .element = op_element_size(x->type),
        .kernel = kernel,
        .logarithm = logarithm,
    };
    imgcls_status status;
    int32_t axis;

    status = softmax_axis(host, run->node, x->rank, &axis);
    if (status != IMGCLS_OK)
        return status;
    if (flatten) {
        job.n = imgcls_count(x->rank - axis, x->dims + axis);
    } else if (x->rank > 0) {
        job.n = x->dims[axis];
        job.stride = imgcls_count(x->rank - axis - 1, x->dims + axis + 1);
    }
    if (count > 0)
        host->parallel_for(host, run, count / job.n, 2048 / job.n + 1, body, &job);
    return IMGCLS_OK;
}

static softmax_kernel *portable_row(const struct imgcls_run *run)
{
    return imgcls_input(run, 0)->type == IMGCLS_F64 ? softmax_f64_portable
                                                    : softmax_f32_portable;
}

static imgcls_status softmax_portable(const struct imgcls_host *host,
                                      const struct imgcls_run *run)
{
    return softmax_run(host, run, portable_row(run), 0);
}

static imgcls_status log_softmax_portable(const struct imgcls_host *host,
                                          const struct imgcls_run *run)
{
    return softmax_run(host, run, portable_row(run), 1);
}

/* 1 where a row has its first largest element, 0 elsewhere. */
#define DEFINE_HARDMAX(name, TYPE)                                                         \
    static void name(const void *from, void *to, int64_t n, int64_t stride,                \
                     int32_t unused)                                                       \
    {                                                                                      \
        const TYPE *x = from;                                                              \
        TYPE *y = to;                                                                      \
        int64_t i, best = 0;                                                               \
        (void)unused;                                                                      \
        for (i = 1; i < n; i++)                                                            \
            best = x[i * stride] > x[best * stride] ? i : best;                            \
        for (i = 0; i < n; i++)                                                            \
            y[i * stride] = i == best;                                                     \
    }
DEFINE_HARDMAX(hardmax_f32, float)
DEFINE_HARDMAX(hardmax_f64, double)

static imgcls_status hardmax_portable(const struct imgcls_host *host,
                                      const struct imgcls_run *run)
{
    return softmax_run(
        host, run, imgcls_input(run, 0)->type == IMGCLS_F64 ? hardmax_f64 : hardmax_f32, 0);
}

static const struct imgcls_kernel softmax_kernel_portable =
    OP_KERNEL("softmax_portable", softmax_accepts, softmax_portable);
static const struct imgcls_kernel log_softmax_kernel_portable =
    OP_KERNEL("log_softmax_portable", softmax_accepts, log_softmax_portable);
static const struct imgcls_kernel hardmax_kernel_portable =
    OP_KERNEL("hardmax_portable", softmax_accepts, hardmax_portable);

#if BUILD_AVX2 || BUILD_AVX512 || BUILD_NEON
static int32_t softmax_accepts_f32(const struct imgcls_host *host,
                                   const struct imgcls_node *node)
{
    (void)host;
    return softmax_takes(node, OP_BIT(IMGCLS_F32));
}
#endif

#define SOFTMAX_KERNEL(name_, isa_, run_)                                                  \
    {                                                                                      \
        .struct_size = sizeof(struct imgcls_kernel), .name = name_, .isa = isa_,           \
        .accepts = softmax_accepts_f32, .run = run_,                                       \
    }
/* Both kernels of one instruction set. */
#define SOFTMAX_SET(SET, ISA)                                                              \
    static imgcls_status softmax_run_##SET(const struct imgcls_host *host,                 \
                                           const struct imgcls_run *run)                   \
    {                                                                                      \
        return softmax_run(host, run, softmax_f32_##SET, 0);                               \
    }                                                                                      \
    static imgcls_status log_softmax_run_##SET(const struct imgcls_host *host,             \
                                               const struct imgcls_run *run)               \
    {                                                                                      \
        return softmax_run(host, run, softmax_f32_##SET, 1);                               \
    }                                                                                      \
    static const struct imgcls_kernel softmax_kernel_##SET =                               \
        SOFTMAX_KERNEL("softmax_f32_" #SET, ISA, softmax_run_##SET);                       \
    static const struct imgcls_kernel log_softmax_kernel_##SET =                           \
        SOFTMAX_KERNEL("log_softmax_f32_" #SET, ISA, log_softmax_run_##SET);
WITH_AVX2(SOFTMAX_SET(avx2, IMGCLS_ISA_AVX2))
WITH_AVX512(SOFTMAX_SET(avx512, IMGCLS_ISA_AVX512))
WITH_NEON(SOFTMAX_SET(neon, IMGCLS_ISA_NEON))

/* equal costs go to the first */
#define SOFTMAX_KERNELS                                                                    \
    WITH_AVX512(&softmax_kernel_avx512,)                                                   \
    WITH_AVX2(&softmax_kernel_avx2,)                                                       \
    WITH_NEON(&softmax_kernel_neon,) &softmax_kernel_portable
#define LOG_SOFTMAX_KERNELS                                                                \
    WITH_AVX512(&log_softmax_kernel_avx512,)                                               \
    WITH_AVX2(&log_softmax_kernel_avx2,)                                                   \
    WITH_NEON(&log_softmax_kernel_neon,) &log_softmax_kernel_portable

const struct imgcls_op softmax_op = OP_ENTRY(
    "Softmax", 1, IMGCLS_TRAIT_IN_PLACE, softmax_infer, softmax_upgrade, SOFTMAX_KERNELS);
const struct imgcls_op log_softmax_op =
    OP_ENTRY("LogSoftmax", 1, IMGCLS_TRAIT_IN_PLACE, softmax_infer, softmax_upgrade,
             LOG_SOFTMAX_KERNELS);
const struct imgcls_op hardmax_op =
    OP_ENTRY("Hardmax", 1, 0, softmax_infer, softmax_upgrade, &hardmax_kernel_portable);

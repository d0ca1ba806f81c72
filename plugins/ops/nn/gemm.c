/*
 * plugins/ops/nn/gemm.c - Gemm: alpha * A' * B' + beta * C
 *
 * C broadcasts to the result, so it is a bias with strides of 0 where it is repeated. A
 * constant B is packed once; with one row in A that makes a fully connected layer a walk
 * over the packed weights. Integers, which the operator allows too, wrap.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "integer.h"
#include "nn.h"
#include "product.h"

static imgcls_status gemm_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_node *node = infer->node;
    const struct imgcls_value_info *a = op_in(node, 0), *b = op_in(node, 1),
                                   *c = op_in(node, 2);
    int turn_a = host->attr_int(host, node, "transA", 0) != 0;
    int turn_b = host->attr_int(host, node, "transB", 0) != 0;
    int64_t dims[2] = {-1, -1}, joint[IMGCLS_MAX_RANK], left = -1, right = -1;
    imgcls_status status;
    int32_t rank;

    if (!a || !b)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "A and B are needed");
    if ((a->rank >= 0 && a->rank != 2) || (b->rank >= 0 && b->rank != 2))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "A has %d dimensions and B %d, both must have 2", a->rank, b->rank);
    if (a->rank == 2) {
        dims[0] = a->dims[turn_a];
        left = a->dims[!turn_a];
    }
    if (b->rank == 2) {
        dims[1] = b->dims[!turn_b];
        right = b->dims[turn_b];
    }
    if (left >= 0 && right >= 0 && left != right)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "A has %lld elements to sum over, B has %lld", (long long)left,
                       (long long)right);
    if (c && c->rank >= 0 && !product_is_operand(node, 2)) {
        if (c->rank > 2)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "C has %d dimensions, at most 2 are allowed", c->rank);
        status = host->broadcast(host, node, 2, dims, c->rank, c->dims, &rank, joint);
        if (status != IMGCLS_OK)
            return status;
        if ((dims[0] >= 0 && joint[0] != dims[0]) || (dims[1] >= 0 && joint[1] != dims[1]))
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "C would widen the result from %lld x %lld to %lld x %lld",
                           (long long)dims[0], (long long)dims[1], (long long)joint[0],
                           (long long)joint[1]);
    }
    return host->infer_output(host, infer, 0, a->type, 2, dims);
}

/* Until operator set 7 broadcasting of C had to be asked for. */
static imgcls_status gemm_upgrade(const struct imgcls_host *host,
                                  struct imgcls_graph *graph, struct imgcls_node *node)
{
    (void)graph;
    return node->version < 7 ? host->node_remove_attr(host, node, "broadcast") : IMGCLS_OK;
}

/* The job that shapes alone decide. dims of A, B and C: the tensors' or the infos'. */
static void gemm_shape(const struct imgcls_host *host, const struct imgcls_node *node,
                       const int64_t *a, const int64_t *b, struct gemm_job *job)
{
    int turn_a = host->attr_int(host, node, "transA", 0) != 0;
    int turn_b = host->attr_int(host, node, "transB", 0) != 0;

    job->m = a[turn_a];
    job->k = a[!turn_a];
    job->n = b[!turn_b];
    job->a_size = job->m * job->k;
    job->a_row = turn_a ? 1 : job->k;
    job->a_column = turn_a ? job->m : 1;
    job->b_size = job->k * job->n;
    job->b_row = turn_b ? 1 : job->n;
    job->b_column = turn_b ? job->k : 1;
    job->c_row = job->n;
    job->alpha = host->attr_float(host, node, "alpha", 1);
    job->beta = host->attr_float(host, node, "beta", 1);
}

static void gemm_bias(const struct imgcls_tensor *c, struct gemm_job *job)
{
    int64_t rows = c->rank == 2 ? c->dims[0] : 1;
    int64_t columns = c->rank >= 1 ? c->dims[c->rank - 1] : 1;

    job->bias = c->data;
    job->bias_size = rows * columns;
    job->bias_row = rows == 1 ? 0 : columns;
    job->bias_column = columns == 1 ? 0 : 1;
}

static int32_t gemm_accepts_portable(const struct imgcls_host *host,
                                     const struct imgcls_node *node)
{
    (void)host;
    return product_accepts(node, IMGCLS_F32, 2) || product_accepts(node, IMGCLS_F64, 2);
}

/* alpha and beta are floats; for integers only those that leave integers are taken. */
static int32_t gemm_accepts_integer(const struct imgcls_host *host,
                                    const struct imgcls_node *node)
{
    return host->attr_float(host, node, "alpha", 1) == 1 &&
           host->attr_float(host, node, "beta", 1) == 1 && integer_accepts(node);
}

static int64_t gemm_macs(const struct imgcls_host *host, const struct imgcls_node *node)
{
    const struct imgcls_value_info *a = op_in(node, 0), *b = op_in(node, 1);
    struct gemm_job job = {0};
    int64_t factors[3];

    if (!a || !b || a->rank != 2 || b->rank != 2)
        return -1;
    if (imgcls_count(2, a->dims) < 0 || imgcls_count(2, b->dims) < 0)
        return -1;
    gemm_shape(host, node, a->dims, b->dims, &job);
    factors[0] = job.m, factors[1] = job.n, factors[2] = job.k;
    return imgcls_count(3, factors);
}

static double gemm_cost_portable(const struct imgcls_host *host,
                                 const struct imgcls_node *node)
{
    return product_cost_portable((double)gemm_macs(host, node));
}

static imgcls_status gemm_prepare_portable(const struct imgcls_host *host,
                                           struct imgcls_prepare *prepare)
{
    (void)host;
    prepare->workspace_bytes = product_workspace(&product_f32_portable, prepare->threads);
    return IMGCLS_OK;
}

static void gemm_fill(const struct imgcls_host *host, const struct imgcls_run *run,
                      struct gemm_job *job)
{
    const struct imgcls_tensor *a = imgcls_input(run, 0), *b = imgcls_input(run, 1);
    const struct imgcls_tensor *c = imgcls_input(run, 2);

    /* B's shape comes from its info where it was packed: its tensor may be gone */
    gemm_shape(host, run->node, a->dims, run->state ? run->node->inputs[1]->dims : b->dims,
               job);
    job->a = a->data;
    job->b = b ? b->data : NULL;
    job->b_packed = run->state;
    job->c = imgcls_output(run, 0)->data;
    if (c && !product_is_operand(run->node, 2) && job->beta != 0)
        gemm_bias(c, job);
    product_steps(run, job);
}

static imgcls_status gemm_portable(const struct imgcls_host *host,
                                   const struct imgcls_run *run)
{
    struct gemm_job job = {0};

    gemm_fill(host, run, &job);
    return product_run(host, run, &job, product_portable(imgcls_input(run, 0)->type),
                       gemm_workspace());
}

static imgcls_status gemm_integer(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    struct gemm_job job = {0};

    gemm_fill(host, run, &job);
    return integer_run(host, run, &job);
}

static const struct imgcls_kernel portable = {
    .struct_size = sizeof(struct imgcls_kernel),
    .name = "gemm_portable",
    .epilogues = PRODUCT_EPILOGUES,
    .accepts = gemm_accepts_portable,
    .cost = gemm_cost_portable,
    .prepare = gemm_prepare_portable,
    .run = gemm_portable,
};
static const struct imgcls_kernel integer = {
    .struct_size = sizeof(struct imgcls_kernel),
    .name = "gemm_integer_portable",
    .accepts = gemm_accepts_integer,
    .run = gemm_integer,
};

#if BUILD_AVX2 || BUILD_NEON
static int32_t gemm_accepts_f32(const struct imgcls_host *host,
                                const struct imgcls_node *node)
{
    (void)host;
    return product_accepts(node, IMGCLS_F32, 2);
}

static double gemm_cost_packed(const struct imgcls_host *host,
                               const struct imgcls_node *node)
{
    return product_cost_packed((double)gemm_macs(host, node), 1);
}

static imgcls_status gemm_prepare_packed(const struct imgcls_host *host,
                                        struct imgcls_prepare *prepare)
{
    (void)host;
    prepare->workspace_bytes = product_workspace(&product_f32_portable, prepare->threads);
    return IMGCLS_OK;
}

/* Kernels that pack both operands as they go. */
#define GEMM_PACKED(SET, ISA)                                                              \
    static imgcls_status gemm_run_packed_##SET(const struct imgcls_host *host,             \
                                              const struct imgcls_run *run)                \
    {                                                                                      \
        struct gemm_job job = {0};                                                         \
                                                                                           \
        gemm_fill(host, run, &job);                                                        \
        return product_run(host, run, &job, &product_f32_##SET, gemm_workspace());         \
    }                                                                                      \
    static const struct imgcls_kernel packed_##SET = {                                     \
        .struct_size = sizeof(struct imgcls_kernel),                                       \
        .name = "gemm_f32_6x16_" #SET,                                                     \
        .isa = ISA,                                                                        \
        .epilogues = PRODUCT_EPILOGUES,                                                    \
        .accepts = gemm_accepts_f32,                                                       \
        .cost = gemm_cost_packed,                                                          \
        .prepare = gemm_prepare_packed,                                                    \
        .run = gemm_run_packed_##SET,                                                      \
    };
WITH_AVX2(GEMM_PACKED(avx2, IMGCLS_ISA_AVX2))
WITH_NEON(GEMM_PACKED(neon, IMGCLS_ISA_NEON))

/* The direct kernels take a constant B, which they pack, and A as it lies. */
static int32_t gemm_accepts_direct(const struct imgcls_host *host,
                                   const struct imgcls_node *node)
{
    const struct imgcls_value_info *b = op_in(node, 1);

    return product_accepts(node, IMGCLS_F32, 2) && b->constant &&
           imgcls_count(2, b->dims) > 0 && host->attr_int(host, node, "transA", 0) == 0;
}

static imgcls_status gemm_prepare(const struct imgcls_host *host,
                                  struct imgcls_prepare *prepare,
                                  const struct product_kernel *kernel)
{
    const struct imgcls_tensor *b = prepare->node->inputs[1]->constant;
    int64_t a[2] = {1, b->dims[host->attr_int(host, prepare->node, "transB", 0) != 0]};
    struct gemm_job job = {0};

    prepare->workspace_bytes = product_workspace(kernel, prepare->threads);
    gemm_shape(host, prepare->node, a, b->dims, &job);
    job.b = b->data;
    job.b_panel = kernel->b_panel;
    return product_pack_b(host, prepare, &job, 1, 1);
}

static imgcls_status gemm_run(const struct imgcls_host *host, const struct imgcls_run *run,
                              const struct product_kernel *kernel)
{
    struct gemm_job job = {0};

    gemm_fill(host, run, &job);
    job.b_panel = kernel->b_panel;
    return product_run(host, run, &job, kernel, kernel->workspace());
}

#define GEMM_DIRECT(SET, ISA, NAME)                                                        \
    static double gemm_cost_direct_##SET(const struct imgcls_host *host,                   \
                                         const struct imgcls_node *node)                   \
    {                                                                                      \
        return product_cost_direct(&product_direct_##SET, (double)gemm_macs(host, node),   \
                                   node->outputs[0]->dims[0], node->outputs[0]->dims[1], 0); \
    }                                                                                      \
    static imgcls_status gemm_prepare_direct_##SET(const struct imgcls_host *host,         \
                                                   struct imgcls_prepare *prepare)         \
    {                                                                                      \
        return gemm_prepare(host, prepare, &product_direct_##SET);                         \
    }                                                                                      \
    static imgcls_status gemm_run_direct_##SET(const struct imgcls_host *host,             \
                                               const struct imgcls_run *run)               \
    {                                                                                      \
        return gemm_run(host, run, &product_direct_##SET);                                 \
    }                                                                                      \
    static const struct imgcls_kernel direct_##SET = {                                     \
        .struct_size = sizeof(struct imgcls_kernel),                                       \
        .name = NAME,                                                                      \
        .isa = ISA,                                                                        \
        .epilogues = PRODUCT_EPILOGUES,                                                    \
        .accepts = gemm_accepts_direct,                                                    \
        .cost = gemm_cost_direct_##SET,                                                    \
        .prepare = gemm_prepare_direct_##SET,                                              \
        .run = gemm_run_direct_##SET,                                                      \
        .release = product_release,                                                        \
    };
WITH_AVX2(GEMM_DIRECT(avx2, IMGCLS_ISA_AVX2, "gemm_direct_f32_6x16_avx2"))
WITH_AVX512(GEMM_DIRECT(avx512, IMGCLS_ISA_AVX2 | IMGCLS_ISA_AVX512,
                        "gemm_direct_f32_14x32_avx512"))
WITH_NEON(GEMM_DIRECT(neon, IMGCLS_ISA_NEON, "gemm_direct_f32_6x16_neon"))
#endif

const struct imgcls_op gemm_op = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = "",
    .type = "Gemm",
    .since_first = 1,
    .since_last = OP_NEWEST,
    .infer = gemm_infer,
    .upgrade = gemm_upgrade,
    .macs = gemm_macs,
    .kernels =
        (const struct imgcls_kernel *const[]){
            WITH_AVX512(&direct_avx512,)
            WITH_AVX2(&direct_avx2, &packed_avx2,)
            WITH_NEON(&direct_neon, &packed_neon,)
            &portable,
            &integer,
            NULL,
        },
};

/*
 * plugins/ops/nn/matmul.c - MatMul: batches of matrix products, as numpy.matmul
 *
 * A vector on the left is a row, on the right a column, and that dimension is left out of
 * the result. Leading dimensions broadcast. Where B is one matrix, the batch of A is only
 * more rows. A constant B is packed once. In a plan a constant matrix B may lie transposed
 * (attribute transB, set by src/passes/turned.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "integer.h"
#include "matmul.h"
#include "nn.h"

/* B's dimensions as the product sees them: a matrix that lies transposed turned round. */
static const int64_t *matmul_b_dims(const struct imgcls_host *host,
                                    const struct imgcls_node *node, int32_t rank,
                                    const int64_t *dims, int64_t turned[2])
{
    if (rank != 2 || !host->attr_int(host, node, "transB", 0))
        return dims;
    turned[0] = dims[1];
    turned[1] = dims[0];
    return turned;
}

static imgcls_status matmul_infer(const struct imgcls_host *host,
                                  struct imgcls_infer *infer)
{
    const struct imgcls_node *node = infer->node;
    const struct imgcls_value_info *a = op_in(node, 0), *b = op_in(node, 1);
    int64_t dims[IMGCLS_MAX_RANK], left, right, turned[2];
    imgcls_status status;
    int32_t rank = 0;

    if (!a || !b)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "A and B are needed");
    if (a->rank < 0 || b->rank < 0)
        return op_infer_open(host, infer, 0, a->type, -1);
    if (a->rank == 0 || b->rank == 0)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%s is a scalar",
                       a->rank == 0 ? "A" : "B");
    left = a->dims[a->rank - 1];
    const int64_t *b_dims = matmul_b_dims(host, node, b->rank, b->dims, turned);
    right = b_dims[b->rank == 1 ? 0 : b->rank - 2];
    if (left >= 0 && right >= 0 && left != right) {
        char text_a[OP_SHAPE_TEXT], text_b[OP_SHAPE_TEXT];
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "A is %s and B is %s: %lld elements to sum over against %lld",
                       op_shape_text(a->rank, a->dims, text_a, sizeof text_a),
                       op_shape_text(b->rank, b->dims, text_b, sizeof text_b),
                       (long long)left, (long long)right);
    }
    if (a->rank > 2 || b->rank > 2) {
        status = host->broadcast(host, node, a->rank > 2 ? a->rank - 2 : 0, a->dims,
                                 b->rank > 2 ? b->rank - 2 : 0, b->dims, &rank, dims);
        if (status != IMGCLS_OK)
            return status;
    }
    if (a->rank > 1)
        dims[rank++] = a->dims[a->rank - 2];
    if (b->rank > 1)
        dims[rank++] = b_dims[b->rank - 1];
    return host->infer_output(host, infer, 0, a->type, rank, dims);
}

/* Steps through the matrices of one operand, in matrices, along the result's batch dims. */
static void matmul_steps(int32_t batch_rank, int32_t rank, const int64_t *dims,
                         int64_t *steps)
{
    int32_t i, own = rank > 2 ? rank - 2 : 0;
    int64_t size = 1;

    for (i = 0; i < batch_rank; i++)
        steps[i] = 0;
    for (i = own - 1; i >= 0; i--) {
        steps[batch_rank - own + i] = dims[i] == 1 ? 0 : size;
        size *= dims[i];
    }
}

static void matmul_shape(int32_t a_rank, const int64_t *a, int32_t b_rank, const int64_t *b,
                         struct gemm_job *job)
{
    int32_t rank = a_rank > b_rank ? a_rank - 2 : b_rank - 2, i;
    int64_t rows;

    job->m = a_rank > 1 ? a[a_rank - 2] : 1;
    job->k = a[a_rank - 1];
    job->n = b_rank > 1 ? b[b_rank - 1] : 1;
    job->batch_rank = rank < 0 ? 0 : rank;
    for (i = 0; i < job->batch_rank; i++) {
        int64_t from_a = i - (rank - (a_rank - 2)) >= 0 ? a[i - (rank - (a_rank - 2))] : 1;
        int64_t from_b = i - (rank - (b_rank - 2)) >= 0 ? b[i - (rank - (b_rank - 2))] : 1;
        job->batch_dims[i] = from_a == 1 ? from_b : from_a;
    }
    matmul_steps(job->batch_rank, a_rank, a, job->a_step);
    matmul_steps(job->batch_rank, b_rank, b, job->b_step);
    if (a_rank > 2 && (b_rank <= 2 || imgcls_count(b_rank - 2, b) == 1) &&
        b_rank <= a_rank) {
        rows = imgcls_count(a_rank - 2, a);
        job->m *= rows;
        job->batch_rank = 0;
    }
    job->a_size = job->m * job->k;
    job->a_row = job->k;
    job->a_column = 1;
    job->b_size = job->k * job->n;
    job->b_row = job->n;
    job->b_column = 1;
    job->c_row = job->n;
    job->alpha = job->beta = 1;
}

/* Where B is a vector the result's last dimension is not the product's columns: no bias along it
 * then. */
bool matmul_accepts(const struct imgcls_node *node, int32_t type)
{
    size_t i;

    if (!product_accepts(node, type, 2))
        return false;
    for (i = 0; i < node->epilogue_count; i++)
        if (node->epilogues[i].kind == IMGCLS_EPILOGUE_BIAS && node->inputs[1]->rank < 2)
            return false;
    return true;
}

/* For kernels of the direct sum. */
static bool matmul_accepts_f32(const struct imgcls_host *host, const struct imgcls_node *node)
{
    return matmul_accepts(node, IMGCLS_F32) && !matmul_is_strassen(host, node);
}

static int32_t matmul_accepts_portable(const struct imgcls_host *host,
                                       const struct imgcls_node *node)
{
    return matmul_accepts_f32(host, node) || matmul_accepts(node, IMGCLS_F64);
}

static int32_t matmul_accepts_integer(const struct imgcls_host *host,
                                      const struct imgcls_node *node)
{
    (void)host;
    return integer_accepts(node);
}

/* matmul_shape for B as it lies. */
static void matmul_lay(const struct imgcls_host *host, const struct imgcls_node *node,
                       int32_t a_rank, const int64_t *a, int32_t b_rank, const int64_t *b,
                       struct gemm_job *job)
{
    int64_t turned[2];
    const int64_t *b_dims = matmul_b_dims(host, node, b_rank, b, turned);

    matmul_shape(a_rank, a, b_rank, b_dims, job);
    if (b_dims == turned) {
        job->b_row = 1;
        job->b_column = job->k;
    }
}

bool matmul_known(const struct imgcls_host *host, const struct imgcls_node *node,
                         struct gemm_job *job)
{
    const struct imgcls_value_info *a = op_in(node, 0), *b = op_in(node, 1);

    if (!a || !b || a->rank < 1 || b->rank < 1 || imgcls_count(a->rank, a->dims) < 0 ||
        imgcls_count(b->rank, b->dims) < 0)
        return false;
    matmul_lay(host, node, a->rank, a->dims, b->rank, b->dims, job);
    return true;
}

static int64_t matmul_macs(const struct imgcls_host *host, const struct imgcls_node *node)
{
    struct gemm_job job = {0};
    int64_t factors[4];

    if (!matmul_known(host, node, &job))
        return -1;
    factors[0] = imgcls_count(job.batch_rank, job.batch_dims);
    factors[1] = job.m, factors[2] = job.n, factors[3] = job.k;
    return imgcls_count(4, factors);
}

static double matmul_cost_portable(const struct imgcls_host *host,
                                   const struct imgcls_node *node)
{
    return product_cost_portable((double)matmul_macs(host, node));
}

static imgcls_status matmul_prepare_portable(const struct imgcls_host *host,
                                             struct imgcls_prepare *prepare)
{
    (void)host;
    prepare->workspace_bytes = product_workspace(&product_f32_portable, prepare->threads);
    return IMGCLS_OK;
}

void matmul_fill(const struct imgcls_host *host, const struct imgcls_run *run,
                        struct gemm_job *job)
{
    const struct imgcls_tensor *a = imgcls_input(run, 0), *b = imgcls_input(run, 1);
    const struct imgcls_value_info *b_info = run->node->inputs[1];

    /* B's shape comes from its info where it was packed: its tensor may be gone */
    if (run->state)
        matmul_lay(host, run->node, a->rank, a->dims, b_info->rank, b_info->dims, job);
    else
        matmul_lay(host, run->node, a->rank, a->dims, b->rank, b->dims, job);
    job->a = a->data;
    job->b = b ? b->data : NULL;
    job->b_packed = run->state;
    job->c = imgcls_output(run, 0)->data;
    product_steps(run, job);
}

static imgcls_status matmul_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    struct gemm_job job = {0};

    matmul_fill(host, run, &job);
    return product_run(host, run, &job, product_portable(imgcls_input(run, 0)->type),
                       gemm_workspace());
}

static imgcls_status matmul_integer(const struct imgcls_host *host,
                                    const struct imgcls_run *run)
{
    struct gemm_job job = {0};

    matmul_fill(host, run, &job);
    return integer_run(host, run, &job);
}

static const struct imgcls_kernel portable = {
    .struct_size = sizeof(struct imgcls_kernel),
    .name = "matmul_portable",
    .epilogues = PRODUCT_ROW_EPILOGUES,
    .accepts = matmul_accepts_portable,
    .cost = matmul_cost_portable,
    .prepare = matmul_prepare_portable,
    .run = matmul_portable,
};
static const struct imgcls_kernel integer = {
    .struct_size = sizeof(struct imgcls_kernel),
    .name = "matmul_integer_portable",
    .accepts = matmul_accepts_integer,
    .run = matmul_integer,
};

#if BUILD_AVX2 || BUILD_NEON
static int32_t matmul_accepts_packed(const struct imgcls_host *host,
                                     const struct imgcls_node *node)
{
    return matmul_accepts_f32(host, node);
}

static double matmul_cost_packed(const struct imgcls_host *host,
                               const struct imgcls_node *node)
{
    return product_cost_packed((double)matmul_macs(host, node), 1);
}

static imgcls_status matmul_prepare_packed(const struct imgcls_host *host,
                                        struct imgcls_prepare *prepare)
{
    (void)host;
    prepare->workspace_bytes = product_workspace(&product_f32_portable, prepare->threads);
    return IMGCLS_OK;
}

/* Kernels that pack both operands as they go. */
#define MATMUL_PACKED(SET, ISA)                                                            \
    static imgcls_status matmul_run_packed_##SET(const struct imgcls_host *host,           \
                                              const struct imgcls_run *run)                \
    {                                                                                      \
        struct gemm_job job = {0};                                                         \
                                                                                           \
        matmul_fill(host, run, &job);                                                      \
        return product_run(host, run, &job, &product_f32_##SET, gemm_workspace());         \
    }                                                                                      \
    static const struct imgcls_kernel packed_##SET = {                                     \
        .struct_size = sizeof(struct imgcls_kernel),                                       \
        .name = "matmul_f32_6x16_" #SET,                                                   \
        .isa = ISA,                                                                        \
        .epilogues = PRODUCT_ROW_EPILOGUES,                                                \
        .accepts = matmul_accepts_packed,                                                     \
        .cost = matmul_cost_packed,                                                        \
        .prepare = matmul_prepare_packed,                                                  \
        .run = matmul_run_packed_##SET,                                                    \
    };
WITH_AVX2(MATMUL_PACKED(avx2, IMGCLS_ISA_AVX2))
WITH_NEON(MATMUL_PACKED(neon, IMGCLS_ISA_NEON))

/* The direct kernels take a constant B, every matrix of which they pack. */
static int32_t matmul_accepts_direct(const struct imgcls_host *host,
                                     const struct imgcls_node *node)
{
    const struct imgcls_value_info *b = op_in(node, 1);

    return matmul_accepts_f32(host, node) && b->constant && b->rank > 0 &&
           imgcls_count(b->rank, b->dims) > 0;
}

static imgcls_status matmul_prepare(const struct imgcls_host *host,
                                    struct imgcls_prepare *prepare,
                                    const struct product_kernel *kernel)
{
    const struct imgcls_tensor *b = prepare->node->inputs[1]->constant;
    int64_t row[1], turned[2]; /* any A will do: here, a vector */
    struct gemm_job job = {0};

    prepare->workspace_bytes = product_workspace(kernel, prepare->threads);
    row[0] = matmul_b_dims(host, prepare->node, b->rank, b->dims,
                           turned)[b->rank == 1 ? 0 : b->rank - 2];
    matmul_lay(host, prepare->node, 1, row, b->rank, b->dims, &job);
    job.b = b->data;
    job.b_panel = kernel->b_panel;
    return product_pack_b(host, prepare, &job,
                          b->rank > 2 ? imgcls_count(b->rank - 2, b->dims) : 1, 1);
}

static imgcls_status matmul_run(const struct imgcls_host *host,
                                const struct imgcls_run *run,
                                const struct product_kernel *kernel)
{
    struct gemm_job job = {0};

    matmul_fill(host, run, &job);
    job.b_panel = kernel->b_panel;
    return product_run(host, run, &job, kernel, kernel->workspace());
}

static int64_t matmul_columns(const struct imgcls_host *host,
                              const struct imgcls_node *node)
{
    const struct imgcls_value_info *b = node->inputs[1];
    int64_t turned[2];

    return b->rank == 1 ? 1
                        : matmul_b_dims(host, node, b->rank, b->dims, turned)[b->rank - 1];
}

static int32_t matmul_writes_over(const struct imgcls_host *host,
                                  const struct imgcls_node *node, size_t input)
{
    struct gemm_job job = {0};

    return matmul_known(host, node, &job) && direct_sums_once(job.k) &&
           product_writes_over(node, input);
}

static double matmul_cost_direct(const struct imgcls_host *host, const struct imgcls_node *node,
                                 const struct product_kernel *kernel)
{
    const struct imgcls_value_info *c = node->outputs[0];
    int64_t columns = matmul_columns(host, node);

    return product_cost_direct(kernel, (double)matmul_macs(host, node),
                               columns ? imgcls_count(c->rank, c->dims) / columns : 0, columns, 0);
}

#define MATMUL_DIRECT(SET, ISA, NAME)                                                      \
    static double matmul_cost_direct_##SET(const struct imgcls_host *host,                 \
                                           const struct imgcls_node *node)                 \
    {                                                                                      \
        return matmul_cost_direct(host, node, &product_direct_##SET);                      \
    }                                                                                      \
    static imgcls_status matmul_prepare_direct_##SET(const struct imgcls_host *host,       \
                                                     struct imgcls_prepare *prepare)       \
    {                                                                                      \
        return matmul_prepare(host, prepare, &product_direct_##SET);                       \
    }                                                                                      \
    static imgcls_status matmul_run_direct_##SET(const struct imgcls_host *host,           \
                                                 const struct imgcls_run *run)             \
    {                                                                                      \
        return matmul_run(host, run, &product_direct_##SET);                               \
    }                                                                                      \
    static const struct imgcls_kernel direct_##SET = {                                     \
        .struct_size = sizeof(struct imgcls_kernel),                                       \
        .name = NAME,                                                                      \
        .isa = ISA,                                                                        \
        .epilogues = PRODUCT_ROW_EPILOGUES,                                                \
        .accepts = matmul_accepts_direct,                                                  \
        .cost = matmul_cost_direct_##SET,                                                  \
        .prepare = matmul_prepare_direct_##SET,                                            \
        .run = matmul_run_direct_##SET,                                                    \
        .release = product_release,                                                        \
        .writes_over = matmul_writes_over,                                                 \
    };
WITH_AVX2(MATMUL_DIRECT(avx2, IMGCLS_ISA_AVX2, "matmul_direct_f32_6x16_avx2"))
WITH_AVX512(MATMUL_DIRECT(avx512, IMGCLS_ISA_AVX2 | IMGCLS_ISA_AVX512,
                          "matmul_direct_f32_14x32_avx512"))
WITH_NEON(MATMUL_DIRECT(neon, IMGCLS_ISA_NEON, "matmul_direct_f32_6x16_neon"))
#endif

const struct imgcls_op matmul_op = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = "",
    .type = "MatMul",
    .since_first = 1,
    .since_last = OP_NEWEST,
    .infer = matmul_infer,
    .macs = matmul_macs,
    .kernels =
        (const struct imgcls_kernel *const[]){
            WITH_AVX512(&direct_avx512, &matmul_strassen_f32_14x32_avx512,)
            WITH_AVX2(&direct_avx2, &packed_avx2, &matmul_strassen_f32_6x16_avx2,)
            WITH_NEON(&direct_neon, &packed_neon, &matmul_strassen_f32_6x16_neon,)
            &portable,
            &matmul_strassen_f32_portable,
            &integer,
            NULL,
        },
};

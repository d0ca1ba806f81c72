/*
 * plugins/ops/attention/heads.c - imgcls.HeadAttention: what a plan makes of the nodes of
 * multi-head attention (src/passes/heads.c)
 *
 * y = softmax((q * q_scale) (k * k_scale)' * scale + addends) v, for every place of a grid
 * of batch dimensions (pictures, windows, heads). Inputs: q, k, v, and up to four addends;
 * each is read in place by strides, so one tensor may be all three. Attributes: shape dims
 * of the output batch   dims of the grid, up to 6 sizes   queries, keys, depth, width q, k,
 * v, y, a0 .. a3   offset, a stride for each grid dimension, row stride, column stride, in
 * elements; a stride of 0 repeats q_scale, k_scale, scale (1); divide: 1 where scale is a
 * divisor
 *
 * Rows of an output belong to one thread; kernels hold the order of sums (kernels/heads.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "attention.h"
#include "plugins/kernels/heads.h"
#include "plugins/ops/op.h"

#define GRID_MAX 6
enum { Q, K, V, FIRST_ADDEND };
#define OPERANDS (FIRST_ADDEND + HEADS_MAX_ADDENDS + 1)
#define Y        (OPERANDS - 1)

struct operand {
    int64_t offset, grid[GRID_MAX];
    struct heads_strides strides;
};

/* A node as its attributes say, checked. */
struct heads_work {
    struct heads_job job;
    int32_t grid_rank;
    int64_t grid[GRID_MAX], heads; /* heads: product of the grid */
    struct operand operands[OPERANDS];
    size_t workspace; /* of one call */
};

/* Highest element that an operand touches, -1 where strides are negative or it cannot be
 * counted. */
static int64_t reach_of(const struct heads_work *work, const struct operand *operand,
                        int64_t rows, int64_t columns)
{
    int64_t reach = operand->offset, part;
    int32_t i;

    if (operand->offset < 0)
        return -1;
    for (i = 0; i < work->grid_rank + 2; i++) {
        int64_t dim = i < work->grid_rank    ? work->grid[i]
                      : i == work->grid_rank ? rows
                                             : columns;
        int64_t stride = i < work->grid_rank    ? operand->grid[i]
                         : i == work->grid_rank ? operand->strides.row
                                                : operand->strides.column;
        if (stride < 0 || __builtin_mul_overflow(dim - 1, stride, &part) ||
            __builtin_add_overflow(reach, part, &reach))
            return -1;
    }
    return reach;
}

/* Reads an operand's attribute; false where it does not lie within `info`. */
static bool read_operand(const struct imgcls_host *host, const struct imgcls_node *node,
                         const char *name, const struct imgcls_value_info *info,
                         int64_t rows, int64_t columns, struct heads_work *work,
                         struct operand *out)
{
    const int64_t *ints;
    size_t count = host->attr_ints(host, node, name, &ints), i;
    int64_t reach;

    if (count != (size_t)work->grid_rank + 3)
        return false;
    out->offset = ints[0];
    for (i = 0; i < (size_t)work->grid_rank; i++)
        out->grid[i] = ints[1 + i];
    out->strides.row = ints[count - 2];
    out->strides.column = ints[count - 1];
    reach = reach_of(work, out, rows, columns);
    return reach >= 0 && reach < imgcls_count(info->rank, info->dims);
}

static bool read_sizes(const struct imgcls_host *host, const struct imgcls_node *node,
                       struct heads_work *work)
{
    const int64_t *ints;
    size_t count = host->attr_ints(host, node, "batch", &ints), i;

    if (count > GRID_MAX)
        return false;
    work->grid_rank = (int32_t)count;
    for (i = 0, work->heads = 1; i < count; i++) {
        work->grid[i] = ints[i];
        if (ints[i] < 1 || __builtin_mul_overflow(work->heads, ints[i], &work->heads))
            return false;
    }
    if (host->attr_ints(host, node, "sizes", &ints) != 4)
        return false;
    for (i = 0; i < 4; i++)
        if (ints[i] < 1)
            return false;
    work->job.queries = ints[0];
    work->job.keys = ints[1];
    work->job.depth = ints[2];
    work->job.width = ints[3];
    work->job.q_scale = (double)host->attr_float(host, node, "q_scale", 1);
    work->job.k_scale = (double)host->attr_float(host, node, "k_scale", 1);
    work->job.scale = (double)host->attr_float(host, node, "scale", 1);
    work->job.divide = host->attr_int(host, node, "divide", 0) != 0;
    return true;
}

/* Everything that attributes say; false where they do not fit the node's shapes. */
static bool read_work(const struct imgcls_host *host, const struct imgcls_node *node,
                      struct heads_work *work)
{
    static const char *const names[OPERANDS] = {"q", "k", "v", "a0", "a1", "a2", "a3", "y"};
    const struct heads_job *job = &work->job;
    int64_t results;
    size_t i;

    memset(work, 0, sizeof *work);
    if (node->input_count < FIRST_ADDEND ||
        node->input_count > FIRST_ADDEND + HEADS_MAX_ADDENDS || !op_has_output(node, 0) ||
        !read_sizes(host, node, work))
        return false;
    for (i = 0; i < node->input_count; i++) {
        if (!node->inputs[i] || !read_operand(host, node, names[i], node->inputs[i],
                                              i == K || i == V ? job->keys : job->queries,
                                              i == V              ? job->width
                                              : i >= FIRST_ADDEND ? job->keys
                                                                  : job->depth,
                                              work, &work->operands[i]))
            return false;
        if (i >= FIRST_ADDEND)
            work->job.addends[i - FIRST_ADDEND] = work->operands[i].strides;
    }
    work->job.addend_count = (int32_t)(node->input_count - FIRST_ADDEND);
    if (!read_operand(host, node, "y", node->outputs[0], job->queries, job->width, work,
                      &work->operands[Y]) ||
        __builtin_mul_overflow(work->heads, job->queries, &results) ||
        __builtin_mul_overflow(results, job->width, &results) ||
        results != imgcls_count(node->outputs[0]->rank, node->outputs[0]->dims))
        return false;
    work->job.q = work->operands[Q].strides;
    work->job.k = work->operands[K].strides;
    work->job.v = work->operands[V].strides;
    work->job.y = work->operands[Y].strides;
    work->workspace = heads_workspace(job, op_element_size(node->inputs[Q]->type));
    return work->workspace > 0;
}

static imgcls_status infer(const struct imgcls_host *host, struct imgcls_infer *infer_)
{
    const struct imgcls_node *node = infer_->node;
    const int64_t *dims;
    size_t rank = host->attr_ints(host, node, "shape", &dims);

    if (!op_in(node, Q) || !op_in(node, K) || !op_in(node, V))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "q, k and v are needed");
    if (rank > IMGCLS_MAX_RANK)
        return OP_FAIL(host, node, IMGCLS_UNSUPPORTED,
                       "shape has %zu dimensions, at most %d are supported", rank,
                       IMGCLS_MAX_RANK);
    return op_infer_shape(host, infer_, 0, node->inputs[Q]->type, (int32_t)rank, dims);
}

static bool takes(const struct imgcls_host *host, const struct imgcls_node *node,
                  uint64_t types)
{
    struct heads_work work;
    size_t i;

    if (!op_takes(node, Q, types) || !op_is_plain(node) || !op_has_output(node, 0) ||
        node->outputs[0]->type != node->inputs[Q]->type)
        return false;
    for (i = 0; i < node->input_count; i++)
        if (!node->inputs[i] || node->inputs[i]->type != node->inputs[Q]->type ||
            imgcls_count(node->inputs[i]->rank, node->inputs[i]->dims) < 0)
            return false;
    return read_work(host, node, &work);
}

static imgcls_status prepare(const struct imgcls_host *host,
                             struct imgcls_prepare *prepare_)
{
    struct heads_work *work = host->alloc(host, 1, sizeof *work);
    size_t threads = prepare_->threads < 1 ? 1 : (size_t)prepare_->threads;

    if (!work)
        return IMGCLS_NO_MEMORY;
    prepare_->state = work;
    if (!read_work(host, prepare_->node, work))
        return OP_FAIL(host, prepare_->node, IMGCLS_BAD_INPUT,
                       "attributes and shapes contradict each other");
    if (__builtin_mul_overflow(threads, work->workspace, &prepare_->workspace_bytes))
        return OP_FAIL(host, prepare_->node, IMGCLS_LIMIT,
                       "workspace of %zu threads is past any memory", threads);
    return IMGCLS_OK;
}

static void release(const struct imgcls_host *host, void *state)
{
    host->release(host, state);
}

struct heads_run {
    const struct heads_work *work;
    heads_kernel *kernel;
    const char *inputs[OPERANDS];
    char *output;
    size_t element;
    int64_t pieces; /* that the queries of a head are cut into */
    char *workspace;
};

static int64_t place_of(const struct heads_work *work, const struct operand *operand,
                        int64_t head)
{
    int64_t at = operand->offset;
    int32_t i;

    for (i = work->grid_rank; i-- > 0; head /= work->grid[i])
        at += head % work->grid[i] * operand->grid[i];
    return at;
}

static void body(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct heads_run *self = argument;
    const struct heads_work *work = self->work;
    const struct heads_job *job = &work->job;
    int32_t i;

    while (begin < end) { /* pieces of one head that follow one another are one call */
        int64_t number = begin / self->pieces, piece = begin % self->pieces;
        int64_t last =
            end - begin < self->pieces - piece ? piece + end - begin : self->pieces;
        const void *in[FIRST_ADDEND + HEADS_MAX_ADDENDS] = {NULL};
        struct heads_head head;
        for (i = 0; i < FIRST_ADDEND + job->addend_count; i++)
            in[i] = self->inputs[i] +
                    (size_t)place_of(work, &work->operands[i], number) * self->element;
        head.q = in[Q];
        head.k = in[K];
        head.v = in[V];
        memcpy(head.addends, in + FIRST_ADDEND, sizeof head.addends);
        head.y = self->output +
                 (size_t)place_of(work, &work->operands[Y], number) * self->element;
        self->kernel(job, &head, piece * job->queries / self->pieces,
                     last * job->queries / self->pieces,
                     self->workspace + (size_t)thread * work->workspace);
        begin += last - piece;
    }
}

static imgcls_status run(const struct imgcls_host *host, const struct imgcls_run *run_,
                         heads_kernel *kernel)
{
    struct heads_run self = {
        .work = run_->state,
        .kernel = kernel,
        .output = imgcls_output(run_, 0)->data,
        .element = op_element_size(imgcls_input(run_, Q)->type),
        .workspace = run_->workspace,
    };
    const struct heads_job *job = &self.work->job;
    int64_t most = (job->queries + HEADS_TILE - 1) / HEADS_TILE;
    size_t i;

    for (i = 0; i < run_->input_count; i++)
        self.inputs[i] = imgcls_input(run_, i)->data;
    /* A head's keys are packed once a call: queries are cut only where heads are few. */
    self.pieces =
        self.work->heads >= 4 * (int64_t)run_->threads ? 1 : 4 * (int64_t)run_->threads;
    self.pieces = run_->threads < 2 ? 1 : self.pieces < most ? self.pieces : most;
    host->parallel_for(host, run_, self.work->heads * self.pieces, 1, body, &self);
    return IMGCLS_OK;
}

static int64_t macs(const struct imgcls_host *host, const struct imgcls_node *node)
{
    struct heads_work work;
    double count;

    if (imgcls_count(op_in(node, Q)->rank, op_in(node, Q)->dims) < 0 ||
        !read_work(host, node, &work))
        return -1;
    count = (double)work.heads * (double)work.job.queries * (double)work.job.keys *
            ((double)work.job.depth + (double)work.job.width);
    return count < 9e18 ? (int64_t)count : -1;
}

/* ---- Kernels
 * ----------------------------------------------------------------------------*/

static int32_t accepts_f32(const struct imgcls_host *host, const struct imgcls_node *node)
{
    return takes(host, node, OP_BIT(IMGCLS_F32));
}

static int32_t accepts_f64(const struct imgcls_host *host, const struct imgcls_node *node)
{
    return takes(host, node, OP_BIT(IMGCLS_F64));
}

#define HEADS_RUN(name, kernel)                                                            \
    static imgcls_status name(const struct imgcls_host *host,                              \
                              const struct imgcls_run *run_)                               \
    {                                                                                      \
        return run(host, run_, kernel);                                                    \
    }
#define HEADS_KERNEL(name_, isa_, accepts_, run_)                                          \
    {                                                                                      \
        .struct_size = sizeof(struct imgcls_kernel), .name = name_, .isa = isa_,           \
        .accepts = accepts_, .prepare = prepare, .run = run_, .release = release,          \
    }
HEADS_RUN(run_f32_portable, heads_f32_portable)
HEADS_RUN(run_f64_portable, heads_f64_portable)
static const struct imgcls_kernel f32_portable =
    HEADS_KERNEL("heads_f32_portable", 0, accepts_f32, run_f32_portable);
static const struct imgcls_kernel f64_portable =
    HEADS_KERNEL("heads_f64_portable", 0, accepts_f64, run_f64_portable);
#define HEADS_SET(SET, ISA)                                                                \
    HEADS_RUN(run_f32_##SET, heads_f32_##SET)                                              \
    static const struct imgcls_kernel f32_##SET =                                          \
        HEADS_KERNEL("heads_f32_" #SET, ISA, accepts_f32, run_f32_##SET);
WITH_AVX2(HEADS_SET(avx2, IMGCLS_ISA_AVX2))
WITH_AVX512(HEADS_SET(avx512, IMGCLS_ISA_AVX512))
WITH_NEON(HEADS_SET(neon, IMGCLS_ISA_NEON))

static const struct imgcls_kernel *const kernels[] = {
    WITH_AVX512(&f32_avx512,)
    WITH_AVX2(&f32_avx2,)
    WITH_NEON(&f32_neon,)
    &f32_portable, &f64_portable, NULL,
};

const struct imgcls_op head_attention_op = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = "imgcls",
    .type = "HeadAttention",
    .since_first = 1,
    .since_last = 1,
    .infer = infer,
    .macs = macs,
    .kernels = kernels,
};

/*
 * plugins/ops/nn/product_pair.c - ProductPair: two products of rows by constants, one after the
 * other, so many rows at a time that what lies between stays in L2
 *
 *     t = step(x w1 + b1 + a)          inputs x [.., K], w1, b1, a [.., M], w2, b2, and the operands
 *     y = t w2 + b2                    of epilogues
 *
 * b1, a and b2 may be left out. Attributes: first_turned, second_turned: 1 where
 * the weights have a row for each column of the result, as those of a Conv of one pixel do, whose
 * further dimensions are 1; first_step, first_a, first_b: the step, an IMGCLS_EPILOGUE number
 * without operand (0: none). The node's epilogues are the second product's. Bits are those of the
 * two nodes: sums are those of the direct kernels, which know nothing of other rows. Pairs that
 * Strassen's method would compute are no such nodes: src/passes/product_pair.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "nn.h"
#include "plugins/kernels/panels.h"
#include "plugins/ops/threads.h"
#include "product.h"

#define BAND_ROWS 48 /* 24 to 96 are as quick, also where weights leave no room for them in L2 */
#define PADDING     16 /* a line, where rows would share cache sets (direct.h) */

enum { X, W1, B1, ADDEND, W2, B2, OPERANDS };

struct pair {
    int64_t rows, k, middle, columns;
    int64_t band, bands, t_row; /* set by choose_band: rows of a unit; floats between rows of t */
};

struct pair_kernel {
    const struct product_kernel *product;
    int64_t tile_rows;
};

/* ---- Shapes -----------------------------------------------------------------------------*/

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool matrix_of(const struct imgcls_value_info *w, bool turned, int64_t *k, int64_t *n)
{
    if (!w || w->rank < 2 || imgcls_count(w->rank, w->dims) < 1 ||
        (w->rank > 2 && (!turned || imgcls_count(w->rank - 2, w->dims + 2) != 1)))
        return false;
    *k = w->dims[turned];
    *n = w->dims[!turned];
    return true;
}

static bool is_row(const struct imgcls_value_info *bias, int64_t columns)
{
    return !bias || (bias->rank > 0 && imgcls_count(bias->rank, bias->dims) == columns &&
                     bias->dims[bias->rank - 1] == columns);
}

/* As x, but for the last dimension. */
static bool is_image(const struct imgcls_value_info *x, const struct imgcls_value_info *addend,
                     int64_t columns)
{
    int32_t d;

    if (!addend)
        return true;
    if (addend->rank != x->rank || addend->dims[x->rank - 1] != columns)
        return false;
    for (d = 0; d < x->rank - 1; d++)
        if (addend->dims[d] != x->dims[d])
            return false;
    return true;
}

static bool pair_shape(const struct imgcls_host *host, const struct imgcls_node *node,
                       struct pair *pair)
{
    const struct imgcls_value_info *x = op_in(node, X);
    int64_t between, factors[2];

    if (!x || x->rank < 2 ||
        !matrix_of(op_in(node, W1), host->attr_int(host, node, "first_turned", 0) != 0, &pair->k,
                   &pair->middle) ||
        !matrix_of(op_in(node, W2), host->attr_int(host, node, "second_turned", 0) != 0, &between,
                   &pair->columns) ||
        between != pair->middle || x->dims[x->rank - 1] != pair->k)
        return false;
    pair->rows = imgcls_count(x->rank - 1, x->dims);
    factors[0] = pair->rows;
    factors[1] = pair->middle;
    return pair->rows >= 0 && imgcls_count(2, factors) >= 0 &&
           is_row(op_in(node, B1), pair->middle) && is_row(op_in(node, B2), pair->columns) &&
           is_image(x, op_in(node, ADDEND), pair->middle);
}

static imgcls_status pair_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *x = op_in(infer->node, X);
    int64_t dims[IMGCLS_MAX_RANK];
    struct pair pair;

    if (!pair_shape(host, infer->node, &pair))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "its rows and weights do not fit each other, or are not known");
    memcpy(dims, x->dims, (size_t)x->rank * sizeof *dims);
    dims[x->rank - 1] = pair.columns;
    return host->infer_output(host, infer, 0, x->type, x->rank, dims);
}

static int64_t pair_macs(const struct imgcls_host *host, const struct imgcls_node *node)
{
    struct pair pair;
    int64_t first[3], second[3], a, b;

    if (!pair_shape(host, node, &pair))
        return -1;
    first[0] = second[0] = pair.rows;
    first[1] = second[1] = pair.middle;
    first[2] = pair.k;
    second[2] = pair.columns;
    a = imgcls_count(3, first);
    b = imgcls_count(3, second);
    return a < 0 || b < 0 || a > INT64_MAX - b ? -1 : a + b;
}

static int32_t pair_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    struct pair pair;

    return product_accepts(node, IMGCLS_F32, 2) && op_in(node, W2) &&
           node->inputs[W1]->constant && node->inputs[W2]->constant &&
           product_is_step(host->attr_int(host, node, "first_step", 0)) &&
           pair_shape(host, node, &pair);
}

static double pair_cost(const struct imgcls_host *host, const struct imgcls_node *node)
{
    return (double)pair_macs(host, node) / 50 + 2000;
}

static double pair_cost_portable(const struct imgcls_host *host, const struct imgcls_node *node)
{
    return product_cost_portable((double)pair_macs(host, node));
}

/* Several bands for each of the threads. An addend lies as rows of t do. */
static void choose_band(struct pair *pair, const struct pair_kernel *kernel, bool addend,
                        int32_t threads)
{
    int64_t rows = kernel->tile_rows, most = (BAND_ROWS + rows - 1) / rows * rows;
    int64_t share = pair->rows / (3 * (int64_t)threads) / rows * rows;

    pair->band = threads > 1 && share < most ? (share < rows ? rows : share) : most;
    pair->bands = (pair->rows + pair->band - 1) / pair->band;
    pair->t_row = !addend && pair->middle % 512 == 0 ? pair->middle + PADDING : pair->middle;
}

/* ---- Weights ----------------------------------------------------------------------------*/

static int64_t panel_of(const struct pair_kernel *kernel, int64_t n)
{
    return kernel->product->b_panel ? kernel->product->b_panel : n;
}

/* Floats of a matrix in panels; a kernel without panels has one of all columns, the plain matrix. */
static int64_t packed_size(const struct pair_kernel *kernel, int64_t k, int64_t n)
{
    return gemm_packed_b_size(k, n, panel_of(kernel, n));
}

static void pack(const struct pair_kernel *kernel, const struct imgcls_tensor *w, bool turned,
                 int64_t k, int64_t n, float *to)
{
    if (turned)
        panels_of_columns(w->data, k, k, 1, n, panel_of(kernel, n), to);
    else
        panels_of_rows(w->data, n, k, n, panel_of(kernel, n), to);
}

static size_t round_line(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

/* Bytes of a thread: the product's, then a band of t. */
static size_t product_bytes(const struct pair_kernel *kernel)
{
    return round_line(kernel->product->workspace());
}

static size_t thread_bytes(const struct pair *pair, const struct pair_kernel *kernel)
{
    return product_bytes(kernel) +
           round_line((size_t)(pair->band * pair->t_row) * sizeof(float));
}

static imgcls_status pair_prepare(const struct imgcls_host *host, struct imgcls_prepare *prepare,
                                  const struct pair_kernel *kernel)
{
    const struct imgcls_node *node = prepare->node;
    size_t threads = prepare->threads < 1 ? 1 : (size_t)prepare->threads, floats;
    struct pair pair;
    int64_t first;
    float *weights;

    if (!pair_shape(host, node, &pair))
        return OP_FAIL(host, node, IMGCLS_INTERNAL, "its shapes are not those it had");
    choose_band(&pair, kernel, op_in(node, ADDEND) != NULL, 1);
    prepare->workspace_bytes = threads * thread_bytes(&pair, kernel);
    first = packed_size(kernel, pair.k, pair.middle);
    floats = (size_t)(first + packed_size(kernel, pair.middle, pair.columns));
    weights = host->alloc_unset(host, floats, sizeof *weights);
    if (!weights)
        return IMGCLS_NO_MEMORY;
    pack(kernel, node->inputs[W1]->constant, host->attr_int(host, node, "first_turned", 0) != 0,
         pair.k, pair.middle, weights);
    pack(kernel, node->inputs[W2]->constant, host->attr_int(host, node, "second_turned", 0) != 0,
         pair.middle, pair.columns, weights + first);
    prepare->state = weights;
    prepare->constant_bytes = floats * sizeof *weights;
    prepare->inputs_released = 1 << W1 | 1 << W2;
    return IMGCLS_OK;
}

/* ---- Running ----------------------------------------------------------------------------*/

struct shared {
    const struct pair *pair;
    const struct pair_kernel *kernel;
    struct gemm_job first, second; /* of all rows, but for t: first.c, second.a */
    char *workspace;
    size_t bytes; /* of a thread */
};

/* A job of all rows becomes one of rows begin.. */
static void rows_alone(struct gemm_job *job, int64_t begin, int64_t count)
{
    int32_t s;

    job->m = count;
    if (job->a)
        job->a = (const float *)job->a + begin * job->a_row;
    if (job->c)
        job->c = (float *)job->c + begin * job->c_row;
    for (s = 0; s < job->step_count; s++)
        if (job->steps[s].kind == IMGCLS_EPILOGUE_ADD ||
            job->steps[s].kind == IMGCLS_EPILOGUE_MUL)
            job->steps[s].operand =
                (const float *)job->steps[s].operand + begin * job->c_row;
}

static void multiply(const struct shared *shared, struct gemm_job *job, char *workspace)
{
    const struct product_kernel *product = shared->kernel->product;
    int64_t tiles = product->grid(job, 1);

    product->run(job, 0, tiles, workspace);
}

static void unit(const struct shared *shared, int64_t index, char *workspace)
{
    const struct pair *pair = shared->pair;
    int64_t begin = index * pair->band, count = least(pair->band, pair->rows - begin);
    struct gemm_job first = shared->first, second = shared->second;

    rows_alone(&first, begin, count);
    rows_alone(&second, begin, count);
    first.c = workspace + product_bytes(shared->kernel);
    second.a = first.c;
    multiply(shared, &first, workspace);
    multiply(shared, &second, workspace);
}

static void body(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct shared *shared = argument;

    for (; begin < end; begin++)
        unit(shared, begin, shared->workspace + (size_t)thread * shared->bytes);
}

/* A product of rows that lie a_row apart by packed weights. */
static struct gemm_job job_of(const struct pair_kernel *kernel, const struct imgcls_tensor *bias,
                              int64_t k, int64_t n, const float *weights)
{
    struct gemm_job job = {0};

    job.k = k;
    job.n = n;
    job.batch_rank = 1;
    job.batch_dims[0] = 1;
    job.a_row = k;
    job.a_column = job.b_column = job.bias_column = 1;
    job.b = weights;
    job.b_row = n;
    job.b_panel = kernel->product->b_panel;
    job.b_packed = job.b_panel ? weights : NULL;
    job.c_row = n;
    job.alpha = job.beta = 1;
    job.bias = bias ? bias->data : NULL;
    return job;
}

static void add_step(struct gemm_job *job, int64_t kind, float a, float b, const void *operand)
{
    job->steps[job->step_count++] =
        (struct gemm_step){.kind = (int32_t)kind, .a = a, .b = b, .operand = operand};
}

static imgcls_status pair_run(const struct imgcls_host *host, const struct imgcls_run *run,
                              const struct pair_kernel *kernel)
{
    const struct imgcls_tensor *addend = imgcls_input(run, ADDEND);
    int64_t step = host->attr_int(host, run->node, "first_step", 0);
    const float *weights = run->state;
    struct pair pair;
    struct shared shared = {.pair = &pair, .kernel = kernel, .workspace = run->workspace};
    imgcls_status status;

    if (!pair_shape(host, run->node, &pair))
        return OP_FAIL(host, run->node, IMGCLS_INTERNAL, "its shapes are not those it had");
    choose_band(&pair, kernel, addend != NULL, run->threads);
    shared.bytes = thread_bytes(&pair, kernel);
    status = op_workspace_fits(host, run, shared.bytes);
    if (status != IMGCLS_OK)
        return status;
    shared.first = job_of(kernel, imgcls_input(run, B1), pair.k, pair.middle, weights);
    shared.first.a = imgcls_input(run, X)->data;
    shared.first.c_row = pair.t_row;
    if (addend)
        add_step(&shared.first, IMGCLS_EPILOGUE_ADD, 0, 0, addend->data);
    if (step)
        add_step(&shared.first, step, host->attr_float(host, run->node, "first_a", 0),
                 host->attr_float(host, run->node, "first_b", 0), NULL);
    shared.second = job_of(kernel, imgcls_input(run, B2), pair.middle, pair.columns,
                           weights + packed_size(kernel, pair.k, pair.middle));
    shared.second.a_row = pair.t_row;
    shared.second.c = imgcls_output(run, 0)->data;
    product_steps(run, &shared.second);
    if (pair.bands > 0)
        host->parallel_for(host, run, pair.bands, 1, body, &shared);
    return IMGCLS_OK;
}

/* A band's rows of y are written by the second product alone. */
static int32_t pair_writes_over(const struct imgcls_host *host, const struct imgcls_node *node,
                                size_t input)
{
    struct pair pair;

    return pair_shape(host, node, &pair) && direct_sums_once(pair.middle) &&
           product_writes_over(node, input);
}

#define PAIR(SET, ISA, NAME, COST, PRODUCT, ROWS, OVER)                                          \
    static const struct pair_kernel pair_##SET = {&PRODUCT, ROWS};                         \
    static imgcls_status prepare_##SET(const struct imgcls_host *host,                     \
                                       struct imgcls_prepare *prepare)                     \
    {                                                                                      \
        return pair_prepare(host, prepare, &pair_##SET);                                   \
    }                                                                                      \
    static imgcls_status run_##SET(const struct imgcls_host *host,                         \
                                   const struct imgcls_run *run)                           \
    {                                                                                      \
        return pair_run(host, run, &pair_##SET);                                           \
    }                                                                                      \
    static const struct imgcls_kernel kernel_##SET = {                                     \
        .struct_size = sizeof(struct imgcls_kernel),                                       \
        .name = NAME,                                                                      \
        .isa = ISA,                                                                        \
        .epilogues = PRODUCT_ROW_EPILOGUES,                                                \
        .accepts = pair_accepts,                                                           \
        .cost = COST,                                                                      \
        .prepare = prepare_##SET,                                                          \
        .run = run_##SET,                                                                  \
        .release = product_release,                                                        \
        .writes_over = OVER,                                                               \
    };
PAIR(portable, 0, "product_pair_f32_portable", pair_cost_portable, product_f32_portable,
     GEMM_ROWS, NULL)
WITH_AVX2(PAIR(avx2, IMGCLS_ISA_AVX2, "product_pair_f32_6x16_avx2", pair_cost,
               product_direct_avx2, DIRECT_ROWS_AVX2, pair_writes_over))
WITH_AVX512(PAIR(avx512, IMGCLS_ISA_AVX2 | IMGCLS_ISA_AVX512, "product_pair_f32_14x32_avx512",
                 pair_cost, product_direct_avx512, DIRECT_ROWS_AVX512, pair_writes_over))
WITH_NEON(PAIR(neon, IMGCLS_ISA_NEON, "product_pair_f32_6x16_neon", pair_cost,
               product_direct_neon, DIRECT_ROWS_NEON, pair_writes_over))

const struct imgcls_op product_pair_op = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = "imgcls",
    .type = "ProductPair",
    .since_first = 1,
    .since_last = 1,
    .infer = pair_infer,
    .macs = pair_macs,
    .kernels =
        (const struct imgcls_kernel *const[]){
            &kernel_portable,
            WITH_AVX2(&kernel_avx2,) WITH_AVX512(&kernel_avx512,) WITH_NEON(&kernel_neon,)
            NULL,
        },
};

/*
 * plugins/ops/nn/product.c - running a gemm job on the host's threads, epilogues included
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "product.h"

#include "plugins/ops/threads.h"

#define PIECE_MACS 200000 /* below about 5 us of work a thread is not worth waking */

/* Epilogue operands have the output's own shape, number for number. */
static bool same_shape(const struct imgcls_value_info *a, const struct imgcls_value_info *b)
{
    int32_t i;

    if (a->rank < 0 || a->rank != b->rank)
        return false;
    for (i = 0; i < a->rank; i++)
        if (a->dims[i] < 0 || a->dims[i] != b->dims[i])
            return false;
    return true;
}

/* One number for each column of the result. */
static bool is_row(const struct imgcls_value_info *bias,
                   const struct imgcls_value_info *result)
{
    int32_t last = bias->rank - 1;

    return bias->rank > 0 && bias->rank <= result->rank && bias->dims[last] >= 0 &&
           bias->dims[last] == result->dims[result->rank - 1] &&
           imgcls_count(last, bias->dims) == 1;
}

static bool takes_operand(int32_t kind)
{
    return kind == IMGCLS_EPILOGUE_ADD || kind == IMGCLS_EPILOGUE_MUL ||
           kind == IMGCLS_EPILOGUE_BIAS;
}

bool product_is_step(int64_t kind)
{
    return kind == 0 || (kind > 0 && kind < 64 && !takes_operand((int32_t)kind) &&
                         (PRODUCT_EPILOGUES & IMGCLS_EPILOGUE_BIT(kind)) != 0);
}

/* The operand of a step is there and has the step's shape. */
static bool operand_fits(const struct imgcls_node *node, const struct imgcls_epilogue *step)
{
    const struct imgcls_value_info *operand =
        step->operand < 0 ? NULL : op_in(node, (size_t)step->operand);

    if (!operand)
        return false;
    return step->kind == IMGCLS_EPILOGUE_BIAS ? is_row(operand, node->outputs[0])
                                              : same_shape(operand, node->outputs[0]);
}

bool product_accepts(const struct imgcls_node *node, int32_t type, size_t needed)
{
    size_t i;

    if (node->epilogue_count > GEMM_MAX_STEPS || !op_is_plain(node) ||
        !op_has_output(node, 0) || node->outputs[0]->type != type)
        return false;
    for (i = 0; i < needed; i++)
        if (!op_in(node, i))
            return false;
    for (i = 0; i < node->input_count; i++)
        if (node->inputs[i] && node->inputs[i]->type != type)
            return false;
    for (i = 0; i < node->epilogue_count; i++) {
        const struct imgcls_epilogue *step = &node->epilogues[i];
        if (!(PRODUCT_ROW_EPILOGUES & IMGCLS_EPILOGUE_BIT(step->kind)) ||
            (takes_operand(step->kind) && !operand_fits(node, step)))
            return false;
    }
    return true;
}

bool product_is_operand(const struct imgcls_node *node, size_t i)
{
    size_t e;

    for (e = 0; e < node->epilogue_count; e++)
        if (takes_operand(node->epilogues[e].kind) &&
            node->epilogues[e].operand == (int32_t)i)
            return true;
    return false;
}

int32_t product_writes_over(const struct imgcls_node *node, size_t i)
{
    size_t e;

    for (e = 0; e < node->epilogue_count; e++)
        if (node->epilogues[e].operand == (int32_t)i && same_shape(node->inputs[i], node->outputs[0]))
            return 1;
    return 0;
}

void product_release(const struct imgcls_host *host, void *state)
{
    host->release(host, state);
}

void product_steps(const struct imgcls_run *run, struct gemm_job *job)
{
    const struct imgcls_node *node = run->node;
    size_t i;

    job->step_count = (int32_t)node->epilogue_count;
    for (i = 0; i < node->epilogue_count; i++) {
        const struct imgcls_epilogue *step = &node->epilogues[i];
        const struct imgcls_tensor *operand = NULL;
        if (takes_operand(step->kind))
            operand = imgcls_input(run, (size_t)step->operand);
        job->steps[i].kind = step->kind;
        job->steps[i].a = step->a;
        job->steps[i].b = step->b;
        job->steps[i].operand = operand ? operand->data : NULL;
    }
}

const struct product_kernel product_f32_portable = {gemm_f32_portable, gemm_grid,
                                                    gemm_workspace, 0};
const struct product_kernel product_f64_portable = {gemm_f64_portable, gemm_grid,
                                                    gemm_workspace, 0};

#if BUILD_AVX2
static int64_t grid_6x16(struct gemm_job *job, int32_t threads)
{
    return direct_grid(job, DIRECT_ROWS_AVX2, DIRECT_COLUMNS_AVX2, threads);
}

static int64_t grid_depthwise(struct gemm_job *job, int32_t threads)
{
    (void)threads;
    return dwconv_grid(job);
}

const struct product_kernel product_f32_avx2 = {gemm_f32_6x16_avx2, gemm_grid, gemm_workspace,
                                                GEMM_COLUMNS};
const struct product_kernel product_depthwise_avx2 = {dwconv_f32_avx2, grid_depthwise, NULL, 0};
const struct product_kernel product_direct_avx2 = {gemm_direct_f32_6x16_avx2, grid_6x16,
                                                   direct_workspace, DIRECT_COLUMNS_AVX2};
#endif

#if BUILD_AVX512
static int64_t grid_14x32(struct gemm_job *job, int32_t threads)
{
    return direct_grid(job, DIRECT_ROWS_AVX512, DIRECT_COLUMNS_AVX512, threads);
}

const struct product_kernel product_direct_avx512 = {
    gemm_direct_f32_14x32_avx512, grid_14x32, direct_workspace, DIRECT_COLUMNS_AVX512};
#endif

#if BUILD_NEON
static int64_t grid_neon(struct gemm_job *job, int32_t threads)
{
    return direct_grid(job, DIRECT_ROWS_NEON, DIRECT_COLUMNS_NEON, threads);
}

const struct product_kernel product_f32_neon = {gemm_f32_6x16_neon, gemm_grid, gemm_workspace,
                                                GEMM_COLUMNS};
const struct product_kernel product_direct_neon = {gemm_direct_f32_6x16_neon, grid_neon,
                                                   direct_workspace, DIRECT_COLUMNS_NEON};
#endif

size_t product_workspace(const struct product_kernel *kernel, int32_t threads)
{
    return kernel->workspace() * (size_t)(threads < 1 ? 1 : threads);
}

imgcls_status product_pack_b(const struct imgcls_host *host, struct imgcls_prepare *prepare,
                             struct gemm_job *job, int64_t count, size_t input)
{
    int64_t size = gemm_packed_b_size(job->k, job->n, job->b_panel), i;
    float *packed;

    if (size == 0 || count == 0)
        return IMGCLS_OK;
    packed = host->alloc_unset(host, (size_t)count, (size_t)size * sizeof *packed);
    if (!packed)
        return IMGCLS_NO_MEMORY;
    for (i = 0; i < count; i++)
        gemm_pack_b(job, i, packed + i * size);
    prepare->state = packed;
    prepare->constant_bytes = (size_t)(count * size) * sizeof *packed;
    prepare->inputs_released = UINT64_C(1) << input;
    return IMGCLS_OK;
}

OP_THREADS(share, struct gemm_job, gemm_kernel)

imgcls_status product_run(const struct imgcls_host *host, const struct imgcls_run *run,
                          struct gemm_job *job, const struct product_kernel *kernel,
                          size_t bytes)
{
    int64_t tiles = kernel->grid(job, run->threads), grain = 1;
    imgcls_status status;
    double macs;

    if (tiles == 0)
        return IMGCLS_OK;
    status = op_workspace_fits(host, run, bytes);
    if (status != IMGCLS_OK)
        return status;
    macs = (double)job->tile_m * (double)job->tile_n * (double)job->k;
    if (macs < PIECE_MACS)
        grain = (int64_t)(PIECE_MACS / (macs + 64)) + 1;
    share(host, run, job, kernel->run, run->workspace, bytes, tiles, grain);
    return IMGCLS_OK;
}

double product_cost_packed(double macs, int64_t rows)
{
    /* 40 multiply-adds a nanosecond, on whole tiles only, and what a call costs */
    int64_t whole = rows < 1 ? 1 : (rows + GEMM_ROWS - 1) / GEMM_ROWS * GEMM_ROWS;
    return macs / 40 * (double)whole / (double)(rows < 1 ? 1 : rows) + 2000;
}

double product_cost_direct(const struct product_kernel *kernel, double macs, int64_t rows,
                           int64_t columns, double gathered)
{
    /* 50 to 54 multiply-adds a nanosecond on eight columns at a time, sixteen where wide panels meet few
     * rows; 2 floats gathered. Very few rows get what memory gives, and six panels of 16 columns, read
     * side by side, a tenth more than wider ones. */
    int64_t part = kernel->b_panel > GEMM_COLUMNS && rows < 14 ? 16 : 8;
    int64_t whole = (columns + part - 1) / part * part;
    double rate = kernel->b_panel > GEMM_COLUMNS ? rows < 4 ? 45 : 54 : 50;

    return macs / rate * (double)whole / (double)(columns < 1 ? 1 : columns) + gathered / 2 + 1000;
}

double product_cost_portable(double macs)
{
    return macs * 3 + 2000;
}

const struct product_kernel *product_portable(int32_t type)
{
    return type == IMGCLS_F64 ? &product_f64_portable : &product_f32_portable;
}

/*
 * plugins/ops/nn/integer.c - matrix products of 32 and 64 bit integers, which wrap
 *
 * Signed ones are computed as unsigned: the bits are the same and overflow is defined.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "integer.h"

bool integer_accepts(const struct imgcls_node *node)
{
    const uint64_t types =
        OP_BIT(IMGCLS_I32) | OP_BIT(IMGCLS_I64) | OP_BIT(IMGCLS_U32) | OP_BIT(IMGCLS_U64);
    size_t i;

    if (!op_takes(node, 0, types) || !op_takes(node, 1, types) || node->epilogue_count ||
        !op_is_plain(node) || !op_has_output(node, 0))
        return false;
    for (i = 1; i < node->input_count; i++)
        if (node->inputs[i] && node->inputs[i]->type != node->inputs[0]->type)
            return false;
    return node->outputs[0]->type == node->inputs[0]->type;
}

#define DEFINE_PRODUCT(name, TYPE)                                                         \
    static void name(const struct gemm_job *job, const struct gemm_tile *tile)             \
    {                                                                                      \
        const TYPE *a = (const TYPE *)job->a + tile->a_index * job->a_size;                \
        const TYPE *b = (const TYPE *)job->b + tile->b_index * job->b_size;                \
        const TYPE *bias = job->bias;                                                      \
        TYPE *c = (TYPE *)job->c + tile->c_begin;                      \
        int64_t m, n, k;                                                                   \
        for (m = tile->m_begin; m < tile->m_end; m++)                                      \
            for (n = tile->n_begin; n < tile->n_end; n++) {                                \
                TYPE sum = 0;                                                              \
                for (k = 0; k < job->k; k++)                                               \
                    sum += a[m * job->a_row + k * job->a_column] *                         \
                           b[k * job->b_row + n * job->b_column];                          \
                if (bias)                                                                  \
                    sum += bias[tile->bias_index * job->bias_size + m * job->bias_row +    \
                                n * job->bias_column];                                     \
                c[m * job->c_row + n] = sum;                                               \
            }                                                                              \
    }
DEFINE_PRODUCT(product_32, uint32_t)
DEFINE_PRODUCT(product_64, uint64_t)

struct shared {
    const struct gemm_job *job;
    bool wide;
};

static void body(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct shared *shared = argument;
    (void)thread;
    for (; begin < end; begin++) {
        struct gemm_tile tile = gemm_tile_at(shared->job, begin);
        if (shared->wide)
            product_64(shared->job, &tile);
        else
            product_32(shared->job, &tile);
    }
}

imgcls_status integer_run(const struct imgcls_host *host, const struct imgcls_run *run,
                          struct gemm_job *job)
{
    struct shared shared = {job, op_element_size(imgcls_input(run, 0)->type) == 8};
    int64_t tiles = gemm_grid(job, run->threads);

    if (tiles > 0)
        host->parallel_for(host, run, tiles, 1, body, &shared);
    return IMGCLS_OK;
}

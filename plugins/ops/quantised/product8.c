/*
 * plugins/ops/quantised/product8.c - matrix products of 8-bit numbers with zero points
 *
 * A tile is ROWS x PRODUCT8_COLUMNS sums on the stack; a piece of B is fetched once a tile.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "product8.h"

#include "plugins/ops/element.h"
#include "round.h"

#define ROWS       8
#define PIECE_MACS 100000 /* below that a thread is not worth waking */

static void tile(const struct product8 *job, int64_t batch, int64_t row, int64_t n)
{
    const int64_t rows = job->m - row < ROWS ? job->m - row : ROWS;
    const int64_t count = job->n - n < PRODUCT8_COLUMNS ? job->n - n : PRODUCT8_COLUMNS;
    const unsigned char *a = (const unsigned char *)job->rows(job, batch) + row * job->k;
    int32_t sums[ROWS][PRODUCT8_COLUMNS] = {0}, b[PRODUCT8_COLUMNS] = {0}, zeros[ROWS];
    int64_t k, r;
    int j;
    for (r = 0; r < rows; r++)
        zeros[r] = job->row_zero(job, batch, row + r);
    for (k = 0; k < job->k; k++) {
        job->fetch(job, batch, k, n, count, b);
        for (r = 0; r < rows; r++) {
            const unsigned char byte = a[r * job->k + k];
            const int32_t factor =
                (job->a_signed ? (int32_t)(int8_t)byte : (int32_t)byte) - zeros[r];
            for (j = 0; j < PRODUCT8_COLUMNS; j++) /* unsigned: overflow is defined */
                sums[r][j] = (int32_t)((uint32_t)sums[r][j] +
                                       (uint32_t)factor * (uint32_t)b[j]);
        }
    }
    for (r = 0; r < rows; r++)
        job->finish(job, batch, row + r, n, count, sums[r]);
}

static void tiles(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct product8 *job = argument;
    const int64_t across = (job->n + PRODUCT8_COLUMNS - 1) / PRODUCT8_COLUMNS;
    const int64_t down = (job->m + ROWS - 1) / ROWS;
    (void)thread;
    for (; begin < end; begin++)
        tile(job, begin / (across * down), begin / across % down * ROWS,
             begin % across * PRODUCT8_COLUMNS);
}

void product8_run(const struct imgcls_host *host, const struct imgcls_run *run,
                  struct product8 *job)
{
    const int64_t across = (job->n + PRODUCT8_COLUMNS - 1) / PRODUCT8_COLUMNS;
    const int64_t down = (job->m + ROWS - 1) / ROWS;
    if (job->batches > 0 && across > 0 && down > 0)
        host->parallel_for(host, run, job->batches * across * down,
                           PIECE_MACS / (ROWS * PRODUCT8_COLUMNS * (job->k + 1)) + 1, tiles,
                           job);
}

float requantise_scale(const struct requantise *scales, int64_t a, int64_t b)
{
    const float product = (float)element_real(scales->a_scale, a) *
                          (float)element_real(scales->b_scale, b);
    return product / (float)element_real(scales->y_scale, 0);
}

void requantise_set(struct imgcls_tensor *y, int64_t i, int32_t sum, float scale,
                    const struct requantise *scales)
{
    const double zero = (double)byte_at(scales->y_zero, 0);
    const double value = (double)((float)sum * scale);
    if (y->type == IMGCLS_I8)
        ((int8_t *)y->data)[i] = (int8_t)round_into(value, zero, -128, 127);
    else
        ((uint8_t *)y->data)[i] = (uint8_t)round_into(value, zero, 0, 255);
}

void product8_wide(const struct product8 *job, int64_t batch, int64_t row, int64_t n,
                   int64_t count, const int32_t *sums)
{
    memcpy((int32_t *)job->y->data + (batch * job->m + row) * job->n + n, sums,
           (size_t)count * sizeof *sums);
}

imgcls_status requantise_needs(const struct imgcls_host *host, const struct imgcls_node *node)
{
    size_t i;
    for (i = 0; i < 8; i++)
        if (!op_in(node, i))
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "input %zu is missing", i);
    return IMGCLS_OK;
}

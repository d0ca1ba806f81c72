/*
 * plugins/kernels/strassen.portable.body.h - the reference for Strassen's products
 *
 * Included by gemm.portable.c behind gemm.portable.body.h, whose FUSED and FINISH it takes.
 * Written for reading: B is read where it lies, and its sums are made again for every pair of rows.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

/* What each product multiplies, of the quarters 11, 12, 21, 22. */
static void left_sums(const float a[4], float sums[STRASSEN_PRODUCTS])
{
    sums[0] = a[0] + a[3];
    sums[1] = a[2] + a[3];
    sums[2] = a[0];
    sums[3] = a[3];
    sums[4] = a[0] + a[1];
    sums[5] = a[2] - a[0];
    sums[6] = a[1] - a[3];
}

static void right_sums(const float b[4], float sums[STRASSEN_PRODUCTS])
{
    sums[0] = b[0] + b[3];
    sums[1] = b[0];
    sums[2] = b[1] - b[3];
    sums[3] = b[2] - b[0];
    sums[4] = b[3];
    sums[5] = b[0] + b[1];
    sums[6] = b[2] + b[3];
}

/* Elements k of a pair of rows in both halves of k. */
static void left_at(const struct gemm_job *job, const int64_t row[2], int64_t k,
                    float sums[STRASSEN_PRODUCTS])
{
    const float *a = job->a;
    float quarters[4];
    int q;

    for (q = 0; q < 4; q++)
        quarters[q] =
            row[q / 2] < 0 ? 0 : a[row[q / 2] * job->a_row + (q % 2 ? k + job->k / 2 : k)];
    left_sums(quarters, sums);
}

static void right_at(const struct gemm_job *job, int64_t k, int64_t n,
                     float sums[STRASSEN_PRODUCTS])
{
    const float *b = (const float *)job->b + k * job->b_row + n * job->b_column;
    float quarters[4];
    int q;

    for (q = 0; q < 4; q++)
        quarters[q] = b[q / 2 * (job->k / 2) * job->b_row + q % 2 * (job->n / 2) * job->b_column];
    right_sums(quarters, sums);
}

typedef float strassen_products[GEMM_COLUMNS][STRASSEN_PRODUCTS];

/* The products of one pair of rows and `count` columns from n on. */
static void multiply_pair(const struct gemm_job *job, const int64_t row[2], int64_t n,
                          int64_t count, strassen_products total)
{
    float left[STRASSEN_PRODUCTS], right[STRASSEN_PRODUCTS];
    int64_t k, j, end, begin = 0;
    strassen_products sum;
    int p;

    memset(total, 0, sizeof(strassen_products));
    for (; begin < job->k / 2; begin = end) {
        end = job->k / 2 - begin < GEMM_K_BLOCK ? job->k / 2 : begin + GEMM_K_BLOCK;
        memset(sum, 0, sizeof sum);
        for (k = begin; k < end; k++) {
            left_at(job, row, k, left);
            for (j = 0; j < count; j++) {
                right_at(job, k, n + j, right);
                for (p = 0; p < STRASSEN_PRODUCTS; p++)
                    sum[j][p] = FUSED(left[p], right[p], sum[j][p]);
            }
        }
        for (j = 0; j < count; j++)
            for (p = 0; p < STRASSEN_PRODUCTS; p++)
                total[j][p] = begin == 0 ? sum[j][p] : total[j][p] + sum[j][p];
    }
}

static void deliver_pair(const struct gemm_job *job, const int64_t row[2], int64_t n,
                         const float m[STRASSEN_PRODUCTS])
{
    const float quarters[4] = {((m[0] + m[3]) - m[4]) + m[6], m[2] + m[4], m[1] + m[3],
                               ((m[0] - m[1]) + m[2]) + m[5]};
    const struct gemm_tile whole = {.m_end = job->m, .n_end = job->n};
    int q;

    for (q = 0; q < 4; q++) {
        int64_t column = n + q % 2 * (job->n / 2);
        if (row[q / 2] >= 0)
            ((float *)job->c)[row[q / 2] * job->c_row + column] =
                FINISH(job, &whole, row[q / 2], column, quarters[q]);
    }
}

void strassen_f32_portable(const struct strassen_job *job, int64_t begin, int64_t end,
                           void *workspace)
{
    (void)workspace;
    for (; begin < end; begin++) {
        struct gemm_tile tile = strassen_tile_at(job, begin);
        strassen_products products;
        int64_t n, at, j, row[2];

        for (n = tile.n_begin; n < tile.n_end; n += GEMM_COLUMNS) {
            int64_t count = tile.n_end - n < GEMM_COLUMNS ? tile.n_end - n : GEMM_COLUMNS;
            for (at = tile.m_begin; at < tile.m_end; at++) {
                strassen_rows(job, at, row);
                multiply_pair(&job->product, row, n, count, products);
                for (j = 0; j < count; j++)
                    deliver_pair(&job->product, row, n + j, products[j]);
            }
        }
    }
}

/*
 * plugins/kernels/gemm.portable.body.h - the reference for every matrix product here
 *
 * Included once a type by gemm.portable.c, which defines REAL, FUSED(a, b, c) = a * b + c,
 * the functions of finish, and the names. Written for reading: 16 columns of B are gathered
 * for one block of k, then each row of A meets them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

/* Rows k_begin..k_end of columns n..n+count of B as a k-major panel; others are 0. */
static void GATHER(const struct gemm_job *job, int64_t index, int64_t k_begin,
                   int64_t k_end, int64_t n, int64_t count, REAL *panel)
{
    const REAL *b = (const REAL *)job->b + index * job->b_size;
    int64_t k, tap, plane, at[GEMM_COLUMNS];
    int j;

    if (!job->window) {
        for (k = k_begin; k < k_end; k++)
            for (j = 0; j < GEMM_COLUMNS; j++)
                *panel++ = j < count ? b[k * job->b_row + (n + j) * job->b_column] : 0;
        return;
    }
    plane = job->window->in[0] * job->window->in[1] * job->window->in[2];
    for (k = k_begin; k < k_end; k++) {
        const REAL *channel = b + k % job->window->channels * plane;
        tap = k / job->window->channels;
        if (k == k_begin || k % job->window->channels == 0)
            gemm_window_offsets(job->window, n, count, tap, at);
        for (j = 0; j < GEMM_COLUMNS; j++)
            *panel++ = at[j] < 0 ? 0 : channel[at[j]];
    }
}

/* at: the element's place in C; n: its column. */
static REAL STEP(const struct gemm_step *step, int64_t at, int64_t n, REAL x)
{
    switch (step->kind) {
    case IMGCLS_EPILOGUE_ADD:
        return x + ((const REAL *)step->operand)[at];
    case IMGCLS_EPILOGUE_MUL:
        return x * ((const REAL *)step->operand)[at];
    case IMGCLS_EPILOGUE_BIAS:
        return x + ((const REAL *)step->operand)[n];
    case IMGCLS_EPILOGUE_RELU:
        return x < 0 ? 0 : x; /* NaN stays */
    case IMGCLS_EPILOGUE_CLIP:
        x = x < (REAL)step->a ? (REAL)step->a : x;
        return x > (REAL)step->b ? (REAL)step->b : x;
    case IMGCLS_EPILOGUE_HARDSIGMOID:
        x = (REAL)step->a * x + (REAL)step->b;
        x = x < 0 ? 0 : x;
        return x > 1 ? 1 : x;
    case IMGCLS_EPILOGUE_HARDSWISH: {
        REAL gate = x * SIXTH + (REAL)0.5;
        gate = gate < 0 ? 0 : gate;
        return x * (gate > 1 ? 1 : gate);
    }
    case IMGCLS_EPILOGUE_SIGMOID:
        return SIGMOID(x);
    case IMGCLS_EPILOGUE_SILU:
        return SILU(x);
    case IMGCLS_EPILOGUE_GELU:
        return GELU(x);
    case IMGCLS_EPILOGUE_TANH:
        return TANH(x);
    default:
        return x;
    }
}

/* alpha, bias and steps on the sum of element (m, n). */
static REAL FINISH(const struct gemm_job *job, const struct gemm_tile *tile, int64_t m,
                   int64_t n, REAL sum)
{
    int64_t at = tile->c_begin + m * job->c_row + n;
    int32_t i;

    if (job->alpha != 1)
        sum = (REAL)job->alpha * sum;
    if (job->bias) {
        const REAL *bias = (const REAL *)job->bias + tile->bias_index * job->bias_size;
        REAL value = bias[m * job->bias_row + n * job->bias_column];
        sum = sum + (job->beta != 1 ? (REAL)job->beta * value : value);
    }
    for (i = 0; i < job->step_count; i++)
        sum = STEP(&job->steps[i], at, tile->c_column + n, sum);
    return sum;
}

/* Row m of A, k_begin..k_end, one after another. */
static void ROW(const struct gemm_job *job, const struct gemm_tile *tile, int64_t m,
                int64_t k_begin, int64_t k_end, REAL *to)
{
    const REAL *a = (const REAL *)job->a + tile->a_index * job->a_size;
    int64_t k, run = job->a_run ? job->a_run : job->k, pixel;

    for (k = k_begin; k < k_end; k++) {
        if (job->a_window) {
            int64_t channels = job->a_window->channels;
            if (k == k_begin || k % channels == 0)
                gemm_window_pixels(job->a_window, m, 1, k / channels, &pixel);
            *to++ = pixel < 0 ? 0 : a[pixel_at(job, pixel) + k % channels];
        } else {
            *to++ = a[m * job->a_row + k / run * job->a_jump + k % run * job->a_column];
        }
    }
}

/* 16 columns of one tile, all its rows, one block of k: sums go to C, the last are
 * finished. */
static void BLOCK(const struct gemm_job *job, const struct gemm_tile *tile, int64_t k_begin,
                  int64_t k_end, int64_t n, int64_t count, const REAL *panel)
{
    REAL row[GEMM_K_BLOCK];
    int64_t m, k;

    for (m = tile->m_begin; m < tile->m_end; m++) {
        REAL *c = (REAL *)job->c + tile->c_begin + m * job->c_row + n;
        REAL sum[GEMM_COLUMNS] = {0};
        int j;

        ROW(job, tile, m, k_begin, k_end, row);
        for (k = 0; k < k_end - k_begin; k++)
            for (j = 0; j < GEMM_COLUMNS; j++)
                sum[j] = FUSED(row[k], panel[k * GEMM_COLUMNS + j], sum[j]);
        for (j = 0; j < count; j++) {
            REAL total = k_begin == 0 ? sum[j] : c[j] + sum[j];
            c[j] = k_end == job->k ? FINISH(job, tile, m, n + j, total) : total;
        }
    }
}

void KERNEL(const struct gemm_job *job, int64_t begin, int64_t end, void *workspace)
{
    REAL *panel = workspace; /* GEMM_K_BLOCK x GEMM_COLUMNS */
    int64_t block = job->k_block ? job->k_block : GEMM_K_BLOCK;

    for (; begin < end; begin++) {
        struct gemm_tile tile = gemm_tile_at(job, begin);
        int64_t n, k_begin, k_end;

        for (n = tile.n_begin; n < tile.n_end; n += GEMM_COLUMNS) {
            int64_t count = tile.n_end - n < GEMM_COLUMNS ? tile.n_end - n : GEMM_COLUMNS;
            k_begin = 0;
            do { /* once even where k is 0: an empty sum is 0 */
                k_end = job->k - k_begin < block ? job->k : k_begin + block;
                GATHER(job, tile.b_index, k_begin, k_end, n, count, panel);
                BLOCK(job, &tile, k_begin, k_end, n, count, panel);
                k_begin = k_end;
            } while (k_begin < job->k);
        }
    }
}

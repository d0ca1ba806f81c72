/*
 * plugins/kernels/dwconv.avx2.c - depthwise convolution with AVX2 and FMA, any kernel,
 * stride and dilation
 *
 * A band of the channel is copied into padded rows split by stride (dwconv.h); then every
 * kernel position is one contiguous load for eight outputs. Eight vectors of outputs, from
 * one row or from several, run side by side, so that their chains hide each other's latency
 * even where rows are short.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/dwconv.h"

#include <string.h>

#include <immintrin.h>

#include "plugins/kernels/finish.avx2.h"

#define SIDE_BY_SIDE 8

/* Input row y, columns from -pad on, zeros outside the image, split by stride. */
static void copy_row(const struct gemm_window *window, const float *image, int64_t y,
                     const struct dwconv_band *band, float *to)
{
    int64_t width = window->in[2], stride = window->stride[2], pad = window->pad[2];
    int64_t p, i, begin, end, x;

    if (y < 0 || y >= window->in[1]) {
        memset(to, 0, (size_t)band->row * sizeof *to);
        return;
    }
    image += y * width;
    for (p = 0; p < stride; p++, to += band->phase) {
        /* inside the image where 0 <= i * stride + p - pad < width */
        begin = p >= pad ? 0 : (pad - p + stride - 1) / stride;
        end = width + pad > p ? (width + pad - p + stride - 1) / stride : 0;
        end = end > band->phase ? band->phase : end;
        begin = begin > end ? end : begin;
        memset(to, 0, (size_t)begin * sizeof *to);
        x = begin * stride + p - pad;
        if (stride == 1)
            memcpy(to + begin, image + x, (size_t)(end - begin) * sizeof *to);
        else
            for (i = begin; i < end; i++, x += stride)
                to[i] = image[x];
        memset(to + end, 0, (size_t)(band->phase - end) * sizeof *to);
    }
}

/* sums[j] = weights times what lies at from[j] + offsets[], eight outputs each. */
static void multiply_taps(int64_t taps, const float *weights, const int64_t *offsets,
                          const float *const from[SIDE_BY_SIDE], __m256 sums[SIDE_BY_SIDE])
{
    const float *f0 = from[0], *f1 = from[1], *f2 = from[2], *f3 = from[3];
    const float *f4 = from[4], *f5 = from[5], *f6 = from[6], *f7 = from[7];
    __m256 c0 = _mm256_setzero_ps(), c1 = c0, c2 = c0, c3 = c0;
    __m256 c4 = c0, c5 = c0, c6 = c0, c7 = c0;
    int64_t t;

    for (t = 0; t < taps; t++) {
        __m256 w = _mm256_broadcast_ss(weights + t);
        int64_t at = offsets[t];
        c0 = _mm256_fmadd_ps(w, _mm256_loadu_ps(f0 + at), c0);
        c1 = _mm256_fmadd_ps(w, _mm256_loadu_ps(f1 + at), c1);
        c2 = _mm256_fmadd_ps(w, _mm256_loadu_ps(f2 + at), c2);
        c3 = _mm256_fmadd_ps(w, _mm256_loadu_ps(f3 + at), c3);
        c4 = _mm256_fmadd_ps(w, _mm256_loadu_ps(f4 + at), c4);
        c5 = _mm256_fmadd_ps(w, _mm256_loadu_ps(f5 + at), c5);
        c6 = _mm256_fmadd_ps(w, _mm256_loadu_ps(f6 + at), c6);
        c7 = _mm256_fmadd_ps(w, _mm256_loadu_ps(f7 + at), c7);
    }
    sums[0] = c0, sums[1] = c1, sums[2] = c2, sums[3] = c3;
    sums[4] = c4, sums[5] = c5, sums[6] = c6, sums[7] = c7;
}

/* One output channel of a band. */
static void multiply_band(const struct gemm_job *job, const struct gemm_tile *tile,
                          int64_t m, const struct dwconv_band *band, const float *rows,
                          const int64_t *offsets)
{
    const struct gemm_window *window = job->window;
    const float *weights =
        (const float *)job->a + tile->a_index * job->a_size + m * job->a_row;
    int64_t width = window->out[2], vectors = (width + 7) / 8;
    int64_t total = (tile->n_end - tile->n_begin) / width * vectors;
    int64_t i, j, k, end;

    for (i = 0; i < total; i += SIDE_BY_SIDE) {
        const float *from[SIDE_BY_SIDE];
        int64_t n[SIDE_BY_SIDE], count[SIDE_BY_SIDE];
        __m256 sums[SIDE_BY_SIDE], all[SIDE_BY_SIDE];

        for (j = 0; j < SIDE_BY_SIDE; j++) {
            int64_t which = i + j < total ? i + j : total - 1;
            int64_t y = which / vectors, x = which % vectors * 8;
            from[j] = rows + y * window->stride[1] * band->row + x;
            n[j] = tile->n_begin + y * width + x;
            count[j] = i + j >= total ? 0 : width - x < 8 ? width - x : 8;
        }
        k = 0;
        do {
            end = job->k - k < GEMM_K_BLOCK ? job->k : k + GEMM_K_BLOCK;
            multiply_taps(end - k, weights + k, offsets + k, from, sums);
            for (j = 0; j < SIDE_BY_SIDE; j++)
                all[j] = k == 0 ? sums[j] : _mm256_add_ps(all[j], sums[j]);
            k = end;
        } while (k < job->k);
        for (j = 0; j < SIDE_BY_SIDE && count[j] > 0; j++) {
            __m256 pair[2] = {all[j], _mm256_setzero_ps()};
            finish_avx2(job, tile, m, n[j], count[j], pair);
        }
    }
}

void dwconv_f32_avx2(const struct gemm_job *job, int64_t begin, int64_t end,
                     void *workspace)
{
    const struct gemm_window *window = job->window;
    struct dwconv_band band = dwconv_band_of(window);
    int64_t *offsets = (int64_t *)workspace;
    int64_t taps = window->kernel[1] * window->kernel[2], t, m, y, rows_out, rows_in;
    float *rows = (float *)((char *)workspace + (taps * 8 + 31) / 32 * 32);

    for (t = 0; t < taps; t++) {
        int64_t x = t % window->kernel[2] * window->dilation[2];
        offsets[t] = t / window->kernel[2] * window->dilation[1] * band.row +
                     x % window->stride[2] * band.phase + x / window->stride[2];
    }
    for (; begin < end; begin++) {
        struct gemm_tile tile = gemm_tile_at(job, begin);
        const float *image = (const float *)job->b + tile.b_index * job->b_size;
        int64_t first = tile.n_begin / window->out[2] * window->stride[1] - window->pad[1];
        rows_out = (tile.n_end - tile.n_begin) / window->out[2];
        rows_in = (rows_out - 1) * window->stride[1] +
                  (window->kernel[1] - 1) * window->dilation[1] + 1;
        for (y = 0; y < rows_in; y++)
            copy_row(window, image, first + y, &band, rows + y * band.row);
        for (m = 0; m < job->m; m++)
            multiply_band(job, &tile, m, &band, rows, offsets);
    }
}

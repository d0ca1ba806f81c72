/*
 * plugins/kernels/winograd_weights.body.h - weights to the points of Winograd's method, a vector
 * of outputs at a time
 *
 * Included once a set, compiled with its flags, with WINOGRAD_WEIGHTS(tile), the function's name
 * for tiles 4, 2, 2x5 and 2s2, defined. The arithmetic is that of winograd.c, in the same
 * order and in double: the same bits. Sixteen outputs by sixteen channels are turned so that
 * outputs lie side by side, transformed, and written to the matrices of all points a cache line
 * at a time. Vectors are the compiler's own, as wide as a register.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "plugins/kernels/panels.h"
#include "plugins/kernels/winograd.h"

#if defined(__AVX512F__)
#define WIDE 8
#elif defined(__AVX__)
#define WIDE 4
#else
#define WIDE 2
#endif
typedef double wide_double __attribute__((vector_size(8 * WIDE)));
typedef float wide_float __attribute__((vector_size(4 * WIDE)));

static inline __attribute__((always_inline)) void to_points(const wide_double *w,
                                                            wide_double *to, const int in,
                                                            const int size, const int stride)
{
    wide_double even, odd;

    if (stride == 2) {
        to[0] = w[0];
        to[1] = to[3] = w[1];
        to[2] = w[2];
        to[4] = w[0] + w[2];
        return;
    }
    to[0] = w[0];
    to[in - 1] = w[size - 1];
    if (in == 4) {
        even = w[0] * 0.5 + w[2] * 0.5;
        odd = w[1] * 0.5;
        to[1] = even + odd;
        to[2] = even - odd;
        return;
    }
    even = w[0] * WINOGRAD_A0 + w[2] * WINOGRAD_A2;
    odd = w[1] * WINOGRAD_A1;
    if (size == 5) {
        even += w[4] * WINOGRAD_A4;
        odd += w[3] * WINOGRAD_A3;
    }
    to[1] = even + odd;
    to[2] = even - odd;
    even = w[0] * WINOGRAD_B0 + w[2] * WINOGRAD_B2;
    odd = w[1] * WINOGRAD_B1;
    if (size == 5) {
        even += w[4] * WINOGRAD_B4;
        odd += w[3] * WINOGRAD_B3;
    }
    to[3] = even + odd;
    to[4] = even - odd;
}

/* The weights of WIDE outputs, a line a weight, to lines of the points. */
static inline __attribute__((always_inline)) void transform_lines(const float *from, float *to,
                                                                  const int out, const int size,
                                                                  const int stride)
{
    const int in = WINOGRAD_IN_OF(out, size, stride);
    wide_double columns[5][6], row[5], point[6];
    wide_float x;
    int i, j;

#pragma GCC unroll 6
    for (j = 0; j < size; j++) {
#pragma GCC unroll 6
        for (i = 0; i < size; i++) {
            memcpy(&x, from + (i * size + j) * PANELS_BLOCK, sizeof x);
            row[i] = __builtin_convertvector(x, wide_double);
        }
        to_points(row, columns[j], in, size, stride);
    }
#pragma GCC unroll 6
    for (i = 0; i < in; i++) {
#pragma GCC unroll 6
        for (j = 0; j < size; j++)
            row[j] = columns[j][i];
        to_points(row, point, in, size, stride);
#pragma GCC unroll 6
        for (j = 0; j < in; j++) {
            x = __builtin_convertvector(point[j], wide_float);
            memcpy(to + (i * in + j) * PANELS_BLOCK, &x, sizeof x);
        }
    }
}

static inline __attribute__((always_inline)) void
weights_to_panels(const float *w, int64_t channels, int64_t outputs, int64_t panel, float *u,
                  const int out, const int size, const int stride)
{
    const int area = size * size, in = WINOGRAD_IN_OF(out, size, stride);
    float turned[PANELS_BLOCK * 25][PANELS_BLOCK] __attribute__((aligned(64)));
    float points[36][PANELS_BLOCK] __attribute__((aligned(64)));
    int64_t floats = gemm_packed_b_size(channels, outputs, panel), first, c, at, i;
    int past_caches = panels_stream(floats * in * in), p;

    for (first = 0; first < (outputs + panel - 1) / panel * panel; first += PANELS_BLOCK) {
        int64_t columns = outputs - first;
        columns = columns < 0 ? 0 : columns > PANELS_BLOCK ? PANELS_BLOCK : columns;
        for (c = 0; c < channels; c += PANELS_BLOCK) {
            int64_t count = channels - c < PANELS_BLOCK ? channels - c : PANELS_BLOCK;
            const float *from = w + ((columns ? first : 0) * channels + c) * area;
            for (at = 0; at < count * area; at += PANELS_BLOCK)
                panels_turn(from + at, channels * area, columns,
                            count * area - at < PANELS_BLOCK ? count * area - at : PANELS_BLOCK,
                            turned + at);
            for (i = 0; i < count; i++) {
                for (at = 0; at < PANELS_BLOCK; at += WIDE)
                    transform_lines(turned[i * area] + at, points[0] + at, out, size, stride);
                for (p = 0; p < in * in; p++) {
                    struct winograd_part part = winograd_part(out, size, stride, p / in, p % in);
                    panels_put(u + part.first * floats +
                                   first / panel * panel * part.depth * channels + first % panel +
                                   (part.at * channels + c + i) * panel,
                               points[p], past_caches);
                }
            }
        }
    }
    panels_done(past_caches);
}

void WINOGRAD_WEIGHTS(4)(const float *w, int64_t channels, int64_t outputs, int64_t panel,
                         float *u)
{
    weights_to_panels(w, channels, outputs, panel, u, 4, 3, 1);
}

void WINOGRAD_WEIGHTS(2)(const float *w, int64_t channels, int64_t outputs, int64_t panel,
                         float *u)
{
    weights_to_panels(w, channels, outputs, panel, u, 2, 3, 1);
}

void WINOGRAD_WEIGHTS(2x5)(const float *w, int64_t channels, int64_t outputs, int64_t panel,
                           float *u)
{
    weights_to_panels(w, channels, outputs, panel, u, 2, 5, 1);
}

void WINOGRAD_WEIGHTS(2s2)(const float *w, int64_t channels, int64_t outputs, int64_t panel,
                           float *u)
{
    weights_to_panels(w, channels, outputs, panel, u, 2, 3, 2);
}

#undef WIDE

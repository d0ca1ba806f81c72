/*
 * plugins/kernels/winograd_weights.body.h - weights to the points of Winograd's method, a vector
 * of outputs at a time
 *
 * Included once a set, compiled with its flags, with WINOGRAD_WEIGHTS(out), the function's name
 * for tiles of `out` outputs, defined. The arithmetic is that of winograd.c, in the same
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

static inline __attribute__((always_inline)) void to_points(const wide_double w[3],
                                                            wide_double *to, const int out)
{
    wide_double even, odd;

    to[0] = w[0];
    to[out + 1] = w[2];
    if (out == 2) {
        even = w[0] * 0.5 + w[2] * 0.5;
        odd = w[1] * 0.5;
        to[1] = even + odd;
        to[2] = even - odd;
        return;
    }
    even = w[0] * WINOGRAD_A0 + w[2] * WINOGRAD_A2;
    odd = w[1] * WINOGRAD_A1;
    to[1] = even + odd;
    to[2] = even - odd;
    even = w[0] * WINOGRAD_B0 + w[2] * WINOGRAD_B2;
    odd = w[1] * WINOGRAD_B1;
    to[3] = even + odd;
    to[4] = even - odd;
}

/* Nine weights of WIDE outputs, a line a weight, to lines of the points. */
static inline __attribute__((always_inline)) void transform_lines(const float *from, float *to,
                                                                  const int out)
{
    const int in = out + 2;
    wide_double columns[3][6], row[3], point[6];
    wide_float x;
    int i, j;

#pragma GCC unroll 6
    for (j = 0; j < 3; j++) {
#pragma GCC unroll 6
        for (i = 0; i < 3; i++) {
            memcpy(&x, from + (i * 3 + j) * PANELS_BLOCK, sizeof x);
            row[i] = __builtin_convertvector(x, wide_double);
        }
        to_points(row, columns[j], out);
    }
#pragma GCC unroll 6
    for (i = 0; i < in; i++) {
#pragma GCC unroll 6
        for (j = 0; j < 3; j++)
            row[j] = columns[j][i];
        to_points(row, point, out);
#pragma GCC unroll 6
        for (j = 0; j < in; j++) {
            x = __builtin_convertvector(point[j], wide_float);
            memcpy(to + (i * in + j) * PANELS_BLOCK, &x, sizeof x);
        }
    }
}

static inline __attribute__((always_inline)) void
weights_to_panels(const float *w, int64_t channels, int64_t outputs, int64_t panel, float *u,
                  const int out)
{
    float turned[PANELS_BLOCK * 9][PANELS_BLOCK] __attribute__((aligned(64)));
    float points[WINOGRAD_POINTS(4)][PANELS_BLOCK] __attribute__((aligned(64)));
    int64_t size = gemm_packed_b_size(channels, outputs, panel), first, c, at, i;
    int past_caches = panels_stream(size * WINOGRAD_POINTS(out)), p;

    for (first = 0; first < (outputs + panel - 1) / panel * panel; first += PANELS_BLOCK) {
        int64_t columns = outputs - first;
        float *strip = u + first / panel * panel * channels + first % panel;
        columns = columns < 0 ? 0 : columns > PANELS_BLOCK ? PANELS_BLOCK : columns;
        for (c = 0; c < channels; c += PANELS_BLOCK) {
            int64_t count = channels - c < PANELS_BLOCK ? channels - c : PANELS_BLOCK;
            const float *from = w + ((columns ? first : 0) * channels + c) * 9;
            for (at = 0; at < count * 9; at += PANELS_BLOCK)
                panels_turn(from + at, channels * 9, columns,
                            count * 9 - at < PANELS_BLOCK ? count * 9 - at : PANELS_BLOCK,
                            turned + at);
            for (i = 0; i < count; i++) {
                for (at = 0; at < PANELS_BLOCK; at += WIDE)
                    transform_lines(turned[i * 9] + at, points[0] + at, out);
                for (p = 0; p < WINOGRAD_POINTS(out); p++)
                    panels_put(strip + p * size + (c + i) * panel, points[p], past_caches);
            }
        }
    }
    panels_done(past_caches);
}

void WINOGRAD_WEIGHTS(4)(const float *w, int64_t channels, int64_t outputs, int64_t panel,
                         float *u)
{
    weights_to_panels(w, channels, outputs, panel, u, 4);
}

void WINOGRAD_WEIGHTS(2)(const float *w, int64_t channels, int64_t outputs, int64_t panel,
                         float *u)
{
    weights_to_panels(w, channels, outputs, panel, u, 2);
}

#undef WIDE

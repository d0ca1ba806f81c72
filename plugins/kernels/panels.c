/*
 * plugins/kernels/panels.c - matrices rearranged into panels
 *
 * Blocks are turned four by four with the vector types that compilers have for every machine.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/panels.h"

#include <string.h>

#define ROWS   8   /* of B, read side by side: a run of a panel that is written in one go */
#define ACROSS 128 /* floats of a row that are read in one go */

typedef float four __attribute__((vector_size(16)));

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline four load(const float *from)
{
    four x;

    memcpy(&x, from, sizeof x);
    return x;
}

static inline void store(float *to, four x)
{
    memcpy(to, &x, sizeof x);
}

/* Four floats of four columns become four rows. */
static inline void turn_four(const float *from, int64_t step, float *to)
{
    four a = load(from), b = load(from + step), c = load(from + 2 * step),
         d = load(from + 3 * step);
    four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5);
    four cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);

    store(to, __builtin_shufflevector(ab, cd, 0, 1, 4, 5));
    store(to + PANELS_BLOCK, __builtin_shufflevector(ab, cd, 2, 3, 6, 7));
    ab = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    cd = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    store(to + 2 * PANELS_BLOCK, __builtin_shufflevector(ab, cd, 0, 1, 4, 5));
    store(to + 3 * PANELS_BLOCK, __builtin_shufflevector(ab, cd, 2, 3, 6, 7));
}

void panels_turn(const float *from, int64_t step, int64_t columns, int64_t count,
                 float to[][PANELS_BLOCK])
{
    int64_t i, j;

    if (columns == PANELS_BLOCK && count == PANELS_BLOCK) {
        for (j = 0; j < PANELS_BLOCK; j += 4)
            for (i = 0; i < PANELS_BLOCK; i += 4)
                turn_four(from + j * step + i, step, to[i] + j);
        return;
    }
    for (i = 0; i < count; i++)
        for (j = 0; j < PANELS_BLOCK; j++)
            to[i][j] = j < columns ? from[j * step + i] : 0;
}

/* Panels of any width, one float after the other: plain matrices for portable kernels. */
static void narrow_panels(const float *w, int64_t step, int64_t channels, int64_t taps,
                          int64_t n, int64_t panel, float *to)
{
    int64_t first, tap, c, j;

    for (first = 0; first < n; first += panel)
        for (tap = 0; tap < taps; tap++)
            for (c = 0; c < channels; c++)
                for (j = first; j < first + panel; j++)
                    *to++ = j < n ? w[j * step + c * taps + tap] : 0;
}

void panels_of_columns(const float *w, int64_t step, int64_t channels, int64_t taps, int64_t n,
                       int64_t panel, float *to)
{
    float block[PANELS_BLOCK][PANELS_BLOCK] __attribute__((aligned(64)));
    int64_t k = channels * taps, whole = (n + panel - 1) / panel * panel, first, at, i;
    int past_caches = panels_stream(whole * k);

    if (panel % PANELS_BLOCK != 0 || (uintptr_t)to % sizeof block[0] != 0) {
        narrow_panels(w, step, channels, taps, n, panel, to);
        return;
    }
    for (first = 0; first < whole; first += PANELS_BLOCK) {
        int64_t columns = n > first ? least(n - first, PANELS_BLOCK) : 0, tap = 0, c = 0;
        float *strip = to + first / panel * panel * k + first % panel;
        for (at = 0; at < k; at += PANELS_BLOCK) {
            int64_t count = least(k - at, PANELS_BLOCK);
            panels_turn(w + (columns ? first * step : 0) + at, step, columns, count, block);
            for (i = 0; i < count; i++) {
                panels_put(strip + (tap * channels + c) * panel, block[i], past_caches);
                if (++tap == taps) {
                    tap = 0;
                    c++;
                }
            }
        }
    }
    panels_done(past_caches);
}

/* `count` columns of one row of B. */
static void put_row(const float *from, int64_t count, int64_t panel, float *to, int past_caches)
{
    float line[PANELS_BLOCK] __attribute__((aligned(64)));
    int64_t j;

    for (j = 0; j < panel; j += PANELS_BLOCK) {
        int64_t there = count > j ? least(count - j, PANELS_BLOCK) : 0;
        if (there == PANELS_BLOCK) {
            panels_put(to + j, from + j, past_caches);
            continue;
        }
        memcpy(line, from + j, (size_t)there * sizeof *line);
        memset(line + there, 0, (size_t)(PANELS_BLOCK - there) * sizeof *line);
        panels_put(to + j, line, past_caches);
    }
}

void panels_of_rows(const float *b, int64_t b_row, int64_t k, int64_t n, int64_t panel,
                    float *to)
{
    int64_t row, group, first, i, across = ACROSS / panel * panel;
    int past_caches = panels_stream((n + panel - 1) / panel * panel * k);

    if (panel % PANELS_BLOCK != 0 || (uintptr_t)to % (PANELS_BLOCK * sizeof *to) != 0) {
        for (first = 0; first < n; first += panel)
            for (row = 0; row < k; row++, to += panel) {
                int64_t there = least(n - first, panel);
                memcpy(to, b + row * b_row + first, (size_t)there * sizeof *to);
                memset(to + there, 0, (size_t)(panel - there) * sizeof *to);
            }
        return;
    }
    if (across == 0)
        across = panel;
    for (row = 0; row < k; row += ROWS)
        for (group = 0; group < n; group += across)
            for (first = group; first < least(n, group + across); first += panel)
                for (i = row; i < least(k, row + ROWS); i++)
                    put_row(b + i * b_row + first, n - first, panel,
                            to + first * k + i * panel, past_caches);
    panels_done(past_caches);
}
